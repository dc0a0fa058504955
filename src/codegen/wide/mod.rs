//! Row functions in code with vectors of 256 or 512 bits, from the same intermediate representation that Cranelift makes 128-bit code of.
//!
//! Cranelift's vectors have 128 bits on x86-64. But in a row function most things are done to each lane by itself, so a register of
//! 256 bits can hold what the 128-bit code computes for two neighbouring blocks of pixels, side by side, and one of 512 bits for four. Cranelift builds, checks and
//! optimises the function; here its instructions are selected a second time, registers are given by Cranelift's allocator, and the
//! module takes the bytes. Of what is not known here nothing is guessed: it is refused, and Cranelift makes the code. And since it
//! can do so for every function, it is what the tests compare with.

mod alloc;
mod emit;
mod encode;
mod inst;
mod ops;
mod select;
#[cfg(test)]
mod tests;
mod text;

use cranelift_codegen::ir::Function;

use self::alloc::{Allocatable, allocate};
pub use self::emit::WideCode;
use self::emit::emit;
pub use self::select::Refused;
use self::select::select;
use crate::plan::width::Shape;

/// The code for an optimised function whose loop computes, in each turn, as many blocks of so many pixels as the shape has; its text,
/// too, if it is asked for.
pub fn lower(function: &Function, pixels: usize, shape: Shape, listing: bool) -> Result<WideCode, Refused> {
    let mut program = select(function, pixels, shape)?;
    let constants = std::mem::take(&mut program.constants);
    let program = Allocatable::new(program, shape);
    let output = allocate(&program)?;
    Ok(emit(&program, &output, &constants, listing))
}
