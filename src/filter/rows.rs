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

/// Rows of at most this many bytes are copied as a whole, and not written past the cache.
const SHORT_ROW: usize = 1 << 12;

/// How many bytes of results are staged before they are moved: they stay in the nearest cache.
const STAGED_BYTES: usize = 1 << 14;

/// Outputs of at least this many bytes don't stay in the cache, so writing past it spares reading them first.
const STREAMED_BYTES: usize = 1 << 24;

/// The rows that are read by the groups which follow each other in a plane stay in the second cache.
const CACHED_BYTES: usize = 1 << 17;

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
    /// How many pixels may be computed before a cancellation is seen; a block of them is always computed.
    pub pause: usize,
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
        let reading = |(row, reaching): (&Row, &bool)| {
            let in_place = !reaching && sources[row.input].is_direct() && layout.len >= layout.block;
            let distance = distance(row.outer.iter().copied(), sources[row.input].strides());
            Reading { input: row.input, distance, in_place }
        };
        let bands = Bands {
            run: self,
            stage,
            readings: stage.rows.iter().zip(&stage.reaching).map(reading).collect(),
            inside: inside(stage, self.neighbourhood, self.region.axes.len() - 1),
            order: Order::new(stage, self.region, &layout),
            ends: Ends::new(self.neighbourhood, layout.cells(&(0..layout.len))),
            sources,
            streamed: targets
                .iter()
                .zip(&stage.outputs)
                .map(|(target, sink)| {
                    let bytes = |pixels: usize| pixels * target.element_bytes;
                    let large = bytes(self.region.pixels()) >= STREAMED_BYTES && bytes(layout.len) > SHORT_ROW;
                    cfg!(target_arch = "x86_64") && sink.is_native() && target.stride() == 1 && large
                })
                .collect(),
            targets,
            layout,
            constants_finite: self.constants.iter().all(|value| value.is_finite()),
            failed: AtomicUsize::new(usize::MAX),
            error: OnceLock::new(),
        };
        let groups = bands.order.groups();
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

/// The groups of rows of pixels that are computed together, and the order in which they are.
///
/// Where the cells of a pixel are in several planes, the same part of every plane is computed before the next part, so that a
/// row is still in the cache when the next plane reads it.
struct Order {
    /// The rows of pixels of a plane.
    height: usize,
    planes: usize,
    /// How many rows of pixels are in a group.
    together: usize,
    /// How many groups are in a plane, and in a part of one.
    in_plane: usize,
    in_part: usize,
}

impl Order {
    fn new(stage: &Stage, region: &Region, layout: &Layout) -> Order {
        let outer = region.axes.len() - 1;
        let planes = |axes: Range<usize>| axes.fold(1, |planes: usize, axis| planes.saturating_mul(region.len(axis)));
        let height = outer.checked_sub(1).map_or(1, |axis| region.len(axis));
        let in_plane = height.div_ceil(stage.together);
        let bytes = |row: &Row| layout.array_len * stage.inputs[row.input].lane.bytes();
        let group: usize = stage.rows.iter().map(bytes).sum();
        let deep = (0..outer.saturating_sub(1)).any(|axis| reach(stage, axis) != (0, 0));
        let in_part = if deep { CACHED_BYTES / group.max(1) } else { in_plane };
        let planes = planes(0..outer.saturating_sub(1));
        Order { height, planes, together: stage.together, in_plane, in_part: in_part.clamp(1, in_plane.max(1)) }
    }

    fn groups(&self) -> usize {
        self.planes.saturating_mul(self.in_plane)
    }

    /// The first row of pixels of a group, by its number in the region, and how many rows there are.
    fn rows(&self, group: usize) -> (usize, usize) {
        let part = group / (self.planes * self.in_part);
        let within = group % (self.planes * self.in_part);
        let here = self.in_part.min(self.in_plane - part * self.in_part);
        let (plane, y) = (within / here, (part * self.in_part + within % here) * self.together);
        (plane * self.height + y, self.together.min(self.height - y))
    }
}

