//! Whether cutting a window is worth it: instructions for a register of pixels, counted.

use std::collections::BTreeMap;

use super::column_pass::column_cells;
use super::column_program::ColumnProgram;
use super::footprint::{CellColumns, Outer};
use super::part::{Kind, Part};
use super::reduction::{Candidate, Cuttable, Recipe};
use super::scheme::{Group, Scheme};
use crate::grid::element::{DType, Precision};
use crate::lang::hir::Kernel;
use crate::plan::assemble::LineRanges;
use crate::plan::cost;
use crate::plan::hoist::Hoisted;
use crate::plan::request::Request;
use crate::plan::rows::more_rows;
use crate::tuning;

/// Whether the passes for the reductions over a footprint take less than these do cell by cell.
pub fn is_worth_it(
    hoisted: &Hoisted,
    request: &Request,
    ranges: &[LineRanges],
    candidates: &[Cuttable],
    shape: &CellColumns,
) -> bool {
    let same: Vec<Cuttable> = candidates.iter().filter(|other| other.shape == *shape).cloned().collect();
    let none = BTreeMap::new();
    let scheme = Scheme::new(&hoisted.kernel, request, ranges, &same, &none);
    price_of_passes(&scheme) * tuning::CUT_ADVANTAGE < price_of_whole(&hoisted.kernel, request, shape, &same)
}

/// For the passes: lines for the columns, which rows of pixels share, those along the row, and the last pass.
fn price_of_passes(scheme: &Scheme<'_>) -> f64 {
    let rows = scheme.request.adjacent_rows as f64;
    let groups = scheme.groups.iter().map(|group| price_of_group(scheme, group));
    groups.sum::<f64>() + tuning::PASS_INSTRUCTIONS * (2 + scheme.levels()) as f64 / rows
}

/// For the parts of a group.
pub fn price_of_group(scheme: &Scheme<'_>, group: &Group) -> f64 {
    let lines = group.shape.patterns.len() * group.parts.len();
    price_of_columns(scheme, group) + price_of_rows(group) + tuning::HANDED_LINE * lines as f64
}

/// For the parts of a group if the host finds them from window to window: of each run of a column's cells, one comes and one goes.
pub fn price_of_moved(scheme: &Scheme<'_>, group: &Group) -> f64 {
    let column = &group.shape.patterns[0];
    let is_last = |cell: &&Outer| {
        let mut below = (*cell).clone();
        scheme.request.jam_axis().into_iter().for_each(|axis| below[axis] += 1);
        scheme.request.jam_axis().is_none() || column.binary_search(&below).is_err()
    };
    let runs = column.iter().filter(is_last).count() as f64;
    let element = |part: &Part| cost::of_cell(scheme.kernel, part.element.iter().chain(&part.conditions)) as f64;
    group
        .parts
        .iter()
        .map(|part| tuning::MOVED_SUM + (runs - 1.0) * tuning::MOVED_ROW + 2.0 * runs * element(part))
        .sum()
}

fn price_of_columns(scheme: &Scheme<'_>, group: &Group) -> f64 {
    let (rows, parts) = (scheme.request.adjacent_rows as f64, group.parts.len() as f64);
    let height = group.shape.patterns[0].len();
    let element =
        cost::of_cell(scheme.kernel, group.parts.iter().flat_map(|part| part.element.iter().chain(&part.conditions)));
    let cell = 1.0 + element as f64;
    if scheme.is_reduced(group) {
        let adds = group.parts.iter().any(|part| part.kind == Kind::Sum);
        let more = more_rows(scheme.request, height, 2 + element + group.parts.len(), adds);
        let shared = if height <= scheme.request.column { rows * more as f64 } else { 1.0 };
        // Each row of cells is read once, and the tree has about as many operations, and one for each halving for each row of pixels.
        let reads = (height as f64 + shared - 1.0) / shared;
        return reads * cell + parts * (reads + shared.log2() + 1.0);
    }
    let cells = column_cells(scheme, group);
    let program = ColumnProgram::new(cells);
    let reads = program.reads(cells) * cell;
    match group.weights {
        Some(_) => reads + height as f64 + 1.0,
        None => reads + program.merges(cells) * instructions(group) + group.shape.patterns.len() as f64 * parts,
    }
}

fn price_of_rows(group: &Group) -> f64 {
    let (parts, each) = (group.parts.len() as f64, instructions(group));
    let combined = |reads: usize| reads as f64 * parts + reads.saturating_sub(1) as f64 * each;
    let level = |reads: &usize| combined(*reads) + tuning::LINE_INSTRUCTIONS as f64 * parts;
    let levels = group.runs.iter().flat_map(|runs| &runs.levels).map(level).sum::<f64>();
    levels + combined(group.runs.iter().map(|runs| runs.last_reads().len()).sum())
}

/// What it takes to make the parts of a group of two partial results.
fn instructions(group: &Group) -> f64 {
    group.parts.iter().map(|part| part.kind.instructions()).sum()
}

