//! The one table of what the language has built in: the checker, the documentation and completion all read it.

use super::hir::Reduction;
use super::ops::{BinaryOp, UnaryOp};

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
    /// A reduction of a window; `true` if it has a second argument.
    Reduction(Reduction, bool),
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

const fn unary(name: &'static str, signature: &'static str, op: UnaryOp, ulp: f64, doc: &'static str) -> Builtin {
    entry(name, signature, Meaning::Unary(op), Some(ulp), doc)
}

/// Every built-in: reductions, neighbourhood, elementwise functions, constants.
pub static BUILTINS: &[Builtin] = &[
    exact("sum", "sum(x)", Meaning::Reduction(Reduction::Sum, false), "the sum; 0 if empty"),
    exact("prod", "prod(x)", Meaning::Reduction(Reduction::Product, false), "the product; 1 if empty"),
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
        "the population variance, `mean((x - mean(x))**2)`, in two passes; NaN if empty",
    ),
    exact(
        "std",
        "std(x)",
        Meaning::Statistic(Statistic::Std),
        "the population standard deviation, `sqrt(var(x))`; NaN if empty",
    ),
    exact(
        "median",
        "median(x)",
        Meaning::Reduction(Reduction::Median, false),
        "the middle value, or the mean of the two middle values; NaN if any element is NaN, or if empty",
    ),
    exact(
        "rank",
        "rank(x, k)",
        Meaning::Reduction(Reduction::Rank, true),
        "the k-th smallest element, from 0; negative k counts from the largest; NaN if any element is NaN; a k \
         outside or not whole fails the kernel",
    ),
    exact(
        "percentile",
        "percentile(x, q)",
        Meaning::Reduction(Reduction::Percentile, true),
        "the q-th percentile with linear interpolation, as numpy.percentile; NaN if any element is NaN, or if empty; \
         a q outside 0..100 fails the kernel",
    ),
    exact(
        "trimmed_mean",
        "trimmed_mean(x, k)",
        Meaning::Reduction(Reduction::TrimmedMean, true),
        "the mean without the k smallest and the k largest; NaN if any element is NaN, or if nothing is left; a k \
         negative or not whole fails the kernel",
    ),
    exact("count", "count(c)", Meaning::Statistic(Statistic::Count), "how many elements are true; 0 if empty"),
    exact("any", "any(c)", Meaning::Statistic(Statistic::Any), "whether an element is true; false if empty"),
    exact("all", "all(c)", Meaning::Statistic(Statistic::All), "whether every element is true; true if empty"),
    exact(
        "argmin",
        "argmin(x)",
        Meaning::Reduction(Reduction::ArgMin, false),
        "the position in the footprint of the first least element, or of the first NaN; -1 if empty",
    ),
    exact(
        "argmax",
        "argmax(x)",
        Meaning::Reduction(Reduction::ArgMax, false),
        "the position in the footprint of the first greatest element, or of the first NaN; -1 if empty",
    ),
    exact(
        "nth",
        "nth(x, i)",
        Meaning::Reduction(Reduction::Nth, true),
        "element i in footprint order, from 0; an i outside or not whole fails the kernel",
    ),
    exact("len", "len(x)", Meaning::Statistic(Statistic::Len), "the number of elements"),
    exact(
        "mode",
        "mode(x)",
        Meaning::Reduction(Reduction::Mode, false),
        "the most frequent value, the smallest on a tie; NaN elements do not take part; NaN if empty",
    ),
    exact(
        "variety",
        "variety(x)",
        Meaning::Reduction(Reduction::Variety, false),
        "the number of distinct values; NaN elements do not take part; 0 if empty",
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
    exact("abs", "abs(x)", Meaning::Unary(UnaryOp::Abs), "the absolute value"),
    unary("sqrt", "sqrt(x)", UnaryOp::Sqrt, 0.5, "the square root"),
    unary("cbrt", "cbrt(x)", UnaryOp::Cbrt, 1.0, "the cube root"),
    unary("exp", "exp(x)", UnaryOp::Exp, 2.0, "e to the x"),
    unary("exp2", "exp2(x)", UnaryOp::Exp2, 2.0, "2 to the x"),
    unary("expm1", "expm1(x)", UnaryOp::Expm1, 1.0, "e to the x, minus 1, accurate for small x"),
    unary("log", "log(x)", UnaryOp::Log, 1.0, "the natural logarithm"),
    unary("log2", "log2(x)", UnaryOp::Log2, 1.0, "the logarithm to base 2"),
    unary("log10", "log10(x)", UnaryOp::Log10, 1.0, "the logarithm to base 10"),
    unary("log1p", "log1p(x)", UnaryOp::Log1p, 1.0, "the natural logarithm of 1 + x, accurate for small x"),
    unary("sin", "sin(x)", UnaryOp::Sin, 1.0, "the sine, x in radians"),
    unary("cos", "cos(x)", UnaryOp::Cos, 1.0, "the cosine, x in radians"),
    unary("tan", "tan(x)", UnaryOp::Tan, 1.0, "the tangent, x in radians"),
    unary("asin", "asin(x)", UnaryOp::Asin, 1.5, "the arc sine, in radians"),
    unary("acos", "acos(x)", UnaryOp::Acos, 1.0, "the arc cosine, in radians"),
    unary("atan", "atan(x)", UnaryOp::Atan, 1.5, "the arc tangent, in radians"),
    entry(
        "atan2",
        "atan2(y, x)",
        Meaning::Binary(BinaryOp::Atan2),
        Some(1.5),
        "the angle of the point (x, y), in radians",
    ),
    unary("sinh", "sinh(x)", UnaryOp::Sinh, 2.0, "the hyperbolic sine"),
    unary("cosh", "cosh(x)", UnaryOp::Cosh, 2.0, "the hyperbolic cosine"),
    unary("tanh", "tanh(x)", UnaryOp::Tanh, 2.0, "the hyperbolic tangent"),
    entry(
        "hypot",
        "hypot(x, y)",
        Meaning::Binary(BinaryOp::Hypot),
        Some(1.0),
        "`sqrt(x**2 + y**2)` without overflow in between",
    ),
    exact("floor", "floor(x)", Meaning::Unary(UnaryOp::Floor), "the greatest whole number not above x"),
    exact("ceil", "ceil(x)", Meaning::Unary(UnaryOp::Ceil), "the least whole number not below x"),
    exact("round", "round(x)", Meaning::Unary(UnaryOp::Round), "the nearest whole number, half to even"),
    exact("trunc", "trunc(x)", Meaning::Unary(UnaryOp::Trunc), "the whole part"),
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

/// The error bound of the operator `**`, in units in the last place, where the exponent is not a constant integer.
pub const POWER_ULP: f64 = 2.0;

/// The built-in called `name`.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.name == name)
}

impl Builtin {
    /// The least and the greatest number of arguments; `None` for a constant.
    pub fn arity(&self) -> Option<(usize, usize)> {
        Some(match self.meaning {
            Meaning::Constant(_) | Meaning::Truth(_) => return None,
            Meaning::Extreme(..) => (1, usize::MAX),
            Meaning::Binary(_) | Meaning::Reduction(_, true) => (2, 2),
            Meaning::Derived(Derived::Clamp | Derived::Fma) => (3, 3),
            Meaning::Place(Place::Dist) => (0, 0),
            _ => (1, 1),
        })
    }
}
