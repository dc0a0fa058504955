//! Which pixels are computed by which call: groups of rows and their order, and the parts of a row.

use std::ops::Range;

use super::RowRun;
use crate::filter::pixels::Neighbourhood;
use crate::grid::region::Region;
use crate::plan::pass::{CellRow, Pass};

/// Rows of at most this many bytes are copied as a whole, and not written past the cache.
pub const SHORT_ROW: usize = 1 << 12;

/// The rows that are read by the groups which follow each other in a plane stay in the second cache.
const CACHED_BYTES: usize = 1 << 17;

/// The groups of rows of pixels that are computed together, and the order in which they are.
///
/// Where the cells of a pixel are in several planes, the same part of every plane is computed before the next part, so that a
/// row is still in the cache when the next plane reads it.
pub struct Order {
    /// The rows of pixels of a plane.
    height: usize,
    planes: usize,
    /// How many rows of pixels are in a group.
    rows_per_call: usize,
    /// How many groups are in a plane, and in a part of one.
    in_plane: usize,
    in_part: usize,
}

impl Order {
    pub fn new(pass: &Pass, region: &Region, layout: &Layout) -> Order {
        let outer = region.axes.len() - 1;
        let planes = |axes: Range<usize>| axes.fold(1, |planes: usize, axis| planes.saturating_mul(region.len(axis)));
        let height = outer.checked_sub(1).map_or(1, |axis| region.len(axis));
        let in_plane = height.div_ceil(pass.rows_per_call);
        let bytes = |row: &CellRow| layout.array_len * pass.inputs[row.input].lane.bytes();
        let group: usize = pass.rows.iter().map(bytes).sum();
        let deep = (0..outer.saturating_sub(1)).any(|axis| reach(pass, axis) != (0, 0));
        let in_part = if deep { CACHED_BYTES / group.max(1) } else { in_plane };
        let planes = planes(0..outer.saturating_sub(1));
        Order {
            height,
            planes,
            rows_per_call: pass.rows_per_call,
            in_plane,
            in_part: in_part.clamp(1, in_plane.max(1)),
        }
    }

    pub fn groups(&self) -> usize {
        self.planes.saturating_mul(self.in_plane)
    }

    /// The first row of pixels of a group, by its number in the region, and how many rows there are.
    pub fn rows(&self, group: usize) -> (usize, usize) {
        let part = group / (self.planes * self.in_part);
        let within = group % (self.planes * self.in_part);
        let here = self.in_part.min(self.in_plane - part * self.in_part);
        let (plane, y) = (within / here, (part * self.in_part + within % here) * self.rows_per_call);
        (plane * self.height + y, self.rows_per_call.min(self.height - y))
    }
}

/// Which parts of a row are computed with the help of copies.
#[derive(Clone, Debug)]
pub struct Layout {
    /// How far cells reach beyond a pixel along the row.
    pub before: usize,
    pub after: usize,
    /// The index of the region's first pixel along the array's rows.
    pub first: usize,
    /// The number of the region's pixels along a row.
    pub len: usize,
    /// The length of the array's rows.
    pub array_len: usize,
    /// The runs of pixels of a row of the region: at its start, in the middle, and at its end. Without rows that are read
    /// directly, there is only one.
    pub runs: Vec<Range<usize>>,
    /// The pixels of a run that code is called for, at least.
    pub block: usize,
}

impl Layout {
    pub fn new(pass: &Pass, run: &RowRun<'_>, direct: bool) -> Layout {
        let (before, after) = pass.reach();
        let (row, array_len, block) = (run.region.row(), run.neighbourhood.row_len(), pass.block);
        let len = row.len();
        // The pixels whose cells reach beyond the array's row. An end has whole blocks.
        let start = before.saturating_sub(row.start).next_multiple_of(block);
        let end = after.saturating_sub(array_len - row.end).next_multiple_of(block);
        // A short row is copied faster than its ends are computed by calls of their own.
        let short = pass.inputs.iter().map(|source| source.lane.bytes() * len).max().unwrap_or(0) <= SHORT_ROW;
        let runs = match direct && !short && len >= start + end + block {
            true => [0..start, start..len - end, len - end..len].into_iter().filter(|run| !run.is_empty()).collect(),
            false => std::iter::once(0..len).collect(),
        };
        Layout { before, after, first: row.start, len, array_len, runs, block }
    }

    /// Whether all cells of a run are inside the array's row.
    pub fn is_inside(&self, run: &Range<usize>) -> bool {
        self.first + run.start >= self.before && self.first + run.end + self.after <= self.array_len
    }

    /// Where the cells of a run are along the array's row, in rows that are shifted so far.
    pub fn cells(&self, run: &Range<usize>, shift: isize) -> Range<isize> {
        let start = (self.first + run.start) as isize - self.before as isize;
        shift + start..shift + (self.first + run.end + self.after) as isize
    }

    /// Whether rows are copied as a whole.
    pub fn is_whole(&self) -> bool {
        self.len < self.block || !self.runs.iter().any(|run| self.is_inside(run))
    }

    /// The number of elements that a copy of the cells of a run takes.
    pub fn padded(&self, run: &Range<usize>) -> usize {
        self.before + run.len().max(self.block) + self.after
    }
}

/// How far the rows of a pass are before and after the first row of pixels along an axis.
fn reach(pass: &Pass, axis: usize) -> (usize, usize) {
    let offsets = || pass.rows.iter().map(|row| row.outer[axis]);
    (offsets().min().unwrap_or(0).min(0).unsigned_abs(), offsets().max().unwrap_or(0).max(0).unsigned_abs())
}

/// Where the first of some rows of pixels may be along each axis but the last, if all rows of cells are to be inside the array.
pub fn inside(pass: &Pass, neighbourhood: &Neighbourhood, outer: usize) -> Vec<Range<usize>> {
    let range = |axis: usize| {
        let (before, after) = reach(pass, axis);
        before..neighbourhood.shape()[axis].saturating_sub(after)
    };
    (0..outer).map(range).collect()
}
