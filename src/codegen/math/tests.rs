//! Every function in every type of register. `tests/accuracy.rs` measures the code for one f64 against a reference of
//! many digits; here several f64s are the same to the bit, and f32s are measured against functions of f64s.

#![allow(unsafe_code, reason = "compiled code is called")]

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F32, F32X4, F64, F64X2, I64};
use cranelift_codegen::ir::{AbiParam, BlockArg, Function, InstBuilder, MemFlagsData, Type, UserFuncName, Value};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::{Linkage, Module as _};

use crate::codegen::jit::Module;
use crate::lang::ops::{BinaryOp, UnaryOp};

const UNARY: [UnaryOp; 17] = [
    UnaryOp::Cbrt,
    UnaryOp::Exp,
    UnaryOp::Exp2,
    UnaryOp::Expm1,
    UnaryOp::Log,
    UnaryOp::Log2,
    UnaryOp::Log10,
    UnaryOp::Log1p,
    UnaryOp::Sin,
    UnaryOp::Cos,
    UnaryOp::Tan,
    UnaryOp::Asin,
    UnaryOp::Acos,
    UnaryOp::Atan,
    UnaryOp::Sinh,
    UnaryOp::Cosh,
    UnaryOp::Tanh,
];

const BINARY: [BinaryOp; 3] = [BinaryOp::Power, BinaryOp::Atan2, BinaryOp::Hypot];

/// A function of one or of two values.
#[derive(Clone, Copy, Debug)]
enum Op {
    Unary(UnaryOp),
    Binary(BinaryOp),
}

impl Op {
    fn all() -> impl Iterator<Item = Op> {
        UNARY.into_iter().map(Op::Unary).chain(BINARY.into_iter().map(Op::Binary))
    }

    /// The value that is meant, with an error of about one unit in the last place.
    fn apply(self, x: f64, y: f64) -> f64 {
        match self {
            Op::Unary(op) => op.apply(x),
            Op::Binary(op) => op.apply(x, y),
        }
    }
}

/// A loop over registers of `ty`, in machine code: `void (x, y, out, end of x)`.
struct Compiled {
    ty: Type,
    entry: *const u8,
    _module: Module,
}

fn compile(op: Op, ty: Type) -> Compiled {
    compile_with(ty, |b, module, x, y| match op {
        Op::Unary(op) => super::unary(b, op, x, &mut |b, host| module.import(b, host)).unwrap(),
        Op::Binary(op) => super::binary(b, op, x, y),
    })
}

fn compile_with(
    ty: Type,
    write: impl FnOnce(&mut FunctionBuilder<'_>, &mut Module, Value, Value) -> Value,
) -> Compiled {
    let mut module = Module::new().unwrap();
    let mut signature = module.jit().make_signature();
    signature.params.extend([I64; 4].map(AbiParam::new));
    let mut function = Function::with_name_signature(UserFuncName::user(0, 0), signature.clone());
    let mut context = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(&mut function, &mut context);
    let [entry, body, done] = [(); 3].map(|()| b.create_block());
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let &[x, y, out, end] = b.block_params(entry) else { unreachable!() };
    let zero = b.ins().iconst(I64, 0);
    let len = b.ins().isub(end, x);
    let index = b.append_block_param(body, I64);
    b.ins().jump(body, &[BlockArg::Value(zero)]);
    b.switch_to_block(body);
    let load = |b: &mut FunctionBuilder<'_>, base| {
        let address = b.ins().iadd(base, index);
        b.ins().load(ty, MemFlagsData::new(), address, 0)
    };
    let (x, y) = (load(&mut b, x), load(&mut b, y));
    let value = write(&mut b, &mut module, x, y);
    let address = b.ins().iadd(out, index);
    b.ins().store(MemFlagsData::new(), value, address, 0);
    let next = b.ins().iadd_imm_s(index, i64::from(ty.bytes()));
    let more = b.ins().icmp(IntCC::UnsignedLessThan, next, len);
    b.ins().brif(more, body, &[BlockArg::Value(next)], done, &[]);
    b.switch_to_block(done);
    b.ins().return_(&[]);
    b.seal_all_blocks();
    b.finalize(module.jit().target_config());

    let mut context = cranelift_codegen::Context::for_function(function);
    let id = module.jit().declare_function("loop", Linkage::Export, &signature).unwrap();
    module.jit().define_function(id, &mut context).unwrap();
    module.jit().finalize_definitions().unwrap();
    let entry = module.jit().get_finalized_function(id);
    Compiled { ty, entry, _module: module }
}

