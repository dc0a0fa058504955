//! The strips and tiles of a page: where they are, and their samples.

use std::io::{Read, Seek, SeekFrom};

use tiff::decoder::{Decoder, DecodingResult};

use super::codec::Codec;
use super::directory::PageHeader;
use super::parallel;
use super::predictor::RowSamples;
use crate::image::metadata::WHITE_IS_ZERO;

/// How a page is cut into strips or tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunking {
    pub width: usize,
    pub height: usize,
    /// The size of a chunk; at the page's end strips have fewer rows, and tiles have rows and columns of no use.
    pub columns: usize,
    pub rows: usize,
    pub tiled: bool,
    /// The samples of a pixel in one chunk, and how many planes there are.
    pub channels: usize,
    pub planes: usize,
}

/// A strip or tile.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    pub index: usize,
    /// Which plane it is in.
    pub plane: usize,
    /// Its first row and column in the page.
    pub y: usize,
    pub x: usize,
    /// How many of its rows and columns are in the page.
    pub height: usize,
    pub width: usize,
    /// How many rows are stored.
    pub stored_rows: usize,
}

impl Chunking {
    /// The chunks of a page, in the order of the file.
    pub fn chunks(self) -> impl Iterator<Item = Chunk> {
        let (across, down) = self.counts();
        (0..self.planes * down * across).map(move |index| self.chunk(index))
    }

    /// The chunks that a row of a page is in: those of each plane from left to right.
    pub fn chunks_at(self, y: usize) -> impl Iterator<Item = Chunk> {
        let (across, down) = self.counts();
        let first = y / self.rows * across;
        (0..self.planes)
            .flat_map(move |plane| (0..across).map(move |x| (plane * down * across) + first + x))
            .map(move |index| self.chunk(index))
    }

    /// How many chunks a plane has along a row.
    pub fn across(self) -> usize {
        self.counts().0
    }

    /// How many chunks a plane has along a row, and along a column.
    fn counts(self) -> (usize, usize) {
        (self.width.div_ceil(self.columns), self.height.div_ceil(self.rows))
    }

    fn chunk(self, index: usize) -> Chunk {
        let (across, down) = self.counts();
        let (x, y) = (index % across * self.columns, index / across % down * self.rows);
        let height = self.rows.min(self.height - y);
        Chunk {
            index,
            plane: index / (across * down),
            y,
            x,
            height,
            width: self.columns.min(self.width - x),
            stored_rows: if self.tiled { self.rows } else { height },
        }
    }

    /// How many chunks there are, if that is a number.
    pub fn count(self) -> Option<usize> {
        let (across, down) = self.counts();
        across.checked_mul(down)?.checked_mul(self.planes)
    }

    /// The bytes of a chunk with samples of so many bits, if that is a number.
    fn stored_bytes(self, bits: usize) -> Option<usize> {
        let row = self.columns.checked_mul(self.channels)?.checked_mul(bits)?.div_ceil(8);
        row.checked_mul(self.rows).filter(|bytes| isize::try_from(*bytes).is_ok())
    }

    /// The bytes of a stored row, of samples of so many bits.
    pub fn row_bytes(self, bits: usize) -> usize {
        (self.columns * self.channels * bits).div_ceil(8)
    }
}

impl PageHeader {
    /// How the page is cut.
    pub fn chunking(&self) -> Chunking {
        Chunking {
            width: self.width,
            height: self.height,
            columns: self.tile.map_or(self.width, |(width, _)| width),
            rows: self.rows,
            tiled: self.tile.is_some(),
            channels: if self.planar { 1 } else { self.samples },
            planes: if self.planar { self.samples } else { 1 },
        }
    }

    /// Checks that there is a place in the file for each chunk.
    pub fn check_chunks(&self) -> Result<(), String> {
        let count = self.chunking().count();
        if count != Some(self.offsets.len()) || count != Some(self.lengths.len()) {
            let needed = count.map_or("too many".to_string(), |count| count.to_string());
            let what = if self.tile.is_some() { "tiles" } else { "strips" };
            let (offsets, lengths) = (self.offsets.len(), self.lengths.len());
            return Err(format!("corrupt: {needed} {what}, of which {offsets} have a place and {lengths} a length"));
        }
        if self.chunking().stored_bytes(usize::from(self.bits)).is_none() {
            return Err(format!("corrupt: tiles of {} x {} pixels", self.chunking().columns, self.rows));
        }
        Ok(())
    }
}

