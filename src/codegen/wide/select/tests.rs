//! Each instruction alone, on random bits: wide code of each shape gives the bits of Cranelift's.

#![allow(unsafe_code, reason = "compiled code is called")]

use std::ptr;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32X4, F64X2, I8X16, I16X8, I32X4, I64, I64X2};
use cranelift_codegen::ir::{Function, InstBuilder, Type, Value};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::Module as _;

use crate::codegen::entry::{entry, pointers_to};
use crate::codegen::jit::{Frame, Module, RowCode};
use crate::codegen::lanes::{self, Lanes, constant_memory};
use crate::codegen::simd;
use crate::grid::lane::Lane;
use crate::machine::{self, VectorUnit};
use crate::plan::width::{Shape, Width};

/// What is done to two registers.
type Op<'o> = &'o dyn Fn(&mut FunctionBuilder<'_>, Value, Value) -> Value;

/// Makes a function that loads a block from two rows, and stores what `body` makes of it.
fn function(module: &mut Module, body: &dyn Fn(&mut FunctionBuilder<'_>, [Value; 2], Value)) -> Function {
    let mut function = pointers_to(module, I64);
    let mut context = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(&mut function, &mut context);
    let [rows, outputs, len, _] = entry(&mut b);
    let inputs = [0, 8].map(|at| b.ins().load(I64, constant_memory(), rows, at));
    let output = b.ins().load(I64, constant_memory(), outputs, 0);
    body(&mut b, inputs, output);
    b.ins().return_(&[len]);
    b.finalize(module.jit().target_config());
    function
}

/// Numbers of all kinds: random bits, and what is special as an f32 or an f64.
fn bits(random: &mut fastrand::Rng) -> [u8; 128] {
    let mut bytes = [0; 128];
    random.fill(&mut bytes);
    let special = [f64::NAN, -0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY, 5e-324, 1.0, 2.5, -3e9, 4e9];
    for at in (0..128).step_by(8) {
        let value = special[random.usize(..special.len())];
        match random.u8(..4) {
            0 => bytes[at..at + 8].copy_from_slice(&value.to_le_bytes()),
            1 => bytes[at..at + 4].copy_from_slice(&(value as f32).to_le_bytes()),
            2 => bytes[at..at + 8].copy_from_slice(&((random.f64() - 0.5) * 1e5).to_le_bytes()),
            _ => {}
        }
    }
    bytes
}

/// The shapes of registers that this processor has.
fn shapes() -> &'static [Shape] {
    match machine::vector_unit() {
        VectorUnit::Basic => &[],
        VectorUnit::Avx2 => &Shape::ALL[..1],
        VectorUnit::Avx512 | VectorUnit::FastAvx512 => &Shape::ALL,
    }
}

/// Runs Cranelift's code, and that of each shape of registers, for a few blocks of so many pixels, with elements of these sizes.
fn agree(what: &str, pixels: usize, sizes: [usize; 2], body: &dyn Fn(&mut FunctionBuilder<'_>, [Value; 2], Value)) {
    let mut module = Module::new().unwrap();
    let made = function(&mut module, body);
    let narrow = RowCode::new(module.finish(made).unwrap());
    let wide: Vec<(Shape, RowCode)> = shapes()
        .iter()
        .map(|shape| {
            let mut module = Module::new().unwrap();
            let made = function(&mut module, body);
            let code = module.widened(made, pixels, *shape, false).unwrap();
            let code = code.unwrap_or_else(|refused| panic!("{what}, {shape:?}: {refused:?}"));
            (*shape, RowCode::new(module.finish_bytes(code).unwrap()))
        })
        .collect();
    let mut random = fastrand::Rng::with_seed(13);
    let frame = Frame { constants: ptr::null(), position: ptr::null(), scratch: ptr::null_mut() };
    let [from, to] = sizes.map(|size| pixels * size);
    for _ in 0..40 {
        let [first, second] = [0, 1].map(|_| (0..24).flat_map(|_| bits(&mut random)).collect::<Vec<u8>>());
        for (shape, wide) in &wide {
            let [mut expected, mut actual] = [[0xAAu8; 3072], [0xAA; 3072]];
            for block in 0..shape.blocks {
                let rows = [first[block * from..].as_ptr(), second[block * from..].as_ptr()];
                // SAFETY: the rows and the output have more than four blocks of pixels.
                unsafe { narrow.call(&rows, &[expected[block * to..].as_mut_ptr()], pixels, &frame) };
            }
            // SAFETY: as above.
            unsafe { wide.call(&[first.as_ptr(), second.as_ptr()], &[actual.as_mut_ptr()], pixels, &frame) };
            assert_eq!(actual[..], expected[..], "{what}, blocks of {pixels} pixels, {shape:?}");
        }
    }
}

/// An operation on registers of one type, with a result of the same size.
fn on(ty: Type, what: &str, op: Op<'_>) {
    let size = ty.lane_type().bytes() as usize;
    agree(&format!("{what} of {ty}"), 16 / size, [size; 2], &|b, inputs, output| {
        let [x, y] = inputs.map(|address| b.ins().load(ty, constant_memory(), address, 0));
        let value = op(b, x, y);
        b.ins().store(lanes::scratch_memory(), value, output, 0);
    });
}

#[test]
fn operations_on_floats() {
    for ty in [F32X4, F64X2] {
        on(ty, "fadd", &|b, x, y| b.ins().fadd(x, y));
        on(ty, "fsub", &|b, x, y| b.ins().fsub(x, y));
        on(ty, "fmul", &|b, x, y| b.ins().fmul(x, y));
        on(ty, "fdiv", &|b, x, y| b.ins().fdiv(x, y));
        on(ty, "fma", &|b, x, y| b.ins().fma(x, y, x));
        on(ty, "fma of constants", &|b, x, y| {
            let half = simd::float(b, ty, 0.5);
            let sum = b.ins().fma(x, half, y);
            b.ins().fma(sum, y, half)
        });
        on(ty, "the lesser and the greater", &|b, x, y| {
            let less = simd::compare(b, FloatCC::LessThan, x, y);
            let (least, greatest) = (simd::select(b, less, x, y), simd::select(b, less, y, x));
            let bits = if ty == F32X4 { I32X4 } else { I64X2 };
            let [least, greatest] = [least, greatest].map(|x| simd::bits(b, bits, x));
            let least = b.ins().ishl_imm_u(least, 1);
            b.ins().isub(least, greatest)
        });
        on(ty, "sqrt", &|b, x, _| b.ins().sqrt(x));
        on(ty, "fneg", &|b, x, _| b.ins().fneg(x));
        on(ty, "fabs", &|b, x, _| b.ins().fabs(x));
        on(ty, "floor", &|b, x, _| b.ins().floor(x));
        on(ty, "ceil", &|b, x, _| b.ins().ceil(x));
        on(ty, "trunc", &|b, x, _| b.ins().trunc(x));
        on(ty, "nearest", &|b, x, _| b.ins().nearest(x));
        // Cranelift itself has no code for these two.
        let is_known = |order: &&FloatCC| !matches!(order, FloatCC::OrderedNotEqual | FloatCC::UnorderedOrEqual);
        for order in FloatCC::all().iter().filter(is_known) {
            let order = *order;
            on(ty, &format!("fcmp {order}"), &|b, x, y| simd::compare(b, order, x, y));
            on(ty, &format!("choice by {order}"), &|b, x, y| {
                let mask = simd::compare(b, order, x, y);
                simd::select(b, mask, x, y)
            });
            on(ty, &format!("choice or zero by {order}"), &|b, x, y| {
                let (mask, zero) = (simd::compare(b, order, x, y), simd::float(b, ty, 0.0));
                let other = simd::select(b, mask, zero, y);
                let one = simd::select(b, mask, x, zero);
                b.ins().fadd(one, other)
            });
        }
    }
}

#[test]
fn operations_on_integers() {
    for ty in [I8X16, I16X8, I32X4, I64X2] {
        on(ty, "iadd", &|b, x, y| b.ins().iadd(x, y));
        on(ty, "isub", &|b, x, y| b.ins().isub(x, y));
        on(ty, "ineg", &|b, x, _| b.ins().ineg(x));
        on(ty, "band", &|b, x, y| b.ins().band(x, y));
        on(ty, "bor", &|b, x, y| b.ins().bor(x, y));
        on(ty, "bxor", &|b, x, y| b.ins().bxor(x, y));
        on(ty, "bnot", &|b, x, _| b.ins().bnot(x));
        on(ty, "bits of another", &|b, x, y| b.ins().bitselect(x, y, x));
        for order in [IntCC::Equal, IntCC::NotEqual, IntCC::SignedLessThan, IntCC::SignedGreaterThanOrEqual] {
            on(ty, &format!("icmp {order}"), &|b, x, y| simd::compare_ints(b, order, x, y));
        }
        if ty != I8X16 {
            on(ty, "ishl", &|b, x, _| b.ins().ishl_imm_u(x, 3));
            on(ty, "ushr", &|b, x, _| b.ins().ushr_imm_u(x, 5));
        }
        on(ty, "smin", &|b, x, y| b.ins().smin(x, y));
        on(ty, "smax", &|b, x, y| b.ins().smax(x, y));
        on(ty, "the lesser and the greater", &|b, x, y| {
            let (least, greatest) = (b.ins().smin(x, y), b.ins().smax(y, x));
            b.ins().isub(least, greatest)
        });
        if ty == I64X2 {
            continue;
        }
        for order in IntCC::all() {
            let order = *order;
            on(ty, &format!("icmp {order}"), &|b, x, y| simd::compare_ints(b, order, x, y));
            on(ty, &format!("choice by {order}"), &|b, x, y| {
                let (mask, sum) = (simd::compare_ints(b, order, x, y), b.ins().iadd(x, y));
                simd::select(b, mask, sum, y)
            });
        }
        on(ty, "iabs", &|b, x, _| b.ins().iabs(x));
        on(ty, "umin", &|b, x, y| b.ins().umin(x, y));
        on(ty, "umax", &|b, x, y| b.ins().umax(x, y));
        if ty != I8X16 {
            on(ty, "imul", &|b, x, y| b.ins().imul(x, y));
        }
    }
}

/// Where there are mask registers, one of two extremes of the same floats is not an extreme in the code.
#[test]
fn one_extreme_is_made_of_the_other() {
    for ty in [F32X4, F64X2] {
        let body = |b: &mut FunctionBuilder<'_>, inputs: [Value; 2], output: Value| {
            let [x, y] = inputs.map(|address| b.ins().load(ty, constant_memory(), address, 0));
            let less = simd::compare(b, FloatCC::LessThan, x, y);
            let (least, greatest) = (simd::select(b, less, x, y), simd::select(b, less, y, x));
            let sum = b.ins().fadd(least, greatest);
            let product = b.ins().fmul(sum, greatest);
            b.ins().store(lanes::scratch_memory(), product, output, 0);
        };
        for shape in shapes() {
            let mut module = Module::new().unwrap();
            let made = function(&mut module, &body);
            let pixels = 16 / ty.lane_type().bytes() as usize;
            let text = module.widened(made, pixels, *shape, true).unwrap().unwrap().text.unwrap();
            let count = |names: &[&str]| names.iter().map(|name| text.matches(name).count()).sum::<usize>();
            let extremes = count(&["vminp", "vmaxp"]);
            let others = count(&["vpternlogd"]);
            assert_eq!((extremes, others), if shape.has_masks() { (1, 1) } else { (2, 0) }, "{shape:?}\n{text}");
        }
    }
}

/// Masks that are combined, chosen by, counted and asked about, in as many forms as they can be wanted in.
#[test]
fn operations_on_masks() {
    for ty in [F32X4, F64X2, I8X16, I16X8, I32X4, I64X2] {
        let less = |b: &mut FunctionBuilder<'_>, x, y| match ty.lane_type().is_float() {
            true => simd::compare(b, FloatCC::LessThan, x, y),
            false => simd::compare_ints(b, IntCC::SignedLessThan, x, y),
        };
        let equal = |b: &mut FunctionBuilder<'_>, x, y| match ty.lane_type().is_float() {
            true => simd::compare(b, FloatCC::Equal, x, y),
            false => simd::compare_ints(b, IntCC::Equal, x, y),
        };
        on(ty, "choice by both, either, one and the other's opposite", &|b, x, y| {
            let (less, equal) = (less(b, x, y), equal(b, x, x));
            let (both, either, one) = (b.ins().band(less, equal), b.ins().bor(less, equal), b.ins().bxor(less, equal));
            let opposite = b.ins().bnot(one);
            let first = simd::select(b, both, x, y);
            let second = simd::select(b, either, first, x);
            let third = simd::select(b, one, y, second);
            simd::select(b, opposite, third, first)
        });
        on(ty, "a mask as such, and a choice by it", &|b, x, y| {
            let mask = less(b, x, y);
            let chosen = simd::select(b, mask, x, y);
            let mask = simd::bits(b, ty, mask);
            b.ins().bxor(mask, chosen)
        });
        on(ty, "what is kept by a mask", &|b, x, y| {
            let mask = less(b, x, y);
            let mask = simd::bits(b, ty, mask);
            let kept = b.ins().band(y, mask);
            b.ins().bor(kept, x)
        });
        on(ty, "a mask of any bits", &|b, x, y| {
            let mask = b.ins().bxor(x, y);
            b.ins().bitselect(mask, x, y)
        });
    }
}

/// From each type of lane to each other one, for blocks of every size.
#[test]
fn conversions_of_lanes() {
    for from in Lane::ALL {
        for to in Lane::ALL {
            if from == to {
                continue;
            }
            for pixels in [2, 4, 8, 16, 32, 64] {
                let width = Width::Pixels(pixels);
                let what = format!("{} to {}", from.as_str(), to.as_str());
                agree(&what, pixels, [from.bytes(), to.bytes()], &|b, [input, _], output| {
                    let value = Lanes::Numbers(from, lanes::load(b, width, from, input, 0));
                    let value = lanes::numbers(b, width, &value, to);
                    lanes::store(b, width, to, &value, output);
                });
            }
        }
    }
}
