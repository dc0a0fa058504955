//! What a function of the cell is at one cell, as nodes of another kernel.

use std::collections::{BTreeSet, HashMap};

use super::footprint::Outer;
use super::part::Part;
use crate::lang::hir::{Builder, Expr, ExprId, Kernel};
use crate::lang::ops::BinaryOp;

/// The cellwise nodes of a kernel, in another one.
pub struct Elements<'k> {
    kernel: &'k Kernel,
    /// The nodes, operands first.
    nodes: Vec<ExprId>,
    /// What they have become, at the cells so far.
    made: HashMap<Option<Outer>, HashMap<ExprId, ExprId>>,
}

impl<'k> Elements<'k> {
    /// Of these parts.
    pub fn new<'p>(kernel: &'k Kernel, parts: impl Iterator<Item = &'p Part>) -> Elements<'k> {
        let mut open: Vec<ExprId> =
            parts.flat_map(|part| part.element.iter().chain(&part.conditions)).copied().collect();
        let mut nodes = BTreeSet::new();
        while let Some(id) = open.pop() {
            if nodes.insert(id) {
                kernel.expr(id).for_each_operand(|operand| open.push(operand));
            }
        }
        Elements { kernel, nodes: nodes.into_iter().collect(), made: HashMap::new() }
    }

    /// The element of a part, and whether it is selected, at the cell of this offset, or as windows.
    pub fn of(&mut self, builder: &mut Builder, part: &Part, cell: Option<&Outer>) -> (ExprId, ExprId) {
        if !self.made.contains_key(&cell.cloned()) {
            let made = self.make(builder, cell);
            self.made.insert(cell.cloned(), made);
        }
        let made = &self.made[&cell.cloned()];
        let combined = |builder: &mut Builder, op: BinaryOp, first: ExprId, nodes: &[ExprId]| {
            nodes.iter().fold(first, |all, node| builder.binary(op, all, made[node]))
        };
        let (one, always) = (builder.number(1.0), builder.boolean(true));
        let element = match part.element.split_first() {
            Some((first, rest)) => combined(builder, BinaryOp::Multiply, made[first], rest),
            None => one,
        };
        (element, combined(builder, BinaryOp::And, always, &part.conditions))
    }

    fn make(&self, builder: &mut Builder, cell: Option<&Outer>) -> HashMap<ExprId, ExprId> {
        let mut made: HashMap<ExprId, ExprId> = HashMap::with_capacity(self.nodes.len());
        for &id in &self.nodes {
            let node = self.kernel.node(id);
            builder.span = node.span;
            let new = |id: ExprId| made[&id];
            let value = match (&node.expr, cell) {
                (Expr::Tap(input), Some(cell)) => builder.at(*input, cell.clone()),
                (Expr::Offset(axis), Some(cell)) => builder.number(f64::from(cell[*axis])),
                (Expr::Unary(op, a), _) => builder.unary(*op, new(*a)),
                (Expr::Binary(op, a, b), _) => builder.binary(*op, new(*a), new(*b)),
                (Expr::Fma(a, b, c), _) => builder.fma(new(*a), new(*b), new(*c)),
                (Expr::Select(a, b, c), _) => builder.select(new(*a), new(*b), new(*c)),
                (leaf, _) => builder.leaf(leaf.clone(), node.ty),
            };
            made.insert(id, value);
        }
        made
    }
}
