//! Pictures in PNG files, with their colour profile, Exif data, resolution and texts.

use std::io::{self, Read, Seek, SeekFrom, Write};

use hoodoo::AnyArray;
use image::metadata::Orientation;
use png::{BitDepth, ColorType, Decoder, Encoder, Info, Limits, PixelDimensions, Transformations};

use super::options::ReadOptions;
use super::orientation::upright;
use super::source::Source;
use crate::image::metadata::{Resolution, Unit};
use crate::image::{Channels, Image, Metadata};

/// The most bytes of picture that a byte of PNG can become: what deflate does to a row of zeros, and a little more.
const MAX_RATIO: u64 = 1100;

/// The most bytes that colour profile and texts may have together, unpacked.
const MAX_ANCILLARY: usize = 1 << 26;

/// The keyword of the text that is XMP data.
const XMP: &str = "XML:com.adobe.xmp";

/// Files with more samples than this are packed quickly; smaller ones are packed well, which takes no time there.
const MAX_PACKED_WELL: usize = 1 << 21;

/// Reads a PNG file: 8 or 16 bit, grey or colour, with or without alpha. Palettes and fewer bits become 8 bit.
pub fn read(mut source: Source, options: &ReadOptions) -> Result<Image, String> {
    let length = source.length;
    let has_profile = has_chunk(&mut source.reader, b"iCCP").map_err(|error| error.to_string())?;
    let mut decoder = Decoder::new_with_limits(source.reader, Limits { bytes: MAX_ANCILLARY });
    decoder.set_transformations(Transformations::EXPAND);
    let (width, height) = {
        let header = decoder.read_header_info().map_err(corrupt)?;
        (header.width, header.height)
    };
    options.check_pixels(&[height as usize, width as usize])?;
    // What decoding needs besides is a few rows.
    let row = (width as usize).saturating_mul(8).saturating_mul(4);
    decoder.set_limits(Limits { bytes: MAX_ANCILLARY.saturating_add(row) });
    let mut reader = decoder.read_info().map_err(corrupt)?;
    if let Some(animation) = reader.info().animation_control
        && animation.num_frames > 1
    {
        let frames = animation.num_frames;
        return Err(format!(
            "is an animation of {frames} pictures, which can't be kept; write its pictures as files first"
        ));
    }
    let size = reader.output_buffer_size().ok_or("has more pixels than there can be memory")?;
    if size as u64 > length.saturating_mul(MAX_RATIO) {
        return Err(format!("truncated or corrupt PNG file: {width} x {height} pixels in {length} bytes"));
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|_| format!("there is no memory for its {size} bytes of samples"))?;
    bytes.resize(size, 0);
    let frame = reader.next_frame(&mut bytes).map_err(corrupt)?;
    // What comes after the picture may say more of it.
    reader.finish().map_err(corrupt)?;
    let mut metadata = metadata(reader.info());
    if has_profile && metadata.icc.is_none() {
        // The crate leaves out what it can't unpack.
        metadata.unread.push(format!("colour profile, which is corrupt or has more than {MAX_ANCILLARY} bytes"));
    }
    let (colours, alpha) = match frame.color_type {
        ColorType::Grayscale => (1, false),
        ColorType::GrayscaleAlpha => (1, true),
        ColorType::Rgb | ColorType::Indexed => (3, false),
        ColorType::Rgba => (3, true),
    };
    let channels = Channels { colours, alpha };
    let (height, width) = (height as usize, width as usize);
    let mut image = match frame.bit_depth {
        BitDepth::Sixteen => {
            let samples = bytes.as_chunks().0.iter().map(|sample| u16::from_be_bytes(*sample)).collect();
            Image::from_samples(height, width, channels, samples)
        }
        _ => Image::from_samples(height, width, channels, bytes),
    }?;
    let orientation = metadata.exif.as_mut().and_then(|exif| Orientation::remove_from_exif_chunk(exif));
    image.metadata = metadata;
    Ok(upright(image, orientation))
}

/// Whether there is a chunk of this kind in front of the picture; the reader stays at the start.
fn has_chunk(reader: &mut (impl Read + Seek), kind: &[u8; 4]) -> io::Result<bool> {
    const SIGNATURE: u64 = 8;
    let mut found = false;
    let mut header = [0; 8];
    reader.seek(SeekFrom::Start(SIGNATURE))?;
    while reader.read_exact(&mut header).is_ok() && header[4..] != *b"IDAT" && !found {
        found = header[4..] == *kind;
        let [a, b, c, d, ..] = header;
        // Four bytes more are a sum of the others.
        reader.seek_relative(i64::from(u32::from_be_bytes([a, b, c, d])) + 4)?;
    }
    reader.rewind()?;
    Ok(found)
}

fn corrupt(error: png::DecodingError) -> String {
    match error {
        png::DecodingError::LimitsExceeded => {
            format!("its colour profile or texts have more than {MAX_ANCILLARY} bytes, which is the limit")
        }
        error => format!("truncated or corrupt PNG file: {error}"),
    }
}

