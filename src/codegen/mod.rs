//! Meaning to machine code: the only place that names Cranelift.

pub mod callback;
mod emit;
mod expr;
pub mod jit;
mod lanes;
mod math;
pub mod order;
pub mod row;
pub mod simd;
mod size;
