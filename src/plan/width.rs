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

    /// Half as many pixels.
    #[must_use]
    pub fn half(self) -> Width {
        match self {
            Width::One => Width::One,
            Width::Pixels(pixels) => Width::Pixels(pixels / 2),
        }
    }

    /// The lane type that is computed in if the analysis chooses `lane`: one pixel at a time is computed in f64.
    pub fn lane(self, lane: Lane) -> Lane {
        if self == Width::One { Lane::F64 } else { lane }
    }
}

/// The vector registers of code in which one holds what Cranelift's would hold for several blocks of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many blocks are side by side in a register: two or four.
    pub blocks: usize,
    /// How many registers there are: 16 with AVX2, 32 with AVX-512, which has mask registers as well.
    pub registers: usize,
}

impl Shape {
    /// Those of AVX2.
    pub const AVX2: Shape = Shape { blocks: 2, registers: 16 };
    /// Those of AVX-512, of half the size.
    pub const AVX512_HALF: Shape = Shape { blocks: 2, registers: 32 };
    /// Those of AVX-512.
    pub const AVX512: Shape = Shape { blocks: 4, registers: 32 };

    /// All of them, the narrowest first.
    #[cfg(test)]
    pub const ALL: [Shape; 3] = [Shape::AVX2, Shape::AVX512_HALF, Shape::AVX512];

    /// Whether comparisons give masks in registers of their own.
    pub fn has_masks(self) -> bool {
        self.registers == 32
    }

    /// The bytes of a register.
    pub fn bytes(self) -> usize {
        self.blocks * REGISTER
    }
}
