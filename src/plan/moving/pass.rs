//! The passes of the host.

use std::sync::Arc;

use super::cells::OrderCells;
use super::elements::Elements;
use super::line::MovingLine;
use super::method::Method;
use super::sums::SumPass;
use crate::grid::lane::Lane;
use crate::lang::reductions::Reduction;
use crate::plan::analysis::ValueRange;

/// What the host finds of windows that move, before the passes of code.
#[derive(Clone, Debug)]
pub enum MovingPass {
    /// Order statistics.
    Order(OrderPass),
    /// A sum of integers.
    Sum(SumPass),
}

impl MovingPass {
    /// What the elements are.
    pub fn elements(&self) -> &Elements {
        match self {
            MovingPass::Order(order) => &order.elements,
            MovingPass::Sum(sum) => &sum.elements,
        }
    }

    /// The lines that it makes.
    pub fn lines(&self) -> Vec<MovingLine> {
        match self {
            MovingPass::Order(order) => order.statistics.iter().map(OrderStatistic::line).collect(),
            MovingPass::Sum(sum) => vec![sum.line],
        }
    }
}

/// Order statistics of the same elements.
#[derive(Clone, Debug)]
pub struct OrderPass {
    /// What the elements are.
    pub elements: Elements,
    /// What is found of them.
    pub statistics: Vec<OrderStatistic>,
    /// The cells of the footprint.
    pub cells: Arc<OrderCells>,
}

/// An order statistic that moves.
#[derive(Clone, Debug)]
pub struct OrderStatistic {
    /// Which it is.
    pub op: Reduction,
    /// What its second argument is.
    pub argument: OrderArgument,
    /// The rank of the element that it is, if all windows have as many elements and it is nothing but one of them.
    pub element: Option<usize>,
    /// How it is found.
    pub method: Method,
    /// The line that it makes, and its lanes.
    pub line: usize,
    pub lane: Lane,
    /// What its values may be.
    pub range: ValueRange,
}

/// The second argument of an order statistic, which is the same for every pixel.
#[derive(Clone, Copy, Debug)]
pub enum OrderArgument {
    /// This number; 0 where there is none.
    Number(f64),
    /// A param of the hoisted kernel.
    Param(usize),
}

impl OrderStatistic {
    /// The line that it makes.
    pub fn line(&self) -> MovingLine {
        MovingLine { number: self.line, lane: self.lane, range: self.range }
    }
}
