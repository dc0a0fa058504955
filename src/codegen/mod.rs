//! Meaning to machine code: the only place that names Cranelift.

pub mod callback;
mod emit;
mod entry;
mod expr;
mod host;
pub mod jit;
mod lanes;
mod math;
mod pass_source;
pub mod row;
pub mod simd;
mod size;
mod store;
#[cfg(test)]
mod tests;
mod wide;
