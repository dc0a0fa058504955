//! Rows beyond the ends of arrays whose ends meet, as mode `wrap` has it along the first axis.
//!
//! The last rows of an array come once more in front of the first one, and the first ones once more behind the last: as many as its
//! filters see there, all together. Each filter makes rows beyond the ends, too: those that the next one sees. Nothing else is kept, however
//! long the array is, but the file has to be one that can be read from any row on.
//!
//! A filter is not told of this. Its slabs have the rows where the array has them, or wrap around their own ends what wraps around those
//! of the array; so `coord`, `extent` and `inside()` are what they are in the whole.

use std::ops::Range;

use hoodoo::AnyArray;
use ndarray::{ArrayD, Axis, Slice};

use super::ends::Around;
use super::slabs::{Feed, Feeds, Reach, Slab};
use crate::arrays::for_any;
use crate::failure::Failure;
use crate::files::Outline;
use crate::image::Image;

impl Around {
    /// The same slab with no rows but those that its pixels see, in the order of the array. Its pixels are on one side of each seam.
    pub fn arranged(self, slab: Slab, reach: Reach) -> Slab {
        let Slab { planes, mask, first, pixels } = slab;
        let (rows, height) = (self.rows, pixels.len());
        let seen = height + reach.before + reach.after;
        let pixel = self.row(first + pixels.start);
        // All rows, if all are seen; else they may be on both sides of the array's ends, of which pixels are on one.
        let kept = seen.min(rows);
        let (turn, first) = match pixel.checked_sub(reach.before) {
            Some(row) if row + kept <= rows => (0, row),
            Some(row) if kept < rows => (rows - row, row - (row + kept - rows)),
            Some(row) => (rows - row, 0),
            None => ((reach.before - pixel) % rows, 0),
        };
        let start = pixels.start - reach.before;
        let arranged = |mut image: Image| {
            let mask = image.metadata.mask.take();
            image.metadata.mask = mask.map(|mask| arranged(mask, start..start + kept, turn));
            image.map(|array| for_any!(AnyArray, array, array => arranged(array, start..start + kept, turn).into()))
        };
        let planes = planes.into_iter().map(|images| images.into_iter().map(arranged).collect()).collect();
        Slab { planes, mask: mask.map(arranged), first, pixels: pixel - first..pixel - first + height }
    }
}

/// These rows of an array, of which so many go behind the others.
fn arranged<T: Clone>(mut array: ArrayD<T>, rows: Range<usize>, turn: usize) -> ArrayD<T> {
    array.slice_axis_inplace(Axis(0), Slice::from(rows));
    if turn == 0 {
        return array;
    }
    let (behind, front) = array.view().split_at(Axis(0), turn);
    ndarray::concatenate(Axis(0), &[front, behind]).expect("both are parts of one array")
}

/// Feeds with the rows beyond the ends, which must be such that can be read from any row on.
pub fn circular<'a>(feeds: Feeds<'a>, around: Around) -> Result<Feeds<'a>, Failure> {
    let circular = |mut feed: Box<dyn Feed + 'a>| -> Result<Box<dyn Feed + 'a>, Failure> {
        feed.go_to(0, around.row(0))?;
        let outline = Outline { rows: Some(around.count()), ..feed.outline().clone() };
        Ok(Box::new(Circular { feed, around, outline, next: (0, 0) }))
    };
    feeds.into_iter().map(circular).collect()
}

/// A feed whose rows come with those beyond the ends.
struct Circular<'a> {
    feed: Box<dyn Feed + 'a>,
    around: Around,
    outline: Outline,
    /// The page and the row that come next.
    next: (usize, usize),
}

impl Feed for Circular<'_> {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, Failure> {
        let (page, start) = self.next;
        let wanted = arrays.first().map_or(0, |array| array.shape()[0] - first).min(self.around.count() - start);
        let mut read = 0;
        while read < wanted {
            let row = self.around.row(start + read);
            if row == 0 || start + read == 0 {
                self.feed.go_to(page, row)?;
            }
            // It ends where the array does.
            match self.feed.read(arrays, first + read)? {
                0 => return Err(self.problem("has not all of its rows")),
                more => read += more,
            }
        }
        self.next = if start + read == self.around.count() { (page + 1, 0) } else { (page, start + read) };
        Ok(read)
    }

    fn image(&self, plane: usize, array: AnyArray) -> Result<Image, Failure> {
        self.feed.image(plane, array)
    }

    fn problem(&self, message: &str) -> Failure {
        self.feed.problem(message)
    }
}

#[cfg(test)]
mod tests {
    use hoodoo::{AnyArray, Filter, Kernel, Mode};
    use ndarray::ArrayD;

    use super::{Around, Reach, Slab};
    use crate::image::Image;

    /// Slabs of pixels at every place, arranged, against the whole.
    #[test]
    fn slabs_see_what_the_whole_has() {
        let kernel = "sum(w * (offset(0) + 40)) + 1000 * count(inside()) + 100000 * coord(0) + 10000000 * extent(0)";
        let kernel = Kernel::compile(kernel).unwrap();
        for (size, origin) in [(1, 0), (3, 0), (4, 1), (5, 2), (5, -2), (12, 0), (31, 15), (31, -15)] {
            let filter = Filter::new(&kernel).size(size).origin(origin).mode(Mode::Wrap);
            let reach_before = (size as isize / 2 + origin) as usize;
            let reach = Reach { before: reach_before, after: size - 1 - reach_before, mode: Mode::Wrap };
            for rows in [1, 2, 3, 5, 8, 13] {
                let array = ArrayD::from_shape_fn(vec![rows], |at| (at[0] * at[0] * 7 % 23) as f64);
                let whole = filter.run(&array).unwrap();
                // Rows beyond the ends that are not asked for are there as well.
                let around = Around { before: reach.before + 2, after: reach.after + 3, rows };
                let come = ArrayD::from_shape_fn(vec![around.count()], |at| array[[around.row(at[0])]]);
                for start in reach.before..around.count() - reach.after {
                    let last = around.seam(start).min(around.count() - reach.after);
                    for end in start + 1..=last {
                        let planes = vec![vec![Image::plain(AnyArray::from(come.clone()))]];
                        let slab = around.arranged(Slab { planes, mask: None, first: 0, pixels: start..end }, reach);
                        let AnyArray::F64(part) = &slab.planes[0][0].array else { panic!("of another type") };
                        assert!(part.len() <= end - start + reach.before + reach.after);
                        let filter = filter.clone().rows(slab.pixels).within(slab.first, rows);
                        let found: Vec<f64> = filter.run(part).unwrap().iter().copied().collect();
                        let expected: Vec<f64> = (start..end).map(|come| whole[[around.row(come)]]).collect();
                        assert_eq!(found, expected, "size {size}, origin {origin}, {rows} rows, {start}..{end}");
                    }
                }
            }
        }
    }
}
