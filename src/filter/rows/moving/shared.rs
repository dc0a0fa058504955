//! What all threads share of what moves.

use std::sync::OnceLock;

use super::geometry::{self, ColumnMoves, Geometry, Moves, PairOfRows};
use super::sums::SumContext;
use crate::filter::exec::domain::Domain;
use crate::filter::rows::border::BorderMap;
use crate::grid::region::Region;
use crate::plan::Plan;
use crate::plan::moving::pass::{MovingPass, OrderPass};

/// What all threads share of a pass of the host.
pub struct MovingContext<'a> {
    pub geometry: Geometry,
    /// Of so many pixels of a row the elements are read at once, at most: strips may be longer than a block should be.
    pub widest: usize,
    /// What is beyond the ends of the array's rows.
    pub border: BorderMap,
    pub work: MovingWork<'a>,
}

/// What it finds.
pub enum MovingWork<'a> {
    Order(Box<OrderContext<'a>>),
    Sum(SumContext<'a>),
}

/// What all threads share of order statistics. What changes when windows move is found when a method asks for it first: of a large
/// footprint that takes time.
pub struct OrderContext<'a> {
    pub pass: &'a OrderPass,
    geometry: Geometry,
    moves: OnceLock<Moves>,
    columns: OnceLock<ColumnMoves>,
    pair: OnceLock<PairOfRows>,
}

impl<'a> MovingContext<'a> {
    /// How many pixels of a row a block should have, if there are any blocks.
    pub fn wanted_columns(plan: &Plan, region: &Region) -> Option<usize> {
        plan.moving.iter().map(|pass| Geometry::new(pass, region, plan.reads.group_rows).columns).min()
    }

    /// For each pass of a plan, over a region in strips of at most so many pixels.
    pub fn all(plan: &'a Plan, domain: &Domain, region: &Region, columns: usize) -> Vec<MovingContext<'a>> {
        let row = region.row();
        let of_pass = |pass: &'a MovingPass| {
            let geometry = Geometry { columns, ..Geometry::new(pass, region, plan.reads.group_rows) };
            let (first, span) = geometry::along(pass);
            let first = row.start as isize + first;
            MovingContext {
                geometry,
                widest: Geometry::widest(pass),
                border: BorderMap::new(domain, first..first + (row.len() + span) as isize),
                work: match pass {
                    MovingPass::Order(pass) => MovingWork::Order(Box::new(OrderContext::new(pass, geometry))),
                    MovingPass::Sum(pass) => MovingWork::Sum(SumContext::new(pass)),
                },
            }
        };
        plan.moving.iter().map(of_pass).collect()
    }

    /// How many rows of pixels a thread should have at least, if there are so many.
    pub fn least_rows(&self) -> usize {
        match &self.work {
            MovingWork::Order(_) => self.geometry.rows,
            MovingWork::Sum(sum) => self.geometry.rows.max(2 * sum.pass.cells.column.len()),
        }
    }
}

impl<'a> OrderContext<'a> {
    fn new(pass: &'a OrderPass, geometry: Geometry) -> OrderContext<'a> {
        OrderContext { pass, geometry, moves: OnceLock::new(), columns: OnceLock::new(), pair: OnceLock::new() }
    }

    /// How windows move over a block.
    pub fn moves(&self) -> &Moves {
        self.moves.get_or_init(|| Moves::new(&self.pass.cells, self.geometry))
    }

    /// How columns of cells move down.
    pub fn columns(&self) -> &ColumnMoves {
        self.columns.get_or_init(|| ColumnMoves::new(&self.pass.cells))
    }

    /// What two windows, one below the other, have in common.
    pub fn pair(&self) -> &PairOfRows {
        self.pair.get_or_init(|| PairOfRows::new(&self.pass.cells))
    }
}
