//! What can go wrong in a session.

use std::fmt;
use std::sync::Arc;

use hoodoo as library;
use hoodoo::lang::diagnostic::KernelError;
use hoodoo::lang::span::Span;

use super::drawing::{Drawing, Place};

/// Why an entry was not executed.
///
/// Its `Display` is what [`Error::render`] gives without colours.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The kernel is not right; the text shows where.
    Kernel(KernelError),
    /// An assertion does not hold at a pixel.
    Assertion {
        /// The pixel, and what does not hold.
        message: String,
        /// The text that the assertion was typed in.
        source: Arc<str>,
        /// Where that text comes from.
        origin: Arc<str>,
        /// The place in it.
        span: Span,
    },
    /// Anything else that is wrong.
    Other {
        /// One sentence.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The run was cancelled.
    Cancelled,
}

impl Error {
    pub(super) fn say(message: impl Into<String>) -> Error {
        Error::Other { message: message.into(), hint: None }
    }

    pub(super) fn hint(message: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::Other { message: message.into(), hint: Some(hint.into()) }
    }

    /// What a program says about a file. The paths in it are the user's: they may be long, and confuse a terminal.
    pub(super) fn of_file(message: String) -> Error {
        const LONGEST: usize = 400;
        let printable = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        let length = message.chars().count();
        let cut = |(index, c): (usize, char)| match index {
            _ if length <= LONGEST || index < LONGEST / 2 || index >= length - LONGEST / 2 => Some(printable(c)),
            _ if index == LONGEST / 2 => Some('\u{2026}'),
            _ => None,
        };
        Error::say(message.chars().enumerate().filter_map(cut).collect::<String>())
    }

    /// The message, with the place drawn under it if there is one; in colours if `colour`.
    pub fn render(&self, colour: bool) -> String {
        let (message, place, hint) = match self {
            Error::Kernel(error) => return error.render(colour),
            Error::Assertion { message, source, origin, span } => {
                (message.as_str(), Some(Place { source, origin, span: *span }), None)
            }
            Error::Other { message, hint } => (message.as_str(), None, hint.as_deref()),
            Error::Cancelled => ("cancelled", None, None),
        };
        Drawing { message, place, hint }.render(colour)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Error {}

impl From<library::Error> for Error {
    fn from(error: library::Error) -> Error {
        match error {
            library::Error::Kernel(error) => Error::Kernel(error),
            library::Error::Cancelled => Error::Cancelled,
            error => Error::say(error.to_string()),
        }
    }
}
