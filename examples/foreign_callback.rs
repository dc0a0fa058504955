//! A C function in the place of a kernel: what was written for SciPy's `LowLevelCallable` runs in the same driver.
//!
//! `cargo run --example foreign_callback`

use std::ffi::{c_int, c_void};

use hoodoo::{Callback, Error, Filter, Kernel};
use ndarray::Array2;

/// The number of cells above a threshold, as one would write it in C.
///
/// # Safety
///
/// `window` has `cells` values, `value` can be written to, and `user_data` points to the threshold.
unsafe extern "C" fn count_above(window: *mut f64, cells: isize, value: *mut f64, user_data: *mut c_void) -> c_int {
    // SAFETY: by the contract.
    unsafe {
        let threshold = *user_data.cast::<f64>();
        *value = (0..cells).filter(|cell| *window.offset(*cell) > threshold).count() as f64;
    }
    1
}

/// Runs the function and the kernel that says the same.
pub fn main() -> Result<(), Error> {
    let image = Array2::from_shape_fn((50, 70), |(y, x)| ((7 * x + 13 * y) % 31) as f64);
    let mut threshold = 15.0f64;

    // SAFETY: the function keeps to the signature's contract, only reads its user data, which outlives the callback, and
    // has no state, so that several threads may call it at once.
    let callback = unsafe { Callback::foreign_concurrent(count_above, (&raw mut threshold).cast()) };
    let counted = Filter::with_callback(&callback).size(5).run(&image)?;

    let kernel = Kernel::compile("param t; count(w > t)")?;
    let compiled = Filter::new(&kernel).size(5).param("t", threshold).run(&image)?;
    println!("{} cells above {threshold} around the pixel (20, 20), counted in C and by a kernel", counted[[20, 20]]);
    assert_eq!(counted, compiled);
    Ok(())
}
