//! What each reduction computes, on the elements that take part.
//!
//! The interpreter calls these for every reduction. Compiled code calls those that it has no instructions for, on its own
//! scratch memory, so they agree to the bit.

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
    if selected.is_unordered() {
        return f64::NAN;
    }
    let elements = selected.elements;
    let count = elements.len();
    let upper = nth_smallest(elements, count / 2);
    if count % 2 == 1 { upper } else { midpoint(greatest(&elements[..count / 2]), upper) }
}

pub(super) fn rank(selected: Selected<'_>) -> f64 {
    if selected.is_unordered() {
        return f64::NAN;
    }
    let count = selected.elements.len() as f64;
    let k = if selected.argument < 0.0 { selected.argument + count } else { selected.argument };
    if k >= 0.0 && k < count { nth_smallest(selected.elements, k as usize) } else { f64::NAN }
}

pub(super) fn percentile(selected: Selected<'_>) -> f64 {
    if selected.is_unordered() || !(0.0..=100.0).contains(&selected.argument) {
        return f64::NAN;
    }
    let elements = selected.elements;
    let position = percentile_position(selected.argument, elements.len());
    let lower = position.floor();
    let above = ((lower as usize) + 1).min(elements.len() - 1);
    let high = nth_smallest(elements, above);
    let low = if above == 0 { high } else { greatest(&elements[..above]) };
    let low = if lower as usize == above { high } else { low };
    interpolate(low, high, position - lower)
}

pub(super) fn trimmed_mean(selected: Selected<'_>) -> f64 {
    // A negative or fractional k fails the kernel; here it only must not panic.
    let (k, count) = (selected.argument.max(0.0) as usize, selected.elements.len());
    if selected.is_unordered() || k >= count.div_ceil(2) {
        return f64::NAN;
    }
    selected.elements.sort_unstable_by(f64::total_cmp);
    let kept = &selected.elements[k..count - k];
    kept.iter().fold(0.0, |sum, element| sum + element) / kept.len() as f64
}

/// Where a percentile is among `count` sorted elements: at a rank, or between two.
pub fn percentile_position(percentage: f64, count: usize) -> f64 {
    percentage / 100.0 * (count - 1) as f64
}

fn nth_smallest(elements: &mut [f64], k: usize) -> f64 {
    *elements.select_nth_unstable_by(k, f64::total_cmp).1
}

/// The greatest of one or more elements, none of them NaN.
fn greatest(elements: &[f64]) -> f64 {
    elements.iter().copied().max_by(f64::total_cmp).expect("at least one element")
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

// By frequency.

/// Calls `visit` with each distinct value and how often it occurs, in ascending order. NaN elements do not take part, and -0
/// is 0, of whichever sign.
fn for_each_value(elements: &mut [f64], mut visit: impl FnMut(f64, usize)) {
    elements.sort_unstable_by(f64::total_cmp);
    // NaNs are at the ends, and the zeros next to each other.
    let first = elements.iter().position(|element| !element.is_nan()).unwrap_or(elements.len());
    let numbers = elements[first..].split(|element| element.is_nan()).next().unwrap_or(&[]);
    numbers.chunk_by(|x, y| x == y).for_each(|same| visit(same[0], same.len()));
}

pub(super) fn mode(selected: Selected<'_>) -> f64 {
    let (mut mode, mut most) = (f64::NAN, 0);
    for_each_value(selected.elements, |value, count| {
        if count > most {
            (mode, most) = (value, count);
        }
    });
    mode
}

pub(super) fn variety(selected: Selected<'_>) -> f64 {
    let mut variety = 0.0;
    for_each_value(selected.elements, |_, _| variety += 1.0);
    variety
}

/// The sum of `p * ln(1/p)` over the distinct values in ascending order, where `p` is a value's part of all numbers. No term
/// is negative, so nothing cancels, and one value alone gives 0.
pub(super) fn entropy(selected: Selected<'_>) -> f64 {
    let numbers = selected.elements.iter().filter(|element| !element.is_nan()).count() as f64;
    let mut entropy = 0.0;
    for_each_value(selected.elements, |_, count| {
        let count = count as f64;
        entropy += count / numbers * libm::log(numbers / count);
    });
    entropy
}
