//! What could be typed at a place of an entry.

use hoodoo::lang::builtins::{BUILTINS, Builtin};
use hoodoo::lang::entry::Kind;
use hoodoo::lang::span::Span;
use hoodoo::{DType, Engine, Mode, Precision, Window};

use super::call::is_command;
use super::commands::{COMMANDS, Topic};
use super::evaluate::Session;
use super::files::Files;

/// The reserved words, with what they are for.
const KEYWORDS: [(&str, &str); 16] = [
    ("input", "names the inputs: `input a, b;`"),
    ("param", "declares a number that is set when the kernel runs: `param t = 0.5;`"),
    ("weights", "declares one number for each cell: `weights k;`"),
    ("fn", "defines a function: `fn f(x) = x * x;`"),
    ("let", "names a value: `let m = mean(w);`"),
    ("assert", "stops the filter where something is false: `assert w[0,0] >= 0;`"),
    ("if", "`if c then a else b`"),
    ("then", "`if c then a else b`"),
    ("else", "`if c then a else b`"),
    ("fold", "a loop over the cells: `fold s = 0 for v in w: s + v`"),
    ("for", "`fold s = 0 for v in w: s + v`"),
    ("in", "`fold s = 0 for v in w: s + v`"),
    ("where", "takes some elements only: `mean(w where w > 0)`"),
    ("and", "true if both sides are"),
    ("or", "true if one side is"),
    ("not", "true if what follows is false"),
];

/// Something that could be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What it replaces.
    pub span: Span,
    /// The text.
    pub text: String,
    /// What it is.
    pub description: String,
}

impl Session {
    /// What could stand at byte `at` of an entry, instead of the word that ends there.
    pub fn complete(&self, entry: &str, at: usize, files: &dyn Files) -> Vec<Completion> {
        let Some(before) = entry.get(..at) else { return Vec::new() };
        if !is_command(before) {
            return self.names_at(before);
        }
        let colon = before.find(':').unwrap_or(0) + 1;
        let Some(space) = before[colon..].find(char::is_whitespace) else {
            let found = COMMANDS.iter().map(|command| {
                (command.name.to_string(), format!("{} {}", command.arguments, command.doc).trim_start().to_string())
            });
            return matching(&before[colon..], colon, found);
        };
        let command = COMMANDS.iter().find(|command| command.name == &before[colon..colon + space]);
        let Some(topic) = command.map(|command| command.topic) else { return Vec::new() };
        let separators: &[char] = if topic == Topic::Modes { &[' ', ','] } else { &[' '] };
        let start = before.rfind(separators).map_or(0, |space| space + 1);
        let word = &before[start..];
        let plain = |words: Vec<String>| matching(word, start, words.into_iter().map(|word| (word, String::new())));
        match topic {
            Topic::Nothing => Vec::new(),
            Topic::Text => self.names_at(before),
            Topic::Help => {
                let commands = COMMANDS.iter().map(|command| (command.name.to_string(), command.doc.to_string()));
                matching(word, start, BUILTINS.iter().map(described).chain(commands))
            }
            Topic::Files => paths(word, start, files),
            Topic::Footprint => {
                let mut found = plain(Window::FORMS.map(|(shape, _)| format!("{shape}:")).to_vec());
                found.extend(if word.is_empty() { Vec::new() } else { paths(word, start, files) });
                found
            }
            Topic::Modes => plain(Mode::ALL.map(|mode| mode.to_string()).to_vec()),
            Topic::DTypes => plain(DType::ALL.iter().map(ToString::to_string).chain(["input".to_string()]).collect()),
            Topic::Engines => plain(Engine::ALL.map(|engine| engine.to_string()).to_vec()),
            Topic::Precisions => plain(Precision::ALL.map(|precision| precision.to_string()).to_vec()),
            Topic::Params => plain(self.names_of(Kind::Param).map(|name| format!("{name}=")).collect()),
            Topic::Weights => match word.split_once('=') {
                Some((name, path)) => paths(path, start + name.len() + 1, files),
                None => plain(self.names_of(Kind::Weights).map(|name| format!("{name}=")).collect()),
            },
            Topic::Images => plain(self.image_names()),
        }
    }

    /// The names of the language and of the session that the word at the end begins.
    fn names_at(&self, before: &str) -> Vec<Completion> {
        let start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .map_or(0, |last| last + before[last..].chars().next().map_or(1, char::len_utf8));
        let own = self.state.definitions.names().map(|(name, source)| (name.to_string(), source.to_string()));
        let images = self.results().iter().chain(self.images());
        let images = images.map(|image| (image.name.clone(), image.describe()));
        let w = self.images().first().map(|image| ("w".to_string(), format!("the window of {}", image.describe())));
        let keywords = KEYWORDS.iter().map(|(word, doc)| (word.to_string(), doc.to_string()));
        let mut found = matching(
            &before[start..],
            start,
            own.chain(images).chain(w).chain(BUILTINS.iter().map(described)).chain(keywords),
        );
        // An image may be called `w` as well.
        let mut seen = std::collections::HashSet::new();
        found.retain(|completion| seen.insert(completion.text.clone()));
        found
    }
}

fn described(builtin: &Builtin) -> (String, String) {
    (builtin.name.to_string(), format!("{}: {}", builtin.signature, builtin.doc))
}

/// Those of the words that begin with `start`.
fn matching(start: &str, at: usize, words: impl Iterator<Item = (String, String)>) -> Vec<Completion> {
    let span = Span::new(at, at + start.len());
    words
        .filter(|(word, _)| word.starts_with(start))
        .map(|(text, description)| Completion { span, text, description: one_line(&description) })
        .collect()
}

/// A description on one line, however a definition was typed.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn paths(start: &str, at: usize, files: &dyn Files) -> Vec<Completion> {
    // `NAME=FILE` has a path behind the sign.
    let (start, at) = match start.split_once('=') {
        Some((name, path)) => (path, at + name.len() + 1),
        None => (start, at),
    };
    matching(start, at, files.paths(start).into_iter().map(|path| (path, String::new())))
}
