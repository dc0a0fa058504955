//! Output files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use hoodoo::DType;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::files::{self, Format, Image, Layout};

/// A file to be written.
#[derive(Debug)]
pub struct Target {
    /// The path as the user wrote it.
    path: PathBuf,
    /// The path that is written: a symbolic link is followed, not replaced.
    real: PathBuf,
    format: Format,
}

impl Target {
    /// The file at `path`, which may exist or not.
    ///
    /// An extension that no format has is wrong usage.
    pub fn new(path: &Path) -> Result<Target, Failure> {
        let format = Format::of(path).map_err(|message| Failure::Usage(format!("--output: {message}")))?;
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

    /// Checks that a file can be made there, without making one.
    pub fn check_place(&self) -> Result<(), Failure> {
        if self.real.is_dir() {
            return Err(Failure::at(&self.path, "is a directory"));
        }
        tempfile::tempfile_in(directory(&self.real)).map(drop).map_err(|error| self.unwritable(error))
    }

    /// Checks that the format can hold such an image.
    pub fn check_fit(&self, dtype: DType, layout: &Layout) -> Result<(), Failure> {
        self.format.check(dtype, layout).map_err(|message| Failure::at(&self.path, message))
    }

    /// Writes the image to a temporary file beside the target.
    pub fn write(&self, image: &Image) -> Result<Written<'_>, Failure> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".hoodoo-").suffix(".tmp");
        // What any new file has, less the umask; not the secrecy of temporary files.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut temporary = builder.tempfile_in(directory(&self.real)).map_err(|error| self.unwritable(error))?;
        write_whole(temporary.as_file_mut(), self.format, image).map_err(|error| Failure::at(&self.path, error))?;
        if let Ok(existing) = fs::metadata(&self.real) {
            // A file that is replaced keeps its permissions; where that can't be, it has those of a new file.
            let _ = temporary.as_file().set_permissions(existing.permissions());
        }
        Ok(Written { target: self, temporary })
    }

    fn unwritable(&self, error: io::Error) -> Failure {
        // What tempfile adds to the message names a file that the user does not know.
        let reason = match error.kind() {
            ErrorKind::NotFound => format!("there is no directory {}", directory(&self.path).display()),
            ErrorKind::NotADirectory => format!("{} is not a directory", directory(&self.path).display()),
            ErrorKind::Other => error.to_string(),
            kind => kind.to_string(),
        };
        Failure::at(&self.path, format!("can't be written: {reason}"))
    }
}

fn write_whole(file: &mut File, format: Format, image: &Image) -> Result<(), String> {
    let mut writer = BufWriter::new(file);
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
    temporary: NamedTempFile,
}

/// Gives all files their names; if that fails for one, the others are taken away too.
pub fn publish(files: Vec<Written<'_>>) -> Result<(), Failure> {
    let mut published: Vec<&Target> = Vec::new();
    for file in files {
        if let Err(error) = file.temporary.persist(&file.target.real) {
            for target in published {
                // The failure that is reported is the one that brought us here.
                let _ = fs::remove_file(&target.real);
            }
            return Err(file.target.unwritable(error.error));
        }
        published.push(file.target);
    }
    Ok(())
}
