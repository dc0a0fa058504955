//! Runs over arrays some of whose cells have no value.
//!
//! The arrays are cut along their first axis: where no row that pixels see has a missing cell, the kernel runs as it is. Elsewhere
//! it is one that asks of each cell whether it takes part.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, Axis, Slice};

use super::arrays::{AnyElement, Input, Output, for_any};
use super::engine::Engine;
use super::options::{Function, Marked, MissingCells, Options};
use super::prepare::axis_reach;
use super::stride;
use crate::error::Error;
use crate::grid::boundary::Mode;
use crate::grid::element::{Cast, Element};
use crate::kernel::Kernel;
use crate::lang::missing::Missing;

/// Fewer rows than this between others that see missing cells are computed like those.
const FEW_ROWS: usize = 16;

/// A part of the outputs.
pub struct Part {
    /// Its indices along the first axis of the outputs; none for a single value.
    rows: Option<Range<usize>>,
    /// Which cells are missing, if some are that its pixels see.
    pub marks: Option<Arc<ArrayD<u8>>>,
    /// The mark of cells whose pixels have their own value, if that is more than a kernel can give them.
    own: Option<u8>,
}

impl Part {
    /// The part of outputs that have a pixel at every step of a region, and the options for it: of the part of outputs that have all.
    pub fn at_steps(self, mut options: Options, steps: &[usize]) -> (Part, Options) {
        let (Some(rows), Some(part)) = (&self.rows, &mut options.part) else { return (self, options) };
        let own = stride::among(rows, steps[0]);
        part[0].start = (part[0].start + (own.start * steps[0] - rows.start)).min(part[0].end);
        (Part { rows: Some(own), ..self }, options)
    }
}

