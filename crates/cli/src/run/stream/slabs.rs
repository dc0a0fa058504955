//! Rows of inputs, cut into slabs: each has the rows that the windows of its pixels see, and no more is in memory.

use std::ops::Range;

use hoodoo::{AnyArray, Mode};
use ndarray::{Axis, Slice};

use super::ends::Around;
use crate::arrays::for_any;
use crate::failure::Failure;
use crate::files::{ONE_WAY, Outline, with_bytes, with_bytes_mut};
use crate::image::Image;

/// About so many elements are filtered at once: what is read, filtered and written at the same time is near the processor then.
///
/// Measured on Zen 4 (1 MiB of L2 cache, 32 MiB of L3), two threads, a mean over 3 x 3 of 20,000 x 20,000 u8 and 10,000 x 10,000 f32, the
/// filter's part in ms: 2^18 80 and 76, 2^19 72 and 82, 2^20 105 and 115, 2^21 111 and 120, 2^22 173 and 132, 2^23 127 and 172; in memory 128
/// and 135.
const ELEMENTS: usize = 1 << 19;

/// So many rows for each row that windows reach are filtered at once, as long as these are not too many elements: each thread does something
/// before its first row.
///
/// Measured as above, 12,000 x 12,000 u16, ms with 43, 87 and 349 rows: median over 9 x 9 308, 280 and 223 (in memory 189), deviation over
/// 7 x 7 305, 267 and 213 (195), mean over 31 x 31 237, 228 and 188 (151).
const ROWS_FOR_REACH: usize = 24;
const ELEMENTS_FOR_REACH: usize = 1 << 22;

/// At least so many rows for each that windows reach, where these are no more elements than that.
const LEAST_FOR_REACH: usize = 4;
const MOST_ELEMENTS: usize = 1 << 24;

/// How far windows reach along the first axis, and what is beyond the ends there.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    pub before: usize,
    pub after: usize,
    pub mode: Mode,
}

impl Reach {
    /// Whether pixels see rows that come, and nothing else: there are none whose windows reach beyond the first or the last of these.
    fn is_inside(self) -> bool {
        matches!(self.mode, Mode::Valid | Mode::Wrap)
    }

    /// How many rows before the next pixels are kept: those that they see, and those that are mirrored behind the last row.
    fn kept(self) -> usize {
        self.before.max(self.after + 1)
    }

    /// How many rows of pixels are filtered at once, of so many elements each, by each of so many filters.
    pub fn height(self, row: usize, filters: usize) -> usize {
        let reach = self.before + self.after;
        let all = row.max(1) * filters.max(1);
        let far = (ROWS_FOR_REACH * reach).min(ELEMENTS_FOR_REACH / all);
        let very_far = (LEAST_FOR_REACH * reach).min(MOST_ELEMENTS / all);
        // Rows before the first one are among those of the first slab.
        (ELEMENTS / all).max(far).max(very_far).max(reach + 1)
    }
}

/// Where rows come from, one after the other along the first axis.
pub trait Feed: Send {
    /// What is known of them.
    fn outline(&self) -> &Outline;

    /// Reads the next rows of a page to the array of each plane, from this row of the array on to its end; how many there were, which
    /// is fewer only at the end.
    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, Failure>;

    /// Has this row of this page be the next one, where that can be.
    fn go_to(&mut self, page: usize, row: usize) -> Result<(), Failure> {
        let _ = (page, row);
        Err(self.problem(ONE_WAY))
    }

    /// The image that an array of rows of this plane is.
    fn image(&self, plane: usize, array: AnyArray) -> Result<Image, Failure>;

    /// What is wrong with it, with its name.
    fn problem(&self, message: &str) -> Failure;
}

/// All that slabs are cut from.
pub type Feeds<'a> = Vec<Box<dyn Feed + 'a>>;

/// Which masks are among feeds, behind the inputs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Masks {
    /// That of the user.
    pub users: bool,
    /// That of the files.
    pub own: bool,
}

