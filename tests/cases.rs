//! The language's cases: every file of `tests/cases`, on every engine.
//!
//! A file is a list of blocks. A block is a kernel, on one line or several, then its examples:
//!
//! ```text
//! # A comment; a line of a kernel may be one too, but for its first.
//! param t; sum(w where w > t)
//! > t=2 | 1 2 3 => 3
//! > t=9 | 1 2 3 => 0
//!
//! sum(
//! => error H001
//! ```
//!
//! An example is `> settings | window => values`. Settings are `name=value`, weights `name=value,value,...`, and `cval`
//! for what lies outside the array. A window is its values, with ` / ` between rows, or `()` if it has no cell; several
//! inputs have ` ; ` between them. Values are those of the outputs, with `, ` between them: `~x` for within 4 units in
//! the last place, `+-0` for a zero of any sign, and anything else to the bit, but for the payload of NaN. Or the
//! value is `fails`, for an assertion or a demand that does not hold, or `error H032`, for a kernel that this window
//! does not suit. `=> error H010` without a window is for a kernel that does not compile.

use std::fmt::Write as _;
use std::fs;

use hoodoo::lang::cells::Cells;
use hoodoo::lang::diagnostic::{Code, KernelError};
use hoodoo::lang::interpret::{Interpreter, Pixel, Settings};
use hoodoo::{Engine, Error, Filter, Footprint, Input, Kernel, Mode, Parameters, Window};
use ndarray::{ArrayD, IxDyn};

/// The number of units in the last place that `~` allows.
const ULPS: u64 = 4;

/// What an example says of one output.
#[derive(Clone, Copy, Debug)]
enum Value {
    Exactly(f64),
    About(f64),
    AnyZero,
}

/// What an example, or a kernel without one, gives.
#[derive(Clone, Debug)]
enum Outcome {
    Values(Vec<Value>),
    Fails,
    Error(String),
}

/// A window, what it is set against, and what comes of it.
struct Example<'t> {
    settings: Vec<(&'t str, Vec<f64>)>,
    shape: Vec<usize>,
    /// Whether the window has the cells of `shape`, and not none.
    full: bool,
    inputs: Vec<Vec<f64>>,
    outcome: Outcome,
}

/// What an engine made of an example: `None` for nothing that can be compared.
type Answer = Option<Result<Vec<f64>, Error>>;

fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a number"))
}

impl Value {
    fn parse(text: &str) -> Result<Value, String> {
        match (text, text.strip_prefix('~')) {
            ("+-0", _) => Ok(Value::AnyZero),
            (_, Some(about)) => number(about).map(Value::About),
            _ => number(text).map(Value::Exactly),
        }
    }

    fn agrees(self, actual: f64) -> bool {
        // Neighbouring numbers have neighbouring places, also across 0.
        let place = |x: f64| (x.abs().to_bits() as i64) * if x.is_sign_negative() { -1 } else { 1 };
        match self {
            Value::AnyZero => actual == 0.0,
            Value::Exactly(value) if value.is_nan() => actual.is_nan(),
            Value::Exactly(value) => value.to_bits() == actual.to_bits(),
            Value::About(value) => !actual.is_nan() && place(value).abs_diff(place(actual)) <= ULPS,
        }
    }
}

impl Outcome {
    fn parse(text: &str) -> Result<Outcome, String> {
        match (text, text.strip_prefix("error ")) {
            ("fails", _) => Ok(Outcome::Fails),
            (_, Some(code)) if Code::ALL.iter().any(|known| known.as_str() == code) => Ok(Outcome::Error(code.into())),
            (_, Some(code)) => Err(format!("there is no error {code}")),
            _ => text.split(", ").map(Value::parse).collect::<Result<_, _>>().map(Outcome::Values),
        }
    }

    fn agrees(&self, answer: &Result<Vec<f64>, Error>) -> bool {
        match (self, answer) {
            (Outcome::Values(values), Ok(actual)) => {
                values.len() == actual.len() && values.iter().zip(actual).all(|(value, actual)| value.agrees(*actual))
            }
            (Outcome::Fails, Err(Error::Assertion { .. })) => true,
            (Outcome::Fails, Err(Error::Kernel(error))) => error.code() == Code::OutOfRange,
            (Outcome::Error(code), Err(Error::Kernel(error))) => error.code().as_str() == code,
            _ => false,
        }
    }
}

