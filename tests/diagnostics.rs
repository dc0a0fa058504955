//! Every kind of kernel error, as the user sees it.
//!
//! The expected texts are in `tests/snapshots/`. After a change that is meant, look at the differences and accept them:
//! `INSTA_UPDATE=always cargo test --test diagnostics && git diff tests/snapshots`.

use std::collections::BTreeSet;

use hoodoo::lang::diagnostic::{Code, KernelError};
use hoodoo::{Engine, Error, Filter, Footprint, Kernel, Window};

/// Kernels that compile, and hardly mean what they say.
const DOUBTFUL: &[&str] = &["if w[0, 0] == nan then 0 else w[0, 0]", "w[0, 0] * 1,5"];

/// Kernels that don't compile.
const WRONG: &[(&str, &[&str])] = &[
    (
        "syntax",
        &[
            "",
            "max(w) -",
            "w[0,0] ^ 2",
            "w[0,0] > 1 && w[0,0] < 2",
            "w[0,0] > 1 || true",
            "!true",
            "if w[0,0] > 1 then 2",
            "(if w[0,0] > 1 then 2) + 1",
            "1 + if w[0,0] > 1 then 2 else 3",
            "let x = 1 x",
            "let x = 1;",
            "min(w); max(w)",
            "2w[0,0]",
            "w[0,0] = 3",
            "a => b",
            "1e999",
            "mean(w\n  where w > 0\n) +* 2",
            "min(w) // the least",
            "größe",
            "let in = 3; in",
            "if w[0, 0] > 3 then 1 else 2 else 3",
            "# Only if it is noisy.\nlet m = mean(w)\nm * 2",
            "# Blur, then sharpen.\nmax(w",
            "let a = min(w) # least -- of all\nlet b = 3; b",
        ],
    ),
    ("unknown_name", &["meen + 1", "input a, b; min(w)", "fn f(x) = y; f(1)", "x"]),
    (
        "unknown_function",
        &[
            "medain(w)",
            "pow(w[0,0], 2)",
            "avg(w)",
            "ln(2)",
            "fn f(x) = g(x); fn g(x) = x; f(1)",
            "w(0)",
            "pi(2)",
            "qqq(w)",
        ],
    ),
    (
        "name_taken",
        &[
            "let mean = 1; mean",
            "param t; param t; t",
            "param w; 1",
            "let t = 1; param t; t",
            "fn f(x) = let min = 3; min; 1",
            "fn f(x) = fold min = 0 for v in x: min + v; 1",
            "fn f(x) = 1 + (fold a = 0 for a in x: a); 1",
            "fn f(x, x) = x; f(1, 2)",
            "a: 1, a: 2",
            "fold a = 1, a = 2 for v in w: a, a",
            "fn min(x) = x; 1",
        ],
    ),
    ("recursion", &["fn f(x) = if x > 0 then f(x - 1) else 0; f(3)"]),
    ("arity", &["median(w, 2, 3)", "clamp(w, 1)", "dist(1)", "min()", "fn f(x, y) = x + y; f(1)"]),
    (
        "type_clash",
        &[
            "(w[0,0] > 1) + 1",
            "sum(w > 1)",
            "not w[0,0]",
            "if w[0,0] then 1 else 0",
            "if w[0,0] > 1 then 1 else true",
            "w[0,0] == true",
            "true < false",
            "count(w)",
            "mean(w where w)",
            "fold a = 0 for v in w: v > 0",
            "mean",
            "(fold a = true for v in w: a) + 1",
            "let x = mean(w); x[0, 1]",
            "fn f(x) = x and true; f(1)",
        ],
    ),
    (
        "not_scalar",
        &[
            "w",
            "w > 1",
            "w * 2",
            "assert w > 0; 1",
            "rank(w, w)",
            "fold a = w for v in w: v",
            "fold a = 0 for v in w: a + w",
            "fold s = 0 for v in w where w > 3: s + v",
            "let d = w - mean(w); d",
            "let d = w * 2; d + w",
            "weights k; k * 2",
            "fn f(w) = rank(w, w); f(dist())",
        ],
    ),
    ("not_window", &["mean(3)", "min(w[0,0])", "fold a = 0 for v in 3: a"]),
    ("not_constant", &["w[mean(w), 0]", "param t; w[t, 0]", "param t = mean(w); t", "offset(w[0,0])"]),
    (
        "fold_arity",
        &[
            "fold a = 0 for v in w: a, v",
            "fold a = 0, b = 1 for v in w: a",
            "(fold a = 0, b = 1 for v in w: a, b) + 1",
            "let a = fold x = 0, y = 1 for v in w: x, y; a",
            "let a, b = 3; a",
        ],
    ),
    ("misplaced_where", &["sqrt(w[0,0] where true)", "min(w[0,0] where true, 1)", "fn f(x) = x; f(w where w > 0)"]),
    (
        "out_of_range",
        &[
            "rank(w, 1.5)",
            "percentile(w, 101)",
            "trimmed_mean(w, -1)",
            "nth(w, -1)",
            "w[0.5, 0]",
            "offset(99)",
            "w[99999999]",
        ],
    ),
    ("wrong_axes", &["w[]"]),
];

