//! How often each value occurs in a window, for statistics by frequency.

use super::histogram::{Counts, VALUES, place};
use super::ranking::Ranking;
use super::sets::{Moved, MovingSet, for_each_rank};
use super::simd::Level;
use super::statistic::{Statistic, Value};
use crate::lang::reductions::{Frequency, entropy_term, most_frequent};

/// How often each distinct value occurs, and which do.
#[derive(Default)]
pub struct ValueCounts {
    counts: Vec<u32>,
    /// A bit for each value that occurs.
    present: Vec<u64>,
    distinct: u32,
    /// How many numbers there are, and the first rank that is none.
    len: u32,
    numbers: u32,
    terms: Terms,
}

impl MovingSet for ValueCounts {
    type Kind = Frequency;
    type Rank = u32;

    fn ranks(ranking: &Ranking) -> &[u32] {
        &ranking.ranks
    }

    fn reset(&mut self, ranking: &Ranking) {
        let values = ranking.values.len() + 1;
        self.counts.clear();
        self.counts.resize(values, 0);
        self.present.clear();
        self.present.resize(values.div_ceil(64), 0);
        (self.distinct, self.len, self.numbers) = (0, 0, ranking.numbers());
    }

    fn copy_from(&mut self, other: &ValueCounts) {
        self.counts.clone_from(&other.counts);
        self.present.clone_from(&other.present);
        (self.distinct, self.len, self.numbers) = (other.distinct, other.len, other.numbers);
    }

    #[inline(always)]
    fn add(&mut self, elements: Moved<'_, u32>) {
        for_each_rank!(elements, rank => {
            let count = &mut self.counts[rank as usize];
            *count += 1;
            self.len += u32::from(rank < self.numbers);
            if *count == 1 && rank < self.numbers {
                self.present[(rank >> 6) as usize] |= 1 << (rank & 63);
                self.distinct += 1;
            }
        });
    }

    #[inline(always)]
    fn remove(&mut self, elements: Moved<'_, u32>) {
        for_each_rank!(elements, rank => {
            let count = &mut self.counts[rank as usize];
            *count -= 1;
            self.len -= u32::from(rank < self.numbers);
            if *count == 0 && rank < self.numbers {
                self.present[(rank >> 6) as usize] &= !(1 << (rank & 63));
                self.distinct -= 1;
            }
        });
    }

    #[inline(always)]
    fn value<L: Level, V: Value>(&mut self, _: L, statistic: &Statistic<'_, Frequency, V>) -> V {
        match statistic.kind {
            Frequency::Mode => {
                let values = self.ranks().map(|rank| (statistic.values[rank], self.counts[rank] as usize));
                most_frequent(values).unwrap_or(V::NOTHING)
            }
            Frequency::Variety => V::of_number(self.distinct.into()),
            Frequency::Entropy => {
                let mut terms = std::mem::take(&mut self.terms);
                let entropy =
                    self.ranks().fold(0.0, |entropy, rank| entropy + terms.of(self.counts[rank], self.len as usize));
                self.terms = terms;
                V::of_number(entropy)
            }
        }
    }
}

impl ValueCounts {
    /// The ranks that occur, in ascending order.
    #[inline(always)]
    fn ranks(&self) -> impl Iterator<Item = usize> {
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

/// How often each of few values occurs. All counts are looked at for each pixel, many at once.
pub struct FewCounts {
    counts: Counts,
    terms: Terms,
}

/// So many counts are looked at together.
const TOGETHER: usize = 32;

impl Default for FewCounts {
    fn default() -> FewCounts {
        FewCounts { counts: [0; 2 * VALUES], terms: Terms::default() }
    }
}

impl MovingSet for FewCounts {
    type Kind = Frequency;
    type Rank = u16;

    fn ranks(ranking: &Ranking) -> &[u16] {
        &ranking.few
    }

    fn reset(&mut self, _: &Ranking) {
        self.counts = [0; 2 * VALUES];
    }

    fn copy_from(&mut self, other: &FewCounts) {
        self.counts = other.counts;
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
    fn value<L: Level, V: Value>(&mut self, level: L, statistic: &Statistic<'_, Frequency, V>) -> V {
        match statistic.kind {
            Frequency::Mode => self.most_frequent(level).map_or(V::NOTHING, |rank| statistic.values[rank]),
            Frequency::Variety => {
                V::of_number(self.values().iter().map(|count| u32::from(*count != 0)).sum::<u32>().into())
            }
            Frequency::Entropy => V::of_number(self.entropy(level)),
        }
    }
}

impl FewCounts {
    /// How often each value occurs.
    #[inline(always)]
    fn values(&self) -> &[u32; VALUES] {
        self.counts.first_chunk().expect("there are as many values")
    }

    /// The rank of the first of the values that occur most often; none if there are no numbers.
    #[inline(always)]
    fn most_frequent<L: Level>(&self, level: L) -> Option<usize> {
        let most = self.values().iter().fold(0, |most, count| most.max(*count));
        if most == 0 {
            return None;
        }
        for (number, chunk) in self.values().as_chunks::<TOGETHER>().0.iter().enumerate() {
            let is_most = level.equal(chunk, most);
            if is_most != 0 {
                return Some(number * TOGETHER + is_most.trailing_zeros() as usize);
            }
        }
        None
    }

    #[inline(always)]
    fn entropy<L: Level>(&mut self, level: L) -> f64 {
        let numbers = self.values().iter().sum::<u32>() as usize;
        let mut entropy = 0.0;
        for chunk in self.counts[..VALUES].as_chunks::<TOGETHER>().0 {
            let mut present = !level.equal(chunk, 0);
            while present != 0 {
                entropy += self.terms.of(chunk[present.trailing_zeros() as usize], numbers);
                present &= present - 1;
            }
        }
        entropy
    }

    /// Adds to the counts of ranks, modulo 2^32.
    #[inline(always)]
    fn change(&mut self, elements: Moved<'_, u16>, by: u32) {
        for_each_rank!(elements, rank => {
            let count = &mut self.counts[place(rank)];
            *count = count.wrapping_add(by);
        });
    }
}

/// What values that occur so often add to an entropy, as it was computed for the last number of numbers.
#[derive(Default)]
struct Terms {
    /// By how often a value occurs: among how many numbers, and the term.
    known: Vec<(usize, f64)>,
}

impl Terms {
    /// The term of a value that occurs so often, at least once.
    #[inline(always)]
    fn of(&mut self, count: u32, numbers: usize) -> f64 {
        match self.known.get(count as usize) {
            Some((among, term)) if *among == numbers => *term,
            _ => self.find(count as usize, numbers),
        }
    }

    #[cold]
    fn find(&mut self, count: usize, numbers: usize) -> f64 {
        let term = entropy_term(count, numbers);
        self.known.resize(self.known.len().max(count + 1), (0, 0.0));
        self.known[count] = (numbers, term);
        term
    }
}
