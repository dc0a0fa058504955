//! Output files that appear whole or not at all.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Cursor, ErrorKind, IsTerminal, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, check_stdout};
use crate::files::{self, CodingProgress, Format, is_standard};
use crate::image::{Image, Layout, Metadata};
use crate::printable::shown;
use crate::steady::Steady;
use crate::temporary::{Ready, SecondName, Temporary, uninterrupted};
use crate::watch;
use hoodoo::{DType, Progress};

/// A file for an image, or standard output.
#[derive(Debug)]
pub struct Target {
    place: Place,
    format: Format,
}

impl Target {
    /// The file at `path`, which may exist or not; `-` is standard output.
    ///
    /// An extension that no format has is wrong usage.
    pub fn new(path: &Path) -> Result<Target, Failure> {
        let format = Format::of(path).map_err(|message| Failure::Usage(format!("--output: {message}")))?;
        Ok(Target { place: Place::new(path), format })
    }

    /// The files at `paths`; naming one twice is wrong usage.
    pub fn all(paths: &[PathBuf]) -> Result<Vec<Target>, Failure> {
        let mut targets: Vec<Target> = Vec::new();
        let mut named = HashSet::new();
        for path in paths {
            let target = Target::new(path)?;
            if !named.insert(target.place.real.clone()) {
                return Err(Failure::Usage(format!("--output: {} is named twice", shown(path))));
            }
            targets.push(target);
        }
        Ok(targets)
    }

    /// The path as the user wrote it.
    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// The first of these targets that is one of the files at `paths`, by whatever name, and that file.
    pub fn first_of<'a>(targets: &'a [Target], paths: &'a [PathBuf]) -> Option<(&'a Target, &'a Path)> {
        let files: HashMap<PathBuf, &Path> =
            paths.iter().filter_map(|path| Some((path.canonicalize().ok()?, path.as_path()))).collect();
        targets.iter().find_map(|target| Some((target, *files.get(&target.place.real)?)))
    }

    /// Whether this is the file at `path`, by whatever name.
    pub fn is(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|path| path == self.place.real)
    }

    /// Checks that the file can be written, without writing one.
    pub fn check_place(&self) -> Result<(), Failure> {
        self.place.check()
    }

    /// Checks that the format can hold such an image.
    pub fn check_fit(&self, dtype: DType, layout: &Layout) -> Result<(), Failure> {
        let layout = self.layout(layout.clone(), dtype);
        self.format.check(dtype, &layout).map_err(|message| Failure::at(self.path(), message))
    }

    /// Whether the format can hold elements of this type.
    pub fn holds(&self, dtype: DType) -> bool {
        self.format.holds(dtype)
    }

    /// Whether the file is for arrays, and not for pictures.
    pub fn is_array(&self) -> bool {
        self.format.is_array()
    }

    /// Whether the file has several arrays.
    pub fn is_archive(&self) -> bool {
        self.format.is_archive()
    }

    /// Takes from what an image of this type carries what the file can't keep; what that is, in words.
    pub fn keep(&self, metadata: &mut Metadata, dtype: DType) -> Vec<String> {
        files::keep(self.format, metadata, dtype)
    }

    /// What the file says of an image's colours and their opacity that is not so, in words.
    pub fn opacity_lost(&self, metadata: &Metadata, layout: &Layout) -> Option<String> {
        files::opacity_lost(self.format, metadata, layout)
    }

    /// The image as the file has it: an array whose last axis is as long as colours are becomes a picture.
    pub fn shaped(&self, image: Image) -> Image {
        if self.format.is_array() { image } else { image.coloured() }
    }

    /// Writes the image, except that nobody sees it yet.
    pub fn write(&self, image: &Image) -> Result<Written<'_>, Failure> {
        self.place.write(|mut writer| files::write(self.format, image, &mut writer, &|_| ()))
    }

    /// As [`Target::write`], until the run is cancelled; `coded` is told which part has been coded.
    pub fn write_until(
        &self,
        image: &Image,
        progress: &Progress,
        coded: CodingProgress<'_>,
    ) -> Result<Written<'_>, Failure> {
        let write =
            |writer: &mut dyn WriteSeek| files::write(self.format, image, &mut Cancelled { writer, progress }, coded);
        let written = self.place.write(write);
        watch::check(progress)?;
        written
    }
}