/// Some rows of all inputs.
pub struct Slab {
    /// For each plane, the rows of each input; the first one has those of the files' mask with it, if there is one.
    pub planes: Vec<Vec<Image>>,
    /// The same rows of the user's mask, if there is one.
    pub mask: Option<Image>,
    /// The number in its page of the first row that is here.
    pub first: usize,
    /// Which rows of pixels are to be computed, by their numbers here.
    pub pixels: Range<usize>,
}

/// Cuts rows into slabs.
pub struct Slabs<'a> {
    /// The inputs, and behind them masks.
    feeds: Vec<Cut<'a>>,
    masks: Masks,
    reach: Reach,
    /// The rows beyond the ends that come as well, if some do.
    around: Option<Around>,
    height: usize,
    /// The rows of a page, if they are known before its end.
    rows: Option<usize>,
    /// How many pages are not at their end.
    pages: usize,
    page: Page,
}

/// How far a page is.
#[derive(Clone, Copy)]
struct Page {
    /// The first row that the next slab begins with.
    first: usize,
    /// How many rows have been read.
    read: usize,
    /// The row of pixels that comes next.
    next: usize,
}

impl Page {
    /// None of it is read.
    fn new(reach: Reach) -> Page {
        Page { first: 0, read: 0, next: if reach.is_inside() { reach.before } else { 0 } }
    }
}

impl<'a> Slabs<'a> {
    /// The slabs, with so many rows of pixels, of feeds that have as many rows each, the last of which are these masks. In mode `wrap` the
    /// rows beyond the ends are among them.
    pub fn new(feeds: Feeds<'a>, masks: Masks, (reach, around): (Reach, Option<Around>), height: usize) -> Slabs<'a> {
        let outline = feeds[0].outline();
        let (pages, rows) = (outline.pages, outline.rows);
        let cut = |feed: Box<dyn Feed + 'a>| {
            let kept = vec![Vec::new(); feed.outline().planes.len()];
            Cut { feed, kept }
        };
        let feeds = feeds.into_iter().map(cut).collect();
        Slabs { feeds, masks, reach, around, height, rows, pages, page: Page::new(reach) }
    }

    /// The next slab; none after the last.
    pub fn next(&mut self) -> Result<Option<Slab>, Failure> {
        let reach = self.reach;
        while self.pages > 0 {
            let page = self.page;
            let seam = self.around.map_or(usize::MAX, |around| around.seam(page.next));
            let wanted = (page.next + self.height).min(seam) + reach.after;
            let wanted = self.rows.map_or(wanted, |rows| wanted.min(rows));
            let (read, arrays) = self.read(wanted.max(page.read))?;
            let ended = read < wanted || self.rows == Some(read);
            // Pixels at the end see what is beyond it.
            let last = if ended && !reach.is_inside() { read } else { read.saturating_sub(reach.after) };
            let end = last.max(page.next).min(seam);
            let first = end.saturating_sub(reach.kept()).min(read);
            self.page = Page { first, read, next: end };
            match ended && end >= last {
                true => {
                    self.pages -= 1;
                    self.page = Page::new(reach);
                    self.feeds.iter_mut().for_each(|cut| cut.kept.iter_mut().for_each(Vec::clear));
                }
                false => self.keep(&arrays, first - page.first)?,
            }
            if end > page.next {
                return self.slab(arrays, page.first, page.next - page.first..end - page.first).map(Some);
            }
        }
        Ok(None)
    }

