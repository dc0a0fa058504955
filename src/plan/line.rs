//! Lines: rows of numbers that passes hand each other in a thread's own memory.

use crate::grid::halo::Halo;
use crate::grid::lane::Lane;

/// Rows of numbers in a thread's own memory, one for each row of pixels of a group, for a chunk of its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// What the numbers are.
    pub lane: Lane,
    /// How far later passes read before a pixel.
    pub before: usize,
    /// How far later passes read after a pixel.
    pub after: usize,
    /// What replaces that which is beyond the ends of the array's rows, where cells there are not selected.
    pub neutral: Option<f64>,
}

/// Where what a pass reads comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// One of the run's inputs, around the pixel.
    Array(usize),
    /// One of [`Plan::lines`], at the same row of pixels.
    Line(usize),
}

/// Where what a pass makes goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// One of the run's outputs.
    Array(usize),
    /// One of [`Plan::lines`].
    Line(usize),
}

impl Line {
    /// How far later passes read around a pixel.
    pub fn halo(&self) -> Halo {
        Halo { before: self.before, after: self.after }
    }
}
