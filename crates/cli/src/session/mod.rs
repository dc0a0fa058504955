//! A session: what a prompt does with one entry after the other, without a terminal.
//!
//! An entry is a text of the kernel language, or a command such as `:size 5`. Declarations are kept, and an expression
//! is filtered over the images at once. The result is `_`, an image that can be filtered again.
//!
//! ```
//! use hoodoo_cli::session::{Files, Image, NoFiles, Session};
//! use hoodoo::{AnyArray, Progress};
//!
//! let image = Image::new("w", ndarray::array![[1u8, 2], [3, 9]].into_dyn().into());
//! let mut session = Session::new(vec![image]);
//! let mut enter = |entry| session.execute(entry, &NoFiles, &Progress::default());
//! enter("fn range(x) = max(x) - min(x)")?;
//! assert!(enter("range(w)")?.text.starts_with("u8 2 x 2  min 8  mean 8  max 8"));
//! assert!(enter("range(_)")?.text.starts_with("u8 2 x 2  min 0  mean 0  max 0"));
//! assert!(enter(":size 1").is_ok());
//! # Ok::<(), hoodoo_cli::session::Error>(())
//! ```

mod call;
mod commands;
mod complete;
mod draw;
mod drawing;
mod error;
mod image;
mod look;
mod measure;
mod program;
mod set;
mod settings;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hoodoo as library;
use hoodoo::lang::check::types;
use hoodoo::lang::entry::{self, Completeness, Kind};
use hoodoo::lang::highlight::{Class, highlight};
use hoodoo::lang::parse::{parse, with_large_stack};
use hoodoo::{AnyArray, DType, Input, Kernel, Output, Precision, Progress, Window};

pub use self::commands::{COMMANDS, Command};
pub use self::complete::Completion;
pub use self::error::Error;
pub use self::image::{Image, Picture, Statistics};
use self::measure::Times;
use self::program::{Definitions, Program, Reading, Text, image_names, is_result_name};
use self::settings::Settings;

/// How many steps `:undo` can go back.
const MAX_UNDO: usize = 32;

/// What stands for the place of an entry in error messages.
const ENTRY: &str = "entry";

/// What is typed at other prompts, and the command that means it here.
const SHELL_WORDS: [(&str, &str); 3] = [("help", "help"), ("exit", "quit"), ("quit", "quit")];

/// The files that a session can reach, and what else it asks of the program that it is in.
pub trait Files {
    /// The image in a file.
    ///
    /// # Errors
    ///
    /// What is wrong, with the file's name.
    fn load(&self, path: &str) -> Result<Image, String>;

    /// Writes images to files: all or none.
    ///
    /// # Errors
    ///
    /// What is wrong, with the file's name.
    fn save(&self, files: &[(&str, &Image)]) -> Result<(), String>;

    /// The text in a file.
    ///
    /// # Errors
    ///
    /// What is wrong, with the file's name.
    fn read(&self, path: &str) -> Result<String, String>;

    /// Writes a text to a file.
    ///
    /// # Errors
    ///
    /// What is wrong, with the file's name.
    fn write(&self, path: &str, text: &str) -> Result<(), String>;

    /// The paths that begin with `start`; directories end in a slash.
    fn paths(&self, start: &str) -> Vec<String>;

    /// Other programs that do what the kernel does, in mode `reflect`, for `:bench` to compare with.
    fn rivals(&self, kernel: &Kernel, window: &Window, dtype: DType, precision: Precision) -> Vec<Rival>;
}

/// From an array to the filtered array.
pub type RivalFn = dyn Fn(&AnyArray) -> Option<AnyArray>;

/// A program that does what a kernel does.
pub struct Rival {
    /// What the user reads.
    pub name: String,
    /// How far its values may be from the kernel's.
    pub tolerance: f64,
    /// What it does: the filtered array, of the same type and shape; none if it can't filter such an array.
    pub run: Box<RivalFn>,
}

/// No files at all.
pub struct NoFiles;

