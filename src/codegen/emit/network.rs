//! Order statistics by networks of minima and maxima.

use std::collections::HashMap;

use cranelift_codegen::ir::{InstBuilder, Value};

use super::Emitter;
use super::value_source::Tap;
use crate::codegen::expr;
use crate::codegen::lanes::{Lanes, flip_sign};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::ops::BinaryOp;
use crate::networks::{Network, Step};
use crate::plan::body::{OfRanks, Select, Statistic};
use crate::plan::selection::Selection;

impl<'a, 'f> Emitter<'a, 'f> {
    pub(super) fn select_ranks(&mut self, plan: &Select) -> Result<(), Error> {
        match (plan.filter, &plan.statistics[..]) {
            (None, _) => {}
            (Some(filter), [Statistic { of_ranks: OfRanks::Middle(..), .. }, ..]) => {
                return self.middle_of_selected(plan, filter);
            }
            (Some(filter), _) => return self.ranks_of_selected(plan, filter),
        }
        let lane = plan.lane;
        let mut elements: Vec<(usize, Vec<Value>)> = Vec::new();
        for tap in 0..self.source.taps().unwrap_or(0) {
            let values = self.window_values(&plan.nodes, Tap::Known(tap))?;
            let element = self.value_at(&values, plan.window);
            elements.push((self.source.tree_row(tap), self.numbers(&element, lane)));
        }
        let nan = plan.nan.then(|| self.any_nan(&elements));
        let found = self.selected(lane, &elements, &plan.selection);
        let sorted: HashMap<usize, Vec<Value>> = plan.ranks.iter().copied().zip(found).collect();
        for statistic in &plan.statistics {
            let mut value = self.of_ranks(lane, statistic, &sorted);
            if let Some(nan) = &nan {
                let masks = self.masks(&Lanes::Masks(lane, nan.clone()), statistic.lane);
                let nan = self.number(statistic.lane, f64::NAN);
                value = self.select(&masks, &nan, &value);
            }
            self.set(statistic.id, Lanes::Numbers(statistic.lane, value));
        }
        Ok(())
    }

    /// The elements of the ranks that a selection finds.
    ///
    /// Rows of pixels that are computed together have rows of cells in common: what is done to those is emitted for each of
    /// them in the same way, so the compiler finds that it is the same and keeps it once.
    pub(super) fn selected(
        &mut self,
        lane: Lane,
        elements: &[(usize, Vec<Value>)],
        selection: &Selection,
    ) -> Vec<Vec<Value>> {
        if lane == Lane::U64 {
            // Only signed ones have comparisons, for which each element's sign would be turned again.
            let turned = elements.iter().map(|(row, element)| (*row, self.map(element, flip_sign))).collect::<Vec<_>>();
            let found = self.selected(Lane::I64, &turned, selection);
            return found.iter().map(|element| self.map(element, flip_sign)).collect();
        }
        let rows: Vec<Vec<Vec<Value>>> = elements
            .chunk_by(|x, y| x.0 == y.0)
            .map(|row| row.iter().map(|(_, element)| element.clone()).collect())
            .collect();
        match selection {
            Selection::Unsorted(network) => self.run_network(lane, network, rows.concat()),
            Selection::Sorted { sorts, merge } => {
                let sorted = self.sort_rows(lane, sorts, rows);
                self.run_network(lane, merge, sorted.concat())
            }
            Selection::InPairs { sorts, overlapping, upper_first } => {
                let mut sorted = self.sort_rows(lane, sorts, rows);
                let is_upper = self.source.row_of_call().is_multiple_of(2) == *upper_first;
                // Of two rows of pixels, the upper one has the first row of cells to itself, the lower one the last.
                let own = if is_upper { sorted.remove(0) } else { sorted.pop().unwrap_or_default() };
                let mut wires = self.run_network(lane, &overlapping.common, sorted.concat());
                wires.extend(own);
                self.run_network(lane, &overlapping.own, wires)
            }
            Selection::Tiled(tile) => self.selected_in_tile(lane, tile, &rows.concat()),
        }
    }

    fn sort_rows(&mut self, lane: Lane, sorts: &[Network], rows: Vec<Vec<Vec<Value>>>) -> Vec<Vec<Vec<Value>>> {
        sorts.iter().zip(rows).map(|(sort, row)| self.run_network(lane, sort, row)).collect()
    }

    /// The outputs of a network.
    pub(super) fn run_network(&mut self, lane: Lane, network: &Network, mut wires: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
        for step in &network.steps {
            let (Step::Exchange(x, y) | Step::Min(x, y) | Step::Max(x, y)) = *step;
            let mut extreme = |op: BinaryOp, x: usize, y: usize| {
                self.zip(&wires[x], &wires[y], |b, x, y| expr::extreme(b, op, lane, x, y))
            };
            match step {
                // Of two zeros each extreme is its second operand, so that these two are what there was, in whatever order.
                Step::Exchange(..) => {
                    (wires[x], wires[y]) = (extreme(BinaryOp::Min, x, y), extreme(BinaryOp::Max, y, x));
                }
                Step::Min(..) => wires[x] = extreme(BinaryOp::Min, x, y),
                Step::Max(..) => wires[y] = extreme(BinaryOp::Max, x, y),
            }
        }
        network.outputs.iter().map(|wire| wires[*wire].clone()).collect()
    }

