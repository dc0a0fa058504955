//! What values the nodes of a kernel may have.
//!
//! A [`ValueRange`] says what is known of a value: bounds, and whether it is whole, an f32, NaN or -0. Rounding to nearest is
//! monotone, so an f64 operation at the ends of its operands' ranges gives the ends of the result's; what is not
//! monotone, or not correctly rounded, is given wider bounds. Every claim holds for the interpreter's value and for that
//! of any order of additions.

use crate::grid::element::{DType, Precision};
use crate::grid::lane::Lane;
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
pub struct ValueRange {
    /// No value is less; -inf if one may be infinite.
    pub low: f64,
    /// No value is greater; inf if one may be infinite.
    pub high: f64,
    /// Every value but NaN is an integer of at most 2^53, so that operations on such values are exact.
    pub integral: bool,
    /// Every value but NaN is exactly an f32.
    pub exact_f32: bool,
    /// The value may be NaN.
    pub nan: bool,
    /// The value may be -0.
    pub neg_zero: bool,
}

/// What is known of a kernel's surroundings when code is made for it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What the elements of each input are, those that the boundary mode gives included.
    pub inputs: &'a [ValueRange],
    /// What the params and the weights are.
    pub params: ValueRange,
    /// The cells of the footprint.
    pub taps: usize,
    /// Whether each output is stored as a float, where the sign of a zero shows.
    pub outputs_float: &'a [bool],
    /// How exact the outputs must be. In single precision params are finite if they are as f32s.
    pub precision: Precision,
}

impl ValueRange {
    /// Any f64.
    pub const ANY: ValueRange = ValueRange {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
        integral: false,
        exact_f32: false,
        nan: true,
        neg_zero: true,
    };

    /// Any f64 but NaN and the infinities.
    pub const FINITE: ValueRange = ValueRange { low: f64::MIN, high: f64::MAX, nan: false, ..ValueRange::ANY };

    /// Any number that becomes a finite f32.
    pub const FINITE_SINGLE: ValueRange =
        ValueRange { low: f32::MIN as f64, high: f32::MAX as f64, ..ValueRange::FINITE };

    /// True or false.
    pub const BOOLEAN: ValueRange =
        ValueRange { low: 0.0, high: 1.0, integral: true, exact_f32: true, nan: false, neg_zero: false };

    /// One value.
    pub fn exactly(value: f64) -> ValueRange {
        let nan = value.is_nan();
        let bound = if nan { 0.0 } else { value };
        ValueRange {
            low: bound,
            high: bound,
            integral: bound.fract() == 0.0,
            exact_f32: f64::from(bound as f32) == bound,
            nan,
            neg_zero: value.to_bits() == (-0.0f64).to_bits(),
        }
        .normalized()
    }

    /// The whole numbers from `low` to `high`.
    pub fn integers(low: f64, high: f64) -> ValueRange {
        ValueRange { low, high, integral: true, exact_f32: false, nan: false, neg_zero: false }.normalized()
    }

    /// The elements of an array; `finite` if none of them is NaN or infinite.
    pub fn of(dtype: DType, finite: bool) -> ValueRange {
        let single = match dtype {
            DType::Bool => return ValueRange::BOOLEAN,
            DType::I8 => return ValueRange::integers(i8::MIN.into(), i8::MAX.into()),
            DType::U8 => return ValueRange::integers(0.0, u8::MAX.into()),
            DType::I16 => return ValueRange::integers(i16::MIN.into(), i16::MAX.into()),
            DType::U16 => return ValueRange::integers(0.0, u16::MAX.into()),
            DType::I32 => return ValueRange::integers(i32::MIN.into(), i32::MAX.into()),
            DType::U32 => return ValueRange::integers(0.0, u32::MAX.into()),
            DType::I64 => return ValueRange::integers(i64::MIN as f64, i64::MAX as f64),
            DType::U64 => return ValueRange::integers(0.0, u64::MAX as f64),
            DType::F32 => true,
            DType::F64 => false,
        };
        let (low, high) = match (finite, single) {
            (false, _) => (f64::NEG_INFINITY, f64::INFINITY),
            (true, true) => (f32::MIN.into(), f32::MAX.into()),
            (true, false) => (f64::MIN, f64::MAX),
        };
        ValueRange { low, high, exact_f32: single, nan: !finite, ..ValueRange::ANY }
    }

