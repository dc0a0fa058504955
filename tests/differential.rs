//! Random kernels over random windows: every engine gives the interpreter's value, and printing keeps the meaning.

use std::fmt::Write as _;

use hoodoo::lang::parse::parse;
use hoodoo::{Cast, Engine, Error, Filter, Footprint, Kernel, Mode, Parameters, Window};
use proptest::prelude::*;

/// An expression that is right by construction, by type.
#[derive(Clone, Debug)]
enum Expr {
    Leaf(&'static str),
    Number(i32),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Call(&'static str, Vec<Expr>),
    Where(&'static str, Box<Expr>, Box<Expr>, &'static str),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Fold(Box<Expr>, Box<Expr>, Box<Expr>),
}

impl std::fmt::Display for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Expr::Leaf(text) => f.write_str(text),
            Expr::Number(value) => {
                write!(f, "({}.{})", value / 4, ["0", "25", "5", "75"][(value % 4).unsigned_abs() as usize])
            }
            Expr::Unary(op, x) => write!(f, "({op} {x})"),
            Expr::Binary(op, x, y) => write!(f, "({x} {op} {y})"),
            Expr::Call(name, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
                write!(f, "{name}({})", arguments.join(", "))
            }
            Expr::Where(name, window, condition, argument) => write!(f, "{name}({window} where {condition}{argument})"),
            Expr::If(condition, yes, no) => write!(f, "(if {condition} then {yes} else {no})"),
            Expr::Fold(first, window, next) => write!(f, "(fold a = {first} for v in {window}: {next})"),
        }
    }
}

const REDUCTIONS: [&str; 12] =
    ["sum", "min", "max", "mean", "var", "median", "argmin", "argmax", "mode", "variety", "entropy", "prod"];
const RANKED: [(&str, &str); 4] = [("rank", ", 0"), ("percentile", ", 37.5"), ("trimmed_mean", ", 1"), ("nth", ", 0")];

/// A number that depends on nothing bound: `depth` levels of operations at most.
fn scalar(depth: u32, in_fold: bool) -> BoxedStrategy<Expr> {
    let leaves = prop_oneof![
        3 => Just(Expr::Leaf("w[0]")),
        1 => Just(Expr::Leaf("w[-1]")),
        1 => Just(Expr::Leaf("t")),
        1 => Just(Expr::Leaf("len(w)")),
        2 => (-20..40i32).prop_map(|value| Expr::Number(value.abs())),
    ];
    let leaves = if in_fold {
        prop_oneof![1 => leaves, 2 => Just(Expr::Leaf("a")), 2 => Just(Expr::Leaf("v"))].boxed()
    } else {
        leaves.boxed()
    };
    if depth == 0 {
        return leaves;
    }
    let inner = move || scalar(depth - 1, in_fold);
    let wide = move || window(depth - 1, in_fold);
    prop_oneof![
        1 => leaves,
        3 => (prop::sample::select(&["+", "-", "*", "/", "%"][..]), inner(), inner())
            .prop_map(|(op, x, y)| Expr::Binary(op, Box::new(x), Box::new(y))),
        1 => inner().prop_map(|x| Expr::Unary("-", Box::new(x))),
        2 => (prop::sample::select(&["abs", "sqrt", "floor", "round", "trunc", "exp", "sin", "atan", "sign"][..]), inner())
            .prop_map(|(name, x)| Expr::Call(name, vec![x])),
        1 => (prop::sample::select(&["min", "max", "hypot", "atan2"][..]), inner(), inner())
            .prop_map(|(name, x, y)| Expr::Call(name, vec![x, y])),
        1 => (condition(depth - 1, in_fold), inner(), inner())
            .prop_map(|(c, x, y)| Expr::If(Box::new(c), Box::new(x), Box::new(y))),
        5 => (prop::sample::select(&REDUCTIONS[..]), wide()).prop_map(|(name, x)| Expr::Call(name, vec![x])),
        3 => (prop::sample::select(&REDUCTIONS[..]), wide(), wide_condition(depth - 1, in_fold))
            .prop_map(|(name, x, c)| Expr::Where(name, Box::new(x), Box::new(c), "")),
        2 => (prop::sample::select(&RANKED[..]), wide())
            .prop_map(|((name, argument), x)| Expr::Where(name, Box::new(x), Box::new(Expr::Leaf("true")), argument)),
        1 => wide_condition(depth - 1, in_fold).prop_map(|c| Expr::Call("count", vec![c])),
        1 => (inner(), wide(), scalar(depth - 1, true))
            .prop_map(|(first, x, next)| Expr::Fold(Box::new(first), Box::new(x), Box::new(next))),
    ]
    .boxed()
}

