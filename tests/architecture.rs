//! The rules of ARCHITECTURE.md that a machine can check: who may import whom, where `unsafe` may stand, how long functions
//! are, and who may know all element types. They hold for the library, the command and the benchmarks.
//!
//! What does not keep to them yet is listed in `architecture/exceptions.rs`.

#[path = "architecture/exceptions.rs"]
mod exceptions;
#[path = "architecture/imports.rs"]
mod imports;
#[path = "architecture/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};

use exceptions::{DTYPE_MATCHES, LONG_FUNCTIONS, MUTUAL_IMPORTS};
use source::{Crate, File};

/// The floors of the library, from the ground. A file imports from lower floors and from its own only.
const FLOORS: [&str; 12] = [
    "tuning",
    "lang",
    "error",
    "grid",
    "callback",
    "machine",
    "networks",
    "plan",
    "codegen",
    "kernel",
    "filter",
    "serialise",
];

/// The files in which `unsafe` may stand.
const UNSAFE: [&str; 26] = [
    "crates/cli/src/closed.rs",
    "src/callback.rs",
    "src/codegen/host.rs",
    "src/codegen/jit.rs",
    "src/codegen/memory.rs",
    "src/filter/exec/view.rs",
    "src/filter/pixels/evaluate.rs",
    "src/filter/pixels/gather.rs",
    "src/filter/pixels/store.rs",
    "src/filter/pixels/visit.rs",
    "src/filter/rows/array_rows.rs",
    "src/filter/rows/finite.rs",
    "src/filter/rows/line_buffer.rs",
    "src/filter/rows/lines.rs",
    "src/filter/rows/moving/rows.rs",
    "src/filter/rows/moving/simd/dispatch.rs",
    "src/filter/rows/moving/simd/offsets.rs",
    "src/filter/rows/moving/simd/x86.rs",
    "src/filter/rows/padded.rs",
    "src/filter/rows/passes.rs",
    "src/filter/rows/small.rs",
    "src/filter/rows/target.rs",
    "src/filter/rows/writer.rs",
    "src/lang/stop.rs",
    // What kernels are compared with: foreign callbacks, and code for one kind of processor.
    "crates/bench/src/erosion.rs",
    "crates/bench/src/tuned.rs",
];

/// The files that see the syntax tree: those that make it and check it, and `entry`, which says what a text declares and uses
/// before it is checked.
const SEES_SYNTAX: [&str; 4] = ["src/lang/ast", "src/lang/parse", "src/lang/check", "src/lang/entry"];

/// The most lines of a function.
const LONGEST: usize = 60;

fn library() -> Crate {
    Crate::read("src")
}

fn all() -> Vec<Crate> {
    vec![library(), Crate::read("crates/cli/src"), Crate::read("crates/bench/src")]
}

/// Checks that what breaks a rule is what is listed. Who mends something shortens the list.
fn compare(rule: &str, found: &BTreeSet<String>, listed: &[&str]) {
    let listed: BTreeSet<String> = listed.iter().map(ToString::to_string).collect();
    let lines = |set: BTreeSet<&String>| set.iter().map(|line| format!("    \"{line}\",\n")).collect::<String>();
    let (new, gone) = (lines(found.difference(&listed).collect()), lines(listed.difference(found).collect()));
    assert!(
        new.is_empty() && gone.is_empty(),
        "{rule}\nThis breaks the rule and is not in exceptions.rs:\n{new}This is in exceptions.rs and is no more:\n{gone}"
    );
}

#[test]
fn imports_only_go_down() {
    let library = library();
    let floor = |module: &[String]| FLOORS.iter().position(|floor| module.first().is_some_and(|first| first == floor));
    for file in library.files() {
        let mine = floor(&file.module).unwrap_or_else(|| panic!("{} is on no floor", file.name));
        for import in imports::of(&library, file) {
            let theirs = floor(&import.module).unwrap_or_else(|| panic!("{} imports the crate root", file.name));
            assert!(theirs <= mine, "{} imports {}, which is a floor above it", file.name, import.name);
        }
    }
}

