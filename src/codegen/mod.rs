//! Meaning to machine code: the only place that names Cranelift.

pub mod callback;
mod emit;
mod expr;
pub mod jit;
pub mod simd;
mod math;
