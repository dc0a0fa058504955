//! A pass of the host that finds order statistics.

use std::sync::Arc;

use super::cells::OrderCells;
use super::elements::Elements;
use super::method::Method;
use crate::grid::lane::Lane;
use crate::lang::reductions::Reduction;
use crate::lang::whole::Whole;
use crate::plan::analysis::ValueRange;
use crate::plan::assemble::{DraftInput, LineRanges, stored_as};
use crate::plan::line::{Line, Origin};
use crate::plan::pass::PassInput;

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
    /// The line that it makes, of the pixels themselves.
    pub fn line(&self) -> Line {
        Line { lane: self.lane, before: 0, after: 0, neutral: None }
    }

    /// What a later pass reads. What its values are does not depend on whether elements are finite, for nobody asks those of a pass
    /// of the host.
    pub fn read(&self) -> DraftInput {
        DraftInput {
            input: PassInput { origin: Origin::Line(self.line), dtype: stored_as(self.lane), lane: self.lane },
            ranges: LineRanges { finite: self.range, general: self.range },
            whole: match self.lane {
                Lane::I64 => Whole::I64,
                Lane::U64 => Whole::U64,
                _ => Whole::NONE,
            },
        }
    }
}
