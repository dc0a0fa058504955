//! A session without a terminal: what it keeps, what it answers, and that nothing breaks it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use hoodoo::lang::entry::Completeness;
use hoodoo::{AnyArray, DType, Kernel, Precision, Progress, Window};
use hoodoo_cli::image::{Channels, Image};
use hoodoo_cli::session::{COMMANDS, Error, Files, NamedImage, Reply, Rival, Rivals, Session};
use ndarray::{Array2, Array3, ArrayD, array};
use proptest::prelude::*;

/// Files in memory.
#[derive(Default)]
struct Memory {
    images: RefCell<HashMap<String, Vec<Vec<f64>>>>,
    texts: RefCell<HashMap<String, String>>,
}

impl Files for Memory {
    fn load(&self, path: &str) -> Result<NamedImage, String> {
        let images = self.images.borrow();
        let rows = images.get(path).ok_or_else(|| format!("{path}: no such file"))?;
        let array = Array2::from_shape_fn((rows.len(), rows[0].len()), |(y, x)| rows[y][x]);
        Ok(NamedImage::new(path.split('.').next().unwrap(), array.into_dyn().into()))
    }

    fn save(&self, files: &[(&str, &Image)]) -> Result<(), String> {
        if let Some((path, _)) = files.iter().find(|(path, _)| path.starts_with("nowhere/")) {
            return Err(format!("{path}: can't be written"));
        }
        for (path, image) in files {
            let array = image.array.to_f64();
            let rows = array.outer_iter().map(|row| row.iter().copied().collect()).collect();
            self.images.borrow_mut().insert(path.to_string(), rows);
        }
        Ok(())
    }

    fn read(&self, path: &str) -> Result<String, String> {
        self.texts.borrow().get(path).cloned().ok_or_else(|| format!("{path}: no such file"))
    }

    fn write(&self, path: &str, text: &str) -> Result<(), String> {
        self.texts.borrow_mut().insert(path.to_string(), text.to_string());
        Ok(())
    }

    fn paths(&self, start: &str) -> Vec<String> {
        let mut paths: Vec<String> =
            self.images.borrow().keys().filter(|path| path.starts_with(start)).cloned().collect();
        paths.sort();
        paths
    }
}

/// A copy, which is known to do what `w[0,0]` does in the first window.
#[derive(Debug)]
struct Copies;

impl Rivals for Copies {
    fn rivals(&self, kernel: &Kernel, window: &Window, _: DType, _: Precision) -> Vec<Rival> {
        let same = Kernel::compile("w[0,0]").unwrap().hir().to_string() == kernel.hir().to_string();
        if !same || *window != Window::from(3) {
            return Vec::new();
        }
        let run = |array: &AnyArray| Some(AnyArray::from(array.to_f64()));
        vec![Rival { name: "a copy".to_string(), tolerance: 0.0, run: Box::new(run) }]
    }
}

/// A session over the 3 x 3 image of docs/language.md.
struct Prompt {
    session: Session,
    files: Memory,
}

impl Prompt {
    fn new() -> Prompt {
        Prompt::with(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]].into_dyn().into())
    }

    fn with(array: AnyArray) -> Prompt {
        let files = Memory::default();
        files.images.borrow_mut().insert("b.npy".to_string(), vec![vec![10.0; 3]; 3]);
        files.images.borrow_mut().insert("small.npy".to_string(), vec![vec![1.0; 2]; 2]);
        Prompt { session: Session::new(vec![NamedImage::new("photo", array)]), files }
    }

    fn enter(&mut self, entry: &str) -> Result<Reply, Error> {
        self.session.execute(entry, &self.files, &Progress::default())
    }

    fn ok(&mut self, entry: &str) -> String {
        self.enter(entry).unwrap_or_else(|error| panic!("{entry}\n{error}")).text
    }

    /// Enters what must fail, and leaves everything as it is.
    fn fails(&mut self, entry: &str) -> String {
        let before = self.state();
        let error = self.enter(entry).err().unwrap_or_else(|| panic!("{entry} should fail")).to_string();
        assert_eq!(self.state(), before, "{entry}");
        assert!(error.starts_with("error"), "{error}");
        error
    }

    /// What a user can see of the state.
    fn state(&mut self) -> String {
        let commands = [":definitions", ":images", ":size", ":mode", ":origin", ":param", ":dtype", ":engine", ":cval"];
        commands.map(|command| self.ok(command)).join("\n")
    }

    /// The first output of an expression at the middle pixel.
    fn value(&mut self, entry: &str) -> f64 {
        self.ok(entry);
        self.result()[[1, 1]]
    }

    fn result(&self) -> ArrayD<f64> {
        self.session.results()[0].array.to_f64()
    }
}

