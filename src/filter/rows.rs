//! The driver that computes row after row with a [`RowKernel`].
//!
//! A row of cells is a stretch of the array itself, where its layout and element type allow: an outer boundary only picks
//! another row, or a row of `cval`. The code reads beyond both ends of the run that it computes, so the two ends of each row
//! are copied, with what the boundary mode puts beyond them; an array with another layout, or whose elements must be
//! converted, is copied row by row as a whole. Each thread keeps the copies that the next rows of pixels need as well.
//! Memory: for each thread, a few ends or rows for each row of the footprint, and a row for each output that is not written
//! directly.

#![allow(unsafe_code, reason = "the design lifts the ban here; each block gives its reason")]

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::{ArrayViewD, ArrayViewMutD};

use super::arrays::{Input, Output, for_any};
use super::pixels::{Neighbourhood, Stop};
use super::progress::Progress;
use crate::codegen::jit::{Frame, RowCode};
use crate::codegen::row::RowKernel;
use crate::error::Error;
use crate::grid::element::{Cast, DType, Element};
use crate::grid::region::Region;
use crate::plan::Plan;
use crate::plan::stage::{Row, Source, Stage};

/// How many pixels are computed before a cancellation is seen, at most.
const MAX_RUN: usize = 1 << 16;

/// Rows of at most this many bytes are copied as a whole.
const SHORT_ROW: usize = 1 << 12;

/// How many bytes of results are staged before they are moved: they stay in the nearest cache.
const STAGED_BYTES: usize = 1 << 14;

/// Outputs of at least this many bytes don't stay in the cache, so writing past it spares reading them first.
const STREAMED_BYTES: usize = 1 << 24;

/// How much work is worth a thread: pixels times cells.
const MIN_WORK: usize = 1 << 17;

/// How to run.
pub struct RowRun<'a> {
    /// The code.
    pub kernel: &'a RowKernel,
    /// The values of the lifted params and weights.
    pub constants: &'a [f64],
    /// The array's shape and what is outside it.
    pub neighbourhood: &'a Neighbourhood,
    /// The pixels to compute; some of those that the outputs have, by their indices in the inputs.
    pub region: &'a Region,
    /// The greatest number of threads.
    pub threads: usize,
    /// Where to report and to be cancelled.
    pub progress: &'a Progress,
}

/// Why a run stopped early.
pub enum Failure {
    /// A pixel failed, or the run was cancelled.
    Stop(Stop),
    /// No code could be made for elements that are not finite.
    Error(Error),
}

impl RowRun<'_> {
    /// Computes every pixel of the region. Inputs have the neighbourhood's shape, outputs that of its region, and both the
    /// element types of the plan.
    pub fn run(&self, inputs: &[Input<'_>], outputs: &mut [Output<'_>]) -> Result<(), Failure> {
        let stage = &self.kernel.plan.stages[0];
        let targets: Vec<Target> =
            outputs.iter_mut().map(|output| for_any!(Output, output, view => Target::new(view, self))).collect();
        let sources: Vec<Box<dyn RowSource + '_>> = inputs
            .iter()
            .zip(&stage.inputs)
            .map(|(input, source)| -> Box<dyn RowSource> {
                for_any!(Input, input, view => Box::new(Array::new(view, *source)))
            })
            .collect();
        let layout = Layout::new(stage, self, sources.iter().any(|source| source.is_direct()));
        let in_place =
            |(row, reaching): (&Row, &bool)| !reaching && sources[row.input].is_direct() && layout.len >= layout.block;
        let bands = Bands {
            run: self,
            stage,
            in_place: stage.rows.iter().zip(&stage.reaching).map(in_place).collect(),
            layout,
            sources,
            streamed: targets
                .iter()
                .zip(&stage.outputs)
                .map(|(target, sink)| {
                    let bytes = self.region.pixels() * target.element_bytes;
                    cfg!(target_arch = "x86_64") && sink.is_native() && target.stride() == 1 && bytes >= STREAMED_BYTES
                })
                .collect(),
            targets,
            constants_finite: self.constants.iter().all(|value| value.is_finite()),
            failed: AtomicUsize::new(usize::MAX),
            error: OnceLock::new(),
        };
        let groups = groups(stage, self.region);
        let threads = threads(&self.kernel.plan, self.region, self.threads);
        if threads == 1 {
            Worker::new(&bands).band(0..groups);
        } else {
            // More bands than threads, so that a thread that is held up does not hold up the others.
            let band = groups.div_ceil(8 * threads);
            let next = AtomicUsize::new(0);
            rayon::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|_| {
                        let mut worker = Worker::new(&bands);
                        loop {
                            let start = next.fetch_add(band, Ordering::Relaxed);
                            if start >= groups {
                                break;
                            }
                            worker.band(start..groups.min(start + band));
                        }
                    });
                }
            });
        }
        match (bands.error.into_inner(), bands.failed.into_inner()) {
            (Some(error), _) => Err(Failure::Error(error)),
            _ if self.progress.is_cancelled() => Err(Failure::Stop(Stop::Cancelled)),
            (None, usize::MAX) => Ok(()),
            (None, pixel) => Err(Failure::Stop(Stop::Failed(pixel))),
        }
    }
}

