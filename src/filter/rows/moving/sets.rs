//! What is known of the elements of one window, while elements come and go.

use super::geometry::{Places, Run};
use super::question::Question;
use super::ranking::Ranking;
use super::simd::Level;
use super::statistic::{Statistic, Value};
use crate::lang::reductions::Ranked;

/// The elements of a window, by rank. What is done for every pixel is always inlined.
pub trait MovingSet {
    /// The statistics that it has the value of.
    type Kind: Copy;
    /// The numbers that ranks are.
    type Rank: Copy;

    /// The ranks of all elements of a ranking.
    fn ranks(ranking: &Ranking) -> &[Self::Rank];
    /// No elements, of those that a ranking has.
    fn reset(&mut self, ranking: &Ranking);
    /// The same elements as another set of the same ranking.
    fn copy_from(&mut self, other: &Self);
    fn add(&mut self, elements: Moved<'_, Self::Rank>);
    fn remove(&mut self, elements: Moved<'_, Self::Rank>);
    /// The value of a statistic.
    fn value<L: Level, V: Value>(&mut self, level: L, statistic: &Statistic<'_, Self::Kind, V>) -> V;
}

/// Elements that come or go.
#[derive(Clone, Copy)]
pub struct Moved<'a, R> {
    /// Where they are, from a pixel's place on.
    pub places: &'a Places,
    /// The ranks of all elements.
    pub ranks: &'a [R],
    pub place: usize,
}

/// Does something with the rank of each of some elements: no closure, which a compiler might leave to be called.
macro_rules! for_each_rank {
    ($elements:expr, $rank:ident => $body:expr) => {
        for run in &$elements.places.runs {
            for $rank in $elements.run(*run) {
                let $rank = *$rank;
                $body
            }
        }
        let around = $elements.around();
        for place in &$elements.places.scattered {
            let $rank = around[*place as usize];
            $body
        }
    };
}

pub(super) use for_each_rank;

impl<'a, R: Copy> Moved<'a, R> {
    /// The ranks from the pixel's place on.
    #[inline(always)]
    pub fn around(self) -> &'a [R] {
        &self.ranks[self.place..]
    }

    /// The ranks of the elements of a run.
    #[inline(always)]
    pub fn run(self, run: Run) -> &'a [R] {
        &self.ranks[self.place + run.start..][..run.len]
    }
}

/// Sets whose elements are found by how many others are less.
pub trait OrderedSet {
    /// How many elements there are that have an order.
    fn count(&self) -> u32;
    /// The rank of the `k`th of more.
    fn nth<L: Level>(&mut self, level: L, k: u32) -> usize;
}

/// A statistic of a set's elements, but no mean; what was asked before is asked again, mostly.
#[inline(always)]
pub fn of_elements<L: Level, V: Value>(
    level: L,
    set: &mut impl OrderedSet,
    question: &mut Question,
    statistic: &Statistic<'_, Ranked, V>,
) -> V {
    let count = set.count();
    question.ask(statistic, count as usize);
    let mut elements = [V::NOTHING; 2];
    for (element, k) in elements.iter_mut().zip(question.ranks) {
        if k < count {
            *element = statistic.values[set.nth(level, k)];
        }
    }
    question.answer(statistic, elements)
}
