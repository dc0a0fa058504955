//! Reading the pages of a TIFF file row after row: in memory is one row of strips or tiles, and what was asked for.

use std::io::{Read, Seek};
use std::ops::Range;

use hoodoo::AnyArray;

use super::chunks::{Chunk, ChunkReader};
use super::directory::PageHeader;
use super::read::{Opened, of_page};
use super::samples::{bytes_of, element_type, put_row, with_bytes_mut};
use super::stack;
use crate::arrays::for_any;
use crate::files::options::ReadOptions;
use crate::files::rows::{Outline, Rows};
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
    /// The page and the row in it that is next.
    next: (usize, usize),
    /// The chunks that the last row was in, perhaps with following ones, and their samples, if they have some.
    held: Vec<(Chunk, Option<Vec<u8>>)>,
    /// The rows that are in them.
    rows_held: Range<usize>,
    /// The bytes of an element without a value, or of 0: what a file means that leaves a chunk out.
    absent: Vec<u8>,
}

impl<R: Read + Seek + Send> PageRows<R> {
    /// The pages of a file of `length` bytes that are to be read.
    pub fn open(reader: R, length: u64, options: &ReadOptions) -> Result<PageRows<R>, String> {
        let mut file = Opened::new(reader, length, options)?;
        if file.meaning.orientation != 1 {
            return Err("--stream: its pictures are stored turned, and have to be read as a whole: leave --stream out"
                .to_string());
        }
        if options.volume && stack::slices(&file.metadata, file.pages.len()).is_some() {
            return Err("--stream: its pages are several volumes, and have to be read as a whole: leave --stream out, or --volume".to_string());
        }
        if file.pages.iter().any(|page| page.mask.is_some()) {
            return Err(
                "--stream: its pages have masks, and have to be read as a whole: leave --stream out".to_string()
            );
        }
        for page in &mut file.pages {
            page.check_chunks().map_err(|error| of_page(page, &error))?;
            cut_strips(page);
        }
        let page = &file.pages[0];
        let (dtype, chunking) = (element_type(page.format, page.bits)?, page.chunking());
        let row = [chunking.planes, page.width, chunking.channels];
        let volume = options.volume && file.pages.len() > 1;
        let outline = match volume {
            true => {
                let plane = [&[page.height], row.as_slice()].concat();
                Outline { dtype, pages: None, rows: Some(file.pages.len()), planes: vec![plane] }
            }
            false => {
                let pages = Some(file.pages.len()).filter(|pages| *pages > 1);
                Outline { dtype, pages, rows: Some(page.height), planes: vec![row.to_vec()] }
            }
        };
        let absent = bytes_of(dtype, file.metadata.nodata.unwrap_or(0.0));
        Ok(PageRows { file, outline, volume, next: (0, 0), held: Vec::new(), rows_held: 0..0, absent })
    }

    /// Reads the chunks that the next row is in, if they are not among those of the last ones: rows of small chunks are read several
    /// at once, so that threads share them.
    fn hold(&mut self) -> Result<(), String> {
        let (index, y) = self.next;
        if self.rows_held.contains(&y) {
            return Ok(());
        }
        let Opened { decoder, length, big_endian, pages, .. } = &mut self.file;
        let page = &pages[index];
        let chunking = page.chunking();
        let row = chunking.row_bytes(usize::from(page.bits)) * chunking.across() * chunking.planes;
        let more = (HELD_BYTES / (row * chunking.rows).max(1)).clamp(1, MOST_HELD);
        let end = (y + more * chunking.rows).min(page.height);
        let mut reader = ChunkReader::new(decoder, page, *length, *big_endian)?;
        self.held.clear();
        let chunks = (y..end).step_by(chunking.rows).flat_map(|y| chunking.chunks_at(y));
        reader.read(page, chunks, |chunk, rows| {
            self.held.push((chunk, rows));
            Ok(())
        })?;
        self.rows_held = y..end;
        Ok(())
    }

    /// Reads the next row of a page: plane after plane.
    fn read_row(&mut self, row: &mut [u8]) -> Result<(), String> {
        let (index, y) = self.next;
        let read = self.hold();
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
        self.next = if y + 1 == page.height { (index + 1, 0) } else { (index, y + 1) };
        if self.next.1 == 0 {
            self.rows_held = 0..0;
        }
        Ok(())
    }
}

impl<R: Read + Seek + Send> Rows for PageRows<R> {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, String> {
        let [array] = arrays else { return Err("a page has one plane".to_string()) };
        let (page, y) = self.next;
        let left = match self.volume {
            true => self.file.pages.len() - page,
            false => self.file.pages.get(page).map_or(0, |page| page.height - y),
        };
        let (wanted, row) = ((array.shape()[0] - first).min(left), self.outline.row_len() * self.absent.len());
        // A row of a volume has all rows of a page.
        let line = if self.volume { row / self.file.pages[0].height } else { row };
        let read = with_bytes_mut(array, |bytes| {
            let mut lines = bytes[first * row..(first + wanted) * row].chunks_exact_mut(line);
            lines.try_for_each(|line| self.read_row(line))
        });
        read.ok_or("has no standard layout")??;
        Ok(wanted)
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
