//! The functions of the host that compiled code may call: their names, addresses and signatures.

#![allow(unsafe_code, reason = "compiled code calls these functions with pointers to its own scratch memory")]

use std::mem::ManuallyDrop;

use cranelift_codegen::ir::types::{F64, I32, I64};
use cranelift_codegen::ir::{AbiParam, Signature, Type};
use cranelift_codegen::isa::CallConv;

use crate::lang::ops::UnaryOp;
use crate::lang::reductions::Reduction;

/// A function of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostFn {
    /// The sine of a large argument.
    Sin,
    /// The cosine of a large argument.
    Cos,
    /// The tangent of a large argument.
    Tan,
    /// [`order_statistic`].
    OrderStatistic,
    /// [`block_order_statistic`].
    BlockOrderStatistic,
    /// [`allocate`].
    Allocate,
    /// [`free`].
    Free,
}

impl HostFn {
    /// Every function.
    pub const ALL: [HostFn; 7] = [
        HostFn::Sin,
        HostFn::Cos,
        HostFn::Tan,
        HostFn::OrderStatistic,
        HostFn::BlockOrderStatistic,
        HostFn::Allocate,
        HostFn::Free,
    ];

    /// The function that an operation leaves large arguments to, if it does.
    pub fn of(op: UnaryOp) -> Option<HostFn> {
        match op {
            UnaryOp::Sin => Some(HostFn::Sin),
            UnaryOp::Cos => Some(HostFn::Cos),
            UnaryOp::Tan => Some(HostFn::Tan),
            _ => None,
        }
    }

    /// The name that compiled code calls it by; no C library has it.
    pub fn symbol(self) -> &'static str {
        match self {
            HostFn::Sin => "hoodoo_sin",
            HostFn::Cos => "hoodoo_cos",
            HostFn::Tan => "hoodoo_tan",
            HostFn::OrderStatistic => "hoodoo_order_statistic",
            HostFn::BlockOrderStatistic => "hoodoo_block_order_statistic",
            HostFn::Allocate => "hoodoo_allocate",
            HostFn::Free => "hoodoo_free",
        }
    }

    /// The address.
    pub fn address(self) -> *const u8 {
        match self {
            HostFn::Sin => sin as *const u8,
            HostFn::Cos => cos as *const u8,
            HostFn::Tan => tan as *const u8,
            HostFn::OrderStatistic => order_statistic as *const u8,
            HostFn::BlockOrderStatistic => block_order_statistic as *const u8,
            HostFn::Allocate => allocate as *const u8,
            HostFn::Free => free as *const u8,
        }
    }

    /// The signature, for a calling convention.
    pub fn signature(self, convention: CallConv) -> Signature {
        let (params, returns): (&[Type], &[Type]) = match self {
            HostFn::Sin | HostFn::Cos | HostFn::Tan => (&[F64], &[F64]),
            HostFn::OrderStatistic => (&[I32, I64, I64, F64], &[F64]),
            HostFn::BlockOrderStatistic => (&[I32, I64, I64, I64, I64], &[]),
            HostFn::Allocate => (&[I64], &[I64]),
            HostFn::Free => (&[I64, I64], &[]),
        };
        let mut signature = Signature::new(convention);
        signature.params.extend(params.iter().copied().map(AbiParam::new));
        signature.returns.extend(returns.iter().copied().map(AbiParam::new));
        signature
    }
}

/// The number by which compiled code names a reduction.
pub fn number(op: Reduction) -> i64 {
    let place = Reduction::ALL.iter().position(|other| *other == op);
    place.expect("every reduction is in the list") as i64
}

extern "C" fn sin(x: f64) -> f64 {
    UnaryOp::Sin.apply(x)
}

extern "C" fn cos(x: f64) -> f64 {
    UnaryOp::Cos.apply(x)
}

extern "C" fn tan(x: f64) -> f64 {
    UnaryOp::Tan.apply(x)
}

/// An order statistic of the `len` f64s at `scratch`, which it reorders.
extern "C" fn order_statistic(op: u32, scratch: *mut f64, len: usize, argument: f64) -> f64 {
    // SAFETY: compiled code has just written these `len` values to its own scratch memory.
    let elements = unsafe { std::slice::from_raw_parts_mut(scratch, len) };
    Reduction::ALL[op as usize].apply(elements, &[], argument)
}

/// An order statistic for each pixel of a block.
///
/// `scratch` has `taps` rows of `pixels` elements, as many rows of 1 for each that is selected and 0 for the others, which count
/// if `filtered` is not 0, then a row of arguments, a row for the results, and room for the elements of one pixel.
extern "C" fn block_order_statistic(op: u32, scratch: *mut f64, taps: usize, pixels: usize, filtered: usize) {
    // SAFETY: compiled code calls this with its own scratch memory, which has these rows.
    let scratch = unsafe { std::slice::from_raw_parts_mut(scratch, pixels * (2 * taps + 2) + taps) };
    let op = Reduction::ALL[op as usize];
    let (elements, rest) = scratch.split_at_mut(taps * pixels);
    let (selected, rest) = rest.split_at_mut(taps * pixels);
    let (arguments, rest) = rest.split_at_mut(pixels);
    let (results, window) = rest.split_at_mut(pixels);
    for (pixel, result) in results.iter_mut().enumerate() {
        let is_selected = |tap: &usize| filtered == 0 || selected[tap * pixels + pixel] != 0.0;
        let mut len = 0;
        for tap in (0..taps).filter(is_selected) {
            window[len] = elements[tap * pixels + pixel];
            len += 1;
        }
        *result = op.apply(&mut window[..len], &[], arguments[pixel]);
    }
}

/// Memory for `len` f64s, or null if there is none.
extern "C" fn allocate(len: usize) -> *mut f64 {
    let mut scratch: Vec<f64> = Vec::new();
    match scratch.try_reserve_exact(len) {
        Ok(()) if scratch.capacity() == len => ManuallyDrop::new(scratch).as_mut_ptr(),
        _ => std::ptr::null_mut(),
    }
}

/// Frees what [`allocate`] gave for the same `len`.
extern "C" fn free(scratch: *mut f64, len: usize) {
    // SAFETY: compiled code calls this once for each successful allocation, with its result and its length, which is
    // the capacity that the vector had.
    drop(unsafe { Vec::from_raw_parts(scratch, 0, len) });
}
