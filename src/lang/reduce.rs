//! What each reduction computes, on a slice of the elements that take part.
//!
//! The interpreter calls these for every reduction. Compiled code calls the order statistics here too, on its own
//! scratch memory, so they agree to the bit.

use super::hir::Reduction;

/// The value of an order statistic; reorders `elements`. `argument` is k or q where the statistic has one.
///
/// A position outside the elements, or a percentage outside 0..100, gives NaN: that it does not happen is an assertion
/// of the kernel.
pub fn order_statistic(op: Reduction, elements: &mut [f64], argument: f64) -> f64 {
    match op {
        Reduction::Mode | Reduction::Variety => {
            let (mode, variety) = mode_and_variety(elements);
            return if op == Reduction::Mode { mode } else { variety };
        }
        _ => {}
    }
    let count = elements.len();
    if count == 0 || elements.iter().any(|element| element.is_nan()) {
        return f64::NAN;
    }
    match op {
        Reduction::Median => {
            let upper = nth_smallest(elements, count / 2);
            if count % 2 == 1 { upper } else { (greatest(&elements[..count / 2]) + upper) * 0.5 }
        }
        Reduction::Rank => {
            let k = if argument < 0.0 { argument + count as f64 } else { argument };
            if k >= 0.0 && k < count as f64 { nth_smallest(elements, k as usize) } else { f64::NAN }
        }
        Reduction::Percentile => {
            if !(0.0..=100.0).contains(&argument) {
                return f64::NAN;
            }
            let position = percentile_position(argument, count);
            let lower = position.floor();
            let above = ((lower as usize) + 1).min(count - 1);
            let high = nth_smallest(elements, above);
            let low = if above == 0 { high } else { greatest(&elements[..above]) };
            let low = if lower as usize == above { high } else { low };
            interpolate(low, high, position - lower)
        }
        Reduction::TrimmedMean => {
            // A negative or fractional k fails the kernel; here it only must not panic.
            let k = argument.max(0.0) as usize;
            if k >= count.div_ceil(2) {
                return f64::NAN;
            }
            elements.sort_unstable_by(f64::total_cmp);
            let kept = &elements[k..count - k];
            kept.iter().fold(0.0, |sum, element| sum + element) / kept.len() as f64
        }
        _ => unreachable!("{} is not an order statistic", op.name()),
    }
}

/// The ranks of `count` elements that a statistic of all of them is made of, if that does not depend on the elements.
pub fn ranks(op: Reduction, count: usize, argument: Option<f64>) -> Option<Vec<usize>> {
    match (op, argument) {
        _ if count == 0 => None,
        (Reduction::Median, _) if count % 2 == 1 => Some(vec![count / 2]),
        (Reduction::Median, _) => Some(vec![count / 2 - 1, count / 2]),
        (Reduction::Rank, Some(k)) => {
            let k = if k < 0.0 { k + count as f64 } else { k };
            (k >= 0.0 && k < count as f64 && k.fract() == 0.0).then_some(vec![k as usize])
        }
        (Reduction::Percentile, Some(percentage)) if (0.0..=100.0).contains(&percentage) => {
            let position = percentile_position(percentage, count);
            let lower = position as usize;
            Some(if position.fract() == 0.0 { vec![lower] } else { vec![lower, lower + 1] })
        }
        (Reduction::TrimmedMean, Some(k)) if k >= 0.0 && k.fract() == 0.0 && 2.0 * k < count as f64 => {
            Some((k as usize..count - k as usize).collect())
        }
        _ => None,
    }
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

/// Between `low` and `high` at `t` in 0..1, rounded as NumPy does: from the nearer end.
fn interpolate(low: f64, high: f64, t: f64) -> f64 {
    if low == high || t == 0.0 {
        return low;
    }
    let step = high - low;
    if t >= 0.5 { high - step * (1.0 - t) } else { low + step * t }
}

/// The smallest of the most frequent values, and the number of distinct values. NaN elements do not take part.
fn mode_and_variety(elements: &mut [f64]) -> (f64, f64) {
    elements.sort_unstable_by(f64::total_cmp);
    let (mut mode, mut most, mut variety) = (f64::NAN, 0usize, 0usize);
    let (mut current, mut run) = (f64::NAN, 0usize);
    for &element in elements.iter().filter(|element| !element.is_nan()) {
        if element == current {
            run += 1;
        } else {
            (current, run) = (element, 1);
            variety += 1;
        }
        if run > most {
            (mode, most) = (current, run);
        }
    }
    (mode, variety as f64)
}

/// The value of any other reduction, of `elements` with their positions in the footprint.
pub fn reduction(op: Reduction, elements: &[f64], positions: &[usize], argument: f64) -> f64 {
    let nan = elements.iter().any(|element| element.is_nan());
    match op {
        // An empty `sum()` of Rust's is -0.
        Reduction::Sum | Reduction::Count => elements.iter().fold(0.0, |sum, element| sum + element),
        Reduction::Product => elements.iter().product(),
        Reduction::Min | Reduction::Max if nan || elements.is_empty() => f64::NAN,
        Reduction::Min => elements.iter().copied().fold(f64::INFINITY, |least, x| if x < least { x } else { least }),
        Reduction::Max => elements.iter().copied().fold(f64::NEG_INFINITY, |most, x| if x > most { x } else { most }),
        Reduction::ArgMin | Reduction::ArgMax => {
            let better = |x: f64, best: f64| if op == Reduction::ArgMin { x < best } else { x > best };
            let mut best: Option<(usize, f64)> = None;
            for (&position, &element) in positions.iter().zip(elements) {
                if best.is_none_or(|(_, best)| !best.is_nan() && (element.is_nan() || better(element, best))) {
                    best = Some((position, element));
                }
            }
            best.map_or(-1.0, |(position, _)| position as f64)
        }
        Reduction::Nth => {
            let inside = argument >= 0.0 && argument < elements.len() as f64;
            if inside { elements[argument as usize] } else { f64::NAN }
        }
        _ => unreachable!("{} is an order statistic", op.name()),
    }
}
