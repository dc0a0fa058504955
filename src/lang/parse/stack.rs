//! The stack that the recursive passes run on.

/// Stack for the recursive passes. In a debug build, the most levels of [`Limits::nesting`] take 9 MiB in the parser, and
/// the deepest check 11 MiB; in a release build both take far less.
const STACK_BYTES: usize = 32 << 20;
const STACK_NEEDED: usize = 24 << 20;

/// Whether there is such a stack, or memory for it; else its size.
pub fn has_large_stack() -> Result<(), usize> {
    if stacker::remaining_stack().is_some_and(|bytes| bytes >= STACK_NEEDED) {
        return Ok(());
    }
    // Memory that was just there can be had again.
    Vec::<u8>::new().try_reserve_exact(STACK_BYTES + STACK_BYTES / 16).map_err(|_| STACK_BYTES)
}

/// Runs a recursive pass on a stack that is large enough, whatever thread the caller is on.
pub fn with_large_stack<T>(pass: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK_NEEDED, STACK_BYTES, pass)
}
