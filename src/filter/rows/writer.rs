//! Results of the last pass: written where they belong, or to memory of the thread's own and moved from there.

#![allow(unsafe_code, reason = "rows of outputs are written by address, each by the thread that computes it")]

use std::ops::Range;

use super::target::{Target, fence};
use crate::grid::element::Cast;

/// One thread's results.
pub struct Writer<'a> {
    targets: &'a [Target<'a>],
    cast: Cast,
    /// For each output, the address of the first pixel of the strip in the group's first row.
    starts: Vec<*mut u8>,
    own: Vec<OwnRows>,
    /// For each row of pixels of a group and each output in turn, where code writes the chunk's first pixel.
    pub addresses: Vec<*mut u8>,
    /// How many rows of pixels the calls for a group compute.
    rows: usize,
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
    fn new(target: &Target<'_>, staged: bool, rows: usize, pixels: usize) -> OwnRows {
        let bytes = pixels * target.output.lane.bytes();
        // What is computed beyond the last row is never read.
        let (rows, pitch) = if staged { (rows, bytes) } else { (1, 0) };
        OwnRows { memory: vec![0; (rows * bytes).div_ceil(8)], pitch, staged }
    }

    fn row(&mut self, row: usize) -> *mut u8 {
        self.memory.as_mut_ptr().cast::<u8>().wrapping_add(row * self.pitch)
    }
}

impl<'a> Writer<'a> {
    /// For outputs of which code computes so many rows of at most so many pixels at once. All results are moved if an output's rows are so
    /// `short` that code computes more.
    pub fn new(targets: &'a [Target<'a>], short: bool, rows: usize, pixels: usize, cast: Cast) -> Writer<'a> {
        let own = |target| OwnRows::new(target, target.is_staged(short), rows, pixels);
        Writer {
            targets,
            cast,
            starts: vec![std::ptr::null_mut(); targets.len()],
            own: targets.iter().map(own).collect(),
            addresses: vec![std::ptr::null_mut(); rows * targets.len()],
            rows,
        }
    }

    /// Finds where the results of a group belong, whose first row of pixels is at `outer`, for a strip that starts so many pixels after the
    /// first one.
    pub fn move_to(&mut self, outer: &[usize], strip: usize) {
        for (start, target) in self.starts.iter_mut().zip(self.targets) {
            *start = target.row(outer).wrapping_offset(strip as isize * target.stride());
        }
    }

    /// Points to where `rows` rows of a chunk go that starts at the strip's pixel `start`.
    pub fn bind(&mut self, start: usize, rows: usize) {
        let count = self.targets.len();
        for (index, (target, own)) in self.targets.iter().zip(&mut self.own).enumerate() {
            let first = self.starts[index].wrapping_offset(start as isize * target.stride());
            let direct = if own.staged { 0 } else { rows };
            for row in 0..self.rows {
                self.addresses[row * count + index] = match row < direct {
                    true => first.wrapping_offset(row as isize * target.row_stride()),
                    false => own.row(row),
                };
            }
        }
    }

    /// Moves results of some rows that are not where they belong: those of the strip's pixels `pixels`, with which the chunk
    /// starts.
    pub fn write_back(&mut self, pixels: &Range<usize>, rows: Range<usize>) {
        for (index, (target, own)) in self.targets.iter().zip(&mut self.own).enumerate() {
            if !own.staged || rows.is_empty() {
                continue;
            }
            let first = self.starts[index].wrapping_offset(pixels.start as isize * target.stride());
            let to = |row: usize| first.wrapping_offset(row as isize * target.row_stride());
            let bytes = pixels.len() * target.output.lane.bytes();
            if target.streamed && own.pitch == bytes && target.row_stride() == bytes as isize {
                let len = pixels.len() * rows.len();
                // SAFETY: code has written the pixels' elements, which belong to contiguous rows of the output that no
                // other thread writes to, one after the other.
                unsafe { target.put(own.row(rows.start), to(rows.start), len, self.cast) };
                continue;
            }
            for row in rows.clone() {
                // SAFETY: code has written the pixels' elements, from a multiple of their size on, which belong to a row of the
                // output that no other thread writes to.
                unsafe { target.put(own.row(row), to(row), pixels.len(), self.cast) };
            }
        }
    }

    /// Lets other threads see everything that was written.
    pub fn finish(&self) {
        if self.targets.iter().any(|target| target.streamed) {
            fence();
        }
    }
}
