//! Formulas that emit instructions: a [`Num`] stands for a register of numbers, and arithmetic on it writes the code
//! that computes it.
//!
//! The operators make the functions of this folder read as the formulas that they are. Everything is for one value and
//! for several alike, and for both precisions: constants take the type of the register that they meet.

use std::cell::RefCell;
use std::ops::{Add, Div, Mul, Neg, Sub};

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::F32;
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use cranelift_frontend::FunctionBuilder;

use crate::codegen::simd;

/// Where instructions go. A trait hides the lifetimes of the builder from the formulas.
pub trait Emit {
    /// The value of the instruction that `write` appends.
    fn emit(&self, write: &mut dyn FnMut(&mut FunctionBuilder<'_>) -> Value) -> Value;
}

impl Emit for RefCell<&mut FunctionBuilder<'_>> {
    fn emit(&self, write: &mut dyn FnMut(&mut FunctionBuilder<'_>) -> Value) -> Value {
        write(&mut self.borrow_mut())
    }
}

/// A register of floats.
#[derive(Clone, Copy)]
pub struct Num<'e> {
    code: &'e dyn Emit,
    pub value: Value,
    ty: Type,
}

/// A register of integers, most often the bits of floats.
#[derive(Clone, Copy)]
pub struct Int<'e> {
    code: &'e dyn Emit,
    value: Value,
    ty: Type,
}

/// What a comparison gives.
#[derive(Clone, Copy)]
pub struct Mask<'e> {
    code: &'e dyn Emit,
    value: Value,
}

/// What may stand beside a [`Num`]: another one, or a constant.
pub trait Operand<'e> {
    /// The operand as a register like `other`.
    fn like(self, other: Num<'e>) -> Num<'e>;
}

impl<'e> Operand<'e> for Num<'e> {
    fn like(self, _: Num<'e>) -> Num<'e> {
        self
    }
}

impl<'e> Operand<'e> for f64 {
    fn like(self, other: Num<'e>) -> Num<'e> {
        let ty = other.ty;
        other.emit(|b| simd::float(b, ty, self))
    }
}

impl<'e> Num<'e> {
    /// The register that holds `value`, whose type is `ty`.
    pub fn new(code: &'e dyn Emit, ty: Type, value: Value) -> Num<'e> {
        Num { code, value, ty }
    }

    fn emit(self, mut write: impl FnMut(&mut FunctionBuilder<'_>) -> Value) -> Num<'e> {
        Num { value: self.code.emit(&mut write), ..self }
    }

    /// Whether the numbers are of single precision.
    pub fn is_single(self) -> bool {
        self.ty.lane_type() == F32
    }

    /// The constant for the precision of the numbers.
    pub fn by_precision<T>(self, single: T, double: T) -> T {
        if self.is_single() { single } else { double }
    }

    /// The number `value` in every lane.
    pub fn constant(self, value: f64) -> Num<'e> {
        value.like(self)
    }

    /// `self * y + z`, rounded once.
    pub fn fma(self, y: impl Operand<'e>, z: impl Operand<'e>) -> Num<'e> {
        let (y, z) = (y.like(self), z.like(self));
        self.emit(|b| b.ins().fma(self.value, y.value, z.value))
    }

    /// The part of the product `self * y` that `product`, its rounded value, has lost.
    pub fn product_error(self, y: impl Operand<'e>, product: Num<'e>) -> Num<'e> {
        self.fma(y, -product)
    }

    /// The sum of `coefficients[i] * self^i`, by Horner's rule.
    pub fn polynomial(self, coefficients: &[f64]) -> Num<'e> {
        let (last, rest) = coefficients.split_last().expect("a polynomial has coefficients");
        rest.iter().rev().fold(self.constant(*last), |sum, c| sum.fma(self, *c))
    }

