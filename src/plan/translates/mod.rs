//! Values that pixels have in common: what one pixel computes of two cells, another one computes of the same two.
//!
//! A bilateral filter weighs each neighbour by how different it is, and so the neighbour weighs the pixel: w(p, q) = w(q, p). Such values
//! are *translates* of each other, the same function of cells that are elsewhere (common subexpressions modulo translation). A pass
//! makes a line of each function that is worth it, and the kernel's own pass reads it once for each of its translates along the row.
//! Those that are in other rows have lines of their own, since lines are read at the pixel's row only; rows of pixels that are
//! computed by one call share what is in them.
//!
//! Values are those of the kernel in one pass to the last bit, but for sums of floats, which become trees of another shape.

mod choice;
mod instances;
mod passes;
mod unrolled;

use self::choice::choose;
use self::instances::Instances;
use self::passes::{kernel_pass, lines_pass};
use super::chain::Link;
use super::hoist::Hoisted;
use super::request::Request;
use crate::grid::cut::Cut;
use crate::tuning;

/// The passes for a kernel that is one pass otherwise, if it has values that are worth lines.
pub fn translates(hoisted: &Hoisted, request: &Request) -> Option<Vec<Link>> {
    let lacks_cells = request.lacks_cells || !request.shrinking.is_empty() || !request.asked.is_empty();
    if request.cut == Cut::Never || lacks_cells || request.cells.taps() > tuning::MAX_UNROLLED_CELLS {
        return None;
    }
    let along = request.row_axis()?;
    let instances = Instances::of(hoisted, &request.cells)?;
    let lines = choose(&instances, request, along)?;
    Some(vec![lines_pass(hoisted, &instances, request, &lines)?, kernel_pass(hoisted, &instances, request, &lines)?])
}
