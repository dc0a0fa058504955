//! An entry: a command, or a text of the language.

use hoodoo::Progress;
use hoodoo::lang::entry::{self, Completeness};

use super::call::{ENTRY, is_command};
use super::error::Error;
use super::evaluate::Session;
use super::files::Files;
use super::program::Text;
use super::reply::Reply;

/// What is typed at other prompts, and the command that means it here.
const SHELL_WORDS: [(&str, &str); 3] = [("help", "help"), ("exit", "quit"), ("quit", "quit")];

impl Session {
    /// Whether an entry can be executed as it is, or whether more lines must come first.
    pub fn completeness(entry: &str) -> Completeness {
        if is_command(entry) { Completeness::Complete } else { entry::completeness(entry) }
    }

    /// Does what the entry says. What takes long reports to `progress` and is cancelled by it.
    ///
    /// # Errors
    ///
    /// What is wrong with the entry, or went wrong. The session is then as it was before.
    pub fn execute(&mut self, entry: &str, files: &dyn Files, progress: &Progress) -> Result<Reply, Error> {
        if is_command(entry) {
            return self.command(entry.trim(), files, progress);
        }
        if let Some((word, command)) = SHELL_WORDS.iter().find(|(word, _)| *word == entry.trim())
            && self.state.definitions.kind(word).is_none()
        {
            return Err(Error::hint(
                format!("unknown name `{word}`"),
                format!("commands start with a colon: `:{command}`"),
            ));
        }
        self.evaluate(Text::new(entry, ENTRY), progress)
    }
}
