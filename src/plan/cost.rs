//! How much there is to do: instructions for a cell and for a block, as the thresholds of [`crate::tuning`] count them.

use std::collections::BTreeSet;

use super::analysis::Analysis;
use super::hoist::invariant_nodes;
use super::width::{REGISTER, Width};
use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::tuning;

/// About how many instructions an operation takes.
fn operation(expr: &Expr) -> usize {
    match expr {
        Expr::Unary(op, _) if is_unary_function(*op) => tuning::FUNCTION_INSTRUCTIONS,
        Expr::Binary(op, ..) if is_binary_function(*op) => tuning::BINARY_FUNCTION_INSTRUCTIONS,
        _ => 1,
    }
}

/// About how many instructions a node takes that is computed; none for what is there.
pub fn of_node(expr: &Expr) -> usize {
    match expr {
        Expr::Number(_) | Expr::Boolean(_) | Expr::Param(_) | Expr::Weight(_) | Expr::Offset(_) | Expr::Dist => 0,
        _ => operation(expr),
    }
}

/// About how many instructions make these functions of the cell for one cell, beside reading it; what they share is made once.
pub fn of_cell<'k>(kernel: &'k Kernel, functions: impl IntoIterator<Item = &'k ExprId>) -> usize {
    let mut open: Vec<ExprId> = functions.into_iter().copied().collect();
    let mut seen = BTreeSet::new();
    let mut instructions = 0;
    while let Some(id) = open.pop() {
        let (before, expr) = (open.len(), kernel.expr(id));
        if seen.insert(id) {
            expr.for_each_operand(|operand| open.push(operand));
            instructions += if open.len() > before { operation(expr) } else { 0 };
        }
    }
    instructions
}

/// Whether the operation has no instruction, and is computed by a formula.
pub fn is_unary_function(op: UnaryOp) -> bool {
    match op {
        UnaryOp::Not
        | UnaryOp::Negate
        | UnaryOp::Abs
        | UnaryOp::Sqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Round
        | UnaryOp::Trunc => false,
        UnaryOp::Cbrt
        | UnaryOp::Exp
        | UnaryOp::Exp2
        | UnaryOp::Expm1
        | UnaryOp::Log
        | UnaryOp::Log2
        | UnaryOp::Log10
        | UnaryOp::Log1p
        | UnaryOp::Sin
        | UnaryOp::Cos
        | UnaryOp::Tan
        | UnaryOp::Asin
        | UnaryOp::Acos
        | UnaryOp::Atan
        | UnaryOp::Sinh
        | UnaryOp::Cosh
        | UnaryOp::Tanh => true,
    }
}

/// Whether the operation has no instructions, and is computed by a formula.
pub fn is_binary_function(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Power | BinaryOp::Atan2 | BinaryOp::Hypot)
}

/// About how many instructions these nodes take, each once.
pub fn instructions(kernel: &Kernel, nodes: &[ExprId], analysis: &Analysis, width: Width) -> usize {
    let cost = |id: &ExprId| operation(kernel.expr(*id)) * width.parts(width.lane(analysis.lanes[id.index()]));
    nodes.iter().map(cost).sum()
}

/// About how many instructions all that is done for each cell takes in one register.
pub fn instructions_of_cell(kernel: &Kernel) -> usize {
    let of_cell = kernel.live_nodes().filter(|(_, node)| node.ty.is_window());
    of_cell.map(|(_, node)| operation(&node.expr)).sum()
}

/// How much there is to do for a block of pixels in which most is done in one register.
pub struct Work {
    /// Instructions for a register of lanes of 1, 2, 4 and 8 bytes.
    instructions: [usize; 4],
    /// Those of them that rows of pixels which see the same cell have in common.
    shared: usize,
    /// Whether there is a network, which holds many values at once.
    network: bool,
}

impl Work {
    /// The work of `kernel` on windows of `taps` cells, where networks have at most `most` elements.
    pub fn of(kernel: &Kernel, analysis: &Analysis, taps: usize, most: usize) -> Work {
        let shared_nodes = shared(kernel);
        let mut instructions = [0; 4];
        let mut shared = 0;
        let mut network = false;
        for (id, node) in kernel.live_nodes() {
            let mut lane = analysis.lanes[id.index()];
            let each = match node.expr {
                Expr::Reduce { op, window, filter, .. } if op.is_order_statistic() => {
                    lane = analysis.lanes[window.index()];
                    let all = filter.is_none_or(|filter| analysis.ranges[filter.index()].point() == Some(1.0));
                    network |= all && taps <= most;
                    taps * tuning::NETWORK_INSTRUCTIONS
                }
                Expr::Reduce { .. } | Expr::FoldValue(..) => taps,
                // Functions have many instructions, but are no reason for other code.
                ref expr => of_node(expr).min(1),
            };
            let times = if node.ty.is_window() { taps } else { 1 };
            instructions[lane.bytes().ilog2() as usize] += each * times;
            shared += if shared_nodes[id.index()] { each * times } else { 0 };
        }
        Work { instructions, shared, network }
    }

    /// About how many instructions they are altogether, each on one register.
    pub fn total(&self) -> usize {
        self.instructions.iter().sum()
    }

    /// Whether order statistics are found by networks.
    pub fn has_network(&self) -> bool {
        self.network
    }

    /// How many pixels fill one register of 128 bits of the lanes that most is done in.
    pub fn block(&self) -> usize {
        let heaviest = (0..4).rev().max_by_key(|size| self.instructions[*size] << size).expect("there are four sizes");
        REGISTER >> heaviest
    }

    /// How many such registers to compute together, so that there is enough to do for each address and each turn of the loop.
    pub fn registers(&self) -> usize {
        match self.total() {
            _ if self.network => 1,
            0..=tuning::FOUR_REGISTERS => 4,
            total if total <= tuning::TWO_REGISTERS => 2,
            _ => 1,
        }
    }

    /// How many rows of pixels that are one above the other to compute with one call, of at most `rows`, if they have cells in
    /// common.
    pub fn rows_per_call(&self, rows: usize) -> usize {
        let own = self.total() - self.shared;
        let narrow = self.instructions[2..] == [0, 0];
        let most = if own <= tuning::LITTLE_WORK && (narrow || self.shared > tuning::MUCH_SHARED) {
            tuning::MAX_ROWS_PER_CALL
        } else if self.network || own <= tuning::FOUR_ROWS {
            4
        } else if own <= tuning::TWO_ROWS {
            2
        } else {
            1
        };
        rows.min(most)
    }
}

/// Which nodes have the same value at a cell for every pixel that sees it, and which reductions are of such nodes.
pub fn shared(kernel: &Kernel) -> Vec<bool> {
    let invariant = invariant_nodes(kernel);
    let mut shared = vec![false; kernel.node_count()];
    for (id, node) in kernel.live_nodes() {
        shared[id.index()] = match node.expr {
            Expr::Tap(_) => true,
            Expr::Reduce { op, window, filter, .. } => {
                !op.is_order_statistic() && shared[window.index()] && filter.is_none_or(|filter| shared[filter.index()])
            }
            _ => {
                let mut same = node.ty.is_window();
                let mut of_cell = false;
                node.expr.for_each_operand(|operand| {
                    let uniform = invariant[operand.index()] && !kernel.node(operand).ty.is_window();
                    same &= shared[operand.index()] || uniform;
                    of_cell |= shared[operand.index()];
                });
                same && of_cell
            }
        };
    }
    shared
}
