//! A kernel whose cells are farther apart: those of arrays in which neighbours have others between them.

use super::hir::{Builder, Expr, ExprId, Kernel, Node};

impl Kernel {
    /// Whether the kernel asks for the places of pixels or cells, and not only for what is there.
    pub fn asks_places(&self) -> bool {
        let asks = |expr: &Expr| matches!(expr, Expr::Coord(_) | Expr::Extent(_) | Expr::Offset(_) | Expr::Dist);
        self.live_nodes().any(|(_, node)| asks(&node.expr))
    }
}

/// The same kernel where a step along each of the window's axes is so many, for a kernel that asks for no places.
pub fn stretched(kernel: &Kernel, steps: &[i32]) -> Kernel {
    let farther = |builder: &mut Builder, _: ExprId, node: &Node, _: &dyn Fn(ExprId) -> ExprId| match &node.expr {
        Expr::At { input, offset } => {
            let offset = offset.iter().zip(steps).map(|(along, step)| along * step).collect();
            Some(builder.leaf(Expr::At { input: *input, offset }, node.ty))
        }
        _ => None,
    };
    kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), farther)
}
