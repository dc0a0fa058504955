//! What is to be found of each window.

use crate::lang::ordered::Ordered;
use crate::lang::reductions::Ranked;

/// What is to be found.
#[derive(Clone, Copy)]
pub struct Statistic<'a, K, V> {
    pub kind: K,
    pub argument: f64,
    /// The values, by rank.
    pub values: &'a [V],
}

/// What a statistic's value is: a number, or the bits of a 64-bit integer, which is chosen as it is.
pub trait Value: Copy {
    /// That of no element.
    const NOTHING: Self;
    /// Of a statistic that is no element.
    fn of_number(number: f64) -> Self;
    /// What is made of the elements of known ranks, by the definition of the statistic.
    fn of_sorted(kind: Ranked, count: usize, argument: f64, nth: impl FnMut(usize) -> Self) -> Self;
}

impl Value for f64 {
    const NOTHING: f64 = f64::NAN;

    #[inline(always)]
    fn of_number(number: f64) -> f64 {
        number
    }

    #[inline(always)]
    fn of_sorted(kind: Ranked, count: usize, argument: f64, nth: impl FnMut(usize) -> f64) -> f64 {
        kind.of_sorted(count, argument, nth)
    }
}

impl Value for i64 {
    const NOTHING: i64 = <i64 as Ordered>::NOTHING;

    #[inline(always)]
    fn of_number(number: f64) -> i64 {
        number as i64
    }

    #[inline(always)]
    fn of_sorted(kind: Ranked, count: usize, argument: f64, nth: impl FnMut(usize) -> i64) -> i64 {
        kind.chosen_of_sorted(count, argument, nth)
    }
}
