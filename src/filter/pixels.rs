//! The driver that visits pixel after pixel: gathers each window as f64s and has it evaluated.
//!
//! Along the last axis, the pixels whose window does not cross an end are visited without a test: the address of each
//! cell is that of the pixel plus a constant, even where the row itself is near another edge of the array, because the
//! row's constants are made for it. The few pixels at the two ends ask for each cell where it is. Memory: two numbers for
//! each cell, and for each thread a window and the results of a few thousand pixels.

#![allow(unsafe_code, reason = "the design lifts the ban here; each block gives its reason")]

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::{ArrayViewD, ArrayViewMutD};

use super::arrays::{Input, Output, for_any};
use super::progress::Progress;
use crate::callback::ActiveCallback;
use crate::grid::boundary::Mode;
use crate::grid::element::{Cast, Element};
use crate::grid::region::Region;

/// What computes a pixel's outputs from its windows.
pub trait Evaluate {
    /// Computes the outputs from the cells of every input in turn, which may be overwritten, for pixel `x` of the row at
    /// `position`, whose last number does not matter. The outputs are 0 on entry. False where an assertion does not hold.
    ///
    /// In a run that is squeezed there may be fewer cells.
    fn evaluate(&mut self, cells: &mut [f64], position: &[usize], x: usize, outputs: &mut [f64]) -> bool;
}

/// A callback for windows of one length, and perhaps another for shorter ones.
pub struct CallbackEvaluator<'c> {
    callback: ActiveCallback<'c>,
    len: usize,
    shorter: Option<ActiveCallback<'c>>,
}

impl<'c> CallbackEvaluator<'c> {
    /// An evaluator of windows of `len` cells; `None` if the callback does not take them. Where there are fewer, the
    /// callback `shorter` has them, or the same if there is no other.
    pub fn new(
        callback: ActiveCallback<'c>,
        len: usize,
        shorter: Option<ActiveCallback<'c>>,
    ) -> Option<CallbackEvaluator<'c>> {
        callback.takes(len).then_some(CallbackEvaluator { callback, len, shorter })
    }
}

impl Evaluate for CallbackEvaluator<'_> {
    #[inline(always)]
    fn evaluate(&mut self, cells: &mut [f64], _: &[usize], _: usize, outputs: &mut [f64]) -> bool {
        if cells.len() == self.len {
            // SAFETY: `new` has checked the length.
            return unsafe { self.callback.call_unchecked(cells, &mut outputs[0]) };
        }
        let value = self.shorter.as_ref().unwrap_or(&self.callback).call(cells);
        outputs[0] = value.unwrap_or(0.0);
        value.is_some()
    }
}

/// The cells of a window on an array of some shape, what is outside the array, and which pixels have a value.
#[derive(Clone, Debug)]
pub struct Neighbourhood {
    shape: Vec<usize>,
    /// The pixels that the outputs have, by their indices in the inputs.
    region: Region,
    /// What cells outside hold. Along an axis where they do not take part that is any element of the array, so that nothing
    /// comes up that is not in it.
    modes: Vec<Mode>,
    /// The axes along which cells outside do not take part.
    shrinking: Vec<usize>,
    /// The distinct offsets of the cells along all axes but the last.
    rows: Vec<Vec<isize>>,
    /// For each cell, its entry in `rows`, and its offset along the last axis.
    cells: Vec<(usize, isize)>,
    cval: f64,
}

/// How many pixels a thread does before it looks for other work, at least.
const MIN_BAND: usize = 1 << 13;

/// How many pixels of a row are done before their results are stored, progress is reported and a cancellation is seen, at
/// most.
const MAX_RUN: usize = 1 << 12;