impl Compiled {
    /// Runs over whole registers.
    fn run<T: Copy + Default>(&self, x: &[T], y: &[T]) -> Vec<T> {
        assert_eq!(u32::try_from(size_of::<T>()).unwrap(), self.ty.lane_type().bytes());
        assert!(x.len() == y.len() && !x.is_empty() && x.len().is_multiple_of(self.ty.lane_count() as usize));
        let mut out = vec![T::default(); x.len()];
        // SAFETY: the function has this signature, and reads and writes the registers of three slices of one length.
        unsafe {
            let run: extern "C" fn(*const T, *const T, *mut T, *const T) = std::mem::transmute(self.entry);
            run(x.as_ptr(), y.as_ptr(), out.as_mut_ptr(), x.as_ptr_range().end);
        }
        out
    }
}

/// Numbers of every exponent, and many where functions change.
fn arguments(count: usize) -> (Vec<f64>, Vec<f64>) {
    let specials = [
        0.0,
        5e-324,
        1e-310,
        f64::MIN_POSITIVE,
        f64::from(f32::MIN_POSITIVE),
        1e-44,
        1e-17,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        88.7,
        104.0,
        127.5,
        149.5,
        708.5,
        709.8,
        745.2,
        1023.9,
        1074.9,
        1e5,
        2e5,
        1e12,
        2e12,
        1e30,
        1e300,
        f64::from(f32::MAX),
        f64::MAX,
        f64::INFINITY,
        f64::NAN,
    ];
    let specials: Vec<f64> = specials.into_iter().flat_map(|x| [x, -x]).collect();
    let mut random = fastrand::Rng::with_seed(11);
    let mut number = |specials: bool, index: usize, list: &[f64]| match random.u8(0..7) {
        _ if specials => list[index],
        0 => f64::from_bits(random.u64(..)),
        1 => f64::from(f32::from_bits(random.u32(..))),
        2 => (random.f64() - 0.5) * 2f64.powi(random.i32(-40..12)),
        3 => 1.0 + (random.f64() - 0.5) * 2f64.powi(random.i32(-50..1)),
        4 => f64::from(random.i32(-20..20)) * 0.5,
        // Where the sine, the cosine and the tangent have lost the most.
        5 => f64::from(random.u32(..) >> random.u8(0..32)) * std::f64::consts::FRAC_PI_2,
        _ => (random.f64() - 0.5) * 400.0,
    };
    // Every pair of specials, then random numbers.
    let n = specials.len();
    (0..count.next_multiple_of(4))
        .map(|i| (number(i < n * n, i % n, &specials), number(i < n * n, i / n % n, &specials)))
        .unzip()
}

fn assert_same<T: Copy + Into<f64>>(op: Op, x: &[f64], left: &[T], right: &[T]) {
    for ((x, left), right) in x.iter().zip(left).zip(right) {
        let (left, right): (f64, f64) = ((*left).into(), (*right).into());
        assert!(
            left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan()),
            "{op:?} {x:e}: {left:e} {right:e}"
        );
    }
}

/// Alone, in a vector, and in another lane of one, beside other values, a number has the same value.
#[test]
fn lanes_are_independent() {
    let (x, y) = arguments(12_000);
    let rotated = |values: &[f64]| [&values[1..], &values[..1]].concat();
    let single = |values: &[f64]| values.iter().map(|x| *x as f32).collect::<Vec<f32>>();
    for op in Op::all() {
        let mut alone = compile(op, F64).run(&x, &y);
        let vector = compile(op, F64X2);
        assert_same(op, &x, &alone, &vector.run(&x, &y));
        alone.rotate_left(1);
        assert_same(op, &rotated(&x), &alone, &vector.run(&rotated(&x), &rotated(&y)));

        let mut alone = compile(op, F32).run(&single(&x), &single(&y));
        let vector = compile(op, F32X4);
        assert_same(op, &x, &alone, &vector.run(&single(&x), &single(&y)));
        alone.rotate_left(1);
        assert_same(op, &rotated(&x), &alone, &vector.run(&single(&rotated(&x)), &single(&rotated(&y))));
    }
}

