//! Temporary files, of which none is left, however the process ends.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, NamedTempFile, TempPath};

use crate::failure::CANCELLED;

/// The paths of all temporary files of this process. Most are gone; no path is ever used again.
static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn made() -> MutexGuard<'static, Vec<PathBuf>> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn builder() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".hoodoo-").suffix(".tmp");
    // What any new file has, less the umask; not the secrecy of temporary files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// A new file in a directory; dropped, it is gone.
pub fn temporary(directory: &Path) -> io::Result<NamedTempFile> {
    let mut made = made();
    let file = builder().tempfile_in(directory)?;
    made.push(file.path().to_path_buf());
    Ok(file)
}

/// Another name for the file at `path`, in its directory, or a copy where that can't be; dropped, it is gone. It is
/// known to nobody else: to be used only [`uninterrupted`].
pub fn second_name(path: &Path, directory: &Path) -> io::Result<TempPath> {
    if is_own(path)
        && let Ok(linked) = builder().make_in(directory, |second| fs::hard_link(path, second))
    {
        return Ok(linked.into_temp_path());
    }
    let mut copy = builder().tempfile_in(directory)?;
    io::copy(&mut fs::File::open(path)?, &mut copy)?;
    copy.as_file().set_permissions(fs::metadata(path)?.permissions())?;
    Ok(copy.into_temp_path())
}

/// Whether the file belongs to this user. In a directory such as /tmp, a name of somebody else's file is theirs to remove.
#[cfg(unix)]
fn is_own(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|file| file.uid() == rustix::process::geteuid().as_raw())
}

/// Who has a file makes no difference to its names.
#[cfg(not(unix))]
fn is_own(_: &Path) -> bool {
    true
}

/// While what this returns lives, [`end`] waits.
pub fn uninterrupted() -> impl Sized {
    made()
}

/// Ends the process as one that was cancelled, without the temporary files.
pub fn end() -> ! {
    // Until the process has ended, no other thread makes a file or gives one its name.
    let made = made();
    for path in made.iter() {
        // Most are gone already, and there is nobody left to tell about the others.
        let _ = fs::remove_file(path);
    }
    process::exit(CANCELLED.into())
}
