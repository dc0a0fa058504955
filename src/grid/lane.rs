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
}

impl Lane {
    /// Every lane, the preferred ones first: narrow before wide, unsigned before signed. (But few operations have u32
    /// lanes.)
    pub const ALL: [Lane; 8] = [Lane::U8, Lane::I8, Lane::U16, Lane::I16, Lane::I32, Lane::U32, Lane::F32, Lane::F64];

    /// The size.
    pub fn bytes(self) -> usize {
        match self {
            Lane::U8 | Lane::I8 => 1,
            Lane::U16 | Lane::I16 => 2,
            Lane::U32 | Lane::I32 | Lane::F32 => 4,
            Lane::F64 => 8,
        }
    }

    /// Whether values have fractions.
    pub fn is_float(self) -> bool {
        matches!(self, Lane::F32 | Lane::F64)
    }

    /// The least finite value.
    pub fn least(self) -> f64 {
        match self {
            Lane::U8 | Lane::U16 | Lane::U32 => 0.0,
            Lane::I8 => i8::MIN.into(),
            Lane::I16 => i16::MIN.into(),
            Lane::I32 => i32::MIN.into(),
            Lane::F32 => f32::MIN.into(),
            Lane::F64 => f64::MIN,
        }
    }

    /// The greatest finite value.
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
        }
    }

    /// The lane for the elements of an array. There is none for those that are converted when they are read: 64-bit integers,
    /// which are rounded to f64s, and f16s.
    pub fn of(dtype: DType) -> Option<Lane> {
        match dtype {
            DType::Bool | DType::U8 => Some(Lane::U8),
            DType::I8 => Some(Lane::I8),
            DType::I16 => Some(Lane::I16),
            DType::U16 => Some(Lane::U16),
            DType::I32 => Some(Lane::I32),
            DType::U32 => Some(Lane::U32),
            DType::I64 | DType::U64 | DType::F16 => None,
            DType::F32 => Some(Lane::F32),
            DType::F64 => Some(Lane::F64),
        }
    }

    /// Whether `wider` has every value of this lane.
    pub fn widens_to(self, wider: Lane) -> bool {
        match (self, wider) {
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
