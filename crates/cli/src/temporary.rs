//! Temporary files, of which none is left, however the process ends.
//!
//! Where the system can do it, a file has no name before it is finished: whatever ends the process, the file is gone. Elsewhere, and for
//! the moment in which a finished file replaces another one, it has a name that says what it is, and is locked while its process lives:
//! those that nobody holds are what a process left that was killed, and are removed by the next one that writes to the directory.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::{Builder, NamedTempFile, TempPath};

use crate::failure::CANCELLED;

/// The names of temporary files begin and end so.
const PREFIX: &str = ".hoodoo-";
const SUFFIX: &str = ".tmp";

/// A file that changed a moment ago may be one that its process is about to lock.
const YOUNG: Duration = Duration::from_secs(60);

/// What this process knows of temporary files.
struct Known {
    /// The names of its own. Most are gone; none is ever used again.
    made: Vec<PathBuf>,
    /// The directories in which it has looked for what others left.
    swept: Option<HashSet<PathBuf>>,
}

static KNOWN: Mutex<Known> = Mutex::new(Known { made: Vec::new(), swept: None });

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn builder() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    // What any new file has, less the umask; not the secrecy of temporary files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// A new file that is not where it belongs yet; dropped, it is gone.
pub struct Temporary {
    file: File,
    /// Its name, where the system has no files without one.
    name: Option<TempPath>,
}

impl Temporary {
    /// A new file on the file system of a directory.
    pub fn new(directory: &Path) -> io::Result<Temporary> {
        let mut known = known();
        known.sweep(directory);
        if let Some(file) = unnamed::create(directory)? {
            // Its name, once it has one, is that of a file that somebody holds.
            let _ = file.try_lock();
            return Ok(Temporary { file, name: None });
        }
        let (file, name) = builder().tempfile_in(directory)?.into_parts();
        let _ = file.try_lock();
        known.made.push(name.to_path_buf());
        Ok(Temporary { file, name: Some(name) })
    }

    /// The file.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Has the file be ready to be put where it belongs: where it takes the place of another one, it has a name beside that one from now
    /// on. To be used only [`uninterrupted`].
    pub fn ready(self, path: &Path) -> io::Result<Ready> {
        let Temporary { file, name } = self;
        let name = match name {
            // Where nothing is to be replaced, it never has another name.
            None if fs::symlink_metadata(path).is_ok() => Some(named_beside(&file, path)?),
            name => name,
        };
        Ok(Ready { file, name })
    }
}

/// A finished file, which one call of the system puts where it belongs; dropped, it is gone.
pub struct Ready {
    file: File,
    name: Option<TempPath>,
}

impl Ready {
    /// Puts the file where it belongs, in place of what is there; to be used only [`uninterrupted`].
    pub fn persist(self, path: &Path) -> io::Result<()> {
        let name = match self.name {
            Some(name) => name,
            None if unnamed::link(&self.file, path).is_ok() => return Ok(()),
            // Somebody else has made a file there.
            None => named_beside(&self.file, path)?,
        };
        name.persist(path).map_err(|error| error.error)
    }
}

/// A name for a file without one, in the directory of a path.
fn named_beside(file: &File, path: &Path) -> io::Result<TempPath> {
    let directory = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    Ok(builder().make_in(directory, |name| unnamed::link(file, name))?.into_temp_path())
}

