//! The element types of arrays, and how an f64 becomes one of them.

use ::half::f16;

use super::half;
use super::named::named_enum;
use crate::lang::whole::{self, Whole};

/// An element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are the types")]
pub enum DType {
    Bool,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F16,
    F32,
    F64,
}

named_enum!(
    DType, "dtype", "an element type", "types",
    [
        Bool: "bool",
        I8: "i8",
        U8: "u8",
        I16: "i16",
        U16: "u16",
        I32: "i32",
        U32: "u32",
        I64: "i64",
        U64: "u64",
        F16: "f16",
        F32: "f32",
        F64: "f64",
    ],
    // NumPy's names.
    also [
        "int8": I8,
        "uint8": U8,
        "int16": I16,
        "uint16": U16,
        "int32": I32,
        "uint32": U32,
        "int64": I64,
        "uint64": U64,
        "float16": F16,
        "float32": F32,
        "float64": F64,
    ]
);

/// What sort of numbers the elements are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Truth,
    Integer,
    Float,
}

impl DType {
    /// The sort of numbers, the bytes of an element, and the least and the greatest finite value.
    const fn row(self) -> (Kind, usize, f64, f64) {
        match self {
            DType::Bool => (Kind::Truth, 1, 0.0, 1.0),
            DType::I8 => (Kind::Integer, 1, i8::MIN as f64, i8::MAX as f64),
            DType::U8 => (Kind::Integer, 1, 0.0, u8::MAX as f64),
            DType::I16 => (Kind::Integer, 2, i16::MIN as f64, i16::MAX as f64),
            DType::U16 => (Kind::Integer, 2, 0.0, u16::MAX as f64),
            DType::I32 => (Kind::Integer, 4, i32::MIN as f64, i32::MAX as f64),
            DType::U32 => (Kind::Integer, 4, 0.0, u32::MAX as f64),
            DType::I64 => (Kind::Integer, 8, i64::MIN as f64, i64::MAX as f64),
            DType::U64 => (Kind::Integer, 8, 0.0, u64::MAX as f64),
            DType::F16 => (Kind::Float, 2, -65504.0, 65504.0),
            DType::F32 => (Kind::Float, 4, f32::MIN as f64, f32::MAX as f64),
            DType::F64 => (Kind::Float, 8, f64::MIN, f64::MAX),
        }
    }

    /// Whether elements may have fractions, be infinite or NaN, and show the sign of a zero.
    pub const fn is_float(self) -> bool {
        matches!(self.row().0, Kind::Float)
    }

    /// Whether elements are whole numbers; a bool is not a number.
    pub const fn is_integer(self) -> bool {
        matches!(self.row().0, Kind::Integer)
    }

    /// Whether elements may be negative.
    pub const fn is_signed(self) -> bool {
        self.row().2 < 0.0
    }

    /// The size of an element.
    pub const fn bytes(self) -> usize {
        self.row().1
    }

    /// The least and the greatest finite value; the greatest of a 64-bit integer is rounded up to an f64.
    ///
    /// ```
    /// assert_eq!(hoodoo::DType::U8.limits(), (0.0, 255.0));
    /// ```
    pub const fn limits(self) -> (f64, f64) {
        let (_, _, least, greatest) = self.row();
        (least, greatest)
    }

    /// What the elements of an input of this type are as 64-bit integers, with what is outside the array, if that is seen.
    pub(crate) fn whole(self, outside: Option<f64>) -> Whole {
        let (least, greatest) = self.limits();
        let own = match self {
            DType::I64 => Whole::I64,
            DType::U64 => Whole::U64,
            _ if self.is_float() => return Whole::NONE,
            _ => Whole::between(least, greatest),
        };
        match outside {
            None => own,
            Some(value) if self.has(value) => own,
            Some(_) => Whole::NONE,
        }
    }

    /// Whether an integer type has the value, which is not -0.
    pub(crate) fn has(self, value: f64) -> bool {
        let (least, greatest) = self.limits();
        let inside = least <= value && value <= greatest && (self.bytes() < 8 || value < greatest);
        inside && whole::is_whole(value)
    }