impl Neighbourhood {
    /// The neighbourhood of cells at `offsets`, each with one number for every axis of `shape`, which has no zeros. Along
    /// axes of mode `valid` no cell of the region's pixels is outside.
    pub fn new(shape: &[usize], offsets: &[Vec<isize>], modes: &[Mode], cval: f64, region: Region) -> Neighbourhood {
        // A single value is a row of one.
        let scalar = shape.is_empty();
        let shape = if scalar { vec![1] } else { shape.to_vec() };
        let modes = if scalar { &[Mode::Nearest] } else { modes };
        let shrinking = (0..modes.len()).filter(|axis| modes[*axis] == Mode::Shrink).collect();
        let held = |mode: &Mode| if matches!(mode, Mode::Shrink | Mode::Valid) { Mode::Nearest } else { *mode };
        let modes = modes.iter().map(held).collect();
        let last = shape.len() - 1;
        let mut rows: Vec<Vec<isize>> = Vec::new();
        let mut known = HashMap::new();
        let cells = offsets
            .iter()
            .map(|offset| {
                let (outer, along_row) = if scalar { (&[][..], 0) } else { (&offset[..last], offset[last]) };
                let row = *known.entry(outer).or_insert_with(|| {
                    rows.push(outer.to_vec());
                    rows.len() - 1
                });
                (row, along_row)
            })
            .collect();
        Neighbourhood { shape, region, modes, shrinking, rows, cells, cval }
    }

    /// The pixels that the outputs have, by their indices in the inputs.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The value outside the array, where the mode has one.
    pub fn outside(&self) -> f64 {
        self.cval
    }

    /// The index inside a row that an index along it has, or `None` where that is `cval`.
    pub fn index_along(&self, at: isize) -> Option<isize> {
        self.index(self.shape.len() - 1, at)
    }

    /// The index inside the array that an index along an axis has, or `None` where that is `cval`.
    pub fn index(&self, axis: usize, at: isize) -> Option<isize> {
        self.modes[axis].index(at, self.shape[axis]).map(|index| index as isize)
    }

    /// The array's shape; a single value is a row of one.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The length of a row: the array's along its last axis.
    pub fn row_len(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }

    /// Whether a row of cells of the row of pixels at `position` does not take part.
    fn lacks_rows(&self, position: &[usize]) -> bool {
        self.rows.iter().any(|row| self.lacks(position, row))
    }

    /// Whether cells at `offset` from `position`, along the axes that it has, do not take part.
    fn lacks(&self, position: &[usize], offset: &[isize]) -> bool {
        self.shrinking
            .iter()
            .filter(|axis| **axis < offset.len())
            .any(|axis| self.is_beyond(*axis, position[*axis], offset[*axis]))
    }

    /// Whether what is `offset` from the index `at` along an axis is outside.
    fn is_beyond(&self, axis: usize, at: usize, offset: isize) -> bool {
        at.checked_add_signed(offset).is_none_or(|at| at >= self.shape[axis])
    }

    /// Moves the cells that take part in the window of pixel `x` of the row at `position` to the front; their number.
    fn squeeze(&self, position: &[usize], x: usize, window: &mut [f64]) -> usize {
        let last = self.shape.len() - 1;
        let along_row = self.shrinking.contains(&last);
        let mut kept = 0;
        for (index, (row, along)) in self.cells.iter().enumerate() {
            let missing = self.lacks(position, &self.rows[*row]) || along_row && self.is_beyond(last, x, *along);
            if !missing {
                window[kept] = window[index];
                kept += 1;
            }
        }
        kept
    }

    /// The pixels of a row whose windows cross neither end of it.
    fn interior(&self) -> Range<usize> {
        let len = self.row_len() as isize;
        let least = self.cells.iter().map(|(_, along_row)| *along_row).min().unwrap_or(0).min(0);
        let most = self.cells.iter().map(|(_, along_row)| *along_row).max().unwrap_or(0).max(0);
        let (start, end) = (-least, len - most);
        if start < end { start as usize..end as usize } else { 0..0 }
    }
}

/// An input array as memory.
struct Source<'a, T> {
    first: *const T,
    strides: Vec<isize>,
    neighbourhood: &'a Neighbourhood,
    /// For the current row of pixels: where each row of cells starts, `None` if it is outside the array.
    starts: Vec<Option<isize>>,
    /// For the current row of pixels: the distance of each cell from the start of the array for a pixel at 0, if no
    /// row of cells is outside.
    distances: Vec<isize>,
    inside: bool,
}

