//! Partial results: what is known of some cells, so that what is known of more cells follows from two of them.

use crate::lang::hir::{Builder, ExprId};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::machine;

/// A number that is made of some cells, of which passes make lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub kind: Kind,
    /// The element is the product of these nodes; 1 without any.
    pub element: Vec<ExprId>,
    /// What must hold for a cell to be selected.
    pub conditions: Vec<ExprId>,
    /// Whether cells beyond the ends of the array's rows are not selected (mode `shrink`).
    pub inside: bool,
}

/// What a part is of its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The least; NaN if one is.
    Min,
    /// The greatest; NaN if one is.
    Max,
    /// The sum.
    Sum,
    /// How many there are.
    Count,
    /// The sum of squares of the differences from the mean, beside the sum and, unless all cells are selected, the count: parts of the
    /// same group.
    Squares { sum: usize, count: Option<usize> },
    /// The position of the first element that is the least or the greatest, beside that: a part of the same group. If none is selected,
    /// it is so large that it is no cell's.
    Position { extreme: usize },
}

impl Kind {
    /// Whether an element may be seen twice.
    pub fn is_idempotent(self) -> bool {
        matches!(self, Kind::Min | Kind::Max | Kind::Position { .. })
    }

    /// About how many instructions it takes to make one of two, where all cells are selected or where not.
    pub fn instructions(self) -> f64 {
        match self {
            Kind::Min | Kind::Max | Kind::Sum | Kind::Count => 1.0,
            Kind::Squares { count: None, .. } => 4.0,
            // A division among them.
            Kind::Squares { count: Some(_), .. } => 16.0,
            Kind::Position { .. } => 5.0,
        }
    }
}

/// The parts of a group, of some cells.
#[derive(Clone, Debug)]
pub struct Partial {
    /// A value for each part.
    pub values: Vec<ExprId>,
    /// How many cells there are.
    pub cells: usize,
}

/// What the parts of a group are of the cells of both.
pub fn merged(builder: &mut Builder, parts: &[Part], x: &Partial, y: &Partial) -> Partial {
    let value = |(number, part): (usize, &Part)| {
        let (a, b) = (x.values[number], y.values[number]);
        match part.kind {
            Kind::Min => builder.binary(BinaryOp::Min, a, b),
            Kind::Max => builder.binary(BinaryOp::Max, a, b),
            Kind::Sum | Kind::Count => builder.binary(BinaryOp::Add, a, b),
            Kind::Squares { sum, count: None } => {
                let (sums, cells) = ([x.values[sum], y.values[sum]], [x.cells, y.cells]);
                squares_of_known(builder, [a, b], sums, cells)
            }
            Kind::Squares { sum, count: Some(count) } => {
                let (sums, counts) = ([x.values[sum], y.values[sum]], [x.values[count], y.values[count]]);
                squares_of_counted(builder, [a, b], sums, counts)
            }
            Kind::Position { extreme } => {
                let extremes = [x.values[extreme], y.values[extreme]];
                first_position(builder, parts[extreme].kind, [a, b], extremes)
            }
        }
    };
    Partial { values: parts.iter().enumerate().map(value).collect(), cells: x.cells + y.cells }
}

/// A balanced tree of partial results.
pub fn balanced(builder: &mut Builder, parts: &[Part], mut partials: Vec<Partial>) -> Option<Partial> {
    while partials.len() > 1 {
        let pairs = partials.chunks(2).map(|pair| match pair {
            [x, y] => merged(builder, parts, x, y),
            _ => pair[0].clone(),
        });
        partials = pairs.collect();
    }
    partials.pop()
}

