//! Which nodes are functions of the cell, the same for every pixel that sees it.

use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::ops::BinaryOp;
use crate::plan::hoist::{Hoisted, invariant_nodes};

/// Which nodes depend on nothing but the cell: its elements, its place along axes other than the rows', and what is the same for every
/// pixel and every cell.
pub fn cellwise(kernel: &Kernel, row_axis: Option<usize>) -> Vec<bool> {
    let invariant = invariant_nodes(kernel);
    let mut cellwise = vec![false; kernel.node_count()];
    for (id, node) in kernel.live_nodes() {
        cellwise[id.index()] = match &node.expr {
            Expr::Tap(_) => true,
            // Those of which every cell of the footprint has its own, or that the pixel has.
            Expr::Weight(_) | Expr::Offset(_) | Expr::Dist | Expr::At { .. } | Expr::Coord(_) | Expr::Extent(_) => {
                false
            }
            Expr::Reduce { .. } | Expr::Accumulator(..) | Expr::Element(..) | Expr::FoldValue(..) => false,
            _ if kernel.absolute_place(id).is_some_and(|axis| Some(axis) != row_axis) => true,
            expr => {
                let mut all = true;
                expr.for_each_operand(|operand| all &= cellwise[operand.index()]);
                all && (node.ty.is_window() || invariant[id.index()])
            }
        };
    }
    cellwise
}

/// The conditions of a conjunction, in order.
pub fn conjuncts(kernel: &Kernel, condition: ExprId) -> Vec<ExprId> {
    let (mut terms, mut open) = (Vec::new(), vec![condition]);
    while let Some(id) = open.pop() {
        match *kernel.expr(id) {
            Expr::Binary(BinaryOp::And, x, y) => open.extend([y, x]),
            _ => terms.push(id),
        }
    }
    terms
}

/// The factors of a product, in order; those that are `whole` are not taken apart.
pub fn factors(kernel: &Kernel, product: ExprId, whole: impl Fn(ExprId) -> bool) -> Vec<ExprId> {
    let (mut terms, mut open) = (Vec::new(), vec![product]);
    while let Some(id) = open.pop() {
        match *kernel.expr(id) {
            // A square is one factor.
            Expr::Binary(BinaryOp::Multiply, x, y) if x != y && !whole(id) => open.extend([y, x]),
            _ => terms.push(id),
        }
    }
    terms
}

/// A side of the array's rows on which a condition says that cells are not beyond it, as `lang::shrink` writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

impl Side {
    /// The side of which a condition of the hoisted kernel speaks.
    pub fn of(hoisted: &Hoisted, condition: ExprId, row_axis: Option<usize>) -> Option<Side> {
        let kernel = &hoisted.kernel;
        let axis = row_axis?;
        let is_place = |id: ExprId| kernel.absolute_place(id) == Some(axis);
        match *kernel.expr(condition) {
            Expr::Binary(BinaryOp::LessEqual, zero, place) if is_place(place) => {
                (*kernel.expr(zero) == Expr::Number(0)).then_some(Side::Before)
            }
            Expr::Binary(BinaryOp::Less, place, extent) if is_place(place) => {
                let Expr::Param(param) = *kernel.expr(extent) else { return None };
                let original = hoisted.original.expr(hoisted.params[param]);
                (*original == Expr::Extent(axis)).then_some(Side::After)
            }
            _ => None,
        }
    }
}
