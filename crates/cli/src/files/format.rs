//! The file formats: how they are known, and what each can hold.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use hoodoo::DType;

use super::{nifti, y4m};
use crate::image::Layout;
use crate::image::metadata::Carried;
use crate::printable::shown;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One array of any shape.
    Npy,
    /// One array whose type and shape the user says.
    Raw,
    /// Several arrays by name.
    Npz,
    /// A picture of 8 or 16 bit.
    Png,
    /// Pictures of any element type.
    Tiff,
    /// A picture of 8 bit, nearly as it was.
    Jpeg,
    /// A picture of 8 bit.
    WebP,
    /// A picture of 8 bit, without any more.
    Bmp,
    /// A picture of 8 or 16 bit, without any more.
    Pnm,
    /// A picture of black and white.
    Pbm,
    /// A picture of 8 or 16 bit, perhaps with opacity.
    Pam,
    /// A picture of 8 bit in colour.
    Qoi,
    /// A picture of 8 bit.
    Tga,
    /// A picture of light: three floats with one exponent.
    Hdr,
    /// Pictures of light with named channels.
    Exr,
    /// Video, which is filtered as it comes.
    Y4m,
    /// Volumes.
    Nifti,
    /// The same, compressed.
    NiftiGz,
    /// Arrays of astronomy.
    Fits,
    /// The same, compressed.
    FitsGz,
}

/// As many first bytes as it takes to know a format.
pub const MAGIC: u64 = 512;

/// How compressed files begin.
const GZIP: &[u8] = b"\x1f\x8b";

/// The name of a file without its extension, and the extension, which may be a double one: `brain` and `nii.gz`.
pub fn parts_of_name(path: &Path) -> (OsString, OsString) {
    let (stem, extension) = (path.file_stem().unwrap_or_default(), path.extension().unwrap_or_default());
    let inner = Path::new(stem);
    match inner.extension() {
        Some(kind) if extension.eq_ignore_ascii_case("gz") => {
            let mut both = kind.to_os_string();
            both.push(".");
            both.push(extension);
            (inner.file_stem().unwrap_or_default().to_os_string(), both)
        }
        _ => (stem.to_os_string(), extension.to_os_string()),
    }
}

/// Whether `path` stands for standard input or output, which is written as .npy.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What is known of a format.
struct Row {
    name: &'static str,
    extensions: &'static [&'static str],
    /// How its files begin.
    magic: &'static [&'static [u8]],
    types: &'static [DType],
    /// The greatest width and height.
    longest: usize,
    holds: Holds,
    keeps: &'static [Carried],
}

/// What shapes a file can have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Any.
    Arrays,
    /// Pictures of any number of channels, page after page.
    Pages,
    /// One picture of any number of channels.
    Bands,
    /// Pictures that come one after the other.
    Video,
    /// One picture, grey or in colour, with or without opacity.
    Picture,
    /// The same without opacity.
    Opaque,
    /// One grey picture.
    Grey,
    /// One picture in colour, with or without opacity.
    Colour,
    /// One picture in colour, without opacity.
    OpaqueColour,
}

const U8: &[DType] = &[DType::Bool, DType::U8];
/// All but halves.
const NO_HALVES: &[DType] = &[
    DType::Bool,
    DType::I8,
    DType::U8,
    DType::I16,
    DType::U16,
    DType::I32,
    DType::U32,
    DType::I64,
    DType::U64,
    DType::F32,
    DType::F64,
];
const TIFF_KEEPS: &[Carried] = &[
    Carried::Profile,
    Carried::Exif,
    Carried::Xmp,
    Carried::Resolution,
    Carried::Nodata,
    Carried::Mask,
    Carried::Georeference,
    Carried::Texts,
    Carried::WhiteIsZero,
    Carried::Tags,
];
const U8_U16: &[DType] = &[DType::Bool, DType::U8, DType::U16];
/// A row of the table.
fn row(
    name: &'static str,
    extensions: &'static [&'static str],
    magic: &'static [&'static [u8]],
    types: &'static [DType],
    longest: usize,
    holds: Holds,
    keeps: &'static [Carried],
) -> Row {
    Row { name, extensions, magic, types, longest, holds, keeps }
}

