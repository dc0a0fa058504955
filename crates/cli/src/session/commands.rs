//! The commands of a session: the one table of them, and what each does.

use std::sync::Arc;

use hoodoo::Progress;
use hoodoo::lang::builtins::{BUILTINS, builtin};
use hoodoo::lang::entry::Kind;

use super::call::{Call, printable, similar};
use super::error::Error;
use super::evaluate::Session;
use super::files::Files;
use super::look::{asm, ast, bench, clif, hir, histogram, images, line, plan, show, time, type_of};
use super::program::{Text, result_name};
use super::reply::Reply;
use super::set::{cval, dtype, engine, footprint, mode, origin, param, precision, size, weights};
use super::settings::Settings;
use super::state::{add_image, usable_name};
use crate::image::Image;

/// A command, as help and completion show it.
#[derive(Debug)]
pub struct Command {
    /// The name, without the colon in front.
    pub name: &'static str,
    /// Its arguments, in words.
    pub arguments: &'static str,
    /// One sentence on what it does.
    pub doc: &'static str,
    pub(super) topic: Topic,
    run: fn(&mut Session, &Call<'_>) -> Result<Reply, Error>,
}

/// What the arguments of a command are, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Nothing,
    Text,
    Help,
    Files,
    Footprint,
    Modes,
    DTypes,
    Engines,
    Precisions,
    Params,
    Weights,
    Images,
}

