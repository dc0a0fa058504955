//! The value of a node for all the pixels that are computed together: one value, or a few vector registers.
//!
//! Code for a callback computes one pixel, in scalar registers. Code for rows computes a *block* of neighbouring pixels:
//! a value of lane type T takes as many registers, its *parts*, as the pixels need. If the block has fewer pixels than a
//! register has lanes, the upper lanes hold anything.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32, F32X4, F64, F64X2, I8, I8X16, I16, I16X8, I32, I32X4, I64, I64X2};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;

use super::simd;
use crate::grid::lane::Lane;
use crate::plan::width::{REGISTER, Width};

/// At this size a unit in the last place of an f64 is 1: a sum with it is rounded to a whole number, half to even, which its low bits hold.
const WHOLE: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52

/// Orders of the bytes of two registers: the even and the odd lanes of 32 bits, the lower and the upper halves.
pub const EVEN_DWORDS: [u8; REGISTER] = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];
pub const ODD_DWORDS: [u8; REGISTER] = [4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31];
pub const LOW_HALVES: [u8; REGISTER] = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
pub const HIGH_HALVES: [u8; REGISTER] = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31];

/// A node's value.
#[derive(Clone, Debug)]
pub enum Lanes {
    /// The same known number for every pixel.
    Number(f64),
    /// The same known truth for every pixel.
    Truth(bool),
    /// Numbers.
    Numbers(Lane, Vec<Value>),
    /// Booleans, as masks for lanes of this type's size.
    Masks(Lane, Vec<Value>),
}

/// Cranelift's types.
impl Width {
    /// The type of a register of lanes.
    pub fn ty(self, lane: Lane) -> Type {
        match (self, lane) {
            (Width::One, _) => F64,
            (_, Lane::U8 | Lane::I8) => I8X16,
            (_, Lane::U16 | Lane::I16) => I16X8,
            (_, Lane::U32 | Lane::I32) => I32X4,
            (_, Lane::F32) => F32X4,
            (_, Lane::F64) => F64X2,
            (_, Lane::U64 | Lane::I64) => I64X2,
        }
    }

    /// The type of a mask beside lanes.
    pub fn mask_ty(self, lane: Lane) -> Type {
        match (self, lane.bytes()) {
            (Width::One, _) => I8,
            (_, 1) => I8X16,
            (_, 2) => I16X8,
            (_, 4) => I32X4,
            _ => I64X2,
        }
    }
}

/// `value` as lanes; it must be one of the type's values.
pub fn number(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, value: f64) -> Vec<Value> {
    let ty = width.ty(lane);
    let part = match lane.is_float() || width == Width::One {
        true => simd::float(b, ty, value),
        // The bits of the greatest u64 are those of an i64.
        false if lane == Lane::U64 => simd::int(b, ty, value as u64 as i64),
        false => simd::int(b, ty, value as i64),
    };
    vec![part; width.parts(lane)]
}

/// A known truth as masks.
pub fn truth(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, value: bool) -> Vec<Value> {
    let ty = width.mask_ty(lane);
    let set = if width == Width::One { 1 } else { -1 };
    let part = simd::int(b, ty, if value { set } else { 0 });
    vec![part; width.parts(lane)]
}

/// The scalar f64 `value` in every lane; `lane` is a float type.
pub fn broadcast(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, value: Value) -> Vec<Value> {
    debug_assert!(lane.is_float());
    let value = if lane == Lane::F32 && width != Width::One { b.ins().fdemote(F32, value) } else { value };
    let part = simd::splat(b, width.ty(lane), value);
    vec![part; width.parts(lane)]
}

/// A value as numbers in lanes of type `to`, which holds it.
pub fn numbers(b: &mut FunctionBuilder<'_>, width: Width, value: &Lanes, to: Lane) -> Vec<Value> {
    match value {
        Lanes::Number(value) => number(b, width, to, *value),
        Lanes::Numbers(lane, parts) => convert(b, width, *lane, to, parts),
        Lanes::Truth(_) | Lanes::Masks(..) => unreachable!("the checker keeps numbers and booleans apart"),
    }
}

