//! The filters of the benchmarks as one would write them in Rust, without thinking of any one processor.
//!
//! All arrays are in C order and not empty, and the mode is reflect. [`sweep`] is the loop of everything in two
//! dimensions, also of what `tuned.rs` has.

use std::array::from_fn;

/// A filter written by hand: the shape, the image, and the filtered image.
pub type ByHand<T> = fn(&[usize], &[T], &mut [T]);

/// The width of the bilateral filter in space.
pub const SIGMA_SPACE: f32 = 2.0;
/// The width of the bilateral filter in the range of values.
pub const SIGMA_RANGE: f32 = 0.1;

/// The place in `0..length` that is mirrored to `place`, which may be outside by a few lengths.
#[inline(always)]
pub fn reflected(place: isize, length: usize) -> usize {
    let length = length as isize;
    let turn = place.rem_euclid(2 * length);
    turn.min(2 * length - 1 - turn) as usize
}

/// Filters an image by a window of `K` x `K` cells.
///
/// Of each row, `inside` computes the pixels whose window does not leave the image at the left or at the right: it is given
/// the `K` rows around the row, and the pixels to write. `pixel` computes all others, and the whole row if fewer than `least`
/// pixels are inside.
#[inline(always)]
pub fn sweep<T: Copy, const K: usize>(
    shape: &[usize],
    image: &[T],
    filtered: &mut [T],
    least: usize,
    mut inside: impl FnMut(&[&[T]; K], &mut [T]),
    pixel: impl Fn([[T; K]; K]) -> T,
) {
    let &[height, width] = shape else { panic!("the image has two axes") };
    let radius = K / 2;
    for (y, out) in filtered.chunks_exact_mut(width).enumerate() {
        let rows: [&[T]; K] = from_fn(|dy| {
            let place = reflected((y + dy) as isize - radius as isize, height);
            &image[place * width..][..width]
        });
        let at =
            |x: usize| pixel(rows.map(|row| from_fn(|dx| row[reflected((x + dx) as isize - radius as isize, width)])));
        if width >= K && width - 2 * radius >= least {
            inside(&rows, &mut out[radius..width - radius]);
            for x in (0..radius).chain(width - radius..width) {
                out[x] = at(x);
            }
        } else {
            for (x, value) in out.iter_mut().enumerate() {
                *value = at(x);
            }
        }
    }
}

/// Filters an image by a function of the window, pixel by pixel.
#[inline(always)]
fn each_pixel<T: Copy, const K: usize>(
    shape: &[usize],
    image: &[T],
    filtered: &mut [T],
    pixel: impl Fn([[T; K]; K]) -> T,
) {
    let inside = |rows: &[&[T]; K], out: &mut [T]| {
        for (x, value) in out.iter_mut().enumerate() {
            *value = pixel(from_fn(|dy| from_fn(|dx| rows[dy][x + dx])));
        }
    };
    sweep(shape, image, filtered, 1, inside, &pixel);
}

/// The lesser of two values of which none is NaN.
#[inline(always)]
pub fn lesser<T: PartialOrd>(a: T, b: T) -> T {
    if a < b { a } else { b }
}

/// The least of the cross of radius 1.
#[inline(always)]
pub fn cross<T: Copy + PartialOrd>(w: [[T; 3]; 3]) -> T {
    [w[1][0], w[1][2], w[0][1], w[2][1]].into_iter().fold(w[1][1], lesser)
}

/// The least of the box.
#[inline(always)]
pub fn least<T: Copy + PartialOrd, const K: usize>(w: [[T; K]; K]) -> T {
    w.as_flattened().iter().copied().fold(w[0][0], lesser)
}

/// The median of the box: integers, which sort fast.
#[inline(always)]
pub fn middle_integer<T: Copy + Ord, const K: usize>(mut w: [[T; K]; K]) -> T {
    *w.as_flattened_mut().select_nth_unstable(K * K / 2).1
}

/// The median of the box: floats of which none is NaN.
#[inline(always)]
pub fn middle_float<T: Copy + PartialOrd, const K: usize>(mut w: [[T; K]; K]) -> T {
    let order = |a: &T, b: &T| a.partial_cmp(b).expect("no value is NaN");
    *w.as_flattened_mut().select_nth_unstable_by(K * K / 2, order).1
}

/// The mean of the box, rounded; nine cells are never half way between two integers.
#[inline(always)]
pub fn mean(w: [[u8; 3]; 3]) -> u8 {
    let sum: u16 = w.as_flattened().iter().map(|&cell| u16::from(cell)).sum();
    ((sum + 4) / 9) as u8
}

/// The standard deviation of the box, in two passes.
#[inline(always)]
pub fn deviation(w: [[f64; 3]; 3]) -> f64 {
    let cells = w.as_flattened();
    let mean = cells.iter().sum::<f64>() / 9.0;
    (cells.iter().map(|cell| (cell - mean) * (cell - mean)).sum::<f64>() / 9.0).sqrt()
}

