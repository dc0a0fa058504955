//! What can go wrong.

/// Why nothing was timed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The library says no.
    #[error(transparent)]
    Library(#[from] hoodoo::Error),
    /// A way to filter gives another image than the others.
    #[error("the result of {0} is wrong: this is a bug in hoodoo")]
    Wrong(String),
    /// The images are too large.
    #[error("there is not enough memory for images of shape {0:?}")]
    Memory(Vec<usize>),
}
