//! Numbers that are compared and chosen: f64s, 64-bit integers, and f64s with what rounding lost.

use std::cmp::Ordering;

/// What can be put in order.
pub trait Ordered: Copy {
    /// What stands for no element.
    const NOTHING: Self;

    /// An order of all, in which those that are no numbers are at the ends.
    fn order(&self, other: &Self) -> Ordering;

    /// Whether it is no number.
    fn is_nan(&self) -> bool;

    /// Whether it comes before another; never, if one of them is no number.
    fn is_less(&self, other: &Self) -> bool;

    /// Whether both are the same number.
    fn is_same(&self, other: &Self) -> bool {
        !self.is_nan() && !other.is_nan() && !self.is_less(other) && !other.is_less(self)
    }
}

impl Ordered for f64 {
    const NOTHING: f64 = f64::NAN;

    fn order(&self, other: &f64) -> Ordering {
        self.total_cmp(other)
    }

    fn is_nan(&self) -> bool {
        f64::is_nan(*self)
    }

    fn is_less(&self, other: &f64) -> bool {
        self < other
    }
}

macro_rules! integer {
    ($type:ty) => {
        impl Ordered for $type {
            const NOTHING: $type = 0;

            fn order(&self, other: &$type) -> Ordering {
                self.cmp(other)
            }

            fn is_nan(&self) -> bool {
                false
            }

            fn is_less(&self, other: &$type) -> bool {
                self < other
            }
        }
    };
}

integer!(i64);
integer!(u64);

/// A number as the sum of an f64 and of what rounding to it lost, so that 64-bit integers keep every bit.
///
/// Rounding is monotone, so the order of the sums is that of the f64s, and between equal ones that of the rests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exact {
    /// The nearest f64.
    pub number: f64,
    /// What is to be added; 0 unless the number is a 64-bit integer beyond 2^53.
    pub rest: f64,
}

impl From<f64> for Exact {
    fn from(number: f64) -> Exact {
        Exact { number, rest: 0.0 }
    }
}

impl Ordered for Exact {
    const NOTHING: Exact = Exact { number: f64::NAN, rest: 0.0 };

    fn order(&self, other: &Exact) -> Ordering {
        self.number.total_cmp(&other.number).then(self.rest.total_cmp(&other.rest))
    }

    fn is_nan(&self) -> bool {
        self.number.is_nan()
    }

    fn is_less(&self, other: &Exact) -> bool {
        self.number < other.number || self.number == other.number && self.rest < other.rest
    }
}
