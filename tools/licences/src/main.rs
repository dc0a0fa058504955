//! Checks that all dependencies, on every platform, may be used on the terms of permissive licences: `cargo run --package
//! hoodoo-licences`. Of each that may not, it names the way on which it came in.

#![deny(missing_docs, unsafe_code)]

mod graph;
mod terms;

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

fn main() -> ExitCode {
    let graph = metadata().and_then(|text| Graph::parse(&text));
    let (said, status) = match graph.map(|graph| (wrong(&graph), graph.packages().len())) {
        Ok((wrong, count)) if wrong.is_empty() => (format!("{count} packages, all on permissive terms"), 0),
        Ok((wrong, _)) => (wrong.join("\n"), 1),
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
