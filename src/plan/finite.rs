//! Whether code for finite elements differs from the code for any elements.

use super::analysis::Analysis;
use crate::lang::hir::{Expr, ExprId, Kernel, Node, Output};
use crate::lang::ops::BinaryOp;
use crate::lang::reductions::{NanRule, Reduction};

/// Whether the code for elements that are finite is other code than that for any elements. It is not for sums, say: they
/// are infinite or NaN of themselves.
pub fn differ(kernel: &Kernel, analyses: [&Analysis; 2], outputs_float: &[bool]) -> bool {
    let [finite, general] = analyses;
    let either = |id: ExprId| (&finite.ranges[id.index()], &general.ranges[id.index()]);
    let nan = |id: ExprId| either(id).0.nan != either(id).1.nan;
    // The product of one element is that element itself.
    let computed = |id: ExprId| match kernel.expr(id) {
        Expr::Reduce { op, .. } => *op != Reduction::Product,
        other => matches!(other, Expr::Unary(..) | Expr::Binary(..) | Expr::Fma(..)),
    };
    let leaf =
        |id: ExprId| matches!(kernel.expr(id), Expr::Tap(_) | Expr::At { .. } | Expr::Param(_) | Expr::Number(_));
    let at_node = |id: ExprId, node: &Node| {
        let (x, y) = either(id);
        let known = x.point() != y.point() || x.integral != y.integral || x.neg_zero != y.neg_zero;
        known
            || match node.expr {
                Expr::Binary(BinaryOp::Min | BinaryOp::Max, a, b) => nan(a) || nan(b),
                // A number less itself is 0, and there may be two names for one: such as the centre and one of the cells.
                Expr::Binary(BinaryOp::Subtract, a, b) => {
                    let apart = a != b && (computed(a) && (computed(b) || leaf(b)) || leaf(a) && computed(b));
                    nan(id) && !apart
                }
                // Arithmetic makes NaN of itself.
                Expr::Reduce { op, window, .. } => op.row().nan != NanRule::Propagates && nan(window),
                _ => false,
            }
    };
    // What is stored as an integer is clamped, and NaN is 0.
    let at_output = |(output, float): (&Output, &bool)| {
        let (x, y) = either(output.value);
        !float && (x.nan != y.nan || x.low != y.low || x.high != y.high)
    };
    finite.lanes != general.lanes
        || kernel.live_nodes().any(|(id, node)| at_node(id, node))
        || kernel.outputs.iter().zip(outputs_float).any(at_output)
}