    /// The value of the element that stands for a number, if one does: a float type has the nearest one to it, unless that is infinite or
    /// 0 and the number is not; an integer type has it or not. Numbers beyond the last 64-bit integers by no more than an f64 is rounded
    /// stand for those.
    ///
    /// ```
    /// use hoodoo::DType;
    /// // As GDAL prints the least number of the type.
    /// assert_eq!(DType::F32.standing_for(-3.40282346638529e38), Some(f64::from(f32::MIN)));
    /// assert_eq!(DType::F32.standing_for(1e300), None);
    /// assert_eq!(DType::U8.standing_for(-1.0), None);
    /// ```
    pub fn standing_for(self, number: f64) -> Option<f64> {
        let rounded = match self {
            DType::F16 => half::from_f64(number).to_f64(),
            DType::F32 => f64::from(number as f32),
            _ => number,
        };
        let (least, greatest) = self.limits();
        let stands = match self.is_float() {
            true => rounded.is_finite() == number.is_finite() && (rounded == 0.0) == (number == 0.0),
            false => number.fract() == 0.0 && (least..=greatest).contains(&number),
        };
        stands.then_some(rounded)
    }

    /// What NaN becomes in an integer type, as an i64 with the same low bits.
    pub(crate) fn of_nan(self, cast: Cast) -> i64 {
        match (cast, self) {
            (Cast::Wrap, DType::I32) => i32::from_f64(f64::NAN, cast).into(),
            (Cast::Wrap, DType::I64 | DType::U64) => i64::from_f64(f64::NAN, cast),
            _ => 0,
        }
    }

    /// Whether every value is exactly an f32.
    pub(crate) const fn fits_f32(self) -> bool {
        let (kind, bytes, ..) = self.row();
        match kind {
            Kind::Truth => true,
            Kind::Integer => bytes <= 2,
            Kind::Float => bytes <= 4,
        }
    }
}

/// How a value becomes an element of a narrower type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cast {
    /// For integers and bool: rounded half to even, then clamped to the type's range; NaN becomes 0.
    #[default]
    Saturate,
    /// For integers and bool: truncated toward zero, then modulo the type's range, as SciPy's casts do on x86-64. The result
    /// for NaN, and for a value outside the range of i64, is whatever that machine gives; a bool is true unless the whole
    /// part is 0.
    Wrap,
}

named_enum!(Cast, "cast", "a cast", "casts", [Saturate: "saturate", Wrap: "wrap"]);

/// How exact the result must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Precision {
    /// Every value is that of f64 arithmetic.
    #[default]
    Exact,
    /// What would be computed in f64 lanes may be computed in f32 lanes.
    Single,
}

named_enum!(Precision, "precision", "a precision", "precisions", [Exact: "exact", Single: "single"]);

mod sealed {
    pub trait Sealed {}
}

/// A type that arrays may have: bool, i8 to u64, f16, f32, f64.
pub trait Element: Copy + Default + PartialEq + Send + Sync + sealed::Sealed + 'static {
    /// The type's name as a value.
    const DTYPE: DType;

    /// The value as an f64; a 64-bit integer above 2^53 is rounded.
    fn to_f64(self) -> f64;

    /// The element that stands for a number, as [`DType::standing_for`] says.
    fn standing_for(number: f64) -> Option<Self> {
        Self::DTYPE.standing_for(number).map(|number| Self::from_f64(number, Cast::Saturate))
    }

    /// What [`Element::to_f64`] loses by rounding.
    #[doc(hidden)]
    fn rest(self) -> f64 {
        0.0
    }

    /// The element for a whole number, which is the sum of an f64 and of what was lost, or for an f64 without a `rest`. Bits of a whole
    /// number are cut off, where those of an f64 that an i64 has not are what the processor makes of them.
    #[doc(hidden)]
    fn from_parts(number: f64, _rest: Option<f64>, cast: Cast) -> Self {
        Self::from_f64(number, cast)
    }

    /// The element for `value`; a float is rounded to nearest, half to even, and is infinite beyond its range.
    fn from_f64(value: f64, cast: Cast) -> Self;

    /// Whether no value is infinite or NaN.
    fn all_finite(values: &[Self]) -> bool;
}

/// The low bits of the whole part, with x86-64's answer where there is none.
fn wrapped(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) { value as i64 } else { i64::MIN }
}

