//! What all threads of a run share, and what does not change while it lasts.

use std::ops::Range;

use super::access::AccessPlan;
use super::array_rows::{RowReader, reader};
use super::moving::shared::MovingContext;
use super::target::Target;
use super::traversal::{Rereads, RowShape, Strips, Traversal};
use super::writer::Writer;
use crate::codegen::row::RowKernel;
use crate::filter::exec::domain::Domain;
use crate::filter::exec::pool::Verdict;
use crate::filter::exec::view::RawView;
use crate::filter::progress::Progress;
use crate::grid::copies::Copies;
use crate::grid::element::Precision;
use crate::grid::region::Region;
use crate::plan::{Plan, pass_input};
use crate::tuning;

/// How to run.
pub struct RowRun<'a> {
    /// The code.
    pub kernel: &'a RowKernel,
    /// The values of the hoisted params and weights.
    pub constants: &'a [f64],
    /// The arrays' pixels and what is outside.
    pub domain: &'a Domain,
    /// The pixels to compute; some of those that the outputs have, by their indices in the inputs.
    pub region: &'a Region,
    /// When rows are copied.
    pub copies: Copies,
    /// The greatest number of threads.
    pub threads: usize,
    /// Where to report and to be cancelled.
    pub progress: &'a Progress,
    /// How many pixels may be computed before a cancellation is seen; a block of them is always computed.
    pub cancel_interval: usize,
}

impl RowRun<'_> {
    /// Whether the code's params and weights are finite.
    pub fn constants_are_finite(&self) -> bool {
        self.constants.iter().all(|value| match self.kernel.plan.request.precision {
            Precision::Exact => value.is_finite(),
            Precision::Single => (*value as f32).is_finite(),
        })
    }
}

/// What all threads share.
pub struct RunContext<'a> {
    pub run: &'a RowRun<'a>,
    pub plan: &'a Plan,
    pub verdict: &'a Verdict<'a>,
    /// The inputs, by their numbers.
    pub readers: Vec<Box<dyn RowReader + 'a>>,
    pub access: AccessPlan,
    /// For each pass of the host, how it is done.
    pub moving: Vec<MovingContext<'a>>,
    pub traversal: Traversal,
    /// Where the first row of a group is, along each axis but the last, if all rows of cells are inside the array.
    pub inside: Vec<Range<usize>>,
    /// The outputs, by their numbers.
    pub targets: Vec<Target<'a>>,
    /// How many pixels of a row are computed at once, at most.
    pub chunk: usize,
    /// How many are computed at least: a block of any pass.
    pub block: usize,
    /// After how many pixels a thread tells that they are done.
    pub told_together: usize,
    /// Whether some code depends on whether elements are finite.
    pub validated: bool,
    pub constants_finite: bool,
}

impl<'a> RunContext<'a> {
    /// What the threads of `run` share. Inputs have the domain's shape, outputs that of its region, and both the element
    /// types of the plan.
    pub fn new(
        run: &'a RowRun<'a>,
        inputs: &'a [RawView<'_>],
        outputs: &'a [RawView<'_>],
        verdict: &'a Verdict<'a>,
    ) -> RunContext<'a> {
        let (plan, domain, region) = (&run.kernel.plan, run.domain, run.region);
        let pairs = outputs.iter().zip(&plan.last_pass().outputs);
        let targets: Vec<Target<'_>> = pairs.map(|(view, output)| Target::new(view, *output, domain, region)).collect();
        let in_place = targets.iter().any(|target| !target.is_staged(false));
        let readers: Vec<Box<dyn RowReader + '_>> = inputs
            .iter()
            .enumerate()
            .map(|(array, view)| {
                let input = pass_input(array, plan.request.inputs[array], plan.request.outside());
                reader(view, input, domain.cval(), alias(plan, view, in_place))
            })
            .collect();
        let shape = row_shape(plan, domain, &readers);
        let whole = shape.segments(region.row());
        let access = AccessPlan::new(plan, &readers, domain, &whole);
        let short = whole.len < shape.block;
        let validated = plan.has_general_code();
        let line_chunk = line_chunk(plan, shape.block);
        let most = most_pixels(plan, targets.iter().any(|target| target.is_staged(short)) || validated);
        let unseen = pixels_unseen(plan, run.cancel_interval);
        let twice = computed_twice(plan);
        let chunk = most.min(line_chunk.unwrap_or(most)).max(twice).min(unseen).next_multiple_of(shape.block);
        let reads =
            Rereads { halos: &plan.reads.outer_halos, bytes: shape.array_len * bytes_read(plan, &readers, |_| true) };
        let copied = bytes_read(plan, &readers, |reader| !reader.is_direct());
        let most = tuning::COPIED_BYTES.checked_div(copied);
        let most = most.into_iter().chain(MovingContext::wanted_columns(plan, region)).min();
        let strips = Strips { chunk: line_chunk, most };
        let traversal = Traversal::new(region, plan.reads.group_rows, &reads, whole, strips);
        let widest = traversal.strips.iter().map(|strip| strip.len).max().unwrap_or(0);
        // Memory that no row fills would be made for each run, of small arrays too.
        let chunk = chunk.min(widest.next_multiple_of(shape.block)).max(shape.block);
        let inside = plan.reads.outer_halos.iter().zip(domain.shape()).map(|(halo, len)| halo.interior(*len)).collect();
        RunContext {
            run,
            plan,
            verdict,
            traversal,
            moving: MovingContext::all(plan, domain, region, widest),
            told_together: unseen.min(tuning::TOLD_TOGETHER),
            access,
            readers,
            inside,
            targets,
            chunk,
            block: shape.block,
            validated,
            constants_finite: run.constants_are_finite(),
        }
    }

    /// What a thread writes the last pass's results with.
    pub fn writer(&'a self) -> Writer<'a> {
        let pass = self.plan.last_pass();
        let rows = pass.rows_per_call * self.plan.reads.passes[self.plan.passes.len() - 1].calls;
        let pixels = self.chunk.min(self.run.region.row().len()).max(self.block);
        Writer::new(&self.targets, self.run.region.row().len() < self.block, rows, pixels, pass.cast)
    }
}

