//! Writing PNG files, row after row.

use std::io::Write;

use hoodoo::{AnyArray, DType};
use ndarray::{ArrayD, ArrayViewD, Axis};
use png::chunk::ChunkType;
use png::{BitDepth, ColorType, Encoder, Info, PixelDimensions, StreamWriter, Writer};

use super::texts;
use crate::files::options::CodingProgress;
use crate::image::header::Header;
use crate::image::{Channels, Image, Layout, Metadata};

/// Files with more samples than this are packed quickly; smaller ones are packed well, which takes no time there.
const MAX_PACKED_WELL: usize = 1 << 21;

/// The bytes of a chunk of the file.
const CHUNK: usize = 1 << 16;

/// Writes a picture of bool, u8 or u16.
pub fn write(image: &Image, writer: impl Write, coded: CodingProgress<'_>) -> Result<(), String> {
    let writer = begin(&image.layout(), image.dtype(), &image.metadata, writer)?;
    in_chunks(writer, |stream| put(image, stream, coded))
}

/// Writes a picture of this layout, element type and metadata, whose rows come in parts.
pub fn write_rows(
    layout: &Layout,
    dtype: DType,
    metadata: &Metadata,
    writer: impl Write,
    parts: &mut dyn Iterator<Item = Image>,
) -> Result<(), String> {
    let writer = begin(layout, dtype, metadata, writer)?;
    in_chunks(writer, |stream| {
        for part in parts {
            put(&part, stream, &|_| ())?;
        }
        Ok(())
    })
}

/// Writes all that comes before the rows.
fn begin<W: Write>(layout: &Layout, dtype: DType, metadata: &Metadata, writer: W) -> Result<Writer<W>, String> {
    let (height, width) = layout.picture().ok_or("is not a picture")?;
    let Channels { colours, alpha } = layout.channels.unwrap_or(Channels { colours: 1, alpha: false });
    // `Format::check` has seen that all fit.
    let mut encoder = encoder(writer, width as u32, height as u32, metadata).map_err(words)?;
    encoder.set_depth(if dtype == DType::U16 { BitDepth::Sixteen } else { BitDepth::Eight });
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
    if let Some(Header::Png(kept)) = &metadata.header {
        for chunk in kept {
            writer.write_chunk(ChunkType(chunk.kind), &chunk.bytes).map_err(words)?;
        }
    }
    texts::write(metadata, &mut writer).map_err(words)?;
    Ok(writer)
}

/// Has `put` write all rows, which go to the file in chunks.
fn in_chunks<W: Write>(
    mut writer: Writer<W>,
    put: impl FnOnce(&mut StreamWriter<'_, W>) -> Result<(), String>,
) -> Result<(), String> {
    let mut stream = writer.stream_writer_with_size(CHUNK).map_err(words)?;
    put(&mut stream)?;
    stream.finish().map_err(words)?;
    writer.finish().map_err(words)
}

/// Writes the rows of an image one after the other, so that whoever writes can be told to stop.
fn put(image: &Image, stream: &mut impl Write, coded: CodingProgress<'_>) -> Result<(), String> {
    let stack = image.layout().stack;
    let rows = image.array.shape()[stack];
    let mut bytes = Vec::new();
    for row in 0..rows {
        bytes.clear();
        match &image.array {
            AnyArray::Bool(array) => {
                bytes.extend(row_of(array, stack, row).iter().map(|set| if *set { u8::MAX } else { 0 }));
            }
            AnyArray::U8(array) => bytes.extend(row_of(array, stack, row).iter()),
            AnyArray::U16(array) => {
                bytes.extend(row_of(array, stack, row).iter().flat_map(|sample| sample.to_be_bytes()));
            }
            other => return Err(format!("can't hold {}", other.dtype())),
        }
        stream.write_all(&bytes).map_err(|error| error.to_string())?;
        coded((row + 1) as f64 / rows as f64);
    }
    Ok(())
}

/// A row of the one page of an array that has so many axes of pages.
fn row_of<T>(array: &ArrayD<T>, stack: usize, row: usize) -> ArrayViewD<'_, T> {
    let page = (0..stack).fold(array.view(), |view, _| view.index_axis_move(Axis(0), 0));
    page.index_axis_move(Axis(0), row)
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
    Encoder::with_info(writer, info)
}