/// A value as masks for lanes of the size of `to`.
pub fn masks(b: &mut FunctionBuilder<'_>, width: Width, value: &Lanes, to: Lane) -> Vec<Value> {
    match value {
        Lanes::Truth(value) => truth(b, width, to, *value),
        Lanes::Masks(lane, parts) => convert_masks(b, width, lane.bytes(), to.bytes(), parts),
        Lanes::Number(_) | Lanes::Numbers(..) => unreachable!("the checker keeps numbers and booleans apart"),
    }
}

/// Numbers in lanes of another type, which holds them all.
fn convert(b: &mut FunctionBuilder<'_>, width: Width, from: Lane, to: Lane, parts: &[Value]) -> Vec<Value> {
    if from == to || width == Width::One {
        return parts.to_vec();
    }
    match (from, to) {
        _ if from.is_long() || to.is_long() => return convert_long(b, width, from, to, parts),
        (Lane::F64, Lane::F32) => return to_single(b, parts),
        (Lane::F64, _) => {
            let dwords = nearest_dwords(b, parts);
            return narrow(b, Lane::I32, to, &dwords);
        }
        (Lane::F32, _) if !to.is_float() => {
            let dwords: Vec<Value> = parts.iter().map(|part| b.ins().fcvt_to_sint_sat(I32X4, *part)).collect();
            return narrow(b, Lane::I32, to, &dwords);
        }
        _ if !to.is_float() && from.bytes() >= to.bytes() => return narrow(b, from, to, parts),
        _ => {}
    }
    let widened: Vec<Value> = match (from, to) {
        (Lane::U8 | Lane::I8 | Lane::U16 | Lane::I16, _) if to.is_float() || to.bytes() > 2 * from.bytes() => {
            let twice = match from {
                Lane::U8 => Lane::U16,
                Lane::I8 => Lane::I16,
                _ => Lane::I32,
            };
            let parts = convert(b, width, from, twice, parts);
            return convert(b, width, twice, to, &parts);
        }
        (Lane::U8 | Lane::U16, _) => halves(b, parts, |b, x| b.ins().uwiden_low(x), |b, x| b.ins().uwiden_high(x)),
        (Lane::I8 | Lane::I16, _) => halves(b, parts, |b, x| b.ins().swiden_low(x), |b, x| b.ins().swiden_high(x)),
        (Lane::U32, Lane::F32) => {
            let parts = convert(b, width, from, Lane::F64, parts);
            return to_single(b, &parts);
        }
        (Lane::I32, Lane::F32) => {
            return parts.iter().map(|part| b.ins().fcvt_from_sint(F32X4, *part)).collect();
        }
        (Lane::I32, Lane::F64) => in_low_half(b, parts, |b, x| {
            let wide = b.ins().swiden_low(x);
            b.ins().fcvt_from_sint(F64X2, wide)
        }),
        (Lane::U32, Lane::F64) => in_low_half(b, parts, |b, x| {
            let wide = b.ins().uwiden_low(x);
            b.ins().fcvt_from_uint(F64X2, wide)
        }),
        (Lane::F32, Lane::F64) => in_low_half(b, parts, |b, x| b.ins().fvpromote_low(x)),
        _ => unreachable!("{} lanes don't become {} lanes", from.as_str(), to.as_str()),
    };
    widened.into_iter().take(width.parts(to)).collect()
}

