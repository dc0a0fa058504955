//! The power function.

use super::exponential::{exp, exp_of_twofold};
use super::logarithm::{log, log_twofold};
use super::number::Num;

/// x to the y, with the special cases of C's `pow`, for numbers of double precision. `is_single` says that those are
/// really of single precision, for which the product with the logarithm need not be as accurate.
///
/// Before it is rounded the value is off by less than half a unit in the last place, so a power that is a number, such as
/// that of a whole number or the root of a square, is exact. The logarithm is off by 2^-64 of it, which is at most a third of
/// a unit of the power, and a 64th of one where that is a number: with a base that is no power of two, it is then at
/// most the 33rd.
pub fn power<'e>(x: Num<'e>, y: Num<'e>, is_single: bool) -> Num<'e> {
    let a = x.abs();
    // Beyond this every power is 0, 1 or infinite, and no product becomes NaN.
    let bounded = y.at_most(2f64.powi(70)).at_least(-2f64.powi(70));
    let magnitude = if is_single {
        exp(bounded * log(a))
    } else {
        let (log, log_low) = log_twofold(a);
        let high = bounded * log;
        let low = bounded.fma(log_low, bounded.product_error(log, high));
        // Where the first part is clamped, the second one is not small.
        exp_of_twofold(high, high.abs().lt(1000.0).select(low, 0.0))
    };

    // 0 and infinity, which only one of two signs of y exchanges.
    let is_zero = a.eq(0.0);
    let is_special = is_zero.or(a.eq(f64::INFINITY));
    let infinite = is_zero.xor(y.gt(0.0));
    let special = infinite.select(x.constant(f64::INFINITY), 0.0);
    let magnitude = is_special.select(special, magnitude);

    // A negative number has powers with whole exponents only, and odd ones are negative.
    let half = y * 0.5;
    let is_whole = y.trunc().eq(y);
    let is_odd = is_whole.and(half.trunc().ne(half));
    let signed = is_odd.select(magnitude.with_sign_of(x), magnitude);
    let no_power = x.lt(0.0).and(is_whole.or(is_special).not());
    let value = no_power.or(x.unordered(y)).select(x.constant(f64::NAN), signed);
    y.eq(0.0).or(x.eq(1.0)).select(x.constant(1.0), value)
}