/// How many groups of rows of pixels there are, each computed together.
fn groups(stage: &Stage, region: &Region) -> usize {
    let axes = region.axes.len();
    let height = axes.checked_sub(2).map_or(1, |axis| region.len(axis));
    let planes = (0..axes.saturating_sub(2)).fold(1, |planes: usize, axis| planes.saturating_mul(region.len(axis)));
    planes.saturating_mul(height.div_ceil(stage.together))
}

/// How many threads are worth their while for the pixels of a region, of `most`.
pub fn threads(plan: &Plan, region: &Region, most: usize) -> usize {
    let stage = &plan.stages[0];
    let work = region.pixels().saturating_mul(stage.cells.len().max(1));
    most.min(work / MIN_WORK).min(groups(stage, region)).max(1)
}

/// Which parts of a row are computed with the help of copies.
#[derive(Clone, Debug)]
struct Layout {
    /// How far cells reach beyond a pixel along the row.
    before: usize,
    after: usize,
    /// The index of the region's first pixel along the array's rows.
    first: usize,
    /// The number of the region's pixels along a row.
    len: usize,
    /// The length of the array's rows.
    array_len: usize,
    /// The runs of pixels of a row of the region: at its start, in the middle, and at its end. Without rows that are read
    /// directly, there is only one.
    runs: Vec<Range<usize>>,
    /// The pixels of a run that code is called for, at least.
    block: usize,
}

impl Layout {
    fn new(stage: &Stage, run: &RowRun<'_>, direct: bool) -> Layout {
        let (before, after) = stage.reach();
        let (row, array_len, block) = (run.region.row(), run.neighbourhood.row_len(), stage.pixels);
        let len = row.len();
        // The pixels whose cells reach beyond the array's row. An end has whole blocks.
        let start = before.saturating_sub(row.start).next_multiple_of(block);
        let end = after.saturating_sub(array_len - row.end).next_multiple_of(block);
        // A short row is copied faster than its ends are computed by calls of their own.
        let short = stage.inputs.iter().map(|source| source.lane.bytes() * len).max().unwrap_or(0) <= SHORT_ROW;
        let runs = match direct && !short && len >= start + end + block {
            true => [0..start, start..len - end, len - end..len].into_iter().filter(|run| !run.is_empty()).collect(),
            false => std::iter::once(0..len).collect(),
        };
        Layout { before, after, first: row.start, len, array_len, runs, block }
    }

    /// Whether all cells of a run are inside the array's row.
    fn is_inside(&self, run: &Range<usize>) -> bool {
        self.first + run.start >= self.before && self.first + run.end + self.after <= self.array_len
    }

    /// Where the cells of a run are along the array's row.
    fn cells(&self, run: &Range<usize>) -> Range<isize> {
        (self.first + run.start) as isize - self.before as isize..(self.first + run.end + self.after) as isize
    }

    /// Whether rows are copied as a whole.
    fn is_whole(&self) -> bool {
        self.len < self.block || !self.runs.iter().any(|run| self.is_inside(run))
    }

    /// The number of elements that a copy of the cells of a run takes.
    fn padded(&self, run: &Range<usize>) -> usize {
        self.before + run.len().max(self.block) + self.after
    }
}

/// An input array, row by row. A row is named by the distance of its first element from the array's.
trait RowSource: Sync {
    /// Whether code may read the array's own rows.
    fn is_direct(&self) -> bool;

    /// The size of an element of a copy.
    fn element_bytes(&self) -> usize;

    /// The row that starts at `outer`, an index along all axes but the last.
    fn start(&self, outer: &[usize]) -> isize;

    /// The address of a row's first element.
    fn address(&self, row: isize) -> *const u8;