/// What takes a file's bytes.
pub enum Sink<'w> {
    /// A file, in which there is a way back.
    File(&'w mut dyn WriteSeek),
    /// A pipe or a device.
    Stream(&'w mut dyn Write),
}

impl Target {
    /// Has `work` write the file piece by piece, except that nobody sees it yet. What takes bytes as they come gets them at once, and
    /// there is nothing left to be published.
    pub fn write_by(&self, work: impl FnOnce(Sink<'_>) -> Result<(), Failure>) -> Result<Option<Written<'_>>, Failure> {
        if !self.place.is_stream() {
            return self.place.write_file(|writer| work(Sink::File(writer))).map(Some);
        }
        let stream: Box<dyn Write> = match is_standard(&self.place.path) {
            true => Box::new(io::stdout().lock()),
            false => {
                let opened = OpenOptions::new().write(true).open(&self.place.real);
                Box::new(opened.map_err(|error| self.place.unwritable(error))?)
            }
        };
        let mut read = Piped { stream, has_reader: true };
        let mut writer = BufWriter::new(&mut read);
        let done = work(Sink::Stream(&mut writer))
            .and_then(|()| writer.flush().map_err(|error| Failure::at(self.path(), error)));
        // What is left in it is for nobody, if there was an error.
        let _ = writer.into_parts();
        match done {
            Err(_) if is_standard(&self.place.path) && !read.has_reader => Err(Failure::NoReader),
            done => done.map(|()| None),
        }
    }

    /// The same, except that standard output takes elements without a header.
    pub fn raw(self) -> Target {
        let format = if is_standard(&self.place.path) { Format::Raw } else { self.format };
        Target { format, ..self }
    }

    /// The format of the file.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether it is standard output.
    pub fn is_standard(&self) -> bool {
        is_standard(&self.place.path)
    }

    /// The layout of an image of this type as the file has it, as [`Target::shaped`].
    pub fn layout(&self, layout: Layout, dtype: DType) -> Layout {
        if self.format.is_array() { layout } else { layout.coloured(dtype) }
    }
}

/// Writes a text file that appears whole or not at all.
pub fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    let place = Place::new(path);
    place.check()?;
    let written = place.write(|writer| writer.write_all(text.as_bytes()).map_err(|error| error.to_string()))?;
    publish(vec![written])
}

/// Where an output goes.
#[derive(Debug)]
struct Place {
    /// The path as the user wrote it.
    path: PathBuf,
    /// The path that is written: a symbolic link is followed, not replaced.
    real: PathBuf,
}

/// What formats write to.
pub trait WriteSeek: Write + Seek {}

impl<T: Write + Seek> WriteSeek for T {}

/// A stream, and whether somebody reads what is written to it.
struct Piped<W> {
    stream: W,
    has_reader: bool,
}

impl<W: Write> Piped<W> {
    fn seen<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        self.has_reader &= !done.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
        done
    }
}

impl<W: Write> Write for Piped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes);
        self.seen(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stream.flush();
        self.seen(flushed)
    }
}

/// A writer that fails once the run is cancelled: formats write as they encode.
struct Cancelled<'a> {
    writer: &'a mut dyn WriteSeek,
    progress: &'a Progress,
}

impl Write for Cancelled<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.progress.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Seek for Cancelled<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.writer.seek(to)
    }
}

impl Place {
    fn new(path: &Path) -> Place {
        let real = if is_standard(path) { None } else { real(path) };
        Place { path: path.to_path_buf(), real: real.unwrap_or_else(|| path.to_path_buf()) }
    }

    /// Whether it takes bytes as they come, such as standard output, a pipe or a device, and is no file to be replaced.
    fn is_stream(&self) -> bool {
        is_standard(&self.path) || fs::metadata(&self.real).is_ok_and(|found| !found.is_file() && !found.is_dir())
    }

