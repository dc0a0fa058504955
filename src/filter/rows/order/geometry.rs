//! Blocks of pixels, the elements around them, and what changes in a window that moves among them.

use crate::grid::region::Region;
use crate::plan::order::cells::{Cell, OrderCells};
use crate::plan::order::method::Method;
use crate::plan::order::pass::OrderPass;
use crate::tuning;

/// How many pixels are done from one set of elements: the most rows and columns that a block should have.
#[derive(Clone, Copy)]
pub struct Geometry {
    pub rows: usize,
    pub columns: usize,
}

impl Geometry {
    /// For a pass, over a region whose rows are done so many together.
    pub fn new(pass: &OrderPass, region: &Region, group: usize) -> Geometry {
        let region_rows = region.axes.iter().nth_back(1).map_or(1, ExactSizeIterator::len);
        let OrderCells { planes, y, x, all, .. } = &pass.cells;
        let needs_ranks = |method: Method| !matches!(method, Method::Columns(_) | Method::Bisection(_));
        let (rows, columns) = match !pass.statistics.iter().any(|statistic| needs_ranks(statistic.method)) {
            true => (tuning::COLUMN_ROWS.max(2 * y.span), tuning::COLUMN_STRIP),
            false => sides(all.len(), planes.len(), y.span + 1, x.span + 1),
        };
        Geometry {
            rows: rows.min(region_rows).next_multiple_of(group).max(group),
            columns: columns.min(region.row().len()),
        }
    }
}

/// The rows and columns of pixels of a block, whose elements are ranked together.
///
/// In many more elements than a window has, its own are far apart; of few more, most belong to several blocks.
fn sides(cells: usize, planes: usize, height: usize, width: usize) -> (usize, usize) {
    let most = tuning::RANKED_MOST.max(4 * cells);
    let elements = (tuning::RANKED_FOR_EACH_CELL * cells).clamp(tuning::RANKED_LEAST.min(most), most) / planes;
    let aspect = (width as f64 / height as f64).sqrt();
    let side = (elements as f64).sqrt();
    let columns = ((side * aspect) as usize).saturating_sub(width - 1).max(width).max(tuning::RANKED_COLUMNS);
    let rows = (elements / (columns + width - 1)).saturating_sub(height - 1).max(height);
    (rows, columns)
}

/// Where the elements around a block are in memory: those beside each other across the way of a window follow each other.
#[derive(Clone, Copy)]
pub struct Layout {
    planes: usize,
    /// Whether windows move along the row, or else down the column.
    pub along_row: bool,
    /// How many elements there are ahead and across.
    ahead: usize,
    across: usize,
}

impl Layout {
    /// The place of an element.
    #[inline(always)]
    pub fn place(&self, plane: usize, y: usize, x: usize) -> usize {
        let (ahead, aside) = if self.along_row { (x, y) } else { (y, x) };
        (ahead * self.planes + plane) * self.across + aside
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.ahead * self.planes * self.across
    }

    /// How far a row's elements are apart.
    pub fn step(&self) -> usize {
        if self.along_row { self.planes * self.across } else { 1 }
    }

    /// How far apart a window's elements are from those of the next one.
    pub fn stride(&self) -> usize {
        self.planes * self.across
    }
}

/// Elements that follow each other in memory, from a pixel's place on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    pub start: usize,
    pub len: usize,
}

/// Where the elements of cells are in a layout, from a pixel's place on.
fn runs(layout: &Layout, cells: &[Cell]) -> Vec<Run> {
    let mut places: Vec<usize> = cells.iter().map(|cell| layout.place(cell.plane, cell.y, cell.x)).collect();
    places.sort_unstable();
    let mut runs: Vec<Run> = Vec::new();
    for place in places {
        match runs.last_mut() {
            Some(run) if run.start + run.len == place => run.len += 1,
            _ => runs.push(Run { start: place, len: 1 }),
        }
    }
    runs
}

/// What changes in a window that moves.
pub struct Moves {
    pub layout: Layout,
    /// Every element.
    pub all: Vec<Run>,
    /// The elements that the next window has and this one has not.
    pub enter: Vec<Run>,
    /// The elements that this window has and the next one has not.
    pub leave: Vec<Run>,
    /// The same for the window beside this one.
    pub enter_aside: Vec<Run>,
    pub leave_aside: Vec<Run>,
}

impl Moves {
    /// How windows move along the axis in which fewer elements change, in blocks of such sides.
    pub fn new(cells: &OrderCells, geometry: Geometry) -> Moves {
        let OrderCells { right, down, .. } = cells;
        let along_row = right.enter.len() <= down.enter.len();
        let (rows, columns) = (geometry.rows + cells.y.span, geometry.columns + cells.x.span);
        let layout = Layout {
            planes: cells.planes.len(),
            along_row,
            ahead: if along_row { columns } else { rows },
            across: if along_row { rows } else { columns },
        };
        let (ahead, aside) = if along_row { (right, down) } else { (down, right) };
        Moves {
            all: runs(&layout, &cells.all),
            enter: runs(&layout, &ahead.enter),
            leave: runs(&layout, &ahead.leave),
            enter_aside: runs(&layout, &aside.enter),
            leave_aside: runs(&layout, &aside.leave),
            layout,
        }
    }
}

impl ColumnMoves {
    /// Of the first column of a footprint, all of whose columns are the same.
    pub fn new(cells: &OrderCells) -> ColumnMoves {
        let rows = |cells: &[Cell]| cells.iter().filter(|cell| cell.x == 0).map(|cell| (cell.plane, cell.y)).collect();
        ColumnMoves { all: rows(&cells.all), enter: rows(&cells.down.enter), leave: rows(&cells.down.leave) }
    }
}

impl PairOfRows {
    pub fn new(cells: &OrderCells) -> PairOfRows {
        let places = |cells: &[Cell]| cells.iter().map(|cell| (cell.plane, cell.y, cell.x)).collect();
        PairOfRows {
            both: places(&cells.stay_below()),
            first: places(&cells.down.leave),
            second: places(&cells.down.enter),
        }
    }
}

/// What changes in a column of cells that moves down: rows, by plane and distance from the column's first.
pub struct ColumnMoves {
    pub all: Vec<(usize, usize)>,
    pub enter: Vec<(usize, usize)>,
    pub leave: Vec<(usize, usize)>,
}

/// The cells of the windows of two pixels, one below the other: of which plane, and how far from the first of the upper window along the
/// two axes.
pub struct PairOfRows {
    /// Those that both windows have, and those that only one of them has.
    pub both: Vec<(usize, usize, usize)>,
    pub first: Vec<(usize, usize, usize)>,
    pub second: Vec<(usize, usize, usize)>,
}
