//! Which pixels are computed by which call: groups of rows and their order, strips of a row, and the segments of a strip.

use std::ops::Range;

use crate::grid::halo::Halo;
use crate::grid::region::Region;
use crate::tuning;

/// In which order the pixels of a region are computed.
pub struct Traversal {
    groups: Groups,
    /// The number of the region's pixels along a row.
    row_len: usize,
    /// The strips of each row of the region; mostly that is one. A thread computes one strip of all its groups before the
    /// next.
    pub strips: Vec<Segments>,
}

/// What all rows of one group read.
pub struct Rereads<'a> {
    /// How far they are around the group's first row, along each axis but the last.
    pub halos: &'a [Halo],
    /// Their size.
    pub bytes: usize,
}

/// What the length of a strip depends on.
pub struct Strips {
    /// The pixels of a chunk of the lines that passes make, if there are any.
    pub chunk: Option<usize>,
    /// About how many pixels a strip should have, if not all.
    pub most: Option<usize>,
}

impl Strips {
    /// Where the strips of a row of so many pixels begin.
    fn starts(&self, row: usize, block: usize, reads: &Rereads<'_>) -> Vec<usize> {
        if let Some(most) = self.most {
            // Code computes a block at least, and of windows of very many rows not even one pixel is as little as wanted.
            let count = row.div_ceil(most.max(1)).min(row / block).max(1);
            // Of what is left over, each of the first has one.
            return (0..count).map(|strip| row / count * strip + (row % count).min(strip)).collect();
        }
        match self.chunk.filter(|_| reads.bytes > tuning::REREAD_BYTES) {
            // The last one has what is left as well.
            Some(chunk) => (0..(row / chunk).max(1)).map(|strip| strip * chunk).collect(),
            None => vec![0],
        }
    }
}

impl Traversal {
    /// The traversal of a region by groups of `rows` rows. If there are passes that make lines of a chunk of so many pixels,
    /// rows are taken in strips where what groups read again would not stay in the cache, or where a strip has a greatest length.
    pub fn new(region: &Region, rows: usize, reads: &Rereads<'_>, whole: Segments, lengths: Strips) -> Traversal {
        let row = region.row();
        let starts = lengths.starts(row.len(), whole.shape.block, reads);
        let ends = starts.iter().skip(1).copied().chain([row.len()]);
        let strip = |(offset, end): (&usize, usize)| Segments {
            offset: *offset,
            ..whole.shape.segments(row.start + offset..row.start + end)
        };
        let strips = match starts.len() {
            1 => vec![whole],
            _ => starts.iter().zip(ends).map(strip).collect(),
        };
        Traversal { groups: Groups::new(region, rows, reads), row_len: row.len(), strips }
    }

    /// The number of groups.
    pub fn groups(&self) -> usize {
        self.groups.count()
    }

    /// The first row of pixels of a group, by its number in the region, and how many rows there are.
    pub fn rows(&self, group: usize) -> (usize, usize) {
        self.groups.rows(group)
    }

    /// How many rows of pixels follow each other from a group on, those of the groups before `end`, up to so many.
    pub fn rows_ahead(&self, group: usize, end: usize, most: usize) -> usize {
        let (first, mut rows) = self.rows(group);
        for next in group + 1..end {
            let (row, more) = self.rows(next);
            if row != first + rows || row / self.groups.height != first / self.groups.height || rows >= most {
                break;
            }
            rows += more;
        }
        rows.min(most)
    }

    /// The number of a pixel in the region: that of its row, and its place in a strip.
    pub fn pixel(&self, row: usize, strip: &Segments, x: usize) -> usize {
        row * self.row_len + strip.offset + x
    }
}

/// The groups of rows of pixels that are computed together, and their order.
///
/// Where the cells of a pixel are in several planes, the same part of every plane is computed before the next part, so that a
/// row is still in the cache when the next plane reads it.
struct Groups {
    /// The rows of pixels of a plane.
    height: usize,
    planes: usize,
    /// How many rows of pixels are in a group.
    group_rows: usize,
    /// How many groups are in a plane, and in a part of one.
    in_plane: usize,
    in_part: usize,
}

impl Groups {
    fn new(region: &Region, group_rows: usize, reads: &Rereads<'_>) -> Groups {
        let outer = region.axes.len() - 1;
        let height = outer.checked_sub(1).map_or(1, |axis| region.len(axis));
        let in_plane = height.div_ceil(group_rows);
        let deep = reads.halos.iter().take(outer.saturating_sub(1)).any(|halo| !halo.is_empty());
        let in_part = if deep { tuning::CACHED_BYTES / reads.bytes.max(1) } else { in_plane };
        let axes = 0..outer.saturating_sub(1);
        Groups {
            height,
            planes: axes.fold(1, |planes: usize, axis| planes.saturating_mul(region.len(axis))),
            group_rows,
            in_plane,
            in_part: in_part.clamp(1, in_plane.max(1)),
        }
    }

    fn count(&self) -> usize {
        self.planes.saturating_mul(self.in_plane)
    }

