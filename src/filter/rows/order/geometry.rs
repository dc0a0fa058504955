//! Blocks of pixels, the elements around them, and what changes in a window that moves among them.

use std::collections::BTreeSet;

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
    /// The cells: of which plane, and how far from the first along the two axes.
    cells: BTreeSet<Cell>,
}

/// Where cells are along an axis.
#[derive(Clone, Copy)]
pub struct Extent {
    /// The least offset.
    pub first: isize,
    /// How far from there the greatest is.
    pub span: usize,
}

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
        let planes: BTreeSet<&Vec<isize>> = places.iter().map(|(outer, ..)| outer).collect();
        let planes: Vec<Vec<isize>> = planes.into_iter().cloned().collect();
        let y = Extent::of(places.iter().map(|(_, y, _)| *y));
        let x = Extent::of(places.iter().map(|(.., x)| *x));
        let cell = |(outer, along_y, along_x): &(Vec<isize>, isize, isize)| Cell {
            plane: planes.binary_search(outer).expect("every plane is listed"),
            y: (along_y - y.first).unsigned_abs(),
            x: (along_x - x.first).unsigned_abs(),
        };
        let cells: BTreeSet<Cell> = places.iter().map(cell).collect();
        let columns_only = pass.statistics.iter().all(|statistic| matches!(statistic.method, Method::Columns(_)));
        let (rows, columns) = match columns_only {
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

    /// The offset of a cell's element from that of another pixel's, in a layout.
    fn offsets(&self, layout: &Layout, cells: impl Iterator<Item = Cell>) -> Vec<Run> {
        let mut places: Vec<usize> = cells.map(|cell| layout.place(cell.plane, cell.y, cell.x)).collect();
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

    /// The cells that a window has which comes after another by such a step, and that one has not: relative to the other's pixel.
    fn entering(&self, y: usize, x: usize) -> impl Iterator<Item = Cell> {
        let moved = self.cells.iter().map(move |cell| Cell { y: cell.y + y, x: cell.x + x, ..*cell });
        moved.filter(|cell| !self.cells.contains(cell))
    }

    /// The cells that a window has, and one that comes after it by such a step has not.
    fn leaving(&self, y: usize, x: usize) -> impl Iterator<Item = Cell> {
        let kept = move |cell: &&Cell| {
            cell.y >= y && cell.x >= x && self.cells.contains(&Cell { y: cell.y - y, x: cell.x - x, ..**cell })
        };
        self.cells.iter().filter(move |cell| !kept(cell)).copied()
    }

    /// The rows of a plane's cells that enter and leave a column of cells, all of which have the same ones, when it moves down: of which
    /// plane, and how far from the first row of the column before the step. And all of them.
    pub fn columns(&self) -> ColumnMoves {
        let first = |cell: &Cell| cell.x == 0;
        let row = |cell: Cell| (cell.plane, cell.y);
        ColumnMoves {
            all: self.cells.iter().copied().filter(first).map(row).collect(),
            enter: self.entering(1, 0).filter(first).map(row).collect(),
            leave: self.leaving(1, 0).filter(first).map(row).collect(),
        }
    }

    /// How windows move along the axis in which fewer elements change.
    pub fn moves(&self) -> Moves {
        let along_row = self.entering(0, 1).count() <= self.entering(1, 0).count();
        let (rows, columns) = self.elements();
        let layout = Layout {
            planes: self.planes.len(),
            along_row,
            ahead: if along_row { columns } else { rows },
            across: if along_row { rows } else { columns },
        };
        let (ahead, aside) = if along_row { ((0, 1), (1, 0)) } else { ((1, 0), (0, 1)) };
        Moves {
            all: self.offsets(&layout, self.cells.iter().copied()),
            enter: self.offsets(&layout, self.entering(ahead.0, ahead.1)),
            leave: self.offsets(&layout, self.leaving(ahead.0, ahead.1)),
            enter_aside: self.offsets(&layout, self.entering(aside.0, aside.1)),
            leave_aside: self.offsets(&layout, self.leaving(aside.0, aside.1)),
            layout,
        }
    }
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
