//! Blocks of pixels, the elements around them, and what changes in a window that moves among them.

use crate::grid::region::Region;
use crate::plan::order::method::Method;
use crate::plan::order::pass::OrderPass;
use crate::tuning;

/// Where the cells of a footprint are, and how many pixels are done from one set of elements.
pub struct Geometry {
    /// The most rows and columns of pixels that a block should have.
    pub rows: usize,
    pub columns: usize,
    /// The offsets of the planes that have cells, along all axes but the last two.
    pub planes: Vec<Vec<isize>>,
    /// The cells along the axis before the last.
    pub y: Extent,
    /// The cells along the row.
    pub x: Extent,
    /// The cells, in order.
    cells: Vec<Cell>,
}

/// Where cells are along an axis.
#[derive(Clone, Copy)]
pub struct Extent {
    /// The least offset.
    pub first: isize,
    /// How far from there the greatest is.
    pub span: usize,
}

/// A cell: of which plane, and how far from the first along the two axes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    plane: usize,
    y: usize,
    x: usize,
}

impl Geometry {
    /// For a pass, over a region whose rows are done so many together.
    pub fn new(pass: &OrderPass, region: &Region, group: usize) -> Geometry {
        let region_rows = region.axes.iter().nth_back(1).map_or(1, ExactSizeIterator::len);
        let split = |cell: &[isize]| match cell {
            [outer @ .., y, x] => (outer.to_vec(), *y, *x),
            [x] => (Vec::new(), 0, *x),
            [] => (Vec::new(), 0, 0),
        };
        let places: Vec<(Vec<isize>, isize, isize)> = pass.cells.iter().map(|cell| split(cell)).collect();
        let mut planes: Vec<Vec<isize>> =
            places.chunk_by(|one, next| one.0 == next.0).map(|of_plane| of_plane[0].0.clone()).collect();
        planes.sort_unstable();
        planes.dedup();
        let y = Extent::of(places.iter().map(|(_, y, _)| *y));
        let x = Extent::of(places.iter().map(|(.., x)| *x));
        let cell = |(outer, along_y, along_x): &(Vec<isize>, isize, isize)| Cell {
            plane: planes.binary_search(outer).expect("every plane is listed"),
            y: (along_y - y.first).unsigned_abs(),
            x: (along_x - x.first).unsigned_abs(),
        };
        let mut cells: Vec<Cell> = places.iter().map(cell).collect();
        cells.sort_unstable();
        cells.dedup();
        let needs_ranks = |method: Method| !matches!(method, Method::Columns(_) | Method::Bisection(_));
        let (rows, columns) = match !pass.statistics.iter().any(|statistic| needs_ranks(statistic.method)) {
            true => (tuning::COLUMN_ROWS.max(2 * y.span), tuning::COLUMN_STRIP),
            false => sides(cells.len(), planes.len(), y.span + 1, x.span + 1),
        };
        Geometry {
            rows: rows.min(region_rows).next_multiple_of(group).max(group),
            columns: columns.min(region.row().len()),
            planes,
            y,
            x,
            cells,
        }
    }

    /// The rows and columns of elements around a block.
    pub fn elements(&self) -> (usize, usize) {
        (self.rows + self.y.span, self.columns + self.x.span)
    }

    /// The cells of the window that comes after this one by such a step, relative to this one's pixel, in order.
    fn moved(&self, y: usize, x: usize) -> impl Iterator<Item = Cell> {
        self.cells.iter().map(move |cell| Cell { y: cell.y + y, x: cell.x + x, ..*cell })
    }

    /// The cells that that window has, and this one has not.
    fn entering(&self, y: usize, x: usize) -> Vec<Cell> {
        difference(self.moved(y, x), self.cells.iter().copied())
    }

    /// The cells that this window has, and that one has not.
    fn leaving(&self, y: usize, x: usize) -> Vec<Cell> {
        difference(self.cells.iter().copied(), self.moved(y, x))
    }

    /// The rows of a plane's cells that enter and leave a column of cells, all of which have the same ones, when it moves down: of which
    /// plane, and how far from the first row of the column before the step. And all of them.
    pub fn columns(&self) -> ColumnMoves {
        let first = |cell: &Cell| cell.x == 0;
        let row = |cell: Cell| (cell.plane, cell.y);
        ColumnMoves {
            all: self.cells.iter().copied().filter(first).map(row).collect(),
            enter: self.entering(1, 0).into_iter().filter(first).map(row).collect(),
            leave: self.leaving(1, 0).into_iter().filter(first).map(row).collect(),
        }
    }

    /// The cells of the windows of two pixels, one below the other.
    pub fn pair_of_rows(&self) -> PairOfRows {
        let places = |cells: Vec<Cell>| cells.into_iter().map(|cell| (cell.plane, cell.y, cell.x)).collect();
        let first = self.leaving(1, 0);
        PairOfRows {
            both: places(difference(self.cells.iter().copied(), first.iter().copied())),
            first: places(first),
            second: places(self.entering(1, 0)),
        }
    }

    /// How windows move along the axis in which fewer elements change.
    pub fn moves(&self) -> Moves {
        let (right, down) = (self.entering(0, 1), self.entering(1, 0));
        let along_row = right.len() <= down.len();
        let (rows, columns) = self.elements();
        let layout = Layout {
            planes: self.planes.len(),
            along_row,
            ahead: if along_row { columns } else { rows },
            across: if along_row { rows } else { columns },
        };
        let right = (right, self.leaving(0, 1));
        let down = (down, self.leaving(1, 0));
        let (ahead, aside) = if along_row { (right, down) } else { (down, right) };
        Moves {
            all: offsets(&layout, &self.cells),
            enter: offsets(&layout, &ahead.0),
            leave: offsets(&layout, &ahead.1),
            enter_aside: offsets(&layout, &aside.0),
            leave_aside: offsets(&layout, &aside.1),
            layout,
        }
    }
}

/// Those of some cells that are not among others; both are in order.
fn difference(cells: impl Iterator<Item = Cell>, others: impl Iterator<Item = Cell>) -> Vec<Cell> {
    let mut others = others.peekable();
    let mut is_other = |cell: &Cell| {
        while others.next_if(|other| other < cell).is_some() {}
        others.peek() == Some(cell)
    };
    cells.filter(|cell| !is_other(cell)).collect()
}

/// Where the elements of cells are in a layout, from a pixel's place on.
fn offsets(layout: &Layout, cells: &[Cell]) -> Vec<Run> {
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

impl Extent {
    fn of(offsets: impl Iterator<Item = isize> + Clone) -> Extent {
        let (first, last) = (offsets.clone().min().unwrap_or(0), offsets.max().unwrap_or(0));
        Extent { first, span: last.abs_diff(first) }
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
