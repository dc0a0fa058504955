//! Pictures in PNG and JPEG files.

use std::fs::File;
use std::io::{BufReader, Cursor, Write};
use std::path::Path;

use hoodoo::AnyArray;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::{CompressionType, FilterType, PngDecoder, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder};

use crate::image::{Channels, Image};

/// The most bytes of picture that a byte of PNG can become: what deflate does to a row of zeros, and a little more.
const MAX_PNG_RATIO: u64 = 1100;

/// The most bytes that a JPEG picture may have; the format has no bound that follows from the file's length.
const MAX_JPEG: u64 = 1 << 32;

/// PNG files with more samples than this are packed quickly; smaller ones are packed well, which takes no time there.
const MAX_PACKED_WELL: usize = 1 << 21;

/// The quality that JPEG files are written with.
const JPEG_QUALITY: u8 = 95;

/// Reads a PNG file: 8 or 16 bit, grey or colour, with or without alpha. Palettes and fewer bits become 8 bit.
pub fn read_png(path: &Path) -> Result<Image, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    // The size is checked below against the file's own length, which no fixed limit could do.
    let decoder = PngDecoder::with_limits(BufReader::new(file), image::Limits::no_limits())
        .map_err(|error| corrupt("PNG", error))?;
    let (width, height) = decoder.dimensions();
    if decoder.total_bytes() > length.saturating_mul(MAX_PNG_RATIO) {
        return Err(format!("truncated or corrupt PNG file: {width} x {height} pixels in {length} bytes"));
    }
    decode("PNG", decoder)
}

/// Reads a JPEG file: 8 bit, grey or colour.
pub fn read_jpeg(path: &Path) -> Result<Image, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    // The decoder fills what is missing with grey; a truncated file has no end marker after its last scan.
    let find = |bytes: &[u8], marker| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    let scan = find(&bytes, 0xda).unwrap_or(0);
    let ended = find(&bytes[scan..], 0xd9).is_some();
    let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(|error| corrupt("JPEG", error))?;
    let (width, height) = decoder.dimensions();
    if decoder.total_bytes() > MAX_JPEG {
        return Err(format!("a JPEG file of {width} x {height} pixels is too large"));
    }
    if !ended {
        return Err("truncated or corrupt JPEG file: it has no end".to_string());
    }
    decode("JPEG", decoder)
}

/// The picture, turned as the camera says that it was held.
fn decode(format: &str, mut decoder: impl ImageDecoder) -> Result<Image, String> {
    let orientation = decoder.orientation().map_err(|error| corrupt(format, error))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| corrupt(format, error))?;
    image.apply_orientation(orientation);
    let (height, width) = (image.height() as usize, image.width() as usize);
    let (colours, alpha) = (if image.color().has_color() { 3 } else { 1 }, image.color().has_alpha());
    let channels = Channels { colours, alpha };
    match image {
        DynamicImage::ImageLuma8(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageLumaA8(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageRgb8(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageRgba8(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageLuma16(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageLumaA16(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageRgb16(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageRgba16(image) => Image::from_samples(height, width, channels, image.into_raw()),
        other => Err(format!("a {format} picture of {:?} can't be read", other.color())),
    }
}

fn corrupt(format: &str, error: image::ImageError) -> String {
    format!("truncated or corrupt {format} file: {error}")
}

/// Writes a picture of bool, u8 or u16 as a PNG file.
pub fn write_png(image: &Image, writer: impl Write) -> Result<(), String> {
    let samples: usize = image.array.shape().iter().product();
    let packing = if samples > MAX_PACKED_WELL { CompressionType::Fast } else { CompressionType::Default };
    encode(image, PngEncoder::new_with_quality(writer, packing, FilterType::Adaptive))
}

/// Writes a picture of u8 without alpha as a JPEG file.
pub fn write_jpeg(image: &Image, writer: impl Write) -> Result<(), String> {
    encode(image, JpegEncoder::new_with_quality(writer, JPEG_QUALITY))
}

fn encode(image: &Image, encoder: impl ImageEncoder) -> Result<(), String> {
    let layout = image.layout();
    let (height, width) = layout.picture().ok_or("is not a picture")?;
    let Channels { colours, alpha } = image.channels();
    let samples = image.samples_in_order();
    let (bytes, wide): (Vec<u8>, bool) = match &samples {
        AnyArray::U8(array) => (array.iter().copied().collect(), false),
        AnyArray::U16(array) => (array.iter().flat_map(|sample| sample.to_ne_bytes()).collect(), true),
        other => return Err(format!("can't hold {}", other.dtype())),
    };
    let colour = match (colours, alpha, wide) {
        (1, false, false) => ExtendedColorType::L8,
        (1, true, false) => ExtendedColorType::La8,
        (_, false, false) => ExtendedColorType::Rgb8,
        (_, true, false) => ExtendedColorType::Rgba8,
        (1, false, true) => ExtendedColorType::L16,
        (1, true, true) => ExtendedColorType::La16,
        (_, false, true) => ExtendedColorType::Rgb16,
        (_, true, true) => ExtendedColorType::Rgba16,
    };
    // `Format::check` has seen that both fit.
    encoder.write_image(&bytes, width as u32, height as u32, colour).map_err(|error| error.to_string())
}
