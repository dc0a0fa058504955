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
