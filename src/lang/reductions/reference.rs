//! What each reduction computes, on the elements that take part.
//!
//! The interpreter calls these for every reduction. Compiled code calls those that it has no instructions for, on its own
//! scratch memory, so they agree to the bit.

use super::class::{Frequency, Ranked};

/// The elements of a window that take part in a reduction.
pub struct Selected<'a> {
    /// The elements, in the order of the footprint; a reduction may reorder them.
    pub elements: &'a mut [f64],
    /// The position of each in the footprint, for the reductions that give or need one.
    pub positions: &'a [usize],
    /// The second argument, where the reduction has one. That it is right is an assertion of the kernel; here a wrong one
    /// gives NaN.
    pub argument: f64,
}

impl Selected<'_> {
    fn has_nan(&self) -> bool {
        self.elements.iter().any(|element| element.is_nan())
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

pub(super) fn min(selected: Selected<'_>) -> f64 {
    if selected.is_unordered() {
        return f64::NAN;
    }
    selected.elements.iter().copied().fold(f64::INFINITY, |least, x| if x < least { x } else { least })
}

pub(super) fn max(selected: Selected<'_>) -> f64 {
    if selected.is_unordered() {
        return f64::NAN;
    }
    selected.elements.iter().copied().fold(f64::NEG_INFINITY, |most, x| if x > most { x } else { most })
}

// By position.

pub(super) fn argmin(selected: Selected<'_>) -> f64 {
    first_best(&selected, |x, best| x < best)
}

pub(super) fn argmax(selected: Selected<'_>) -> f64 {
    first_best(&selected, |x, best| x > best)
}

/// The position of the first NaN, else of the first element than which no other is better; -1 if there is none.
fn first_best(selected: &Selected<'_>, better: impl Fn(f64, f64) -> bool) -> f64 {
    let mut best: Option<(usize, f64)> = None;
    for (&position, &element) in selected.positions.iter().zip(&*selected.elements) {
        if best.is_none_or(|(_, best)| !best.is_nan() && (element.is_nan() || better(element, best))) {
            best = Some((position, element));
        }
    }
    best.map_or(-1.0, |(position, _)| position as f64)
}

pub(super) fn nth(selected: Selected<'_>) -> f64 {
    let index = selected.argument;
    let inside = index >= 0.0 && index < selected.elements.len() as f64;
    if inside { selected.elements[index as usize] } else { f64::NAN }
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
    selected.elements.sort_unstable_by(f64::total_cmp);
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

fn nth_smallest(elements: &mut [f64], k: usize) -> f64 {
    *elements.select_nth_unstable_by(k, f64::total_cmp).1
}

/// The greatest of one or more elements, none of them NaN.
fn greatest(elements: &[f64]) -> f64 {
    elements.iter().copied().max_by(f64::total_cmp).expect("at least one element")
}

// By frequency.

pub(super) fn mode(selected: Selected<'_>) -> f64 {
    Frequency::Mode.of_values(distinct(selected.elements))
}

pub(super) fn variety(selected: Selected<'_>) -> f64 {
    Frequency::Variety.of_values(distinct(selected.elements))
}

pub(super) fn entropy(selected: Selected<'_>) -> f64 {
    Frequency::Entropy.of_values(distinct(selected.elements))
}

/// The distinct values in ascending order, and how often each occurs. NaN elements do not take part, and -0 is 0, of whichever sign.
fn distinct(elements: &mut [f64]) -> impl Iterator<Item = (f64, usize)> + Clone {
    elements.sort_unstable_by(f64::total_cmp);
    // NaNs are at the ends, and the zeros next to each other.
    let first = elements.iter().position(|element| !element.is_nan()).unwrap_or(elements.len());
    let numbers = elements[first..].split(|element| element.is_nan()).next().unwrap_or(&[]);
    numbers.chunk_by(|x, y| x == y).map(|same| (same[0], same.len()))
}
