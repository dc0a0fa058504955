//! Running a filter from Python: other Python threads go on, Ctrl-C stops it, and it works in a forked process.
//!
//! Only Python's main thread handles signals, so the thread that calls a filter must look for them. Where it computes
//! itself, it looks when the filter reports; where threads of a pool compute, it looks while it waits for them.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{mem, process, thread};

use hoodoo::{Error, Filter, Input, Output, Progress};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::errors::{caught, exception};

/// How often Ctrl-C is looked for, and progress reported.
const TICK: Duration = Duration::from_millis(50);

/// A run of so few operations is done by this thread, with others that help it: it looks at Python between its own bands of pixels, and
/// the last one of the others is over before anybody waits for it. Having another thread do the work takes 40 to 100 us, which a minimum
/// over 15 x 15 notices: it is done in passes, and takes 0.3 ms for what counts as 2^28 operations. So many take a second at most.
const FEW_OPERATIONS: u64 = 1 << 30;

/// The process in which rayon's own pool works: threads don't survive a fork.
static FIRST_PROCESS: OnceLock<u32> = OnceLock::new();

/// The pool of a forked process, with its process.
static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// To be called when the module is imported.
pub fn remember_process() {
    FIRST_PROCESS.get_or_init(process::id);
}

/// The pool to run in, if rayon's own is not to be used.
fn pool() -> PyResult<Option<Arc<ThreadPool>>> {
    let process = process::id();
    if FIRST_PROCESS.get() == Some(&process) {
        return Ok(None);
    }
    // Only a thread that is attached to Python comes here. One that forks has the GIL, or it has stopped all such threads outside of code
    // like this: nobody forks while it is locked.
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    match &*pool {
        Some((owner, pool)) if *owner == process => Ok(Some(pool.clone())),
        _ => {
            let fresh = ThreadPoolBuilder::new().build().map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
            let fresh = Arc::new(fresh);
            // Whoever drops the parent's pool would wait for threads that are not here.
            mem::forget(pool.replace((process, fresh.clone())));
            Ok(Some(fresh))
        }
    }
}

/// Why a run did not finish.
pub enum Failure {
    /// The filter's error.
    Filter(Error),
    /// What something in Python raised.
    Python(PyErr),
}

impl Failure {
    /// The exception, for a filter by a program of this source.
    pub fn exception(self, py: Python<'_>, source: &str) -> PyErr {
        match self {
            Failure::Filter(error) => exception(py, error, source),
            Failure::Python(error) => error,
        }
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Failure {
        Failure::Python(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Filter(error)
    }
}

/// What a run takes.
pub struct Effort {
    /// The greatest number of threads, 0 for one on each core.
    pub threads: usize,
    /// About how many operations there are.
    pub operations: u64,
}

impl Effort {
    /// Whether no other thread computes.
    fn is_of_one_thread(&self) -> bool {
        self.threads == 1 || (self.threads == 0 && hoodoo::available_threads() == 1)
    }
}

/// Runs a filter by a program that computes so many pixels: `work` does. `progress` is called with the part that is done, from 0 to 1.
///
/// # Errors
///
/// The filter's error, or what `progress` or a signal's handler raises, which stops the run.
pub fn run(
    py: Python<'_>,
    pixels: usize,
    effort: &Effort,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&Progress) -> Result<(), Error> + Send,
) -> Result<(), Failure> {
    let watcher = Arc::new(Watcher { progress, pixels });
    let pool = if effort.is_of_one_thread() { None } else { pool()? };
    match pool {
        None if effort.is_of_one_thread() || effort.operations <= FEW_OPERATIONS => here(py, work, &watcher)?,
        None => elsewhere(py, work, &watcher)?,
        // All of it is done by the pool's threads, which must not look at Python.
        Some(pool) => elsewhere(py, |progress| pool.install(|| work(progress)), &watcher)?,
    }
    Ok(watcher.tell(py, pixels)?)
}

/// Makes ready to run, which takes a while where code for a large window is made.
///
/// # Errors
///
/// What `work` gives, or what a signal's handler raises, which stops it.
pub fn prepared<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&Progress) -> Result<T, Error> + Send,
) -> Result<T, Failure> {
    let mut made = None;
    let work = |progress: &Progress| work(progress).map(|each| made = Some(each));
    elsewhere(py, work, &Watcher { progress: None, pixels: 0 })?;
    Ok(made.expect("there is no error"))
}

