//! How large code will be, and how long it will take to make, while there are only instructions for the code generator.

use std::time::Duration;

use cranelift_codegen::ir::Function;

use crate::error::Error;
use crate::lang::limits::Limits;
use crate::tuning;

/// The bytes of machine code that so many instructions will be, about.
fn code_bytes(instructions: usize) -> usize {
    tuning::CODE_BYTES * instructions
}

/// How long the code generator will take for so many instructions, about.
fn compile_time(instructions: usize) -> Duration {
    let instructions = instructions as u128;
    let nanoseconds =
        tuning::COMPILE_NANOSECONDS * instructions * (tuning::COMPILE_SLOWER + instructions) / tuning::COMPILE_SLOWER;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

/// Checks that what there is of `function` is within the limits; called again and again while it grows.
pub fn check(function: &Function, limits: &Limits) -> Result<(), Error> {
    let instructions = function.dfg.num_insts();
    let bytes = code_bytes(instructions);
    if bytes > limits.code_bytes {
        let message =
            format!("the kernel's machine code would have {bytes} bytes or more (the interpreter makes none)");
        return Err(Error::limit("code_bytes", limits.code_bytes, message));
    }
    let time = compile_time(instructions);
    if time > limits.compile_time {
        let message =
            format!("the kernel's machine code would take {time:?} or more to make (the interpreter makes none)");
        return Err(Error::limit("compile_time", format!("{:?}", limits.compile_time), message));
    }
    Ok(())
}
