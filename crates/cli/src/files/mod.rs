//! Image and array files, by extension.

mod npy;
mod picture;
mod tiff;

use std::io::{self, Read, Seek, Write};
use std::path::Path;

use hoodoo::{AnyArray, DType};

use crate::failure::Failure;
use crate::image::{Image, Layout};

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One array of any shape.
    Npy,
    /// A picture of 8 or 16 bit.
    Png,
    /// A picture of 8 or 16 bit, or of f32.
    Tiff,
    /// A picture of 8 bit, nearly as it was.
    Jpeg,
}

/// Whether `path` stands for standard input or output, which are .npy.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl Format {
    /// The format that `path` has by its extension.
    pub fn of(path: &Path) -> Result<Format, String> {
        if is_standard(path) {
            return Ok(Format::Npy);
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        match extension.as_str() {
            "npy" => Ok(Format::Npy),
            "png" => Ok(Format::Png),
            "tif" | "tiff" => Ok(Format::Tiff),
            "jpg" | "jpeg" => Ok(Format::Jpeg),
            _ => Err(format!(
                "{}: unknown file type; the types are .npy, .png, .tif, .tiff, .jpg and .jpeg",
                path.display()
            )),
        }
    }

    /// The name, the element types that a file can hold, and the greatest width and height.
    fn capacity(self) -> (&'static str, &'static [DType], usize) {
        match self {
            Format::Npy => ("npy", &DType::ALL, usize::MAX),
            Format::Png => ("PNG", &[DType::Bool, DType::U8, DType::U16], i32::MAX as usize),
            Format::Tiff => ("TIFF", &[DType::Bool, DType::U8, DType::U16, DType::F32], u32::MAX as usize),
            Format::Jpeg => ("JPEG", &[DType::U8], u16::MAX as usize),
        }
    }

    /// Checks that a file can hold such an image.
    pub fn check(self, dtype: DType, layout: &Layout) -> Result<(), String> {
        let (name, types, longest) = self.capacity();
        if self == Format::Npy {
            return Ok(());
        }
        if !types.contains(&dtype) {
            // The type that keeps most of any value.
            let best = if types.contains(&DType::F32) { DType::F32 } else { DType::U8 };
            let types: Vec<&str> = types.iter().map(|dtype| dtype.as_str()).collect();
            return Err(format!(
                "a {name} file can't hold {dtype}, only {}; add --dtype {best}, or write an .npy file",
                types.join(", ")
            ));
        }
        let Some((height, width)) = layout.picture() else {
            return Err(format!(
                "a {name} file can't hold an array of {} axes, only pictures; write an .npy file",
                layout.shape.len()
            ));
        };
        if !(1..=longest).contains(&height) || !(1..=longest).contains(&width) {
            return Err(format!(
                "a {name} file can't hold {height} x {width} pixels, only 1 to {longest} each way; write an .npy file"
            ));
        }
        if self == Format::Jpeg && layout.channels.is_some_and(|channels| channels.alpha) {
            return Err("a JPEG file can't hold the alpha channel; write a .png or .tif file".to_string());
        }
        Ok(())
    }
}

/// Reads the image in the file at `path`.
pub fn read(path: &Path) -> Result<Image, Failure> {
    if is_standard(path) {
        return read_standard_input().map(Image::plain);
    }
    let image = match Format::of(path).map_err(Failure::Usage)? {
        Format::Npy => npy::read(path).map(Image::plain),
        Format::Png => picture::read_png(path),
        Format::Jpeg => picture::read_jpeg(path),
        Format::Tiff => tiff::read(path),
    };
    image.map_err(|message| Failure::at(path, message))
}

/// Reads the array in the .npy file at `path`.
pub fn read_array(path: &Path) -> Result<AnyArray, Failure> {
    npy::read(path).map_err(|message| Failure::at(path, message))
}

fn read_standard_input() -> Result<AnyArray, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes).map_err(|error| error.to_string());
    read.and_then(|_| npy::read_bytes(&bytes)).map_err(|message| Failure::Run(format!("standard input: {message}")))
}

/// Writes an image that passed [`Format::check`].
pub fn write(format: Format, image: &Image, writer: &mut (impl Write + Seek)) -> Result<(), String> {
    match format {
        Format::Npy => npy::write(&image.array, writer),
        Format::Png => picture::write_png(image, writer),
        Format::Jpeg => picture::write_jpeg(image, writer),
        Format::Tiff => tiff::write(image, writer),
    }
}
