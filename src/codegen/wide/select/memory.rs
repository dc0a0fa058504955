//! Loads and stores: what a part of a register reads or writes is as far from what the one before does as a block of pixels is long.

use cranelift_codegen::ir::types::{F32, F64, I64};
use cranelift_codegen::ir::{InstructionData, Opcode, Value};
use regalloc2::{Operand, RegClass};

use super::Selector;
use crate::codegen::wide::encode::Length;
use crate::codegen::wide::inst::{Inst, Kind, Memory, read, read_anywhere, result};
use crate::codegen::wide::ops::op;
use crate::plan::width::REGISTER;

impl Selector<'_> {
    /// A load.
    pub(super) fn load(&mut self, data: &InstructionData, to: Value) -> Option<()> {
        let InstructionData::Load { opcode, arg, offset, .. } = *data else { return None };
        let offset: i32 = offset.into();
        let ty = self.function.dfg.value_type(to);
        let kind = match opcode {
            Opcode::Load if ty.is_vector() => return self.load_vector(to, arg, offset),
            Opcode::Load if ty == I64 => Kind::Load,
            Opcode::Load if ty == F64 => Kind::Unary(op::MOVSD, Length::Bits128, None),
            Opcode::Load if ty == F32 => Kind::Unary(op::MOVSS, Length::Bits128, None),
            Opcode::Sload32 if ty == I64 => Kind::LoadSigned32,
            _ => return None,
        };
        let mut operands = vec![result(self.register_of(to))];
        let memory = self.address(arg, offset, &mut operands);
        self.emit(Inst::with(kind, operands, Some(memory)));
        Some(())
    }

    fn load_vector(&mut self, to: Value, address: Value, offset: i32) -> Option<()> {
        let to_register = self.register_of(to);
        let apart = self.apart(to);
        if apart == REGISTER {
            let mut operands = vec![result(to_register)];
            let memory = self.address(address, offset, &mut operands);
            self.emit(Inst::with(Kind::Unary(op::MOVUPS, self.whole(), None), operands, Some(memory)));
            return Some(());
        }
        if apart < REGISTER {
            return None;
        }
        // The first part alone, then the others beside it.
        let mut loaded = self.fresh(RegClass::Float);
        let mut operands: Vec<Operand> = vec![result(loaded)];
        let memory = self.address(address, offset, &mut operands);
        self.emit(Inst::with(Kind::Unary(op::MOVUPS, Length::Bits128, None), operands, Some(memory)));
        for part in 1..self.shape.blocks {
            let is_last = part + 1 == self.shape.blocks;
            let to = if is_last { to_register } else { self.fresh(RegClass::Float) };
            let mut operands = vec![result(to), read(loaded)];
            let memory = self.address(address, offset.checked_add((part * apart) as i32)?, &mut operands);
            let length = Length::of((part + 1).next_power_of_two());
            let kind = Kind::Binary(op::INSERTF128, length, Some(part as u8));
            self.emit(Inst::with(kind, operands, Some(memory)));
            loaded = to;
        }
        Some(())
    }

    /// A store.
    pub(super) fn store(&mut self, data: &InstructionData) -> Option<()> {
        let InstructionData::Store { opcode: Opcode::Store, args: [value, address], offset, .. } = *data else {
            return None;
        };
        let offset: i32 = offset.into();
        if !self.is_vector(value) {
            return self.store_part(value, address, offset);
        }
        let register = self.register(value);
        let apart = self.apart(value);
        if apart < REGISTER {
            return None;
        }
        let mut operands = vec![read(register)];
        let memory = self.address(address, offset, &mut operands);
        if apart == REGISTER {
            self.emit(Inst::with(Kind::Store(op::MOVUPS_STORE, self.whole(), None), operands, Some(memory)));
            return Some(());
        }
        self.emit(Inst::with(Kind::Store(op::MOVUPS_STORE, Length::Bits128, None), operands, Some(memory)));
        for part in 1..self.shape.blocks {
            let mut operands = vec![read(register)];
            let memory = self.address(address, offset.checked_add((part * apart) as i32)?, &mut operands);
            let kind = Kind::Store(op::EXTRACTF128, self.whole(), Some(part as u8));
            self.emit(Inst::with(kind, operands, Some(memory)));
        }
        Some(())
    }

    /// A store of the low lane of a register, which is all that a block has: those of all parts are next to each other.
    fn store_part(&mut self, value: Value, address: Value, offset: i32) -> Option<()> {
        let InstructionData::BinaryImm8 { opcode: Opcode::Extractlane, arg, imm: 0 } = *self.definition(value)? else {
            return None;
        };
        let bytes = self.function.dfg.value_type(value).bytes();
        if self.shape.blocks == 4 {
            return self.store_part_of_four(bytes, arg, address, offset);
        }
        let mut packed = self.packed(arg)?;
        // The lanes that are wanted are in the low bits of each 64.
        let steps = match bytes {
            8 => &[][..],
            4 => &[op::PSHUFD][..],
            2 => &[op::PSHUFD, op::PSHUFLW][..],
            _ => return None,
        };
        for step in steps {
            let moved = self.fresh(RegClass::Float);
            let kind = Kind::Unary(*step, Length::Bits128, Some(0b1000));
            self.emit(Inst::new(kind, vec![result(moved), read_anywhere(packed)]));
            packed = moved;
        }
        let op = match bytes {
            8 => op::MOVUPS_STORE,
            4 => op::MOVQ_STORE,
            _ => op::MOVD_STORE,
        };
        let mut operands = vec![read(packed)];
        let memory: Memory = self.address(address, offset, &mut operands);
        self.emit(Inst::with(Kind::Store(op, Length::Bits128, None), operands, Some(memory)));
        Some(())
    }

    /// The same for registers of four parts, where stores can narrow lanes.
    fn store_part_of_four(&mut self, bytes: u32, value: Value, address: Value, offset: i32) -> Option<()> {
        let op = match bytes {
            8 => op::MOVUPS_STORE,
            4 => op::PMOVQD_STORE,
            2 => op::PMOVQW_STORE,
            _ => return None,
        };
        let packed = self.packed(value)?;
        let mut operands = vec![read(packed)];
        let memory = self.address(address, offset, &mut operands);
        self.emit(Inst::with(Kind::Store(op, Length::Bits256, None), operands, Some(memory)));
        Some(())
    }
}
