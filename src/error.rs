//! What can go wrong, as one type.

use std::fmt;

use crate::lang::diagnostic::KernelError;
use crate::lang::span::Span;

/// Why a kernel could not be compiled, or a filter not be run.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel is not right; the text shows where.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// An argument of a filter is not right.
    #[error("{argument}: {message}")]
    Argument {
        /// The argument's name, as in [`crate::Filter`].
        argument: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// An assertion of the kernel does not hold at a pixel: of the pixels where one does not, the first in C order.
    #[error("at pixel {position:?}: {message}{}", in_words(.place))]
    Assertion {
        /// The pixel's index along each axis of the array.
        position: Vec<usize>,
        /// What does not hold.
        message: String,
        /// Where in the kernel it is demanded, if that is known.
        place: Option<Place>,
    },
    /// A foreign callback returned status 0 at a pixel.
    #[error("the callback failed at pixel {position:?}")]
    Callback {
        /// The pixel's index along each axis of the array.
        position: Vec<usize>,
    },
    /// The run was cancelled by [`crate::Progress::cancel`].
    #[error("cancelled")]
    Cancelled,
    /// The kernel is beyond one of its [`crate::Limits`] where it is used: in its windows, or as machine code.
    #[error("{message}, and the limit `{limit}` is {most}")]
    Limit {
        /// The name of the limit: a field of [`crate::Limits`].
        limit: &'static str,
        /// The limit.
        most: String,
        /// What the kernel needs.
        message: String,
    },
    /// There is not as much memory as is needed.
    #[error("there is no memory for {what}, which needs {bytes} bytes")]
    Memory {
        /// What it is for.
        what: &'static str,
        /// How much of it.
        bytes: usize,
    },
    /// No machine code could be made: the machine is not supported, or the kernel too large for the code generator.
    #[error("no code for this kernel: {0}")]
    Codegen(String),
}

/// A place in a kernel's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which bytes of the source.
    pub span: Span,
    /// The line that it starts in, from 1.
    pub line: usize,
    /// The character of that line that it starts at, from 1.
    pub column: usize,
}

fn in_words(place: &Option<Place>) -> String {
    place.map_or_else(String::new, |Place { line, column, .. }| format!(" (line {line}, column {column})"))
}

/// As it is displayed: `unwrap`, and a `main` that returns an error, show their user this form.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    /// The error for a kernel that needs more than `most` of what `limit` counts.
    pub(crate) fn limit(limit: &'static str, most: impl ToString, message: String) -> Error {
        Error::Limit { limit, most: most.to_string(), message }
    }

    /// So many values of a type, or an error that says for what there is no memory.
    pub(crate) fn filled<T: Clone>(what: &'static str, len: usize, value: T) -> Result<Vec<T>, Error> {
        let needed = |_| Error::Memory { what, bytes: len.saturating_mul(size_of::<T>()) };
        // Memory that was just there is asked for again, since that of zeros need not be written.
        Vec::<T>::new().try_reserve_exact(len).map_err(needed)?;
        Ok(vec![value; len])
    }

    /// An error in the argument called `argument`.
    pub(crate) fn argument(argument: &'static str, message: impl Into<String>) -> Error {
        Error::Argument { argument, message: message.into() }
    }
}
