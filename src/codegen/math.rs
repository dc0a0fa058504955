//! The elementary functions that compiled code calls, and the names it calls them by.

use crate::lang::ops::{BinaryOp, UnaryOp};

macro_rules! unary_functions {
    ($($op:ident),*) => {
        /// The address of the function for `op`, for the operations that have no instruction.
        pub fn unary_function(op: UnaryOp) -> *const u8 {
            match op {
                $(UnaryOp::$op => {
                    extern "C" fn function(x: f64) -> f64 {
                        UnaryOp::$op.apply(x)
                    }
                    function as *const u8
                })*
                _ => unreachable!("{} has an instruction", op.name()),
            }
        }
    };
}

macro_rules! binary_functions {
    ($($op:ident),*) => {
        /// The address of the function for `op`, for the operations that have no instruction.
        pub fn binary_function(op: BinaryOp) -> *const u8 {
            match op {
                $(BinaryOp::$op => {
                    extern "C" fn function(x: f64, y: f64) -> f64 {
                        BinaryOp::$op.apply(x, y)
                    }
                    function as *const u8
                })*
                _ => unreachable!("{} has an instruction", op.name()),
            }
        }
    };
}

unary_functions!(Cbrt, Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Sin, Cos, Tan, Asin, Acos, Atan, Sinh, Cosh, Tanh);
binary_functions!(Power, Atan2, Hypot);

/// Placeholder until the inline functions arrive.
pub fn unary(
    b: &mut cranelift_frontend::FunctionBuilder<'_>,
    function: cranelift_codegen::ir::FuncRef,
    x: cranelift_codegen::ir::Value,
) -> cranelift_codegen::ir::Value {
    binary_or_unary(b, function, &[x])
}

pub fn binary(
    b: &mut cranelift_frontend::FunctionBuilder<'_>,
    function: cranelift_codegen::ir::FuncRef,
    x: cranelift_codegen::ir::Value,
    y: cranelift_codegen::ir::Value,
) -> cranelift_codegen::ir::Value {
    binary_or_unary(b, function, &[x, y])
}

fn binary_or_unary(
    b: &mut cranelift_frontend::FunctionBuilder<'_>,
    function: cranelift_codegen::ir::FuncRef,
    x: &[cranelift_codegen::ir::Value],
) -> cranelift_codegen::ir::Value {
    use cranelift_codegen::ir::InstBuilder;
    use cranelift_codegen::ir::types::*;
    let ty = super::simd::type_of(b, x[0]);
    if !ty.is_vector() {
        return super::expr::call(b, function, x);
    }
    let mut result = x[0];
    for lane in 0..ty.lane_count() as u8 {
        let args: Vec<_> = x
            .iter()
            .map(|x| {
                let v = b.ins().extractlane(*x, lane);
                if ty == F32X4 { b.ins().fpromote(F64, v) } else { v }
            })
            .collect();
        let v = super::expr::call(b, function, &args);
        let v = if ty == F32X4 { b.ins().fdemote(F32, v) } else { v };
        result = b.ins().insertlane(result, v, lane);
    }
    result
}
