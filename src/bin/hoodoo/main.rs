//! The `hoodoo` command: filters image and array files with kernels, and shows how.
//!
//! Exit status 0 for success, 1 for a run that failed, 2 for wrong usage, 130 for a run that was cancelled.

#![deny(missing_docs, unsafe_code)]

mod arguments;
mod bench;
mod demo;
mod emit;
mod erosion;
mod failure;
mod files;
mod growth;
mod handwritten;
mod output;
mod run;
mod tuned;
mod watch;
mod workload;
mod workloads;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Filters images and arrays with expressions over pixel neighbourhoods, compiled to machine code.
#[derive(Parser)]
#[command(name = "hoodoo", version, arg_required_else_help = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What the help for `hoodoo run` ends with.
const EXAMPLES: &str = "\
Examples:
  hoodoo run 'min(w)' photo.png -o eroded.png --footprint disk:4
  hoodoo run 'param t; count(w > t)' volume.npy -o counts.npy --size 3 --param t=0.5 --dtype u8
  hoodoo run 'low: min(w), high: max(w)' photo.jpg -o low.png -o high.png --size 5,3 --mode nearest";

/// What to do.
#[derive(Subcommand)]
enum Command {
    /// Filter files with a kernel
    ///
    /// Files are known by their extension: .npy, .png, .tif, .tiff, .jpg, .jpeg. Each colour channel of a picture is
    /// filtered on its own, and an alpha channel is carried over. An output file appears whole or not at all, and may
    /// be one of the inputs. A kernel that starts with a minus sign goes, with the
    /// inputs, after all options and `--`.
    #[command(after_help = EXAMPLES)]
    Run(Box<run::RunArguments>),
    /// Check a kernel, and say what it needs
    Check(emit::CheckArguments),
    /// Show a step of a kernel's way to machine code
    Emit(emit::EmitArguments),
    /// Erode a random image in five ways, compare them, and draw a picture
    Demo(demo::DemoArguments),
    /// Time kernels, beside the same filters written by hand
    Bench(bench::BenchArguments),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => emit::check(&arguments),
        Command::Emit(arguments) => emit::emit(&arguments),
        Command::Demo(arguments) => demo::demo(&arguments),
        Command::Bench(arguments) => bench::bench(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
