//! Archives of arrays, NumPy's .npz files: one array is filtered, and the others stay.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use hoodoo::AnyArray;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::npy;
use super::options::ReadOptions;
use crate::image::Image;
use crate::image::header::{Archive, Header};

/// What the names of arrays end with, as files of the archive.
const EXTENSION: &str = ".npy";

/// What NumPy calls an array without a name.
const FIRST: &str = "arr_0";

/// Reads the array that is asked for, or the only one.
pub fn read(reader: impl Read + Seek, options: &ReadOptions) -> Result<Image, String> {
    let corrupt = |error: zip::result::ZipError| format!("truncated or corrupt .npz file: {error}");
    let mut archive = ZipArchive::new(reader).map_err(corrupt)?;
    let (mut members, mut compressed) = (Vec::new(), false);
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(corrupt)?;
        compressed |= member.compression() != CompressionMethod::Stored;
        let name = member.name().map_err(corrupt)?.into_owned();
        let size = member.size();
        let bytes =
            contents(&mut member, size, options).map_err(|message| format!("{}: {message}", name.escape_debug()))?;
        members.push((name, bytes));
    }
    let arrays: Vec<&str> = members.iter().filter_map(|(name, _)| name.strip_suffix(EXTENSION)).collect();
    let name = chosen(&arrays, options)?.to_string();
    let file = format!("{name}{EXTENSION}");
    let place = members.iter().position(|(name, _)| *name == file).ok_or("has no such array")?;
    let (_, bytes) = members.remove(place);
    let length = bytes.len() as u64;
    let array =
        npy::read(Cursor::new(bytes), length).map_err(|message| format!("{}: {message}", name.escape_debug()))?;
    let mut image = Image::plain(array);
    image.metadata.header = Some(Header::Archive(Archive { name, others: members, compressed }));
    Ok(image)
}

/// The name of the array that is asked for.
fn chosen<'a>(arrays: &[&'a str], options: &ReadOptions) -> Result<&'a str, String> {
    let names = || arrays.iter().map(|name| name.escape_debug().to_string()).collect::<Vec<_>>().join(", ");
    match (&options.array, arrays) {
        (_, []) => Err("has no arrays".to_string()),
        (None, [only]) => Ok(only),
        (None, _) => Err(format!("has several arrays ({}); choose one by FILE.npz#NAME", names())),
        (Some(name), _) => {
            let found = arrays.iter().find(|array| *array == name);
            found.copied().ok_or_else(|| format!("has no array {}; it has {}", name.escape_debug(), names()))
        }
    }
}

/// The bytes of a file in the archive, which says that it has so many.
fn contents(member: &mut impl Read, size: u64, options: &ReadOptions) -> Result<Vec<u8>, String> {
    /// An array's elements have at most so many bytes.
    const WIDEST: u64 = 8;
    /// What an array has besides.
    const HEADER: u64 = 1 << 16;
    if size > options.max_pixels.saturating_mul(WIDEST).saturating_add(HEADER) {
        return Err(format!("has {size} bytes, more than --max-pixels {} allows", options.max_pixels));
    }
    let mut bytes = Vec::new();
    let room = usize::try_from(size).map(|size| bytes.try_reserve_exact(size).is_ok());
    if room != Ok(true) {
        return Err(format!("there is no memory for its {size} bytes"));
    }
    // One that says less than it has is cut off, and then it is no array.
    member.take(size).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Writes the image and the arrays that belong to it.
pub fn write(image: &Image, writer: &mut (impl Write + Seek)) -> Result<(), String> {
    let plain = Archive { name: FIRST.to_string(), others: Vec::new(), compressed: false };
    let archive = match &image.metadata.header {
        Some(Header::Archive(archive)) => archive,
        _ => &plain,
    };
    let method = if archive.compressed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    let options = |bytes: usize| {
        // Larger files need other headers.
        SimpleFileOptions::default().compression_method(method).large_file(u32::try_from(bytes).is_err())
    };
    let problem = |error: zip::result::ZipError| error.to_string();
    let mut zip = ZipWriter::new(FailsOnce { writer, failed_at: None, at: 0 });
    let bytes = image.array.shape().iter().product::<usize>() * image.dtype().bytes();
    zip.start_file(format!("{}{EXTENSION}", archive.name), options(bytes + (1 << 16))).map_err(problem)?;
    npy::write(&image.array, &mut zip)?;
    for (name, bytes) in &archive.others {
        zip.start_file(name.as_str(), options(bytes.len())).map_err(problem)?;
        zip.write_all(bytes).map_err(|error| error.to_string())?;
    }
    zip.finish().map(|_| ()).map_err(problem)
}

/// A writer that fails once. An archive that is given up is finished nevertheless, and prints what is wrong with that: the user is told
/// the first failure.
struct FailsOnce<W> {
    writer: W,
    /// Where the next byte would go, once it has failed.
    failed_at: Option<u64>,
    at: u64,
}

impl<W: Write> Write for FailsOnce<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self.failed_at {
            Some(_) => bytes.len(),
            None => self.writer.write(bytes).inspect_err(|_| self.failed_at = Some(self.at))?,
        };
        self.at += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.failed_at {
            Some(_) => Ok(()),
            None => self.writer.flush().inspect_err(|_| self.failed_at = Some(self.at)),
        }
    }
}

impl<W: Seek> Seek for FailsOnce<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match (self.failed_at, to) {
            (None, to) => self.writer.seek(to).inspect_err(|_| self.failed_at = Some(self.at))?,
            (Some(_), SeekFrom::Start(at)) => at,
            (Some(_), SeekFrom::Current(by)) => self.at.saturating_add_signed(by),
            (Some(end), SeekFrom::End(by)) => end.max(self.at).saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

/// The images as the arrays of one archive, under these names; those that an input's archive has besides stay.
pub fn joined(images: Vec<Image>, names: &[String]) -> Result<Image, String> {
    let mut named = images.into_iter().zip(names);
    let (mut first, name) = named.next().ok_or("there is no output")?;
    let kept = match first.metadata.header.take() {
        Some(Header::Archive(archive)) => Some(archive),
        _ => None,
    };
    let compressed = kept.as_ref().is_some_and(|archive| archive.compressed);
    let mut others = Vec::new();
    for (image, name) in named {
        others.push((format!("{name}{EXTENSION}"), bytes(&image.array)?));
    }
    let kept = kept.into_iter().flat_map(|archive| archive.others);
    let replaced = |file: &String| names.iter().any(|name| *file == format!("{name}{EXTENSION}"));
    others.extend(kept.filter(|(file, _)| !replaced(file)));
    first.metadata.header = Some(Header::Archive(Archive { name: name.clone(), others, compressed }));
    Ok(first)
}

fn bytes(array: &AnyArray) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    npy::write(array, &mut bytes)?;
    Ok(bytes)
}
