//! How far a run has come, and a way to stop it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Shared between a running filter and whoever watches it from another thread.
///
/// ```
/// use hoodoo::{Error, Filter, Kernel, Progress};
///
/// let kernel = Kernel::compile("mean(w)")?;
/// let image = ndarray::Array2::<f32>::zeros((100, 100));
/// let progress = Progress::default();
/// Filter::new(&kernel).size(3).run_with(&image, &progress)?;
/// assert_eq!(progress.done(), 10_000);
///
/// progress.cancel();
/// let stopped = Filter::new(&kernel).size(3).run_with(&image, &progress);
/// assert!(matches!(stopped, Err(Error::Cancelled)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    cancelled: AtomicBool,
}

impl Progress {
    /// The number of pixels that are done, over all runs with this value.
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Stops the run, and any later one, with [`crate::Error::Cancelled`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`Progress::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, pixels: usize) {
        self.done.fetch_add(pixels, Ordering::Relaxed);
    }
}
