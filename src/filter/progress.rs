//! How far a run has come, and ways to stop it.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Shared between a running filter and whoever watches it from another thread, or from a function that the run calls.
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
///
/// A run looks for a cancellation all the time, many times in a second even if each of its pixels takes millions of
/// operations. What can't be cancelled is the making of its code, which [`crate::Limits::compile_time`] limits, and the
/// few pixels that are computed together.
#[derive(Default)]
pub struct Progress {
    shared: Arc<Shared>,
    deadline: Option<Instant>,
    /// What counts of pixels that are computed, if not each of them does.
    share: Option<Share>,
}

/// What the parts of a run have in common.
#[derive(Default)]
struct Shared {
    done: AtomicUsize,
    cancelled: AtomicBool,
    reporter: Option<Mutex<Reporter>>,
}

/// So many pixels are wanted of those that are computed.
struct Share {
    wanted: usize,
    computed: usize,
    /// How many have been computed.
    done: AtomicUsize,
}

impl Share {
    /// How many of the wanted pixels are done when so many are computed.
    fn of(&self, done: usize) -> usize {
        let part = self.wanted as u128 * done.min(self.computed) as u128 / self.computed.max(1) as u128;
        // Not more than all of them.
        part as usize
    }
}

/// A function that wants to know.
struct Reporter {
    report: Box<dyn FnMut(usize) -> ControlFlow<()> + Send>,
    last: Instant,
    looks: Looks,
}

/// When to look at the clock, which may take as long as a row of a small image.
struct Looks {
    last: Instant,
    /// So many times more it is not looked at.
    skipped: u32,
}

impl Looks {
    /// How often it is not looked at, where the last two looks were so near each other that nobody waits for that.
    const SKIPPED: u32 = 7;
    const NEAR: Duration = Duration::from_micros(200);

    /// The time, if it is looked at.
    fn now(&mut self) -> Option<Instant> {
        if self.skipped > 0 {
            self.skipped -= 1;
            return None;
        }
        let now = Instant::now();
        self.skipped = if now.duration_since(self.last) < Looks::NEAR { Looks::SKIPPED } else { 0 };
        self.last = now;
        Some(now)
    }
}

impl Progress {
    /// The time between two reports, at least.
    const INTERVAL: Duration = Duration::from_millis(20);

    /// A progress that calls `report` with the number of pixels that are done: from time to time while a filter runs, at
    /// most fifty times in a second, and when it has finished. [`ControlFlow::Break`] cancels. The call comes from any of
    /// the filter's threads, and never from two at once.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use hoodoo::{Filter, Kernel, Progress};
    ///
    /// let image = ndarray::Array2::<f32>::zeros((100, 100));
    /// let pixels = image.len();
    /// let progress = Progress::reporting(move |done| {
    ///     println!("{} %", 100 * done / pixels);
    ///     ControlFlow::Continue(())
    /// });
    /// Filter::new(&Kernel::compile("mean(w)")?).size(3).run_with(&image, &progress)?;
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    pub fn reporting(report: impl FnMut(usize) -> ControlFlow<()> + Send + 'static) -> Progress {
        let now = Instant::now();
        let looks = Looks { last: now, skipped: 0 };
        let reporter = Reporter { report: Box::new(report), last: now, looks };
        let shared = Shared { reporter: Some(Mutex::new(reporter)), ..Shared::default() };
        Progress { shared: Arc::new(shared), ..Progress::default() }
    }

    /// The same, cancelled once that much time has passed from now.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hoodoo::{Error, Filter, Kernel, Progress};
    ///
    /// let slow = Kernel::compile("sum(w) + (fold a = 0 for v in w: fold b = a for u in w: b + u * v)")?;
    /// let image = ndarray::Array2::<f32>::zeros((1000, 1000));
    /// let progress = Progress::default().timeout(Duration::from_millis(20));
    /// let stopped = Filter::new(&slow).size(51).run_with(&image, &progress);
    /// assert!(matches!(stopped, Err(Error::Cancelled)));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use = "the progress is changed by value"]
    pub fn timeout(self, time: Duration) -> Progress {
        // A time that is too far away to be told never comes.
        Progress { deadline: Instant::now().checked_add(time), ..self }
    }

    /// The number of pixels that are done, of those that outputs have, over all runs with this value.
    pub fn done(&self) -> usize {
        self.shared.done.load(Ordering::Relaxed)
    }

    /// Stops the run, and any later one, with [`crate::Error::Cancelled`].
    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`Progress::cancel`] was called, a report was answered by a break, or the time is over.
    pub fn is_cancelled(&self) -> bool {
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.cancel();
        }
        self.shared.cancelled.load(Ordering::Relaxed)
    }

    /// That of a part of a run that computes so many pixels, of which so many are wanted and count.
    pub(super) fn part(&self, wanted: usize, computed: usize) -> Progress {
        let share = Share { wanted, computed, done: AtomicUsize::new(0) };
        Progress { shared: self.shared.clone(), deadline: self.deadline, share: Some(share) }
    }

    pub(super) fn add(&self, pixels: usize) {
        let counted = self.share.as_ref().map_or(pixels, |share| {
            let before = share.done.fetch_add(pixels, Ordering::Relaxed);
            share.of(before.saturating_add(pixels)) - share.of(before)
        });
        self.shared.done.fetch_add(counted, Ordering::Relaxed);
        // While another thread reports, this one need not.
        if let Some(Ok(mut reporter)) = self.shared.reporter.as_ref().map(Mutex::try_lock)
            && let Some(now) = reporter.looks.now()
            && now.duration_since(reporter.last) >= Progress::INTERVAL
        {
            self.report(&mut reporter);
        }
    }

    /// Reports what is done when a run has finished.
    pub(super) fn finish(&self) {
        if let Some(reporter) = &self.shared.reporter {
            self.report(&mut reporter.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    fn report(&self, reporter: &mut Reporter) {
        if (reporter.report)(self.done()).is_break() {
            self.cancel();
        }
        reporter.last = Instant::now();
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("done", &self.done()).field("cancelled", &self.is_cancelled()).finish()
    }
}