    /// The rows of each plane of each feed from the first that is needed up to so many, if there are as many; how many there are.
    fn read(&mut self, wanted: usize) -> Result<(usize, Vec<Vec<AnyArray>>), Failure> {
        let Page { first, read, .. } = self.page;
        let (mut come, mut all) = (None, Vec::new());
        for Cut { feed, kept } in &mut self.feeds {
            let mut arrays = begun(feed.as_ref(), kept, wanted - first)?;
            let now = read + feed.read(&mut arrays, read - first)?;
            if come.is_some_and(|come| come != now) {
                return Err(feed.problem("has another number of rows than the first input"));
            }
            come = Some(now);
            let rows = Slice::from(..now - first);
            for array in &mut arrays {
                for_any!(AnyArray, array, array => array.slice_axis_inplace(Axis(0), rows));
            }
            all.push(arrays);
        }
        Ok((come.unwrap_or(read), all))
    }

    /// Keeps the rows that the next slab begins with.
    fn keep(&mut self, all: &[Vec<AnyArray>], first: usize) -> Result<(), Failure> {
        for (Cut { feed, kept }, arrays) in self.feeds.iter_mut().zip(all) {
            for (kept, array) in kept.iter_mut().zip(arrays) {
                kept.clear();
                let rows = array.shape()[0].max(1);
                let copied = with_bytes(array, |bytes| kept.extend_from_slice(&bytes[bytes.len() / rows * first..]));
                copied.ok_or_else(|| feed.problem(NO_STANDARD_LAYOUT))?;
            }
        }
        Ok(())
    }

    fn slab(&self, all: Vec<Vec<AnyArray>>, first: usize, pixels: Range<usize>) -> Result<Slab, Failure> {
        let mut come = Vec::new();
        for (Cut { feed, .. }, arrays) in self.feeds.iter().zip(all) {
            let images = arrays.into_iter().enumerate().map(|(plane, array)| feed.image(plane, array));
            come.push(images.collect::<Result<Vec<Image>, Failure>>()?);
        }
        let mut mask = |is_there: bool| if is_there { come.pop().and_then(|mut planes| planes.pop()) } else { None };
        let (own, users) = (mask(self.masks.own), mask(self.masks.users));
        let mut planes: Vec<Vec<Image>> = Vec::new();
        for images in come {
            planes.resize_with(images.len(), Vec::new);
            planes.iter_mut().zip(images).for_each(|(plane, image)| plane.push(image));
        }
        if let (Some(first), Some(AnyArray::Bool(own))) =
            (planes.first_mut().and_then(|images| images.first_mut()), own.map(|own| own.array))
        {
            first.metadata.mask = Some(own);
        }
        Ok(Slab { planes, mask: users.map(Image::without_alpha), first, pixels })
    }
}

const NO_STANDARD_LAYOUT: &str = "has no standard layout";

/// Rows, and those of them that the next slab begins with.
struct Cut<'a> {
    feed: Box<dyn Feed + 'a>,
    /// Their bytes, for each plane.
    kept: Vec<Vec<u8>>,
}

/// Arrays of so many rows for each plane, of which the first are those that were kept.
fn begun(feed: &dyn Feed, kept: &[Vec<u8>], rows: usize) -> Result<Vec<AnyArray>, Failure> {
    let outline = feed.outline();
    let begin = |(plane, kept): (&Vec<usize>, &Vec<u8>)| {
        let shape = [&[rows], plane.as_slice()].concat();
        let mut array = AnyArray::try_zeros(outline.dtype, &shape)?;
        if !kept.is_empty() {
            let copied = with_bytes_mut(&mut array, |bytes| bytes[..kept.len()].copy_from_slice(kept));
            copied.ok_or_else(|| feed.problem(NO_STANDARD_LAYOUT))?;
        }
        Ok(array)
    };
    outline.planes.iter().zip(kept).map(begin).collect()
}

#[cfg(test)]
mod tests {
    use hoodoo::{AnyArray, DType, Filter, Kernel, Mode};
    use ndarray::{ArrayD, Axis, Slice, concatenate};

    use super::{Feed, Masks, Reach, Slabs};
    use crate::failure::Failure;
    use crate::files::Outline;
    use crate::image::Image;

    /// Rows of arrays in memory.
    struct InMemory {
        outline: Outline,
        pages: Vec<ArrayD<f64>>,
        next: (usize, usize),
    }

