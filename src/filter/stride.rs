//! Runs whose outputs have only every n-th pixel.
//!
//! Where windows see few rows beside those between the wanted ones, each wanted row of pixels (along the first axis that has a stride, and
//! is not the last) is computed on its own; elsewhere rows that follow each other, of which some are left out. Pixels beside each other
//! along other axes are computed together, too.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use ndarray::{Axis, AxisDescription, Slice};

use super::arrays::{AnyArray, AnyElement, Input, Output, for_any, for_both};
use super::exec::pool::{available_threads, in_bands};
use super::options::{Function, Options};
use super::prepare::{axis_reach, filtered_axes, output_region};
use super::progress::Progress;
use super::whole;
use crate::error::Error;
use crate::grid::region::Region;
use crate::tuning;

/// How far apart pixels of outputs are along each axis of arrays of so many; none where they are beside each other.
pub fn steps(options: &Options, ndim: usize) -> Result<Option<Vec<usize>>, Error> {
    if *options.stride == [1] {
        return Ok(None);
    }
    let axes = filtered_axes(options, ndim)?;
    let each = match options.stride.as_slice() {
        [one] => vec![*one; axes.len()],
        each if each.len() == axes.len() => each.to_vec(),
        each => {
            let message = format!("{} strides for a window of {} axes", each.len(), axes.len());
            return Err(Error::argument("stride", message));
        }
    };
    let mut steps = vec![1; ndim];
    for (axis, step) in axes.iter().zip(each) {
        match usize::try_from(step) {
            Ok(step) if step > 0 => steps[*axis] = step,
            _ => return Err(Error::argument("stride", format!("{step} is not at least 1"))),
        }
    }
    Ok(Some(steps).filter(|steps| steps.iter().any(|step| *step > 1)))
}

/// The shape of outputs for inputs of this shape.
pub fn output_shape(options: &Options, shape: &[usize]) -> Result<Vec<usize>, Error> {
    let region = output_region(options, shape)?;
    let steps = steps(options, shape.len())?.unwrap_or_else(|| vec![1; shape.len()]);
    Ok(region.iter().zip(steps).map(|(range, step)| range.len().div_ceil(step)).collect())
}

/// The rows along the first axis of outputs, so far apart, that are among these of outputs without a stride.
pub fn among(rows: &Range<usize>, step: usize) -> Range<usize> {
    rows.start.div_ceil(step)..rows.end.div_ceil(step)
}

/// Writes outputs that have a pixel at every step of a region.
pub fn run(
    options: &Options,
    (region, steps): (Vec<Range<usize>>, &[usize]),
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
    progress: &Progress,
) -> Result<(), Error> {
    if region.iter().any(|range| range.is_empty()) {
        return Ok(());
    }
    let grid = Grid::new(options, inputs[0].shape(), region, steps)?;
    let parts = grid.parts();
    // Short parts are computed side by side, long ones each by all threads.
    let short = grid.group == 1 && matches!(options.function, Function::Kernel(_));
    let threads = match (short, options.threads) {
        (false, _) => 1,
        (true, 0) => available_threads(),
        (true, threads) => threads,
    };
    let inner = Options { threads: if short { 1 } else { options.threads }, ..options.clone() };
    let outputs: Vec<_> = grid.divided(outputs).into_iter().map(|part| Mutex::new(Some(part))).collect();
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    let work = |_: &mut (), parts: Range<usize>| {
        for part in parts {
            let first = || failed.lock().unwrap_or_else(PoisonError::into_inner);
            if first().as_ref().is_some_and(|error| grid.is_before(error, part)) {
                continue;
            }
            let own = outputs[part].lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
            if let Err(error) = grid.run(&inner, part, inputs, own, progress) {
                keep_first(&mut first(), error);
            }
        }
    };
    in_bands(parts, threads, 1, || (), work);
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// The pixel at which a run failed, if it was at one.
fn failing(error: &Error) -> Option<&[usize]> {
    match error {
        Error::Assertion { position, .. } | Error::Callback { position } => Some(position),
        _ => None,
    }
}

/// Keeps the error for the first pixel in C order, or one that is not about a pixel, before all those that are.
fn keep_first(first: &mut Option<Error>, error: Error) {
    if first.as_ref().is_none_or(|first| failing(&error) < failing(first)) {
        *first = Some(error);
    }
}

/// The pixels of a region that are wanted, in parts.
struct Grid<'a> {
    region: Vec<Range<usize>>,
    steps: &'a [usize],
    /// The axis along which there are several parts.
    axis: usize,
    /// How many indices along that axis are wanted, and how many of them are in a part.
    count: usize,
    group: usize,
}

