//! Output files that appear whole or not at all.

use std::fs;
use std::io::{self, BufWriter, Cursor, ErrorKind, IsTerminal, Seek, Write};
use std::path::{Path, PathBuf};

use hoodoo::DType;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::files::{self, Format, Image, Layout, is_standard};

/// A file to be written, or standard output.
#[derive(Debug)]
pub struct Target {
    /// The path as the user wrote it.
    path: PathBuf,
    /// The path that is written: a symbolic link is followed, not replaced.
    real: PathBuf,
    format: Format,
}

impl Target {
    /// The file at `path`, which may exist or not; `-` is standard output.
    ///
    /// An extension that no format has is wrong usage.
    pub fn new(path: &Path) -> Result<Target, Failure> {
        let format = Format::of(path).map_err(|message| Failure::Usage(format!("--output: {message}")))?;
        if is_standard(path) {
            return Ok(Target { path: path.to_path_buf(), real: path.to_path_buf(), format });
        }
        let real = path.canonicalize().or_else(|_| {
            let name = path.file_name().unwrap_or_default();
            directory(path).canonicalize().map(|directory| directory.join(name))
        });
        Ok(Target { path: path.to_path_buf(), real: real.unwrap_or_else(|_| path.to_path_buf()), format })
    }

    /// The files at `paths`; naming one twice is wrong usage.
    pub fn all(paths: &[PathBuf]) -> Result<Vec<Target>, Failure> {
        let mut targets: Vec<Target> = Vec::new();
        for path in paths {
            let target = Target::new(path)?;
            if targets.iter().any(|other| other.real == target.real) {
                return Err(Failure::Usage(format!("--output: {} is named twice", path.display())));
            }
            targets.push(target);
        }
        Ok(targets)
    }

    /// The path as the user wrote it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this is the file at `path`, by whatever name.
    pub fn is(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|path| path == self.real)
    }

    /// Checks that a file can be made there, without making one.
    pub fn check_place(&self) -> Result<(), Failure> {
        if is_standard(&self.path) {
            return match io::stdout().is_terminal() {
                true => Err(Failure::Usage("--output: standard output is a terminal, and an array is not text".into())),
                false => Ok(()),
            };
        }
        if self.real.is_dir() {
            return Err(Failure::at(&self.path, "is a directory"));
        }
        tempfile::tempfile_in(directory(&self.real)).map(drop).map_err(|error| self.unwritable(error))
    }

    /// Checks that the format can hold such an image.
    pub fn check_fit(&self, dtype: DType, layout: &Layout) -> Result<(), Failure> {
        self.format.check(dtype, layout).map_err(|message| Failure::at(&self.path, message))
    }

    /// Writes the image to a temporary file beside the target; for standard output, to memory.
    pub fn write(&self, image: &Image) -> Result<Written<'_>, Failure> {
        if is_standard(&self.path) {
            let mut bytes = Cursor::new(Vec::new());
            write_whole(&mut bytes, self.format, image).map_err(Failure::Run)?;
            return Ok(Written { target: self, temporary: Temporary::Bytes(bytes.into_inner()) });
        }
        let mut temporary = temporary(directory(&self.real)).map_err(|error| self.unwritable(error))?;
        write_whole(temporary.as_file_mut(), self.format, image).map_err(|error| Failure::at(&self.path, error))?;
        if let Ok(existing) = fs::metadata(&self.real) {
            // A file that is replaced keeps its permissions; where that can't be, it has those of a new file.
            let _ = temporary.as_file().set_permissions(existing.permissions());
        }
        Ok(Written { target: self, temporary: Temporary::File(temporary) })
    }

    fn unwritable(&self, error: io::Error) -> Failure {
        unwritable(&self.path, error)
    }
}

/// Writes a text file that appears whole or not at all.
pub fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::at(path, "is a directory"));
    }
    let written = temporary(directory(path)).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| unwritable(path, error))
}

/// A file without a name that anybody knows.
fn temporary(directory: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".hoodoo-").suffix(".tmp");
    // What any new file has, less the umask; not the secrecy of temporary files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory)
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    // What tempfile adds to the message names a file that the user does not know.
    let reason = match error.kind() {
        ErrorKind::NotFound => format!("there is no directory {}", directory(path).display()),
        ErrorKind::NotADirectory => format!("{} is not a directory", directory(path).display()),
        ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    };
    Failure::at(path, format!("can't be written: {reason}"))
}

fn write_whole(place: impl Write + Seek, format: Format, image: &Image) -> Result<(), String> {
    let mut writer = BufWriter::new(place);
    files::write(format, image, &mut writer)?;
    writer.flush().map_err(|error| error.to_string())
}

/// The directory that `path` is in.
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// A finished file that does not have its name yet; dropped, it is gone.
pub struct Written<'t> {
    target: &'t Target,
    temporary: Temporary,
}

enum Temporary {
    File(NamedTempFile),
    Bytes(Vec<u8>),
}

impl Written<'_> {
    fn publish(self) -> Result<(), Failure> {
        match self.temporary {
            Temporary::File(file) => match file.persist(&self.target.real) {
                Ok(_) => Ok(()),
                Err(error) => Err(self.target.unwritable(error.error)),
            },
            Temporary::Bytes(bytes) => {
                let mut stdout = io::stdout().lock();
                let written = stdout.write_all(&bytes).and_then(|()| stdout.flush());
                written.map_err(|error| Failure::Run(format!("standard output: {error}")))
            }
        }
    }
}

/// Gives all files their names; if that fails for one, the others are taken away too.
pub fn publish(files: Vec<Written<'_>>) -> Result<(), Failure> {
    let mut published: Vec<&Target> = Vec::new();
    for file in files {
        let target = file.target;
        if let Err(failure) = file.publish() {
            for target in published {
                // The failure that is reported is the one that brought us here.
                let _ = fs::remove_file(&target.real);
            }
            return Err(failure);
        }
        published.push(target);
    }
    Ok(())
}
