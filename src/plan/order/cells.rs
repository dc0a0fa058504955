//! The cells of a footprint whose order statistics move, and which of them change when it does.

use std::collections::BTreeSet;

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
    pub plane: usize,
    pub y: usize,
    pub x: usize,
}

/// The cells that another pixel's window has and this one's has not, and the other way round; as places around this one, in order.
#[derive(Clone, Debug)]
pub struct Change {
    pub enter: Vec<Cell>,
    pub leave: Vec<Cell>,
}

impl OrderCells {
    /// Of cells that are so far from the pixel along the array's axes.
    pub fn new(offsets: &[Vec<isize>]) -> OrderCells {
        let places: Vec<(&[isize], isize, isize)> = offsets.iter().map(|offset| split(offset)).collect();
        let planes: BTreeSet<&[isize]> = places.iter().map(|(outer, ..)| *outer).collect();
        let planes: Vec<Vec<isize>> = planes.into_iter().map(<[isize]>::to_vec).collect();
        let y = Extent::of(places.iter().map(|(_, y, _)| *y));
        let x = Extent::of(places.iter().map(|(.., x)| *x));
        let cell = |(outer, along_y, along_x): &(&[isize], isize, isize)| Cell {
            plane: planes.partition_point(|plane| &plane[..] < *outer),
            y: along_y.abs_diff(y.first),
            x: along_x.abs_diff(x.first),
        };
        let mut all: Vec<Cell> = places.iter().map(cell).collect();
        all.sort_unstable();
        all.dedup();
        let moved = |y: usize, x: usize| all.iter().map(move |cell| Cell { y: cell.y + y, x: cell.x + x, ..*cell });
        let change = |y: usize, x: usize| Change {
            enter: difference(moved(y, x), all.iter().copied()),
            leave: difference(all.iter().copied(), moved(y, x)),
        };
        let (right, down) = (change(0, 1), change(1, 0));
        OrderCells { planes, y, x, all, right, down }
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
    fn of(offsets: impl Iterator<Item = isize> + Clone) -> Extent {
        let (first, last) = (offsets.clone().min().unwrap_or(0), offsets.max().unwrap_or(0));
        Extent { first, span: last.abs_diff(first) }
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
