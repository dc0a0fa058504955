//! How much there is to do for a pixel, counted in the code that was decided on: what the number of threads depends on.
//!
//! [`super::cost`] counts before anything is decided, and only to decide it.

use super::body::{Body, Combine, Fold, Host, Reduce, Select, Step, Strategy, Visit};
use super::cost::{of_node, shared};
use super::width::REGISTER;
use crate::grid::lane::Lane;
use crate::lang::hir::{ExprId, Kernel};
use crate::tuning;

/// About how many instructions a pixel takes in registers of 128 bits, where a call computes so many rows of pixels: what is done
/// for a register is divided among the pixels in it, and what rows of pixels have in common among those.
pub fn instructions_per_pixel(kernel: &Kernel, body: &Body, tree_rows: &[usize], taps: usize, rows: usize) -> f64 {
    let rows_of_cells = tree_rows.chunk_by(|x, y| x == y).count().max(1);
    // A window of so many rows of cells is computed from rows, all of which are visited once for a call.
    let visited = (rows_of_cells + rows - 1) as f64 / (rows_of_cells * rows) as f64;
    let counting = Counting { kernel, body, shared: shared(kernel), taps: taps as f64, rows_of_cells, visited };
    counting.steps(&body.steps) + body.stores.len() as f64 / 2.0
}

struct Counting<'a> {
    kernel: &'a Kernel,
    body: &'a Body,
    /// Which nodes are the same for all pixels that see a cell.
    shared: Vec<bool>,
    taps: f64,
    rows_of_cells: usize,
    /// How much of what is done for each row of cells is left for a row of pixels.
    visited: f64,
}

impl Counting<'_> {
    fn steps(&self, steps: &[Step]) -> f64 {
        steps.iter().map(|step| self.step(step)).sum()
    }

    fn step(&self, step: &Step) -> f64 {
        match step {
            Step::Scalar(id) => self.node(*id),
            Step::Combine(combine) => self.combine(combine),
            Step::Select(select) => self.select(select),
            Step::Host(host) => self.host(host),
            Step::Fold(fold) => self.fold(fold),
        }
    }

    fn node(&self, id: ExprId) -> f64 {
        of_node(self.kernel.expr(id)) as f64 * of_register(self.body.analysis.lanes[id.index()])
    }

    /// Nodes that have code at every cell.
    fn at_each_cell(&self, nodes: &[ExprId]) -> f64 {
        let visited = |id: &ExprId| if self.shared[id.index()] { self.visited } else { 1.0 };
        self.taps * nodes.iter().map(|id| self.node(*id) * visited(id)).sum::<f64>()
    }

    fn combine(&self, combine: &Combine) -> f64 {
        let in_loop = combine.strategy == Strategy::Loop;
        let one = |reduce: &Reduce| {
            let shared = !in_loop && self.shared[reduce.id.index()];
            // Each row of cells is reduced once, and the rows for each pixel.
            let steps = match shared {
                true => (self.taps - self.rows_of_cells as f64) * self.visited + self.rows_of_cells as f64,
                false => self.taps,
            };
            steps * of_register(reduce.lane)
        };
        let visits = if in_loop { self.visits(&combine.nodes) } else { 0.0 };
        self.at_each_cell(&combine.nodes) + combine.reductions.iter().map(one).sum::<f64>() + visits
    }

    /// What a loop over the cells does beside its work: once for a block, whatever is in it.
    fn visits(&self, nodes: &[ExprId]) -> f64 {
        let narrowest = nodes.iter().map(|id| of_register(self.body.analysis.lanes[id.index()])).reduce(f64::min);
        self.taps * tuning::LOOP_INSTRUCTIONS * narrowest.unwrap_or(1.0 / REGISTER as f64)
    }

    fn select(&self, select: &Select) -> f64 {
        let ranked = select.selection.each_row(self.visited) + select.ranks.len() as f64;
        let replaced = if select.filter.is_some() { 5.0 * self.taps } else { 0.0 };
        self.at_each_cell(&select.nodes) + (ranked + replaced) * of_register(select.lane)
    }

    /// Elements are stored for a block, and each of its pixels has a window of its own.
    fn host(&self, host: &Host) -> f64 {
        let found = tuning::HOST_INSTRUCTIONS as f64 * self.taps * host.statistics.len() as f64;
        self.at_each_cell(&host.nodes) + self.visits(&host.nodes) + found
    }

    fn fold(&self, fold: &Fold) -> f64 {
        let visits = if fold.visit == Visit::Loop { self.visits(&fold.nodes) } else { 0.0 };
        self.at_each_cell(&fold.nodes) + self.taps * self.steps(&fold.body) + visits
    }
}

/// Which part of a register a pixel has.
fn of_register(lane: Lane) -> f64 {
    lane.bytes() as f64 / REGISTER as f64
}