impl<'a, T: Element> Source<'a, T> {
    /// The array must have the neighbourhood's shape.
    fn new(view: &ArrayViewD<'_, T>, neighbourhood: &'a Neighbourhood) -> Source<'a, T> {
        let strides = if view.ndim() == 0 { vec![0] } else { view.strides().to_vec() };
        Source {
            first: view.as_ptr(),
            strides,
            neighbourhood,
            starts: Vec::with_capacity(neighbourhood.rows.len()),
            distances: Vec::with_capacity(neighbourhood.cells.len()),
            inside: false,
        }
    }

    fn stride(&self) -> isize {
        self.strides[self.strides.len() - 1]
    }

    /// Makes ready for the row of pixels at `position`, whose last number does not matter.
    fn start_row(&mut self, position: &[usize]) {
        let neighbourhood = self.neighbourhood;
        self.starts.clear();
        for row in &neighbourhood.rows {
            let mut start = Some(0);
            for (axis, offset) in row.iter().enumerate() {
                let index = neighbourhood.index(axis, position[axis] as isize + offset);
                start = start.zip(index).map(|(start, index)| start + index * self.strides[axis]);
            }
            self.starts.push(start);
        }
        self.inside = self.starts.iter().all(Option::is_some);
        self.distances.clear();
        if self.inside {
            let stride = self.stride();
            let starts = &self.starts;
            // For an interior pixel no sum leaves the array. Along an axis of length 1 any stride is legal, so where
            // there is no interior pixel a product may overflow, and is not used.
            let distance =
                |(row, along): &(usize, isize)| starts[*row].unwrap_or(0).wrapping_add(along.wrapping_mul(stride));
            self.distances.extend(neighbourhood.cells.iter().map(distance));
        }
    }

    /// Gathers the window of pixel `x` of the row, wherever its cells are.
    fn gather_anywhere(&self, x: usize, window: &mut [f64]) {
        let neighbourhood = self.neighbourhood;
        let last = neighbourhood.shape.len() - 1;
        for ((row, along), value) in neighbourhood.cells.iter().zip(window) {
            let index = neighbourhood.index(last, x as isize + along);
            *value = match self.starts[*row].zip(index) {
                // SAFETY: `start` is the sum of an index inside the array times the stride for every axis but the
                // last, and `index` is inside the last, so the element is in the array, which is borrowed.
                Some((start, index)) => unsafe { (*self.first.offset(start + index * self.stride())).to_f64() },
                None => neighbourhood.cval,
            };
        }
    }

    /// Gathers the window of pixel `x` of the row.
    ///
    /// # Safety
    ///
    /// `x` is in the neighbourhood's interior, and `self.inside` holds.
    #[inline(always)]
    unsafe fn gather_inside(&self, x: usize, window: &mut [f64]) {
        let pixel = x as isize * self.stride();
        for (distance, value) in self.distances.iter().zip(window) {
            // SAFETY: the cell's row is inside, and so is `x` plus the cell's offset along it; the sum of the strides
            // times these indices is the element's place in the array, which is borrowed.
            *value = unsafe { (*self.first.offset(pixel + distance)).to_f64() };
        }
    }
}

/// An input of any type, for those after the first.
trait AnySource {
    fn start_row(&mut self, position: &[usize]);
    fn gather(&self, x: usize, interior: &Range<usize>, window: &mut [f64]);
}

impl<T: Element> AnySource for Source<'_, T> {
    fn start_row(&mut self, position: &[usize]) {
        Source::start_row(self, position);
    }

    fn gather(&self, x: usize, interior: &Range<usize>, window: &mut [f64]) {
        if self.inside && interior.contains(&x) {
            // SAFETY: just checked.
            unsafe { self.gather_inside(x, window) }
        } else {
            self.gather_anywhere(x, window);
        }
    }
}

/// An output array as memory that several threads write to, each its own pixels.
struct Target {
    first: *mut u8,
    strides: Vec<isize>,
    /// The index in the inputs of the first pixel.
    start: Vec<usize>,
    store: fn(&Target, &[usize], &[f64], usize, Cast),
}

// SAFETY: the memory is borrowed mutably for as long as the target lives, and the driver gives every pixel to one
// thread only.
unsafe impl Sync for Target {}

impl Target {
    fn new<T: Element>(view: &mut ArrayViewMutD<'_, T>, region: &Region) -> Target {
        let strides = if view.ndim() == 0 { vec![0] } else { view.strides().to_vec() };
        Target { first: view.as_mut_ptr().cast(), strides, start: region.first(), store: Target::store_row::<T> }
    }

