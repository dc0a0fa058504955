//! The arguments that several subcommands have, and how the words on the command line become values.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Args, Command};
use hoodoo::lang::diagnostic::{Diagnostic, KernelError};
use hoodoo::{Engine, Error, Filter, Kernel, Limits, Window};

use crate::failure::{Failure, colours, tell};
use crate::files;
use crate::hyphen::as_written;
use crate::printable::shown;

/// The window that a kernel looks through.
#[derive(Args, Clone, Debug)]
pub struct WindowArguments {
    /// Length of the window along every axis, or along each
    #[arg(long, value_name = "N[,N...]", value_delimiter = ',', value_parser = length, conflicts_with = "footprint")]
    #[arg(allow_negative_numbers = true)]
    size: Vec<usize>,
    /// Cells of the window: box:R, cross:R, disk:R, ball:R, diamond:R, octagon:R, ring:R1,R2, ellipse:RY,RX,
    /// line:LENGTH,DEGREES, rows such as 010/111/010, or an .npy file
    #[arg(long, value_parser = footprint)]
    footprint: Option<FootprintArgument>,
    /// Moves the window toward lower indices where positive; for every axis, or for each
    #[arg(long, value_name = "I[,I...]", value_delimiter = ',', allow_hyphen_values = true)]
    pub origin: Vec<isize>,
}

/// A footprint as named on the command line.
#[derive(Clone, Debug)]
enum FootprintArgument {
    /// Said in full.
    Said(Window),
    /// In a file that is not read yet: reading it is part of the run, not of the usage.
    File(PathBuf),
}

impl WindowArguments {
    /// Whether the window is in a file.
    pub fn names_file(&self) -> bool {
        matches!(self.footprint, Some(FootprintArgument::File(_)))
    }

    /// The window, if one is given; reads its file if it is in one.
    pub fn window(&self) -> Result<Option<Window>, Failure> {
        let window = self.chosen()?;
        if let Some(Window::Array(cells)) = &window
            && !cells.iter().any(|cell| *cell)
        {
            tell("warning: --footprint: no cell takes part");
        }
        Ok(window)
    }

    fn chosen(&self) -> Result<Option<Window>, Failure> {
        match &self.footprint {
            Some(FootprintArgument::Said(window)) => Ok(Some(window.clone())),
            Some(FootprintArgument::File(path)) => {
                let cells = files::read_array(path)?;
                Ok(Some(Window::Array(cells.to_f64().mapv(|cell| cell != 0.0))))
            }
            None if self.size.is_empty() => Ok(None),
            None => Ok(Some(Window::Size(self.size.clone()))),
        }
    }
}

/// A whole number, not a negative one.
pub fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write a whole number of at least 0".to_string())
}

/// A whole number of at least 1.
pub fn length(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(length) if length > 0 => Ok(length),
        _ => Err("a length is a whole number of at least 1".to_string()),
    }
}

/// How far apart pixels are along an axis.
pub fn step(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(step) if step > 0 => Ok(step),
        _ => Err("every N-th pixel is computed, for a whole number of at least 1".to_string()),
    }
}

fn footprint(text: &str) -> Result<FootprintArgument, String> {
    if has_extension(Path::new(text), "npy") {
        return Ok(FootprintArgument::File(text.into()));
    }
    word(text).map(FootprintArgument::Said)
}

/// A value of the library in its own words, without the name of the argument, which clap says already.
pub fn word<T: FromStr<Err = Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| match error {
        Error::Argument { message, .. } => message,
        error => error.to_string(),
    })
}

/// What parses a value, and the words that shells offer for it.
#[derive(Clone)]
pub struct Offered<P> {
    parse: P,
    words: Vec<&'static str>,
}

/// Has `parse` parse a value, for which shells offer `words`. There may be more than that, such as `uint8` beside `u8`.
pub fn offered<P>(words: impl IntoIterator<Item = &'static str>, parse: P) -> Offered<P> {
    Offered { parse, words: words.into_iter().collect() }
}