    /// Whether all elements at `positions` along a row are finite.
    fn is_finite(&self, row: isize, positions: Range<usize>) -> bool;

    /// Copies the cells at `positions` along a row to `copy`, as elements of the source's lane type.
    ///
    /// # Safety
    ///
    /// `row` is from [`RowSource::start`], or `None` for a row outside the array; there is room for the cells at `copy`.
    unsafe fn copy(&self, row: Option<isize>, positions: Range<isize>, neighbourhood: &Neighbourhood, copy: *mut u8);
}

struct Array<'a, T> {
    view: &'a ArrayViewD<'a, T>,
    first: *const T,
    strides: Vec<isize>,
    source: Source,
}

// SAFETY: the elements are only read, and the array is borrowed.
unsafe impl<T: Sync> Sync for Array<'_, T> {}

impl<'a, T: Element> Array<'a, T> {
    fn new(view: &'a ArrayViewD<'a, T>, source: Source) -> Array<'a, T> {
        let strides = if view.ndim() == 0 { vec![1] } else { view.strides().to_vec() };
        Array { view, first: view.as_ptr(), strides, source }
    }

    fn stride(&self) -> isize {
        self.strides[self.strides.len() - 1]
    }
}

impl<T: Element> RowSource for Array<'_, T> {
    fn is_direct(&self) -> bool {
        // In a row of one element the stride says nothing, and there is nothing to gain.
        self.source.is_native() && self.stride() == 1 && self.view.shape().last().is_some_and(|len| *len > 1)
    }

    fn element_bytes(&self) -> usize {
        self.source.lane.bytes()
    }

    fn start(&self, outer: &[usize]) -> isize {
        outer.iter().zip(&self.strides).map(|(index, stride)| *index as isize * stride).sum()
    }

    fn address(&self, row: isize) -> *const u8 {
        self.first.wrapping_offset(row).cast()
    }

    fn is_finite(&self, row: isize, positions: Range<usize>) -> bool {
        if !matches!(T::DTYPE, DType::F32 | DType::F64) {
            return true;
        }
        if self.stride() == 1 {
            // SAFETY: the row's elements follow each other in the array, which is borrowed.
            let row = unsafe {
                std::slice::from_raw_parts(self.first.offset(row + positions.start as isize), positions.len())
            };
            return all_finite(row);
        }
        positions.into_iter().all(|x| {
            // SAFETY: `x` is an index along the row of the array, which is borrowed.
            let element = unsafe { *self.first.offset(row + x as isize * self.stride()) };
            element.to_f64().is_finite()
        })
    }

    unsafe fn copy(&self, row: Option<isize>, positions: Range<isize>, neighbourhood: &Neighbourhood, copy: *mut u8) {
        if self.source.is_native() {
            // The lane type holds what is outside exactly, or the plan would have chosen another.
            let outside = T::from_f64(neighbourhood.outside(), Cast::Saturate);
            // SAFETY: passed on; native elements have the lane type's size.
            unsafe { self.copy_as(row, positions, neighbourhood, copy.cast::<T>(), outside, |element| element) }
        } else {
            let outside = neighbourhood.outside();
            // SAFETY: passed on; other elements are converted to f64s.
            unsafe { self.copy_as(row, positions, neighbourhood, copy.cast::<f64>(), outside, Element::to_f64) }
        }
    }
}

impl<T: Element> Array<'_, T> {
    /// # Safety
    ///
    /// As for [`RowSource::copy`]; `U` is `T` if elements are native.
    unsafe fn copy_as<U: Copy>(
        &self,
        row: Option<isize>,
        positions: Range<isize>,
        neighbourhood: &Neighbourhood,
        copy: *mut U,
        outside: U,
        convert: impl Fn(T) -> U,
    ) {
        let stride = self.stride();
        let inside = positions.start.max(0)..positions.end.min(neighbourhood.row_len() as isize);
        let Some(row) = row else {
            for index in 0..positions.len() {
                // SAFETY: there is room for all positions.
                unsafe { copy.add(index).write(outside) };
            }
            return;
        };
        for end in [positions.start..inside.start.min(positions.end), inside.end.max(positions.start)..positions.end] {
            for position in end {
                let element = match neighbourhood.index_along(position) {
                    // SAFETY: the index is inside the row.
                    Some(index) => convert(unsafe { *self.first.offset(row + index * stride) }),
                    None => outside,
                };
                // SAFETY: there is room for all positions.
                unsafe { copy.offset(position - positions.start).write(element) };
            }
        }
        if inside.is_empty() {
            return;
        }
        // SAFETY: the positions are inside the row, and there is room for all of them.
        unsafe {
            let (from, to) =
                (self.first.offset(row + inside.start * stride), copy.offset(inside.start - positions.start));
            if stride == 1 && self.source.is_native() {
                std::ptr::copy_nonoverlapping(from.cast(), to, inside.len());
            } else if stride == 1 {
                // Slices are converted many elements at once.
                let from = std::slice::from_raw_parts(from, inside.len());
                let to = std::slice::from_raw_parts_mut(to, inside.len());
                to.iter_mut().zip(from).for_each(|(to, from)| *to = convert(*from));
            } else {
                (0..inside.len() as isize).for_each(|index| *to.offset(index) = convert(*from.offset(index * stride)));
            }
        }
    }
}

