//! Which engine runs a kernel, and running it. Everything that knows whether machine code can be made is here and in
//! `compiled.rs`.

use super::Filter;
use super::arrays::{Input, Output};
#[cfg(feature = "jit")]
use super::compiled;
use super::job::{Job, Place, first_failure};
use super::pixels::{CallbackEvaluator, Evaluate, Run};
use crate::callback::Callback;
use crate::error::Error;
use crate::grid::named::named_enum;
use crate::kernel::Kernel;
use crate::lang::hir;
use crate::lang::interpret::{Interpreter, Pixel};

/// What runs the kernel.
///
/// Without the feature `jit` there is the interpreter only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// Rows for a kernel, and the callback for a callback. A kernel that is too large for machine code is an error, and not a
    /// run that takes a thousand times longer. Without the feature `jit`, the interpreter.
    #[default]
    Auto,
    /// Machine code that computes row after row, many pixels at once.
    Rows,
    /// Machine code, called once for each pixel.
    Callback,
    /// The reference interpreter.
    Interpreter,
}

named_enum!(
    Engine, "engine", "an engine", "engines",
    [Auto: "auto", Rows: "rows", Callback: "callback", Interpreter: "interpreter"]
);

/// What computes the pixels.
pub enum Means {
    /// The interpreter.
    Interpreter,
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

impl Means {
    /// What runs a kernel on the engine that the filter names.
    #[cfg(feature = "jit")]
    pub fn of(filter: &Filter, kernel: &Kernel, job: &Job) -> Result<Means, Error> {
        match filter.engine {
            Engine::Interpreter => Ok(Means::Interpreter),
            Engine::Callback => {
                let (callback, shorter) = compiled::callback(kernel, job)?;
                Ok(Means::Callback { callback, shorter })
            }
            Engine::Auto | Engine::Rows => compiled::Rows::new(filter, kernel, job).map(Means::Rows),
        }
    }

    /// The interpreter, if the filter's engine allows it.
    #[cfg(not(feature = "jit"))]
    pub fn of(filter: &Filter, _: &Kernel, _: &Job) -> Result<Means, Error> {
        match filter.engine {
            Engine::Auto | Engine::Interpreter => Ok(Means::Interpreter),
            Engine::Rows | Engine::Callback => Err(Error::argument(
                "engine",
                format!(
                    "{} needs machine code, and this Hoodoo was built without the feature `jit`",
                    filter.engine.as_str()
                ),
            )),
        }
    }

    /// Computes every pixel of the neighbourhood's region; the position of the first one that fails, in C order.
    pub fn run(
        &self,
        meaning: Option<&hir::Kernel>,
        job: &Job,
        run: &mut Run<'_>,
        inputs: &[Input<'_>],
        outputs: &mut [Output<'_>],
    ) -> Result<Option<Vec<usize>>, Error> {
        let region = run.neighbourhood.region();
        match self {
            #[cfg(feature = "jit")]
            Means::Rows(rows) => rows.run(job, run, inputs, outputs),
            Means::Callback { callback, shorter } => {
                if !callback.is_concurrent() {
                    run.threads = 1;
                }
                run.squeezed = !job.shrinking.is_empty();
                let evaluator = || {
                    CallbackEvaluator::new(callback.enter(), job.cells.len(), shorter.as_ref().map(Callback::enter))
                        .expect("`prepare` has checked the length")
                };
                first_failure(run.run(inputs, outputs, &evaluator), region)
            }
            Means::Interpreter => {
                let meaning = meaning.expect("only a kernel is interpreted");
                let evaluator = || InterpreterEvaluator {
                    interpreter: Interpreter::new(meaning, &job.cells, &job.settings),
                    place: Place::new(&job.shape, &job.axes),
                };
                first_failure(run.run(inputs, outputs, &evaluator), region)
            }
        }
    }
}

struct InterpreterEvaluator<'k> {
    interpreter: Interpreter<'k>,
    place: Place,
}

impl Evaluate for InterpreterEvaluator<'_> {
    fn evaluate(&mut self, cells: &mut [f64], position: &[usize], x: usize, outputs: &mut [f64]) -> bool {
        self.place.move_to(position, x);
        let pixel = Pixel { cells, position: &self.place.position, extent: &self.place.extent };
        self.interpreter.run(&pixel, outputs).is_ok()
    }
}
