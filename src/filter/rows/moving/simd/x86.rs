//! What the processors of x86-64 have.

#![allow(unsafe_code, reason = "instructions are used where the processor has them")]

use std::arch::x86_64::*;

use super::instructions::{Lanes, Level, Running, Work};
use super::portable::Portable;

/// AVX2, and the instructions on bits that came with it. Its values are made by [`with_avx2`] only.
#[derive(Clone, Copy)]
pub struct Avx2(());

/// The same, and AVX-512 on bytes. Its values are made by [`with_avx512`] only.
#[derive(Clone, Copy)]
pub struct Avx512(());

pub fn has_avx2() -> bool {
    let has_bits = is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2");
    let counts_bits = is_x86_feature_detected!("popcnt") && is_x86_feature_detected!("lzcnt");
    is_x86_feature_detected!("avx2") && has_bits && counts_bits
}

pub fn has_avx512() -> bool {
    let has_both_lengths = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
    has_avx2() && has_both_lengths && is_x86_feature_detected!("avx512bw")
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub fn with_avx2(work: impl Work) {
    work.run(Avx2(()));
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt,avx512f,avx512vl,avx512bw")]
pub fn with_avx512(work: impl Work) {
    work.run(Avx512(()));
}

// The processor has the instructions, or there would be no value of the type.
macro_rules! counts {
    ($level:ty, $counts:ident, $most:ident => $up_to:block, $inside:item) => {
        impl Level for $level {
            type Counts = __m256i;

            #[inline(always)]
            fn no_counts(self) -> __m256i {
                // SAFETY: the processor has it.
                unsafe { _mm256_setzero_si256() }
            }

            #[inline(always)]
            fn counts(self, counts: &[u16; 16]) -> __m256i {
                // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
                unsafe { _mm256_loadu_si256(counts.as_ptr().cast()) }
            }

            #[inline(always)]
            fn counts_of_bytes(self, counts: &[u8; 16]) -> __m256i {
                // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
                unsafe { _mm256_cvtepu8_epi16(_mm_loadu_si128(counts.as_ptr().cast())) }
            }

            #[inline(always)]
            fn store_counts(self, counts: __m256i, to: &mut [u16; 16]) {
                // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
                unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), counts) }
            }

            #[inline(always)]
            fn add(self, x: __m256i, y: __m256i) -> __m256i {
                // SAFETY: the processor has it.
                unsafe { _mm256_add_epi16(x, y) }
            }

            #[inline(always)]
            fn subtract(self, x: __m256i, y: __m256i) -> __m256i {
                // SAFETY: the processor has it.
                unsafe { _mm256_sub_epi16(x, y) }
            }

            #[inline(always)]
            fn up_to(self, $counts: __m256i, k: u16) -> usize {
                // SAFETY: the processor has it.
                let $most = unsafe { _mm256_set1_epi16(k as i16) };
                $up_to
            }

            #[inline(always)]
            fn choose(self, second: bool, x: __m256i, y: __m256i) -> __m256i {
                // SAFETY: the processor has it.
                unsafe { _mm256_blendv_epi8(x, y, _mm256_set1_epi8(-i8::from(second))) }
            }

            #[inline(always)]
            fn nth_bit(self, bits: u64, n: u32) -> u32 {
                // SAFETY: the processor has it.
                unsafe { _pdep_u64(1 << n, bits) }.trailing_zeros()
            }

            $inside

            #[inline(always)]
            fn equal(self, numbers: &[u32; 32], to: u32) -> u32 {
                let mut bits = 0;
                for (at, eight) in numbers.as_chunks::<8>().0.iter().enumerate() {
                    // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
                    let is_equal = unsafe {
                        let eight = _mm256_loadu_si256(eight.as_ptr().cast());
                        _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(eight, _mm256_set1_epi32(to as i32))))
                    };
                    bits |= (is_equal as u32) << (8 * at);
                }
                bits
            }
        }
    };
}

