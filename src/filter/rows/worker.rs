//! One thread's work: rows of cells made ready, code called, results put where they belong.

#![allow(unsafe_code, reason = "the design lifts the ban here; each block gives its reason")]

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::layout::{Layout, Order};
use super::reading::{Feed, Kept, Readings};
use super::ring::{Ring, Slot};
use super::source::{RowSource, distance};
use super::target::{Target, fence, stream};
use super::{MAX_RUN, RowRun};
use crate::codegen::jit::Frame;
use crate::error::Error;
use crate::plan::pass::{Pass, PassOutput};

/// How many bytes of results are computed before they are moved, or before it is asked whether what they were computed from
/// is finite: both stay in a near cache, and each row is read for long enough that the processor fetches ahead.
const PART_BYTES: usize = 1 << 15;

/// What all threads share.
pub struct Bands<'a> {
    pub run: &'a RowRun<'a>,
    pub pass: &'a Pass,
    pub layout: Layout,
    pub sources: Vec<Box<dyn RowSource + 'a>>,
    /// Where the first of some rows of pixels is if all rows of cells are inside the array.
    pub inside: Vec<Range<usize>>,
    pub order: Order,
    pub targets: Vec<Target>,
    pub readings: Readings,
    /// Whether results go past the cache, for each output.
    pub streamed: Vec<bool>,
    pub constants_finite: bool,
    /// The number of the first pixel that fails, in C order.
    pub failed: AtomicUsize,
    pub error: OnceLock<Error>,
}

/// One thread's memory.
pub struct Worker<'a> {
    bands: &'a Bands<'a>,
    rings: Vec<Ring>,
    /// For each feed, where the row of the first row of pixels is in its array.
    origins: Vec<*const u8>,
    /// For each row of the pass, where the array's row is; null if it is outside.
    rows: Vec<*const u8>,
    /// Those rows that are not read in the array, or not from end to end.
    elsewhere: Vec<(usize, Elsewhere)>,
    /// For each row that is kept, its slot.
    slots: Vec<usize>,
    pointers: Vec<*const u8>,
    addresses: Vec<*mut u8>,
    /// Where the first row of pixels is along all axes but the last.
    outer: Vec<usize>,
    /// For each output, where its row for the first row of pixels starts, in elements from the array's first.
    starts: Vec<isize>,
    /// For each output, memory of the thread's own for a part of each row of pixels.
    own: Vec<OwnRows>,
    /// Whether the elements of the last part were finite.
    was_finite: bool,
    /// How many pixels are computed at once, at most.
    part: usize,
    /// The number of each run's first part.
    parts: Vec<usize>,
    position: Vec<f64>,
    scratch: Vec<f64>,
}

/// There is no code; why not is in [`Bands::error`].
struct NoCode;

/// Where a row of cells is read.
#[derive(Clone, Copy)]
enum Elsewhere {
    /// Outside the array: where something outside is.
    Outside(*const u8),
    /// In a slot of its input's ring, where the code does not read the array.
    Slot(*const u8),
}

/// Rows of results in a thread's own memory.
struct OwnRows {
    memory: Vec<u64>,
    /// The bytes from one row to the next.
    pitch: usize,
    /// Whether all results are moved from here to the output; otherwise only what is computed beyond its last row is here.
    staged: bool,
}

impl OwnRows {
    fn row(&mut self, row: usize) -> *mut u8 {
        self.memory.as_mut_ptr().cast::<u8>().wrapping_add(row * self.pitch)
    }
}

