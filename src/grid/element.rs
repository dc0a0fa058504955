//! The element types of arrays, and how an f64 becomes one of them.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// An element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    F32,
    F64,
}

/// How a value becomes an element of a narrower type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cast {
    /// For integers and bool: rounded half to even, then clamped to the type's range; NaN becomes 0.
    #[default]
    Saturate,
    /// For integers and bool: truncated toward zero, then modulo the type's range, as SciPy's casts do on x86-64. The result for NaN, and for
    /// a value outside the range of i64, is whatever that machine gives; a bool is true unless the whole part is 0.
    Wrap,
}

impl Cast {
    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Cast::Saturate => "saturate",
            Cast::Wrap => "wrap",
        }
    }
}

impl FromStr for Cast {
    type Err = Error;

    fn from_str(name: &str) -> Result<Cast, Error> {
        match name {
            "saturate" => Ok(Cast::Saturate),
            "wrap" => Ok(Cast::Wrap),
            _ => Err(Error::argument("cast", format!("`{name}` is not a cast; the casts are saturate, wrap"))),
        }
    }
}

/// How exact the result must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Every value is that of f64 arithmetic.
    #[default]
    Exact,
    /// What would be computed in f64 lanes may be computed in f32 lanes.
    Single,
}

impl Precision {
    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Precision::Exact => "exact",
            Precision::Single => "single",
        }
    }
}

impl FromStr for Precision {
    type Err = Error;

    fn from_str(name: &str) -> Result<Precision, Error> {
        match name {
            "exact" => Ok(Precision::Exact),
            "single" => Ok(Precision::Single),
            _ => Err(Error::argument(
                "precision",
                format!("`{name}` is not a precision; the precisions are exact, single"),
            )),
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A type that arrays may have: bool, i8 to u64, f32, f64.
pub trait Element: Copy + Default + Send + Sync + sealed::Sealed + 'static {
    /// The type's name as a value.
    const DTYPE: DType;

    /// The value as an f64; a 64-bit integer above 2^53 is rounded.
    fn to_f64(self) -> f64;

    /// The element for `value`.
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
integer!(u64, U64, |value| if value > -1.0 && value.is_finite() { value as u64 } else { wrapped(value) as u64 });

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

impl DType {
    /// Every type.
    pub const ALL: [DType; 11] = [
        DType::Bool,
        DType::I8,
        DType::U8,
        DType::I16,
        DType::U16,
        DType::I32,
        DType::U32,
        DType::I64,
        DType::U64,
        DType::F32,
        DType::F64,
    ];

    /// The name, such as `u8`.
    pub fn as_str(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I8 => "i8",
            DType::U8 => "u8",
            DType::I16 => "i16",
            DType::U16 => "u16",
            DType::I32 => "i32",
            DType::U32 => "u32",
            DType::I64 => "i64",
            DType::U64 => "u64",
            DType::F32 => "f32",
            DType::F64 => "f64",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DType {
    type Err = Error;

    /// The type of that name; NumPy's long names (`uint8`, `float64`) are known.
    fn from_str(name: &str) -> Result<DType, Error> {
        let short = name.replace("uint", "u").replace("int", "i").replace("float", "f");
        let short = match short.as_str() {
            "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" | "f32" | "f64" | "bool" => short,
            _ => name.to_string(),
        };
        DType::ALL.into_iter().find(|dtype| dtype.as_str() == short).ok_or_else(|| {
            let names = DType::ALL.map(DType::as_str).join(", ");
            Error::argument("dtype", format!("`{name}` is not an element type; the types are {names}"))
        })
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
    fn names() {
        for dtype in DType::ALL {
            assert_eq!(dtype.as_str().parse::<DType>().unwrap(), dtype);
        }
        assert_eq!("uint16".parse::<DType>().unwrap(), DType::U16);
        assert_eq!("float32".parse::<DType>().unwrap(), DType::F32);
        assert!("complex64".parse::<DType>().is_err());
    }
}
