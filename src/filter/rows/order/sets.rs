//! What is known of the elements of one window, while elements come and go.

use super::geometry::Run;
use super::level::Level;
use super::question::Question;
use super::ranking::Ranking;
use super::statistic::Statistic;
use crate::lang::reductions::{Frequency, Ranked};

/// The elements of a window, by rank. What is done for every pixel is always inlined.
pub trait MovingSet {
    /// The statistics that it has the value of.
    type Kind: Copy;

    /// No elements, of those that a ranking has.
    fn reset(&mut self, ranking: &Ranking);
    /// The same elements as another set of the same ranking.
    fn copy_from(&mut self, other: &Self);
    fn add(&mut self, elements: Moved<'_>);
    fn remove(&mut self, elements: Moved<'_>);
    /// The value of a statistic.
    fn value<L: Level>(&mut self, level: L, statistic: &Statistic<'_, Self::Kind>) -> f64;
}

/// Elements that come or go.
#[derive(Clone, Copy)]
pub struct Moved<'a> {
    /// Where they are, from a pixel's place on.
    pub runs: &'a [Run],
    /// The ranks of all elements.
    pub ranks: &'a [u32],
    pub place: usize,
}

impl<'a> Moved<'a> {
    /// The ranks of the elements of a run.
    #[inline(always)]
    fn ranks(self, run: Run) -> &'a [u32] {
        &self.ranks[self.place + run.start..][..run.len]
    }
}

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
}

impl<const NUMBERS: bool> MovingSet for RankSet<NUMBERS> {
    type Kind = Ranked;

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
    fn add(&mut self, elements: Moved<'_>) {
        let [below, len, numbers] = self.toggle(elements);
        self.below += below;
        self.len += len;
        self.numbers += numbers;
    }

    #[inline(always)]
    fn remove(&mut self, elements: Moved<'_>) {
        let [below, len, numbers] = self.toggle(elements);
        self.below -= below;
        self.len -= len;
        self.numbers -= numbers;
    }

    #[inline(always)]
    fn value<L: Level>(&mut self, level: L, statistic: &Statistic<'_, Ranked>) -> f64 {
        if !NUMBERS && self.numbers != self.len {
            return f64::NAN;
        }
        if statistic.kind == Ranked::TrimmedMean {
            let len = self.len as usize;
            let number = |k: usize| statistic.values[self.nth(level, k as u32)];
            return statistic.kind.of_sorted(len, statistic.argument, number);
        }
        let mut question = std::mem::take(&mut self.question);
        question.ask(statistic, self.len as usize);
        let mut elements = [f64::NAN; 2];
        for (element, k) in elements.iter_mut().zip(question.ranks) {
            if k < self.len {
                *element = statistic.values[self.nth(level, k)];
            }
        }
        let value = question.answer(statistic, elements);
        self.question = question;
        value
    }
}

impl<const NUMBERS: bool> RankSet<NUMBERS> {
    /// Adds ranks that there are not, and takes out those that there are: how many of them are below the word that was last looked
    /// at, how many are numbers or NaN, and how many are numbers.
    #[inline(always)]
    fn toggle(&mut self, elements: Moved<'_>) -> [u32; 3] {
        let first = self.at as u32 * 64;
        let [mut below, mut len, mut numbers] = [0; 3];
        for run in elements.runs {
            let ranks = elements.ranks(*run);
            for rank in ranks {
                below += u32::from(*rank < first);
                if !NUMBERS {
                    len += u32::from(*rank < self.nan_end);
                    numbers += u32::from(*rank < self.number_end);
                }
            }
            if NUMBERS {
                len += ranks.len() as u32;
            }
            for rank in ranks {
                self.words[(rank >> 6) as usize] ^= 1 << (rank & 63);
            }
        }
        [below, len, numbers]
    }

    /// The `k`th rank, of more.
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

/// How often each rank occurs, and how many elements are below the rank that was last looked at.
#[derive(Default)]
pub struct RankCounts {
    counts: Vec<u32>,
    at: usize,
    below: u32,
    len: u32,
    numbers: u32,
    question: Question,
}

impl MovingSet for RankCounts {
    type Kind = Ranked;

    fn reset(&mut self, ranking: &Ranking) {
        self.counts.clear();
        self.counts.resize(ranking.values.len() + 1, 0);
        (self.at, self.below, self.len, self.numbers) = (ranking.values.len() / 2, 0, 0, ranking.numbers());
        self.question = Question::default();
    }

    fn copy_from(&mut self, other: &RankCounts) {
        self.counts.clone_from(&other.counts);
        (self.at, self.below, self.len, self.numbers) = (other.at, other.below, other.len, other.numbers);
    }

