//! Which network finds the elements of some ranks in a window whose cells are in rows.

use super::tiling::Tiling;
use crate::networks::{self, Network, Overlapping, Tile};

/// How to find the elements of some ranks.
#[derive(Clone, Debug)]
pub enum Selection {
    /// All elements at once.
    Unsorted(Network),
    /// Each row of cells is sorted, then rows are merged.
    Sorted {
        /// A network for each row.
        sorts: Vec<Network>,
        /// The network for the sorted rows.
        merge: Network,
    },
    /// Each row of cells is sorted, then come those that two adjacent rows of pixels have in common: all but the first row of
    /// the upper one's and the last row of the lower one's.
    InPairs {
        /// A network for each row.
        sorts: Vec<Network>,
        /// The networks for what is common, and for the rest.
        overlapping: Overlapping,
        /// Whether the first row of pixels of a call is the upper one of a pair.
        upper_first: bool,
    },
    /// The windows of neighbouring pixels together.
    Tiled(Tile),
}

impl Selection {
    /// The cheapest selection of `ranks` among elements in rows of these lengths, for `rows_per_call` adjacent rows of pixels. The
    /// first row of cells has the number `first_row`, from which pairs are counted. Tiles are for windows that are boxes.
    pub fn new(
        lengths: &[usize],
        ranks: &[usize],
        rows_per_call: usize,
        first_row: usize,
        tiling: Option<Tiling>,
    ) -> Selection {
        if let Some(Tiling { window, height, width: 2 }) = tiling {
            return Selection::Tiled(Tile::new(window, (height, 2), ranks));
        }
        let unsorted = networks::select(lengths.iter().sum(), ranks);
        if rows_per_call == 1 || lengths.len() == 1 {
            return Selection::Unsorted(unsorted);
        }
        let sorts: Vec<Network> = lengths.iter().map(|length| networks::sort(*length)).collect();
        // For all rows of pixels: each row of cells is sorted once.
        let rows = lengths.len() + rows_per_call - 1;
        let sorting = sorts.iter().map(Network::cost).sum::<usize>() * rows / lengths.len();
        let merge = networks::merge(lengths, ranks);
        let mut best = (rows_per_call * unsorted.cost(), Selection::Unsorted(unsorted));
        let cost = sorting + rows_per_call * merge.cost();
        if cost < best.0 {
            best = (cost, Selection::Sorted { sorts: sorts.clone(), merge });
        }
        if rows_per_call.is_multiple_of(2) && lengths.iter().all(|length| *length == lengths[0]) {
            let overlapping = networks::select_overlapping(&lengths[1..], &lengths[..1], ranks);
            let cost = sorting + rows_per_call * overlapping.own.cost() + rows_per_call / 2 * overlapping.common.cost();
            if cost < best.0 {
                best = (cost, Selection::InPairs { sorts, overlapping, upper_first: first_row.is_multiple_of(2) });
            }
        }
        if let Some(Tiling { window, height, width }) = tiling {
            let tile = Tile::new(window, (height, width), ranks);
            let cost = rows_per_call / height * tile.cost();
            if cost < best.0 {
                best = (cost, Selection::Tiled(tile));
            }
        }
        best.1
    }

    /// The minima and maxima that are emitted for one row of pixels, where those in common with others are counted in each, or for
    /// all pixels of a tile.
    pub fn emitted(&self) -> usize {
        let all = |networks: &[Network]| networks.iter().map(Network::cost).sum::<usize>();
        match self {
            Selection::Unsorted(network) => network.cost(),
            Selection::Sorted { sorts, merge } => all(sorts) + merge.cost(),
            Selection::InPairs { sorts, overlapping, .. } => {
                all(sorts) + overlapping.common.cost() + overlapping.own.cost()
            }
            Selection::Tiled(tile) => tile.cost(),
        }
    }

    /// The minima and maxima for one row of pixels, where this part of the rows of cells is visited for each: what rows have in common is
    /// counted once.
    pub fn each_row(&self, visited: f64) -> f64 {
        let all = |networks: &[Network]| networks.iter().map(Network::cost).sum::<usize>() as f64;
        match self {
            Selection::Unsorted(network) => network.cost() as f64,
            Selection::Sorted { sorts, merge } => all(sorts) * visited + merge.cost() as f64,
            Selection::InPairs { sorts, overlapping, .. } => {
                all(sorts) * visited + overlapping.common.cost() as f64 / 2.0 + overlapping.own.cost() as f64
            }
            Selection::Tiled(tile) => tile.cost() as f64 / (tile.height * tile.width) as f64,
        }
    }

    /// What it is, in a few words.
    pub fn described(&self) -> String {
        match self {
            Selection::Unsorted(_) => "of all elements at once".to_string(),
            Selection::Sorted { .. } => "of sorted rows of cells".to_string(),
            Selection::InPairs { .. } => "of sorted rows of cells, shared by pairs of rows of pixels".to_string(),
            Selection::Tiled(tile) => format!("for tiles of {} x {} pixels", tile.height, tile.width),
        }
    }
}
