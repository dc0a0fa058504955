//! Reductions over large windows, cut into passes.
//!
//! A window is columns of cells beside each other. A reduction of a function of the cell alone can be done one after the other, if what is
//! known of some cells and what is known of others say what is known of all: a pass over the columns makes *lines*, rows of partial
//! results in the thread's own memory, which rows of pixels share; passes along the lines combine some neighbours each; and the last pass,
//! the kernel itself, reads a few partial results where the reduction was. Beyond the ends of the array's rows the columns read what the
//! boundary mode has there, so that later passes know of no boundary.
//!
//! Minima, maxima, positions and sums of integers are the same in any order; sums of floats are trees of another shape, which the
//! language leaves open.

mod cellwise;
mod column_pass;
mod column_program;
mod element;
mod footprint;
mod last_pass;
mod moved;
mod part;
mod placed;
mod price;
mod reduction;
mod row_pass;
mod run;
mod scheme;
mod separable;
pub mod uncut;
mod weighted;

use std::collections::BTreeMap;

use self::column_pass::column_pass;
use self::column_program::{ColumnCells, ColumnProgram};
use self::footprint::{CellColumns, position_steps};
use self::last_pass::last_pass;
use self::moved::move_sums;
use self::price::is_worth_it;
use self::reduction::{Candidate, Cuttable, Recipe, Reductions};
use self::row_pass::row_pass;
use self::scheme::Scheme;
pub use self::separable::{Separable, may_have_weights, moderate, separable};
use self::uncut::{Uncut, WhyWhole};
use super::assemble::ranges_of;
use super::chain::Link;
use super::hoist::Hoisted;
use super::moving::sums::SumPass;
use super::request::Request;
use crate::grid::cut::Cut;
use crate::lang::hir::{Expr, ExprId};
use crate::lang::stop::is_stopped;
use crate::tuning;

/// What cutting makes of a kernel.
pub struct Cutting {
    /// What the host finds of sums, where that takes less than passes.
    pub sums: Vec<SumPass>,
    /// The passes, if some reduction is cut.
    pub links: Option<Vec<Link>>,
    /// The reductions that are not.
    pub uncut: Vec<Uncut>,
}

/// Cuts those of the kernel's reductions that can be cut, where that is worth it. Order statistics that move have their lines, the first ones, already.
pub fn cut(hoisted: &Hoisted, request: &Request, moving: &BTreeMap<ExprId, usize>) -> Cutting {
    let kernel = &hoisted.kernel;
    let (mut candidates, mut uncut) = (Vec::new(), Vec::new());
    let is_left = |id: ExprId| matches!(kernel.expr(id), Expr::Reduce { .. }) && !moving.contains_key(&id);
    if request.cut == Cut::Never || is_stopped() || !kernel.live_nodes().any(|(id, _)| is_left(id)) {
        return Cutting { sums: Vec::new(), links: None, uncut };
    }
    let ranges = ranges_of(kernel, request);
    let mut reductions = Reductions::new(hoisted, request, &ranges);
    for (id, node) in kernel.live_nodes() {
        let Expr::Reduce { op, .. } = node.expr else { continue };
        if moving.contains_key(&id) {
            continue;
        }
        match reductions.candidate(id).and_then(|candidate| shaped(id, candidate, request)) {
            Ok(cuttable) => candidates.push(cuttable),
            Err(why) => uncut.push(Uncut { op, why }),
        }
    }
    if request.cut == Cut::Auto {
        let all = candidates.clone();
        candidates.retain(|Cuttable { id, shape, .. }| {
            let worth = is_worth_it(hoisted, request, &ranges, &all, shape);
            if let (false, Expr::Reduce { op, .. }) = (worth, kernel.expr(*id)) {
                uncut.push(Uncut { op: *op, why: WhyWhole::Price });
            }
            worth
        });
    }
    if candidates.is_empty() || is_stopped() {
        return Cutting { sums: Vec::new(), links: None, uncut };
    }
    let mut scheme = Scheme::new(kernel, request, &ranges, &candidates, moving);
    let sums = move_sums(&mut scheme, hoisted);
    scheme.number_lines();
    let columns = scheme.cut_groups().next().map(|_| column_pass(&scheme));
    let rows = (0..scheme.levels()).map(|level| row_pass(&scheme, level));
    let links: Option<Vec<Link>> = columns.into_iter().chain(rows).chain([last_pass(&scheme)]).collect();
    Cutting { sums: if links.is_some() { sums } else { Vec::new() }, links, uncut }
}

/// The columns of a candidate's cells.
fn shaped(id: ExprId, candidate: Candidate, request: &Request) -> Result<Cuttable, WhyWhole> {
    let shape = CellColumns::of(&request.cells, &candidate.taps, request.row_axis()).ok_or(WhyWhole::Empty)?;
    let is_monoid = matches!(candidate.recipe, Recipe::Plain { .. });
    let is_reduced = is_monoid && shape.patterns.len() == 1;
    let cells = ColumnCells {
        patterns: &shape.patterns,
        jam_axis: request.jam_axis(),
        idempotent: is_monoid,
        rows: request.adjacent_rows,
    };
    // Their code would be long and take long to make.
    let most = tuning::MAX_COLUMN_STEPS / if is_monoid { 1 } else { 4 };
    let cells_of_all = shape.patterns.iter().map(Vec::len).sum::<usize>();
    let is_long = !is_reduced && (cells_of_all > 16 * most || ColumnProgram::new(cells).count() > most);
    match candidate.recipe {
        _ if is_long => Err(WhyWhole::Price),
        // Positions are those in the whole footprint.
        Recipe::Position(_) if position_steps(&request.cells).is_none() => Err(WhyWhole::Footprint),
        _ => Ok(Cuttable { id, candidate, shape }),
    }
}