#[test]
fn no_two_files_import_each_other() {
    let mut found = BTreeSet::new();
    for part in all() {
        let imports: BTreeSet<(&str, &str)> = part
            .files()
            .flat_map(|file| {
                imports::of(&part, file).into_iter().map(|import| (file.name.as_str(), import.name.as_str()))
            })
            .collect();
        let both = imports.iter().filter(|(a, b)| a < b && imports.contains(&(*b, *a)));
        found.extend(both.map(|(a, b)| format!("{a} <-> {b}")));
    }
    compare("No two files import each other.", &found, MUTUAL_IMPORTS);
}

#[test]
fn functions_are_short() {
    let listed: BTreeMap<&str, usize> = LONG_FUNCTIONS.iter().copied().collect();
    let (mut found, mut longer) = (BTreeSet::new(), Vec::new());
    for function in all().iter().flat_map(Crate::files).flat_map(File::functions) {
        let name = format!("{}: {}", function.file, function.name);
        if function.lines > LONGEST {
            let most = listed.get(name.as_str()).copied().unwrap_or(LONGEST);
            longer.extend((function.lines > most).then(|| format!("    (\"{name}\", {}),", function.lines)));
            found.insert(name);
        }
    }
    let gone: Vec<_> = listed.keys().filter(|name| !found.contains(**name)).collect();
    assert!(
        longer.is_empty() && gone.is_empty(),
        "A function has at most {LONGEST} lines, or as many as exceptions.rs says.\n{}\nThese are no longer so long: {gone:#?}",
        longer.join("\n")
    );
}

#[test]
fn only_the_grid_knows_all_element_types() {
    let crates = all();
    let elsewhere = crates.iter().flat_map(Crate::files).filter(|file| !file.name.starts_with("src/grid/"));
    let found = elsewhere
        .flat_map(|file| file.matches_on("DType").into_iter().map(|function| format!("{}: {function}", file.name)));
    compare("Only grid/ has a match on DType.", &found.collect(), DTYPE_MATCHES);
}

#[test]
fn the_language_knows_no_machines_and_no_arrays() {
    for file in library().files().filter(|file| file.name.starts_with("src/lang/")) {
        for foreign in ["ndarray", "rayon"] {
            assert!(!file.has_word(|word| word == foreign), "{} names {foreign}", file.name);
        }
    }
}

#[test]
fn only_codegen_names_cranelift() {
    for part in all() {
        for file in part.files().filter(|file| !file.name.starts_with("src/codegen/")) {
            assert!(!file.has_word(|word| word.starts_with("cranelift_")), "{} names Cranelift", file.name);
        }
    }
}

#[test]
fn after_the_checker_nothing_sees_the_syntax_tree() {
    let library = library();
    for file in library.files().filter(|file| !SEES_SYNTAX.iter().any(|place| file.name.starts_with(place))) {
        let seen = imports::of(&library, file).into_iter().find(|import| import.name.starts_with("src/lang/ast"));
        assert!(seen.is_none(), "{} sees the syntax tree", file.name);
    }
}

#[test]
fn unsafe_stands_where_the_design_allows_it() {
    for part in all() {
        for file in part.files().filter(|file| !UNSAFE.contains(&file.name.as_str())) {
            assert!(!file.has_word(|word| word == "unsafe"), "{} has unsafe code", file.name);
        }
    }
}

/// A file is in the table of ARCHITECTURE.md by its name or with its folder.
#[test]
fn every_file_has_a_job() {
    let table = std::fs::read_to_string("ARCHITECTURE.md").expect("the document");
    let places = table.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let names: Vec<&str> = places.flat_map(|place| place.split('`').skip(1).step_by(2)).collect();
    let is_listed = |file: &str| {
        let own = file.rsplit('/').next().unwrap_or(file);
        let by_itself = ["mod.rs", "lib.rs", "tests.rs"].contains(&own);
        // A folder that is named alone has its files with it.
        let folder = |name: &str| name.ends_with('/') && file.starts_with(name);
        let in_row = |name: &str| name.rsplit('/').next() == Some(own);
        by_itself || names.iter().any(|name| folder(name) || in_row(name)) || listed_beside(&names, file)
    };
    let missing: Vec<String> =
        library().files().map(|file| file.name.clone()).filter(|file| !is_listed(file)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not say what these are for: {missing:#?}");
}

/// Whether a folder is named after a file, as `ast/` after `src/lang/parse/`.
fn listed_beside(names: &[&str], file: &str) -> bool {
    let folders = file.split('/').rev().skip(1).map(|folder| format!("{folder}/"));
    folders.into_iter().any(|folder| names.contains(&folder.as_str()))
}