/// Kernels that compile, and can't be used over a 3 x 3 window of a two-dimensional array.
const UNUSABLE: &[&str] = &["w[0]", "w[0,0,0]", "mean(w * offset(2))", "coord(2)", "rank(w, 9)", "nth(w, 20)"];

/// Kernels that compile, and can't be callbacks for any number of cells.
const NO_CALLBACK: &[&str] = &[
    "input a, b; min(a) + min(b)",
    "min(w), max(w)",
    "min(w) + coord(0)",
    "extent(1)",
    "w[0,0]",
    "sum(w * dist())",
    "sum(w * offset(0))",
];

fn kernel_error<T>(result: Result<T, Error>) -> KernelError {
    match result {
        Err(Error::Kernel(error)) => error,
        Err(other) => panic!("not an error of the kernel: {other}"),
        Ok(_) => panic!("there is no error"),
    }
}

fn compile_error(source: &str) -> Option<KernelError> {
    Kernel::compile(source).err().map(|error| kernel_error::<()>(Err(error)))
}

fn errors() -> Vec<(String, String, KernelError)> {
    let mut errors = Vec::new();
    for (group, sources) in WRONG {
        for source in *sources {
            let error = compile_error(source).unwrap_or_else(|| panic!("{source} compiles"));
            errors.push((group.to_string(), source.to_string(), error));
        }
    }
    let deep = format!("{}1{}", "(".repeat(300), ")".repeat(300));
    let wide: String = (1..40).fold("fn f0(x, y) = x * y; ".to_string(), |source, n| {
        source + &format!("fn f{n}(x, y) = f{0}(x + {n}, y) + f{0}(x, y + {n});\n", n - 1)
    });
    for (group, source) in
        [("too_long", " ".repeat(2 << 20)), ("nested", deep), ("too_large", wide + "f39(w[0], w[1])")]
    {
        let error = compile_error(&source).expect("it is over a limit");
        errors.push((group.to_string(), "(long)".to_string(), error));
    }
    let image = ndarray::Array2::<f64>::zeros((4, 4));
    for source in UNUSABLE {
        let kernel = Kernel::compile(source).expect("the kernel is right");
        let error = kernel_error(Filter::new(&kernel).size(3).run(&image));
        errors.push(("unusable".to_string(), source.to_string(), error));
    }
    for source in NO_CALLBACK {
        let kernel = Kernel::compile(source).expect("the kernel is right");
        errors.push(("no_callback".to_string(), source.to_string(), kernel_error(kernel.callback())));
    }
    let outside = Kernel::compile("w[0, 2] - w[0, -2]").expect("the kernel is right");
    let footprint = Footprint::size(&[3, 3]).expect("the size is right");
    errors.push((
        "no_callback".to_string(),
        outside.source().to_string(),
        kernel_error(outside.callback_for(&footprint)),
    ));
    for source in DOUBTFUL {
        let kernel = Kernel::compile(source).expect("the kernel has a meaning");
        errors
            .extend(kernel.warnings().into_iter().map(|warning| ("doubtful".to_string(), source.to_string(), warning)));
    }
    errors
}

