//! What `demo` and `bench` measure: the erosion of a random image by a cross, in several ways.

use std::ffi::{c_int, c_void};
use std::time::{Duration, Instant};

use hoodoo::{Callback, Error, Filter, Window};
use ndarray::{Array2, ArrayView2};

use crate::failure::Failure;

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

/// [`minimum`] as a callback that knows nothing of Hoodoo.
#[allow(unsafe_code, reason = "a foreign function must be vouched for")]
pub fn foreign_minimum() -> Callback {
    // SAFETY: `minimum` keeps to the contract of `CallbackFn`, uses no user data, does not unwind, has no state, and
    // lives as long as the program.
    unsafe { Callback::foreign_concurrent(minimum, std::ptr::null_mut()) }
}

/// The filter, with the cross.
pub fn with_cross(filter: Filter, threads: usize) -> Filter {
    filter.window(Window::Cross(1)).threads(threads)
}

/// What a way to erode does.
type Work<'w> = dyn Fn(&ArrayView2<'_, f64>, &mut Array2<f64>) -> Result<(), Error> + 'w;

/// A way to erode an image.
pub struct Contender<'w> {
    /// What the user reads.
    pub name: String,
    work: Box<Work<'w>>,
}

impl<'w> Contender<'w> {
    /// The way that `work` goes.
    pub fn new(
        name: impl Into<String>,
        work: impl Fn(&ArrayView2<'_, f64>, &mut Array2<f64>) -> Result<(), Error> + 'w,
    ) -> Contender<'w> {
        Contender { name: name.into(), work: Box::new(work) }
    }

    /// Checks the result, which also warms everything up.
    pub fn verify(&self, image: &ArrayView2<'_, f64>, expected: &Array2<f64>) -> Result<(), Failure> {
        let mut output = Array2::from_elem(image.dim(), f64::NAN);
        (self.work)(image, &mut output)?;
        if output == *expected {
            return Ok(());
        }
        Err(Failure::Run(format!("the result of {} is wrong: this is a bug in hoodoo", self.name)))
    }
}

/// The median times of the contenders, which take turns writing to a warm array.
pub fn measure(
    contenders: &[Contender<'_>],
    image: &ArrayView2<'_, f64>,
    repeat: usize,
) -> Result<Vec<Duration>, Failure> {
    let mut output = image.to_owned();
    let mut times = vec![Vec::with_capacity(repeat); contenders.len()];
    for _ in 0..repeat {
        for (contender, times) in contenders.iter().zip(&mut times) {
            let start = Instant::now();
            (contender.work)(image, &mut output)?;
            times.push(start.elapsed());
        }
    }
    Ok(times.into_iter().map(median).collect())
}

/// The middle one of the times, of which there is at least one.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// In milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
