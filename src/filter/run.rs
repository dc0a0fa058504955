//! One run over arrays, some of whose cells may have no value, and some of whose pixels may not be wanted.

use ndarray::ArrayD;

use super::arrays::{Input, Output, zeros};
use super::engine::Engine;
use super::options::{Function, MissingCells, Options, Within};
use super::prepare::output_region;
use super::progress::Progress;
use super::{missing, stride, whole};
use crate::error::Error;
use crate::grid::element::Cast;
use crate::kernel::Kernel;

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
    if let Some((kernel, nodata)) = last_integers(options, outputs) {
        let filled = run_told(options, kernel, inputs, outputs, progress)?;
        let options = &Options { part: Some(region), ..options.clone() };
        return missing::put_nodata(options, (nodata, filled), inputs, outputs, &each);
    }
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

/// The kernel and the number for no value, if some output is of 64-bit integers and the number stands for the last of them, which no f64 is:
/// code that chooses between it and an element would compute in f64s.
fn last_integers<'a>(options: &'a Options, outputs: &[Output<'_>]) -> Option<(&'a Kernel, f64)> {
    let (Function::Kernel(kernel), Some(nodata)) = (&options.function, options.missing.nodata) else { return None };
    let is_last = |output: &Output<'_>| {
        let dtype = output.dtype();
        dtype.whole(None).wide && nodata == dtype.limits().1 && options.cast == Cast::Saturate
    };
    (options.engine != Engine::Callback && outputs.iter().any(is_last)).then_some((kernel, nodata))
}

/// Runs a kernel without the number for no value in its outputs, and with pixels that are missing computed; which pixels of each output have
/// no value.
fn run_told(
    options: &Options,
    kernel: &Kernel,
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
    progress: &Progress,
) -> Result<Vec<ArrayD<bool>>, Error> {
    let numbers = (0..inputs.len()).map(|input| options.missing.of_input(input)).collect();
    let missing = MissingCells { nodata: None, of_inputs: Some(numbers), fill: true, ..options.missing.clone() };
    let function = Function::Kernel(kernel.with_absent_outputs(&vec![true; outputs.len()]));
    let shapes = outputs.iter().map(|output| zeros(ndarray::IxDyn(output.shape())));
    let mut told = shapes.collect::<Result<Vec<ArrayD<bool>>, Error>>()?;
    let mut all: Vec<Output<'_>> = outputs.iter_mut().map(Output::reborrow).collect();
    all.extend(told.iter_mut().map(Output::from));
    run_parts(&Options { function, missing, ..options.clone() }, inputs, &mut all, progress)?;
    Ok(told)
}
