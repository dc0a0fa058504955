//! Vector operations in which no lane sees another.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32, F64, I8, I16, I32, I64};
use cranelift_codegen::ir::{InstructionData, Opcode, Type, Value};
use regalloc2::{RegClass, VReg};

use super::by_lane::{by_bytes, by_precision, comparison_predicate};
use super::{MASK_DEPTH, Selector};
use crate::codegen::wide::inst::{Inst, Kind, read, read_anywhere, result, result_over};
use crate::codegen::wide::ops::{VectorOp, op};
use crate::plan::width::REGISTER;

/// The values of "the second if the first, else the third", for the first three numbers of 0 to 7 that have its highest, middle and lowest bit
/// set.
const CHOICE: u8 = 0xCA;

impl Selector<'_> {
    /// An operation on each lane.
    pub(super) fn lanewise(&mut self, data: &InstructionData, result: Value) -> Option<()> {
        let lane = self.function.dfg.value_type(result).lane_type();
        match *data {
            InstructionData::Binary { opcode, args: [x, y] } => match opcode {
                Opcode::Ishl | Opcode::Ushr | Opcode::Sshr => self.shift(opcode, lane, result, x, y),
                Opcode::Smin | Opcode::Smax | Opcode::Umin | Opcode::Umax if lane == I64 => {
                    self.extreme_of_quads(opcode, result, x, y)
                }
                Opcode::Band if self.keep(result, x, y).is_some() => Some(()),
                _ => {
                    let (op, commutes) = binary(opcode, lane)?;
                    self.binary(op, None, result, x, y, commutes);
                    Some(())
                }
            },
            InstructionData::Unary { opcode: Opcode::Splat, arg } => self.splat(lane, result, arg),
            InstructionData::Unary { opcode, arg } => self.unary(opcode, lane, result, arg),
            InstructionData::Ternary { opcode: Opcode::Fma, args } => self.fused(lane, result, args),
            InstructionData::Ternary { opcode: Opcode::Bitselect, args } => self.choice(lane, result, args),
            InstructionData::FloatCompare { args: [x, y], cond, .. } => self.compare_floats(cond, result, x, y),
            InstructionData::IntCompare { args: [x, y], cond, .. } => self.compare_integers(cond, lane, result, x, y),
            _ => None,
        }
    }

    /// An instruction with two operands.
    pub(super) fn binary(&mut self, op: VectorOp, code: Option<u8>, to: Value, x: Value, y: Value, commutes: bool) {
        let (x, y) = if commutes && self.is_in_memory(x) && !self.is_in_memory(y) { (y, x) } else { (x, y) };
        let mut operands = vec![result(self.register_of(to)), read(self.register(x))];
        let memory = self.last(y, &mut operands);
        self.emit(Inst::with(Kind::Binary(op, self.whole(), code), operands, memory));
    }

    /// The same on registers, into a new one.
    pub(super) fn combined(&mut self, op: VectorOp, code: Option<u8>, x: VReg, y: VReg) -> VReg {
        let to = self.fresh(RegClass::Float);
        self.combine_into(op, code, to, x, y);
        to
    }

    /// The same on registers.
    pub(super) fn combine_into(&mut self, op: VectorOp, code: Option<u8>, to: VReg, x: VReg, y: VReg) {
        self.emit(Inst::new(Kind::Binary(op, self.whole(), code), vec![result(to), read(x), read_anywhere(y)]));
    }

    /// A shift of all lanes by a number.
    pub(super) fn shifted(&mut self, op: VectorOp, digit: u8, bits: u8, x: VReg) -> VReg {
        let to = self.fresh(RegClass::Float);
        self.emit(Inst::new(Kind::Shift(op, self.whole(), digit, bits), vec![result(to), read(x)]));
        to
    }

    /// A register with all bits set.
    pub(super) fn ones(&mut self) -> VReg {
        self.constant([0xFF; REGISTER])
    }

    /// A register with no bits set.
    pub(super) fn zero(&mut self) -> VReg {
        self.constant([0; REGISTER])
    }

    fn unary(&mut self, opcode: Opcode, lane: Type, to: Value, x: Value) -> Option<()> {
        let double = lane == F64;
        let (op, code) = match (opcode, lane) {
            (Opcode::Sqrt, _) => (by_precision(double, op::SQRTPS, op::SQRTPD), None),
            (Opcode::Iabs, I8) => (op::PABSB, None),
            (Opcode::Iabs, I16) => (op::PABSW, None),
            (Opcode::Iabs, I32) => (op::PABSD, None),
            (Opcode::Nearest | Opcode::Floor | Opcode::Ceil | Opcode::Trunc, _) => {
                // The mode of rounding, without the exception for what is inexact.
                let mode = match opcode {
                    Opcode::Nearest => 8,
                    Opcode::Floor => 9,
                    Opcode::Ceil => 10,
                    _ => 11,
                };
                (by_precision(double, op::ROUNDPS, op::ROUNDPD), Some(mode))
            }
            _ => return self.with_constant(opcode, lane, to, x),
        };
        let mut operands = vec![result(self.register_of(to))];
        let memory = self.last(x, &mut operands);
        self.emit(Inst::with(Kind::Unary(op, self.whole(), code), operands, memory));
        Some(())
    }

    /// What is an operation with a constant.
    fn with_constant(&mut self, opcode: Opcode, lane: Type, to: Value, x: Value) -> Option<()> {
        let sign = match lane {
            F32 => std::array::from_fn(|at| if at % 4 == 3 { 0x80 } else { 0 }),
            _ => std::array::from_fn(|at| if at % 8 == 7 { 0x80 } else { 0 }),
        };
        let (op, constant) = match opcode {
            Opcode::Fneg => (op::XORPS, sign),
            Opcode::Fabs => (op::ANDPS, sign.map(|byte: u8| !byte)),
            Opcode::Bnot => (op::PXOR, [0xFF; REGISTER]),
            Opcode::Ineg => {
                let (zero, to, x) = (self.zero(), self.register_of(to), self.register(x));
                let (op, _) = binary(Opcode::Isub, lane)?;
                self.combine_into(op, None, to, zero, x);
                return Some(());
            }
            _ => return None,
        };
        let (to, x, constant) = (self.register_of(to), self.register(x), self.constant(constant));
        self.combine_into(op, None, to, x, constant);
        Some(())
    }

    fn splat(&mut self, lane: Type, to: Value, x: Value) -> Option<()> {
        let op = match lane {
            F32 => op::BROADCASTSS,
            F64 => op::BROADCASTSD,
            _ => return None,
        };
        let (to, x) = (self.register_of(to), self.register(x));
        self.emit(Inst::new(Kind::Unary(op, self.whole(), None), vec![result(to), read_anywhere(x)]));
        Some(())
    }

    fn shift(&mut self, opcode: Opcode, lane: Type, to: Value, x: Value, bits: Value) -> Option<()> {
        let bits = self.number(bits)? as u8 & (lane.bits() - 1) as u8;
        let op = match lane.bytes() {
            2 => op::PSHIFTW,
            4 => op::PSHIFTD,
            8 => op::PSHIFTQ,
            _ => return None,
        };
        let digit = match opcode {
            Opcode::Ishl => 6,
            Opcode::Ushr => 2,
            // There is none for lanes of 64 bits.
            _ if lane.bytes() < 8 => 4,
            _ => return None,
        };
        let operands = vec![result(self.register_of(to)), read(self.register(x))];
        self.emit(Inst::new(Kind::Shift(op, self.whole(), digit, bits), operands));
        Some(())
    }

    /// `x * y + z`, rounded once. Which of the three registers is overwritten depends on which value nobody needs any more.
    fn fused(&mut self, lane: Type, to: Value, [x, y, z]: [Value; 3]) -> Option<()> {
        let dies = |selector: &Self, value: Value| {
            let value = selector.strip(value);
            selector.uses[value] == 1 && !selector.is_in_memory(value)
        };
        let double = lane == F64;
        let (dying_x, dying_y, dying_z) = (dies(self, x), dies(self, y), dies(self, z));
        let (op, over, other, last) = if dying_z && !dying_x && !dying_y {
            let (x, y) = if self.is_in_memory(x) && !self.is_in_memory(y) { (y, x) } else { (x, y) };
            (by_precision(double, op::FMADD231PS, op::FMADD231PD), z, x, y)
        } else {
            let (x, y) = if dying_y && !dying_x { (y, x) } else { (x, y) };
            match self.is_in_memory(y) && !self.is_in_memory(z) {
                true => (by_precision(double, op::FMADD132PS, op::FMADD132PD), x, z, y),
                false => (by_precision(double, op::FMADD213PS, op::FMADD213PD), x, y, z),
            }
        };
        let (over, other) = (self.register(over), self.register(other));
        let mut operands = vec![result_over(self.register_of(to)), read(over), read(other)];
        let memory = self.last(last, &mut operands);
        self.emit(Inst::with(Kind::Fused(op, self.whole(), None), operands, memory));
        Some(())
    }

    /// `x` where the bits of `mask` are set, else `y`.
    fn choice(&mut self, lane: Type, to: Value, [mask, x, y]: [Value; 3]) -> Option<()> {
        if let Some((op, x, y)) = self.extreme(lane, mask, x, y) {
            if self.exchanged(to, x, y).is_some() {
                return Some(());
            }
            self.binary(op, None, to, x, y, false);
            return Some(());
        }
        if let Some(mask) = self.mask_of(mask, lane.bytes()) {
            self.choose_by_mask(lane.bytes(), to, mask, x, y);
            return Some(());
        }
        if self.is_zero(y) {
            self.binary(op::PAND, None, to, mask, x, true);
            return Some(());
        }
        if self.is_zero(x) {
            self.binary(op::PANDN, None, to, mask, y, false);
            return Some(());
        }
        if self.shape.has_masks() {
            self.ternary(CHOICE, to, mask, x, y);
            return Some(());
        }
        if self.is_mask(mask, MASK_DEPTH) {
            let (mask, unset) = (self.register(mask), self.register(y));
            let mut operands = vec![result(self.register_of(to)), read(mask), read(unset)];
            let memory = self.last(x, &mut operands);
            let op = match lane {
                F32 => op::BLENDVPS,
                F64 => op::BLENDVPD,
                _ => op::PBLENDVB,
            };
            self.emit(Inst::with(Kind::Blend(op, self.whole()), operands, memory));
            return Some(());
        }
        let (mask, x, y, to) = (self.register(mask), self.register(x), self.register(y), self.register_of(to));
        let set = self.combined(op::PAND, None, mask, x);
        let unset = self.combined(op::PANDN, None, mask, y);
        self.combine_into(op::POR, None, to, set, unset);
        Some(())
    }

    /// The least or the greatest of 64-bit integers, for which AVX2 has no instruction, and no order but that with a sign.
    fn extreme_of_quads(&mut self, opcode: Opcode, to: Value, x: Value, y: Value) -> Option<()> {
        if self.shape.has_masks() {
            let op = match opcode {
                Opcode::Smin => op::PMINSQ,
                Opcode::Smax => op::PMAXSQ,
                Opcode::Umin => op::PMINUQ,
                _ => op::PMAXUQ,
            };
            self.binary(op, None, to, x, y, true);
            return Some(());
        }
        let (set, unset) = match opcode {
            Opcode::Smin => (y, x),
            Opcode::Smax => (x, y),
            _ => return None,
        };
        let (x, y) = (self.register(x), self.register(y));
        let greater = self.combined(op::PCMPGTQ, None, x, y);
        let (set, unset) = (self.register(set), self.register(unset));
        let operands = vec![result(self.register_of(to)), read(greater), read(unset), read_anywhere(set)];
        self.emit(Inst::new(Kind::Blend(op::BLENDVPD, self.whole()), operands));
        Some(())
    }

    /// Any function of three bits, by the table of its values: the first overwrites itself.
    pub(super) fn ternary(&mut self, values: u8, to: Value, first: Value, second: Value, third: Value) {
        let (first, second) = (self.register(first), self.register(second));
        let mut operands = vec![result_over(self.register_of(to)), read(first), read(second)];
        let memory = self.last(third, &mut operands);
        self.emit(Inst::with(Kind::Fused(op::PTERNLOGD, self.whole(), Some(values)), operands, memory));
    }

    /// The instruction for a choice that is a minimum or a maximum, and its operands: where they are equal or not ordered, the second
    /// one is taken.
    pub(super) fn extreme(&self, lane: Type, mask: Value, x: Value, y: Value) -> Option<(VectorOp, Value, Value)> {
        let InstructionData::FloatCompare { args: [p, q], cond, .. } = *self.definition(self.strip(mask))? else {
            return None;
        };
        let [p, q, x, y] = [p, q, x, y].map(|value| self.strip(value));
        let double = match lane {
            F32 => false,
            F64 => true,
            _ => return None,
        };
        let least = by_precision(double, op::MINPS, op::MINPD);
        let greatest = by_precision(double, op::MAXPS, op::MAXPD);
        match cond {
            FloatCC::LessThan if (p, q) == (x, y) => Some((least, x, y)),
            FloatCC::LessThan if (q, p) == (x, y) => Some((greatest, x, y)),
            FloatCC::GreaterThan if (p, q) == (x, y) => Some((greatest, x, y)),
            FloatCC::GreaterThan if (q, p) == (x, y) => Some((least, x, y)),
            _ => None,
        }
    }

    pub(super) fn is_zero(&self, value: Value) -> bool {
        self.constant_bytes(self.strip(value)) == Some([0; REGISTER])
    }

    /// Whether all bytes of a value have all bits set or none, for all that can be seen from here.
    fn is_mask(&self, value: Value, depth: usize) -> bool {
        let value = self.strip(value);
        if let Some(bytes) = self.constant_bytes(value) {
            return bytes.iter().all(|byte| matches!(byte, 0 | 0xFF));
        }
        let Some(depth) = depth.checked_sub(1) else { return false };
        match self.definition(value) {
            Some(InstructionData::FloatCompare { .. } | InstructionData::IntCompare { .. }) => true,
            Some(InstructionData::Unary { opcode: Opcode::Bnot | Opcode::SwidenLow | Opcode::SwidenHigh, arg }) => {
                self.is_mask(*arg, depth)
            }
            Some(InstructionData::Binary {
                opcode: Opcode::Band | Opcode::Bor | Opcode::Bxor | Opcode::Snarrow,
                args,
            }) => args.iter().all(|arg| self.is_mask(*arg, depth)),
            Some(InstructionData::Shuffle { args, .. }) => args.iter().all(|arg| self.is_mask(*arg, depth)),
            _ => false,
        }
    }

    fn compare_floats(&mut self, order: FloatCC, to: Value, x: Value, y: Value) -> Option<()> {
        let double = self.function.dfg.value_type(x).lane_type() == F64;
        self.binary(by_precision(double, op::CMPPS, op::CMPPD), Some(comparison_predicate(order)), to, x, y, false);
        Some(())
    }

    fn compare_integers(&mut self, order: IntCC, lane: Type, to: Value, x: Value, y: Value) -> Option<()> {
        let (equal, greater, _, _) = comparisons(lane);
        // In terms of these: whether it is equality or order, whether operands are exchanged, and whether it is the opposite.
        let (op, exchanged, opposite) = match order {
            IntCC::Equal => (equal, false, false),
            IntCC::NotEqual => (equal, false, true),
            IntCC::SignedGreaterThan => (greater, false, false),
            IntCC::SignedLessThan => (greater, true, false),
            IntCC::SignedGreaterThanOrEqual => (greater, true, true),
            IntCC::SignedLessThanOrEqual => (greater, false, true),
            _ => return self.compare_unsigned(order, lane, to, x, y),
        };
        let (x, y) = if exchanged { (y, x) } else { (x, y) };
        if !opposite {
            self.binary(op, None, to, x, y, false);
            return Some(());
        }
        let (x, y, ones, to) = (self.register(x), self.register(y), self.ones(), self.register_of(to));
        let other = self.combined(op, None, x, y);
        self.combine_into(op::PXOR, None, to, other, ones);
        Some(())
    }

    /// `x >= y` where the greater of the two is `x`.
    fn compare_unsigned(&mut self, order: IntCC, lane: Type, to: Value, x: Value, y: Value) -> Option<()> {
        let (equal, _, least, greatest) = comparisons(lane);
        let (extreme, opposite) = match order {
            IntCC::UnsignedGreaterThanOrEqual => (greatest?, false),
            IntCC::UnsignedLessThan => (greatest?, true),
            IntCC::UnsignedLessThanOrEqual => (least?, false),
            IntCC::UnsignedGreaterThan => (least?, true),
            _ => return None,
        };
        let (x, y, to) = (self.register(x), self.register(y), self.register_of(to));
        let extreme = self.combined(extreme, None, x, y);
        if !opposite {
            self.combine_into(equal, None, to, x, extreme);
            return Some(());
        }
        let (equal, ones) = (self.combined(equal, None, x, extreme), self.ones());
        self.combine_into(op::PXOR, None, to, equal, ones);
        Some(())
    }
}