    /// Whether a lane has every value, NaN and -0 included.
    pub fn fits(&self, lane: Lane) -> bool {
        match lane {
            Lane::F64 => true,
            Lane::F32 => self.exact_f32,
            _ => {
                let inside = lane.least() <= self.low && self.high <= lane.greatest();
                self.integral && !self.nan && !self.neg_zero && inside
            }
        }
    }

    /// The first lane that has every value.
    pub fn narrowest_lane(&self) -> Lane {
        Lane::ALL.into_iter().find(|lane| self.fits(*lane)).expect("f64 has every value")
    }

    /// The values of either.
    pub fn join(self, other: ValueRange) -> ValueRange {
        ValueRange {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            integral: self.integral && other.integral,
            exact_f32: self.exact_f32 && other.exact_f32,
            nan: self.nan || other.nan,
            neg_zero: self.neg_zero || other.neg_zero,
        }
    }

    /// Whether `value` lies between the bounds.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The one value that there is, if it is a number and not 0 with an unknown sign.
    pub fn point(&self) -> Option<f64> {
        (self.low == self.high && !self.nan && !self.neg_zero).then_some(self.low)
    }

    /// The greatest absolute value.
    pub fn magnitude(&self) -> f64 {
        self.high.max(-self.low)
    }

    /// Whether everything that `other` may be is allowed for.
    fn includes(&self, other: &ValueRange) -> bool {
        self.join(*other) == *self
    }

    fn may_be_infinite(&self) -> bool {
        self.magnitude() == f64::INFINITY
    }

    /// Whether a value may have the sign bit.
    fn may_be_negative(&self) -> bool {
        self.low < 0.0 || self.neg_zero
    }

    /// The same range with what follows from the bounds.
    fn normalized(self) -> ValueRange {
        let whole = self.integral && self.magnitude() <= WHOLE_LIMIT;
        ValueRange {
            // The bounds have no sign of zero.
            low: self.low + 0.0,
            high: self.high + 0.0,
            integral: whole,
            exact_f32: self.exact_f32 || (whole && self.magnitude() <= SINGLE_LIMIT),
            neg_zero: self.neg_zero && self.contains(0.0),
            ..self
        }
    }

    /// What the values are as f32s, after errors of up to `error` times their magnitude that don't change their signs.
    fn in_single(self, error: f64) -> ValueRange {
        if self.exact_f32 && error == 0.0 {
            return self;
        }
        let slack = if error == 0.0 { 0.0 } else { error * self.magnitude() };
        let (low, high) = (self.low - slack, self.high + slack);
        let low = if self.low < 0.0 { low } else { low.max(0.0) };
        let high = if self.high > 0.0 { high } else { high.min(0.0) };
        let (below, above) = (low as f32, high as f32);
        ValueRange {
            low: if f64::from(below) > low { below.next_down() } else { below }.into(),
            high: if f64::from(above) < high { above.next_up() } else { above }.into(),
            exact_f32: true,
            // What is too small for an f32 keeps its sign.
            neg_zero: self.neg_zero || self.low < 0.0 && !self.integral,
            ..self
        }
        .normalized()
    }

    /// Fractions between bounds that are exact, or wide enough.
    fn real(low: f64, high: f64, nan: bool) -> ValueRange {
        if low.is_nan() || high.is_nan() {
            return ValueRange::ANY;
        }
        ValueRange { low, high, integral: false, exact_f32: false, nan, neg_zero: true }.normalized()
    }

    /// Fractions between bounds that are right to some units in the last place, as the elementary functions are.
    fn approximate(low: f64, high: f64, nan: bool) -> ValueRange {
        let (mut low, mut high) = (low, high);
        for _ in 0..4 {
            (low, high) = (low.next_down(), high.next_up());
        }
        ValueRange::real(low, high, nan)
    }
}

