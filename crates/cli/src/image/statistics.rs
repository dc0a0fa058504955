//! What the values of an array are like.

use hoodoo::{AnyArray, Element};

use crate::arrays::for_any;

/// What the values of an image are like. NaNs are counted and otherwise left out; without values all are NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// The least.
    pub min: f64,
    /// The arithmetic mean.
    pub mean: f64,
    /// The greatest.
    pub max: f64,
    /// How many are NaN.
    pub nans: usize,
}

impl Statistics {
    /// Those of an array.
    ///
    /// ```
    /// use hoodoo_cli::image::Statistics;
    /// let found = Statistics::of(&ndarray::array![1.0, f64::NAN, 3.0].into_dyn().into());
    /// assert_eq!((found.min, found.mean, found.max, found.nans), (1.0, 2.0, 3.0, 1));
    /// ```
    pub fn of(array: &AnyArray) -> Statistics {
        let (mut min, mut max, mut sum, mut count, mut nans) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0usize, 0);
        for_any!(AnyArray, array, array => for value in array {
            let value = Element::to_f64(*value);
            if value.is_nan() {
                nans += 1;
            } else {
                (min, max, sum, count) = (min.min(value), max.max(value), sum + value, count + 1);
            }
        });
        if count == 0 {
            return Statistics { min: f64::NAN, mean: f64::NAN, max: f64::NAN, nans };
        }
        Statistics { min, mean: sum / count as f64, max, nans }
    }
}
