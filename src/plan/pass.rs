//! What one pass over the rows computes: taps from named rows, expressions, outputs. The code generator knows only this.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::body::Body;
use super::line::{Destination, Origin};
use super::request::Request;
use super::width::Shape;
use crate::grid::element::{Cast, DType};
use crate::grid::halo::Halo;
use crate::grid::lane::Lane;
use crate::lang::cells::Cells;
use crate::lang::hir::{Expr, Kernel};
use crate::tuning;

/// A pass over rows of pixels.
#[derive(Clone, Debug)]
pub struct Pass {
    /// What each pixel's outputs are. All that is the same for every pixel is a param or weights vector of it.
    pub kernel: Kernel,
    /// The cells around a pixel.
    pub cells: Cells,
    /// Where each cell is.
    pub cell_addrs: CellAddrs,
    /// For each cell of the footprint, the number of the row of cells that it is in, where there are so few that they have code of
    /// their own. Trees combine the cells of a row first, then
    /// rows in pairs by these numbers: rows that are one above the other have numbers in sequence, so that with the number of
    /// the row of pixels added they are the same for every row of pixels.
    pub tree_rows: Vec<usize>,
    /// For some of the kernel's weights vectors, for each cell the first that has the same weight: whose one is read.
    pub equal_weights: Vec<Option<Vec<usize>>>,
    /// The axis of the window along which rows run, if it has that axis.
    pub row_axis: Option<usize>,
    /// The axis of the window along which rows of pixels that are computed together follow each other, if it has that axis.
    pub jam_axis: Option<usize>,
    /// The distinct rows of cells that the code reads, for all rows of pixels that one call computes.
    pub rows: Vec<CellRow>,
    /// Whether the code reads cells before or after the pixel's place in each of those rows.
    pub reaching: Vec<bool>,
    /// What the rows of each input hold.
    pub inputs: Vec<PassInput>,
    /// What the rows of each output hold.
    pub outputs: Vec<PassOutput>,
    /// How values become elements of the outputs.
    pub cast: Cast,
    /// How many pixels are computed together: a power of two.
    pub block: usize,
    /// Whether the pixels of a block are two stretches of the row, as far apart as a turn of the loop takes half of, whose pixels are taken in pairs of
    /// neighbours: the first half of a value's registers has the first pixel of each pair, the second half the second.
    pub pairs: bool,
    /// How wide vectors are, and so how many blocks a turn of the loop computes.
    pub vectors: PassVectors,
    /// How often the loop has the code for those blocks, one after the other along the row.
    pub copies: usize,
    /// How many rows of pixels one call computes.
    pub rows_per_call: usize,
    /// Why so many.
    pub why_rows: RowsPerCall,
    /// About how many instructions a pixel takes.
    pub instructions: f64,
    /// What the code does if all elements and params are finite.
    pub finite: Body,
    /// What it does if they need not be, where that is something else.
    pub general: Option<Body>,
}

/// How wide the vectors of a pass's code are, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassVectors {
    /// 256 or 512 bits: what one register holds for a block, and beside it what it holds for the next ones.
    Wide(Shape),
    /// 128 bits: the filter asks for them.
    Requested,
    /// 128 bits: the processor has no wider ones that there is code for.
    Processor,
    /// 128 bits: functions of the host are called, for a block at a time.
    HostCalls,
    /// 128 bits: a row is a few blocks long.
    ShortRows,
    /// 128 bits: there is no wider code for this instruction.
    NoRule(String),
}

/// Why one call computes so many rows of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsPerCall {
    /// What they have in common is computed once (unroll-and-jam).
    Shared,
    /// Rows are so short that what is done for each call takes longer than a row.
    Short,
    /// One: an assertion must name the first pixel that fails.
    Assertions,
    /// One: the cells are visited in loops, which share nothing.
    Loops,
    /// One: adjacent rows of pixels have no cells in common.
    NothingShared,
    /// One: there is only one row along the axis.
    OneRow,
    /// One: there is much to do for a pixel, and registers are few.
    MuchWork,
}

