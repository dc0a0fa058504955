//! What a plan is for, besides the kernel.

use crate::grid::cut::Cut;
use crate::grid::element::{Cast, DType, Precision};
use crate::grid::vectors::Vectors;
use crate::lang::cells::Cells;
use crate::lang::whole::Whole;
use crate::tuning;

/// What code is made for, besides the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// The cells that the kernel sees.
    pub cells: Cells,
    /// The axes of the window along which cells outside the array do not take part.
    pub shrinking: Vec<usize>,
    /// The axes of the window along which cells may be outside, for a kernel that asks which are inside.
    pub asked: Vec<usize>,
    /// Whether windows of the run lack cells (mode `shrink`, or a kernel that asks which are inside), those of this plan or those of the one
    /// for the others.
    pub lacks_cells: bool,
    /// How many cells of each window are inside the array at least, where some can be outside along [`Request::shrinking`].
    pub least_inside: usize,
    /// The array's axes that the window has, in the window's order.
    pub axes: Vec<usize>,
    /// The number of the array's axes, at least 1.
    pub ndim: usize,
    /// How many rows there are along the axis before the last, if that is fewer than a few.
    pub adjacent_rows: usize,
    /// How far before and after its pixels code may read in one row; a cell farther away is in a row of its own.
    pub reach: usize,
    /// The inputs' element types.
    pub inputs: Vec<DType>,
    /// The outputs' element types.
    pub outputs: Vec<DType>,
    /// How values become elements of the outputs.
    pub cast: Cast,
    /// The bits of the f64 outside the array, if one is seen.
    pub outside: Option<u64>,
    /// In which floats to compute.
    pub precision: Precision,
    /// Whether reductions over large windows are cut into passes, and what pixels have in common is computed by one.
    pub cut: Cut,
    /// For each sum of products with weights, of how many products of a column and a row the weights are the sum; 0 if that is not
    /// known, and for all that follow the last one.
    pub ranks: Vec<usize>,
    /// The bits of the params whose values the plan is for; none for the others.
    pub known: Vec<Option<u64>>,
    /// Of at most so many elements order statistics are found by networks, more than [`tuning::MAX_NETWORK`] only where windows are boxes.
    pub network: usize,
    /// Columns of at most so many cells have code for each.
    pub column: usize,
    /// How wide vectors are to be.
    pub vectors: Vectors,
    /// At least so many pixels are in a row.
    pub row_pixels: usize,
}

impl Request {
    /// The number of rows for [`Request::adjacent_rows`] of an array of this shape.
    pub fn adjacent_rows(shape: &[usize]) -> usize {
        shape.len().checked_sub(2).map_or(1, |axis| shape[axis].clamp(1, tuning::MAX_ROWS_PER_CALL))
    }

    /// The cells for [`Request::reach`], if those of a window are at most `farthest` away along rows of an array of this shape.
    ///
    /// A copy of a row has all that is between the pixel and the cells, so it should not be many times the row. Of the row's
    /// length only the order of magnitude counts, so that code serves many arrays.
    pub fn reach(shape: &[usize], farthest: usize) -> usize {
        let row = shape.last().map_or(1, |len| len.next_power_of_two());
        if farthest <= tuning::SHORT_REACH { tuning::SHORT_REACH } else { row.max(tuning::SHORT_REACH) }
    }

    /// What the elements of each input are as 64-bit integers.
    pub fn wholes(&self) -> Vec<Whole> {
        self.inputs.iter().map(|dtype| dtype.whole(self.outside())).collect()
    }

    /// The number of cells of every window, if it is one number.
    pub fn window_len(&self) -> Option<usize> {
        let taps = self.cells.taps();
        (!self.lacks_cells || taps == 0).then_some(taps)
    }

    /// The window's axis along the array's rows, if it has that axis.
    pub fn row_axis(&self) -> Option<usize> {
        self.axes.iter().position(|axis| axis + 1 == self.ndim)
    }

    /// The window's axis along which rows of pixels follow each other, if it has that axis.
    pub fn jam_axis(&self) -> Option<usize> {
        self.axes.iter().position(|axis| axis + 2 == self.ndim)
    }

    /// The number for [`Request::row_pixels`] of an array of this shape.
    ///
    /// Only short rows differ, and only by their order of magnitude, so that code serves many arrays.
    pub fn row_pixels(shape: &[usize]) -> usize {
        let row = shape.last().map_or(1, |len| (*len).max(1));
        1 << row.ilog2().min(tuning::LONG_ROW.ilog2())
    }

    /// The f64 outside the array, if one is seen.
    pub fn outside(&self) -> Option<f64> {
        self.outside.map(f64::from_bits)
    }
}
