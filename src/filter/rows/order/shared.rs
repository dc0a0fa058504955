//! What all threads share of the order statistics that move.

use std::sync::{Arc, OnceLock};

use super::geometry::{ColumnMoves, Geometry, Moves, PairOfRows};
use crate::filter::exec::domain::Domain;
use crate::filter::rows::border::BorderMap;
use crate::grid::region::Region;
use crate::plan::Plan;
use crate::plan::order::cells::OrderCells;
use crate::plan::order::pass::OrderPass;

/// What all threads share of an order statistic's pass. What changes when windows move is found when a method asks for it first: of a large
/// footprint that takes time.
pub struct OrderContext {
    pub geometry: Geometry,
    /// Of so many pixels of a row the elements are read at once, at most: strips may be longer than a block should be.
    pub widest: usize,
    cells: Arc<OrderCells>,
    moves: OnceLock<Moves>,
    columns: OnceLock<ColumnMoves>,
    pair: OnceLock<PairOfRows>,
    /// What is beyond the ends of the array's rows.
    pub border: BorderMap,
}

impl OrderContext {
    /// How many pixels of a row a block should have, if there are any blocks.
    pub fn wanted_columns(plan: &Plan, region: &Region) -> Option<usize> {
        plan.orders.iter().map(|pass| Geometry::new(pass, region, plan.reads.group_rows).columns).min()
    }

    /// For each pass of a plan, over a region in strips of at most so many pixels.
    pub fn all(plan: &Plan, domain: &Domain, region: &Region, columns: usize) -> Vec<OrderContext> {
        let row = region.row();
        let of_pass = |pass: &OrderPass| {
            let geometry = Geometry { columns, ..Geometry::new(pass, region, plan.reads.group_rows) };
            let cells = pass.cells.clone();
            let first = row.start as isize + cells.x.first;
            let border = BorderMap::new(domain, first..first + (row.len() + cells.x.span) as isize);
            OrderContext {
                geometry,
                widest: Geometry::widest(pass),
                cells,
                moves: OnceLock::new(),
                columns: OnceLock::new(),
                pair: OnceLock::new(),
                border,
            }
        };
        plan.orders.iter().map(of_pass).collect()
    }

    /// How many rows of pixels a block has, at most.
    pub fn rows(&self) -> usize {
        self.geometry.rows
    }

    /// How windows move over a block.
    pub fn moves(&self) -> &Moves {
        self.moves.get_or_init(|| Moves::new(&self.cells, self.geometry))
    }

    /// How columns of cells move down.
    pub fn columns(&self) -> &ColumnMoves {
        self.columns.get_or_init(|| ColumnMoves::new(&self.cells))
    }

    /// What two windows, one below the other, have in common.
    pub fn pair(&self) -> &PairOfRows {
        self.pair.get_or_init(|| PairOfRows::new(&self.cells))
    }
}