/// Files without a name, as Linux has them on most of its file systems.
#[cfg(target_os = "linux")]
mod unnamed {
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, OFlags, linkat};
    use rustix::io::Errno;

    /// Through what a file without a name can be given one.
    const DESCRIPTORS: &str = "/proc/self/fd";

    /// A new file; none where there is no such thing.
    pub fn create(directory: &Path) -> io::Result<Option<File>> {
        if !Path::new(DESCRIPTORS).exists() {
            return Ok(None);
        }
        let flags = OFlags::TMPFILE.bits().cast_signed();
        let opened = OpenOptions::new().read(true).write(true).mode(0o666).custom_flags(flags).open(directory);
        match opened {
            Ok(file) => Ok(Some(file)),
            Err(error) => match Errno::from_io_error(&error) {
                // What file systems and kernels answer that have none.
                Some(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// Gives a file a name, which nothing has yet.
    pub fn link(file: &File, path: &Path) -> io::Result<()> {
        let own = format!("{DESCRIPTORS}/{}", file.as_raw_fd());
        Ok(linkat(CWD, own.as_str(), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    }
}

/// Other systems have no such files.
#[cfg(not(target_os = "linux"))]
mod unnamed {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    pub fn create(_: &Path) -> io::Result<Option<File>> {
        Ok(None)
    }

    pub fn link(_: &File, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Another name for a file; dropped, it is gone.
pub struct SecondName {
    name: TempPath,
    /// The file, locked, so that nobody takes the name for one that is left.
    _held: File,
}

impl SecondName {
    /// Another name for the file at `path`, in its directory, or a copy where that can't be. It is known to nobody else: to be used
    /// only [`uninterrupted`].
    pub fn new(path: &Path, directory: &Path) -> io::Result<SecondName> {
        let held = File::open(path)?;
        let _ = held.try_lock_shared();
        if is_own(path)
            && let Ok(linked) = builder().make_in(directory, |second| fs::hard_link(path, second))
        {
            return Ok(SecondName { name: linked.into_temp_path(), _held: held });
        }
        let mut copy: NamedTempFile = builder().tempfile_in(directory)?;
        io::copy(&mut fs::File::open(path)?, &mut copy)?;
        copy.as_file().set_permissions(fs::metadata(path)?.permissions())?;
        let (file, name) = copy.into_parts();
        let _ = file.try_lock();
        Ok(SecondName { name, _held: file })
    }

    /// Puts the file back where it was; if that can't be, where it is now.
    pub fn restore(self, path: &Path) -> Option<PathBuf> {
        self.name.persist(path).err()?.path.keep().ok()
    }
}

/// Whether the file belongs to this user. In a directory such as /tmp, a name of somebody else's file is theirs to remove.
#[cfg(unix)]
fn is_own(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).is_ok_and(|file| file.uid() == rustix::process::geteuid().as_raw())
}

/// Who has a file makes no difference to its names.
#[cfg(not(unix))]
fn is_own(_: &Path) -> bool {
    true
}

impl Known {
    /// Removes what killed processes left in a directory, once in the life of this one.
    fn sweep(&mut self, directory: &Path) {
        if !self.swept.get_or_insert_default().insert(directory.to_path_buf()) {
            return;
        }
        // What can't be read or removed stays: nobody asked for it to be tidied up.
        let Ok(entries) = fs::read_dir(directory) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let is_ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
            if is_ours && is_left(&entry.path()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Whether a temporary file is one that no process holds any more.
fn is_left(path: &Path) -> bool {
    let old = |file: &fs::Metadata| file.modified().ok()?.elapsed().ok().map(|age| age > YOUNG);
    let file = fs::symlink_metadata(path).ok().filter(|file| file.is_file() && old(file) == Some(true));
    file.is_some() && is_own(path) && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// While what this returns lives, [`end`] waits.
pub fn uninterrupted() -> impl Sized {
    known()
}

/// Ends the process as one that was cancelled, without the temporary files, after these last words.
pub fn end(last_words: impl FnOnce()) -> ! {
    // Until the process has ended, no other thread makes a file or gives one its name.
    let known = known();
    last_words();
    for path in &known.made {
        // Most are gone already, and there is nobody left to tell about the others.
        let _ = fs::remove_file(path);
    }
    process::exit(CANCELLED.into())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use super::{Temporary, uninterrupted};

    /// What is left by a process that was killed goes; what somebody holds, what is young and what has another name stays.
    #[test]
    fn what_is_left_is_removed() {
        let home = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - Duration::from_secs(3600);
        let make = |name: &str, time: SystemTime| {
            let file = File::create(home.path().join(name)).unwrap();
            file.set_modified(time).unwrap();
            file
        };
        make(".hoodoo-left12.tmp", old);
        let held = make(".hoodoo-held12.tmp", old);
        held.try_lock().unwrap();
        make(".hoodoo-young1.tmp", SystemTime::now());
        make(".hoodoo-other.txt", old);
        drop(Temporary::new(home.path()).unwrap());
        let mut names: Vec<_> =
            fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, [".hoodoo-held12.tmp", ".hoodoo-other.txt", ".hoodoo-young1.tmp"]);
    }

    #[test]
    fn a_file_appears_whole_in_place_of_another() {
        use std::io::Write;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        for text in ["first", "second"] {
            let mut file = Temporary::new(home.path()).unwrap();
            file.file().write_all(text.as_bytes()).unwrap();
            let _whole = uninterrupted();
            file.ready(&path).unwrap().persist(&path).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        }
    }
}
