//! Reading the pages of a TIFF file row after row: in memory is one row of strips or tiles, and what was asked for.

use std::io::{Read, Seek};
use std::ops::Range;

use hoodoo::{AnyArray, DType};

use super::chunks::{Chunk, ChunkReader};
use super::directory::PageHeader;
use super::read::{Opened, check_mask, of_page};
use super::samples::{bytes_of, element_type, put_row, with_bytes_mut};
use super::stack;
use crate::arrays::for_any;
use crate::files::options::ReadOptions;
use crate::files::rows::{Outline, Rows};
use crate::image::metadata::Slices;
use crate::image::{Image, Metadata};

/// Strips without compression that are larger than this are read as smaller ones.
const STRIP_BYTES: u64 = 1 << 24;

/// Rows of chunks are read at once up to so many bytes of samples, and so many of them.
const HELD_BYTES: usize = 1 << 22;
const MOST_HELD: usize = 64;

/// The pages of a file, whose rows are read one after the other.
pub struct PageRows<R: Read + Seek> {
    file: Opened<R>,
    outline: Outline,
    /// Whether a row is a page of a volume, and not one of a page.
    volume: bool,
    /// Whether the last row of a page that is stored is its first one.
    upside_down: bool,
    /// The page and the row in it that is next.
    next: (usize, usize),
    /// The chunks that the last row was in, perhaps with following ones, and their samples, if they have some.
    held: Vec<(Chunk, Option<Vec<u8>>)>,
    /// The rows that are in them.
    rows_held: Range<usize>,
    /// The bytes of an element without a value, or of 0: what a file means that leaves a chunk out.
    absent: Vec<u8>,
    /// Of masks, which pages have none.
    without_mask: Vec<bool>,
}

impl<R: Read + Seek + Send> PageRows<R> {
    /// The pages of a file of `length` bytes that are to be read.
    pub fn open(reader: R, length: u64, options: &ReadOptions) -> Result<PageRows<R>, String> {
        let mut file = Opened::new(reader, length, options)?;
        file.metadata.is_masked = file.pages.iter().any(|page| page.mask.is_some());
        let page = &file.pages[0];
        let (dtype, nodata) = (element_type(page.format, page.bits)?, file.metadata.nodata);
        PageRows::new(file, dtype, bytes_of(dtype, nodata.unwrap_or(0.0)), options)
    }

    /// The masks of the same pages, 0 where there is no value; none if no page has one.
    pub fn open_masks(reader: R, length: u64, options: &ReadOptions) -> Result<Option<PageRows<R>>, String> {
        let mut file = Opened::new(reader, length, options)?;
        let without_mask: Vec<bool> = file.pages.iter().map(|page| page.mask.is_none()).collect();
        if without_mask.iter().all(|without| *without) {
            return Ok(None);
        }
        for page in &mut file.pages {
            match page.mask.take() {
                Some(mask) => {
                    check_mask(&mask)?;
                    *page = *mask;
                }
                // As wide as a mask, of which nothing is read.
                None => page.become_unread_mask(),
            }
        }
        file.meaning = file.meaning.of_mask();
        // Those of bits are bytes here, as others are.
        let rows = PageRows::new(file, DType::U8, vec![0], options)?;
        if rows.outline.planes.len() > 1 {
            return Err("--stream: the pages of its volumes take turns, and have masks; they have to be read as a whole: leave --stream out".to_string());
        }
        Ok(Some(PageRows { without_mask, ..rows }))
    }

    /// The pages of a file, as elements of this type, with the bytes of the one that is meant where chunks are left out.
    fn new(mut file: Opened<R>, dtype: DType, absent: Vec<u8>, options: &ReadOptions) -> Result<PageRows<R>, String> {
        let (upside_down, orientation) = by_rows(file.meaning.orientation)?;
        file.meaning.orientation = orientation;
        for page in &mut file.pages {
            page.check_chunks().map_err(|error| of_page(page, &error))?;
            cut_strips(page);
        }
        let volume = options.volume && file.pages.len() > 1;
        file.metadata.slices = stack::slices(&file.metadata, file.pages.len()).filter(|_| volume);
        let outline = outline(&file, dtype, volume);
        let (next, held, rows_held, without_mask) = ((0, 0), Vec::new(), 0..0, Vec::new());
        Ok(PageRows { file, outline, volume, upside_down, next, held, rows_held, absent, without_mask })
    }

