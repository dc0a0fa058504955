//! Reading TIFF files: their pages as one image.

use std::io::{Read, Seek};

use hoodoo::{AnyArray, DType, Element};
use ndarray::{ArrayD, Axis, IxDyn};
use tiff::decoder::{Decoder, Limits};
use tiff::tags::ByteOrder;
use tiff::{TiffError, TiffFormatError};

use super::chunks::{ChunkReader, Chunking, compression_name};
use super::directory::{Directories, PageHeader};
use super::exif::Exif;
use super::samples::{self, Place, element_type, first_sample};
use super::stack;
use super::tags;
use crate::arrays::for_any;
use crate::files::options::ReadOptions;
use crate::files::orientation::turn;
use crate::image::metadata::{PALETTE_LOST, STRAIGHT_OPACITY, Storage, Tag, Value, is_opacity};
use crate::image::tag_names::words_for_tag;
use crate::image::{Channels, Image, Metadata};

/// The most bytes of samples that a byte of file can become, by the best of the compressions.
const MAX_RATIO: u64 = 4096;

/// The numbers of photometric interpretations.
const RGB: u16 = 2;
const PALETTE: u16 = 3;
const YCBCR: u16 = 6;
const LAB: std::ops::RangeInclusive<u16> = 8..=10;

/// Reads the pages of a file of `length` bytes: all, which must be alike, or the one that is asked for.
pub fn read(reader: impl Read + Seek, length: u64, options: &ReadOptions) -> Result<Image, String> {
    let mut file = Opened::new(reader, length, options)?;
    let Opened { decoder, pages, big_endian, metadata, .. } = &mut file;
    let array = decode(decoder, pages, length, *big_endian, metadata.nodata)?;
    let mut mask = masks(decoder, pages, length, *big_endian)?;
    if let Some(mask) = &mut mask {
        turn(mask, 1, file.meaning.orientation);
    }
    let mut array = file.meaning.array(array)?;
    // One page is a picture, and no stack of one.
    if file.pages.len() == 1 {
        array = for_any!(AnyArray, array, array => array.index_axis_move(Axis(0), 0).into());
        mask = mask.map(|mask| mask.index_axis_move(Axis(0), 0));
    }
    let mut image = Image::with_channels(array, file.meaning.channels);
    image.metadata = Metadata { mask, ..file.metadata };
    if !options.volume {
        return Ok(image.stacked(usize::from(file.pages.len() > 1)));
    }
    match stack::slices(&image.metadata, file.pages.len()) {
        None => Ok(image),
        Some(slices) => {
            let mut image = stack::volumes(image, slices).stacked(2);
            image.metadata.slices = Some(slices);
            Ok(image)
        }
    }
}

/// A file whose directories are read, and whose samples are not.
pub struct Opened<R: Read + Seek> {
    pub decoder: Decoder<R>,
    pub length: u64,
    pub big_endian: bool,
    /// The pages to read.
    pub pages: Vec<PageHeader>,
    pub metadata: Metadata,
    /// What the samples mean.
    pub meaning: Meaning,
}

impl<R: Read + Seek> Opened<R> {
    /// The pages of a file of `length` bytes that are to be read.
    pub fn new(reader: R, length: u64, options: &ReadOptions) -> Result<Opened<R>, String> {
        let mut limits = Limits::default();
        limits.decoding_buffer_size = usize::try_from(length.saturating_mul(MAX_RATIO)).unwrap_or(usize::MAX);
        limits.intermediate_buffer_size = limits.decoding_buffer_size;
        limits.ifd_value_size = usize::try_from(length).unwrap_or(usize::MAX);
        let mut decoder = Decoder::new(reader).map_err(|error| of_first_page(&error))?.with_limits(limits);
        let big_endian = decoder.byte_order() == ByteOrder::BigEndian;
        let directories = Directories::read(&mut decoder, length).map_err(|error| format!("TIFF file: {error}"))?;
        let count = directories.pages.len();
        let pages = chosen(directories.pages, options)?;
        let first = &pages[0];
        check(first).and_then(|()| check_size(&pages, length, options)).map_err(|error| of_page(first, &error))?;
        let storage = storage(first, count)?;
        let mut metadata = tags::metadata(&pages, storage, is_big(&mut decoder)?);
        metadata.unread.extend(directories.others);
        metadata.other_pages = count - pages.len();
        read_exif(&mut decoder, &pages, &mut metadata)?;
        let meaning = Meaning::new(first, &mut metadata);
        Ok(Opened { decoder, length, big_endian, pages, metadata, meaning })
    }
}

