//! Order statistics of the windows of neighbouring pixels, which have most of their cells in common.
//!
//! The pixels are a small rectangle, a *tile*. What all of its windows have in common, its *core*, is sorted once, as far as its values may be
//! wanted; then the tile is halved, the rows or columns of cells that the windows of a half have in common besides are merged into its core, and so
//! on, until each half is one pixel (Sugy 2025, arXiv 2507.19926).

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::network::Network;
use super::select::{merge, sort};

/// How to find the order statistics of the windows of a tile.
#[derive(Clone, Debug)]
pub struct Tile {
    /// The pixels along the columns.
    pub height: usize,
    /// The pixels along the rows.
    pub width: usize,
    /// The cells of a row of a window.
    columns: usize,
    networks: Vec<Network>,
    /// What is sorted, operands first.
    lists: Vec<List>,
    /// For each pixel, in C order, the list that has the wanted elements of its window.
    found: Vec<usize>,
}

/// Values in ascending order: the outputs of a network.
#[derive(Clone, Debug)]
struct List {
    network: usize,
    /// What is on its wires.
    wires: Vec<Wires>,
}

/// What is on one wire of a network, or on several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wires {
    /// The cell at this place in the tile's cells: row and column from those of the first pixel's first cell.
    Cell((usize, usize)),
    /// All values of a list.
    List(usize),
}

/// A list of known length.
#[derive(Clone, Copy, Debug)]
struct Run {
    wires: Wires,
    length: usize,
}

impl Tile {
    /// For windows of `rows` by `columns` cells and tiles of `height` by `width` pixels, which are powers of two and at most as large as
    /// the window. The `ranks`, at least one, ascend.
    pub fn new((rows, columns): (usize, usize), (height, width): (usize, usize), ranks: &[usize]) -> Tile {
        assert!(height.is_power_of_two() && width.is_power_of_two() && height <= rows && width <= columns);
        let mut building = Building {
            window: [rows, columns],
            ranks,
            tile: Tile {
                height,
                width,
                columns,
                networks: Vec::new(),
                lists: Vec::new(),
                found: vec![0; height * width],
            },
            networks: HashMap::new(),
        };
        let part = building.whole();
        building.halve(part);
        building.tile
    }

    /// The list that has the wanted elements of a pixel's window.
    pub fn found(&self, (row, column): (usize, usize)) -> usize {
        self.found[row * self.width + column]
    }

    /// The number of the cell of a pixel's window, in C order, that is at this place in the tile's cells.
    pub fn cell(&self, pixel: (usize, usize), place: (usize, usize)) -> usize {
        (place.0 - pixel.0) * self.columns + place.1 - pixel.1
    }

    /// The network of a list, and what is on its wires.
    pub fn list(&self, list: usize) -> (&Network, &[Wires]) {
        (&self.networks[self.lists[list].network], &self.lists[list].wires)
    }

    /// The number of lists.
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// The minima and maxima for all pixels of the tile.
    pub fn cost(&self) -> usize {
        self.lists.iter().map(|list| self.networks[list.network].cost()).sum()
    }
}

/// Some of a tile's pixels, and what is known of the cells of their windows. What there is for each axis is in this order: rows, columns.
struct Part {
    /// Which rows and columns of pixels.
    pixels: [Range<usize>; 2],
    /// The cells that all windows have, as far as they may be wanted.
    core: Run,
    /// The rank that the first value of the core has among all of these cells.
    first: usize,
    /// The other rows of cells, those that are in the columns of the core, and the other columns, those in the rows of the core.
    others: [BTreeMap<usize, Run>; 2],
}

/// A tile in the making.
struct Building<'a> {
    /// The rows and the columns of a window.
    window: [usize; 2],
    ranks: &'a [usize],
    tile: Tile,
    /// The networks that are there, by the lengths of groups and the ranks.
    networks: HashMap<(Vec<usize>, Vec<usize>), usize>,
}

