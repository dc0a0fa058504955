//! A kernel for parts of arrays, in which pixels have the places that they have in the whole.

use super::hir::{Builder, Expr, ExprId, Kernel, Node, Param};
use super::ops::BinaryOp;
use super::types::Type;

/// The param by which the kernel is told where its part begins along that axis. No kernel has one of such a name itself.
pub const FIRST: &str = "the first index here";

/// That by which it is told how long the whole is.
pub const LENGTH: &str = "the length of the whole";

/// Whether the kernel asks where a pixel is along this axis of the window, or how long the array is.
pub fn asks_place(kernel: &Kernel, axis: usize) -> bool {
    kernel.live_nodes().any(|(_, node)| matches!(node.expr, Expr::Coord(other) | Expr::Extent(other) if other == axis))
}

/// The kernel for a part along this axis of the window: `coord` and `extent` are those of the whole, by [`FIRST`] and [`LENGTH`].
pub fn placed(kernel: &Kernel, axis: usize) -> Kernel {
    let own = kernel.params.len();
    let more = [FIRST, LENGTH].map(|name| Param { name: name.to_string(), default: None });
    let params = kernel.params.iter().cloned().chain(more).collect();
    let replace = |builder: &mut Builder, _: ExprId, node: &Node, _: &dyn Fn(ExprId) -> ExprId| match node.expr {
        Expr::Coord(other) if other == axis => {
            let here = builder.leaf(Expr::Coord(axis), Type::NUMBER);
            let first = builder.leaf(Expr::Param(own), Type::NUMBER);
            Some(builder.binary(BinaryOp::Add, here, first))
        }
        Expr::Extent(other) if other == axis => Some(builder.leaf(Expr::Param(own + 1), Type::NUMBER)),
        _ => None,
    };
    kernel.rewritten(params, kernel.weights.clone(), replace)
}
