//! How `demo` and `bench` measure: several ways to erode an image, which take turns.

use std::time::{Duration, Instant};

use hoodoo::{Error, Filter, Window};
use ndarray::{Array2, ArrayView2};

use crate::failure::Failure;

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