/// [`convert`] to or from 64-bit integers.
fn convert_long(b: &mut FunctionBuilder<'_>, width: Width, from: Lane, to: Lane, parts: &[Value]) -> Vec<Value> {
    let by_way_of = match (from, to) {
        (Lane::U64 | Lane::I64, Lane::U64 | Lane::I64) => return parts.to_vec(),
        (Lane::U64 | Lane::I64, Lane::F64) => {
            return parts.iter().map(|part| long_to_double(b, from == Lane::I64, *part)).collect();
        }
        (Lane::F64, _) => return parts.iter().map(|part| nearest_long(b, *part)).collect(),
        (Lane::U64 | Lane::I64, Lane::F32) | (Lane::F32, _) => Lane::F64,
        (Lane::U64 | Lane::I64, _) => return narrow(b, from, to, parts),
        (Lane::I32 | Lane::U32, _) => {
            let widened = match from {
                Lane::I32 => halves(b, parts, |b, x| b.ins().swiden_low(x), |b, x| b.ins().swiden_high(x)),
                _ => halves(b, parts, |b, x| b.ins().uwiden_low(x), |b, x| b.ins().uwiden_high(x)),
            };
            return widened.into_iter().take(width.parts(to)).collect();
        }
        _ => Lane::I32,
    };
    let parts = convert(b, width, from, by_way_of, parts);
    convert(b, width, by_way_of, to, &parts)
}

