//! A command as it was entered: its arguments, and what is said about wrong ones.

use hoodoo as library;
use hoodoo::Progress;
use hoodoo::lang::similar::most_similar;

use super::error::Error;
use super::files::Files;
use super::reply::Reply;

/// What stands for the place of an entry in error messages.
pub(super) const ENTRY: &str = "entry";

/// Whether an entry is a command.
pub(super) fn is_command(entry: &str) -> bool {
    entry.trim_start().starts_with(':')
}

/// A command as it was entered.
pub(super) struct Call<'a> {
    /// Everything behind the name.
    pub rest: &'a str,
    pub files: &'a dyn Files,
    pub progress: &'a Progress,
}

impl Call<'_> {
    /// The arguments; those with white space stand in double quotes.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        for (index, quoted) in self.rest.split('"').enumerate() {
            match index % 2 {
                0 => words.extend(quoted.split_whitespace().map(str::to_string)),
                _ => words.push(quoted.to_string()),
            }
        }
        words
    }

    /// The only argument, if there is one.
    pub(super) fn word(&self) -> Result<Option<String>, Error> {
        let mut words = self.words();
        match words.len() {
            0 | 1 => Ok(words.pop()),
            _ => Err(Error::hint("one argument is enough", "put a path with white space in double quotes")),
        }
    }

    /// Values with commas or white space between them.
    pub(super) fn list<T>(&self, parse: impl Fn(&str) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let words = self.rest.split(|c: char| c == ',' || c.is_whitespace());
        words.filter(|word| !word.is_empty()).map(parse).collect()
    }

    /// `NAME=VALUE`, with or without white space around the sign.
    pub(super) fn pair(&self) -> Result<Option<(&str, &str)>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        match self.rest.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => Ok(Some((name.trim(), value.trim()))),
            _ => Err(Error::say("write NAME=VALUE")),
        }
    }
}

/// The error `message`, with the known name that `name` resembles.
pub(super) fn similar<'n>(message: String, name: &str, known: impl Iterator<Item = &'n str>, mark: &str) -> Error {
    match most_similar(name, known) {
        Some(similar) => Error::hint(message, format!("did you mean `{mark}{similar}`?")),
        None if mark == ":" => Error::hint(message, "`:help` lists the commands"),
        None => Error::say(message),
    }
}

/// The start of a text without what would confuse a terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// An error of a library value's own parser, without the argument's name.
pub(super) fn bad(error: library::Error) -> Error {
    match error {
        library::Error::Argument { message, .. } => Error::say(message),
        error => Error::from(error),
    }
}

pub(super) fn block(text: impl std::fmt::Display) -> Reply {
    Reply::text(text.to_string().trim_end())
}

pub(super) fn whole<T: std::str::FromStr>(word: &str) -> Result<T, Error> {
    word.parse().map_err(|_| Error::say(format!("`{}` is not a whole number that fits here", printable(word))))
}

pub(super) fn real(word: &str) -> Result<f64, Error> {
    word.parse().map_err(|_| Error::say(format!("`{}` is not a number", printable(word))))
}

pub(super) fn joined<T: ToString>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
