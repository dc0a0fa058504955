//! What values the nodes of a kernel may have.
//!
//! A [`Range`] says what is known of a value: bounds, and whether it is whole, an f32, NaN or -0. Rounding to nearest is
//! monotone, so an f64 operation at the ends of its operands' ranges gives the ends of the result's; what is not
//! monotone, or not correctly rounded, is given wider bounds. Every claim holds for the interpreter's value and for that
//! of any order of additions.

use crate::grid::element::{DType, Precision};
use crate::lang::hir::{Expr, ExprId, FoldId, Kernel, Reduction};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::types::Elem;

/// Up to here every whole number is an f64, and a sum of whole numbers is exact.
const WHOLE_LIMIT: f64 = 9_007_199_254_740_992.0;

/// Up to here every whole number is an f32.
const SINGLE_LIMIT: f64 = 16_777_216.0;

/// No footprint has an offset beyond this.
const OFFSET_LIMIT: f64 = 16_777_216.0;

/// How many passes look for the ranges of the folds' accumulators before they are all given up.
const FOLD_ROUNDS: usize = 32;

/// After how many of them an accumulator whose range still grows is given up.
const FOLD_GROWTH: usize = 24;

/// What is known of a node's value; of a window, of each of its elements.
///
/// Where the only value is NaN, the bounds are those of 0: they speak of the other values, of which there are none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// No value is less; -inf if one may be infinite.
    pub low: f64,
    /// No value is greater; inf if one may be infinite.
    pub high: f64,
    /// Every value but NaN is an integer of at most 2^53, so that operations on such values are exact.
    pub whole: bool,
    /// Every value but NaN is exactly an f32.
    pub single: bool,
    /// The value may be NaN.
    pub nan: bool,
    /// The value may be -0.
    pub minus_zero: bool,
}

/// What is known of a kernel's surroundings when code is made for it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What the elements of each input are, those that the boundary mode gives included.
    pub inputs: &'a [Range],
    /// What the params and the weights are.
    pub params: Range,
    /// The cells of the footprint.
    pub taps: usize,
    /// Whether each output is stored as a float, where the sign of a zero shows.
    pub outputs_float: &'a [bool],
    /// How exact the outputs must be. In single precision params are finite if they are as f32s.
    pub precision: Precision,
}

impl Range {
    /// Any f64.
    pub const ANY: Range =
        Range { low: f64::NEG_INFINITY, high: f64::INFINITY, whole: false, single: false, nan: true, minus_zero: true };

    /// Any f64 but NaN and the infinities.
    pub const FINITE: Range = Range { low: f64::MIN, high: f64::MAX, nan: false, ..Range::ANY };

    /// Any number that becomes a finite f32.
    pub const FINITE_SINGLE: Range = Range { low: f32::MIN as f64, high: f32::MAX as f64, ..Range::FINITE };

    /// True or false.
    pub const BOOLEAN: Range = Range { low: 0.0, high: 1.0, whole: true, single: true, nan: false, minus_zero: false };

    /// One value.
    pub fn exactly(value: f64) -> Range {
        let nan = value.is_nan();
        let bound = if nan { 0.0 } else { value };
        Range {
            low: bound,
            high: bound,
            whole: bound.fract() == 0.0,
            single: f64::from(bound as f32) == bound,
            nan,
            minus_zero: value.to_bits() == (-0.0f64).to_bits(),
        }
        .settled()
    }

    /// The whole numbers from `low` to `high`.
    pub fn integers(low: f64, high: f64) -> Range {
        Range { low, high, whole: true, single: false, nan: false, minus_zero: false }.settled()
    }

