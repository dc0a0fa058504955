//! One elementwise operation on registers of one lane type, scalar or vector.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{FuncRef, InstBuilder, InstructionData, Opcode, Value};
use cranelift_frontend::FunctionBuilder;

use super::{lanes, simd};
use crate::grid::lane::Lane;
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::machine;

/// The value of `op`, which is an instruction, on numbers. The result fits the lane.
pub fn unary(b: &mut FunctionBuilder<'_>, op: UnaryOp, lane: Lane, x: Value) -> Value {
    match (op, lane.is_float()) {
        (UnaryOp::Negate, true) => b.ins().fneg(x),
        (UnaryOp::Negate, false) => b.ins().ineg(x),
        (UnaryOp::Abs, true) => b.ins().fabs(x),
        (UnaryOp::Abs, false) if lane.is_signed() => b.ins().iabs(x),
        (UnaryOp::Sqrt, true) => b.ins().sqrt(x),
        (UnaryOp::Floor, true) => b.ins().floor(x),
        (UnaryOp::Ceil, true) => b.ins().ceil(x),
        (UnaryOp::Round, true) => b.ins().nearest(x),
        (UnaryOp::Trunc, true) => b.ins().trunc(x),
        // An integer without a sign is its absolute value, and any is whole.
        (UnaryOp::Abs | UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc, false) => x,
        _ => unreachable!("{} is not an instruction on {} lanes", op.name(), lane.as_str()),
    }
}

/// The number that `op`, an instruction, gives. The result fits the lane. `nan` says whether an operand may be NaN.
pub fn arithmetic(b: &mut FunctionBuilder<'_>, op: BinaryOp, lane: Lane, x: Value, y: Value, nan: bool) -> Value {
    match (op, lane.is_float()) {
        (BinaryOp::Add, true) => b.ins().fadd(x, y),
        (BinaryOp::Add, false) => b.ins().iadd(x, y),
        (BinaryOp::Subtract, true) => b.ins().fsub(x, y),
        (BinaryOp::Subtract, false) => b.ins().isub(x, y),
        (BinaryOp::Multiply, true) => b.ins().fmul(x, y),
        (BinaryOp::Multiply, false) => b.ins().imul(x, y),
        (BinaryOp::Divide, true) => b.ins().fdiv(x, y),
        (BinaryOp::Min | BinaryOp::Max, true) if nan => {
            let unordered = simd::compare(b, FloatCC::Unordered, x, y);
            let extreme = extreme(b, op, lane, x, y);
            let ty = simd::type_of(b, x);
            let nan = simd::float(b, ty, f64::NAN);
            simd::select(b, unordered, nan, extreme)
        }
        (BinaryOp::Min | BinaryOp::Max, _) => extreme(b, op, lane, x, y),
        _ => unreachable!("{} is not an instruction on {} lanes", op.name(), lane.as_str()),
    }
}

/// The sum of two numbers, each maybe a sum itself. A product is not rounded before it is added, which takes one
/// instruction less where the processor has it.
pub fn sum(b: &mut FunctionBuilder<'_>, lane: Lane, x: Value, y: Value) -> Value {
    if lane.is_float() && machine::fuses() {
        if let Some((factor, other)) = factors(b, y) {
            return b.ins().fma(factor, other, x);
        }
        if let Some((factor, other)) = factors(b, x) {
            return b.ins().fma(factor, other, y);
        }
    }
    arithmetic(b, BinaryOp::Add, lane, x, y, false)
}

/// The sum of two floats, of which the second is a product, as one instruction.
pub fn sum_with_product(b: &mut FunctionBuilder<'_>, x: Value, product: Value) -> Value {
    match factors(b, product) {
        Some((factor, other)) => b.ins().fma(factor, other, x),
        None => b.ins().fadd(x, product),
    }
}

/// What `x` is the product of, if it is one.
fn factors(b: &FunctionBuilder<'_>, x: Value) -> Option<(Value, Value)> {
    let product = b.func.dfg.value_def(x).inst()?;
    let &InstructionData::Binary { opcode: Opcode::Fmul, args } = &b.func.dfg.insts[product] else { return None };
    Some((args[0], args[1]))
}

