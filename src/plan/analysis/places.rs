//! What says where a cell is: exact in every precision, since it decides which cells take part, and f32s have not all indices.

use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::ops::BinaryOp;

/// Which nodes are places along an axis, their comparisons with each other and with numbers, and the numbers of those.
pub fn places(kernel: &Kernel) -> Vec<bool> {
    let mut is_place = vec![false; kernel.node_count()];
    let mut exact = is_place.clone();
    for index in 0..kernel.node_count() {
        let id = ExprId::from_index(index);
        match *kernel.expr(id) {
            Expr::Coord(_) | Expr::Extent(_) => is_place[index] = true,
            Expr::Binary(op, a, b) => {
                let place = |id: ExprId| is_place[id.index()];
                let number = |id: ExprId| {
                    place(id) || matches!(kernel.expr(id), Expr::Number(_) | Expr::Param(_) | Expr::Offset(_))
                };
                let moves = matches!(op, BinaryOp::Add | BinaryOp::Subtract);
                let compares =
                    matches!(op, BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Equal | BinaryOp::NotEqual);
                if !(moves || compares) || !(place(a) || place(b)) || !(number(a) && number(b)) {
                    continue;
                }
                is_place[index] = moves;
                [id, a, b].into_iter().for_each(|id| exact[id.index()] = true);
            }
            _ => {}
        }
        exact[index] |= is_place[index];
    }
    exact
}