#[test]
fn an_expression_is_a_result() {
    let mut prompt = Prompt::new();
    let reply = prompt.enter("max(w) - min(w)").unwrap();
    assert!(reply.text.starts_with("f64 3 x 3  min 4  mean 5.33333  max 8\ncompile "), "{}", reply.text);
    assert!(reply.text.contains(" ms, run "), "{}", reply.text);
    assert_eq!(reply.picture.unwrap().array.to_f64(), prompt.result());
    assert_eq!(prompt.result(), array![[4.0, 5.0, 4.0], [7.0, 8.0, 7.0], [4.0, 5.0, 4.0]].into_dyn());
    assert_eq!(prompt.ok(""), "");
    assert_eq!(prompt.ok("  # nothing but this\n"), "");
}

#[test]
fn the_result_is_an_image() {
    let mut prompt = Prompt::new();
    assert!(prompt.fails("min(_)").contains("there is none yet"));
    assert_eq!(prompt.value("max(w)"), 9.0);
    assert_eq!(prompt.value("min(_)"), 5.0);
    assert_eq!(prompt.value("w[0,0] - _[0,0]"), 0.0);
    let text = prompt.ok("low: min(w), high: max(w)");
    assert!(text.starts_with("low: f64 3 x 3  min 1"), "{text}");
    assert!(text.contains("\nhigh: f64 3 x 3  min 5"), "{text}");
    assert_eq!(prompt.value("_[0,0] + 100 * _1[0,0]"), 901.0);
    assert!(prompt.fails("_1").contains("unknown name `_1`"));
}

#[test]
fn comments_behind_declarations_are_no_part_of_them() {
    let mut prompt = Prompt::new();
    assert_eq!(prompt.ok("let m = mean(w) # the mean"), "m: a number");
    assert_eq!(prompt.ok("fn square(x) = x * x # its square\n# nothing more"), "square: a function");
    assert_eq!(prompt.ok("param t = 2 # a # in a comment"), "t: a param");
    assert_eq!(prompt.ok(":definitions"), "let m = mean(w)\nfn square(x) = x * x\nparam t = 2");
    assert_eq!(prompt.value("square(t) # four"), 4.0);
}

#[test]
fn definitions_are_kept() {
    let mut prompt = Prompt::new();
    assert_eq!(prompt.ok("let m = mean(w); let d = w - m"), "m: a number\nd: a window of numbers");
    assert_eq!(prompt.ok("fn square(x) = x * x;"), "square: a function");
    assert_eq!(prompt.ok("param t = 0.5"), "t: a param");
    assert_eq!(prompt.value("sum(square(d)) + t"), 60.5);
    assert_eq!(prompt.ok(":definitions"), "let m = mean(w)\nlet d = w - m\nfn square(x) = x * x\nparam t = 0.5");
    // Only what is needed becomes part of a kernel.
    prompt.ok(":write k.hood");
    let first = prompt.files.texts.borrow()["k.hood"].clone();
    assert_eq!(first, "let m = mean(w);\nlet d = w - m;\nfn square(x) = x * x;\nparam t = 0.5;\nsum(square(d)) + t\n");
    Kernel::compile(&first).unwrap();
    assert_eq!(prompt.value("let u = 1; u + m"), 6.0);
    prompt.ok(":write k.hood");
    assert_eq!(prompt.files.texts.borrow()["k.hood"], "let m = mean(w);\nlet u = 1;\nu + m\n");
    assert!(prompt.fails(":write k.txt").contains(".hood"));
}

#[test]
fn redefinition_replaces() {
    let mut prompt = Prompt::new();
    prompt.ok("let k = 3; fn f(x) = x * k");
    assert_eq!(prompt.value("f(1)"), 3.0);
    prompt.ok("let k = 4");
    assert_eq!(prompt.value("f(1)"), 4.0);
    prompt.ok("let k = k * 10");
    assert_eq!(prompt.value("f(1)"), 40.0);
    prompt.ok("let k = k + 2; let k = k + 3");
    assert_eq!(prompt.value("f(1)"), 45.0);
    // What the present definitions build on is shown as well, and nothing twice.
    prompt.ok("input left, right; let a, b = fold a = 0, b = 1 for v in w: a + v, b * v");
    assert_eq!(
        prompt.ok(":definitions"),
        "let k = 4\nlet k = k * 10\nlet k = k + 2\nlet k = k + 3\nfn f(x) = x * k\ninput left, right\n\
         let a, b = fold a = 0, b = 1 for v in w: a + v, b * v"
    );
    // A name can become something else altogether, also something that is defined with what is further down.
    prompt.ok("let late = 7; fn g() = late; param k = 2");
    assert_eq!(prompt.value("f(1)"), 2.0);
    prompt.ok("fn f(x) = x + g()");
    assert_eq!(prompt.value("f(1)"), 8.0);
    // A circle is the checker's to refuse, and nothing of it is kept.
    assert!(prompt.fails("fn g() = f(1); g()").contains("error[H0"));
    assert_eq!(prompt.value("f(1)"), 8.0);
    assert!(prompt.fails("fn h(x) = h(x)").contains("calls itself"));
}

