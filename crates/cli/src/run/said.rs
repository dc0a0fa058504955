//! Which options stand on the command line.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// The options that together are the window: who gives one of them means none of the file's.
const WINDOW: [&str; 3] = ["size", "footprint", "origin"];

/// The names of the arguments that stand on the command line.
///
/// As a flattened argument it must be the first: those before it are taken from the matches.
#[derive(Clone, Debug, Default)]
pub struct Said(Vec<String>);

impl Said {
    /// All of them, and the groups that they are in.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.0.iter()
    }

    /// Whether this option is given; for the window, one of those that are part of it.
    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|said| if field == "window" { WINDOW.contains(&said.as_str()) } else { said == field })
    }
}

impl FromArgMatches for Said {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Said, Error> {
        let said = |id: &&clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        Ok(Said(matches.ids().filter(said).map(ToString::to_string).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Said::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Said {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}