counts!(
    Avx2,
    counts,
    most => {
        // Two bits for each count.
        // SAFETY: the processor has it.
        let bits = unsafe { _mm256_movemask_epi8(_mm256_cmpeq_epi16(_mm256_min_epu16(counts, most), counts)) as u32 };
        bits.count_ones() as usize / 2
    },
    #[inline(always)]
    fn inside(self, coordinates: [&[u8; 64]; 2], first: [u8; 2], size: [u8; 2]) -> u64 {
        let mut bits = 0;
        for at in [0, 32] {
            let y = self.less_beyond(coordinates[0], at, first[0], size[0]);
            let x = self.less_beyond(coordinates[1], at, first[1], size[1]);
            // SAFETY: the processor has it.
            bits |= u64::from(unsafe { _mm256_movemask_epi8(_mm256_and_si256(y, x)) as u32 }) << at;
        }
        bits
    }
);
counts!(
    Avx512,
    counts,
    // SAFETY: the processor has it.
    most => { unsafe { _mm256_cmple_epu16_mask(counts, most) }.count_ones() as usize },
    #[inline(always)]
    fn inside(self, coordinates: [&[u8; 64]; 2], first: [u8; 2], size: [u8; 2]) -> u64 {
        // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
        unsafe {
            let [ys, xs] = [_mm512_loadu_si512(coordinates[0].as_ptr().cast()), _mm512_loadu_si512(coordinates[1].as_ptr().cast())];
            let y = _mm512_sub_epi8(ys, _mm512_set1_epi8(first[0] as i8));
            let x = _mm512_sub_epi8(xs, _mm512_set1_epi8(first[1] as i8));
            let has_y = _mm512_cmplt_epu8_mask(y, _mm512_set1_epi8(size[0] as i8));
            _mm512_mask_cmplt_epu8_mask(has_y, x, _mm512_set1_epi8(size[1] as i8))
        }
    }
);

impl Avx2 {
    /// Where 32 of some numbers, from that `at` on, are less than `size` beyond the `first`.
    #[inline(always)]
    fn less_beyond(self, numbers: &[u8; 64], at: usize, first: u8, size: u8) -> __m256i {
        let numbers = &numbers[at..at + 32];
        // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
        unsafe {
            let beyond = _mm256_sub_epi8(_mm256_loadu_si256(numbers.as_ptr().cast()), _mm256_set1_epi8(first as i8));
            let most = _mm256_set1_epi8(size.wrapping_sub(1) as i8);
            _mm256_cmpeq_epi8(_mm256_min_epu8(beyond, most), beyond)
        }
    }
}

macro_rules! avx2_lanes {
    ($type:ty, $splat:ident, $add:ident, $subtract:ident, $greater:ident, $equal:ident, $least:ident, $lower:ident, $higher:ident) => {
        impl Lanes<$type> for Avx2 {
            type Vector = __m256i;
            const LANES: usize = 32 / size_of::<$type>();

            #[inline(always)]
            fn splat(self, value: $type) -> __m256i {
                // SAFETY: the processor has it.
                unsafe { $splat(value) }
            }

            #[inline(always)]
            fn load(self, from: &[$type]) -> __m256i {
                assert!(from.len() >= <Self as Lanes<$type>>::LANES, "the slice is long enough");
                // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
                unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
            }

            #[inline(always)]
            fn store(self, vector: __m256i, to: &mut [$type]) {
                assert!(to.len() >= <Self as Lanes<$type>>::LANES, "the slice is long enough");
                // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
                unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), vector) }
            }

            #[inline(always)]
            fn sum(self, x: __m256i, y: __m256i) -> __m256i {
                // SAFETY: the processor has it.
                unsafe { $add(x, y) }
            }

            #[inline(always)]
            fn clamp(self, numbers: __m256i, least: __m256i, most: __m256i) -> __m256i {
                // SAFETY: the processor has it.
                unsafe { $lower($higher(numbers, least), most) }
            }

            #[inline(always)]
            fn differ(self, x: __m256i, y: __m256i) -> bool {
                // SAFETY: the processor has it.
                unsafe { _mm256_movemask_epi8($equal(x, y)) != -1 }
            }

            #[inline(always)]
            fn count_less(self, count: __m256i, number: __m256i, limit: __m256i) -> __m256i {
                // What is true is -1.
                // SAFETY: the processor has it.
                unsafe { $subtract(count, $greater(limit, number)) }
            }

            #[inline(always)]
            fn choose_up_to(self, count: __m256i, most: __m256i, first: __m256i, second: __m256i) -> __m256i {
                // SAFETY: the processor has it.
                unsafe { _mm256_blendv_epi8(first, second, $equal($least(count, most), count)) }
            }
        }
    };
}

