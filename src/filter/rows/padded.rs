//! Copies of small arrays, or of parts of larger ones, with what is beyond their ends: all rows are read alike.

#![allow(unsafe_code, reason = "rows are copied to memory from which code reads them by address, as those of arrays")]

use std::ops::Range;

use super::array_rows::{are_finite, reader};
use super::border::BorderMap;
use super::context::RowRun;
use crate::filter::exec::domain::Domain;
use crate::filter::exec::view::RawView;
use crate::grid::region::Region;
use crate::plan::pass::PassInput;
use crate::plan::pass_input;

/// What the code reads for some pixels of a run of one pass, in its own lanes: copies of the inputs' rows, one after the other.
pub struct Padded {
    /// For each input, where the first cell is, and how many bytes a cell has.
    sources: Vec<(*const u8, usize)>,
    part: Part,
    /// Whether all elements are finite, if that makes a difference.
    pub finite: bool,
    /// The copies.
    _memory: Vec<u64>,
}

/// A part of the inputs, beyond whose ends it may go.
struct Part {
    /// The indices along each axis but the last.
    outer: Vec<Range<isize>>,
    /// Those along the last axis, as many as a row of a copy has.
    along: Range<isize>,
    /// How many elements after the last one code may read: it computes a block of pixels at least, of other rows that much of the row after it.
    tail: usize,
}

impl Padded {
    /// The size of the copies for a box of a run's pixels, which has these lengths along all axes but the last.
    pub fn bytes(run: &RowRun<'_>, lens: &[usize], inputs: &[RawView<'_>]) -> usize {
        let rows = lens.iter().zip(&run.kernel.plan.reads.outer_halos).map(|(len, halo)| len + halo.len());
        rows.fold(Padded::row_bytes(run, inputs), usize::saturating_mul)
    }

    /// The size of a row of all copies.
    pub fn row_bytes(run: &RowRun<'_>, inputs: &[RawView<'_>]) -> usize {
        let outside = run.kernel.plan.request.outside();
        let bytes = inputs.iter().map(|view| pass_input(0, view.dtype(), outside).lane.bytes());
        (run.region.row().len() + run.kernel.plan.reads.halo.len()) * bytes.sum::<usize>()
    }

    /// The copies for some pixels of a run.
    pub fn new(run: &RowRun<'_>, region: &Region, inputs: &[RawView<'_>]) -> Padded {
        let plan = &run.kernel.plan;
        let part = Part::read_for(run, region);
        let input = |view: &RawView<'_>| pass_input(0, view.dtype(), plan.request.outside());
        let words = |input: PassInput| (part.elements() * input.lane.bytes()).div_ceil(8);
        let all = inputs.iter().map(|view| words(input(view))).sum();
        let mut memory: Vec<u64> = Vec::with_capacity(all);
        let mut first = memory.as_mut_ptr();
        let (mut sources, mut finite) = (Vec::with_capacity(inputs.len()), true);
        for view in inputs {
            let input = input(view);
            let copy = first.cast::<u8>();
            part.copy(run.domain, view, input, copy);
            // SAFETY: the copy has so many elements of this lane type.
            finite &= !plan.has_general_code() || unsafe { are_finite(input.lane, copy, part.cells()) };
            sources.push((copy.cast_const(), input.lane.bytes()));
            first = first.wrapping_add(words(input));
        }
        Padded { sources, part, finite, _memory: memory }
    }

    /// The address of a place in the copy of an input's row, whose index along all axes but the last is `outer`: so many elements after its
    /// first. And how many bytes the next row is after it.
    pub fn place(&self, input: usize, outer: impl Iterator<Item = isize>, elements: usize) -> (*const u8, usize) {
        let rows = outer.zip(&self.part.outer);
        let row = rows.fold(0, |row, (at, range)| row * range.len() + (at - range.start) as usize);
        let (first, bytes) = self.sources[input];
        let cells = self.part.along.len();
        (first.wrapping_add((row * cells + elements) * bytes), cells * bytes)
    }

    /// How many rows of a copy are between the first pixel of a region and those at `outer`.
    pub fn rows_between(&self, region: &Region, outer: &[usize]) -> usize {
        let steps = outer.iter().zip(&region.axes).map(|(at, range)| at - range.start);
        steps.zip(&self.part.outer).fold(0, |rows, (step, range)| rows * range.len() + step)
    }
}

impl Part {
    /// All that the code reads for some pixels of a run.
    fn read_for(run: &RowRun<'_>, region: &Region) -> Part {
        let plan = &run.kernel.plan;
        let around = |pixels: &Range<usize>, before: usize, after: usize| {
            pixels.start as isize - before as isize..(pixels.end + after) as isize
        };
        let (pixels, halo) = (region.row(), plan.reads.halo);
        let outer = region.axes.iter().zip(&plan.reads.outer_halos);
        Part {
            outer: outer.map(|(pixels, halo)| around(pixels, halo.before, halo.after)).collect(),
            tail: plan.last_pass().step().saturating_sub(pixels.len()),
            along: around(&pixels, halo.before, halo.after),
        }
    }

    /// The number of rows.
    fn rows(&self) -> usize {
        self.outer.iter().fold(1, |rows, range| rows.saturating_mul(range.len()))
    }

    /// The number of cells that are copied.
    fn cells(&self) -> usize {
        self.rows() * self.along.len()
    }

    /// The number of elements of a copy.
    fn elements(&self) -> usize {
        self.cells() + self.tail
    }

    /// Copies it from an array to memory with room for it.
    fn copy(&self, domain: &Domain, view: &RawView<'_>, input: PassInput, to: *mut u8) {
        let stretch = BorderMap::new(domain, self.along.clone()).stretch(self.along.clone());
        let reader = reader(view, input, domain.cval(), true);
        let rows = self.addresses(domain, view);
        let bytes = input.lane.bytes();
        // SAFETY: the rows are the array's or outside, the stretch is of their border map, and there is room for all rows and the tail, which
        // is computed from as well, though nobody sees what comes of it.
        unsafe {
            reader.copy_rows(&rows, &stretch, to, self.along.len() * bytes);
            to.add(self.cells() * bytes).write_bytes(0, self.tail * bytes);
        }
    }

    /// The address of each of its rows in an array, in order, or `None` for a row outside.
    fn addresses(&self, domain: &Domain, view: &RawView<'_>) -> Vec<Option<*const u8>> {
        let mut rows = vec![Some(view.first().cast_const())];
        for ((axis, range), stride) in self.outer.iter().enumerate().zip(view.strides()) {
            let mut further = Vec::with_capacity(rows.len() * range.len());
            for row in rows {
                let at = |at: isize| Some(row?.wrapping_offset(domain.index(axis, at)? * stride));
                further.extend(range.clone().map(at));
            }
            rows = further;
        }
        rows
    }
}