/// Whatever is nearer to 2^128 than to the greatest f32 rounds to infinity.
const OVERFLOW_SINGLE: f64 = 3.4028235677973366e38;

/// The distance of `value` from `exact` in units in the last place of numbers with `digits` binary digits, the least
/// of which is 2^`least`, and that reach to `overflow`; infinite where one is NaN or zero with a sign, and the other
/// is not.
fn ulps(value: f64, exact: f64, overflow: f64, digits: i32, least: i32) -> f64 {
    if value.is_nan() || exact.is_nan() {
        return if value.is_nan() && exact.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if value.is_sign_negative() != exact.is_sign_negative() {
        return f64::INFINITY;
    }
    if value == exact || (value.is_infinite() && exact.abs() >= overflow) {
        return 0.0;
    }
    let exponent = ((exact.abs().to_bits() >> 52) as i32 - 1023).max(-1022);
    let last_place = (exponent + 1 - digits).max(least);
    // In two steps, since the power may be out of range.
    (value - exact).abs() * 2f64.powi(-last_place / 2) * 2f64.powi(-last_place - -last_place / 2)
}

fn bound(op: Op) -> f64 {
    if matches!(op, Op::Binary(BinaryOp::Power)) { 1.0 } else { 2.0 }
}

/// In single precision against functions of double precision, whose own errors don't count.
#[test]
fn single_precision() {
    let (x, y) = arguments(200_000);
    let x: Vec<f32> = x.into_iter().map(|x| x as f32).collect();
    let y: Vec<f32> = y.into_iter().map(|y| y as f32).collect();
    for op in Op::all() {
        let mut worst = (0.0, 0.0, 0.0, 0.0);
        for ((x, y), value) in x.iter().zip(&y).zip(compile(op, F32X4).run(&x, &y)) {
            let exact = op.apply(f64::from(*x), f64::from(*y));
            let error = ulps(f64::from(value), exact, OVERFLOW_SINGLE, 24, -149);
            if error > worst.0 {
                worst = (error, *x, *y, value);
            }
        }
        println!("{op:?}: {worst:?}");
        assert!(worst.0 <= bound(op), "{op:?}: {worst:?}");
    }
}

/// The power of two that is for arguments of at most 127.
#[test]
fn bounded_powers_of_two() {
    let arguments = arguments(200_000).0.into_iter().map(|x| x as f32).filter(|x| *x <= 127.0 || x.is_nan());
    let mut x: Vec<f32> = arguments.chain((0..40_000).map(|step| 127.0 - step as f32 / 150.0)).collect();
    x.truncate(x.len() / 4 * 4);
    let code = compile_with(F32X4, |b, _, x, _| super::bounded_exp2(b, x));
    for (x, value) in x.iter().zip(code.run(&x, &x)) {
        let exact = f64::from(*x).exp2();
        let error = ulps(f64::from(value), exact, OVERFLOW_SINGLE, 24, -149);
        let is_tiny = exact < f64::from(f32::MIN_POSITIVE);
        assert!(error <= 2.0 || is_tiny && value == 0.0, "{x}: {value:e} instead of {exact:e}, {error} units");
    }
}

/// In double precision against functions that are themselves within one unit, so that it can be many numbers.
#[test]
fn double_precision() {
    let (x, y) = arguments(100_000);
    for op in Op::all() {
        let mut worst = (0.0, 0.0, 0.0, 0.0);
        for ((x, y), value) in x.iter().zip(&y).zip(compile(op, F64X2).run(&x, &y)) {
            let error = ulps(value, op.apply(*x, *y), f64::MAX, 53, -1074);
            if error > worst.0 {
                worst = (error, *x, *y, value);
            }
        }
        println!("{op:?}: {worst:?}");
        assert!(worst.0 <= bound(op) + 1.0, "{op:?}: {worst:?}");
    }
}
