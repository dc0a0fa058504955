//! Why reductions over large windows are computed cell by cell.

use crate::lang::reductions::Reduction;

/// A reduction that is not cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncut {
    /// Which it is.
    pub op: Reduction,
    /// Why not.
    pub why: WhyWhole,
}

/// Why a reduction is not cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyWhole {
    /// Passes would take as long.
    Price,
    /// The order of its elements matters beyond which is the first.
    Order,
    /// Its elements depend on the pixel, not only on the cell.
    Pixel,
    /// Its condition depends on the pixel.
    Condition,
    /// Its condition on places depends on a param.
    Param,
    /// Its weights are not the product of a column and a row, or are known only when it runs.
    Weights,
    /// Positions in its footprint don't follow from those in the bounding box by a number for each row.
    Footprint,
    /// Its elements are 64-bit integers, of which passes would not keep every bit.
    Long,
    /// No cell is ever selected.
    Empty,
}

impl WhyWhole {
    /// The reason in words, after "because".
    pub fn as_str(self) -> &'static str {
        match self {
            WhyWhole::Price => "passes would take as long",
            WhyWhole::Order => "the order of its elements matters",
            WhyWhole::Pixel => "its elements depend on the pixel, not only on the cell",
            WhyWhole::Condition => "its condition depends on the pixel",
            WhyWhole::Param => "its condition on places depends on a param",
            WhyWhole::Weights => "its weights are not known to be products of a column and a row",
            WhyWhole::Footprint => "its footprint has gaps in its rows, or very many rows",
            WhyWhole::Long => "passes would not keep every bit of 64-bit integers",
            WhyWhole::Empty => "no cell is ever selected",
        }
    }
}