#[test]
fn a_wrong_entry_defines_nothing() {
    let mut prompt = Prompt::new();
    prompt.fails("let a = 1; let b = nothing");
    assert_eq!(prompt.ok(":definitions"), "nothing is defined");
    prompt.fails("let a = 1; w");
    prompt.fails("let a = 1; assert w[0,0] > 100; a");
    assert_eq!(prompt.ok(":definitions"), "nothing is defined");
    assert!(prompt.fails("assert 1 > 0").contains("write an expression behind it"));
    assert!(prompt.fails("let sum = 3").contains("built in"));
    // The names of results are theirs, also of those that there could be.
    for (entry, place) in [("let _ = 3", "^^^^^^^^^"), ("fn _1(x) = x", "^^^^"), ("param _", "^^^^^^^")] {
        let error = prompt.fails(entry);
        assert!(error.contains("error[H012]: the name `_") && error.contains(place), "{error}");
    }
    prompt.ok("let _m = 3");
}

/// The caret is in what was typed, whatever stands in front of it in the program.
#[test]
fn errors_point_into_what_was_typed() {
    let mut prompt = Prompt::new();
    prompt.ok("let m = mean(w);\nfn f(x) = x[0, 0]");
    let error = prompt.fails("m +\n  medain(w)");
    assert!(error.contains("--> entry:2:3"), "{error}");
    assert!(error.contains("2 |   medain(w)\n  |   ^^^^^^"), "{error}");
    assert!(error.contains("did you mean `median`?"), "{error}");
    // An error in the body of a function is shown in the function.
    let error = prompt.fails("f(m)");
    assert!(error.contains("--> entry:2:11"), "{error}");
    assert!(error.contains("2 | fn f(x) = x[0, 0]"), "{error}");
    // The other place is in another entry.
    prompt.ok("param t = 1");
    let error = prompt.fails("let t = t + 1; t");
    assert!(error.contains("1 | let t = t + 1; t\n  |     ^ defined again"), "{error}");
    assert!(error.contains("defined here in entry: `t = 1`"), "{error}");
    let error = prompt.fails("m; assert m > 5; m");
    assert!(error.contains("--> entry:1:4"), "{error}");
    let error = prompt.fails("assert m > 5; m");
    assert!(error.starts_with("error: at pixel [0, 0]: the assertion does not hold"), "{error}");
    assert!(error.contains("1 | assert m > 5; m\n  |        ^^^^^"), "{error}");
    let error = prompt.fails("m + rank(w, 9)");
    assert!(error.contains("1 | m + rank(w, 9)\n  |     "), "{error}");
}

#[test]
fn inputs() {
    let mut prompt = Prompt::new();
    prompt.ok("input guide, src;");
    let error = prompt.fails("mean(guide) + mean(src)");
    assert!(error.contains("no image for the input `src`: the kernel's inputs are guide, src"), "{error}");
    assert!(error.contains("`:load src=FILE`"), "{error}");
    prompt.ok(":load src=b.npy");
    assert_eq!(prompt.value("mean(guide) + mean(src)"), 15.0);
    // The first image stays `w`, and any other has its name without a declaration.
    assert_eq!(prompt.value("min(w) + 2 * src[0,0]"), 21.0);
    prompt.ok(":write k.hood");
    assert!(
        prompt.files.texts.borrow()["k.hood"].starts_with("input guide, src;\ninput w;")
            || prompt.files.texts.borrow()["k.hood"].starts_with("input w;\n")
    );
    prompt.ok(":load b.npy");
    assert_eq!(prompt.value("w[0,0]"), 10.0);
    assert!(prompt.fails("mean(guide) + mean(src)").contains("one image is loaded"));
    prompt.ok(":load other=small.npy");
    assert!(prompt.fails("w[0,0] + other[0,0]").contains("shape [2, 2]"));
    assert_eq!(prompt.ok(":load b.npy b.npy small.npy").lines().count(), 3);
    assert_eq!(prompt.value("b[0,0] + b_2[0,0]"), 20.0);
    // Whatever the files are called, `w` is the first, and the names of results are theirs.
    let ones = ["w.npy", "_1.npy"].map(|path| (path.to_string(), vec![vec![1.0; 2]; 2]));
    prompt.files.images.borrow_mut().extend(ones);
    assert_eq!(prompt.ok(":load b.npy w.npy w.npy _1.npy").lines().count(), 4);
    assert_eq!(prompt.value("w[0,0]"), 10.0);
    let names: Vec<_> = prompt.session.images().iter().map(|image| image.name.clone()).collect();
    assert_eq!(names, ["b", "w_2", "w_3", "image_1"]);
    prompt.ok("min(w), max(w)");
    assert_eq!(prompt.value("max(_1) + 1"), 11.0);
    prompt.ok(":load w=small.npy");
    assert_eq!(prompt.session.images().len(), 4);
    assert!(prompt.ok("w[0,0]").starts_with("f64 2 x 2"));
    assert!(prompt.fails(":load missing.npy").contains("missing.npy: no such file"));
    assert!(prompt.fails(":load b.npy missing.npy").contains("missing.npy"));
}

