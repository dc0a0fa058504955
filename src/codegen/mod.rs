//! Meaning to machine code: the only place that names Cranelift.

pub mod callback;
mod emit;
mod entry;
mod expr;
pub mod host;
pub mod jit;
mod lanes;
mod math;
// Other processors' instruction caches have to be told of new code, as Cranelift's own memory does.
#[cfg(target_arch = "x86_64")]
mod memory;
mod pass_source;
pub mod row;
pub mod simd;
mod size;
mod store;
#[cfg(test)]
mod tests;
mod wide;
