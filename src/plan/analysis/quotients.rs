//! Quotients that nobody sees but outputs that round them to integers: lanes of f32 are exact enough for those, such as the mean of
//! u8s that is stored as u8.
//!
//! Let `s / n` be the quotient, of an integer by an integer constant, and `p` what is computed in f32s. Rounding `p` to the nearest
//! integer is right if no tie, a half of an odd integer, lies between `p` and the quotient, nor at `p` unless the quotient is that tie.
//!
//! - `n` odd: there are no ties among the quotients, and they are at least `1 / 2n` from one. The product of `s` and the
//!   rounded reciprocal has two errors of `2^-24` of itself, so `|s| < 2^22` suffices.
//! - `n` even: a tie is an f32, so that dividing gives it exactly, and other quotients are at least `1 / n` from it. The error
//!   of dividing is `2^-24` of the quotient, so `|s| < 2^23` is more than enough.

use super::fixpoint::Facts;
use super::value_range::ValueRange;
use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::ops::BinaryOp;
use crate::machine;

/// Which nodes are such quotients, by index.
pub fn rounded_quotients(kernel: &Kernel, facts: &Facts<'_>, ranges: &[ValueRange]) -> Vec<bool> {
    let mut seen = vec![false; kernel.node_count()];
    for (id, _) in kernel.live_nodes() {
        kernel.for_each_dependency(id, |operand| seen[operand.index()] = true);
    }
    kernel.assertions.iter().for_each(|assertion| seen[assertion.condition.index()] = true);
    let mut rounded = vec![false; kernel.node_count()];
    for (output, is_rounded) in kernel.outputs.iter().zip(facts.outputs_rounded) {
        if *is_rounded {
            rounded[output.value.index()] = true;
        } else {
            seen[output.value.index()] = true;
        }
    }
    for (index, rounded) in rounded.iter_mut().enumerate() {
        *rounded &= !seen[index] && is_exact_enough(kernel, ExprId::from_index(index), ranges);
    }
    rounded
}

fn is_exact_enough(kernel: &Kernel, id: ExprId, ranges: &[ValueRange]) -> bool {
    let Expr::Binary(BinaryOp::Divide, dividend, divisor) = *kernel.expr(id) else { return false };
    let dividend = &ranges[dividend.index()];
    let Some(divisor) = ranges[divisor.index()].point().filter(|by| by.fract() == 0.0 && *by >= 2.0) else {
        return false;
    };
    dividend.integral && !dividend.nan && dividend.magnitude() < largest(divisor)
}

/// The least magnitude of a dividend that may be too large.
fn largest(divisor: f64) -> f64 {
    match factor(divisor) {
        Some(_) => f64::from(1 << 22),
        None => f64::from(1 << 23),
    }
}

/// What to multiply by instead of dividing, which is an f32, where that is right.
pub fn factor(divisor: f64) -> Option<f64> {
    (divisor % 2.0 == 1.0).then(|| f64::from((1.0 / divisor) as f32))
}

/// The same for a quotient of a kernel, if it is one of 16-bit integers by a constant.
pub fn quotient_factor(kernel: &Kernel, ranges: &[ValueRange], id: ExprId) -> Option<i16> {
    let Expr::Binary(BinaryOp::Divide, dividend, divisor) = *kernel.expr(id) else { return None };
    ranges[divisor.index()].point().and_then(|divisor| word_factor(&ranges[dividend.index()], divisor))
}

/// What to multiply 16-bit integers between these bounds by, so that the upper half of twice the product, rounded, is the nearest integer
/// to the quotient by `divisor`: one instruction for as many lanes as there are such integers in a register.
///
/// The error of the factor is up to `2^-16`, and no quotient by an odd divisor is a tie, so which of them have a factor is tried out.
pub fn word_factor(dividend: &ValueRange, divisor: f64) -> Option<i16> {
    let (least, greatest) = (f64::from(i16::MIN), f64::from(i16::MAX));
    let is_word = dividend.integral && !dividend.nan && least <= dividend.low && dividend.high <= greatest;
    if !machine::multiplies_words() || !is_word || divisor % 2.0 != 1.0 || !(3.0..=greatest).contains(&divisor) {
        return None;
    }
    let (factor, divisor) = ((32768.0 / divisor).round() as i32, divisor as i32);
    let is_right = |dividend: i32| {
        let nearest = (2 * dividend + divisor).div_euclid(2 * divisor);
        (dividend * factor + (1 << 14)) >> 15 == nearest
    };
    let all = dividend.low as i32..=dividend.high as i32;
    all.into_iter().all(is_right).then_some(factor as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_of_words_are_known() {
        let words = |low: i32, high: i32| ValueRange::integers(low.into(), high.into());
        let divisors = (1..130).filter(|by| word_factor(&words(0, 255 * by), (*by).into()).is_some());
        let divisors: Vec<i32> = divisors.collect();
        if machine::multiplies_words() {
            assert_eq!(divisors, [3, 5, 7, 9, 11, 29, 31, 33]);
        } else {
            assert!(divisors.is_empty());
        }
    }

    #[test]
    fn every_quotient_is_rounded_as_the_exact_one() {
        let mut divisors: Vec<u32> = (2..=130).chain([225, 256, 961, 1023, 4001, 10_201, 65_535]).collect();
        divisors.push((1 << 20) + 1);
        for n in divisors {
            let most = largest(n.into()) as u32;
            // Every dividend near a tie or an integer, and others.
            let near = (0..=most / n).step_by((most / n / 4000).max(1) as usize).flat_map(|k| {
                let tie = k * n + n / 2;
                [k * n, tie, tie.saturating_sub(1), tie + 1, k * n + n - 1]
            });
            for s in near.filter(|s| *s < most).chain([most - 1]) {
                let p = match factor(n.into()) {
                    Some(factor) => s as f32 * factor as f32,
                    None => s as f32 / n as f32,
                };
                // In integers: the nearest, and of two the even one.
                let (whole, rest) = (s / n, s % n);
                let up = 2 * u64::from(rest) > u64::from(n) || 2 * u64::from(rest) == u64::from(n) && whole % 2 == 1;
                assert_eq!(p.round_ties_even(), (whole + u32::from(up)) as f32, "{s} / {n}");
            }
        }
    }
}
