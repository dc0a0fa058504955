//! Transfer functions: what an operation makes of ranges.
//!
//! Rounding to nearest is monotone, so an f64 operation at the ends of its operands' ranges gives the ends of the result's; what is
//! not monotone, or not correctly rounded, is given wider bounds. Every claim holds for the interpreter's value and for that of
//! any order of additions.

use std::ops::RangeInclusive;

use super::value_range::{SINGLE_LIMIT, ValueRange, WHOLE_LIMIT};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::reductions::{Argument, Reduction, ResultRange};

/// What `op` makes of `a`.
pub fn unary(op: UnaryOp, a: ValueRange) -> ValueRange {
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
pub fn binary(op: BinaryOp, a: ValueRange, b: ValueRange) -> ValueRange {
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
pub fn truth(always: bool, never: bool) -> ValueRange {
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

pub fn fma(a: ValueRange, b: ValueRange, c: ValueRange) -> ValueRange {
    // What is between infinity times zero and the other corners is between 0 and them; that product itself is NaN.
    let corner = |x: f64, y: f64| match (x * y).is_nan() {
        true => (c.low, c.high),
        false => (libm::fma(x, y, c.low), libm::fma(x, y, c.high)),
    };
    let corners = [corner(a.low, b.low), corner(a.low, b.high), corner(a.high, b.low), corner(a.high, b.high)];
    let infinite = [a, b, c].iter().any(ValueRange::may_be_infinite);
    if corners.iter().any(|(low, high)| low.is_nan() || high.is_nan()) {
        return ValueRange::ANY;
    }
    let whole = a.integral && b.integral && c.integral;
    ValueRange {
        low: corners.iter().fold(f64::INFINITY, |low, corner| low.min(corner.0)),
        high: corners.iter().fold(f64::NEG_INFINITY, |high, corner| high.max(corner.1)),
        integral: whole,
        exact_f32: false,
        nan: a.nan || b.nan || c.nan || infinite,
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

/// What a reduction of so many elements makes; `filtered` if some of them may not be selected.
pub fn reduce(
    op: Reduction,
    element: ValueRange,
    taps: RangeInclusive<usize>,
    filtered: bool,
    argument: ValueRange,
) -> ValueRange {
    let row = op.row();
    let (least, taps) = taps.into_inner();
    let empty = filtered || least == 0;
    let unordered = ValueRange { nan: element.nan || (empty && row.empty.is_nan()), ..element };
    match row.result {
        ResultRange::Sum => sum(element, taps, filtered || least < taps),
        ResultRange::Product => product(element, taps),
        ResultRange::Element => {
            let inside = row.argument.is_none_or(|kind| is_right(kind, argument, least));
            ValueRange { nan: unordered.nan || !inside, ..element }
        }
        ResultRange::Middle if !filtered && least == taps && taps % 2 == 1 => element,
        ResultRange::Middle => middle(element, unordered.nan),
        ResultRange::Interpolated => interpolated(op, element, unordered.nan, least, argument),
        ResultRange::Mean => mean(op, element, unordered.nan, least..=taps, argument),
        ResultRange::Position => {
            ValueRange::integers(if empty { row.empty } else { 0.0 }, (taps as f64 - 1.0).max(0.0))
        }
        ResultRange::Distinct => ValueRange::integers(if empty || element.nan { row.empty } else { 1.0 }, taps as f64),
        ResultRange::Entropy => {
            let most = libm::log((taps as f64).max(1.0)) * (1.0 + (taps + 4) as f64 * f64::EPSILON);
            ValueRange { neg_zero: false, ..ValueRange::real(0.0, most, false) }
        }
    }
}

/// Whether an argument is never one for which the result is NaN, for so many elements at least.
fn is_right(kind: Argument, argument: ValueRange, least: usize) -> bool {
    let cells = least as f64;
    let within = match kind {
        Argument::Position => argument.low >= 0.0 && argument.high < cells,
        // A fraction just below 0 counts from the largest, and is rounded to the number of elements.
        Argument::Rank => argument.low >= if argument.integral { -cells } else { 0.0 } && argument.high < cells,
        Argument::Percentage => argument.low >= 0.0 && argument.high <= 100.0,
        Argument::Trimmed => argument.high < least.div_ceil(2) as f64,
    };
    !argument.nan && within
}

/// One of the elements, or the mean of two.
fn middle(element: ValueRange, nan: bool) -> ValueRange {
    ValueRange {
        low: element.low,
        high: element.high,
        integral: false,
        exact_f32: element.integral && element.magnitude() <= SINGLE_LIMIT / 2.0,
        nan: nan || (element.low == f64::NEG_INFINITY && element.high == f64::INFINITY),
        neg_zero: element.neg_zero || (element.low < 0.0 && !element.integral),
    }
    .normalized()
}

/// A number between two elements.
fn interpolated(op: Reduction, element: ValueRange, nan: bool, least: usize, argument: ValueRange) -> ValueRange {
    if element.may_be_infinite() {
        return ValueRange::ANY;
    }
    let inside = op.row().argument.is_none_or(|kind| is_right(kind, argument, least));
    ValueRange { neg_zero: element.neg_zero, ..ValueRange::real(element.low, element.high, nan || !inside) }
}

/// A mean of some elements.
fn mean(
    op: Reduction,
    element: ValueRange,
    nan: bool,
    taps: RangeInclusive<usize>,
    argument: ValueRange,
) -> ValueRange {
    let (least, cells) = (*taps.start(), *taps.end() as f64);
    if cells * element.magnitude() == f64::INFINITY || element.may_be_infinite() {
        return ValueRange::ANY;
    }
    let slack = (cells + 4.0) * f64::EPSILON * element.magnitude();
    let left = op.row().argument.is_none_or(|kind| is_right(kind, argument, least));
    ValueRange::real(element.low - slack, element.high + slack, nan || !left)
}
