//! Threads that share a run: who does what, and how it ends.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;
use crate::filter::progress::Progress;
use crate::tuning;

/// Has `threads` threads do `items` things, in bands of `least` at least; each thread with a worker of its own.
///
/// One thread does all of them in order.
pub fn in_bands<W>(
    items: usize,
    threads: usize,
    least: usize,
    worker: impl Fn() -> W + Sync,
    band: impl Fn(&mut W, Range<usize>) + Sync,
) {
    if threads <= 1 {
        return band(&mut worker(), 0..items);
    }
    let len = items.div_ceil(tuning::BANDS_PER_THREAD * threads).max(least);
    let next = AtomicUsize::new(0);
    rayon::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|_| {
                let mut worker = worker();
                loop {
                    let start = next.fetch_add(len, Ordering::Relaxed);
                    if start >= items {
                        break;
                    }
                    band(&mut worker, start..items.min(start + len));
                }
            });
        }
    });
}

/// What all threads of a run know of its end.
pub struct Verdict<'a> {
    progress: &'a Progress,
    /// The number of the first pixel that fails, in C order.
    failed: AtomicUsize,
    error: OnceLock<Error>,
}

impl<'a> Verdict<'a> {
    /// Nothing has happened yet; `progress` is reported to, and may cancel the run.
    pub fn new(progress: &'a Progress) -> Verdict<'a> {
        Verdict { progress, failed: AtomicUsize::new(usize::MAX), error: OnceLock::new() }
    }

    /// Reports that so many more pixels are done.
    pub fn add(&self, pixels: usize) {
        self.progress.add(pixels);
    }

    /// Whether nothing more need be done: the run was cancelled, or there is an error.
    pub fn is_over(&self) -> bool {
        self.progress.is_cancelled() || self.error.get().is_some()
    }

    /// Whether a pixel, by its number, comes before the first that is known to fail.
    pub fn is_wanted(&self, pixel: usize) -> bool {
        pixel <= self.failed.load(Ordering::Relaxed)
    }

    /// A pixel fails; the least is kept.
    pub fn fail(&self, pixel: usize) {
        self.failed.fetch_min(pixel, Ordering::Relaxed);
    }

    /// There is an error that ends the run; the first is kept.
    pub fn stop(&self, error: Error) {
        // Another thread may have said the same.
        let _ = self.error.set(error);
    }

    /// The number of the first pixel that fails, if one does, or why the run has ended early.
    pub fn into_result(self) -> Result<Option<usize>, Error> {
        match (self.error.into_inner(), self.failed.into_inner()) {
            (Some(error), _) => Err(error),
            _ if self.progress.is_cancelled() => Err(Error::Cancelled),
            (None, usize::MAX) => Ok(None),
            (None, pixel) => Ok(Some(pixel)),
        }
    }
}