    #[inline(always)]
    fn add(&mut self, elements: Moved<'_>) {
        let [below, len] = self.change(elements, 1);
        self.below += below;
        self.len += len;
    }

    #[inline(always)]
    fn remove(&mut self, elements: Moved<'_>) {
        let [below, len] = self.change(elements, u32::MAX);
        self.below -= below;
        self.len -= len;
    }

    #[inline(always)]
    fn value<L: Level>(&mut self, _: L, statistic: &Statistic<'_, Ranked>) -> f64 {
        if statistic.kind == Ranked::TrimmedMean {
            let len = self.len as usize;
            let number = |k: usize| statistic.values[self.nth(k as u32)];
            return statistic.kind.of_sorted(len, statistic.argument, number);
        }
        let mut question = std::mem::take(&mut self.question);
        question.ask(statistic, self.len as usize);
        let mut elements = [f64::NAN; 2];
        for (element, k) in elements.iter_mut().zip(question.ranks) {
            if k < self.len {
                *element = statistic.values[self.nth(k)];
            }
        }
        let value = question.answer(statistic, elements);
        self.question = question;
        value
    }
}

impl RankCounts {
    /// Adds to the counts of ranks, modulo 2^32: how many of them are below the rank that was last looked at, and how many are numbers.
    #[inline(always)]
    fn change(&mut self, elements: Moved<'_>, by: u32) -> [u32; 2] {
        let (at, numbers) = (self.at as u32, self.numbers);
        let [mut below, mut len] = [0; 2];
        for run in elements.runs {
            for rank in elements.ranks(*run) {
                let count = &mut self.counts[*rank as usize];
                *count = count.wrapping_add(by);
                below += u32::from(*rank < at);
                len += u32::from(*rank < numbers);
            }
        }
        [below, len]
    }

    /// The `k`th rank, of more.
    #[inline(always)]
    fn nth(&mut self, k: u32) -> usize {
        while self.below > k {
            self.at -= 1;
            self.below -= self.counts[self.at];
        }
        while self.below + self.counts[self.at] <= k {
            self.below += self.counts[self.at];
            self.at += 1;
        }
        self.at
    }
}

/// How often each distinct value occurs, and which do.
#[derive(Default)]
pub struct ValueCounts {
    counts: Vec<u32>,
    /// A bit for each value that occurs.
    present: Vec<u64>,
    distinct: u32,
    numbers: u32,
}

impl MovingSet for ValueCounts {
    type Kind = Frequency;

    fn reset(&mut self, ranking: &Ranking) {
        let values = ranking.values.len() + 1;
        self.counts.clear();
        self.counts.resize(values, 0);
        self.present.clear();
        self.present.resize(values.div_ceil(64), 0);
        (self.distinct, self.numbers) = (0, ranking.numbers());
    }

    fn copy_from(&mut self, other: &ValueCounts) {
        self.counts.clone_from(&other.counts);
        self.present.clone_from(&other.present);
        (self.distinct, self.numbers) = (other.distinct, other.numbers);
    }

    #[inline(always)]
    fn add(&mut self, elements: Moved<'_>) {
        for run in elements.runs {
            for rank in elements.ranks(*run) {
                let count = &mut self.counts[*rank as usize];
                *count += 1;
                if *count == 1 && *rank < self.numbers {
                    self.present[(rank >> 6) as usize] |= 1 << (rank & 63);
                    self.distinct += 1;
                }
            }
        }
    }

    #[inline(always)]
    fn remove(&mut self, elements: Moved<'_>) {
        for run in elements.runs {
            for rank in elements.ranks(*run) {
                let count = &mut self.counts[*rank as usize];
                *count -= 1;
                if *count == 0 && *rank < self.numbers {
                    self.present[(rank >> 6) as usize] &= !(1 << (rank & 63));
                    self.distinct -= 1;
                }
            }
        }
    }

    #[inline(always)]
    fn value<L: Level>(&mut self, _: L, statistic: &Statistic<'_, Frequency>) -> f64 {
        match statistic.kind {
            Frequency::Variety => self.distinct.into(),
            frequency => {
                frequency.of_values(self.ranks().map(|rank| (statistic.values[rank], self.counts[rank] as usize)))
            }
        }
    }
}

impl ValueCounts {
    /// The ranks that occur, in ascending order.
    #[inline(always)]
    fn ranks(&self) -> impl Iterator<Item = usize> + Clone {
        self.present.iter().enumerate().flat_map(|(index, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(64 * index + bit)
            })
        })
    }
}
