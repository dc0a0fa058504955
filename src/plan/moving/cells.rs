//! The cells of a footprint whose order statistics move, and which of them change when it does.

use std::collections::BTreeMap;

use crate::lang::stop::is_stopped;
use crate::plan::request::Request;
use crate::tuning;

/// The cells of a footprint: planes, rows of each, cells of each row.
#[derive(Clone, Debug)]
pub struct OrderCells {
    /// The offsets of the planes that have cells, along all axes but the last two.
    pub planes: Vec<Vec<isize>>,
    /// Where cells are along the axis before the last, and along the row.
    pub y: Extent,
    pub x: Extent,
    /// The cells, in order.
    pub all: Vec<Cell>,
    /// What changes from a pixel's window to that of the next one in the row, and to that of the one below.
    pub right: Change,
    pub down: Change,
}

/// Where cells are along an axis.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// The least offset.
    pub first: isize,
    /// How far from there the greatest is.
    pub span: usize,
}

/// A cell: of which plane, and how far from the first along the two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub plane: u32,
    pub y: u32,
    pub x: u32,
}

/// The cells that another pixel's window has and this one's has not, and the other way round; as places around this one, in order.
#[derive(Clone, Debug)]
pub struct Change {
    pub enter: Vec<Cell>,
    pub leave: Vec<Cell>,
}

impl OrderCells {
    /// The cells of a request's footprint; none, if they are not wanted any more.
    pub fn new(request: &Request) -> OrderCells {
        let (y, x) = (Extent::of(request, 2), Extent::of(request, 1));
        let mut planes: BTreeMap<Vec<isize>, u32> = BTreeMap::new();
        let mut all: Vec<Cell> = Vec::with_capacity(request.cells.taps());
        let mut place = vec![0; request.ndim];
        // The plane of the last cell, which mostly is that of the next one.
        let mut last: Option<(Vec<isize>, u32)> = None;
        for tap in 0..request.cells.taps() {
            if tap.is_multiple_of(tuning::LOOK_INTERVAL) && is_stopped() {
                break;
            }
            for (axis, along) in request.axes.iter().zip(request.cells.offset(tap)) {
                place[*axis] = *along as isize;
            }
            let (outer, along_y, along_x) = split(&place);
            let known = last.as_ref().filter(|(plane, _)| plane == outer).map(|(_, number)| *number);
            let plane = known.unwrap_or_else(|| {
                let next = planes.len() as u32;
                let number = *planes.entry(outer.to_vec()).or_insert(next);
                last = Some((outer.to_vec(), number));
                number
            });
            all.push(Cell { plane, y: along_y.abs_diff(y.first) as u32, x: along_x.abs_diff(x.first) as u32 });
        }
        // Planes have been numbered as they came; from here on they are in order.
        let mut in_order = vec![0; planes.len()];
        planes.values().zip(0..).for_each(|(number, place)| in_order[*number as usize] = place);
        all.iter_mut().for_each(|cell| cell.plane = in_order[cell.plane as usize]);
        all.sort_unstable();
        all.dedup();
        if is_stopped() {
            all.clear();
        }
        OrderCells::of_cells(planes.into_keys().collect(), y, x, all)
    }

    /// Of cells that are in order.
    fn of_cells(planes: Vec<Vec<isize>>, y: Extent, x: Extent, all: Vec<Cell>) -> OrderCells {
        // To the right the ends of runs of cells change.
        let next = |cell: &Cell| Cell { x: cell.x + 1, ..*cell };
        let runs = || all.chunk_by(|cell, after| next(cell) == *after);
        let right = Change {
            enter: runs().filter_map(|run| run.last()).map(next).collect(),
            leave: runs().filter_map(|run| run.first()).copied().collect(),
        };
        let moved_down = || all.iter().map(|cell| Cell { y: cell.y + 1, ..*cell });
        let down = Change {
            enter: difference(moved_down(), all.iter().copied()),
            leave: difference(all.iter().copied(), moved_down()),
        };
        OrderCells { planes, y, x, all, right, down }
    }

    /// How many cells there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Whether they are so few among so many that the elements around a single window are too many to be kept.
    pub fn is_sparse(&self) -> bool {
        let around = self.planes.len().saturating_mul(self.y.span + 1).saturating_mul(self.x.span + 1);
        around > tuning::SPARSE_ELEMENTS.max(tuning::SPARSE_FOR_EACH_CELL * self.count())
    }

    /// Whether all columns along the row have the same cells, so that there are as many in each row.
    pub fn is_box(&self) -> bool {
        let rows = self.all.chunk_by(|cell, next| (cell.plane, cell.y) == (next.plane, next.y)).count();
        self.all.len() == rows * (self.x.span + 1)
    }

    /// The cells that a pixel's window has, and that of the one below it as well.
    pub fn stay_below(&self) -> Vec<Cell> {
        difference(self.all.iter().copied(), self.down.leave.iter().copied())
    }
}

/// An offset along all axes but the last two, along the one before the last, and along the row.
fn split(offset: &[isize]) -> (&[isize], isize, isize) {
    match offset {
        [outer @ .., y, x] => (outer, *y, *x),
        [x] => (&[], 0, *x),
        [] => (&[], 0, 0),
    }
}

impl Extent {
    /// Along the axis of the array that has so many from there to the last one, it included.
    fn of(request: &Request, from_last: usize) -> Extent {
        let axis = request.ndim.checked_sub(from_last);
        let along = request.axes.iter().position(|mine| Some(*mine) == axis);
        let (first, last) = along.map_or((0, 0), |along| request.cells.extremes(along));
        Extent { first: first as isize, span: last.abs_diff(first) as usize }
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