    /// The elements of an array; `finite` if none of them is NaN or infinite.
    pub fn of(dtype: DType, finite: bool) -> Range {
        let (low, high) = match dtype.limits() {
            _ if dtype == DType::Bool => return Range::BOOLEAN,
            (low, high) if dtype.is_integer() => return Range::integers(low, high),
            limits if finite => limits,
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        Range { low, high, single: dtype.fits_f32(), nan: !finite, ..Range::ANY }
    }

    /// The values of either.
    pub fn union(self, other: Range) -> Range {
        Range {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            whole: self.whole && other.whole,
            single: self.single && other.single,
            nan: self.nan || other.nan,
            minus_zero: self.minus_zero || other.minus_zero,
        }
    }

    /// Whether `value` lies between the bounds.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The one value that there is, if it is a number and not 0 with an unknown sign.
    pub fn point(&self) -> Option<f64> {
        (self.low == self.high && !self.nan && !self.minus_zero).then_some(self.low)
    }

    /// The greatest absolute value.
    pub fn magnitude(&self) -> f64 {
        self.high.max(-self.low)
    }

    /// Whether everything that `other` may be is allowed for.
    fn includes(&self, other: &Range) -> bool {
        self.union(*other) == *self
    }

    fn may_be_infinite(&self) -> bool {
        self.magnitude() == f64::INFINITY
    }

    /// Whether a value may have the sign bit.
    fn may_be_negative(&self) -> bool {
        self.low < 0.0 || self.minus_zero
    }

    /// The same range with what follows from the bounds.
    fn settled(self) -> Range {
        let whole = self.whole && self.magnitude() <= WHOLE_LIMIT;
        Range {
            // The bounds have no sign of zero.
            low: self.low + 0.0,
            high: self.high + 0.0,
            whole,
            single: self.single || (whole && self.magnitude() <= SINGLE_LIMIT),
            minus_zero: self.minus_zero && self.contains(0.0),
            ..self
        }
    }

    /// What the values are as f32s, after errors of up to `error` times their magnitude that don't change their signs.
    fn in_single(self, error: f64) -> Range {
        if self.single && error == 0.0 {
            return self;
        }
        let slack = if error == 0.0 { 0.0 } else { error * self.magnitude() };
        let (low, high) = (self.low - slack, self.high + slack);
        let low = if self.low < 0.0 { low } else { low.max(0.0) };
        let high = if self.high > 0.0 { high } else { high.min(0.0) };
        let (below, above) = (low as f32, high as f32);
        Range {
            low: if f64::from(below) > low { below.next_down() } else { below }.into(),
            high: if f64::from(above) < high { above.next_up() } else { above }.into(),
            single: true,
            // What is too small for an f32 keeps its sign.
            minus_zero: self.minus_zero || self.low < 0.0 && !self.whole,
            ..self
        }
        .settled()
    }

    /// Fractions between bounds that are exact, or wide enough.
    fn fractions(low: f64, high: f64, nan: bool) -> Range {
        if low.is_nan() || high.is_nan() {
            return Range::ANY;
        }
        Range { low, high, whole: false, single: false, nan, minus_zero: true }.settled()
    }

    /// Fractions between bounds that are right to some units in the last place, as the elementary functions are.
    fn about(low: f64, high: f64, nan: bool) -> Range {
        let (mut low, mut high) = (low, high);
        for _ in 0..4 {
            (low, high) = (low.next_down(), high.next_up());
        }
        Range::fractions(low, high, nan)
    }
}

/// What `op` makes of `a`.
fn unary(op: UnaryOp, a: Range) -> Range {
    use std::f64::consts::{FRAC_PI_2, PI};

    let between = |low: f64, high: f64| Range::about(op.apply(low), op.apply(high), a.nan);
    // A function that is NaN where `x` is below `least`, and monotone above.
    let from = |least: f64| match a.high < least {
        true => Range::exactly(f64::NAN),
        false => Range { nan: a.nan || a.low < least, ..between(a.low.max(least), a.high) },
    };
    let endless = a.nan || a.may_be_infinite();
    match op {
        UnaryOp::Not => Range::integers(1.0 - a.high, 1.0 - a.low),
        UnaryOp::Negate => Range { low: -a.high, high: -a.low, minus_zero: true, ..a }.settled(),
        UnaryOp::Abs => {
            let low = if a.contains(0.0) { 0.0 } else { a.low.abs().min(a.high.abs()) };
            Range { low, high: a.magnitude(), minus_zero: false, ..a }.settled()
        }
        // Correctly rounded, so the bounds are exact.
        UnaryOp::Sqrt => {
            let bound = |x: f64| op.apply(x.max(0.0));
            Range { minus_zero: a.minus_zero, ..Range::fractions(bound(a.low), bound(a.high), a.nan || a.low < 0.0) }
        }
        UnaryOp::Log | UnaryOp::Log2 | UnaryOp::Log10 => from(0.0),
        UnaryOp::Log1p => from(-1.0),
        UnaryOp::Exp | UnaryOp::Exp2 => {
            let range = between(a.low, a.high);
            Range { low: range.low.max(0.0), minus_zero: false, ..range }
        }
        UnaryOp::Cbrt | UnaryOp::Expm1 | UnaryOp::Sinh | UnaryOp::Atan => between(a.low, a.high),
        UnaryOp::Tanh => Range::about(-1.0, 1.0, a.nan),
        UnaryOp::Sin | UnaryOp::Cos => Range::about(-1.0, 1.0, endless),
        UnaryOp::Tan => Range { nan: endless, ..Range::ANY },
        UnaryOp::Asin => Range::about(-FRAC_PI_2, FRAC_PI_2, a.nan || a.magnitude() > 1.0),
        UnaryOp::Acos => Range::about(0.0, PI, a.nan || a.magnitude() > 1.0),
        UnaryOp::Cosh => Range::about(1.0, op.apply(a.magnitude()), a.nan),
        UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc => {
            // Only a fraction between -1 and 0 becomes a new -0, and not by rounding down.
            let rounds_up = op != UnaryOp::Floor && a.low < 0.0 && !a.whole;
            Range {
                low: op.apply(a.low),
                high: op.apply(a.high),
                whole: true,
                minus_zero: a.minus_zero || rounds_up,
                ..a
            }
            .settled()
        }
    }
}

/// What `op` makes of `a` and `b`.
fn binary(op: BinaryOp, a: Range, b: Range) -> Range {
    let nan = a.nan || b.nan;
    match op {
        BinaryOp::Add => add(a, b),
        // -0 is only -0 - 0, as it is only -0 + -0.
        BinaryOp::Subtract => add(a, Range { minus_zero: b.contains(0.0), ..unary(UnaryOp::Negate, b) }),
        BinaryOp::Multiply => multiply(a, b),
        BinaryOp::Divide => divide(a, b),
        BinaryOp::Power if a.may_be_negative() => Range { nan: nan || a.low < 0.0, ..Range::ANY },
        BinaryOp::Power => Range { minus_zero: false, ..Range::fractions(0.0, f64::INFINITY, nan) },
        BinaryOp::Atan2 => Range::about(-std::f64::consts::PI, std::f64::consts::PI, nan),
        BinaryOp::Hypot => {
            let range = Range::about(0.0, op.apply(a.magnitude(), b.magnitude()), nan);
            Range { low: 0.0, minus_zero: false, ..range }
        }
        BinaryOp::Min => Range { high: a.high.min(b.high), ..a.union(b) }.settled(),
        BinaryOp::Max => Range { low: a.low.max(b.low), ..a.union(b) }.settled(),
        BinaryOp::Less => truth(!nan && a.high < b.low, a.low >= b.high),
        BinaryOp::LessEqual => truth(!nan && a.high <= b.low, a.low > b.high),
        BinaryOp::Equal | BinaryOp::NotEqual => {
            let apart = a.high < b.low || b.high < a.low;
            let alike = !nan && a.low == a.high && b.low == b.high && a.low == b.low;
            if op == BinaryOp::Equal { truth(alike, apart) } else { truth(apart, alike) }
        }
        BinaryOp::And => Range::integers(a.low.min(b.low), a.high.min(b.high)),
        BinaryOp::Or => Range::integers(a.low.max(b.low), a.high.max(b.high)),
    }
}

/// A boolean that is known to be true, or false, or neither.
fn truth(always: bool, never: bool) -> Range {
    match (always, never) {
        (true, _) => Range::exactly(1.0),
        (_, true) => Range::exactly(0.0),
        _ => Range::BOOLEAN,
    }
}

fn add(a: Range, b: Range) -> Range {
    let cancels = |x: f64, y: f64| x.is_infinite() && y == -x;
    let nan = a.nan || b.nan || cancels(a.low, b.high) || cancels(a.high, b.low);
    // Where infinities cancel at the bounds there are others that don't.
    let or = |sum: f64, other: f64| if sum.is_nan() { other } else { sum };
    Range {
        low: or(a.low + b.low, f64::NEG_INFINITY),
        high: or(a.high + b.high, f64::INFINITY),
        whole: a.whole && b.whole,
        single: false,
        nan,
        minus_zero: a.minus_zero && b.minus_zero,
    }
    .settled()
}

/// The least and the greatest of what `op` makes of the bounds; where that is NaN, values near by give 0 to infinity.
fn corners(op: BinaryOp, a: Range, b: Range) -> (f64, f64) {
    let corners = [(a.low, b.low), (a.low, b.high), (a.high, b.low), (a.high, b.high)].map(|(x, y)| {
        let value = op.apply(x, y);
        if value.is_nan() { 0.0 } else { value }
    });
    (corners.into_iter().fold(f64::INFINITY, f64::min), corners.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

/// Whether a product or a quotient may have the sign bit.
fn signs_differ(a: Range, b: Range) -> bool {
    a.may_be_negative() && b.high >= 0.0 || a.high >= 0.0 && b.may_be_negative()
}

fn multiply(a: Range, b: Range) -> Range {
    let (low, high) = corners(BinaryOp::Multiply, a, b);
    let vanishes = |x: Range, y: Range| x.contains(0.0) && y.may_be_infinite();
    // A whole number by a power of two near 1 keeps its digits, and neither overflows nor underflows an f32.
    let scales = |x: Range, y: Range| {
        let scale = y.point().map_or(0.0, f64::abs);
        let power = scale.to_bits() << 12 == 0 && (1e-15..1e15).contains(&scale);
        x.whole && x.magnitude() <= SINGLE_LIMIT && power
    };
    Range {
        low,
        high,
        whole: a.whole && b.whole,
        single: scales(a, b) || scales(b, a),
        nan: a.nan || b.nan || vanishes(a, b) || vanishes(b, a),
        minus_zero: signs_differ(a, b),
    }
    .settled()
}

fn divide(a: Range, b: Range) -> Range {
    let nan = a.nan || b.nan || a.contains(0.0) && b.contains(0.0) || a.may_be_infinite() && b.may_be_infinite();
    if b.contains(0.0) && b.may_be_negative() {
        return Range { nan, minus_zero: true, ..Range::ANY };
    }
    let (low, high) = corners(BinaryOp::Divide, a, b);
    Range { minus_zero: signs_differ(a, b), ..Range::fractions(low, high, nan) }.settled()
}

fn fma(a: Range, b: Range, c: Range) -> Range {
    if [a, b, c].iter().any(Range::may_be_infinite) {
        return Range::ANY;
    }
    let corners = [(a.low, b.low), (a.low, b.high), (a.high, b.low), (a.high, b.high)]
        .map(|(x, y)| (libm::fma(x, y, c.low), libm::fma(x, y, c.high)));
    let whole = a.whole && b.whole && c.whole;
    Range {
        low: corners.iter().fold(f64::INFINITY, |low, corner| low.min(corner.0)),
        high: corners.iter().fold(f64::NEG_INFINITY, |high, corner| high.max(corner.1)),
        whole,
        single: false,
        nan: a.nan || b.nan || c.nan,
        // A fraction may be too small for an f64, and negative.
        minus_zero: !whole || c.minus_zero,
    }
    .settled()
}

/// What a sum of any of `taps` elements may be, in exact arithmetic.
pub fn partial_sums(element: Range, taps: usize) -> Range {
    let taps = taps as f64;
    let times = |bound: f64| if bound == 0.0 || taps == 0.0 { 0.0 } else { taps * bound };
    let (low, high) = (times(element.low.min(0.0)), times(element.high.max(0.0)));
    let nan = element.nan || (low == f64::NEG_INFINITY && high == f64::INFINITY);
    Range { low, high, whole: element.whole, single: false, nan, minus_zero: false }.settled()
}

fn sum(element: Range, taps: usize, filtered: bool) -> Range {
    if taps == 0 {
        return Range::exactly(0.0);
    }
    let partial = partial_sums(element, taps);
    if partial.whole {
        let all =
            if filtered { partial } else { Range::integers(element.low * taps as f64, element.high * taps as f64) };
        return Range { nan: partial.nan, ..all };
    }
    // Each addition rounds what is at most the sum of all magnitudes, and less than by half a unit of it.
    let relative = taps as f64 * f64::EPSILON;
    let slack = relative * partial.magnitude();
    let low = match filtered || element.low < 0.0 {
        true => partial.low - if partial.low < 0.0 { slack } else { 0.0 },
        false => element.low * taps as f64 * (1.0 - relative),
    };
    let high = match filtered || element.high > 0.0 {
        true => partial.high + if partial.high > 0.0 { slack } else { 0.0 },
        false => element.high * taps as f64 * (1.0 - relative),
    };
    Range { minus_zero: false, ..Range::fractions(low, high, partial.nan) }
}

fn product(element: Range, taps: usize) -> Range {
    let bound = element.magnitude();
    // No product of some of the elements is greater, so where this is exact they all are.
    let most = if bound <= 1.0 || taps == 0 { 1.0 } else { BinaryOp::Power.apply(bound, taps as f64) };
    let whole = element.whole && most < 0.5 * WHOLE_LIMIT;
    let most = if most == 1.0 { most } else { most * (1.0 + (taps + 4) as f64 * f64::EPSILON) };
    let signed = element.may_be_negative();
    Range {
        low: if element.low >= 1.0 {
            1.0
        } else if signed {
            -most
        } else {
            0.0
        },
        high: most,
        whole,
        single: false,
        // A product of some may be infinite, and of others 0.
        nan: element.nan || (most == f64::INFINITY && element.low < 1.0),
        minus_zero: signed && (!element.whole || element.contains(0.0)),
    }
    .settled()
}

/// What a reduction of `taps` elements makes; `filtered` if some of them may not take part.
fn reduce(op: Reduction, element: Range, taps: usize, filtered: bool, argument: Range) -> Range {
    let cells = taps as f64;
    let empty = filtered || taps == 0;
    let unordered = Range { nan: element.nan || empty, ..element };
    let overflows = element.high - element.low == f64::INFINITY;
    match op {
        Reduction::Sum | Reduction::Count => sum(element, taps, filtered),
        Reduction::Product => product(element, taps),
        Reduction::Min | Reduction::Max | Reduction::Mode => unordered,
        Reduction::ArgMin | Reduction::ArgMax => {
            Range::integers(if empty { -1.0 } else { 0.0 }, (cells - 1.0).max(0.0))
        }
        Reduction::Entropy => {
            let most = libm::log(cells.max(1.0)) * (1.0 + (cells + 4.0) * f64::EPSILON);
            Range { minus_zero: false, ..Range::fractions(0.0, most, false) }
        }
        Reduction::Variety => Range::integers(if empty || element.nan { 0.0 } else { 1.0 }, cells),
        Reduction::Nth => {
            let inside = !argument.nan && argument.low >= 0.0 && argument.high < cells;
            Range { nan: unordered.nan || !inside, ..element }
        }
        Reduction::Rank => {
            // A fraction just below 0 counts from the largest, and is rounded to the number of elements.
            let inside = !argument.nan && argument.low >= if argument.whole { -cells } else { 0.0 };
            Range { nan: unordered.nan || !inside || argument.high >= cells, ..element }
        }
        Reduction::Median if !filtered && taps % 2 == 1 => element,
        Reduction::Median => {
            let mean = |x: f64| (x + x) * 0.5;
            Range {
                low: mean(element.low),
                high: mean(element.high),
                whole: false,
                single: element.whole && element.magnitude() <= SINGLE_LIMIT / 2.0,
                nan: unordered.nan || (element.low == f64::NEG_INFINITY && element.high == f64::INFINITY),
                minus_zero: element.minus_zero || (element.low < 0.0 && !element.whole),
            }
            .settled()
        }
        Reduction::Percentile | Reduction::TrimmedMean if overflows || element.may_be_infinite() => Range::ANY,
        Reduction::Percentile => {
            let inside = !argument.nan && argument.low >= 0.0 && argument.high <= 100.0;
            let range = Range::fractions(element.low, element.high, unordered.nan || !inside);
            Range { minus_zero: element.minus_zero, ..range }
        }
        Reduction::TrimmedMean if cells * element.magnitude() == f64::INFINITY => Range::ANY,
        Reduction::TrimmedMean => {
            let slack = (cells + 4.0) * f64::EPSILON * element.magnitude();
            let left = argument.high < taps.div_ceil(2) as f64;
            Range::fractions(element.low - slack, element.high + slack, unordered.nan || !left)
        }
    }
}

/// Whether `a` is never less than `b`, whatever the window; both are numbers, and neither is NaN.
fn never_less(kernel: &Kernel, a: ExprId, b: ExprId) -> bool {
    let element_of = |id: ExprId, window: ExprId, filter: Option<ExprId>| match *kernel.expr(id) {
        Expr::Reduce { op, window: other, filter: condition, .. } => {
            use Reduction::{Max, Median, Min, Mode, Nth, Rank};
            matches!(op, Min | Max | Median | Rank | Mode | Nth) && other == window && condition == filter
        }
        _ => id == window && filter.is_none(),
    };
    let among = |id: ExprId, x: ExprId, y: ExprId| id == x || id == y;
    let above = match *kernel.expr(a) {
        Expr::Reduce { op: Reduction::Max, window, filter, .. } => element_of(b, window, filter),
        Expr::Binary(BinaryOp::Max, x, y) => among(b, x, y),
        _ => false,
    };
    above
        || match *kernel.expr(b) {
            Expr::Reduce { op: Reduction::Min, window, filter, .. } => element_of(a, window, filter),
            Expr::Binary(BinaryOp::Min, x, y) => among(a, x, y),
            _ => false,
        }
        || match (kernel.expr(a), kernel.expr(b)) {
            (&Expr::Binary(BinaryOp::Max, x, y), &Expr::Binary(BinaryOp::Min, z, w)) => {
                among(z, x, y) || among(w, x, y)
            }
            _ => false,
        }
}

/// The errors of a node that is computed in f32s, beside that of rounding its exact value, as a part of its magnitude.
fn error_in_single(expr: &Expr, taps: usize) -> f64 {
    let roundings = match expr {
        Expr::Unary(op, _) => match op {
            UnaryOp::Not | UnaryOp::Negate | UnaryOp::Abs | UnaryOp::Sqrt => 0,
            UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc => 0,
            _ => 4,
        },
        Expr::Binary(BinaryOp::Power | BinaryOp::Atan2 | BinaryOp::Hypot, ..) => 8,
        Expr::Reduce { .. } => taps.saturating_add(4),
        _ => 0,
    };
    roundings as f64 * f64::from(f32::EPSILON)
}

/// Whether a reduction of such elements may overflow on its way to a result that need not.
fn overflows_in_single(op: Reduction, element: &Range, taps: usize) -> bool {
    use Reduction::{Median, Percentile, Product, Sum, TrimmedMean};
    let magnitude = element.magnitude();
    let most = match op {
        Sum | TrimmedMean => magnitude * taps as f64,
        Product => magnitude.max(1.0).powf(taps as f64),
        Median | Percentile => 2.0 * magnitude,
        _ => 0.0,
    };
    most > f32::MAX.into()
}

/// The range of every node, by index. Those that `rounded` names are computed in f32s although they need not be f32s.
pub fn ranges(kernel: &Kernel, facts: &Facts<'_>, rounded: &[bool]) -> Vec<Range> {
    let folds = || (0..kernel.fold_count()).map(|fold| kernel.fold(FoldId::from_index(fold)));
    let anything = |id: &ExprId| match kernel.ty(*id).elem {
        Elem::Number => Range::ANY,
        Elem::Boolean => Range::BOOLEAN,
    };
    let unknown: Vec<Vec<Range>> = folds().map(|fold| fold.init.iter().map(anything).collect()).collect();
    let mut ranges = forward(kernel, facts, rounded, &unknown);
    if unknown.is_empty() {
        return ranges;
    }
    // What an accumulator is at the start of a round, as far as is known: first its first value, then what the steps
    // so far may have made of it. If one more step makes nothing new of any of them, that is all.
    let mut assumed: Vec<Vec<Range>> =
        folds().map(|fold| fold.init.iter().map(|init| ranges[init.index()]).collect()).collect();
    for round in 1..=FOLD_ROUNDS {
        ranges = forward(kernel, facts, rounded, &assumed);
        // A fold has no more steps than there are cells. (Where there are several folds, one may start late.)
        if round >= facts.taps && assumed.len() == 1 {
            return ranges;
        }
        let mut stable = true;
        for (fold, assumed) in folds().zip(&mut assumed) {
            for (index, assumed) in assumed.iter_mut().enumerate() {
                let found = ranges[fold.init[index].index()].union(ranges[fold.next[index].index()]);
                if !assumed.includes(&found) {
                    stable = false;
                    *assumed = if round < FOLD_GROWTH { assumed.union(found) } else { anything(&fold.init[index]) };
                }
            }
        }
        if stable {
            return ranges;
        }
    }
    forward(kernel, facts, rounded, &unknown)
}

/// One pass from operands to users, with what the accumulators of each fold are taken to be.
fn forward(kernel: &Kernel, facts: &Facts<'_>, rounded: &[bool], accumulators: &[Vec<Range>]) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::with_capacity(kernel.node_count());
    for (index, rounded) in rounded.iter().enumerate() {
        // Operands become f32s as well.
        let of = |id: ExprId| if *rounded { ranges[id.index()].in_single(0.0) } else { ranges[id.index()] };
        let expr = kernel.expr(ExprId::from_index(index));
        let range = match *expr {
            Expr::Number(bits) => Range::exactly(f64::from_bits(bits)),
            Expr::Boolean(value) => truth(value, !value),
            Expr::Param(_) | Expr::Weight(_) => facts.params,
            Expr::Tap(input) | Expr::At { input, .. } => facts.inputs[input],
            Expr::Offset(_) => Range::integers(-OFFSET_LIMIT, OFFSET_LIMIT),
            // Far more than the diagonal of the largest footprint.
            Expr::Dist => Range { minus_zero: false, ..Range::fractions(0.0, 64.0 * OFFSET_LIMIT, false) },
            Expr::Coord(_) | Expr::Extent(_) => Range::integers(0.0, WHOLE_LIMIT),
            Expr::Len => Range::exactly(facts.taps as f64),
            Expr::Unary(op, a) => unary(op, of(a)),
            Expr::Binary(BinaryOp::Equal | BinaryOp::LessEqual, a, b) if a == b && !of(a).nan => Range::exactly(1.0),
            Expr::Binary(BinaryOp::NotEqual, a, b) if a == b && !of(a).nan => Range::exactly(0.0),
            Expr::Binary(op, a, b) => {
                let range = binary(op, of(a), of(b));
                let positive = op == BinaryOp::Subtract && range.whole && never_less(kernel, a, b);
                let square = op == BinaryOp::Multiply && a == b;
                match positive || square {
                    true => Range { low: range.low.max(0.0), minus_zero: range.minus_zero && !square, ..range },
                    false => range,
                }
            }
            Expr::Fma(a, b, c) => fma(of(a), of(b), of(c)),
            Expr::Select(condition, yes, no) => match of(condition).point() {
                Some(value) => of(if value == 0.0 { no } else { yes }),
                None => of(yes).union(of(no)),
            },
            Expr::Reduce { op, window, filter, argument } => {
                let filtered = filter.is_some_and(|filter| of(filter).point() != Some(1.0));
                let argument = argument.map_or(Range::exactly(0.0), of);
                match *rounded && overflows_in_single(op, &of(window), facts.taps) {
                    true => Range::ANY,
                    false => reduce(op, of(window), facts.taps, filtered, argument),
                }
            }
            Expr::Accumulator(fold, index) => accumulators[fold.index()][index],
            Expr::Element(fold, index) => of(kernel.fold(fold).windows[index]),
            Expr::FoldValue(fold, index) => {
                let fold = kernel.fold(fold);
                of(if facts.taps == 0 { fold.init[index] } else { fold.next[index] })
            }
        };
        ranges.push(if *rounded { range.in_single(error_in_single(expr, facts.taps)) } else { range });
    }
    ranges
}
