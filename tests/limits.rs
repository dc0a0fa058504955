//! However long or deep a kernel is, it gives a result or an error promptly, on a small stack.

use std::time::{Duration, Instant};

use hoodoo::lang::diagnostic::Code;
use hoodoo::{Engine, Error, Filter, Kernel, Limits, Mode, Progress};

/// Far more than any of these takes, far less than anything that is not linear would.
const PROMPTLY: Duration = Duration::from_secs(20);

/// Compiles on a thread with the stack of a test, and checks the time that it takes.
fn compile(source: String) -> Result<Kernel, Error> {
    let start = Instant::now();
    let compiled = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(move || Kernel::compile(&source))
        .expect("a thread starts")
        .join()
        .expect("compiling does not panic");
    assert!(start.elapsed() < PROMPTLY, "took {:?}", start.elapsed());
    compiled
}

fn code(source: String) -> Code {
    match compile(source) {
        Err(Error::Kernel(error)) => {
            // Drawing the error must not take long, either.
            let start = Instant::now();
            assert!(error.to_string().len() < 10_000, "the error is {} bytes long", error.to_string().len());
            assert!(start.elapsed() < PROMPTLY);
            error.code()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nesting_has_a_limit() {
    const MANY: usize = 100_000;
    const SOME: usize = 30_000;
    assert_eq!(code("(".repeat(MANY)), Code::NestedTooDeeply);
    assert_eq!(code(format!("{}1{}", "(".repeat(MANY), ")".repeat(MANY))), Code::NestedTooDeeply);
    assert_eq!(code(format!("min({}", "w[min(".repeat(SOME))), Code::NestedTooDeeply);
    assert_eq!(code(format!("{}1", "-".repeat(MANY))), Code::NestedTooDeeply);
    assert_eq!(code(format!("if {}true then 1 else 0", "not ".repeat(MANY))), Code::NestedTooDeeply);
    assert_eq!(code(format!("1{}", "**1".repeat(MANY))), Code::NestedTooDeeply);
    assert_eq!(code("if true then ".repeat(SOME)), Code::NestedTooDeeply);
    assert_eq!(code("fold a = 1, b = ".repeat(SOME)), Code::NestedTooDeeply);
    assert_eq!(code("fold a = 1 for v in w: ".repeat(SOME)), Code::NestedTooDeeply);
    assert_eq!(code(format!("{}1", "if true then 1 else (".repeat(SOME))), Code::NestedTooDeeply);
}

/// An error names a name, and does not repeat all of it.
#[test]
fn names_may_be_long() {
    let name = "x".repeat(60_000);
    assert_eq!(code(name.clone()), Code::UnknownName);
    assert_eq!(code(format!("{name}(w)")), Code::UnknownFunction);
}

/// What stands beside each other is not nested, whatever separates it.
#[test]
fn lists_of_conditionals_and_folds_are_flat() {
    let list = |entry: &str, count| vec![entry; count].join(", ");
    let conditional = "if w[0] > 1 then 2 else if w[0] > 0 then 1 else 3";
    assert!(compile(list(conditional, 256)).is_ok());
    assert!(compile(format!("max({})", list(conditional, 500))).is_ok());
    let named = |value: &str| (0..256).map(|i| format!("o{i}: {value}")).collect::<Vec<_>>().join(", ");
    assert!(compile(named(conditional)).is_ok());
    assert!(compile(named("fold a = 0 for v in w: if v > a then v else a")).is_ok());
    assert!(
        compile(named("fold a = if w[0] > 1 then 2 else 1, b = 2 for v in w: a + v, if v > a then v else b")).is_err()
    );
    // With that of its element, a fold has 256 names.
    let names: Vec<String> = (0..255).map(|i| format!("a{i} = {conditional}")).collect();
    let values = list("if v > 1 then v else 2", 255);
    let bound: Vec<String> = (0..255).map(|i| format!("x{i}")).collect();
    let fold = format!("let {} = fold {} for v in w: {values}; x254", bound.join(", "), names.join(", "));
    assert!(compile(fold).is_ok());
    // A conditional in a branch ends with the branch.
    let inside = format!("if w[0] == 1 then {conditional} else ").repeat(400);
    assert!(compile(format!("{inside} 1")).is_ok());
    let inside = format!("if if w[0] == 1 then true else false then {conditional} else ").repeat(400);
    assert!(compile(format!("{inside} 1")).is_ok());
    // What is nested is counted behind a list, too.
    for deep in ["if true then ", "if ", "fold a = ", "fold a = 1 for v in w: ", "(", "if true then 1 else fold a = "] {
        let deep = deep.repeat(300);
        assert_eq!(code(format!("{}, {deep}", list(conditional, 200))), Code::NestedTooDeeply);
        assert_eq!(code(format!("max({}, {deep}", list(conditional, 200))), Code::NestedTooDeeply);
    }
    let in_values = "fold a = 1 for v in w: 1, ".repeat(201);
    assert_eq!(code(in_values), Code::NestedTooDeeply);
    let in_accumulators = "fold a = 1, b = ".repeat(201);
    assert_eq!(code(in_accumulators), Code::NestedTooDeeply);
}

/// Far longer than any kernel may be: refused before there is a tree of it.
#[test]
fn long_sources_are_refused_at_once() {
    const BYTES: usize = 1 << 20;
    let filled = |head: &str, unit: &str, tail: &str| format!("{head}{}{tail}", unit.repeat((BYTES - 50) / unit.len()));
    for source in [
        filled("", "1+", "1"),
        filled("", "1-", "1"),
        filled("", "w[0]+", "1"),
        filled("", "w[0]*", "1"),
        filled("", "(1)+", "1"),
        filled("", "abs(1)+", "1"),
        filled("", "x+", "1"),
        filled("", "1**2+", "1"),
        filled("", "1,", "1"),
        filled("", "abs(1),", "1"),
        filled("", "a:1,", "a:1"),
        filled("min(", "1,", "1)"),
        filled("w[", "1,", "1]"),
        filled("input ", "a,", "a; 1"),
        filled("fn f(", "a,", "a) = 1; 1"),
        filled("fold ", "a=1,", "a=1 for v in w: 1"),
        filled("fold a=1 for ", "v in w,", "v in w: 1"),
        filled("fold a=1 for v in w:", "1,", "1"),
        filled("let ", "a,", "a = fold a = 1 for v in w: 1; 1"),
        filled("if ", "1<", "1 then 1 else 0"),
    ] {
        let start = Instant::now();
        assert_eq!(code(source.clone()), Code::KernelTooLarge, "{source:.20}");
        assert!(start.elapsed() < PROMPTLY, "{source:.20} took {:?}", start.elapsed());
    }
}

/// Operators and entries of lists count, and nothing else: signs, numbers, offsets and names belong to an operation.
#[test]
fn operators_of_the_source_are_counted() {
    let limits = |nodes| Limits { nodes, ..Limits::default() };
    let long = |terms: usize| format!("w[-1, 0]{}", " + -w[-1, -1, 0] * 1.5e-3".repeat(terms));
    // What is said of 100 terms that are all the same.
    let refused = |nodes| Kernel::compile_with_limits(&long(100), "kernel", limits(nodes)).err().map(|e| e.to_string());
    assert!(refused(199).expect("too many").contains("the kernel is too large: the limit `nodes` is 199 operations"));
    assert_eq!(refused(200), None);
    // The most that 65,536 nodes allow of terms that differ.
    let terms: String = (0..16_000).map(|i| format!(" + w[-1, -{}] * 0.{i}", i % 9)).collect();
    assert!(compile(format!("w[0, 0]{terms}")).is_ok());
}

/// Prefix operators and powers are levels like brackets, also where they are mixed with them.
#[test]
fn operators_and_brackets_count_together() {
    for opening in ["-", "1**", "not ", "-(1)**"] {
        for (signs, brackets) in [(195, 195), (20, 60), (2, 150)] {
            let open = format!("{}(", opening.repeat(signs)).repeat(brackets);
            let source = format!("{open}1{}", ")".repeat(brackets));
            assert_eq!(code(source.clone()), Code::NestedTooDeeply, "{opening}");
            assert_eq!(code(format!("fn f(x) = {source}; 1")), Code::NestedTooDeeply, "{opening}");
        }
    }
    let flat: String = (0..500).map(|i| format!("- -w[0] * -{i} ** -2 + ")).collect();
    assert!(compile(flat + "1").is_ok());
}

/// Whatever is left of the caller's stack.
#[test]
fn deep_kernels_on_stacks_of_every_size() {
    let call = |inner: &str| format!("{}{inner}{}", "abs(".repeat(120), ")".repeat(120));
    let deep = format!("fn f(x) = {}; fn g(x) = {}; {}", call("x"), call("f(x)"), call("g(w[0])"));
    let conditional = format!("{}1{}", "if true then 1 else (".repeat(99), ")".repeat(99));
    for mebibytes in [1, 2, 9, 13, 17, 25, 33] {
        for source in [&deep, &conditional] {
            let source = source.clone();
            let thread = std::thread::Builder::new().stack_size(mebibytes << 20);
            let compiled = thread.spawn(move || Kernel::compile(&source).map(drop)).expect("a thread starts");
            assert!(compiled.join().expect("no panic").is_ok(), "{mebibytes} MiB");
        }
    }
}

#[test]
fn lists_have_a_limit() {
    let list = |entry: &dyn Fn(usize) -> String, count| (0..count).map(entry).collect::<Vec<_>>().join(", ");
    for count in [300, 20_000] {
        assert_eq!(code(list(&|i| format!("o{i}: 1"), count)), Code::KernelTooLarge);
        assert_eq!(code(format!("fn f({}) = 1; 1", list(&|i| format!("a{i}"), count))), Code::KernelTooLarge);
        let (names, values) = (list(&|i| format!("a{i} = 1"), count), list(&|i| format!("a{i}"), count));
        assert_eq!(code(format!("let x = fold {names} for v in w: {values}; 1")), Code::KernelTooLarge);
    }
    assert!(compile(list(&|i| format!("o{i}: {i}"), 256)).is_ok());
}

/// Many loops over one large expression: the size of the code is not that of the source.
#[test]
fn machine_code_for_many_loops_has_a_limit() {
    let sum: String = (0..1000).map(|i| format!(" + abs(w - {i})")).collect();
    let chain: String = (1..500).map(|i| format!("let r{i} = sum(a * r{}); ", i - 1)).collect();
    let kernel = compile(format!("let a = w{sum}; let r0 = sum(a); {chain} r499")).expect("it is right");
    let start = Instant::now();
    assert!(matches!(kernel.callback(), Err(Error::Limit { limit: "compile_time", .. })));
    assert!(start.elapsed() < PROMPTLY, "took {:?}", start.elapsed());

    let ranks: Vec<String> = (0..500).map(|i| format!("percentile(a, {})", f64::from(i) / 10.0)).collect();
    let kernel = compile(format!("let a = w{sum}; {}", ranks.join(" + "))).expect("it is right");
    assert!(kernel.callback().is_ok());

    let many: Vec<String> = (0..500).map(|i| format!("min(w + {i})")).collect();
    let kernel = compile(many.join(" + ")).expect("it is right");
    let start = Instant::now();
    let callback = kernel.callback().expect("it is not too large");
    assert_eq!(callback.call(&mut [3.0, 1.0, 2.0]), Some(500.0 + 499.0 * 250.0));
    assert!(start.elapsed() < PROMPTLY, "took {:?}", start.elapsed());
}

#[test]
fn many_fixed_offsets_in_a_large_footprint() {
    let reads: Vec<String> = (0..2000).map(|i| format!("w[{}, {}]", i / 50 - 20, i % 50 - 25)).collect();
    let kernel = compile(reads.join(" + ") + " + 0 * len(w)").expect("it is right");
    let start = Instant::now();
    let sum = Filter::new(&kernel).size(301).run(&ndarray::Array2::from_elem((8, 8), 1.0)).expect("a result");
    assert_eq!(sum[[3, 3]], 2000.0);
    assert!(start.elapsed() < PROMPTLY, "took {:?}", start.elapsed());
}

#[test]
fn reasonable_nesting_is_allowed() {
    assert!(compile(format!("{}1{}", "(".repeat(150), ")".repeat(150))).is_ok());
    assert!(compile(format!("{}1", "-".repeat(150))).is_ok());
    let chain: String = (0..90).map(|i| format!("if w[0, 0] == {i} then {i} else (")).collect();
    assert!(compile(format!("{chain}-1{}", ")".repeat(90))).is_ok());
}

#[test]
fn a_syntax_error_deep_inside_takes_linear_time() {
    for opening in ["(", "min(", "if (", "if true then 1 else if (", "w[", "fold a = (", "min(w where ("] {
        assert_eq!(code(format!("{}?", opening.repeat(95))), Code::Syntax, "{opening}");
    }
}

#[test]
fn length_has_a_limit() {
    assert_eq!(code("1 + ".repeat(2_500_000)), Code::SourceTooLong);
    assert_eq!(code(" ".repeat(10 << 20)), Code::SourceTooLong);
    assert!(compile(format!("{}1", "# a comment\n".repeat(80_000))).is_ok());
}

#[test]
fn long_flat_kernels_are_fine() {
    let image = ndarray::Array1::from_elem(3, 2.0);
    let long = [
        (format!("w[0]{}", " + w[0]".repeat(4999)), 10_000.0),
        (format!("if {}w[0] == 2 then 1 else 0", "w[0] == 2 and ".repeat(5000)), 1.0),
        (format!("if w[0]{} then 1 else 0", " <= w[0]".repeat(5000)), 1.0),
        (format!("{}7", "if w[0] == 1 then 0 else ".replace("else ", "else if w[0] == 1 then 0 else ")), 7.0),
        (format!("{}7", "if w[0] == 1 then 0 else ".repeat(3000)), 7.0),
        (format!("{}x", "let x = 1; ".repeat(10_000)), 1.0),
    ];
    for (source, expected) in long {
        let kernel = compile(source).unwrap();
        for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
            let start = Instant::now();
            assert_eq!(Filter::new(&kernel).engine(engine).run(&image).unwrap()[0], expected);
            assert!(start.elapsed() < PROMPTLY, "took {:?}", start.elapsed());
        }
    }
}

#[test]
fn doubling_functions_share_their_values() {
    let mut source = "fn f0(x) = x + x; ".to_string();
    for level in 1..60 {
        source += &format!("fn f{level}(x) = f{0}(x) + f{0}(x); ", level - 1);
    }
    let kernel = compile(source + "f59(w[0])").unwrap();
    let doubled = Filter::new(&kernel).run(&ndarray::array![1.0]).unwrap();
    assert_eq!(doubled[0], 60f64.exp2());

    let nested = format!("fn f(x) = x + x; {}w[0]{}", "f(".repeat(60), ")".repeat(60));
    assert_eq!(Filter::new(&compile(nested).unwrap()).run(&ndarray::array![1.0]).unwrap()[0], 60f64.exp2());
}

#[test]
fn the_size_after_inlining_has_a_limit() {
    // Every level doubles the number of different values.
    let mut source = "fn f0(x, y) = sin(x) + cos(y); ".to_string();
    for level in 1..40 {
        let below = level - 1;
        source += &format!("fn f{level}(x, y) = f{below}(x + {level}, y) + f{below}(x, y + {level}); ");
    }
    assert_eq!(code(source + "f39(w[0], w[1])"), Code::KernelTooLarge);
}

#[test]
fn a_long_chain_of_functions_has_a_limit() {
    let mut source = "fn f0(x) = x; ".to_string();
    for level in 1..5000 {
        source += &format!("fn f{level}(x) = f{}(x); ", level - 1);
    }
    assert_eq!(code(source + "f4999(w[0])"), Code::NestedTooDeeply);
}

#[test]
fn folds_in_folds_have_a_limit() {
    let mut source = "fn f0(x) = x; ".to_string();
    for level in 1..30 {
        source += &format!("fn f{level}(x) = fold a = x for v in w: a + f{}(a); ", level - 1);
    }
    assert_eq!(code(source + "f29(0)"), Code::NestedTooDeeply);
}

#[test]
fn machine_code_has_a_limit_of_its_own() {
    let terms: Vec<String> = (0..8_000).map(|i| format!("sin(w[0] + {i})")).collect();
    let kernel = compile(terms.join(" + ")).unwrap();
    assert!(matches!(kernel.callback_for(&hoodoo::Footprint::size(&[1]).unwrap()), Err(Error::Limit { .. })));
    let image = ndarray::array![0.5];
    let message = Filter::new(&kernel).run(&image).unwrap_err().to_string();
    assert!(message.contains("interpreter"), "{message}");
    assert!(Filter::new(&kernel).engine(Engine::Interpreter).run(&image).is_ok());
}

#[test]
fn nonsense_is_an_error() {
    for source in
        ["\0", "é", "((((", "))))", "]", "w[", "1 2", "\u{feff}min(w)", ";;;", "", "#", "🦀🦀🦀", "\\", "1e", "1__0"]
    {
        assert_eq!(code(source.to_string()), Code::Syntax, "{source:?}");
    }
}

/// What a kernel says in windows of `taps` cells, under these limits.
fn limited(source: &str, taps: usize, engine: Engine, limits: Limits) -> Result<(), Error> {
    let kernel = Kernel::compile_with_limits(source, "kernel", limits)?;
    let filter = Filter::new(&kernel).size(taps).engine(engine);
    filter.run(&ndarray::Array1::<f32>::ones(20)).map(drop)
}

/// Checks that a kernel is taken where the limit `name` is `bound`, and refused by name one below.
fn check_bound(name: &str, source: &str, engine: Engine, bound: u64, set: impl Fn(u64) -> Limits) {
    assert!(limited(source, 3, engine, set(bound)).is_ok(), "{name} {bound}: {source:.60}");
    let error = limited(source, 3, engine, set(bound - 1)).expect_err(name);
    let named = format!("the limit `{name}` is {}", bound - 1);
    assert!(error.to_string().contains(&named), "{named} is not in\n{error}");
    if let Error::Limit { limit, most, .. } = &error {
        assert_eq!((*limit, most), (name, &(bound - 1).to_string()));
    }
}

#[test]
fn every_limit_of_a_source_holds_to_the_unit() {
    let limits = Limits::default;
    let size = |value: u64| usize::try_from(value).expect("it is small");
    for engine in [Engine::Rows, Engine::Callback, Engine::Interpreter] {
        let source = "sum(w) # to the byte";
        check_bound("source_bytes", source, engine, source.len() as u64, |n| Limits {
            source_bytes: size(n),
            ..limits()
        });
        check_bound("nesting", "sum(abs((w)))", engine, 3, |n| Limits { nesting: size(n), ..limits() });
        check_bound("nesting", "if w[0] > 0 then - -1 else 1 ** 1", engine, 3, |n| Limits {
            nesting: size(n),
            ..limits()
        });
        let calls = "fn f(x) = abs(x); fn g(x) = f(f(x)); g(w[0])";
        check_bound("inlined_nesting", calls, engine, 5, |n| Limits { inlined_nesting: size(n), ..limits() });
        let folds = "fold a = 0 for v in w: fold b = a for u in w: b + u * v";
        check_bound("folds", folds, engine, 2, |n| Limits { folds: size(n), ..limits() });
        let nodes = Kernel::compile(calls).expect("it is right").hir().node_count() as u64;
        check_bound("nodes", calls, engine, nodes, |n| Limits { nodes: size(n), ..limits() });
        check_bound("taps", "min(w)", engine, 3, |n| Limits { taps: size(n), ..limits() });
        // An element and a minimum at three cells each.
        check_bound("pixel_operations", "min(w)", engine, 6, |n| Limits { pixel_operations: n, ..limits() });
        assert!(limited("min(w)", 3, engine, limits()).is_ok());
    }
}

#[test]
fn work_for_a_pixel_is_counted_with_its_loops() {
    let work = |source: &str, taps: usize, most: u64| {
        let limits = Limits { pixel_operations: most, ..Limits::default() };
        limited(source, taps, Engine::Interpreter, limits)
    };
    let fold = "fold a = 0 for v in w: a + v";
    let twice = "fold a = 0 for v in w: fold b = a for u in w: b + u * v";
    // Five times as many cells are five times the work, and twenty-five times in a fold in a fold.
    assert!(work(fold, 3, 20).is_ok() && work(fold, 15, 20).is_err() && work(fold, 15, 100).is_ok());
    assert!(work(twice, 3, 100).is_ok() && work(twice, 15, 500).is_err() && work(twice, 15, 2500).is_ok());
    // Eight folds in each other over 301 cells would not end in a year.
    let mut source = "fn f0(x) = x; ".to_string();
    for level in 1..=8 {
        source += &format!("fn f{level}(x) = fold a = x for v in w: a + f{}(a * v); ", level - 1);
    }
    let error = limited(&(source + "f8(0)"), 301, Engine::Auto, Limits::default()).unwrap_err();
    assert!(matches!(error, Error::Limit { limit: "pixel_operations", .. }), "{error}");
}

/// For each engine that makes code, the least limit that lets a kernel pass; one less does not.
#[test]
fn limits_of_code_hold_to_the_unit() {
    let source = "median(w) + exp(mean(w))";
    for engine in [Engine::Rows, Engine::Callback] {
        let bytes = |n: u64| Limits { code_bytes: n as usize, ..Limits::default() };
        let nanoseconds = |n: u64| Limits { compile_time: Duration::from_nanos(n), ..Limits::default() };
        let least = |limits: &dyn Fn(u64) -> Limits| {
            let (mut refused, mut taken) = (0, 1 << 40);
            while taken - refused > 1 {
                let middle = (taken + refused) / 2;
                match limited(source, 3, engine, limits(middle)) {
                    Ok(()) => taken = middle,
                    Err(Error::Limit { .. }) => refused = middle,
                    Err(error) => panic!("{error}"),
                }
            }
            taken
        };
        check_bound("code_bytes", source, engine, least(&bytes), bytes);
        let time = least(&nanoseconds);
        assert!(limited(source, 3, engine, nanoseconds(time)).is_ok());
        let error = limited(source, 3, engine, nanoseconds(time - 1)).unwrap_err();
        let named = format!("the limit `compile_time` is {:?}", Duration::from_nanos(time - 1));
        assert!(error.to_string().ends_with(&named), "{error}");
        // The interpreter makes none.
        let nothing = Limits { code_bytes: 0, compile_time: Duration::ZERO, ..Limits::default() };
        assert!(limited(source, 3, Engine::Interpreter, nothing).is_ok());
    }
}

/// The code for elements that are not finite is made in the middle of a run, and is limited as well.
#[test]
fn code_that_is_made_late_is_limited() {
    let kernel = |code_bytes| {
        let limits = Limits { code_bytes, ..Limits::default() };
        Kernel::compile_with_limits("min(w) + count(isnan(w))", "kernel", limits).expect("it is right")
    };
    let run = |kernel: &Kernel, value: f64| Filter::new(kernel).size(5).run(&ndarray::Array1::from_elem(99, value));
    let finite = (0..).step_by(8).find(|bytes| run(&kernel(*bytes), 1.0).is_ok()).expect("a limit that is enough");
    assert!(matches!(run(&kernel(finite), f64::NAN), Err(Error::Limit { limit: "code_bytes", .. })));
    assert!(run(&kernel(8 * finite), f64::NAN).is_ok());
}

#[test]
fn what_can_not_be_raised_is_not() {
    let raised = Limits { nesting: usize::MAX, inlined_nesting: usize::MAX, folds: usize::MAX, ..Limits::default() };
    let nested = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let error = Kernel::compile_with_limits(&nested, "kernel", raised).unwrap_err().to_string();
    assert!(error.contains("the limit `nesting` is 200 levels"), "{error}");
    // What can be is.
    let long = format!("{}1", "1 + ".repeat(1 << 19));
    let raised = Limits { source_bytes: 1 << 22, nodes: 1 << 20, ..Limits::default() };
    assert!(Kernel::compile_with_limits(&long, "kernel", raised).is_ok());
}

/// A function has at most so many names, and each of them is looked for among those.
#[test]
fn functions_have_few_names() {
    let lets = |count: usize| format!("fn f(x) = {}x; f(1)", "let a = w; ".repeat(count));
    assert!(compile(lets(256)).is_ok());
    assert_eq!(code(lets(257)), code(format!("fn f({}) = 1; 1", vec!["x"; 257].join(", "))));
    assert_eq!(code(lets(50_000)), code(lets(257)));
}

/// What is known of accumulators that hand their values on from one to the next, of one fold to another, is found in a time that is not that of all
/// of them for each.
#[test]
fn facts_of_many_accumulators_are_found_in_time() {
    let names: Vec<String> = (0..100).map(|index| format!("a{index}")).collect();
    let list = |separator: &str, entry: &dyn Fn(usize) -> String| {
        (0..names.len()).map(entry).collect::<Vec<_>>().join(separator)
    };
    let mut source = list("", &|index| format!("let a{index} = 0; "));
    for _ in 0..60 {
        let first = list(", ", &|index| format!("b{index} = a{index}"));
        let next = list(", ", &|index| if index == 0 { "v".to_string() } else { format!("b{}", index - 1) });
        source += &format!("let {} = fold {first} for v in w: {next}; ", names.join(", "));
    }
    let kernel = compile(source + "a99").expect("it is within the limits");
    let image = ndarray::array![[1_i64 << 60, 3], [4, (1 << 60) + 1]];
    let start = Instant::now();
    let values: ndarray::Array2<i64> = Filter::new(&kernel).size([1, 101]).run_as(&image).expect("a result");
    assert!(start.elapsed() < PROMPTLY, "took {:?}", start.elapsed());
    // The last accumulator has the second cell of the window, which is outside: 49 to the left of the pixel.
    assert_eq!(values, ndarray::array![[1 << 60, 1 << 60], [4, 4]]);
}

/// What does not hold is found by the interpreter, which can take much longer than the run: the time is over there, too.
#[test]
fn time_is_over_also_while_a_failure_is_looked_at() {
    let slow = "assert (fold a = 0 for v in w: fold b = a for u in w: b + u * v) < 0; w[0, 0]";
    let windows = "max(sin(w) + exp(w) * cos(w + 1)) + max(tan(w) ** 1.5)";
    // Each time is far less than what the interpreter takes on a fast machine; the first leaves the run itself time to end.
    for (source, size, engine, mode, milliseconds) in [
        (slow, 151, Engine::Auto, Mode::Nearest, 1000),
        (slow, 151, Engine::Interpreter, Mode::Shrink, 1000),
        (windows, 2001, Engine::Interpreter, Mode::Nearest, 100),
    ] {
        let kernel = Kernel::compile(source).unwrap();
        let filter = Filter::new(&kernel).size(size).engine(engine).mode(mode);
        let time = Duration::from_millis(milliseconds);
        let (progress, begun) = (Progress::default().timeout(time), Instant::now());
        let found = filter.run_with(&ndarray::array![[1.0]], &progress);
        assert!(matches!(found, Err(Error::Cancelled)), "{source}: {found:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{source}: {:?}", begun.elapsed());
    }
}