    /// Stores every `step`-th value at `position` and the pixels after it in the same row.
    fn store_row<T: Element>(&self, position: &[usize], values: &[f64], step: usize, cast: Cast) {
        // The cast is the same for all, so each loop has only one; and most kernels have one output.
        match (cast, step) {
            (Cast::Saturate, 1) => self.store_each(position, values.iter(), |value| T::from_f64(value, Cast::Saturate)),
            (Cast::Wrap, 1) => self.store_each(position, values.iter(), |value| T::from_f64(value, Cast::Wrap)),
            _ => self.store_each(position, values.iter().step_by(step), |value| T::from_f64(value, cast)),
        }
    }

    #[inline(always)]
    fn store_each<'v, T: Element>(
        &self,
        position: &[usize],
        values: impl Iterator<Item = &'v f64>,
        cast: impl Fn(f64) -> T,
    ) {
        let indices = position.iter().zip(&self.start).map(|(index, start)| (index - start) as isize);
        let start: isize = indices.zip(&self.strides).map(|(index, stride)| index * stride).sum();
        let stride = self.strides[self.strides.len() - 1];
        let first: *mut T = self.first.cast();
        for (index, value) in values.enumerate() {
            // SAFETY: position and the pixels after it are in the row, so their elements are in the array, whose type
            // is `T` by `new`; nobody else writes to them.
            unsafe { *first.offset(start + index as isize * stride) = cast(*value) };
        }
    }
}

/// Why a run stopped early.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// The evaluation failed at this pixel, by its number in the region that was run, in C order; no earlier one fails.
    Failed(usize),
    /// The run was cancelled.
    Cancelled,
}

/// How to run.
pub struct Run<'a> {
    /// The cells of each window.
    pub neighbourhood: &'a Neighbourhood,
    /// How values become elements of the outputs.
    pub cast: Cast,
    /// The greatest number of threads; with one, pixels are visited in C order.
    pub threads: usize,
    /// Where to report and to be cancelled.
    pub progress: &'a Progress,
    /// How many pixels may be computed before a cancellation is seen.
    pub pause: usize,
    /// Whether evaluators see only those cells of the first input that take part.
    pub squeezed: bool,
}

