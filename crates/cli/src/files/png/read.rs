//! Reading PNG files: whole, or row after row.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::{Path, PathBuf};

use hoodoo::{AnyArray, DType};
use image::metadata::Orientation;
use png::{BitDepth, ColorType, Decoder, Info, Limits, PixelDimensions, Reader, Transformations};

use super::chunks::Chunks;
use super::texts;
use crate::files::options::ReadOptions;
use crate::files::orientation::upright;
use crate::files::rows::{Outline, Rows};
use crate::files::sequence::swap;
use crate::files::source::Source;
use crate::files::tiff::with_bytes_mut;
use crate::image::header::Header;
use crate::image::metadata::{PALETTE_LOST, Resolution, Unit};
use crate::image::{Channels, Image, Metadata};

/// The most bytes of picture that a byte of PNG can become: what deflate does to a row of zeros, and a little more.
const MAX_RATIO: u64 = 1100;

/// The most bytes that colour profile and texts may have together, unpacked.
const MAX_ANCILLARY: usize = 1 << 26;

/// Reads a PNG file: 8 or 16 bit, grey or colour, with or without alpha. Palettes and fewer bits become 8 bit.
pub fn read(source: Source, options: &ReadOptions) -> Result<Image, String> {
    let Opened { mut reader, chunks } = open(source.reader, source.length, options)?;
    let size = reader.output_buffer_size().ok_or(TOO_MANY)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|_| format!("there is no memory for its {size} bytes of samples"))?;
    bytes.resize(size, 0);
    let frame = reader.next_frame(&mut bytes).map_err(corrupt)?;
    // What comes after the picture may say more of it.
    reader.finish().map_err(corrupt)?;
    let mut metadata = metadata(reader.info(), chunks);
    let channels = channels(frame.color_type);
    let (height, width) = (frame.height as usize, frame.width as usize);
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

const ROWS_MISSING: &str = "truncated: rows are missing";
const TOO_MANY: &str = "has more pixels than there can be memory";

/// A file whose header is read.
struct Opened<R: BufRead + Seek> {
    reader: Reader<R>,
    /// What it has besides its picture.
    chunks: Chunks,
}

/// Reads the header of a file of `length` bytes, and checks that it claims no more than the file can hold.
fn open<R: BufRead + Seek>(mut reader: R, length: u64, options: &ReadOptions) -> Result<Opened<R>, String> {
    let chunks = Chunks::read(&mut reader).map_err(|error| error.to_string())?;
    let mut decoder = Decoder::new_with_limits(reader, Limits { bytes: MAX_ANCILLARY });
    decoder.set_transformations(Transformations::EXPAND);
    let (width, height) = {
        let header = decoder.read_header_info().map_err(corrupt)?;
        (header.width, header.height)
    };
    options.check_pixels(&[height as usize, width as usize])?;
    // What decoding needs besides is a few rows.
    let row = (width as usize).saturating_mul(8).saturating_mul(4);
    decoder.set_limits(Limits { bytes: MAX_ANCILLARY.saturating_add(row) });
    let reader = decoder.read_info().map_err(corrupt)?;
    if let Some(animation) = reader.info().animation_control
        && animation.num_frames > 1
    {
        let frames = animation.num_frames;
        return Err(format!(
            "is an animation of {frames} pictures, which can't be kept; write its pictures as files first"
        ));
    }
    let size = reader.output_buffer_size().ok_or(TOO_MANY)?;
    if size as u64 > length.saturating_mul(MAX_RATIO) {
        return Err(format!("truncated or corrupt PNG file: {width} x {height} pixels in {length} bytes"));
    }
    Ok(Opened { reader, chunks })
}

fn channels(colour: ColorType) -> Channels {
    let (colours, alpha) = match colour {
        ColorType::Grayscale => (1, false),
        ColorType::GrayscaleAlpha => (1, true),
        ColorType::Rgb | ColorType::Indexed => (3, false),
        ColorType::Rgba => (3, true),
    };
    Channels { colours, alpha }
}

/// The rows of a picture, which are read one after the other.
pub struct PictureRows {
    file: Named,
    reader: Reader<BufReader<File>>,
    outline: Outline,
    channels: Channels,
    orientation: Option<Orientation>,
    metadata: Metadata,
    height: usize,
    /// How many rows are still to come.
    left: usize,
}

/// A file that can be opened again, with its length, and how it is read.
struct Named {
    path: PathBuf,
    length: u64,
    options: ReadOptions,
}

impl Named {
    /// The file, at its beginning.
    fn reader(&self) -> Result<BufReader<File>, String> {
        File::open(&self.path).map(BufReader::new).map_err(|error| error.to_string())
    }

    /// The picture, whose header is read.
    fn open(&self) -> Result<Opened<BufReader<File>>, String> {
        open(self.reader()?, self.length, &self.options)
    }
}