impl<'a> Worker<'a> {
    pub fn new(bands: &'a Bands<'a>) -> Worker<'a> {
        let (pass, layout) = (bands.pass, &bands.layout);
        let staged = |(index, target): (usize, &Target)| {
            !(pass.outputs[index].is_native() && target.stride() == 1)
                || bands.streamed[index]
                || layout.len < layout.block
        };
        let staged: Vec<bool> = bands.targets.iter().enumerate().map(staged).collect();
        let part = match staged.contains(&true) || pass.general.is_some() {
            false => MAX_RUN,
            true => {
                let bytes: usize = pass.outputs.iter().map(|sink| sink.lane.bytes()).sum();
                PART_BYTES / (bytes * pass.rows_per_call)
            }
        };
        let part = part.min(bands.run.pause).next_multiple_of(layout.block);
        let mut count = 0;
        let parts = layout.runs.iter().map(|run| {
            count += run.len().div_ceil(part);
            count - run.len().div_ceil(part)
        });
        let parts: Vec<usize> = parts.collect();
        let ring = |feed: &Feed| Ring::new(layout, bands.sources[feed.input].as_ref(), feed, count);
        let own = |(staged, sink): (bool, &PassOutput)| {
            let bytes = part.min(layout.len).max(layout.block) * sink.lane.bytes();
            // What is computed beyond the last row is never read.
            let (rows, pitch) = if staged { (pass.rows_per_call, bytes) } else { (1, 0) };
            OwnRows { memory: vec![0; (rows * bytes).div_ceil(8)], pitch, staged }
        };
        Worker {
            rings: bands.readings.feeds.iter().map(ring).collect(),
            origins: vec![std::ptr::null(); bands.readings.feeds.len()],
            rows: vec![std::ptr::null(); pass.rows.len()],
            elsewhere: Vec::with_capacity(pass.rows.len()),
            slots: vec![0; bands.readings.kept.len()],
            pointers: vec![std::ptr::null(); pass.rows.len()],
            addresses: vec![std::ptr::null_mut(); pass.rows_per_call * pass.outputs.len()],
            outer: vec![0; bands.run.region.axes.len() - 1],
            starts: vec![0; pass.outputs.len()],
            own: staged.into_iter().zip(&pass.outputs).map(own).collect(),
            was_finite: true,
            part,
            parts,
            position: vec![0.0; bands.run.kernel.plan.request.axes.len()],
            scratch: vec![0.0; pass.scratch_bytes() / 8],
            bands,
        }
    }

    /// Computes groups of rows, but for those after a pixel that failed.
    pub fn band(&mut self, groups: Range<usize>) {
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
        self.prepare();
        for (axis, position) in bands.run.kernel.plan.request.axes.iter().zip(&mut self.position) {
            *position = self.outer.get(*axis).map_or(0.0, |index| *index as f64);
        }
        for run in 0..layout.runs.len() {
            let done = self.run(run, rows);
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
        for (origin, feed) in self.origins.iter_mut().zip(&self.bands.readings.feeds) {
            let source = &self.bands.sources[feed.input];
            let bytes = distance(self.outer.iter().map(|index| *index as isize), source.strides());
            *origin = source.address().wrapping_offset(bytes);
        }
        for (start, target) in self.starts.iter_mut().zip(&self.bands.targets) {
            *start = target.start(&self.outer);
        }
    }

    /// Makes ready the rows of cells for the rows of pixels from `outer` on.
    fn prepare(&mut self) {
        let bands = self.bands;
        self.elsewhere.clear();
        if self.outer.iter().zip(&bands.inside).all(|(index, inside)| inside.contains(index)) {
            for (row, (feed, distance)) in self.rows.iter_mut().zip(&bands.readings.rows) {
                *row = self.origins[*feed].wrapping_offset(*distance);
            }
        } else {
            for number in 0..self.rows.len() {
                let feed = bands.readings.rows[number].0;
                self.rows[number] = match self.mapped(number) {
                    Some(bytes) => bands.sources[bands.readings.feeds[feed].input].address().wrapping_offset(bytes),
                    None => {
                        let outside = self.outside(feed);
                        self.elsewhere.push((number, Elsewhere::Outside(outside)));
                        std::ptr::null()
                    }
                };
            }
        }
        let y = self.outer.last().copied().unwrap_or(0);
        for (slot, kept) in self.slots.iter_mut().zip(&bands.readings.kept) {
            *slot = kept.slot(y);
        }
        for (index, kept) in bands.readings.kept.iter().enumerate() {
            let row = self.rows[kept.number];
            if row.is_null() {
                continue;
            }
            let slot = self.slots[index];
            self.rings[kept.feed].assign(slot, row);
            if kept.copied {
                let copies = self.copied(kept.feed, slot);
                self.elsewhere.push((kept.number, Elsewhere::Slot(copies)));
            }
        }
    }

    /// How far the row of the array that a row of the pass is, near the array's boundary, is from the array's first, in
    /// bytes; `None` if it is outside.
    fn mapped(&self, number: usize) -> Option<isize> {
        let row = &self.bands.pass.rows[number];
        let positions = self.outer.iter().zip(&row.outer).map(|(index, offset)| *index as isize + offset);
        let steps = positions.enumerate().zip(self.bands.sources[row.input].strides());
        steps.map(|((axis, position), stride)| Some(self.bands.run.neighbourhood.index(axis, position)? * stride)).sum()
    }

    /// The pixels of a row outside the array.
    fn outside(&mut self, feed: usize) -> *const u8 {
        let bands = self.bands;
        let (ring, feed) = (&mut self.rings[feed], &bands.readings.feeds[feed]);
        ring.fill_outside(&bands.layout, bands.sources[feed.input].as_ref(), feed);
        ring.outside.as_ptr().cast::<u8>().wrapping_add(bands.layout.before * ring.element_bytes)
    }

    /// Where the copies of a slot's row are, as far as it is copied at all; they are made if they are not there yet.
    fn copied(&mut self, feed: usize, slot: usize) -> *const u8 {
        let (bands, layout) = (self.bands, &self.bands.layout);
        let (ring, feed) = (&mut self.rings[feed], &bands.readings.feeds[feed]);
        let source = &bands.sources[feed.input];
        let base = ring.copies.as_mut_ptr().cast::<u8>().wrapping_add(slot * ring.slot_bytes);
        let Slot { row, copied } = &mut ring.slots[slot];
        if *copied {
            return base;
        }
        *copied = true;
        if ring.direct {
            for (run, start) in layout.runs.iter().zip(&ring.starts) {
                if let Some(start) = start {
                    // SAFETY: the slot has room for the run and the cells beyond it.
                    unsafe { source.copy(Some(*row), layout.cells(run, feed.shift), &feed.ends, base.add(*start)) };
                }
            }
        } else {
            // SAFETY: the slot has room for the row and the cells beyond it.
            unsafe { source.copy(Some(*row), layout.cells(&(0..layout.len), feed.shift), &feed.ends, base) };
        }
        base
    }

    /// Whether it is worth while to take a part for finite before that is known: not if there is nothing to know, or if it is
    /// known of one of its rows that it is not, or if the part before was not.
    fn is_likely_finite(&mut self, part: usize) -> bool {
        let bands = self.bands;
        let known_not_to_be = |(kept, slot): (&Kept, &usize)| {
            !self.rows[kept.number].is_null() && *self.rings[kept.feed].finite(*slot, part) == Some(false)
        };
        bands.pass.general.is_some()
            && bands.constants_finite
            && self.was_finite
            && !bands.readings.kept.iter().zip(&self.slots).any(known_not_to_be)
    }

    /// Whether all elements that a part of a run reads are finite, where that makes a difference; each part of a row is
    /// looked at once.
    fn is_finite(&mut self, part: usize, pixels: &Range<usize>) -> bool {
        let bands = self.bands;
        if bands.pass.general.is_none() {
            return true;
        }
        let mut finite = bands.constants_finite;
        for (kept, slot) in bands.readings.kept.iter().zip(&self.slots) {
            let row = self.rows[kept.number];
            if row.is_null() {
                continue;
            }
            let feed = &bands.readings.feeds[kept.feed];
            finite &= *self.rings[kept.feed].finite(*slot, part).get_or_insert_with(|| {
                let cells = bands.layout.cells(pixels, feed.shift);
                // SAFETY: the row is one of the array's.
                unsafe { bands.sources[feed.input].is_finite(row, cells, &feed.ends) }
            });
        }
        finite
    }

    /// Computes a run of pixels of each row; the number of them before the first that fails.
    fn run(&mut self, run: usize, rows: usize) -> usize {
        let (bands, layout) = (self.bands, &self.bands.layout);
        let pixels = layout.runs[run].clone();
        let along = bands.pass.row_axis;
        let mut done = 0;
        while done < pixels.len() {
            if bands.run.progress.is_cancelled() {
                break;
            }
            let len = (pixels.len() - done).min(self.part).max(layout.block);
            // The last part may start before the end of the one before it.
            let start = (pixels.start + done).min(pixels.end.saturating_sub(len).max(pixels.start));
            self.aim(run, start, rows);
            if let Some(along) = along {
                self.position[along] = (layout.first + start) as f64;
            }
            let (part, read) = (self.parts[run] + done / self.part, start..(start + len).min(pixels.end));
            let Ok(held) = self.compute(part, &read, len) else { break };
            let end = (start + held).min(pixels.end);
            self.publish(start..end, rows);
            // The last part may have pixels of the one before it.
            bands.run.progress.add((end - pixels.start).saturating_sub(done) * rows);
            done = done.max(end - pixels.start);
            if end < (start + len).min(pixels.end) {
                break;
            }
        }
        done
    }

    /// Has the right code compute what is pointed to, `len` pixels of each row: a part of a run, which reads what belongs to
    /// the pixels `read`. The number of them before the first that fails.
    ///
    /// Whether its elements are finite is asked afterwards, if that is likely. While the code computes, the processor
    /// fetches what it reads next; the question, which has hardly anything to compute, would have to wait for memory.
    fn compute(&mut self, part: usize, read: &Range<usize>, len: usize) -> Result<usize, NoCode> {
        let likely = self.is_likely_finite(part);
        let finite = likely || self.is_finite(part, read);
        let held = self.call(finite, len)?;
        self.was_finite = if likely { self.is_finite(part, read) } else { finite };
        if self.was_finite == finite { Ok(held) } else { self.call(false, len) }
    }

    /// Calls the code for elements that are finite, or for any.
    fn call(&mut self, finite: bool, len: usize) -> Result<usize, NoCode> {
        let bands = self.bands;
        let code = bands.run.kernel.code(0, finite).map_err(|error| {
            // Another thread may have said the same.
            let _ = bands.error.set(error);
            NoCode
        })?;
        let frame = Frame {
            constants: bands.run.constants.as_ptr(),
            position: self.position.as_ptr(),
            scratch: self.scratch.as_mut_ptr(),
        };
        // SAFETY: each pointer is to a row of the array, or to a copy with the cells beyond the run's ends; the run in the
        // middle of an array's row is as far from its ends as cells reach. Outputs are rows of arrays, which no other
        // thread writes to, or of this thread's own memory, with room for a block at least. Code for finite elements gives
        // other results where they are not finite, and does nothing worse.
        Ok(unsafe { code.call(&self.pointers, &self.addresses, len, &frame) })
    }

    /// Points to the cells and to the results of a run of pixels, from the pixel at `start` on.
    fn aim(&mut self, run: usize, start: usize, rows: usize) {
        let (bands, layout) = (self.bands, &self.bands.layout);
        for ((pointer, row), (feed, _)) in self.pointers.iter_mut().zip(&self.rows).zip(&bands.readings.rows) {
            *pointer = row.wrapping_add((layout.first + start) * self.rings[*feed].element_bytes);
        }
        for (number, place) in &self.elsewhere {
            let ring = &self.rings[bands.readings.rows[*number].0];
            let before = layout.before + start - layout.runs[run].start;
            match (place, ring.starts[run]) {
                (Elsewhere::Outside(outside), _) => self.pointers[*number] = *outside,
                (Elsewhere::Slot(copies), Some(copy)) => {
                    self.pointers[*number] = copies.wrapping_add(copy + before * ring.element_bytes);
                }
                (Elsewhere::Slot(_), None) => {}
            }
        }
        let count = bands.targets.len();
        let outputs = bands.targets.iter().zip(&bands.pass.outputs).zip(&self.starts).zip(&mut self.own);
        for (index, (((target, sink), first), own)) in outputs.enumerate() {
            let direct = if own.staged { 0 } else { rows };
            for row in 0..bands.pass.rows_per_call {
                self.addresses[row * count + index] = match row < direct {
                    true => target
                        .address(first + row as isize * target.row_stride())
                        .wrapping_add(start * sink.lane.bytes()),
                    false => own.row(row),
                };
            }
        }
    }

    /// Moves results that are not where they belong.
    fn publish(&mut self, pixels: Range<usize>, rows: usize) {
        let bands = self.bands;
        let outputs = bands.targets.iter().zip(&bands.pass.outputs).zip(&bands.streamed);
        for (((target, sink), streamed), (own, first)) in outputs.zip(self.own.iter_mut().zip(&self.starts)) {
            if !own.staged {
                continue;
            }
            let start = first + pixels.start as isize * target.stride();
            let bytes = pixels.len() * sink.lane.bytes();
            if *streamed && own.pitch == bytes && target.row_stride() == pixels.len() as isize {
                // SAFETY: code has written the pixels' elements, which belong to contiguous rows of the output that no
                // other thread writes to, one after the other.
                unsafe { stream(own.row(0), target.address(start), rows * bytes) };
                continue;
            }
            for row in 0..rows {
                let (from, start) = (own.row(row), start + row as isize * target.row_stride());
                if *streamed {
                    // SAFETY: code has written the pixels' elements, which belong to a contiguous row of the output that no
                    // other thread writes to.
                    unsafe { stream(from, target.address(start), bytes) };
                } else if sink.is_native() {
                    (target.copy)(target, start, from, pixels.len());
                } else {
                    // SAFETY: code has written f64s for these pixels, from a multiple of eight bytes on.
                    let values = unsafe { std::slice::from_raw_parts(from.cast::<f64>(), pixels.len()) };
                    (target.cast)(target, start, values, bands.pass.cast);
                }
            }
        }
    }
}
