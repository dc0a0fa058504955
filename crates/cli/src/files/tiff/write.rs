//! Writing TIFF files: each page with its tags, stored as it was where it came from a TIFF file.

use std::io::{Seek, Write};

use hoodoo::{AnyArray, DType};
use tiff::TiffResult;
use tiff::encoder::{DirectoryEncoder, TiffEncoder, TiffKind};
use tiff::tags::Tag as Name;

use super::chunks::{Chunk, Chunking};
use super::codec::Codec;
use super::directory::SampleFormat;
use super::exif::{Exif, write_tags};
use super::parallel;
use super::predictor::{Predictor, RowSamples};
use super::samples::{first_sample, stored_as, with_bytes};
use super::stack;
use super::tags::page_of;
use crate::files::options::CodingProgress;
use crate::image::metadata::{ASSOCIATED_OPACITY, Page, STRAIGHT_OPACITY, Storage, Tag, Value, tag};
use crate::image::{Channels, Image, Layout, Metadata, Samples};

/// Bytes of samples from which on a file needs the offsets of BigTIFF, compressed or not: what can't be compressed becomes
/// half as large again by LZW.
const BIG: usize = 0xf000_0000;
const BIG_PACKED: usize = BIG / 3 * 2;

/// The bytes of a strip where no file says how many, and the most of one where rows come in parts.
const STRIP_BYTES: usize = 1 << 16;
const MOST_STRIP_BYTES: usize = 1 << 24;

const RGB: u16 = 2;
const CMYK: u16 = 5;
const PALETTE: u16 = 3;
const MASK: u16 = 4;

/// The kind of a page that is the mask of the one before.
const TRANSPARENCY_MASK: u32 = 4;

/// What all pages of the file have in common.
pub struct PageWriter<'a> {
    pub chunking: Chunking,
    bits: u16,
    format: SampleFormat,
    codec: Codec,
    /// The number for it, of which deflate has two.
    compression: u16,
    predictor: Predictor,
    photometric: u16,
    extra: Vec<u16>,
    palette: Option<&'a [u16]>,
    /// The bytes of a sample in memory.
    pub sample: usize,
}

/// Writes pictures of any element type: page after page, if there are several.
pub fn write(image: &Image, writer: &mut (impl Write + Seek), coded: CodingProgress<'_>) -> Result<(), String> {
    match stack::in_file_order(image) {
        Some(ordered) => write_in_order(&ordered, writer, coded),
        None => write_in_order(image, writer, coded),
    }
}

fn write_in_order(image: &Image, writer: &mut (impl Write + Seek), coded: CodingProgress<'_>) -> Result<(), String> {
    let (layout, metadata) = (image.layout(), &image.metadata);
    let page = PageWriter::new(&layout, image.dtype(), metadata)?;
    let samples = page.samples(image);
    let (pages, height, width) = layout.pictures().ok_or("is not a picture")?;
    let (none, exif) = (page_of(metadata), exif_of(metadata));
    let masks = masks(metadata, pages, height * width);
    let mask_writer = masks.as_ref().map(|_| PageWriter::of_mask(&page));
    let writers = Writers { page: &page, mask: mask_writer.as_ref(), exif: &exif, coded };
    let written = with_bytes(&samples, |bytes| {
        let mask = |index: usize| masks.as_ref().map(|masks| &masks[index * height * width..][..height * width]);
        let parts = bytes.chunks_exact(bytes.len() / pages.max(1)).enumerate().map(|(index, samples)| PageParts {
            tags: tags_of(metadata, &none, index),
            samples,
            mask: mask(index),
        });
        match page.needs_big(bytes.len(), metadata) {
            true => TiffEncoder::new_big(writer).map(|encoder| write_whole(encoder, &writers, parts)),
            false => TiffEncoder::new(writer).map(|encoder| write_whole(encoder, &writers, parts)),
        }
    });
    written.ok_or("has its samples in another order")?.map_err(|error| error.to_string())?
}

/// The tags for a page: its own, or those of the first, or what files of other kinds say.
pub fn tags_of<'p>(metadata: &'p Metadata, none: &'p Page, index: usize) -> &'p Page {
    metadata.pages.get(index).or(metadata.pages.first()).unwrap_or(none)
}

/// The Exif data of a file; none if it has none that can be read.
pub fn exif_of(metadata: &Metadata) -> Exif {
    metadata.exif.as_deref().and_then(Exif::from_bytes).unwrap_or_default()
}

/// What is written of a page.
struct PageParts<'p> {
    tags: &'p Page,
    samples: &'p [u8],
    /// 1 where there is a value, 0 elsewhere.
    mask: Option<&'p [u8]>,
}

