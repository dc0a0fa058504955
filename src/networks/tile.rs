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
            rows,
            columns,
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

/// Some of a tile's pixels, and what is known of the cells of their windows.
struct Part {
    y: Range<usize>,
    x: Range<usize>,
    /// The cells that all windows have, as far as they may be wanted.
    core: Run,
    /// The rank that the first value of the core has among all of these cells.
    first: usize,
    /// The other rows of cells, those that are in the columns of the core, and the other columns, those in the rows of the core.
    rows: BTreeMap<usize, Run>,
    columns: BTreeMap<usize, Run>,
}

/// A tile in the making.
struct Building<'a> {
    rows: usize,
    columns: usize,
    ranks: &'a [usize],
    tile: Tile,
    /// The networks that are there, by the lengths of groups and the ranks.
    networks: HashMap<(Vec<usize>, Vec<usize>), usize>,
}

impl Building<'_> {
    /// The whole tile.
    fn whole(&mut self) -> Part {
        let (y, x) = (0..self.tile.height, 0..self.tile.width);
        let (core_rows, core_columns) = (self.core_rows(&y), self.core_columns(&x));
        let columns: Vec<Run> = core_columns.clone().map(|column| self.column(core_rows.clone(), column)).collect();
        let (core, first) = self.core(&y, &x, columns);
        let others = |window: usize, pixels: usize| (0..pixels - 1).chain(window..window + pixels - 1);
        let rows = others(self.rows, y.end).map(|row| (row, self.row(row, core_columns.clone()))).collect();
        let columns = others(self.columns, x.end).map(|column| (column, self.column(core_rows.clone(), column)));
        let columns = columns.collect();
        Part { y, x, core, first, rows, columns }
    }

    /// Finds what is wanted of the windows of a part.
    fn halve(&mut self, part: Part) {
        let (height, width) = (part.y.len(), part.x.len());
        if height * width == 1 {
            let Wires::List(list) = part.core.wires else { unreachable!("a window of one cell is no tile's") };
            self.tile.found[part.y.start * self.tile.width + part.x.start] = list;
        } else if width >= height {
            let middle = part.x.start + width / 2;
            for x in [part.x.start..middle, middle..part.x.end] {
                let half = self.left_or_right(&part, x);
                self.halve(half);
            }
        } else {
            let middle = part.y.start + height / 2;
            for y in [part.y.start..middle, middle..part.y.end] {
                let half = self.upper_or_lower(&part, y);
                self.halve(half);
            }
        }
    }

    /// The part with these of a part's rows of pixels.
    fn upper_or_lower(&mut self, part: &Part, y: Range<usize>) -> Part {
        let core_rows = self.core_rows(&y);
        let (new, rows) =
            part.rows.clone().into_iter().partition::<BTreeMap<_, _>, _>(|(row, _)| core_rows.contains(row));
        let seen = y.start..y.end - 1 + self.rows;
        let rows: BTreeMap<usize, Run> = rows.into_iter().filter(|(row, _)| seen.contains(row)).collect();
        let longer = |(column, run): (&usize, &Run)| {
            let corner: Vec<Wires> = new.keys().map(|row| Wires::Cell((*row, *column))).collect();
            (*column, self.extended(*run, &corner))
        };
        let columns = part.columns.iter().map(longer).collect();
        let (core, first) = self.grown(part, &y, &part.x, new.into_values());
        Part { y, x: part.x.clone(), core, first, rows, columns }
    }

    /// The part with these of a part's columns of pixels.
    fn left_or_right(&mut self, part: &Part, x: Range<usize>) -> Part {
        let core_columns = self.core_columns(&x);
        let is_new = |(column, _): &(usize, Run)| core_columns.contains(column);
        let (new, columns) = part.columns.clone().into_iter().partition::<BTreeMap<_, _>, _>(is_new);
        let seen = x.start..x.end - 1 + self.columns;
        let columns: BTreeMap<usize, Run> = columns.into_iter().filter(|(column, _)| seen.contains(column)).collect();
        let longer = |(row, run): (&usize, &Run)| {
            let corner: Vec<Wires> = new.keys().map(|column| Wires::Cell((*row, *column))).collect();
            (*row, self.extended(*run, &corner))
        };
        let rows = part.rows.iter().map(longer).collect();
        let (core, first) = self.grown(part, &part.y, &x, new.into_values());
        Part { y: part.y.clone(), x, core, first, rows, columns }
    }

    /// The rows of cells that the windows of these rows of pixels have in common.
    fn core_rows(&self, y: &Range<usize>) -> Range<usize> {
        y.end - 1..y.start + self.rows
    }

    /// The columns of cells that the windows of these columns of pixels have in common.
    fn core_columns(&self, x: &Range<usize>) -> Range<usize> {
        x.end - 1..x.start + self.columns
    }

    fn column(&mut self, rows: Range<usize>, column: usize) -> Run {
        self.sorted(rows.map(|row| Wires::Cell((row, column))).collect())
    }

    fn row(&mut self, row: usize, columns: Range<usize>) -> Run {
        self.sorted(columns.map(|column| Wires::Cell((row, column))).collect())
    }

    /// The core of these pixels, which is all of these runs, and the rank of its first value.
    fn core(&mut self, y: &Range<usize>, x: &Range<usize>, runs: Vec<Run>) -> (Run, usize) {
        let wanted = self.wanted(y, x);
        let first = wanted[0];
        (self.merged(&runs, wanted), first)
    }

    /// The core of some of a part's pixels, which is that of the part and these runs, and the rank of its first value.
    ///
    /// What the part's core lacks has ranks below those wanted of the larger one, too, or above them: a rank changes by as many as come in at most.
    fn grown(
        &mut self,
        part: &Part,
        y: &Range<usize>,
        x: &Range<usize>,
        new: impl Iterator<Item = Run>,
    ) -> (Run, usize) {
        let wanted = self.wanted(y, x);
        let first = wanted[0];
        let runs: Vec<Run> = std::iter::once(part.core).chain(new).collect();
        let ranks = wanted.iter().map(|rank| rank - part.first).collect();
        (self.merged(&runs, ranks), first)
    }

    /// The ranks among the cells of a core that the wanted elements may have: of `m` cells besides, each may be below or above. Of
    /// one pixel's, those ranks themselves.
    fn wanted(&self, y: &Range<usize>, x: &Range<usize>) -> Vec<usize> {
        if y.len() * x.len() == 1 {
            return self.ranks.to_vec();
        }
        let cells = self.core_rows(y).len() * self.core_columns(x).len();
        let besides = self.rows * self.columns - cells;
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

    /// A run, with these cells besides.
    fn extended(&mut self, run: Run, cells: &[Wires]) -> Run {
        let cells = self.sorted(cells.to_vec());
        self.merged(&[run, cells], (0..run.length + cells.length).collect())
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