const NO_FILES: &str = "this session has no files";

impl Files for NoFiles {
    fn load(&self, _: &str) -> Result<Image, String> {
        Err(NO_FILES.to_string())
    }

    fn save(&self, _: &[(&str, &Image)]) -> Result<(), String> {
        Err(NO_FILES.to_string())
    }

    fn read(&self, _: &str) -> Result<String, String> {
        Err(NO_FILES.to_string())
    }

    fn write(&self, _: &str, _: &str) -> Result<(), String> {
        Err(NO_FILES.to_string())
    }

    fn paths(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn rivals(&self, _: &Kernel, _: &Window, _: DType, _: Precision) -> Vec<Rival> {
        Vec::new()
    }
}

/// What a session answers to an entry.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// What to print; may be empty, and does not end in a newline.
    pub text: String,
    /// What to draw.
    pub picture: Option<Arc<Image>>,
    /// Whether the user wants to leave.
    pub quit: bool,
}

impl Reply {
    fn text(text: impl Into<String>) -> Reply {
        Reply { text: text.into(), ..Reply::default() }
    }
}

/// Images, definitions, settings, and the last result.
#[derive(Debug)]
pub struct Session {
    state: State,
    past: Vec<State>,
}

/// What `:undo` brings back.
#[derive(Clone, Debug, Default)]
struct State {
    images: Vec<Arc<Image>>,
    definitions: Definitions,
    settings: Settings,
    last: Option<Arc<Run>>,
}

/// A kernel that was run over images.
#[derive(Debug)]
struct Run {
    subject: Arc<Subject>,
    inputs: Vec<Arc<Image>>,
    outputs: Vec<Arc<Image>>,
}

/// A program that is compiled.
#[derive(Debug)]
struct Subject {
    program: Program,
    kernel: Kernel,
    /// How long parser and checker took.
    time: Duration,
}

impl Session {
    /// A session with images, the first of which kernels call `w`.
    pub fn new(images: Vec<Image>) -> Session {
        let mut state = State::default();
        images.into_iter().for_each(|image| add_image(&mut state.images, image));
        Session { state, past: Vec::new() }
    }

    /// The images that were loaded.
    pub fn images(&self) -> &[Arc<Image>] {
        &self.state.images
    }

    /// The outputs of the last run, the first of which is `_`.
    pub fn results(&self) -> &[Arc<Image>] {
        self.state.last.as_ref().map_or(&[], |last| &last.outputs)
    }

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

    /// Replaces the state by another that `:undo` can leave.
    fn commit(&mut self, state: State) {
        if self.past.len() == MAX_UNDO {
            self.past.remove(0);
        }
        self.past.push(std::mem::replace(&mut self.state, state));
    }

    /// Keeps the declarations of a text, and runs its expression.
    fn evaluate(&mut self, text: Text, progress: &Progress) -> Result<Reply, Error> {
        let start = Instant::now();
        let reading = self.state.definitions.read(text)?;
        if reading.is_empty() {
            return Ok(Reply::default());
        }
        let mut state = State { definitions: reading.definitions.clone(), ..self.state.clone() };
        // A new definition has its own default.
        for (name, _) in reading.added() {
            state.settings.params.remove(name);
            state.settings.weights.remove(name);
        }
        if !reading.has_outputs() {
            if reading.has_assertions() {
                let message = "an assertion is part of a kernel: write an expression behind it";
                return Err(Error::hint(message, "`assert w[0,0] > 0; mean(w)`"));
            }
            let text = self.describe_definitions(&reading)?;
            self.commit(state);
            return Ok(Reply::text(text));
        }
        let subject = self.compile(&reading, start)?;
        let (inputs, time) = (state.inputs(&subject.kernel)?, subject.time);
        self.run(state, subject, inputs, time, progress)
    }

