//! The documentation says what is true: its kernels compile and have the values that it gives, its tables are those of
//! the code.
//!
//! After a change to the built-ins: `HOODOO_DOCS=write cargo test --test docs && git diff docs`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use hoodoo::lang::builtins::{BUILTINS, Builtin, Meaning};
use hoodoo::lang::diagnostic::Code;
use hoodoo::lang::foreign::spellings;
use hoodoo::{Engine, Filter, Kernel, Limits, Mode};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The fenced blocks of `language`.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.match_indices(&fence)
        .map(|(start, _)| {
            let body = &text[start + fence.len()..];
            &body[..body.find("```").expect("the block ends")]
        })
        .collect()
}

/// The outputs at the centre of the page's array.
fn values(kernel: &Kernel, engine: Engine) -> Vec<f64> {
    let image = ndarray::array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]];
    let inputs: Vec<_> = kernel.inputs().iter().map(|_| (&image).into()).collect();
    let filter = Filter::new(kernel).size(3).mode(Mode::Constant).engine(engine);
    let outputs = filter.run_all::<f64>(&inputs).unwrap_or_else(|error| panic!("{}: {error}", kernel.source()));
    outputs.iter().map(|output| output[[1, 1]]).collect()
}

#[test]
fn kernels_have_the_values_that_the_page_gives() {
    let text = read("docs/language.md");
    let mut checked = 0;
    for block in blocks(&text, "hoodoo") {
        let mut source = String::new();
        for line in block.lines() {
            let Some((kernel, expected)) = line.split_once("#=>") else {
                source += line;
                source.push('\n');
                continue;
            };
            source += kernel;
            let kernel = Kernel::compile(&source).unwrap_or_else(|error| panic!("{error}"));
            let expected: Vec<f64> = expected.split(',').map(|v| v.trim().parse().expect("a number")).collect();
            for engine in [Engine::Auto, Engine::Interpreter] {
                let values = values(&kernel, engine);
                let same = |(x, y): (&f64, &f64)| x == y || (x.is_nan() && y.is_nan());
                assert!(
                    values.len() == expected.len() && values.iter().zip(&expected).all(same),
                    "{source}\ngives {values:?}, and the page says {expected:?}"
                );
            }
            source.clear();
            checked += 1;
        }
        if !source.trim().is_empty() {
            Kernel::compile(&source).unwrap_or_else(|error| panic!("{error}"));
            checked += 1;
        }
    }
    assert!(checked > 25, "only {checked} examples");
}

#[test]
fn the_kernels_of_the_readme_are_right() {
    let text = read("README.md");
    let kernels: Vec<&str> = blocks(&text, "hoodoo").into_iter().flat_map(str::lines).collect();
    assert!(kernels.len() >= 4);
    for source in kernels {
        Kernel::compile(source).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// The pages that people read in the repository.
fn pages() -> Vec<String> {
    let docs = fs::read_dir(path("docs")).expect("there is a directory docs");
    let names = docs.map(|entry| entry.expect("the entry is readable").file_name().into_string().expect("UTF-8"));
    let pages = names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}"));
    let front = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];
    pages.chain(front.map(str::to_string)).collect()
}

/// The prose of a page: what is not in a fenced block.
fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect()
}

/// What an address after `#` calls the headings of a page.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut checked = 0;
    for page in pages() {
        let text = prose(&read(&page));
        let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
        let pictures = text.split("src=\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(link, _)| link);
        for link in links.chain(pictures).filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let beside = path(&page).parent().expect("a page is in a directory").join(file);
            let target = if file.is_empty() { path(&page) } else { beside };
            assert!(target.exists(), "{page}: {link}");
            if !anchor.is_empty() {
                let headings = anchors(&prose(&fs::read_to_string(&target).expect("it is a page")));
                assert!(headings.iter().any(|heading| heading == anchor), "{page}: {link}");
            }
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} links");
}

/// The paths of files and directories below `directory`, from the root, with a slash at the end of directories.
fn tree(directory: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(path(directory)).expect("the directory is readable") {
        let entry = entry.expect("the entry is readable");
        let name = entry.file_name().into_string().expect("UTF-8");
        let place = if directory.is_empty() { name.clone() } else { format!("{directory}/{name}") };
        let hidden = name.starts_with('.') || matches!(name.as_str(), "target" | "__pycache__");
        if entry.file_type().expect("the entry is readable").is_dir() {
            if !hidden {
                paths.extend(tree(&place));
                paths.push(format!("{place}/"));
            }
        } else {
            paths.push(place);
        }
    }
    paths
}

/// What is in backticks and looks like the path of a file or a directory; one with `NAME` stands for many.
fn paths_in(text: &str) -> impl Iterator<Item = &str> {
    let endings = ["/", ".rs", ".py", ".md", ".pest", ".txt"];
    let letter = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    text.split('`').skip(1).step_by(2).filter(move |word| {
        endings.iter().any(|ending| word.ends_with(ending)) && word.chars().all(letter) && !word.contains("NAME")
    })
}

