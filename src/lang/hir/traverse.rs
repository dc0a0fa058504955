//! Walks over the arena: what a node depends on, which nodes are live, and what the kernel reads.

use std::collections::HashSet;

use super::{Expr, ExprId, Kernel, Node};
use crate::lang::span::Span;

impl Expr {
    /// The operands in the same scope, in order. A fold's parts belong to its [`Expr::FoldValue`] by way of
    /// [`Kernel::fold`] and are not listed here.
    pub fn for_each_operand(&self, mut visit: impl FnMut(ExprId)) {
        match *self {
            Expr::Unary(_, a) => visit(a),
            Expr::Binary(_, a, b) => [a, b].into_iter().for_each(visit),
            Expr::Fma(a, b, c) | Expr::Select(a, b, c) => [a, b, c].into_iter().for_each(visit),
            Expr::Reduce { window, filter, argument, .. } => {
                [Some(window), filter, argument].into_iter().flatten().for_each(visit);
            }
            Expr::Number(_)
            | Expr::Boolean(_)
            | Expr::Param(_)
            | Expr::Weight(_)
            | Expr::Tap(_)
            | Expr::At { .. }
            | Expr::Offset(_)
            | Expr::Dist
            | Expr::Coord(_)
            | Expr::Extent(_)
            | Expr::Inside
            | Expr::Len
            | Expr::Accumulator(..)
            | Expr::Element(..)
            | Expr::FoldValue(..) => {}
        }
    }
}

impl Kernel {
    /// Every node that `id` needs: its operands, and for the value of a fold the parts of that fold.
    pub fn for_each_dependency(&self, id: ExprId, mut visit: impl FnMut(ExprId)) {
        match *self.expr(id) {
            Expr::FoldValue(fold, _) => self.fold(fold).parts().for_each(visit),
            ref expr => expr.for_each_operand(&mut visit),
        }
    }

    /// Which nodes the outputs and assertions need, by index.
    pub fn live(&self) -> Vec<bool> {
        let mut live = vec![false; self.nodes.len()];
        let roots = self.outputs.iter().map(|output| output.value);
        for root in roots.chain(self.assertions.iter().map(|assertion| assertion.condition)) {
            live[root.index()] = true;
        }
        // Dependencies come before their users, so one pass from the end reaches everything.
        for index in (0..self.nodes.len()).rev() {
            if live[index] {
                self.for_each_dependency(ExprId::from_index(index), |needed| live[needed.index()] = true);
            }
        }
        live
    }

    /// The live nodes, in order.
    pub fn live_nodes(&self) -> impl Iterator<Item = (ExprId, &Node)> {
        let live = self.live();
        self.nodes
            .iter()
            .enumerate()
            .filter(move |(index, _)| live[*index])
            .map(|(index, node)| (ExprId::from_index(index), node))
    }

    /// Whether the kernel looks at the window as a whole, rather than at fixed offsets only.
    pub fn reads_window(&self) -> bool {
        self.live_nodes().any(|(_, node)| {
            let loops = matches!(node.expr, Expr::Len | Expr::Reduce { .. } | Expr::FoldValue(..));
            loops || node.ty.is_window()
        })
    }

    /// Whether the kernel asks which cells are in the array.
    pub fn asks_inside(&self) -> bool {
        self.live_nodes().any(|(_, node)| node.expr == Expr::Inside)
    }

    /// Every offset that the kernel reads with `w[dy, dx]`, with its place, each once.
    pub fn fixed_offsets(&self) -> Vec<(&[i32], Span)> {
        let mut known = HashSet::new();
        let reads = self.live_nodes().filter_map(|(_, node)| match &node.expr {
            Expr::At { offset, .. } => Some((&**offset, node.span)),
            _ => None,
        });
        reads.filter(|(offset, _)| known.insert(*offset)).collect()
    }
}
