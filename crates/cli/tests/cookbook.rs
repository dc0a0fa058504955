//! The cookbook as the command has it: its kernels are the files of `examples/`, and `docs/cookbook.md` is made of them.
//!
//! After a change to a kernel: `HOODOO_DOCS=write cargo test --test cookbook && git diff docs`.

use std::fs;
use std::path::{Path, PathBuf};

use hoodoo::Kernel;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn source(name: &str) -> String {
    let path = path(&format!("examples/{name}.hood"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the files, sorted.
fn names() -> Vec<String> {
    let files = fs::read_dir(path("examples")).unwrap().map(|entry| entry.unwrap().path());
    let kernels = files.filter(|path| path.extension().is_some_and(|extension| extension == "hood"));
    let mut names: Vec<String> = kernels.map(|path| path.file_stem().unwrap().to_str().unwrap().to_string()).collect();
    names.sort();
    names
}

/// What stands behind `# key: ` in a kernel's header.
fn setting<'t>(source: &'t str, key: &str) -> Option<&'t str> {
    source.lines().take_while(|line| line.starts_with('#')).find_map(|line| line.strip_prefix(&format!("# {key}: ")))
}

/// The groups of the gallery with their kernels, as `hoodoo gallery` lists them.
fn groups() -> Vec<(String, Vec<(String, String)>)> {
    let output = assert_cmd::Command::cargo_bin("hoodoo").unwrap().arg("gallery").output().unwrap();
    let mut groups: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("  ") {
            None => groups.push((line.to_string(), Vec::new())),
            Some(kernel) => {
                let (name, summary) = kernel.split_once(' ').unwrap();
                groups.last_mut().unwrap().1.push((name.to_string(), summary.trim().to_string()));
            }
        }
    }
    groups
}

/// The kernels that are built into the command are those of the directory.
#[test]
fn the_gallery_is_the_directory() {
    let groups = groups();
    assert!(groups.len() > 5);
    let mut listed: Vec<&String> =
        groups.iter().flat_map(|(_, kernels)| kernels.iter().map(|(name, _)| name)).collect();
    listed.sort();
    assert_eq!(listed, names().iter().collect::<Vec<_>>());
    for (name, summary) in groups.iter().flat_map(|(_, kernels)| kernels) {
        assert_eq!(source(name).lines().next().unwrap(), format!("# {summary}"));
    }
}

/// Whether a line of a header is for machines.
fn is_setting(line: &str) -> bool {
    ["options: ", "shown: ", "picture: "].iter().any(|key| line.starts_with(key))
}

/// The part of `docs/cookbook.md` that is made of the kernels.
fn page() -> String {
    let mut page = String::new();
    for (group, kernels) in groups() {
        page += &format!("\n## {group}\n");
        for (name, summary) in kernels {
            let source = source(&name);
            let (header, code) = source.split_once("\n\n").unwrap();
            let prose =
                header.lines().skip(2).map_while(|line| line.strip_prefix("# ")).filter(|line| !is_setting(line));
            let prose: String = prose.map(|line| format!("{line}\n")).collect();
            let options = setting(&source, "options").map(|options| format!(" {options}")).unwrap_or_default();
            let inputs = setting(&source, "picture").unwrap().replace(' ', ".npy ");
            let kernel = Kernel::compile(&source).unwrap();
            let outputs = kernel.outputs().map(|name| format!(" -o {}.npy", if name == "0" { "out" } else { name }));
            page += &format!("\n### {name}\n\n{summary}\n{prose}\n");
            page +=
                &format!("`hoodoo run examples/{name}.hood {inputs}.npy{}{options}`\n\n", outputs.collect::<String>());
            page += &format!("```hoodoo\n{code}```\n");
        }
    }
    page + "\n"
}

#[test]
fn the_page_has_every_kernel() {
    const START: &str = "<!-- kernels: made by `HOODOO_DOCS=write cargo test --test cookbook` -->\n";
    const END: &str = "<!-- end -->";
    let text = fs::read_to_string(path("docs/cookbook.md")).unwrap();
    let start = text.find(START).expect("the page has the mark") + START.len();
    let end = text.find(END).expect("the page has the mark");
    if std::env::var("HOODOO_DOCS").is_ok_and(|value| value == "write") {
        let new = format!("{}{}{}", &text[..start], page(), &text[end..]);
        fs::write(path("docs/cookbook.md"), new).expect("the page can be written");
        return;
    }
    assert!(text[start..end] == page(), "run HOODOO_DOCS=write cargo test --test cookbook");
}
