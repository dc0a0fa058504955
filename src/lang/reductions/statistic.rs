//! What order statistics make of sorted elements, and of values that are counted: defined once, for every engine that finds those in its
//! own way.

use std::ops::Range;

use super::class::{Frequency, Ranked, percentile_position};
use crate::lang::ordered::Ordered;

impl Ranked {
    /// The statistic of `count` elements, of which `nth` gives those of the ranks that it is made of: neighbours the higher one first,
    /// more than two in ascending order. NaN if there is no element. That none is NaN is for the caller to see to.
    ///
    /// Every engine that finds the elements in its own way calls this, so that they agree to the bit.
    #[inline(always)]
    pub fn of_sorted(self, count: usize, argument: f64, mut nth: impl FnMut(usize) -> f64) -> f64 {
        if count == 0 {
            return f64::NAN;
        }
        match self {
            Ranked::Median if count % 2 == 1 => nth(count / 2),
            Ranked::Median => {
                let upper = nth(count / 2);
                midpoint(nth(count / 2 - 1), upper)
            }
            Ranked::Rank => rank_of(argument, count).map_or(f64::NAN, nth),
            Ranked::Percentile if !(0.0..=100.0).contains(&argument) => f64::NAN,
            Ranked::Percentile => {
                let position = percentile_position(argument, count);
                let lower = position.floor();
                let above = ((lower as usize) + 1).min(count - 1);
                let high = nth(above);
                let low = if lower as usize == above { high } else { nth(above - 1) };
                interpolate(low, high, position - lower)
            }
            Ranked::TrimmedMean => trimmed(argument, count).map_or(f64::NAN, |ranks| {
                let len = ranks.len() as f64;
                ranks.fold(0.0, |sum, k| sum + nth(k)) / len
            }),
        }
    }

    /// The same of elements that are chosen as they are, where the statistic is one of them; else, and if there is no element of its rank,
    /// nothing.
    #[inline(always)]
    pub fn chosen_of_sorted<T: Ordered>(self, count: usize, argument: f64, nth: impl FnOnce(usize) -> T) -> T {
        let rank = match self {
            Ranked::Median if count % 2 == 1 => Some(count / 2),
            Ranked::Rank => rank_of(argument, count),
            _ => None,
        };
        rank.map_or(T::NOTHING, nth)
    }
}

/// The rank among `count` elements, from the lowest one or if it is negative from the highest one; if there is an element of it.
#[inline(always)]
fn rank_of(argument: f64, count: usize) -> Option<usize> {
    let k = if argument < 0.0 { argument + count as f64 } else { argument };
    (k >= 0.0 && k < count as f64).then_some(k as usize)
}

/// The ranks that remain of `count` elements without so many of the lowest and of the highest ones, if some remain.
#[inline(always)]
pub fn trimmed(argument: f64, count: usize) -> Option<Range<usize>> {
    // A negative or fractional k fails the kernel; here it only must not panic.
    let k = argument.max(0.0) as usize;
    (k < count.div_ceil(2)).then(|| k..count - k)
}

impl Frequency {
    /// The statistic of distinct values, none of them NaN, in ascending order, with how often each occurs.
    ///
    /// Every engine that counts values in its own way calls this, or what it calls, so that they agree to the bit.
    #[inline]
    pub fn of_values(self, values: impl Iterator<Item = (f64, usize)> + Clone) -> f64 {
        match self {
            Frequency::Mode => most_frequent(values).unwrap_or(f64::NAN),
            Frequency::Variety => values.count() as f64,
            // No term is negative, so nothing cancels, and one value alone gives 0.
            Frequency::Entropy => {
                let numbers = values.clone().map(|(_, count)| count).sum();
                values.fold(0.0, |entropy, (_, count)| entropy + entropy_term(count, numbers))
            }
        }
    }
}

/// The value that occurs most often, the first of several; none if there are no values.
#[inline(always)]
pub fn most_frequent<T>(values: impl Iterator<Item = (T, usize)>) -> Option<T> {
    let (mut mode, mut most) = (None, 0);
    for (value, count) in values {
        if count > most {
            (mode, most) = (Some(value), count);
        }
    }
    mode
}

/// What a value that occurs so often among so many numbers adds to their entropy: `p * ln(1/p)`, where `p` is its part of them.
#[inline]
pub fn entropy_term(count: usize, numbers: usize) -> f64 {
    let (count, numbers) = (count as f64, numbers as f64);
    count / numbers * libm::log(numbers / count)
}

/// Half the sum of two numbers. Where the sum is beyond all numbers, it is the sum of the halves, which are exact there.
#[inline(always)]
fn midpoint(low: f64, high: f64) -> f64 {
    let sum = low + high;
    if sum.is_infinite() { low * 0.5 + high * 0.5 } else { sum * 0.5 }
}

/// Between `low` and `high` at `t` in 0..1, rounded as NumPy does: from the nearer end. Where the distance is beyond all
/// numbers, it is computed of the halves.
#[inline(always)]
fn interpolate(low: f64, high: f64, t: f64) -> f64 {
    if low == high || t == 0.0 {
        return low;
    }
    let (down, up) = if (high - low).is_infinite() { (0.5, 2.0) } else { (1.0, 1.0) };
    let (low, high) = (low * down, high * down);
    let step = high - low;
    up * if t >= 0.5 { high - step * (1.0 - t) } else { low + step * t }
}
