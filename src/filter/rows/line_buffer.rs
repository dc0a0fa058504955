//! Copies of an array's rows that a thread keeps for the next rows of pixels.

#![allow(unsafe_code, reason = "copies are made from and read at addresses, as rows of the array are")]

use std::ops::Range;

use super::access::{RowStream, SlotId};
use super::array_rows::RowReader;
use super::border::Stretch;
use super::traversal::Segments;

/// A row of an array that is ready to be read.
#[derive(Clone)]
struct Slot {
    /// The address of the array's row; null if there is none yet.
    row: *const u8,
    /// Whether it is copied, as far as it is at all; a row in which nothing is read beyond the pixel need not be.
    copied: bool,
}

/// The rows of a stream that a thread has ready. Which slot a row has follows from its index.
pub struct LineBuffer {
    slots: Vec<Slot>,
    /// For each slot and each chunk of a row, whether its elements are finite, once that is known.
    finite: Vec<Option<bool>>,
    chunks: usize,
    /// What is copied of a row, and where in a slot: the whole strip, or the segments that the code does not read in the array.
    stretches: Vec<(usize, Stretch)>,
    element_bytes: usize,
    /// The copies of the slots, one after the other.
    copies: Vec<u64>,
    /// The bytes of a slot's copies.
    slot_bytes: usize,
    /// Where in a slot the copy for each segment starts; `None` where the code reads the array.
    starts: Vec<Option<usize>>,
    /// A stretch of what is outside the array, as long as any that is read; empty until it is needed.
    outside: Vec<u64>,
}

impl LineBuffer {
    /// The buffer for a stream, while a strip is computed in so many chunks.
    pub fn new(strip: &Segments, reader: &dyn RowReader, stream: &RowStream, chunks: usize) -> LineBuffer {
        let element_bytes = reader.element_bytes();
        let bytes = |pixels: usize| (strip.padded(pixels) * element_bytes).next_multiple_of(64);
        let mut slot_bytes = 0;
        let mut place = |bytes: usize| {
            slot_bytes += bytes;
            Some(slot_bytes - bytes)
        };
        let ends_only = reader.is_direct() && !strip.is_whole() && stream.shift == 0;
        let starts: Vec<Option<usize>> = match ends_only {
            true => {
                // Only the interior is read where it is.
                let start = |segment| if strip.is_inside(segment) { None } else { place(bytes(segment.len())) };
                strip.segments.iter().map(start).collect()
            }
            false => {
                // Slots an odd number of cache lines apart don't fall into the same sets of the L1 cache.
                place(bytes(strip.len) | 64);
                strip.segments.iter().map(|segment| Some(segment.start * element_bytes)).collect()
            }
        };
        let stretch = |pixels: &Range<usize>| stream.border.stretch(strip.cells(pixels, stream.shift));
        let stretches = match ends_only {
            true => {
                let copied = strip.segments.iter().zip(&starts);
                copied.filter_map(|(segment, start)| Some(((*start)?, stretch(segment)))).collect()
            }
            false => vec![(0, stretch(&(0..strip.len)))],
        };
        LineBuffer {
            slots: vec![Slot { row: std::ptr::null(), copied: false }; stream.slots],
            finite: vec![None; stream.slots * chunks],
            chunks,
            stretches,
            element_bytes,
            copies: vec![0; slot_bytes / 8 * stream.slots],
            slot_bytes,
            starts,
            outside: Vec::new(),
        }
    }

    /// The size of an element of a copy.
    pub fn element_bytes(&self) -> usize {
        self.element_bytes
    }

    /// Where in a slot the copy for a segment starts; `None` where the code reads the array.
    pub fn start(&self, segment: usize) -> Option<usize> {
        self.starts[segment]
    }

    /// Gives a slot to a row, if it has another.
    pub fn assign(&mut self, slot: SlotId, row: *const u8) {
        let slot = slot.index();
        if self.slots[slot].row != row {
            self.slots[slot] = Slot { row, copied: false };
            self.finite[slot * self.chunks..][..self.chunks].fill(None);
        }
    }

    /// Whether the elements of a chunk of a slot's row are finite, if that is known.
    pub fn finite(&mut self, slot: SlotId, chunk: usize) -> &mut Option<bool> {
        &mut self.finite[slot.index() * self.chunks + chunk]
    }

    /// Where the copies of a slot's row are, as far as it is copied at all; they are made if they are not there yet.
    pub fn copied(&mut self, slot: SlotId, reader: &dyn RowReader) -> *const u8 {
        let base = self.copies.as_mut_ptr().cast::<u8>().wrapping_add(slot.index() * self.slot_bytes);
        let Slot { row, copied } = &mut self.slots[slot.index()];
        if !std::mem::replace(copied, true) {
            for (start, stretch) in &self.stretches {
                // SAFETY: the row is one of the array's, and the slot has room for the stretch.
                unsafe { reader.copy(Some(*row), stretch, base.add(*start)) };
            }
        }
        base
    }

    /// The first of so many pixels of a row outside the array.
    pub fn outside(
        &mut self,
        pixels: usize,
        strip: &Segments,
        reader: &dyn RowReader,
        stream: &RowStream,
    ) -> *const u8 {
        if self.outside.is_empty() {
            let len = strip.padded(pixels);
            self.outside = vec![0; (len * self.element_bytes).div_ceil(8)];
            let stretch = stream.border.stretch(0..len as isize);
            // SAFETY: there is room for `len` elements.
            unsafe { reader.copy(None, &stretch, self.outside.as_mut_ptr().cast()) };
        }
        self.outside.as_ptr().cast::<u8>().wrapping_add(strip.shape.halo.before * self.element_bytes)
    }
}
