//! How a reduction is made of parts that can be combined over cells, or why it is not.

use super::cellwise::{Side, cellwise, conjuncts, factors};
use super::footprint::CellColumns;
use super::part::Kind;
use super::placed::{Placed, is_placed};
use super::uncut::WhyWhole;
use crate::grid::element::Precision;
use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::ops::BinaryOp;
use crate::lang::reductions::{Class, Monoid, Positional, Reduction};
use crate::lang::whole::{Whole, WholeFacts, wholes};
use crate::machine;
use crate::plan::analysis::{ValueRange, WHOLE_LIMIT};
use crate::plan::assemble::LineRanges;
use crate::plan::hoist::Hoisted;
use crate::plan::request::Request;

/// A reduction as parts over some cells.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The cells of the footprint that may be selected, in order.
    pub taps: Vec<usize>,
    /// What is made of them.
    pub recipe: Recipe,
    /// The element, as a product of cellwise nodes.
    pub element: Vec<ExprId>,
    /// The cellwise conditions.
    pub conditions: Vec<ExprId>,
    /// Whether cells beyond the ends of the array's rows are not selected.
    pub inside: bool,
}

/// A reduction that can be cut.
#[derive(Clone, Debug)]
pub struct Cuttable {
    /// Its node.
    pub id: ExprId,
    /// What is made of cells.
    pub candidate: Candidate,
    /// The cells, by columns.
    pub shape: CellColumns,
}

/// How the value of a reduction is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// It is the part itself, but NaN where nothing is selected if `or_nan`.
    Plain { kind: Kind, or_nan: bool },
    /// The sum of squares of differences from the mean, of parts merged pairwise (Chan, Golub and LeVeque, 1979).
    Squares,
    /// The same of integers: from the sum and the sum of squares, which are exact; whether their products are rounded.
    ExactSquares { rounds: bool },
    /// The position of the first extreme of this kind.
    Position(Kind),
    /// A sum of products with this one of the request's weights.
    Weighted(usize),
}

/// Looks at the reductions of a kernel.
pub struct Reductions<'a> {
    hoisted: &'a Hoisted,
    request: &'a Request,
    row_axis: Option<usize>,
    cellwise: Vec<bool>,
    is_placed: Vec<bool>,
    placed: Placed<'a>,
    /// What the values of the kernel's nodes may be, by index.
    ranges: &'a [LineRanges],
    /// Which of them are 64-bit integers that keep every bit, by index.
    wholes: Vec<Whole>,
    /// How many sums of products with weights there are so far.
    weighted: usize,
}

impl<'a> Reductions<'a> {
    pub fn new(hoisted: &'a Hoisted, request: &'a Request, ranges: &'a [LineRanges]) -> Reductions<'a> {
        let row_axis = request.row_axis();
        let facts = WholeFacts { inputs: &request.wholes(), taps: request.window_len(), absence: false };
        Reductions {
            hoisted,
            request,
            row_axis,
            cellwise: cellwise(&hoisted.kernel, row_axis),
            is_placed: is_placed(&hoisted.kernel),
            placed: Placed::new(hoisted, &request.cells, None),
            ranges,
            wholes: wholes(&hoisted.kernel, &facts),
            weighted: 0,
        }
    }

    fn kernel(&self) -> &'a Kernel {
        &self.hoisted.kernel
    }

