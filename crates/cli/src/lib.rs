//! The `hoodoo` command: filters image and array files with kernels, and shows how.
//!
//! [`main`] is the command, which `src/main.rs` calls. [`session`] is what its prompt does, without a terminal, to each
//! [`image::Image`].
//!
//! Exit status 0 for success, 1 for a run that failed, 2 for wrong usage, 130 for a run that was
//! cancelled, by Ctrl-C or by another signal.

#![deny(missing_docs, unsafe_code)]
// They panic where the stream is closed or full: `failure::print` and `failure::tell` don't.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod arrays;
mod bench;
mod check;
mod closed;
mod demo;
mod emit;
mod failure;
mod files;
mod gallery;
mod hyphen;
pub mod image;
mod memory;
mod output;
mod pictures;
mod printable;
mod repl;
mod report;
mod run;
pub mod session;
mod sheet;
mod shell;
mod signals;
mod steady;
mod temporary;
mod text;
mod topics;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::failure::Failure;

/// Filters images and arrays with expressions over pixel neighbourhoods, compiled to machine code.
#[derive(Parser)]
#[command(name = "hoodoo", version, arg_required_else_help = true, max_term_width = 110, after_help = FIRST_EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What `hoodoo run` does, at length.
fn about_run() -> String {
    format!(
        "Filter files with a kernel\n\n\
         Files are known by their extension: {}; what comes through standard input, by its first bytes. Each colour channel of a picture is \
         filtered on its own, and an alpha channel is carried over. An output file appears whole or not at all, and may be one of the \
         inputs. What is kept of files, and what each type can hold: docs/cli.md.",
        files::Format::names()
    )
}

/// What the help ends with.
const FIRST_EXAMPLES: &str = "\
Examples:
  hoodoo demo
  hoodoo run 'max(w) - min(w)' photo.png -o edges.png --size 3

The language: hoodoo help language, hoodoo help functions, hoodoo help reductions, hoodoo help examples";

const REPL_EXAMPLES: &str = "\
Examples:
  hoodoo repl photo.png
  echo 'max(w) - min(w)' | hoodoo repl photo.png";

const CHECK_EXAMPLES: &str = "\
Examples:
  hoodoo check 'param t = 0.5; count(w > t)'
  hoodoo check edges.hood
  hoodoo check --json - < edges.hood";

const EMIT_EXAMPLES: &str = "\
Examples:
  hoodoo emit plan 'median(w)' --size 3 --dtype u8
  hoodoo emit hir 'std(w)'
  hoodoo emit asm 'min(w)' --footprint cross:1 --dtype f32";

const DEMO_EXAMPLES: &str = "\
Examples:
  hoodoo demo
  hoodoo demo --size 512 --dir pictures";

const GALLERY_EXAMPLES: &str = "\
Examples:
  hoodoo gallery
  hoodoo gallery --show hillshade
  hoodoo gallery hampel photo.png -o calm.png
  hoodoo gallery hillshade dem.tif -o shade.png --param altitude=30
  hoodoo gallery --sheet all.png";

const BENCH_EXAMPLES: &str = "\
Examples:
  hoodoo bench --quick
  hoodoo bench --only median-u8-3x3 --threads 2 --json
  hoodoo bench --growth docs";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  hoodoo completions bash > ~/.local/share/bash-completion/completions/hoodoo
  hoodoo completions zsh > ~/.zfunc/_hoodoo
  hoodoo completions fish > ~/.config/fish/completions/hoodoo.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  hoodoo man | man -l -
  hoodoo man --dir ~/.local/share/man/man1";

/// What the help for `hoodoo run` ends with.
const RUN_EXAMPLES: &str = "\
Examples:
  hoodoo run 'min(w)' photo.png -o eroded.png --footprint disk:4
  hoodoo run 'param t; count(w > t)' volume.npy -o counts.npy --size 3 --param t=0.5 --dtype u8
  hoodoo run 'low: min(w), high: max(w)' photo.jpg -o low.png -o high.png --size 5,3 --mode nearest
  hoodoo run 'median(w)' scans/*.png --out-dir cleaned --size 3
  hoodoo run 'mean(w)' - -o - --size 3 < volume.npy > smooth.npy";

/// What to do.
#[derive(Subcommand)]
enum Command {
    /// Filter files with a kernel
    #[command(long_about = about_run(), after_help = RUN_EXAMPLES)]
    Run(Box<run::RunArguments>),
    /// Type expressions, and see at once what they do to an image
    ///
    /// Colours and pictures are for terminals only, and not if NO_COLOR is set. Entries that come through a pipe are
    /// evaluated up to the first error, which is exit status 1. The history is in the platform's directory for data.
    #[command(after_help = REPL_EXAMPLES)]
    Repl(repl::ReplArguments),
    /// Check a kernel, and say what it needs
    #[command(after_help = CHECK_EXAMPLES)]
    Check(check::CheckArguments),
    /// Show a step of a kernel's way to machine code
    #[command(after_help = EMIT_EXAMPLES)]
    Emit(emit::EmitArguments),
    /// Erode a random image in five ways, compare them, and draw a picture
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(demo::DemoArguments),
    /// List the kernels of the cookbook; run one, show it, or draw them all
    #[command(after_help = GALLERY_EXAMPLES)]
    Gallery(gallery::GalleryArguments),
    /// Time kernels, beside the same filters written by hand
    #[command(after_help = BENCH_EXAMPLES)]
    Bench(bench::BenchArguments),
    /// Print a script with which a shell completes the arguments
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(shell::CompletionsArguments),
    /// Print the manual page
    #[command(after_help = MAN_EXAMPLES)]
    Man(shell::ManArguments),
}

/// Does what the arguments of this process say, and gives its exit status.
pub fn main() -> ExitCode {
    signals::fail_without_memory();
    let arguments = hyphen::told_apart(std::env::args_os());
    if let Some(helped) = topics::help(&arguments) {
        return helped.map_or_else(Failure::report, |()| ExitCode::SUCCESS);
    }
    let result = match Cli::parse_from(arguments).command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Repl(arguments) => repl::repl(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Emit(arguments) => emit::emit(&arguments),
        Command::Demo(arguments) => demo::demo(&arguments),
        Command::Gallery(arguments) => gallery::gallery(&arguments),
        Command::Bench(arguments) => bench::bench(&arguments),
        Command::Completions(arguments) => shell::completions(&arguments, Cli::command()),
        Command::Man(arguments) => shell::man(&arguments, Cli::command()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
