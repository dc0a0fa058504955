//! Whether cutting a window is worth it: instructions for a register of pixels, counted.

use super::footprint::Columns;
use super::run::Run;
use crate::plan::request::Request;
use crate::tuning;

/// Whether the passes take less than the window as a whole.
pub fn is_worth_it(columns: &Columns, run: &Run, request: &Request) -> bool {
    let cut = price_of_passes(columns, run, request.adjacent_rows);
    cut * tuning::CUT_ADVANTAGE < price_of_whole(columns, request.adjacent_rows)
}

/// For the passes: a line for the columns, which rows of pixels share, those along the row, and the last pass.
fn price_of_passes(columns: &Columns, run: &Run, rows: usize) -> f64 {
    let (height, rows) = (columns.cells.taps() as f64, rows as f64);
    let shared = if columns.cells.taps() <= tuning::MAX_UNROLLED_CELLS { rows } else { 1.0 };
    // Each row of cells is read once, and the tree has about as many operations, and one for each halving for each row of pixels.
    let column = 2.0 * (height + shared - 1.0) / shared + shared.log2() + 1.0;
    column + run.cost() as f64 + tuning::PASS_INSTRUCTIONS * (2 + run.levels.len()) as f64 / rows
}

/// For the window as a whole: unrolled, where rows of pixels share rows of cells, or in a loop.
fn price_of_whole(columns: &Columns, rows: usize) -> f64 {
    let (height, run) = (columns.cells.taps() as f64, columns.run as f64);
    let cells = columns.cells.taps() * columns.run;
    if cells > tuning::MAX_UNROLLED_CELLS {
        return tuning::LOOP_INSTRUCTIONS * cells as f64;
    }
    let rows = rows as f64;
    // Each row of cells is combined once for the rows of pixels that see it, then rows are.
    (height + rows - 1.0) / rows * 2.0 * run + height / rows + rows.log2()
}