    /// Which stored row of a page is this one.
    fn stored(&self, page: usize, row: usize) -> usize {
        if self.upside_down { self.file.pages[page].height - 1 - row } else { row }
    }

    /// Reads the chunks that this stored row of a page is in, if they are not among those of the last ones: rows of small chunks are read
    /// several at once, so that threads share them.
    fn hold(&mut self, index: usize, y: usize) -> Result<(), String> {
        if self.rows_held.contains(&y) {
            return Ok(());
        }
        let Opened { decoder, length, big_endian, pages, .. } = &mut self.file;
        let page = &pages[index];
        let chunking = page.chunking();
        let row = chunking.row_bytes(usize::from(page.bits)) * chunking.across() * chunking.planes;
        let more = (HELD_BYTES / (row * chunking.rows).max(1)).clamp(1, MOST_HELD) * chunking.rows;
        let first = y - y % chunking.rows;
        let rows = match self.upside_down {
            false => first..(first + more).min(page.height),
            true => (first + chunking.rows).saturating_sub(more)..(first + chunking.rows).min(page.height),
        };
        let mut reader = ChunkReader::new(decoder, page, *length, *big_endian)?;
        self.held.clear();
        let chunks = rows.clone().step_by(chunking.rows).flat_map(|y| chunking.chunks_at(y));
        reader.read(page, chunks, |chunk, rows| {
            self.held.push((chunk, rows));
            Ok(())
        })?;
        self.rows_held = rows;
        Ok(())
    }

    /// How many rows are still to come of those that are filtered together.
    fn left(&self) -> usize {
        let (page, y) = self.next;
        match (self.file.pages.get(page), self.outline.rows) {
            (Some(_), Some(rows)) if self.volume => rows - page / self.outline.planes.len() % rows,
            (Some(page), _) => page.height - y,
            (None, _) => 0,
        }
    }

    /// Reads what comes next to these rows of the array of a plane.
    fn read_rows(&mut self, array: &mut AnyArray, rows: Range<usize>) -> Result<(), String> {
        let row = self.outline.planes[0].iter().product::<usize>() * self.absent.len();
        // A row of a volume has all rows of a page.
        let line = if self.volume { row / self.file.pages[0].height } else { row };
        let read = with_bytes_mut(array, |bytes| {
            let mut lines = bytes[rows.start * row..rows.end * row].chunks_exact_mut(line);
            lines.try_for_each(|line| self.read_row(line))
        });
        read.ok_or("has no standard layout")?
    }

    /// Reads the next row of a page: plane after plane.
    fn read_row(&mut self, row: &mut [u8]) -> Result<(), String> {
        let (page, y) = self.next;
        match self.without_mask.get(page) {
            Some(true) => row.fill(1),
            _ => self.read_stored(page, self.stored(page, y), row)?,
        }
        if y + 1 < self.file.pages[page].height {
            self.next = (page, y + 1);
        } else {
            (self.next, self.rows_held) = ((page + 1, 0), 0..0);
        }
        Ok(())
    }

    /// Reads a row of a page by its number in the file.
    fn read_stored(&mut self, index: usize, y: usize, row: &mut [u8]) -> Result<(), String> {
        let read = self.hold(index, y);
        let page = &self.file.pages[index];
        read.map_err(|error| of_page(page, &error))?;
        let chunking = page.chunking();
        let stored = chunking.row_bytes(usize::from(page.bits));
        let pixel = self.absent.len() * chunking.channels;
        for (chunk, samples) in self.held.iter().filter(|(chunk, _)| (chunk.y..chunk.y + chunk.height).contains(&y)) {
            let first = (chunk.plane * chunking.width + chunk.x) * pixel;
            let to = &mut row[first..first + chunk.width * pixel];
            match samples {
                Some(samples) => put_row(page, &samples[(y - chunk.y) * stored..][..stored], to),
                None => to.chunks_exact_mut(self.absent.len()).for_each(|to| to.copy_from_slice(&self.absent)),
            }
        }
        Ok(())
    }
}

impl<R: Read + Seek + Send> Rows for PageRows<R> {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, String> {
        let wanted = arrays.first().map_or(0, |array| array.shape()[0] - first).min(self.left());
        // Planes take turns, row after row.
        let together = if arrays.len() == 1 { wanted } else { 1 };
        for row in (first..first + wanted).step_by(together.max(1)) {
            arrays.iter_mut().try_for_each(|array| self.read_rows(array, row..row + together))?;
        }
        Ok(wanted)
    }