impl Format {
    /// All formats, those that people know best first.
    const ALL: [Format; 20] = [
        Format::Npy,
        Format::Raw,
        Format::Npz,
        Format::Png,
        Format::Tiff,
        Format::Jpeg,
        Format::WebP,
        Format::Bmp,
        Format::Pnm,
        Format::Pbm,
        Format::Pam,
        Format::Qoi,
        Format::Tga,
        Format::Hdr,
        Format::Exr,
        Format::Y4m,
        Format::Nifti,
        Format::NiftiGz,
        Format::Fits,
        Format::FitsGz,
    ];

    fn row(self) -> Row {
        use Carried::{Exif, Profile, Resolution, Texts, Xmp};
        match self {
            Format::Npy => row("npy", &["npy"], &[b"\x93NUMPY"], &DType::ALL, usize::MAX, Holds::Arrays, &[]),
            Format::Raw => row("raw", &["raw"], &[], &DType::ALL, usize::MAX, Holds::Arrays, &[]),
            Format::Npz => {
                let magic: &[&[u8]] = &[b"PK\x03\x04", b"PK\x05\x06"];
                row("npz", &["npz"], magic, &DType::ALL, usize::MAX, Holds::Arrays, &[Carried::Arrays])
            }
            Format::Y4m => {
                let types: &[DType] = &[DType::U8, DType::U16];
                row("y4m", &["y4m"], &[y4m::MAGIC], types, usize::MAX, Holds::Video, &[])
            }
            Format::Nifti | Format::NiftiGz => {
                let extensions: &[&str] = if self == Format::Nifti { &["nii"] } else { &["nii.gz"] };
                row("NIfTI", extensions, &[], NO_HALVES, usize::MAX, Holds::Arrays, &[Carried::Nifti])
            }
            Format::Fits | Format::FitsGz => {
                let extensions: &[&str] =
                    if self == Format::Fits { &["fits", "fit", "fts"] } else { &["fits.gz", "fit.gz", "fts.gz"] };
                let keeps: &[Carried] = &[Carried::Fits, Carried::Nodata];
                row("FITS", extensions, &[], NO_HALVES, usize::MAX, Holds::Arrays, keeps)
            }
            Format::Png => {
                let keeps: &[Carried] = &[Profile, Exif, Xmp, Resolution, Texts, Carried::Png];
                row("PNG", &["png"], &[b"\x89PNG\r\n\x1a\n"], U8_U16, i32::MAX as usize, Holds::Picture, keeps)
            }
            Format::Tiff => {
                let magic: &[&[u8]] = &[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];
                row("TIFF", &["tif", "tiff"], magic, &DType::ALL, u32::MAX as usize, Holds::Pages, TIFF_KEEPS)
            }
            Format::Jpeg => {
                let keeps: &[Carried] = &[Profile, Exif, Resolution];
                row("JPEG", &["jpg", "jpeg"], &[b"\xff\xd8\xff"], &[DType::U8], u16::MAX as usize, Holds::Opaque, keeps)
            }
            Format::WebP => row("WebP", &["webp"], &[b"RIFF"], U8, 1 << 14, Holds::Picture, &[Profile, Exif]),
            Format::Bmp => row("BMP", &["bmp"], &[b"BM"], U8, i32::MAX as usize, Holds::Opaque, &[]),
            Format::Pnm => {
                let magic: &[&[u8]] = &[b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"P7"];
                row("PNM", &["pnm", "pgm", "ppm"], magic, U8_U16, i32::MAX as usize, Holds::Opaque, &[])
            }
            Format::Pbm => row("PBM", &["pbm"], &[], U8, i32::MAX as usize, Holds::Grey, &[Carried::Bits]),
            Format::Pam => row("PAM", &["pam"], &[], U8_U16, i32::MAX as usize, Holds::Picture, &[]),
            Format::Qoi => row("QOI", &["qoi"], &[b"qoif"], U8, i32::MAX as usize, Holds::Colour, &[]),
            Format::Tga => row("TGA", &["tga"], &[], U8, u16::MAX as usize, Holds::Picture, &[]),
            Format::Hdr => {
                let magic: &[&[u8]] = &[b"#?RADIANCE", b"#?RGBE"];
                row("HDR", &["hdr"], magic, &[DType::F32], i32::MAX as usize, Holds::OpaqueColour, &[])
            }
            Format::Exr => {
                let types: &[DType] = &[DType::F16, DType::U32, DType::F32];
                row("EXR", &["exr"], &[b"v/1\x01"], types, i32::MAX as usize, Holds::Bands, &[Carried::Exr])
            }
        }
    }