/// The squares of the differences from the mean, by the rule of Chan, Golub and LeVeque (Algorithms for computing the sample variance,
/// 1983): those of either set from its own mean, and that of the two means. Nothing cancels, as it does in the difference of the sum of
/// squares and the square of the sum.
///
/// With n cells there and m here, `(S/n - T/m)^2 nm/(n+m)` is `d^2 n/(m(n+m))` for `d = S m/n - T`, which needs no division. That is for an
/// m/n without rounding; else `d = S m - T n`, divided by a power of two, so that it is not infinite where the sums are not. So d is 0 where all elements
/// are equal and their sums exact.
fn squares_of_known(builder: &mut Builder, squares: [ExprId; 2], sums: [ExprId; 2], cells: [usize; 2]) -> ExprId {
    if !is_exact(cells[1], cells[0]) && is_exact(cells[0], cells[1]) {
        let ([a, b], [s, t], [n, m]) = (squares, sums, cells);
        return squares_of_known(builder, [b, a], [t, s], [m, n]);
    }
    let [n, m] = cells.map(|cells| cells as f64);
    let (there, here, scale) = match is_exact(cells[1], cells[0]) {
        true => (m / n, 1.0, n / (m * (n + m))),
        false => {
            let power = cells[0].max(cells[1]).next_power_of_two() as f64;
            (m / power, n / power, power * power / (n * m * (n + m)))
        }
    };
    let [there, here, scale] = [there, here, scale].map(|number| builder.number(number));
    let other = builder.binary(BinaryOp::Multiply, sums[1], here);
    let difference = match n == m {
        true => builder.binary(BinaryOp::Subtract, sums[0], other),
        false => {
            let negated = builder.unary(UnaryOp::Negate, other);
            fused(builder, sums[0], there, negated)
        }
    };
    let scaled = builder.binary(BinaryOp::Multiply, difference, scale);
    let both = sum_of_squares(builder, squares);
    match both {
        Some(both) => fused(builder, scaled, difference, both),
        None => builder.binary(BinaryOp::Multiply, scaled, difference),
    }
}

/// Whether a quotient is a number of f64.
fn is_exact(numerator: usize, denominator: usize) -> bool {
    let (mut a, mut b) = (numerator, denominator);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (denominator / a).is_power_of_two()
}

/// The same where the numbers of cells are not known: none of a set may be selected, and then its sum is 0.
fn squares_of_counted(builder: &mut Builder, squares: [ExprId; 2], sums: [ExprId; 2], counts: [ExprId; 2]) -> ExprId {
    let [n, m] = counts;
    let [first, second] =
        [(sums[0], m), (sums[1], n)].map(|(sum, count)| builder.binary(BinaryOp::Multiply, sum, count));
    let difference = builder.binary(BinaryOp::Subtract, first, second);
    let (product, total) = (builder.binary(BinaryOp::Multiply, n, m), builder.binary(BinaryOp::Add, n, m));
    let (divisor, one) = (builder.binary(BinaryOp::Multiply, product, total), builder.number(1.0));
    let divisor = builder.binary(BinaryOp::Max, divisor, one);
    let quotient = builder.binary(BinaryOp::Divide, difference, divisor);
    match sum_of_squares(builder, squares) {
        Some(both) => fused(builder, quotient, difference, both),
        None => builder.binary(BinaryOp::Multiply, quotient, difference),
    }
}

/// The squares of both sets, unless each is of one cell, and so 0.
fn sum_of_squares(builder: &mut Builder, squares: [ExprId; 2]) -> Option<ExprId> {
    let is_zero = |builder: &Builder, id: ExprId| builder.as_number(id) == Some(0.0);
    match (is_zero(builder, squares[0]), is_zero(builder, squares[1])) {
        (true, true) => None,
        (true, false) => Some(squares[1]),
        (false, true) => Some(squares[0]),
        (false, false) => Some(builder.binary(BinaryOp::Add, squares[0], squares[1])),
    }
}

/// `a * b + c`, in one instruction if there is one.
pub fn fused(builder: &mut Builder, a: ExprId, b: ExprId, c: ExprId) -> ExprId {
    if machine::fuses() {
        return builder.fma(a, b, c);
    }
    let product = builder.binary(BinaryOp::Multiply, a, b);
    builder.binary(BinaryOp::Add, product, c)
}

/// The position of the better of two extremes, and of equal ones the first. A NaN is better than any number.
fn first_position(builder: &mut Builder, kind: Kind, positions: [ExprId; 2], extremes: [ExprId; 2]) -> ExprId {
    let [x, y] = extremes;
    let [nan_x, nan_y] = extremes.map(|extreme| builder.binary(BinaryOp::NotEqual, extreme, extreme));
    let (less, more) = if kind == Kind::Min { (y, x) } else { (x, y) };
    let better = builder.binary(BinaryOp::Less, less, more);
    let only_nan = {
        let other = builder.not(nan_x);
        builder.binary(BinaryOp::And, nan_y, other)
    };
    let better = builder.binary(BinaryOp::Or, better, only_nan);
    let same = builder.binary(BinaryOp::Equal, x, y);
    let both_nan = builder.binary(BinaryOp::And, nan_x, nan_y);
    let same = builder.binary(BinaryOp::Or, same, both_nan);
    let first = builder.binary(BinaryOp::Min, positions[0], positions[1]);
    let unless_better = builder.select(same, first, positions[0]);
    builder.select(better, positions[1], unless_better)
}