    fn go_to(&mut self, page: usize, row: usize) -> Result<(), String> {
        let rows = self.outline.rows.unwrap_or(0);
        self.next = if self.volume { ((page * rows + row) * self.outline.planes.len(), 0) } else { (page, row) };
        self.rows_held = 0..0;
        Ok(())
    }

    fn image(&self, array: AnyArray) -> Result<Image, String> {
        let volume = self.volume;
        let array: AnyArray = for_any!(AnyArray, array, array => match volume {
            true => array.permuted_axes(vec![0, 2, 1, 3, 4]).into(),
            false => array.permuted_axes(vec![1, 0, 2, 3]).insert_axis(ndarray::Axis(0)).into(),
        });
        let array = self.file.meaning.array(array)?;
        let array = match volume {
            true => array,
            false => for_any!(AnyArray, array, array => array.index_axis_move(ndarray::Axis(0), 0).into()),
        };
        Ok(Image::with_channels(array, self.file.meaning.channels))
    }

    fn metadata(&self) -> Metadata {
        self.file.metadata.clone()
    }
}

/// What the rows of pages are: rows of pictures, or pages of one volume, or of several ones.
fn outline<R: Read + Seek>(file: &Opened<R>, dtype: DType, volume: bool) -> Outline {
    let (page, chunking, count) = (&file.pages[0], file.pages[0].chunking(), file.pages.len());
    let row = vec![chunking.planes, page.width, chunking.channels];
    if !volume {
        let stack = if count > 1 { vec![count] } else { Vec::new() };
        return Outline { dtype, pages: count, stack, rows: Some(page.height), planes: vec![row] };
    }
    let slice = [&[page.height], row.as_slice()].concat();
    let Some(Slices { sizes, depth }) = file.metadata.slices else {
        return Outline { dtype, pages: 1, stack: Vec::new(), rows: Some(count), planes: vec![slice] };
    };
    // What is counted faster than slices takes turns with them.
    let (pages, planes) = (sizes[..depth].iter().product(), sizes[depth + 1..].iter().product());
    let mut stack = sizes.to_vec();
    let rows = Some(stack.remove(depth));
    Outline { dtype, pages, stack, rows, planes: vec![slice; planes] }
}

/// Whether rows of pictures that are stored in one of Exif's orientations come in the opposite order, and how each is turned then.
fn by_rows(orientation: u8) -> Result<(bool, u8), String> {
    const MIRRORED: u8 = 2;
    match orientation {
        3 => Ok((true, MIRRORED)),
        4 => Ok((true, 1)),
        5..=8 => Err("--stream: its pictures are stored turned: their rows are columns here, and have to be read as a whole; leave --stream out".to_string()),
        other => Ok((false, other)),
    }
}

/// Has strips without compression be read as smaller ones, so that not all of a large one is in memory.
fn cut_strips(page: &mut PageHeader) {
    const NONE: u16 = 1;
    let chunking = page.chunking();
    let row = chunking.row_bytes(usize::from(page.bits)) as u64;
    let rows = usize::try_from(STRIP_BYTES / row.max(1)).unwrap_or(usize::MAX).max(1);
    // Smaller ones begin where larger ones do only if these are multiples of them, or if there is but one.
    let fits = page.rows.is_multiple_of(rows) || page.rows >= page.height;
    // What is too short is an error of the strip, and not one that is left out.
    let whole = |chunk: Chunk| matches!(page.lengths[chunk.index], length if length == 0 || length >= row * chunk.height as u64);
    if page.tile.is_some() || page.compression != NONE || page.rows <= rows || !fits || !chunking.chunks().all(whole) {
        return;
    }
    let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
    for chunk in chunking.chunks() {
        let (offset, length) = (page.offsets[chunk.index], page.lengths[chunk.index]);
        for first in (0..chunk.height).step_by(rows) {
            let start = (first as u64 * row).min(length);
            offsets.push(offset.saturating_add(start));
            lengths.push((rows.min(chunk.height - first) as u64 * row).min(length - start));
        }
    }
    (page.rows, page.offsets, page.lengths) = (rows, offsets, lengths);
}
