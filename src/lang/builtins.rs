//! The one table of what the language has built in: the checker, the documentation and completion all read it.

use super::ops::{BinaryOp, UnaryOp};
use super::reductions::Reduction;

/// A built-in name.
#[derive(Debug)]
pub struct Builtin {
    /// The name.
    pub name: &'static str,
    /// How it is called.
    pub signature: &'static str,
    /// One sentence on its value.
    pub doc: &'static str,
    /// The bound of its error in units in the last place, for an inexact elementwise function.
    pub ulp: Option<f64>,
    /// What it means.
    pub meaning: Meaning,
}

/// What a built-in means to the checker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// A number.
    Constant(f64),
    /// A boolean.
    Truth(bool),
    /// A function of one value.
    Unary(UnaryOp),
    /// A function of two values.
    Binary(BinaryOp),
    /// A reduction of one window, or a function of two or more values.
    Extreme(Reduction, BinaryOp),
    /// A reduction of a window.
    Reduction(Reduction),
    /// A reduction that the checker lowers to others.
    Statistic(Statistic),
    /// An elementwise function that the checker lowers to operations.
    Derived(Derived),
    /// A value of the neighbourhood.
    Place(Place),
}

/// Reductions that are made of other reductions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the functions")]
pub enum Statistic {
    Mean,
    Var,
    Std,
    Count,
    Any,
    All,
    Len,
}

/// Elementwise functions that are made of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the functions")]
pub enum Derived {
    Sign,
    Clamp,
    Fma,
    IsNan,
    IsFinite,
    IsInf,
}

/// Values of the neighbourhood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the functions")]
pub enum Place {
    Offset,
    Dist,
    Coord,
    Extent,
    Inside,
}

const fn entry(
    name: &'static str,
    signature: &'static str,
    meaning: Meaning,
    ulp: Option<f64>,
    doc: &'static str,
) -> Builtin {
    Builtin { name, signature, doc, ulp, meaning }
}

const fn exact(name: &'static str, signature: &'static str, meaning: Meaning, doc: &'static str) -> Builtin {
    entry(name, signature, meaning, None, doc)
}

const fn reduction(op: Reduction, signature: &'static str, doc: &'static str) -> Builtin {
    exact(op.name(), signature, Meaning::Reduction(op), doc)
}

const fn unary(op: UnaryOp, signature: &'static str, doc: &'static str) -> Builtin {
    entry(op.name(), signature, Meaning::Unary(op), inexact(op.row().ulp), doc)
}

const fn binary(op: BinaryOp, signature: &'static str, doc: &'static str) -> Builtin {
    entry(op.name(), signature, Meaning::Binary(op), inexact(op.row().ulp), doc)
}

/// The bound of an error, if there may be one.
const fn inexact(ulp: f64) -> Option<f64> {
    if ulp == 0.0 { None } else { Some(ulp) }
}

