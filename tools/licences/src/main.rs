//! Checks that all dependencies, on every platform, may be used on the terms of permissive licences, and that the texts of those that are
//! linked into Python's extension module are in `python/THIRD-PARTY.txt`, which goes with it: `cargo run --package hoodoo-licences`.
//! Of a package that may not be used, it names the way on which it came in. With `--write` it writes the texts.

#![deny(missing_docs, unsafe_code)]

mod graph;
mod terms;
mod texts;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use graph::Graph;

/// What `cargo metadata` says of the workspace that this is run in.
fn metadata() -> Result<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(["metadata", "--locked", "--format-version", "1"]).output();
    let output = output.map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    String::from_utf8(output.stdout).map_err(|error| format!("cargo metadata: {error}"))
}

/// What is wrong, of each package a line.
fn wrong(graph: &Graph) -> Vec<String> {
    let packages = graph.packages().iter().enumerate().filter(|(_, package)| !package.ours);
    let wrong = packages.filter_map(|(index, package)| {
        let reason = terms::refused(package.licence.as_deref())?;
        Some(format!("{} {}: {reason}\n    {}", package.name, package.version, graph.way_to(index).join(" -> ")))
    });
    wrong.collect()
}

/// Where the texts of licences are that go with the extension module.
const TEXTS: &str = "python/THIRD-PARTY.txt";

/// Writes the texts, or looks whether they are those that were written.
fn texts(graph: &Graph, write: bool) -> Result<(), String> {
    let texts = texts::collected(&graph.linked_into("hoodoo-python"))?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(TEXTS);
    let failed = |error| format!("{}: {error}", path.display());
    if write {
        return fs::write(&path, texts).map_err(failed);
    }
    match fs::read_to_string(&path).map_err(failed)? == texts {
        true => Ok(()),
        false => {
            Err(format!("{TEXTS} has other texts than the packages: cargo run --package hoodoo-licences -- --write"))
        }
    }
}

fn check(write: bool) -> Result<String, String> {
    let graph = Graph::parse(&metadata()?)?;
    let wrong = wrong(&graph);
    if !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    texts(&graph, write)?;
    Ok(format!("{} packages, all on permissive terms", graph.packages().len()))
}

fn main() -> ExitCode {
    let (said, status) = match check(std::env::args().any(|argument| argument == "--write")) {
        Ok(said) => (said, 0),
        Err(error) => (error, 1),
    };
    println!("{said}");
    ExitCode::from(status)
}

#[cfg(test)]
mod tests {
    use super::{Graph, wrong};

    #[test]
    fn a_wrong_licence_is_named_with_its_way() {
        let text = r#"{
            "packages": [
                { "id": "a", "name": "ours", "version": "0.1.0", "license": null, "source": null },
                { "id": "b", "name": "middle", "version": "1.0.0", "license": "MIT", "source": "registry" },
                { "id": "c", "name": "bad", "version": "2.0.0", "license": "LGPL-3.0+", "source": "registry" },
                { "id": "d", "name": "none", "version": "3.0.0", "license": null, "source": "registry" }
            ],
            "resolve": { "nodes": [
                { "id": "a", "deps": [{ "pkg": "b" }] },
                { "id": "b", "deps": [{ "pkg": "c" }, { "pkg": "d" }] },
                { "id": "c", "deps": [] },
                { "id": "d", "deps": [] }
            ] }
        }"#;
        let wrong = wrong(&Graph::parse(text).unwrap());
        assert_eq!(wrong.len(), 2);
        assert!(
            wrong[0].starts_with("bad 2.0.0: ") && wrong[0].ends_with("\n    ours -> middle -> bad"),
            "{}",
            wrong[0]
        );
        assert!(
            wrong[1].starts_with("none 3.0.0: ") && wrong[1].ends_with("\n    ours -> middle -> none"),
            "{}",
            wrong[1]
        );
    }
}