/// Whether a callback is right to say that it can't be this kernel, with a footprint or without.
fn refuses(error: &KernelError, kernel: &Kernel, footprint: bool) -> bool {
    let uses = |names: &[&str]| names.iter().any(|name| kernel.source().contains(name));
    let never = kernel.inputs().len() > 1 || kernel.outputs().len() > 1 || uses(&["coord(", "extent(", "inside("]);
    error.code() == Code::NotInCallback && (never || !footprint && uses(&["[", "offset(", "dist("]))
}

impl<'t> Example<'t> {
    fn parse(line: &'t str) -> Result<Example<'t>, String> {
        let (given, outcome) = line.split_once("=>").ok_or("an example has `=>`")?;
        let (settings, windows) = given.split_once('|').unwrap_or(("", given));
        let setting = |setting: &'t str| -> Result<_, String> {
            let (name, values) = setting.split_once('=').ok_or(format!("`{setting}` is not a setting"))?;
            let values = values.split(',').filter(|value| !value.is_empty()).map(number).collect::<Result<_, _>>()?;
            Ok((name, values))
        };
        let settings = settings.split_whitespace().map(setting).collect::<Result<_, _>>()?;
        let (mut shapes, mut inputs) = (Vec::new(), Vec::new());
        for window in windows.split(';') {
            let rows: Vec<Vec<f64>> = window
                .split('/')
                .map(|row| row.split_whitespace().filter(|cell| *cell != "()").map(number).collect())
                .collect::<Result<_, _>>()?;
            let columns = rows[0].len();
            if rows.iter().any(|row| row.len() != columns) {
                return Err("the rows have different lengths".into());
            }
            shapes.push(if rows.len() == 1 { vec![columns] } else { vec![rows.len(), columns] });
            inputs.push(rows.concat());
        }
        if shapes.iter().any(|shape| *shape != shapes[0]) {
            return Err("the inputs have different shapes".into());
        }
        let full = shapes[0] != [0];
        if !full {
            // An array has a pixel even where the window has no cell.
            shapes[0] = vec![1];
            inputs.iter_mut().for_each(|input| input.push(0.0));
        }
        Ok(Example { settings, shape: shapes.remove(0), full, inputs, outcome: Outcome::parse(outcome.trim())? })
    }

    /// The pixel whose window has exactly the given values.
    fn centre(&self) -> Vec<usize> {
        self.shape.iter().map(|length| length / 2).collect()
    }

    fn mask(&self) -> ArrayD<bool> {
        ArrayD::from_elem(IxDyn(&self.shape), self.full)
    }

    fn setting(&self, name: &str) -> Option<&[f64]> {
        self.settings.iter().find(|(setting, _)| *setting == name).map(|(_, values)| values.as_slice())
    }

    fn cval(&self) -> Option<f64> {
        self.setting("cval").map(|values| values[0])
    }

    fn parameters(&self, kernel: &Kernel) -> Parameters {
        let settings = self.settings.iter().filter(|(name, _)| *name != "cval");
        settings.fold(Parameters::new(), |parameters, (name, values)| {
            if kernel.weights().iter().any(|weights| weights == name) {
                parameters.weights(*name, values.iter().copied())
            } else {
                parameters.param(*name, values[0])
            }
        })
    }

    /// The filter's values at the centre; nothing if it stops at another pixel, whose window is another.
    fn filtered(&self, kernel: &Kernel, engine: Engine) -> Answer {
        let array = |values: &Vec<f64>| ArrayD::from_shape_vec(IxDyn(&self.shape), values.clone()).expect("a window");
        let arrays: Vec<ArrayD<f64>> = self.inputs.iter().map(array).collect();
        let inputs = || -> Vec<Input<'_>> { arrays.iter().map(Input::from).collect() };
        let filter = Filter::new(kernel)
            .window(Window::Array(self.mask()))
            .parameters(self.parameters(kernel))
            .cval(self.cval().unwrap_or(0.0))
            .engine(engine)
            .threads(1);
        // Where the boundary matters, `cval` says so; else another mode may not stop elsewhere.
        let modes = if self.cval().is_some() { &Mode::ALL[4..5] } else { &Mode::ALL[..5] };
        modes.iter().rev().find_map(|mode| match filter.clone().mode(*mode).run_all::<f64>(&inputs()) {
            Err(Error::Assertion { position, .. }) if position != self.centre() => None,
            Err(error) => Some(Err(error)),
            Ok(outputs) => Some(Ok(outputs.iter().map(|output| output[IxDyn(&self.centre())]).collect())),
        })
    }

