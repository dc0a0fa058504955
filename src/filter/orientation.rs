//! Along which axis of an array rows run: not along one of a few elements, such as the colours of a picture.

use ndarray::IxDyn;

use super::arrays::{AnyElement, Input, Output, for_any};

/// Axes with at most so many elements are no good for rows ...
const SHORT: usize = 8;
/// ... if there is one before them with at least so many.
const LONG: usize = 32;

/// The axes of an array of this shape in another order, in which rows are longer, if there is one: the short ones at the end
/// come first, so that rows that are one above the other stay so.
pub fn order(shape: &[usize]) -> Option<Vec<usize>> {
    let short = shape.iter().rev().take_while(|len| **len <= SHORT).count();
    let long = shape.len() - short;
    let better = short > 0 && long > 0 && shape[long - 1] >= LONG;
    better.then(|| (long..shape.len()).chain(0..long).collect())
}

/// The lengths of the axes in that order.
pub fn reordered(shape: &[usize], order: &[usize]) -> Vec<usize> {
    order.iter().map(|axis| shape[*axis]).collect()
}

/// The same arrays with their axes in that order.
pub fn inputs<'a>(inputs: &'a [Input<'_>], order: &[usize]) -> Vec<Input<'a>> {
    let turned = |input: &'a Input<'_>| for_any!(Input, input, view => AnyElement::input(view.view().permuted_axes(IxDyn(order))));
    inputs.iter().map(turned).collect()
}

/// The same arrays with their axes in that order.
pub fn outputs<'a>(outputs: &'a mut [Output<'_>], order: &[usize]) -> Vec<Output<'a>> {
    let turned = |output: &'a mut Output<'_>| for_any!(Output, output, view => AnyElement::output(view.view_mut().permuted_axes(IxDyn(order))));
    outputs.iter_mut().map(turned).collect()
}
