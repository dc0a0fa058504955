//! How many rows of pixels a pass computes with one call.

use crate::lang::hir::{Expr, Kernel, Reduction};
use crate::plan::cost;
use crate::plan::request::Request;
use crate::tuning;

/// As many as there are, if the code has at most so many nodes; fewer if it would be longer.
pub fn rows_of_pixels(kernel: &Kernel, request: &Request, most: usize) -> usize {
    let nodes = kernel.live_nodes().count().max(1);
    let mut rows = request.adjacent_rows;
    while rows > 1 && rows * nodes > most {
        rows = rows.div_ceil(2);
    }
    rows
}

/// The same by instructions, if the code for one row of pixels has at most so many.
pub fn rows_of_instructions(kernel: &Kernel, request: &Request, most: usize) -> Option<usize> {
    let instructions = kernel.live_nodes().map(|(_, node)| cost::of_node(&node.expr)).sum::<usize>().max(1);
    (instructions <= most).then(|| (most / instructions).clamp(1, request.adjacent_rows))
}

/// The same for columns of so many cells.
pub fn rows_of_columns(kernel: &Kernel, request: &Request, cells: usize) -> usize {
    let rows = rows_of_pixels(kernel, request, tuning::MAX_COLUMN_NODES);
    if rows < tuning::MAX_ROWS_PER_CALL {
        return rows;
    }
    let reductions = || kernel.live_nodes().filter(|(_, node)| matches!(node.expr, Expr::Reduce { .. }));
    let adds = reductions().any(|(_, node)| matches!(node.expr, Expr::Reduce { op: Reduction::Sum, .. }));
    let instructions = 1 + cost::instructions_of_cell(kernel) + reductions().count();
    if cells * instructions > tuning::MAX_COLUMN_INSTRUCTIONS {
        // They are loops, which share nothing.
        return 1;
    }
    rows * more_rows(request, cells, instructions, adds)
}

/// How many times as many rows of pixels are computed by one call where columns have so many cells, each of which takes some instructions and is added
/// or not: of tall ones each row of cells is then read less often, and what a group of rows reads again is more than a near cache has.
pub fn more_rows(request: &Request, cells: usize, instructions: usize, adds: bool) -> usize {
    let mut more = match cells {
        _ if request.column < tuning::MAX_UNROLLED_COLUMN => 1,
        tuning::VERY_TALL_COLUMN.. => 4,
        tuning::TALL_COLUMN.. => 2,
        _ => 1,
    };
    // Sums may be in f64s, which are in several registers for one of the elements.
    let narrowest = request.inputs.iter().map(|input| input.bytes()).min().unwrap_or(size_of::<f64>());
    let registers = if adds { size_of::<f64>() / narrowest } else { 1 };
    while more > 1 && more * request.adjacent_rows * cells * registers * instructions > tuning::MAX_TALL_INSTRUCTIONS {
        more /= 2;
    }
    more
}
