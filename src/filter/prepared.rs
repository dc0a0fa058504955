//! A filter for arrays of one shape and of certain element types, with everything done that is done before there are elements.

use std::fmt;

use ndarray::{Array, ArrayBase, Data, DataMut, Dimension};

use super::arrays::{AnyElement, Input, Output, zeros};
use super::job::Types;
use super::options::{Options, Within};
use super::prepare::prepare;
use super::progress::Progress;
use super::run::{in_whole, run};
use super::stride;
use super::whole::{Ready, joined_axes, same_shape};
use crate::error::Error;
use crate::grid::element::DType;

/// What [`Filter::prepare`](crate::Filter::prepare) gives: for small arrays, each of whose runs takes less time than the checks before it.
///
/// Code is there before the first run; after many runs one of them may make faster code, as for medians over large boxes.
pub struct Prepared {
    /// For arrays in C order without gaps, and for all others if there is nothing else.
    ready: Ready,
    /// For arrays whose axes can't be one as theirs are, if some are one.
    with_gaps: Option<Ready>,
    within: Option<Within>,
    /// The options of a filter whose pixels are apart: they are computed by several runs, which find code for whole arrays.
    apart: Option<Box<Options>>,
    shape: Vec<usize>,
    output_shape: Vec<usize>,
}

impl Prepared {
    /// The filter with these options.
    pub(super) fn new(
        options: &Options,
        shape: &[usize],
        inputs: &[DType],
        outputs: &[DType],
    ) -> Result<Prepared, Error> {
        if options.missing.is_set() {
            return Err(Error::argument("mask", "cells without a value are looked for in each run, and not before"));
        }
        let apart = stride::steps(options, shape.len())?.map(|_| Box::new(options.clone()));
        let output_shape = stride::output_shape(options, shape)?;
        let ready = Ready::new(prepare(options, shape, Types::of_whole_arrays(shape, inputs, outputs))?)?;
        let any = Types::of_any_arrays(shape, inputs, outputs);
        let with_gaps = match &ready.job.arrangement {
            Some(arrangement) if !arrangement.suits(&any.joined) => Some(Ready::new(prepare(options, shape, any)?)?),
            _ => None,
        };
        Ok(Prepared { within: options.within, shape: shape.to_vec(), output_shape, ready, with_gaps, apart })
    }

    /// The shape of the inputs.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The shape of the outputs.
    pub fn output_shape(&self) -> &[usize] {
        &self.output_shape
    }

    /// The element types of the inputs.
    pub fn inputs(&self) -> &[DType] {
        &self.ready.job.types.inputs
    }

    /// The element types of the outputs.
    pub fn outputs(&self) -> &[DType] {
        &self.ready.job.types.outputs
    }

    /// The filtered image, of the element type that was prepared for.
    ///
    /// ```
    /// use hoodoo::{DType, Filter, Kernel};
    /// use ndarray::{Array1, array};
    ///
    /// let mean = Filter::new(&Kernel::compile("mean(w)")?).size(3).prepare(&[4], &[DType::U8], &[DType::F32])?;
    /// let smooth: Array1<f32> = mean.run(&array![1u8, 4, 1, 7])?;
    /// assert_eq!(smooth, array![2.0, 2.0, 4.0, 5.0]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Prepared::run_all_into`]; also for a kernel of several inputs or outputs. [`Error::Memory`] if there is none for the output.
    pub fn run<T, U, S, D>(&self, image: &ArrayBase<S, D>) -> Result<Array<U, D>, Error>
    where
        T: AnyElement,
        U: AnyElement,
        S: Data<Elem = T>,
        D: Dimension,
    {
        same_shape("inputs", &self.shape, image.shape(), "what was prepared for")?;
        let mut shape = image.raw_dim();
        shape.slice_mut().copy_from_slice(&self.output_shape);
        let mut output = zeros(shape)?;
        self.run_into(image, &mut output)?;
        Ok(output)
    }

    /// Writes the filtered image to `output`.
    ///
    /// # Errors
    ///
    /// As for [`Prepared::run_all_into`]; also for a kernel of several inputs or outputs.
    pub fn run_into<T, U, S, S2, D>(&self, image: &ArrayBase<S, D>, output: &mut ArrayBase<S2, D>) -> Result<(), Error>
    where
        T: AnyElement,
        U: AnyElement,
        S: Data<Elem = T>,
        S2: DataMut<Elem = U>,
        D: Dimension,
    {
        self.run_all_into(&[image.into()], &mut [output.into()], &Progress::default())
    }

    /// Writes all outputs, as [`Filter::run_all_into`](crate::Filter::run_all_into) does.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for arrays of another shape or type, or for another number of them; [`Error::Assertion`] and
    /// [`Error::Callback`] at a pixel that fails, and [`Error::Cancelled`]; then some of the outputs may be written.
    pub fn run_all_into(
        &self,
        inputs: &[Input<'_>],
        outputs: &mut [Output<'_>],
        progress: &Progress,
    ) -> Result<(), Error> {
        self.ready.job.function.check_counts(inputs.len(), outputs.len())?;
        for (input, dtype) in inputs.iter().zip(self.inputs()) {
            same_shape("inputs", &self.shape, input.shape(), "what was prepared for")?;
            same_type("inputs", *dtype, input.dtype())?;
        }
        for (output, dtype) in outputs.iter().zip(self.outputs()) {
            same_shape("output", &self.output_shape, output.shape(), "what was prepared for")?;
            same_type("output", *dtype, output.dtype())?;
        }
        if let Some(options) = &self.apart {
            return run(options, inputs, outputs, progress);
        }
        self.ready_for(inputs, outputs).run(inputs, outputs, progress).map_err(|error| in_whole(self.within, error))?;
        progress.finish();
        Ok(())
    }

    /// What computes these arrays.
    fn ready_for(&self, inputs: &[Input<'_>], outputs: &[Output<'_>]) -> &Ready {
        match (&self.with_gaps, &self.ready.job.arrangement) {
            (Some(with_gaps), Some(arrangement)) if !arrangement.suits(&joined_axes(inputs, outputs)) => with_gaps,
            _ => &self.ready,
        }
    }
}

/// What it is for.
impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Prepared");
        fields.field("function", &self.ready.job.function).field("shape", &self.shape).field("inputs", &self.inputs());
        fields.field("output_shape", &self.output_shape).field("outputs", &self.outputs()).finish()
    }
}

fn same_type(argument: &'static str, expected: DType, given: DType) -> Result<(), Error> {
    if expected == given {
        return Ok(());
    }
    Err(Error::argument(argument, format!("elements of {given} are not what was prepared for, {expected}")))
}