/// Reads the Exif data of the first page.
fn read_exif<R: Read + Seek>(
    decoder: &mut Decoder<R>,
    pages: &[PageHeader],
    metadata: &mut Metadata,
) -> Result<(), String> {
    match Exif::of_page(decoder, &pages[0].exif, &pages[0].page.tags) {
        Ok(exif) if exif.parts.is_empty() => {}
        Ok(exif) => metadata.exif = Some(exif.to_bytes()?),
        Err(_) => metadata.unread.push("Exif data".to_string()),
    }
    if pages[1..].iter().any(|page| !page.exif.is_empty()) {
        metadata.unread.push("Exif data of all pages but the first".to_string());
    }
    Ok(())
}

/// Whether the file is BigTIFF, by its third byte or the fourth.
fn is_big<R: Read + Seek>(decoder: &mut Decoder<R>) -> Result<bool, String> {
    let mut start = [0; 4];
    let reader = decoder.inner();
    let read = reader.rewind().and_then(|()| reader.read_exact(&mut start));
    read.map_err(|error| error.to_string())?;
    Ok(start[2..] == [43, 0] || start[2..] == [0, 43])
}

pub fn of_page(page: &PageHeader, message: &str) -> String {
    format!("TIFF page {}: {message}", page.index)
}

/// The pages to read.
fn chosen(mut pages: Vec<PageHeader>, options: &ReadOptions) -> Result<Vec<PageHeader>, String> {
    if pages.is_empty() {
        return Err("a TIFF file without a page".to_string());
    }
    if let Some(page) = options.page {
        if page >= pages.len() {
            let last = pages.len() - 1;
            return Err(format!("--page: there is no page {page}; the last one is {last}"));
        }
        return Ok(vec![pages.swap_remove(page)]);
    }
    let kind = |page: &PageHeader| {
        let kind = (page.width, page.height, page.samples, page.bits, page.format);
        (kind, page.photometric, page.orientation, page.planar, page.extra.clone(), page.palette.clone())
    };
    if let Some((number, other)) = pages.iter().enumerate().find(|(_, page)| kind(page) != kind(&pages[0])) {
        let [one, other] = differences(&pages[0], other);
        return Err(format!("its pages differ: page 0 has {one}, and page {number} {other}; choose one by --page N"));
    }
    Ok(pages)
}

/// In which of two pages is what, in words: their sizes and samples, or else in what they are not alike.
fn differences(one: &PageHeader, other: &PageHeader) -> [String; 2] {
    let samples = |page: &PageHeader| {
        let format = page.format.describe();
        format!("{} x {} pixels of {} {}-bit {format} samples", page.height, page.width, page.samples, page.bits)
    };
    let others: [fn(&PageHeader) -> String; 4] = [
        |page| format!("the photometric interpretation {}", page.photometric),
        |page| format!("the orientation {}", page.orientation),
        |page| if page.planar { "each channel on its own" } else { "its channels together" }.to_string(),
        |page| format!("the extra samples {:?}", page.extra),
    ];
    let ways = [samples as fn(&PageHeader) -> String].into_iter().chain(others);
    let mut words = ways.map(|way| [way(one), way(other)]);
    words.find(|[one, other]| one != other).unwrap_or(["one palette".to_string(), "another".to_string()])
}

/// What is wrong with the first page or with what is in front of it, where the crate says no more than that.
fn of_first_page(error: &TiffError) -> String {
    let what = match error {
        TiffError::FormatError(TiffFormatError::InconsistentSizesEncountered) => {
            let tags = [256, 257, 258, 277, 273, 279].map(words_for_tag).join(", ");
            format!("page 0: its sizes do not go together, of which one lies: {tags}, or those for tiles")
        }
        TiffError::FormatError(TiffFormatError::TiffSignatureNotFound | TiffFormatError::TiffSignatureInvalid)
        | TiffError::IoError(_) => error.to_string(),
        error => format!("page 0: {error}"),
    };
    format!("truncated or corrupt TIFF file: {what}")
}

/// Checks that the samples are of a kind that can be read.
fn check(page: &PageHeader) -> Result<(), String> {
    element_type(page.format, page.bits)?;
    match page.photometric {
        YCBCR if page.compression != 7 => {
            Err("has YCbCr colours, which can be read in JPEG compression only".to_string())
        }
        kind if LAB.contains(&kind) => Err("has Lab colours, which can't be read".to_string()),
        PALETTE if page.samples > 1 || page.bits > 8 || page.palette.is_none() => {
            Err("has a palette that can't be read".to_string())
        }
        _ => page.check_chunks(),
    }
}

/// Checks that the samples of a mask are of a kind that can be read.
pub fn check_mask(mask: &PageHeader) -> Result<(), String> {
    check(mask).map_err(|error| of_page(mask, &format!("mask: {error}")))
}

