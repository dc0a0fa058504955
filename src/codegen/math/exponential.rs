//! Exponential and hyperbolic functions.
//!
//! The argument is reduced by a multiple of a logarithm, split in two constants as by Cody and Waite, a polynomial
//! gives the exponential of the rest, and the exponent bits scale it. The polynomials are from `tools/minimax.py`.

use std::f64::consts::{LN_2, LOG2_E};

use super::number::{Int, Num};

/// e^r = 1 + r p(r), |r| <= ln 2. Error 2^-54.2.
const EXP: [f64; 13] = [
    0.9999999999999999,
    0.49999999999999895,
    0.16666666666667168,
    0.04166666666671034,
    0.008333333333246038,
    0.001388888888284867,
    0.0001984126990391976,
    2.4801591119846528e-05,
    2.7557298119260933e-06,
    2.75561046421918e-07,
    2.505529643215025e-08,
    2.1066035788202977e-09,
    1.5926467525385815e-10,
];

/// The same in single precision. Error 2^-25.7.
const EXP_SINGLE: [f64; 7] = [
    1.0,
    0.500000536441803,
    0.16666671633720398,
    0.041660528630018234,
    0.008333558216691017,
    0.001411153469234705,
    0.00019891698320861906,
];

/// 2^r = 1 + r p(r), |r| <= 1. Error 2^-53.8.
const EXP2: [f64; 13] = [
    LN_2,
    0.24022650695910022,
    0.055504108664823214,
    0.009618129107638368,
    0.0013333558146291459,
    0.00015403530386784534,
    1.5252733851477625e-05,
    1.3215488801393137e-06,
    1.017807830485688e-07,
    7.054603062179263e-09,
    4.446099605270014e-10,
    2.591035209694835e-11,
    1.3578898927758607e-12,
];

/// The same in single precision. Error 2^-26.0.
const EXP2_SINGLE: [f64; 7] = [
    0.6931472420692444,
    0.24022673070430756,
    0.05550356209278107,
    0.009616723284125328,
    0.0013344321632757783,
    0.00015652725414838642,
    1.4752420611330308e-05,
];

/// The same in single precision for |r| <= 1/2. Error 2^-23.3.
const EXP2_NEAR: [f64; 5] =
    [0.6931470036506653, 0.2402222454547882, 0.05550650879740715, 0.009672652930021286, 0.001330363447777927];

/// e^r - 1 = r + r^2 p(r), |r| <= (ln 2) / 2. Error 2^-61.3.
const EXPM1: [f64; 11] = [
    0.5,
    0.16666666666666677,
    0.0416666666666667,
    0.008333333333321372,
    0.0013888888888866323,
    0.00019841269886856021,
    2.480158736156926e-05,
    2.7557243406365507e-06,
    2.7557241896288414e-07,
    2.5109338482117163e-08,
    2.092470942226355e-09,
];

/// What ln 2 as an f64 lacks.
const LN_2_REST: f64 = 2.3190468138462996e-17;

/// 2 ln 2 in two f32s; the products with small integers are exact in an fma.
const TWICE_LN_2_SINGLE: (f64, f64) = (1.3862943649291992, -3.809308424251867e-09);

/// tanh(x) = x + x z p(z), z = x^2, |x| <= 0.625. Error 2^-27.5.
const TANH_SINGLE: [f64; 5] =
    [-0.333332896232605, 0.13331568241119385, -0.05374637246131897, 0.02065255120396614, -0.00571339949965477];

/// Below this even the square of a number is lost beside 1.
const TINY: f64 = 7.450580596923828e-9;

/// The integer n nearest to `x * factor`, and the bits of 2^(n + shift).
///
/// Adding 1.5 times 2 to the number of fraction bits leaves the integer in the last places of the sum, where the
/// exponent's bias goes too.
fn split<'e>(x: Num<'e>, factor: f64, shift: i64) -> (Num<'e>, Int<'e>) {
    let bits = x.fraction_bits();
    let magic = 1.5 * (bits as f64).exp2() + (x.bias() + shift) as f64;
    let sum = if factor == 1.0 { x + magic } else { x.fma(factor, magic) };
    (sum - magic, sum.bits().shift_left(bits))
}

