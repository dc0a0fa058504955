//! How many pixels are computed together.

use crate::grid::lane::Lane;

/// The size of a vector register in bytes.
pub const REGISTER: usize = 16;

/// How many pixels a value stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// One, in scalar registers; numbers are f64s.
    One,
    /// This many, in vector registers.
    Pixels(usize),
}

impl Width {
    /// How many registers a value takes, its *parts*.
    pub fn parts(self, lane: Lane) -> usize {
        match self {
            Width::One => 1,
            Width::Pixels(pixels) => (pixels * lane.bytes()).div_ceil(REGISTER),
        }
    }

    /// The lane type that is computed in if the analysis chooses `lane`: one pixel at a time is computed in f64.
    pub fn lane(self, lane: Lane) -> Lane {
        if self == Width::One { Lane::F64 } else { lane }
    }
}
