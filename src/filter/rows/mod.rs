//! The driver that computes row after row with a [`RowKernel`](crate::codegen::row::RowKernel).
//!
//! A row of cells is a stretch of the array itself, where its layout and element type allow: an outer boundary only picks
//! another row, or a row of `cval`. The code reads beyond both ends of the segment that it computes, so the two ends of each
//! row are copied, with what the boundary mode puts beyond them; an array with another layout, or whose elements must be
//! converted, is copied row by row as a whole. Each thread keeps the copies that the next rows of pixels need as well.
//! Memory: for each thread, a few ends or rows for each row of the footprint, and a row for each output that is not written
//! directly.
//!
//! All that is read of small arrays, and of boxes of short rows, is copied once instead (`small.rs`).
//!
//! A plan may have several passes, which compute each chunk of a group of rows one after the other. All but the last make
//! lines: rows in the thread's own memory that go as far beyond the chunk as later passes read. Only passes that read
//! arrays know of boundaries.

mod access;
mod array_rows;
mod border;
mod bound_rows;
mod context;
mod finite;
mod line_buffer;
mod lines;
mod moving;
mod padded;
mod passes;
mod small;
mod target;
#[cfg(test)]
mod tests;
mod traversal;
mod worker;
mod writer;

pub use self::context::RowRun;
use self::context::RunContext;
use self::small::Boxes;
use self::worker::Worker;
use super::exec::pool::{Verdict, in_bands};
use super::exec::view::RawView;
use crate::error::Error;
use crate::grid::copies::Copies;
use crate::grid::region::Region;
use crate::plan::Plan;
use crate::plan::pass::Pass;
use crate::tuning;

/// Computes every pixel of the run's region; the number of the first of its pixels that fails, in C order. Inputs have the
/// domain's shape, outputs that of its region, and both the element types of the plan.
pub fn run(run: &RowRun<'_>, inputs: &[RawView<'_>], outputs: &[RawView<'_>]) -> Result<Option<usize>, Error> {
    let plan = &run.kernel.plan;
    let threads = threads(plan, run.region, run.threads);
    if run.copies == Copies::Auto
        && let Some(boxes) = Boxes::new(run, inputs, threads)
    {
        return small::run(run, &boxes, threads, inputs, outputs);
    }
    let verdict = Verdict::new(run.progress);
    let context = RunContext::new(run, inputs, outputs, &verdict);
    // What moves is not worth its beginning for a few rows.
    let block =
        context.moving.iter().map(|moving| moving.least_rows().div_ceil(plan.reads.group_rows)).max().unwrap_or(1);
    let least = block.min(context.traversal.groups().div_ceil(threads)).max(1);
    in_bands(context.traversal.groups(), threads, least, || Worker::new(&context), Worker::band);
    drop(context);
    verdict.into_result()
}

/// How many threads are worth their while for the pixels of a region, of `most`.
pub fn threads(plan: &Plan, region: &Region, most: usize) -> usize {
    let rows = region.pixels() / region.row().len().max(1);
    worthwhile_threads(plan, region, most).min(rows.div_ceil(plan.reads.group_rows)).max(1)
}

/// The same where rows are divided among threads.
pub fn threads_by_parts(plan: &Plan, region: &Region, most: usize) -> usize {
    worthwhile_threads(plan, region, most).min(region.row().len() / tuning::MIN_DIVIDED_ROW)
}

/// The same if rows could be divided anywhere.
fn worthwhile_threads(plan: &Plan, region: &Region, most: usize) -> usize {
    let of_pass = |pass: &Pass| pass.instructions.max(1.0 / 16.0) / pass.vectors.blocks() as f64;
    let instructions: f64 = plan.passes.iter().map(of_pass).sum();
    let work = region.pixels() as f64 * (instructions + plan.moving_instructions());
    // Each pass makes lines in memory of the thread's own, which is new in each run.
    let least = tuning::MIN_WORK_PER_THREAD * plan.passes.len() as f64;
    most.min((work / least) as usize).max(1)
}
