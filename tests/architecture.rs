//! The rules of ARCHITECTURE.md that a machine can check: who may import whom, and where `unsafe` may stand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors of the library, from the ground. A file imports from lower floors and from its own only.
const FLOORS: [&str; 10] =
    ["lang", "error", "grid", "callback", "plan", "codegen", "kernel", "filter", "serialise", "session"];

/// The files in which `unsafe` may stand.
const UNSAFE: [&str; 14] = [
    "callback.rs",
    "codegen/jit.rs",
    "filter/exec/view.rs",
    "filter/pixels/evaluate.rs",
    "filter/pixels/gather.rs",
    "filter/pixels/store.rs",
    "filter/pixels/visit.rs",
    "filter/rows/array_rows.rs",
    "filter/rows/finite.rs",
    "filter/rows/line_buffer.rs",
    "filter/rows/lines.rs",
    "filter/rows/passes.rs",
    "filter/rows/target.rs",
    "filter/rows/writer.rs",
];

fn sources() -> BTreeMap<String, String> {
    fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("the directory is readable") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).expect("the file is readable");
            (name, text)
        })
        // A file `tests.rs` is compiled for tests only.
        .filter(|(name, _)| !name.starts_with("bin/") && name != "lib.rs" && !name.ends_with("/tests.rs"))
        .collect()
}

/// The code without comments, doc examples and the tests at the end of a file.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or(text);
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// The files that `name` imports, as `folder/file` or `file` below `src`.
fn imports(name: &str, text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let path = |words: &[&str]| words.iter().take(2).copied().collect::<Vec<_>>().join("/");
    for (start, _) in text.match_indices("crate::") {
        let words: Vec<&str> = words(&text[start + "crate::".len()..]);
        found.insert(path(&words));
    }
    let module = name.trim_end_matches(".rs").trim_end_matches("/mod");
    if let Some((parent, _)) = module.rsplit_once('/') {
        for (start, _) in text.match_indices("super::") {
            let below = words(&text[start + "super::".len()..]);
            let full: Vec<&str> = parent.split('/').chain(below).collect();
            found.insert(path(&full));
        }
    }
    found
}

/// The words of a path such as `a::b::{c, d}`, up to its first bracket.
fn words(path: &str) -> Vec<&str> {
    let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(path.len());
    path[..end].split("::").filter(|word| !word.is_empty()).collect()
}

fn floor(path: &str) -> Option<usize> {
    let first = path.split('/').next().unwrap_or(path).trim_end_matches(".rs");
    FLOORS.iter().position(|floor| *floor == first)
}

#[test]
fn imports_only_go_down() {
    for (name, text) in sources() {
        let mine = floor(&name).unwrap_or_else(|| panic!("src/{name} is on no floor"));
        for import in imports(&name, &code(&text)) {
            // A name of the crate root, such as a re-exported type, would hide which floor it is from.
            let theirs = floor(&import).unwrap_or_else(|| panic!("src/{name} imports crate::{import}, on no floor"));
            assert!(theirs <= mine, "src/{name} imports {import}, which is a floor above it");
        }
    }
}

#[test]
fn no_two_files_import_each_other() {
    let sources = sources();
    let all: BTreeMap<String, BTreeSet<String>> = sources
        .iter()
        .map(|(name, text)| (name.trim_end_matches(".rs").to_string(), imports(name, &code(text))))
        .collect();
    for (name, imports) in &all {
        for import in imports {
            let back = all.get(import).is_some_and(|theirs| theirs.contains(name));
            assert!(!back || name == import, "{name} and {import} import each other");
        }
    }
}

#[test]
fn the_language_knows_no_machines_and_no_arrays() {
    for (name, text) in sources().iter().filter(|(name, _)| name.starts_with("lang/")) {
        for foreign in ["cranelift", "ndarray", "rayon"] {
            assert!(!code(text).contains(foreign), "src/{name} names {foreign}");
        }
    }
}

#[test]
fn only_codegen_names_cranelift() {
    for (name, text) in sources().iter().filter(|(name, _)| !name.starts_with("codegen/")) {
        assert!(!code(text).contains("cranelift_"), "src/{name} names Cranelift");
    }
}

#[test]
fn after_the_checker_nothing_sees_the_syntax_tree() {
    for (name, text) in sources() {
        // `entry.rs` says what a text declares and uses before it is checked.
        let allowed = name == "lang/entry.rs"
            || ["lang/ast/", "lang/parse/", "lang/check/"].iter().any(|folder| name.starts_with(folder));
        assert!(allowed || !imports(&name, &code(&text)).contains("lang/ast"), "src/{name} sees the syntax tree");
    }
}

#[test]
fn unsafe_stands_where_the_design_allows_it() {
    for (name, text) in sources() {
        let allowed = UNSAFE.contains(&name.as_str());
        // The word is part of the lint's name as well.
        let count = code(&text).replace("unsafe_code", "").matches("unsafe").count();
        assert!(allowed || count == 0, "src/{name} has unsafe code");
    }
}