    /// Runs a kernel, the checking of which took `checked`, with the settings of `state`. The session is then that state,
    /// with the result.
    fn run(
        &mut self,
        mut state: State,
        subject: Arc<Subject>,
        inputs: Vec<Arc<Image>>,
        checked: Duration,
        progress: &Progress,
    ) -> Result<Reply, Error> {
        let (outputs, mut times) = state.filtered(&subject, &inputs, progress)?;
        times.compile += checked;
        let mut text = String::new();
        for (name, output) in subject.kernel.outputs().zip(&outputs) {
            if outputs.len() > 1 {
                let _ = write!(text, "{name}: ");
            }
            let _ = writeln!(text, "{}  {}", output.describe(), draw::statistics(&output.statistics()));
        }
        let _ = write!(text, "{times}");
        let picture = outputs.first().cloned();
        state.last = Some(Arc::new(Run { subject, inputs, outputs }));
        self.commit(state);
        Ok(Reply { text, picture, quit: false })
    }

    /// The program of an entry with outputs, compiled.
    fn compile(&self, reading: &Reading, start: Instant) -> Result<Arc<Subject>, Error> {
        let program = reading.program(&self.names(), "0");
        let kernel = Kernel::compile(&program.source).map_err(|error| match error {
            library::Error::Kernel(error) => program.error(error.diagnostic().clone()),
            error => Error::from(error),
        })?;
        Ok(Arc::new(Subject { program, kernel, time: start.elapsed() }))
    }

