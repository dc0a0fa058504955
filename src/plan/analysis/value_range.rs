//! The abstract domain: what is known of a value.
//!
//! Values form a lattice: [`ValueRange::join`] is its least upper bound, [`ValueRange::ANY`] its top.

use crate::grid::element::DType;
use crate::grid::lane::Lane;

/// Up to here every whole number is an f64, and a sum of whole numbers is exact.
pub const WHOLE_LIMIT: f64 = 9_007_199_254_740_992.0;

/// Up to here, 2^52, sums of whole numbers are exact in any order, and so are the differences of two and what is halfway between them.
pub const EXACT_SUM_LIMIT: f64 = WHOLE_LIMIT / 2.0;

/// Up to here every whole number is an f32.
pub const SINGLE_LIMIT: f64 = 16_777_216.0;

/// What is known of a node's value; of a window, of each of its elements.
///
/// Where the only value is NaN, the bounds are those of 0: they speak of the other values, of which there are none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueRange {
    /// No value is less; -inf if one may be infinite.
    pub low: f64,
    /// No value is greater; inf if one may be infinite.
    pub high: f64,
    /// Every value but NaN is an integer of at most 2^53, so that operations on such values are exact.
    pub integral: bool,
    /// Every value but NaN is exactly an f32.
    pub exact_f32: bool,
    /// The value may be NaN.
    pub nan: bool,
    /// The value may be -0.
    pub neg_zero: bool,
}

impl ValueRange {
    /// Any f64.
    pub const ANY: ValueRange = ValueRange {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
        integral: false,
        exact_f32: false,
        nan: true,
        neg_zero: true,
    };

    /// Any f64 but NaN and the infinities.
    pub const FINITE: ValueRange = ValueRange { low: f64::MIN, high: f64::MAX, nan: false, ..ValueRange::ANY };

    /// Any number that becomes a finite f32.
    pub const FINITE_SINGLE: ValueRange =
        ValueRange { low: f32::MIN as f64, high: f32::MAX as f64, ..ValueRange::FINITE };

    /// True or false.
    pub const BOOLEAN: ValueRange =
        ValueRange { low: 0.0, high: 1.0, integral: true, exact_f32: true, nan: false, neg_zero: false };

    /// Whether every value but NaN is of a lesser magnitude.
    pub fn is_within(&self, limit: f64) -> bool {
        self.low > -limit && self.high < limit
    }

    /// One value.
    pub fn exactly(value: f64) -> ValueRange {
        let nan = value.is_nan();
        let bound = if nan { 0.0 } else { value };
        ValueRange {
            low: bound,
            high: bound,
            integral: bound.fract() == 0.0,
            exact_f32: f64::from(bound as f32) == bound,
            nan,
            neg_zero: value.to_bits() == (-0.0f64).to_bits(),
        }
        .normalized()
    }

    /// The whole numbers from `low` to `high`.
    pub fn integers(low: f64, high: f64) -> ValueRange {
        ValueRange { low, high, integral: true, exact_f32: false, nan: false, neg_zero: false }.normalized()
    }

    /// The elements of an array; `finite` if none of them is NaN or infinite.
    pub fn of(dtype: DType, finite: bool) -> ValueRange {
        let (low, high) = dtype.limits();
        if dtype == DType::Bool {
            return ValueRange::BOOLEAN;
        }
        if dtype.is_integer() {
            return ValueRange::integers(low, high);
        }
        let (low, high) = if finite { (low, high) } else { (f64::NEG_INFINITY, f64::INFINITY) };
        ValueRange { low, high, exact_f32: dtype.fits_f32(), nan: !finite, ..ValueRange::ANY }
    }

    /// The same with what is outside the array, if that is seen.
    pub fn of_input(dtype: DType, outside: Option<f64>, finite: bool) -> ValueRange {
        let inside = ValueRange::of(dtype, finite);
        outside.map_or(inside, |value| inside.join(ValueRange::exactly(value)))
    }

    /// Whether a lane has every value, NaN and -0 included.
    pub fn fits(&self, lane: Lane) -> bool {
        match lane {
            Lane::F64 => true,
            Lane::F32 => self.exact_f32,
            // Those are for values that are no f64s, which a range does not tell.
            Lane::U64 | Lane::I64 => false,
            _ => {
                let inside = lane.least() <= self.low && self.high <= lane.greatest();
                self.integral && !self.nan && !self.neg_zero && inside
            }
        }
    }