/// Checks that there are not too many pixels, and that the file is long enough for what it promises.
fn check_size(pages: &[PageHeader], length: u64, options: &ReadOptions) -> Result<(), String> {
    let page = &pages[0];
    options.check_pixels(&[pages.len(), page.height, page.width])?;
    let samples = pages.len().checked_mul(page.height).and_then(|rows| rows.checked_mul(page.width));
    let bits = samples.and_then(|pixels| pixels.checked_mul(page.samples)).and_then(|all| all.checked_mul(64));
    let bits = bits.ok_or("has more samples than there can be memory")? / 64 * usize::from(page.bits);
    // Strips and tiles that are left out promise nothing.
    let sparse = pages.iter().any(|page| page.lengths.contains(&0));
    if !sparse && (bits / 8) as u64 > length.saturating_mul(MAX_RATIO) {
        return Err(format!("truncated or corrupt: {} x {} pixels in {length} bytes", page.height, page.width));
    }
    Ok(())
}

/// How so many pages are stored, and are to be written again.
fn storage(page: &PageHeader, pages: usize) -> Result<Storage, String> {
    let mut extra = page.extra.clone();
    let photometric = match page.photometric {
        YCBCR => RGB,
        other => other,
    };
    if photometric == RGB && page.samples == 4 && extra.is_empty() {
        // What old programs mean by a fourth sample.
        extra = vec![STRAIGHT_OPACITY];
    }
    Ok(Storage {
        compression: page.compression,
        predictor: page.predictor.number(),
        tile: page.tile,
        rows: page.rows,
        planar: page.planar,
        big: false,
        photometric,
        extra,
        bits: page.bits,
        dtype: element_type(page.format, page.bits)?,
        shape: [pages, page.height, page.width, page.samples],
        palette: page.palette.clone(),
    })
}

/// The samples of all pages: page after page, each plane after plane.
fn decode<R: Read + Seek>(
    decoder: &mut Decoder<R>,
    pages: &[PageHeader],
    length: u64,
    big_endian: bool,
    nodata: Option<f64>,
) -> Result<AnyArray, String> {
    let first = &pages[0];
    let dtype = element_type(first.format, first.bits)?;
    let Chunking { planes, channels, width, height, .. } = first.chunking();
    let page_samples = planes * channels * width * height;
    samples::array(dtype, &[pages.len(), planes, height, width, channels], |place| {
        let page_bytes = page_samples * place.sample;
        for (page, bytes) in pages.iter().zip(place.bytes.chunks_exact_mut(page_bytes)) {
            let mut place = Place { bytes, sample: place.sample };
            let decoded = page.check_chunks().and_then(|()| {
                let mut reader = ChunkReader::new(decoder, page, length, big_endian)?;
                decode_page(&mut reader, page, &mut place, dtype, nodata)
            });
            decoded.map_err(|error| of_page(page, &error))?;
        }
        Ok(())
    })
}

/// Where the masks of pages say that there is no value; pages first, as the image has them.
fn masks<R: Read + Seek>(
    decoder: &mut Decoder<R>,
    pages: &[PageHeader],
    length: u64,
    big_endian: bool,
) -> Result<Option<ArrayD<bool>>, String> {
    if pages.iter().all(|page| page.mask.is_none()) {
        return Ok(None);
    }
    let mut all = Vec::new();
    for page in pages {
        let Some(mask) = &page.mask else {
            all.resize(all.len() + page.height * page.width, false);
            continue;
        };
        let mask = std::slice::from_ref(&**mask);
        check_mask(&mask[0])?;
        let flags = decode(decoder, mask, length, big_endian, None)?;
        for_any!(AnyArray, flags, flags => all.extend(flags.iter().map(|flag| flag.to_f64() == 0.0)));
    }
    let shape = [pages.len(), pages[0].height, pages[0].width];
    let array = ArrayD::from_shape_vec(IxDyn(&shape), all).map_err(|error| error.to_string())?;
    Ok(Some(array))
}

fn decode_page<R: Read + Seek>(
    reader: &mut ChunkReader<'_, R>,
    page: &PageHeader,
    place: &mut Place<'_>,
    dtype: DType,
    nodata: Option<f64>,
) -> Result<(), String> {
    let chunking = page.chunking();
    reader.read(page, chunking.chunks(), |chunk, rows| {
        match (rows, nodata) {
            (Some(rows), _) => place.put(page, &chunk, &rows),
            (None, None) => {}
            // What GDAL leaves out has no data.
            (None, Some(nodata)) => {
                let element = samples::bytes_of(dtype, nodata);
                for row in 0..chunk.height {
                    let first = first_sample(&chunking, &chunk, row) * place.sample;
                    let row = &mut place.bytes[first..first + chunk.width * chunking.channels * place.sample];
                    row.chunks_exact_mut(element.len()).for_each(|to| to.copy_from_slice(&element));
                }
            }
        }
        Ok(())
    })
}