/// Every built-in: reductions, neighbourhood, elementwise functions, constants.
pub static BUILTINS: &[Builtin] = &[
    reduction(Reduction::Sum, "sum(x)", "the sum; 0 if empty"),
    reduction(Reduction::Product, "prod(x)", "the product; 1 if empty"),
    exact(
        "min",
        "min(x) or min(a, b, ...)",
        Meaning::Extreme(Reduction::Min, BinaryOp::Min),
        "the least element, or the least of two or more values; NaN if any is NaN, or if empty",
    ),
    exact(
        "max",
        "max(x) or max(a, b, ...)",
        Meaning::Extreme(Reduction::Max, BinaryOp::Max),
        "the greatest element, or the greatest of two or more values; NaN if any is NaN, or if empty",
    ),
    exact("mean", "mean(x)", Meaning::Statistic(Statistic::Mean), "the arithmetic mean; NaN if empty"),
    exact(
        "var",
        "var(x)",
        Meaning::Statistic(Statistic::Var),
        "the population variance, `mean((x - mean(x))**2)`, backward stable; NaN if empty",
    ),
    exact(
        "std",
        "std(x)",
        Meaning::Statistic(Statistic::Std),
        "the population standard deviation, `sqrt(var(x))`; NaN if empty",
    ),
    reduction(
        Reduction::Median,
        "median(x)",
        "the middle value, or the mean of the two middle values; NaN if any element is NaN, or if empty",
    ),
    reduction(
        Reduction::Rank,
        "rank(x, k)",
        "the k-th smallest element, from 0; negative k counts from the largest; NaN if any element is NaN; a k \
         outside or not whole fails the kernel",
    ),
    reduction(
        Reduction::Percentile,
        "percentile(x, q)",
        "the q-th percentile with linear interpolation, as numpy.percentile; NaN if any element is NaN, or if empty; \
         a q outside 0..100 fails the kernel",
    ),
    reduction(
        Reduction::TrimmedMean,
        "trimmed_mean(x, k)",
        "the mean without the k smallest and the k largest; NaN if any element is NaN, or if nothing is left; a k \
         negative or not whole fails the kernel",
    ),
    exact("count", "count(c)", Meaning::Statistic(Statistic::Count), "how many elements are true; 0 if empty"),
    exact("any", "any(c)", Meaning::Statistic(Statistic::Any), "whether an element is true; false if empty"),
    exact("all", "all(c)", Meaning::Statistic(Statistic::All), "whether every element is true; true if empty"),
    reduction(
        Reduction::ArgMin,
        "argmin(x)",
        "the position in the window of the first least element, or of the first NaN; -1 if empty",
    ),
    reduction(
        Reduction::ArgMax,
        "argmax(x)",
        "the position in the window of the first greatest element, or of the first NaN; -1 if empty",
    ),
    reduction(
        Reduction::Nth,
        "nth(x, i)",
        "element i in footprint order, from 0; an i outside or not whole fails the kernel",
    ),
    exact("len", "len(x)", Meaning::Statistic(Statistic::Len), "the number of elements"),
    reduction(
        Reduction::Mode,
        "mode(x)",
        "the most frequent value, the smallest on a tie; NaN elements do not take part; NaN if empty",
    ),
    reduction(
        Reduction::Variety,
        "variety(x)",
        "the number of distinct values; NaN elements do not take part; 0 if empty",
    ),
    reduction(
        Reduction::Entropy,
        "entropy(x)",
        "the Shannon entropy of how often each value occurs, in nats; NaN elements do not take part; 0 if empty",
    ),
    exact(
        "offset",
        "offset(axis)",
        Meaning::Place(Place::Offset),
        "window: each cell's offset from the centre along an axis",
    ),
    exact(
        "dist",
        "dist()",
        Meaning::Place(Place::Dist),
        "window: each cell's Euclidean distance from the centre, in cells",
    ),
    exact(
        "coord",
        "coord(axis)",
        Meaning::Place(Place::Coord),
        "the pixel's index along an axis; not available in a callback",
    ),
    exact(
        "extent",
        "extent(axis)",
        Meaning::Place(Place::Extent),
        "the array's length along an axis; not available in a callback",
    ),
    exact(
        "inside",
        "inside()",
        Meaning::Place(Place::Inside),
        "window: whether each cell is in the array and has a value; not available in a callback",
    ),
    unary(UnaryOp::Abs, "abs(x)", "the absolute value"),
    unary(UnaryOp::Sqrt, "sqrt(x)", "the square root"),
    unary(UnaryOp::Cbrt, "cbrt(x)", "the cube root"),
    unary(UnaryOp::Exp, "exp(x)", "e to the x"),
    unary(UnaryOp::Exp2, "exp2(x)", "2 to the x"),
    unary(UnaryOp::Expm1, "expm1(x)", "e to the x, minus 1, accurate for small x"),
    unary(UnaryOp::Log, "log(x)", "the natural logarithm"),
    unary(UnaryOp::Log2, "log2(x)", "the logarithm to base 2"),
    unary(UnaryOp::Log10, "log10(x)", "the logarithm to base 10"),
    unary(UnaryOp::Log1p, "log1p(x)", "the natural logarithm of 1 + x, accurate for small x"),
    unary(UnaryOp::Sin, "sin(x)", "the sine, x in radians"),
    unary(UnaryOp::Cos, "cos(x)", "the cosine, x in radians"),
    unary(UnaryOp::Tan, "tan(x)", "the tangent, x in radians"),
    unary(UnaryOp::Asin, "asin(x)", "the arc sine, in radians"),
    unary(UnaryOp::Acos, "acos(x)", "the arc cosine, in radians"),
    unary(UnaryOp::Atan, "atan(x)", "the arc tangent, in radians"),
    binary(BinaryOp::Atan2, "atan2(y, x)", "the angle of the point (x, y), in radians"),
    unary(UnaryOp::Sinh, "sinh(x)", "the hyperbolic sine"),
    unary(UnaryOp::Cosh, "cosh(x)", "the hyperbolic cosine"),
    unary(UnaryOp::Tanh, "tanh(x)", "the hyperbolic tangent"),
    binary(BinaryOp::Hypot, "hypot(x, y)", "`sqrt(x**2 + y**2)` without overflow in between"),
    unary(UnaryOp::Floor, "floor(x)", "the greatest whole number not above x"),
    unary(UnaryOp::Ceil, "ceil(x)", "the least whole number not below x"),
    unary(UnaryOp::Round, "round(x)", "the nearest whole number, half to even"),
    unary(UnaryOp::Trunc, "trunc(x)", "the whole part"),
    exact("sign", "sign(x)", Meaning::Derived(Derived::Sign), "-1, 0 or 1; NaN for NaN"),
    exact(
        "clamp",
        "clamp(x, lo, hi)",
        Meaning::Derived(Derived::Clamp),
        "`min(max(x, lo), hi)`: the nearest value in lo..hi",
    ),
    exact("isnan", "isnan(x)", Meaning::Derived(Derived::IsNan), "whether x is NaN"),
    exact("isfinite", "isfinite(x)", Meaning::Derived(Derived::IsFinite), "whether x is neither infinite nor NaN"),
    exact("isinf", "isinf(x)", Meaning::Derived(Derived::IsInf), "whether x is infinite"),
    entry("fma", "fma(a, b, c)", Meaning::Derived(Derived::Fma), Some(0.5), "`a * b + c`, rounded once"),
    exact("pi", "pi", Meaning::Constant(std::f64::consts::PI), "3.14159..."),
    exact("tau", "tau", Meaning::Constant(std::f64::consts::TAU), "6.28318..."),
    exact("e", "e", Meaning::Constant(std::f64::consts::E), "2.71828..."),
    exact("inf", "inf", Meaning::Constant(f64::INFINITY), "infinity"),
    exact("nan", "nan", Meaning::Constant(f64::NAN), "not a number"),
    exact("true", "true", Meaning::Truth(true), "true"),
    exact("false", "false", Meaning::Truth(false), "false"),
];

/// The built-in called `name`.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.name == name)
}

impl Builtin {
    /// Whether a program may give the name another meaning: letters that people use for their own numbers.
    pub fn may_be_shadowed(&self) -> bool {
        matches!(self.name, "e" | "pi" | "tau")
    }

    /// The least and the greatest number of arguments; `None` for a constant.
    pub fn arity(&self) -> Option<(usize, usize)> {
        Some(match self.meaning {
            Meaning::Constant(_) | Meaning::Truth(_) => return None,
            Meaning::Extreme(..) => (1, usize::MAX),
            Meaning::Binary(_) => (2, 2),
            Meaning::Reduction(op) if op.row().argument.is_some() => (2, 2),
            Meaning::Derived(Derived::Clamp | Derived::Fma) => (3, 3),
            Meaning::Place(Place::Dist | Place::Inside) => (0, 0),
            _ => (1, 1),
        })
    }
}