/// Whether a pass reads more rows of an array, one above the other, than can be in the L1 cache at once because they are
/// such distances apart that they share a few of its sets.
///
/// Such rows are read as copies, which are an odd number of cache lines apart. That is worth it for columns of many cells,
/// which read each row again and again; and where results are written `in_place`, to rows that may be as far apart, for fewer.
fn alias(plan: &Plan, view: &RawView<'_>, in_place: bool) -> bool {
    let adjacent = plan.reads.columns.iter().map(Vec::len).max().unwrap_or(0);
    let apart = view.strides().iter().nth_back(1).copied().unwrap_or(0);
    // Every other row of an odd multiple is in the other half of the sets.
    let halves = if apart % (2 * tuning::ALIASING_BYTES) == 0 { 1 } else { 2 };
    let most = match (plan.lines.is_empty(), in_place) {
        (true, true) => halves * tuning::ALIASING_ROWS,
        (true, false) => return false,
        (false, _) => tuning::CACHE_WAYS,
    };
    adjacent > most && apart != 0 && apart % tuning::ALIASING_BYTES == 0
}

/// What the arrays' rows are like to the passes of a plan.
fn row_shape(plan: &Plan, domain: &Domain, readers: &[Box<dyn RowReader + '_>]) -> RowShape {
    RowShape {
        halo: plan.reads.halo,
        array_len: domain.row_len(),
        block: plan.passes.iter().map(|pass| pass.step()).max().unwrap_or(1),
        direct: readers.iter().any(|reader| reader.is_direct()),
        element_bytes: readers.iter().map(|reader| reader.element_bytes()).max().unwrap_or(0),
    }
}

/// How many pixels of a row are computed at once, at most, if results are moved or validated or neither.
fn most_pixels(plan: &Plan, moved: bool) -> usize {
    if !moved {
        return tuning::MAX_CHUNK;
    }
    let bytes: usize = plan.last_pass().outputs.iter().map(|output| output.lane.bytes()).sum();
    tuning::CHUNK_BYTES / (bytes * plan.last_pass().rows_per_call)
}

/// The bytes of the elements at one place of the rows that a group reads of some arrays.
fn bytes_read(plan: &Plan, readers: &[Box<dyn RowReader + '_>], of: impl Fn(&dyn RowReader) -> bool) -> usize {
    let readers = plan.reads.rows.iter().map(|row| &*readers[row.row.input]);
    readers.filter(|reader| of(*reader)).map(|reader| reader.element_bytes()).sum()
}

/// How many pixels may be computed before a cancellation is seen, if it would be so many cell by cell: where passes make lines, it is their
/// instructions that count.
fn pixels_unseen(plan: &Plan, cell_by_cell: usize) -> usize {
    if plan.lines.is_empty() {
        return cell_by_cell;
    }
    let instructions: f64 = plan.passes.iter().map(|pass| pass.instructions.max(1.0)).sum();
    (tuning::UNSEEN_INSTRUCTIONS / (instructions + plan.moving_instructions())) as usize
}

/// How many pixels of a row are computed at once so that all lines, if there are any, stay in the L2 cache beside the rest, in whole
/// blocks; but what is computed twice at the ends of each chunk must be a small part of it.
fn line_chunk(plan: &Plan, block: usize) -> Option<usize> {
    let bytes: usize = plan.lines.iter().map(|line| line.lane.bytes() * plan.reads.group_rows).sum();
    let twice = computed_twice(plan);
    (bytes > 0).then(|| (tuning::LINE_BYTES / bytes).min(tuning::MAX_LINE_CHUNK).max(4 * twice).next_multiple_of(block))
}

/// How many elements of the lines are computed again for the next chunk, at most; where there are no lines, none.
fn computed_twice(plan: &Plan) -> usize {
    let halos = plan.reads.passes.iter().map(|pass| pass.halo.len());
    if plan.lines.is_empty() { 0 } else { halos.max().unwrap_or(0) }
}
