//! Logarithms.
//!
//! A number is split into 2^k m with m between √½ and √2. In double precision the logarithm of m = 1 + f is a series
//! in s = f / (2 + f), as in fdlibm's `e_log.c`, and is kept as the sum of two numbers until the term with k is
//! added, so that every logarithm is within one unit in the last place. The polynomials are from `tools/minimax.py`.

use std::f64::consts::{FRAC_1_SQRT_2, LOG2_E, LOG10_E};

use super::number::Num;

/// log((1 + s) / (1 - s)) = 2 s + s z (2/3 + z p(z)), z = s^2, |s| <= (√2 - 1) / (√2 + 1). Error 2^-69.1.
const LOG: [f64; 8] = [
    0.39999999999999997,
    0.2857142857143293,
    0.22222222220347623,
    0.1818181854720814,
    0.1538457736109721,
    0.13335587895381218,
    0.1168849050089,
    0.11884001080791304,
];

/// log(1 + f) = f + f^2 p(f) for 1 + f between √½ and √2. Error 2^-25.0.
const LOG_SINGLE: [f64; 8] = [
    -0.49999991059303284,
    0.33333954215049744,
    -0.25001826882362366,
    0.19961966574192047,
    -0.16568461060523987,
    0.1491682231426239,
    -0.14323212206363678,
    0.08759045600891113,
];

/// log2(1 + f) = f + f p(f) for 1 + f between √½ and √2. Error 2^-24.8.
const LOG2_SINGLE: [f64; 9] = [
    0.4426949918270111,
    -0.7213473320007324,
    0.48091068863868713,
    -0.360703706741333,
    0.28791511058807373,
    -0.23894348740577698,
    0.21572472155094147,
    -0.20728203654289246,
    0.12582816183567047,
];

/// 2/3 in two f64s.
const TWO_THIRDS: (f64, f64) = (2.0 / 3.0, 3.700743415417188e-17);

/// ln 2 and log10 2 in two parts, of which the first has 40 bits: its products with exponents are exact.
const LN_2: (f64, f64) = (0.6931471805592082, 7.371002565167799e-13);
const LOG10_2: (f64, f64) = (0.30102999566361177, 3.694239077158931e-13);

/// ln 2 in two parts for single precision, of which the first has 15 bits.
const LN_2_SINGLE: (f64, f64) = (0.693145751953125, 1.428606765330187e-06);

/// What log2 e and log10 e as f64s lack.
const LOG2_E_REST: f64 = 2.0355273740931033e-17;
const LOG10_E_REST: f64 = 1.098319650216765e-17;

/// k and m of a positive number 2^k m, m between √½ and √2.
fn split(x: Num<'_>) -> (Num<'_>, Num<'_>) {
    let fraction = x.fraction_bits();
    let (least_normal, up) = x.by_precision((f64::from(f32::MIN_POSITIVE), 24), (f64::MIN_POSITIVE, 54));
    let is_small = x.lt(least_normal);
    let normal = is_small.select(x * f64::from(up).exp2(), x);

    // Exponents change at √½ instead of at 1 when the difference of the two in bits is added.
    let root = x.by_precision(i64::from((FRAC_1_SQRT_2 as f32).to_bits()), FRAC_1_SQRT_2.to_bits() as i64);
    let one = x.bias() << fraction;
    let bits = normal.bits();
    let shifted = bits.add(bits.constant(one - root));
    let m = shifted.and(bits.constant((1 << fraction) - 1)).add(bits.constant(root)).float();

    // Below the exponent of a number whose last place is 1, an integer is that number's fraction.
    let ulp_of_one = f64::from(fraction).exp2();
    let magic = bits.constant((x.bias() + i64::from(fraction)) << fraction);
    let biased = shifted.shift_right(fraction).or(magic).float();
    let bias = x.bias() as f64 + ulp_of_one;
    let k = biased - is_small.select(x.constant(bias + f64::from(up)), bias);
    (k, m)
}

/// The logarithm of `x` where it is special, else `value`.
fn with_specials<'e>(x: Num<'e>, value: Num<'e>) -> Num<'e> {
    let not_positive = x.eq(0.0).select(x.constant(f64::NEG_INFINITY), f64::NAN);
    let value = x.gt(0.0).select(value, not_positive);
    x.eq(f64::INFINITY).select(x, value)
}