/// A cell's place in terms of rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CellAddr {
    /// The offset along all axes of the array but the last.
    pub outer: Vec<isize>,
    /// How far along the last axis its row is shifted; 0 unless that is far.
    pub shift: isize,
    /// The offset along the last axis from there.
    pub column: isize,
}

/// Where the cells of a window are in the array: what follows from their offsets is computed where it is asked for, for there may
/// be millions of cells.
#[derive(Clone, Debug)]
pub struct CellAddrs {
    cells: Cells,
    /// The array's axes that the window has, in the window's order.
    axes: Vec<usize>,
    /// The number of the array's axes.
    ndim: usize,
    /// How far code may reach in one row.
    reach: isize,
    /// Columns of at most so many cells have code for each.
    column: usize,
}

impl CellAddrs {
    /// Those of the cells of a window, in what the request asks for.
    pub fn new(cells: Cells, request: &Request) -> CellAddrs {
        let Request { axes, ndim, reach, column, .. } = request;
        CellAddrs { cells, axes: axes.clone(), ndim: *ndim, reach: *reach as isize, column: *column }
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// How many cells may have code of their own, and how many instructions that may have, of a footprint that is the first `taps` cells.
    pub fn most_unrolled(&self, taps: usize) -> (usize, usize) {
        let is_column = taps <= self.column && self.rows(0..taps).all(|(_, cells, _)| cells == 1);
        match is_column {
            true => (self.column, tuning::MAX_COLUMN_INSTRUCTIONS),
            false => (tuning::MAX_UNROLLED_CELLS, tuning::MAX_UNROLLED_INSTRUCTIONS),
        }
    }

    /// The place of a cell.
    pub fn at(&self, cell: usize) -> CellAddr {
        let mut outer = vec![0; self.ndim];
        for (axis, along) in self.axes.iter().zip(self.cells.offset(cell)) {
            outer[*axis] = *along as isize;
        }
        let along = outer.pop().unwrap_or(0);
        CellAddr::new(outer, along, self.reach)
    }

    /// How far a cell is along the last axis of the array.
    fn along(&self, cell: usize) -> isize {
        let last = self.axes.iter().position(|axis| axis + 1 == self.ndim);
        last.map_or(0, |axis| self.cells.offset(cell)[axis] as isize)
    }

    /// How far a cell is along the last axis from the place to which its row is shifted.
    pub fn column(&self, cell: usize) -> isize {
        self.along(cell) - shift_of(self.along(cell), self.reach)
    }

    /// The places of some cells, each with the number of cells after it that are in the same row, it included, and with whether one of
    /// them is before or after the place to which that row is shifted.
    pub fn rows(&self, cells: Range<usize>) -> impl Iterator<Item = (CellAddr, usize, bool)> {
        let mut next = cells.start;
        std::iter::from_fn(move || {
            if next == cells.end {
                return None;
            }
            let (first, start) = (self.at(next), next);
            let mut reaching = false;
            while next < cells.end && self.is_in_row(start, &first, next) {
                reaching |= self.along(next) != first.shift;
                next += 1;
            }
            Some((first, next - start, reaching))
        })
    }

    /// Whether a cell is in the same row as another, whose place is known.
    fn is_in_row(&self, other: usize, place: &CellAddr, cell: usize) -> bool {
        let (mine, theirs) = (self.cells.offset(cell), self.cells.offset(other));
        let outer = self.axes.iter().zip(mine.iter().zip(theirs)).all(|(axis, (x, y))| axis + 1 == self.ndim || x == y);
        outer && shift_of(self.along(cell), self.reach) == place.shift
    }
}

/// How far the row is shifted that has a cell so far along it.
fn shift_of(along: isize, reach: isize) -> isize {
    if along.abs() <= reach { 0 } else { along - along % reach }
}

/// A row of cells.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellRow {
    /// Of which input.
    pub input: usize,
    /// The offset from the first row of pixels, along all axes of the array but the last.
    pub outer: Vec<isize>,
    /// How far it is shifted along the last axis: the code finds there what is that far beyond its pixels.
    pub shift: isize,
}