/// An output array as memory that several threads write to, each its own rows.
struct Target {
    first: *mut u8,
    strides: Vec<isize>,
    /// The index in the inputs of the array's first pixel.
    origin: Vec<usize>,
    /// How far the region's rows start from the array's.
    indent: usize,
    element_bytes: usize,
    /// Casts f64s to elements of the array, from an element on.
    cast: fn(&Target, isize, &[f64], Cast),
    /// Copies elements of the array's own type there.
    copy: fn(&Target, isize, *const u8, usize),
}

// SAFETY: the memory is borrowed mutably for as long as the target lives, and the driver gives every row to one thread only.
unsafe impl Sync for Target {}

impl Target {
    fn new<T: Element>(view: &mut ArrayViewMutD<'_, T>, run: &RowRun<'_>) -> Target {
        let strides = if view.ndim() == 0 { vec![1] } else { view.strides().to_vec() };
        let whole = run.neighbourhood.region();
        Target {
            first: view.as_mut_ptr().cast(),
            strides,
            origin: whole.first(),
            indent: run.region.row().start - whole.row().start,
            element_bytes: size_of::<T>(),
            cast: Target::cast_row::<T>,
            copy: Target::copy_row::<T>,
        }
    }

    fn stride(&self) -> isize {
        self.strides[self.strides.len() - 1]
    }

    /// The distance between rows that follow each other along the axis before the last.
    fn row_stride(&self) -> isize {
        self.strides.len().checked_sub(2).map_or(0, |axis| self.strides[axis])
    }

    /// The distance of the first element of the region's row at `outer` from the array's.
    fn start(&self, outer: &[usize]) -> isize {
        let indices = outer.iter().zip(&self.origin).map(|(index, first)| (index - first) as isize);
        let row: isize = indices.zip(&self.strides).map(|(index, stride)| index * stride).sum();
        row + self.indent as isize * self.stride()
    }

    fn address(&self, element: isize) -> *mut u8 {
        self.first.wrapping_offset(element * self.element_bytes as isize)
    }

    fn cast_row<T: Element>(&self, start: isize, values: &[f64], cast: Cast) {
        let (first, stride) = (self.first.cast::<T>(), self.stride());
        for (index, value) in values.iter().enumerate() {
            // SAFETY: the values are for elements of one row of the array, whose type is `T` by `new`; nobody else writes to
            // them.
            unsafe { *first.offset(start + index as isize * stride) = T::from_f64(*value, cast) };
        }
    }

    fn copy_row<T: Element>(&self, start: isize, elements: *const u8, len: usize) {
        let (first, stride, elements) = (self.first.cast::<T>(), self.stride(), elements.cast::<T>());
        for index in 0..len as isize {
            // SAFETY: as in `cast_row`; code has written as many elements of the array's type to the copy.
            unsafe { *first.offset(start + index * stride) = *elements.offset(index) };
        }
    }
}

/// What all threads share.
struct Bands<'a> {
    run: &'a RowRun<'a>,
    stage: &'a Stage,
    layout: Layout,
    sources: Vec<Box<dyn RowSource + 'a>>,
    targets: Vec<Target>,
    /// For each row of the stage, whether the code reads it in the array itself, from end to end.
    in_place: Vec<bool>,
    /// Whether results go past the cache, for each output.
    streamed: Vec<bool>,
    constants_finite: bool,
    /// The number of the first pixel that fails, in C order.
    failed: AtomicUsize,
    error: OnceLock<Error>,
}

