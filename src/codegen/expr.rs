//! One elementwise operation in Cranelift IR. A number is an F64, a boolean an I8 of 0 or 1.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{FuncRef, InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use crate::lang::ops::{BinaryOp, UnaryOp};

/// Whether `op` is a call to [`super::math::unary_function`].
pub fn unary_is_call(op: UnaryOp) -> bool {
    !matches!(
        op,
        UnaryOp::Not
            | UnaryOp::Negate
            | UnaryOp::Abs
            | UnaryOp::Sqrt
            | UnaryOp::Floor
            | UnaryOp::Ceil
            | UnaryOp::Round
            | UnaryOp::Trunc
    )
}

/// Whether `op` is a call to [`super::math::binary_function`].
pub fn binary_is_call(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Power | BinaryOp::Atan2 | BinaryOp::Hypot)
}

/// The value of `op`, which has an instruction.
pub fn unary(b: &mut FunctionBuilder<'_>, op: UnaryOp, x: Value) -> Value {
    match op {
        UnaryOp::Not => b.ins().bxor_imm_u(x, 1),
        UnaryOp::Negate => b.ins().fneg(x),
        UnaryOp::Abs => b.ins().fabs(x),
        UnaryOp::Sqrt => b.ins().sqrt(x),
        UnaryOp::Floor => b.ins().floor(x),
        UnaryOp::Ceil => b.ins().ceil(x),
        UnaryOp::Round => b.ins().nearest(x),
        UnaryOp::Trunc => b.ins().trunc(x),
        _ => unreachable!("{} is a call", op.name()),
    }
}

/// The value of `op`, which has instructions. `boolean` says whether the operands are.
pub fn binary(b: &mut FunctionBuilder<'_>, op: BinaryOp, x: Value, y: Value, boolean: bool) -> Value {
    match op {
        BinaryOp::Add => b.ins().fadd(x, y),
        BinaryOp::Subtract => b.ins().fsub(x, y),
        BinaryOp::Multiply => b.ins().fmul(x, y),
        BinaryOp::Divide => b.ins().fdiv(x, y),
        BinaryOp::Min | BinaryOp::Max => {
            let unordered = b.ins().fcmp(FloatCC::Unordered, x, y);
            let extreme = extreme(b, op, x, y);
            let nan = b.ins().f64const(f64::NAN);
            b.ins().select(unordered, nan, extreme)
        }
        BinaryOp::Less => b.ins().fcmp(FloatCC::LessThan, x, y),
        BinaryOp::LessEqual => b.ins().fcmp(FloatCC::LessThanOrEqual, x, y),
        BinaryOp::Equal if boolean => b.ins().icmp(IntCC::Equal, x, y),
        BinaryOp::NotEqual if boolean => b.ins().icmp(IntCC::NotEqual, x, y),
        BinaryOp::Equal => b.ins().fcmp(FloatCC::Equal, x, y),
        BinaryOp::NotEqual => b.ins().fcmp(FloatCC::NotEqual, x, y),
        BinaryOp::And => b.ins().band(x, y),
        BinaryOp::Or => b.ins().bor(x, y),
        BinaryOp::Power | BinaryOp::Atan2 | BinaryOp::Hypot => unreachable!("{} is a call", op.name()),
    }
}

/// The lesser or greater of two numbers that are not NaN, in the form that becomes one instruction.
pub fn extreme(b: &mut FunctionBuilder<'_>, op: BinaryOp, x: Value, y: Value) -> Value {
    let order = if op == BinaryOp::Min { FloatCC::LessThan } else { FloatCC::GreaterThan };
    let better = b.ins().fcmp(order, y, x);
    b.ins().select(better, y, x)
}

/// Whether a number is NaN.
pub fn is_nan(b: &mut FunctionBuilder<'_>, x: Value) -> Value {
    b.ins().fcmp(FloatCC::Unordered, x, x)
}

/// A call of a function with one result.
pub fn call(b: &mut FunctionBuilder<'_>, function: FuncRef, arguments: &[Value]) -> Value {
    let call = b.ins().call(function, arguments);
    b.inst_results(call)[0]
}
