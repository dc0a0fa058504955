//! The elementary functions as inline code, for one value and for a vector of them, in single and in double precision.
//!
//! The code has no branches, so it can stand in a vector loop: special values are selected. Errors are at most 2
//! units in the last place, subnormal numbers included; the tests measure them. In single precision the
//! functions that filters spend their time in have code of their own, and the others are computed in double
//! precision.
//!
//! The exception is the sine, cosine and tangent of a large argument, which takes hundreds of digits of 2/π to
//! reduce: if any lane is large, a cold block calls the host's function for those that are.

mod exponential;
mod inverse;
mod logarithm;
mod number;
mod power;
mod roots;
#[cfg(test)]
mod tests;
mod trigonometric;

use std::cell::RefCell;

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32, F32X4, F64, I8X16};
use cranelift_codegen::ir::{BlockArg, FuncRef, InstBuilder, Type, Value};
use cranelift_frontend::FunctionBuilder;

use super::host::HostFn;
use super::simd;
use crate::error::Error;
use crate::lang::ops::{BinaryOp, UnaryOp};
use number::Num;

/// Declares a function of the host in the function that is built.
pub type Import<'i> = dyn FnMut(&mut FunctionBuilder<'_>, HostFn) -> Result<FuncRef, Error> + 'i;

/// Emits `op`, an [`is_unary_function`](crate::plan::cost::is_unary_function), of a register of floats. For an operation that
/// leaves large arguments to the host, its function is imported.
pub fn unary(b: &mut FunctionBuilder<'_>, op: UnaryOp, x: Value, import: &mut Import<'_>) -> Result<Value, Error> {
    if simd::type_of(b, x).lane_type() == F32 && !is_native_in_single(op) {
        let halves = promoted(b, x);
        let values =
            halves.into_iter().map(|half| unary(b, op, half, import)).collect::<Result<Vec<Value>, Error>>()?;
        return Ok(demoted(b, &values));
    }
    let function = match op {
        UnaryOp::Cbrt => roots::cbrt,
        UnaryOp::Exp => exponential::exp,
        UnaryOp::Exp2 => exponential::exp2,
        UnaryOp::Expm1 => exponential::expm1,
        UnaryOp::Log => logarithm::log,
        UnaryOp::Log2 => logarithm::log2,
        UnaryOp::Log10 => logarithm::log10,
        UnaryOp::Log1p => logarithm::log1p,
        UnaryOp::Sin => trigonometric::sin,
        UnaryOp::Cos => trigonometric::cos,
        UnaryOp::Tan => trigonometric::tan,
        UnaryOp::Asin => inverse::asin,
        UnaryOp::Acos => inverse::acos,
        UnaryOp::Atan => inverse::atan,
        UnaryOp::Sinh => exponential::sinh,
        UnaryOp::Cosh => exponential::cosh,
        UnaryOp::Tanh => exponential::tanh,
        _ => unreachable!("{} has an instruction", op.name()),
    };
    let value = formula(b, x, function);
    let Some(host) = HostFn::of(op) else { return Ok(value) };
    let host = import(b, host)?;
    Ok(unless_large(b, x, value, host))
}

/// Emits the power of two of a register of f32s that are at most 127 or NaN.
pub fn bounded_exp2(b: &mut FunctionBuilder<'_>, x: Value) -> Value {
    formula(b, x, exponential::bounded_exp2)
}

/// Emits `op`, an [`is_binary_function`](crate::plan::cost::is_binary_function), of two registers of floats.
pub fn binary(b: &mut FunctionBuilder<'_>, op: BinaryOp, x: Value, y: Value) -> Value {
    let is_single = simd::type_of(b, x).lane_type() == F32;
    let function = |b: &mut FunctionBuilder<'_>, x: Value, y: Value| {
        let (x_type, y_type) = (simd::type_of(b, x), simd::type_of(b, y));
        let code = RefCell::new(b);
        let (x, y) = (Num::new(&code, x_type, x), Num::new(&code, y_type, y));
        match op {
            BinaryOp::Power => power::power(x, y, is_single).value,
            BinaryOp::Atan2 => inverse::atan2(x, y).value,
            BinaryOp::Hypot => roots::hypot(x, y).value,
            _ => unreachable!("{} has instructions", op.name()),
        }
    };
    if !is_single || op == BinaryOp::Atan2 {
        return function(b, x, y);
    }
    let (xs, ys) = (promoted(b, x), promoted(b, y));
    let values: Vec<Value> = xs.into_iter().zip(ys).map(|(x, y)| function(b, x, y)).collect();
    demoted(b, &values)
}

