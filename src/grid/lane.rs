//! The types that vector lanes have.

use super::element::DType;

/// A type of vector lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the types")]
pub enum Lane {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    F64,
    U64,
    I64,
}

impl Lane {
    /// The lanes for numbers that are f64s, the preferred ones first: narrow before wide, unsigned before signed. (But few
    /// operations have u32 lanes.)
    pub const ALL: [Lane; 8] = [Lane::U8, Lane::I8, Lane::U16, Lane::I16, Lane::I32, Lane::U32, Lane::F32, Lane::F64];

    /// The lanes for 64-bit integers, which need not be f64s. Such values are only chosen and compared.
    pub const LONG: [Lane; 2] = [Lane::U64, Lane::I64];

    /// The size.
    pub fn bytes(self) -> usize {
        match self {
            Lane::U8 | Lane::I8 => 1,
            Lane::U16 | Lane::I16 => 2,
            Lane::U32 | Lane::I32 | Lane::F32 => 4,
            Lane::F64 | Lane::U64 | Lane::I64 => 8,
        }
    }

    /// Whether values are 64-bit integers.
    pub fn is_long(self) -> bool {
        matches!(self, Lane::U64 | Lane::I64)
    }

    /// Whether values are integers that may be negative.
    pub fn is_signed(self) -> bool {
        matches!(self, Lane::I8 | Lane::I16 | Lane::I32 | Lane::I64)
    }

    /// Whether values have fractions.
    pub fn is_float(self) -> bool {
        matches!(self, Lane::F32 | Lane::F64)
    }

    /// The least finite value.
    pub fn least(self) -> f64 {
        match self {
            Lane::U8 | Lane::U16 | Lane::U32 | Lane::U64 => 0.0,
            Lane::I8 => i8::MIN.into(),
            Lane::I16 => i16::MIN.into(),
            Lane::I32 => i32::MIN.into(),
            Lane::F32 => f32::MIN.into(),
            Lane::F64 => f64::MIN,
            Lane::I64 => i64::MIN as f64,
        }
    }

    /// The greatest finite value; that of a 64-bit integer is rounded up to an f64.
    pub fn greatest(self) -> f64 {
        match self {
            Lane::U8 => u8::MAX.into(),
            Lane::I8 => i8::MAX.into(),
            Lane::U16 => u16::MAX.into(),
            Lane::I16 => i16::MAX.into(),
            Lane::U32 => u32::MAX.into(),
            Lane::I32 => i32::MAX.into(),
            Lane::F32 => f32::MAX.into(),
            Lane::F64 => f64::MAX,
            Lane::U64 => u64::MAX as f64,
            Lane::I64 => i64::MAX as f64,
        }
    }

    /// The name, such as `u8`.
    pub fn as_str(self) -> &'static str {
        match self {
            Lane::U8 => "u8",
            Lane::I8 => "i8",
            Lane::U16 => "u16",
            Lane::I16 => "i16",
            Lane::U32 => "u32",
            Lane::I32 => "i32",
            Lane::F32 => "f32",
            Lane::F64 => "f64",
            Lane::U64 => "u64",
            Lane::I64 => "i64",
        }
    }

    /// The lane for the elements of an array. There is none for f16s, which are converted when they are read.
    pub fn of(dtype: DType) -> Option<Lane> {
        match dtype {
            DType::Bool | DType::U8 => Some(Lane::U8),
            DType::I8 => Some(Lane::I8),
            DType::I16 => Some(Lane::I16),
            DType::U16 => Some(Lane::U16),
            DType::I32 => Some(Lane::I32),
            DType::U32 => Some(Lane::U32),
            DType::I64 => Some(Lane::I64),
            DType::U64 => Some(Lane::U64),
            DType::F16 => None,
            DType::F32 => Some(Lane::F32),
            DType::F64 => Some(Lane::F64),
        }
    }

    /// Whether `wider` has every value of this lane. A 64-bit integer becomes an f64 by rounding, as in any arithmetic.
    pub fn widens_to(self, wider: Lane) -> bool {
        match (self, wider) {
            (Lane::U64 | Lane::I64, _) => wider == self || wider == Lane::F64,
            (Lane::F64, _) => wider == Lane::F64,
            (Lane::F32, _) => wider.is_float(),
            (_, Lane::F64) => true,
            (_, Lane::F32) => self.bytes() < 4,
            _ => wider.least() <= self.least() && self.greatest() <= wider.greatest(),
        }
    }

    /// The wider of two masks' lanes.
    pub fn wider_mask(self, other: Lane) -> Lane {
        if other.bytes() > self.bytes() { other } else { self }
    }
}