/// Runs a filter by a callback on this thread, attached to Python, as SciPy does.
///
/// # Errors
///
/// What the callback raises, or the filter's error.
pub fn run_attached(
    py: Python<'_>,
    filter: &Filter,
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
) -> Result<(), Failure> {
    let result = caught(|| filter.run_all_into(inputs, outputs, &Progress::default()))?;
    match (PyErr::take(py), result) {
        (Some(raised), _) => Err(raised.into()),
        (None, Err(Error::Callback { .. })) => Err(PyRuntimeError::new_err("unknown error in filter function").into()),
        (None, result) => Ok(result?),
    }
}

/// What is done from time to time while a filter runs.
struct Watcher {
    /// Is called with the part that is done.
    progress: Option<Py<PyAny>>,
    pixels: usize,
}

impl Watcher {
    /// Lets Python handle signals, and tells how many pixels are done.
    fn look(&self, py: Python<'_>, done: usize) -> PyResult<()> {
        py.check_signals()?;
        self.tell(py, done)
    }

    fn tell(&self, py: Python<'_>, done: usize) -> PyResult<()> {
        let part = if done == self.pixels { 1.0 } else { done as f64 / self.pixels as f64 };
        self.progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, (part,)).map(drop))
    }
}

/// Does the work on this thread, which looks at Python when the filter reports.
fn here(
    py: Python<'_>,
    work: impl FnOnce(&Progress) -> Result<(), Error> + Send,
    watcher: &Arc<Watcher>,
) -> Result<(), Failure> {
    let stopped_by = Arc::new(Mutex::new(None));
    let (watcher, stop, mut last) = (watcher.clone(), stopped_by.clone(), Instant::now());
    let here = std::thread::current().id();
    let progress = Progress::reporting(move |done| {
        // Every run reports when it has finished, and a short one should not wait for Python then. Signals are for the main thread,
        // which those that help are not.
        if last.elapsed() < TICK || std::thread::current().id() != here {
            return ControlFlow::Continue(());
        }
        last = Instant::now();
        let Err(error) = Python::attach(|py| watcher.look(py, done)) else { return ControlFlow::Continue(()) };
        *stop.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        ControlFlow::Break(())
    });
    let result = py.detach(|| caught(|| work(&progress)));
    let stopped_by = stopped_by.lock().unwrap_or_else(PoisonError::into_inner).take();
    stopped_by.map_or_else(|| Ok(result??), |error| Err(error.into()))
}

/// Does the work on a thread of its own, while this one waits and looks at Python.
fn elsewhere(
    py: Python<'_>,
    work: impl FnOnce(&Progress) -> Result<(), Error> + Send,
    watcher: &Watcher,
) -> Result<(), Failure> {
    let progress = Progress::default();
    py.detach(|| {
        thread::scope(|scope| {
            // Nothing is sent: that there is no sender any more says that the work has ended.
            let (sender, end) = mpsc::channel::<Infallible>();
            let work = || {
                let _sender = sender;
                caught(|| work(&progress))
            };
            let worker = thread::Builder::new().spawn_scoped(scope, work).map_err(PyErr::from)?;
            let mut stopped_by = None;
            while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(TICK) {
                if stopped_by.is_none()
                    && let Err(error) = Python::attach(|py| watcher.look(py, progress.done()))
                {
                    progress.cancel();
                    stopped_by = Some(error);
                }
            }
            let result = worker.join().expect("panics are caught");
            stopped_by.map_or_else(|| Ok(result??), |error| Err(error.into()))
        })
    })
}