avx2_lanes!(
    i8,
    _mm256_set1_epi8,
    _mm256_add_epi8,
    _mm256_sub_epi8,
    _mm256_cmpgt_epi8,
    _mm256_cmpeq_epi8,
    _mm256_min_epu8,
    _mm256_min_epi8,
    _mm256_max_epi8
);
avx2_lanes!(
    i16,
    _mm256_set1_epi16,
    _mm256_add_epi16,
    _mm256_sub_epi16,
    _mm256_cmpgt_epi16,
    _mm256_cmpeq_epi16,
    _mm256_min_epu16,
    _mm256_min_epi16,
    _mm256_max_epi16
);

macro_rules! avx512_lanes {
    ($type:ty, $splat:ident, $add:ident, $masked_subtract:ident, $less:ident, $at_most:ident, $choose:ident, $unequal:ident, $lower:ident, $higher:ident) => {
        impl Lanes<$type> for Avx512 {
            type Vector = __m512i;
            const LANES: usize = 64 / size_of::<$type>();

            #[inline(always)]
            fn splat(self, value: $type) -> __m512i {
                // SAFETY: the processor has it.
                unsafe { $splat(value) }
            }

            #[inline(always)]
            fn load(self, from: &[$type]) -> __m512i {
                assert!(from.len() >= <Self as Lanes<$type>>::LANES, "the slice is long enough");
                // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
                unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
            }

            #[inline(always)]
            fn store(self, vector: __m512i, to: &mut [$type]) {
                assert!(to.len() >= <Self as Lanes<$type>>::LANES, "the slice is long enough");
                // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
                unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), vector) }
            }

            #[inline(always)]
            fn sum(self, x: __m512i, y: __m512i) -> __m512i {
                // SAFETY: the processor has it.
                unsafe { $add(x, y) }
            }

            #[inline(always)]
            fn clamp(self, numbers: __m512i, least: __m512i, most: __m512i) -> __m512i {
                // SAFETY: the processor has it.
                unsafe { $lower($higher(numbers, least), most) }
            }

            #[inline(always)]
            fn differ(self, x: __m512i, y: __m512i) -> bool {
                // SAFETY: the processor has it.
                unsafe { $unequal(x, y) != 0 }
            }

            #[inline(always)]
            fn count_less(self, count: __m512i, number: __m512i, limit: __m512i) -> __m512i {
                // SAFETY: the processor has it.
                unsafe { $masked_subtract(count, $less(number, limit), count, $splat(-1)) }
            }

            #[inline(always)]
            fn choose_up_to(self, count: __m512i, most: __m512i, first: __m512i, second: __m512i) -> __m512i {
                // SAFETY: the processor has it.
                unsafe { $choose($at_most(count, most), first, second) }
            }
        }
    };
}

avx512_lanes!(
    i8,
    _mm512_set1_epi8,
    _mm512_add_epi8,
    _mm512_mask_sub_epi8,
    _mm512_cmplt_epi8_mask,
    _mm512_cmple_epu8_mask,
    _mm512_mask_blend_epi8,
    _mm512_cmpneq_epi8_mask,
    _mm512_min_epi8,
    _mm512_max_epi8
);
avx512_lanes!(
    i16,
    _mm512_set1_epi16,
    _mm512_add_epi16,
    _mm512_mask_sub_epi16,
    _mm512_cmplt_epi16_mask,
    _mm512_cmple_epu16_mask,
    _mm512_mask_blend_epi16,
    _mm512_cmpneq_epi16_mask,
    _mm512_min_epi16,
    _mm512_max_epi16
);

