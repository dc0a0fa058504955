//! Sums of integers over boxes, by the host, from window to window: in a time that does not grow with the box.
//!
//! McDonnell, "Box-Filtering Techniques", Computer Graphics and Image Processing 17 (1981): each column of cells has a sum, to which
//! the row that enters is added when windows move down, and from which the one that leaves is subtracted; so is a window's sum made of
//! that of the one before it, by two columns. Of integers that is exact, whatever has come and gone. Sums of floats would keep what was
//! rounded, and are found by passes.

use super::elements::Elements;
use super::line::MovingLine;
use crate::grid::lane::Lane;
use crate::lang::hir::ExprId;
use crate::plan::analysis::{EXACT_SUM_LIMIT, ValueRange};
use crate::plan::hoist::Hoisted;
use crate::plan::request::Request;

/// A sum over a box.
#[derive(Clone, Debug)]
pub struct SumPass {
    /// What is added for each cell.
    pub elements: Elements,
    /// The cells.
    pub cells: SumCells,
    /// Whether nothing is added for cells beyond the ends of the array's rows.
    pub inside: bool,
    /// Where sums go: as i32s, or as f64s.
    pub line: MovingLine,
}

/// The cells of a box: columns that are alike, beside each other.
#[derive(Clone, Debug)]
pub struct SumCells {
    /// The offsets of a column's cells along all axes of the array but the last, in order.
    pub column: Vec<Vec<isize>>,
    /// The offset of the first column along the row, and how many there are.
    pub first: isize,
    pub columns: usize,
}

/// What is added up.
pub struct Addends<'p> {
    /// The product of these, 1 without any ...
    pub factors: &'p [ExprId],
    /// ... where these hold, ...
    pub conditions: &'p [ExprId],
    /// ... inside the array's rows if that is asked.
    pub inside: bool,
}

impl SumPass {
    /// The pass, whose line has a number; none if what is added are no integers of at most 32 bits.
    pub fn new(
        hoisted: &Hoisted,
        request: &Request,
        addends: &Addends<'_>,
        cells: SumCells,
        number: usize,
    ) -> Option<SumPass> {
        let (elements, element) = Elements::summed(hoisted, request, addends.factors, addends.conditions)?;
        let lane = elements.lane();
        let count = (cells.column.len() * cells.columns) as f64;
        // Nothing may be added at all.
        let range = ValueRange::integers(count * element.low.min(0.0), count * element.high.max(0.0));
        let exact = element.integral && !element.nan && range.is_within(EXACT_SUM_LIMIT);
        let line = MovingLine { number, lane: if range.fits(Lane::I32) { Lane::I32 } else { Lane::F64 }, range };
        (!lane.is_float() && !lane.is_long() && exact).then_some(SumPass {
            elements,
            cells,
            inside: addends.inside,
            line,
        })
    }
}