#[test]
fn a_session_without_images() {
    let mut session = Session::new(Vec::new());
    let mut enter = |entry: &str| {
        session
            .execute(entry, &Memory::default(), &Progress::default())
            .map(|reply| reply.text)
            .map_err(|e| e.to_string())
    };
    assert!(enter("min(w)").unwrap_err().contains("no image is loaded"));
    assert_eq!(enter("let a = min(w)").unwrap(), "a: a number");
    assert!(enter(":show").unwrap_err().contains("there is no image"));
    assert!(enter(":plan").unwrap_err().contains("there is no expression yet"));
    assert!(enter(":footprint disk:1").unwrap().contains("5 of 3 x 3 cells"));
    assert_eq!(enter(":images").unwrap(), "there are none");
}

#[test]
fn settings() {
    let mut prompt = Prompt::new();
    assert_eq!(prompt.ok(":size"), "size 3");
    assert_eq!(prompt.ok(":size 1,3"), "size 1x3");
    assert_eq!(prompt.value("sum(w)"), 15.0);
    assert_eq!(prompt.ok(":size 3 1"), "size 3x1");
    assert_eq!(prompt.value("len(w)"), 3.0);
    assert_eq!(prompt.ok(":footprint cross:1"), "cross:1: 5 of 3 x 3 cells\n. # .\n# @ #\n. # .");
    assert_eq!(prompt.value("len(w)"), 5.0);
    prompt.ok(":size 3");
    assert_eq!(prompt.ok(":origin 1"), "origin 1");
    assert_eq!(prompt.value("max(w)"), 5.0);
    assert!(prompt.fails(":size 1").contains("origin"));
    assert!(prompt.ok(":footprint").ends_with("# # #\n# # #\n# # @"));
    prompt.ok(":origin 0,0");
    assert_eq!(prompt.ok(":mode constant"), "mode constant");
    assert_eq!(prompt.ok(":cval -5"), "cval -5");
    prompt.ok("min(w)");
    assert_eq!(prompt.result()[[0, 0]], -5.0);
    assert_eq!(prompt.ok(":mode valid"), "mode valid");
    prompt.ok("min(w)");
    assert_eq!(prompt.result().shape(), [1, 1]);
    assert_eq!(prompt.ok(":mode shrink,reflect"), "mode shrink,reflect");
    assert_eq!(prompt.ok(":dtype u8"), "dtype u8");
    assert!(prompt.ok("min(w) - 100").starts_with("u8 3 x 3  min 0  mean 0  max 0"));
    assert_eq!(prompt.ok(":dtype input"), "dtype that of the first input");
    assert_eq!(prompt.ok(":engine interpreter"), "engine interpreter");
    assert_eq!(prompt.value("min(w)"), 1.0);
    assert_eq!(prompt.ok(":precision single"), "precision single");

    for (entry, message) in [
        (":size 0", "length 0"),
        (":size 5\nmin(w)", "one line"),
        (":size\nmin(w)", "one line"),
        (":size -1", "not a whole number"),
        (":size 99999999999999999999", "not a whole number"),
        (":size 9999999", "more than 16777216 cells"),
        (":size 3,3,3", "3 axes"),
        (":footprint disk:nan", "radius"),
        (":footprint disk:1e9", "at most 16777216 cells"),
        (":footprint ball", "not a footprint"),
        (":footprint hexagon:3", "the shapes are"),
        (":footprint gone.npy", "no such file"),
        (":mode same", "the modes are"),
        (":mode wrap,wrap,wrap", "3 modes"),
        (":cval x", "`x` is not a number"),
        (":origin 5", "allows -1 to 1"),
        (":dtype complex", "the types are"),
        (":engine fast", "the engines are"),
        (":precision double", "double"),
        (":size 3 \"", "not a whole number"),
        (":engine rows rows", "one argument"),
        (":undo 3", "takes no argument"),
    ] {
        let error = prompt.fails(entry);
        assert!(error.contains(message), "{entry}: {error}");
    }
}

#[test]
fn params() {
    let mut prompt = Prompt::new();
    assert_eq!(prompt.value("param t = 4; count(w > t)"), 5.0);
    let text = prompt.ok(":param t=7");
    assert!(text.starts_with("f64 3 x 3"), "{text}");
    assert_eq!(prompt.result()[[1, 1]], 2.0);
    assert_eq!(prompt.value("t"), 7.0);
    assert_eq!(prompt.ok(":param"), "t=7");
    assert!(prompt.fails(":param s=1").contains("there is no param `s`"));
    prompt.ok("param tau_2; let unused = 3");
    assert!(prompt.fails(":param tua_2=1").contains("did you mean `tau_2`?"));
    assert!(prompt.fails(":param t=high").contains("not a number"));
    assert!(prompt.fails(":param t").contains("NAME=VALUE"));
    assert!(prompt.fails("tau_2").contains("`tau_2` has no value"));
    assert_eq!(prompt.ok(":param tau_2 = 6"), "tau_2 = 6");
    assert_eq!(prompt.value("tau_2"), 6.0);
    // A new definition has its own default.
    prompt.ok("param t = 1");
    assert_eq!(prompt.value("t"), 1.0);
}

