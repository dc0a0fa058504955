//! Other programs that a session can compare kernels with.

use std::fmt;

use hoodoo::{AnyArray, DType, Kernel, Precision, Window};

/// Knows other programs that do what kernels do.
pub trait Rivals: fmt::Debug + Send + Sync {
    /// Those that do what this kernel does, in mode `reflect`, for `:bench` to compare with.
    fn rivals(&self, kernel: &Kernel, window: &Window, dtype: DType, precision: Precision) -> Vec<Rival>;
}

/// No other programs.
#[derive(Debug)]
pub struct NoRivals;

impl Rivals for NoRivals {
    fn rivals(&self, _: &Kernel, _: &Window, _: DType, _: Precision) -> Vec<Rival> {
        Vec::new()
    }
}

/// From an array to the filtered array.
pub type RivalFn = dyn Fn(&AnyArray) -> Option<AnyArray>;

/// A program that does what a kernel does.
pub struct Rival {
    /// What the user reads.
    pub name: String,
    /// How far its values may be from the kernel's.
    pub tolerance: f64,
    /// What it does: the filtered array, of the same type and shape; none if it can't filter such an array.
    pub run: Box<RivalFn>,
}
