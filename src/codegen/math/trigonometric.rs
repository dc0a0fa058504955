//! Sine, cosine and tangent of arguments that are not large.
//!
//! The multiple of π or π/2 nearest to the argument is subtracted in three parts, as by Cody and Waite, where fma
//! makes the first step exact. Beyond [`LIMIT`] the multiple could not be told, and something else must take over.
//! The polynomials are from `tools/minimax.py`.

use std::f64::consts::{FRAC_1_PI, FRAC_2_PI, FRAC_PI_2};

use super::number::{Int, Mask, Num};

/// In single precision, sin(r) = r + r z p(z), z = r^2, |r| <= π/2. Error 2^-30.2.
const SIN_SINGLE: [f64; 5] = [
    -0.1666666716337204,
    0.008333354257047176,
    -0.00019843716290779412,
    2.7659796160151018e-06,
    -2.6051546697658523e-08,
];

/// sin(r) = r + r z p(z), z = r^2, |r| <= π/4. Error 2^-56.7.
const SIN: [f64; 6] = [
    -0.1666666666666664,
    0.008333333333323078,
    -0.00019841269829609407,
    2.7557313452179583e-06,
    -2.505070197153558e-08,
    1.5892775475369856e-10,
];

/// cos(r) = 1 - z / 2 + z^2 p(z), z = r^2, |r| <= π/4. Error 2^-61.8.
const COS: [f64; 6] = [
    0.04166666666666665,
    -0.0013888888888882473,
    2.480158729429328e-05,
    -2.7557315613683096e-07,
    2.0875877341921057e-09,
    -1.1366771123055318e-11,
];

/// π/2, and in single precision π, in three numbers.
const HALF_PI: [f64; 3] = [FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];
const PI_SINGLE: [f64; 3] = [3.1415927410125732, -8.742277657347586e-08, -3.4302490200117637e-15];

/// Below this the sine and the tangent are their argument, and so keep the sign of zero.
const TINY: f64 = 1e-9;
const TINY_SINGLE: f64 = 1e-4;

/// The greatest magnitudes, of f64s and of f32s, that the functions here are for: the nearest multiple of π is found,
/// and what the three parts of π lack is still small beside the distance from it.
pub const LIMIT: f64 = (1u64 << 40) as f64;
pub const LIMIT_SINGLE: f64 = (1u64 << 17) as f64;

/// 1.5 times a number whose last place is 1: in a sum with it, a number is rounded to an integer in the last places.
fn magic(x: Num<'_>) -> f64 {
    1.5 * f64::from(x.fraction_bits()).exp2()
}

/// `x`, negated where the last bit of `parity` is set.
fn negated_if_odd<'e>(x: Num<'e>, parity: Int<'e>) -> Num<'e> {
    let sign = parity.shift_left(x.by_precision(31, 63));
    x.bits().xor(sign).float()
}

/// The sine of the distance of `x` from `multiple * π`, in single precision. One polynomial for the whole half turn is
/// the shortest code; near its top it is within 2 units in the last place.
fn sine_modulo_pi<'e>(x: Num<'e>, multiple: Num<'e>) -> Num<'e> {
    let r = PI_SINGLE.iter().fold(x, |rest, part| multiple.fma(-part, rest));
    let z = r * r;
    let value = (r * z).fma(z.polynomial(&SIN_SINGLE), r);
    // No rounding may make it more than 1.
    value.at_most(1.0).at_least(-1.0)
}

/// The sine and the cosine of the distance of a number from the nearest multiple of π/2, in double precision, each as
/// the sum of two numbers; and bits that end in those of the multiple, plus `turn`.
struct Quarter<'e> {
    bits: Int<'e>,
    sine: (Num<'e>, Num<'e>),
    cosine: (Num<'e>, Num<'e>),
}

impl<'e> Quarter<'e> {
    /// The kernels are those of fdlibm's `k_sin.c` and `k_cos.c`, with what their last sums lose.
    fn new(x: Num<'e>, turn: f64) -> Quarter<'e> {
        let magic = magic(x) + turn;
        let sum = x.fma(FRAC_2_PI, magic);
        let n = sum - magic;
        let near = n.fma(-HALF_PI[0], x);
        let step = n * HALF_PI[1];
        let r = near - step;
        let low = n.fma(-HALF_PI[2], ((near - r) - step) - n.product_error(HALF_PI[1], step));

        let z = r * r;
        let bend = (r * z).fma(z.polynomial(&SIN), (low * -0.5).fma(z, low));
        let sine = r + bend;
        let sine_low = (r - sine) + bend;

        let half = z * 0.5;
        let near = 1.0 - half;
        let low = r.product_error(r, z).fma(0.5, r * low);
        let bend = ((1.0 - near) - half) + (z * z).fma(z.polynomial(&COS), -low);
        let cosine = near + bend;
        let cosine_low = (near - cosine) + bend;
        Quarter { bits: sum.bits(), sine: (sine, sine_low), cosine: (cosine, cosine_low) }
    }

    fn is_even(&self) -> Mask<'e> {
        self.bits.and(self.bits.constant(1)).eq(self.bits.constant(0))
    }

    /// The sine of the whole, where `turn` counts as quarter turns.
    fn sine(&self) -> Num<'e> {
        let value = self.is_even().select(self.sine.0, self.cosine.0);
        negated_if_odd(value, self.bits.shift_right(1))
    }

    /// The tangent of the whole: sine over cosine, or for an odd multiple the other way round.
    fn tangent(&self) -> Num<'e> {
        let is_even = self.is_even();
        let above = is_even.select(self.sine.0, -self.cosine.0);
        let above_low = is_even.select(self.sine.1, -self.cosine.1);
        let below = is_even.select(self.cosine.0, self.sine.0);
        let below_low = is_even.select(self.cosine.1, self.sine.1);
        // The quotient is corrected by what the division leaves.
        let reciprocal = 1.0 / below;
        let quotient = above * reciprocal;
        let rest = (-quotient).fma(below, above) + (-quotient).fma(below_low, above_low);
        rest.fma(reciprocal, quotient)
    }
}

/// The sine; in single precision that of the distance from the nearest multiple of π, negated for an odd one.
pub fn sin(x: Num<'_>) -> Num<'_> {
    let (value, tiny) = if x.is_single() {
        let sum = x.fma(FRAC_1_PI, magic(x));
        (negated_if_odd(sine_modulo_pi(x, sum - magic(x)), sum.bits()), TINY_SINGLE)
    } else {
        (Quarter::new(x, 0.0).sine(), TINY)
    };
    x.abs().lt(tiny).select(x, value)
}

/// The cosine: the sine of a quarter turn more; in single precision minus the sine of the distance from the nearest odd
/// multiple of π/2, negated for every other.
pub fn cos(x: Num<'_>) -> Num<'_> {
    if !x.is_single() {
        return Quarter::new(x, 1.0).sine();
    }
    let magic = magic(x) + 1.0;
    let sum = x.fma(FRAC_1_PI, -0.5) + magic;
    negated_if_odd(sine_modulo_pi(x, (sum - magic) + 0.5), sum.bits())
}

/// The tangent, in double precision.
pub fn tan(x: Num<'_>) -> Num<'_> {
    x.abs().lt(TINY).select(x, Quarter::new(x, 0.0).tangent())
}
