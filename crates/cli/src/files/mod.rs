//! Image and array files.

mod format;
mod jpeg;
mod kept;
mod npy;
mod options;
mod orientation;
mod png;
mod raster;
mod source;
mod tiff;

use std::io::{Seek, Write};
use std::path::Path;

use hoodoo::AnyArray;

pub use self::format::{Format, is_standard};
pub use self::kept::{keep, set_nodata};
pub use self::options::{MAX_PIXELS, ReadOptions};
use self::source::Source;
use crate::failure::Failure;
use crate::image::Image;

/// Reads the image in the file at `path`, or what comes through standard input.
pub fn read(path: &Path, options: &ReadOptions) -> Result<Image, Failure> {
    let format = Format::of(path).map_err(Failure::Usage)?;
    let image = Source::open(path).and_then(|mut source| {
        // What comes through a pipe is known by how it begins.
        let format = match source.is_stream {
            true => Format::of_bytes(&source.start()?).unwrap_or(format),
            false => format,
        };
        read_source(format, source, options)
    });
    image.map_err(|message| match is_standard(path) {
        true => Failure::Run(format!("standard input: {message}")),
        false => Failure::at(path, message),
    })
}

fn read_source(format: Format, source: Source, options: &ReadOptions) -> Result<Image, String> {
    match format {
        Format::Npy => npy::read(source.reader, source.length).map(Image::plain),
        Format::Png => png::read(source, options),
        Format::Tiff => tiff::read(source.reader, source.length, options),
        other => raster::read(other, source, options),
    }
}

/// Reads the array in the .npy file at `path`.
pub fn read_array(path: &Path) -> Result<AnyArray, Failure> {
    let array = Source::open(path).and_then(|source| npy::read(source.reader, source.length));
    array.map_err(|message| Failure::at(path, message))
}

/// Writes an image that passed [`Format::check`].
pub fn write(format: Format, image: &Image, writer: &mut (impl Write + Seek)) -> Result<(), String> {
    match format {
        Format::Npy => npy::write(&image.array, writer),
        Format::Png => png::write(image, writer),
        Format::Tiff => tiff::write(image, writer),
        other => raster::write(other, image, writer),
    }
}
