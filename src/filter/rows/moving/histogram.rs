//! How often each of few values occurs in a window, for order statistics.

use super::question::Question;
use super::ranking::Ranking;
use super::sets::{Moved, MovingSet, OrderedSet, for_each_rank, of_elements};
use super::simd::Level;
use super::statistic::{Statistic, Value};
use crate::lang::reductions::{Ranked, trimmed};

/// How many values there are.
pub const VALUES: usize = 256;

/// How often each value occurs, then how many elements are not selected. There is room for as many more, so that a number of few bits is
/// always inside.
pub type Counts = [u32; 2 * VALUES];

/// The place of a rank in counts.
#[inline(always)]
pub fn place(rank: u16) -> usize {
    usize::from(rank) & (2 * VALUES - 1)
}

/// How often each value occurs, and how many elements are below the one that was last looked at.
///
/// If `ALL` are selected, there is no need to look which are.
pub struct Histogram<const ALL: bool> {
    counts: Counts,
    at: usize,
    below: u32,
    len: u32,
    question: Question,
}

impl<const ALL: bool> Default for Histogram<ALL> {
    fn default() -> Histogram<ALL> {
        Histogram { counts: [0; 2 * VALUES], at: VALUES / 2, below: 0, len: 0, question: Question::default() }
    }
}

impl<const ALL: bool> MovingSet for Histogram<ALL> {
    type Kind = Ranked;
    type Rank = u16;

    fn ranks(ranking: &Ranking) -> &[u16] {
        &ranking.few
    }

    fn reset(&mut self, _: &Ranking) {
        *self = Histogram::default();
    }

    fn copy_from(&mut self, other: &Histogram<ALL>) {
        (self.counts, self.at, self.below, self.len) = (other.counts, other.at, other.below, other.len);
    }

    #[inline(always)]
    fn add(&mut self, elements: Moved<'_, u16>) {
        self.below += self.change(elements, 1);
    }

    #[inline(always)]
    fn remove(&mut self, elements: Moved<'_, u16>) {
        self.below -= self.change(elements, u32::MAX);
    }

    #[inline(always)]
    fn value<L: Level, V: Value>(&mut self, level: L, statistic: &Statistic<'_, Ranked, V>) -> V {
        let mut question = self.question;
        let value = of_elements(level, self, &mut question, statistic);
        self.question = question;
        value
    }
}

impl<const ALL: bool> Histogram<ALL> {
    /// Adds to the counts of ranks, modulo 2^32: how many of them are below the value that was last looked at.
    #[inline(always)]
    fn change(&mut self, elements: Moved<'_, u16>, by: u32) -> u32 {
        let at = self.at as u16;
        let (mut below, mut len) = (0, if ALL { elements.places.count as u32 } else { 0 });
        for_each_rank!(elements, rank => {
            let count = &mut self.counts[place(rank)];
            *count = count.wrapping_add(by);
            below += u32::from(rank < at);
            if !ALL {
                len += u32::from(rank < VALUES as u16);
            }
        });
        self.len = self.len.wrapping_add(by.wrapping_mul(len));
        below
    }
}

impl<const ALL: bool> OrderedSet for Histogram<ALL> {
    #[inline(always)]
    fn count(&self) -> u32 {
        self.len
    }

    #[inline(always)]
    fn nth<L: Level>(&mut self, _: L, k: u32) -> usize {
        (self.at, self.below) = seek(&self.counts, self.at, self.below, k);
        self.at
    }
}

/// The value of the `k`th element of more, and how many are below it, from those of another one.
#[inline(always)]
fn seek(counts: &Counts, mut at: usize, mut below: u32, k: u32) -> (usize, u32) {
    while below > k {
        at -= 1;
        below -= counts[at];
    }
    while below + counts[at] <= k {
        below += counts[at];
        at += 1;
    }
    (at, below)
}

/// How often each value occurs, and the sums of the elements below two of them, for trimmed means: whole numbers, of which the order does
/// not matter.
pub struct TrimmedSums {
    counts: Counts,
    low: Below,
    high: Below,
    len: u32,
    /// The first value; the others follow it one by one.
    first: f64,
}

/// What is below a value.
#[derive(Clone, Copy)]
struct Below {
    at: usize,
    count: u32,
    /// The sum of ranks, which differs from that of the values by the first one for each of them.
    sum: u64,
}

impl Below {
    const NOTHING: Below = Below { at: 0, count: 0, sum: 0 };

    /// Sees to an element that comes or goes, `by` 1 or -1.
    #[inline(always)]
    fn change(&mut self, rank: u16, by: u32) {
        let is_below = u32::from(usize::from(rank) < self.at);
        let by = by.wrapping_mul(is_below);
        self.count = self.count.wrapping_add(by);
        self.sum = self.sum.wrapping_add_signed(i64::from(by.cast_signed()) * i64::from(rank));
    }

    /// The sum of the `k` lowest elements, of more.
    #[inline(always)]
    fn sum_of_lowest(&mut self, counts: &Counts, k: u32) -> u64 {
        while self.count > k {
            self.at -= 1;
            self.count -= counts[self.at];
            self.sum -= u64::from(counts[self.at]) * self.at as u64;
        }
        while self.count + counts[self.at] <= k {
            self.count += counts[self.at];
            self.sum += u64::from(counts[self.at]) * self.at as u64;
            self.at += 1;
        }
        self.sum + u64::from(k - self.count) * self.at as u64
    }
}

impl Default for TrimmedSums {
    fn default() -> TrimmedSums {
        TrimmedSums { counts: [0; 2 * VALUES], low: Below::NOTHING, high: Below::NOTHING, len: 0, first: 0.0 }
    }
}

impl MovingSet for TrimmedSums {
    type Kind = Ranked;
    type Rank = u16;

    fn ranks(ranking: &Ranking) -> &[u16] {
        &ranking.few
    }

    fn reset(&mut self, ranking: &Ranking) {
        *self = TrimmedSums { first: ranking.values[0], ..TrimmedSums::default() };
    }

    fn copy_from(&mut self, other: &TrimmedSums) {
        (self.counts, self.low, self.high, self.len) = (other.counts, other.low, other.high, other.len);
    }

    #[inline(always)]
    fn add(&mut self, elements: Moved<'_, u16>) {
        self.change(elements, 1);
    }

    #[inline(always)]
    fn remove(&mut self, elements: Moved<'_, u16>) {
        self.change(elements, u32::MAX);
    }

    #[inline(always)]
    fn value<L: Level, V: Value>(&mut self, _: L, statistic: &Statistic<'_, Ranked, V>) -> V {
        let Some(ranks) = trimmed(statistic.argument, self.len as usize) else { return V::NOTHING };
        let low = self.low.sum_of_lowest(&self.counts, ranks.start as u32);
        // The last one is there, so that there are more than those before it.
        let last = ranks.end as u32 - 1;
        let high = self.high.sum_of_lowest(&self.counts, last) + self.high.at as u64;
        let len = ranks.len() as f64;
        V::of_number(((high - low) as f64 + len * self.first) / len)
    }
}

impl TrimmedSums {
    /// Adds to the counts of ranks, modulo 2^32.
    #[inline(always)]
    fn change(&mut self, elements: Moved<'_, u16>, by: u32) {
        let (mut low, mut high) = (self.low, self.high);
        for_each_rank!(elements, rank => {
            let count = &mut self.counts[place(rank)];
            *count = count.wrapping_add(by);
            low.change(rank, by);
            high.change(rank, by);
            self.len = self.len.wrapping_add(by.wrapping_mul(u32::from(rank < VALUES as u16)));
        });
        (self.low, self.high) = (low, high);
    }
}
