//! FITS files of astronomy: one image is filtered, and all else is written as it was.
//!
//! The standard is version 4.0, <https://fits.gsfc.nasa.gov/fits_standard.html>.

use std::io::{Read, Write};

use hoodoo::{AnyArray, AnyElement, Cast, DType, Element};

use super::cards::{self, BLOCK, Card};
use super::coordinates;
use super::options::ReadOptions;
use super::sequence::{self, Order};
use crate::arrays::for_any;
use crate::image::Image;
use crate::image::header::{FitsHeader, Header};

/// Elements in files.
const ORDER: Order = Order { big_endian: true, first_fastest: false };

/// The types of elements, by BITPIX and by what is added to stored numbers.
const TYPES: [(i64, f64, DType); 10] = [
    (8, 0.0, DType::U8),
    (8, -128.0, DType::I8),
    (16, 0.0, DType::I16),
    (16, 32_768.0, DType::U16),
    (32, 0.0, DType::I32),
    (32, 2_147_483_648.0, DType::U32),
    (64, 0.0, DType::I64),
    (64, 9_223_372_036_854_775_808.0, DType::U64),
    (-32, 0.0, DType::F32),
    (-64, 0.0, DType::F64),
];

/// Checks of the pixels, and the least and the greatest of them.
const OF_PIXELS: [&str; 4] = ["CHECKSUM", "DATASUM", "DATAMIN", "DATAMAX"];

/// A header of a file, and what it says of the data behind it.
struct Unit {
    /// The header's bytes, whole blocks.
    bytes: Vec<u8>,
    cards: Vec<Card>,
    /// The bytes of the data, without what fills the last block.
    length: u64,
    /// The shape of an image, as arrays have it; none if it is another unit, or has no pixels.
    shape: Option<Vec<usize>>,
}

/// Reads the image that is asked for, of those that have pixels.
pub fn read(mut reader: impl Read, options: &ReadOptions) -> Result<Image, String> {
    let wanted = options.page.unwrap_or(0);
    let mut header = FitsHeader::default();
    let (mut found, mut images, mut compressed) = (None, 0, false);
    while let Some(unit) = next_unit(&mut reader, images + header.others == 0)? {
        compressed |= cards::find(&unit.cards, "ZIMAGE").is_some();
        let number = unit.shape.is_some().then_some(images);
        images += usize::from(unit.shape.is_some());
        if number == Some(wanted) {
            found = Some(pixels(&mut reader, &unit, options)?);
            header.cards = unit.cards;
            continue;
        }
        let kept = if found.is_some() { &mut header.after } else { &mut header.before };
        header.others += 1;
        keep(&mut reader, unit, kept)?;
    }
    let (array, nodata) = found.ok_or_else(|| match images {
        0 if compressed => "has an image in a compressed table; unpack it with funpack first".to_string(),
        0 => "has no image".to_string(),
        _ => format!("--page: there is no image {wanted}; it has {images}, counted from 0"),
    })?;
    let mut image = Image::plain(array);
    image.metadata.nodata = nodata;
    image.metadata.header = Some(Header::Fits(header));
    Ok(image)
}

/// The next header; none at the end of the file.
fn next_unit(reader: &mut impl Read, first: bool) -> Result<Option<Unit>, String> {
    /// Far more than any header has.
    const MAX_HEADER: usize = 1 << 26;
    let mut bytes = Vec::new();
    let end = loop {
        let start = bytes.len();
        reader.take(BLOCK as u64).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        // What follows the last unit is of no format.
        let is_unit = if first { bytes.starts_with(b"SIMPLE  =") } else { bytes.starts_with(b"XTENSION") };
        match bytes.len() - start {
            _ if start == 0 && !first && !is_unit => return Ok(None),
            _ if start == 0 && !is_unit => return Err("is not a FITS file".to_string()),
            BLOCK if bytes.len() <= MAX_HEADER => {}
            BLOCK => return Err("corrupt FITS header: it has no end".to_string()),
            _ => return Err("truncated in a FITS header".to_string()),
        }
        if let Some(end) = cards::end(&bytes[start..]) {
            break start + end;
        }
    };
    let cards = bytes[..end].as_chunks().0.to_vec();
    let number = |key: &str| cards::number(&cards, key);
    let needed = |key: &str| number(key).ok_or_else(|| format!("corrupt FITS header: no {key}"));
    let (bits, axes) = (needed("BITPIX")?, needed("NAXIS")?);
    if !(0.0..=999.0).contains(&axes) {
        return Err(format!("corrupt FITS header: {axes} axes"));
    }
    let lengths = (1..=axes as usize).rev().map(|axis| needed(&format!("NAXIS{axis}")));
    let lengths: Vec<f64> = lengths.collect::<Result<_, _>>()?;
    let (groups, surplus) = (number("GCOUNT").unwrap_or(1.0), number("PCOUNT").unwrap_or(0.0));
    let is_image = first || cards::text(&cards, "XTENSION").is_some_and(|kind| kind.trim_end() == "IMAGE");
    let pixels = if lengths.is_empty() { 0.0 } else { lengths.iter().product::<f64>() };
    let length = bits.abs() / 8.0 * groups * (surplus + pixels);
    let whole = lengths.iter().chain([&length]).all(|length| length.fract() == 0.0 && (0.0..1e18).contains(length));
    if !whole {
        return Err("corrupt FITS header: an impossible size of data".to_string());
    }
    let shape = (is_image && pixels > 0.0).then(|| lengths.iter().map(|length| *length as usize).collect());
    Ok(Some(Unit { bytes, cards, length: length as u64, shape }))
}

