//! Which reductions can be cut: those whose elements and conditions are functions of the cell, the same for every pixel that sees it.

use std::collections::BTreeMap;

use super::cuttable;
use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::reductions::Monoid;
use crate::plan::hoist::invariant_nodes;

/// What is computed of a reduction over part of its cells.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// How parts are combined.
    pub monoid: Monoid,
    /// Whether it is of the condition, and not of the elements.
    pub counts_filter: bool,
}

/// The parts of every reduction that can be cut, by node.
pub fn parts(kernel: &Kernel) -> BTreeMap<ExprId, Vec<Part>> {
    let cellwise = cellwise(kernel);
    let mut parts = BTreeMap::new();
    for (id, node) in kernel.live_nodes() {
        let Expr::Reduce { op, window, filter, .. } = node.expr else { continue };
        let is_cellwise = |id: ExprId| cellwise[id.index()];
        let Some(monoid) = cuttable(op).filter(|_| is_cellwise(window) && filter.is_none_or(is_cellwise)) else {
            continue;
        };
        let mut mine = vec![Part { monoid, counts_filter: false }];
        // The least of no elements is NaN.
        if filter.is_some() && matches!(monoid, Monoid::Min | Monoid::Max) {
            mine.push(Part { monoid: Monoid::Count, counts_filter: true });
        }
        parts.insert(id, mine);
    }
    parts
}

/// Which nodes depend on nothing but the elements at a cell, and on what is the same for every pixel and every cell.
fn cellwise(kernel: &Kernel) -> Vec<bool> {
    let invariant = invariant_nodes(kernel);
    let mut cellwise = vec![false; kernel.node_count()];
    for (id, node) in kernel.live_nodes() {
        cellwise[id.index()] = match &node.expr {
            Expr::Tap(_) => true,
            // Those of which every cell has its own, or that the pixel has.
            Expr::Weight(_) | Expr::Offset(_) | Expr::Dist | Expr::At { .. } | Expr::Coord(_) | Expr::Extent(_) => {
                false
            }
            Expr::Reduce { .. } | Expr::Accumulator(..) | Expr::Element(..) | Expr::FoldValue(..) => false,
            expr => {
                let mut all = true;
                expr.for_each_operand(|operand| all &= cellwise[operand.index()]);
                all && (node.ty.is_window() || invariant[id.index()])
            }
        };
    }
    cellwise
}
