//! What is beyond the two ends of the array's rows.

use std::ops::Range;

use crate::filter::exec::domain::Domain;

/// What the cells beyond the two ends of the array's rows are.
pub struct BorderMap {
    /// The positions that are wanted.
    positions: Range<isize>,
    /// The index along a row of what is at each of them before its start and after its end, if it is inside.
    before: Vec<Option<isize>>,
    after: Vec<Option<isize>>,
    /// The length of a row.
    len: isize,
}

impl BorderMap {
    /// For the cells at these positions.
    pub fn new(domain: &Domain, positions: Range<isize>) -> BorderMap {
        let len = domain.row_len() as isize;
        let indices = |positions: Range<isize>| positions.map(|at| domain.index_along(at)).collect();
        let before = indices(positions.start..positions.end.min(0));
        let after = indices(positions.start.max(len)..positions.end);
        BorderMap { positions, before, after, len }
    }

    /// Calls `visit` with those of some positions that are beyond the row's ends, and what is there.
    pub fn visit_beyond(&self, positions: &Range<isize>, mut visit: impl FnMut(isize, Option<isize>)) {
        for (first, indices) in
            [(self.positions.start, &self.before), (self.len.max(self.positions.start), &self.after)]
        {
            let end = positions.end.min(first + indices.len() as isize);
            for position in positions.start.max(first)..end {
                visit(position, indices[(position - first) as usize]);
            }
        }
    }

    /// Which of some positions are indices of the row.
    pub fn inside(&self, positions: &Range<isize>) -> Range<isize> {
        positions.start.max(0)..positions.end.min(self.len)
    }
}