/// How the parts of pages are written.
struct Writers<'p> {
    page: &'p PageWriter<'p>,
    mask: Option<&'p PageWriter<'p>>,
    exif: &'p Exif,
    coded: CodingProgress<'p>,
}

fn write_whole<'p, K: TiffKind>(
    mut encoder: TiffEncoder<impl Write + Seek, K>,
    writers: &Writers<'_>,
    pages: impl ExactSizeIterator<Item = PageParts<'p>>,
) -> Result<(), String> {
    let count = pages.len();
    for (index, part) in pages.enumerate() {
        let directory = next_directory(&mut encoder, index, writers.exif).map_err(|error| error.to_string())?;
        let of_all = |part: f64| (writers.coded)((index as f64 + part) / count as f64);
        writers.page.write(directory, part.tags, writers.page.chunks(part.samples), &of_all)?;
        if let (Some(writer), Some(mask)) = (writers.mask, part.mask) {
            let directory = encoder.image_directory().map_err(|error| error.to_string())?;
            writer.write(directory, &tags_of_mask(), writer.chunks(mask), &|_| ())?;
        }
    }
    Ok(())
}

/// The tags of the mask of a page.
pub fn tags_of_mask() -> Page {
    Page { tags: vec![Tag { number: tag::SUBFILE, value: Value::long(TRANSPARENCY_MASK) }] }
}

/// The directory of the next page; that of the first one of a file has the Exif data.
pub fn next_directory<'e, W: Write + Seek, K: TiffKind>(
    encoder: &'e mut TiffEncoder<W, K>,
    index: usize,
    exif: &Exif,
) -> TiffResult<DirectoryEncoder<'e, W, K>> {
    let parts = if index == 0 { exif.write_parts(encoder)? } else { Vec::new() };
    let mut directory = encoder.image_directory()?;
    for (pointer, place) in parts {
        directory.write_tag(Name::from_u16_exhaustive(pointer), place)?;
    }
    Ok(directory)
}

/// Where pages have values, as samples of masks: page after page.
fn masks(metadata: &Metadata, pages: usize, pixels: usize) -> Option<Vec<u8>> {
    let mask = metadata.mask.as_ref().filter(|mask| mask.len() == pages * pixels)?;
    Some(mask.iter().map(|missing| u8::from(!missing)).collect())
}

/// Where the strips or tiles of a page are.
pub struct Places {
    offsets: Vec<u64>,
    lengths: Vec<u64>,
}

/// Writes strips or tiles of pages of some kinds, each with the number of its kind; where those of each kind are.
pub fn write_chunks<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    kinds: &[&PageWriter<'_>],
    chunks: impl Iterator<Item = Result<(usize, Chunk, Vec<u8>), String>>,
    coded: CodingProgress<'_>,
) -> Result<Vec<Places>, String> {
    let (mut places, mut all) = (Vec::new(), 0);
    for writer in kinds {
        let count = writer.chunking.count().ok_or("has too many strips or tiles")?;
        places.push(Places { offsets: vec![0; count], lengths: vec![0; count] });
        all += count;
    }
    let pack = |(kind, chunk, bytes): (usize, Chunk, Vec<u8>)| {
        let writer = kinds[kind];
        (kind, chunk.index, writer.codec.pack(bytes, writer.chunking.row_bytes(usize::from(writer.bits))))
    };
    let mut written = 0;
    parallel::in_order(chunks, kinds[0].codec.threads(), pack, |(kind, index, packed)| {
        let packed = packed.map_err(|error| error.to_string())?;
        places[kind].lengths[index] = packed.len() as u64;
        places[kind].offsets[index] = directory.write_data(packed.as_slice()).map_err(|error| error.to_string())?;
        written += 1;
        coded(written as f64 / all as f64);
        Ok(())
    })?;
    Ok(places)
}

