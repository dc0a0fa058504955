//! The filters of the benchmarks for processors with AVX2 and FMA, as fast as the author could make them.
//!
//! Order statistics are networks of minima and maxima over whole registers; columns that neighbouring windows share are
//! sorted once. The rest is loops that LLVM makes vectors of.

#![allow(unsafe_code, reason = "registers are read from slices without bounds checks, and need AVX2")]
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "there is no AVX2"))]

use crate::handwritten::{self, ByHand, SIGMA_RANGE, SIGMA_SPACE, erode_voxels, on_disk, sweep};

/// A register of values of which none is NaN.
trait Lanes: Copy {
    /// The type of each value.
    type Element: Copy + Default;
    /// How many there are.
    const COUNT: usize;
    /// Reads the values at `place..`, of which the slice has enough.
    fn load(slice: &[Self::Element], place: usize) -> Self;
    /// Writes the values at `place..`.
    fn store(self, slice: &mut [Self::Element], place: usize);
    /// The lesser ones.
    fn lesser(self, other: Self) -> Self;
    /// The greater ones.
    fn greater(self, other: Self) -> Self;
}

#[cfg(target_arch = "x86_64")]
mod registers {
    use std::arch::x86_64::*;

    use super::Lanes;

    macro_rules! lanes {
        ($name:ident: $element:ty, $register:ty, $load:expr, $store:expr, $lesser:ident, $greater:ident) => {
            #[derive(Clone, Copy)]
            pub struct $name($register);

            impl Lanes for $name {
                type Element = $element;
                const COUNT: usize = size_of::<$register>() / size_of::<$element>();

                #[inline(always)]
                fn load(slice: &[$element], place: usize) -> $name {
                    debug_assert!(place + $name::COUNT <= slice.len());
                    // SAFETY: the callers keep to the slice, and run on processors with AVX2.
                    $name(unsafe { $load(slice.as_ptr().add(place).cast()) })
                }

                #[inline(always)]
                fn store(self, slice: &mut [$element], place: usize) {
                    debug_assert!(place + $name::COUNT <= slice.len());
                    // SAFETY: as above.
                    unsafe { $store(slice.as_mut_ptr().add(place).cast(), self.0) }
                }

                #[inline(always)]
                fn lesser(self, other: $name) -> $name {
                    // SAFETY: the processor has AVX2.
                    $name(unsafe { $lesser(self.0, other.0) })
                }

                #[inline(always)]
                fn greater(self, other: $name) -> $name {
                    // SAFETY: the processor has AVX2.
                    $name(unsafe { $greater(self.0, other.0) })
                }
            }
        };
    }

    lanes!(Bytes: u8, __m256i, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_min_epu8, _mm256_max_epu8);
    lanes!(Singles: f32, __m256, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_min_ps, _mm256_max_ps);
    lanes!(Doubles: f64, __m256d, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_min_pd, _mm256_max_pd);
}

#[cfg(target_arch = "x86_64")]
use registers::{Bytes, Doubles, Singles};

/// Calls `work` with the start of each block of `count` of `length` values; the last one ends where they end.
#[inline(always)]
fn blocks(length: usize, count: usize, mut work: impl FnMut(usize)) {
    let mut place = 0;
    while place + count <= length {
        work(place);
        place += count;
    }
    if place < length {
        work(length - count);
    }
}

/// Puts the lesser values first.
#[inline(always)]
fn exchange<V: Lanes, const N: usize>(values: &mut [V; N], first: usize, second: usize) {
    let (a, b) = (values[first], values[second]);
    (values[first], values[second]) = (a.lesser(b), a.greater(b));
}

#[inline(always)]
fn sort_3<V: Lanes>(mut v: [V; 3]) -> [V; 3] {
    exchange(&mut v, 1, 2);
    exchange(&mut v, 0, 1);
    exchange(&mut v, 1, 2);
    v
}

#[inline(always)]
fn sort_5<V: Lanes>(mut v: [V; 5]) -> [V; 5] {
    exchange(&mut v, 0, 1);
    exchange(&mut v, 3, 4);
    exchange(&mut v, 2, 4);
    exchange(&mut v, 2, 3);
    exchange(&mut v, 1, 4);
    exchange(&mut v, 0, 3);
    exchange(&mut v, 0, 2);
    exchange(&mut v, 1, 3);
    exchange(&mut v, 1, 2);
    v
}