    impl Feed for InMemory {
        fn outline(&self) -> &Outline {
            &self.outline
        }

        fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, Failure> {
            let AnyArray::F64(array) = &mut arrays[0] else { return Err(self.problem("of another type")) };
            let (page, row) = self.next;
            let page_rows = self.pages[page].shape()[0];
            let count = (array.shape()[0] - first).min(page_rows - row);
            let rows = self.pages[page].slice_axis(Axis(0), Slice::from(row..row + count));
            array.slice_axis_mut(Axis(0), Slice::from(first..first + count)).assign(&rows);
            self.next = if row + count == page_rows && self.outline.rows.is_some() {
                (page + 1, 0)
            } else {
                (page, row + count)
            };
            Ok(count)
        }

        fn image(&self, _: usize, array: AnyArray) -> Result<Image, Failure> {
            Ok(Image::plain(array))
        }

        fn problem(&self, message: &str) -> Failure {
            Failure::Run(message.to_string())
        }
    }

    /// What the slabs of pages become, joined.
    fn by_slabs(filter: &Filter, pages: &[ArrayD<f64>], known: bool, reach: Reach, more: usize) -> Vec<f64> {
        let (rows, row) = (pages[0].shape()[0], pages[0].shape()[1..].to_vec());
        let outline = Outline {
            dtype: DType::F64,
            pages: pages.len(),
            stack: vec![pages.len()],
            rows: known.then_some(rows),
            planes: vec![row],
        };
        let file = InMemory { outline, pages: pages.to_vec(), next: (0, 0) };
        let height = reach.before + reach.after + 1 + more;
        let mut slabs = Slabs::new(vec![Box::new(file)], Masks::default(), (reach, None), height);
        let mut found = Vec::new();
        while let Some(slab) = slabs.next().unwrap() {
            let AnyArray::F64(array) = &slab.planes[0][0].array else { panic!("of another type") };
            assert!(array.shape()[0] <= height + 2 * (reach.before + reach.after) + 2, "a slab has few rows");
            found.extend(filter.clone().rows(slab.pixels).run(array).unwrap());
        }
        found
    }

    #[test]
    fn slabs_are_as_the_whole() {
        let kernel = Kernel::compile("sum(w * (offset(0) + 10) * (offset(1) + 7))").unwrap();
        for (size, origin) in [(1, 0), (3, 0), (4, 0), (5, 2), (5, -2), (3, 1), (3, -1)] {
            for mode in Mode::ALL.into_iter().filter(|mode| *mode != Mode::Wrap) {
                let filter = Filter::new(&kernel).size([size, 3]).origin([origin, 0]).modes([mode, Mode::Reflect]);
                let filter = filter.cval(0.5);
                let before = (size as isize / 2 + origin) as usize;
                let reach = Reach { before, after: size - 1 - before, mode };
                for rows in [1, 2, 3, 4, 5, 8, 13, 40] {
                    let page = |page: usize| {
                        ArrayD::from_shape_fn(vec![rows, 4], |at| (page * 1000 + at[0] * at[0] * 7 + at[1]) as f64)
                    };
                    let pages = [page(0), page(1)];
                    let whole = pages.each_ref().map(|page| filter.run(page).unwrap());
                    for more in [0, 1, 5] {
                        let context = format!("size {size}, origin {origin}, {mode}, {rows} rows, {more} more");
                        let both = concatenate(Axis(0), &whole.each_ref().map(|page| page.view())).unwrap();
                        let found = by_slabs(&filter, &pages, true, reach, more);
                        assert_eq!(found, both.into_iter().collect::<Vec<_>>(), "{context}");
                        let found = by_slabs(&filter, &pages[..1], false, reach, more);
                        assert_eq!(found, whole[0].iter().copied().collect::<Vec<_>>(), "{context}, unknown");
                    }
                }
            }
        }
    }
}