/// For the reductions as they are: unrolled, where rows of pixels share rows of cells, or in a loop.
fn price_of_whole(kernel: &Kernel, request: &Request, shape: &CellColumns, candidates: &[Cuttable]) -> f64 {
    let cells = request.cells.taps();
    let is_squares = |candidate: &Candidate| matches!(candidate.recipe, Recipe::Squares | Recipe::ExactSquares { .. });
    let squares = candidates.iter().filter(|Cuttable { candidate, .. }| is_squares(candidate)).count() as f64;
    // Where elements are as wide as sums, what selects them is a mask of their own lanes.
    let widens = request.inputs.iter().any(|input| input.bytes() < size_of::<f64>());
    let conditions = candidates.iter().map(|Cuttable { candidate, .. }| candidate.conditions.len()).max().unwrap_or(0);
    let conditions = if widens { conditions as f64 } else { 0.0 };
    let (reductions, taps) = (candidates.len() as f64, cells as f64);
    let functions =
        candidates.iter().flat_map(|Cuttable { candidate, .. }| candidate.element.iter().chain(&candidate.conditions));
    let element = cost::of_cell(kernel, functions) as f64;
    let is_column = shape.only_run().is_some_and(|run| run.len == 1);
    if cells > if is_column { request.column } else { tuning::MAX_UNROLLED_CELLS } {
        // Squares of differences are found in another loop than the mean.
        let loops = if squares > 0.0 { 2.0 } else { 1.0 };
        return taps * (tuning::LOOP_INSTRUCTIONS * loops + element + reductions - 1.0 + squares);
    }
    let is_idempotent =
        |candidate: &Candidate| matches!(candidate.recipe, Recipe::Plain { kind, .. } if kind.is_idempotent());
    let idempotent = candidates.iter().all(|Cuttable { candidate, .. }| is_idempotent(candidate));
    // As the plan of one pass chooses.
    let most = if idempotent || 2 * cells > tuning::MUCH_SHARED { tuning::MAX_ROWS_PER_CALL } else { 4 };
    let rows = request.adjacent_rows.min(most) as f64;
    let (reads, each) = match shape.patterns.as_slice() {
        // Each row of cells is combined once for the rows of pixels that see it, then rows are.
        [column] => {
            let (height, run) = (column.len() as f64, shape.taps() as f64 / column.len() as f64);
            let reads = (height + rows - 1.0) / rows * run;
            (reads, 2.0 * reads + height / rows + rows.log2())
        }
        // Rows of pixels share what they read, and where that changes nothing parts of rows of cells.
        _ => {
            let columns = shape.runs.iter().map(|run| run.len).sum::<usize>() as f64;
            let taps = shape.taps() as f64;
            let reads = (taps + (rows - 1.0) * columns) / rows;
            (reads, taps * if idempotent { tuning::SHARED_EXTREMES } else { 1.0 } + reads)
        }
    };
    let element = ((element - conditions).max(0.0) + conversions(request, candidates)) * reads;
    // Differences from a mean are the pixel's own, and weights are different ones for each row of pixels, as positions are.
    let count = |is: fn(Recipe) -> bool| {
        candidates.iter().filter(|Cuttable { candidate, .. }| is(candidate.recipe)).count() as f64
    };
    let weighted = count(|recipe| matches!(recipe, Recipe::Weighted(_)));
    let positions = count(|recipe| matches!(recipe, Recipe::Position(_)));
    let own = squares + weighted + positions;
    let exact = count(|recipe| matches!(recipe, Recipe::ExactSquares { .. }));
    let [of_floats, of_integers, of_bytes] = tuning::SQUARE_INSTRUCTIONS;
    let of_integers = if request.inputs.iter().all(|input| input.bytes() == 1) { of_bytes } else { of_integers };
    let own_work = ((squares + weighted) * 2.0 + (squares - exact) * of_floats + exact * of_integers) * taps
        + positions * tuning::POSITION_INSTRUCTIONS * taps;
    (reductions - own) * each + own_work + conditions * taps + element
}

/// How many instructions it takes to make numbers of an element that are added: what is summed of f32s becomes f64s first, which passes do once for a
/// cell and not once for each column that a row of pixels reads.
fn conversions(request: &Request, candidates: &[Cuttable]) -> f64 {
    let becomes_f64 = request.precision == Precision::Exact && request.inputs.contains(&DType::F32);
    let is_sum = |recipe: Recipe| matches!(recipe, Recipe::Plain { kind: Kind::Sum, .. });
    let is_square = |recipe: Recipe| matches!(recipe, Recipe::Squares | Recipe::ExactSquares { .. });
    let any = |is: fn(Recipe) -> bool| candidates.iter().any(|Cuttable { candidate, .. }| is(candidate.recipe));
    // The price of squares has it.
    if becomes_f64 && any(is_sum) && !any(is_square) { 1.0 } else { 0.0 }
}
