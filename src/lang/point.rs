//! A kernel without windows, as functions of a point.

use super::hir::{Builder, Expr, ExprId, Kernel, Node, Param};
use super::types::Type;

/// How many coordinates of its pixel the kernel may look at.
pub fn coordinates(kernel: &Kernel) -> usize {
    let axis = |node: &Node| if let Expr::Coord(axis) = node.expr { axis + 1 } else { 0 };
    kernel.live_nodes().map(|(_, node)| axis(node)).max().unwrap_or(0)
}

/// The output at position `output` alone, where the pixel's index along each axis is a param: `coord(0)` is the first after
/// the kernel's own, and so on.
pub fn at_point(kernel: &Kernel, output: usize) -> Kernel {
    let own = kernel.params.len();
    let coordinate = |axis| Param { name: format!("coord({axis})"), default: None };
    let params = kernel.params.iter().cloned().chain((0..coordinates(kernel)).map(coordinate)).collect();
    let replace = |builder: &mut Builder, _: ExprId, node: &Node, _: &dyn Fn(ExprId) -> ExprId| match node.expr {
        Expr::Coord(axis) => Some(builder.leaf(Expr::Param(own + axis), Type::NUMBER)),
        _ => None,
    };
    let mut function = kernel.rewritten(params, kernel.weights.clone(), replace);
    function.outputs = vec![function.outputs.swap_remove(output)];
    function
}
