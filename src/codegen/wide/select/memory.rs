//! Loads and stores: what the second half reads or writes is as far from what the first does as a block of pixels is long.

use cranelift_codegen::ir::types::{F32, F64, I64};
use cranelift_codegen::ir::{InstructionData, Opcode, Value};
use regalloc2::{Operand, RegClass};

use super::Selector;
use crate::codegen::wide::encode::op;
use crate::codegen::wide::inst::{Inst, Kind, Length, Memory, read, read_anywhere, result};
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
            self.emit(Inst::with(Kind::Unary(op::MOVUPS, Length::Bits256, None), operands, Some(memory)));
            return Some(());
        }
        if apart < REGISTER {
            return None;
        }
        // The first half alone, then the second beside it.
        let low = self.fresh(RegClass::Float);
        let mut operands: Vec<Operand> = vec![result(low)];
        let memory = self.address(address, offset, &mut operands);
        self.emit(Inst::with(Kind::Unary(op::MOVUPS, Length::Bits128, None), operands, Some(memory)));
        let mut operands = vec![result(to_register), read(low)];
        let memory = self.address(address, offset.checked_add(apart as i32)?, &mut operands);
        self.emit(Inst::with(Kind::Binary(op::INSERTF128, Length::Bits256, Some(1)), operands, Some(memory)));
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
        let mut operands = vec![read(register)];
        let memory = self.address(address, offset, &mut operands);
        if apart == REGISTER {
            self.emit(Inst::with(Kind::Store(op::MOVUPS_STORE, Length::Bits256, None), operands, Some(memory)));
            return Some(());
        }
        if apart < REGISTER {
            return None;
        }
        let mut second = vec![read(register)];
        let beside = self.address(address, offset.checked_add(apart as i32)?, &mut second);
        self.emit(Inst::with(Kind::Store(op::MOVUPS_STORE, Length::Bits128, None), operands, Some(memory)));
        self.emit(Inst::with(Kind::Store(op::EXTRACTF128, Length::Bits256, Some(1)), second, Some(beside)));
        Some(())
    }

    /// A store of the low lane of a register, which is all that a block has: those of both halves are next to each other.
    fn store_part(&mut self, value: Value, address: Value, offset: i32) -> Option<()> {
        let InstructionData::BinaryImm8 { opcode: Opcode::Extractlane, arg, imm: 0 } = *self.definition(value)? else {
            return None;
        };
        let bytes = self.function.dfg.value_type(value).bytes();
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
}