impl Run<'_> {
    /// Evaluates every pixel, with one evaluator for each thread.
    ///
    /// Inputs must have the neighbourhood's shape, and outputs that of its region. After a failure, the pixels before the
    /// failing one are written, the failing one is not, and later ones may be.
    pub fn run<E: Evaluate>(
        &self,
        inputs: &[Input<'_>],
        outputs: &mut [Output<'_>],
        evaluator: &(impl Fn() -> E + Sync),
    ) -> Result<(), Stop> {
        let region = self.neighbourhood.region();
        let targets: Vec<Target> =
            outputs.iter_mut().map(|output| for_any!(Output, output, view => Target::new(view, region))).collect();
        let pixels = region.pixels();
        let failed = AtomicUsize::new(usize::MAX);
        let threads = self.threads.min(pixels.div_ceil(MIN_BAND)).max(1);
        if threads == 1 {
            self.band(0..pixels, inputs, &targets, &mut evaluator(), &failed);
        } else {
            // More bands than threads, so that a thread that is held up does not hold up the others.
            let band = pixels.div_ceil(8 * threads).max(MIN_BAND);
            let next = AtomicUsize::new(0);
            rayon::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|_| {
                        let mut evaluator = evaluator();
                        loop {
                            let start = next.fetch_add(band, Ordering::Relaxed);
                            if start >= pixels {
                                break;
                            }
                            let end = pixels.min(start + band);
                            self.band(start..end, inputs, &targets, &mut evaluator, &failed);
                        }
                    });
                }
            });
        }
        match failed.into_inner() {
            _ if self.progress.is_cancelled() => Err(Stop::Cancelled),
            usize::MAX => Ok(()),
            pixel => Err(Stop::Failed(pixel)),
        }
    }

    /// Evaluates a range of pixels, in C order, as long as nothing failed before them.
    fn band<E: Evaluate>(
        &self,
        pixels: Range<usize>,
        inputs: &[Input<'_>],
        targets: &[Target],
        evaluator: &mut E,
        failed: &AtomicUsize,
    ) {
        let others: Vec<Box<dyn AnySource + '_>> = inputs[1..]
            .iter()
            .map(|input| -> Box<dyn AnySource> {
                for_any!(Input, input, view => Box::new(Source::new(view, self.neighbourhood)))
            })
            .collect();
        for_any!(Input, &inputs[0], view => {
            let first = Source::new(view, self.neighbourhood);
            self.rows(pixels, first, others, targets, evaluator, failed)
        });
    }

    fn rows<T: Element, E: Evaluate>(
        &self,
        pixels: Range<usize>,
        mut first: Source<'_, T>,
        mut others: Vec<Box<dyn AnySource + '_>>,
        targets: &[Target],
        evaluator: &mut E,
        failed: &AtomicUsize,
    ) {
        let neighbourhood = self.neighbourhood;
        let last = neighbourhood.shape.len() - 1;
        let region = neighbourhood.region();
        let interior = neighbourhood.interior();
        let mut window = vec![0.0; neighbourhood.cells.len() * (1 + others.len())];
        // The outputs of pixel after pixel.
        let most = MAX_RUN.min(self.pause);
        let mut results = vec![0.0; targets.len() * region.len(last).min(pixels.len()).min(most)];

        let mut at = pixels.start;
        while at < pixels.end {
            if self.progress.is_cancelled() || failed.load(Ordering::Relaxed) < at {
                return;
            }
            let position = region.position(at);
            let start = position[last];
            let end = region.row().end.min(start + (pixels.end - at).min(most));
            first.start_row(&position);
            others.iter_mut().for_each(|other| other.start_row(&position));

            let fast = match first.inside && !(self.squeezed && neighbourhood.lacks_rows(&position)) {
                true => interior.start.clamp(start, end)..interior.end.clamp(start, end),
                false => end..end,
            };
            let squeezed = self.squeezed.then_some(neighbourhood);
            let row =
                Row { position: &position, others: &others, interior: &interior, outputs: targets.len(), squeezed };
            let mut done = 0;
            results.fill(0.0);
            for part in [start..fast.start, fast.clone(), fast.end..end] {
                if part.is_empty() {
                    continue;
                }
                let results = &mut results[targets.len() * done..][..targets.len() * part.len()];
                let held = if part != fast {
                    row.visit(part.clone(), evaluator, &mut window, results, |x, cells| first.gather_anywhere(x, cells))
                } else if others.is_empty() && targets.len() == 1 {
                    row.visit_alone(&first, part.clone(), evaluator, &mut window, results)
                } else {
                    row.visit(part.clone(), evaluator, &mut window, results, |x, cells| {
                        // SAFETY: `fast` is part of the interior, and empty unless the source is inside.
                        unsafe { first.gather_inside(x, cells) }
                    })
                };
                done += held;
                if held < part.len() {
                    break;
                }
            }

            for (output, target) in targets.iter().enumerate() {
                let values = &results[..done * targets.len()];
                (target.store)(target, &position, values.get(output..).unwrap_or(&[]), targets.len(), self.cast);
            }
            self.progress.add(done);
            if done < end - start {
                failed.fetch_min(at + done, Ordering::Relaxed);
                return;
            }
            at += end - start;
        }
    }
}

/// What is the same for all pixels of a row.
struct Row<'a> {
    position: &'a [usize],
    others: &'a [Box<dyn AnySource + 'a>],
    interior: &'a Range<usize>,
    outputs: usize,
    /// What says which cells take part, if evaluators see only those.
    squeezed: Option<&'a Neighbourhood>,
}