    /// What a reduction is made of. To be asked of all in order, for weights are counted.
    pub fn candidate(&mut self, id: ExprId) -> Result<Candidate, WhyWhole> {
        let Expr::Reduce { op, window, filter, .. } = *self.kernel().expr(id) else { return Err(WhyWhole::Order) };
        let (condition, window) = match op {
            Reduction::Count => (Some(window), None),
            _ => (filter, Some(window)),
        };
        let weighted = self.weights_of(op, window);
        let slot = self.weighted;
        self.weighted += usize::from(weighted.is_some());
        let recipe = self.recipe(op, window, filter, weighted.as_ref().map(|_| slot))?;
        let mut candidate = self.selection(condition)?;
        candidate.element = match (recipe, weighted, window) {
            (_, Some((element, _)), _) => element,
            (Recipe::Squares | Recipe::ExactSquares { .. }, _, Some(window)) => {
                vec![self.deviating(window, filter).ok_or(WhyWhole::Pixel)?]
            }
            (_, _, window) => window.into_iter().collect(),
        };
        let selects = candidate.inside || !candidate.conditions.is_empty();
        candidate.recipe = match recipe {
            Recipe::Plain { kind: kind @ (Kind::Min | Kind::Max), .. } => Recipe::Plain { kind, or_nan: selects },
            recipe => recipe,
        };
        if !candidate.element.iter().all(|id| self.cellwise[id.index()]) {
            return Err(WhyWhole::Pixel);
        }
        let is_long = window.is_some_and(|window| self.wholes[window.index()].is_exact());
        if is_long && !self.keeps_bits(candidate.recipe, filter) {
            return Err(WhyWhole::Long);
        }
        Ok(candidate)
    }

    /// Whether passes keep every bit that the reduction keeps of 64-bit integers. What would stand for those that are not selected, the
    /// greatest 64-bit integer, is no f64. (Sums are in f64.)
    fn keeps_bits(&self, recipe: Recipe, filter: Option<ExprId>) -> bool {
        match recipe {
            Recipe::Plain { kind: Kind::Min | Kind::Max, .. } => filter.is_none() && !self.request.lacks_cells,
            Recipe::Position(_) => false,
            Recipe::Plain { .. } | Recipe::Squares | Recipe::ExactSquares { .. } | Recipe::Weighted(_) => true,
        }
    }

    fn recipe(
        &self,
        op: Reduction,
        window: Option<ExprId>,
        filter: Option<ExprId>,
        slot: Option<usize>,
    ) -> Result<Recipe, WhyWhole> {
        let plain = |kind: Kind| Ok(Recipe::Plain { kind, or_nan: false });
        match op.class() {
            Class::Monoid(Monoid::Min) => plain(Kind::Min),
            Class::Monoid(Monoid::Max) => plain(Kind::Max),
            Class::Monoid(Monoid::Count) => plain(Kind::Count),
            Class::Monoid(Monoid::Sum) => match (slot, window.and_then(|window| self.deviating(window, filter))) {
                (Some(slot), _) if self.request.ranks.get(slot).is_some_and(|rank| *rank > 0) => {
                    Ok(Recipe::Weighted(slot))
                }
                (Some(_), _) => Err(WhyWhole::Weights),
                (None, Some(element)) => Ok(self.squares(element)),
                (None, None) => plain(Kind::Sum),
            },
            Class::Positional(Positional::ArgMin) => Ok(Recipe::Position(Kind::Min)),
            Class::Positional(Positional::ArgMax) => Ok(Recipe::Position(Kind::Max)),
            // The order of a product's factors matters where it overflows.
            Class::Monoid(Monoid::Product) | Class::Positional(Positional::Nth) => Err(WhyWhole::Order),
            Class::Ranked(_) | Class::Frequency(_) => Err(WhyWhole::Order),
        }
    }

    /// Which cells are selected, by conditions on places, and by which conditions on the cell.
    pub fn selection(&self, condition: Option<ExprId>) -> Result<Candidate, WhyWhole> {
        let terms = condition.map_or_else(Vec::new, |condition| conjuncts(self.kernel(), condition));
        let mut taps: Vec<usize> = (0..self.request.cells.taps()).collect();
        let (mut conditions, mut sides) = (Vec::new(), [0, 0]);
        for term in terms {
            if let Some(side) = Side::of(self.hoisted, term, self.row_axis) {
                sides[usize::from(side == Side::After)] += 1;
            } else if self.cellwise[term.index()] {
                conditions.push(term);
            } else if let Some(mut holds) = self.placed.at(term) {
                taps.retain(|tap| holds(*tap) != 0.0);
            } else {
                return Err(if self.is_placed[term.index()] { WhyWhole::Param } else { WhyWhole::Condition });
            }
        }
        // Both ends, or neither.
        let inside = match sides {
            [0, 0] => false,
            [1, 1] => true,
            _ => return Err(WhyWhole::Condition),
        };
        let recipe = Recipe::Plain { kind: Kind::Count, or_nan: false };
        Ok(Candidate { taps, recipe, element: Vec::new(), conditions, inside })
    }