/// How many threads are worth their while for the pixels of a region, of `most`.
pub fn threads(plan: &Plan, region: &Region, most: usize) -> usize {
    let stage = &plan.stages[0];
    let work = region.pixels().saturating_mul(stage.cells.len().max(1));
    let rows = region.pixels() / region.row().len().max(1);
    most.min(work / MIN_WORK).min(rows.div_ceil(stage.together)).max(1)
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

/// What the cells beyond the two ends of the array's rows are.
struct Ends {
    /// The index along a row of what is at each position before its start and after its end, if it is inside.
    before: Vec<Option<isize>>,
    after: Vec<Option<isize>>,
    /// The length of a row.
    len: isize,
    outside: f64,
}

impl Ends {
    /// For the cells at these positions.
    fn new(neighbourhood: &Neighbourhood, positions: Range<isize>) -> Ends {
        let len = neighbourhood.row_len() as isize;
        let indices = |positions: Range<isize>| positions.map(|at| neighbourhood.index_along(at)).collect();
        let (before, after) = (indices(positions.start..0), indices(len..positions.end));
        Ends { before, after, len, outside: neighbourhood.outside() }
    }

    /// The positions from `start` to the row's, and what is there.
    fn before(&self, start: isize) -> impl Iterator<Item = (isize, Option<isize>)> {
        let indices = &self.before[self.before.len() - start.min(0).unsigned_abs()..];
        (start..).zip(indices.iter().copied())
    }

    /// The positions from the row's end to `end`, and what is there.
    fn after(&self, end: isize) -> impl Iterator<Item = (isize, Option<isize>)> {
        let indices = &self.after[..(end - self.len).max(0) as usize];
        (self.len..).zip(indices.iter().copied())
    }
}

/// An input array, row by row. A row is named by the distance of its first element from the array's.
trait RowSource: Sync {
    /// Whether code may read the array's own rows.
    fn is_direct(&self) -> bool;

    /// The size of an element of a copy.
    fn element_bytes(&self) -> usize;

    /// How far apart elements are along each axis, in elements; a row is the sum of its steps along all axes but the last.
    fn strides(&self) -> &[isize];

    /// The address of the array's first element.
    fn address(&self) -> *const u8;

    /// Whether all elements at `positions` along a row are finite.
    fn is_finite(&self, row: isize, positions: Range<usize>) -> bool;

    /// Copies the cells at `positions` along a row, which are inside the array or among its ends, to `copy`, as elements of
    /// the source's lane type.
    ///
    /// # Safety
    ///
    /// `row` is the array's, or `None` for a row outside the array; there is room for the cells at `copy`.
    unsafe fn copy(&self, row: Option<isize>, positions: Range<isize>, ends: &Ends, copy: *mut u8);
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

    fn strides(&self) -> &[isize] {
        &self.strides
    }

    fn address(&self) -> *const u8 {
        self.first.cast()
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

    unsafe fn copy(&self, row: Option<isize>, positions: Range<isize>, ends: &Ends, copy: *mut u8) {
        if self.source.is_native() {
            // The lane type holds what is outside exactly, or the plan would have chosen another.
            let outside = T::from_f64(ends.outside, Cast::Saturate);
            // SAFETY: passed on; native elements have the lane type's size.
            unsafe { self.copy_as(row, positions, ends, copy.cast::<T>(), outside, |element| element) }
        } else {
            let outside = ends.outside;
            // SAFETY: passed on; other elements are converted to f64s.
            unsafe { self.copy_as(row, positions, ends, copy.cast::<f64>(), outside, Element::to_f64) }
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
        ends: &Ends,
        copy: *mut U,
        outside: U,
        convert: impl Fn(T) -> U,
    ) {
        let stride = self.stride();
        let inside = positions.start.max(0)..positions.end.min(ends.len);
        let Some(row) = row else {
            for index in 0..positions.len() {
                // SAFETY: there is room for all positions.
                unsafe { copy.add(index).write(outside) };
            }
            return;
        };
        let beyond = ends.before(positions.start).chain(ends.after(positions.end));
        for (position, index) in beyond {
            let element = match index {
                // SAFETY: the index is inside the row.
                Some(index) => convert(unsafe { *self.first.offset(row + index * stride) }),
                None => outside,
            };
            // SAFETY: there is room for all positions.
            unsafe { copy.offset(position - positions.start).write(element) };
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

/// How far an element is from another, by the difference of their indices along some of the axes.
fn distance(indices: impl Iterator<Item = isize>, strides: &[isize]) -> isize {
    indices.zip(strides).map(|(index, stride)| index * stride).sum()
}

/// How far the rows of a stage are before and after the first row of pixels along an axis.
fn reach(stage: &Stage, axis: usize) -> (usize, usize) {
    let offsets = || stage.rows.iter().map(|row| row.outer[axis]);
    (offsets().min().unwrap_or(0).min(0).unsigned_abs(), offsets().max().unwrap_or(0).max(0).unsigned_abs())
}

/// Where the first of some rows of pixels may be along each axis but the last, if all rows of cells are to be inside the array.
fn inside(stage: &Stage, neighbourhood: &Neighbourhood, outer: usize) -> Vec<Range<usize>> {
    let range = |axis: usize| {
        let (before, after) = reach(stage, axis);
        before..neighbourhood.shape()[axis].saturating_sub(after)
    };
    (0..outer).map(range).collect()
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
    ends: Ends,
    sources: Vec<Box<dyn RowSource + 'a>>,
    /// Where the first of some rows of pixels is if all rows of cells are inside the array.
    inside: Vec<Range<usize>>,
    order: Order,
    targets: Vec<Target>,
    /// For each row of the stage, how it is read.
    readings: Vec<Reading>,
    /// Whether results go past the cache, for each output.
    streamed: Vec<bool>,
    constants_finite: bool,
    /// The number of the first pixel that fails, in C order.
    failed: AtomicUsize,
    error: OnceLock<Error>,
}

/// How a row of the stage is read.
struct Reading {
    input: usize,
    /// How far it is from the first row of pixels, in elements, where both are inside the array.
    distance: isize,
    /// Whether the code reads it in the array itself, from end to end.
    in_place: bool,
}

/// A row of an input that is ready to be read.
struct Slot {
    /// The last group of rows of pixels that needed it; 0 for none yet.
    used: usize,
    finite: bool,
    /// Whether it is copied, as far as it is at all; a row in which nothing is read beyond the pixel need not be.
    copied: bool,
}

/// The rows of an input that a thread has ready.
struct Ring {
    slots: Vec<Slot>,
    /// Which row is in each slot, if there is one yet.
    rows: Vec<Option<isize>>,
    /// Where to look first for a slot that is no longer needed.
    next: usize,
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
        Ring {
            slots: (0..rows).map(|_| Slot { used: 0, finite: true, copied: false }).collect(),
            rows: vec![None; rows],
            next: 0,
            direct,
            element_bytes: source.element_bytes(),
            copies: vec![0; slot_bytes / 8 * rows],
            slot_bytes,
            starts,
            outside: Vec::new(),
        }
    }

    /// A slot that the group of this number does not need; there are as many slots as rows in a group.
    fn unused(&mut self, group: usize) -> usize {
        while self.slots[self.next].used == group {
            self.next = (self.next + 1) % self.slots.len();
        }
        self.next
    }

    /// Where the copies of a slot are.
    fn copy(&self, slot: usize) -> *const u8 {
        self.copies.as_ptr().cast::<u8>().wrapping_add(slot * self.slot_bytes)
    }

    /// Makes the stretch of what is outside.
    fn fill_outside(&mut self, layout: &Layout, source: &dyn RowSource, ends: &Ends) {
        if self.outside.is_empty() {
            let longest = layout.runs.iter().map(|run| run.len().min(MAX_RUN)).max().unwrap_or(0);
            let len = layout.padded(&(0..longest));
            self.outside = vec![0; (len * source.element_bytes()).div_ceil(8)];
            // SAFETY: there is room for `len` elements.
            unsafe { source.copy(None, 0..len as isize, ends, self.outside.as_mut_ptr().cast()) };
        }
    }
}

/// Where a row of cells is.
#[derive(Clone, Copy)]
enum Found {
    /// Outside the array: where something outside is.
    Outside(*const u8),
    /// In the array, from end to end: where the region's first pixel is.
    Array(*const u8),
    /// In a slot of its input's ring: which, where the region's first pixel is in the array, and where the copies are.
    Slot(usize, *const u8, *const u8),
}

/// One thread's memory.
struct Worker<'a> {
    bands: &'a Bands<'a>,
    rings: Vec<Ring>,
    /// For each input, where its array is, and how far from there the first row of pixels is, in elements.
    origins: Vec<*const u8>,
    distances: Vec<isize>,
    /// For each row of the stage, where it is.
    found: Vec<Found>,
    pointers: Vec<*const u8>,
    addresses: Vec<*mut u8>,
    /// Where the first row of pixels is along all axes but the last.
    outer: Vec<usize>,
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

impl Bands<'_> {
    /// Whether nothing need be known of a row, and nothing copied.
    fn is_direct(&self, reading: &Reading) -> bool {
        reading.in_place && self.stage.general.is_none()
    }
}

impl<'a> Worker<'a> {
    fn new(bands: &'a Bands<'a>) -> Worker<'a> {
        let (stage, layout) = (bands.stage, &bands.layout);
        let ring = |input: usize| {
            let in_ring = |row: &&Reading| row.input == input && !bands.is_direct(row);
            let rows = bands.readings.iter().filter(in_ring).count();
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
        let part = part.min(bands.run.pause).next_multiple_of(layout.block);
        Worker {
            part,
            bands,
            rings,
            origins: bands.sources.iter().map(|source| source.address()).collect(),
            distances: vec![0; bands.sources.len()],
            found: vec![Found::Outside(std::ptr::null()); stage.rows.len()],
            pointers: vec![std::ptr::null(); stage.rows.len()],
            addresses: vec![std::ptr::null_mut(); outputs],
            outer: vec![0; bands.run.region.axes.len() - 1],
            starts: vec![0; outputs],
            targets: vec![None; outputs],
            staging: false,
            staged: (0..outputs).map(staged).collect(),
            position: vec![0.0; bands.run.kernel.plan.request.axes.len()],
            scratch: vec![0.0; stage.scratch_bytes() / 8],
            groups: 0,
        }
    }

    /// Computes groups of rows, but for those after a pixel that failed.
    fn band(&mut self, groups: Range<usize>) {
        let bands = self.bands;
        for group in groups {
            if bands.run.progress.is_cancelled() || bands.error.get().is_some() {
                break;
            }
            let (first_row, rows) = bands.order.rows(group);
            let first_pixel = first_row * bands.layout.len;
            if first_pixel < bands.failed.load(Ordering::Relaxed) {
                self.group(first_pixel, rows);
            }
        }
        if bands.streamed.contains(&true) {
            fence();
        }
    }

    /// Computes the `rows` rows of pixels from `first_pixel` on, up to the first that fails.
    fn group(&mut self, first_pixel: usize, rows: usize) {
        let (bands, layout) = (self.bands, &self.bands.layout);
        self.move_to(first_pixel / layout.len);
        self.groups += 1;
        let finite = self.prepare() && bands.constants_finite;
        let code = match bands.run.kernel.code(0, finite) {
            Ok(code) => code,
            Err(error) => {
                // Another thread has said the same.
                let _ = bands.error.set(error);
                return;
            }
        };
        for (axis, position) in bands.run.kernel.plan.request.axes.iter().zip(&mut self.position) {
            *position = self.outer.get(*axis).map_or(0.0, |index| *index as f64);
        }
        self.aim(rows);
        for run in 0..layout.runs.len() {
            let done = self.run(code, run, rows);
            let pixels = &layout.runs[run];
            if done < pixels.len() {
                if !bands.run.progress.is_cancelled() {
                    bands.failed.fetch_min(first_pixel + pixels.start + done, Ordering::Relaxed);
                }
                break;
            }
        }
    }

    /// Finds where a row of pixels is, by its number in the region.
    fn move_to(&mut self, row: usize) {
        let mut rest = row;
        for (index, range) in self.outer.iter_mut().zip(&self.bands.run.region.axes).rev() {
            *index = range.start + rest % range.len();
            rest /= range.len();
        }
        for (distance_to, source) in self.distances.iter_mut().zip(&self.bands.sources) {
            *distance_to = distance(self.outer.iter().map(|index| *index as isize), source.strides());
        }
    }

    /// Makes ready the rows of cells for the rows of pixels from `outer` on. Whether all their elements are finite.
    fn prepare(&mut self) -> bool {
        let bands = self.bands;
        let inside = self.outer.iter().zip(&bands.inside).all(|(index, inside)| inside.contains(index));
        let mut finite = true;
        for (number, reading) in bands.readings.iter().enumerate() {
            let row = if inside { Some(self.distances[reading.input] + reading.distance) } else { self.mapped(number) };
            self.found[number] = match row {
                Some(row) if bands.is_direct(reading) => Found::Array(self.address(reading.input, row)),
                Some(row) => {
                    let slot = self.slot(number, reading, row);
                    let ring = &self.rings[reading.input];
                    finite &= ring.slots[slot].finite;
                    Found::Slot(slot, self.address(reading.input, row), ring.copy(slot))
                }
                None => Found::Outside(self.outside(reading.input)),
            };
        }
        finite
    }

    /// Where the region's first pixel of a row is in the array, if that is read directly.
    fn address(&self, input: usize, row: isize) -> *const u8 {
        let element = row + self.bands.layout.first as isize;
        self.origins[input].wrapping_offset(element * self.rings[input].element_bytes as isize)
    }

    /// The row of the array that a row of the stage is, near the array's boundary; `None` if it is outside.
    fn mapped(&self, number: usize) -> Option<isize> {
        let row = &self.bands.stage.rows[number];
        let positions = self.outer.iter().zip(&row.outer).map(|(index, offset)| *index as isize + offset);
        let steps = positions.enumerate().zip(self.bands.sources[row.input].strides());
        steps.map(|((axis, position), stride)| Some(self.bands.run.neighbourhood.index(axis, position)? * stride)).sum()
    }

    /// The pixels of a row outside the array.
    fn outside(&mut self, input: usize) -> *const u8 {
        let bands = self.bands;
        let ring = &mut self.rings[input];
        ring.fill_outside(&bands.layout, bands.sources[input].as_ref(), &bands.ends);
        ring.outside.as_ptr().cast::<u8>().wrapping_add(bands.layout.before * ring.element_bytes)
    }

    /// The slot of a row, which is filled if it is not there yet.
    fn slot(&mut self, number: usize, reading: &Reading, row: isize) -> usize {
        let (bands, layout) = (self.bands, &self.bands.layout);
        let ring = &mut self.rings[reading.input];
        // What was the next row is now this one, as a rule.
        let likely = match self.found.get(number + bands.stage.together) {
            Some(Found::Slot(slot, ..)) => Some(*slot).filter(|slot| ring.rows.get(*slot) == Some(&Some(row))),
            _ => None,
        };
        let known = likely.or_else(|| ring.rows.iter().position(|known| *known == Some(row)));
        let slot = known.unwrap_or_else(|| ring.unused(self.groups));
        let source = &bands.sources[reading.input];
        if known.is_none() {
            let checked = bands.stage.general.is_some();
            let read = || bands.run.neighbourhood.read_along(layout.cells(&(0..layout.len)));
            let finite = !checked || source.is_finite(row, read());
            ring.slots[slot] = Slot { used: 0, finite, copied: false };
            ring.rows[slot] = Some(row);
        }
        ring.slots[slot].used = self.groups;
        if ring.slots[slot].copied || reading.in_place {
            return slot;
        }
        ring.slots[slot].copied = true;
        let base = ring.copies.as_mut_ptr().cast::<u8>().wrapping_add(slot * ring.slot_bytes);
        if ring.direct {
            for (run, start) in layout.runs.iter().zip(&ring.starts) {
                if let Some(start) = start {
                    // SAFETY: the slot has room for the run and the cells beyond it.
                    unsafe { source.copy(Some(row), layout.cells(run), &bands.ends, base.add(*start)) };
                }
            }
        } else {
            // SAFETY: the slot has room for the row and the cells beyond it.
            unsafe { source.copy(Some(row), layout.cells(&(0..layout.len)), &bands.ends, base) };
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
            for ((pointer, reading), found) in self.pointers.iter_mut().zip(&bands.readings).zip(&self.found) {
                let ring = &self.rings[reading.input];
                let size = ring.element_bytes;
                *pointer = match (found, ring.starts[run]) {
                    (Found::Outside(outside), _) => *outside,
                    (Found::Slot(_, _, copies), Some(copy)) if !reading.in_place => {
                        copies.wrapping_add(copy + (layout.before + start - pixels.start) * size)
                    }
                    (Found::Array(pixel) | Found::Slot(_, pixel, _), _) => pixel.wrapping_add(start * size),
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
            // The last part may have pixels of the one before it.
            bands.run.progress.add((end - pixels.start).saturating_sub(done) * rows);
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