impl<'a> PageWriter<'a> {
    /// Pages of images of this layout, element type and metadata.
    pub fn new(layout: &Layout, dtype: DType, metadata: &'a Metadata) -> Result<PageWriter<'a>, String> {
        let (_, height, width) = layout.pictures().ok_or("is not a picture")?;
        let Channels { colours, alpha } = layout.channels.unwrap_or(Channels { colours: 1, alpha: false });
        let samples = colours + usize::from(alpha);
        let storage = metadata.storage.as_ref();
        let one_bit = dtype == DType::Bool && storage.is_some_and(|storage| storage.bits == 1);
        // Other booleans are black and white.
        let dtype = if dtype == DType::Bool { DType::U8 } else { dtype };
        let bits = if one_bit { 1 } else { stored_as(dtype).1 };
        let opacity = match metadata.has_associated_opacity() {
            true => ASSOCIATED_OPACITY,
            false => STRAIGHT_OPACITY,
        };
        let (photometric, extra) = meaning(storage, colours, alpha.then_some(opacity));
        let codec = storage.map_or(Codec::None, |storage| Codec::of(storage.compression).unwrap_or(Codec::Deflate));
        let format = stored_as(dtype).0;
        let planar = samples > 1 && storage.is_some_and(|storage| storage.planar);
        let channels = if planar { 1 } else { samples };
        let row_bytes = (width * channels * usize::from(bits)).div_ceil(8);
        let rows = storage.map_or(STRIP_BYTES / row_bytes.max(1), |storage| storage.rows).clamp(1, height);
        let tile = storage.and_then(|storage| storage.tile);
        Ok(PageWriter {
            chunking: Chunking {
                width,
                height,
                columns: tile.map_or(width, |(width, _)| width),
                rows: tile.map_or(rows, |(_, length)| length),
                tiled: tile.is_some(),
                channels,
                planes: if planar { samples } else { 1 },
            },
            bits,
            format,
            codec,
            compression: storage
                .map(|storage| storage.compression)
                .filter(|had| Codec::of(*had).is_some())
                .unwrap_or(codec.number()),
            predictor: predictor(storage, codec, format, bits),
            photometric,
            extra,
            palette: storage.and_then(|storage| storage.palette.as_deref()).filter(|_| photometric == PALETTE),
            sample: dtype.bytes(),
        })
    }

    /// The samples of an image in the order of the file.
    pub fn samples<'i>(&self, image: &'i Image) -> Samples<'i> {
        match &image.array {
            AnyArray::Bool(array) if self.bits == 1 => Samples::Own(array.mapv(u8::from).into()),
            _ => image.samples_in_order(),
        }
    }

    /// How the mask of a page is written.
    pub fn of_mask(page: &PageWriter<'_>) -> PageWriter<'static> {
        PageWriter {
            chunking: Chunking { channels: 1, planes: 1, ..page.chunking },
            bits: 1,
            format: SampleFormat::Unsigned,
            codec: Codec::Deflate,
            compression: Codec::Deflate.number(),
            predictor: Predictor::None,
            photometric: MASK,
            extra: Vec::new(),
            palette: None,
            sample: 1,
        }
    }

    /// The strips or tiles of the samples of a page.
    fn chunks(&self, samples: &[u8]) -> impl Iterator<Item = Result<(Chunk, Vec<u8>), String>> {
        self.chunking.chunks().map(move |chunk| Ok((chunk, self.chunk(&chunk, samples))))
    }

    /// Whether a file of so many bytes of samples needs the offsets of BigTIFF, or had them.
    pub fn needs_big(&self, bytes: usize, metadata: &Metadata) -> bool {
        let limit = if self.codec == Codec::None { BIG } else { BIG_PACKED };
        bytes >= limit || metadata.storage.as_ref().is_some_and(|storage| storage.big)
    }

    /// Has strips have no more rows than are well in memory at once.
    pub fn shorten_strips(&mut self) {
        let row = self.chunking.row_bytes(usize::from(self.bits)) * self.chunking.planes;
        if !self.chunking.tiled {
            self.chunking.rows = self.chunking.rows.min((MOST_STRIP_BYTES / row.max(1)).max(1));
        }
    }

    /// Writes a page of these strips or tiles, whose bytes are not packed yet.
    fn write<K: TiffKind>(
        &self,
        mut directory: DirectoryEncoder<'_, impl Write + Seek, K>,
        tags: &Page,
        chunks: impl Iterator<Item = Result<(Chunk, Vec<u8>), String>>,
        coded: CodingProgress<'_>,
    ) -> Result<(), String> {
        let chunks = chunks.map(|chunk| chunk.map(|(chunk, bytes)| (0, chunk, bytes)));
        let places = write_chunks(&mut directory, &[self], chunks, coded)?;
        self.write_tags(directory, tags, &places[0]).map_err(|error| error.to_string())
    }

    /// Writes the directory of a page whose strips or tiles are at these places.
    pub fn write_tags<K: TiffKind>(
        &self,
        mut directory: DirectoryEncoder<'_, impl Write + Seek, K>,
        tags: &Page,
        Places { offsets, lengths }: &Places,
    ) -> TiffResult<()> {
        self.write_storage(&mut directory)?;
        let (places, sizes) = if self.chunking.tiled {
            directory.write_tag(Name::TileWidth, self.chunking.columns as u32)?;
            directory.write_tag(Name::TileLength, self.chunking.rows as u32)?;
            (Name::TileOffsets, Name::TileByteCounts)
        } else {
            directory.write_tag(Name::RowsPerStrip, self.chunking.rows as u32)?;
            (Name::StripOffsets, Name::StripByteCounts)
        };
        let numbers =
            |numbers: &[u64]| numbers.iter().map(|number| K::convert_offset(*number)).collect::<TiffResult<Vec<_>>>();
        directory.write_tag(places, K::convert_slice(&numbers(offsets)?))?;
        directory.write_tag(sizes, K::convert_slice(&numbers(lengths)?))?;
        write_tags(&mut directory, &tags.tags)?;
        directory.finish()
    }

    /// Writes the tags that say how samples are stored.
    fn write_storage<K: TiffKind>(&self, directory: &mut DirectoryEncoder<'_, impl Write + Seek, K>) -> TiffResult<()> {
        let samples = self.chunking.channels * self.chunking.planes;
        directory.write_tag(Name::ImageWidth, self.chunking.width as u32)?;
        directory.write_tag(Name::ImageLength, self.chunking.height as u32)?;
        directory.write_tag(Name::BitsPerSample, vec![self.bits; samples].as_slice())?;
        directory.write_tag(Name::SampleFormat, vec![self.format.number(); samples].as_slice())?;
        directory.write_tag(Name::Compression, self.compression)?;
        directory.write_tag(Name::PhotometricInterpretation, self.photometric)?;
        directory.write_tag(Name::SamplesPerPixel, samples as u16)?;
        if samples > 1 {
            directory.write_tag(Name::PlanarConfiguration, if self.chunking.planes > 1 { 2u16 } else { 1 })?;
        }
        if self.predictor != Predictor::None {
            directory.write_tag(Name::Predictor, self.predictor.number())?;
        }
        if !self.extra.is_empty() {
            directory.write_tag(Name::ExtraSamples, self.extra.as_slice())?;
        }
        if let Some(palette) = self.palette {
            directory.write_tag(Name::ColorMap, palette)?;
        }
        Ok(())
    }

    /// The bytes of a strip or tile of these samples, whose channels are together.
    pub fn chunk(&self, chunk: &Chunk, samples: &[u8]) -> Vec<u8> {
        let chunking = self.chunking;
        let row_bytes = chunking.row_bytes(usize::from(self.bits));
        let row =
            RowSamples { bytes: self.sample, channels: chunking.channels, big_endian: cfg!(target_endian = "big") };
        let mut rows = vec![0; row_bytes * chunk.stored_rows];
        for (y, to) in rows.chunks_exact_mut(row_bytes.max(1)).take(chunk.height).enumerate() {
            if chunking.planes > 1 {
                let first = ((chunk.y + y) * chunking.width + chunk.x) * chunking.planes + chunk.plane;
                for x in 0..chunk.width {
                    let from = (first + x * chunking.planes) * self.sample;
                    to[x * self.sample..][..self.sample].copy_from_slice(&samples[from..from + self.sample]);
                }
            } else {
                let first = first_sample(&chunking, chunk, y) * self.sample;
                let from = &samples[first..first + chunk.width * chunking.channels * self.sample];
                match self.bits {
                    1 => pack_bits(from, to),
                    _ => to[..from.len()].copy_from_slice(from),
                }
            }
        }
        rows.chunks_exact_mut(row_bytes.max(1)).for_each(|to| self.predictor.apply(to, row));
        rows
    }
}

