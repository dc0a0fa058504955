//! The copies of rows that a thread keeps for the next rows of pixels.

#![allow(unsafe_code, reason = "the design lifts the ban here; each block gives its reason")]

use std::ops::Range;

use super::MAX_RUN;
use super::layout::Layout;
use super::reading::Feed;
use super::source::RowSource;

/// A row of an input that is ready to be read.
#[derive(Clone)]
pub struct Slot {
    /// The address of the array's row; null if there is none yet.
    pub row: *const u8,
    /// Whether it is copied, as far as it is at all; a row in which nothing is read beyond the pixel need not be.
    pub copied: bool,
}

/// The rows of a feed that a thread has ready.
pub struct Ring {
    pub slots: Vec<Slot>,
    /// For each slot and each part of a row, whether its elements are finite, once that is known.
    finite: Vec<Option<bool>>,
    parts: usize,
    /// Whether only the ends of rows are copied.
    pub direct: bool,
    /// The size of an element of a copy.
    pub element_bytes: usize,
    /// The copies of the slots, one after the other.
    pub copies: Vec<u64>,
    /// The bytes of a slot's copies.
    pub slot_bytes: usize,
    /// Where in a slot the copy for each run starts; `None` where the code reads the array.
    pub starts: Vec<Option<usize>>,
    /// A stretch of what is outside the array, as long as any that is read; empty until it is needed.
    pub outside: Vec<u64>,
}

impl Ring {
    pub fn new(layout: &Layout, source: &dyn RowSource, feed: &Feed, parts: usize) -> Ring {
        let bytes = |run: &Range<usize>| (layout.padded(run) * source.element_bytes()).next_multiple_of(64);
        let mut slot_bytes = 0;
        let mut place = |bytes: usize| {
            slot_bytes += bytes;
            Some(slot_bytes - bytes)
        };
        let direct = source.is_direct() && !layout.is_whole() && feed.shift == 0;
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
            slots: vec![Slot { row: std::ptr::null(), copied: false }; feed.slots],
            finite: vec![None; feed.slots * parts],
            parts,
            direct,
            element_bytes: source.element_bytes(),
            copies: vec![0; slot_bytes / 8 * feed.slots],
            slot_bytes,
            starts,
            outside: Vec::new(),
        }
    }

    /// Gives a slot to a row, if it has another.
    pub fn assign(&mut self, slot: usize, row: *const u8) {
        if self.slots[slot].row != row {
            self.slots[slot] = Slot { row, copied: false };
            self.finite[slot * self.parts..][..self.parts].fill(None);
        }
    }

    /// Whether the elements of a part of a slot's row are finite, if that is known.
    pub fn finite(&mut self, slot: usize, part: usize) -> &mut Option<bool> {
        &mut self.finite[slot * self.parts + part]
    }

    /// Makes the stretch of what is outside.
    pub fn fill_outside(&mut self, layout: &Layout, source: &dyn RowSource, feed: &Feed) {
        if self.outside.is_empty() {
            let longest = layout.runs.iter().map(|run| run.len().min(MAX_RUN)).max().unwrap_or(0);
            let len = layout.padded(&(0..longest));
            self.outside = vec![0; (len * source.element_bytes()).div_ceil(8)];
            // SAFETY: there is room for `len` elements.
            unsafe { source.copy(None, 0..len as isize, &feed.ends, self.outside.as_mut_ptr().cast()) };
        }
    }
}
