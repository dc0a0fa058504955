//! Blocks of pixels, the elements around them, and what changes in a window that moves among them.

use super::bins::SIDE;
use crate::grid::region::Region;
use crate::plan::moving::cells::{Cell, Change, OrderCells};
use crate::plan::moving::method::Method;
use crate::plan::moving::pass::{MovingPass, OrderPass};
use crate::tuning;

/// How many pixels are done from one set of elements: the most rows and columns that a block should have.
#[derive(Clone, Copy)]
pub struct Geometry {
    pub rows: usize,
    pub columns: usize,
}

impl Geometry {
    /// For a pass, over a region whose rows are done so many together.
    pub fn new(pass: &MovingPass, region: &Region, group: usize) -> Geometry {
        let most = Geometry {
            rows: region.axes.iter().nth_back(1).map_or(1, ExactSizeIterator::len),
            columns: region.row().len(),
        };
        let wanted = match pass {
            MovingPass::Order(order) => wanted(order, most, group),
            // What windows in the next block have is known already, but for the columns at its sides.
            MovingPass::Sum(sum) => {
                let columns = tuning::SUM_STRIP.max(4 * sum.cells.columns).min(most.columns).max(1);
                Geometry { rows: (tuning::SUM_PIXELS / columns).clamp(1, tuning::SUM_ROWS), columns }
            }
        };
        Geometry {
            rows: wanted.rows.min(most.rows).next_multiple_of(group).max(group),
            columns: wanted.columns.min(most.columns),
        }
    }

    /// Of how many pixels of a row the elements may be read at once.
    pub fn widest(pass: &MovingPass) -> usize {
        match pass {
            MovingPass::Order(order) if has_bins(order) => SIDE - order.cells.x.span,
            MovingPass::Order(_) | MovingPass::Sum(_) => usize::MAX,
        }
    }
}

/// The offset of a window's first cells along the row, and how far from there its last ones are.
pub fn along(pass: &MovingPass) -> (isize, usize) {
    match pass {
        MovingPass::Order(order) => (order.cells.x.first, order.cells.x.span),
        MovingPass::Sum(sum) => (sum.cells.first, sum.cells.columns - 1),
    }
}

/// The pixels of a block for order statistics, in a region that has at most so many.
fn wanted(pass: &OrderPass, most: Geometry, group: usize) -> Geometry {
    let y = pass.cells.y;
    let any = |suits: fn(Method) -> bool| pass.statistics.iter().any(|statistic| suits(statistic.method));
    if has_bins(pass) {
        let rows = SIDE - y.span;
        Geometry { rows: rows - rows % group, columns: SIDE - pass.cells.x.span }
    } else if any(|method| !matches!(method, Method::Columns(_) | Method::Bisection(_))) {
        ranked_together(&pass.cells, most)
    } else {
        Geometry { rows: tuning::COLUMN_ROWS.max(2 * y.span), columns: tuning::COLUMN_STRIP }
    }
}

/// Whether places of elements have 8 bits.
fn has_bins(pass: &OrderPass) -> bool {
    pass.statistics.iter().any(|statistic| matches!(statistic.method, Method::Bins(_)))
}

