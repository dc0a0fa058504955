//! What each reduction computes, on the elements that take part.
//!
//! The interpreter calls these for every reduction. Compiled code calls those that it has no instructions for, on its own
//! scratch memory, so they agree to the bit.

use super::class::{Frequency, Ranked};
use super::statistic::most_frequent;
use crate::lang::ordered::Ordered;
use crate::lang::stop::is_stopped;
use crate::tuning;

/// The elements of a window that take part in a reduction.
pub struct Selected<'a, T = f64> {
    /// The elements, in the order of the footprint; a reduction may reorder them.
    pub elements: &'a mut [T],
    /// The position of each in the footprint, for the reductions that give or need one.
    pub positions: &'a [usize],
    /// The second argument, where the reduction has one. That it is right is an assertion of the kernel; here a wrong one
    /// gives NaN.
    pub argument: f64,
}

impl<T: Ordered> Selected<'_, T> {
    fn has_nan(&self) -> bool {
        self.elements.iter().any(Ordered::is_nan)
    }

    /// Whether there is nothing to choose from by size: no element, or one that is NaN.
    fn is_unordered(&self) -> bool {
        self.elements.is_empty() || self.has_nan()
    }
}

// Of any order.

pub(super) fn sum(selected: Selected<'_>) -> f64 {
    // An empty `sum()` of Rust's is -0.
    selected.elements.iter().fold(0.0, |sum, element| sum + element)
}

pub(super) fn product(selected: Selected<'_>) -> f64 {
    selected.elements.iter().product()
}

pub(super) fn min<T: Ordered>(selected: Selected<'_, T>) -> T {
    extreme(&selected, |x, least| x.is_less(least))
}

pub(super) fn max<T: Ordered>(selected: Selected<'_, T>) -> T {
    extreme(&selected, |x, most| most.is_less(x))
}

fn extreme<T: Ordered>(selected: &Selected<'_, T>, better: impl Fn(&T, &T) -> bool) -> T {
    match &*selected.elements {
        [first, others @ ..] if !selected.has_nan() => {
            others.iter().fold(*first, |best, x| if better(x, &best) { *x } else { best })
        }
        _ => T::NOTHING,
    }
}

// By position.

pub(super) fn argmin<T: Ordered>(selected: Selected<'_, T>) -> f64 {
    first_best(&selected, |x, best| x.is_less(best))
}

pub(super) fn argmax<T: Ordered>(selected: Selected<'_, T>) -> f64 {
    first_best(&selected, |x, best| best.is_less(x))
}

/// The position of the first NaN, else of the first element than which no other is better; -1 if there is none.
fn first_best<T: Ordered>(selected: &Selected<'_, T>, better: impl Fn(&T, &T) -> bool) -> f64 {
    let mut best: Option<(usize, &T)> = None;
    for (&position, element) in selected.positions.iter().zip(&*selected.elements) {
        if best.is_none_or(|(_, best)| !best.is_nan() && (element.is_nan() || better(element, best))) {
            best = Some((position, element));
        }
    }
    best.map_or(-1.0, |(position, _)| position as f64)
}

pub(super) fn nth<T: Ordered>(selected: Selected<'_, T>) -> T {
    let index = selected.argument;
    let inside = index >= 0.0 && index < selected.elements.len() as f64;
    if inside { selected.elements[index as usize] } else { T::NOTHING }
}

// By rank.

pub(super) fn median(selected: Selected<'_>) -> f64 {
    ranked(Ranked::Median, selected)
}

pub(super) fn rank(selected: Selected<'_>) -> f64 {
    ranked(Ranked::Rank, selected)
}

pub(super) fn percentile(selected: Selected<'_>) -> f64 {
    ranked(Ranked::Percentile, selected)
}

pub(super) fn trimmed_mean(selected: Selected<'_>) -> f64 {
    if selected.is_unordered() {
        return f64::NAN;
    }
    sort(selected.elements);
    let elements = &*selected.elements;
    Ranked::TrimmedMean.of_sorted(elements.len(), selected.argument, |k| elements[k])
}

/// A statistic of few ranks, the highest of which it asks for first.
fn ranked(op: Ranked, selected: Selected<'_>) -> f64 {
    if selected.is_unordered() {
        return f64::NAN;
    }
    let elements = selected.elements;
    let count = elements.len();
    let mut last = None;
    op.of_sorted(count, selected.argument, |k| {
        // What is before the last element asked for is not greater.
        let element = if last == Some(k + 1) { greatest(&elements[..=k]) } else { nth_smallest(elements, k) };
        last = Some(k);
        element
    })
}

/// A statistic that is one of the elements, which are chosen as they are: a rank, or the median of an odd number.
pub(super) fn chosen<T: Ordered>(op: Ranked, selected: Selected<'_, T>) -> T {
    if selected.is_unordered() {
        return T::NOTHING;
    }
    let elements = selected.elements;
    op.chosen_of_sorted(elements.len(), selected.argument, |k| nth_smallest(elements, k))
}

fn nth_smallest<T: Ordered>(elements: &mut [T], k: usize) -> T {
    *elements.select_nth_unstable_by(k, T::order).1
}

/// Sorts elements; many of them half by half, so that it can be asked in between whether that is still wanted.
fn sort<T: Ordered>(elements: &mut [T]) {
    if elements.len() <= tuning::SORTED_AT_ONCE {
        elements.sort_unstable_by(T::order);
    } else if !is_stopped() {
        let middle = elements.len() / 2;
        let (low, _, high) = elements.select_nth_unstable_by(middle, T::order);
        sort(low);
        sort(high);
    }
}

/// The greatest of one or more elements, none of them NaN.
fn greatest(elements: &[f64]) -> f64 {
    elements.iter().copied().max_by(f64::total_cmp).expect("at least one element")
}

// By frequency.

pub(super) fn mode(selected: Selected<'_>) -> f64 {
    Frequency::Mode.of_values(distinct(selected.elements))
}

/// As [`mode`], of elements that are chosen as they are.
pub(super) fn chosen_mode<T: Ordered>(selected: Selected<'_, T>) -> T {
    most_frequent(distinct(selected.elements)).unwrap_or(T::NOTHING)
}

pub(super) fn variety<T: Ordered>(selected: Selected<'_, T>) -> f64 {
    Frequency::Variety.of_values(counts(selected.elements))
}

pub(super) fn entropy<T: Ordered>(selected: Selected<'_, T>) -> f64 {
    Frequency::Entropy.of_values(counts(selected.elements))
}

/// How often each distinct value occurs, for what does not depend on the values.
fn counts<T: Ordered>(elements: &mut [T]) -> impl Iterator<Item = (f64, usize)> + Clone {
    distinct(elements).map(|(_, count)| (0.0, count))
}

/// The distinct values in ascending order, and how often each occurs. NaN elements do not take part, and -0 is 0, of whichever sign.
fn distinct<T: Ordered>(elements: &mut [T]) -> impl Iterator<Item = (T, usize)> + Clone {
    sort(elements);
    // NaNs are at the ends, and the zeros next to each other.
    let first = elements.iter().position(|element| !element.is_nan()).unwrap_or(elements.len());
    let numbers = elements[first..].split(|element| element.is_nan()).next().unwrap_or(&[]);
    numbers.chunk_by(T::is_same).map(|same| (same[0], same.len()))
}