macro_rules! integer {
    ($type:ty, $dtype:ident, |$value:ident| $wrap:expr) => {
        impl sealed::Sealed for $type {}

        impl Element for $type {
            const DTYPE: DType = DType::$dtype;

            fn all_finite(_: &[$type]) -> bool {
                true
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }

            fn rest(self) -> f64 {
                // The sum of the two is the element, which an i128 holds.
                (self as i128 - self as f64 as i128) as f64
            }

            fn from_parts(number: f64, rest: Option<f64>, cast: Cast) -> $type {
                let Some(rest) = rest.filter(|_| number.is_finite()) else { return Self::from_f64(number, cast) };
                let whole = number as i128 + rest as i128;
                match cast {
                    Cast::Saturate => whole.clamp(<$type>::MIN.into(), <$type>::MAX.into()) as $type,
                    Cast::Wrap => whole as $type,
                }
            }

            #[inline(always)]
            fn from_f64($value: f64, cast: Cast) -> $type {
                match cast {
                    // `as` clamps, and takes NaN to 0.
                    Cast::Saturate => $value.round_ties_even() as $type,
                    Cast::Wrap => $wrap,
                }
            }
        }
    };
}

integer!(i8, I8, |value| wrapped(value) as i8);
integer!(u8, U8, |value| wrapped(value) as u8);
integer!(i16, I16, |value| wrapped(value) as i16);
integer!(u16, U16, |value| wrapped(value) as u16);
integer!(i32, I32, |value| if value.is_nan() { i32::MIN } else { wrapped(value) as i32 });
integer!(u32, U32, |value| wrapped(value) as u32);
integer!(i64, I64, |value| wrapped(value));
integer!(u64, U64, |value| {
    // From 2^64 on no bit is left.
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    if value >= LIMIT {
        0
    } else if value > -1.0 {
        value as u64
    } else {
        wrapped(value) as u64
    }
});

impl sealed::Sealed for bool {}

impl Element for bool {
    const DTYPE: DType = DType::Bool;

    fn all_finite(_: &[bool]) -> bool {
        true
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(u8::from(self))
    }

    #[inline(always)]
    fn from_f64(value: f64, cast: Cast) -> bool {
        match cast {
            Cast::Saturate => value > 0.5,
            Cast::Wrap => value.abs() >= 1.0,
        }
    }
}

macro_rules! float {
    ($type:ty, $dtype:ident) => {
        impl sealed::Sealed for $type {}

        impl Element for $type {
            const DTYPE: DType = DType::$dtype;

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }

            #[inline(always)]
            fn from_f64(value: f64, _cast: Cast) -> $type {
                value as $type
            }

            #[inline(always)]
            fn all_finite(values: &[$type]) -> bool {
                // A sum with a value that is not finite is not finite. Several sums at once are what vector registers hold.
                let mut sums = [0.0; 32];
                let (blocks, rest) = values.as_chunks::<32>();
                for block in blocks {
                    for (sum, value) in sums.iter_mut().zip(block) {
                        *sum += value;
                    }
                }
                let total: $type = sums.iter().chain(rest).sum();
                // Finite values may overflow as well.
                total.is_finite() || values.iter().all(|value| value.is_finite())
            }
        }
    };
}

float!(f32, F32);
float!(f64, F64);

impl sealed::Sealed for f16 {}

impl Element for f16 {
    const DTYPE: DType = DType::F16;

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(half::to_f32(self))
    }

    #[inline(always)]
    fn from_f64(value: f64, _cast: Cast) -> f16 {
        half::from_f64(value)
    }

    #[inline(always)]
    fn all_finite(values: &[f16]) -> bool {
        const EXPONENT: u16 = 0x7c00;
        values.iter().fold(true, |finite, value| finite & (value.to_bits() & EXPONENT != EXPONENT))
    }
}

#[cfg(test)]
mod tests {
    use super::{Cast, DType, Element};