/// Where the chunks of a page come from.
pub enum ChunkReader<'a, R: Read + Seek> {
    /// Chunks that we unpack.
    Own { decoder: &'a mut Decoder<R>, codec: Codec, length: u64, big_endian: bool },
    /// Chunks of JPEG or fax that the crate unpacks.
    Foreign { decoder: &'a mut Decoder<R>, ycbcr: bool },
}

impl<'a, R: Read + Seek> ChunkReader<'a, R> {
    /// A reader of a page in a file of `length` bytes.
    pub fn new(
        decoder: &'a mut Decoder<R>,
        page: &PageHeader,
        length: u64,
        big_endian: bool,
    ) -> Result<ChunkReader<'a, R>, String> {
        if let Some(codec) = Codec::of(page.compression) {
            return Ok(ChunkReader::Own { decoder, codec, length, big_endian });
        }
        match page.compression {
            4 if page.reversed => {
                Err("has CCITT 4 in bytes whose first bit is the least, which can't be read".to_string())
            }
            4 | 7 => {
                decoder.seek_to_image(page.index).map_err(|error| error.to_string())?;
                Ok(ChunkReader::Foreign { decoder, ycbcr: page.photometric == 6 })
            }
            other => Err(format!(
                "has the compression {}, which can't be read; none, LZW, deflate, PackBits, ZSTD, JPEG and CCITT 4 can",
                compression_name(other)
            )),
        }
    }

    /// Reads chunks, and has `take` each with its samples in rows of `Chunking::row_bytes` bytes, in this machine's byte order; none if
    /// the file leaves it out.
    pub fn read(
        &mut self,
        page: &PageHeader,
        mut chunks: impl Iterator<Item = Chunk>,
        mut take: impl FnMut(Chunk, Option<Vec<u8>>) -> Result<(), String>,
    ) -> Result<(), String> {
        match self {
            ChunkReader::Own { decoder, codec, length, big_endian } => {
                let (codec, big_endian) = (*codec, *big_endian);
                let packed = chunks.map(|chunk| Ok((chunk, packed(decoder.inner(), page, &chunk, *length)?)));
                let unpack = |(chunk, packed): (Chunk, Option<Vec<u8>>)| {
                    let rows = packed.map(|packed| unpacked(&packed, page, &chunk, codec, big_endian)).transpose();
                    (chunk, rows)
                };
                parallel::in_order(packed, codec.threads(), unpack, |(chunk, rows)| take(chunk, rows?))
            }
            ChunkReader::Foreign { decoder, ycbcr } => {
                chunks.try_for_each(|chunk| take(chunk, Some(foreign(decoder, page, &chunk, *ycbcr)?)))
            }
        }
    }
}

/// The bytes of a chunk as they are in a file of `length` bytes; none if the file leaves it out.
fn packed(
    reader: &mut (impl Read + Seek),
    page: &PageHeader,
    chunk: &Chunk,
    length: u64,
) -> Result<Option<Vec<u8>>, String> {
    let (offset, packed_length) = (page.offsets[chunk.index], page.lengths[chunk.index]);
    if packed_length == 0 {
        return Ok(None);
    }
    let end = offset.checked_add(packed_length);
    if end.is_none_or(|end| end > length) {
        return Err(format!("truncated: strip or tile {} is beyond the file's end", chunk.index));
    }
    let mut packed = vec![0; packed_length as usize];
    let read = reader.seek(SeekFrom::Start(offset)).and_then(|_| reader.read_exact(&mut packed));
    read.map_err(|error| error.to_string())?;
    if page.reversed {
        packed.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
    }
    Ok(Some(packed))
}

/// The samples of a chunk that we unpack.
fn unpacked(
    packed: &[u8],
    page: &PageHeader,
    chunk: &Chunk,
    codec: Codec,
    big_endian: bool,
) -> Result<Vec<u8>, String> {
    let (chunking, bits) = (page.chunking(), usize::from(page.bits));
    let row_bytes = chunking.row_bytes(bits);
    let mut rows = codec.unpack(packed, row_bytes * chunk.stored_rows)?;
    let samples = RowSamples { bytes: bits.div_ceil(8), channels: chunking.channels, big_endian };
    rows.chunks_exact_mut(row_bytes.max(1)).for_each(|row| page.predictor.undo(row, samples));
    Ok(rows)
}

/// The samples of a chunk that the crate unpacks.
fn foreign<R: Read + Seek>(
    decoder: &mut Decoder<R>,
    page: &PageHeader,
    chunk: &Chunk,
    ycbcr: bool,
) -> Result<Vec<u8>, String> {
    let (chunking, bits) = (page.chunking(), usize::from(page.bits));
    let row_bytes = chunking.row_bytes(bits);
    let index = u32::try_from(chunk.index).map_err(|error| error.to_string())?;
    let read = decoder.read_chunk(index).map_err(|error| error.to_string())?;
    let DecodingResult::U8(mut samples) = read else { return Err("has samples of a strange type".into()) };
    if ycbcr {
        samples.chunks_exact_mut(3).for_each(to_rgb);
    }
    if page.photometric == WHITE_IS_ZERO {
        // The crate has made black zero; samples are what is stored.
        samples.iter_mut().for_each(|byte| *byte = !*byte);
    }
    // The crate leaves out what is beyond the page's end.
    let found = (chunk.width * chunking.channels * bits).div_ceil(8);
    let mut rows = Vec::with_capacity(row_bytes * chunk.height);
    for row in samples.chunks_exact(found.max(1)).take(chunk.height) {
        rows.extend_from_slice(row);
        rows.resize(rows.len() + row_bytes - found, 0);
    }
    Ok(rows)
}

/// A pixel of JPEG's luma and chroma as red, green and blue, by the formulas of JFIF.
fn to_rgb(pixel: &mut [u8]) {
    let [y, cb, cr] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
    let (cb, cr) = (cb - 128.0, cr - 128.0);
    let rgb = [y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb];
    for (to, value) in pixel.iter_mut().zip(rgb) {
        // Conversions to integers saturate.
        *to = value.round() as u8;
    }
}

/// What a number of the tag Compression stands for.
pub fn compression_name(number: u16) -> String {
    let name = match number {
        2 => "CCITT RLE",
        3 => "CCITT 3",
        4 => "CCITT 4",
        6 => "old JPEG",
        7 => "JPEG",
        34712 => "JPEG 2000",
        34887 => "LERC",
        34925 => "LZMA",
        50001 => "WebP",
        50002 => "JPEG XL",
        _ => return number.to_string(),
    };
    name.to_string()
}
