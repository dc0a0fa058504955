//! Conversions between lanes of different sizes.
//!
//! What narrows two registers to one, and what widens a half of each part by interleaving it, stays within the parts. What the processor
//! does only from half a register to a whole one takes a *packed* operand: a register of half the size with the low 64 bits of all parts. Of
//! values that come from memory, where those are next to each other, that is one load, or the operand of the conversion itself.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F32X4, F64X2, I32X4};
use cranelift_codegen::ir::{InstructionData, Opcode, Value};
use regalloc2::{RegClass, VReg};

use super::Selector;
use super::by_lane::comparison_predicate;
use crate::codegen::lanes::{EVEN_DWORDS, LOW_HALVES, ODD_DWORDS, interleaved};
use crate::codegen::wide::encode::{CONSTANT, Length};
use crate::codegen::wide::inst::{Inst, Kind, read, read_anywhere, result};
use crate::codegen::wide::ops::{VectorOp, op};
use crate::plan::width::REGISTER;

/// The 64-bit lanes of a packed register, by their numbers in the parts of a whole one: the low ones of all parts, or the high ones.
const LOW_LANES: [u8; 4] = [0, 2, 4, 6];
const HIGH_LANES: [u8; 4] = [1, 3, 5, 7];
/// The other way round: those of a packed register, in the low lanes of all parts.
const TO_PARTS: [u8; 8] = [0, 0, 1, 1, 2, 2, 3, 3];

/// The order of bytes that has the upper half twice.
const HIGH_TWICE: [u8; REGISTER] = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];

/// A load of fewer bytes than a register has, perhaps of narrower lanes.
struct Source {
    address: Value,
    offset: i32,
    /// How many bytes are loaded for a block of pixels.
    bytes: u32,
    /// How often lanes are widened, and whether with a sign.
    widened: u32,
    signed: bool,
}