/// The result of a run with another param is that of the same inputs, also if `_` was one of them.
#[test]
fn a_param_runs_the_same_again() {
    let mut prompt = Prompt::new();
    prompt.ok("param t = 2; w[0,0] * t");
    prompt.ok("_[0,0] * t");
    assert_eq!(prompt.result()[[1, 1]], 20.0);
    prompt.ok(":param t=3");
    assert_eq!(prompt.result()[[1, 1]], 30.0);
    prompt.ok(":param t=4");
    assert_eq!(prompt.result()[[1, 1]], 40.0);
}

#[test]
fn weights() {
    let mut prompt = Prompt::new();
    prompt.ok("weights k");
    assert!(prompt.fails("sum(w * k)").contains("`k` have no values"));
    assert_eq!(prompt.ok(":weights k=b.npy"), "k: 9 values");
    assert_eq!(prompt.value("sum(w * k)"), 450.0);
    assert_eq!(prompt.ok(":weights"), "k: 9 values");
    assert!(prompt.fails(":weights j=b.npy").contains("there are no weights `j`"));
    prompt.ok(":weights k=small.npy");
    assert!(prompt.fails("sum(w * k)").contains("4 values for 9 cells"));
}

#[test]
fn undo() {
    let mut prompt = Prompt::new();
    assert!(prompt.fails(":undo").contains("nothing to undo"));
    prompt.ok("min(w)");
    let first = prompt.result();
    prompt.ok("max(_)");
    prompt.ok("let a = 1");
    prompt.ok(":size 5");
    prompt.fails("nothing");
    prompt.ok(":undo");
    assert_eq!(prompt.ok(":size"), "size 3");
    prompt.ok(":undo");
    assert_eq!(prompt.ok(":definitions"), "nothing is defined");
    prompt.ok(":undo");
    assert_eq!(prompt.result(), first);
    prompt.ok(":undo");
    assert!(prompt.session.results().is_empty());
    assert!(prompt.fails(":undo").contains("nothing to undo"));
    (0..100).for_each(|_| drop(prompt.ok(":size 3")));
    assert!((0..100).take_while(|_| prompt.enter(":undo").is_ok()).count() < 50);
}

#[test]
fn looking_inside() {
    let mut prompt = Prompt::new();
    assert!(prompt.fails(":hir").contains("there is no expression yet"));
    prompt.ok("let m = mean(w); m + median(w)");
    assert_eq!(prompt.ok(":ast"), "let m = mean(w);\nm + median(w)");
    assert!(prompt.ok(":hir").contains("median"));
    assert!(prompt.ok(":plan median(w)").contains("a selection network for rank 4 of 9"));
    assert!(prompt.ok(":clif").contains("function"));
    assert!(prompt.ok(":asm").lines().count() > 10);
    prompt.ok(":engine callback");
    assert!(prompt.ok(":clif").contains("function"));
    assert!(prompt.fails(":plan").contains("a callback has no plan"));
    prompt.ok(":engine interpreter");
    assert!(prompt.fails(":asm").contains("no code"));
    assert_eq!(prompt.ok(":type"), "a number");
    assert_eq!(prompt.ok(":type w - m"), "a window of numbers");
    assert_eq!(prompt.ok(":type w > m, 1 < 2"), "a window of booleans, a boolean");
    assert_eq!(prompt.ok(":type let a = w"), "a: a window of numbers");
    assert!(prompt.fails(":type q").contains("1 | q\n  | ^"));
    assert!(prompt.fails(":hir let q = 1").contains("no expression"));
    assert_eq!(prompt.ok(":definitions"), "let m = mean(w)");
}

#[test]
fn looking_at_images() {
    let mut prompt = Prompt::new();
    assert_eq!(prompt.ok(":images"), "photo: f64 3 x 3  min 1  mean 5  max 9");
    assert_eq!(prompt.enter(":show").unwrap().picture.unwrap().name, "photo");
    prompt.ok("min(w)");
    assert_eq!(prompt.enter(":show").unwrap().picture.unwrap().name, "_");
    assert_eq!(prompt.enter(":show w").unwrap().picture.unwrap().name, "photo");
    assert!(prompt.fails(":show phota").contains("did you mean `photo`?"));
    assert_eq!(prompt.ok(":histogram 2").lines().count(), 2);
    assert!(prompt.fails(":histogram 0").contains("1 to 1000"));
    prompt.ok(":save out.npy");
    assert_eq!(prompt.files.images.borrow()["out.npy"][2], [4.0, 4.0, 5.0]);
    assert!(prompt.fails(":save").contains("0 files for 1 output"));
    assert!(prompt.fails(":save a.npy b.npy").contains("2 files for 1 output"));
    assert!(prompt.fails(":save nowhere/a.npy").contains("can't be written"));
}