// Sums within a vector are found by adding to it what it is moved by one place, then by two, and so on. What came before is added to all,
// and is the last of them for the next vector. What is left over is done one by one.
macro_rules! running {
    ($level:ty, $type:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $add:ident, $subtract:ident, $x:ident, [$($moved:expr),*], $last:expr) => {
        impl Running<$type> for $level {
            #[inline(always)]
            fn running(self, before: $type, more: &[$type], less: &[$type], to: &mut [$type]) {
                let (more, more_left) = more.as_chunks::<$lanes>();
                let (less, less_left) = less.as_chunks::<$lanes>();
                let (to, to_left) = to.as_chunks_mut::<$lanes>();
                // SAFETY: the processor has it.
                let mut before_all = unsafe { $splat(before) };
                for (to, (more, less)) in to.iter_mut().zip(more.iter().zip(less)) {
                    // SAFETY: the processor has it, and what is in memory is as long as what is loaded or stored.
                    before_all = unsafe {
                        let $x = $subtract($load(more.as_ptr().cast()), $load(less.as_ptr().cast()));
                        $(let $x = $add($x, $moved);)*
                        let $x = $add(before_all, $x);
                        $store(to.as_mut_ptr().cast(), $x);
                        $last
                    };
                }
                let before = to.last().map_or(before, |to| to[$lanes - 1]);
                Portable.running(before, more_left, less_left, to_left);
            }
        }
    };
}

running!(
    Avx2,
    i32,
    8,
    _mm256_set1_epi32,
    _mm256_loadu_si256,
    _mm256_storeu_si256,
    _mm256_add_epi32,
    _mm256_sub_epi32,
    x,
    [
        _mm256_slli_si256::<4>(x),
        _mm256_slli_si256::<8>(x),
        // The last of the lower half, for the upper one.
        _mm256_shuffle_epi32::<0xff>(_mm256_permute2x128_si256::<0x08>(x, x))
    ],
    _mm256_permutevar8x32_epi32(x, _mm256_set1_epi32(7))
);
running!(
    Avx2,
    f64,
    4,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    x,
    [
        _mm256_castsi256_pd(_mm256_slli_si256::<8>(_mm256_castpd_si256(x))),
        _mm256_permute_pd::<0xf>(_mm256_permute2f128_pd::<0x08>(x, x))
    ],
    _mm256_permute4x64_pd::<0xff>(x)
);
running!(
    Avx512,
    i32,
    16,
    _mm512_set1_epi32,
    _mm512_loadu_si512,
    _mm512_storeu_si512,
    _mm512_add_epi32,
    _mm512_sub_epi32,
    x,
    [
        _mm512_alignr_epi32::<15>(x, _mm512_setzero_si512()),
        _mm512_alignr_epi32::<14>(x, _mm512_setzero_si512()),
        _mm512_alignr_epi32::<12>(x, _mm512_setzero_si512()),
        _mm512_alignr_epi32::<8>(x, _mm512_setzero_si512())
    ],
    _mm512_permutexvar_epi32(_mm512_set1_epi32(15), x)
);
running!(
    Avx512,
    f64,
    8,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    x,
    [
        _mm512_castsi512_pd(_mm512_alignr_epi64::<7>(_mm512_castpd_si512(x), _mm512_setzero_si512())),
        _mm512_castsi512_pd(_mm512_alignr_epi64::<6>(_mm512_castpd_si512(x), _mm512_setzero_si512())),
        _mm512_castsi512_pd(_mm512_alignr_epi64::<4>(_mm512_castpd_si512(x), _mm512_setzero_si512()))
    ],
    _mm512_permutexvar_pd(_mm512_set1_epi64(7), x)
);