fn metadata(info: &Info<'_>) -> Metadata {
    let bytes = |bytes: &Option<std::borrow::Cow<'_, [u8]>>| bytes.as_ref().map(|bytes| bytes.to_vec());
    let mut texts: Vec<(String, String)> =
        info.uncompressed_latin1_text.iter().map(|chunk| (chunk.keyword.clone(), chunk.text.clone())).collect();
    let packed = info.compressed_latin1_text.iter();
    texts.extend(packed.filter_map(|chunk| Some((chunk.keyword.clone(), chunk.get_text().ok()?))));
    texts.extend(info.utf8_text.iter().filter_map(|chunk| Some((chunk.keyword.clone(), chunk.get_text().ok()?))));
    let xmp = texts.iter().position(|(keyword, _)| keyword == XMP).map(|place| texts.remove(place).1.into_bytes());
    let resolution = info.pixel_dims.map(|PixelDimensions { xppu, yppu, unit }| match unit {
        png::Unit::Meter => {
            Resolution { pixels: [xppu, yppu].map(|pixels| f64::from(pixels) / 100.0), unit: Unit::Centimetre }
        }
        png::Unit::Unspecified => Resolution { pixels: [xppu, yppu].map(f64::from), unit: Unit::Unknown },
    });
    let mut unread = Vec::new();
    // A picture without these is taken for sRGB, which is what most are.
    if info.gama_chunk.is_some() && info.srgb.is_none() && info.icc_profile.is_none() {
        unread.push("gamma".to_string());
    }
    Metadata {
        icc: bytes(&info.icc_profile),
        exif: bytes(&info.exif_metadata),
        xmp,
        resolution,
        texts,
        unread,
        ..Metadata::default()
    }
}

/// Writes a picture of bool, u8 or u16.
pub fn write(image: &Image, writer: impl Write) -> Result<(), String> {
    let (height, width) = image.layout().picture().ok_or("is not a picture")?;
    let samples = image.samples_in_order();
    let (bytes, depth): (Vec<u8>, BitDepth) = match &samples {
        AnyArray::U8(array) => (array.iter().copied().collect(), BitDepth::Eight),
        AnyArray::U16(array) => (array.iter().flat_map(|sample| sample.to_be_bytes()).collect(), BitDepth::Sixteen),
        other => return Err(format!("can't hold {}", other.dtype())),
    };
    let Channels { colours, alpha } = image.channels();
    // `Format::check` has seen that both fit.
    let mut encoder = encoder(writer, width as u32, height as u32, &image.metadata).map_err(words)?;
    encoder.set_depth(depth);
    encoder.set_color(match (colours, alpha) {
        (1, false) => ColorType::Grayscale,
        (1, true) => ColorType::GrayscaleAlpha,
        (_, false) => ColorType::Rgb,
        (_, true) => ColorType::Rgba,
    });
    let quick = height * width * (colours + usize::from(alpha)) > MAX_PACKED_WELL;
    encoder.set_compression(if quick { png::Compression::Fast } else { png::Compression::Balanced });
    encoder.set_filter(png::Filter::Adaptive);
    let mut writer = encoder.write_header().map_err(words)?;
    // Piece by piece, so that whoever writes can be told to stop.
    let mut stream = writer.stream_writer_with_size(1 << 16).map_err(words)?;
    stream.write_all(&bytes).map_err(|error| error.to_string())?;
    stream.finish().map_err(words)?;
    writer.finish().map_err(words)
}

fn words(error: png::EncodingError) -> String {
    error.to_string()
}

/// An encoder with what the picture carries.
fn encoder<W: Write>(
    writer: W,
    width: u32,
    height: u32,
    metadata: &Metadata,
) -> Result<Encoder<'_, W>, png::EncodingError> {
    let mut info = Info::with_size(width, height);
    info.icc_profile = metadata.icc.as_deref().map(Into::into);
    info.exif_metadata = metadata.exif.as_deref().map(Into::into);
    info.pixel_dims = metadata.resolution.map(|resolution| {
        let whole = |pixels: [f64; 2]| pixels.map(|pixels| pixels.round().clamp(1.0, f64::from(u32::MAX)) as u32);
        let (unit, [xppu, yppu]) = match resolution.per_metre() {
            Some(pixels) => (png::Unit::Meter, whole(pixels)),
            None => (png::Unit::Unspecified, whole(resolution.pixels)),
        };
        PixelDimensions { xppu, yppu, unit }
    });
    let mut encoder = Encoder::with_info(writer, info)?;
    if let Some(xmp) = metadata.xmp.as_deref().and_then(|xmp| std::str::from_utf8(xmp).ok()) {
        encoder.add_itxt_chunk(XMP.to_string(), xmp.to_string())?;
    }
    for (keyword, text) in &metadata.texts {
        match text.chars().all(|letter| u32::from(letter) < 256) {
            true => encoder.add_text_chunk(keyword.clone(), text.clone())?,
            false => encoder.add_itxt_chunk(keyword.clone(), text.clone())?,
        }
    }
    Ok(encoder)
}
