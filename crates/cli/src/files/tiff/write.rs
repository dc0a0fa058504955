//! Writing TIFF files: each page with its tags, stored as it was where it came from a TIFF file.

use std::io::{Seek, Write};

use hoodoo::{AnyArray, DType};
use tiff::TiffResult;
use tiff::encoder::{DirectoryEncoder, TiffEncoder, TiffKind};
use tiff::tags::Tag as Name;

use super::chunks::Chunking;
use super::codec::Codec;
use super::directory::SampleFormat;
use super::exif::{Exif, write_tags};
use super::predictor::{Predictor, RowSamples};
use super::samples::{first_sample, stored_as, with_bytes};
use super::stack;
use super::tags::page_of;
use crate::image::metadata::{Metadata, Page, Storage, Tag, Value, tag};
use crate::image::{Channels, Image};

/// Bytes of samples from which on a file needs the offsets of BigTIFF, compressed or not: what can't be compressed becomes
/// half as large again by LZW.
const BIG: usize = 0xf000_0000;
const BIG_PACKED: usize = BIG / 3 * 2;

/// The bytes of a strip where no file says how many.
const STRIP_BYTES: usize = 1 << 16;

const RGB: u16 = 2;
const CMYK: u16 = 5;
const PALETTE: u16 = 3;
const MASK: u16 = 4;

/// The kind of a page that is the mask of the one before.
const TRANSPARENCY_MASK: u32 = 4;

/// What all pages of the file have in common.
struct PageWriter<'a> {
    chunking: Chunking,
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
    sample: usize,
}

/// Writes pictures of any element type: page after page, if there are several.
pub fn write(image: &Image, writer: &mut (impl Write + Seek)) -> Result<(), String> {
    match stack::in_file_order(image) {
        Some(array) => write_in_order(&image.with_array(array), writer),
        None => write_in_order(image, writer),
    }
}

fn write_in_order(image: &Image, writer: &mut (impl Write + Seek)) -> Result<(), String> {
    let (pages, height, width) = image.layout().pictures().ok_or("is not a picture")?;
    let one_bit = image.metadata.storage.as_ref().is_some_and(|storage| storage.bits == 1);
    let samples = match (&image.array, one_bit) {
        (AnyArray::Bool(array), true) => array.mapv(u8::from).into(),
        _ => image.samples_in_order(),
    };
    let bits = if one_bit && image.dtype() == DType::Bool { 1 } else { stored_as(samples.dtype()).1 };
    let page = PageWriter::new(image, height, width, samples.dtype(), bits);
    let (own, none) = (&image.metadata.pages, page_of(&image.metadata));
    let tags = |index: usize| own.get(index).unwrap_or(if own.is_empty() { &none } else { &own[0] });
    let exif = image.metadata.exif.as_deref().and_then(Exif::from_bytes).unwrap_or_default();
    let masks = masks(&image.metadata, pages, height * width);
    let mask_writer = masks.as_ref().map(|_| PageWriter::of_mask(&page));
    let written = with_bytes(&samples, |bytes| {
        let limit = if page.codec == Codec::None { BIG } else { BIG_PACKED };
        let big = bytes.len() >= limit || image.metadata.storage.as_ref().is_some_and(|storage| storage.big);
        let mask = |index: usize| masks.as_ref().map(|masks| &masks[index * height * width..][..height * width]);
        let pages = bytes.chunks_exact(bytes.len() / pages.max(1)).enumerate();
        let pages = pages.map(|(index, bytes)| PageParts { tags: tags(index), samples: bytes, mask: mask(index) });
        let writers = Writers { page: &page, mask: mask_writer.as_ref(), exif: &exif };
        match big {
            true => TiffEncoder::new_big(writer).map(|encoder| write_pages(encoder, &writers, pages)),
            false => TiffEncoder::new(writer).map(|encoder| write_pages(encoder, &writers, pages)),
        }
    });
    written.ok_or("has its samples in another order")?.map_err(|error| error.to_string())?
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
}

fn write_pages<'p, K: TiffKind>(
    mut encoder: TiffEncoder<impl Write + Seek, K>,
    writers: &Writers<'_>,
    pages: impl Iterator<Item = PageParts<'p>>,
) -> Result<(), String> {
    let mut pages = pages.enumerate();
    pages
        .try_for_each(|(index, page)| write_page(&mut encoder, writers, index, &page))
        .map_err(|error| error.to_string())
}

fn write_page<K: TiffKind>(
    encoder: &mut TiffEncoder<impl Write + Seek, K>,
    writers: &Writers<'_>,
    index: usize,
    page: &PageParts<'_>,
) -> TiffResult<()> {
    // It is that of the first page of a file.
    let exif = if index == 0 { writers.exif.write_parts(encoder)? } else { Vec::new() };
    let mut directory = encoder.image_directory()?;
    for (pointer, place) in exif {
        directory.write_tag(Name::from_u16_exhaustive(pointer), place)?;
    }
    writers.page.write(directory, page.tags, page.samples)?;
    if let (Some(writer), Some(mask)) = (writers.mask, page.mask) {
        let kind = Tag { number: tag::SUBFILE, value: Value::long(TRANSPARENCY_MASK) };
        writer.write(encoder.image_directory()?, &Page { tags: vec![kind] }, mask)?;
    }
    Ok(())
}

