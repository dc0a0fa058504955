//! A filter over arrays that come row after row: only as many rows are in memory as windows see at once.
//!
//! A row is all elements with one index along the first axis, or a picture of a video with its planes.

use std::collections::VecDeque;

use hoodoo::{AnyArray, Cast, DType, Element, Error, Filter, Mode, Progress};
use ndarray::{Axis, Slice};

use crate::arrays::for_any;
use crate::failure::Failure;
use crate::files::elements;
use crate::watch;

/// About so many elements are filtered at once.
const ELEMENTS: usize = 1 << 22;

/// A part of each row that is filtered on its own.
pub struct Plane {
    /// Its shape in a row.
    pub shape: Vec<usize>,
    /// Where its bytes begin in a row.
    pub first: usize,
    /// The filter, in mode `valid` along the first axis, or `shrink`.
    pub filter: Filter,
}

/// How far windows reach along the first axis, and what is beyond the ends there.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    pub before: usize,
    pub after: usize,
    pub mode: Mode,
    pub cval: f64,
}

/// A filter of rows.
pub struct Slabs<'a> {
    pub planes: Vec<Plane>,
    pub reach: Reach,
    pub input: DType,
    pub output: DType,
    pub progress: &'a Progress,
}

/// The rows that windows may still see.
struct Kept {
    rows: VecDeque<Vec<u8>>,
    /// The number of the first of them.
    first: usize,
}

impl Slabs<'_> {
    /// Filters the rows that `next` gives, until there are no more, and hands the results to `write`: for each plane, an array of as
    /// many rows.
    pub fn run(
        &self,
        mut next: impl FnMut() -> Result<Option<Vec<u8>>, Failure>,
        mut write: impl FnMut(&[AnyArray]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Reach { before, after, mode, .. } = self.reach;
        let row: usize = self.planes.iter().map(|plane| plane.shape.iter().product::<usize>()).sum();
        // So many that what several of them see is not read much more often than once.
        let height = (ELEMENTS / row.max(1)).max(before + after).max(1);
        let mut kept = Kept { rows: VecDeque::new(), first: 0 };
        let (mut come, mut ended) = (0, false);
        let mut done = if mode == Mode::Valid { before } else { 0 };
        while !ended {
            while !ended && come < done + height + after {
                match next()? {
                    Some(row) => {
                        kept.rows.push_back(row);
                        come += 1;
                    }
                    None => ended = true,
                }
                watch::check(self.progress)?;
            }
            let end = if ended && mode != Mode::Valid { come } else { come.saturating_sub(after) };
            if end <= done {
                continue;
            }
            let results = self.planes.iter().map(|plane| self.filter(plane, &kept, done..end, come));
            write(&results.collect::<Result<Vec<AnyArray>, Failure>>()?)?;
            done = end;
            // Rows beyond the end are some of the last ones.
            let needed = done.saturating_sub(before.max(after) + 1);
            kept.rows.drain(..needed - kept.first);
            kept.first = needed;
        }
        Ok(())
    }

    /// The results for some rows of a plane, of which `come` have come, all if they are the last.
    fn filter(
        &self,
        plane: &Plane,
        kept: &Kept,
        rows: std::ops::Range<usize>,
        come: usize,
    ) -> Result<AnyArray, Failure> {
        let Reach { before, after, mode, .. } = self.reach;
        let bytes = plane.shape.iter().product::<usize>() * self.input.bytes();
        // In mode `shrink` there is nothing beyond the ends, and what is computed for rows around is left out.
        let seen = match mode {
            Mode::Shrink => rows.start.saturating_sub(before) as isize..(rows.end + after).min(come) as isize,
            _ => rows.start as isize - before as isize..(rows.end + after) as isize,
        };
        let mut slab = Vec::with_capacity(seen.len() * bytes);
        for row in seen.clone() {
            match mode.index(row, come) {
                Some(row) => slab.extend(&kept.rows[row - kept.first][plane.first..plane.first + bytes]),
                None => elements::repeat(self.input, self.reach.cval, bytes, &mut slab),
            }
        }
        let shape = |rows: usize| [&[rows], plane.shape.as_slice()].concat();
        let input = elements::array(&slab, self.input, &shape(seen.len())).map_err(Failure::Run)?;
        let whole = shape(seen.len());
        let region = plane.filter.output_region(&whole)?;
        let lengths: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
        let mut output = AnyArray::try_zeros(self.output, &lengths)?;
        let ran = plane.filter.run_all_into(&[input.as_input()], &mut [output.as_output()], self.progress);
        ran.map_err(|error| in_all_rows(error, seen.start))?;
        let surplus = (rows.start as isize - seen.start) as usize;
        Ok(match mode {
            Mode::Shrink => for_any!(AnyArray, output, array => {
                array.slice_axis(Axis(0), Slice::from(surplus..surplus + rows.len())).to_owned().into()
            }),
            _ => output,
        })
    }
}

/// The error for a pixel of a slab that begins at this row.
fn in_all_rows(error: Error, start: isize) -> Error {
    match error {
        Error::Assertion { mut position, message, place } => {
            if let Some(row) = position.first_mut() {
                *row = row.saturating_add_signed(start);
            }
            Error::Assertion { position, message, place }
        }
        error => error,
    }
}

/// Whether elements of a type can have a value.
pub fn has(dtype: DType, value: f64) -> bool {
    let mut element = AnyArray::zeros(dtype, &[]);
    for_any!(AnyArray, &mut element, array => array.fill(Element::from_f64(value, Cast::Saturate)));
    let held = element.to_f64().sum();
    held == value || held.is_nan() && value.is_nan()
}