    /// The interpreter's values for this one window.
    fn interpreted(&self, kernel: &Kernel) -> Answer {
        let footprint = Footprint::from_array(self.mask().view()).expect("a footprint");
        let all = Cells::of_footprint(self.shape.len(), footprint.len(), footprint.offsets());
        let cells = match all.for_kernel(kernel.hir()) {
            // The filter's answer says the same.
            Err(_) => return None,
            Ok(cells) => cells,
        };
        let set = |name: &str| self.setting(name);
        let settings = Settings {
            params: kernel
                .params()
                .iter()
                .map(|param| set(&param.name).map_or(param.default, |values| Some(values[0])).expect("a value"))
                .collect(),
            weights: kernel.weights().iter().map(|name| set(name).expect("weights").to_vec()).collect(),
        };
        let outside = vec![self.cval().unwrap_or(0.0); cells.len() - cells.taps()];
        let taps = if self.full { cells.taps() } else { 0 };
        let values: Vec<f64> =
            self.inputs.iter().flat_map(|input| input[..taps].iter().chain(&outside).copied()).collect();
        let pixel = Pixel { cells: &values, position: &self.centre(), extent: &self.shape };
        let mut outputs = vec![0.0; kernel.outputs().len()];
        let held = Interpreter::new(kernel.hir(), &cells, &settings).run(&pixel, &mut outputs);
        Some(match held {
            Ok(()) => Ok(outputs),
            Err(broken) => {
                Err(Error::Assertion { position: self.centre(), message: broken.message.clone(), place: None })
            }
        })
    }

    /// The callback's value, called without a driver.
    fn called(&self, kernel: &Kernel, footprint: Option<&Footprint>) -> Answer {
        match kernel.callback_with(footprint, &self.parameters(kernel)) {
            Err(Error::Kernel(error)) if refuses(&error, kernel, footprint.is_some()) => None,
            // The driver reads any cell, a callback only its own.
            Err(Error::Kernel(error)) if error.code() == Code::NotInFootprint && self.cval().is_some() => None,
            Err(error) => Some(Err(error)),
            Ok(callback) => {
                let mut window = if self.full { self.inputs[0].clone() } else { Vec::new() };
                Some(match callback.call(&mut window) {
                    Some(value) => Ok(vec![value]),
                    None => Err(Error::Assertion { position: self.centre(), message: "status 0".into(), place: None }),
                })
            }
        }
    }

    /// Runs the example everywhere; a message for every engine that is wrong.
    fn check(&self, kernel: &Kernel) -> Vec<String> {
        let footprint = Footprint::from_array(self.mask().view()).expect("a footprint");
        let on_callback = match self.filtered(kernel, Engine::Callback) {
            Some(Err(Error::Kernel(error))) if refuses(&error, kernel, true) => None,
            answer => answer,
        };
        // Only a footprint has a size or axes that a kernel may not suit.
        let any = if matches!(self.outcome, Outcome::Error(_)) { None } else { self.called(kernel, None) };
        let answers = [
            ("the interpreter", self.interpreted(kernel)),
            ("the filter on the interpreter", self.filtered(kernel, Engine::Interpreter)),
            ("the filter on rows", self.filtered(kernel, Engine::Rows)),
            ("the filter on the callback", on_callback),
            ("the callback for any window", any),
            ("the callback for the footprint", self.called(kernel, Some(&footprint))),
        ];
        let wrong = |(engine, answer): (&str, Answer)| match answer {
            Some(answer) if !self.outcome.agrees(&answer) => Some(format!(
                "{engine} gives {}",
                answer.map_or_else(|e| e.to_string(), |values| format!("{values:?}"))
            )),
            _ => None,
        };
        if answers.iter().all(|(_, answer)| answer.is_none()) {
            return vec!["no engine ran it".into()];
        }
        answers.into_iter().filter_map(wrong).collect()
    }
}

/// A kernel's source and its examples, each with the line that it starts at.
#[derive(Default)]
struct Block {
    line: usize,
    source: String,
    examples: Vec<(usize, String)>,
}

