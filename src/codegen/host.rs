//! The functions of the host that compiled code may call: their names, addresses and signatures.

#![allow(unsafe_code, reason = "compiled code calls these functions with pointers to its own scratch memory")]

use std::mem::ManuallyDrop;

use cranelift_codegen::ir::types::{F64, I32, I64};
use cranelift_codegen::ir::{AbiParam, Signature, Type};
use cranelift_codegen::isa::CallConv;

use crate::grid::lane::Lane;
use crate::lang::ops::UnaryOp;
use crate::lang::ordered::Ordered;
use crate::lang::reductions::Reduction;
use crate::lang::stop::is_stopped;

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
    /// [`look`].
    Look,
}

impl HostFn {
    /// Every function.
    pub const ALL: [HostFn; 8] = [
        HostFn::Sin,
        HostFn::Cos,
        HostFn::Tan,
        HostFn::OrderStatistic,
        HostFn::BlockOrderStatistic,
        HostFn::Allocate,
        HostFn::Free,
        HostFn::Look,
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
            HostFn::Look => "hoodoo_look",
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
            HostFn::Look => look as *const u8,
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
            HostFn::Look => (&[], &[I32]),
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

/// The same with the lanes that the elements are in, and those of the value.
pub fn number_among(op: Reduction, elements: Lane, value: Lane) -> i64 {
    let code = |lane: Lane| Lane::LONG.iter().position(|long| *long == lane).map_or(0, |place| place as i64 + 1);
    number(op) | code(elements) << ELEMENT_SHIFT | code(value) << VALUE_SHIFT
}

const ELEMENT_SHIFT: u32 = 8;
const VALUE_SHIFT: u32 = 16;

/// Whether the work is wanted no more, as 0 or 1.
extern "C" fn look() -> u32 {
    is_stopped().into()
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

/// An order statistic for each pixel of a block, of numbers as [`number_among`] says.
///
/// `scratch` has `taps` rows of `pixels` elements, as many rows of 1 for each that is selected and 0 for the others, which count
/// if `filtered` is not 0, then a row of arguments, a row for the results, and room for the elements of one pixel.
extern "C" fn block_order_statistic(op: u32, scratch: *mut f64, taps: usize, pixels: usize, filtered: usize) {
    let (elements, value) = ((op >> ELEMENT_SHIFT) & 0xff, (op >> VALUE_SHIFT) & 0xff);
    let op = Reduction::ALL[(op & 0xff) as usize];
    let block = Block { scratch, taps, pixels, filtered: filtered != 0 };
    match (elements, value) {
        (0, _) => block.each(|window: &mut [f64], argument| op.apply(window, &[], argument).to_bits()),
        (1, 0) => block.each(|window, argument| told::<u64>(op, window, argument, |x| x as f64)),
        (1, _) => block.each(|window, argument| op.choose::<u64>(window, &[], argument).unwrap_or(0)),
        (_, 0) => block.each(|window, argument| told::<i64>(op, window, argument, |x| x as f64)),
        _ => block.each(|window, argument| op.choose::<i64>(window, &[], argument).unwrap_or(0).cast_unsigned()),
    }
}

/// The bits of what follows from 64-bit integers: of their comparisons, or of the f64s that they are rounded to.
fn told<T: Ordered>(op: Reduction, window: &mut [T], argument: f64, to_f64: impl Fn(T) -> f64) -> u64 {
    if let Some(value) = op.tell(window, &[], argument) {
        return value.to_bits();
    }
    const { assert!(size_of::<T>() == size_of::<f64>() && align_of::<T>() == align_of::<f64>()) };
    let (elements, len) = (window.as_mut_ptr(), window.len());
    for index in 0..len {
        // SAFETY: the element is one of the window's; the f64, which is as large, takes its place once it has been read.
        unsafe {
            let element = elements.add(index);
            element.cast::<f64>().write(to_f64(element.read()));
        }
    }
    // SAFETY: these have just been written, through the same pointer, and the window is not used any more.
    op.apply(unsafe { std::slice::from_raw_parts_mut(elements.cast::<f64>(), len) }, &[], argument).to_bits()
}

/// The scratch memory of a block of pixels.
struct Block {
    scratch: *mut f64,
    taps: usize,
    pixels: usize,
    filtered: bool,
}

impl Block {
    /// Writes the bits of what `value` makes of each pixel's elements, which have 8 bytes, and its argument.
    fn each<T: Copy>(&self, value: impl Fn(&mut [T], f64) -> u64) {
        let Block { scratch, taps, pixels, filtered } = *self;
        let cells = taps * pixels;
        debug_assert_eq!(size_of::<T>(), 8);
        // SAFETY: compiled code calls `block_order_statistic` with its own scratch memory, which has these parts one after the
        // other; it has written those that are read here, elements with the type that it names, and numbers of 8 bytes have any bits.
        let (elements, selected, arguments, results, window) = unsafe {
            (
                std::slice::from_raw_parts(scratch.cast::<T>(), cells),
                std::slice::from_raw_parts(scratch.add(cells), cells),
                std::slice::from_raw_parts(scratch.add(2 * cells), pixels),
                std::slice::from_raw_parts_mut(scratch.add(2 * cells + pixels).cast::<u64>(), pixels),
                std::slice::from_raw_parts_mut(scratch.add(2 * cells + 2 * pixels).cast::<T>(), taps),
            )
        };
        for (pixel, result) in results.iter_mut().enumerate() {
            if is_stopped() {
                return;
            }
            let is_selected = |tap: &usize| !filtered || selected[tap * pixels + pixel] != 0.0;
            let mut len = 0;
            for tap in (0..taps).filter(is_selected) {
                window[len] = elements[tap * pixels + pixel];
                len += 1;
            }
            *result = value(&mut window[..len], arguments[pixel]);
        }
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