/// The rows and columns of pixels of a block, whose elements are ranked together, in a region that has at most so many of either.
///
/// In many more elements than a window has, its own are far apart; of few more, most belong to several blocks.
fn ranked_together(cells: &OrderCells, region: Geometry) -> Geometry {
    let (count, planes) = (cells.count(), cells.planes.len());
    let (height, width) = (cells.y.span + 1, cells.x.span + 1);
    let most = tuning::RANKED_MOST.max(4 * count);
    let elements = (tuning::RANKED_FOR_EACH_CELL * count).clamp(tuning::RANKED_LEAST.min(most), most) / planes;
    // So many pixels on one side, where there are so many on the other.
    let columns = |rows: usize| (elements / (rows + height - 1)).saturating_sub(width - 1).max(width);
    let rows = |columns: usize| (elements / (columns + width - 1)).saturating_sub(height - 1).max(height);
    let aspect = (width as f64 / height as f64).sqrt();
    let square = ((elements as f64).sqrt() * aspect) as usize;
    let first = square.saturating_sub(width - 1).max(width).max(tuning::RANKED_COLUMNS);
    // A region of few rows has longer ones together, and the other way round.
    let columns = first.max(columns(rows(first).min(region.rows))).min(region.columns);
    Geometry { rows: rows(columns), columns }
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

    /// The place of a cell's element.
    fn of(&self, cell: &Cell) -> usize {
        self.place(cell.plane as usize, cell.y as usize, cell.x as usize)
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

/// Where the elements of some cells are, from a pixel's place on.
pub struct Places {
    /// Those that follow each other, and the others.
    pub runs: Vec<Run>,
    pub scattered: Vec<u32>,
    /// How many there are.
    pub count: usize,
}

impl Places {
    fn new(layout: &Layout, cells: &[Cell]) -> Places {
        let mut places: Vec<u32> = cells.iter().map(|cell| layout.of(cell) as u32).collect();
        places.sort_unstable();
        let (mut runs, mut scattered) = (Vec::new(), Vec::new());
        for run in places.chunk_by(|place, next| place + 1 == *next) {
            match run.len() >= tuning::LEAST_RUN {
                true => runs.push(Run { start: run[0] as usize, len: run.len() }),
                false => scattered.extend(run),
            }
        }
        Places { runs, scattered, count: cells.len() }
    }
}

/// What changes in a window that moves.
pub struct Moves {
    pub layout: Layout,
    /// Every element.
    pub all: Places,
    /// The elements that the next window has and this one has not.
    pub enter: Places,
    /// The elements that this window has and the next one has not.
    pub leave: Places,
    /// The same for the window beside this one.
    pub enter_aside: Places,
    pub leave_aside: Places,
}

impl Moves {
    /// How windows move, in blocks of such sides: along the axis in which fewer elements change, those of the first windows of all ways
    /// included.
    pub fn new(cells: &OrderCells, geometry: Geometry) -> Moves {
        let OrderCells { right, down, .. } = cells;
        let changes = |ahead: &Change, aside: &Change, len: usize| {
            ahead.enter.len() + (aside.enter.len() + tuning::COPIED_CHANGES).div_ceil(len.max(1))
        };
        let along_row = changes(right, down, geometry.columns) <= changes(down, right, geometry.rows);
        let (rows, columns) = (geometry.rows + cells.y.span, geometry.columns + cells.x.span);
        let layout = Layout {
            planes: cells.planes.len(),
            along_row,
            ahead: if along_row { columns } else { rows },
            across: if along_row { rows } else { columns },
        };
        let (ahead, aside) = if along_row { (right, down) } else { (down, right) };
        Moves {
            all: Places::new(&layout, &cells.all),
            enter: Places::new(&layout, &ahead.enter),
            leave: Places::new(&layout, &ahead.leave),
            enter_aside: Places::new(&layout, &aside.enter),
            leave_aside: Places::new(&layout, &aside.leave),
            layout,
        }
    }
}

impl ColumnMoves {
    /// Of the first column of a footprint, all of whose columns are the same.
    pub fn new(cells: &OrderCells) -> ColumnMoves {
        let rows = |cells: &[Cell]| {
            cells.iter().filter(|cell| cell.x == 0).map(|cell| (cell.plane as usize, cell.y as usize)).collect()
        };
        ColumnMoves { all: rows(&cells.all), enter: rows(&cells.down.enter), leave: rows(&cells.down.leave) }
    }
}

impl PairOfRows {
    pub fn new(cells: &OrderCells) -> PairOfRows {
        let places =
            |cells: &[Cell]| cells.iter().map(|cell| (cell.plane as usize, cell.y as usize, cell.x as usize)).collect();
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