/// A row of an input that is ready to be read.
struct Slot {
    /// Which row.
    row: isize,
    /// The last group of rows of pixels that needed it; 0 for none yet.
    used: usize,
    finite: bool,
    /// Whether it is copied, as far as it is at all; a row in which nothing is read beyond the pixel need not be.
    copied: bool,
}

/// The rows of an input that a thread has ready.
struct Ring {
    slots: Vec<Slot>,
    /// Whether only the ends of rows are copied.
    direct: bool,
    /// The size of an element of a copy.
    element_bytes: usize,
    /// The copies of the slots, one after the other.
    copies: Vec<u64>,
    /// The bytes of a slot's copies.
    slot_bytes: usize,
    /// Where in a slot the copy for each run starts; `None` where the code reads the array.
    starts: Vec<Option<usize>>,
    /// A stretch of what is outside the array, as long as any that is read; empty until it is needed.
    outside: Vec<u64>,
}

impl Ring {
    fn new(layout: &Layout, source: &dyn RowSource, rows: usize) -> Ring {
        let bytes = |run: &Range<usize>| (layout.padded(run) * source.element_bytes()).next_multiple_of(64);
        let mut slot_bytes = 0;
        let mut place = |bytes: usize| {
            slot_bytes += bytes;
            Some(slot_bytes - bytes)
        };
        let direct = source.is_direct() && !layout.is_whole();
        let starts = match direct {
            true => {
                // Only the middle is read where it is.
                layout.runs.iter().map(|run| if layout.is_inside(run) { None } else { place(bytes(run)) }).collect()
            }
            false => {
                place(bytes(&(0..layout.len)));
                layout.runs.iter().map(|run| Some(run.start * source.element_bytes())).collect()
            }
        };
        let slots = (0..rows).map(|_| Slot { row: 0, used: 0, finite: true, copied: false }).collect();
        let copies = vec![0; slot_bytes / 8 * rows];
        Ring { slots, direct, element_bytes: source.element_bytes(), copies, slot_bytes, starts, outside: Vec::new() }
    }

    /// Makes the stretch of what is outside.
    fn fill_outside(&mut self, layout: &Layout, source: &dyn RowSource, neighbourhood: &Neighbourhood) {
        if self.outside.is_empty() {
            let longest = layout.runs.iter().map(|run| run.len().min(MAX_RUN)).max().unwrap_or(0);
            let len = layout.padded(&(0..longest));
            self.outside = vec![0; (len * source.element_bytes()).div_ceil(8)];
            // SAFETY: there is room for `len` elements.
            unsafe { source.copy(None, 0..len as isize, neighbourhood, self.outside.as_mut_ptr().cast()) };
        }
    }
}

/// Where a row of cells is.
#[derive(Clone, Copy)]
enum Found {
    /// Outside the array.
    Outside,
    /// In a slot of its input's ring.
    Slot(usize),
    /// In the array, where it starts at this distance; nothing need be known of it.
    Array(isize),
}

/// One thread's memory.
struct Worker<'a> {
    bands: &'a Bands<'a>,
    rings: Vec<Ring>,
    /// For each row of the stage, where it is.
    found: Vec<Found>,
    pointers: Vec<*const u8>,
    addresses: Vec<*mut u8>,
    /// Where the rows of pixels are along all axes but the last, and a row of cells.
    outer: Vec<usize>,
    index: Vec<usize>,
    /// For each output of each row of pixels, where the row starts in the output.
    starts: Vec<isize>,
    /// Its address there; `None` if results are staged.
    targets: Vec<Option<*mut u8>>,
    /// Whether results are staged that belong to the outputs.
    staging: bool,
    /// For each output of each row of pixels, memory of the thread's own for a part of a row.
    staged: Vec<Vec<u64>>,
    /// How many pixels are computed at once, at most.
    part: usize,
    position: Vec<f64>,
    scratch: Vec<f64>,
    /// The groups so far.
    groups: usize,
}