/// For each register, what comes of its lower and of its upper half.
fn halves<'f>(
    b: &mut FunctionBuilder<'f>,
    parts: &[Value],
    low: impl Fn(&mut FunctionBuilder<'f>, Value) -> Value,
    high: impl Fn(&mut FunctionBuilder<'f>, Value) -> Value,
) -> Vec<Value> {
    parts.iter().flat_map(|part| [low(b, *part), high(b, *part)]).collect()
}

/// [`halves`] for an instruction that only takes a lower half.
fn in_low_half<'f>(
    b: &mut FunctionBuilder<'f>,
    parts: &[Value],
    low: impl Fn(&mut FunctionBuilder<'f>, Value) -> Value,
) -> Vec<Value> {
    halves(b, parts, &low, |b, x| {
        let ty = simd::type_of(b, x);
        let moved = shuffle(b, x, x, [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]);
        let moved = simd::bits(b, ty, moved);
        low(b, moved)
    })
}

/// The bytes of two registers, numbered one after the other, in another order.
fn shuffle(b: &mut FunctionBuilder<'_>, x: Value, y: Value, order: [u8; REGISTER]) -> Value {
    let (x, y) = (simd::bits(b, I8X16, x), simd::bits(b, I8X16, y));
    let order = b.func.dfg.immediates.push(order.as_slice().into());
    b.ins().shuffle(x, y, order)
}

/// The even 32-bit lanes of two registers.
fn even_dwords(b: &mut FunctionBuilder<'_>, x: Value, y: Value) -> Value {
    let even = shuffle(b, x, y, EVEN_DWORDS);
    simd::bits(b, I32X4, even)
}

/// One register for each two, or for a last one alone.
fn pairs<'f>(
    b: &mut FunctionBuilder<'f>,
    parts: &[Value],
    join: impl Fn(&mut FunctionBuilder<'f>, Value, Value) -> Value,
) -> Vec<Value> {
    parts.chunks(2).map(|pair| join(b, pair[0], *pair.last().expect("a chunk is not empty"))).collect()
}

fn convert_masks(b: &mut FunctionBuilder<'_>, width: Width, from: usize, to: usize, parts: &[Value]) -> Vec<Value> {
    if from == to || width == Width::One {
        return parts.to_vec();
    }
    let (next, mut converted) = if from < to {
        (2 * from, halves(b, parts, |b, x| b.ins().swiden_low(x), |b, x| b.ins().swiden_high(x)))
    } else if from == 8 {
        (4, pairs(b, parts, even_dwords))
    } else {
        (from / 2, pairs(b, parts, |b, x, y| b.ins().snarrow(x, y)))
    };
    let Width::Pixels(pixels) = width else { unreachable!("one pixel's mask has one size") };
    converted.truncate((pixels * next).div_ceil(REGISTER));
    convert_masks(b, width, next, to, &converted)
}

/// The low halves of 64-bit integers.
pub fn low_dwords(b: &mut FunctionBuilder<'_>, parts: &[Value]) -> Vec<Value> {
    pairs(b, parts, even_dwords)
}

/// Integers in lanes of half the size or less that hold them all.
pub fn narrow(b: &mut FunctionBuilder<'_>, from: Lane, to: Lane, parts: &[Value]) -> Vec<Value> {
    if from.bytes() == to.bytes() {
        return parts.to_vec();
    }
    if from.is_long() {
        let dwords = low_dwords(b, parts);
        return narrow(b, if to == Lane::U32 { Lane::U32 } else { Lane::I32 }, to, &dwords);
    }
    let next = match (from.bytes(), to) {
        // What is to fit in 8 bits fits in 16 with a sign.
        (4, Lane::U8 | Lane::I8) => Lane::I16,
        _ => to,
    };
    let narrowed = match next {
        Lane::U8 | Lane::U16 => pairs(b, parts, |b, x, y| b.ins().unarrow(x, y)),
        _ => pairs(b, parts, |b, x, y| b.ins().snarrow(x, y)),
    };
    narrow(b, next, to, &narrowed)
}

/// The integers nearest to f64s within the range of i32 or of u32, half to even, as 32-bit lanes.
pub fn nearest_dwords(b: &mut FunctionBuilder<'_>, parts: &[Value]) -> Vec<Value> {
    let whole = simd::float(b, F64X2, WHOLE);
    let sums: Vec<Value> = parts.iter().map(|part| b.ins().fadd(*part, whole)).collect();
    pairs(b, &sums, even_dwords)
}

/// 64-bit integers rounded to f64s.
///
/// The high and the low half become numbers by being put in the low bits of large powers of two, which are then subtracted; all is
/// exact but the last addition. (The high half of a signed one counts from -2^63.)
fn long_to_double(b: &mut FunctionBuilder<'_>, signed: bool, x: Value) -> Value {
    const HIGH: f64 = 19_342_813_113_834_066_795_298_816.0; // 2^84
    const LOW: f64 = 4_503_599_627_370_496.0; // 2^52
    const SIGN: f64 = 9_223_372_036_854_775_808.0; // 2^63
    let x = if signed { flip_sign(b, x) } else { x };
    let number = |b: &mut FunctionBuilder<'_>, bits: Value, power: f64| {
        let power = simd::int(b, I64X2, power.to_bits() as i64);
        let bits = b.ins().bor(bits, power);
        simd::bits(b, F64X2, bits)
    };
    let high = b.ins().ushr_imm_u(x, 32);
    let high = number(b, high, HIGH);
    let half = simd::int(b, I64X2, 0xffff_ffff);
    let low = b.ins().band(x, half);
    let low = number(b, low, LOW);
    let first = simd::float(b, F64X2, HIGH + LOW + if signed { SIGN } else { 0.0 });
    let high = b.ins().fsub(high, first);
    b.ins().fadd(high, low)
}

/// The nearest 64-bit integers to f64s of less than 2^51, half to even: at this size a unit in the last place is 1.
fn nearest_long(b: &mut FunctionBuilder<'_>, x: Value) -> Value {
    let whole = simd::float(b, F64X2, WHOLE);
    let sum = b.ins().fadd(x, whole);
    let bits = simd::bits(b, I64X2, sum);
    let first = simd::int(b, I64X2, WHOLE.to_bits() as i64);
    b.ins().isub(bits, first)
}

