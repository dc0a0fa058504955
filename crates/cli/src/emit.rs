//! `hoodoo emit`: what a kernel becomes.

use clap::{Args, ValueEnum};
use hoodoo::lang::parse::parse;
use hoodoo::{DType, Engine, Filter, Footprint, Listing, Mode, Precision, Vectors, Window};

use crate::arguments::{Source, WindowArguments, offered, word};
use crate::failure::{Failure, print};
use crate::run::{Said, options_of};

/// Arguments of `hoodoo emit`.
#[derive(Args)]
pub struct EmitArguments {
    #[command(flatten)]
    said: Said,
    /// What to show
    #[arg(value_enum)]
    step: Step,
    /// The kernel's text, a path ending in .hood, or - for standard input
    kernel: String,
    #[command(flatten)]
    window: WindowArguments,
    /// The code of which engine to show: rows or callback [default: rows]
    #[arg(long, value_parser = offered(Engine::ALL.map(Engine::as_str), word::<Engine>), hide_possible_values = true)]
    engine: Option<Engine>,
    #[command(flatten)]
    arrays: ArrayArguments,
}

/// The arrays that code for rows is made for.
#[derive(Args)]
struct ArrayArguments {
    /// For rows: the element type of the inputs and outputs
    #[arg(long, value_name = "T", default_value = "f64")]
    #[arg(value_parser = offered(DType::ALL.map(DType::as_str), word::<DType>), hide_possible_values = true)]
    dtype: DType,
    /// For rows: the element type of the outputs, if it is another
    #[arg(long, value_name = "T")]
    #[arg(value_parser = offered(DType::ALL.map(DType::as_str), word::<DType>), hide_possible_values = true)]
    output_dtype: Option<DType>,
    /// For rows: the shape of the array [default: 1024 along each axis]
    #[arg(long, value_name = "N[,N...]", value_delimiter = ',')]
    shape: Vec<usize>,
    /// For rows: what lies beyond the ends of every axis, or of each
    #[arg(long, value_name = "MODE[,MODE...]", value_delimiter = ',')]
    #[arg(value_parser = offered(Mode::ALL.map(Mode::as_str), word::<Mode>), hide_possible_values = true)]
    mode: Vec<Mode>,
    /// For rows: the value outside in mode constant
    #[arg(long, value_name = "X", default_value_t = 0.0, allow_hyphen_values = true)]
    cval: f64,
    /// For rows: compute in f64 (exact) or in f32 (single)
    #[arg(long, default_value = "exact")]
    #[arg(value_parser = offered(Precision::ALL.map(Precision::as_str), word::<Precision>), hide_possible_values = true)]
    precision: Precision,
    /// For rows: the size of vectors: auto, 128, 256 or 512 bits
    #[arg(long, value_name = "BITS", default_value = "auto")]
    #[arg(value_parser = offered(Vectors::ALL.map(Vectors::as_str), word::<Vectors>), hide_possible_values = true)]
    vectors: Vectors,
}

/// A step on the way to machine code.
#[derive(Clone, Copy, ValueEnum)]
enum Step {
    /// The syntax tree, printed as a program
    Ast,
    /// The meaning: typed operations, each only once
    Hir,
    /// How the kernel is computed row by row, and why so
    Plan,
    /// The code in Cranelift's intermediate representation
    Clif,
    /// The code of this machine
    Asm,
}

/// Shows a step.
pub fn emit(arguments: &EmitArguments) -> Result<(), Failure> {
    let source = Source::load(&arguments.kernel)?;
    if let Step::Ast = arguments.step {
        let program = parse(source.text()).map_err(|diagnostic| source.failure(diagnostic))?;
        return print_block(program);
    }
    let kernel = source.compile()?;
    let file = options_of(source.text(), source.origin())?;
    let asks = |field: &str| file.as_ref().filter(|file| file.said.has(field) && !arguments.said.has(field));
    let window = asks("window").map_or(&arguments.window, |file| &file.window);
    let listing = match (arguments.step, arguments.engine) {
        (Step::Ast | Step::Hir, _) => return print_block(kernel.hir()),
        (Step::Plan, None | Some(Engine::Auto | Engine::Rows)) => Listing::Plan,
        (Step::Clif, None | Some(Engine::Auto | Engine::Rows)) => Listing::Clif,
        (Step::Asm, None | Some(Engine::Auto | Engine::Rows)) => Listing::Assembly,
        (Step::Clif, Some(Engine::Callback)) => {
            return print_block(kernel.clif(footprint(window)?.as_ref())?);
        }
        (Step::Asm, Some(Engine::Callback)) => {
            return print_block(kernel.assembly(footprint(window)?.as_ref())?);
        }
        (Step::Plan, Some(Engine::Callback)) => {
            return Err(Failure::Usage("--engine: a callback has no plan".to_string()));
        }
        (_, Some(_)) => {
            return Err(Failure::Usage("--engine: the interpreter has no code".to_string()));
        }
    };
    let arrays = &arguments.arrays;
    let precision = asks("precision").map_or(arrays.precision, |file| file.precision);
    let cval = asks("cval").map_or(arrays.cval, |file| file.cval);
    let mut filter = Filter::new(&kernel).cval(cval).precision(precision).vectors(arrays.vectors);
    let mut axes = 2;
    let origin = &window.origin;
    if let Some(window) = window.window()? {
        axes = window_axes(&window, origin);
        filter = filter.window(window);
    }
    if !origin.is_empty() {
        filter = filter.origin(&origin[..]);
    }
    let mode = asks("mode").map_or(&arrays.mode, |file| &file.mode);
    if !mode.is_empty() {
        filter = filter.modes(mode.iter().copied());
    }
    let shape = if arrays.shape.is_empty() { vec![1024; axes] } else { arrays.shape.clone() };
    let inputs = vec![arrays.dtype; kernel.inputs().len()];
    let output = arrays.output_dtype.or(asks("dtype").and_then(|file| file.dtype)).unwrap_or(arrays.dtype);
    print_block(filter.listing(listing, &shape, &inputs, &vec![output; kernel.outputs().len()])?)
}

/// Prints text that may or may not end in a newline.
fn print_block(text: impl std::fmt::Display) -> Result<(), Failure> {
    print(text.to_string().trim_end())
}

/// The footprint that the window has without an array; none if there is no window.
fn footprint(arguments: &WindowArguments) -> Result<Option<Footprint>, Failure> {
    let origin = &arguments.origin;
    let Some(window) = arguments.window()? else {
        return match origin.is_empty() {
            true => Ok(None),
            false => Err(Failure::Usage("--origin needs a --size or a --footprint".to_string())),
        };
    };
    let axes = window_axes(&window, origin);
    let origin = match origin.as_slice() {
        [] => vec![0; axes],
        [one] => vec![*one; axes],
        each => each.to_vec(),
    };
    Ok(Some(window.footprint(axes)?.with_origin(&origin)?))
}

/// The number of axes that a window has without an array: one length, or a shape without one, goes for any number of them;
/// pictures have two.
fn window_axes(window: &Window, origin: &[isize]) -> usize {
    match window {
        Window::Size(sizes) if sizes.len() > 1 => sizes.len(),
        Window::Array(cells) => cells.ndim(),
        _ if origin.len() > 1 && !matches!(window, Window::Disk(_)) => origin.len(),
        _ => 2,
    }
}
