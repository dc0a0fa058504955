//! What the compiled kernels are measured against, and what all of them are measured on.

#![allow(dead_code, reason = "each benchmark uses a part")]

use std::ffi::{c_int, c_void};

use hoodoo::Callback;
use ndarray::{Array2, ArrayView2};

/// The same random values in every run.
const SEED: u64 = 7;

/// Random values in 0..1.
pub fn random_values(count: usize) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(SEED);
    (0..count).map(|_| random.f64()).collect()
}

/// A square image of random values in 0..1.
pub fn random_image(size: usize) -> Array2<f64> {
    Array2::from_shape_vec((size, size), random_values(size * size)).expect("as many values as pixels")
}

/// Erosion by a cross of radius 1 in mode reflect, as one would write it in Rust for this one task.
///
/// The image is not empty, and both arrays are in C order.
pub fn erode_by_hand(image: ArrayView2<'_, f64>, output: &mut Array2<f64>) {
    let (height, width) = image.dim();
    let last = width - 1;
    for (y, mut eroded) in output.outer_iter_mut().enumerate() {
        // The image goes on mirrored about its edge: beyond the first row is the first row again.
        let row = |y: usize| image.row(y).to_slice().expect("the rows are contiguous");
        let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1)));
        let eroded = eroded.as_slice_mut().expect("the rows are contiguous");
        for x in [0, last] {
            let (left, right) = (here[x.saturating_sub(1)], here[(x + 1).min(last)]);
            eroded[x] = here[x].min(left).min(right).min(above[x]).min(below[x]);
        }
        // Slices of one length let the compiler leave out every bounds check.
        if let Some(inside) = width.checked_sub(2) {
            let (left, centre, right) = (&here[..inside], &here[1..=inside], &here[2..]);
            let (above, below, eroded) = (&above[1..=inside], &below[1..=inside], &mut eroded[1..=inside]);
            for x in 0..inside {
                eroded[x] = centre[x].min(left[x]).min(right[x]).min(above[x]).min(below[x]);
            }
        }
    }
}

/// The least value of a window of any length, as one would write SciPy's callback in C.
unsafe extern "C" fn minimum(window: *mut f64, len: isize, value: *mut f64, _user_data: *mut c_void) -> c_int {
    let mut least = f64::INFINITY;
    for index in 0..len {
        // SAFETY: by the contract of `CallbackFn`, `window` points to `len` values.
        let cell = unsafe { *window.offset(index) };
        if cell < least {
            least = cell;
        }
    }
    // SAFETY: by the same contract, `value` points to the result.
    unsafe { *value = least };
    1
}

/// [`minimum`] as a callback that knows nothing of Hoodoo and that Hoodoo knows nothing of.
pub fn foreign_minimum() -> Callback {
    // SAFETY: `minimum` keeps to the contract of `CallbackFn`, uses no user data, does not unwind, has no state, and
    // lives as long as the program.
    unsafe { Callback::foreign_concurrent(minimum, std::ptr::null_mut()) }
}