    /// The factors of a sum's elements that are functions of the cell, and those that are weights, if there are such.
    pub fn weights_of(&self, op: Reduction, window: Option<ExprId>) -> Option<(Vec<ExprId>, Vec<ExprId>)> {
        let window = window.filter(|window| op == Reduction::Sum && !self.cellwise[window.index()])?;
        let terms = factors(self.kernel(), window, |id| self.cellwise[id.index()] || self.is_placed[id.index()]);
        let (element, weights): (Vec<ExprId>, Vec<ExprId>) =
            terms.into_iter().partition(|term| self.cellwise[term.index()]);
        let placed = weights.iter().all(|term| self.is_placed[term.index()]);
        (placed && !weights.is_empty()).then_some((element, weights))
    }

    /// What is summed if a window is the square of its difference from its own mean over the same cells.
    fn deviating(&self, window: ExprId, filter: Option<ExprId>) -> Option<ExprId> {
        let kernel = self.kernel();
        let Expr::Binary(BinaryOp::Multiply, difference, other) = *kernel.expr(window) else { return None };
        let Expr::Binary(BinaryOp::Subtract, element, centre) = *kernel.expr(difference) else { return None };
        let is_mean = difference == other && self.is_mean(centre, element, filter);
        is_mean.then_some(element)
    }

    /// Whether a node is the mean of some elements.
    fn is_mean(&self, id: ExprId, element: ExprId, selected: Option<ExprId>) -> bool {
        let kernel = self.kernel();
        let is_sum = |id: ExprId| {
            matches!(*kernel.expr(id), Expr::Reduce { op: Reduction::Sum, window, filter, .. }
                if window == element && filter == selected)
        };
        // Their number is the same everywhere if they are selected by their places.
        let known = self.selection(selected).ok().filter(|known| known.conditions.is_empty() && !known.inside);
        let known = known.map(|known| known.taps.len() as f64);
        let is_known = |id: ExprId, number: f64| self.placed.first(id) == Some(number);
        let is_count = |id: ExprId| matches!(*kernel.expr(id), Expr::Reduce { op: Reduction::Count, window, .. } if Some(window) == selected);
        // In mode `shrink` so many cells are inside at least, which the analysis is told so (`lang::restrict`).
        let counts = |id: ExprId| match *kernel.expr(id) {
            Expr::Binary(BinaryOp::Max, x, y) if is_count(x) => self.placed.first(y).is_some(),
            Expr::Binary(BinaryOp::Max, x, y) if is_count(y) => self.placed.first(x).is_some(),
            _ => is_count(id) || known.is_some_and(|known| is_known(id, known)),
        };
        // In single precision means are products with the reciprocal of that.
        let is_reciprocal = |id: ExprId| known.is_some_and(|known| is_known(id, 1.0 / known));
        match *kernel.expr(id) {
            Expr::Binary(BinaryOp::Divide, sum, by) => is_sum(sum) && counts(by),
            Expr::Binary(BinaryOp::Multiply, x, y) => is_sum(x) && is_reciprocal(y) || is_sum(y) && is_reciprocal(x),
            _ => false,
        }
    }

    /// How squares of the differences of elements from their mean are made: of integers from sums if these, and those of squares, are not rounded.
    fn squares(&self, element: ExprId) -> Recipe {
        let range: ValueRange = self.ranges[element.index()].general;
        let (most, cells) = (range.magnitude(), self.request.cells.taps() as f64);
        let rounds = most * most * cells * cells >= WHOLE_LIMIT;
        // What the products lose is known where multiplication and addition are fused.
        let is_known = !rounds || machine::fuses() && self.request.precision == Precision::Exact;
        match range.integral && !range.nan && most * most * cells < WHOLE_LIMIT && is_known {
            true => Recipe::ExactSquares { rounds },
            false => Recipe::Squares,
        }
    }
}
