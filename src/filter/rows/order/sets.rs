//! What is known of the elements of one window, while elements come and go.

use super::ranking::Ranking;
use crate::lang::reductions::{Frequency, Ranked};

/// The elements of a window, by rank.
pub trait MovingSet {
    /// The statistics that it has the value of.
    type Kind: Copy;

    /// No elements, of those that a ranking has.
    fn reset(&mut self, ranking: &Ranking);
    /// The same elements as another set of the same ranking.
    fn copy_from(&mut self, other: &Self);
    fn add(&mut self, rank: u32);
    fn remove(&mut self, rank: u32);
    /// The value of a statistic.
    fn value(&mut self, statistic: &Statistic<'_, Self::Kind>) -> f64;
}

/// What is to be found.
#[derive(Clone, Copy)]
pub struct Statistic<'a, K> {
    pub kind: K,
    pub argument: f64,
    /// The numbers, by rank.
    pub values: &'a [f64],
}

/// Which ranks there are, each at most once, as bits; and how many are below the word that was last looked at.
#[derive(Default)]
pub struct RankSet {
    words: Vec<u64>,
    /// The word that was last looked at, and how many ranks are in those before it.
    at: usize,
    below: u32,
    /// How many are numbers, and how many NaN.
    len: u32,
    nans: u32,
    /// The first rank that is no number, and the first that is neither.
    numbers: u32,
    nan_end: u32,
}

impl MovingSet for RankSet {
    type Kind = Ranked;

    fn reset(&mut self, ranking: &Ranking) {
        self.words.clear();
        self.words.resize(ranking.len().div_ceil(64), 0);
        let middle = ranking.values.len() / 128;
        (self.at, self.below, self.len, self.nans) = (middle, 0, 0, 0);
        (self.numbers, self.nan_end) = (ranking.numbers(), ranking.nan_end);
    }

    fn copy_from(&mut self, other: &RankSet) {
        self.words.clone_from(&other.words);
        (self.at, self.below, self.len, self.nans) = (other.at, other.below, other.len, other.nans);
        (self.numbers, self.nan_end) = (other.numbers, other.nan_end);
    }

    #[inline(always)]
    fn add(&mut self, rank: u32) {
        let word = (rank >> 6) as usize;
        self.words[word] |= 1 << (rank & 63);
        self.below += u32::from(word < self.at);
        self.len += u32::from(rank < self.numbers);
        self.nans += u32::from(rank < self.nan_end);
    }

    #[inline(always)]
    fn remove(&mut self, rank: u32) {
        let word = (rank >> 6) as usize;
        self.words[word] &= !(1 << (rank & 63));
        self.below -= u32::from(word < self.at);
        self.len -= u32::from(rank < self.numbers);
        self.nans -= u32::from(rank < self.nan_end);
    }

    #[inline(always)]
    fn value(&mut self, statistic: &Statistic<'_, Ranked>) -> f64 {
        // NaN elements are counted with the numbers.
        if self.nans != self.len {
            return f64::NAN;
        }
        statistic.kind.of_sorted(self.len as usize, statistic.argument, |k| statistic.values[self.nth(k as u32)])
    }
}

impl RankSet {
    /// The `k`th rank, of more.
    #[inline(always)]
    fn nth(&mut self, k: u32) -> usize {
        while self.below > k {
            self.at -= 1;
            self.below -= self.words[self.at].count_ones();
        }
        loop {
            let count = self.words[self.at].count_ones();
            if self.below + count > k {
                break;
            }
            self.below += count;
            self.at += 1;
        }
        let mut word = self.words[self.at];
        for _ in self.below..k {
            word &= word - 1;
        }
        64 * self.at + word.trailing_zeros() as usize
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
}

impl MovingSet for RankCounts {
    type Kind = Ranked;

    fn reset(&mut self, ranking: &Ranking) {
        self.counts.clear();
        self.counts.resize(ranking.values.len() + 1, 0);
        (self.at, self.below, self.len, self.numbers) = (ranking.values.len() / 2, 0, 0, ranking.numbers());
    }

    fn copy_from(&mut self, other: &RankCounts) {
        self.counts.clone_from(&other.counts);
        (self.at, self.below, self.len, self.numbers) = (other.at, other.below, other.len, other.numbers);
    }

    #[inline(always)]
    fn add(&mut self, rank: u32) {
        self.counts[rank as usize] += 1;
        self.below += u32::from((rank as usize) < self.at);
        self.len += u32::from(rank < self.numbers);
    }

    #[inline(always)]
    fn remove(&mut self, rank: u32) {
        self.counts[rank as usize] -= 1;
        self.below -= u32::from((rank as usize) < self.at);
        self.len -= u32::from(rank < self.numbers);
    }

    #[inline(always)]
    fn value(&mut self, statistic: &Statistic<'_, Ranked>) -> f64 {
        statistic.kind.of_sorted(self.len as usize, statistic.argument, |k| statistic.values[self.nth(k as u32)])
    }
}

impl RankCounts {
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
    fn add(&mut self, rank: u32) {
        let count = &mut self.counts[rank as usize];
        *count += 1;
        if *count == 1 && rank < self.numbers {
            self.present[(rank >> 6) as usize] |= 1 << (rank & 63);
            self.distinct += 1;
        }
    }

    #[inline(always)]
    fn remove(&mut self, rank: u32) {
        let count = &mut self.counts[rank as usize];
        *count -= 1;
        if *count == 0 && rank < self.numbers {
            self.present[(rank >> 6) as usize] &= !(1 << (rank & 63));
            self.distinct -= 1;
        }
    }

    #[inline(always)]
    fn value(&mut self, statistic: &Statistic<'_, Frequency>) -> f64 {
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
