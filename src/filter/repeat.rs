//! A filter on its own result, again and again.

use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD};

use super::arrays::{AnyElement, Input, Output, for_both, zeros};
use super::engine::Engine;
use super::options::{Function, MissingCells, Options};
use super::progress::Progress;
use super::{Filter, run};
use crate::error::Error;
use crate::kernel::Kernel;
use crate::kernel::parameters::Parameters;

/// How often a filter is run on its own result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Repeat {
    /// So many times; after none the result is the input.
    Times(usize),
    /// Until a run changes nothing, or so many runs have changed something, which is an error.
    Stable(usize),
}

impl Repeat {
    /// More runs than most filters need until they change nothing.
    pub const DEFAULT_LIMIT: usize = 10_000;
}

impl Filter {
    /// Runs the filter on its own result, again and again: its output is the first input of the next run, and the other inputs
    /// stay. Writes the last result to `output`; how many runs there were, without the one that changed nothing.
    ///
    /// The kernel has one output, of the first input's type and shape. What is computed for a cell of a mask, with [`Filter::fill`], has a
    /// value in the next run.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel, Progress, Repeat};
    /// use ndarray::array;
    ///
    /// // Geodesic dilation: the marker grows as far as the mask goes.
    /// let grow = Filter::new(&Kernel::compile("input marker, mask; min(max(marker), mask[0])")?).size(3);
    /// let (marker, mask) = (array![0u8, 9, 0, 0, 0, 0], array![5u8, 9, 7, 0, 6, 6]);
    /// let mut grown = array![0u8, 0, 0, 0, 0, 0];
    /// let runs = grow.repeat(
    ///     Repeat::Stable(Repeat::DEFAULT_LIMIT),
    ///     &[(&marker).into(), (&mask).into()],
    ///     (&mut grown).into(),
    ///     &Progress::default(),
    /// )?;
    /// assert_eq!((grown, runs), (array![5, 9, 7, 0, 0, 0], 1));
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Filter::run_all_into`]; [`Error::Argument`] for another number of outputs, another type or shape, and if the
    /// result is not stable after the most runs.
    pub fn repeat(
        &self,
        repeat: Repeat,
        inputs: &[Input<'_>],
        output: Output<'_>,
        progress: &Progress,
    ) -> Result<usize, Error> {
        self.options.function.check_counts(inputs.len(), 1)?;
        let Some((first, others)) = inputs.split_first() else {
            return Err(Error::argument("inputs", "a repeated filter needs one"));
        };
        let types = (first.dtype(), output.dtype());
        for_both!(
            (Input, first, first), (Output, output, output) => {
                self.repeat_typed(repeat, first.view(), others, output, progress)
            },
            else {
                let (first, output) = types;
                let message = format!("the output is {output}, and the first input of the next run {first}");
                Err(Error::argument("repeat", message))
            }
        )
    }

    fn repeat_typed<T: AnyElement + PartialEq>(
        &self,
        repeat: Repeat,
        first: ArrayViewD<'_, T>,
        others: &[Input<'_>],
        mut output: ArrayViewMutD<'_, T>,
        progress: &Progress,
    ) -> Result<usize, Error> {
        if output.shape() != first.shape() || self.output_shape(first.shape())? != first.shape() {
            let message = "the output has another shape than the first input, which it is in the next run";
            return Err(Error::argument("repeat", message));
        }
        let (most, until_stable) = match repeat {
            Repeat::Times(times) => (times, false),
            Repeat::Stable(most) => (most, true),
        };
        let (mut before, mut after): (ArrayD<T>, ArrayD<T>) = (zeros(first.raw_dim())?, zeros(first.raw_dim())?);
        before.assign(&first);
        let (mut options, mut runs) = (self.options.clone(), 0);
        loop {
            // The run that shows that all is stable is not one of those that are counted.
            if runs == most && !until_stable {
                break;
            }
            let mut inputs: Vec<Input<'_>> = vec![(&before).into()];
            inputs.extend(others.iter().map(Input::view));
            let absent = run_once(&options, &inputs, &mut after, progress)?;
            drop(inputs);
            let is_filled = absent.is_some_and(|absent| without_filled(&mut options.missing, absent));
            // NaN is no change of NaN.
            let is_nan = |value: &T| value.to_f64().is_nan();
            let alike = |a: &T, b: &T| a == b || is_nan(a) && is_nan(b);
            if until_stable && !is_filled && before.iter().zip(&after).all(|(a, b)| alike(a, b)) {
                break;
            }
            if runs == most {
                return Err(Error::argument("repeat", format!("not stable after {most} runs")));
            }
            std::mem::swap(&mut before, &mut after);
            runs += 1;
        }
        output.assign(&before);
        progress.finish();
        Ok(runs)
    }
}

/// Runs a filter. If cells of its mask get values: which pixels get none.
fn run_once<T: AnyElement>(
    options: &Options,
    inputs: &[Input<'_>],
    after: &mut ArrayD<T>,
    progress: &Progress,
) -> Result<Option<ArrayD<bool>>, Error> {
    let MissingCells { mask, nodata, fill, .. } = &options.missing;
    if !fill || !mask.as_ref().is_some_and(|mask| mask.iter().any(|masked| *masked)) {
        run::run_unfinished(options, inputs, &mut [after.into()], progress)?;
        return Ok(None);
    }
    let mut absent: ArrayD<bool> = zeros(after.raw_dim())?;
    // A number for no value tells.
    let is_told = nodata.is_some();
    match &options.function {
        Function::Kernel(kernel) if !is_told && options.engine != Engine::Callback => {
            let function = Function::Kernel(kernel.with_absent_outputs(&[true]));
            let telling = Options { function, ..options.clone() };
            run::run_unfinished(&telling, inputs, &mut [after.into(), (&mut absent).into()], progress)?;
        }
        _ => {
            run::run_unfinished(options, inputs, &mut [after.into()], progress)?;
            if !is_told {
                seeing_none(options, &inputs[0], &mut absent, progress)?;
            }
        }
    }
    Ok(Some(absent))
}

/// Marks the pixels that see no cell, of which a callback can't tell.
fn seeing_none(
    options: &Options,
    image: &Input<'_>,
    absent: &mut ArrayD<bool>,
    progress: &Progress,
) -> Result<(), Error> {
    let count = Options {
        function: Function::Kernel(Kernel::compile("len(w) == 0")?),
        engine: Engine::Auto,
        parameters: Parameters::new(),
        ..options.clone()
    };
    run::run_unfinished(&count, &[image.view()], &mut [absent.into()], progress)
}

/// Takes the cells that a run gave a value out of the mask; whether there are some.
fn without_filled(missing: &mut MissingCells, mut absent: ArrayD<bool>) -> bool {
    let Some(mask) = missing.mask.take() else { return false };
    absent.zip_mut_with(&mask, |absent, masked| *absent &= masked);
    let is_filled = mask.iter().zip(&absent).any(|(masked, absent)| *masked && !absent);
    missing.mask = Some(Arc::new(absent));
    is_filled
}
