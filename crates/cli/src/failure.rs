//! Why the command did not do what it was asked, and what it says and returns then.

use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hoodoo::Error;
use hoodoo::lang::diagnostic::KernelError;

use crate::closed::stdout_was_closed;
use crate::printable::{printable, shown};
use crate::session;

/// The exit status of a run that was cancelled, as shells give it for SIGINT.
pub const CANCELLED: u8 = 130;

/// Why the command failed.
#[derive(Debug)]
pub enum Failure {
    /// The arguments can't be right, whatever the files hold.
    Usage(String),
    /// The kernel is not right; the error draws where.
    Kernel(Box<KernelError>),
    /// An entry of a session is not right, or went wrong.
    Session(Box<session::Error>),
    /// The user pressed Ctrl-C, or another signal said the same.
    Cancelled,
    /// The reader of standard output has gone: nothing is left to do, and nobody to tell.
    NoReader,
    /// Anything else.
    Run(String),
    /// Some of the files that were to be filtered could not be; of how many.
    Some(Vec<(PathBuf, Failure)>, usize),
    /// The user has been told already.
    AlreadyReported,
}

impl Failure {
    /// The failure `error` about the file at `path`.
    pub fn at(path: &Path, error: impl Display) -> Failure {
        Failure::Run(format!("{}: {}", shown(path), printable(&error.to_string())))
    }

    /// What is wrong, in words, without colours.
    pub fn message(&self) -> String {
        match self {
            Failure::Usage(message) | Failure::Run(message) => message.clone(),
            failure => failure.text(false),
        }
    }

    /// Tells the user, and gives the exit status.
    pub fn report(self) -> ExitCode {
        let colour = colours(&io::stderr());
        let status = match &self {
            Failure::Usage(_) => 2,
            Failure::Cancelled => CANCELLED,
            Failure::NoReader => return ExitCode::SUCCESS,
            Failure::AlreadyReported => return ExitCode::FAILURE,
            Failure::Kernel(_) | Failure::Session(_) | Failure::Run(_) | Failure::Some(..) => 1,
        };
        tell(self.text(colour));
        ExitCode::from(status)
    }

    /// What the user is told.
    pub fn text(&self, colour: bool) -> String {
        match self {
            Failure::Usage(message) => format!("error: {message}\n\nFor more information, try '--help'."),
            Failure::Kernel(error) => error.render(colour),
            Failure::Session(error) => error.render(colour),
            Failure::Run(message) => format!("error: {message}"),
            Failure::Some(failures, all) => {
                let each: Vec<String> = failures.iter().map(|(_, failure)| failure.text(colour)).collect();
                format!("{}\nerror: {} of {all} files failed", each.join("\n"), failures.len())
            }
            Failure::Cancelled => "error: cancelled".to_string(),
            Failure::NoReader | Failure::AlreadyReported => String::new(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Kernel(error) => Failure::Kernel(Box::new(error)),
            Error::Cancelled => Failure::Cancelled,
            error => Failure::Run(error.to_string()),
        }
    }
}

impl From<hoodoo_bench::error::Error> for Failure {
    fn from(error: hoodoo_bench::error::Error) -> Failure {
        match error {
            hoodoo_bench::error::Error::Library(error) => Failure::from(error),
            error @ hoodoo_bench::error::Error::Memory(_) => Failure::Run(format!("--size: {error}")),
            error @ hoodoo_bench::error::Error::Wrong(_) => Failure::Run(error.to_string()),
        }
    }
}

impl From<session::Error> for Failure {
    fn from(error: session::Error) -> Failure {
        match error {
            session::Error::Cancelled => Failure::Cancelled,
            error => Failure::Session(Box::new(error)),
        }
    }
}

/// Whether a stream can show colours, and the user wants them.
pub fn colours(stream: &impl IsTerminal) -> bool {
    let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let unknown = env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    stream.is_terminal() && !unwanted && !unknown
}

/// Prints `text` and a newline to standard error.
pub fn tell(text: impl Display) {
    // There is nowhere left to report that standard error is closed or full.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints `text` and a newline to standard output.
pub fn print(text: impl Display) -> Result<(), Failure> {
    check_stdout()?;
    writeln!(io::stdout().lock(), "{text}").map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::NoReader,
        _ => Failure::Run(format!("standard output: {error}")),
    })
}

/// Fails if there is no standard output.
pub fn check_stdout() -> Result<(), Failure> {
    match stdout_was_closed() {
        true => Err(Failure::Run("standard output: is closed".to_string())),
        false => Ok(()),
    }
}
