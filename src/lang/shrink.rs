//! What a kernel means where the array ends and nothing is beyond: cells that are outside do not take part.
//!
//! Whether a cell is inside follows from the pixel's place and the cell's offset. So it does for kernels that ask, in any mode.

use std::borrow::Cow;

use super::hir::{Builder, Expr, ExprId, Kernel, Node};
use super::ops::{BinaryOp, UnaryOp};
use super::restrict::{Condition, restricted};
use super::types::Type;

/// The same kernel without the cells that are outside along these axes of the window, where so many are inside at `least`. `window` is from where to
/// where cells are along each axis if they are a box, or nothing if that is not known.
pub fn shrunk(kernel: &Kernel, axes: &[usize], least: usize, window: &[(i32, i32)]) -> Kernel {
    restricted(kernel, Shrink { axes, least, window })
}

/// The kernel without the question which cells are inside, where they can be outside along these axes only: that follows from
/// their places.
pub fn with_places<'k>(kernel: &'k Kernel, axes: &[usize]) -> Cow<'k, Kernel> {
    if !kernel.asks_inside() {
        return Cow::Borrowed(kernel);
    }
    let inside = |builder: &mut Builder, _: ExprId, node: &Node, _: &dyn Fn(ExprId) -> ExprId| {
        (node.expr == Expr::Inside).then(|| Shrink { axes, least: 0, window: &[] }.cell(builder))
    };
    Cow::Owned(kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), inside))
}

impl Kernel {
    /// The axis along which a node is the index of the cell in the array, if it is that.
    pub fn absolute_place(&self, id: ExprId) -> Option<usize> {
        let Expr::Binary(BinaryOp::Add, x, y) = *self.expr(id) else { return None };
        match (self.expr(x), self.expr(y)) {
            (Expr::Coord(axis), Expr::Offset(other)) | (Expr::Offset(axis), Expr::Coord(other)) if axis == other => {
                Some(*axis)
            }
            _ => None,
        }
    }
}

struct Shrink<'a> {
    axes: &'a [usize],
    least: usize,
    window: &'a [(i32, i32)],
}

impl Condition for Shrink<'_> {
    fn cell(&self, builder: &mut Builder) -> ExprId {
        self.all(builder, |builder, axis| Some(builder.leaf(Expr::Offset(axis), Type::NUMBERS)))
    }

    fn least(&self) -> usize {
        self.least
    }

    /// In a box, the cells inside are a box as well.
    fn position(&self, builder: &mut Builder, position: ExprId) -> Option<ExprId> {
        if self.window.is_empty() {
            return None;
        }
        let (zero, one) = (builder.number(0.0), builder.number(1.0));
        // What is left of the position along the axes that come before, the position inside, and how many cells that is along each of those.
        let (mut rest, mut inside, mut step) = (position, zero, one);
        for (axis, (first, last)) in self.window.iter().enumerate().rev() {
            let length = builder.number(f64::from(last - first) + 1.0);
            let mut index = rest;
            if axis > 0 {
                let quotient = builder.binary(BinaryOp::Divide, rest, length);
                rest = builder.unary(UnaryOp::Floor, quotient);
                let before = builder.binary(BinaryOp::Multiply, rest, length);
                index = builder.binary(BinaryOp::Subtract, index, before);
            }
            let (mut begin, mut end) = (zero, length);
            if self.axes.contains(&axis) {
                let [coord, extent] =
                    [Expr::Coord(axis), Expr::Extent(axis)].map(|leaf| builder.leaf(leaf, Type::NUMBER));
                let first = builder.number(f64::from(*first));
                let at = builder.binary(BinaryOp::Add, coord, first);
                let outside = builder.binary(BinaryOp::Subtract, zero, at);
                begin = builder.binary(BinaryOp::Max, outside, zero);
                let left = builder.binary(BinaryOp::Subtract, extent, at);
                end = builder.binary(BinaryOp::Min, left, length);
            }
            let from_begin = builder.binary(BinaryOp::Subtract, index, begin);
            let cells = builder.binary(BinaryOp::Multiply, from_begin, step);
            inside = builder.binary(BinaryOp::Add, inside, cells);
            let count = builder.binary(BinaryOp::Subtract, end, begin);
            step = builder.binary(BinaryOp::Multiply, step, count);
        }
        let is_none = builder.binary(BinaryOp::Less, position, zero);
        Some(builder.select(is_none, position, inside))
    }

    fn fixed(&self, builder: &mut Builder, offset: &[i32]) -> ExprId {
        // The pixel itself is inside.
        let along = |axis: usize| Some(offset[axis]).filter(|along| *along != 0);
        self.all(builder, |builder, axis| along(axis).map(|along| builder.number(along.into())))
    }
}

impl Shrink<'_> {
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
}
