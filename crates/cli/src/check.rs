//! `hoodoo check`: whether a kernel is right, and what it needs.

use clap::Args;
use hoodoo::Kernel;
use hoodoo::lang::diagnostic::KernelError;
use hoodoo::lang::span::Span;
use serde_json::{Value, json};

use crate::arguments::Source;
use crate::failure::{Failure, print};

/// Arguments of `hoodoo check`.
#[derive(Args)]
pub struct CheckArguments {
    /// The kernel's text, a path ending in .hood, or - for standard input
    kernel: String,
    /// Print JSON, with the places of what is wrong, for an editor
    #[arg(long)]
    json: bool,
    /// Print nothing if the kernel is right
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
}

/// Says whether the kernel is right, and what it needs.
pub fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let source = match Source::load(&arguments.kernel) {
        Err(failure) if arguments.json => return wrong(unreadable(&failure)),
        source => source?,
    };
    let compiled = if arguments.json { source.compile_quietly() } else { source.compile() };
    match compiled {
        Ok(kernel) if arguments.json => print(needs(&kernel)),
        Ok(_) if arguments.quiet => Ok(()),
        Ok(kernel) => print(format!("ok: {}", summary(&kernel))),
        Err(Failure::Kernel(error)) if arguments.json => wrong(diagnostic(&error, source.text())),
        Err(failure) => Err(failure),
    }
}

/// Prints what is wrong as JSON.
fn wrong(diagnostic: Value) -> Result<(), Failure> {
    print(json!({ "ok": false, "diagnostics": [diagnostic] }))?;
    Err(Failure::AlreadyReported)
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

/// The same as JSON.
fn needs(kernel: &Kernel) -> Value {
    let params =
        kernel.params().iter().map(|param| json!({ "name": param.name, "default": param.default.map(number) }));
    let warnings = kernel.warnings();
    let warnings = warnings.iter().map(|warning| diagnostic(warning, kernel.source()));
    json!({
        "ok": true,
        "diagnostics": warnings.collect::<Vec<_>>(),
        "inputs": kernel.inputs(),
        "outputs": kernel.outputs().collect::<Vec<_>>(),
        "params": params.collect::<Vec<_>>(),
        "weights": kernel.weights(),
    })
}

/// A number as JSON, or its name in the language where JSON has no number for it.
fn number(value: f64) -> Value {
    if value.is_finite() { value.into() } else { value.to_string().to_lowercase().into() }
}

/// An error that is not in the kernel's text, such as that there is no such file: it has a message, and no place.
fn unreadable(failure: &Failure) -> Value {
    json!({
        "severity": "error",
        "code": null,
        "message": failure.message(),
        "start": null,
        "end": null,
        "label": "",
        "notes": [],
        "help": null,
    })
}

/// An error as JSON, with what an editor needs to show it.
fn diagnostic(error: &KernelError, text: &str) -> Value {
    let diagnostic = error.diagnostic();
    let place = |offset: usize| {
        let (line, column) = Span::new(offset, offset).line_column(text);
        json!({ "offset": offset, "line": line, "column": column })
    };
    let range = |span: Span| (place(span.start), place(span.end));
    let (start, end) = range(diagnostic.span);
    let notes = diagnostic.notes.iter().map(|(span, message)| {
        let (start, end) = range(*span);
        json!({ "start": start, "end": end, "message": message })
    });
    json!({
        "severity": if diagnostic.code.is_warning() { "warning" } else { "error" },
        "code": diagnostic.code.as_str(),
        "message": diagnostic.message,
        "start": start,
        "end": end,
        "label": diagnostic.label,
        "notes": notes.collect::<Vec<_>>(),
        "help": diagnostic.hint,
    })
}