/// Whole f64s, from the least to one more than the greatest of the 64-bit integers, as such; one more than the greatest is the greatest.
///
/// Each half is a whole number of less than 2^33, which the low bits of its sum with a large power of two hold; all is exact.
pub fn whole_long(b: &mut FunctionBuilder<'_>, signed: bool, x: Value) -> Value {
    const HALF: f64 = 4_294_967_296.0; // 2^32
    let by = |b: &mut FunctionBuilder<'_>, number: f64| simd::float(b, F64X2, number);
    let (part, half, whole) = (by(b, 1.0 / HALF), by(b, HALF), by(b, WHOLE));
    let high = b.ins().fmul(x, part);
    let high = b.ins().floor(high);
    let above = b.ins().fmul(high, half);
    let low = b.ins().fsub(x, above);
    let [high, low] = [high, low].map(|half| {
        let sum = b.ins().fadd(half, whole);
        simd::bits(b, I64X2, sum)
    });
    let high = b.ins().ishl_imm_u(high, 32);
    let sum = b.ins().iadd(high, low);
    // What the bits of the power of two have added to both.
    let first = simd::int(b, I64X2, (WHOLE.to_bits() << 32).wrapping_add(WHOLE.to_bits()) as i64);
    let long = b.ins().isub(sum, first);
    let (end, greatest) = if signed { (HALF * HALF / 2.0, i64::MAX) } else { (HALF * HALF, -1) };
    let end = by(b, end);
    let beyond = b.ins().fcmp(FloatCC::GreaterThanOrEqual, x, end);
    let greatest = simd::int(b, I64X2, greatest);
    simd::select(b, beyond, greatest, long)
}

/// 64-bit integers with the highest bit flipped, so that those without a sign compare as those with one.
pub fn flip_sign(b: &mut FunctionBuilder<'_>, x: Value) -> Value {
    let sign = simd::int(b, I64X2, i64::MIN);
    b.ins().bxor(x, sign)
}