/// A path that begins with a directory of the root is there. So is another one, which may be the end of a path; in a row of a
/// table it is beside the first path of that row, or in it.
#[test]
fn every_path_on_the_pages_is_there() {
    let tree = tree("");
    let exists = |wanted: String| tree.contains(&wanted);
    let is_from_root = |word: &str| word.split_once('/').is_some_and(|(first, _)| path(first).is_dir());
    let mut checked = 0;
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"] {
        for line in prose(&read(page)).lines() {
            let first = paths_in(line).next().filter(|word| line.starts_with('|') && is_from_root(word));
            let beside = |first: &str| first[..first.len() - 1].rfind('/').map_or(0, |slash| slash + 1);
            for word in paths_in(line) {
                let there = match first {
                    _ if is_from_root(word) => exists(word.to_string()),
                    Some(first) => {
                        exists(format!("{}{word}", &first[..beside(first)])) || exists(format!("{first}{word}"))
                    }
                    None => exists(word.to_string()) || tree.iter().any(|known| known.ends_with(&format!("/{word}"))),
                };
                assert!(there, "{page}: there is no {word}, in\n{line}");
                checked += 1;
            }
        }
    }
    assert!(checked > 150, "only {checked} paths");
}

/// `.ci/run` takes the command from there.
#[test]
fn the_readme_says_how_to_test() {
    let text = read("README.md");
    let (_, section) = text.split_once("\n## Tests\n").expect("README.md has a section on tests");
    let section = section.split("\n## ").next().expect("a text has a first piece");
    assert!(section.lines().any(|line| line.starts_with("cargo test")));
}

fn group(builtin: &Builtin) -> &'static str {
    match builtin.meaning {
        Meaning::Reduction(..) | Meaning::Statistic(_) | Meaning::Extreme(..) => "Reductions: window to scalar",
        Meaning::Place(_) => "The neighbourhood",
        Meaning::Unary(_) | Meaning::Binary(_) | Meaning::Derived(_) => "Elementwise functions",
        Meaning::Constant(_) | Meaning::Truth(_) => "Constants",
    }
}

fn tables() -> String {
    let mut text = String::new();
    let mut last = "";
    for builtin in BUILTINS {
        let group = group(builtin);
        if group != last {
            write!(text, "\n### {group}\n\n| built-in | value | ulp |\n|---|---|---|\n").expect("a string grows");
            last = group;
        }
        let ulp = builtin.ulp.map(|ulp| ulp.to_string()).unwrap_or_default();
        writeln!(text, "| `{}` | {} | {ulp} |", builtin.signature, builtin.doc).expect("a string grows");
    }
    text + "\n"
}

#[test]
fn the_tables_are_those_of_the_code() {
    const START: &str = "<!-- built-ins: made by `HOODOO_DOCS=write cargo test --test docs` -->\n";
    const END: &str = "<!-- end -->";
    let text = read("docs/language.md");
    let start = text.find(START).expect("the page has the mark") + START.len();
    let end = text.find(END).expect("the page has the mark");
    if std::env::var("HOODOO_DOCS").is_ok_and(|value| value == "write") {
        let new = format!("{}{}{}", &text[..start], tables(), &text[end..]);
        fs::write(path("docs/language.md"), new).expect("the page can be written");
        return;
    }
    assert_eq!(&text[start..end], tables(), "run HOODOO_DOCS=write cargo test --test docs");
}

/// The table of what other languages call it.
fn spelled() -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let code =
        |text: &&str| if text.contains('`') { format!("`` {} ``", cell(text)) } else { format!("`{}`", cell(text)) };
    let mut text = "| from | written there | here |\n|---|---|---|\n".to_string();
    for spelling in spellings() {
        let written: Vec<String> = spelling.written.iter().map(code).collect();
        let row = format!("| {} | {} | {} |\n", spelling.origin, written.join(", "), cell(spelling.hint));
        text += &row;
    }
    text
}

#[test]
fn the_table_of_spellings_is_that_of_the_code() {
    const START: &str = "<!-- spellings: made by `HOODOO_DOCS=write cargo test --test docs` -->\n";
    const END: &str = "<!-- end of spellings -->";
    let text = read("docs/language.md");
    let start = text.find(START).expect("the page has the mark") + START.len();
    let end = text.find(END).expect("the page has the mark");
    if std::env::var("HOODOO_DOCS").is_ok_and(|value| value == "write") {
        let new = format!("{}{}{}", &text[..start], spelled(), &text[end..]);
        fs::write(path("docs/language.md"), new).expect("the page can be written");
        return;
    }
    assert_eq!(&text[start..end], spelled(), "run HOODOO_DOCS=write cargo test --test docs spellings");
}

#[test]
fn every_error_code_is_on_the_page() {
    let text = read("docs/language.md");
    for code in Code::ALL {
        assert!(text.contains(&format!("| {code} |")), "{code} is not on the page");
    }
}

#[test]
fn the_limits_on_the_page_are_those_of_the_code() {
    use hoodoo::lang::limits::MAX_LIST;
    let limits = Limits::default();
    let grouped = |number: usize| format!("{},{:03}", number / 1000, number % 1000);
    let text = read("docs/language.md").replace('\n', " ");
    for limit in [
        format!("{} MiB (`source_bytes`)", limits.source_bytes >> 20),
        format!("{} levels of nesting (`nesting`)", limits.nesting),
        format!("{} levels (`inlined_nesting`), {} folds", limits.inlined_nesting, limits.folds),
        format!("{MAX_LIST} names"),
        format!("{} operations (`nodes`)", grouped(limits.nodes)),
        format!("2^{} cells (`taps`)", limits.taps.ilog2()),
        format!("2^{} operations for one pixel (`pixel_operations`)", limits.pixel_operations.ilog2()),
        format!("{} MiB (`code_bytes`)", limits.code_bytes >> 20),
        format!("{} seconds (`compile_time`)", limits.compile_time.as_secs()),
    ] {
        assert!(text.contains(&limit), "the page does not say: {limit}");
    }
}
