//! How large a kernel may be, for those that come from strangers.

use std::time::Duration;

use super::diagnostic::{Code, Diagnostic};
use super::span::Span;

/// The most names in one list: of a function's parameters, a fold's variables, or a program's outputs.
pub const MAX_LIST: usize = 256;

/// The error for a list with more, of which `extra` is the first.
pub(super) fn list_too_long(extra: Span) -> Diagnostic {
    Diagnostic::new(Code::KernelTooLarge, extra, format!("a list has more than {MAX_LIST} entries"))
        .label("this one is too many")
}

/// What a kernel must keep to. Every limit is enforced before any code is generated, and the error names it.
///
/// The defaults are generous, and meant for kernels that their user wrote. For others, lower those that matter:
///
/// ```
/// use std::time::Duration;
/// use hoodoo::{Kernel, Limits};
///
/// let strict = Limits {
///     source_bytes: 4096,
///     taps: 400,
///     pixel_operations: 100_000,
///     compile_time: Duration::from_millis(100),
///     ..Limits::default()
/// };
/// let error = Kernel::compile_with_limits(&" ".repeat(5000), "upload", strict).unwrap_err();
/// assert!(error.to_string().contains("the kernel is 5000 bytes long, and the limit `source_bytes` is 4096"));
/// ```
///
/// Parser and checker recurse on a stack that is made for the defaults of `nesting` and `inlined_nesting`, and folds for
/// that of `folds`: greater values of these three count as the defaults. The other limits may be raised.
///
/// Time is limited by the caller: see [`crate::Progress::cancel`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Limits {
    /// The bytes of the source.
    pub source_bytes: usize,
    /// The nesting in the source of brackets, conditionals, folds, prefix operators and powers, all counted together.
    pub nesting: usize,
    /// The nesting of expressions once functions are inlined.
    pub inlined_nesting: usize,
    /// How many folds are inside each other once functions are inlined; each multiplies the work by the window's cells.
    pub folds: usize,
    /// The operators and commas of the source; the operations of the kernel once functions are inlined; and a sixteenth of
    /// the expressions that are looked at for them.
    pub nodes: usize,
    /// The cells of a window.
    pub taps: usize,
    /// The operations for one pixel: each node counts once for each cell of each loop that it is in.
    pub pixel_operations: u64,
    /// The bytes of machine code, as estimated from the instructions that go into the code generator: up to several times
    /// what there will be. For each of the few pieces of code that a kernel may have.
    pub code_bytes: usize,
    /// The time to make the machine code, as estimated in the same way for a machine of 2020: usually a few times too long,
    /// but where hundreds of values live through a loop it may take ten times as long.
    pub compile_time: Duration,
}

impl Limits {
    /// Those that can't be raised as they can.
    pub(super) fn clamped(&self) -> Limits {
        let most = Limits::default();
        Limits {
            nesting: self.nesting.min(most.nesting),
            inlined_nesting: self.inlined_nesting.min(most.inlined_nesting),
            folds: self.folds.min(most.folds),
            ..self.clone()
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            source_bytes: 1 << 20,
            nesting: 200,
            inlined_nesting: 400,
            folds: 8,
            nodes: 1 << 16,
            taps: 1 << 24,
            pixel_operations: 1 << 36,
            code_bytes: 4 << 20,
            compile_time: Duration::from_secs(10),
        }
    }
}
