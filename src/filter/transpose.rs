//! Along which axis of an array rows run: not along one of a few elements, such as the colours of a picture.

use ndarray::IxDyn;

use super::arrays::{AnyElement, Input, Output, for_any};
use crate::tuning;

/// The axes of an array of this shape in another order, in which rows are longer, if there is one: the short ones at the end
/// come first, so that rows that are vertically adjacent stay so.
pub fn order(shape: &[usize]) -> Option<Vec<usize>> {
    let short = shape.iter().rev().take_while(|len| **len <= tuning::SHORT_AXIS).count();
    let long = shape.len() - short;
    let better = short > 0 && long > 0 && shape[long - 1] >= tuning::LONG_AXIS;
    better.then(|| (long..shape.len()).chain(0..long).collect())
}

/// What belongs to each of the axes, in that order.
pub fn reordered<T: Clone>(each: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|axis| each[*axis].clone()).collect()
}

/// What belongs to each of the axes in that order, in the order of the array.
pub fn restored<T: Clone + Default>(each: &[T], order: &[usize]) -> Vec<T> {
    let mut restored = vec![T::default(); order.len()];
    for (axis, value) in order.iter().zip(each) {
        restored[*axis] = value.clone();
    }
    restored
}

/// The same arrays with their axes in that order.
pub fn inputs<'a>(inputs: &'a [Input<'_>], order: &[usize]) -> Vec<Input<'a>> {
    let transposed = |input: &'a Input<'_>| for_any!(Input, input, view => AnyElement::input(view.view().permuted_axes(IxDyn(order))));
    inputs.iter().map(transposed).collect()
}

/// The same arrays with their axes in that order.
pub fn outputs<'a>(outputs: &'a mut [Output<'_>], order: &[usize]) -> Vec<Output<'a>> {
    let transposed = |output: &'a mut Output<'_>| for_any!(Output, output, view => AnyElement::output(view.view_mut().permuted_axes(IxDyn(order))));
    outputs.iter_mut().map(transposed).collect()
}
