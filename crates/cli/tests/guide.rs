//! The guide does what it says: its commands run and print what the page shows, and its kernels compile.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hoodoo::Kernel;

/// A fenced block of the page: what it is in, and its text.
struct Block {
    language: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide.md")).unwrap();
    // Fences cut the page into prose and blocks, by turns.
    let blocks = page.split("\n```").skip(1).step_by(2);
    blocks
        .map(|block| {
            let (language, text) = block.split_once('\n').expect("a block begins with a line of its own");
            Block { language: language.to_string(), text: format!("{text}\n") }
        })
        .collect()
}

/// The commands of a block, with what each prints.
fn commands(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let start = text.strip_prefix("$ ").expect("the block begins with a command");
    start.split("\n$ ").map(|command| command.split_once('\n').unwrap_or((command, "")))
}

/// Without what depends on the machine.
fn steady(text: &str) -> String {
    let line = |line: &str| match line.split_once(" for an array") {
        Some((threads, rest)) if threads.starts_with("threads: ") => format!("threads: N for an array{rest}"),
        // So wide are they where the page was written.
        _ if line.starts_with("  vectors: ") => "  vectors: N".to_string(),
        // With vectors of 128 bits other blocks are best.
        _ if line.starts_with("  block: ") => "  block: N".to_string(),
        _ => line.to_string(),
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Runs a line of shell in which `hoodoo` is the command that is tested. Gives what it prints and whether it succeeds.
fn shell(line: &str, directory: &Path) -> (String, bool) {
    let hoodoo = PathBuf::from(assert_cmd::cargo::cargo_bin!("hoodoo"));
    let mut path = vec![hoodoo.parent().expect("it is in a directory").to_path_buf()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(directory)
        .env("PATH", std::env::join_paths(path).unwrap())
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (String::from_utf8(printed).unwrap(), output.status.success())
}

#[test]
fn the_commands_print_what_the_page_shows() {
    let directory = tempfile::tempdir().unwrap();
    let mut run = 0;
    for block in blocks() {
        if block.language == "hoodoo" {
            Kernel::compile(&block.text).unwrap_or_else(|error| panic!("{error}"));
            // A kernel with the name of a file in front is that file from there on.
            let name = block.text.lines().next().and_then(|line| line.strip_prefix("# "));
            if let Some(name) = name.filter(|name| name.ends_with(".hood")) {
                fs::write(directory.path().join(name), &block.text).unwrap();
            }
            continue;
        }
        assert_eq!(block.language, "console", "{}", block.text);
        for (line, shown) in commands(&block.text) {
            let (printed, success) = shell(line, directory.path());
            assert_eq!(steady(&printed), steady(shown), "{line}");
            assert_eq!(success, !shown.starts_with("error"), "{line}");
            run += 1;
        }
    }
    assert!(run > 20, "only {run} commands");
}
