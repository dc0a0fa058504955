//! How `demo` and `bench` measure: several ways to filter an image, which take turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use hoodoo::{Cast, Element};
use ndarray::{Array, ArrayView, Dimension, Ix2};

use crate::error::Error;

/// Checks that there is memory for the arrays of a comparison, with elements of so many bytes: what does not fit is an error
/// rather than the end of the process.
pub fn check_memory(shape: &[usize], element: usize) -> Result<(), Error> {
    // The image, the expected result, that of the moment, and a copy while one is checked.
    const ARRAYS: usize = 4;
    let needed = shape.iter().try_fold(ARRAYS * element, |bytes, length| bytes.checked_mul(*length));
    // Memory that nobody looks at, the compiler would not take.
    let there_is = |bytes: &usize| black_box(&mut Vec::<u8>::new()).try_reserve_exact(*bytes).is_ok();
    match needed.filter(there_is) {
        Some(_) => Ok(()),
        None => Err(Error::Memory(shape.to_vec())),
    }
}

/// What a way to filter does.
type Work<'w, T, D> = dyn Fn(&ArrayView<'_, T, D>, &mut Array<T, D>) -> Result<(), hoodoo::Error> + 'w;

/// A way to filter an image.
pub struct Contender<'w, T = f64, D = Ix2> {
    /// What the user reads.
    pub name: String,
    work: Box<Work<'w, T, D>>,
}

impl<'w, T: Element, D: Dimension> Contender<'w, T, D> {
    /// The way that `work` goes.
    pub fn new(
        name: impl Into<String>,
        work: impl Fn(&ArrayView<'_, T, D>, &mut Array<T, D>) -> Result<(), hoodoo::Error> + 'w,
    ) -> Contender<'w, T, D> {
        Contender { name: name.into(), work: Box::new(work) }
    }

    /// Checks that the result is nowhere more than `tolerance` off, which also warms everything up.
    pub fn verify(&self, image: &ArrayView<'_, T, D>, expected: &Array<T, D>, tolerance: f64) -> Result<(), Error> {
        let unwritten = T::from_f64(f64::INFINITY, Cast::Saturate);
        let mut output = Array::from_elem(image.raw_dim(), unwritten);
        (self.work)(image, &mut output)?;
        let close = |(given, expected): (&T, &T)| (given.to_f64() - expected.to_f64()).abs() <= tolerance;
        if output.iter().zip(expected).all(close) {
            return Ok(());
        }
        Err(Error::Wrong(self.name.clone()))
    }
}

/// The median times of the contenders, which take turns writing to a warm array.
pub fn measure<T: Element, D: Dimension>(
    contenders: &[Contender<'_, T, D>],
    image: &ArrayView<'_, T, D>,
    repeat: usize,
) -> Result<Vec<Duration>, Error> {
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