/// f64s rounded to f32s.
pub fn to_single(b: &mut FunctionBuilder<'_>, parts: &[Value]) -> Vec<Value> {
    let halves: Vec<Value> = parts.iter().map(|part| b.ins().fvdemote(*part)).collect();
    pairs(b, &halves, |b, x, y| {
        let both = shuffle(b, x, y, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
        simd::bits(b, F32X4, both)
    })
}

/// How memory that nobody writes while the code runs is read.
pub fn constant_memory() -> MemFlagsData {
    MemFlagsData::new().with_notrap().with_readonly().with_can_move()
}

/// How memory of the code's own is written and read.
pub fn scratch_memory() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

/// Loads a block of numbers of 8 bytes that the host has just written to `address`.
pub fn load_scratch(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, address: Value) -> Vec<Value> {
    let part = |part: usize| b.ins().load(width.ty(lane), scratch_memory(), address, (REGISTER * part) as i32);
    (0..width.parts(lane)).map(part).collect()
}

/// Loads a block of lanes from `address` plus `offset` bytes.
pub fn load(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, address: Value, offset: i32) -> Vec<Value> {
    let Width::Pixels(pixels) = width else {
        return vec![b.ins().load(F64, constant_memory().with_aligned(), address, offset)];
    };
    let ty = width.ty(lane);
    let bytes = pixels * lane.bytes();
    (0..bytes.div_ceil(REGISTER))
        .map(|part| {
            let at = offset + (REGISTER * part) as i32;
            match bytes - REGISTER * part {
                REGISTER.. => b.ins().load(ty, constant_memory(), address, at),
                rest => {
                    let scalar = b.ins().load(integer(rest), constant_memory(), address, at);
                    let (scalar, filled) = match rest {
                        8 => (scalar, I64X2),
                        4 => (scalar, I32X4),
                        _ => (b.ins().uextend(I32, scalar), I32X4),
                    };
                    let filled = b.ins().scalar_to_vector(filled, scalar);
                    simd::bits(b, ty, filled)
                }
            }
        })
        .collect()
}

/// The same for a block whose halves are `apart` bytes from each other, with its pixels in pairs: the registers with the first ones of
/// each pair, and those with the second ones.
pub fn load_pairs(
    b: &mut FunctionBuilder<'_>,
    width: Width,
    lane: Lane,
    address: Value,
    offset: i32,
    apart: i32,
) -> [Vec<Value>; 2] {
    let half = width.half();
    let mut parts = load(b, half, lane, address, offset);
    parts.extend(load(b, half, lane, address, offset + apart));
    [false, true].map(|odd| pairs(b, &parts, |b, x, y| every_other(b, lane, odd, x, y)))
}

/// Stores a block whose halves are `apart` bytes from each other, with its pixels in pairs.
pub fn store_pairs(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, parts: &[Value], address: Value, apart: i32) {
    let (first, second) = parts.split_at(parts.len() / 2);
    let side_by_side = |(x, y): (&Value, &Value)| {
        [false, true].map(|high| {
            let joined = shuffle(b, *x, *y, interleaved(lane.bytes(), high));
            simd::bits(b, width.ty(lane), joined)
        })
    };
    let parts: Vec<Value> = first.iter().zip(second).flat_map(side_by_side).collect();
    let (low, high) = parts.split_at(parts.len() / 2);
    store_at(b, width.half(), lane, low, address, 0);
    store_at(b, width.half(), lane, high, address, apart);
}

/// The order of bytes that takes the lanes of the lower or the upper halves of two registers in turn.
pub fn interleaved(lane_bytes: usize, high: bool) -> [u8; REGISTER] {
    let first = if high { REGISTER / 2 } else { 0 };
    std::array::from_fn(|at| {
        let (lane, byte) = (at / lane_bytes, at % lane_bytes);
        (first + lane / 2 * lane_bytes + byte + lane % 2 * REGISTER) as u8
    })
}

/// The lanes at even places in two registers, or those at odd ones.
fn every_other(b: &mut FunctionBuilder<'_>, lane: Lane, odd: bool, x: Value, y: Value) -> Value {
    let bytes = lane.bytes();
    let taken = match (bytes, odd) {
        (8, false) => shuffle(b, x, y, LOW_HALVES),
        (8, true) => shuffle(b, x, y, HIGH_HALVES),
        (4, false) => shuffle(b, x, y, EVEN_DWORDS),
        (4, true) => shuffle(b, x, y, ODD_DWORDS),
        _ => {
            // As the low bits of lanes of twice the size, which are narrowed.
            let wide = if bytes == 1 { I16X8 } else { I32X4 };
            let [x, y] = [x, y].map(|x| {
                let x = simd::bits(b, wide, x);
                if odd {
                    return b.ins().ushr_imm_u(x, 8 * bytes as i64);
                }
                let low = simd::int(b, wide, (1 << (8 * bytes)) - 1);
                b.ins().band(x, low)
            });
            b.ins().unarrow(x, y)
        }
    };
    simd::bits(b, Width::Pixels(REGISTER / bytes).ty(lane), taken)
}

/// Stores a block of lanes of type `lane` to `address`.
pub fn store(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, parts: &[Value], address: Value) {
    store_at(b, width, lane, parts, address, 0);
}

/// The same to `address` plus `offset` bytes.
fn store_at(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, parts: &[Value], address: Value, offset: i32) {
    let Width::Pixels(pixels) = width else { unreachable!("blocks are stored") };
    let flags = MemFlagsData::new().with_notrap();
    let bytes = pixels * lane.bytes();
    for (part, value) in parts.iter().enumerate().take(bytes.div_ceil(REGISTER)) {
        let at = offset + (REGISTER * part) as i32;
        let value = match bytes - REGISTER * part {
            REGISTER.. => *value,
            rest => {
                let scalar = integer(rest);
                let whole = simd::bits(b, scalar.by(REGISTER as u32 / scalar.bytes()).expect("a register"), *value);
                b.ins().extractlane(whole, 0)
            }
        };
        b.ins().store(flags, value, address, at);
    }
}

/// The integer type of this many bytes.
fn integer(bytes: usize) -> Type {
    match bytes {
        1 => I8,
        2 => I16,
        4 => I32,
        8 => I64,
        _ => unreachable!("a block's size is a power of two"),
    }
}
