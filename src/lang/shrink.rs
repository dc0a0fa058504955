//! What a kernel means where the array ends and nothing is beyond: cells that are outside do not take part.
//!
//! It is a matter of meaning, so that it is defined once for every engine: the kernel itself asks each cell whether it is
//! inside, by the pixel's place and the cell's offset, and needs nothing of the engines but what they have.

use super::hir::{Builder, Expr, ExprId, Fold, FoldId, Kernel, Node, Reduction, Rewrite};
use super::ops::BinaryOp;
use super::types::Type;

/// The same kernel without the cells that are outside along these axes of the window: reductions are over the others,
/// folds skip them, [`Expr::Len`] does not count them, positions are among the others, and a cell at a fixed offset that is
/// outside is NaN. What values they have does not matter.
pub fn shrunk(kernel: &Kernel, axes: &[usize]) -> Kernel {
    kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), Shrink { axes })
}

struct Shrink<'a> {
    axes: &'a [usize],
}

impl Shrink<'_> {
    /// Whether the current cell is inside.
    fn cell(&self, builder: &mut Builder) -> ExprId {
        self.all(builder, |builder, axis| Some(builder.leaf(Expr::Offset(axis), Type::NUMBERS)))
    }

    /// Whether the cell at a fixed offset is inside.
    fn fixed(&self, builder: &mut Builder, offset: &[i32]) -> ExprId {
        // The pixel itself is.
        let along = |axis: usize| Some(offset[axis]).filter(|along| *along != 0);
        self.all(builder, |builder, axis| along(axis).map(|along| builder.number(along.into())))
    }

    /// Whether the cell that is `offset` from the pixel is inside along every axis for which there is one.
    fn all(&self, builder: &mut Builder, offset: impl Fn(&mut Builder, usize) -> Option<ExprId>) -> ExprId {
        let mut inside = builder.boolean(true);
        for &axis in self.axes {
            let Some(offset) = offset(builder, axis) else { continue };
            let (coord, extent) =
                (builder.leaf(Expr::Coord(axis), Type::NUMBER), builder.leaf(Expr::Extent(axis), Type::NUMBER));
            let zero = builder.number(0.0);
            let at = builder.binary(BinaryOp::Add, coord, offset);
            let not_before = builder.binary(BinaryOp::LessEqual, zero, at);
            let not_after = builder.binary(BinaryOp::Less, at, extent);
            for condition in [not_before, not_after] {
                inside = builder.binary(BinaryOp::And, inside, condition);
            }
        }
        inside
    }

    /// A position in the whole footprint as one among the cells that are inside: how many of those come before it. -1, which
    /// is of no cell, stays. So `nth`, which counts the cells inside, finds the same cell there.
    fn position_inside(&self, builder: &mut Builder, position: ExprId) -> ExprId {
        let windows = vec![self.cell(builder)];
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

impl Rewrite for Shrink<'_> {
    fn node(
        &mut self,
        builder: &mut Builder,
        _: ExprId,
        node: &Node,
        new: &dyn Fn(ExprId) -> ExprId,
    ) -> Option<ExprId> {
        match &node.expr {
            Expr::Len => {
                let inside = self.cell(builder);
                Some(builder.count(inside))
            }
            Expr::Reduce { op: Reduction::Count, window, .. } => {
                let inside = self.cell(builder);
                let window = builder.binary(BinaryOp::And, new(*window), inside);
                Some(builder.count(window))
            }
            Expr::Reduce { op, window, filter, argument } => {
                let inside = self.cell(builder);
                let filter = match filter {
                    Some(filter) => builder.binary(BinaryOp::And, new(*filter), inside),
                    None => inside,
                };
                let value = builder.reduce(*op, new(*window), Some(filter), argument.map(new));
                Some(match op {
                    Reduction::ArgMin | Reduction::ArgMax => self.position_inside(builder, value),
                    _ => value,
                })
            }
            Expr::At { offset, .. } => {
                let inside = self.fixed(builder, offset);
                let value = builder.leaf(node.expr.clone(), node.ty);
                let nan = builder.number(f64::NAN);
                Some(builder.select(inside, value, nan))
            }
            _ => None,
        }
    }

    fn fold(&mut self, builder: &mut Builder, id: FoldId, fold: Fold) -> Fold {
        let Fold { init, mut windows, next } = fold;
        windows.push(self.cell(builder));
        let inside = builder.leaf(Expr::Element(id, windows.len() - 1), Type::BOOLEAN);
        let step = |(index, next): (usize, ExprId)| {
            let before = builder.leaf(Expr::Accumulator(id, index), builder.ty(init[index]));
            builder.select(inside, next, before)
        };
        let next = next.into_iter().enumerate().map(step).collect();
        Fold { init, windows, next }
    }
}
