//! One thread's work: rows of cells made ready, code called, results put where they belong.

#![allow(unsafe_code, reason = "the design lifts the ban here; each block gives its reason")]

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::layout::{Layout, Order};
use super::ring::{Ring, Slot};
use super::source::{Ends, RowSource, distance};
use super::target::{Target, fence, stream};
use super::{MAX_RUN, RowRun};
use crate::codegen::jit::{Frame, RowCode};
use crate::error::Error;
use crate::plan::stage::Stage;

/// How many bytes of results are staged before they are moved: they stay in the nearest cache.
const STAGED_BYTES: usize = 1 << 14;

/// What all threads share.
pub struct Bands<'a> {
    pub run: &'a RowRun<'a>,
    pub stage: &'a Stage,
    pub layout: Layout,
    pub ends: Ends,
    pub sources: Vec<Box<dyn RowSource + 'a>>,
    /// Where the first of some rows of pixels is if all rows of cells are inside the array.
    pub inside: Vec<Range<usize>>,
    pub order: Order,
    pub targets: Vec<Target>,
    /// For each row of the stage, how it is read.
    pub readings: Vec<Reading>,
    /// Whether results go past the cache, for each output.
    pub streamed: Vec<bool>,
    pub constants_finite: bool,
    /// The number of the first pixel that fails, in C order.
    pub failed: AtomicUsize,
    pub error: OnceLock<Error>,
}

/// How a row of the stage is read.
pub struct Reading {
    pub input: usize,
    /// How far it is from the first row of pixels, in elements, where both are inside the array.
    pub distance: isize,
    /// Whether the code reads it in the array itself, from end to end.
    pub in_place: bool,
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
pub struct Worker<'a> {
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
    pub fn new(bands: &'a Bands<'a>) -> Worker<'a> {
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
