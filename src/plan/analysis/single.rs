//! What rounding to f32s does to the values of a node.

use super::value_range::ValueRange;
use crate::lang::hir::{Expr, Reduction};
use crate::lang::ops::{BinaryOp, UnaryOp};

/// The errors of a node that is computed in f32s, beside that of rounding its exact value, as a part of its magnitude.
pub fn error_in_single(expr: &Expr, taps: usize) -> f64 {
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
pub fn overflows_in_single(op: Reduction, element: &ValueRange, taps: usize) -> bool {
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