/// A window of numbers.
fn window(depth: u32, in_fold: bool) -> BoxedStrategy<Expr> {
    let leaves = prop_oneof![4 => Just("w"), 1 => Just("k"), 1 => Just("dist()"), 1 => Just("offset(0)")]
        .prop_map(Expr::Leaf)
        .boxed();
    if depth == 0 {
        return leaves;
    }
    let inner = move || window(depth - 1, in_fold);
    prop_oneof![
        3 => leaves,
        2 => (prop::sample::select(&["+", "-", "*"][..]), inner(), scalar(depth - 1, in_fold))
            .prop_map(|(op, x, y)| Expr::Binary(op, Box::new(x), Box::new(y))),
        2 => (prop::sample::select(&["+", "-", "*", "/"][..]), inner(), inner())
            .prop_map(|(op, x, y)| Expr::Binary(op, Box::new(x), Box::new(y))),
        1 => (prop::sample::select(&["abs", "cos", "ceil"][..]), inner())
            .prop_map(|(name, x)| Expr::Call(name, vec![x])),
        1 => (wide_condition(depth - 1, in_fold), inner(), inner())
            .prop_map(|(c, x, y)| Expr::If(Box::new(c), Box::new(x), Box::new(y))),
    ]
    .boxed()
}

fn comparison(left: BoxedStrategy<Expr>, right: BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    (prop::sample::select(&["<", "<=", ">", ">=", "==", "!="][..]), left, right)
        .prop_map(|(op, x, y)| Expr::Binary(op, Box::new(x), Box::new(y)))
        .boxed()
}

fn condition(depth: u32, in_fold: bool) -> BoxedStrategy<Expr> {
    let below = depth.saturating_sub(1);
    let plain = comparison(scalar(below, in_fold), scalar(below, in_fold));
    if depth == 0 {
        return plain;
    }
    prop_oneof![
        3 => plain,
        1 => condition(below, in_fold).prop_map(|c| Expr::Unary("not", Box::new(c))),
        1 => (prop::sample::select(&["and", "or"][..]), condition(below, in_fold), condition(below, in_fold))
            .prop_map(|(op, x, y)| Expr::Binary(op, Box::new(x), Box::new(y))),
        1 => (prop::sample::select(&["any", "all"][..]), wide_condition(below, in_fold))
            .prop_map(|(name, c)| Expr::Call(name, vec![c])),
    ]
    .boxed()
}

fn wide_condition(depth: u32, in_fold: bool) -> BoxedStrategy<Expr> {
    let below = depth.saturating_sub(1);
    comparison(window(below, in_fold), scalar(below, in_fold))
}

fn values() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => (-40..40i32).prop_map(|value| f64::from(value) / 4.0),
        2 => -1e3..1e3f64,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
    ]
}

fn compile(source: &str) -> Kernel {
    Kernel::compile(source).unwrap_or_else(|error| panic!("{error}"))
}

/// Equal bits; NaNs are alike, and so are zeros.
fn same(x: f64, y: f64) -> bool {
    x == y || (x.is_nan() && y.is_nan())
}