/// Where pages have values, as samples of masks: page after page.
fn masks(metadata: &Metadata, pages: usize, pixels: usize) -> Option<Vec<u8>> {
    let mask = metadata.mask.as_ref().filter(|mask| mask.len() == pages * pixels)?;
    Some(mask.iter().map(|missing| u8::from(!missing)).collect())
}

impl<'a> PageWriter<'a> {
    fn new(image: &'a Image, height: usize, width: usize, dtype: DType, bits: u16) -> PageWriter<'a> {
        let Channels { colours, alpha } = image.channels();
        let samples = colours + usize::from(alpha);
        let storage = image.metadata.storage.as_ref();
        let (photometric, extra) = meaning(storage, colours, alpha);
        let codec = storage.map_or(Codec::None, |storage| Codec::of(storage.compression).unwrap_or(Codec::Deflate));
        let format = stored_as(dtype).0;
        let planar = samples > 1 && storage.is_some_and(|storage| storage.planar);
        let channels = if planar { 1 } else { samples };
        let row_bytes = (width * channels * usize::from(bits)).div_ceil(8);
        let rows = storage.map_or(STRIP_BYTES / row_bytes.max(1), |storage| storage.rows).clamp(1, height);
        let tile = storage.and_then(|storage| storage.tile);
        PageWriter {
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
        }
    }

    /// How the mask of a page is written.
    fn of_mask(page: &PageWriter<'_>) -> PageWriter<'static> {
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

    /// Writes a page of these samples.
    fn write<K: TiffKind>(
        &self,
        mut directory: DirectoryEncoder<'_, impl Write + Seek, K>,
        tags: &Page,
        samples: &[u8],
    ) -> TiffResult<()> {
        let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
        for chunk in self.chunks(samples) {
            let row = self.chunking.row_bytes(usize::from(self.bits));
            let packed = self.codec.pack(chunk, row)?;
            lengths.push(K::convert_offset(packed.len() as u64)?);
            let offset = directory.write_data(packed.as_slice())?;
            offsets.push(K::convert_offset(offset)?);
        }
        self.write_storage(&mut directory)?;
        let (places, sizes) = if self.chunking.tiled {
            directory.write_tag(Name::TileWidth, self.chunking.columns as u32)?;
            directory.write_tag(Name::TileLength, self.chunking.rows as u32)?;
            (Name::TileOffsets, Name::TileByteCounts)
        } else {
            directory.write_tag(Name::RowsPerStrip, self.chunking.rows as u32)?;
            (Name::StripOffsets, Name::StripByteCounts)
        };
        directory.write_tag(places, K::convert_slice(&offsets))?;
        directory.write_tag(sizes, K::convert_slice(&lengths))?;
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

    /// The bytes of each strip or tile of a page, whose samples have their channels together.
    fn chunks(&self, samples: &[u8]) -> impl Iterator<Item = Vec<u8>> {
        let chunking = self.chunking;
        let row_bytes = chunking.row_bytes(usize::from(self.bits));
        let row =
            RowSamples { bytes: self.sample, channels: chunking.channels, big_endian: cfg!(target_endian = "big") };
        chunking.chunks().map(move |chunk| {
            let mut rows = vec![0; row_bytes * chunk.stored_rows];
            for (y, to) in rows.chunks_exact_mut(row_bytes.max(1)).take(chunk.height).enumerate() {
                if chunking.planes > 1 {
                    let first = ((chunk.y + y) * chunking.width + chunk.x) * chunking.planes + chunk.plane;
                    for x in 0..chunk.width {
                        let from = (first + x * chunking.planes) * self.sample;
                        to[x * self.sample..][..self.sample].copy_from_slice(&samples[from..from + self.sample]);
                    }
                } else {
                    let first = first_sample(&chunking, &chunk, y) * self.sample;
                    let from = &samples[first..first + chunk.width * chunking.channels * self.sample];
                    match self.bits {
                        1 => pack_bits(from, to),
                        _ => to[..from.len()].copy_from_slice(from),
                    }
                }
            }
            rows.chunks_exact_mut(row_bytes.max(1)).for_each(|to| self.predictor.apply(to, row));
            rows
        })
    }
}

/// Samples that are 0 or 1 as bits, the first one highest.
fn pack_bits(samples: &[u8], to: &mut [u8]) {
    for (byte, samples) in to.iter_mut().zip(samples.chunks(8)) {
        *byte = samples.iter().enumerate().fold(0, |byte, (place, sample)| byte | (sample & 1) << (7 - place));
    }
}

/// What the first samples of a pixel mean, and what the others.
fn meaning(storage: Option<&Storage>, colours: usize, alpha: bool) -> (u16, Vec<u16>) {
    let samples = colours + usize::from(alpha);
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
    if let Some(last) = extra.last_mut()
        && alpha
        && *last != 1
    {
        *last = 2;
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
