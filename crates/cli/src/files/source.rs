//! Where the bytes of a file come from, and which format their beginning has.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;

use super::format::{Format, MAGIC, is_standard};
use super::options::ReadOptions;
use crate::failure::Failure;
use crate::memory;

/// What readers of formats read.
pub trait ReadSeek: BufRead + Seek {}

impl<T: BufRead + Seek> ReadSeek for T {}

/// The failure to read what `path` stands for.
pub fn about(path: &Path, message: &str) -> Failure {
    match is_standard(path) {
        true => Failure::Run(format!("standard input: {message}")),
        false => Failure::at(path, message),
    }
}

/// The bytes of a file, or those that came through a pipe.
pub struct Source {
    pub reader: Box<dyn ReadSeek>,
    pub length: u64,
    /// Whether they are from a pipe, whose format is known by its first bytes only.
    pub is_stream: bool,
}

impl Source {
    /// The bytes at `path`; those of a pipe or of standard input are read at once. They may be of any kind where elements without a
    /// header are expected.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Source, String> {
        if is_standard(path) {
            return Source::stream(io::stdin().lock(), options);
        }
        let file = File::open(path).map_err(|error| error.to_string())?;
        let metadata = file.metadata().map_err(|error| error.to_string())?;
        if metadata.is_dir() {
            return Err("is a directory".to_string());
        }
        if !metadata.is_file() {
            return Source::stream(file, options);
        }
        Ok(Source { reader: Box::new(BufReader::new(file)), length: metadata.len(), is_stream: false })
    }

    /// The bytes of a stream, if it begins as a file of some format does. One that does not, such as /dev/zero, may have no
    /// end; and so may one that does, for which there is a limit.
    fn stream(mut stream: impl Read, options: &ReadOptions) -> Result<Source, String> {
        let mut bytes = Vec::new();
        let start = stream.by_ref().take(MAGIC).read_to_end(&mut bytes);
        start.map_err(|error| error.to_string())?;
        if bytes.is_empty() {
            return Err("has no bytes".to_string());
        }
        if options.raw.is_none() && Format::of_bytes(&bytes).is_none() {
            return Err(Format::unknown());
        }
        let (allowed, there) = (options.most_bytes(), memory::available().unwrap_or(u64::MAX));
        stream.take(allowed.min(there)).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        let length = bytes.len() as u64;
        if length > allowed {
            let pixels = options.max_pixels;
            return Err(format!("goes on after {allowed} bytes, and --max-pixels {pixels} allows no more"));
        }
        if length > there {
            return Err(format!("goes on after {there} bytes, and there is no memory for more"));
        }
        Ok(Source { reader: Box::new(Cursor::new(bytes)), length, is_stream: true })
    }

    /// The first bytes; the reader stays where it is.
    pub fn start(&mut self) -> Result<Vec<u8>, String> {
        let mut start = Vec::new();
        let read = self.reader.by_ref().take(MAGIC).read_to_end(&mut start).and_then(|_| self.reader.rewind());
        read.map(|()| start).map_err(|error| error.to_string())
    }

    /// All bytes.
    pub fn bytes(mut self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        self.reader.read_to_end(&mut bytes).map(|_| bytes).map_err(|error| error.to_string())
    }
}