    #[test]
    fn wrap_is_scipys_truncation() {
        assert_eq!(u8::from_f64(-2.0, Cast::Wrap), 254);
        assert_eq!(u8::from_f64(300.0, Cast::Wrap), 44);
        assert_eq!(u8::from_f64(-0.5, Cast::Wrap), 0);
        assert_eq!(u8::from_f64(f64::NAN, Cast::Wrap), 0);
        assert_eq!(i32::from_f64(-7.9, Cast::Wrap), -7);
        assert_eq!(i32::from_f64(f64::NAN, Cast::Wrap), i32::MIN);
        assert_eq!(i64::from_f64(f64::NAN, Cast::Wrap), i64::MIN);
        assert_eq!(u64::from_f64(1.8e19, Cast::Wrap), 18_000_000_000_000_000_000);
        assert_eq!(u64::from_f64(-1.0, Cast::Wrap), u64::MAX);
        assert_eq!([-0.5, 2f64.powi(64), 1e300, f64::INFINITY].map(|x| u64::from_f64(x, Cast::Wrap)), [0; 4]);
        assert_eq!([2f64.powi(63), -1e300, f64::NAN].map(|x| u64::from_f64(x, Cast::Wrap)), [1 << 63; 3]);
        assert!(!bool::from_f64(0.9, Cast::Wrap) && bool::from_f64(-2.0, Cast::Wrap));
        assert!(!bool::from_f64(f64::NAN, Cast::Wrap));
    }

    #[test]
    fn saturate_rounds_half_to_even_and_clamps() {
        assert_eq!([0.5, 1.5, 2.5, -3.0, 255.4, 1e9].map(|x| u8::from_f64(x, Cast::Saturate)), [0, 2, 2, 0, 255, 255]);
        assert_eq!(i16::from_f64(-1e9, Cast::Saturate), i16::MIN);
        assert_eq!(i64::from_f64(f64::NAN, Cast::Saturate), 0);
        assert_eq!(u64::from_f64(f64::INFINITY, Cast::Saturate), u64::MAX);
        assert_eq!([0.5, 0.6, -1.0, f64::NAN].map(|x| bool::from_f64(x, Cast::Saturate)), [false, true, false, false]);
    }

    #[test]
    fn what_types_say_of_themselves() {
        assert_eq!(DType::ALL.map(DType::bytes), [1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8]);
        let those = |is: fn(DType) -> bool| DType::ALL.into_iter().filter(move |dtype| is(*dtype)).map(DType::as_str);
        let those = |is| those(is).collect::<Vec<_>>().join(" ");
        assert_eq!(those(DType::is_float), "f16 f32 f64");
        assert_eq!(those(DType::is_signed), "i8 i16 i32 i64 f16 f32 f64");
        assert_eq!(those(DType::is_integer), "i8 u8 i16 u16 i32 u32 i64 u64");
        assert_eq!(those(DType::fits_f32), "bool i8 u8 i16 u16 f16 f32");
        assert_eq!(DType::I64.limits(), (-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_808.0));
    }

    #[test]
    fn elements_that_stand_for_numbers() {
        assert_eq!(f32::standing_for(1e20), Some(1e20_f32));
        assert_eq!(f32::standing_for(-3.402_823_466_385_29e38), Some(f32::MIN));
        assert_eq!([1e300, 1e-300].map(f32::standing_for), [None, None]);
        assert_eq!([f64::INFINITY, -0.0].map(f32::standing_for), [Some(f32::INFINITY), Some(0.0)]);
        assert!(f32::standing_for(f64::NAN).is_some_and(f32::is_nan));
        assert_eq!([1e5, 65504.0].map(super::f16::standing_for), [None, Some(super::f16::MAX)]);
        assert_eq!([-1.0, 0.5, 255.0, f64::NAN].map(u8::standing_for), [None, None, Some(255), None]);
        assert_eq!(
            [2f64.powi(53), 2f64.powi(63), 2f64.powi(64)].map(i64::standing_for),
            [Some(1 << 53), Some(i64::MAX), None]
        );
        assert_eq!([0.0, 1.0, 2.0].map(bool::standing_for), [Some(false), Some(true), None]);
    }

    #[test]
    fn names() {
        for dtype in DType::ALL {
            assert_eq!(dtype.as_str().parse::<DType>().unwrap(), dtype);
        }
        assert_eq!("uint16".parse::<DType>().unwrap(), DType::U16);
        assert_eq!("float32".parse::<DType>().unwrap(), DType::F32);
        assert!("complex64".parse::<DType>().is_err());
    }
}