/// The values of one block in each of three rows. (Not by `map`, into which code for AVX2 would not be inlined.)
#[inline(always)]
fn load_3<V: Lanes>(rows: &[&[V::Element]; 3], place: usize) -> [V; 3] {
    [V::load(rows[0], place), V::load(rows[1], place), V::load(rows[2], place)]
}

/// The values of three blocks, each one value to the right of the one before.
#[inline(always)]
fn shifted_3<V: Lanes>(row: &[V::Element], place: usize) -> [V; 3] {
    [V::load(row, place), V::load(row, place + 1), V::load(row, place + 2)]
}

/// As [`shifted_3`], sorted.
#[inline(always)]
fn sorted_5<V: Lanes>(row: &[V::Element], place: usize) -> [V; 5] {
    let [a, b, c] = shifted_3(row, place);
    sort_5([a, b, c, V::load(row, place + 3), V::load(row, place + 4)])
}

/// The least of the cross of radius 1.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
fn cross<V: Lanes>(shape: &[usize], image: &[V::Element], filtered: &mut [V::Element])
where
    V::Element: PartialOrd,
{
    let inside = |rows: &[&[V::Element]; 3], out: &mut [V::Element]| {
        blocks(out.len(), V::COUNT, |x| {
            let [left, centre, right] = shifted_3::<V>(rows[1], x);
            let (above, below) = (V::load(rows[0], x + 1), V::load(rows[2], x + 1));
            left.lesser(right).lesser(above.lesser(below)).lesser(centre).store(out, x);
        });
    };
    sweep(shape, image, filtered, V::COUNT, inside, handwritten::cross);
}

/// The least of 3 x 3 cells: the columns' first.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
fn least_3x3<V: Lanes>(shape: &[usize], image: &[V::Element], filtered: &mut [V::Element])
where
    V::Element: PartialOrd,
{
    let mut columns = vec![V::Element::default(); shape[1]];
    let inside = |rows: &[&[V::Element]; 3], out: &mut [V::Element]| {
        blocks(columns.len(), V::COUNT, |x| {
            let [a, b, c] = load_3::<V>(rows, x);
            a.lesser(b).lesser(c).store(&mut columns, x);
        });
        blocks(out.len(), V::COUNT, |x| {
            let [a, b, c] = shifted_3::<V>(&columns, x);
            a.lesser(b).lesser(c).store(out, x);
        });
    };
    sweep(shape, image, filtered, V::COUNT, inside, handwritten::least);
}

/// The median of 3 x 3 cells: that of the greatest of the columns' minima, the median of their medians, and the least of
/// their maxima.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
fn median_3x3<V: Lanes>(shape: &[usize], image: &[V::Element], filtered: &mut [V::Element])
where
    V::Element: PartialOrd,
{
    let mut columns = [(); 3].map(|()| vec![V::Element::default(); shape[1]]);
    let inside = |rows: &[&[V::Element]; 3], out: &mut [V::Element]| {
        blocks(shape[1], V::COUNT, |x| {
            let [a, b, c] = sort_3(load_3::<V>(rows, x));
            a.store(&mut columns[0], x);
            b.store(&mut columns[1], x);
            c.store(&mut columns[2], x);
        });
        let [low, middle, high] = &columns;
        blocks(out.len(), V::COUNT, |x| {
            let [a, b, c] = shifted_3::<V>(low, x);
            let low = a.greater(b).greater(c);
            let middle = sort_3(shifted_3::<V>(middle, x))[1];
            let [a, b, c] = shifted_3::<V>(high, x);
            let high = a.lesser(b).lesser(c);
            sort_3([low, middle, high])[1].store(out, x);
        });
    };
    sweep(shape, image, filtered, V::COUNT, inside, handwritten::middle_float);
}