/// What `op` makes of `a`.
fn unary(op: UnaryOp, a: ValueRange) -> ValueRange {
    use std::f64::consts::{FRAC_PI_2, PI};

    let between = |low: f64, high: f64| ValueRange::approximate(op.apply(low), op.apply(high), a.nan);
    // A function that is NaN where `x` is below `least`, and monotone above.
    let from = |least: f64| match a.high < least {
        true => ValueRange::exactly(f64::NAN),
        false => ValueRange { nan: a.nan || a.low < least, ..between(a.low.max(least), a.high) },
    };
    let endless = a.nan || a.may_be_infinite();
    match op {
        UnaryOp::Not => ValueRange::integers(1.0 - a.high, 1.0 - a.low),
        UnaryOp::Negate => ValueRange { low: -a.high, high: -a.low, neg_zero: true, ..a }.normalized(),
        UnaryOp::Abs => {
            let low = if a.contains(0.0) { 0.0 } else { a.low.abs().min(a.high.abs()) };
            ValueRange { low, high: a.magnitude(), neg_zero: false, ..a }.normalized()
        }
        // Correctly rounded, so the bounds are exact.
        UnaryOp::Sqrt => {
            let bound = |x: f64| op.apply(x.max(0.0));
            ValueRange { neg_zero: a.neg_zero, ..ValueRange::real(bound(a.low), bound(a.high), a.nan || a.low < 0.0) }
        }
        UnaryOp::Log | UnaryOp::Log2 | UnaryOp::Log10 => from(0.0),
        UnaryOp::Log1p => from(-1.0),
        UnaryOp::Exp | UnaryOp::Exp2 => {
            let range = between(a.low, a.high);
            ValueRange { low: range.low.max(0.0), neg_zero: false, ..range }
        }
        UnaryOp::Cbrt | UnaryOp::Expm1 | UnaryOp::Sinh | UnaryOp::Atan => between(a.low, a.high),
        UnaryOp::Tanh => ValueRange::approximate(-1.0, 1.0, a.nan),
        UnaryOp::Sin | UnaryOp::Cos => ValueRange::approximate(-1.0, 1.0, endless),
        UnaryOp::Tan => ValueRange { nan: endless, ..ValueRange::ANY },
        UnaryOp::Asin => ValueRange::approximate(-FRAC_PI_2, FRAC_PI_2, a.nan || a.magnitude() > 1.0),
        UnaryOp::Acos => ValueRange::approximate(0.0, PI, a.nan || a.magnitude() > 1.0),
        UnaryOp::Cosh => ValueRange::approximate(1.0, op.apply(a.magnitude()), a.nan),
        UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc => {
            // Only a fraction between -1 and 0 becomes a new -0, and not by rounding down.
            let rounds_up = op != UnaryOp::Floor && a.low < 0.0 && !a.integral;
            ValueRange {
                low: op.apply(a.low),
                high: op.apply(a.high),
                integral: true,
                neg_zero: a.neg_zero || rounds_up,
                ..a
            }
            .normalized()
        }
    }
}

/// What `op` makes of `a` and `b`.
fn binary(op: BinaryOp, a: ValueRange, b: ValueRange) -> ValueRange {
    let nan = a.nan || b.nan;
    match op {
        BinaryOp::Add => add(a, b),
        // -0 is only -0 - 0, as it is only -0 + -0.
        BinaryOp::Subtract => add(a, ValueRange { neg_zero: b.contains(0.0), ..unary(UnaryOp::Negate, b) }),
        BinaryOp::Multiply => multiply(a, b),
        BinaryOp::Divide => divide(a, b),
        BinaryOp::Power if a.may_be_negative() => ValueRange { nan: nan || a.low < 0.0, ..ValueRange::ANY },
        BinaryOp::Power => ValueRange { neg_zero: false, ..ValueRange::real(0.0, f64::INFINITY, nan) },
        BinaryOp::Atan2 => ValueRange::approximate(-std::f64::consts::PI, std::f64::consts::PI, nan),
        BinaryOp::Hypot => {
            let range = ValueRange::approximate(0.0, op.apply(a.magnitude(), b.magnitude()), nan);
            ValueRange { low: 0.0, neg_zero: false, ..range }
        }
        BinaryOp::Min => ValueRange { high: a.high.min(b.high), ..a.join(b) }.normalized(),
        BinaryOp::Max => ValueRange { low: a.low.max(b.low), ..a.join(b) }.normalized(),
        BinaryOp::Less => truth(!nan && a.high < b.low, a.low >= b.high),
        BinaryOp::LessEqual => truth(!nan && a.high <= b.low, a.low > b.high),
        BinaryOp::Equal | BinaryOp::NotEqual => {
            let apart = a.high < b.low || b.high < a.low;
            let alike = !nan && a.low == a.high && b.low == b.high && a.low == b.low;
            if op == BinaryOp::Equal { truth(alike, apart) } else { truth(apart, alike) }
        }
        BinaryOp::And => ValueRange::integers(a.low.min(b.low), a.high.min(b.high)),
        BinaryOp::Or => ValueRange::integers(a.low.max(b.low), a.high.max(b.high)),
    }
}

