//! Sine, cosine and tangent of arguments that are not large.
//!
//! The multiple of π or π/2 nearest to the argument is subtracted in three parts, as by Cody and Waite, where fma makes the first
//! step exact. Beyond [`LIMIT`] the multiple could not be told, and something else must take over. The polynomials are
//! from `tools/minimax.py`.

use std::f64::consts::{FRAC_1_PI, FRAC_2_PI, PI};

use super::number::{Int, Num};

/// sin(r) = r + r z p(z), z = r^2, |r| <= π/2. Error 2^-55.7.
const SIN: [f64; 8] = [
    -0.16666666666666666,
    0.008333333333333236,
    -0.000198412698412199,
    2.755731921239386e-06,
    -2.5052106946310664e-08,
    1.6058941725574256e-10,
    -7.643008666001654e-13,
    2.7210505197785283e-15,
];

/// The same in single precision. Error 2^-30.2.
const SIN_SINGLE: [f64; 5] = [
    -0.1666666716337204,
    0.008333354257047176,
    -0.00019843716290779412,
    2.7659796160151018e-06,
    -2.6051546697658523e-08,
];

/// The sine as above for |r| <= π/4. Error 2^-56.7.
const SIN_QUARTER: [f64; 6] = [
    -0.1666666666666664,
    0.008333333333323078,
    -0.00019841269829609407,
    2.7557313452179583e-06,
    -2.505070197153558e-08,
    1.5892775475369856e-10,
];

/// cos(r) = 1 - z / 2 + z^2 p(z), z = r^2, |r| <= π/4. Error 2^-61.8.
const COS_QUARTER: [f64; 6] = [
    0.04166666666666665,
    -0.0013888888888882473,
    2.480158729429328e-05,
    -2.7557315613683096e-07,
    2.0875877341921057e-09,
    -1.1366771123055318e-11,
];

/// π in three numbers of each precision.
const PI_PARTS: [f64; 3] = [PI, 1.2246467991473532e-16, -2.9947698097183397e-33];
const PI_PARTS_SINGLE: [f64; 3] = [3.1415927410125732, -8.742277657347586e-08, -3.4302490200117637e-15];

/// Below this the sine and the tangent are their argument, and so keep the sign of zero.
const TINY: (f64, f64) = (1e-4, 1e-9);

/// The greatest magnitudes, of f64s and of f32s, that the functions here are for: the nearest multiple of π is found, and
/// what the three parts of π lack is still small beside the distance from it.
pub const LIMIT: f64 = (1u64 << 40) as f64;
pub const LIMIT_SINGLE: f64 = (1u64 << 17) as f64;

/// `x - multiple * (unit * π)` as the sum of two numbers, in double precision.
fn reduced<'e>(x: Num<'e>, multiple: Num<'e>, unit: f64) -> (Num<'e>, Num<'e>) {
    let [first, second, third] = PI_PARTS.map(|part| unit * part);
    let near = multiple.fma(-first, x);
    let step = multiple * second;
    let r = near - step;
    let low = ((near - r) - step) - multiple.product_error(second, step);
    (r, multiple.fma(-third, low))
}

/// The sine of `x` less the multiple of π.
fn sine_modulo_pi<'e>(x: Num<'e>, multiple: Num<'e>) -> Num<'e> {
    if x.is_single() {
        let r = PI_PARTS_SINGLE.iter().fold(x, |rest, part| multiple.fma(-part, rest));
        let z = r * r;
        return within_1((r * z).fma(z.polynomial(&SIN_SINGLE), r));
    }
    let (r, low) = reduced(x, multiple, 1.0);
    let z = r * r;
    // The derivative, the cosine, is near enough to a parabola for the low part.
    let slope = z.fma(-FRAC_2_PI * FRAC_2_PI, 1.0);
    // Where z is large enough for its rounding to count, the derivative of the bend by z is about this.
    let low = r.product_error(r, z).fma(-0.18, low * slope);
    within_1(r + (r * z).fma(z.polynomial(&SIN), low))
}

/// No rounding may make a sine of more than 1.
fn within_1(x: Num<'_>) -> Num<'_> {
    x.at_most(1.0).at_least(-1.0)
}

/// `x`, negated where the last bit of `parity` is set.
fn negated_if_odd<'e>(x: Num<'e>, parity: Int<'e>) -> Num<'e> {
    let sign = parity.shift_left(x.by_precision(31, 63));
    x.bits().xor(sign).float()
}

/// 1.5 times a number whose last place is 1: in a sum with it, a number is rounded to an integer in the last places.
fn magic(x: Num<'_>) -> f64 {
    1.5 * f64::from(x.fraction_bits()).exp2()
}

/// The sine: that of the distance from the nearest multiple of π, negated for an odd one.
pub fn sin(x: Num<'_>) -> Num<'_> {
    let sum = x.fma(FRAC_1_PI, magic(x));
    let value = negated_if_odd(sine_modulo_pi(x, sum - magic(x)), sum.bits());
    x.abs().lt(x.by_precision(TINY.0, TINY.1)).select(x, value)
}

/// The cosine: minus the sine of the distance from the nearest odd multiple of π/2, negated for every other.
pub fn cos(x: Num<'_>) -> Num<'_> {
    let magic = magic(x) + 1.0;
    let sum = x.fma(FRAC_1_PI, -0.5) + magic;
    negated_if_odd(sine_modulo_pi(x, (sum - magic) + 0.5), sum.bits())
}

/// The tangent: sine over cosine of the distance from the nearest multiple of π/2, for an odd one the other way round. In
/// double precision.
pub fn tan(x: Num<'_>) -> Num<'_> {
    let sum = x.fma(FRAC_2_PI, magic(x));
    let (r, low) = reduced(x, sum - magic(x), 0.5);
    let z = r * r;
    let z_low = r.product_error(r, z);
    let bend = (r * z).fma(z.polynomial(&SIN_QUARTER), (low * -0.5).fma(z, low));
    let sine = r + bend;
    let sine_low = (r - sine) + bend;
    let half = z * 0.5;
    let near = 1.0 - half;
    let bend = ((1.0 - near) - half) + (z * z).fma(z.polynomial(&COS_QUARTER), -(r * low)) - z_low * 0.5;
    let cosine = near + bend;
    let cosine_low = (near - cosine) + bend;

    let bits = sum.bits();
    let is_even = bits.and(bits.constant(1)).eq(bits.constant(0));
    let (above, above_low) = (is_even.select(sine, -cosine), is_even.select(sine_low, -cosine_low));
    let (below, below_low) = (is_even.select(cosine, sine), is_even.select(cosine_low, sine_low));
    // The quotient is corrected by what the division leaves.
    let reciprocal = 1.0 / below;
    let quotient = above * reciprocal;
    let rest = (-quotient).fma(below, above) + (-quotient).fma(below_low, above_low);
    let value = rest.fma(reciprocal, quotient);
    x.abs().lt(TINY.1).select(x, value)
}