impl<P: TypedValueParser> TypedValueParser for Offered<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<P::Value, clap::Error> {
        self.parse.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.words.iter().map(PossibleValue::new)))
    }
}

/// A NAME=VALUE pair.
pub fn pair<T: FromStr<Err: ToString>>(text: &str) -> Result<(String, T), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => match value.parse() {
            Ok(parsed) => Ok((name.to_string(), parsed)),
            Err(error) => Err(format!("`{value}`: {}", error.to_string())),
        },
        _ => Err("write NAME=VALUE".to_string()),
    }
}

/// A name and a number, which may be an expression without a window, such as `1/3` or `2*pi`.
pub fn param(text: &str) -> Result<(String, f64), String> {
    let (name, value) = pair::<String>(text)?;
    if let Ok(value) = value.parse() {
        return Ok((name, value));
    }
    let wrong = |_| format!("`{value}`: is neither a number nor an expression of numbers");
    let kernel = Kernel::compile(&value).map_err(wrong)?;
    if kernel.hir().reads_window() || !kernel.hir().fixed_offsets().is_empty() || kernel.outputs().len() != 1 {
        return Err(format!("`{value}`: a param is one number, the same for all pixels"));
    }
    let one = Filter::new(&kernel).engine(Engine::Interpreter).run(&ndarray::arr0(0.0)).map_err(wrong)?;
    Ok((name, one.into_scalar()))
}

/// Whether `path` ends in `.extension`, in upper or lower case.
pub fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// The kernel's text in the file at `path`.
pub fn read_kernel(path: &Path) -> Result<String, Failure> {
    fs::File::open(path).and_then(read_text).map(without_mark).map_err(|error| Failure::at(path, error))
}

/// All that a kernel's text may be, and one byte more: what is longer is refused, and may have no end.
fn read_text(reader: impl Read) -> io::Result<String> {
    io::read_to_string(reader.take(Limits::default().source_bytes as u64 + 1))
}

/// The text without the byte order mark that some editors put in front.
fn without_mark(mut text: String) -> String {
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    text
}

/// A kernel's text, and where it stands.
pub struct Source {
    text: String,
    origin: String,
}

impl Source {
    /// The text that the argument `kernel` is, or that is in the `.hood` file it names; `-` is standard input.
    pub fn load(kernel: &str) -> Result<Source, Failure> {
        let kernel = as_written(kernel);
        if kernel == "-" {
            let text = read_text(io::stdin().lock());
            let text = text.map_err(|error| Failure::Run(format!("standard input: {error}")))?;
            return Ok(Source { text: without_mark(text), origin: "standard input".to_string() });
        }
        let path = Path::new(kernel);
        if !has_extension(path, "hood") {
            if path.extension().is_some() && path.is_file() {
                let message = "is a file, and not a kernel; a file with a kernel has the extension .hood";
                return Err(Failure::Usage(format!("{} {message}", shown(path))));
            }
            return Ok(Source { text: kernel.to_string(), origin: "kernel".to_string() });
        }
        Ok(Source { text: read_kernel(path)?, origin: kernel.to_string() })
    }

    /// The kernel that the text says; tells what is doubtful in it.
    pub fn compile(&self) -> Result<Kernel, Failure> {
        let kernel = Kernel::compile_from(&self.text, &self.origin)?;
        kernel.warnings().iter().for_each(|warning| tell(warning.render(colours(&io::stderr()))));
        Ok(kernel)
    }

    /// The kernel that the text says, without a word.
    pub fn compile_quietly(&self) -> Result<Kernel, Failure> {
        Ok(Kernel::compile_from(&self.text, &self.origin)?)
    }

    /// Where it stands.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The failure that `diagnostic` in this text is.
    pub fn failure(&self, diagnostic: Diagnostic) -> Failure {
        let error = KernelError::new(diagnostic, self.text.as_str().into(), self.origin.as_str().into());
        Failure::Kernel(Box::new(error))
    }
}
