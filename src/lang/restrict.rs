//! What a kernel means where some of a window's cells do not take part.
//!
//! It is a matter of meaning, so that it is defined once for every engine: the kernel itself asks each cell whether it takes
//! part, and needs nothing of the engines but what they have.

use super::hir::{Builder, Expr, ExprId, Fold, FoldId, Kernel, Node, Output, Reduction, Rewrite};
use super::ops::BinaryOp;
use super::types::Type;

/// Which cells take part, and what becomes of a pixel.
pub trait Condition {
    /// Whether the current cell takes part.
    fn cell(&self, builder: &mut Builder) -> ExprId;

    /// Whether the cell at a fixed offset from the pixel does.
    fn fixed(&self, builder: &mut Builder, offset: &[i32]) -> ExprId;

    /// How many cells take part at least, at every pixel.
    fn least(&self) -> usize {
        0
    }

    /// What a position among all cells is among those that take part, where that follows without a look at each cell; -1 stays.
    fn position(&self, _: &mut Builder, _: ExprId) -> Option<ExprId> {
        None
    }

    /// The output that an output of the kernel becomes, given what it is where only those cells take part.
    fn output(&self, _: &mut Builder, _: &Output, value: ExprId) -> ExprId {
        value
    }

    /// The condition that an assertion of the kernel becomes.
    fn assertion(&self, _: &mut Builder, condition: ExprId) -> ExprId {
        condition
    }
}

/// The same kernel without the cells that don't take part: reductions are over the others, folds skip them, [`Expr::Len`] does
/// not count them, positions are among the others, and a cell at a fixed offset that does not take part is NaN. What values they
/// have does not matter.
pub fn restricted(kernel: &Kernel, condition: impl Condition) -> Kernel {
    kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), Restrict(condition))
}

struct Restrict<C>(C);

impl<C: Condition> Restrict<C> {
    /// A position in the whole footprint as one among the cells that take part: how many of those come before it. -1, which
    /// is of no cell, stays. So `nth`, which counts those cells, finds the same cell there.
    fn position_among(&self, builder: &mut Builder, position: ExprId) -> ExprId {
        let windows = vec![self.0.cell(builder)];
        let (zero, one) = (builder.number(0.0), builder.number(1.0));
        let first = builder.binary(BinaryOp::Min, position, zero);
        let id = builder.begin_fold();
        let at = builder.leaf(Expr::Accumulator(id, 0), Type::NUMBER);
        let before = builder.leaf(Expr::Accumulator(id, 1), Type::NUMBER);
        let inside = builder.leaf(Expr::Element(id, 0), Type::BOOLEAN);
        let is_before = builder.binary(BinaryOp::Less, at, position);
        let counts = builder.binary(BinaryOp::And, inside, is_before);
        let more = builder.binary(BinaryOp::Add, before, one);
        let next = vec![builder.binary(BinaryOp::Add, at, one), builder.select(counts, more, before)];
        builder.end_fold(id, Fold { init: vec![zero, first], windows, next })[1]
    }
}

impl<C: Condition> Rewrite for Restrict<C> {
    fn node(
        &mut self,
        builder: &mut Builder,
        _: ExprId,
        node: &Node,
        new: &dyn Fn(ExprId) -> ExprId,
    ) -> Option<ExprId> {
        match &node.expr {
            Expr::Inside => {
                let (place, takes_part) = (builder.leaf(Expr::Inside, node.ty), self.0.cell(builder));
                Some(builder.binary(BinaryOp::And, place, takes_part))
            }
            Expr::Len => {
                let inside = self.0.cell(builder);
                let count = builder.count(inside);
                // It changes no value, but from it follows that demands of ranks hold.
                let least = builder.number(self.0.least() as f64);
                Some(if self.0.least() > 0 { builder.binary(BinaryOp::Max, count, least) } else { count })
            }
            Expr::Reduce { op: Reduction::Count, window, .. } => {
                let inside = self.0.cell(builder);
                let window = builder.binary(BinaryOp::And, new(*window), inside);
                Some(builder.count(window))
            }
            Expr::Reduce { op, window, filter, argument } => {
                let inside = self.0.cell(builder);
                let filter = match filter {
                    Some(filter) => builder.binary(BinaryOp::And, new(*filter), inside),
                    None => inside,
                };
                let value = builder.reduce(*op, new(*window), Some(filter), argument.map(new));
                Some(match op {
                    Reduction::ArgMin | Reduction::ArgMax => match self.0.position(builder, value) {
                        Some(position) => position,
                        None => self.position_among(builder, value),
                    },
                    _ => value,
                })
            }
            Expr::At { offset, .. } => {
                let inside = self.0.fixed(builder, offset);
                let value = builder.leaf(node.expr.clone(), node.ty);
                let nan = builder.number(f64::NAN);
                Some(builder.select(inside, value, nan))
            }
            _ => None,
        }
    }

    fn fold(&mut self, builder: &mut Builder, id: FoldId, fold: Fold) -> Fold {
        let Fold { init, mut windows, next } = fold;
        windows.push(self.0.cell(builder));
        let inside = builder.leaf(Expr::Element(id, windows.len() - 1), Type::BOOLEAN);
        let step = |(index, next): (usize, ExprId)| {
            let before = builder.leaf(Expr::Accumulator(id, index), builder.ty(init[index]));
            builder.select(inside, next, before)
        };
        let next = next.into_iter().enumerate().map(step).collect();
        Fold { init, windows, next }
    }

    fn output(&mut self, builder: &mut Builder, output: &Output, value: ExprId) -> ExprId {
        self.0.output(builder, output, value)
    }

    fn assertion(&mut self, builder: &mut Builder, condition: ExprId) -> ExprId {
        self.0.assertion(builder, condition)
    }
}