impl Selector<'_> {
    /// A conversion.
    pub(super) fn conversion(&mut self, data: &InstructionData, to: Value) -> Option<()> {
        match *data {
            InstructionData::Unary { opcode, arg } => match opcode {
                Opcode::ScalarToVector => self.spread(to),
                Opcode::FvpromoteLow => self.convert_packed(op::CVTPS2PD, to, arg),
                Opcode::Fvdemote => {
                    let packed = self.packed(to)?;
                    self.spread_packed(to, packed);
                    Some(())
                }
                Opcode::FcvtFromSint => self.convert_signed(to, arg),
                Opcode::FcvtFromUint => self.convert_unsigned(to, arg),
                Opcode::FcvtToSintSat => self.make_signed(to, arg),
                _ => self.widen(opcode, to, arg),
            },
            InstructionData::Binary { opcode, args: [x, y] } => {
                let op = match (opcode, self.function.dfg.value_type(to).lane_bits()) {
                    (Opcode::Snarrow, 8) => op::PACKSSWB,
                    (Opcode::Snarrow, 16) => op::PACKSSDW,
                    (Opcode::Unarrow, 8) => op::PACKUSWB,
                    (Opcode::Unarrow, 16) => op::PACKUSDW,
                    _ => return None,
                };
                self.binary(op, None, to, x, y, false);
                Some(())
            }
            InstructionData::Shuffle { args: [x, y], .. } => {
                let (op, code) = match self.shuffle_order(data)? {
                    HIGH_TWICE => return self.high_twice(to, x),
                    EVEN_DWORDS => (op::SHUFPS, Some(0b10_00_10_00)),
                    ODD_DWORDS => (op::SHUFPS, Some(0b11_01_11_01)),
                    order => (interleaving(order)?, None),
                };
                self.binary(op, code, to, x, y, false);
                Some(())
            }
            _ => None,
        }
    }

    /// The upper half of each part, twice.
    fn high_twice(&mut self, to: Value, x: Value) -> Option<()> {
        self.binary(op::PUNPCKHQDQ, None, to, x, x, false);
        Some(())
    }

    fn shuffle_order(&self, data: &InstructionData) -> Option<[u8; REGISTER]> {
        let InstructionData::Shuffle { imm, .. } = *data else { return None };
        self.function.dfg.immediates.get(imm)?.as_slice().try_into().ok()
    }

    /// Lanes of twice the size.
    fn widen(&mut self, opcode: Opcode, to: Value, x: Value) -> Option<()> {
        if let Some(op) = self.widening_load(to) {
            return self.convert_from_memory(op, self.whole(), to);
        }
        let from = self.function.dfg.value_type(x).lane_bits();
        let (low, high) = match from {
            8 => (op::PUNPCKLBW, op::PUNPCKHBW),
            16 => (op::PUNPCKLWD, op::PUNPCKHWD),
            32 => (op::PUNPCKLDQ, op::PUNPCKHDQ),
            _ => return None,
        };
        let op = if matches!(opcode, Opcode::UwidenLow | Opcode::SwidenLow) { low } else { high };
        let (x, to) = (self.register(x), self.register_of(to));
        if matches!(opcode, Opcode::UwidenLow | Opcode::UwidenHigh) {
            let zero = self.zero();
            self.combine_into(op, None, to, x, zero);
        } else if from == 32 {
            let sign = self.shifted(op::PSHIFTD, 4, 31, x);
            self.combine_into(op, None, to, x, sign);
        } else {
            // Each lane twice, then as one of twice the size that is shifted down with its sign.
            let twice = self.combined(op, None, x, x);
            let shift = if from == 8 { op::PSHIFTW } else { op::PSHIFTD };
            self.emit(Inst::new(Kind::Shift(shift, self.whole(), 4, from as u8), vec![result(to), read(twice)]));
        }
        Some(())
    }

    /// The instruction that loads and widens a value that fills a register.
    fn widening_load(&self, value: Value) -> Option<VectorOp> {
        let source = self.source(value)?;
        let filled = source.bytes << source.widened == REGISTER as u32;
        if filled { source.instruction(self.function.dfg.value_type(value).lane_bits()) } else { None }
    }

    /// What a value is loaded from, if it is widened from a load of less than a register.
    fn source(&self, value: Value) -> Option<Source> {
        let value = self.strip(value);
        match *self.definition(value)? {
            InstructionData::Unary { opcode: Opcode::ScalarToVector, arg } => {
                let arg = match *self.definition(arg)? {
                    InstructionData::Unary { opcode: Opcode::Uextend, arg } => arg,
                    _ => arg,
                };
                let InstructionData::Load { opcode: Opcode::Load, arg: address, offset, flags } =
                    *self.definition(arg)?
                else {
                    return None;
                };
                let bytes = self.function.dfg.value_type(arg).bytes();
                let constant = self.function.dfg.mem_flags[flags].readonly();
                let source = Source { address, offset: offset.into(), bytes, widened: 0, signed: false };
                // All that blocks load is theirs: those of neighbouring blocks are neighbours in memory.
                constant.then_some(source)
            }
            InstructionData::Unary { opcode: opcode @ (Opcode::UwidenLow | Opcode::SwidenLow), arg } => {
                let source = self.source(arg)?;
                let signed = opcode == Opcode::SwidenLow;
                (source.widened == 0 || source.signed == signed).then(|| Source {
                    widened: source.widened + 1,
                    signed,
                    ..source
                })
            }
            _ => None,
        }
    }

    /// A value by an instruction that reads what it is loaded from.
    fn convert_from_memory(&mut self, op: VectorOp, length: Length, to: Value) -> Option<()> {
        let source = self.source(to)?;
        let mut operands = vec![result(self.register_of(to))];
        let memory = self.address(source.address, source.offset, &mut operands);
        self.emit(Inst::with(Kind::Unary(op, length, None), operands, Some(memory)));
        Some(())
    }

    /// A register with a scalar that was loaded in the low lane of each part.
    fn spread(&mut self, to: Value) -> Option<()> {
        self.source(to)?;
        let packed = self.packed(to)?;
        self.spread_packed(to, packed);
        Some(())
    }

    fn spread_packed(&mut self, to: Value, packed: VReg) {
        let to = self.register_of(to);
        self.permute(to, &TO_PARTS, packed);
    }

    /// The 64-bit lanes of a register in another order.
    fn permute(&mut self, to: VReg, order: &[u8], x: VReg) {
        if self.shape.blocks == 2 {
            let code = order.iter().take(4).rev().fold(0, |code, lane| code << 2 | lane & 3);
            let operands = vec![result(to), read_anywhere(x)];
            return self.emit(Inst::new(Kind::Unary(op::PERMQ, self.whole(), Some(code)), operands));
        }
        let order: [u8; CONSTANT] = std::array::from_fn(|at| match at % 8 {
            0 => order.get(at / 8).copied().unwrap_or(0),
            _ => 0,
        });
        let order = self.whole_constant(order);
        let operands = vec![result(to), read(order), read_anywhere(x)];
        self.emit(Inst::new(Kind::Binary(op::PERMQ_BY, self.whole(), None), operands));
    }

    /// A register with the low 64 bits of all parts of a value.
    pub(super) fn packed(&mut self, value: Value) -> Option<VReg> {
        let value = self.strip(value);
        let packed = self.fresh(RegClass::Float);
        if let Some(source) = self.source(value)
            && let Some(op) = source.packing(self.function.dfg.value_type(value).lane_bits())
        {
            let mut operands = vec![result(packed)];
            let memory = self.address(source.address, source.offset, &mut operands);
            let half = Length::of_half(self.shape.blocks);
            self.emit(Inst::with(Kind::Unary(op, half, None), operands, Some(memory)));
            return Some(packed);
        }
        let definition = self.definition(value);
        if let Some(InstructionData::Unary { opcode: Opcode::Fvdemote, arg }) = definition {
            let operands = vec![result(packed), read(self.register(*arg))];
            self.emit(Inst::new(Kind::Unary(op::CVTPD2PS, self.whole(), None), operands));
            return Some(packed);
        }
        let (value, lanes) = match definition {
            Some(data @ InstructionData::Shuffle { args: [x, _], .. }) => match self.shuffle_order(data)? {
                HIGH_TWICE => (*x, HIGH_LANES),
                LOW_HALVES => return self.packed(*x),
                _ => (value, LOW_LANES),
            },
            _ => (value, LOW_LANES),
        };
        let x = self.register(value);
        self.permute(packed, &lanes[..self.shape.blocks], x);
        Some(packed)
    }

    /// A conversion of the low lanes of each part.
    fn convert_packed(&mut self, op: VectorOp, to: Value, x: Value) -> Option<()> {
        let mut operands = vec![result(self.register_of(to))];
        let x = self.strip(x);
        let memory = match self.source(x) {
            // It can read memory itself.
            Some(source) if source.bytes == 8 && source.widened == 0 => {
                Some(self.address(source.address, source.offset, &mut operands))
            }
            _ => {
                operands.push(read_anywhere(self.packed(x)?));
                None
            }
        };
        self.emit(Inst::with(Kind::Unary(op, self.whole(), None), operands, memory));
        Some(())
    }

    /// Integers with a sign as floats.
    fn convert_signed(&mut self, to: Value, x: Value) -> Option<()> {
        match self.function.dfg.value_type(to) {
            F32X4 => {
                let mut operands = vec![result(self.register_of(to))];
                let memory = self.last(x, &mut operands);
                self.emit(Inst::with(Kind::Unary(op::CVTDQ2PS, self.whole(), None), operands, memory));
                Some(())
            }
            F64X2 => match self.definition(self.strip(x))? {
                InstructionData::Unary { opcode: Opcode::SwidenLow, arg }
                    if self.function.dfg.value_type(*arg) == I32X4 =>
                {
                    self.convert_packed(op::CVTDQ2PD, to, *arg)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// 32-bit integers without sign as f64s: as the low bits of numbers from 2^52 on, minus 2^52.
    fn convert_unsigned(&mut self, to: Value, x: Value) -> Option<()> {
        let InstructionData::Unary { opcode: Opcode::UwidenLow, arg } = *self.definition(self.strip(x))? else {
            return None;
        };
        if self.function.dfg.value_type(to) != F64X2 || self.function.dfg.value_type(arg) != I32X4 {
            return None;
        }
        let high = self.constant(std::array::from_fn(|at| [0, 0, 0x30, 0x43][at % 4]));
        let first = self.constant(std::array::from_fn(|at| [0, 0, 0, 0, 0, 0, 0x30, 0x43][at % 8]));
        let (arg, to) = (self.register(arg), self.register_of(to));
        let number = self.combined(op::PUNPCKLDQ, None, arg, high);
        self.combine_into(op::SUBPD, None, to, number, first);
        Some(())
    }

    /// f32s as integers, of NaN 0, of what is too large the greatest, as Cranelift does it.
    fn make_signed(&mut self, to: Value, x: Value) -> Option<()> {
        if self.function.dfg.value_type(to) != I32X4 {
            return None;
        }
        let (x, to) = (self.register(x), self.register_of(to));
        let ordered = self.ordered(x);
        let x = self.combined(op::ANDPS, None, x, ordered);
        // The sign bit where the number is not negative.
        let positive = self.combined(op::PXOR, None, ordered, x);
        let converted = self.fresh(RegClass::Float);
        let kind = Kind::Unary(op::CVTTPS2DQ, self.whole(), None);
        self.emit(Inst::new(kind, vec![result(converted), read_anywhere(x)]));
        // What does not fit became the least integer. Where it should not be negative, it is turned into the greatest.
        let wrong = self.combined(op::PAND, None, converted, positive);
        let wrong = self.shifted(op::PSHIFTD, 4, 31, wrong);
        self.combine_into(op::PXOR, None, to, wrong, converted);
        Some(())
    }

    /// Where f32s are not NaN, as a vector of masks.
    fn ordered(&mut self, x: VReg) -> VReg {
        let equal = comparison_predicate(FloatCC::Equal);
        if !self.shape.has_masks() {
            return self.combined(op::CMPPS, Some(equal), x, x);
        }
        let (mask, vector) = (self.fresh(RegClass::Vector), self.fresh(RegClass::Float));
        let kind = Kind::Compare(op::CMPPS_MASK, self.whole(), equal);
        self.emit(Inst::new(kind, vec![result(mask), read(x), read_anywhere(x)]));
        self.vector_from_mask(4, vector, mask);
        vector
    }
}

/// The instruction that takes the lanes of the lower or of the upper halves of two registers in turn, if that is their bytes' order.
fn interleaving(order: [u8; REGISTER]) -> Option<VectorOp> {
    let ops = [
        (8, op::PUNPCKLQDQ, op::PUNPCKHQDQ),
        (4, op::PUNPCKLDQ, op::PUNPCKHDQ),
        (2, op::PUNPCKLWD, op::PUNPCKHWD),
        (1, op::PUNPCKLBW, op::PUNPCKHBW),
    ];
    ops.into_iter().find_map(|(bytes, low, high)| {
        let is = |high: bool| interleaved(bytes, high) == order;
        is(false).then_some(low).or_else(|| is(true).then_some(high))
    })
}

impl Source {
    /// The instruction that loads and widens to lanes of so many bits.
    fn instruction(&self, lane_bits: u32) -> Option<VectorOp> {
        match (self.widened, lane_bits, self.signed) {
            (1, 16, false) => Some(op::PMOVZXBW),
            (1, 32, false) => Some(op::PMOVZXWD),
            (1, 64, false) => Some(op::PMOVZXDQ),
            (2, 32, false) => Some(op::PMOVZXBD),
            (1, 16, true) => Some(op::PMOVSXBW),
            (1, 32, true) => Some(op::PMOVSXWD),
            (2, 32, true) => Some(op::PMOVSXBD),
            _ => None,
        }
    }

    /// The instruction that loads, and widens, to the low 64 bits of each part.
    fn packing(&self, lane_bits: u32) -> Option<VectorOp> {
        match (self.widened, self.bytes << self.widened) {
            (0, 8) => Some(op::MOVUPS),
            (0, 4) => Some(op::PMOVZXDQ),
            (0, 2) => Some(op::PMOVZXWQ),
            (1.., 8) => self.instruction(lane_bits),
            _ => None,
        }
    }
}