#[test]
fn every_error_as_the_user_sees_it() {
    let mut groups: Vec<(String, String)> = Vec::new();
    for (group, source, error) in errors() {
        if groups.last().is_none_or(|(last, _)| *last != group) {
            groups.push((group, String::new()));
        }
        let text = &mut groups.last_mut().expect("pushed above").1;
        let (line, column) = error.line_column();
        *text += &format!("{source}\n-> {} at {line}:{column}\n{error}\n\n", error.code());
    }
    for (group, text) in groups {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(group, text);
        });
    }
}

/// A `main` that returns an error, and `unwrap`, print its `Debug`: that is the drawing, with the place marked.
#[test]
fn an_error_is_drawn_wherever_it_is_printed() {
    for (_, _, error) in errors() {
        assert_eq!(format!("{error:?}"), error.to_string());
    }
    let error = Kernel::compile("meen(w)").unwrap_err();
    assert!(format!("{error:?}").starts_with("error[H011]"), "{error:?}");
    assert!(format!("{error:?}").contains("1 | meen(w)\n  | ^^^^"), "{error:?}");
    let kernel = Kernel::compile("min(w)").expect("the kernel is right");
    let error = Filter::new(&kernel).run(&ndarray::array![1.0]).unwrap_err();
    assert_eq!(format!("{error:?}"), "size: the filter needs a size or a footprint");
}

#[test]
fn every_code_has_an_example() {
    let seen: BTreeSet<&str> = errors().iter().map(|(_, _, error)| error.code().as_str()).collect();
    let all: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(seen, all);
}

#[test]
fn a_place_is_a_line_and_a_column_of_characters() {
    let error = compile_error("# größe\n  mean(w) +\n  é").expect("the kernel is wrong");
    assert_eq!(error.line_column(), (3, 3));
    assert_eq!(&"# größe\n  mean(w) +\n  é"[error.span().start..error.span().end], "é");
}

/// Terminals obey some characters. None of them is printed, whether it is an error or stands beside one, and what is marked stays marked.
#[test]
fn controls_are_not_printed() {
    for control in ('\u{1}'..='\u{8}').chain('\u{e}'..='\u{1f}').chain('\u{7f}'..='\u{9f}') {
        let source = format!("# {control}{control}\nmin(w) + {control}[31m {control} q # {control}");
        let drawn = compile_error(&source).unwrap().to_string();
        assert!(!drawn.contains(control), "{drawn:?}");
        let beside = compile_error(&format!("# {control}\nlet {control} = 1; w")).unwrap().to_string();
        assert!(!beside.contains(control), "{beside:?}");
        let lines: Vec<&str> = drawn.lines().collect();
        let (text, mark) = (lines[3].chars().collect::<Vec<_>>(), lines[4].chars().position(|c| c == '^').unwrap());
        assert!(!text[mark].is_ascii() && text[mark - 2] == '+', "{drawn}");
    }
}

#[test]
fn colours_are_only_added() {
    let error = compile_error("meen(w)").expect("the kernel is wrong");
    let coloured = error.render(true);
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some(start) = rest.find('\u{1b}') {
        plain += &rest[..start];
        rest = &rest[start..];
        rest = &rest[rest.find('m').expect("an escape ends with m") + 1..];
    }
    assert_eq!(plain + rest, error.render(false));
}

#[test]
fn every_other_error_can_happen() {
    let image = ndarray::array![1.0, 2.0, 3.0];
    let kernel = Kernel::compile("param t; assert w[0] < t; min(w)").expect("the kernel is right");
    let filter = Filter::new(&kernel).size(3);

    let missing = filter.clone().run(&image).unwrap_err();
    assert_eq!(missing.to_string(), "param: the kernel's param `t` has no value");
    for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
        let failed = filter.clone().param("t", 2.5).engine(engine).run(&image).unwrap_err();
        assert_eq!(failed.to_string(), "at pixel [2]: the assertion does not hold (line 1, column 17)");
    }

    unsafe extern "C" fn fails(_: *mut f64, _: isize, _: *mut f64, _: *mut std::ffi::c_void) -> std::ffi::c_int {
        0
    }
    // SAFETY: the function looks at nothing.
    let callback = unsafe { hoodoo::Callback::foreign(fails, std::ptr::null_mut()) };
    let failed = Filter::with_callback(&callback).size(3).run(&image).unwrap_err();
    assert!(matches!(failed, Error::Callback { ref position } if *position == [0]), "{failed}");

    let progress = hoodoo::Progress::default();
    progress.cancel();
    let stopped = Filter::new(&kernel).size(3).param("t", 9.0).run_with(&image, &progress).unwrap_err();
    assert!(matches!(stopped, Error::Cancelled));
}