    /// What the definitions of an entry are, one on each line, after checking them.
    fn describe_definitions(&self, reading: &Reading) -> Result<String, Error> {
        let values: Vec<&str> = reading.added().filter(|(_, kind)| *kind == Kind::Let).map(|(name, _)| name).collect();
        let otherwise = if values.is_empty() { "0".to_string() } else { values.join(", ") };
        let program = reading.program(&self.names(), &otherwise);
        let types = with_large_stack(|| parse(&program.source).and_then(|parsed| types(&parsed)))
            .map_err(|diagnostic| program.error(diagnostic))?;
        let mut types = types.into_iter();
        let lines = reading.added().map(|(name, kind)| match kind {
            Kind::Let => format!("{name}: {}", types.next().map_or_else(String::new, |ty| ty.to_string())),
            Kind::Function => format!("{name}: a function"),
            Kind::Param => format!("{name}: a param"),
            Kind::Weights => format!("{name}: weights"),
            Kind::Input | Kind::Assert | Kind::Outputs => format!("{name}: an input"),
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    /// The names that inputs may have without a declaration.
    fn names(&self) -> Vec<String> {
        image_names(&self.state.images, self.results().len())
    }
}

impl State {
    /// The image that a kernel's input is: one with that name, or the one at its place.
    fn inputs(&self, kernel: &Kernel) -> Result<Vec<Arc<Image>>, Error> {
        kernel.inputs().iter().map(|name| self.input(name, kernel)).collect()
    }

    fn input(&self, name: &str, kernel: &Kernel) -> Result<Arc<Image>, Error> {
        let results = self.last.as_ref().map_or(&[][..], |last| &last.outputs);
        if let Some(index) = (0..results.len()).find(|index| program::result_name(*index) == name) {
            return Ok(results[index].clone());
        }
        if name == "_" {
            return Err(Error::say("`_` is the last result, and there is none yet"));
        }
        if let Some(image) = self.images.iter().find(|image| image.name == name) {
            return Ok(image.clone());
        }
        let place = self.definitions.input_place(name).unwrap_or(0);
        self.images.get(place).cloned().ok_or_else(|| {
            let loaded = match self.images.len() {
                0 => "no image is loaded".to_string(),
                1 => "one image is loaded".to_string(),
                many => format!("{many} images are loaded"),
            };
            let inputs = kernel.inputs().join(", ");
            Error::hint(
                format!("there is no image for the input `{name}`: the kernel's inputs are {inputs}, and {loaded}"),
                format!("`:load {name}=FILE` loads one for it"),
            )
        })
    }

    /// The outputs of a kernel over images.
    fn filtered(
        &self,
        subject: &Subject,
        inputs: &[Arc<Image>],
        progress: &Progress,
    ) -> Result<(Vec<Arc<Image>>, Times), Error> {
        let Some(first) = inputs.first() else { return Err(Error::say("the kernel has no inputs")) };
        if let Some(other) =
            inputs.iter().find(|other| other.colour != first.colour || other.planes() != first.planes())
        {
            let [first, other] = [first, other].map(|image| format!("`{}` is {}", image.name, image.describe()));
            return Err(Error::say(format!("inputs must have the same channels: {first}, and {other}")));
        }
        let filter = self.settings.filter(&subject.kernel);
        let in_program = |error| subject.error(error);
        let start = Instant::now();
        let dtype = self.settings.dtype.unwrap_or(first.dtype());
        let mut shape: Vec<usize> =
            filter.output_region(first.extent()).map_err(in_program)?.iter().map(ExactSizeIterator::len).collect();
        let dtypes: Vec<DType> = inputs.iter().map(|image| image.dtype()).collect();
        filter.compile(first.extent(), &dtypes, &vec![dtype; subject.kernel.outputs().len()]).map_err(in_program)?;
        let compile = start.elapsed();

        let start = Instant::now();
        shape.extend(first.colour.then_some(first.planes()));
        let output = |(index, _)| Image {
            name: program::result_name(index),
            array: AnyArray::zeros(dtype, &shape),
            colour: first.colour,
        };
        let mut outputs: Vec<Image> = subject.kernel.outputs().enumerate().map(output).collect();
        for plane in 0..first.planes() {
            let inputs: Vec<Input<'_>> = inputs.iter().map(|image| image.plane(plane)).collect();
            let mut outputs: Vec<Output<'_>> = outputs.iter_mut().map(|image| image.plane_mut(plane)).collect();
            filter.run_all_into(&inputs, &mut outputs, progress).map_err(in_program)?;
        }
        Ok((outputs.into_iter().map(Arc::new).collect(), Times { compile, run: start.elapsed() }))
    }

    /// The number of axes that windows have.
    fn axes(&self) -> usize {
        self.images.first().map_or(2, |image| image.extent().len())
    }
}

impl Subject {
    /// An error of the kernel or of a run of it, at the place where its cause was typed.
    fn error(&self, error: library::Error) -> Error {
        match error {
            library::Error::Kernel(error) => self.program.error(error.diagnostic().clone()),
            library::Error::Assertion { position, message, place: Some(place) } => {
                let message = format!("at pixel {position:?}: {message}");
                match self.program.typed(place.span) {
                    Some((text, span)) => {
                        Error::Assertion { message, source: text.text.clone(), origin: text.origin.clone(), span }
                    }
                    None => Error::say(message),
                }
            }
            error => Error::from(error),
        }
    }
}

fn is_command(entry: &str) -> bool {
    entry.trim_start().starts_with(':')
}

/// Adds an image under a name that a kernel can use and no other image has: with a number at the end, if need be. Only the
/// first is ever called `w`, so that `w` is the first.
fn add_image(images: &mut Vec<Arc<Image>>, mut image: Image) {
    let name = usable_name(&image.name);
    let taken =
        |name: &str| images.iter().enumerate().any(|(place, other)| other.name == name || (place, name) == (0, "w"));
    image.name = match taken(&name) {
        true => (2..).map(|number| format!("{name}_{number}")).find(|name| !taken(name)).unwrap_or(name),
        false => name,
    };
    images.push(Arc::new(image));
}

/// The name itself if the language allows it and no result has it, or one that resembles it.
fn usable_name(name: &str) -> String {
    let mut usable: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if usable.chars().all(|c| c == '_') || usable.starts_with(|c: char| c.is_ascii_digit()) || is_result_name(&usable) {
        usable.insert_str(0, "image");
    }
    // Reserved words and the names of built-ins are neither.
    if !matches!(highlight(&usable).as_slice(), [(_, Class::Name)]) {
        usable.push('_');
    }
    usable
}
