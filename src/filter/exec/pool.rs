//! Threads that share a run: who does what, and how it ends.

use std::error::Error as _;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use crate::error::Error;
use crate::filter::progress::Progress;
use crate::tuning;

/// Has `threads` threads do `items` things, in bands of `least` at least; each thread with a worker of its own.
///
/// One thread does all of them in order. Each of several begins with a part of its own, band after band, and goes on with what is left of
/// the others': what it has made for a band is of use in the next one, and a run after another finds in a core's cache what that core has
/// seen before. The caller's thread is one of them: by the time that another one is awake a short run is over.
pub fn in_bands<W>(
    items: usize,
    threads: usize,
    least: usize,
    worker: impl Fn() -> W + Sync,
    band: impl Fn(&mut W, Range<usize>) + Sync,
) {
    if threads.min(items) <= 1 {
        return band(&mut worker(), 0..items);
    }
    // More would have nothing to begin with, or begin when others have ended.
    let threads = threads.min(items).min(available_threads() + 1);
    let len = items.div_ceil(tuning::BANDS_PER_THREAD * threads).max(least);
    let parts: Vec<Share> = (0..threads).map(|part| Share::new(part, threads, items)).collect();
    let work = |first: usize| {
        let mut worker = worker();
        for part in parts[first..].iter().chain(&parts[..first]) {
            while let Some(taken) = part.take(len) {
                band(&mut worker, taken);
            }
        }
    };
    match pool() {
        Threads::Current => rayon::in_place_scope(|scope| share(scope, threads, &work)),
        Threads::Fewer(pool) => pool.in_place_scope(|scope| share(scope, threads, &work)),
        Threads::Caller => work(0),
    }
}

/// Has the caller and others of the scope's threads do the work, each with a number of its own.
fn share<'scope>(scope: &Scope<'scope>, threads: usize, work: &'scope (impl Fn(usize) + Sync)) {
    for number in 1..threads {
        scope.spawn(move |_| work(number));
    }
    work(0);
}

/// The items that a thread begins with, until they are taken.
struct Share {
    next: AtomicUsize,
    end: usize,
}

impl Share {
    /// One of so many parts of about the same size.
    fn new(number: usize, parts: usize, items: usize) -> Share {
        let start = |number: usize| items / parts * number + (items % parts).min(number);
        Share { next: AtomicUsize::new(start(number)), end: start(number + 1) }
    }

    /// The next band of so many items, or of what is left.
    fn take(&self, len: usize) -> Option<Range<usize>> {
        let start = self.next.fetch_add(len, Ordering::Relaxed);
        (start < self.end).then(|| start..self.end.min(start + len))
    }
}

/// The threads that a run has.
enum Threads {
    /// Those of the pool that the caller is in, or of rayon's global one.
    Current,
    /// As many as the system gave, which are fewer than the global pool was to have.
    Fewer(ThreadPool),
    /// The caller's own, as the system gives no more.
    Caller,
}

/// The number of threads that runs have by default: those of rayon's pool, or as many as the system gives.
pub fn available_threads() -> usize {
    match pool() {
        Threads::Current => rayon::current_num_threads(),
        Threads::Fewer(pool) => pool.current_num_threads(),
        Threads::Caller => 1,
    }
}

/// The threads for a run of this thread's.
///
/// Rayon's global pool can't be used any more, and panics, once it could not be made, say because of a limit of processes.
fn pool() -> &'static Threads {
    static GLOBAL: OnceLock<Threads> = OnceLock::new();
    if rayon::current_thread_index().is_some() {
        return &Threads::Current;
    }
    GLOBAL.get_or_init(|| match ThreadPoolBuilder::new().build_global() {
        // Without a source, the error is that there is one already.
        Ok(()) => Threads::Current,
        Err(error) if error.source().is_none() => Threads::Current,
        Err(_) => {
            let most = std::thread::available_parallelism().map_or(1, usize::from);
            let halves = std::iter::successors(Some(most / 2), |threads| Some(threads / 2));
            let mut fewer =
                halves.take_while(|threads| *threads > 1).map(|threads| ThreadPoolBuilder::new().num_threads(threads));
            fewer.find_map(|builder| builder.build().ok()).map_or(Threads::Caller, Threads::Fewer)
        }
    })
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

    /// Reports, as after some pixels, and says whether nothing more need be done.
    pub fn look(&self) -> bool {
        self.add(0);
        self.is_over()
    }

    /// Whether nothing more need be done: the run was cancelled, or there is an error.
    pub fn is_over(&self) -> bool {
        self.progress.is_cancelled() || self.error.get().is_some()
    }

    /// Whether a pixel, by its number, is not after the first that is known to fail.
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