impl Building<'_> {
    /// The whole tile.
    fn whole(&mut self) -> Part {
        let pixels = [0..self.tile.height, 0..self.tile.width];
        let common = [0, 1].map(|axis| self.common(axis, &pixels[axis]));
        let columns: Vec<Run> = common[1].clone().map(|column| self.line(1, column, common[0].clone())).collect();
        let wanted = self.wanted(&pixels);
        let (first, core) = (wanted[0], self.merged(&columns, wanted));
        let others = [0, 1].map(|axis| {
            let more = pixels[axis].end - 1;
            let lines = (0..more).chain(self.window[axis]..self.window[axis] + more);
            lines.map(|line| (line, self.line(axis, line, common[1 - axis].clone()))).collect()
        });
        Part { pixels, core, first, others }
    }

    /// Finds what is wanted of the windows of a part.
    fn halve(&mut self, part: Part) {
        let [height, width] = [0, 1].map(|axis| part.pixels[axis].len());
        if height * width == 1 {
            let Wires::List(list) = part.core.wires else { unreachable!("a window of one cell is no tile's") };
            self.tile.found[part.pixels[0].start * self.tile.width + part.pixels[1].start] = list;
            return;
        }
        let axis = usize::from(width >= height);
        let Range { start, end } = part.pixels[axis];
        let middle = start.midpoint(end);
        for pixels in [start..middle, middle..end] {
            let half = self.half(&part, axis, pixels);
            self.halve(half);
        }
    }

    /// The half of a part with these of its rows or columns of pixels.
    ///
    /// What the part's core lacks has ranks below those wanted of the larger one, too, or above them: a rank changes by as many cells as come in at
    /// most.
    fn half(&mut self, part: &Part, axis: usize, along: Range<usize>) -> Part {
        let common = self.common(axis, &along);
        let seen = along.start..along.end - 1 + self.window[axis];
        let lines = part.others[axis].iter().filter(|(line, _)| seen.contains(line));
        let (new, rest): (BTreeMap<usize, Run>, BTreeMap<usize, Run>) =
            lines.partition(|(line, _)| common.contains(line));
        // Lines along the other axis have the cells that are new to the core besides.
        let longer = |(line, run): (&usize, &Run)| {
            let corner: Vec<Wires> = new.keys().map(|new| cell(axis, *new, *line)).collect();
            let corner = self.sorted(corner);
            (*line, self.merged(&[*run, corner], (0..run.length + corner.length).collect()))
        };
        let crossing = part.others[1 - axis].iter().map(longer).collect();
        let mut pixels = part.pixels.clone();
        pixels[axis] = along;
        let wanted = self.wanted(&pixels);
        let first = wanted[0];
        let runs: Vec<Run> = std::iter::once(part.core).chain(new.into_values()).collect();
        let core = self.merged(&runs, wanted.iter().map(|rank| rank - part.first).collect());
        let mut others = [rest, crossing];
        others.rotate_left(axis);
        Part { pixels, core, first, others }
    }

    /// The rows or columns of cells that the windows of these rows or columns of pixels have in common.
    fn common(&self, axis: usize, pixels: &Range<usize>) -> Range<usize> {
        pixels.end - 1..pixels.start + self.window[axis]
    }

    /// A row or a column of cells in order, from here to there.
    fn line(&mut self, axis: usize, line: usize, along: Range<usize>) -> Run {
        self.sorted(along.map(|along| cell(axis, line, along)).collect())
    }

    /// The ranks among the cells of a core that the wanted elements may have: of `m` cells besides, each may be below or above. Of
    /// one pixel's, those ranks themselves.
    fn wanted(&self, pixels: &[Range<usize>; 2]) -> Vec<usize> {
        if pixels.iter().all(|pixels| pixels.len() == 1) {
            return self.ranks.to_vec();
        }
        let cells: usize = [0, 1].map(|axis| self.common(axis, &pixels[axis]).len()).iter().product();
        let besides = self.window.iter().product::<usize>() - cells;
        let last = self.ranks.last().expect("there is one");
        (self.ranks[0].saturating_sub(besides)..=(*last).min(cells - 1)).collect()
    }

    /// Cells in order.
    fn sorted(&mut self, cells: Vec<Wires>) -> Run {
        let length = cells.len();
        if let [cell] = cells[..] {
            return Run { wires: cell, length };
        }
        let key = (vec![1; length], (0..length).collect());
        self.add(key, |_| sort(length), cells)
    }

    /// The values of these ranks among those of several runs.
    fn merged(&mut self, runs: &[Run], ranks: Vec<usize>) -> Run {
        let lengths = runs.iter().map(|run| run.length).collect();
        self.add((lengths, ranks), |(lengths, ranks)| merge(lengths, ranks), runs.iter().map(|run| run.wires).collect())
    }

    fn add(
        &mut self,
        key: (Vec<usize>, Vec<usize>),
        made: impl FnOnce(&(Vec<usize>, Vec<usize>)) -> Network,
        wires: Vec<Wires>,
    ) -> Run {
        let networks = &mut self.tile.networks;
        let add = |key: &_| {
            networks.push(made(key));
            networks.len() - 1
        };
        let network = *self.networks.entry(key).or_insert_with_key(add);
        self.tile.lists.push(List { network, wires });
        let length = self.tile.networks[network].outputs.len();
        Run { wires: Wires::List(self.tile.lists.len() - 1), length }
    }
}

/// The cell of a row (axis 0) or a column (axis 1), so far along it.
fn cell(axis: usize, line: usize, along: usize) -> Wires {
    Wires::Cell(if axis == 0 { (line, along) } else { (along, line) })
}
