//! Values as operands of instructions: in registers, as constants, in memory, as addresses.

use cranelift_codegen::ir::{InstructionData, Opcode, Value};
use regalloc2::{Operand, RegClass, VReg};

use super::Selector;
use crate::codegen::wide::encode::CONSTANT;
use crate::codegen::wide::inst::{Inst, Kind, Memory, read, read_anywhere, result};
use crate::codegen::wide::ops::op;
use crate::plan::width::REGISTER;

impl Selector<'_> {
    /// The register of an operand.
    pub(super) fn register(&mut self, value: Value) -> VReg {
        let value = self.strip(value);
        if let Some(bytes) = self.constant_bytes(value) {
            return self.constant(bytes);
        }
        if let Some(number) = self.number(value) {
            let register = self.fresh(RegClass::Int);
            self.emit(Inst::new(Kind::Number(number), vec![result(register)]));
            return register;
        }
        self.register_of(value)
    }

    /// Adds the operand that may be in memory, after all others.
    pub(super) fn last(&mut self, value: Value, operands: &mut Vec<Operand>) -> Option<Memory> {
        let value = self.strip(value);
        if let Some((address, offset)) = self.load_to_fold(value) {
            return Some(self.address(address, offset, operands));
        }
        let register = self.register(value);
        operands.push(read_anywhere(register));
        None
    }

    /// Whether [`Selector::last`] will be memory, so that this had better be the last operand.
    pub(super) fn is_in_memory(&self, value: Value) -> bool {
        let value = self.strip(value);
        self.load_to_fold(value).is_some() || self.constant_bytes(value).is_some()
    }

    /// The address of a load of neighbouring blocks that nobody else wants.
    fn load_to_fold(&self, value: Value) -> Option<(Value, i32)> {
        let InstructionData::Load { opcode: Opcode::Load, arg, offset, flags } = *self.definition(value)? else {
            return None;
        };
        let flags = self.function.dfg.mem_flags[flags];
        let here = self.function.layout.inst_block(self.function.dfg.value_def(value).inst()?) == Some(self.block);
        let folds = here && flags.readonly() && self.uses[value] == 1 && self.is_vector(value) && self.adjoin(value);
        folds.then_some((arg, offset.into()))
    }

    /// Whether a value fills a register for the pixels of a block, so that what its parts hold is next to each other in memory.
    pub(super) fn adjoin(&self, value: Value) -> bool {
        self.apart(value) == REGISTER
    }

    /// How many bytes are between the elements of a value for two neighbouring blocks.
    pub(super) fn apart(&self, value: Value) -> usize {
        self.pixels * self.function.dfg.value_type(value).lane_type().bytes() as usize
    }

    /// The same constant for every lane, as the bytes of a 128-bit register.
    pub(super) fn constant_bytes(&self, value: Value) -> Option<[u8; REGISTER]> {
        match *self.definition(value)? {
            InstructionData::UnaryConst { opcode: Opcode::Vconst, constant_handle } => {
                let lane = self.function.dfg.value_type(value).lane_type().bytes() as usize;
                let bytes = self.function.dfg.constants.get(constant_handle).as_slice();
                let same = bytes.chunks(lane).all(|other| *other == bytes[..lane]);
                // Lanes that differ may count pixels, of which only the first part would be right.
                bytes.try_into().ok().filter(|_| same)
            }
            InstructionData::Unary { opcode: Opcode::Splat, arg } => match *self.definition(arg)? {
                InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => {
                    let lane = self.function.dfg.value_type(arg).bytes() as usize;
                    Some(repeated(&imm.bits().to_le_bytes()[..lane]))
                }
                _ => self.constant_bytes(arg),
            },
            InstructionData::UnaryIeee32 { imm, .. } => Some(repeated(&imm.bits().to_le_bytes())),
            InstructionData::UnaryIeee64 { imm, .. } => Some(repeated(&imm.bits().to_le_bytes())),
            _ => None,
        }
    }

    /// The register of a constant, which holds it from the function's entry on. If the allocator has no register for so long, it is
    /// an operand on the stack.
    pub(super) fn constant(&mut self, bytes: [u8; REGISTER]) -> VReg {
        self.whole_constant(repeated(&bytes))
    }

    /// The same of a constant whose parts differ.
    pub(super) fn whole_constant(&mut self, bytes: [u8; CONSTANT]) -> VReg {
        if let Some((_, register)) = self.constants.iter().find(|(known, _)| *known == bytes) {
            return *register;
        }
        let register = self.fresh(RegClass::Float);
        self.constants.push((bytes, register));
        register
    }

    /// The instructions that put the constants into their registers.
    pub(super) fn load_constants(&self) -> Vec<Inst> {
        let load = |(number, (bytes, register)): (usize, &([u8; CONSTANT], VReg))| match bytes {
            [0, ..] if bytes.iter().all(|byte| *byte == 0) => Inst::new(Kind::Zero, vec![result(*register)]),
            _ => {
                let kind = Kind::Unary(op::MOVUPS, self.whole(), None);
                Inst::with(kind, vec![result(*register)], Some(Memory::Constant(number)))
            }
        };
        self.constants.iter().enumerate().map(load).collect()
    }

    /// The value of a constant integer.
    pub(super) fn number(&self, value: Value) -> Option<i64> {
        match *self.definition(value)? {
            InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm.bits()),
            _ => None,
        }
    }

    /// The value of a constant integer that an instruction can hold.
    pub(super) fn small_number(&self, value: Value) -> Option<i32> {
        self.number(value).and_then(|number| i32::try_from(number).ok())
    }

    /// Memory at an address plus an offset: the registers that it needs are added to the operands.
    pub(super) fn address(&mut self, address: Value, offset: i32, operands: &mut Vec<Operand>) -> Memory {
        let (mut address, mut offset) = (address, offset);
        while let Some((base, number)) = self.sum_with_number(address) {
            let Some(sum) = offset.checked_add(number) else { break };
            (address, offset) = (base, sum);
        }
        let base = operands.len();
        let Some((first, second, shift)) = self.sum(address) else {
            let register = self.register(address);
            operands.push(read(register));
            return Memory::At { base, index: None, offset };
        };
        let (first, second) = (self.register(first), self.register(second));
        operands.extend([read(first), read(second)]);
        Memory::At { base, index: Some((base + 1, shift)), offset }
    }

    /// What an address is the sum of, if one of the two is a constant.
    fn sum_with_number(&self, address: Value) -> Option<(Value, i32)> {
        let InstructionData::Binary { opcode: Opcode::Iadd, args: [x, y] } = *self.definition(address)? else {
            return None;
        };
        self.small_number(y).map(|number| (x, number)).or_else(|| self.small_number(x).map(|number| (y, number)))
    }

    /// What an address is the sum of, and by how much the second is shifted left.
    fn sum(&self, address: Value) -> Option<(Value, Value, u8)> {
        let InstructionData::Binary { opcode: Opcode::Iadd, args: [x, y] } = *self.definition(address)? else {
            return None;
        };
        match (self.scaled(x), self.scaled(y)) {
            (_, Some((index, shift))) => Some((x, index, shift)),
            (Some((index, shift)), None) => Some((y, index, shift)),
            (None, None) => Some((x, y, 0)),
        }
    }

    /// The value that an index is 2, 4 or 8 times of.
    fn scaled(&self, value: Value) -> Option<(Value, u8)> {
        let InstructionData::Binary { opcode: Opcode::Ishl, args: [x, bits] } = *self.definition(value)? else {
            return None;
        };
        let bits = self.number(bits)?;
        (0..=3).contains(&bits).then_some((x, bits as u8))
    }
}

/// Bytes again and again.
fn repeated<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|at| bytes[at % bytes.len()])
}
