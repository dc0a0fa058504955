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

#[cfg(test)]
mod tests {
    use super::*;

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
