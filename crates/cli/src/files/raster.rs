//! Pictures in the formats that the crate `image` reads and writes: JPEG, WebP, BMP, PNM, QOI, TGA, HDR.

use std::io::{Cursor, Seek, Write};

use image::codecs::bmp::{BmpDecoder, BmpEncoder};
use image::codecs::hdr::{HdrDecoder, HdrEncoder};
use image::codecs::jpeg::{JpegDecoder, JpegEncoder, PixelDensity, PixelDensityUnit};
use image::codecs::pnm::{PnmDecoder, PnmSubtype};
use image::codecs::qoi::{QoiDecoder, QoiEncoder};
use image::codecs::tga::{TgaDecoder, TgaEncoder};
use image::codecs::webp::{WebPDecoder, WebPEncoder};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder};

use super::format::Format;
use super::jpeg;
use super::options::{CodingProgress, ReadOptions};
use super::orientation::upright;
use super::remarks;
use super::segments;
use super::source::Source;
use super::tiff::with_bytes;
use crate::image::metadata::Resolution;
use crate::image::{Channels, Image, Metadata};

/// The quality that JPEG files are written with.
const JPEG_QUALITY: u8 = 95;

/// Reads a file of this format.
pub fn read(format: Format, mut source: Source, options: &ReadOptions) -> Result<Image, String> {
    let start = source.start()?;
    let mut image = read_picture(format, source, options)?;
    remarks::read(format, &start, &mut image.metadata);
    Ok(image)
}

fn read_picture(format: Format, source: Source, options: &ReadOptions) -> Result<Image, String> {
    let name = format.name();
    let corrupt = |error| corrupt(name, error);
    let reader = source.reader;
    match format {
        Format::WebP => {
            let decoder = WebPDecoder::new(reader).map_err(corrupt)?;
            if decoder.has_animation() {
                return Err("is an animation, which can't be kept; write its pictures as files first".to_string());
            }
            decode(name, decoder, options)
        }
        Format::Bmp => decode(name, BmpDecoder::new(reader).map_err(corrupt)?, options),
        Format::Pnm | Format::Pbm | Format::Pam => {
            let decoder = PnmDecoder::new(reader).map_err(corrupt)?;
            let bits = matches!(decoder.subtype(), PnmSubtype::Bitmap(_)).then_some(1);
            let mut image = decode(name, decoder, options)?;
            image.metadata.bits = bits;
            Ok(image)
        }
        Format::Qoi => decode(name, QoiDecoder::new(reader).map_err(corrupt)?, options),
        Format::Tga => decode(name, TgaDecoder::new(reader).map_err(corrupt)?, options),
        Format::Hdr => decode(name, HdrDecoder::new(reader).map_err(corrupt)?, options),
        _ => {
            let bytes = Source { reader, ..source }.bytes()?;
            let checked = jpeg::check(&bytes)?;
            let decoder = JpegDecoder::new(Cursor::new(bytes.as_slice())).map_err(corrupt)?;
            checked.check_size(decoder.dimensions())?;
            let mut damage = None;
            let decoder = jpeg::Whole { inner: decoder, bytes: &bytes, damage: &mut damage };
            let mut image = decode(name, decoder, options)?;
            image.metadata.resolution = checked.resolution;
            image.metadata.damage = damage;
            segments::read(&bytes, &mut image.metadata);
            Ok(image)
        }
    }
}

fn corrupt(format: &str, error: image::ImageError) -> String {
    format!("truncated or corrupt {format} file: {error}")
}