/// The blocks of a file; one ends at an empty line, and where a kernel follows an example. A comment is a line of the
/// kernel if it is between the kernel's lines.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut block = Block::default();
    for (line, text) in (1..).zip(text.lines()) {
        let is_example = text.starts_with('>') || text.starts_with("=>");
        let is_comment = text.starts_with('#') && (block.source.is_empty() || !block.examples.is_empty());
        if is_comment {
            continue;
        }
        if !block.source.is_empty() && (text.is_empty() || !block.examples.is_empty() && !is_example) {
            blocks.push(std::mem::take(&mut block));
        }
        if is_example {
            assert!(!block.source.is_empty(), "line {line}: an example without a kernel");
            block.examples.push((line, text.to_string()));
        } else if !text.is_empty() {
            if block.source.is_empty() {
                block.line = line;
            } else {
                block.source.push('\n');
            }
            block.source.push_str(text);
        }
    }
    blocks.extend((!block.source.is_empty()).then_some(block));
    blocks
}

impl Block {
    /// The problems, each with its line.
    fn check(&self) -> Vec<(usize, String)> {
        if self.examples.is_empty() {
            return vec![(self.line, "the kernel has no example".into())];
        }
        let kernel = Kernel::compile(&self.source);
        let mut problems = Vec::new();
        for (line, example) in &self.examples {
            let found = match (example.strip_prefix("=>"), &kernel) {
                (Some(outcome), Err(error)) => match Outcome::parse(outcome.trim()) {
                    Ok(Outcome::Error(code)) if matches!(error, Error::Kernel(e) if e.code().as_str() == code) => {
                        vec![]
                    }
                    _ => vec![format!("the kernel gives {error}")],
                },
                (Some(_), Ok(_)) => vec!["the kernel compiles".into()],
                (None, Err(error)) => vec![error.to_string()],
                (None, Ok(kernel)) => match Example::parse(&example[1..]) {
                    Ok(parsed) => parsed.check(kernel),
                    Err(problem) => vec![problem],
                },
            };
            problems.extend(found.into_iter().map(|problem| (*line, format!("{example}\n    {problem}"))));
        }
        problems
    }
}

/// Runs `tests/cases/NAME.txt`.
fn check_file(name: &str) {
    let path = format!("{}/tests/cases/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let blocks = blocks(&text);
    assert!(!blocks.is_empty(), "{path} has no cases");
    let mut report = String::new();
    for block in &blocks {
        for (line, problem) in block.check() {
            write!(report, "\ntests/cases/{name}.txt:{line}: {}\n  {problem}\n", block.source).expect("memory");
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// A condition that is known before any window costs nothing.
#[test]
fn conditions_that_are_known_are_folded() {
    let nodes = |source: &str| Kernel::compile(source).expect(source).hir().live_nodes().count();
    for always in ["true", "not false", "not isnan(1)", "1 < 2 or w > 1"] {
        for op in ["sum(w@)", "median(w@)", "argmin(w@)", "percentile(w@, 30)", "entropy(w@)", "count(w > 1 and ~)"] {
            let source = op.replace('@', &format!(" where {always}")).replace('~', always);
            let plain = op.replace('@', "").replace(" and ~", "");
            assert_eq!(nodes(&source), nodes(&plain), "{source}");
        }
    }
    for never in ["false", "isnan(2)", "2 < 1", "w > 1 and false"] {
        for op in ["sum(w@)", "median(w@)", "argmin(w@)", "mode(w@)", "count(w > 1 and ~)", "len(w@)"] {
            let source = op.replace('@', &format!(" where {never}")).replace('~', &format!("({never})"));
            assert_eq!(nodes(&source), 1, "{source}");
        }
    }
}

macro_rules! files {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            check_file(stringify!($name));
        })*

        #[test]
        fn every_file_is_run() {
            let mut files: Vec<String> = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"))
                .expect("the directory of the cases")
                .map(|file| file.expect("a file").file_name().into_string().expect("ASCII"))
                .collect();
            files.sort();
            let mut run = vec![$(concat!(stringify!($name), ".txt")),*];
            run.sort_unstable();
            assert_eq!(files, run);
        }
    };
}

files!(syntax, operators, reductions, order, elementwise, neighbourhood, folds, functions, assertions);
