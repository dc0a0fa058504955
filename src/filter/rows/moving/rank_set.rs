//! Which of many ranks a window has, as a set of bits.

use super::question::Question;
use super::ranking::Ranking;
use super::sets::{Moved, MovingSet, OrderedSet, of_elements};
use super::simd::Level;
use super::statistic::{Statistic, Value};
use crate::lang::reductions::{Ranked, trimmed};

/// Which ranks there are, each at most once, as bits; and how many are below the word that was last looked at.
///
/// If all are `NUMBERS`, there is no need to look which are NaN and which are not selected.
#[derive(Default)]
pub struct RankSet<const NUMBERS: bool> {
    words: Vec<u64>,
    /// The word that was last looked at, and how many ranks are in those before it.
    at: usize,
    below: u32,
    /// How many are numbers or NaN, and how many are numbers.
    len: u32,
    numbers: u32,
    /// The first rank that is no number, and the first that is neither.
    number_end: u32,
    nan_end: u32,
    question: Question,
    /// Ranks one after the other, and room for some more.
    listed: Vec<u32>,
}

/// So many ranks of a word are listed without asking whether there are as many.
const LISTED_AT_ONCE: usize = 4;

impl<const NUMBERS: bool> MovingSet for RankSet<NUMBERS> {
    type Kind = Ranked;
    type Rank = u32;

    fn ranks(ranking: &Ranking) -> &[u32] {
        &ranking.ranks
    }

    fn reset(&mut self, ranking: &Ranking) {
        self.words.clear();
        self.words.resize(ranking.len().div_ceil(64), 0);
        let middle = ranking.values.len() / 128;
        (self.at, self.below, self.len, self.numbers) = (middle, 0, 0, 0);
        (self.number_end, self.nan_end) = (ranking.numbers(), ranking.nan_end);
        self.question = Question::default();
    }

    fn copy_from(&mut self, other: &RankSet<NUMBERS>) {
        self.words.clone_from(&other.words);
        (self.at, self.below, self.len, self.numbers) = (other.at, other.below, other.len, other.numbers);
        (self.number_end, self.nan_end) = (other.number_end, other.nan_end);
    }

    #[inline(always)]
    fn add(&mut self, elements: Moved<'_, u32>) {
        let [below, len, numbers] = self.toggle(elements);
        self.below += below;
        self.len += len;
        self.numbers += numbers;
    }

    #[inline(always)]
    fn remove(&mut self, elements: Moved<'_, u32>) {
        let [below, len, numbers] = self.toggle(elements);
        self.below -= below;
        self.len -= len;
        self.numbers -= numbers;
    }

    #[inline(always)]
    fn value<L: Level, V: Value>(&mut self, level: L, statistic: &Statistic<'_, Ranked, V>) -> V {
        if !NUMBERS && self.numbers != self.len {
            return V::NOTHING;
        }
        if statistic.kind == Ranked::TrimmedMean {
            return self.trimmed_mean(level, statistic);
        }
        let mut question = self.question;
        let value = of_elements(level, self, &mut question, statistic);
        self.question = question;
        value
    }
}

impl<const NUMBERS: bool> OrderedSet for RankSet<NUMBERS> {
    #[inline(always)]
    fn count(&self) -> u32 {
        self.len
    }

    #[inline(always)]
    fn nth<L: Level>(&mut self, level: L, k: u32) -> usize {
        let (mut at, mut below) = (self.at, self.below);
        while below > k {
            at -= 1;
            below -= self.words[at].count_ones();
        }
        let mut word = self.words[at];
        loop {
            let beyond = below + word.count_ones();
            if beyond > k {
                break;
            }
            below = beyond;
            at += 1;
            word = self.words[at];
        }
        (self.at, self.below) = (at, below);
        64 * at + level.nth_bit(word, k - below) as usize
    }
}

impl<const NUMBERS: bool> RankSet<NUMBERS> {
    /// Adds ranks that there are not, and takes out those that there are: how many of them are below the word that was last looked
    /// at, how many are numbers or NaN, and how many are numbers.
    #[inline(always)]
    fn toggle(&mut self, elements: Moved<'_, u32>) -> [u32; 3] {
        let first = self.at as u32 * 64;
        let [mut below, mut len, mut numbers] = [0; 3];
        for run in &elements.places.runs {
            let ranks = elements.run(*run);
            for rank in ranks {
                below += u32::from(*rank < first);
                if !NUMBERS {
                    len += u32::from(*rank < self.nan_end);
                    numbers += u32::from(*rank < self.number_end);
                }
            }
            for rank in ranks {
                self.words[(rank >> 6) as usize] ^= 1 << (rank & 63);
            }
        }
        let around = elements.around();
        for place in &elements.places.scattered {
            let rank = around[*place as usize];
            below += u32::from(rank < first);
            if !NUMBERS {
                len += u32::from(rank < self.nan_end);
                numbers += u32::from(rank < self.number_end);
            }
            self.words[(rank >> 6) as usize] ^= 1 << (rank & 63);
        }
        if NUMBERS {
            len = elements.places.count as u32;
        }
        [below, len, numbers]
    }

    /// The mean of what remains without the lowest and the highest elements.
    #[inline(always)]
    fn trimmed_mean<L: Level, V: Value>(&mut self, level: L, statistic: &Statistic<'_, Ranked, V>) -> V {
        let count = self.len as usize;
        let Some(ranks) = trimmed(statistic.argument, count) else { return V::NOTHING };
        self.list(level, ranks.start, ranks.len());
        let element = |k: usize| statistic.values[self.listed[k - ranks.start] as usize];
        V::of_sorted(statistic.kind, count, statistic.argument, element)
    }

    /// Lists so many ranks from the `k`th one on, of as many or more. Which words have a rank more or less than others is nothing that a
    /// processor foresees, so some are listed of each; those that are none are overwritten.
    #[inline(always)]
    fn list<L: Level>(&mut self, level: L, k: usize, len: usize) {
        self.listed.resize(len + 64 + LISTED_AT_ONCE, 0);
        let first = self.nth(level, k as u32);
        let mut at = first / 64;
        let mut word = self.words[at] & (u64::MAX << (first % 64));
        let mut listed = 0;
        loop {
            let here = word.count_ones() as usize;
            let to = &mut self.listed[listed..][..64 + LISTED_AT_ONCE];
            for rank in &mut to[..LISTED_AT_ONCE] {
                *rank = 64 * at as u32 + word.trailing_zeros();
                word &= word.wrapping_sub(1);
            }
            let mut more = LISTED_AT_ONCE;
            while word != 0 {
                to[more] = 64 * at as u32 + word.trailing_zeros();
                word &= word - 1;
                more += 1;
            }
            listed += here;
            if listed >= len {
                return;
            }
            at += 1;
            word = self.words[at];
        }
    }
}