/// Whether engines may differ by a rounding: in the order of additions, and in elementary functions.
fn is_inexact(source: &str) -> bool {
    let names = ["sum", "mean", "var", "prod", "exp", "sin", "cos", "atan", "hypot"];
    names.iter().any(|name| source.contains(name))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_global_rejects: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// To the bit, except where the order of additions matters, and in elementary functions, of which each engine has its
    /// own: there the engines may differ by a rounding, which a comparison or a division that follows can magnify
    /// without bound, so what differs much is not compared.
    #[test]
    fn engines_agree(
        expr in scalar(4, false),
        image in prop::collection::vec(values(), 1..12),
        size in 1..6usize,
        t in -4..4i32,
        rows in any::<bool>(),
    ) {
        let kernel = compile(&format!("param t; weights k; {expr}"));
        let image = ndarray::Array1::from(image);
        let weights: Vec<f64> = (0..size).map(|i| i as f64 - 1.5).collect();
        let filter = Filter::new(&kernel).size(size).mode(Mode::Mirror).param("t", f64::from(t)).weights("k", weights.clone());
        let expected = filter.clone().engine(Engine::Interpreter).run(&image);
        let compiled = filter.engine(if rows { Engine::Rows } else { Engine::Callback }).run(&image);
        match (expected, compiled) {
            (Ok(expected), Ok(compiled)) => {
                let mut differ = 0;
                for (x, y) in expected.iter().zip(&compiled) {
                    prop_assert!(same(*x, *y) || is_inexact(kernel.source()), "{x} {y} {}", kernel.source());
                    differ += usize::from(!same(*x, *y) && (x - y).abs() > 1e-9 * (1.0 + x.abs()));
                }
                prop_assume!(differ == 0);
            }
            (Err(expected), Err(compiled)) => prop_assert_eq!(expected.to_string(), compiled.to_string()),
            (expected, compiled) => prop_assert!(false, "{:?} {:?}", expected, compiled),
        }
    }

    /// A kernel without sums and elementary functions has one value, to the bit, in every form of the callback.
    #[test]
    fn callbacks_are_exact_where_kernels_are(
        expr in scalar(4, false).prop_filter("is inexact", |expr| !is_inexact(&expr.to_string())),
        window in prop::collection::vec(values(), 1..50),
    ) {
        let kernel = compile(&format!("param t = 2; weights k; {expr}"));
        let len = window.len();
        let weights: Vec<f64> = (0..len).map(|i| (i % 5) as f64 - 1.5).collect();
        let footprint = Footprint::size(&[len]).unwrap().with_origin(&[0]).unwrap();
        let parameters = Parameters::new().weights("k", weights.clone());
        // The window as the neighbourhood of the centre of an array as long as itself.
        let centre = len / 2;
        let image = ndarray::Array1::from(window.clone());
        let filter = Filter::new(&kernel).size(len).mode(Mode::Constant).weights("k", weights);
        let expected = filter.engine(Engine::Interpreter).run(&image);
        for form in [Some(&footprint), None] {
            let callback = match kernel.callback_with(form, &parameters) {
                Ok(callback) => callback,
                Err(Error::Kernel(_)) => continue,
                Err(error) => panic!("{error}"),
            };
            let value = callback.call(&mut window.clone());
            if let (Ok(expected), Some(value)) = (&expected, value) {
                prop_assert!(same(expected[centre], value), "{} {value} {}", expected[centre], kernel.source());
            }
        }
    }

    #[test]
    fn printing_and_parsing_gives_the_same_tree(expr in scalar(5, false), named in any::<bool>()) {
        let mut source = "input w; param t = 1; weights k; fn f(x, y) = x + y; let x = 1; assert x == 1;\n".to_string();
        write!(source, "{}{expr}, f(1, 2) ** -x", if named { "name: " } else { "" }).unwrap();
        let program = parse(&source).expect(&source);
        let printed = program.to_string();
        prop_assert_eq!(parse(&printed).expect(&printed), program);
    }

    #[test]
    fn no_text_panics(text in "[a-z0-9 w\\[\\](),;:.<>=!+*/%^&|#\\-\n]{0,60}") {
        if let Err(error) = Kernel::compile(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn no_sequence_of_words_panics(words in prop::collection::vec(prop::sample::select(&[
        "if", "then", "else", "fold", "for", "in", "where", "let", "fn", "param", "input", "weights", "assert", "and",
        "or", "not", "w", "min", "sum", "rank", "(", ")", "[", "]", ",", ";", ":", "=", "==", "<", "+", "-", "**", "1",
        "0.5", "a", "b", "f", "true", "offset", "dist",
    ][..]), 0..25)) {
        if let Err(error) = Kernel::compile(&words.join(" ")) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    /// The result does not depend on the number of threads, nor on the layout of the arrays.
    #[test]
    fn threads_and_layouts_change_nothing(
        height in 1..40usize,
        width in 1..900usize,
        window in prop::sample::select(vec![Window::Box(1), Window::Cross(2), Window::Disk(2.5), Window::Size(vec![2, 5])]),
        mode in prop::sample::select(Mode::ALL[..5].to_vec()),
        threads in 2..5usize,
    ) {
        let image = ndarray::Array2::from_shape_fn((height, width), |(i, j)| ((i * 37 + j * 101) % 251) as u8);
        let kernel = Kernel::compile("max(w) - rank(w, 1)").unwrap();
        let filter = Filter::new(&kernel).window(window).mode(mode).cval(7.5).cast(Cast::Wrap);
        let expected = filter.clone().engine(Engine::Interpreter).threads(1).run(&image).unwrap();
        prop_assert_eq!(&filter.clone().threads(threads).run(&image).unwrap(), &expected);
        let mut output = ndarray::Array2::<u8>::zeros((width, height)).reversed_axes();
        let fortran = {
            let mut array = ndarray::Array2::<u8>::zeros((width, height)).reversed_axes();
            array.assign(&image);
            array
        };
        filter.threads(threads).run_into(&fortran, &mut output).unwrap();
        prop_assert_eq!(output, expected);
    }
}