    fn check(&self) -> Result<(), Failure> {
        if is_standard(&self.path) {
            check_stdout()?;
        }
        if is_standard(&self.path) && io::stdout().is_terminal() {
            return Err(Failure::Usage("--output: standard output is a terminal, and an array is not text".into()));
        }
        if self.is_stream() {
            return Ok(());
        }
        if self.real.is_dir() {
            return Err(Failure::at(&self.path, "is a directory"));
        }
        // A file is replaced, for which its directory must be writable; but who made it read-only wants to keep it. It is opened by
        // the name that the user wrote: where that is a link, the system has a say in whether it may be followed.
        if self.path.exists() {
            OpenOptions::new().write(true).open(&self.path).map_err(|error| self.unwritable(error))?;
        } else if self.path.is_symlink() {
            return Err(Failure::at(&self.path, "is a link to a file that is not there"));
        }
        tempfile::tempfile_in(directory(&self.real)).map(drop).map_err(|error| self.unwritable(error))
    }

    /// Has `write` write to a temporary file beside the place; for a stream, to memory.
    fn write(&self, write: impl FnOnce(&mut dyn WriteSeek) -> Result<(), String>) -> Result<Written<'_>, Failure> {
        if self.is_stream() {
            let mut bytes = Cursor::new(Vec::new());
            write(&mut bytes).map_err(|error| Failure::at(&self.path, error))?;
            return Ok(Written { place: self, contents: Contents::Bytes(bytes.into_inner()) });
        }
        self.write_file(|writer| write(writer).map_err(|error| Failure::at(&self.path, error)))
    }

    /// Has `write` write to a temporary file beside the place.
    fn write_file(
        &self,
        write: impl FnOnce(&mut dyn WriteSeek) -> Result<(), Failure>,
    ) -> Result<Written<'_>, Failure> {
        let mut file = Temporary::new(directory(&self.real)).map_err(|error| self.unwritable(error))?;
        let mut writer = BufWriter::new(Steady::new(file.file()));
        write(&mut writer)?;
        writer.flush().map_err(|error| Failure::at(&self.path, error))?;
        drop(writer);
        if let Ok(existing) = fs::metadata(&self.real) {
            // A file that is replaced keeps its permissions; where that can't be, it has those of a new file.
            let _ = keep_permissions(file.file(), &existing);
        }
        // A name that is given to what is not on the disk yet may be that of an empty file after a crash.
        file.file().sync_data().map_err(|error| self.unwritable(error))?;
        Ok(Written { place: self, contents: Contents::File(file) })
    }

    /// Hands `bytes` to the stream.
    fn send(&self, bytes: &[u8]) -> Result<(), Failure> {
        if is_standard(&self.path) {
            let mut stdout = io::stdout().lock();
            let sent = stdout.write_all(bytes).and_then(|()| stdout.flush());
            return sent.map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Failure::NoReader,
                _ => Failure::Run(format!("standard output: {error}")),
            });
        }
        let sent = OpenOptions::new().write(true).open(&self.real).and_then(|mut stream| stream.write_all(bytes));
        sent.map_err(|error| self.unwritable(error))
    }

    /// A way back to the file that is there now, if there is one.
    fn old(&self) -> Result<Option<SecondName>, Failure> {
        let old = self.real.exists().then(|| SecondName::new(&self.real, directory(&self.real)));
        old.transpose().map_err(|error| self.unwritable(error))
    }

    /// Puts back what was there; if that can't be, says where it is.
    fn restore(&self, old: Option<SecondName>) -> Option<String> {
        let Some(old) = old else {
            // The failure that is reported is the one that brought us here.
            let _ = fs::remove_file(&self.real);
            return None;
        };
        let kept = old.restore(&self.real)?;
        Some(format!("the old {} is now {}", shown(&self.path), shown(&kept)))
    }

    fn unwritable(&self, error: io::Error) -> Failure {
        // What tempfile adds to the message names a file that the user does not know.
        let directory = shown(directory(&self.path));
        let reason = match error.kind() {
            ErrorKind::NotFound => format!("there is no directory {directory}"),
            ErrorKind::NotADirectory => format!("{directory} is not a directory"),
            ErrorKind::Other => error.to_string(),
            kind => own_words(&error).unwrap_or_else(|| kind.to_string()),
        };
        Failure::at(&self.path, format!("can't be written: {reason}"))
    }
}

/// What the system says, without what tempfile puts around it.
fn own_words(error: &io::Error) -> Option<String> {
    if error.raw_os_error().is_some() {
        return Some(error.to_string());
    }
    let inner = error.get_ref()?.source()?.downcast_ref::<io::Error>()?;
    inner.raw_os_error().map(|_| inner.to_string())
}