impl<'a> Grid<'a> {
    fn new(
        options: &Options,
        shape: &[usize],
        region: Vec<Range<usize>>,
        steps: &'a [usize],
    ) -> Result<Grid<'a>, Error> {
        let last = shape.len() - 1;
        let axis = (0..last).find(|axis| steps[*axis] > 1).unwrap_or(0);
        let step = steps[axis];
        let count = region[axis].len().div_ceil(step);
        let across: usize =
            region.iter().enumerate().filter(|(other, _)| *other != axis).map(|(_, one)| one.len()).product();
        let reach = axis_reach(options, shape, axis)?.map_or(0, |((before, after), _)| before + after);
        let alone = step > 1 && axis != last && reach <= tuning::STRIDED_REACH * step;
        let group = match alone {
            true => 1,
            false => {
                (tuning::STRIDED_PIXELS / across.saturating_mul(step).max(1)).max(4 * reach / step).clamp(1, count)
            }
        };
        Ok(Grid { region, steps, axis, count, group })
    }

    fn parts(&self) -> usize {
        self.count.div_ceil(self.group)
    }

    /// The outputs of each part.
    fn divided<'o>(&self, outputs: &'o mut [Output<'_>]) -> Vec<Vec<Output<'o>>> {
        let mut parts: Vec<Vec<Output<'o>>> = Vec::new();
        parts.resize_with(self.parts(), Vec::new);
        for output in outputs {
            for_any!(Output, output, view => {
                let own = view.axis_chunks_iter_mut(Axis(self.axis), self.group);
                parts.iter_mut().zip(own).for_each(|(part, own)| part.push(AnyElement::output(own)));
            });
        }
        parts
    }

    /// Whether none of the pixels of a part, those that are not wanted included, comes before the one with an error.
    fn is_before(&self, error: &Error, part: usize) -> bool {
        let first = |axis: usize| match axis == self.axis {
            true => self.region[axis].start + part * self.group * self.steps[axis],
            false => self.region[axis].start,
        };
        failing(error).is_none_or(|position| position.iter().copied().lt((0..position.len()).map(first)))
    }

    /// Computes a part.
    fn run(
        &self,
        options: &Options,
        part: usize,
        inputs: &[Input<'_>],
        mut outputs: Vec<Output<'_>>,
        progress: &Progress,
    ) -> Result<(), Error> {
        let mut region = self.region.clone();
        let (first, step) = (part * self.group, self.steps[self.axis]);
        let end = (first + self.group).min(self.count) - 1;
        let start = region[self.axis].start;
        region[self.axis] = start + first * step..start + end * step + 1;
        let shape: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
        let options = Options { part: Some(region.clone()), ..options.clone() };
        if outputs.iter().all(|output| output.shape() == shape) {
            return whole::run(&options, inputs, &mut outputs, progress);
        }
        let all = outputs.iter().map(|output| AnyArray::try_zeros(output.dtype(), &shape));
        let mut all = all.collect::<Result<Vec<AnyArray>, Error>>()?;
        let mut whole: Vec<Output<'_>> = all.iter_mut().map(AnyArray::as_output).collect();
        let (wanted, computed) = (outputs[0].shape().iter().product(), shape.iter().product());
        let counted = progress.part(wanted, computed);
        match whole::run(&options, inputs, &mut whole, &counted) {
            // A pixel that is not wanted may fail.
            Err(error) if failing(&error).is_some_and(|position| !self.is_wanted(position)) => {
                self.run_alone(&options, &region, inputs, &mut outputs, &progress.part(0, 1))?;
                counted.add(computed);
            }
            done => {
                done?;
                outputs.iter_mut().zip(&all).for_each(|(output, all)| self.thin_out(all, output));
            }
        }
        Ok(())
    }

    /// Whether outputs have a pixel.
    fn is_wanted(&self, position: &[usize]) -> bool {
        let mut along = position.iter().zip(&self.region).zip(self.steps);
        along.all(|((index, range), step)| (index - range.start).is_multiple_of(*step))
    }

    /// Computes wanted pixels of a part, and no others.
    fn run_alone(
        &self,
        options: &Options,
        region: &[Range<usize>],
        inputs: &[Input<'_>],
        outputs: &mut [Output<'_>],
        progress: &Progress,
    ) -> Result<(), Error> {
        let mut failed = None;
        let strided: Vec<usize> = (0..self.steps.len()).filter(|axis| self.steps[*axis] > 1).collect();
        let counts = strided.iter().map(|axis| region[*axis].len().div_ceil(self.steps[*axis]));
        let wanted = Region { axes: counts.map(|count| 0..count).collect() };
        for number in 0..wanted.pixels() {
            let place = wanted.position(number);
            let mut part = region.to_vec();
            for (axis, index) in strided.iter().zip(&place) {
                let at = region[*axis].start + index * self.steps[*axis];
                part[*axis] = at..at + 1;
            }
            let cut =
                |along: ndarray::AxisDescription| match strided.iter().position(|axis| *axis == along.axis.index()) {
                    Some(along) => Slice::from(place[along]..place[along] + 1),
                    None => Slice::from(..),
                };
            let own = outputs.iter_mut().map(|output| -> Output<'_> {
                for_any!(Output, output, view => AnyElement::output(view.slice_each_axis_mut(cut)))
            });
            let options = Options { part: Some(part), ..options.clone() };
            if let Err(error) = whole::run(&options, inputs, &mut own.collect::<Vec<_>>(), progress) {
                // Those of later pixels along a strided axis may come before it in C order.
                let is_at_pixel = failing(&error).is_some();
                keep_first(&mut failed, error);
                if !is_at_pixel {
                    break;
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Takes every n-th pixel of an array.
    fn thin_out(&self, all: &AnyArray, output: &mut Output<'_>) {
        let every = |along: AxisDescription| Slice::new(0, None, self.steps[along.axis.index()] as isize);
        for_both!(
            (Output, output, thin), (AnyArray, all, all) => thin.assign(&all.slice_each_axis(every)),
            else unreachable!("the arrays have one type")
        );
    }
}
