//! `hoodoo check` and `hoodoo emit`: what a kernel needs, and what it becomes.

use clap::{Args, ValueEnum};
use hoodoo::lang::parse::parse;
use hoodoo::{Footprint, Kernel, Window};

use crate::arguments::{Source, WindowArguments};
use crate::failure::{Failure, print};

/// Arguments of `hoodoo check`.
#[derive(Args)]
pub struct CheckArguments {
    /// The kernel's text, or a path ending in .hood
    kernel: String,
}

/// Arguments of `hoodoo emit`.
#[derive(Args)]
pub struct EmitArguments {
    /// What to show
    #[arg(value_enum)]
    step: Step,
    /// The kernel's text, or a path ending in .hood
    kernel: String,
    #[command(flatten)]
    window: WindowArguments,
}

/// A step on the way to machine code.
#[derive(Clone, Copy, ValueEnum)]
enum Step {
    /// The syntax tree, printed as a program
    Ast,
    /// The meaning: typed operations, each only once
    Hir,
    /// The callback in Cranelift's intermediate representation
    Clif,
    /// The callback in this machine's code
    Asm,
}

/// Says whether the kernel is right, and what it needs.
pub fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let kernel = Source::load(&arguments.kernel)?.compile()?;
    print(format!("ok: {}", summary(&kernel)))
}

/// Inputs, outputs, params and weights, such as `inputs w; outputs 0; params t = 0.5`.
fn summary(kernel: &Kernel) -> String {
    let params = kernel.params().iter().map(|param| match param.default {
        Some(value) => format!("{} = {value}", param.name),
        None => param.name.clone(),
    });
    let parts = [
        ("inputs", kernel.inputs().to_vec()),
        ("outputs", kernel.outputs().map(str::to_string).collect()),
        ("params", params.collect::<Vec<_>>()),
        ("weights", kernel.weights().to_vec()),
    ];
    let said = parts.iter().filter(|(_, names)| !names.is_empty());
    said.map(|(what, names)| format!("{what} {}", names.join(", "))).collect::<Vec<_>>().join("; ")
}

/// Shows a step.
pub fn emit(arguments: &EmitArguments) -> Result<(), Failure> {
    let source = Source::load(&arguments.kernel)?;
    if let Step::Ast = arguments.step {
        let program = parse(source.text()).map_err(|diagnostic| source.failure(diagnostic))?;
        return print_block(program);
    }
    let kernel = source.compile()?;
    let footprint = footprint(&arguments.window)?;
    match arguments.step {
        Step::Ast | Step::Hir => print_block(kernel.hir()),
        Step::Clif => print_block(kernel.clif(footprint.as_ref())?),
        Step::Asm => print_block(kernel.assembly(footprint.as_ref())?),
    }
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
    // One length, or a shape without one, goes for any number of axes; pictures have two.
    let axes = match &window {
        Window::Size(sizes) if sizes.len() > 1 => sizes.len(),
        Window::Array(cells) => cells.ndim(),
        _ if origin.len() > 1 && !matches!(window, Window::Disk(_)) => origin.len(),
        _ => 2,
    };
    let origin = match origin.as_slice() {
        [] => vec![0; axes],
        [one] => vec![*one; axes],
        each => each.to_vec(),
    };
    Ok(Some(window.footprint(axes)?.with_origin(&origin)?))
}