impl<'a> Worker<'a> {
    fn new(bands: &'a Bands<'a>) -> Worker<'a> {
        let (stage, layout) = (bands.stage, &bands.layout);
        let ring = |input: usize| {
            let in_ring =
                |(row, in_place): &(&Row, &bool)| row.input == input && !(**in_place && stage.general.is_none());
            let rows = stage.rows.iter().zip(&bands.in_place).filter(in_ring).count();
            Ring::new(layout, bands.sources[input].as_ref(), rows)
        };
        let rings = (0..bands.sources.len()).map(ring).collect();
        let outputs = stage.together * stage.outputs.len();
        let direct = |(index, target): (usize, &Target)| {
            stage.outputs[index].is_native() && target.stride() == 1 && !bands.streamed[index]
        };
        let part = match bands.targets.iter().enumerate().all(direct) {
            true => MAX_RUN,
            false => {
                let bytes: usize = stage.outputs.iter().map(|sink| sink.lane.bytes()).sum();
                (STAGED_BYTES / (bytes.max(1) * stage.together)).next_multiple_of(layout.block)
            }
        };
        let staged = |index: usize| {
            let bytes =
                part.min(layout.len).max(layout.block) * stage.outputs[index % stage.outputs.len()].lane.bytes();
            vec![0; bytes.div_ceil(8)]
        };
        Worker {
            part,
            bands,
            rings,
            found: vec![Found::Outside; stage.rows.len()],
            pointers: vec![std::ptr::null(); stage.rows.len()],
            addresses: vec![std::ptr::null_mut(); outputs],
            outer: vec![0; bands.run.region.axes.len() - 1],
            index: vec![0; bands.run.region.axes.len() - 1],
            starts: vec![0; outputs],
            targets: vec![None; outputs],
            staging: false,
            staged: (0..outputs).map(staged).collect(),
            position: vec![0.0; bands.run.kernel.plan.request.axes.len()],
            scratch: vec![0.0; stage.scratch_bytes() / 8],
            groups: 0,
        }
    }

    /// Computes groups of rows, in C order, as long as nothing failed before them.
    fn band(&mut self, groups: Range<usize>) {
        let bands = self.bands;
        let region = bands.run.region;
        let height = region.axes.len().checked_sub(2).map_or(1, |axis| region.len(axis));
        let in_plane = height.div_ceil(bands.stage.together);
        for group in groups {
            let y = group % in_plane * bands.stage.together;
            let first_row = group / in_plane * height + y;
            let first_pixel = first_row * bands.layout.len;
            let stopped = bands.run.progress.is_cancelled() || bands.error.get().is_some();
            if stopped || bands.failed.load(Ordering::Relaxed) < first_pixel {
                break;
            }
            let rows = bands.stage.together.min(height - y);
            if !self.group(first_pixel, rows) {
                break;
            }
        }
        if bands.streamed.contains(&true) {
            fence();
        }
    }

    /// Computes the `rows` rows of pixels from `first_pixel` on. False where the run is to stop.
    fn group(&mut self, first_pixel: usize, rows: usize) -> bool {
        let (bands, layout) = (self.bands, &self.bands.layout);
        self.move_to(first_pixel / layout.len);
        self.groups += 1;
        let finite = self.prepare() && bands.constants_finite;
        let code = match bands.run.kernel.code(0, finite) {
            Ok(code) => code,
            Err(error) => {
                // Another thread has said the same.
                let _ = bands.error.set(error);
                return false;
            }
        };
        for (axis, position) in bands.run.kernel.plan.request.axes.iter().zip(&mut self.position) {
            *position = self.outer.get(*axis).map_or(0.0, |index| *index as f64);
        }
        self.aim(rows);
        for run in 0..layout.runs.len() {
            let done = self.run(code, run, rows);
            let pixels = &layout.runs[run];
            bands.run.progress.add(done.min(pixels.len()) * rows);
            if done < pixels.len() {
                if !bands.run.progress.is_cancelled() {
                    bands.failed.fetch_min(first_pixel + pixels.start + done, Ordering::Relaxed);
                }
                return false;
            }
        }
        true
    }

    /// Finds where a row of pixels is, by its number in the region.
    fn move_to(&mut self, row: usize) {
        let mut rest = row;
        for (index, range) in self.outer.iter_mut().zip(&self.bands.run.region.axes).rev() {
            *index = range.start + rest % range.len();
            rest /= range.len();
        }
    }

    /// Makes ready the rows of cells for the rows of pixels from `outer` on. Whether all their elements are finite.
    fn prepare(&mut self) -> bool {
        let bands = self.bands;
        let neighbourhood = bands.run.neighbourhood;
        let mut finite = true;
        for (number, row) in bands.stage.rows.iter().enumerate() {
            let mut inside = true;
            for (axis, offset) in row.outer.iter().enumerate() {
                match neighbourhood.index(axis, self.outer[axis] as isize + offset) {
                    Some(at) => self.index[axis] = at as usize,
                    None => inside = false,
                }
            }
            let source = &bands.sources[row.input];
            if inside && bands.in_place[number] && bands.stage.general.is_none() {
                self.found[number] = Found::Array(source.start(&self.index));
            } else if inside {
                let slot = self.slot(number, row.input, source.start(&self.index));
                self.found[number] = Found::Slot(slot);
                finite &= self.rings[row.input].slots[slot].finite;
            } else {
                self.found[number] = Found::Outside;
                self.rings[row.input].fill_outside(&bands.layout, source.as_ref(), neighbourhood);
            }
        }
        finite
    }

    /// The slot of a row, which is filled if it is not there yet.
    fn slot(&mut self, number: usize, input: usize, row: isize) -> usize {
        let (bands, layout) = (self.bands, &self.bands.layout);
        let ring = &mut self.rings[input];
        let is_row = |slot: &Slot| slot.used > 0 && slot.row == row;
        // What was the next row is now this one, as a rule.
        let likely = match self.found.get(number + bands.stage.together) {
            Some(Found::Slot(slot)) if *slot < ring.slots.len() => Some(*slot),
            _ => None,
        };
        let found = likely.filter(|slot| is_row(&ring.slots[*slot])).or_else(|| ring.slots.iter().position(is_row));
        let source = &bands.sources[input];
        // There are as many slots as rows in a group, so one of them is not needed by this group.
        let oldest = || (0..ring.slots.len()).min_by_key(|slot| ring.slots[*slot].used).expect("a row has slots");
        let slot = found.unwrap_or_else(oldest);
        if found.is_none() {
            let checked = bands.stage.general.is_some();
            let read = || bands.run.neighbourhood.read_along(layout.cells(&(0..layout.len)));
            let finite = !checked || source.is_finite(row, read());
            ring.slots[slot] = Slot { row, used: self.groups, finite, copied: false };
        }
        ring.slots[slot].used = self.groups;
        if ring.slots[slot].copied || bands.in_place[number] {
            return slot;
        }
        ring.slots[slot].copied = true;
        let base = ring.copies.as_mut_ptr().cast::<u8>().wrapping_add(slot * ring.slot_bytes);
        let neighbourhood = bands.run.neighbourhood;
        if ring.direct {
            for (run, start) in layout.runs.iter().zip(&ring.starts) {
                if let Some(start) = start {
                    // SAFETY: the slot has room for the run and the cells beyond it.
                    unsafe { source.copy(Some(row), layout.cells(run), neighbourhood, base.add(*start)) };
                }
            }
        } else {
            // SAFETY: the slot has room for the row and the cells beyond it.
            unsafe { source.copy(Some(row), layout.cells(&(0..layout.len)), neighbourhood, base) };
        }
        slot
    }

    /// Finds where each output of each row of pixels is to be written.
    fn aim(&mut self, rows: usize) {
        let (bands, layout) = (self.bands, &self.bands.layout);
        let count = bands.targets.len();
        self.staging = false;
        for (index, target) in bands.targets.iter().enumerate() {
            let native = bands.stage.outputs[index].is_native() && target.stride() == 1;
            let direct = native && layout.len >= layout.block && !bands.streamed[index];
            let first = target.start(&self.outer);
            for row in 0..bands.stage.together {
                self.starts[row * count + index] = first + row as isize * target.row_stride();
                self.targets[row * count + index] =
                    (direct && row < rows).then(|| target.address(first + row as isize * target.row_stride()));
                self.staging |= !direct && row < rows;
            }
        }
    }

    /// Computes a run of pixels of each row; the number of them before the first that fails.
    fn run(&mut self, code: &RowCode, run: usize, rows: usize) -> usize {
        let (bands, layout) = (self.bands, &self.bands.layout);
        let pixels = layout.runs[run].clone();
        let along = bands.stage.along;
        let mut done = 0;
        while done < pixels.len() {
            if bands.run.progress.is_cancelled() {
                break;
            }
            let len = (pixels.len() - done).min(self.part).max(layout.block);
            // The last part may start before the end of the one before it.
            let start = (pixels.start + done).min(pixels.end.saturating_sub(len).max(pixels.start));
            for (number, row) in bands.stage.rows.iter().enumerate() {
                let ring = &self.rings[row.input];
                let found = self.found[number];
                let size = ring.element_bytes;
                let copies = ring.copies.as_ptr().cast::<u8>();
                self.pointers[number] = match (found, ring.starts[run]) {
                    (Found::Outside, _) => ring.outside.as_ptr().cast::<u8>().wrapping_add(layout.before * size),
                    (Found::Slot(slot), Some(copy)) if !bands.in_place[number] => copies
                        .wrapping_add(slot * ring.slot_bytes + copy)
                        .wrapping_add((layout.before + start - pixels.start) * size),
                    (Found::Array(distance), _) => {
                        bands.sources[row.input].address(distance + (layout.first + start) as isize)
                    }
                    (Found::Slot(slot), _) => {
                        bands.sources[row.input].address(ring.slots[slot].row + (layout.first + start) as isize)
                    }
                };
            }
            let outputs = bands.stage.outputs.iter().cycle();
            for ((address, target), (staged, sink)) in
                self.addresses.iter_mut().zip(&self.targets).zip(self.staged.iter_mut().zip(outputs))
            {
                *address = match target {
                    Some(row) => row.wrapping_add(start * sink.lane.bytes()),
                    None => staged.as_mut_ptr().cast(),
                };
            }
            if let Some(along) = along {
                self.position[along] = (layout.first + start) as f64;
            }
            let frame = Frame {
                constants: bands.run.constants.as_ptr(),
                position: self.position.as_ptr(),
                scratch: self.scratch.as_mut_ptr(),
            };
            // SAFETY: each pointer is to a row of the array, or to a copy with the cells beyond the run's ends; the run in the
            // middle of an array's row is as far from its ends as cells reach. Outputs are rows of arrays, which no other
            // thread writes to, or of this thread's own memory, with room for a block at least.
            let held = unsafe { code.call(&self.pointers, &self.addresses, len, &frame) };
            let end = (start + held).min(pixels.end);
            if self.staging {
                self.publish(start..end, rows);
            }
            done = done.max(end - pixels.start);
            if end < (start + len).min(pixels.end) {
                break;
            }
        }
        done
    }

    /// Moves results that are not where they belong.
    fn publish(&mut self, pixels: Range<usize>, rows: usize) {
        let bands = self.bands;
        let count = bands.targets.len();
        for row in 0..rows {
            for (index, target) in bands.targets.iter().enumerate() {
                if self.targets[row * count + index].is_some() {
                    continue;
                }
                let sink = bands.stage.outputs[index];
                let from = self.staged[row * count + index].as_ptr();
                let start = self.starts[row * count + index] + pixels.start as isize * target.stride();
                if bands.streamed[index] {
                    // SAFETY: code has written the pixels' elements, which belong to a contiguous row of the output that no
                    // other thread writes to.
                    unsafe { stream(from.cast(), target.address(start), pixels.len() * sink.lane.bytes()) };
                } else if sink.is_native() {
                    (target.copy)(target, start, from.cast(), pixels.len());
                } else {
                    // SAFETY: code has written f64s for these pixels.
                    let values = unsafe { std::slice::from_raw_parts(from.cast::<f64>(), pixels.len()) };
                    (target.cast)(target, start, values, bands.stage.cast);
                }
            }
        }
    }
}

