//! Ranks, percentiles and trimmed means of the elements that are selected, by a network over all elements.

use cranelift_codegen::ir::{InstBuilder, Value};

use super::Emitter;
use super::network::Way;
use super::value_source::Tap;
use crate::codegen::expr;
use crate::codegen::lanes::Lanes;
use crate::codegen::simd;
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::hir::ExprId;
use crate::lang::ops::BinaryOp;
use crate::plan::body::{Between, OfRanks, Select, Statistic};

/// The elements of a window in ascending order, those that are selected first.
struct Sorted {
    lane: Lane,
    /// The elements of the ranks that are wanted, by rank.
    elements: Vec<(usize, Vec<Value>)>,
    /// How many are selected.
    count: Vec<Value>,
    /// Where one that is selected is NaN, if one may be.
    nan: Option<Vec<Value>>,
}

impl<'a, 'f> Emitter<'a, 'f> {
    /// Statistics of the elements that a filter selects, whose ranks depend on how many those are.
    ///
    /// What is not selected is replaced by the greatest number of the lane, so that the selected elements are the first ones in order,
    /// and their number decides which of them are meant.
    pub(super) fn ranks_of_selected(&mut self, plan: &Select, filter: ExprId) -> Result<(), Error> {
        let sorted = self.sorted_selected(plan, filter)?;
        for statistic in &plan.statistics {
            let (value, least) = match &statistic.of_ranks {
                OfRanks::ByCount(places) => self.by_count(&sorted, statistic, places),
                OfRanks::Trimmed { each, .. } => (self.trimmed(&sorted, statistic, *each), 2 * each + 1),
                _ => continue,
            };
            let lane = statistic.lane;
            if lane.is_long() {
                // That there is one is a demand of `rank`, and where none may be selected `plan/absent.rs` asks.
                self.set(statistic.id, Lanes::Numbers(lane, value));
                continue;
            }
            let enough = self.at_least(&sorted, least);
            let mut undefined = self.map(&enough, simd::not);
            if let Some(nan) = &sorted.nan {
                undefined = self.zip(&undefined, nan, |b, x, y| b.ins().bor(x, y));
            }
            let undefined = self.masks(&Lanes::Masks(sorted.lane, undefined), lane);
            let nan = self.number(lane, f64::NAN);
            let value = self.select(&undefined, &nan, &value);
            self.set(statistic.id, Lanes::Numbers(lane, value));
        }
        Ok(())
    }

    fn sorted_selected(&mut self, plan: &Select, filter: ExprId) -> Result<Sorted, Error> {
        let lane = plan.lane;
        let greatest = self.number(lane, if lane.is_float() { f64::INFINITY } else { lane.greatest() });
        let (one, zero) = (self.number(lane, 1.0), self.number(lane, 0.0));
        let (mut elements, mut counts) = (Vec::new(), Vec::new());
        for tap in 0..self.source.taps().unwrap_or(0) {
            let values = self.window_values(&plan.nodes, Tap::Known(tap))?;
            let (element, selected) = (self.value_at(&values, plan.window), self.value_at(&values, filter));
            let (element, selected) = (self.numbers(&element, lane), self.masks(&selected, lane));
            elements.push((self.source.tree_row(tap), self.select(&selected, &element, &greatest)));
            counts.push((0, self.select(&selected, &one, &zero)));
        }
        let nan = plan.nan.then(|| self.any_nan(&elements));
        let count = self.tree(counts, |b, x, y| expr::sum(b, lane, x, y)).expect("a window has cells");
        let found = self.selected(lane, &elements, &plan.selection);
        Ok(Sorted { lane, elements: plan.ranks.iter().copied().zip(found).collect(), count, nan })
    }

    /// Where so many elements or more are selected.
    fn at_least(&mut self, sorted: &Sorted, least: usize) -> Vec<Value> {
        let least = self.number(sorted.lane, least as f64);
        self.zip(&least, &sorted.count, |b, x, y| expr::compare(b, BinaryOp::LessEqual, sorted.lane, x, y))
    }

