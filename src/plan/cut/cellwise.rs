//! Which reductions can be cut: those whose elements and conditions are functions of the cell, the same for every pixel that sees it.

use std::collections::BTreeMap;

use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::ops::BinaryOp;
use crate::lang::reductions::{Class, Monoid, Reduction};
use crate::plan::hoist::{Hoisted, invariant_nodes};

/// A reduction that can be cut.
#[derive(Clone, Debug)]
pub struct Cuttable {
    /// How its parts are combined.
    pub monoid: Monoid,
    /// The elements; of a count, nothing.
    pub window: Option<ExprId>,
    /// The conditions that depend on the cell, all of which must hold; those of a count included.
    pub conditions: Vec<ExprId>,
    /// Whether cells beyond the ends of the array's rows are not selected (mode `shrink`).
    pub inside: bool,
}

impl Cuttable {
    /// The monoids that are computed over parts of the cells.
    pub fn parts(&self) -> &'static [Monoid] {
        let selects = self.inside || !self.conditions.is_empty();
        match self.monoid {
            // The least of no elements is NaN, so they are counted.
            Monoid::Min if selects => &[Monoid::Min, Monoid::Count],
            Monoid::Max if selects => &[Monoid::Max, Monoid::Count],
            Monoid::Min => &[Monoid::Min],
            Monoid::Max => &[Monoid::Max],
            Monoid::Sum => &[Monoid::Sum],
            Monoid::Product => &[Monoid::Product],
            Monoid::Count => &[Monoid::Count],
        }
    }
}

/// Every reduction of the hoisted kernel that can be cut, by node. `row_axis` is the window's axis along the array's rows.
pub fn cuttables(hoisted: &Hoisted, row_axis: Option<usize>) -> BTreeMap<ExprId, Cuttable> {
    let kernel = &hoisted.kernel;
    let cellwise = cellwise(kernel, row_axis);
    let mut found = BTreeMap::new();
    for (id, node) in kernel.live_nodes() {
        let Expr::Reduce { op, window, filter, .. } = node.expr else { continue };
        let Some(monoid) = cuttable(op) else { continue };
        let condition = if monoid == Monoid::Count { Some(window) } else { filter };
        let window = Some(window).filter(|_| monoid != Monoid::Count);
        let mut terms = Vec::new();
        condition.into_iter().for_each(|condition| conjuncts(kernel, condition, &mut terms));
        let (beside, conditions): (Vec<ExprId>, Vec<ExprId>) =
            terms.into_iter().partition(|term| Side::of(hoisted, *term, row_axis).is_some());
        let sides = |side: Side| beside.iter().filter(|term| Side::of(hoisted, **term, row_axis) == Some(side)).count();
        // Both ends, or neither.
        let inside = sides(Side::Before) == 1 && sides(Side::After) == 1;
        let all = window.iter().chain(&conditions).all(|id| cellwise[id.index()]);
        if all && (inside || beside.is_empty()) {
            found.insert(id, Cuttable { monoid, window, conditions, inside });
        }
    }
    found
}

/// The conditions of a conjunction.
fn conjuncts(kernel: &Kernel, condition: ExprId, terms: &mut Vec<ExprId>) {
    let mut open = vec![condition];
    while let Some(id) = open.pop() {
        match *kernel.expr(id) {
            Expr::Binary(BinaryOp::And, x, y) => open.extend([y, x]),
            _ => terms.push(id),
        }
    }
}

/// A side of the array's rows on which a condition says that cells are not beyond it, as `lang::shrink` writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

impl Side {
    fn of(hoisted: &Hoisted, condition: ExprId, row_axis: Option<usize>) -> Option<Side> {
        let kernel = &hoisted.kernel;
        let axis = row_axis?;
        let is_place = |id: ExprId| absolute_place(kernel, id) == Some(axis);
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

/// The axis along which a node is the index of the cell in the array, if it is that.
fn absolute_place(kernel: &Kernel, id: ExprId) -> Option<usize> {
    let Expr::Binary(BinaryOp::Add, x, y) = *kernel.expr(id) else { return None };
    match (kernel.expr(x), kernel.expr(y)) {
        (Expr::Coord(axis), Expr::Offset(other)) | (Expr::Offset(axis), Expr::Coord(other)) if axis == other => {
            Some(*axis)
        }
        _ => None,
    }
}

/// Which nodes depend on nothing but the cell: its elements, its place along axes other than the rows', and what is the same for every
/// pixel and every cell.
fn cellwise(kernel: &Kernel, row_axis: Option<usize>) -> Vec<bool> {
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
            _ if absolute_place(kernel, id).is_some_and(|axis| Some(axis) != row_axis) => true,
            expr => {
                let mut all = true;
                expr.for_each_operand(|operand| all &= cellwise[operand.index()]);
                all && (node.ty.is_window() || invariant[id.index()])
            }
        };
    }
    cellwise
}

/// Whether a reduction is a monoid that may be cut.
fn cuttable(op: Reduction) -> Option<Monoid> {
    match op.class() {
        Class::Monoid(monoid @ (Monoid::Sum | Monoid::Min | Monoid::Max | Monoid::Count)) => Some(monoid),
        // The order of a product's factors matters where it overflows.
        Class::Monoid(Monoid::Product) | Class::Positional(_) | Class::Ranked(_) | Class::Frequency(_) => None,
    }
}
