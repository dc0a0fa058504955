//! Whether the values of a kernel could depend on the order in which cells are added up, which follows from along which axis rows run.

use super::analysis::EXACT_SUM_LIMIT;
use super::assemble::ranges_of;
use super::hoist::Hoisted;
use super::request::Request;
use crate::grid::element::Precision;
use crate::lang::hir::{Expr, Reduction};

/// Whether no order makes a difference: what is added is whole numbers with exact sums, or nothing is.
pub fn is_free_of_order(hoisted: &Hoisted, request: &Request) -> bool {
    let kernel = &hoisted.kernel;
    let ranges = ranges_of(kernel, request);
    let cells = request.cells.taps() as f64;
    kernel.live_nodes().all(|(_, node)| match &node.expr {
        Expr::Reduce { op: Reduction::Sum, window, .. } => {
            let element = &ranges[window.index()].general;
            let greatest = element.low.abs().max(element.high.abs());
            request.precision == Precision::Exact
                && element.integral
                && !element.nan
                && greatest * cells <= EXACT_SUM_LIMIT
        }
        Expr::Reduce { op, .. } => !matches!(op, Reduction::Product | Reduction::TrimmedMean | Reduction::Entropy),
        _ => true,
    })
}
