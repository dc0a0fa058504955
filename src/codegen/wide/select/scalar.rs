//! Numbers that are the same for all pixels of a block: addresses, counters, params.

use cranelift_codegen::ir::types::{F32, F64, I32, I64};
use cranelift_codegen::ir::{ExternalName, GlobalValueData, InstructionData, Opcode, Value};

use regalloc2::{RegClass, VReg};

use super::Selector;
use crate::codegen::wide::encode::Length;
use crate::codegen::wide::inst::{Condition, Flags, Inst, IntegerOp, Kind, read, read_anywhere, result, result_over};
use crate::codegen::wide::ops::{VectorOp, op};

impl Selector<'_> {
    /// A scalar that is not in memory.
    pub(super) fn scalar(&mut self, data: &InstructionData, to: Value) -> Option<()> {
        let ty = self.function.dfg.value_type(to);
        if ty == F32 || ty == F64 {
            return self.float(data, to);
        }
        if ty != I64 {
            return None;
        }
        match *data {
            InstructionData::Binary { opcode, args: [x, y] } => self.integer(opcode, to, x, y),
            InstructionData::Unary { opcode: Opcode::Uextend, arg } => self.high_bits(to, arg),
            InstructionData::Unary { opcode: Opcode::Ineg, arg } => {
                let operands = vec![result_over(self.register_of(to)), read(self.register(arg))];
                self.emit(Inst::new(Kind::Negate, operands));
                Some(())
            }
            InstructionData::Unary { opcode: Opcode::Ctz, arg } => {
                let operands = vec![result(self.register_of(to)), read_anywhere(self.register(arg))];
                self.emit(Inst::new(Kind::TrailingZeros, operands));
                Some(())
            }
            InstructionData::Ternary { opcode: Opcode::Select, args: [condition, x, y] } => {
                self.select(to, condition, x, y)
            }
            InstructionData::UnaryGlobalValue { opcode: Opcode::SymbolValue, global_value } => {
                let GlobalValueData::Symbol { name: ExternalName::User(name), offset, .. } =
                    &self.function.global_values[global_value]
                else {
                    return None;
                };
                let symbol = self.function.params.user_named_funcs()[*name].clone();
                let kind = (offset.bits() == 0).then_some(Kind::Symbol(symbol))?;
                let operands = vec![result(self.register_of(to))];
                self.emit(Inst::new(kind, operands));
                Some(())
            }
            _ => None,
        }
    }

    fn integer(&mut self, opcode: Opcode, to: Value, x: Value, y: Value) -> Option<()> {
        match opcode {
            Opcode::Iadd => {
                let to_register = self.register_of(to);
                let mut operands = vec![result(to_register)];
                let memory = self.address(to, 0, &mut operands);
                self.emit(Inst::with(Kind::Address, operands, Some(memory)));
            }
            Opcode::Ishl | Opcode::Ushr | Opcode::Sshr => {
                let digit = match opcode {
                    Opcode::Ishl => 4,
                    Opcode::Ushr => 5,
                    _ => 7,
                };
                let bits = self.number(y)? as u8 & 63;
                let operands = vec![result_over(self.register_of(to)), read(self.register(x))];
                self.emit(Inst::new(Kind::ShiftInteger(digit, bits), operands));
            }
            Opcode::Imul if self.small_number(y).is_some() => {
                let operands = vec![result(self.register_of(to)), read_anywhere(self.register(x))];
                self.emit(Inst::new(Kind::MultiplyBy(self.small_number(y)?), operands));
            }
            Opcode::Smin | Opcode::Smax | Opcode::Umin | Opcode::Umax => {
                // `x` if it compares so with `y`, else `y`.
                let condition = match opcode {
                    Opcode::Smin => Condition::Less,
                    Opcode::Smax => Condition::Greater,
                    Opcode::Umin => Condition::Below,
                    _ => Condition::Above,
                };
                let (x, y) = (self.register(x), self.register(y));
                let operands = vec![result_over(self.register_of(to)), read(y), read(x), read(x), read(y)];
                self.emit(Inst::new(Kind::Select(Flags::Compare, condition), operands));
            }
            Opcode::Isub | Opcode::Band | Opcode::Bor | Opcode::Bxor | Opcode::Imul => {
                let op = match opcode {
                    Opcode::Isub => IntegerOp::Subtract,
                    Opcode::Band => IntegerOp::And,
                    Opcode::Bor => IntegerOp::Or,
                    Opcode::Bxor => IntegerOp::Xor,
                    _ => IntegerOp::Multiply,
                };
                let (x, y) = (self.register(x), self.register(y));
                let operands = vec![result_over(self.register_of(to)), read(x), read_anywhere(y)];
                self.emit(Inst::new(Kind::Integer(op), operands));
            }
            _ => return None,
        }
        Some(())
    }

    /// A number by a condition.
    fn select(&mut self, to: Value, condition: Value, x: Value, y: Value) -> Option<()> {
        let (x, y) = (self.register(x), self.register(y));
        let mut operands = vec![result_over(self.register_of(to)), read(y), read(x)];
        let (flags, condition) = self.condition(condition, &mut operands)?;
        self.emit(Inst::new(Kind::Select(flags, condition), operands));
        Some(())
    }

    fn float(&mut self, data: &InstructionData, to: Value) -> Option<()> {
        let ty = self.function.dfg.value_type(to);
        match *data {
            InstructionData::Binary { opcode, args: [x, y] } if ty == F64 => {
                let op: VectorOp = match opcode {
                    Opcode::Fadd => op::ADDSD,
                    Opcode::Fsub => op::SUBSD,
                    Opcode::Fmul => op::MULSD,
                    Opcode::Fdiv => op::DIVSD,
                    _ => return None,
                };
                let (x, y) = (self.register(x), self.register(y));
                let operands = vec![result(self.register_of(to)), read(x), read_anywhere(y)];
                self.emit(Inst::new(Kind::Binary(op, Length::Bits128, None), operands));
            }
            InstructionData::Unary { opcode: Opcode::Fdemote, arg } => {
                let x = self.register(arg);
                let operands = vec![result(self.register_of(to)), read(x), read(x)];
                self.emit(Inst::new(Kind::Binary(op::CVTSD2SS, Length::Bits128, None), operands));
            }
            InstructionData::Unary { opcode: Opcode::FcvtFromSint, arg }
                if ty == F64 && self.function.dfg.value_type(arg) == I64 =>
            {
                let (x, zero) = (self.register(arg), self.zero());
                let operands = vec![result(self.register_of(to)), read(zero), read_anywhere(x)];
                self.emit(Inst::new(Kind::Binary(op::CVTSI2SD, Length::Bits128, None), operands));
            }
            _ => return None,
        }
        Some(())
    }

    /// The sign bits of a vector's 64-bit lanes, a bit for each pixel: those of each part are a block of pixels further.
    fn high_bits(&mut self, to: Value, bits: Value) -> Option<()> {
        let InstructionData::Unary { opcode: Opcode::VhighBits, arg } = *self.definition(bits)? else { return None };
        let vector = self.function.dfg.value_type(arg);
        let (lanes, blocks) = (vector.lane_count() as usize, self.shape.blocks);
        if self.function.dfg.value_type(bits) != I32 || vector.lane_bits() != 64 || blocks * self.pixels > 64 {
            return None;
        }
        let of_block = (1i64 << lanes) - 1;
        let places = (0..blocks).fold(0, |places, block| places | of_block << (block * self.pixels));
        let (all, mask) = (self.fresh_integer(), self.fresh_integer());
        self.sign_bits(all, arg);
        self.emit(Inst::new(Kind::Number(places), vec![result(mask)]));
        let operands = vec![result(self.register_of(to)), read(all), read(mask)];
        self.emit(Inst::new(Kind::Binary(op::PDEP, Length::Bits128, None), operands));
        Some(())
    }

    /// The sign bits of all 64-bit lanes as the low bits of a number; the others may be anything.
    fn sign_bits(&mut self, to: VReg, vector: Value) {
        if !self.shape.has_masks() {
            let x = self.register(vector);
            let kind = Kind::Unary(op::MOVMSKPD, Length::Bits256, None);
            self.emit(Inst::new(kind, vec![result(to), read(x)]));
            return;
        }
        let mask = match self.mask_of(vector, 8) {
            Some(mask) => mask,
            None => {
                let (x, mask) = (self.register(vector), self.fresh(RegClass::Vector));
                self.emit(Inst::new(Kind::ToMask(op::PMOVQ2M, self.whole()), vec![result(mask), read(x)]));
                mask
            }
        };
        self.emit(Inst::new(Kind::MaskBits, vec![result(to), read(mask)]));
    }
}