    /// The first lane that has every value.
    pub fn narrowest_lane(&self) -> Lane {
        Lane::ALL.into_iter().find(|lane| self.fits(*lane)).expect("f64 has every value")
    }

    /// The values of either.
    pub fn join(self, other: ValueRange) -> ValueRange {
        ValueRange {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            integral: self.integral && other.integral,
            exact_f32: self.exact_f32 && other.exact_f32,
            nan: self.nan || other.nan,
            neg_zero: self.neg_zero || other.neg_zero,
        }
    }

    /// The values that both have, which are some: both are true of one value.
    pub fn meet(self, other: ValueRange) -> ValueRange {
        ValueRange {
            low: self.low.max(other.low),
            high: self.high.min(other.high),
            integral: self.integral || other.integral,
            exact_f32: self.exact_f32 || other.exact_f32,
            nan: self.nan && other.nan,
            neg_zero: self.neg_zero && other.neg_zero,
        }
    }

    /// Whether `value` lies between the bounds.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// The one value that there is, if it is a number and not 0 with an unknown sign.
    pub fn point(&self) -> Option<f64> {
        (self.low == self.high && !self.nan && !self.neg_zero).then_some(self.low)
    }

    /// The greatest absolute value.
    pub fn magnitude(&self) -> f64 {
        self.high.max(-self.low)
    }

    /// Whether everything that `other` may be is allowed for.
    pub fn includes(&self, other: &ValueRange) -> bool {
        self.join(*other) == *self
    }

    pub fn may_be_infinite(&self) -> bool {
        self.magnitude() == f64::INFINITY
    }

    /// Whether a value may have the sign bit.
    pub fn may_be_negative(&self) -> bool {
        self.low < 0.0 || self.neg_zero
    }

    /// The range of a number that is a 64-bit integer of this lane.
    pub fn as_long(self, lane: Lane) -> ValueRange {
        ValueRange {
            low: self.low.max(lane.least()),
            high: self.high.min(lane.greatest()),
            integral: true,
            exact_f32: false,
            nan: false,
            neg_zero: false,
        }
        .normalized()
    }

    /// The same range with what follows from the bounds.
    pub fn normalized(self) -> ValueRange {
        let whole = self.integral && self.magnitude() <= WHOLE_LIMIT;
        ValueRange {
            // The bounds have no sign of zero.
            low: self.low + 0.0,
            high: self.high + 0.0,
            integral: whole,
            exact_f32: self.exact_f32 || (whole && self.magnitude() <= SINGLE_LIMIT),
            neg_zero: self.neg_zero && self.contains(0.0),
            ..self
        }
    }

    /// What the values are as f32s, after errors of up to `error` times their magnitude that don't change their signs.
    pub fn in_single(self, error: f64) -> ValueRange {
        if self.exact_f32 && error == 0.0 {
            return self;
        }
        let slack = if error == 0.0 { 0.0 } else { error * self.magnitude() };
        let (low, high) = (self.low - slack, self.high + slack);
        let low = if self.low < 0.0 { low } else { low.max(0.0) };
        let high = if self.high > 0.0 { high } else { high.min(0.0) };
        let (below, above) = (low as f32, high as f32);
        ValueRange {
            low: if f64::from(below) > low { below.next_down() } else { below }.into(),
            high: if f64::from(above) < high { above.next_up() } else { above }.into(),
            exact_f32: true,
            // What is too small for an f32 keeps its sign.
            neg_zero: self.neg_zero || self.low < 0.0 && !self.integral,
            ..self
        }
        .normalized()
    }

    /// Fractions between bounds that are exact, or wide enough.
    pub fn real(low: f64, high: f64, nan: bool) -> ValueRange {
        if low.is_nan() || high.is_nan() {
            return ValueRange::ANY;
        }
        ValueRange { low, high, integral: false, exact_f32: false, nan, neg_zero: true }.normalized()
    }

    /// Fractions between bounds that are right to some units in the last place, as the elementary functions are.
    pub fn approximate(low: f64, high: f64, nan: bool) -> ValueRange {
        let (mut low, mut high) = (low, high);
        for _ in 0..4 {
            (low, high) = (low.next_down(), high.next_up());
        }
        ValueRange::real(low, high, nan)
    }
}
