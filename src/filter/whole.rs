//! What computes all pixels of the arrays, or of a part of them: from their shapes to the first pixel that fails.

use super::arrange::joined;
use super::arrays::{Input, Output, for_any};
use super::backend::Backend;
use super::exec::view::RawView;
use super::failure::failure;
use super::job::{Job, Types};
use super::options::Options;
use super::prepare::prepare;
use super::progress::Progress;
use crate::error::Error;
use crate::grid::boundary::Mode;
use crate::lang::stop::watched;

/// Writes all outputs, or the part of them that the options name, of inputs that have one shape.
pub fn run(
    options: &Options,
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
    progress: &Progress,
) -> Result<(), Error> {
    let shape = inputs[0].shape();
    let types = Types {
        inputs: inputs.iter().map(Input::dtype).collect(),
        outputs: outputs.iter().map(|output| output.dtype()).collect(),
        joined: joined_axes(inputs, outputs),
    };
    let ready = watched(&|| progress.is_cancelled(), || {
        let job = prepare(options, shape, types)?;
        check_outputs(&job, shape, outputs)?;
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        Ready::new(job)
    });
    ready?.run(inputs, outputs, progress)
}

/// A job and what runs it.
pub struct Ready {
    pub job: Job,
    backend: Backend,
}

impl Ready {
    /// All that can be done before there are arrays.
    pub fn new(job: Job) -> Result<Ready, Error> {
        Ok(Ready { backend: Backend::new(&job)?, job })
    }

    /// Writes all outputs; the arrays' shapes and types are the job's.
    pub fn run(&self, inputs: &[Input<'_>], outputs: &mut [Output<'_>], progress: &Progress) -> Result<(), Error> {
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        if self.job.domain.region().pixels() == 0 {
            return Ok(());
        }
        compute(&self.job, &self.backend, inputs, outputs, progress)
    }
}

/// For each axis, whether in all of the arrays it goes on where the one after it ends.
pub fn joined_axes(inputs: &[Input<'_>], outputs: &[Output<'_>]) -> Vec<bool> {
    let inputs = inputs.iter().map(|input| for_any!(Input, input, view => joined(view.shape(), view.strides())));
    let outputs = outputs.iter().map(|output| for_any!(Output, output, view => joined(view.shape(), view.strides())));
    let both = |a: Vec<bool>, b: Vec<bool>| a.iter().zip(&b).map(|(a, b)| *a && *b).collect();
    inputs.chain(outputs).reduce(both).unwrap_or_default()
}

/// Makes the code for a job, which the next run finds.
pub fn compile(options: &Options, shape: &[usize], types: Types) -> Result<(), Error> {
    Ready::new(prepare(options, shape, types)?).map(drop)
}

/// Computes every pixel of the job's views.
fn compute(
    job: &Job,
    backend: &Backend,
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
    progress: &Progress,
) -> Result<(), Error> {
    let greatest = backend.greatest_moderate();
    let are_moderate = greatest.is_none_or(|greatest| inputs.iter().all(|input| input.is_within(greatest)));
    let arranged = |view| job.arrangement.iter().fold(view, |view, arrangement| arrangement.view(view));
    let inputs: Vec<RawView<'_>> = inputs.iter().map(RawView::of_input).map(arranged).collect();
    let outputs = outputs.iter_mut().map(RawView::of_output).map(arranged).collect();
    let Some(position) = backend.run(job, &inputs, outputs, are_moderate, progress)? else { return Ok(()) };
    let error = watched(&|| progress.is_cancelled(), || failure(job, &inputs, &position));
    // What is wrong at the pixel may not have been found, then.
    Err(if progress.is_cancelled() { Error::Cancelled } else { error })
}

/// Checks that outputs have the shape of the job's region.
fn check_outputs(job: &Job, shape: &[usize], outputs: &[Output<'_>]) -> Result<(), Error> {
    let expected = &job.output_shape;
    let whose = match expected == shape {
        true => "that of the first input",
        false if job.modes.contains(&Mode::Valid) => "what mode `valid` leaves of the first input",
        false => "that of the pixels to compute",
    };
    outputs.iter().try_for_each(|output| same_shape("output", expected, output.shape(), whose))
}

/// Checks the shape of an array.
pub fn same_shape(argument: &'static str, expected: &[usize], given: &[usize], whose: &str) -> Result<(), Error> {
    if expected == given {
        return Ok(());
    }
    Err(Error::argument(argument, format!("shape {given:?} is not {whose}, {expected:?}")))
}
