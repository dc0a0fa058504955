//! What runs a job. Everything that knows whether machine code can be made is here, in `compiled/` and in `listing.rs`.

use std::borrow::Cow;

#[cfg(feature = "jit")]
use super::compiled;
use super::engine::Engine;
use super::exec::view::RawView;
use super::job::Job;
use super::options::Function;
use super::pixels;
use super::pixels::evaluate::{CallbackEvaluator, Evaluate, InterpreterEvaluator};
use super::pixels::neighbourhood::Neighbourhood;
use super::pixels::visit::PixelRun;
use super::progress::Progress;
use crate::callback::Callback;
use crate::error::Error;
use crate::kernel::Kernel;
use crate::lang::hir;

/// What computes the pixels.
pub enum Backend {
    /// The interpreter, for what the kernel means in the job's window, if that is not what it means elsewhere.
    Interpreter(Option<hir::Kernel>),
    /// A function that is called for each pixel.
    Callback {
        callback: Callback,
        /// For windows of fewer cells, if it is another one.
        shorter: Option<Callback>,
    },
    /// A kernel in machine code for rows.
    #[cfg(feature = "jit")]
    Rows(compiled::Rows),
}

impl Backend {
    /// What runs the job, on the engine that it names.
    pub fn new(job: &Job) -> Result<Backend, Error> {
        match (&job.function, job.engine) {
            (Function::Callback(callback), _) => Ok(Backend::Callback { callback: callback.clone(), shorter: None }),
            (Function::Kernel(_), Engine::Interpreter) => Ok(Backend::interpreter(job)),
            (Function::Kernel(kernel), _) => Backend::compiled(kernel, job),
        }
    }

    fn interpreter(job: &Job) -> Backend {
        Backend::Interpreter(match job.meaning() {
            Some(Cow::Owned(meaning)) => Some(meaning),
            _ => None,
        })
    }

    /// The kernel in machine code.
    #[cfg(feature = "jit")]
    fn compiled(kernel: &Kernel, job: &Job) -> Result<Backend, Error> {
        if job.engine == Engine::Callback {
            let (callback, shorter) = compiled::callback(kernel, job)?;
            return Ok(Backend::Callback { callback, shorter });
        }
        compiled::Rows::new(kernel, job, compiled::Elements::Moderate).map(Backend::Rows)
    }

    /// Up to where elements are moderate, if it has to be known whether all elements of the inputs are.
    pub fn greatest_moderate(&self) -> Option<f64> {
        match self {
            #[cfg(feature = "jit")]
            Backend::Rows(rows) => rows.greatest_moderate(),
            _ => None,
        }
    }

    /// The interpreter, if the job's engine allows it.
    #[cfg(not(feature = "jit"))]
    fn compiled(_: &Kernel, job: &Job) -> Result<Backend, Error> {
        if job.engine == Engine::Auto {
            return Ok(Backend::interpreter(job));
        }
        Err(Error::argument(
            "engine",
            format!("{} needs machine code, and this Hoodoo was built without the feature `jit`", job.engine.as_str()),
        ))
    }

    /// Computes every pixel of the job's region; the position of the first one that fails, in C order. If it has to be known, it is said whether all
    /// elements of the inputs are moderate.
    #[cfg_attr(not(feature = "jit"), allow(unused_variables, reason = "only machine code is not for all elements"))]
    pub fn run(
        &self,
        job: &Job,
        inputs: &[RawView<'_>],
        outputs: Vec<RawView<'_>>,
        are_moderate: bool,
        progress: &Progress,
    ) -> Result<Option<Vec<usize>>, Error> {
        match self {
            #[cfg(feature = "jit")]
            Backend::Rows(rows) if !are_moderate => rows.for_any(job, progress)?.run(job, inputs, outputs, progress),
            #[cfg(feature = "jit")]
            Backend::Rows(rows) => rows.run(job, inputs, outputs, progress),
            Backend::Callback { callback, shorter } => {
                let evaluator = || {
                    CallbackEvaluator::new(callback.enter(), job.cells.len(), shorter.as_ref().map(Callback::enter))
                        .expect("`prepare` has checked the length")
                };
                let threads = if callback.is_concurrent() { job.threads } else { 1 };
                let compacted = !job.shrinking.is_empty();
                visit(job, inputs, outputs, progress, How { threads, compacted, exact: false }, &evaluator)
            }
            Backend::Interpreter(other) => {
                let own = job.function.kernel().map(Kernel::hir);
                let meaning = other.as_ref().or(own).expect("only a kernel is interpreted");
                let evaluator = || InterpreterEvaluator::new(meaning, job);
                let how = How { threads: job.threads, compacted: false, exact: job.has_long_inputs() };
                visit(job, inputs, outputs, progress, how, &evaluator)
            }
        }
    }
}

/// By how many threads, and what evaluators see of windows; see [`PixelRun`].
struct How {
    threads: usize,
    compacted: bool,
    exact: bool,
}

/// Evaluates pixel after pixel; the position of the first one that fails, in C order.
fn visit<E: Evaluate>(
    job: &Job,
    inputs: &[RawView<'_>],
    outputs: Vec<RawView<'_>>,
    progress: &Progress,
    how: How,
    evaluator: &(impl Fn() -> E + Sync),
) -> Result<Option<Vec<usize>>, Error> {
    let neighbourhood = &Neighbourhood::new(&job.domain, job.offsets());
    let cancel_interval = job.cancel_interval();
    let marked = job.marked.as_ref();
    let How { threads, compacted, exact } = how;
    let run = PixelRun { neighbourhood, cast: job.cast, progress, cancel_interval, compacted, marked, exact };
    let failed = pixels::run(&run, threads, inputs, outputs, evaluator)?;
    Ok(failed.map(|pixel| job.domain.region().position(pixel)))
}