/// How much fills the last block of so many bytes.
fn filling(length: u64) -> u64 {
    length.next_multiple_of(BLOCK as u64) - length
}

/// Keeps a unit as it is.
fn keep(reader: &mut impl Read, unit: Unit, kept: &mut Vec<u8>) -> Result<(), String> {
    kept.extend(&unit.bytes);
    let before = kept.len() as u64;
    let all = unit.length + filling(unit.length);
    reader.take(all).read_to_end(kept).map_err(|error| error.to_string())?;
    // Some writers leave the last block as it is.
    if kept.len() as u64 - before < unit.length {
        return Err("truncated in the data of a FITS extension".to_string());
    }
    kept.resize(kept.len().next_multiple_of(BLOCK), 0);
    Ok(())
}

/// The pixels of an image, and the number that stands for none.
fn pixels(reader: &mut impl Read, unit: &Unit, options: &ReadOptions) -> Result<(AnyArray, Option<f64>), String> {
    let shape = unit.shape.as_deref().unwrap_or_default();
    options.check_pixels(shape)?;
    let number = |key: &str| cards::number(&unit.cards, key);
    let bits = number("BITPIX").unwrap_or(0.0) as i64;
    let (zero, scale) = (number("BZERO").unwrap_or(0.0), number("BSCALE").unwrap_or(1.0));
    let stored = TYPES.iter().find(|(other, zero, _)| *other == bits && *zero == 0.0);
    let (.., stored) = stored.ok_or_else(|| format!("corrupt FITS header: BITPIX is {bits}"))?;
    let array = sequence::read(&mut *reader, *stored, shape, ORDER, "pixels")?;
    let filled = std::io::copy(&mut reader.take(filling(unit.length)), &mut std::io::sink());
    filled.map_err(|error| error.to_string())?;
    let blank = number("BLANK").filter(|_| bits > 0);
    if (zero, scale) == (0.0, 1.0) {
        return Ok((array, blank));
    }
    let known = TYPES.iter().find(|(other, offset, _)| *other == bits && *offset == zero && scale == 1.0);
    if let Some((.., dtype)) = known {
        return Ok((shifted(&array, *dtype)?, blank.map(|blank| blank + zero)));
    }
    let value = move |stored: f64| if Some(stored) == blank { f64::NAN } else { stored * scale + zero };
    let array = match bits {
        8 | 16 | -32 => computed::<f32>(&array, value),
        _ => computed::<f64>(&array, value),
    };
    Ok((array, blank.map(|_| f64::NAN)))
}

fn computed<T: AnyElement>(array: &AnyArray, value: impl Fn(f64) -> f64) -> AnyArray {
    for_any!(AnyArray, array, array => array.mapv(|stored| T::from_f64(value(stored.to_f64()), Cast::Saturate)).into())
}

/// Integers of the other sign: half of their range is added or taken, which is one bit.
fn shifted(array: &AnyArray, dtype: DType) -> Result<AnyArray, String> {
    const BYTE: u8 = 1 << 7;
    const TWO: u16 = 1 << 15;
    const FOUR: u32 = 1 << 31;
    const EIGHT: u64 = 1 << 63;
    Ok(match array {
        AnyArray::U8(array) => array.mapv(|stored| (stored ^ BYTE).cast_signed()).into(),
        AnyArray::I8(array) => array.mapv(|value| value.cast_unsigned() ^ BYTE).into(),
        AnyArray::I16(array) => array.mapv(|stored| stored.cast_unsigned() ^ TWO).into(),
        AnyArray::U16(array) => array.mapv(|value| (value ^ TWO).cast_signed()).into(),
        AnyArray::I32(array) => array.mapv(|stored| stored.cast_unsigned() ^ FOUR).into(),
        AnyArray::U32(array) => array.mapv(|value| (value ^ FOUR).cast_signed()).into(),
        AnyArray::I64(array) => array.mapv(|stored| stored.cast_unsigned() ^ EIGHT).into(),
        AnyArray::U64(array) => array.mapv(|value| (value ^ EIGHT).cast_signed()).into(),
        _ => return Err(format!("has no {dtype} elements")),
    })
}

