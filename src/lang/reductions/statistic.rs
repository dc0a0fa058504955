//! What order statistics make of sorted elements, and of values that are counted: defined once, for every engine that finds those in its
//! own way.

use super::class::{Frequency, Ranked, percentile_position};

impl Ranked {
    /// The statistic of `count` elements, of which `nth` gives those of the ranks that it is made of: neighbours the higher one first,
    /// more than two in ascending order. NaN if there is no element. That none is NaN is for the caller to see to.
    ///
    /// Every engine that finds the elements in its own way calls this, so that they agree to the bit.
    #[inline]
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
            Ranked::Rank => {
                let k = if argument < 0.0 { argument + count as f64 } else { argument };
                if k >= 0.0 && k < count as f64 { nth(k as usize) } else { f64::NAN }
            }
            Ranked::Percentile if !(0.0..=100.0).contains(&argument) => f64::NAN,
            Ranked::Percentile => {
                let position = percentile_position(argument, count);
                let lower = position.floor();
                let above = ((lower as usize) + 1).min(count - 1);
                let high = nth(above);
                let low = if lower as usize == above { high } else { nth(above - 1) };
                interpolate(low, high, position - lower)
            }
            Ranked::TrimmedMean => {
                // A negative or fractional k fails the kernel; here it only must not panic.
                let k = argument.max(0.0) as usize;
                if k >= count.div_ceil(2) {
                    return f64::NAN;
                }
                (k..count - k).fold(0.0, |sum, k| sum + nth(k)) / (count - 2 * k) as f64
            }
        }
    }
}

impl Frequency {
    /// The statistic of distinct values, none of them NaN, in ascending order, with how often each occurs.
    ///
    /// Every engine that counts values in its own way calls this, so that they agree to the bit.
    #[inline]
    pub fn of_values(self, values: impl Iterator<Item = (f64, usize)> + Clone) -> f64 {
        match self {
            Frequency::Mode => {
                let (mut mode, mut most) = (f64::NAN, 0);
                for (value, count) in values {
                    if count > most {
                        (mode, most) = (value, count);
                    }
                }
                mode
            }
            Frequency::Variety => values.count() as f64,
            // The sum of `p * ln(1/p)`, where `p` is a value's part of all numbers. No term is negative, so nothing cancels, and
            // one value alone gives 0.
            Frequency::Entropy => {
                let numbers = values.clone().map(|(_, count)| count).sum::<usize>() as f64;
                values.fold(0.0, |entropy, (_, count)| {
                    let count = count as f64;
                    entropy + count / numbers * libm::log(numbers / count)
                })
            }
        }
    }
}

/// Half the sum of two numbers. Where the sum is beyond all numbers, it is the sum of the halves, which are exact there.
fn midpoint(low: f64, high: f64) -> f64 {
    let sum = low + high;
    if sum.is_infinite() { low * 0.5 + high * 0.5 } else { sum * 0.5 }
}

/// Between `low` and `high` at `t` in 0..1, rounded as NumPy does: from the nearer end. Where the distance is beyond all
/// numbers, it is computed of the halves.
fn interpolate(low: f64, high: f64, t: f64) -> f64 {
    if low == high || t == 0.0 {
        return low;
    }
    let (down, up) = if (high - low).is_infinite() { (0.5, 2.0) } else { (1.0, 1.0) };
    let (low, high) = (low * down, high * down);
    let step = high - low;
    up * if t >= 0.5 { high - step * (1.0 - t) } else { low + step * t }
}