    /// Its name, as messages have it.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The extensions that are known, for messages.
    pub fn names() -> String {
        let mut names: Vec<String> = Format::ALL
            .iter()
            .flat_map(|format| format.row().extensions)
            .map(|extension| format!(".{extension}"))
            .collect();
        let last = names.pop().unwrap_or_default();
        format!("{} and {last}", names.join(", "))
    }

    /// The format that `path` has by its extension; standard output and pipes without one are .npy.
    pub fn of(path: &Path) -> Result<Format, String> {
        if is_standard(path) {
            return Ok(Format::Npy);
        }
        let (_, extension) = parts_of_name(path);
        let extension = extension.to_string_lossy().to_ascii_lowercase();
        let known = Format::ALL.into_iter().find(|format| format.row().extensions.contains(&extension.as_str()));
        match known {
            Some(format) => Ok(format),
            // A pipe, as shells make them of `<(...)`, is known by its first bytes, and written as standard output is.
            None if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) => Ok(Format::Npy),
            None => Err(format!("{}: unknown file type; the types are {}", shown(path), Format::names())),
        }
    }

    /// What is wrong with what begins as a file of no format does.
    pub fn unknown() -> String {
        format!("does not begin as a file of a type that can be read; the types are {}", Format::names())
    }

    /// The format of a file that begins so.
    pub fn of_bytes(start: &[u8]) -> Option<Format> {
        if start.starts_with(GZIP) {
            // As much as there is of it.
            let mut inside = Vec::new();
            let _ = MultiGzDecoder::new(start).take(MAGIC).read_to_end(&mut inside);
            return match Format::of_bytes(&inside) {
                Some(Format::Nifti) => Some(Format::NiftiGz),
                Some(Format::Fits) => Some(Format::FitsGz),
                _ => None,
            };
        }
        if nifti::begins(start) {
            return Some(Format::Nifti);
        }
        if start.starts_with(b"SIMPLE  =") {
            return Some(Format::Fits);
        }
        Format::ALL.into_iter().find(|format| {
            let begins = format.row().magic.iter().any(|magic| start.starts_with(magic));
            // Other files begin with RIFF, too.
            begins && (*format != Format::WebP || start.get(8..12) == Some(b"WEBP"))
        })
    }

    /// Checks that a file of the format may have the page that is asked for.
    pub fn check_page(self, page: Option<usize>) -> Result<(), String> {
        match page {
            Some(page) if page > 0 && !self.has_pages() => Err(format!("--page: there is no page {page}; it has one")),
            _ => Ok(()),
        }
    }

    /// Whether files may have several pages, images or layers, of which one is asked for by its number.
    pub fn has_pages(self) -> bool {
        matches!(self, Format::Tiff | Format::Fits | Format::FitsGz | Format::Exr)
    }

    /// Whether pictures may have any number of bands.
    pub fn has_bands(self) -> bool {
        matches!(self.row().holds, Holds::Pages | Holds::Bands)
    }

    /// Whether a part of a file is asked for by its name.
    pub fn has_names(self) -> bool {
        matches!(self, Format::Npz | Format::Exr)
    }

    /// Whether files have several arrays.
    pub fn is_archive(self) -> bool {
        self == Format::Npz
    }

    /// Whether files have arrays of any shape, of which none is a picture.
    pub fn is_array(self) -> bool {
        self.row().holds == Holds::Arrays
    }

    /// Whether files carry a thing of this sort.
    pub fn keeps(self, carried: Carried) -> bool {
        self.row().keeps.contains(&carried)
    }

    /// Whether files can have elements of this type.
    pub fn holds(self, dtype: DType) -> bool {
        self.row().types.contains(&dtype)
    }

    /// Checks that a file can hold such an image.
    pub fn check(self, dtype: DType, layout: &Layout) -> Result<(), String> {
        let Row { name, types, longest, holds, .. } = self.row();
        if !types.contains(&dtype) {
            // The type that keeps most of any value.
            let best = if types.contains(&DType::F32) { DType::F32 } else { DType::U8 };
            let shown = if best == DType::U8 { ", --shown auto to see its values as greys" } else { "" };
            let types: Vec<&str> = types.iter().map(|dtype| dtype.as_str()).collect();
            return Err(format!(
                "a {name} file can't hold {dtype}, only {}; add --dtype {best}{shown}, or write an .npy file",
                types.join(", ")
            ));
        }
        if holds == Holds::Arrays {
            let axes = layout.shape.len();
            let many = matches!(self, Format::Nifti | Format::NiftiGz) && axes > nifti::MAX_AXES;
            if many {
                return Err(format!("a {name} file can't hold an array of {axes} axes"));
            }
            // To others, and to their readers, such an axis is a mistake, or says that there is no image.
            let others = matches!(self, Format::Nifti | Format::NiftiGz | Format::Fits | Format::FitsGz);
            if others && layout.shape.contains(&0) {
                return Err(format!("a {name} file can't hold an array without elements; write an .npy file"));
            }
            if matches!(self, Format::Fits | Format::FitsGz) && layout.shape.is_empty() {
                return Err(format!("a {name} file can't hold a single value without axes; write an .npy file"));
            }
            return Ok(());
        }
        if holds == Holds::Video {
            return Err(format!("a {name} file is written of a video only; write an .npy file"));
        }
        let pictures = if holds == Holds::Pages { layout.pictures() } else { layout.picture().map(|(y, x)| (1, y, x)) };
        let Some((count, height, width)) = pictures else {
            return Err(match layout.pages() {
                1 => {
                    let axes = layout.shape.len();
                    format!("a {name} file can't hold an array of {axes} axes, only pictures; write an .npy file")
                }
                pages => {
                    format!("a {name} file can't hold {pages} pages; write a .tif file, or choose one by --page N")
                }
            });
        };
        if count == 0 {
            return Err(format!("a {name} file can't hold 0 pages; write an .npy file"));
        }
        if !(1..=longest).contains(&height) || !(1..=longest).contains(&width) {
            return Err(format!(
                "a {name} file can't hold {height} x {width} pixels, only 1 to {longest} each way; write an .npy file"
            ));
        }
        holds.check(layout).map_err(|what| format!("a {name} file can't hold {what}; write a .png or .tif file"))
    }
}

impl Holds {
    /// Checks the channels; says what they are if they don't fit.
    fn check(self, layout: &Layout) -> Result<(), String> {
        let Some(channels) = layout.channels else {
            let colour = matches!(self, Holds::Colour | Holds::OpaqueColour);
            return if colour { Err("a grey picture".to_string()) } else { Ok(()) };
        };
        if matches!(self, Holds::Pages | Holds::Bands) {
            return Ok(());
        }
        if !matches!(channels.colours, 1 | 3) {
            return Err(format!("{} bands", channels.colours));
        }
        if channels.colours == 3 && self == Holds::Grey {
            return Err("colours".to_string());
        }
        if channels.alpha && matches!(self, Holds::Opaque | Holds::OpaqueColour | Holds::Grey) {
            return Err("the alpha channel".to_string());
        }
        if channels.colours == 1 && matches!(self, Holds::Colour | Holds::OpaqueColour) {
            return Err("a grey picture".to_string());
        }
        Ok(())
    }
}
