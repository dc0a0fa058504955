//! How many rows of pixels a pass computes with one call.

use crate::lang::hir::Kernel;
use crate::plan::request::Request;

/// As many as there are, if the code has at most so many nodes; fewer if it would be longer.
pub fn rows_of_pixels(kernel: &Kernel, request: &Request, most: usize) -> usize {
    let nodes = kernel.live_nodes().count().max(1);
    let mut rows = request.adjacent_rows;
    while rows > 1 && rows * nodes > most {
        rows = rows.div_ceil(2);
    }
    rows
}
