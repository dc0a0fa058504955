//! Exponentials in single precision: fewer of them, and of arguments that are cheaper to reduce.

use std::f64::consts::LOG2_E;

use super::hoist::invariant_nodes;
use crate::grid::element::Precision;
use crate::lang::hir::{Builder, Expr, ExprId, Kernel, Node};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::machine;

/// The kernel whose exponentials of products with what is the same for all pixels are powers of two, in single precision.
///
/// The factor takes the logarithm of e with it, and what is left to do with the argument is to split it at the nearest integer, which is
/// exact. A product of such an exponential with one that is the same for all pixels, as the weights of a bilateral filter are, is
/// the exponential of the sum, which one instruction makes of the product. Values differ by what rounding the argument changes, as
/// they do already.
pub fn with_powers_of_two(kernel: &Kernel, precision: Precision) -> Kernel {
    if precision == Precision::Exact {
        return kernel.clone();
    }
    let invariant = invariant_nodes(kernel);
    let scaled = |id: ExprId| scaled_argument(kernel, &invariant, id);
    let replace = |builder: &mut Builder, id: ExprId, node: &Node, new: &dyn Fn(ExprId) -> ExprId| {
        if let Some((x, factor)) = scaled(id) {
            let factor = in_powers_of_two(builder, new(factor));
            let argument = builder.binary(BinaryOp::Multiply, new(x), factor);
            return Some(builder.unary(UnaryOp::Exp2, argument));
        }
        let Expr::Binary(BinaryOp::Multiply, first, second) = node.expr else { return None };
        let ((x, factor), other) = match (scaled(first), scaled(second)) {
            (Some(product), None) => (product, second),
            (None, Some(product)) => (product, first),
            _ => return None,
        };
        let Expr::Unary(UnaryOp::Exp, shift) = *kernel.expr(other) else { return None };
        if !invariant[other.index()] {
            return None;
        }
        let (factor, shift) = (in_powers_of_two(builder, new(factor)), in_powers_of_two(builder, new(shift)));
        let argument = match machine::fuses() {
            true => builder.fma(new(x), factor, shift),
            false => {
                let product = builder.binary(BinaryOp::Multiply, new(x), factor);
                builder.binary(BinaryOp::Add, product, shift)
            }
        };
        Some(builder.unary(UnaryOp::Exp2, argument))
    };
    kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), replace)
}

/// The two factors of an exponential's argument, of which only the second is the same for all pixels.
fn scaled_argument(kernel: &Kernel, invariant: &[bool], id: ExprId) -> Option<(ExprId, ExprId)> {
    let Expr::Unary(UnaryOp::Exp, argument) = *kernel.expr(id) else { return None };
    let Expr::Binary(BinaryOp::Multiply, x, y) = *kernel.expr(argument) else { return None };
    match (invariant[x.index()], invariant[y.index()]) {
        (false, true) => Some((x, y)),
        (true, false) => Some((y, x)),
        _ => None,
    }
}

/// The argument of the power of two that is the exponential of `x`.
fn in_powers_of_two(builder: &mut Builder, x: ExprId) -> ExprId {
    let factor = builder.number(LOG2_E);
    builder.binary(BinaryOp::Multiply, x, factor)
}