impl CellAddr {
    /// The place of a cell with these offsets along the array's axes but the last, and along the last, where code may reach
    /// that far in one row.
    pub fn new(outer: Vec<isize>, along: isize, reach: isize) -> CellAddr {
        let shift = shift_of(along, reach);
        CellAddr { outer, shift, column: along - shift }
    }
}

/// What an input's rows hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PassInput {
    /// Where they are.
    pub origin: Origin,
    /// The array's element type; of a line, that of its lane.
    pub dtype: DType,
    /// What the rows that the code reads hold.
    pub lane: Lane,
}

/// What an output's rows hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PassOutput {
    /// Where they go.
    pub destination: Destination,
    /// The array's element type; of a line, that of its lane.
    pub dtype: DType,
    /// The lane type that the code stores; if that is not the element type, the driver casts it.
    pub lane: Lane,
}

impl PassInput {
    /// Whether the code can read the array's own memory.
    pub fn is_native(self) -> bool {
        Lane::of(self.dtype) == Some(self.lane)
    }
}

impl PassOutput {
    /// Whether the code can write to the array's own memory.
    pub fn is_native(self) -> bool {
        Lane::of(self.dtype) == Some(self.lane)
    }
}

impl PassVectors {
    /// How many blocks of pixels are computed at once.
    pub fn blocks(&self) -> usize {
        self.shape().map_or(1, |shape| shape.blocks)
    }

    /// The registers, if they are wider than Cranelift's.
    pub fn shape(&self) -> Option<Shape> {
        match self {
            PassVectors::Wide(shape) => Some(*shape),
            _ => None,
        }
    }
}

impl Pass {
    /// How many pixels of a row a turn of the loop computes, and so the least that a call is for.
    pub fn step(&self) -> usize {
        self.stride() * self.copies
    }

    /// How many pixels one copy of the code computes.
    pub fn stride(&self) -> usize {
        self.block * self.vectors.blocks()
    }

    /// How far apart the blocks are that wide vectors have side by side, in pixels.
    pub fn apart(&self) -> usize {
        if self.pairs { self.block / 2 } else { self.block }
    }

    /// The position among [`Pass::rows`] of the row of an input's cells at `place`, for a row of pixels.
    pub fn row(&self, input: usize, place: &CellAddr, pixels: usize) -> usize {
        let row = CellRow { input, outer: below(&place.outer, pixels), shift: place.shift };
        self.rows.binary_search(&row).expect("every row that is read is listed")
    }

    /// For each of [`Pass::rows`], the first and the last column in which the code reads a cell.
    pub fn columns_read(&self) -> HashMap<usize, (isize, isize)> {
        let mut columns: HashMap<usize, (isize, isize)> = HashMap::new();
        for input in 0..self.inputs.len() {
            for place in cells_read(&self.kernel, &self.cells, input).map(|cell| self.cell_addrs.at(cell)) {
                for pixels in 0..self.rows_per_call {
                    let (first, last) =
                        columns.entry(self.row(input, &place, pixels)).or_insert((place.column, place.column));
                    (*first, *last) = ((*first).min(place.column), (*last).max(place.column));
                }
            }
        }
        columns
    }

    /// What the code does whatever the elements are.
    pub fn any_elements(&self) -> &Body {
        self.general.as_ref().unwrap_or(&self.finite)
    }

    /// How far the code reads around a pixel along the rows of an input, from where they are shifted to.
    pub fn halo(&self, input: usize) -> Halo {
        Halo::of(cells_read(&self.kernel, &self.cells, input).map(|cell| self.cell_addrs.column(cell)))
    }