/// The arguments of a filter, each with a value that is wrong for a 4 x 5 array and the start of what is said.
#[test]
fn every_argument_is_named() {
    let kernel = Kernel::compile("min(w)").expect("the kernel is right");
    let filter = || Filter::new(&kernel).size(3);
    let mask = |shape: &[usize]| Window::Array(ndarray::ArrayD::from_elem(shape, true));
    let wrong: Vec<(Filter, &str)> = vec![
        (Filter::new(&kernel), "size: the filter needs a size or a footprint"),
        (filter().size(0), "size: [0, 0] has an axis of length 0"),
        (filter().size([3, 0]), "size: [3, 0] has an axis of length 0"),
        (filter().size([3, 3, 3]), "size: the window has 3 axes, and the array is filtered along 2"),
        (filter().size(usize::MAX), "size: ["),
        (filter().window(mask(&[3])), "footprint: the window has 1 axes"),
        (filter().window(mask(&[3, 0])), "footprint: [3, 0] has an axis of length 0"),
        (filter().window(Window::Ball(f64::NAN)), "footprint: the radius is NaN"),
        (filter().window(Window::Ball(-1.0)), "footprint: the radius is -1"),
        (filter().window(Window::Box(usize::MAX)), "footprint: ["),
        (filter().origin([2]), "origin: invalid origin 2 along axis 0: a size of 3 allows -1 to 1"),
        (filter().origin([0, -2]), "origin: invalid origin -2 along axis 1"),
        (filter().origin([0, 0, 0]), "origin: 3 origins for a window of 2 axes"),
        (filter().axes([2]), "axes: there is no axis 2 in an array of 2 axes"),
        (filter().axes([-3]), "axes: there is no axis -3"),
        (filter().axes([0, -2]), "axes: axis -2 is named twice"),
        (filter().modes([]), "mode: 0 modes for a window of 2 axes"),
        (filter().modes([hoodoo::Mode::Wrap; 3]), "mode: 3 modes for a window of 2 axes"),
        (filter().param("t", 1.0), "param: the kernel has no param `t`; it has none at all"),
        (filter().weights("k", [1.0]), "weights: the kernel has no weights vector `k`"),
    ];
    let image = ndarray::Array2::<u8>::zeros((4, 5));
    for (filter, expected) in wrong {
        let message = filter.run(&image).expect_err(expected).to_string();
        assert!(message.starts_with(expected), "{message}\n{expected}");
    }

    let two = Kernel::compile("input a, b; min(a) + min(b)").expect("the kernel is right");
    let message = Filter::new(&two).size(3).run(&image).unwrap_err().to_string();
    assert_eq!(message, "inputs: 2 needed (a, b), and 1 given");
    let other = ndarray::Array2::<u8>::zeros((5, 4));
    let message = Filter::new(&two).size(3).run_all::<u8>(&[(&image).into(), (&other).into()]).unwrap_err();
    assert_eq!(message.to_string(), "inputs: shape [5, 4] is not that of the first input, [4, 5]");
    let mut small = ndarray::Array2::<u8>::zeros((4, 4));
    let message = filter().run_into(&image, &mut small).unwrap_err().to_string();
    assert_eq!(message, "output: shape [4, 4] is not that of the first input, [4, 5]");
    let weighted = Kernel::compile("weights k; sum(w * k)").expect("the kernel is right");
    let message = Filter::new(&weighted).size(3).weights("k", [1.0; 4]).run(&image).unwrap_err().to_string();
    assert_eq!(message, "weights: `k` has 4 values for 9 cells");
    let message = Filter::new(&weighted).size(3).run(&image).unwrap_err().to_string();
    assert_eq!(message, "weights: the kernel's weights `k` have no values");
    let message = filter().engine(Engine::Interpreter).param("x", 0.0).run(&image).unwrap_err().to_string();
    assert_eq!(message, "param: the kernel has no param `x`; it has none at all");
}
