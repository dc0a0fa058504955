//! Running a filter from Python: other Python threads go on, Ctrl-C stops it, and it works in a forked process.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::Duration;
use std::{mem, process};

use hoodoo::{Error, Filter, Input, Output, Progress};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use crate::errors::exception;

/// How often Ctrl-C is looked for, and progress reported.
const TICK: Duration = Duration::from_millis(50);

/// A run of so few pixels is over before another thread has begun with it.
const FEW_PIXELS: usize = 1 << 12;

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
    // Only a thread that is attached to Python comes here, and so does one that forks: nobody forks while it is locked.
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

/// Runs a filter by a program. `progress` is called with the part that is done, from 0 to 1.
///
/// # Errors
///
/// The filter's error, or what `progress` or a signal's handler raises, which stops the run.
pub fn run(
    py: Python<'_>,
    filter: &Filter,
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
    progress: Option<Py<PyAny>>,
) -> Result<(), Failure> {
    let pixels = outputs.first().map_or(0, |output| output.shape().iter().product());
    let done = Progress::default();
    let pool = pool()?;
    let work = || filter.run_all_into(inputs, outputs, &done);
    let tell =
        |py: Python<'_>, part: f64| progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, (part,)).map(drop));
    match (progress.is_none() && pixels <= FEW_PIXELS, &pool) {
        (true, None) => py.detach(work)?,
        (true, Some(pool)) => py.detach(|| pool.install(work))?,
        (false, pool) => watched(py, pool.as_deref(), work, &done, &|py| {
            py.check_signals()?;
            tell(py, done.done() as f64 / pixels as f64)
        })?,
    }
    Ok(tell(py, 1.0)?)
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
    let result = filter.run_all_into(inputs, outputs, &Progress::default());
    match (PyErr::take(py), result) {
        (Some(raised), _) => Err(raised.into()),
        (None, Err(Error::Callback { .. })) => Err(PyRuntimeError::new_err("unknown error in filter function").into()),
        (None, result) => Ok(result?),
    }
}

/// Does the work on a thread of the pool and calls `look` on this one from time to time; an error of `look` cancels the work.
fn watched<'work>(
    py: Python<'_>,
    pool: Option<&ThreadPool>,
    work: impl FnOnce() -> Result<(), Error> + Send + 'work,
    done: &Progress,
    look: &(dyn Fn(Python<'_>) -> PyResult<()> + Sync),
) -> Result<(), Failure> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let work = move |_: &Scope<'work>| {
        // The receiver waits for this.
        let _ = sender.send(panic::catch_unwind(AssertUnwindSafe(work)));
    };
    let watch = move || {
        let mut stopped_by = None;
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(result) => return (stopped_by, result),
                Err(_) if stopped_by.is_some() => {}
                Err(_) => {
                    if let Err(error) = Python::attach(look) {
                        done.cancel();
                        stopped_by = Some(error);
                    }
                }
            }
        }
    };
    // A filter by a program never waits for Python, so that a thread of the pool never waits for this one.
    let both = move |scope: &Scope<'work>| {
        scope.spawn(work);
        watch()
    };
    let outcome = py.detach(|| match pool {
        Some(pool) => pool.in_place_scope(both),
        None => rayon::in_place_scope(both),
    });
    match outcome {
        (Some(error), _) => Err(error.into()),
        (None, Ok(result)) => Ok(result?),
        (None, Err(_)) => Err(PyRuntimeError::new_err("the filter panicked, which is an error in Hoodoo").into()),
    }
}