/// log(1 + f) as the sum of two numbers, with an error of less than 2^-58 of it.
fn log_near_1(f: Num<'_>) -> (Num<'_>, Num<'_>) {
    let s = f / (f + 2.0);
    let z = s * s;
    let tail = z * z.fma(z.polynomial(&LOG), TWO_THIRDS.0);
    let half = f * 0.5;
    let half_square = half * f;
    let high = f - half_square;
    let low = ((f - high) - half_square) - half.product_error(f, half_square);
    (high, s.fma(half_square + tail, low))
}

/// `k * unit + (high + low)`, where `unit` has two parts.
fn with_exponent<'e>(k: Num<'e>, unit: (f64, f64), high: Num<'e>, low: Num<'e>) -> Num<'e> {
    let whole = k * unit.0;
    let sum = whole + high;
    sum + ((whole - sum) + high + k.fma(unit.1, low))
}

/// The product of `high + low` and `factor + rest`, as the sum of two numbers.
fn times<'e>(high: Num<'e>, low: Num<'e>, factor: f64, rest: f64) -> (Num<'e>, Num<'e>) {
    let product = high * factor;
    let error = high.product_error(factor, product);
    (product, low.fma(factor, high.fma(rest, error)))
}

/// The natural logarithm.
pub fn log(x: Num<'_>) -> Num<'_> {
    let (k, m) = split(x);
    let f = m - 1.0;
    let value = if x.is_single() {
        let low = (f * f).fma(f.polynomial(&LOG_SINGLE), k * LN_2_SINGLE.1);
        k.fma(LN_2_SINGLE.0, f + low)
    } else {
        let (high, low) = log_near_1(f);
        with_exponent(k, LN_2, high, low)
    };
    with_specials(x, value)
}

/// The logarithm to base 2.
pub fn log2(x: Num<'_>) -> Num<'_> {
    let (k, m) = split(x);
    let f = m - 1.0;
    let value = if x.is_single() {
        k + f.fma(f.polynomial(&LOG2_SINGLE), f)
    } else {
        let (high, low) = log_near_1(f);
        let (high, low) = times(high, low, LOG2_E, LOG2_E_REST);
        let sum = k + high;
        sum + ((k - sum) + high + low)
    };
    with_specials(x, value)
}

/// The logarithm to base 10.
pub fn log10(x: Num<'_>) -> Num<'_> {
    let (k, m) = split(x);
    let (high, low) = log_near_1(m - 1.0);
    let (high, low) = times(high, low, LOG10_E, LOG10_E_REST);
    with_specials(x, with_exponent(k, LOG10_2, high, low))
}

/// The logarithm of 1 + x: of the rounded sum, and of what the rounding lost.
pub fn log1p(x: Num<'_>) -> Num<'_> {
    let sum = x + 1.0;
    // Knuth's two-sum.
    let one = sum - x;
    let lost = (x - (sum - one)) + (1.0 - one);
    let (k, m) = split(sum);
    let (high, low) = log_near_1(m - 1.0);
    let value = with_exponent(k, LN_2, high, low + lost / sum);
    x.abs().lt(1e-17).select(x, with_specials(sum, value))
}

/// The natural logarithm of a positive number as the sum of two numbers, with an error of about 2^-64 of it.
///
/// The series in s with its first two terms and s itself in twice the precision.
pub fn log_twofold(x: Num<'_>) -> (Num<'_>, Num<'_>) {
    let (k, m) = split(x);
    let f = m - 1.0;
    let d = m + 1.0;
    let d_low = m - (d - 1.0);
    let reciprocal = 1.0 / d;
    let s = f * reciprocal;
    let s_low = (-s).fma(d_low, (-s).fma(d, f)) * reciprocal;

    let z = s * s;
    let z_low = s.product_error(s, z) + s * s_low * 2.0;
    let cube = s * z;
    let cube_low = s.product_error(z, cube) + s.fma(z_low, s_low * z);
    let tail = z * z.polynomial(&LOG);
    let t = tail + TWO_THIRDS.0;
    let t_low = (TWO_THIRDS.0 - t) + tail + TWO_THIRDS.1;
    let u = cube * t;
    let u_low = cube.product_error(t, u) + cube.fma(t_low, cube_low * t);

    let twice = s * 2.0;
    let near = twice + u;
    let near_low = (twice - near) + u + s_low.fma(2.0, u_low);
    let whole = k * LN_2.0;
    let high = whole + near;
    let low = (whole - high) + near + k.fma(LN_2.1, near_low);
    let sum = high + low;
    (sum, (high - sum) + low)
}