/// Whether the function has code for single precision; others are promoted.
fn is_native_in_single(op: UnaryOp) -> bool {
    matches!(
        op,
        UnaryOp::Exp
            | UnaryOp::Exp2
            | UnaryOp::Log
            | UnaryOp::Log2
            | UnaryOp::Sin
            | UnaryOp::Cos
            | UnaryOp::Atan
            | UnaryOp::Tanh
    )
}

/// The code of a function of one value.
fn formula(b: &mut FunctionBuilder<'_>, x: Value, function: for<'e> fn(Num<'e>) -> Num<'e>) -> Value {
    let ty = simd::type_of(b, x);
    let code = RefCell::new(b);
    function(Num::new(&code, ty, x)).value
}

/// The f32s of a register as f64s, in one register or in two.
fn promoted(b: &mut FunctionBuilder<'_>, x: Value) -> Vec<Value> {
    if simd::type_of(b, x) == F32 {
        return vec![b.ins().fpromote(F64, x)];
    }
    let high = halves(b, x, x, [1, 1]);
    vec![b.ins().fvpromote_low(x), b.ins().fvpromote_low(high)]
}

/// The f64s of the registers that [`promoted`] gave as f32s.
fn demoted(b: &mut FunctionBuilder<'_>, values: &[Value]) -> Value {
    match *values {
        [x] => b.ins().fdemote(F32, x),
        [low, high] => {
            let (low, high) = (b.ins().fvdemote(low), b.ins().fvdemote(high));
            halves(b, low, high, [0, 2])
        }
        _ => unreachable!("four f32s fill two registers of f64s"),
    }
}

/// The register of two halves, where 0 and 1 are those of `x`, and 2 and 3 those of `y`.
fn halves(b: &mut FunctionBuilder<'_>, x: Value, y: Value, which: [u8; 2]) -> Value {
    let bytes: Vec<u8> = which.iter().flat_map(|half| 8 * half..8 * half + 8).collect();
    let (x, y) = (simd::bits(b, I8X16, x), simd::bits(b, I8X16, y));
    let mask = b.func.dfg.immediates.push(bytes.into());
    let both = b.ins().shuffle(x, y, mask);
    simd::bits(b, F32X4, both)
}

/// `value`, but where the magnitude of `x` is beyond the limit of trigonometric functions, that of the host's function.
fn unless_large(b: &mut FunctionBuilder<'_>, x: Value, value: Value, host: FuncRef) -> Value {
    let ty = simd::type_of(b, x);
    let limit = if ty.lane_type() == F32 { trigonometric::LIMIT_SINGLE } else { trigonometric::LIMIT };
    let limit = simd::float(b, ty, limit);
    let magnitude = b.ins().fabs(x);
    let is_large = simd::compare(b, FloatCC::GreaterThan, magnitude, limit);
    let any = if ty.is_vector() { b.ins().vany_true(is_large) } else { is_large };

    let cold = b.create_block();
    let join = b.create_block();
    b.set_cold_block(cold);
    let result = b.append_block_param(join, ty);
    b.ins().brif(any, cold, &[], join, &[BlockArg::Value(value)]);

    b.switch_to_block(cold);
    b.seal_block(cold);
    let from_host = by_lanes(b, x, ty, host);
    let blended = simd::select(b, is_large, from_host, value);
    b.ins().jump(join, &[BlockArg::Value(blended)]);
    b.switch_to_block(join);
    b.seal_block(join);
    result
}

/// The host's function of every lane.
fn by_lanes(b: &mut FunctionBuilder<'_>, x: Value, ty: Type, host: FuncRef) -> Value {
    let is_single = ty.lane_type() == F32;
    let call = |b: &mut FunctionBuilder<'_>, lane: Value| {
        let argument = if is_single { b.ins().fpromote(F64, lane) } else { lane };
        let call = b.ins().call(host, &[argument]);
        let value = b.inst_results(call)[0];
        if is_single { b.ins().fdemote(F32, value) } else { value }
    };
    if !ty.is_vector() {
        return call(b, x);
    }
    (0..ty.lane_count() as u8).fold(x, |values, index| {
        let lane = b.ins().extractlane(x, index);
        let value = call(b, lane);
        b.ins().insertlane(values, value, index)
    })
}
