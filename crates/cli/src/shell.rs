//! `hoodoo completions` and `hoodoo man`: what shells and manuals know of the command.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Command, ValueEnum};
use clap_complete::shells::{Bash, Elvish, Fish, PowerShell, Zsh};
use clap_complete::{Generator, generate};
use clap_complete_nushell::Nushell;
use clap_mangen::Man;

use crate::failure::{Failure, print};

/// Arguments of `hoodoo completions`.
#[derive(Args)]
pub struct CompletionsArguments {
    /// The shell
    shell: Console,
}

/// A shell whose arguments can be completed.
#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "lower")]
enum Console {
    Bash,
    Elvish,
    Fish,
    Nushell,
    PowerShell,
    Zsh,
}

/// Arguments of `hoodoo man`.
#[derive(Args)]
pub struct ManArguments {
    /// Write a page for each subcommand too, to this directory
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Prints a script that completes the arguments of `command`.
pub fn completions(arguments: &CompletionsArguments, mut command: Command) -> Result<(), Failure> {
    let script = match arguments.shell {
        Console::Bash => script(Bash, &mut command),
        Console::Elvish => script(Elvish, &mut command),
        Console::Fish => script(Fish, &mut command),
        Console::Nushell => script(Nushell, &mut command),
        Console::PowerShell => script(PowerShell, &mut command),
        Console::Zsh => script(Zsh, &mut command),
    };
    print(String::from_utf8_lossy(&script).trim_end())
}

fn script(shell: impl Generator, command: &mut Command) -> Vec<u8> {
    let mut script = Vec::new();
    generate(shell, command, "hoodoo", &mut script);
    script
}

/// Prints the manual page of `command`, or writes the pages to a directory.
pub fn man(arguments: &ManArguments, command: Command) -> Result<(), Failure> {
    let Some(directory) = &arguments.dir else {
        let mut page = Vec::new();
        render(command, &mut page).map_err(|error| Failure::Run(error.to_string()))?;
        return print(String::from_utf8_lossy(&page).trim_end());
    };
    let made = std::fs::create_dir_all(directory);
    made.map_err(|error| Failure::at(directory, format!("can't be made: {error}")))?;
    let written = clap_mangen::generate_to(command.disable_help_subcommand(true), directory);
    written.map_err(|error| Failure::at(directory, error))
}

fn render(command: Command, page: &mut impl Write) -> std::io::Result<()> {
    Man::new(command).render(page)
}
