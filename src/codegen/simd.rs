//! One register's worth of values, whether it holds one of them or several: what an instruction needs to be told
//! differently for a scalar and for a vector.
//!
//! A *mask* is what a comparison gives: an I8 of 0 or 1 beside a scalar, and beside a vector an integer vector of the same
//! shape with all bits of a lane set or none. Code that uses the functions here need not know which.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32, I8};
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;

/// The number `value` in every lane of a float type.
pub fn float(b: &mut FunctionBuilder<'_>, ty: Type, value: f64) -> Value {
    let lane = if ty.lane_type() == F32 { b.ins().f32const(value as f32) } else { b.ins().f64const(value) };
    splat(b, ty, lane)
}

/// The integer `value` in every lane of an integer type.
pub fn int(b: &mut FunctionBuilder<'_>, ty: Type, value: i64) -> Value {
    let bits = ty.lane_bits();
    let kept = if bits == 64 { value } else { value & ((1 << bits) - 1) };
    let lane = b.ins().iconst(ty.lane_type(), kept);
    splat(b, ty, lane)
}

/// The scalar `lane` in every lane of `ty`.
pub fn splat(b: &mut FunctionBuilder<'_>, ty: Type, lane: Value) -> Value {
    if ty.is_vector() { b.ins().splat(ty, lane) } else { lane }
}

/// The type of `x`.
pub fn type_of(b: &FunctionBuilder<'_>, x: Value) -> Type {
    b.func.dfg.value_type(x)
}

/// The bits of `x` as another type of the same size.
pub fn bits(b: &mut FunctionBuilder<'_>, ty: Type, x: Value) -> Value {
    let from = type_of(b, x);
    match from == ty {
        true => x,
        // Lanes are named from the low end of the register.
        false => b.ins().bitcast(ty, MemFlagsData::new().with_endianness(Endianness::Little), x),
    }
}

/// The mask where floats compare as `order` says.
pub fn compare(b: &mut FunctionBuilder<'_>, order: FloatCC, x: Value, y: Value) -> Value {
    b.ins().fcmp(order, x, y)
}

/// The mask where integers compare as `order` says.
pub fn compare_ints(b: &mut FunctionBuilder<'_>, order: IntCC, x: Value, y: Value) -> Value {
    b.ins().icmp(order, x, y)
}

/// `yes` where the mask is set, else `no`; the lanes of all three are of one size.
pub fn select(b: &mut FunctionBuilder<'_>, mask: Value, yes: Value, no: Value) -> Value {
    let ty = type_of(b, yes);
    if !ty.is_vector() {
        return b.ins().select(mask, yes, no);
    }
    let mask = bits(b, ty, mask);
    b.ins().bitselect(mask, yes, no)
}

/// The mask that is set where `mask` is not.
pub fn not(b: &mut FunctionBuilder<'_>, mask: Value) -> Value {
    if type_of(b, mask) == I8 { b.ins().bxor_imm_u(mask, 1) } else { b.ins().bnot(mask) }
}