/// A boolean that is known to be true, or false, or neither.
fn truth(always: bool, never: bool) -> ValueRange {
    match (always, never) {
        (true, _) => ValueRange::exactly(1.0),
        (_, true) => ValueRange::exactly(0.0),
        _ => ValueRange::BOOLEAN,
    }
}

fn add(a: ValueRange, b: ValueRange) -> ValueRange {
    let cancels = |x: f64, y: f64| x.is_infinite() && y == -x;
    let nan = a.nan || b.nan || cancels(a.low, b.high) || cancels(a.high, b.low);
    // Where infinities cancel at the bounds there are others that don't.
    let or = |sum: f64, other: f64| if sum.is_nan() { other } else { sum };
    ValueRange {
        low: or(a.low + b.low, f64::NEG_INFINITY),
        high: or(a.high + b.high, f64::INFINITY),
        integral: a.integral && b.integral,
        exact_f32: false,
        nan,
        neg_zero: a.neg_zero && b.neg_zero,
    }
    .normalized()
}

/// The least and the greatest of what `op` makes of the bounds; where that is NaN, values near by give 0 to infinity.
fn corners(op: BinaryOp, a: ValueRange, b: ValueRange) -> (f64, f64) {
    let corners = [(a.low, b.low), (a.low, b.high), (a.high, b.low), (a.high, b.high)].map(|(x, y)| {
        let value = op.apply(x, y);
        if value.is_nan() { 0.0 } else { value }
    });
    (corners.into_iter().fold(f64::INFINITY, f64::min), corners.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

/// Whether a product or a quotient may have the sign bit.
fn signs_differ(a: ValueRange, b: ValueRange) -> bool {
    a.may_be_negative() && b.high >= 0.0 || a.high >= 0.0 && b.may_be_negative()
}

fn multiply(a: ValueRange, b: ValueRange) -> ValueRange {
    let (low, high) = corners(BinaryOp::Multiply, a, b);
    let vanishes = |x: ValueRange, y: ValueRange| x.contains(0.0) && y.may_be_infinite();
    // A whole number by a power of two near 1 keeps its digits, and neither overflows nor underflows an f32.
    let scales = |x: ValueRange, y: ValueRange| {
        let scale = y.point().map_or(0.0, f64::abs);
        let power = scale.to_bits() << 12 == 0 && (1e-15..1e15).contains(&scale);
        x.integral && x.magnitude() <= SINGLE_LIMIT && power
    };
    ValueRange {
        low,
        high,
        integral: a.integral && b.integral,
        exact_f32: scales(a, b) || scales(b, a),
        nan: a.nan || b.nan || vanishes(a, b) || vanishes(b, a),
        neg_zero: signs_differ(a, b),
    }
    .normalized()
}

fn divide(a: ValueRange, b: ValueRange) -> ValueRange {
    let nan = a.nan || b.nan || a.contains(0.0) && b.contains(0.0) || a.may_be_infinite() && b.may_be_infinite();
    if b.contains(0.0) && b.may_be_negative() {
        return ValueRange { nan, neg_zero: true, ..ValueRange::ANY };
    }
    let (low, high) = corners(BinaryOp::Divide, a, b);
    ValueRange { neg_zero: signs_differ(a, b), ..ValueRange::real(low, high, nan) }.normalized()
}

fn fma(a: ValueRange, b: ValueRange, c: ValueRange) -> ValueRange {
    if [a, b, c].iter().any(ValueRange::may_be_infinite) {
        return ValueRange::ANY;
    }
    let corners = [(a.low, b.low), (a.low, b.high), (a.high, b.low), (a.high, b.high)]
        .map(|(x, y)| (libm::fma(x, y, c.low), libm::fma(x, y, c.high)));
    let whole = a.integral && b.integral && c.integral;
    ValueRange {
        low: corners.iter().fold(f64::INFINITY, |low, corner| low.min(corner.0)),
        high: corners.iter().fold(f64::NEG_INFINITY, |high, corner| high.max(corner.1)),
        integral: whole,
        exact_f32: false,
        nan: a.nan || b.nan || c.nan,
        // A fraction may be too small for an f64, and negative.
        neg_zero: !whole || c.neg_zero,
    }
    .normalized()
}

/// What a sum of any of `taps` elements may be, in exact arithmetic.
pub fn partial_sums(element: ValueRange, taps: usize) -> ValueRange {
    let taps = taps as f64;
    let times = |bound: f64| if bound == 0.0 || taps == 0.0 { 0.0 } else { taps * bound };
    let (low, high) = (times(element.low.min(0.0)), times(element.high.max(0.0)));
    let nan = element.nan || (low == f64::NEG_INFINITY && high == f64::INFINITY);
    ValueRange { low, high, integral: element.integral, exact_f32: false, nan, neg_zero: false }.normalized()
}

fn sum(element: ValueRange, taps: usize, filtered: bool) -> ValueRange {
    if taps == 0 {
        return ValueRange::exactly(0.0);
    }
    let partial = partial_sums(element, taps);
    if partial.integral {
        let all = if filtered {
            partial
        } else {
            ValueRange::integers(element.low * taps as f64, element.high * taps as f64)
        };
        return ValueRange { nan: partial.nan, ..all };
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
    ValueRange { neg_zero: false, ..ValueRange::real(low, high, partial.nan) }
}

fn product(element: ValueRange, taps: usize) -> ValueRange {
    let bound = element.magnitude();
    // No product of some of the elements is greater, so where this is exact they all are.
    let most = if bound <= 1.0 || taps == 0 { 1.0 } else { BinaryOp::Power.apply(bound, taps as f64) };
    let whole = element.integral && most < 0.5 * WHOLE_LIMIT;
    let most = if most == 1.0 { most } else { most * (1.0 + (taps + 4) as f64 * f64::EPSILON) };
    let signed = element.may_be_negative();
    ValueRange {
        low: if element.low >= 1.0 {
            1.0
        } else if signed {
            -most
        } else {
            0.0
        },
        high: most,
        integral: whole,
        exact_f32: false,
        // A product of some may be infinite, and of others 0.
        nan: element.nan || (most == f64::INFINITY && element.low < 1.0),
        neg_zero: signed && (!element.integral || element.contains(0.0)),
    }
    .normalized()
}

/// What a reduction of `taps` elements makes; `filtered` if some of them may not take part.
fn reduce(op: Reduction, element: ValueRange, taps: usize, filtered: bool, argument: ValueRange) -> ValueRange {
    let cells = taps as f64;
    let empty = filtered || taps == 0;
    let unordered = ValueRange { nan: element.nan || empty, ..element };
    let overflows = element.high - element.low == f64::INFINITY;
    match op {
        Reduction::Sum | Reduction::Count => sum(element, taps, filtered),
        Reduction::Product => product(element, taps),
        Reduction::Min | Reduction::Max | Reduction::Mode => unordered,
        Reduction::ArgMin | Reduction::ArgMax => {
            ValueRange::integers(if empty { -1.0 } else { 0.0 }, (cells - 1.0).max(0.0))
        }
        Reduction::Entropy => {
            let most = libm::log(cells.max(1.0)) * (1.0 + (cells + 4.0) * f64::EPSILON);
            ValueRange { neg_zero: false, ..ValueRange::real(0.0, most, false) }
        }
        Reduction::Variety => ValueRange::integers(if empty || element.nan { 0.0 } else { 1.0 }, cells),
        Reduction::Nth => {
            let inside = !argument.nan && argument.low >= 0.0 && argument.high < cells;
            ValueRange { nan: unordered.nan || !inside, ..element }
        }
        Reduction::Rank => {
            // A fraction just below 0 counts from the largest, and is rounded to the number of elements.
            let inside = !argument.nan && argument.low >= if argument.integral { -cells } else { 0.0 };
            ValueRange { nan: unordered.nan || !inside || argument.high >= cells, ..element }
        }
        Reduction::Median if !filtered && taps % 2 == 1 => element,
        Reduction::Median => {
            let mean = |x: f64| (x + x) * 0.5;
            ValueRange {
                low: mean(element.low),
                high: mean(element.high),
                integral: false,
                exact_f32: element.integral && element.magnitude() <= SINGLE_LIMIT / 2.0,
                nan: unordered.nan || (element.low == f64::NEG_INFINITY && element.high == f64::INFINITY),
                neg_zero: element.neg_zero || (element.low < 0.0 && !element.integral),
            }
            .normalized()
        }
        Reduction::Percentile | Reduction::TrimmedMean if overflows || element.may_be_infinite() => ValueRange::ANY,
        Reduction::Percentile => {
            let inside = !argument.nan && argument.low >= 0.0 && argument.high <= 100.0;
            let range = ValueRange::real(element.low, element.high, unordered.nan || !inside);
            ValueRange { neg_zero: element.neg_zero, ..range }
        }
        Reduction::TrimmedMean if cells * element.magnitude() == f64::INFINITY => ValueRange::ANY,
        Reduction::TrimmedMean => {
            let slack = (cells + 4.0) * f64::EPSILON * element.magnitude();
            let left = argument.high < taps.div_ceil(2) as f64;
            ValueRange::real(element.low - slack, element.high + slack, unordered.nan || !left)
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
fn overflows_in_single(op: Reduction, element: &ValueRange, taps: usize) -> bool {
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
pub fn ranges(kernel: &Kernel, facts: &Facts<'_>, rounded: &[bool]) -> Vec<ValueRange> {
    let folds = || (0..kernel.fold_count()).map(|fold| kernel.fold(FoldId::from_index(fold)));
    let anything = |id: &ExprId| match kernel.ty(*id).elem {
        Elem::Number => ValueRange::ANY,
        Elem::Boolean => ValueRange::BOOLEAN,
    };
    let unknown: Vec<Vec<ValueRange>> = folds().map(|fold| fold.init.iter().map(anything).collect()).collect();
    let mut ranges = forward(kernel, facts, rounded, &unknown);
    if unknown.is_empty() {
        return ranges;
    }
    // What an accumulator is at the start of a round, as far as is known: first its first value, then what the steps
    // so far may have made of it. If one more step makes nothing new of any of them, that is all.
    let mut assumed: Vec<Vec<ValueRange>> =
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
                let found = ranges[fold.init[index].index()].join(ranges[fold.next[index].index()]);
                if !assumed.includes(&found) {
                    stable = false;
                    *assumed = if round < FOLD_GROWTH { assumed.join(found) } else { anything(&fold.init[index]) };
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
fn forward(kernel: &Kernel, facts: &Facts<'_>, rounded: &[bool], accumulators: &[Vec<ValueRange>]) -> Vec<ValueRange> {
    let mut ranges: Vec<ValueRange> = Vec::with_capacity(kernel.node_count());
    for (index, rounded) in rounded.iter().enumerate() {
        // Operands become f32s as well.
        let of = |id: ExprId| if *rounded { ranges[id.index()].in_single(0.0) } else { ranges[id.index()] };
        let expr = kernel.expr(ExprId::from_index(index));
        let range = match *expr {
            Expr::Number(bits) => ValueRange::exactly(f64::from_bits(bits)),
            Expr::Boolean(value) => truth(value, !value),
            Expr::Param(_) | Expr::Weight(_) => facts.params,
            Expr::Tap(input) | Expr::At { input, .. } => facts.inputs[input],
            Expr::Offset(_) => ValueRange::integers(-OFFSET_LIMIT, OFFSET_LIMIT),
            // Far more than the diagonal of the largest footprint.
            Expr::Dist => ValueRange { neg_zero: false, ..ValueRange::real(0.0, 64.0 * OFFSET_LIMIT, false) },
            Expr::Coord(_) | Expr::Extent(_) => ValueRange::integers(0.0, WHOLE_LIMIT),
            Expr::Len => ValueRange::exactly(facts.taps as f64),
            Expr::Unary(op, a) => unary(op, of(a)),
            Expr::Binary(BinaryOp::Equal | BinaryOp::LessEqual, a, b) if a == b && !of(a).nan => {
                ValueRange::exactly(1.0)
            }
            Expr::Binary(BinaryOp::NotEqual, a, b) if a == b && !of(a).nan => ValueRange::exactly(0.0),
            Expr::Binary(op, a, b) => {
                let range = binary(op, of(a), of(b));
                let positive = op == BinaryOp::Subtract && range.integral && never_less(kernel, a, b);
                let square = op == BinaryOp::Multiply && a == b;
                match positive || square {
                    true => ValueRange { low: range.low.max(0.0), neg_zero: range.neg_zero && !square, ..range },
                    false => range,
                }
            }
            Expr::Fma(a, b, c) => fma(of(a), of(b), of(c)),
            Expr::Select(condition, yes, no) => match of(condition).point() {
                Some(value) => of(if value == 0.0 { no } else { yes }),
                None => of(yes).join(of(no)),
            },
            Expr::Reduce { op, window, filter, argument } => {
                let filtered = filter.is_some_and(|filter| of(filter).point() != Some(1.0));
                let argument = argument.map_or(ValueRange::exactly(0.0), of);
                match *rounded && overflows_in_single(op, &of(window), facts.taps) {
                    true => ValueRange::ANY,
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
