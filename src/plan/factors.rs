//! Products and quotients by pixel-invariant factors, made cheaper.

use super::hoist::invariant_nodes;
use crate::grid::element::Precision;
use crate::lang::hir::{Builder, Expr, ExprId, Kernel, Node};
use crate::lang::ops::{BinaryOp, UnaryOp};

/// The kernel with less to do for each pixel in products and quotients by what is the same for all of them: a sign goes to
/// the other factor, and in single precision quotients become products, which take a fraction of the time and differ by
/// a rounding; but not those that are made whole, which would differ by 1.
pub fn with_invariant_factors(kernel: &Kernel, precision: Precision) -> Kernel {
    let invariant = invariant_nodes(kernel);
    let mut made_whole = vec![false; invariant.len()];
    for (_, node) in kernel.live_nodes() {
        if let Expr::Unary(UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc, quotient) = node.expr {
            made_whole[quotient.index()] = true;
        }
    }
    let replace = |builder: &mut Builder, id: ExprId, node: &Node, new: &dyn Fn(ExprId) -> ExprId| {
        let (op, x, y) = match node.expr {
            Expr::Binary(op @ (BinaryOp::Multiply | BinaryOp::Divide), x, y) if invariant[y.index()] => (op, x, y),
            Expr::Binary(op @ BinaryOp::Multiply, y, x) if invariant[y.index()] => (op, x, y),
            _ => return None,
        };
        let has_inverse = match *kernel.expr(y) {
            Expr::Number(bits) => bits == 0 || (1.0 / f64::from_bits(bits) as f32).is_finite(),
            _ => true,
        };
        let inverted =
            op == BinaryOp::Divide && precision == Precision::Single && has_inverse && !made_whole[id.index()];
        let negated = match *kernel.expr(x) {
            Expr::Unary(UnaryOp::Negate, x) => Some(x),
            _ => None,
        };
        if invariant[x.index()] || !inverted && negated.is_none() {
            return None;
        }
        let mut factor = new(y);
        if inverted {
            factor = reciprocal(builder, factor);
        }
        // After the division: the analysis does not know that a number is not positive zero.
        if negated.is_some() {
            factor = builder.unary(UnaryOp::Negate, factor);
        }
        let op = if inverted { BinaryOp::Multiply } else { op };
        Some(builder.binary(op, new(negated.unwrap_or(x)), factor))
    };
    kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), replace)
}

/// The reciprocal of a number in single precision: of one that is not 0 it is not infinite, so that 0 divided by it stays 0; also not times a small
/// constant, as exponentials have one.
fn reciprocal(builder: &mut Builder, number: ExprId) -> ExprId {
    const MOST: f64 = f32::MAX as f64 / 4.0;
    let [one, zero, most, least] = [1.0, 0.0, MOST, -MOST].map(|x| builder.number(x));
    let exact = builder.binary(BinaryOp::Divide, one, number);
    let below = builder.binary(BinaryOp::Min, exact, most);
    let within = builder.binary(BinaryOp::Max, below, least);
    let is_zero = builder.binary(BinaryOp::Equal, number, zero);
    builder.select(is_zero, exact, within)
}