const fn command(
    name: &'static str,
    arguments: &'static str,
    topic: Topic,
    run: fn(&mut Session, &Call<'_>) -> Result<Reply, Error>,
    doc: &'static str,
) -> Command {
    Command { name, arguments, doc, topic, run }
}

/// Every command.
pub static COMMANDS: &[Command] = &[
    command("help", "[NAME]", Topic::Help, help, "what commands there are; or what a command or a built-in does"),
    command(
        "load",
        "[NAME=]FILE...",
        Topic::Files,
        load,
        "replaces the images, the first of which is `w`; with NAME= adds an image of that name",
    ),
    command("save", "FILE...", Topic::Files, save, "writes the last result, one file for each output"),
    command("images", "", Topic::Nothing, images, "lists the images and the last result"),
    command("show", "[NAME]", Topic::Images, show, "draws the last result, or an image"),
    command(
        "histogram",
        "[BINS]",
        Topic::Nothing,
        histogram,
        "shows how often which values are in the last result, or in `w`",
    ),
    command(
        "size",
        "[N[,N...]]",
        Topic::Nothing,
        size,
        "the window is a box: one length for all axes, or one for each",
    ),
    command(
        "footprint",
        "[F]",
        Topic::Footprint,
        footprint,
        "the window is box:R, cross:R, disk:R, ball:R, another shape of `run --footprint`, rows such as 010/111/010, or an .npy file; draws it",
    ),
    command(
        "mode",
        "[M[,M...]]",
        Topic::Modes,
        mode,
        "what is outside of the image; one mode for all axes, or one for each",
    ),
    command("cval", "[X]", Topic::Nothing, cval, "the value outside in mode constant"),
    command("origin", "[I[,I...]]", Topic::Nothing, origin, "moves the window toward lower indices where positive"),
    command(
        "dtype",
        "[T]",
        Topic::DTypes,
        dtype,
        "the element type of results, or `input` for that of the first input",
    ),
    command("engine", "[E]", Topic::Engines, engine, "what runs kernels: auto, rows, callback or interpreter"),
    command(
        "precision",
        "[P]",
        Topic::Precisions,
        precision,
        "exact computes in f64 where that is needed, single in f32",
    ),
    command(
        "param",
        "[NAME=VALUE]",
        Topic::Params,
        param,
        "sets a param; the last expression, if it has that param, runs again without being compiled",
    ),
    command(
        "weights",
        "[NAME=FILE.npy]",
        Topic::Weights,
        weights,
        "sets a weights vector: a value for each cell of the window",
    ),
    command("definitions", "", Topic::Nothing, definitions, "lists what was defined"),
    command(
        "undo",
        "",
        Topic::Nothing,
        undo,
        "goes back to what was before the last result, definition, setting or image",
    ),
    command(
        "type",
        "[EXPRESSION]",
        Topic::Text,
        type_of,
        "says what the value is: a number or a boolean, one or a window of them",
    ),
    command("ast", "[EXPRESSION]", Topic::Text, ast, "shows the program with its definitions, as it was understood"),
    command("hir", "[EXPRESSION]", Topic::Text, hir, "shows the meaning"),
    command("plan", "[EXPRESSION]", Topic::Text, plan, "shows how it is computed, and why so"),
    command("clif", "[EXPRESSION]", Topic::Text, clif, "shows the code in Cranelift's intermediate representation"),
    command("asm", "[EXPRESSION]", Topic::Text, asm, "shows the code of this machine"),
    command("time", "[EXPRESSION]", Topic::Text, time, "times each step, and the median of some runs"),
    command(
        "bench",
        "[EXPRESSION]",
        Topic::Text,
        bench,
        "compares with the interpreter, and with code written by hand where there is some",
    ),
    command("write", "FILE.hood", Topic::Files, write, "writes the last expression with its definitions, as a kernel"),
    command("source", "FILE.hood", Topic::Files, source, "does what a kernel's file says"),
    command("quit", "", Topic::Nothing, quit, "leaves"),
];

impl Session {
    /// Does what a text that starts with a colon says.
    pub(super) fn command(&mut self, text: &str, files: &dyn Files, progress: &Progress) -> Result<Reply, Error> {
        let text = text.trim_start_matches(':').trim_start();
        let (name, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
        let command = find(name)?;
        let call = Call { rest: rest.trim(), files, progress };
        if command.arguments.is_empty() && !call.rest.is_empty() {
            return Err(Error::say(format!("`:{}` takes no argument", command.name)));
        }
        // What was pasted behind it would be its arguments.
        if command.topic != Topic::Text && text.contains('\n') {
            let hint = "enter the lines behind it by themselves";
            return Err(Error::hint(format!("`:{}` is a command of one line", command.name), hint));
        }
        (command.run)(self, &call)
    }
}

/// The command of this name, or the only one whose name begins so.
fn find(name: &str) -> Result<&'static Command, Error> {
    if let Some(command) = COMMANDS.iter().find(|command| command.name == name) {
        return Ok(command);
    }
    let begun: Vec<&Command> = COMMANDS.iter().filter(|command| command.name.starts_with(name)).collect();
    match begun.as_slice() {
        [one] => Ok(one),
        [_, ..] if !name.is_empty() => {
            let names: Vec<String> = begun.iter().map(|command| format!("`:{}`", command.name)).collect();
            Err(Error::hint(format!("`:{name}` can be several commands"), names.join(", ")))
        }
        _ => {
            let message = format!("there is no command `:{}`", printable(name));
            Err(similar(message, name, COMMANDS.iter().map(|command| command.name), ":"))
        }
    }
}

fn help(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let line =
        |command: &Command| format!("  :{:<28} {}", format!("{} {}", command.name, command.arguments), command.doc);
    let Some(name) = call.word()? else {
        let mut text = "An expression is filtered over the image at once; `_` is the result, an image that can be filtered \
                        again.\n`let`, `fn`, `param`, `weights` and `input` are kept. `:help NAME` explains a built-in, \
                        such as `median`.\n"
            .to_string();
        COMMANDS.iter().for_each(|command| text += &format!("\n{}", line(command).trim_end()));
        return Ok(Reply::text(text));
    };
    let bare = name.trim_start_matches(':');
    let mut lines: Vec<String> = Vec::new();
    if let Some(builtin) = builtin(&name) {
        let ulp = builtin.ulp.map_or_else(String::new, |ulp| format!(" (within {ulp} ulp)"));
        lines.push(format!("{}: {}{ulp}", builtin.signature, builtin.doc));
    }
    if let Some((_, source)) = session.state.definitions.names().find(|(defined, _)| *defined == name) {
        lines.push(source.to_string());
    }
    lines.extend(COMMANDS.iter().find(|command| command.name == bare).map(|command| line(command).trim().to_string()));
    if lines.is_empty() {
        let known = BUILTINS.iter().map(|builtin| builtin.name).chain(COMMANDS.iter().map(|command| command.name));
        return Err(similar(format!("there is nothing called `{}`", printable(&name)), bare, known, ""));
    }
    Ok(Reply::text(lines.join("\n")))
}

fn load(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let words = call.words();
    if words.is_empty() {
        return Err(Error::hint("which file?", "`:load photo.png`"));
    }
    let mut state = session.state.clone();
    let mut replaced = false;
    let mut loaded = Vec::new();
    for word in &words {
        // A path may have a `=` in it; a name is all letters and digits.
        let named = word.split_once('=').filter(|(name, _)| usable_name(name) == *name);
        let mut image = call.files.load(named.map_or(word.as_str(), |(_, path)| path)).map_err(Error::of_file)?;
        match named {
            Some((name, _)) => {
                image.name = name.to_string();
                // The first image is `w` as well, whatever else it is called.
                match state.images.iter().position(|other| name == "w" || other.name == name) {
                    Some(place) => state.images[place] = Arc::new(image),
                    None => state.images.push(Arc::new(image)),
                }
                loaded.push(name.to_string());
            }
            None => {
                if !std::mem::replace(&mut replaced, true) {
                    state.images.clear();
                }
                add_image(&mut state.images, image);
                loaded.extend(state.images.last().map(|image| image.name.clone()));
            }
        }
    }
    // A window for images of other axes would be in the way.
    if state.settings.footprint(state.axes()).is_err() {
        let settings = Settings::default();
        state.settings = Settings { window: settings.window, origin: settings.origin, ..state.settings };
    }
    let shown = state.images.iter().find(|image| loaded.contains(&image.name)).cloned();
    session.commit(state);
    let lines = session.images().iter().filter(|image| loaded.contains(&image.name)).map(|image| line(image));
    Ok(Reply { text: lines.collect::<Vec<_>>().join("\n"), picture: shown, quit: false })
}

fn save(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let (words, results) = (call.words(), session.results());
    session.last()?;
    if words.len() != results.len() {
        let message = format!("{} for {} of the last result", files(words.len()), outputs(results.len()));
        return Err(Error::hint(message, "write one path for each output: `:save edges.png`"));
    }
    let pairs: Vec<(&str, &Image)> =
        words.iter().map(String::as_str).zip(results.iter().map(|result| &result.image)).collect();
    call.files.save(&pairs).map_err(Error::of_file)?;
    Ok(Reply::text(format!("wrote {}", words.join(", "))))
}

fn files(number: usize) -> String {
    if number == 1 { "1 file".to_string() } else { format!("{number} files") }
}

fn outputs(number: usize) -> String {
    if number == 1 { "1 output".to_string() } else { format!("{number} outputs") }
}

fn definitions(session: &mut Session, _: &Call<'_>) -> Result<Reply, Error> {
    let lines = session.state.definitions.sources();
    Ok(Reply::text(if lines.is_empty() { "nothing is defined".to_string() } else { lines.join("\n") }))
}

fn undo(session: &mut Session, _: &Call<'_>) -> Result<Reply, Error> {
    session.state = session.past.pop().ok_or_else(|| Error::say("there is nothing to undo"))?;
    let image = session.image(None).ok();
    Ok(Reply { text: image.as_ref().map_or_else(String::new, |image| line(image)), picture: image, quit: false })
}

fn write(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let path = kernel_path(call)?;
    let source = &session.last()?.subject.program.source;
    call.files.write(&path, source).map_err(Error::of_file)?;
    Ok(Reply::text(format!("wrote {path}")))
}

fn source(session: &mut Session, call: &Call<'_>) -> Result<Reply, Error> {
    let path = kernel_path(call)?;
    let text = call.files.read(&path).map_err(Error::of_file)?;
    session.evaluate(Text::new(&text, &path), call.progress)
}

/// The path of a kernel's file.
fn kernel_path(call: &Call<'_>) -> Result<String, Error> {
    match call.word()? {
        Some(path) if path.to_ascii_lowercase().ends_with(".hood") => Ok(path),
        _ => Err(Error::say("a kernel's file ends in .hood")),
    }
}

fn quit(_: &mut Session, _: &Call<'_>) -> Result<Reply, Error> {
    Ok(Reply { quit: true, ..Reply::default() })
}

impl Session {
    /// The names that are defined as something.
    pub(super) fn names_of(&self, kind: Kind) -> impl Iterator<Item = &str> {
        let definitions = &self.state.definitions;
        definitions.names().map(|(name, _)| name).filter(move |name| definitions.kind(name) == Some(kind))
    }

    /// The names of all images, those of results first.
    pub(super) fn image_names(&self) -> Vec<String> {
        let results = (0..self.results().len()).map(result_name);
        results.chain(self.images().iter().map(|image| image.name.clone())).collect()
    }
}
