//! Elements as unsigned integers of the same order.

use crate::grid::lane::Lane;

/// An integer that elements are sorted by.
pub trait Key: Copy + Ord + Default + Into<u64> + From<u8> {
    /// The bits from such a place on.
    fn digit(self, place: u32) -> usize;
    /// The number of bits.
    const BITS: u32;
}

impl Key for u32 {
    const BITS: u32 = 32;

    #[inline(always)]
    fn digit(self, place: u32) -> usize {
        (self >> place) as usize & (DIGITS - 1)
    }
}

impl Key for u64 {
    const BITS: u32 = 64;

    #[inline(always)]
    fn digit(self, place: u32) -> usize {
        (self >> place) as usize & (DIGITS - 1)
    }
}

/// The bits of a digit, and how many digits there are.
pub const DIGIT_BITS: u32 = 11;
pub const DIGITS: usize = 1 << DIGIT_BITS;

/// An element of a lane, by the integer that has its place in the order; of floats, that of `total_cmp`.
pub trait Sortable: Copy + PartialEq {
    type Key: Key;
    const LANE: Lane;

    fn is_nan(self) -> bool {
        false
    }
    fn key(self) -> Self::Key;
    /// The element that has the key.
    fn of_key(key: Self::Key) -> Self;
    /// The number that it is; of 64-bit integers, the nearest one.
    fn number(self) -> f64;
    /// The bits of a 64-bit integer.
    fn whole(self) -> Option<i64> {
        None
    }
}

macro_rules! unsigned {
    ($($type:ty, $lane:ident);*) => {$(
        impl Sortable for $type {
            type Key = u32;
            const LANE: Lane = Lane::$lane;

            #[inline(always)]
            fn key(self) -> u32 {
                self.into()
            }

            fn of_key(key: u32) -> $type {
                key as $type
            }

            fn number(self) -> f64 {
                self.into()
            }
        }
    )*};
}

unsigned!(u8, U8; u16, U16; u32, U32);

macro_rules! signed {
    ($($type:ty, $lane:ident);*) => {$(
        impl Sortable for $type {
            type Key = u32;
            const LANE: Lane = Lane::$lane;

            #[inline(always)]
            fn key(self) -> u32 {
                // From the least value on, so that narrow types have small keys.
                i32::from(self).wrapping_sub(<$type>::MIN.into()) as u32
            }

            fn of_key(key: u32) -> $type {
                (key as i32).wrapping_add(<$type>::MIN.into()) as $type
            }

            fn number(self) -> f64 {
                self.into()
            }
        }
    )*};
}

signed!(i8, I8; i16, I16; i32, I32);

macro_rules! long {
    ($($type:ty, $lane:ident, $lift:expr);*) => {$(
        impl Sortable for $type {
            type Key = u64;
            const LANE: Lane = Lane::$lane;

            #[inline(always)]
            fn key(self) -> u64 {
                self as u64 ^ $lift
            }

            fn of_key(key: u64) -> $type {
                (key ^ $lift) as $type
            }

            fn number(self) -> f64 {
                self as f64
            }

            fn whole(self) -> Option<i64> {
                Some(self as i64)
            }
        }
    )*};
}

long!(u64, U64, 0; i64, I64, 1 << 63);

macro_rules! float {
    ($($type:ident, $bits:ty, $lane:ident);*) => {$(
        impl Sortable for $type {
            type Key = $bits;
            const LANE: Lane = Lane::$lane;

            #[inline(always)]
            fn is_nan(self) -> bool {
                $type::is_nan(self)
            }

            #[inline(always)]
            fn key(self) -> $bits {
                const SIGN: $bits = 1 << (<$bits>::BITS - 1);
                let bits = self.to_bits();
                if bits & SIGN == 0 { bits | SIGN } else { !bits }
            }

            fn of_key(key: $bits) -> $type {
                const SIGN: $bits = 1 << (<$bits>::BITS - 1);
                $type::from_bits(if key & SIGN == 0 { !key } else { key & !SIGN })
            }

            fn number(self) -> f64 {
                self.into()
            }
        }
    )*};
}

float!(f32, u32, F32; f64, u64, F64);

/// Runs `$body` with `$type` as the type of a lane's elements.
macro_rules! for_lane {
    ($lane:expr, $type:ident => $body:expr) => {
        for_lane!(
            @ $lane, $type => $body;
            U8: u8, I8: i8, U16: u16, I16: i16, U32: u32, I32: i32, U64: u64, I64: i64, F32: f32, F64: f64
        )
    };
    (@ $lane:expr, $type:ident => $body:expr; $($variant:ident: $element:ty),*) => {
        match $lane {
            $($crate::grid::lane::Lane::$variant => {
                type $type = $element;
                $body
            })*
        }
    };
}

pub(super) use for_lane;

#[cfg(test)]
mod tests {
    use super::Sortable;

    fn ascend<T: Sortable + std::fmt::Debug>(elements: &[T]) {
        assert!(elements.windows(2).all(|pair| pair[0].key() < pair[1].key()), "{elements:?}");
        for element in elements {
            let same = T::of_key(element.key());
            assert_eq!((same.number().to_bits(), same.whole()), (element.number().to_bits(), element.whole()));
        }
    }

    #[test]
    fn keys_have_the_order_of_the_numbers_and_give_them_back() {
        ascend(&[0u8, 1, 255]);
        ascend(&[i8::MIN, -1, 0, 127]);
        ascend(&[i16::MIN, -1, 0, i16::MAX]);
        ascend(&[i32::MIN, -1, 0, i32::MAX]);
        ascend(&[0u32, u32::MAX]);
        ascend(&[i64::MIN, i64::MIN + 1, -1, 0, (1 << 53) + 1, i64::MAX - 1, i64::MAX]);
        ascend(&[0u64, 1, 1 << 63, u64::MAX - 1, u64::MAX]);
        ascend(&[f32::NEG_INFINITY, -1.5, -0.0, 0.0, f32::MIN_POSITIVE, 2.0, f32::INFINITY]);
        ascend(&[f64::NEG_INFINITY, f64::MIN, -0.0, 0.0, 5e-324, 2.0, f64::INFINITY]);
    }
}