/// The instructions that compare lanes: for equality, for order with a sign, and the least and greatest without sign.
fn comparisons(lane: Type) -> (VectorOp, VectorOp, Option<VectorOp>, Option<VectorOp>) {
    match lane.bytes() {
        1 => (op::PCMPEQB, op::PCMPGTB, Some(op::PMINUB), Some(op::PMAXUB)),
        2 => (op::PCMPEQW, op::PCMPGTW, Some(op::PMINUW), Some(op::PMAXUW)),
        4 => (op::PCMPEQD, op::PCMPGTD, Some(op::PMINUD), Some(op::PMAXUD)),
        _ => (op::PCMPEQQ, op::PCMPGTQ, None, None),
    }
}

/// The instruction for lanes of equal size.
pub(super) fn equality(lane: Type) -> VectorOp {
    comparisons(lane).0
}

/// The instruction for an operation on two operands, and whether they may be exchanged.
fn binary(opcode: Opcode, lane: Type) -> Option<(VectorOp, bool)> {
    if lane.is_float() {
        let double = lane == F64;
        return Some(match opcode {
            Opcode::Fadd => (by_precision(double, op::ADDPS, op::ADDPD), true),
            Opcode::Fsub => (by_precision(double, op::SUBPS, op::SUBPD), false),
            Opcode::Fmul => (by_precision(double, op::MULPS, op::MULPD), true),
            Opcode::Fdiv => (by_precision(double, op::DIVPS, op::DIVPD), false),
            Opcode::Band => (op::ANDPS, true),
            Opcode::Bor => (op::ORPS, true),
            Opcode::Bxor => (op::XORPS, true),
            _ => return None,
        });
    }
    let op = match (opcode, lane.bytes()) {
        (Opcode::Isub, size) => return Some((by_bytes(size, [op::PSUBB, op::PSUBW, op::PSUBD, op::PSUBQ]), false)),
        (Opcode::Iadd, size) => by_bytes(size, [op::PADDB, op::PADDW, op::PADDD, op::PADDQ]),
        (Opcode::Band, _) => op::PAND,
        (Opcode::Bor, _) => op::POR,
        (Opcode::Bxor, _) => op::PXOR,
        (Opcode::Imul, 2) => op::PMULLW,
        (Opcode::Imul, 4) => op::PMULLD,
        (Opcode::X86Pmulhrsw, 2) => op::PMULHRSW,
        (Opcode::AvgRound, 1) => op::PAVGB,
        (Opcode::AvgRound, 2) => op::PAVGW,
        (Opcode::Umin, 1) => op::PMINUB,
        (Opcode::Umax, 1) => op::PMAXUB,
        (Opcode::Smin, 1) => op::PMINSB,
        (Opcode::Smax, 1) => op::PMAXSB,
        (Opcode::Umin, 2) => op::PMINUW,
        (Opcode::Umax, 2) => op::PMAXUW,
        (Opcode::Smin, 2) => op::PMINSW,
        (Opcode::Smax, 2) => op::PMAXSW,
        (Opcode::Umin, 4) => op::PMINUD,
        (Opcode::Umax, 4) => op::PMAXUD,
        (Opcode::Smin, 4) => op::PMINSD,
        (Opcode::Smax, 4) => op::PMAXSD,
        _ => return None,
    };
    Some((op, true))
}