#[test]
fn help_and_unknown_commands() {
    let mut prompt = Prompt::new();
    let help = prompt.ok(":help");
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  :{} ", command.name)), "{}", command.name);
        assert!(prompt.ok(&format!(":help :{}", command.name)).contains(command.doc), "{}", command.name);
    }
    assert!(prompt.ok(":help percentile").starts_with("percentile(x, q): the q-th"));
    assert!(prompt.ok(":help exp").ends_with("(within 2 ulp)"));
    assert!(prompt.ok(":help mode").contains("mode(x)") && prompt.ok(":help mode").contains(":mode"));
    assert!(prompt.fails(":help medain").contains("did you mean `median`?"));
    assert!(prompt.fails(":sise 3").contains("did you mean `:size`?"));
    assert!(prompt.fails(":xyzzy").contains("`:help` lists the commands"));
    assert!(prompt.fails("help").contains("`:help`") && prompt.fails(" exit\n").contains("`:quit`"));
    assert_eq!(prompt.value("let quit = 2; quit"), 2.0);
    assert_eq!(prompt.value("quit"), 2.0);
    assert!(prompt.fails(":").contains("`:help`"));
    assert!(prompt.fails(":s").contains("`:save`, `:show`, `:size`, `:source`"));
    assert_eq!(prompt.ok(":foot cross:1").lines().count(), 4);
    assert!(prompt.enter(":q").unwrap().quit);
    assert!(!prompt.fails(":\u{1b}[31m").contains('\u{1b}'));
}

#[test]
fn files_of_kernels() {
    let mut prompt = Prompt::new();
    prompt.files.write("k.hood", "# A file\nlet half = mean(w) / 2;\nhalf + nothing\n").unwrap();
    let error = prompt.fails(":source k.hood");
    assert!(error.contains("--> k.hood:3:8"), "{error}");
    prompt.files.write("k.hood", "# A file\nlet half = mean(w) / 2;\nhalf").unwrap();
    prompt.ok(":source k.hood");
    assert_eq!(prompt.result()[[1, 1]], 2.5);
    assert_eq!(prompt.value("half * 4"), 10.0);
    assert!(prompt.fails(":source gone.hood").contains("no such file"));
    assert!(prompt.fails(":source").contains(".hood"));
}

#[test]
fn times() {
    let mut prompt = Prompt::with(ndarray::Array2::<f64>::zeros((70, 80)).into_dyn().into());
    prompt.session = prompt.session.with_rivals(Copies);
    let text = prompt.ok(":time min(w)");
    for step in ["parse and check", "machine code", "first run", "median of", "million pixels a second"] {
        assert!(text.contains(step), "{text}");
    }
    let text = prompt.ok(":bench w[0,0]");
    assert!(text.contains("\ncompiled ") && text.contains("\ninterpreter ") && text.contains("\na copy "), "{text}");
    assert!(!prompt.ok(":bench w[0,0] + 1").contains("a copy"));
    prompt.ok(":mode wrap");
    assert!(!prompt.ok(":bench w[0,0]").contains("a copy"));
    let mut empty = Prompt::with(ndarray::Array2::<f64>::zeros((0, 80)).into_dyn().into());
    assert!(empty.fails(":bench w[0,0]").contains("no pixels"));
    assert!(empty.ok("min(w)").starts_with("f64 0 x 80  min NaN"));
    assert!(empty.ok(":histogram").contains("no finite values"));
}

#[test]
fn what_is_cancelled_changes_nothing() {
    let mut prompt = Prompt::new();
    prompt.ok("max(w)");
    let before = prompt.state();
    let progress = Progress::default();
    progress.cancel();
    let result = prompt.session.execute("min(w)", &prompt.files, &progress);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert_eq!(prompt.state(), before);
    assert_eq!(prompt.value("min(w)"), 1.0);
}

#[test]
fn colour_is_filtered_channel_by_channel() {
    let array = Array3::from_shape_fn((4, 5, 3), |(y, x, channel)| (10 * y + x + 100 * channel) as u8);
    let image = NamedImage {
        name: "photo".to_string(),
        image: Image::with_channels(array.into_dyn().into(), Some(Channels { colours: 3, alpha: false })),
    };
    let mut session = Session::new(vec![image]);
    let reply = session.execute("max(w)", &Memory::default(), &Progress::default()).unwrap();
    assert!(reply.text.starts_with("u8 4 x 5, 3 channels  min 11"), "{}", reply.text);
    let result = session.results()[0].array.to_f64();
    assert_eq!((result[[0, 0, 0]], result[[0, 0, 2]], result[[3, 4, 1]]), (11.0, 211.0, 134.0));
    let error = session.execute(":load b=b.npy", &Prompt::new().files, &Progress::default());
    assert!(error.is_ok());
    let error = session.execute("w[0,0] + b[0,0]", &Memory::default(), &Progress::default()).unwrap_err().to_string();
    assert!(error.contains("inputs must have the same channels"), "{error}");
}

