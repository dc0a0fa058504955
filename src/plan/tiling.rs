//! Which pixels' order statistics are found together, because their windows are boxes that have most of their cells in common.

use super::analysis::Analysis;
use super::pass::{CellAddrs, PassInput, PassOutput};
use super::request::Request;
use super::width::REGISTER;
use crate::lang::hir::{Expr, Kernel};
use crate::lang::specialize::specialized;
use crate::tuning;

/// The tiles of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    /// The rows and columns of a window.
    pub window: (usize, usize),
    /// The rows of pixels of a tile, of which a call has a whole number of tiles.
    pub height: usize,
    /// The pixels of a tile along the row, one or two.
    pub width: usize,
}

impl Tiling {
    /// The tiles of windows with these cells, where a call computes so many rows of pixels.
    pub fn new(cell_addrs: &CellAddrs, taps: usize, rows_per_call: usize) -> Option<Tiling> {
        let window = box_of(cell_addrs, taps)?;
        let height = 1 << rows_per_call.trailing_zeros().min(window.0.ilog2());
        (height > 1 || taps > tuning::MAX_NETWORK).then_some(Tiling { window, height, width: 1 })
    }

    /// How many elements a network may have.
    pub fn most_elements(self) -> usize {
        tuning::MAX_NETWORK.max(self.window.0 * self.window.1)
    }

    /// The same with pairs of pixels along the row, if the pass may have such, and there is so much to share that it is worth taking the elements
    /// apart.
    #[must_use]
    pub fn in_pairs(self, pass: &Untiled<'_>, request: &Request) -> Tiling {
        let (rows, columns) = self.window;
        let is_worth_it = rows * columns >= tuning::CELLS_FOR_PAIRS && columns > 2;
        let is_long_enough = request.row_pixels >= 2 * pass.turn * tuning::WIDE_TURNS;
        let pairs = is_worth_it && is_long_enough && pass.allows_pairs(request.row_axis());
        Tiling { width: if pairs { 2 } else { 1 }, ..self }
    }
}

/// A pass before it is known whether it has its pixels in pairs.
pub struct Untiled<'a> {
    pub kernel: &'a Kernel,
    /// Those of the bodies that there are.
    pub analyses: [Option<&'a Analysis>; 2],
    /// What the rows hold.
    pub rows: (&'a [PassInput], &'a [PassOutput]),
    /// How many pixels a block has without pairs, and a turn of the loop.
    pub block: usize,
    pub turn: usize,
}

impl Untiled<'_> {
    /// Whether nothing in it asks where in a block a pixel is, and no value is in a part of a register only.
    fn allows_pairs(&self, row_axis: Option<usize>) -> bool {
        let asks = |expr: &Expr| matches!(expr, Expr::Coord(axis) if row_axis == Some(*axis));
        if !self.kernel.assertions.is_empty() || self.kernel.live_nodes().any(|(_, node)| asks(&node.expr)) {
            return false;
        }
        let computed = |expr: &Expr| !matches!(expr, Expr::Number(_) | Expr::Boolean(_));
        let nodes = self.kernel.live_nodes().filter(|(_, node)| computed(&node.expr));
        let analyses: Vec<&Analysis> = self.analyses.into_iter().flatten().collect();
        let of_nodes = nodes.flat_map(|(id, _)| analyses.iter().map(move |analysis| analysis.lanes[id.index()]));
        let (inputs, outputs) = self.rows;
        let of_rows = inputs.iter().map(|input| input.lane).chain(outputs.iter().map(|output| output.lane));
        of_nodes.chain(of_rows).all(|lane| self.block * lane.bytes() >= REGISTER)
    }
}

/// Whether networks may have more elements than [`tuning::MAX_NETWORK`], because the windows are boxes, and several rows of pixels share what is done.
pub fn tiles_large_windows(kernel: &Kernel, request: &Request) -> bool {
    let taps = request.cells.taps();
    let places = || CellAddrs::new(request.cells.clone(), request);
    taps > tuning::MAX_NETWORK
        && request.adjacent_rows >= tuning::MAX_ROWS_PER_CALL / 2
        && box_of(&places(), taps).is_some_and(|(rows, columns)| rows.min(columns) >= tuning::MAX_ROWS_PER_CALL / 2)
        && specialized(kernel, taps).assertions.is_empty()
}

/// The rows and columns of a window whose cells are a box without gaps, in planes of one row or in one plane.
fn box_of(cell_addrs: &CellAddrs, taps: usize) -> Option<(usize, usize)> {
    if !(1..=tuning::MAX_TILED_NETWORK).contains(&taps) {
        return None;
    }
    let (first, last) = (cell_addrs.at(0), cell_addrs.at(taps - 1));
    let (y, plane) = first.outer.split_last()?;
    let span = |first: isize, last: isize| usize::try_from(last - first + 1).ok();
    let (rows, columns) = (span(*y, *last.outer.last()?)?, span(first.column, last.column)?);
    let is_there = |tap: usize| {
        let place = cell_addrs.at(tap);
        let (row, column) = ((tap / columns) as isize, (tap % columns) as isize);
        let (mine, outer) = place.outer.split_last().expect("it has as many axes as the first");
        outer == plane && *mine == y + row && place.column == first.column + column && place.shift == first.shift
    };
    (rows * columns == taps && (0..taps).all(is_there)).then_some((rows, columns))
}
