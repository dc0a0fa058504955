//! Which engine runs a kernel.

use crate::grid::named::named_enum;

/// What runs the kernel.
///
/// Without the feature `jit` there is the interpreter only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// Rows for a kernel, and the callback for a callback. A kernel that is too large for machine code is an error, and not a
    /// run that takes a thousand times longer. Without the feature `jit`, the interpreter.
    #[default]
    Auto,
    /// Machine code that computes row after row, many pixels at once.
    Rows,
    /// Machine code, called once for each pixel.
    Callback,
    /// The reference interpreter.
    Interpreter,
}

named_enum!(
    Engine, "engine", "an engine", "engines",
    [Auto: "auto", Rows: "rows", Callback: "callback", Interpreter: "interpreter"]
);
