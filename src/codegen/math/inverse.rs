//! Arc sine, arc cosine and arc tangents. The polynomials are from `tools/minimax.py`.

use std::f64::consts::FRAC_PI_2;

use super::number::{Mask, Num};

/// asin(x) = x + x z p(z), z = x^2, |x| <= 1/2. Error 2^-58.7.
const ASIN: [f64; 13] = [
    0.16666666666666702,
    0.07499999999984074,
    0.04464285716418048,
    0.030381943113195056,
    0.022372205945016554,
    0.017351736467306582,
    0.013979733265410452,
    0.011404862554837721,
    0.01076161786419739,
    0.0037271408148029325,
    0.021765214847178724,
    -0.02121834778265612,
    0.032843221669130264,
];

/// atan(t) = t + t z p(z), z = t^2, |t| <= 1/2. Error 2^-56.4.
const ATAN: [f64; 12] = [
    -0.3333333333333317,
    0.19999999999937937,
    -0.14285714278563694,
    0.11111110725647355,
    -0.0909089735258794,
    0.07692084624960555,
    -0.06663866615534662,
    0.05858390041388529,
    -0.05121383612426333,
    0.04182427391810452,
    -0.027339031522579684,
    0.010032253966610219,
];

/// The same in single precision. Error 2^-27.3.
const ATAN_SINGLE: [f64; 5] =
    [-0.33333250880241394, 0.1999472975730896, -0.14180141687393188, 0.10181508213281631, -0.051644012331962585];

/// π/2 in two numbers of each precision.
const HALF_PI: (f64, f64) = (FRAC_PI_2, 6.123233995736766e-17);
const HALF_PI_SINGLE: (f64, f64) = (1.5707963705062866, -4.371138828673793e-08);

/// Whether `a` is beyond 1/2; z, which is a^2, or beyond 1/2 it is (1 - a) / 2; s = √z; and r = asin(s) - s.
///
/// Beyond 1/2 the arc sine is π/2 - 2 asin(s), as in fdlibm's `e_asin.c`.
fn asin_parts<'e>(a: Num<'e>) -> (Mask<'e>, Num<'e>, Num<'e>, Num<'e>) {
    let is_large = a.gt(0.5);
    let z = is_large.select((1.0 - a) * 0.5, a * a);
    let s = is_large.select(z.sqrt(), a);
    (is_large, z, s, s * z * z.polynomial(&ASIN))
}

/// The arc sine, in double precision.
pub fn asin(x: Num<'_>) -> Num<'_> {
    let (is_large, _, s, r) = asin_parts(x.abs());
    let far = s.fma(-2.0, HALF_PI.0);
    let far_low = s.fma(-2.0, HALF_PI.0 - far);
    let far = far + r.fma(-2.0, far_low + HALF_PI.1);
    is_large.select(far, s + r).with_sign_of(x)
}

/// The arc cosine, in double precision.
pub fn acos(x: Num<'_>) -> Num<'_> {
    let (is_large, z, s, r) = asin_parts(x.abs());
    let near = HALF_PI.0 - (x - (HALF_PI.1 - r.bits().xor(x.sign()).float()));
    // What the square root lost; the divisor is not 0.
    let lost = (-s).fma(s, z) / (s + s + f64::MIN_POSITIVE);
    let right = (s + (r + lost)) * 2.0;
    let left = (HALF_PI.0 - (s + (r + lost - HALF_PI.1))) * 2.0;
    is_large.select(x.gt(0.0).select(right, left), near)
}

/// The angle of the point (b, a) above the axis, 0 to π/2, as the sum of two numbers, for `a` and `b` not negative.
///
/// Within an octant of an axis or of the diagonal it is the angle to that: with a quotient t of at most 1/2 there is
/// one division, and its rounding is small beside the angle of the diagonal.
fn angle<'e>(a: Num<'e>, b: Num<'e>) -> (Num<'e>, Num<'e>) {
    let half_pi = a.by_precision(HALF_PI_SINGLE, HALF_PI);
    let is_low = (a * 2.0).le(b);
    let is_high = a.gt(b * 2.0);
    let numerator = is_low.select(a, is_high.select(-b, a - b));
    let denominator = is_low.select(b, is_high.select(a, a + b));
    // 0 of 0 is 0.
    let t = numerator / denominator.eq(0.0).select(a.constant(1.0), denominator);
    let z = t * t;
    let tail = t * z * z.polynomial(a.by_precision(&ATAN_SINGLE, &ATAN));

    let zero = a.constant(0.0);
    let base = is_low.select(zero, is_high.select(a.constant(half_pi.0), 0.5 * half_pi.0));
    let base_low = is_low.select(zero, is_high.select(a.constant(half_pi.1), 0.5 * half_pi.1));
    let high = base + t;
    (high, (base - high) + t + (tail + base_low))
}

/// The arc tangent.
pub fn atan(x: Num<'_>) -> Num<'_> {
    let (high, low) = angle(x.abs(), x.constant(1.0));
    (high + low).with_sign_of(x)
}

/// The angle of the point (x, y).
pub fn atan2<'e>(y: Num<'e>, x: Num<'e>) -> Num<'e> {
    let (mut a, mut b) = (y.abs(), x.abs());
    let both_infinite = a.eq(b).and(a.eq(f64::INFINITY));
    // The sum of large numbers must be a number; what a small one loses is far below the other.
    let (large, down) = x.by_precision((2f64.powi(100), 2f64.powi(-30)), (2f64.powi(1000), 2f64.powi(-60)));
    let scale = a.gt(large).or(b.gt(large)).select(x.constant(down), 1.0);
    a = both_infinite.select(x.constant(1.0), a * scale);
    b = both_infinite.select(x.constant(1.0), b * scale);
    let (high, low) = angle(a, b);
    let half_pi = x.by_precision(HALF_PI_SINGLE, HALF_PI);
    let (pi, pi_low) = (2.0 * half_pi.0, 2.0 * half_pi.1);
    let left = pi - high;
    let left = left + (((pi - left) - high) + (pi_low - low));
    let is_left = x.sign().shift_right(x.by_precision(31, 63));
    let is_right = is_left.eq(is_left.constant(0));
    is_right.select(high + low, left).with_sign_of(y)
}