/// Gives a new file the permissions of an existing one of the same owner: not its set-user-id bit, which is for other contents.
#[cfg(unix)]
fn keep_permissions(file: &File, existing: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    if file.metadata()?.uid() != existing.uid() {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(existing.mode() & 0o777))
}

/// Gives a new file the permissions of an existing one.
#[cfg(not(unix))]
fn keep_permissions(file: &File, existing: &fs::Metadata) -> io::Result<()> {
    file.set_permissions(existing.permissions())
}

/// The path without symbolic links, if its directory exists.
fn real(path: &Path) -> Option<PathBuf> {
    let beside = || Some(directory(path).canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(beside)
}

/// The directory that `path` is in.
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// A finished output that is not where it belongs yet; dropped, it is gone.
pub struct Written<'t> {
    place: &'t Place,
    contents: Contents,
}

enum Contents {
    File(Temporary),
    Bytes(Vec<u8>),
}

/// Puts all outputs where they belong; if that fails for one, all files are as they were.
pub fn publish(outputs: Vec<Written<'_>>) -> Result<(), Failure> {
    let mut files = Vec::new();
    for Written { place, contents } in outputs {
        match contents {
            // What a stream was given can't be taken back, so no file is touched before all streams have theirs.
            Contents::Bytes(bytes) => place.send(&bytes)?,
            Contents::File(file) => files.push((place, file)),
        }
    }
    let _whole = uninterrupted();
    // All that may take a while, or fail, is done before the first file gets its name; then the others get theirs, one right after the other.
    let mut ready: Vec<(&Place, Ready, Option<SecondName>)> = Vec::new();
    let count = files.len();
    for (number, (place, file)) in files.into_iter().enumerate() {
        // After the last, there is nothing left that could fail.
        let old = if number + 1 < count { place.old()? } else { None };
        let file = file.ready(&place.real).map_err(|error| place.unwritable(error))?;
        ready.push((place, file, old));
    }
    let mut published: Vec<(&Place, Option<SecondName>)> = Vec::new();
    for (place, file, old) in ready {
        if let Err(error) = file.persist(&place.real) {
            let lost: Vec<String> = published.into_iter().filter_map(|(place, old)| place.restore(old)).collect();
            let reasons = [vec![place.unwritable(error).message()], lost].concat();
            return Err(Failure::Run(reasons.join("; ")));
        }
        published.push((place, old));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Place, WriteSeek, publish};

    /// Whatever fails while outputs get their names, those that have theirs already are what they were.
    #[test]
    fn what_was_there_comes_back() {
        let home = tempfile::tempdir().unwrap();
        let paths = ["old", "new", "blocked", "never"].map(|name| home.path().join(name));
        fs::write(&paths[0], "before").unwrap();
        fs::write(&paths[3], "before").unwrap();
        let places = paths.each_ref().map(|path| Place::new(path));
        let after = |writer: &mut dyn WriteSeek| writer.write_all(b"after").map_err(|error| error.to_string());
        let write = |place| Place::write(place, after).unwrap();
        let written: Vec<_> = places[..3].iter().map(write).collect();
        // Nobody could know of this when the outputs were written.
        fs::create_dir(&paths[2]).unwrap();
        let message = publish(written).unwrap_err().message();
        assert!(message.contains("blocked: can't be written"), "{message}");
        let names = || {
            let mut names: Vec<_> =
                fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(), ["blocked", "never", "old"]);
        assert_eq!(fs::read_to_string(&paths[0]).unwrap(), "before");
        // Where that is allowed, the same with a file of somebody else's.
        #[cfg(unix)]
        let _ = std::os::unix::fs::chown(&paths[0], Some(65534), None);
        publish(places[..3].iter().map(write).collect()).unwrap_err();
        assert_eq!(names(), ["blocked", "never", "old"]);
        assert_eq!(fs::read_to_string(&paths[0]).unwrap(), "before");
        publish([&places[0], &places[1], &places[3]].map(write).into()).unwrap();
        for path in [&paths[0], &paths[1], &paths[3]] {
            assert_eq!(fs::read_to_string(path).unwrap(), "after");
        }
        assert_eq!(names(), ["blocked", "never", "new", "old"]);
    }
}