/// The quotient of f64s and a whole `divisor`, without a division, which would keep the processor busy for many times as
/// long.
///
/// The reciprocal is the sum of two f64s (Brisebarre, Muller and Raina, "Accelerating correctly rounded floating-point
/// division when the divisor is known in advance", 2004). The result is the correctly rounded one: a fused multiplication
/// and addition rounds once, what it rounds is within 2^-104 of the quotient, and of a whole divisor below 2^50 no
/// quotient is that close to the middle between two f64s. The second part of the reciprocal is not negative, so the
/// quotient of an infinity is one. Only near the least normal number, where the second product is not exact, the last bit may
/// be another.
pub fn quotient(b: &mut FunctionBuilder<'_>, x: Value, divisor: f64) -> Value {
    let nearest = 1.0 / divisor;
    let high = if libm::fma(-divisor, nearest, 1.0) < 0.0 { nearest.next_down() } else { nearest };
    let low = libm::fma(-divisor, high, 1.0) / divisor;
    let ty = simd::type_of(b, x);
    let high = simd::float(b, ty, high);
    if low == 0.0 {
        // A power of two has an exact reciprocal.
        return b.ins().fmul(x, high);
    }
    let low = simd::float(b, ty, low);
    let rest = b.ins().fmul(x, low);
    b.ins().fma(x, high, rest)
}

/// The mask where numbers compare as `op` says.
pub fn compare(b: &mut FunctionBuilder<'_>, op: BinaryOp, lane: Lane, x: Value, y: Value) -> Value {
    if lane.is_float() {
        let order = match op {
            BinaryOp::Less => FloatCC::LessThan,
            BinaryOp::LessEqual => FloatCC::LessThanOrEqual,
            BinaryOp::Equal => FloatCC::Equal,
            BinaryOp::NotEqual => FloatCC::NotEqual,
            _ => unreachable!("{} is not a comparison", op.name()),
        };
        return simd::compare(b, order, x, y);
    }
    // There is no comparison of 64-bit integers without a sign.
    let (x, y, signed) = match lane == Lane::U64 && simd::type_of(b, x).is_vector() {
        true => (lanes::flip_sign(b, x), lanes::flip_sign(b, y), true),
        false => (x, y, lane.is_signed()),
    };
    let order = match (op, signed) {
        (BinaryOp::Less, true) => IntCC::SignedLessThan,
        (BinaryOp::Less, false) => IntCC::UnsignedLessThan,
        (BinaryOp::LessEqual, true) => IntCC::SignedLessThanOrEqual,
        (BinaryOp::LessEqual, false) => IntCC::UnsignedLessThanOrEqual,
        (BinaryOp::Equal, _) => IntCC::Equal,
        (BinaryOp::NotEqual, _) => IntCC::NotEqual,
        _ => unreachable!("{} is not a comparison", op.name()),
    };
    simd::compare_ints(b, order, x, y)
}

/// The mask that `op` makes of two masks.
pub fn logic(b: &mut FunctionBuilder<'_>, op: BinaryOp, x: Value, y: Value) -> Value {
    match op {
        BinaryOp::And => b.ins().band(x, y),
        BinaryOp::Or => b.ins().bor(x, y),
        BinaryOp::NotEqual => b.ins().bxor(x, y),
        BinaryOp::Equal => {
            let differ = b.ins().bxor(x, y);
            simd::not(b, differ)
        }
        _ => unreachable!("{} is not for booleans", op.name()),
    }
}

/// The lesser or greater of two numbers that are not NaN, in the form that becomes one instruction.
pub fn extreme(b: &mut FunctionBuilder<'_>, op: BinaryOp, lane: Lane, x: Value, y: Value) -> Value {
    if lane.is_long() {
        // There are no minima of 64-bit integers; the lesser of x and y and the greater of y and x are chosen by the same comparison.
        let (first, second) = if op == BinaryOp::Min { (x, y) } else { (y, x) };
        let less = compare(b, BinaryOp::Less, lane, first, second);
        return simd::select(b, less, x, y);
    }
    if lane.is_float() {
        let (first, second) = if op == BinaryOp::Min { (y, x) } else { (x, y) };
        let replaced = simd::compare(b, FloatCC::LessThan, first, second);
        return simd::select(b, replaced, y, x);
    }
    match (op, lane.is_signed()) {
        (BinaryOp::Min, true) => b.ins().smin(x, y),
        (BinaryOp::Min, false) => b.ins().umin(x, y),
        (_, true) => b.ins().smax(x, y),
        (_, false) => b.ins().umax(x, y),
    }
}

/// The mask where a float is NaN.
pub fn is_nan(b: &mut FunctionBuilder<'_>, x: Value) -> Value {
    simd::compare(b, FloatCC::Unordered, x, x)
}

/// A call of a function with one result.
pub fn call(b: &mut FunctionBuilder<'_>, function: FuncRef, arguments: &[Value]) -> Value {
    let call = b.ins().call(function, arguments);
    b.inst_results(call)[0]
}
