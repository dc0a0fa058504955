//! Files that are read row after row, along the first axis: what is in memory is what was asked for last.
//!
//! A row is all elements with one index along the first axis; of a video, a picture with its planes, and of volumes that are filtered on
//! their own and whose slices take turns in the file, a slice of each.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Stdin};
use std::path::Path;

use hoodoo::{AnyArray, DType};

use super::format::{Format, is_standard};
use super::options::ReadOptions;
use super::sequence::{fill, swap};
use super::source::about;
use super::tiff::{self, with_bytes_mut};
use super::{npy, png, y4m};
use crate::failure::{Failure, tell};
use crate::image::{Image, Metadata};

/// What is known of a file's rows before they come.
#[derive(Clone, Debug)]
pub struct Outline {
    /// The type of the elements as they are read.
    pub dtype: DType,
    /// How many arrays there are, one after the other, whose rows are filtered on their own.
    pub pages: usize,
    /// The lengths of the axes along which such arrays are counted, all planes included; none for a single one.
    pub stack: Vec<usize>,
    /// How many rows each has, if that is known before the end.
    pub rows: Option<usize>,
    /// The shape of a row of each plane: one, except in videos, and where the pages of several volumes take turns.
    pub planes: Vec<Vec<usize>>,
}

impl Outline {
    fn of_array(shape: &[usize], dtype: DType, rows: Option<usize>) -> Outline {
        Outline { dtype, pages: 1, stack: Vec::new(), rows, planes: vec![shape.to_vec()] }
    }

    /// How many elements a row has, in all planes.
    pub fn row_len(&self) -> usize {
        self.planes.iter().map(|plane| plane.iter().product::<usize>()).sum()
    }
}

/// A file that is read row after row.
pub trait Rows: Send {
    /// What is known of it.
    fn outline(&self) -> &Outline;

    /// Reads the next rows of a page to the array of each plane, from this row of the array on to its end; how many there were, which
    /// is fewer only at the end.
    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, String>;

    /// Has this row of this page be the next one.
    ///
    /// # Errors
    ///
    /// If rows come one after the other only, as through a pipe.
    fn go_to(&mut self, page: usize, row: usize) -> Result<(), String> {
        let _ = (page, row);
        Err(ONE_WAY.to_string())
    }

    /// The image that an array of rows is.
    fn image(&self, array: AnyArray) -> Result<Image, String> {
        Ok(Image::plain(array))
    }

    /// What the file says besides.
    fn metadata(&self) -> Metadata {
        Metadata::default()
    }

    /// The line that a video begins with.
    fn line(&self) -> Option<&[u8]> {
        None
    }
}

/// Why what needs rows out of their order can't be done.
pub const ONE_WAY: &str = "--stream: mode wrap needs the last rows before the first ones, and here rows come one after the other; \
                           give a .npy, .raw, .tif or .png file, or choose another --mode for the first axis";

/// Bytes one after the other, those of files from any place on.
trait Bytes: BufRead + Send {
    /// Has the byte at this place be the next one.
    fn go_to(&mut self, place: u64) -> io::Result<()>;
}

impl Bytes for BufReader<File> {
    fn go_to(&mut self, place: u64) -> io::Result<()> {
        self.seek(SeekFrom::Start(place)).map(drop)
    }
}

impl Bytes for BufReader<Stdin> {
    fn go_to(&mut self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::NotSeekable.into())
    }
}

/// The file at `path`, or what comes through standard input, to be read row after row.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn Rows>, Failure> {
    open_unnamed(path, options).map_err(|message| about(path, &message))
}

fn open_unnamed(path: &Path, options: &ReadOptions) -> Result<Box<dyn Rows>, String> {
    if !is_standard(path) {
        Format::of(path)?.check_page(options.page)?;
    }
    let (mut reader, length): (Box<dyn Bytes>, Option<u64>) = if is_standard(path) {
        (Box::new(BufReader::new(io::stdin())), None)
    } else {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let metadata = file.metadata().map_err(|error| error.to_string())?;
        if metadata.is_dir() {
            return Err("is a directory".to_string());
        }
        let length = metadata.is_file().then_some(metadata.len());
        if let (Some(length), Ok(Format::Tiff)) = (length, Format::of(path)) {
            return Ok(Box::new(tiff::PageRows::open(BufReader::new(file), length, options)?));
        }
        if let (Some(length), Ok(Format::Png)) = (length, Format::of(path)) {
            return Ok(Box::new(png::PictureRows::open(path, length, options)?));
        }
        (Box::new(BufReader::new(file)), length)
    };
    let format = match length {
        Some(_) => Format::of(path)?,
        None if options.raw.is_some() => Format::Raw,
        None => match reader.fill_buf().map_err(|error| error.to_string())? {
            [] => return Err("has no bytes".to_string()),
            start => Format::of_bytes(start).ok_or_else(Format::unknown)?,
        },
    };
    match format {
        Format::Npy => {
            let (shape, dtype, big_endian) = npy::begin_rows(&mut reader, length)?;
            let outline = Outline::of_array(&shape[1..], dtype, Some(shape[0]));
            Ok(Box::new(ArrayRows::new(reader, outline, big_endian, length)))
        }
        Format::Raw => {
            let raw = options.raw.as_ref().ok_or("--raw: say the element type and the shape of raw files")?;
            let rows = raw.rows(length)?;
            let outline = Outline::of_array(&raw.row, raw.dtype, rows);
            Ok(Box::new(ArrayRows::new(reader, outline, raw.big_endian, length)))
        }
        Format::Y4m => Ok(Box::new(VideoRows::new(reader)?)),
        Format::Tiff | Format::Png => {
            let name = format.name();
            Err(format!(
                "--stream: a {name} picture that comes through a pipe has to be read as a whole; give its file"
            ))
        }
        other => {
            let name = other.name();
            Err(format!("--stream: a {name} file is read as a whole; .npy, .tif, .png, .raw and .y4m are not"))
        }
    }
}

