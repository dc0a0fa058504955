//! Reductions over large windows, cut into passes.
//!
//! A box of cells is a column of rows and a run along the row. A reduction that is a monoid of a function of the cell alone can be done
//! one after the other: a pass over the columns makes a *line*, a row of partial results in the thread's own memory, which rows of pixels
//! share as trees share rows; passes along the line combine some neighbours each; and the last pass, the kernel itself, reads a few
//! partial results where the reduction was. Beyond the ends of the array's rows the columns read what the boundary mode has there, so
//! that later passes know of no boundary.
//!
//! Minima, maxima and sums of integers are the same in any order; sums of floats are trees of another shape, which the
//! language leaves open.

mod cellwise;
mod column_pass;
mod footprint;
mod last_pass;
mod price;
mod row_pass;
mod run;
mod scheme;

use self::cellwise::cuttables;
use self::column_pass::column_pass;
use self::footprint::Columns;
use self::last_pass::last_pass;
use self::price::is_worth_it;
use self::row_pass::row_pass;
use self::run::Run;
use self::scheme::Scheme;
use super::assemble::ranges_of;
use super::chain::Link;
use super::hoist::Hoisted;
use super::request::Request;
use crate::grid::cut::Cut;

/// The passes for a kernel whose reductions are cut, if some can be, and that is worth it.
pub fn cut(hoisted: &Hoisted, request: &Request) -> Option<Vec<Link>> {
    if request.cut == Cut::Never {
        return None;
    }
    let row_axis = request.axes.iter().position(|axis| axis + 1 == request.ndim);
    let columns = Columns::of(&request.cells, row_axis)?;
    let cuttables = cuttables(hoisted, row_axis);
    let run = Run::of(columns.run);
    if cuttables.is_empty() || request.cut == Cut::Auto && !is_worth_it(&columns, &run, request) {
        return None;
    }
    let kernel = &hoisted.kernel;
    let scheme = Scheme { kernel, request, row_axis, cuttables, ranges: ranges_of(kernel, request), columns, run };
    let rows = (0..scheme.run.levels.len()).map(|level| row_pass(&scheme, level));
    std::iter::once(column_pass(&scheme)).chain(rows).chain([last_pass(&scheme)]).collect()
}