    fn rows(&self, group: usize) -> (usize, usize) {
        let part = group / (self.planes * self.in_part);
        let within = group % (self.planes * self.in_part);
        let here = self.in_part.min(self.in_plane - part * self.in_part);
        let (plane, y) = (within / here, (part * self.in_part + within % here) * self.group_rows);
        (plane * self.height + y, self.group_rows.min(self.height - y))
    }
}

/// What the rows of an array are like to those who read around their pixels.
#[derive(Clone, Copy, Debug)]
pub struct RowShape {
    /// How far what is read reaches beyond a pixel along the row.
    pub halo: Halo,
    /// The length of the array's rows.
    pub array_len: usize,
    /// The pixels that code is called for, at least.
    pub block: usize,
    /// Whether code reads rows where they are in the array.
    pub direct: bool,
    /// The size of the widest elements that are read.
    pub element_bytes: usize,
}

/// The pixels of a row, or of a strip of one, in peeled segments.
#[derive(Clone, Debug)]
pub struct Segments {
    pub shape: RowShape,
    /// The index of the first pixel along the array's rows.
    pub first: usize,
    /// How far that is from the region's first pixel.
    pub offset: usize,
    /// The number of pixels.
    pub len: usize,
    /// Prologue, interior and epilogue: the first and the last are computed with the help of copies. Without rows that are
    /// read directly, there is only one.
    pub segments: Vec<Range<usize>>,
}

impl RowShape {
    /// The segments of the pixels with these indices.
    pub fn segments(self, row: Range<usize>) -> Segments {
        let RowShape { halo, array_len, block, .. } = self;
        let len = row.len();
        // The pixels around which the halo leaves the array's row. A segment has whole blocks.
        let start = halo.before.saturating_sub(row.start).next_multiple_of(block);
        let end = halo.after.saturating_sub(array_len - row.end).next_multiple_of(block);
        // A short row is copied faster than its ends are computed by calls of their own.
        let short = self.element_bytes * len <= tuning::SHORT_ROW && len <= tuning::SHORT_ROW_PIXELS;
        let segments = match self.direct && !short && len >= start + end + block {
            true => {
                [0..start, start..len - end, len - end..len].into_iter().filter(|range| !range.is_empty()).collect()
            }
            false => std::iter::once(0..len).collect(),
        };
        Segments { shape: self, first: row.start, offset: 0, len, segments }
    }
}

impl Segments {
    /// Whether everything that is read around a segment's pixels is inside the array's row.
    pub fn is_inside(&self, segment: &Range<usize>) -> bool {
        let Halo { before, after } = self.shape.halo;
        self.first + segment.start >= before && self.first + segment.end + after <= self.shape.array_len
    }

    /// Where what is read around some pixels is along the array's row, in rows that are shifted so far.
    pub fn cells(&self, pixels: &Range<usize>, shift: isize) -> Range<isize> {
        let Halo { before, after } = self.shape.halo;
        let start = (self.first + pixels.start) as isize - before as isize;
        shift + start..shift + (self.first + pixels.end + after) as isize
    }

    /// Whether rows are copied as a whole.
    pub fn is_whole(&self) -> bool {
        self.len < self.shape.block || !self.segments.iter().any(|segment| self.is_inside(segment))
    }

    /// The number of elements that a copy of what is read around so many pixels takes.
    pub fn padded(&self, pixels: usize) -> usize {
        self.shape.halo.len() + pixels.max(self.shape.block)
    }
}

#[cfg(test)]
mod tests {
    use super::{Rereads, Strips};

    /// The least and the greatest length of the strips of a row.
    fn lengths(strips: &Strips, row: usize, block: usize, reread: usize) -> (usize, usize) {
        let starts = strips.starts(row, block, &Rereads { halos: &[], bytes: reread });
        let ends = starts.iter().skip(1).copied().chain([row]);
        let lengths: Vec<usize> = starts.iter().zip(ends).map(|(start, end)| end - start).collect();
        assert_eq!((starts[0], lengths.iter().sum()), (0, row));
        (lengths.iter().copied().min().unwrap(), lengths.iter().copied().max().unwrap())
    }

    #[test]
    fn strips_are_about_equally_long() {
        let most = |most| Strips { chunk: Some(100), most: Some(most) };
        assert_eq!(lengths(&most(31), 1_000_000, 16, 0), (30, 31));
        assert_eq!(lengths(&most(5), 1_000_003, 16, 0), (16, 17));
        assert_eq!(lengths(&most(5), 40, 16, 0), (20, 20));
        assert_eq!(lengths(&most(5), 10, 16, 0), (10, 10));
        let chunks = Strips { chunk: Some(100), most: None };
        assert_eq!(lengths(&chunks, 1050, 16, usize::MAX), (100, 150));
        assert_eq!(lengths(&chunks, 1050, 16, 0), (1050, 1050));
        assert_eq!(lengths(&chunks, 50, 16, usize::MAX), (50, 50));
    }
}
