//! The options that a kernel's file asks for, where the command line does not say otherwise.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use hoodoo_cookbook::setting;

use super::arguments::RunArguments;
use crate::failure::Failure;

/// The options that a file may ask for: those that say what is computed, and none that names a file.
const ALLOWED: [&str; 10] =
    ["size", "footprint", "origin", "mode", "cval", "axes", "dtype", "cast", "precision", "shown"];

/// What `run` needs besides.
const NEEDED: [&str; 3] = ["kernel", "inputs", "outputs"];

/// The options of `hoodoo run` as the words that they are, for a command that runs a kernel of its own.
#[derive(Clone, Debug, Default)]
pub struct RunOptions(pub Vec<OsString>);

impl RunOptions {
    /// Whether this option is one of them.
    pub fn has(&self, option: &str) -> bool {
        let is_it = |word: &str| word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
        self.0.iter().any(|word| word.to_str().is_some_and(is_it))
    }
}

/// All options of `run` but `--output`.
fn options() -> Vec<clap::Arg> {
    let command = RunArguments::augment_args(Command::new("run"));
    command.get_arguments().filter(|arg| arg.get_long().is_some_and(|long| long != "output")).cloned().collect()
}

impl FromArgMatches for RunOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<RunOptions, Error> {
        let mut words = Vec::new();
        for option in options() {
            let (id, long) = (option.get_id().as_str(), option.get_long().unwrap_or_default());
            if matches.value_source(id) != Some(ValueSource::CommandLine) {
                continue;
            }
            if matches!(option.get_action(), ArgAction::SetTrue) {
                words.push(format!("--{long}").into());
                continue;
            }
            for value in matches.get_raw(id).into_iter().flatten() {
                // A value may begin with a minus sign.
                let mut word = OsString::from(format!("--{long}="));
                word.push(value);
                words.push(word);
            }
        }
        Ok(RunOptions(words))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = RunOptions::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for RunOptions {
    fn augment_args(command: Command) -> Command {
        command.args(options())
    }

    fn augment_args_for_update(command: Command) -> Command {
        RunOptions::augment_args(command)
    }
}

/// The options that the comments in front of a kernel ask for; none if they ask for none.
///
/// # Errors
///
/// What is wrong with them; `origin` is where the text stands.
pub fn of_text(text: &str, origin: &str) -> Result<Option<RunArguments>, Failure> {
    let mut words: Vec<&str> = setting(text, "options: ")
        .filter(|line| line.starts_with('-'))
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    if let Some(shown) = setting(text, "shown: ") {
        words.extend(["--shown", shown.trim()]);
    }
    if words.is_empty() {
        return Ok(None);
    }
    let wrong = |message: String| Failure::Run(format!("{origin}: the options in its first comments: {message}"));
    let others = ["kernel", "file", "--output", "file.npy"];
    let command = RunArguments::augment_args(Command::new("run").no_binary_name(true).disable_help_flag(true));
    let known: Vec<String> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    let parsed = command.try_get_matches_from(words.iter().copied().chain(others));
    let parsed = parsed.and_then(|matches| RunArguments::from_arg_matches(&matches)).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        wrong(first.trim_start_matches("error: ").to_string())
    })?;
    // What is said has groups of arguments besides.
    let refused =
        |name: &&String| known.contains(name) && !NEEDED.contains(&name.as_str()) && !ALLOWED.contains(&name.as_str());
    if let Some(other) = parsed.said.names().find(refused) {
        return Err(wrong(format!("`--{}` is for the command line only", other.replace('_', "-"))));
    }
    if parsed.window.names_file() {
        return Err(wrong("a footprint from a file is for the command line only".to_string()));
    }
    Ok(Some(parsed))
}

impl RunArguments {
    /// The same with what the kernel's file asks for, where the command line does not say otherwise.
    pub fn or(&self, file: Option<RunArguments>) -> RunArguments {
        let mut told = self.clone();
        let Some(file) = file else { return told };
        macro_rules! take {
            ($($field:ident)*) => {
                $(if file.said.has(stringify!($field)) && !self.said.has(stringify!($field)) {
                    told.$field = file.$field;
                })*
            };
        }
        take!(window mode cval axes dtype cast precision shown);
        told
    }
}
