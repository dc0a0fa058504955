//! What depends on nothing but the place of the cell in the window, and so is the same for every pixel.
//!
//! Windows may have millions of cells, so values are computed when they are asked for, cell after cell, and never kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::lang::cells::Cells;
use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::reductions::Reduction;
use crate::lang::stop::is_stopped;
use crate::plan::hoist::Hoisted;
use crate::tuning;

/// The placed nodes of a hoisted kernel.
pub struct Placed<'a> {
    hoisted: &'a Hoisted,
    cells: &'a Cells,
    /// The values of the hoisted params, then those of each weights vector, in a run that has set them.
    constants: Option<&'a [f64]>,
}

impl<'a> Placed<'a> {
    /// As far as they are known before a run, which sets params and weights, or in one with these constants.
    pub fn new(hoisted: &'a Hoisted, cells: &'a Cells, constants: Option<&'a [f64]>) -> Placed<'a> {
        Placed { hoisted, cells, constants }
    }

    /// What gives the value of a node at each cell, if it is placed and known. Once it is not wanted any more, all are 0.
    pub fn at(&self, id: ExprId) -> Option<impl FnMut(usize) -> f64> {
        let mut steps = Vec::new();
        let last = self.add(&mut steps, Whose::Hoisted, id)?;
        let mut values = vec![0.0; steps.len()];
        let (mut asked, mut stopped) = (0usize, false);
        Some(move |tap| {
            asked += 1;
            stopped |= asked.is_multiple_of(tuning::LOOK_INTERVAL) && is_stopped();
            if stopped {
                return 0.0;
            }
            for (index, step) in steps.iter().enumerate() {
                values[index] = self.value(step, tap, &values);
            }
            values[last]
        })
    }

    /// The value of a node at the first cell, if it is known.
    pub fn first(&self, id: ExprId) -> Option<f64> {
        self.at(id).filter(|_| self.cells.taps() > 0).map(|mut value| value(0))
    }

    /// Adds the steps to a node's value, if it is placed and known; which of them is the last.
    fn add(&self, steps: &mut Vec<Step>, whose: Whose, id: ExprId) -> Option<usize> {
        let kernel = match whose {
            Whose::Hoisted => &self.hoisted.kernel,
            Whose::Original => &self.hoisted.original,
        };
        let mut places: BTreeMap<ExprId, usize> = BTreeMap::new();
        for id in needed(kernel, id) {
            let of = |id: ExprId| places.get(&id).copied();
            let step = match *kernel.expr(id) {
                Expr::Number(bits) => Step::Same(f64::from_bits(bits)),
                Expr::Boolean(value) => Step::Same(f64::from(u8::from(value))),
                Expr::Len => Step::Same(self.cells.taps() as f64),
                Expr::Offset(axis) => Step::Offset(axis),
                Expr::Dist => Step::Dist,
                Expr::Unary(op, a) => Step::Unary(op, of(a)?),
                Expr::Binary(op, a, b) => Step::Binary(op, of(a)?, of(b)?),
                Expr::Fma(a, b, c) => Step::Fma(of(a)?, of(b)?, of(c)?),
                Expr::Select(condition, yes, no) => Step::Select(of(condition)?, of(yes)?, of(no)?),
                Expr::Reduce { op: Reduction::Count, window, .. } => Step::Same(self.count(whose, window)?),
                ref leaf @ (Expr::Param(_) | Expr::Weight(_)) if whose == Whose::Hoisted => {
                    match self.constants {
                        Some(constants) => self.constant(leaf, constants),
                        None => {
                            // What was hoisted may yet depend on places only.
                            places.insert(id, self.add(steps, Whose::Original, self.source(leaf))?);
                            continue;
                        }
                    }
                }
                _ => return None,
            };
            steps.push(step);
            places.insert(id, steps.len() - 1);
        }
        places.get(&id).copied()
    }

    /// The node of the original kernel that a param or a weights vector of the hoisted one was.
    fn source(&self, leaf: &Expr) -> ExprId {
        match *leaf {
            Expr::Param(param) => self.hoisted.params[param],
            Expr::Weight(weights) => self.hoisted.weights[weights],
            ref other => unreachable!("{other:?} is not made by hoisting"),
        }
    }

    fn constant(&self, leaf: &Expr, constants: &[f64]) -> Step {
        match *leaf {
            Expr::Param(param) => Step::Same(constants[param]),
            Expr::Weight(weights) => Step::Constant(self.hoisted.kernel.params.len() + weights * self.cells.taps()),
            ref other => unreachable!("{other:?} is not made by hoisting"),
        }
    }

    /// How many cells a placed condition holds at.
    fn count(&self, whose: Whose, condition: ExprId) -> Option<f64> {
        let mut steps = Vec::new();
        let last = self.add(&mut steps, whose, condition)?;
        let mut values = vec![0.0; steps.len()];
        let mut count = 0.0;
        for tap in 0..self.cells.taps() {
            if tap.is_multiple_of(tuning::LOOK_INTERVAL) && is_stopped() {
                return None;
            }
            for (index, step) in steps.iter().enumerate() {
                values[index] = self.value(step, tap, &values);
            }
            count += values[last];
        }
        Some(count)
    }

    /// The value of a step at a cell, of those of the steps before it.
    fn value(&self, step: &Step, tap: usize, before: &[f64]) -> f64 {
        match *step {
            Step::Same(value) => value,
            Step::Constant(first) => self.constants.map_or(0.0, |constants| constants[first + tap]),
            Step::Offset(axis) => f64::from(self.cells.offset(tap)[axis]),
            Step::Dist => self.cells.dist(tap),
            Step::Unary(op, a) => op.apply(before[a]),
            Step::Binary(op, a, b) => op.apply(before[a], before[b]),
            Step::Fma(a, b, c) => libm::fma(before[a], before[b], before[c]),
            Step::Select(condition, yes, no) => before[if before[condition] != 0.0 { yes } else { no }],
        }
    }
}

/// In which of the two kernels a node is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Hoisted,
    Original,
}

/// An operation at each cell; operands are the numbers of steps before it.
enum Step {
    Same(f64),
    /// The constants from this one on, of which each cell has its own.
    Constant(usize),
    Offset(usize),
    Dist,
    Unary(UnaryOp, usize),
    Binary(BinaryOp, usize, usize),
    Fma(usize, usize, usize),
    Select(usize, usize, usize),
}

/// The nodes that a node is made of, operands first; of a reduction nothing but itself.
fn needed(kernel: &Kernel, id: ExprId) -> BTreeSet<ExprId> {
    let (mut needed, mut open) = (BTreeSet::new(), vec![id]);
    while let Some(id) = open.pop() {
        if needed.insert(id) && !matches!(kernel.expr(id), Expr::Reduce { .. }) {
            kernel.expr(id).for_each_operand(|operand| open.push(operand));
        }
    }
    needed
}

/// Which nodes depend on nothing but the cell's place in the window and what is the same for every pixel.
pub fn is_placed(kernel: &Kernel) -> Vec<bool> {
    let mut placed = vec![false; kernel.node_count()];
    for (id, node) in kernel.live_nodes() {
        placed[id.index()] = match &node.expr {
            Expr::Weight(_) | Expr::Offset(_) | Expr::Dist => true,
            Expr::Param(_) | Expr::Number(_) | Expr::Boolean(_) | Expr::Len => true,
            Expr::Unary(..) | Expr::Binary(..) | Expr::Fma(..) | Expr::Select(..) => {
                let mut all = true;
                node.expr.for_each_operand(|operand| all &= placed[operand.index()]);
                all
            }
            _ => false,
        };
    }
    placed
}