/// The magnitude of Sobel's gradient, computed in f64.
#[inline(always)]
pub fn sobel(w: [[f32; 3]; 3]) -> f32 {
    let w = w.map(|row| row.map(f64::from));
    let gx = (w[0][2] + 2.0 * w[1][2] + w[2][2]) - (w[0][0] + 2.0 * w[1][0] + w[2][0]);
    let gy = (w[2][0] + 2.0 * w[2][1] + w[2][2]) - (w[0][0] + 2.0 * w[0][1] + w[0][2]);
    (gx * gx + gy * gy).sqrt() as f32
}

/// The magnitude of Sobel's gradient, computed in f32.
#[inline(always)]
pub fn sobel_single(w: [[f32; 3]; 3]) -> f32 {
    let gx = (w[0][2] + 2.0 * w[1][2] + w[2][2]) - (w[0][0] + 2.0 * w[1][0] + w[2][0]);
    let gy = (w[2][0] + 2.0 * w[2][1] + w[2][2]) - (w[0][0] + 2.0 * w[0][1] + w[0][2]);
    (gx * gx + gy * gy).sqrt()
}

/// The squared distance of a cell of a window of 5 x 5 from the centre, where the cell is on the disk of radius 2.
#[inline(always)]
pub fn on_disk(dy: usize, dx: usize) -> Option<f32> {
    let distance = dy.abs_diff(2).pow(2) + dx.abs_diff(2).pow(2);
    (distance <= 4).then_some(distance as f32)
}

/// The bilateral filter on a disk of radius 2.
#[inline(always)]
pub fn bilateral(w: [[f32; 5]; 5]) -> f32 {
    let centre = w[2][2];
    let (mut total, mut weight) = (0.0, 0.0);
    for (dy, row) in w.iter().enumerate() {
        for (dx, cell) in row.iter().enumerate() {
            let Some(distance) = on_disk(dy, dx) else { continue };
            let step = cell - centre;
            let g = (-distance / (2.0 * SIGMA_SPACE * SIGMA_SPACE)).exp()
                * (-step * step / (2.0 * SIGMA_RANGE * SIGMA_RANGE)).exp();
            total += g * cell;
            weight += g;
        }
    }
    total / weight
}

/// The least of a voxel and its six neighbours.
#[inline(always)]
pub fn erode_voxels(shape: &[usize], image: &[u16], filtered: &mut [u16]) {
    let &[depth, height, width] = shape else { panic!("the image has three axes") };
    let row = |z: usize, y: usize| &image[(z * height + y) * width..][..width];
    for (index, out) in filtered.chunks_exact_mut(width).enumerate() {
        let (z, y) = (index / height, index % height);
        // A row that is mirrored about its edge is its own neighbour.
        let here = row(z, y);
        let around = [
            row(z.saturating_sub(1), y),
            row((z + 1).min(depth - 1), y),
            row(z, y.saturating_sub(1)),
            row(z, (y + 1).min(height - 1)),
        ];
        let vertical = |x: usize| around.iter().map(|row| row[x]).fold(here[x], lesser);
        out[0] = vertical(0).min(here[1.min(width - 1)]);
        // Slices of one length let the compiler leave out every bounds check.
        if let Some(inside) = width.checked_sub(2) {
            let [front, back, above, below] = around.map(|row| &row[1..=inside]);
            let (left, centre, right, out) = (&here[..inside], &here[1..=inside], &here[2..], &mut out[1..=inside]);
            for x in 0..inside {
                let along = centre[x].min(left[x]).min(right[x]);
                out[x] = along.min(front[x]).min(back[x]).min(above[x]).min(below[x]);
            }
        }
        out[width - 1] = vertical(width - 1).min(here[width.saturating_sub(2)]);
    }
}

macro_rules! by_hand {
    ($($name:ident: $element:ty = $pixel:expr;)*) => {
        /// One function for each filter.
        pub mod idiomatic {
            use super::*;

            $(
                /// The filter, pixel by pixel.
                pub fn $name(shape: &[usize], image: &[$element], filtered: &mut [$element]) {
                    each_pixel(shape, image, filtered, $pixel);
                }
            )*
        }
    };
}

by_hand! {
    cross_f64: f64 = cross;
    cross_u8: u8 = cross;
    least_3x3_u8: u8 = least::<u8, 3>;
    median_3x3_u8: u8 = middle_integer::<u8, 3>;
    median_5x5_u8: u8 = middle_integer::<u8, 5>;
    median_5x5_f32: f32 = middle_float::<f32, 5>;
    median_3x3_f64: f64 = middle_float::<f64, 3>;
    mean_3x3_u8: u8 = mean;
    deviation_3x3_f64: f64 = deviation;
    sobel_f32: f32 = sobel;
    sobel_single_f32: f32 = sobel_single;
    bilateral_f32: f32 = bilateral;
}