/// The parts of a run for the pixels of a region, each with the options for it.
pub fn parts(
    options: &Options,
    inputs: &[Input<'_>],
    outputs: &[Output<'_>],
    region: &[Range<usize>],
) -> Result<Vec<(Part, Options)>, Error> {
    let MissingCells { nodata, fill, .. } = options.missing;
    let nodata = nodata.map(|nodata| of_outputs(nodata, options.cast, outputs)).transpose()?;
    let shape = inputs[0].shape();
    let region = region.to_vec();
    let options = &without_outside(options, inputs);
    let (mark, marks, rows) = marks(options, inputs)?;
    let kernel = match &options.function {
        Function::Kernel(kernel) if options.engine != Engine::Callback => kernel,
        // The driver leaves cells out for it.
        _ => {
            let mut missing = filled(shape, false)?;
            missing.zip_mut_with(&marks, |missing, other| *missing = *other == mark);
            return Ok(vec![called(options, region, nodata, missing)]);
        }
    };
    let plain = kernel.with_all_present(nodata);
    if !rows.contains(&true) {
        let part = Part { rows: None, marks: None, own: None };
        return Ok(vec![(part, with_kernel(options, plain, region))]);
    }
    // The f64s that kernels compute with have not every element of a wide type.
    let wide = inputs[0].dtype().whole(None).wide;
    let own = (wide && nodata.is_none() && !fill).then_some(mark);
    let axes = options.axes.as_ref().map_or(shape.len(), Vec::len);
    let missing = Missing { mark, nodata: nodata.map(f64::to_bits), fill, axes };
    let careful = kernel.with_missing(missing);
    let marks = Arc::new(marks);
    if shape.is_empty() {
        let part = Part { rows: None, marks: Some(marks), own };
        return Ok(vec![(part, with_kernel(options, careful, region))]);
    }
    let seen = seen(options, shape, &rows, &region[0])?;
    let part = |(rows, missing): (Range<usize>, bool)| {
        let mut part = region.clone();
        part[0] = rows.start + region[0].start..rows.end + region[0].start;
        let kernel = if missing { careful.clone() } else { plain.clone() };
        let marks = missing.then(|| marks.clone());
        (Part { rows: Some(rows), marks, own }, with_kernel(options, kernel, part))
    };
    Ok(runs(&seen).into_iter().map(part).collect())
}

/// The one part of a run whose pixels are computed by a callback.
fn called(options: &Options, region: Vec<Range<usize>>, nodata: Option<f64>, missing: ArrayD<bool>) -> (Part, Options) {
    let marked = Marked { missing: Arc::new(missing), nodata, fill: options.missing.fill };
    let function = match &options.function {
        // Of no cell nothing is asked.
        Function::Kernel(kernel) => Function::Kernel(kernel.with_all_present(None)),
        callback => callback.clone(),
    };
    let options = Options {
        function,
        missing: MissingCells::default(),
        marked: Some(marked),
        part: Some(region),
        ..options.clone()
    };
    (Part { rows: None, marks: None, own: None }, options)
}

/// Gives the pixels of a part whose own cell is missing the value that they have, where the function could not.
pub fn restore_own(options: &Options, part: &Part, first: &Input<'_>, outputs: &mut [Output<'_>], steps: &[usize]) {
    if let Some(Marked { missing, nodata, fill: false, .. }) = &options.marked {
        put_own(options, (missing, |missing| missing), *nodata, first, outputs, steps);
    }
    if let (Some(marks), Some(own)) = (&part.marks, part.own) {
        put_own(options, (marks, |mark| mark == own), None, first, outputs, steps);
    }
}

/// Writes the number for no value where that is told of each output, and, unless such pixels are filled, where their own cell is missing.
pub fn put_nodata(
    options: &Options,
    (nodata, told): (f64, Vec<ArrayD<bool>>),
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
    steps: &[usize],
) -> Result<(), Error> {
    for (output, told) in outputs.iter_mut().zip(&told) {
        for_any!(Output, output, view => ndarray::Zip::from(view.view_mut()).and(told).for_each(|to, told| {
            if *told {
                *to = Element::from_f64(nodata, options.cast);
            }
        }));
    }
    if !options.missing.fill {
        let (mark, marks, _) = marks(options, inputs)?;
        put_own(options, (&marks, |other| other == mark), Some(nodata), &inputs[0], outputs, steps);
    }
    Ok(())
}

/// Writes the first input's elements, or a number, where cells are missing, to outputs that have values.
fn put_own<M: Copy>(
    options: &Options,
    (marks, is_missing): (&ArrayD<M>, impl Fn(M) -> bool),
    number: Option<f64>,
    first: &Input<'_>,
    outputs: &mut [Output<'_>],
    steps: &[usize],
) {
    let region = options.part.as_deref().unwrap_or(&[]);
    let cut = |along: ndarray::AxisDescription| {
        let axis = along.axis.index();
        Slice::from(region[axis].clone()).step_by(steps[axis] as isize)
    };
    let (marks, input) = (marks.slice_each_axis(cut), first.dtype());
    for_any!(Input, first, view => {
        let own = view.slice_each_axis(cut);
        let tells = |number: &usize| options.function.kernel().is_some_and(|kernel| kernel.hir().outputs[*number].tells);
        for (_, output) in outputs.iter_mut().enumerate().filter(|(number, _)| !tells(number)) {
            for_any!(Output, output, view => ndarray::Zip::from(view.view_mut()).and(&marks).and(&own).for_each(
                |to, mark, own| {
                    if is_missing(*mark) {
                        let own_rest = (!input.is_float()).then(|| own.rest());
                        *to = number.map_or_else(
                            || Element::from_parts(own.to_f64(), own_rest, options.cast),
                            |number| Element::from_f64(number, options.cast),
                        );
                    }
                }
            ));
        }
    });
}

fn with_kernel(options: &Options, kernel: Kernel, part: Vec<Range<usize>>) -> Options {
    let function = Function::Kernel(kernel);
    Options { function, missing: MissingCells::default(), part: Some(part), ..options.clone() }
}

/// The number that stands for no value, as outputs have it. If they have it in several ways, each is made of the number itself.
fn of_outputs(nodata: f64, cast: Cast, outputs: &[Output<'_>]) -> Result<f64, Error> {
    let of = |output: &Output<'_>| {
        let dtype = output.dtype();
        // Where values wrap, what is rounded to one beyond the last element does.
        let kept = dtype.is_float() || cast == Cast::Saturate || nodata == 0.0 || dtype.has(nodata);
        let held = dtype.standing_for(nodata).filter(|_| kept);
        held.ok_or_else(|| Error::argument("nodata", format!("outputs of {dtype} can't hold {nodata}")))
    };
    let numbers = outputs.iter().map(of).collect::<Result<Vec<f64>, Error>>()?;
    let alike = numbers.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits());
    Ok(numbers.first().copied().filter(|_| alike).unwrap_or(nodata))
}

/// The same options without what is outside, if that is the number that stands for no value: there is nothing, then.
fn without_outside(options: &Options, inputs: &[Input<'_>]) -> Options {
    let mut options = options.clone();
    let outside = options.cval;
    let is_outside = |number: f64| number == outside || number.is_nan() && outside.is_nan();
    let stands_outside = |(number, input): (usize, &Input<'_>)| {
        let nodata = options.missing.of_input(number);
        nodata.is_some_and(|nodata| is_outside(nodata) || input.dtype().standing_for(nodata).is_some_and(is_outside))
    };
    if inputs.iter().enumerate().all(stands_outside) {
        for mode in options.modes.iter_mut().filter(|mode| **mode == Mode::Constant) {
            *mode = Mode::Shrink;
        }
    }
    options
}

/// Which cells are missing, by what number that is marked, and which indices along the first axis have a missing cell.
fn marks(options: &Options, inputs: &[Input<'_>]) -> Result<(u8, ArrayD<u8>, Vec<bool>), Error> {
    let mask = &options.missing.mask;
    // Beyond the ends may be a constant, which is not to be taken for a mark by chance.
    let outside = options.modes.contains(&Mode::Constant).then_some(options.cval);
    let mut marks = (0..=u8::MAX).filter(|mark| Some(f64::from(*mark)) != outside);
    let (present, absent) = (marks.next().unwrap_or(0), marks.next().unwrap_or(1));
    let mut marks = filled(inputs[0].shape(), present)?;
    let mut rows = vec![false; inputs[0].shape().first().copied().unwrap_or(1)];
    if let Some(mask) = mask {
        mark_where(&mut marks, &mut rows, mask.view(), absent, |masked| *masked);
    }
    for (number, input) in inputs.iter().enumerate() {
        if let Some(nodata) = options.missing.of_input(number) {
            for_any!(Input, input, view => mark_nodata(&mut marks, &mut rows, view.view(), absent, nodata));
        }
    }
    Ok((absent, marks, rows))
}

/// An array of what is known of each cell, if there is memory for it.
fn filled<T: Copy>(shape: &[usize], value: T) -> Result<ArrayD<T>, Error> {
    let elements = Error::filled("which cells are missing", shape.iter().product(), value)?;
    Ok(ArrayD::from_shape_vec(shape, elements).expect("as many elements as the shape has"))
}

/// Marks the cells whose element is the one that stands for no value, if the type has one that does.
fn mark_nodata<T: Element>(
    marks: &mut ArrayD<u8>,
    rows: &mut [bool],
    view: ArrayViewD<'_, T>,
    absent: u8,
    nodata: f64,
) {
    let Some(nodata) = T::standing_for(nodata) else { return };
    match nodata.to_f64().is_nan() {
        true => mark_where(marks, rows, view, absent, |value| value.to_f64().is_nan()),
        false => mark_where(marks, rows, view, absent, |value| *value == nodata),
    }
}

/// Marks the cells of a view that are missing, and the rows that have one.
fn mark_where<T>(
    marks: &mut ArrayD<u8>,
    rows: &mut [bool],
    view: ArrayViewD<'_, T>,
    absent: u8,
    missing: impl Fn(&T) -> bool,
) {
    if view.ndim() == 0 {
        if view.iter().any(&missing) {
            marks.fill(absent);
            rows[0] = true;
        }
        return;
    }
    for ((mut marks, row), view) in marks.axis_iter_mut(Axis(0)).zip(rows).zip(view.axis_iter(Axis(0))) {
        // Most rows have none, and this is one look at each element.
        if view.iter().any(&missing) {
            *row = true;
            marks.zip_mut_with(&view, |mark, value| {
                if missing(value) {
                    *mark = absent
                }
            });
        }
    }
}

/// Which rows of pixels see a missing cell, of those that the outputs have.
fn seen(options: &Options, shape: &[usize], rows: &[bool], pixels: &Range<usize>) -> Result<Vec<bool>, Error> {
    let Some((reach, mode)) = axis_reach(options, shape, 0)? else {
        return Ok(rows[pixels.clone()].to_vec());
    };
    let length = rows.len();
    // How many rows before each have a missing cell.
    let mut before = vec![0usize];
    before.extend(rows.iter().scan(0, |sum, row| {
        *sum += usize::from(*row);
        Some(*sum)
    }));
    let sees = |pixel: usize| {
        let (first, end) = (pixel.saturating_sub(reach.0), (pixel + reach.1 + 1).min(length));
        let inside = before[end] > before[first];
        // Beyond the ends are rows of the array again, near ones or far ones, or the constant.
        let beyond = pixel < reach.0 || pixel + reach.1 >= length;
        inside || beyond && (mode != Mode::Shrink && before[length] > 0)
    };
    Ok(pixels.clone().map(sees).collect())
}

/// The runs of rows that are alike, short ones that see nothing missing joined to those around.
fn runs(seen: &[bool]) -> Vec<(Range<usize>, bool)> {
    let mut runs: Vec<(Range<usize>, bool)> = Vec::new();
    for alike in seen.chunk_by(|a, b| a == b) {
        let start = runs.last().map_or(0, |(run, _)| run.end);
        let missing = alike[0] || alike.len() < FEW_ROWS && alike.len() < seen.len();
        match runs.last_mut() {
            Some((run, other)) if *other == missing => run.end = start + alike.len(),
            _ => runs.push((start..start + alike.len(), missing)),
        }
    }
    runs
}

/// The inputs, and which cells are missing as the last of them.
pub fn with_marks<'a>(inputs: &'a [Input<'_>], marks: &'a ArrayD<u8>) -> Vec<Input<'a>> {
    inputs.iter().map(Input::view).chain([Input::from(marks)]).collect()
}

/// The part of each output.
pub fn outputs_of<'a>(outputs: &'a mut [Output<'_>], part: &Part) -> Vec<Output<'a>> {
    let cut = |output: &'a mut Output<'_>| match &part.rows {
        Some(rows) => for_any!(Output, output, view => {
            AnyElement::output(view.slice_axis_mut(Axis(0), Slice::from(rows.clone())))
        }),
        None => output.reborrow(),
    };
    outputs.iter_mut().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::{FEW_ROWS, runs};

    #[test]
    fn short_runs_join_their_neighbours() {
        assert_eq!(runs(&[false; 5]), [(0..5, false)]);
        assert_eq!(runs(&[true; 5]), [(0..5, true)]);
        let few = [vec![true; 3], vec![false; FEW_ROWS - 1], vec![true; 2], vec![false; FEW_ROWS]].concat();
        let end = 3 + FEW_ROWS - 1 + 2;
        assert_eq!(runs(&few), [(0..end, true), (end..end + FEW_ROWS, false)]);
    }
}