    /// The same from the pixel.
    pub fn unshifted_halo(&self, input: usize) -> Halo {
        Halo::of(cells_read(&self.kernel, &self.cells, input).map(|cell| self.cell_addrs.along(cell)))
    }

    /// The bytes of memory that the code needs for order statistics.
    pub fn scratch_bytes(&self) -> usize {
        let calls_host = [Some(&self.finite), self.general.as_ref()].into_iter().flatten().any(Body::calls_host);
        match calls_host {
            // Elements and filters, arguments and results for a block, and a window of one pixel.
            true => 8 * (self.block * (2 * self.cells.taps() + 2) + self.cells.taps()),
            false => 0,
        }
    }
}

/// The offset of the same row of cells from a row of pixels some rows before.
fn below(outer: &[isize], rows: usize) -> Vec<isize> {
    let mut outer = outer.to_vec();
    if let Some(last) = outer.last_mut() {
        *last += rows as isize;
    }
    outer
}

/// Which cells of an input a kernel reads; some of them perhaps twice.
fn cells_read(kernel: &Kernel, cells: &Cells, input: usize) -> impl Iterator<Item = usize> {
    kernel.live_nodes().flat_map(move |(_, node)| match &node.expr {
        Expr::Tap(tapped) if *tapped == input => 0..cells.taps(),
        Expr::At { input: read, offset } if *read == input => {
            let cell = cells.position(offset).expect("the cells have every fixed offset");
            cell..cell + 1
        }
        _ => 0..0,
    })
}

/// The rows that a kernel reads, in order, and whether it reads cells beyond the pixel in each.
pub fn rows_of(
    kernel: &Kernel,
    cells: &Cells,
    cell_addrs: &CellAddrs,
    rows_per_call: usize,
) -> (Vec<CellRow>, Vec<bool>) {
    let mut rows: BTreeMap<CellRow, bool> = BTreeMap::new();
    let mut read = |input: usize, cells: Range<usize>| {
        for (place, _, reaching) in cell_addrs.rows(cells) {
            for row in 0..rows_per_call {
                let row = CellRow { input, outer: below(&place.outer, row), shift: place.shift };
                *rows.entry(row).or_default() |= reaching;
            }
        }
    };
    for (_, node) in kernel.live_nodes() {
        match &node.expr {
            Expr::Tap(input) => read(*input, 0..cells.taps()),
            Expr::At { input, offset } => {
                let cell = cells.position(offset).expect("the cells have every fixed offset");
                read(*input, cell..cell + 1);
            }
            _ => {}
        }
    }
    rows.into_iter().unzip()
}

/// See [`Pass::tree_rows`].
pub fn tree_rows(cell_addrs: &CellAddrs, taps: usize) -> Vec<usize> {
    if taps > cell_addrs.most_unrolled(taps).0.max(tuning::MAX_TILED_NETWORK) {
        return Vec::new();
    }
    let footprint: Vec<CellAddr> = (0..taps).map(|tap| cell_addrs.at(tap)).collect();
    let y = |addr: &CellAddr| addr.outer.last().copied().unwrap_or(0);
    let least = footprint.iter().map(y).min().unwrap_or(0);
    let most = footprint.iter().map(y).max().unwrap_or(0);
    // Rows of different planes are never adjacent, and pairs of rows, pairs of pairs and so on begin at the same rows in each.
    let apart = ((most - least) as usize + 4 * tuning::MAX_ROWS_PER_CALL + 1).next_power_of_two().max(1 << 20);
    let mut planes: BTreeMap<&[isize], usize> = BTreeMap::new();
    for addr in &footprint {
        planes.entry(&addr.outer[..addr.outer.len().saturating_sub(1)]).or_default();
    }
    planes.values_mut().enumerate().for_each(|(number, first)| *first = number * apart);
    let row = |addr: &CellAddr| planes[&addr.outer[..addr.outer.len().saturating_sub(1)]] + (y(addr) - least) as usize;
    footprint.iter().map(row).collect()
}
