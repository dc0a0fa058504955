//! f16 to and from wider floats, exactly and correctly rounded, in arithmetic that compilers turn into vector code.
//!
//! The crate `half` has the type, but rounds an f64 by way of an f32, or after dropping its low bits: both are wrong near
//! the middle between two f16s.

use ::half::f16;

const SIGN: u16 = 0x8000;
const EXPONENT: u16 = 0x7c00;

/// The f32 of the same value; of a NaN a NaN.
#[inline(always)]
pub fn to_f32(value: f16) -> f32 {
    /// What the exponents of the two types differ by, as a factor.
    const SCALE: f32 = f32::from_bits((127 + 127 - 15) << 23);
    let bits = value.to_bits();
    // Exponent and fraction in their new places are too small by the scale, and the product is exact, of a subnormal too.
    let magnitude = f32::from_bits(u32::from(bits & !SIGN) << 13) * SCALE;
    let special = if bits & EXPONENT == EXPONENT { f32::INFINITY.to_bits() } else { 0 };
    f32::from_bits(magnitude.to_bits() | special | u32::from(bits & SIGN) << 16)
}

/// The nearest f16, of two the even one; infinite from the middle between the greatest f16 and the next that there would be.
#[inline(always)]
pub fn from_f64(value: f64) -> f16 {
    /// The bits of an f64's fraction that an f16 has not.
    const DROPPED: u32 = 52 - 10;
    /// The least normal f16, and the magnitude from which on values are infinite.
    const NORMAL: f64 = 1.0 / (1 << 14) as f64;
    const OVERFLOW: f64 = 65520.0;
    /// An f64 whose unit in the last place is the least f16.
    const ALIGN: f64 = (1u64 << (52 - 24)) as f64;
    let magnitude = value.abs();
    let bits = if magnitude < NORMAL {
        // The addition rounds; what is left in the last places is a number of units.
        ((magnitude + ALIGN).to_bits() - ALIGN.to_bits()) as u16
    } else if magnitude < OVERFLOW {
        let bits = magnitude.to_bits();
        let half_less_one = (1 << (DROPPED - 1)) - 1;
        let rounded = (bits + half_less_one + (bits >> DROPPED & 1)) >> DROPPED;
        (rounded - ((1023 - 15) << 10)) as u16
    } else if value.is_nan() {
        f16::NAN.to_bits()
    } else {
        EXPONENT
    };
    f16::from_bits(bits | if value.is_sign_negative() { SIGN } else { 0 })
}

#[cfg(test)]
mod tests {
    use ::half::f16;

    use super::{from_f64, to_f32};

    /// Every f16 that is not NaN, in ascending order of its magnitude.
    fn magnitudes() -> impl Iterator<Item = f16> {
        (0..=f16::INFINITY.to_bits()).map(f16::from_bits)
    }

    #[test]
    fn every_value_is_exact() {
        for bits in 0..=u16::MAX {
            let value = f16::from_bits(bits);
            let wide = to_f32(value);
            assert_eq!(wide.is_nan(), value.is_nan());
            if !value.is_nan() {
                assert_eq!(wide.to_bits(), value.to_f32_const().to_bits(), "{bits:#x}");
                assert_eq!(from_f64(wide.into()).to_bits(), bits);
            } else {
                assert!(from_f64(wide.into()).is_nan());
            }
        }
    }

    /// Between two neighbours, what is nearer counts, and in the middle what is even, however little it is off.
    #[test]
    fn rounds_to_the_nearest_once() {
        for (low, high) in magnitudes().zip(magnitudes().skip(1)) {
            let above = if high.is_infinite() { 65536.0 } else { f64::from(to_f32(high)) };
            let middle = (f64::from(to_f32(low)) + above) / 2.0;
            let even = if low.to_bits() & 1 == 0 { low } else { high };
            for (value, expected) in [(middle.next_down(), low), (middle, even), (middle.next_up(), high)] {
                assert_eq!(from_f64(value), expected, "{value}");
                assert_eq!(from_f64(-value).to_bits(), expected.to_bits() | 0x8000, "-{value}");
            }
        }
    }

    #[test]
    fn beyond_the_range() {
        for (value, expected) in [(1e300, f16::INFINITY), (f64::INFINITY, f16::INFINITY), (65519.9, f16::MAX)] {
            assert_eq!((from_f64(value), from_f64(-value)), (expected, -expected));
        }
        for tiny in [5e-324, 1e-300, 2f64.powi(-25)] {
            assert_eq!((from_f64(tiny).to_bits(), from_f64(-tiny).to_bits()), (0, 0x8000));
        }
        assert!(from_f64(f64::NAN).is_nan() && from_f64(-f64::NAN).is_nan());
    }
}