impl Row<'_> {
    /// Evaluates pixels of the row until one fails; `gather` fills in the first input's cells. The number that held.
    fn visit<E: Evaluate>(
        &self,
        pixels: Range<usize>,
        evaluator: &mut E,
        window: &mut [f64],
        results: &mut [f64],
        gather: impl Fn(usize, &mut [f64]),
    ) -> usize {
        let cells = window.len() / (1 + self.others.len());
        let total = pixels.len();
        let mut outputs = results.chunks_exact_mut(self.outputs);
        let failed = pixels.into_iter().position(|x| {
            let (mine, theirs) = window.split_at_mut(cells);
            gather(x, mine);
            for (other, cells) in self.others.iter().zip(theirs.chunks_mut(cells.max(1))) {
                other.gather(x, self.interior, cells);
            }
            let outputs = outputs.next().expect("there is room for each pixel of a row");
            let seen = self.squeezed.map_or(window.len(), |cells| cells.squeeze(self.position, x, window));
            !evaluator.evaluate(&mut window[..seen], self.position, x, outputs)
        });
        failed.unwrap_or(total)
    }

    /// [`Row::visit`] for interior pixels of a single input and output, with windows of the commonest sizes unrolled.
    fn visit_alone<T: Element, E: Evaluate>(
        &self,
        source: &Source<'_, T>,
        pixels: Range<usize>,
        evaluator: &mut E,
        window: &mut [f64],
        results: &mut [f64],
    ) -> usize {
        match window.len() {
            3 => self.visit_unrolled::<T, E, 3>(source, pixels, evaluator, results),
            5 => self.visit_unrolled::<T, E, 5>(source, pixels, evaluator, results),
            7 => self.visit_unrolled::<T, E, 7>(source, pixels, evaluator, results),
            9 => self.visit_unrolled::<T, E, 9>(source, pixels, evaluator, results),
            _ => {
                let total = pixels.len();
                let failed = pixels.zip(results).position(|(x, result)| {
                    // SAFETY: the caller passes interior pixels of a source that is inside.
                    unsafe { source.gather_inside(x, window) };
                    !evaluator.evaluate(window, self.position, x, std::slice::from_mut(result))
                });
                failed.unwrap_or(total)
            }
        }
    }

    /// [`Row::visit_alone`] for windows of `CELLS` cells. Where pixels are neighbours in memory, it gathers the windows of
    /// a few at once: then each cell's distance is fetched once for all of them.
    fn visit_unrolled<T: Element, E: Evaluate, const CELLS: usize>(
        &self,
        source: &Source<'_, T>,
        pixels: Range<usize>,
        evaluator: &mut E,
        results: &mut [f64],
    ) -> usize {
        const PIXELS: usize = 4;
        let distances: [isize; CELLS] = source.distances[..].try_into().expect("there is a distance for each cell");
        let stride = source.stride();
        let (blocks, _) = results.as_chunks_mut::<PIXELS>();
        let blocks = if stride == 1 { blocks } else { &mut [] };
        let mut done = 0;
        for results in blocks {
            let x = pixels.start + done;
            let mut windows = [[0.0; CELLS]; PIXELS];
            for (cell, distance) in distances.iter().enumerate() {
                // SAFETY: as in `Source::gather_inside`, whose conditions the caller keeps for every pixel of the range;
                // the stride is 1, so the cells of neighbouring pixels are neighbours.
                let cells = unsafe { &*source.first.offset(x as isize + distance).cast::<[T; PIXELS]>() };
                for index in 0..PIXELS {
                    windows[index][cell] = cells[index].to_f64();
                }
            }
            for (index, (window, result)) in windows.iter_mut().zip(results).enumerate() {
                if !evaluator.evaluate(window, self.position, x + index, std::slice::from_mut(result)) {
                    return done + index;
                }
            }
            done += PIXELS;
        }
        let mut window = [0.0; CELLS];
        for (x, result) in (pixels.start + done..pixels.end).zip(&mut results[done..]) {
            for (distance, value) in distances.iter().zip(&mut window) {
                // SAFETY: as in `Source::gather_inside`, whose conditions the caller keeps.
                *value = unsafe { (*source.first.offset(x as isize * stride + distance)).to_f64() };
            }
            if !evaluator.evaluate(&mut window, self.position, x, std::slice::from_mut(result)) {
                return done;
            }
            done += 1;
        }
        done
    }
}

/// The cells of every input in turn for one pixel, by its index along each axis.
pub fn cells_at(neighbourhood: &Neighbourhood, inputs: &[Input<'_>], position: &[usize]) -> Vec<f64> {
    let len = neighbourhood.cells.len();
    let mut window = vec![0.0; len * inputs.len()];
    for (input, window) in inputs.iter().zip(window.chunks_mut(len.max(1))) {
        for_any!(Input, input, view => {
            let mut source = Source::new(view, neighbourhood);
            source.start_row(position);
            source.gather_anywhere(position[position.len() - 1], window);
        });
    }
    window
}