#[test]
fn pictures() {
    let picture = |array: AnyArray| Image::plain(array).picture(100);
    let grey = |array: AnyArray| picture(array).unwrap().rgb.chunks(3).map(|pixel| pixel[0]).collect::<Vec<u8>>();
    assert_eq!(grey(array![[-1.0, 0.0, 1e6]].into_dyn().into()), [0, 0, 255]);
    assert_eq!(grey(array![[7.0f32, 7.0]].into_dyn().into()), [128, 128]);
    assert_eq!(grey(array![[10u8, 90]].into_dyn().into()), [10, 90]);
    assert_eq!(grey(array![[0u8, 1]].into_dyn().into()), [0, 255]);
    assert_eq!(grey(array![[true, false]].into_dyn().into()), [255, 0]);
    assert_eq!(grey(array![[f64::INFINITY, f64::NEG_INFINITY, 0.0, 1.0]].into_dyn().into()), [255, 0, 0, 255]);
    assert_eq!(&picture(array![[f64::NAN, 1.0]].into_dyn().into()).unwrap().rgb[..3], [200, 0, 0]);
    assert_eq!(picture(array![f64::NAN].into_dyn().into()).unwrap().rgb, [200, 0, 0]);
    let volume = Array3::from_shape_fn((3, 1, 2), |(z, _, x)| (100 * z + 100 * x) as u8);
    assert_eq!(picture(volume.into_dyn().into()).unwrap().rgb[..3], [100; 3]);
    let colour = Array3::from_shape_fn((1, 2, 4), |(_, x, channel)| [10u8, 20, 30, 0][channel] + 100 * x as u8);
    assert_eq!(picture(colour.into_dyn().into()).unwrap().rgb, [10, 20, 30, 110, 120, 130]);
    assert_eq!(picture(Array2::<u8>::zeros((0, 4)).into_dyn().into()), None);
    assert_eq!(picture(Array3::<u8>::zeros((0, 4, 4)).into_dyn().into()), None);
    assert_eq!(picture(Array3::<u8>::zeros((4, 0, 3)).into_dyn().into()), None);
    let large = picture(Array2::<u16>::zeros((1000, 300)).into_dyn().into()).unwrap();
    assert_eq!((large.height, large.width, large.rgb.len()), (100, 30, 9000));
    let zero_dimensional = picture(ndarray::arr0(5.0).into_dyn().into()).unwrap();
    assert_eq!((zero_dimensional.height, zero_dimensional.width), (1, 1));
}

#[test]
fn completions() {
    let mut prompt = Prompt::new();
    prompt.ok("let median_of = 1; param threshold = 2; weights kernel_weights");
    prompt.ok("threshold");
    let texts = |prompt: &Prompt, entry: &str| -> Vec<String> {
        prompt.session.complete(entry, entry.len(), &prompt.files).into_iter().map(|c| c.text).collect()
    };
    assert_eq!(texts(&prompt, "1 + med"), ["median_of", "median"]);
    assert_eq!(texts(&prompt, "fo"), ["fold", "for"]);
    assert_eq!(texts(&prompt, "ph"), ["photo"]);
    assert_eq!(texts(&prompt, ":fo"), ["footprint"]);
    assert_eq!(texts(&prompt, ":mode wr"), ["wrap"]);
    assert_eq!(texts(&prompt, ":mode wrap,sh"), ["shrink"]);
    assert_eq!(texts(&prompt, ":engine r"), ["rows"]);
    assert_eq!(texts(&prompt, ":dtype u"), ["u8", "u16", "u32", "u64"]);
    assert_eq!(texts(&prompt, ":param t"), ["threshold="]);
    assert_eq!(texts(&prompt, ":weights k"), ["kernel_weights="]);
    assert_eq!(texts(&prompt, ":weights kernel_weights=b"), ["b.npy"]);
    assert_eq!(texts(&prompt, ":load sm"), ["small.npy"]);
    assert_eq!(texts(&prompt, ":load x=sm"), ["small.npy"]);
    assert_eq!(texts(&prompt, ":show "), ["_", "photo"]);
    assert_eq!(texts(&prompt, ":type thr"), ["threshold"]);
    assert_eq!(texts(&prompt, ":help perc"), ["percentile"]);
    assert_eq!(texts(&prompt, ":undo x"), [""; 0]);
    assert_eq!(texts(&prompt, ":nothing x"), [""; 0]);
    assert_eq!(texts(&prompt, "é"), texts(&prompt, ""));
    let percentile = &prompt.session.complete("2*percentile(w, 5)", 6, &prompt.files)[0];
    assert_eq!((percentile.span.start, percentile.span.end), (2, 6));
    assert!(percentile.description.starts_with("percentile(x, q): the q-th percentile"), "{percentile:?}");
    assert_eq!(prompt.session.complete("é", 1, &prompt.files), []);
}