/// What the samples of pages mean.
pub struct Meaning {
    /// The colours that they are the numbers of.
    palette: Option<Vec<u16>>,
    pub channels: Option<Channels>,
    /// How the pages are to be turned.
    pub orientation: u8,
}

impl Meaning {
    /// That of a page, which the pages are written again by, too.
    fn new(page: &PageHeader, metadata: &mut Metadata) -> Meaning {
        let georeferenced = tags::is_georeferenced(metadata);
        // The classes of a map are numbers that have colours; other pictures are their colours.
        let colours = metadata.storage.as_mut().filter(|storage| storage.photometric == PALETTE && !georeferenced);
        let palette = colours.and_then(|storage| {
            storage.photometric = RGB;
            page.palette.clone()
        });
        let channels = channels(metadata, if palette.is_some() { 3 } else { page.samples });
        if let Some(storage) = &metadata.storage
            && let Some(place) = storage.extra.iter().position(|kind| is_opacity(*kind))
            && place + 1 < storage.extra.len()
        {
            metadata.unread.push("the meaning of its opacity, which is not the last channel".to_string());
        }
        let orientation = if georeferenced { 1 } else { page.orientation };
        if georeferenced && page.orientation != 1 {
            // Who places pictures on Earth counts rows and columns as they are stored.
            let tag = Tag { number: 274, value: Value::short(page.orientation.into()) };
            metadata.pages.iter_mut().for_each(|page| page.tags.push(tag.clone()));
        }
        Meaning { palette, channels, orientation }
    }

    /// That of the masks of such pages, which are turned as these are.
    pub fn of_mask(&self) -> Meaning {
        Meaning { palette: None, channels: None, orientation: self.orientation }
    }

    /// Samples by page, plane, row, column and channel, as pages, rows and columns, upright, and channels, if there are several.
    pub fn array(&self, array: AnyArray) -> Result<AnyArray, String> {
        let array = match &self.palette {
            Some(palette) => coloured(&array, palette)?,
            None => array,
        };
        Ok(for_any!(AnyArray, array, array => {
            // One of planes and channels is 1.
            let mut array = array.permuted_axes(vec![0, 2, 3, 1, 4]);
            let planes = array.shape()[3];
            array = array.index_axis_move(Axis(if planes == 1 { 3 } else { 4 }), 0);
            if self.channels.is_none() {
                array = array.index_axis_move(Axis(3), 0);
            }
            turn(&mut array, 1, self.orientation);
            array.into()
        }))
    }
}

/// What the channels of a page with so many samples are.
fn channels(metadata: &Metadata, samples: usize) -> Option<Channels> {
    let extra = metadata.storage.as_ref().map_or(&[][..], |storage| &storage.extra);
    let alpha = samples > 1 && extra.last().is_some_and(|kind| is_opacity(*kind));
    (samples > 1).then_some(Channels { colours: samples - usize::from(alpha), alpha })
}

/// The colours of the numbers in a palette, which has all reds, all greens and all blues.
fn coloured(array: &AnyArray, palette: &[u16]) -> Result<AnyArray, String> {
    let length = palette.len() / 3;
    let numbers: Vec<usize> = match array {
        AnyArray::U8(array) => array.iter().map(|number| usize::from(*number)).collect(),
        AnyArray::Bool(array) => array.iter().map(|number| usize::from(*number)).collect(),
        other => return Err(format!("has a palette of {} numbers", other.dtype())),
    };
    let mut shape = array.shape().to_vec();
    shape[4] = 3;
    let mut colours = Vec::new();
    for number in numbers {
        if number >= length {
            return Err(format!("corrupt: colour {number} is not in its palette of {length}"));
        }
        colours.extend((0..3).map(|channel| (palette[channel * length + number] >> 8) as u8));
    }
    let colours = ArrayD::from_shape_vec(shape, colours).map_err(|error| error.to_string())?;
    Ok(colours.into())
}

/// What of the way that a file stores its pages can't be written again, in words.
pub fn not_written(storage: &Storage) -> Vec<String> {
    let mut lost = Vec::new();
    if super::codec::Codec::of(storage.compression).is_none() {
        lost.push(format!("{} compression (deflate is written)", compression_name(storage.compression)));
    }
    if matches!(storage.bits, 2 | 4) && storage.dtype == DType::U8 {
        lost.push(format!("samples of {} bits (8 are written)", storage.bits));
    }
    if storage.palette.is_some() && storage.photometric == RGB {
        lost.push(PALETTE_LOST.to_string());
    }
    lost
}