/// Where pixels of the pages of a TIFF file have values, as the masks say that come with them: 0 is where not. None if there are no masks.
pub fn open_masks(path: &Path, options: &ReadOptions) -> Result<Option<Box<dyn Rows>>, Failure> {
    if is_standard(path) || !path.is_file() || Format::of(path) != Ok(Format::Tiff) {
        return Ok(None);
    }
    let opened = File::open(path).map_err(|error| error.to_string()).and_then(|file| {
        let length = file.metadata().map_err(|error| error.to_string())?.len();
        tiff::PageRows::open_masks(BufReader::new(file), length, options)
    });
    let masks = opened.map_err(|message| about(path, &message))?;
    Ok(masks.map(|masks| -> Box<dyn Rows> { Box::new(masks) }))
}

/// The rows of an array whose elements follow each other.
struct ArrayRows {
    reader: Box<dyn Bytes>,
    outline: Outline,
    big_endian: bool,
    /// How many rows are still to come, if that is known.
    left: Option<usize>,
    /// Where in the file the first one begins, if it is one that can be read at any place.
    start: Option<u64>,
}

impl ArrayRows {
    /// The rows that the reader gives next; the last ones of a file of so many bytes, if it is one.
    fn new(reader: Box<dyn Bytes>, outline: Outline, big_endian: bool, length: Option<u64>) -> ArrayRows {
        let bytes = |rows: usize| (rows * outline.row_len() * outline.dtype.bytes()) as u64;
        let start = length.zip(outline.rows).and_then(|(length, rows)| length.checked_sub(bytes(rows)));
        ArrayRows { reader, big_endian, left: outline.rows, start, outline }
    }
}

impl Rows for ArrayRows {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, String> {
        let [array] = arrays else { return Err("an array has one plane".to_string()) };
        let wanted = (array.shape()[0] - first).min(self.left.unwrap_or(usize::MAX));
        let row = self.outline.row_len() * self.outline.dtype.bytes();
        let (reader, sample) = (&mut self.reader, self.outline.dtype.bytes());
        let read: Option<Result<usize, String>> = with_bytes_mut(array, |bytes| {
            let bytes = &mut bytes[first * row..(first + wanted) * row];
            let found = fill(reader, bytes)?;
            if self.big_endian != cfg!(target_endian = "big") {
                swap(bytes, sample);
            }
            Ok(found)
        });
        let found = read.ok_or("has no standard layout")??;
        if let Some(left) = &mut self.left {
            if found < wanted * row {
                return Err(format!("truncated: {} bytes of its elements are missing", *left * row - found));
            }
            *left -= wanted;
            return Ok(wanted);
        }
        match found.checked_rem(row) {
            None | Some(0) => Ok(found / row.max(1)),
            Some(_) => Err("truncated in a row".to_string()),
        }
    }

    fn go_to(&mut self, _: usize, row: usize) -> Result<(), String> {
        let (Some(start), Some(rows)) = (self.start, self.outline.rows) else { return Err(ONE_WAY.to_string()) };
        self.left = Some(rows - row);
        let before = row * self.outline.row_len() * self.outline.dtype.bytes();
        self.reader.go_to(start + before as u64).map_err(|error| error.to_string())
    }
}

/// What is lost of a video, in words.
const FRAME_LINES: &str = "what the video says of its pictures in their FRAME lines";

/// The pictures of a video, each with its planes.
struct VideoRows {
    reader: Box<dyn Bytes>,
    header: y4m::Header,
    outline: Outline,
    /// Whether a picture had a line that says more than that it begins.
    says_more: bool,
}

impl VideoRows {
    fn new(mut reader: Box<dyn Bytes>) -> Result<VideoRows, String> {
        let header = y4m::Header::read(&mut reader)?;
        let planes = header.planes.iter().map(|plane| plane.to_vec()).collect();
        let outline = Outline { dtype: header.dtype, pages: 1, stack: Vec::new(), rows: None, planes };
        let says_more = y4m::Header::says_more(&mut reader);
        Ok(VideoRows { reader, header, outline, says_more })
    }
}

impl Rows for VideoRows {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, String> {
        let wanted = arrays.first().map_or(0, |array| array.shape()[0] - first);
        for row in first..first + wanted {
            if !self.says_more && y4m::Header::says_more(&mut self.reader) {
                // It is too late for the list of what is lost.
                tell(format!("warning: not kept: {FRAME_LINES}"));
                self.says_more = true;
            }
            let Some(picture) = self.header.picture(&mut self.reader)? else { return Ok(row - first) };
            let mut rest = picture.as_slice();
            for (array, plane) in arrays.iter_mut().zip(&self.outline.planes) {
                let (own, others) = rest.split_at(plane.iter().product::<usize>() * self.outline.dtype.bytes());
                let copied = with_bytes_mut(array, |bytes| bytes[row * own.len()..][..own.len()].copy_from_slice(own));
                copied.ok_or("has no standard layout")?;
                rest = others;
            }
        }
        Ok(wanted)
    }

    fn metadata(&self) -> Metadata {
        let unread = if self.says_more { vec![FRAME_LINES.to_string()] } else { Vec::new() };
        Metadata { unread, ..Metadata::default() }
    }

    fn line(&self) -> Option<&[u8]> {
        Some(&self.header.line)
    }
}
