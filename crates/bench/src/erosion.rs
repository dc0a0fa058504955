//! What the compiled erosion is compared with, and on what: hand-written loops, and a foreign callback.

use std::ffi::{c_int, c_void};

use hoodoo::Callback;
use ndarray::{Array2, ArrayView2};

/// An image of random values in 0..1, always the same for a size.
pub fn random_image(size: usize) -> Array2<f64> {
    let mut random = fastrand::Rng::with_seed(7);
    Array2::from_shape_simple_fn((size, size), || random.f64())
}

/// Erosion by a cross of radius 1 in mode reflect, as one would write it in Rust.
///
/// The image is not empty, and both arrays are in C order.
pub fn erode_by_hand(image: &ArrayView2<'_, f64>, output: &mut Array2<f64>) {
    let (height, width) = image.dim();
    for (y, mut eroded) in output.outer_iter_mut().enumerate() {
        // A row that is mirrored about its edge is its own neighbour.
        let row = |y: usize| image.row(y).to_slice().expect("the rows are contiguous");
        let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1)));
        let eroded = eroded.as_slice_mut().expect("the rows are contiguous");
        let least =
            |x: usize, left: usize, right: usize| here[x].min(here[left]).min(here[right]).min(above[x]).min(below[x]);
        eroded[0] = least(0, 0, 1.min(width - 1));
        // Slices of one length let the compiler leave out every bounds check.
        if let Some(inside) = width.checked_sub(2) {
            let (left, centre, right) = (&here[..inside], &here[1..=inside], &here[2..]);
            let (above, below, eroded) = (&above[1..=inside], &below[1..=inside], &mut eroded[1..=inside]);
            for x in 0..inside {
                eroded[x] = centre[x].min(left[x]).min(right[x]).min(above[x]).min(below[x]);
            }
        }
        eroded[width - 1] = least(width - 1, width.saturating_sub(2), width - 1);
    }
}

/// The least value of a window of any length, as one would write SciPy's callback in C.
#[allow(unsafe_code, reason = "the signature is SciPy's")]
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

/// The least value of a window as a callback that knows nothing of Hoodoo.
#[allow(unsafe_code, reason = "a foreign function must be vouched for")]
pub fn foreign_minimum() -> Callback {
    // SAFETY: `minimum` keeps to the contract of `CallbackFn`, uses no user data, does not unwind, has no state, and
    // lives as long as the program.
    unsafe { Callback::foreign_concurrent(minimum, std::ptr::null_mut()) }
}

/// A function of a window.
pub trait OfWindow {
    /// Its value.
    fn value(window: &[f64]) -> f64;
}

#[allow(unsafe_code, reason = "the signature is SciPy's")]
unsafe extern "C" fn of_window<F: OfWindow>(window: *mut f64, len: isize, value: *mut f64, _: *mut c_void) -> c_int {
    // SAFETY: by the contract of `CallbackFn`, `window` points to `len` values, and `value` to the result.
    unsafe { *value = F::value(std::slice::from_raw_parts(window, len as usize)) };
    1
}

/// A function of a window as a callback that knows nothing of Hoodoo.
#[allow(unsafe_code, reason = "a foreign function must be vouched for")]
pub fn foreign<F: OfWindow>() -> Callback {
    // SAFETY: `of_window` keeps to the contract of `CallbackFn`, uses no user data, has no state, and lives as long as the
    // program. A panic in it ends the program.
    unsafe { Callback::foreign_concurrent(of_window::<F>, std::ptr::null_mut()) }
}
