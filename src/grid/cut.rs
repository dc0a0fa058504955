//! Whether kernels are computed in passes.

use super::named::named_enum;

/// Whether reductions over large windows are cut into passes along the columns and along the rows, and whether a pass of its own
/// computes what pixels have in common.
///
/// Values do not depend on it, but for the rounding of sums of floats, which the language leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cut {
    /// Where that takes less time.
    #[default]
    Auto,
    /// Wherever it can be done.
    Always,
    /// The same, and sums of integers over boxes are found from window to window, however small the box is.
    Moving,
    /// Nowhere; and order statistics over boxes of up to 225 cells are found by networks, however small the image is.
    Never,
}

impl Cut {
    /// Whether kernels are cut wherever that can be done.
    pub(crate) fn is_forced(self) -> bool {
        matches!(self, Cut::Always | Cut::Moving)
    }
}

named_enum!(Cut, "cut", "a way to cut windows", "ways to cut windows", [Auto: "auto", Always: "always", Moving: "moving", Never: "never"]);