/// The picture, turned as the camera says that it was held.
fn decode(format: &str, mut decoder: impl ImageDecoder, options: &ReadOptions) -> Result<Image, String> {
    let corrupt = |error| corrupt(format, error);
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    options.check_pixels(&[height, width])?;
    let size = decoder.total_bytes();
    let memory = usize::try_from(size).map(|size| Vec::<u8>::new().try_reserve_exact(size).is_ok());
    if memory != Ok(true) {
        return Err(format!("there is no memory for its {size} bytes of samples"));
    }
    let mut metadata = Metadata {
        icc: decoder.icc_profile().map_err(corrupt)?,
        exif: decoder.exif_metadata().map_err(corrupt)?,
        xmp: decoder.xmp_metadata().map_err(corrupt)?,
        ..Metadata::default()
    };
    let orientation = metadata.exif.as_mut().and_then(|exif| Orientation::remove_from_exif_chunk(exif));
    let image = DynamicImage::from_decoder(decoder).map_err(corrupt)?;
    let (colours, alpha) = (if image.color().has_color() { 3 } else { 1 }, image.color().has_alpha());
    let channels = Channels { colours, alpha };
    let mut image = match image {
        DynamicImage::ImageLuma8(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageLumaA8(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageRgb8(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageRgba8(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageLuma16(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageLumaA16(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageRgb16(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageRgba16(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageRgb32F(image) => Image::from_samples(height, width, channels, image.into_raw()),
        DynamicImage::ImageRgba32F(image) => Image::from_samples(height, width, channels, image.into_raw()),
        other => Err(format!("a {format} picture of {:?} can't be read", other.color())),
    }?;
    image.metadata = metadata;
    Ok(upright(image, orientation))
}

/// Writes a picture that passed `Format::check`.
pub fn write(
    format: Format,
    image: &Image,
    writer: &mut (impl Write + Seek),
    coded: CodingProgress<'_>,
) -> Result<(), String> {
    match format {
        Format::WebP => encode(image, with_metadata(WebPEncoder::new_lossless(writer), &image.metadata)?),
        Format::Bmp => encode(image, BmpEncoder::new(writer)),
        Format::Qoi => encode(image, QoiEncoder::new(writer)),
        Format::Tga => encode(image, TgaEncoder::new(writer)),
        Format::Hdr => encode(image, HdrEncoder::new(writer)),
        _ => {
            let mut encoder = JpegEncoder::new_with_quality(writer, JPEG_QUALITY);
            if let Some(resolution) = image.metadata.resolution {
                encoder.set_pixel_density(density(resolution));
            }
            jpeg::write(image, with_metadata(encoder, &image.metadata)?, coded)
        }
    }
}

/// The encoder with the colour profile and the Exif data.
fn with_metadata<E: ImageEncoder>(mut encoder: E, metadata: &Metadata) -> Result<E, String> {
    if let Some(icc) = &metadata.icc {
        encoder.set_icc_profile(icc.clone()).map_err(|error| error.to_string())?;
    }
    if let Some(exif) = &metadata.exif {
        encoder.set_exif_metadata(exif.clone()).map_err(|error| error.to_string())?;
    }
    Ok(encoder)
}

fn density(resolution: Resolution) -> PixelDensity {
    let whole = |pixels: [f64; 2]| pixels.map(|pixels| pixels.round().clamp(1.0, f64::from(u16::MAX)) as u16);
    let (unit, [x, y]) = match resolution.per_inch() {
        Some(pixels) => (PixelDensityUnit::Inches, whole(pixels)),
        None => (PixelDensityUnit::PixelAspectRatio, whole(resolution.pixels)),
    };
    PixelDensity { density: (x, y), unit }
}

fn encode(image: &Image, encoder: impl ImageEncoder) -> Result<(), String> {
    let (height, width) = image.layout().picture().ok_or("is not a picture")?;
    let Channels { colours, alpha } = image.channels();
    let samples = image.samples_in_order();
    let colour = match (colours, alpha, samples.dtype().bytes()) {
        (1, false, 1) => ExtendedColorType::L8,
        (1, true, 1) => ExtendedColorType::La8,
        (_, false, 1) => ExtendedColorType::Rgb8,
        (_, true, 1) => ExtendedColorType::Rgba8,
        (1, false, 2) => ExtendedColorType::L16,
        (1, true, 2) => ExtendedColorType::La16,
        (_, false, 2) => ExtendedColorType::Rgb16,
        (_, true, 2) => ExtendedColorType::Rgba16,
        (_, false, _) => ExtendedColorType::Rgb32F,
        (_, true, _) => ExtendedColorType::Rgba32F,
    };
    // `Format::check` has seen that both fit.
    let written = with_bytes(&samples, |bytes| encoder.write_image(bytes, width as u32, height as u32, colour));
    written.ok_or("has its samples in another order")?.map_err(|error| error.to_string())
}