#[test]
fn completeness() {
    for (entry, expected) in [
        ("mean(w", Completeness::Incomplete),
        (":type mean(w", Completeness::Complete),
        ("  :size", Completeness::Complete),
        ("let x = 1", Completeness::Complete),
        ("1 1", Completeness::Wrong),
    ] {
        assert_eq!(Session::completeness(entry), expected, "{entry}");
    }
}

/// The worst that can be pasted gets an error, soon.
#[test]
fn pasted_rubbish() {
    let mut prompt = Prompt::new();
    for entry in [
        "\u{0}\u{1}\u{2}".to_string(),
        "(".repeat(1 << 20),
        ")".repeat(1 << 20),
        "[(".repeat(1000),
        "1+".repeat(1 << 19),
        "x".repeat(1 << 20),
        format!(":{}", "x".repeat(1 << 20)),
        format!(":load {}", "x".repeat(1 << 20)),
        format!("{}1", "-".repeat(1 << 20)),
        "let x = 1;".repeat(1 << 17),
        "\u{feff}min(w)".to_string(),
        "min(w) \u{202e}".to_string(),
        ":load".to_string(),
        ":source \u{0}".to_string(),
        "fn f(x) = f(x); f(1)".to_string(),
    ] {
        let error = prompt.enter(&entry).unwrap_err().to_string();
        assert!(error.starts_with("error") && error.len() < 4000, "{} bytes for {:.40}", error.len(), entry);
    }
    // A long list of definitions, each of which needs the one before it.
    let chain: String = (1..4000).map(|n| format!("let x{n} = x{};", n - 1)).collect();
    prompt.ok(&format!("let x0 = 3; {chain}"));
    assert_eq!(prompt.value("x3999"), 3.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is entered, the session answers, and goes on.
    #[test]
    fn anything(entries in prop::collection::vec(entry(), 1..8)) {
        let mut prompt = Prompt::new();
        for entry in &entries {
            let before = prompt.state();
            for at in [0, 1, entry.len() / 2, entry.len()] {
                prompt.session.complete(entry, at, &prompt.files);
            }
            Session::completeness(entry);
            match prompt.enter(entry) {
                Ok(_) => {}
                Err(error) => {
                    prop_assert!(error.to_string().starts_with("error"), "{error}");
                    prop_assert_eq!(prompt.state(), before);
                }
            }
        }
        prompt.ok(":load b.npy");
        prompt.ok(":size 3");
        prompt.ok(":mode reflect");
        prompt.ok(":engine auto");
        prompt.ok(":dtype f64");
        prompt.ok("input fresh; max(fresh)");
        prop_assert_eq!(prompt.result()[[1, 1]], 10.0);
        let images: Vec<Arc<NamedImage>> = prompt.session.images().to_vec();
        prop_assert_eq!(images.len(), 1);
    }
}

/// An entry: made of words of the language and of commands, or of any characters.
fn entry() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "let ",
        "fn ",
        "param ",
        "input ",
        "weights ",
        "assert ",
        "if ",
        "then ",
        "else ",
        "fold ",
        "for ",
        "in ",
        "where ",
        "w",
        "x",
        "y",
        "_",
        "_1",
        "photo",
        "f",
        "=",
        ";",
        ",",
        "(",
        ")",
        "[0,0]",
        "[",
        "]",
        "+",
        "-",
        "**",
        "<",
        "1",
        "0.5",
        "min",
        "mean(w)",
        "rank(w, 2)",
        "nan",
        "\n",
        "#",
        ":",
        "é",
        "let x = ",
        "fn f(x) = ",
        "param t = ",
    ]);
    let words = prop::collection::vec(word, 0..12).prop_map(|words| words.concat());
    let command = prop::sample::select(COMMANDS.iter().map(|command| command.name).collect::<Vec<_>>());
    let argument = prop::sample::select(vec![
        "",
        "1",
        "0",
        "-1",
        "3,5",
        "5 5",
        "wrap",
        "valid,shrink",
        "u8",
        "bool",
        "cross:1",
        "010/111",
        "t=2",
        "t",
        "b.npy",
        "x=b.npy",
        "=",
        "\"",
        "k.hood",
        "interpreter",
        "callback",
        "nan",
        "min(w)",
        "median",
        "ball:1e9",
    ]);
    let command = (command, argument).prop_map(|(command, argument)| format!(":{command} {argument}"));
    prop_oneof![3 => words, 3 => command, 1 => any::<String>()]
}
