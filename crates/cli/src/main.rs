//! The `hoodoo` command, which is the library's.

#![deny(missing_docs, unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    hoodoo_cli::main()
}
