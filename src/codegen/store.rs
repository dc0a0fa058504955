//! Values as elements of an output, step by step as the plan says.

use cranelift_codegen::ir::types::{F32X4, I8X16, I16X8, I32X4};
use cranelift_codegen::ir::{InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use super::lanes::{self, Lanes};
use super::{expr, simd};
use crate::grid::element::Cast;
use crate::grid::lane::Lane;
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::plan::store::{Rounding, Store};
use crate::plan::width::Width;

/// The registers to store for a value.
pub fn stored(b: &mut FunctionBuilder<'_>, width: Width, value: &Lanes, store: Store) -> Vec<Value> {
    // A boolean is a number from here on.
    let value = match value {
        Lanes::Truth(value) => Lanes::Number(f64::from(u8::from(*value))),
        Lanes::Masks(lane, masks) => {
            let (one, zero) = (lanes::number(b, width, *lane, 1.0), lanes::number(b, width, *lane, 0.0));
            let select = |((mask, one), zero): ((&Value, &Value), &Value)| simd::select(b, *mask, *one, *zero);
            Lanes::Numbers(*lane, masks.iter().zip(&one).zip(&zero).map(select).collect())
        }
        number => number.clone(),
    };
    match store {
        Store::Value(lane) => lanes::numbers(b, width, &value, lane),
        Store::Truth(cast) => truth(b, width, &value, cast),
        Store::Integer(rounding) => integer(b, width, &value, rounding),
    }
}

/// Numbers as integers.
fn integer(b: &mut FunctionBuilder<'_>, width: Width, value: &Lanes, rounding: Rounding) -> Vec<Value> {
    let Rounding { via, nan_to_zero, by_addition, round, by_halves, clamp, wrap, lane } = rounding;
    let mut parts = lanes::numbers(b, width, value, via);
    if nan_to_zero {
        let zero = lanes::number(b, width, via, 0.0);
        let settle = |(x, zero): (&Value, &Value)| {
            let nan = expr::is_nan(b, *x);
            simd::select(b, nan, *zero, *x)
        };
        parts = parts.iter().zip(&zero).map(settle).collect();
    }
    if let Some(op) = round {
        parts = parts.iter().map(|x| expr::unary(b, op, via, *x)).collect();
    }
    if let Some((least, greatest)) = clamp {
        let (low, high) = (lanes::number(b, width, via, least), limit(b, width, via, greatest));
        let between = |(x, (low, high)): (&Value, (&Value, &Value))| {
            let x = expr::extreme(b, BinaryOp::Max, via, *x, *low);
            expr::extreme(b, BinaryOp::Min, via, x, *high)
        };
        parts = parts.iter().zip(low.iter().zip(&high)).map(between).collect();
    }
    if by_addition {
        let words = parts.iter().map(|x| nearest_word(b, *x)).collect();
        return lanes::numbers(b, width, &Lanes::Numbers(Lane::I32, words), lane);
    }
    if by_halves {
        return parts.iter().map(|x| lanes::whole_long(b, lane == Lane::I64, *x)).collect();
    }
    if wrap {
        wrapped(b, width, via, &parts, lane)
    } else {
        lanes::numbers(b, width, &Lanes::Numbers(via, parts), lane)
    }
}

/// The greatest value of a clamp; that of an i64 is no f64.
fn limit(b: &mut FunctionBuilder<'_>, width: Width, via: Lane, greatest: f64) -> Vec<Value> {
    if via.is_long() && greatest == Lane::I64.greatest() {
        return vec![simd::int(b, width.ty(via), i64::MAX); width.parts(via)];
    }
    lanes::number(b, width, via, greatest)
}

/// The nearest integers to f32s of less than 2^22, of two the even one: beyond 2^23 an f32 has no fraction, so the sum is rounded,
/// and its bits count from there.
fn nearest_word(b: &mut FunctionBuilder<'_>, x: Value) -> Value {
    const SHIFT: f32 = 12_582_912.0; // 1.5 * 2^23
    let shift = simd::float(b, F32X4, SHIFT.into());
    let sum = b.ins().fadd(x, shift);
    let bits = simd::bits(b, I32X4, sum);
    let first = simd::int(b, I32X4, i64::from(SHIFT.to_bits()));
    b.ins().isub(bits, first)
}

/// Numbers as 0 and 1, in lanes of 8 bits.
fn truth(b: &mut FunctionBuilder<'_>, width: Width, value: &Lanes, cast: Cast) -> Vec<Value> {
    let (lane, parts) = match value {
        Lanes::Numbers(lane, parts) if lane.is_float() => (*lane, parts.clone()),
        value => (Lane::F64, lanes::numbers(b, width, value, Lane::F64)),
    };
    let (op, limit) = match cast {
        Cast::Saturate => (BinaryOp::Less, 0.5),
        Cast::Wrap => (BinaryOp::LessEqual, 1.0),
    };
    let limit = lanes::number(b, width, lane, limit);
    let masks = parts
        .iter()
        .zip(&limit)
        .map(|(x, limit)| {
            let x = if cast == Cast::Wrap { expr::unary(b, UnaryOp::Abs, lane, *x) } else { *x };
            expr::compare(b, op, lane, *limit, x)
        })
        .collect();
    let masks = lanes::masks(b, width, &Lanes::Masks(lane, masks), Lane::U8);
    let one = lanes::number(b, width, Lane::U8, 1.0);
    masks.iter().zip(&one).map(|(mask, one)| b.ins().band(*mask, *one)).collect()
}

/// The low bits of whole numbers: of 64-bit integers, or of numbers that fit in 32 bits, or in 52 where 64 are kept.
fn wrapped(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, parts: &[Value], to: Lane) -> Vec<Value> {
    if to.is_long() && (lane.is_float() || lane.is_long()) {
        return lanes::numbers(b, width, &Lanes::Numbers(lane, parts.to_vec()), to);
    }
    let words = match lane {
        Lane::U64 | Lane::I64 => lanes::low_dwords(b, parts),
        Lane::F64 | Lane::F32 => lanes::numbers(b, width, &Lanes::Numbers(lane, parts.to_vec()), Lane::I32),
        _ => parts.to_vec(),
    };
    let from = if lane.is_float() || lane.is_long() { Lane::I32 } else { lane };
    if from.bytes() == to.bytes() {
        return words;
    }
    if from.bytes() < to.bytes() {
        // Negative numbers as they are in the type with a sign of that size, whose bits are the same.
        let signed = match to.bytes() {
            2 => Lane::I16,
            4 => Lane::I32,
            _ => Lane::I64,
        };
        return lanes::numbers(b, width, &Lanes::Numbers(from, words), signed);
    }
    let ty = match from.bytes() {
        4 => I32X4,
        2 => I16X8,
        _ => I8X16,
    };
    // Without their high bits, they are numbers of the type without sign of that size, whose bits are the same.
    let mask = simd::int(b, ty, (1 << (8 * to.bytes())) - 1);
    let low: Vec<Value> = words.iter().map(|x| b.ins().band(*x, mask)).collect();
    let unsigned = if to.bytes() == 1 { Lane::U8 } else { Lane::U16 };
    lanes::numbers(b, width, &Lanes::Numbers(from, low), unsigned)
}