impl PictureRows {
    /// The rows of the file at `path`, of `length` bytes.
    pub fn open(path: &Path, length: u64, options: &ReadOptions) -> Result<PictureRows, String> {
        let file = Named { path: path.to_path_buf(), length, options: options.clone() };
        let Opened { reader, chunks } = file.open()?;
        let info = reader.info();
        if info.interlaced {
            return Err(
                "--stream: its rows do not come one after the other (it is interlaced): leave --stream out".to_string()
            );
        }
        if let Some(kind) = chunks.after.iter().find(|kind| !matches!(*kind, b"IEND" | b"tIME")) {
            let kind = String::from_utf8_lossy(kind);
            return Err(format!(
                "--stream: it says more of itself behind its picture ({kind}), and is read as a whole: leave --stream out"
            ));
        }
        let height = info.height as usize;
        let mut metadata = metadata(info, chunks);
        let orientation = metadata.exif.as_mut().and_then(|exif| Orientation::remove_from_exif_chunk(exif));
        // One whose rows are mirrored has its rows one after the other.
        let row_by_row = [Orientation::NoTransforms, Orientation::FlipHorizontal];
        if orientation.is_some_and(|orientation| !row_by_row.contains(&orientation)) {
            return Err(
                "--stream: its picture is stored turned, and has to be read as a whole: leave --stream out".to_string()
            );
        }
        let (colour, depth) = reader.output_color_type();
        let channels = channels(colour);
        let mut row = vec![info.width as usize];
        row.extend(Some(channels.count()).filter(|count| *count > 1));
        let dtype = if depth == BitDepth::Sixteen { DType::U16 } else { DType::U8 };
        let outline = Outline { dtype, pages: 1, stack: Vec::new(), rows: Some(height), planes: vec![row] };
        Ok(PictureRows { file, reader, outline, channels, orientation, metadata, height, left: height })
    }
}

impl Rows for PictureRows {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, String> {
        let [array] = arrays else { return Err("a picture has one plane".to_string()) };
        let wanted = (array.shape()[0] - first).min(self.left);
        let sample = self.outline.dtype.bytes();
        let row = self.outline.row_len() * sample;
        let read = with_bytes_mut(array, |bytes| {
            let bytes = &mut bytes[first * row..(first + wanted) * row];
            for row in bytes.chunks_exact_mut(row) {
                self.reader.read_row(row).map_err(corrupt)?.ok_or(ROWS_MISSING)?;
            }
            if cfg!(target_endian = "little") {
                swap(bytes, sample);
            }
            Ok::<(), String>(())
        });
        read.ok_or("has no standard layout")??;
        self.left -= wanted;
        if self.left == 0 {
            self.reader.finish().map_err(corrupt)?;
        }
        Ok(wanted)
    }

    /// Unpacks the picture once more up to that row, if it is not one of those to come.
    fn go_to(&mut self, _: usize, row: usize) -> Result<(), String> {
        if self.height - self.left > row {
            self.reader = self.file.open()?.reader;
            self.left = self.height;
        }
        let mut unpacked = vec![0; self.outline.row_len() * self.outline.dtype.bytes()];
        while self.height - self.left < row {
            self.reader.read_row(&mut unpacked).map_err(corrupt)?.ok_or(ROWS_MISSING)?;
            self.left -= 1;
        }
        Ok(())
    }

    fn image(&self, array: AnyArray) -> Result<Image, String> {
        let channels = Some(self.channels).filter(|channels| channels.count() > 1);
        Ok(upright(Image::with_channels(array, channels), self.orientation))
    }

    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }
}

fn corrupt(error: png::DecodingError) -> String {
    match error {
        png::DecodingError::LimitsExceeded => {
            format!("its colour profile or texts have more than {MAX_ANCILLARY} bytes, which is the limit")
        }
        error => format!("truncated or corrupt PNG file: {error}"),
    }
}

/// What the file says besides its picture.
fn metadata(info: &Info<'_>, chunks: Chunks) -> Metadata {
    let bytes = |bytes: &Option<std::borrow::Cow<'_, [u8]>>| bytes.as_ref().map(|bytes| bytes.to_vec());
    let resolution = info.pixel_dims.map(|PixelDimensions { xppu, yppu, unit }| match unit {
        png::Unit::Meter => {
            Resolution { pixels: [xppu, yppu].map(|pixels| f64::from(pixels) / 100.0), unit: Unit::Centimetre }
        }
        png::Unit::Unspecified => Resolution { pixels: [xppu, yppu].map(f64::from), unit: Unit::Unknown },
    });
    let mut unread = Vec::new();
    if info.icc_profile.is_none() && chunks.count(b"iCCP") > 0 {
        // The crate leaves out what it can't unpack.
        unread.push(format!("colour profile, which is corrupt or has more than {MAX_ANCILLARY} bytes"));
    }
    if info.color_type == ColorType::Indexed {
        unread.push(PALETTE_LOST.to_string());
    }
    unread.extend(chunks.lost());
    let is_few = info.color_type != ColorType::Indexed && (info.bit_depth as u8) < 8;
    let mut metadata = Metadata {
        icc: bytes(&info.icc_profile),
        exif: bytes(&info.exif_metadata),
        resolution,
        unread,
        bits: is_few.then_some(info.bit_depth as u8),
        ..Metadata::default()
    };
    texts::read(info, &chunks, MAX_ANCILLARY, &mut metadata);
    metadata.header = (!chunks.kept.is_empty()).then_some(Header::Png(chunks.kept));
    metadata
}