    /// What lies between the elements that the number of selected ones decides, and how many those are at least.
    fn by_count(&mut self, sorted: &Sorted, statistic: &Statistic, places: &[Option<Between>]) -> (Vec<Value>, usize) {
        // That more are selected never makes a statistic of elements undefined.
        let known: Vec<(usize, Between)> =
            places.iter().zip(1..).filter_map(|(place, count)| Some((count, (*place)?))).collect();
        let low = self.element_by_count(sorted, &known, |place| place.low);
        let low = self.numbers(&Lanes::Numbers(sorted.lane, low), statistic.lane);
        let least = known[0].0;
        if known.iter().all(|(_, place)| place.low == place.high) {
            return (low, least);
        }
        let high = self.element_by_count(sorted, &known, |place| place.high);
        let high = self.numbers(&Lanes::Numbers(sorted.lane, high), statistic.lane);
        let parts = known.iter().map(|(count, place)| (*count, Way::signed(place.t))).collect::<Vec<_>>();
        let way = self.stepwise(sorted, statistic.lane, &parts, |emitter, part| emitter.number(statistic.lane, *part));
        let way = Way::Each(way);
        (self.interpolate(statistic, &low, &high, &way), least)
    }

    /// The elements of the ranks that the number of selected ones decides.
    fn element_by_count(
        &mut self,
        sorted: &Sorted,
        known: &[(usize, Between)],
        rank: impl Fn(&Between) -> usize,
    ) -> Vec<Value> {
        let ranks: Vec<(usize, usize)> = known.iter().map(|(count, place)| (*count, rank(place))).collect();
        let element = |_: &mut Self, rank: &usize| {
            let (_, element) = sorted.elements.iter().find(|(found, _)| found == rank).expect("the plan has this rank");
            element.clone()
        };
        self.stepwise(sorted, sorted.lane, &ranks, element)
    }

    /// What belongs to the last of some numbers of selected elements that is not greater than how many there are.
    fn stepwise<T: PartialEq>(
        &mut self,
        sorted: &Sorted,
        lane: Lane,
        steps: &[(usize, T)],
        value: impl Fn(&mut Self, &T) -> Vec<Value>,
    ) -> Vec<Value> {
        let mut found = value(self, &steps[0].1);
        for pair in steps.windows(2).filter(|pair| pair[0].1 != pair[1].1) {
            let (least, next) = &pair[1];
            let reached = Lanes::Masks(sorted.lane, self.at_least(sorted, *least));
            let (reached, next) = (self.masks(&reached, lane), value(self, next));
            found = self.select(&reached, &next, &found);
        }
        found
    }

    /// The mean of the selected elements but so many of the least and of the greatest ones.
    fn trimmed(&mut self, sorted: &Sorted, statistic: &Statistic, each: usize) -> Vec<Value> {
        let lane = statistic.lane;
        let (zero, trimmed) = (self.number(lane, 0.0), self.number(lane, 2.0 * each as f64));
        let mut kept = Vec::new();
        for (rank, element) in sorted.elements.iter().filter(|(rank, _)| *rank >= each) {
            let counts = Lanes::Masks(sorted.lane, self.at_least(sorted, rank + each + 1));
            let (counts, element) =
                (self.masks(&counts, lane), self.numbers(&Lanes::Numbers(sorted.lane, element.clone()), lane));
            kept.push((0, self.select(&counts, &element, &zero)));
        }
        let sum = self.tree(kept, |b, x, y| b.ins().fadd(x, y)).expect("a mean is of some elements");
        // The sum starts at 0, so that of a negative zero is 0.
        let sum = self.zip(&sum, &zero, |b, x, y| b.ins().fadd(x, y));
        let count = self.numbers(&Lanes::Numbers(sorted.lane, sorted.count.clone()), lane);
        let count = self.zip(&count, &trimmed, |b, x, y| b.ins().fsub(x, y));
        self.zip(&sum, &count, |b, x, y| b.ins().fdiv(x, y))
    }
}
