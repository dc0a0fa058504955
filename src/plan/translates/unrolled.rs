//! Instances as nodes of another kernel, cell by cell.

use std::collections::{BTreeSet, HashMap};

use super::choice::Lines;
use super::instances::{Instance, Instances};
use crate::lang::hir::{Builder, Expr, ExprId, Reduction};
use crate::lang::ops::BinaryOp;
use crate::lang::types::Type;

/// Nodes of another kernel that are instances of one, all of them moved by one offset.
pub struct Unrolled<'a> {
    instances: &'a Instances<'a>,
    /// The lines that are read instead of what is in them, and the first of the inputs that are lines.
    lines: Option<(&'a Lines, usize)>,
    /// What instances have become.
    made: HashMap<Instance, ExprId>,
}

impl<'a> Unrolled<'a> {
    /// Of no instance yet.
    pub fn new(instances: &'a Instances<'a>, lines: Option<(&'a Lines, usize)>) -> Unrolled<'a> {
        Unrolled { instances, lines, made: HashMap::new() }
    }

    /// What instances have become.
    pub fn made(&self) -> impl Iterator<Item = (ExprId, ExprId)> {
        self.made.iter().map(|((old, _), new)| (*old, *new))
    }

    /// An instance, as it is at the pixel from which `origin` is the offset of this one.
    pub fn make(&mut self, builder: &mut Builder, instance: Instance, origin: &[i32]) -> ExprId {
        let mut needed = BTreeSet::new();
        let mut open = vec![instance];
        while let Some(instance) = open.pop() {
            if !self.made.contains_key(&instance) && needed.insert(instance) && self.line(instance).is_none() {
                open.extend(self.instances.operands(instance));
            }
        }
        // Operands come before those who use them.
        for instance in needed {
            let made = self.node(builder, instance, origin);
            self.made.insert(instance, made);
        }
        self.made[&instance]
    }

    /// The input that is the line which has an instance, and the offset at which it has it.
    fn line(&self, instance: Instance) -> Option<(usize, Vec<i32>)> {
        let (lines, first) = self.lines?;
        let (line, offset) = lines.read(self.instances, instance)?;
        Some((first + line, offset))
    }

    fn node(&self, builder: &mut Builder, instance: Instance, origin: &[i32]) -> ExprId {
        let (id, cell) = instance;
        let Instances { kernel, cells, .. } = self.instances;
        let node = kernel.node(id);
        builder.span = node.span;
        if let Some((line, offset)) = self.line(instance) {
            return builder.at(line, offset);
        }
        let moved = |offset: &[i32]| offset.iter().zip(origin).map(|(cell, origin)| cell - origin).collect();
        let cell_of = || cell.expect("a leaf of a window is at a cell");
        let operands: Vec<ExprId> =
            self.instances.operands(instance).iter().map(|operand| self.made[operand]).collect();
        match &node.expr {
            Expr::Tap(input) => builder.at(*input, moved(cells.offset(cell_of()))),
            Expr::At { input, offset } => builder.at(*input, moved(offset)),
            Expr::Weight(weights) => {
                let cell = self.instances.weight_of(*weights, cell_of());
                builder.leaf(Expr::Param(kernel.params.len() + weights * cells.taps() + cell), Type::NUMBER)
            }
            Expr::Offset(axis) => builder.number(f64::from(cells.offset(cell_of())[*axis])),
            Expr::Dist => builder.number(cells.dist(cell_of())),
            Expr::Unary(op, _) => builder.unary(*op, operands[0]),
            Expr::Binary(op, ..) => builder.binary(*op, operands[0], operands[1]),
            Expr::Fma(..) => builder.fma(operands[0], operands[1], operands[2]),
            Expr::Select(..) => builder.select(operands[0], operands[1], operands[2]),
            Expr::Reduce { op, window, filter, .. } => self.reduced(builder, *op, *window, *filter),
            leaf => builder.leaf(leaf.clone(), node.ty),
        }
    }

    /// A reduction as a balanced tree over all cells.
    fn reduced(&self, builder: &mut Builder, op: Reduction, window: ExprId, filter: Option<ExprId>) -> ExprId {
        let kernel = self.instances.kernel;
        let made = |id: ExprId, cell: usize| self.made[&(id, kernel.ty(id).is_window().then_some(cell))];
        let zero = builder.number(0.0);
        let element = |cell: usize| match (op, filter) {
            (Reduction::Count, _) => {
                let one = builder.number(1.0);
                builder.select(made(window, cell), one, zero)
            }
            (_, Some(filter)) => builder.select(made(filter, cell), made(window, cell), zero),
            (_, None) => made(window, cell),
        };
        let mut values: Vec<ExprId> = (0..self.instances.cells.taps()).map(element).collect();
        let op = match op {
            Reduction::Min => BinaryOp::Min,
            Reduction::Max => BinaryOp::Max,
            _ => BinaryOp::Add,
        };
        while values.len() > 1 {
            let pairs = values.chunks(2).map(|pair| match *pair {
                [x, y] => builder.binary(op, x, y),
                _ => pair[0],
            });
            values = pairs.collect();
        }
        match (op, values.first()) {
            // A sum starts at 0, so that of negative zeros is 0 as well.
            (BinaryOp::Add, Some(sum)) => builder.binary(BinaryOp::Add, *sum, zero),
            (_, value) => *value.expect("windows have cells"),
        }
    }
}