/// Whether no element of a row is infinite or NaN.
fn all_finite<T: Element>(row: &[T]) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        /// The same, compiled for wider registers.
        #[target_feature(enable = "avx")]
        fn wide<T: Element>(row: &[T]) -> bool {
            T::all_finite(row)
        }
        if is_x86_feature_detected!("avx") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { wide(row) };
        }
    }
    T::all_finite(row)
}

/// Copies `bytes` bytes to memory that is not read soon, past the caches.
///
/// # Safety
///
/// The bytes can be read at `from` and written to `to`, and don't overlap.
unsafe fn stream(from: *const u8, to: *mut u8, bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};
        const LINE: usize = 64;
        let head = to.align_offset(LINE).min(bytes);
        let lines = (bytes - head) / LINE;
        // SAFETY: head, lines and rest are the bytes of the contract, and lines start at multiples of 64.
        unsafe {
            std::ptr::copy_nonoverlapping(from, to, head);
            for line in 0..lines {
                let (from, to) = (from.add(head + LINE * line), to.add(head + LINE * line));
                for part in 0..LINE / 16 {
                    let value = _mm_loadu_si128(from.cast::<__m128i>().add(part));
                    _mm_stream_si128(to.cast::<__m128i>().add(part), value);
                }
            }
            let done = head + LINE * lines;
            std::ptr::copy_nonoverlapping(from.add(done), to.add(done), bytes - done);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: by the contract.
    unsafe {
        std::ptr::copy_nonoverlapping(from, to, bytes);
    }
}

/// Makes what was written past the caches visible to other threads before anything that follows.
fn fence() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}
