//! The cube root and the hypotenuse, in double precision.

use super::number::Num;

/// m^(-1/3) between 1/2 and 4, as `tools/minimax.py` finds it. Error 2^-8.4.
const RECIPROCAL_CBRT: [f64; 6] = [
    1.7952861490177365,
    -1.5036121321782354,
    1.027332556195703,
    -0.38923379680066894,
    0.07452079636089104,
    -0.005621532124393468,
];

/// The cube root: of 2^(3 k) m by Householder's iteration for the reciprocal root, which needs no division.
pub fn cbrt(x: Num<'_>) -> Num<'_> {
    let a = x.abs();
    let is_small = a.lt(f64::MIN_POSITIVE);
    let normal = is_small.select(a * 2f64.powi(54), a);

    // The exponent as a float in the fraction of 2^52; its third, rounded by the magic sum; and 2^(-3 k) and 2^k from
    // that.
    let bits = normal.bits();
    let exponent = bits.shift_right(52).or(bits.constant(2f64.powi(52).to_bits() as i64)).float();
    let magic = 1.5 * 2f64.powi(52);
    let sum = (exponent - (2f64.powi(52) + 1023.0)).fma(1.0 / 3.0, magic);
    let k = sum.bits().sub(bits.constant(magic.to_bits() as i64));
    let three = k.add(k).add(k);
    let m = bits.sub(three.shift_left(52)).float();
    let scale = k.add(bits.constant(1023)).shift_left(52).float();

    let mut y = m.polynomial(&RECIPROCAL_CBRT);
    for _ in 0..2 {
        // (1 - e)^(-1/3) = 1 + e / 3 + 2 e^2 / 9 + 14 e^3 / 81 + ..., where e = 1 - m y^3.
        let e = (-(m * y)).fma(y * y, 1.0);
        y = (y * e).fma(e.polynomial(&[1.0 / 3.0, 2.0 / 9.0, 14.0 / 81.0]), y);
    }
    // One step of Newton's for the root itself, with the residual m - c^3 in twice the precision.
    let c = m * y * y;
    let square = c * c;
    let residual = (-c.product_error(c, square)).fma(c, (-square).fma(c, m));
    let root = (residual * (y * y)).fma(1.0 / 3.0, c);

    let value = root * scale * is_small.select(x.constant(2f64.powi(-18)), 1.0);
    let is_special = a.eq(0.0).or(a.lt(f64::INFINITY).not());
    is_special.select(x, value.with_sign_of(x))
}

/// √(x² + y²): the sum of squares in twice the precision, of numbers that are scaled by a power of two where a square
/// would be out of range. The root has one step of Newton's with what rounding has lost, as in Borges, "An improved algorithm for hypot(a, b)", 2019.
pub fn hypot<'e>(x: Num<'e>, y: Num<'e>) -> Num<'e> {
    let (x, y) = (x.abs(), y.abs());
    let is_less = x.lt(y);
    let (great, small) = (is_less.select(y, x), is_less.select(x, y));
    let is_huge = great.gt(2f64.powi(500));
    let is_tiny = great.lt(2f64.powi(-400));
    let one = x.constant(1.0);
    let scale = is_huge.select(x.constant(2f64.powi(-600)), is_tiny.select(x.constant(2f64.powi(600)), one));
    let back = is_huge.select(x.constant(2f64.powi(600)), is_tiny.select(x.constant(2f64.powi(-600)), one));
    let (a, b) = (great * scale, small * scale);

    let square = a * a;
    let other = b * b;
    let sum = square + other;
    let lost = ((square - sum) + other) + (a.product_error(a, square) + b.product_error(b, other));
    let root = sum.sqrt();
    let correction = ((-root).fma(root, sum) + lost) / (root + root + f64::MIN_POSITIVE);
    let value = (root + correction) * back;

    let infinity = x.constant(f64::INFINITY);
    x.eq(infinity).or(y.eq(infinity)).select(infinity, value)
}