/// Samples that are 0 or 1 as bits, the first one highest.
fn pack_bits(samples: &[u8], to: &mut [u8]) {
    for (byte, samples) in to.iter_mut().zip(samples.chunks(8)) {
        *byte = samples.iter().enumerate().fold(0, |byte, (place, sample)| byte | (sample & 1) << (7 - place));
    }
}

/// What the first samples of a pixel mean, and what the others, the last of which may be an opacity of this kind.
fn meaning(storage: Option<&Storage>, colours: usize, opacity: Option<u16>) -> (u16, Vec<u16>) {
    let samples = colours + usize::from(opacity.is_some());
    let first = |photometric| match photometric {
        RGB => 3,
        CMYK => 4,
        _ => 1,
    };
    let usual = if colours == 3 { RGB } else { 1 };
    let photometric = storage.map_or(usual, |storage| storage.photometric);
    let photometric = if samples >= first(photometric) { photometric } else { usual };
    let mut extra = storage.map_or(Vec::new(), |storage| storage.extra.clone());
    extra.resize(samples - first(photometric), 0);
    if let (Some(last), Some(opacity)) = (extra.last_mut(), opacity) {
        *last = opacity;
    }
    (photometric, extra)
}

/// The predictor that the file had, if it is one for such samples.
fn predictor(storage: Option<&Storage>, codec: Codec, format: SampleFormat, bits: u16) -> Predictor {
    let had = storage.map_or(Predictor::None, |storage| Predictor::of(storage.predictor).unwrap_or(Predictor::None));
    match had {
        _ if bits < 8 || matches!(codec, Codec::None | Codec::PackBits) => Predictor::None,
        Predictor::FloatingPoint if format != SampleFormat::Float => Predictor::Horizontal,
        had => had,
    }
}