/// e to the x.
///
/// The argument is taken modulo 2 ln 2, not ln 2, so that the scale 2^(2n) is a square: two multiplications by 2^n
/// overflow and underflow just as the result does, and one such factor is a number in the whole range.
pub fn exp(x: Num<'_>) -> Num<'_> {
    let (least, greatest) = x.by_precision((-104.0, 89.0), (-746.0, 710.0));
    let x = x.at_least(least).at_most(greatest);
    let (n, scale) = split(x, 0.5 * LOG2_E, 0);
    let (multiple, multiple_rest) = x.by_precision(TWICE_LN_2_SINGLE, (2.0 * LN_2, 2.0 * LN_2_REST));
    let near = n.fma(-multiple, x);
    let r = n.fma(-multiple_rest, near);
    let p = match x.is_single() {
        true => r.polynomial_in_pairs(&EXP_SINGLE),
        false => r.polynomial(&EXP),
    };
    let p = p.fma(r, 1.0);
    p * scale.float() * scale.float()
}

/// e to the `high` + `low`, numbers of double precision of which the second is far the smaller, with an error of less than a
/// quarter of a unit in the last place before the one rounding: where the value is a number, this is it.
///
/// With |r| <= (ln 2) / 2 the distance `r` from the nearest multiple of ln 2 is exact in its first part. Of the power
/// 1 + r + r^2 p, the sum of the first two terms is exact in two parts.
pub fn exp_of_twofold<'e>(high: Num<'e>, low: Num<'e>) -> Num<'e> {
    let x = high.at_least(-746.0).at_most(710.0);
    let (n, _) = split(x, LOG2_E, 0);
    // 2^n may be out of range, but not its two factors.
    let (half, scale) = split(n, 0.5, 0);
    let (_, other_scale) = split(n - half, 1.0, 0);

    let r = n.fma(-LN_2, x);
    let r_low = n.fma(-LN_2_REST, low);
    let bend = r * r * r.polynomial(&EXPM1);
    let near = r + 1.0;
    let near_low = (r - (near - 1.0)) + bend;
    let power = (near + near_low).fma(r_low, near_low) + near;
    power * scale.float() * other_scale.float()
}

/// 2 to the x.
pub fn exp2(x: Num<'_>) -> Num<'_> {
    let (least, greatest) = x.by_precision((-151.0, 129.0), (-1076.0, 1025.0));
    let x = x.at_least(least).at_most(greatest);
    let (n, scale) = split(x, 0.5, 0);
    let r = n.fma(-2.0, x);
    let p = r.polynomial(x.by_precision(&EXP2_SINGLE, &EXP2)).fma(r, 1.0);
    p * scale.float() * scale.float()
}

/// 2 to the x of f32s that are at most 127 or NaN; what is below 2^-126, the least normal number, may be 0.
///
/// Then one factor 2^n is enough. Of -127 that is 0.
pub fn bounded_exp2(x: Num<'_>) -> Num<'_> {
    let x = x.at_least(-127.0);
    let (n, scale) = split(x, 1.0, 0);
    let r = x - n;
    r.polynomial(&EXP2_NEAR).fma(r, 1.0) * scale.float()
}

/// A quarter of e^x - 1, as the sum of two numbers of which the second is far the smaller, for x up to 710.6.
///
/// Of e^x = 2^n (1 + p), with x reduced to |r| <= (ln 2) / 2, it is (2^n - 1) / 4 + p 2^n / 4. The quarter is in the
/// range of the numbers wherever a hyperbolic function of x is. Of subnormal numbers it loses bits.
fn quarter_expm1(x: Num<'_>) -> (Num<'_>, Num<'_>) {
    let x = x.at_least(-45.0);
    let (n, scale) = split(x, LOG2_E, -2);
    let scale = scale.float();
    let near = n.fma(-LN_2, x);
    let rest = n * LN_2_REST;
    let r = near - rest;
    let r_low = (near - r) - rest;

    let square = r * r;
    let bend = square * r.polynomial(&EXPM1);
    let p = r + bend;
    let p_low = ((r - p) + bend) + r_low.fma(r, r_low);

    let whole = scale - 0.25;
    let whole_low = (scale - whole) - 0.25;
    let high = scale.fma(p, whole);
    let low = scale.fma(p, whole - high) + scale.fma(p_low, whole_low);
    (high, low)
}

/// e to the x, minus 1.
pub fn expm1(x: Num<'_>) -> Num<'_> {
    let (high, low) = quarter_expm1(x.at_most(710.6));
    let value = (high + low) * 4.0;
    x.abs().lt(TINY * TINY).select(x, value)
}

/// With t = e^|x| - 1, sinh is (t + t / (t + 1)) / 2.
pub fn sinh(x: Num<'_>) -> Num<'_> {
    let a = x.abs();
    let (high, low) = quarter_expm1(a.at_most(710.6));
    let quotient = high / high.fma(4.0, 1.0);
    let value = ((quotient + low) + high) * 2.0;
    a.lt(TINY).select(x, value.with_sign_of(x))
}

/// With w = e^|x| / 4, cosh is 2 w + 1 / (8 w).
pub fn cosh(x: Num<'_>) -> Num<'_> {
    let (high, low) = quarter_expm1(x.abs().at_most(710.6));
    let w = high + 0.25;
    let w_low = (0.25 - (w - high)) + low;
    (0.0625 / w + w_low + w) * 2.0
}

/// With t = e^(2 |x|) - 1, tanh is t / (t + 2), or 1 - 2 / (t + 2).
pub fn tanh(x: Num<'_>) -> Num<'_> {
    if x.is_single() {
        return tanh_single(x);
    }
    let a = x.abs();
    let (high, low) = quarter_expm1(a.at_most(20.0) * 2.0);
    let d = high + 0.5;
    let reciprocal = 1.0 / d;
    let far = reciprocal.fma(-0.5, 1.0);
    // Near 0 the quotient is corrected by what the division leaves.
    let d_low = (high - (d - 0.5)) + low;
    let quotient = high * reciprocal;
    let rest = (-quotient).fma(d, high) + (-quotient).fma(d_low, low);
    let near = rest.fma(reciprocal, quotient);
    let value = a.lt(0.5).select(near, far);
    a.lt(TINY).select(x, value.with_sign_of(x))
}

/// A polynomial near 0, and elsewhere 1 - 2 / (e^(2 |x|) + 1).
fn tanh_single(x: Num<'_>) -> Num<'_> {
    let a = x.abs();
    let double = a.at_most(9.5) * 2.0;
    let (n, scale) = split(double, 0.5 * LOG2_E, 0);
    let r = n.fma(-TWICE_LN_2_SINGLE.1, n.fma(-TWICE_LN_2_SINGLE.0, double));
    let p = r.polynomial(&EXP_SINGLE).fma(r, 1.0);
    let far = 1.0 - 2.0 / ((p * scale.float()).fma(scale.float(), 1.0));

    let z = a * a;
    let near = (a * z).fma(z.polynomial(&TANH_SINGLE), a);
    a.lt(0.625).select(near, far).with_sign_of(x)
}
