//! One run over arrays, some of whose cells may have no value, and some of whose pixels may not be wanted.

use super::arrays::{Input, Output};
use super::options::{Options, Within};
use super::prepare::output_region;
use super::progress::Progress;
use super::{missing, stride, whole};
use crate::error::Error;

/// Writes all outputs, reporting to `progress` and cancelled by it.
pub fn run(
    options: &Options,
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
    progress: &Progress,
) -> Result<(), Error> {
    run_unfinished(options, inputs, outputs, progress)?;
    progress.finish();
    Ok(())
}

/// The same for one of several runs, after which nobody is told that all is done.
pub fn run_unfinished(
    options: &Options,
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
    progress: &Progress,
) -> Result<(), Error> {
    run_parts(options, inputs, outputs, progress).map_err(|error| in_whole(options.within, error))
}

/// The error for a pixel of the inputs, with its place in the arrays that they are rows of.
pub fn in_whole(within: Option<Within>, mut error: Error) -> Error {
    if let (Some(Within { first, .. }), Error::Assertion { position, .. } | Error::Callback { position }) =
        (within, &mut error)
    {
        position.iter_mut().take(1).for_each(|row| *row += first);
    }
    error
}

/// Writes all outputs, each part of them with the kernel that it needs.
fn run_parts(
    options: &Options,
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
    progress: &Progress,
) -> Result<(), Error> {
    options.function.check_counts(inputs.len(), outputs.len())?;
    let shape = inputs[0].shape();
    for input in &inputs[1..] {
        whole::same_shape("inputs", shape, input.shape(), "that of the first input")?;
    }
    let steps = stride::steps(options, shape.len())?;
    if !options.missing.is_set() && steps.is_none() {
        return whole::run(options, inputs, outputs, progress);
    }
    if let Some(mask) = &options.missing.mask {
        whole::same_shape("mask", shape, mask.shape(), "that of the first input")?;
    }
    let expected = stride::output_shape(options, shape)?;
    for output in &*outputs {
        whole::same_shape("output", &expected, output.shape(), "what the filter makes of the first input")?;
    }
    let region = output_region(options, shape)?;
    let apart = |options: &Options, inputs: &[Input<'_>], outputs: &mut [Output<'_>]| match &steps {
        None => whole::run(options, inputs, outputs, progress),
        Some(steps) => {
            let part = options.part.clone().unwrap_or_else(|| region.clone());
            stride::run(options, (part, steps), inputs, outputs, progress)
        }
    };
    if !options.missing.is_set() {
        return apart(options, inputs, outputs);
    }
    let each = steps.clone().unwrap_or_else(|| vec![1; shape.len()]);
    for (part, options) in missing::parts(options, inputs, outputs, &region)? {
        let (part, options) = part.at_steps(options, &each);
        let marked = part.marks.as_ref().map(|marks| missing::with_marks(inputs, marks));
        let mut outputs = missing::outputs_of(outputs, &part);
        match &marked {
            Some(marked) => apart(&options, marked, &mut outputs)?,
            None => apart(&options, inputs, &mut outputs)?,
        }
        missing::restore_own(&options, &part, &inputs[0], &mut outputs, &each);
    }
    Ok(())
}
