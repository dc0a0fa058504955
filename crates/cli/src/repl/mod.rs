//! `hoodoo repl`: type an expression, and see at once what it does to the image.
//!
//! What an entry means is the library's [`Session`]; here are the terminal, the files and the pictures.

mod by_hand;
mod disk;
mod editor;
mod pictures;
mod shared;
#[cfg(unix)]
mod typeahead;

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use hoodoo::Progress;
use hoodoo::lang::entry::Completeness;
use reedline::Signal;

use self::by_hand::HandWritten;
use self::disk::Disk;
use self::editor::Line;
use self::pictures::Pictures;
use self::shared::locked;
use crate::failure::{Failure, colours, print, tell};
use crate::pictures::scene;
use crate::session::{Error, NamedImage, Reply, Session};
use crate::signals::{self, Request};
use crate::temporary;

/// The side of the image that there is without a file.
const SCENE: usize = 192;

/// The most lines that an entry from a pipe can have.
const MAX_LINES: usize = 1000;

/// Arguments of `hoodoo repl`.
#[derive(Args)]
pub struct ReplArguments {
    /// The images to filter, the first of which is `w`; without any there is a test image
    inputs: Vec<PathBuf>,
    /// How to draw pictures
    #[arg(long, value_enum, default_value_t = Pictures::Auto)]
    pictures: Pictures,
}

/// Reads entries, and executes them.
pub fn repl(arguments: &ReplArguments) -> Result<(), Failure> {
    let images = match arguments.inputs.as_slice() {
        [] => vec![NamedImage::new("scene", scene(SCENE).into_dyn().into())],
        paths => paths.iter().map(|path| disk::load(path)).collect::<Result<_, _>>()?,
    };
    let interactive = io::stdin().is_terminal() && io::stdout().is_terminal();
    let (session, interrupt) = (Session::new(images).with_rivals(HandWritten), Interrupt::watch(interactive)?);
    if interactive { converse(session, &interrupt, arguments.pictures) } else { evaluate(session, &interrupt) }
}

/// What Ctrl-C cancels: the run of the moment, if there is one.
struct Interrupt {
    current: Arc<Mutex<Option<Arc<Progress>>>>,
}

impl Interrupt {
    /// Watches Ctrl-C, which ends the program between runs if there is no line editor to see the key, and the signals that
    /// always end it.
    fn watch(interactive: bool) -> Result<Interrupt, Failure> {
        let current: Arc<Mutex<Option<Arc<Progress>>>> = Arc::default();
        let running = Arc::clone(&current);
        let end = || {
            temporary::end(|| {
                #[cfg(unix)]
                typeahead::restore();
            })
        };
        signals::watch(move |request| match (request, &*running.lock().unwrap_or_else(PoisonError::into_inner)) {
            // What does not stop at the first one ends with the program.
            (Request::Interrupt, Some(progress)) if progress.is_cancelled() => end(),
            (Request::Interrupt, Some(progress)) => progress.cancel(),
            (Request::Interrupt, None) if interactive => {}
            (Request::Interrupt, None) | (Request::End, _) => end(),
        })?;
        Ok(Interrupt { current })
    }

    /// Does `work` with a progress that Ctrl-C cancels.
    fn cancels<T>(&self, work: impl FnOnce(&Progress) -> T) -> T {
        let progress = Arc::new(Progress::default());
        let set = |current| *self.current.lock().unwrap_or_else(PoisonError::into_inner) = current;
        set(Some(Arc::clone(&progress)));
        let done = work(&progress);
        set(None);
        done
    }
}

/// Executes what is typed, and draws the results; errors are shown, and the session goes on.
fn converse(session: Session, interrupt: &Interrupt, pictures: Pictures) -> Result<(), Failure> {
    let (session, colour) = (Arc::new(Mutex::new(session)), colours(&io::stdout()));
    print(format!("hoodoo {}; `:help` lists the commands, Ctrl-D leaves", env!("CARGO_PKG_VERSION")))?;
    let mut line = Line::new(&session, colour)?;
    #[cfg(unix)]
    let _kept = typeahead::TypeAhead::keep().map_err(|error| Failure::Run(format!("the terminal: {error}")))?;
    respond(locked(&session).execute(":images", &Disk, &Progress::default()), pictures, colour)?;
    loop {
        let entry = match line.read()? {
            Signal::Success(entry) => entry,
            Signal::CtrlD => return Ok(()),
            _ => continue,
        };
        let answer = interrupt.cancels(|progress| locked(&session).execute(&entry, &Disk, progress));
        if respond(answer, pictures, colour)? {
            return Ok(());
        }
    }
}

/// Shows an answer; whether it is the last.
fn respond(answer: Result<Reply, Error>, pictures: Pictures, colour: bool) -> Result<bool, Failure> {
    match answer {
        Ok(reply) => {
            if let Some(image) = &reply.picture {
                pictures.draw(image, colour)?;
            }
            if !reply.text.is_empty() {
                print(&reply.text)?;
            }
            Ok(reply.quit)
        }
        Err(error) => {
            tell(error.render(colour));
            Ok(false)
        }
    }
}

/// Executes what comes through a pipe, up to the first error.
fn evaluate(mut session: Session, interrupt: &Interrupt) -> Result<(), Failure> {
    let mut input = io::stdin().lock();
    let (mut entry, mut lines, mut number) = (String::new(), 0, 0);
    loop {
        let mut bytes = Vec::new();
        let read = input.read_until(b'\n', &mut bytes);
        let ended = read.map_err(|error| Failure::Run(format!("standard input: {error}")))? == 0;
        (lines, number) = (lines + 1, number + 1);
        entry += &String::from_utf8(bytes).map_err(|_| Failure::Run(format!("line {number} is not UTF-8 text")))?;
        if !ended && lines < MAX_LINES && Session::completeness(&entry) == Completeness::Incomplete {
            continue;
        }
        let reply = interrupt.cancels(|progress| session.execute(entry.trim_end(), &Disk, progress))?;
        if !reply.text.is_empty() {
            print(&reply.text)?;
        }
        if ended || reply.quit {
            return Ok(());
        }
        (entry, lines) = (String::new(), 0);
    }
}