    /// A statistic of the elements of known rank, which are in lanes of type `from`.
    fn of_ranks(&mut self, from: Lane, statistic: &Statistic, sorted: &HashMap<usize, Vec<Value>>) -> Vec<Value> {
        let lane = statistic.lane;
        let element =
            |emitter: &mut Self, rank: usize| emitter.numbers(&Lanes::Numbers(from, sorted[&rank].clone()), lane);
        match &statistic.of_ranks {
            OfRanks::Element(rank) => element(self, *rank),
            OfRanks::Midpoint(low, high) | OfRanks::Middle(low, high) => {
                let (low, high) = (element(self, *low), element(self, *high));
                self.midpoint(statistic, &low, &high)
            }
            OfRanks::Between(low, high, t) => {
                let (low, high) = (element(self, *low), element(self, *high));
                self.interpolate(statistic, &low, &high, &Way::Constant(*t))
            }
            OfRanks::ByCount(_) | OfRanks::Trimmed { .. } => unreachable!("of the elements that a filter selects"),
            OfRanks::Mean(ranks) => {
                let rows = ranks.iter().map(|rank| (0, element(self, *rank))).collect();
                let sum = self.tree(rows, |b, x, y| b.ins().fadd(x, y)).expect("a mean is of some elements");
                let zero = self.number(lane, 0.0);
                let sum = self.zip(&sum, &zero, |b, x, y| b.ins().fadd(x, y));
                let kept = self.number(lane, ranks.len() as f64);
                self.zip(&sum, &kept, |b, x, y| b.ins().fdiv(x, y))
            }
        }
    }

    /// As the reference's `midpoint`.
    pub(super) fn midpoint(&mut self, statistic: &Statistic, low: &[Value], high: &[Value]) -> Vec<Value> {
        let lane = statistic.lane;
        let half = self.number(lane, 0.5);
        let sum = self.zip(low, high, |b, x, y| b.ins().fadd(x, y));
        let value = self.zip(&sum, &half, |b, x, y| b.ins().fmul(x, y));
        if !statistic.may_overflow {
            return value;
        }
        let beyond = self.is_infinite(lane, &sum);
        let [low, high] = [low, high].map(|x| self.zip(x, &half, |b, x, y| b.ins().fmul(x, y)));
        let of_halves = self.zip(&low, &high, |b, x, y| b.ins().fadd(x, y));
        self.select(&beyond, &of_halves, &value)
    }

    /// The masks where floats are infinite.
    fn is_infinite(&mut self, lane: Lane, x: &[Value]) -> Vec<Value> {
        let infinity = self.number(lane, f64::INFINITY);
        self.zip(x, &infinity, |b, x, infinity| {
            let magnitude = b.ins().fabs(x);
            expr::compare(b, BinaryOp::Equal, lane, magnitude, infinity)
        })
    }

    /// As the reference's `interpolate`.
    pub(super) fn interpolate(
        &mut self,
        statistic: &Statistic,
        low: &[Value],
        high: &[Value],
        way: &Way,
    ) -> Vec<Value> {
        if !statistic.may_overflow {
            return self.interpolate_near(statistic.lane, low, high, way);
        }
        let lane = statistic.lane;
        let step = self.zip(high, low, |b, x, y| b.ins().fsub(x, y));
        let beyond = self.is_infinite(lane, &step);
        let [half, one, two] = [0.5, 1.0, 2.0].map(|factor| self.number(lane, factor));
        let (down, up) = (self.select(&beyond, &half, &one), self.select(&beyond, &two, &one));
        let [low, high] = [low, high].map(|x| self.zip(x, &down, |b, x, y| b.ins().fmul(x, y)));
        let value = self.interpolate_near(lane, &low, &high, way);
        self.zip(&value, &up, |b, x, y| b.ins().fmul(x, y))
    }

    /// The same between numbers whose distance is one of the lane.
    fn interpolate_near(&mut self, lane: Lane, low: &[Value], high: &[Value], way: &Way) -> Vec<Value> {
        let step = self.zip(high, low, |b, x, y| b.ins().fsub(x, y));
        let (part, from) = match way {
            Way::Constant(t) => {
                let part = Way::signed(*t);
                (self.number(lane, part), if part < 0.0 { high.to_vec() } else { low.to_vec() })
            }
            Way::Each(parts) => {
                let zero = self.number(lane, 0.0);
                let back = self.zip(parts, &zero, |b, x, y| expr::compare(b, BinaryOp::Less, lane, x, y));
                (parts.clone(), self.select(&back, high, low))
            }
        };
        let part = self.zip(&step, &part, |b, x, y| b.ins().fmul(x, y));
        let value = self.zip(&from, &part, |b, x, y| b.ins().fadd(x, y));
        let same = self.zip(low, high, |b, x, y| expr::compare(b, BinaryOp::Equal, lane, x, y));
        self.select(&same, low, &value)
    }
}

/// How far a number between two others is from the lower one, as a fraction of their distance.
pub(super) enum Way {
    /// The same for all pixels.
    Constant(f64),
    /// For each pixel, [signed](Way::signed).
    Each(Vec<Value>),
}

impl Way {
    /// The way from the nearer end, as the reference goes it: from the higher one, it is negative.
    pub(super) fn signed(t: f64) -> f64 {
        if t >= 0.5 { -(1.0 - t) } else { t }
    }
}
