//! Whether standard output was closed when the process began.
//!
//! Before `main`, Rust's runtime opens /dev/null in place of a standard stream that is closed, so that no file gets its number.
//! Afterwards it looks like one that somebody opened who wants to see nothing: parents do that in the same way (Python's `DEVNULL` can
//! be read and written, too). So the question has to be asked before. On Linux, the loader calls the functions in `.init_array` then.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether there is no standard output, so that what is written to it is lost. Elsewhere than on Linux nobody knows.
pub fn stdout_was_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

#[cfg(target_os = "linux")]
mod before_main {
    use std::os::fd::BorrowedFd;
    use std::sync::atomic::Ordering;

    const STDOUT: i32 = 1;

    // SAFETY: the section holds pointers to C functions, which this is one of; arguments that it may be given are not looked at.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;

    /// Asks the system, and nothing that needs Rust's runtime.
    extern "C" fn look() {
        // SAFETY: the number is not used after this call, which asks for no more than whether it is one of an open file.
        let stdout = unsafe { BorrowedFd::borrow_raw(STDOUT) };
        super::CLOSED.store(rustix::io::fcntl_getfd(stdout).is_err(), Ordering::Relaxed);
    }
}