/// Takes the least and the greatest of the first `N` values away, and puts `next` among those that stay.
#[inline(always)]
fn forget<V: Lanes, const N: usize>(held: &mut [V; 8], next: V) {
    for i in 0..N / 2 {
        exchange(held, i, N - 1 - i);
    }
    for i in 1..N.div_ceil(2) {
        exchange(held, 0, i);
    }
    for i in N / 2..N - 1 {
        exchange(held, i, N - 1);
    }
    held[0] = next;
}

/// The medians of 5 x 5 cells whose columns are sorted, `rows` having the least ones first.
#[inline(always)]
fn median_25<V: Lanes>(rows: &[Vec<V::Element>; 5], place: usize) -> V {
    // In a square with sorted columns whose rows are sorted too, twelve cells are certainly less or greater than the median.
    let (a, b) = (sorted_5::<V>(&rows[0], place), sorted_5::<V>(&rows[1], place));
    let (c, d) = (sorted_5::<V>(&rows[2], place), sorted_5::<V>(&rows[3], place));
    let e = sorted_5::<V>(&rows[4], place);
    let mut held = [a[3], b[2], c[1], d[0], e[1], d[2], c[3], b[4]];
    forget::<V, 8>(&mut held, a[4]);
    forget::<V, 7>(&mut held, b[3]);
    forget::<V, 6>(&mut held, c[2]);
    forget::<V, 5>(&mut held, d[1]);
    forget::<V, 4>(&mut held, e[0]);
    sort_3([held[0], held[1], held[2]])[1]
}

/// The median of 5 x 5 cells.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
fn median_5x5<V: Lanes>(shape: &[usize], image: &[V::Element], filtered: &mut [V::Element])
where
    V::Element: PartialOrd,
{
    let mut columns = [(); 5].map(|()| vec![V::Element::default(); shape[1]]);
    let inside = |rows: &[&[V::Element]; 5], out: &mut [V::Element]| {
        blocks(shape[1], V::COUNT, |x| {
            let [a, b, c] = load_3::<V>(&[rows[0], rows[1], rows[2]], x);
            let [a, b, c, d, e] = sort_5([a, b, c, V::load(rows[3], x), V::load(rows[4], x)]);
            a.store(&mut columns[0], x);
            b.store(&mut columns[1], x);
            c.store(&mut columns[2], x);
            d.store(&mut columns[3], x);
            e.store(&mut columns[4], x);
        });
        blocks(out.len(), V::COUNT, |x| median_25::<V>(&columns, x).store(out, x));
    };
    sweep(shape, image, filtered, V::COUNT, inside, handwritten::middle_float);
}

/// The mean of 3 x 3 cells: the columns' sums first.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
fn mean_3x3(shape: &[usize], image: &[u8], filtered: &mut [u8]) {
    let mut columns = vec![0u16; shape[1]];
    let inside = |rows: &[&[u8]; 3], out: &mut [u8]| {
        let cells = rows[0].iter().zip(rows[1]).zip(rows[2]);
        for (sum, ((a, b), c)) in columns.iter_mut().zip(cells) {
            *sum = u16::from(*a) + u16::from(*b) + u16::from(*c);
        }
        let sums = columns.iter().zip(&columns[1..]).zip(&columns[2..]);
        for (value, ((a, b), c)) in out.iter_mut().zip(sums) {
            *value = ((a + b + c + 4) / 9) as u8;
        }
    };
    sweep(shape, image, filtered, 1, inside, handwritten::mean);
}

/// A filter by a function of 3 x 3 cells, of which LLVM makes vectors.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
fn each_3x3<T: Copy>(shape: &[usize], image: &[T], filtered: &mut [T], pixel: impl Fn([[T; 3]; 3]) -> T) {
    let inside = |rows: &[&[T]; 3], out: &mut [T]| {
        assert!(rows.iter().all(|row| row.len() >= out.len() + 2));
        for (x, value) in out.iter_mut().enumerate() {
            // SAFETY: the rows have two cells more than there are pixels to write.
            *value = pixel(rows.map(|row| std::array::from_fn(|dx| unsafe { *row.get_unchecked(x + dx) })));
        }
    };
    sweep(shape, image, filtered, 1, inside, &pixel);
}

