//! What is compiled for every processor.

use super::instructions::{Lanes, Level, Running};

/// What every processor has.
#[derive(Clone, Copy)]
pub struct Portable;

impl Level for Portable {
    type Counts = [u16; 16];

    #[inline(always)]
    fn no_counts(self) -> [u16; 16] {
        [0; 16]
    }

    #[inline(always)]
    fn counts(self, counts: &[u16; 16]) -> [u16; 16] {
        *counts
    }

    #[inline(always)]
    fn counts_of_bytes(self, counts: &[u8; 16]) -> [u16; 16] {
        std::array::from_fn(|at| counts[at].into())
    }

    #[inline(always)]
    fn store_counts(self, counts: [u16; 16], to: &mut [u16; 16]) {
        *to = counts;
    }

    #[inline(always)]
    fn add(self, x: [u16; 16], y: [u16; 16]) -> [u16; 16] {
        std::array::from_fn(|at| x[at].wrapping_add(y[at]))
    }

    #[inline(always)]
    fn subtract(self, x: [u16; 16], y: [u16; 16]) -> [u16; 16] {
        std::array::from_fn(|at| x[at].wrapping_sub(y[at]))
    }

    #[inline(always)]
    fn up_to(self, counts: [u16; 16], k: u16) -> usize {
        counts.iter().map(|count| usize::from(*count <= k)).sum()
    }

    #[inline(always)]
    fn choose(self, second: bool, x: [u16; 16], y: [u16; 16]) -> [u16; 16] {
        if second { y } else { x }
    }

    #[inline(always)]
    fn nth_bit(self, mut bits: u64, n: u32) -> u32 {
        for _ in 0..n {
            bits &= bits - 1;
        }
        bits.trailing_zeros()
    }

    #[inline(always)]
    fn inside(self, coordinates: [&[u8; 64]; 2], first: [u8; 2], size: [u8; 2]) -> u64 {
        let is_inside = |axis: usize, at: usize| coordinates[axis][at].wrapping_sub(first[axis]) < size[axis];
        // Bytes first, which a compiler does many at once.
        let inside: [u8; 64] = std::array::from_fn(|at| (is_inside(0, at) & is_inside(1, at)).into());
        let eight = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        inside.as_chunks().0.iter().rev().fold(0, |bits, bytes| bits << 8 | eight(bytes))
    }

    #[inline(always)]
    fn equal(self, numbers: &[u32; 32], to: u32) -> u32 {
        numbers.iter().enumerate().map(|(at, number)| u32::from(*number == to) << at).sum()
    }
}

macro_rules! portable_lanes {
    ($($type:ty, $unsigned:ty);*) => {$(
        impl Lanes<$type> for Portable {
            type Vector = [$type; 16 / size_of::<$type>()];
            const LANES: usize = 16 / size_of::<$type>();

            #[inline(always)]
            fn splat(self, value: $type) -> Self::Vector {
                [value; 16 / size_of::<$type>()]
            }

            #[inline(always)]
            fn load(self, from: &[$type]) -> Self::Vector {
                *from.first_chunk().expect("the slice is long enough")
            }

            #[inline(always)]
            fn store(self, vector: Self::Vector, to: &mut [$type]) {
                *to.first_chunk_mut().expect("the slice is long enough") = vector;
            }

            #[inline(always)]
            fn sum(self, x: Self::Vector, y: Self::Vector) -> Self::Vector {
                std::array::from_fn(|at| x[at].wrapping_add(y[at]))
            }

            #[inline(always)]
            fn clamp(self, numbers: Self::Vector, least: Self::Vector, most: Self::Vector) -> Self::Vector {
                std::array::from_fn(|at| numbers[at].max(least[at]).min(most[at]))
            }

            #[inline(always)]
            fn differ(self, x: Self::Vector, y: Self::Vector) -> bool {
                x != y
            }

            #[inline(always)]
            fn count_less(self, count: Self::Vector, number: Self::Vector, limit: Self::Vector) -> Self::Vector {
                std::array::from_fn(|at| count[at].wrapping_add((number[at] < limit[at]).into()))
            }

            #[inline(always)]
            fn choose_up_to(
                self,
                count: Self::Vector,
                most: Self::Vector,
                first: Self::Vector,
                second: Self::Vector,
            ) -> Self::Vector {
                std::array::from_fn(|at| match count[at] as $unsigned <= most[at] as $unsigned {
                    true => second[at],
                    false => first[at],
                })
            }
        }
    )*};
}

portable_lanes!(i8, u8; i16, u16);

macro_rules! running {
    ($($type:ty, $plus:path, $minus:path);*) => {$(
        impl Running<$type> for Portable {
            #[inline(always)]
            fn running(self, before: $type, more: &[$type], less: &[$type], to: &mut [$type]) {
                let mut sum = before;
                for (to, (more, less)) in to.iter_mut().zip(more.iter().zip(less)) {
                    sum = $plus(sum, $minus(*more, *less));
                    *to = sum;
                }
            }
        }
    )*};
}

running!(i32, i32::wrapping_add, i32::wrapping_sub; f64, std::ops::Add::add, std::ops::Sub::sub);
