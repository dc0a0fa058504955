//! Which machine code to make for a kernel, a footprint and element types.

pub mod range;