/// How many pixels the bilateral filter computes at a time.
const BLOCK: usize = 32;

/// 2 to the power of `x`, which is not above 0, within two units in the last place; 0 if that is not a normal number.
#[inline(always)]
fn power_of_two(x: f32) -> f32 {
    // Adding this leaves the nearest integer in the low bits.
    const SHIFT: f32 = 12_582_912.0;
    let x = if x < -126.0 { -126.0 } else { x };
    let shifted = x + SHIFT;
    let part = x - (shifted - SHIFT);
    let mut value = 1.535_336_2e-4f32;
    for factor in [1.339_887_5e-3, 9.618_437e-3, 5.550_332_5e-2, 0.240_226_48, std::f32::consts::LN_2, 1.0] {
        value = value.mul_add(part, factor);
    }
    f32::from_bits(value.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// The bilateral filter on a disk of radius 2, with one power of two for each cell.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
fn bilateral(shape: &[usize], image: &[f32], filtered: &mut [f32]) {
    let in_space = std::f32::consts::LOG2_E / (2.0 * SIGMA_SPACE * SIGMA_SPACE);
    let in_range = std::f32::consts::LOG2_E / (2.0 * SIGMA_RANGE * SIGMA_RANGE);
    let inside = |rows: &[&[f32]; 5], out: &mut [f32]| {
        blocks(out.len(), BLOCK, |x| {
            let centre = &rows[2][x + 2..][..BLOCK];
            // The centre's own weight is 1.
            let mut total: [f32; BLOCK] = centre.try_into().expect("a block of pixels");
            let mut weight = [1.0; BLOCK];
            for (dy, row) in rows.iter().enumerate() {
                for dx in 0..5 {
                    let Some(distance) = on_disk(dy, dx).filter(|distance| *distance > 0.0) else { continue };
                    let cells = &row[x + dx..][..BLOCK];
                    for i in 0..BLOCK {
                        let step = cells[i] - centre[i];
                        let g = power_of_two((step * step).mul_add(-in_range, -distance * in_space));
                        total[i] = g.mul_add(cells[i], total[i]);
                        weight[i] += g;
                    }
                }
            }
            for (value, (total, weight)) in out[x..][..BLOCK].iter_mut().zip(total.iter().zip(&weight)) {
                *value = total / weight;
            }
        });
    };
    sweep(shape, image, filtered, BLOCK, inside, handwritten::bilateral);
}

macro_rules! tuned {
    ($($name:ident: $element:ty = $filter:expr;)*) => {
        $(
            /// The filter, where the processor can run it.
            pub fn $name() -> Option<ByHand<$element>> {
                #[cfg(target_arch = "x86_64")]
                {
                    #[target_feature(enable = "avx2,fma")]
                    fn compiled(shape: &[usize], image: &[$element], filtered: &mut [$element]) {
                        $filter(shape, image, filtered);
                    }
                    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                        // SAFETY: the processor has what the function needs.
                        return Some(|shape, image, filtered| unsafe { compiled(shape, image, filtered) });
                    }
                }
                None
            }
        )*
    };
}

tuned! {
    cross_f64: f64 = cross::<Doubles>;
    cross_u8: u8 = cross::<Bytes>;
    least_3x3_u8: u8 = least_3x3::<Bytes>;
    median_3x3_u8: u8 = median_3x3::<Bytes>;
    median_5x5_u8: u8 = median_5x5::<Bytes>;
    median_5x5_f32: f32 = median_5x5::<Singles>;
    median_3x3_f64: f64 = median_3x3::<Doubles>;
    mean_3x3_u8: u8 = mean_3x3;
    deviation_3x3_f64: f64 = |shape: &_, image: &_, filtered: &mut _| each_3x3(shape, image, filtered, handwritten::deviation);
    sobel_f32: f32 = |shape: &_, image: &_, filtered: &mut _| each_3x3(shape, image, filtered, handwritten::sobel);
    sobel_single_f32: f32 = |shape: &_, image: &_, filtered: &mut _| each_3x3(shape, image, filtered, handwritten::sobel_single);
    bilateral_f32: f32 = bilateral;
    voxels_u16: u16 = erode_voxels;
}