/// Writes an image among all that was around the one that it came from, if that was in a FITS file.
pub fn write(image: &Image, writer: &mut impl Write) -> Result<(), String> {
    let plain = FitsHeader::default();
    let header = match &image.metadata.header {
        Some(Header::Fits(header)) => header,
        _ => &plain,
    };
    let dtype = if image.dtype() == DType::Bool { DType::U8 } else { image.dtype() };
    let stored = TYPES.iter().find(|(.., other)| *other == dtype);
    let (bits, zero, _) = stored.ok_or_else(|| format!("can't hold {dtype}"))?;
    let mut cards = header.cards.clone();
    if cards.is_empty() {
        cards::set(&mut cards, "SIMPLE", "T", None);
    }
    describe(&mut cards, *bits, *zero, image);
    let mut bytes: Vec<u8> = cards.concat();
    bytes.extend(cards::card("END", None));
    bytes.resize(bytes.len().next_multiple_of(BLOCK), b' ');
    let mut put = |bytes: &[u8]| writer.write_all(bytes).map_err(|error| error.to_string());
    put(&header.before)?;
    put(&bytes)?;
    let length = (image.array.shape().iter().product::<usize>() * dtype.bytes()) as u64;
    match *zero != 0.0 {
        true => sequence::write(&shifted(&image.array, dtype)?, ORDER, writer)?,
        false => sequence::write(&image.array, ORDER, writer)?,
    }
    let mut put = |bytes: &[u8]| writer.write_all(bytes).map_err(|error| error.to_string());
    put(&vec![0; filling(length) as usize])?;
    put(&header.after)
}

/// What of a header can't be said of an image that begins at these indices and has only every so manieth pixel, in words: of its world
/// coordinates, and what was true of the old pixels.
pub fn not_written(header: &FitsHeader, first: &[usize], steps: &[usize]) -> Vec<String> {
    let axes = cards::number(&header.cards, "NAXIS").unwrap_or(0.0) as usize;
    let mut lost: Vec<String> = coordinates::place(&mut header.cards.clone(), axes, first, steps).into_iter().collect();
    let old: Vec<&str> = OF_PIXELS.into_iter().filter(|key| cards::find(&header.cards, key).is_some()).collect();
    if !old.is_empty() {
        lost.push(format!("{} (of the old pixels)", old.join(", ")));
    }
    lost
}

/// Has the cards say what an image is now.
fn describe(cards: &mut Vec<Card>, bits: i64, zero: f64, image: &Image) {
    let shape = image.array.shape();
    for key in OF_PIXELS {
        cards::remove(cards, key);
    }
    if cards::number(cards, "BSCALE") != Some(1.0) {
        cards::remove(cards, "BSCALE");
    }
    let first = cards.first().map(cards::key);
    cards::set_number(cards, "BITPIX", bits as f64, first.as_deref());
    cards::set_number(cards, "NAXIS", shape.len() as f64, Some("BITPIX"));
    let mut last = "NAXIS".to_string();
    for (index, length) in shape.iter().rev().enumerate() {
        let key = format!("NAXIS{}", index + 1);
        cards::set_number(cards, &key, *length as f64, Some(&last));
        last = key;
    }
    cards.retain(|card| {
        let axis = cards::key(card).strip_prefix("NAXIS").and_then(|axis| axis.parse::<usize>().ok());
        axis.is_none_or(|axis| axis <= shape.len())
    });
    match zero == 0.0 {
        true => cards::remove(cards, "BZERO"),
        false => cards::set_number(cards, "BZERO", zero, None),
    }
    match image.metadata.nodata.filter(|nodata| bits > 0 && nodata.is_finite()) {
        Some(nodata) => cards::set_number(cards, "BLANK", nodata - zero, None),
        None => cards::remove(cards, "BLANK"),
    }
    coordinates::place(cards, shape.len(), &image.metadata.first, &image.metadata.steps);
}
