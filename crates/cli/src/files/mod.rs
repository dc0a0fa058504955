//! Image and array files.

mod cards;
mod coordinates;
pub mod elements;
mod exr;
mod fits;
mod format;
mod jpeg;
mod kept;
mod nifti;
mod npy;
mod npz;
mod options;
mod orientation;
mod png;
mod pnm;
mod raster;
mod raw;
mod remarks;
mod rows;
mod segments;
mod sequence;
mod source;
mod tiff;
pub mod y4m;

use std::io::{Seek, Write};
use std::path::Path;

use hoodoo::AnyArray;

pub use self::format::{Format, is_standard, parts_of_name};
pub use self::kept::{drop_profile, keep, opacity_lost, set_nodata};
pub use self::npy::write_header as write_npy_header;
pub use self::npz::joined as archive;
pub use self::options::{CodingProgress, MAX_PIXELS, ReadOptions};
pub use self::png::write_rows as write_png_rows;
pub use self::raw::{Raw, write as write_raw};
pub use self::rows::{ONE_WAY, Outline, Rows, open as open_rows, open_masks};
use self::source::Source;
pub use self::source::about;
pub use self::tiff::{revise, with_bytes, with_bytes_mut, write_pages};
use crate::failure::Failure;
use crate::image::Image;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// Reads the image in the file at `path`, or what comes through standard input.
pub fn read(path: &Path, options: &ReadOptions) -> Result<Image, Failure> {
    let format = Format::of(path).map_err(Failure::Usage)?;
    let image = Source::open(path, options).and_then(|mut source| {
        // What comes through a pipe is known by how it begins.
        let format = match source.is_stream {
            true if options.raw.is_some() => Format::Raw,
            true => Format::of_bytes(&source.start()?).unwrap_or(format),
            false => format,
        };
        if format == Format::Hdr && nifti::begins_pair(&source.start()?) {
            return Err(nifti::PAIR.to_string());
        }
        let image = read_source(format, source, options)?;
        format.check_page(options.page).map(|()| image)
    });
    image.map_err(|message| about(path, &message))
}

fn read_source(format: Format, source: Source, options: &ReadOptions) -> Result<Image, String> {
    match format {
        Format::Npy => npy::read(source.reader, source.length).map(Image::plain),
        Format::Raw => {
            let raw = options.raw.as_ref().ok_or("--raw: say the element type and the shape of raw files")?;
            raw.read(source.reader, source.length).map(Image::plain)
        }
        Format::Npz => npz::read(source.reader, options),
        Format::Y4m => Err("is a video, which can only be filtered alone, as it comes".to_string()),
        Format::Nifti => nifti::read(source.reader, options),
        Format::NiftiGz => nifti::read(MultiGzDecoder::new(source.reader), options),
        Format::Fits => fits::read(source.reader, options),
        Format::FitsGz => fits::read(MultiGzDecoder::new(source.reader), options),
        Format::Png => png::read(source, options),
        Format::Exr => exr::read(source, options),
        Format::Tiff => tiff::read(source.reader, source.length, options),
        other => raster::read(other, source, options),
    }
}

/// Reads the array in the .npy file at `path`.
pub fn read_array(path: &Path) -> Result<AnyArray, Failure> {
    let array = Source::open(path, &ReadOptions::default()).and_then(|source| npy::read(source.reader, source.length));
    array.map_err(|message| Failure::at(path, message))
}

/// Writes an image that passed [`Format::check`]. Coders that know how far they are say so.
pub fn write(
    format: Format,
    image: &Image,
    writer: &mut (impl Write + Seek),
    coded: CodingProgress<'_>,
) -> Result<(), String> {
    match format {
        Format::Npy => npy::write(&image.array, writer),
        Format::Raw => raw::write(&image.array, writer),
        Format::Npz => npz::write(image, writer),
        Format::Y4m => Err("is written of videos only".to_string()),
        Format::Nifti => nifti::write(image, writer),
        Format::NiftiGz => compressed(writer, |writer| nifti::write(image, writer)),
        Format::Fits => fits::write(image, writer),
        Format::FitsGz => compressed(writer, |writer| fits::write(image, writer)),
        Format::Png => png::write(image, writer, coded),
        Format::Pbm => pnm::write_bits(image, writer),
        Format::Pnm => pnm::write(image, writer),
        Format::Pam => pnm::write_pam(image, writer),
        Format::Exr => exr::write(image, writer),
        Format::Tiff => tiff::write(image, writer, coded),
        other => raster::write(other, image, writer, coded),
    }
}

/// Compresses what `write` writes.
fn compressed<W: Write>(writer: W, write: impl FnOnce(&mut GzEncoder<W>) -> Result<(), String>) -> Result<(), String> {
    let mut encoder = GzEncoder::new(writer, Compression::default());
    write(&mut encoder)?;
    encoder.finish().map(|_| ()).map_err(|error| error.to_string())
}