    /// The same sum, of neighbouring terms first (the first step of Estrin's scheme): fewer operations wait for each other.
    pub fn polynomial_in_pairs(self, coefficients: &[f64]) -> Num<'e> {
        let square = self * self;
        let pair = |pair: &[f64]| match *pair {
            [even, odd] => self.constant(odd).fma(self, even),
            _ => self.constant(pair[0]),
        };
        let pairs: Vec<Num<'e>> = coefficients.chunks(2).map(pair).collect();
        let (last, rest) = pairs.split_last().expect("a polynomial has coefficients");
        rest.iter().rev().fold(*last, |sum, pair| sum.fma(square, *pair))
    }

    pub fn sqrt(self) -> Num<'e> {
        self.emit(|b| b.ins().sqrt(self.value))
    }

    pub fn abs(self) -> Num<'e> {
        self.emit(|b| b.ins().fabs(self.value))
    }

    pub fn trunc(self) -> Num<'e> {
        self.emit(|b| b.ins().trunc(self.value))
    }

    /// The magnitude of `self`, which is not negative, with the sign of `sign`.
    pub fn with_sign_of(self, sign: Num<'e>) -> Num<'e> {
        self.bits().or(sign.sign()).float()
    }

    /// Only the sign bit.
    pub fn sign(self) -> Int<'e> {
        let bits = self.bits();
        bits.and(bits.constant(1 << (bits.ty.lane_bits() - 1)))
    }

    /// The lesser of the number and `limit`; NaN stays NaN. One instruction for a vector.
    pub fn at_most(self, limit: impl Operand<'e>) -> Num<'e> {
        let limit = limit.like(self);
        limit.lt(self).select(limit, self)
    }

    /// The greater of the number and `limit`; NaN stays NaN. One instruction for a vector.
    pub fn at_least(self, limit: impl Operand<'e>) -> Num<'e> {
        let limit = limit.like(self);
        self.lt(limit).select(limit, self)
    }

    fn compare(self, order: FloatCC, other: impl Operand<'e>) -> Mask<'e> {
        let other = other.like(self);
        let value = self.code.emit(&mut |b| simd::compare(b, order, self.value, other.value));
        Mask { code: self.code, value }
    }

    pub fn lt(self, other: impl Operand<'e>) -> Mask<'e> {
        self.compare(FloatCC::LessThan, other)
    }

    pub fn le(self, other: impl Operand<'e>) -> Mask<'e> {
        self.compare(FloatCC::LessThanOrEqual, other)
    }

    pub fn gt(self, other: impl Operand<'e>) -> Mask<'e> {
        self.compare(FloatCC::GreaterThan, other)
    }

    pub fn eq(self, other: impl Operand<'e>) -> Mask<'e> {
        self.compare(FloatCC::Equal, other)
    }

    pub fn ne(self, other: impl Operand<'e>) -> Mask<'e> {
        self.compare(FloatCC::NotEqual, other)
    }

    /// Where one of the two is NaN.
    pub fn unordered(self, other: Num<'e>) -> Mask<'e> {
        self.compare(FloatCC::Unordered, other)
    }

    pub fn bits(self) -> Int<'e> {
        let ty = self.ty.as_int();
        let value = self.code.emit(&mut |b| simd::bits(b, ty, self.value));
        Int { code: self.code, value, ty }
    }

    /// The bits of the fraction in this precision.
    pub fn fraction_bits(self) -> u32 {
        self.by_precision(23, 52)
    }

    /// What the exponent of 1 is stored as.
    pub fn bias(self) -> i64 {
        self.by_precision(127, 1023)
    }
}

impl<'e> Int<'e> {
    fn emit(self, mut write: impl FnMut(&mut FunctionBuilder<'_>) -> Value) -> Int<'e> {
        Int { value: self.code.emit(&mut write), ..self }
    }

    /// The integer `value` in every lane.
    pub fn constant(self, value: i64) -> Int<'e> {
        self.emit(|b| simd::int(b, self.ty, value))
    }

    /// The float that has these bits.
    pub fn float(self) -> Num<'e> {
        let lane = if self.ty.lane_bits() == 32 { F32 } else { cranelift_codegen::ir::types::F64 };
        let ty = if self.ty.is_vector() { lane.by(self.ty.lane_count()).expect("a register") } else { lane };
        Num { code: self.code, value: self.code.emit(&mut |b| simd::bits(b, ty, self.value)), ty }
    }

    pub fn add(self, other: Int<'e>) -> Int<'e> {
        self.emit(|b| b.ins().iadd(self.value, other.value))
    }

    pub fn sub(self, other: Int<'e>) -> Int<'e> {
        self.emit(|b| b.ins().isub(self.value, other.value))
    }

    pub fn and(self, other: Int<'e>) -> Int<'e> {
        self.emit(|b| b.ins().band(self.value, other.value))
    }

    pub fn or(self, other: Int<'e>) -> Int<'e> {
        self.emit(|b| b.ins().bor(self.value, other.value))
    }

    pub fn xor(self, other: Int<'e>) -> Int<'e> {
        self.emit(|b| b.ins().bxor(self.value, other.value))
    }

    pub fn shift_left(self, bits: u32) -> Int<'e> {
        self.emit(|b| b.ins().ishl_imm_u(self.value, i64::from(bits)))
    }

    /// A shift that brings in zeros.
    pub fn shift_right(self, bits: u32) -> Int<'e> {
        self.emit(|b| b.ins().ushr_imm_u(self.value, i64::from(bits)))
    }

    pub fn eq(self, other: Int<'e>) -> Mask<'e> {
        let value = self.code.emit(&mut |b| simd::compare_ints(b, IntCC::Equal, self.value, other.value));
        Mask { code: self.code, value }
    }
}

impl<'e> Mask<'e> {
    fn emit(self, mut write: impl FnMut(&mut FunctionBuilder<'_>) -> Value) -> Mask<'e> {
        Mask { value: self.code.emit(&mut write), ..self }
    }

    /// `yes` where the mask is set, else `no`; one of the two may be a constant.
    pub fn select(self, yes: Num<'e>, no: impl Operand<'e>) -> Num<'e> {
        let no = no.like(yes);
        yes.emit(|b| simd::select(b, self.value, yes.value, no.value))
    }

    pub fn and(self, other: Mask<'e>) -> Mask<'e> {
        self.emit(|b| b.ins().band(self.value, other.value))
    }

    pub fn or(self, other: Mask<'e>) -> Mask<'e> {
        self.emit(|b| b.ins().bor(self.value, other.value))
    }

    pub fn not(self) -> Mask<'e> {
        self.emit(|b| simd::not(b, self.value))
    }

    pub fn xor(self, other: Mask<'e>) -> Mask<'e> {
        self.emit(|b| b.ins().bxor(self.value, other.value))
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $instruction:ident)*) => {
        $(impl<'e, T: Operand<'e>> $trait<T> for Num<'e> {
            type Output = Num<'e>;
            fn $method(self, other: T) -> Num<'e> {
                let other = other.like(self);
                self.emit(|b| b.ins().$instruction(self.value, other.value))
            }
        }

        impl<'e> $trait<Num<'e>> for f64 {
            type Output = Num<'e>;
            fn $method(self, other: Num<'e>) -> Num<'e> {
                let this = self.like(other);
                other.emit(|b| b.ins().$instruction(this.value, other.value))
            }
        })*
    };
}

operators! {
    Add add fadd
    Sub sub fsub
    Mul mul fmul
    Div div fdiv
}

impl<'e> Neg for Num<'e> {
    type Output = Num<'e>;
    fn neg(self) -> Num<'e> {
        self.emit(|b| b.ins().fneg(self.value))
    }
}
