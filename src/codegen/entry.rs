//! What functions for callbacks and for rows have in common.

use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, Function, Signature, Type, UserFuncName, Value};
use cranelift_frontend::FunctionBuilder;

use super::jit::Module;
use crate::lang::cells::Cells;
use crate::lang::hir::Expr;

/// An empty function of four pointers or sizes, with a result of this type.
pub fn pointers_to(module: &Module, result: Type) -> Function {
    let mut signature = Signature::new(module.call_conv());
    signature.params.extend([I64; 4].map(AbiParam::new));
    signature.returns.push(AbiParam::new(result));
    Function::with_name_signature(UserFuncName::user(0, 0), signature)
}

/// Starts the code of such a function; its parameters.
pub fn entry(b: &mut FunctionBuilder<'_>) -> [Value; 4] {
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    b.seal_block(entry);
    b.block_params(entry).try_into().expect("the signature has four parameters")
}

/// The value of `offset` or `dist` at a cell.
pub fn place(cells: &Cells, place: &Expr, tap: usize) -> f64 {
    match place {
        Expr::Offset(axis) => f64::from(cells.offset(tap)[*axis]),
        _ => cells.dist(tap),
    }
}
