//! The ends of blocks, and the conditions that they depend on.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{self, InstructionData, Opcode, Type, Value};
use regalloc2::Operand;

use super::lanes::equality;
use super::{Refused, Selector};
use crate::codegen::wide::inst::{Condition, Flags, Inst, Kind, Target, read, read_anywhere, read_in};
use crate::codegen::wide::ops::{VectorOp, op};

/// The register in which a function returns its result: rax.
const RESULT: u8 = 0;

impl Selector<'_> {
    /// The last instruction of a block; what is to be in the blocks of its edges.
    pub(super) fn terminator(&mut self, inst: ir::Inst) -> Result<Vec<Inst>, Refused> {
        let data = &self.function.dfg.insts[inst];
        let edges = match data {
            InstructionData::Jump { destination, .. } => self.jump(destination),
            InstructionData::Brif { arg, blocks, .. } => self.branch(*arg, blocks),
            InstructionData::MultiAry { opcode: Opcode::Return, .. } => self.return_value(data),
            _ => None,
        };
        edges.ok_or_else(|| Refused(self.function.dfg.display_inst(inst).to_string()))
    }

    fn jump(&mut self, call: &ir::BlockCall) -> Option<Vec<Inst>> {
        let target = self.target(call)?;
        self.emit(Inst { targets: vec![target], ..Inst::new(Kind::Jump, Vec::new()) });
        Some(Vec::new())
    }

    fn branch(&mut self, condition: Value, calls: &[ir::BlockCall; 2]) -> Option<Vec<Inst>> {
        let mut edges = Vec::new();
        let mut targets = Vec::new();
        let next = self.order.numbers[&self.block] + 1;
        for call in calls {
            let target = self.target(call)?;
            if self.order.is_edge(self.function, call) {
                targets.push(Target { block: next + edges.len(), arguments: Vec::new() });
                edges.push(Inst { targets: vec![target], ..Inst::new(Kind::Jump, Vec::new()) });
            } else {
                targets.push(target);
            }
        }
        let mut operands = Vec::new();
        let (flags, condition) = self.condition(condition, &mut operands)?;
        self.emit(Inst { targets, ..Inst::new(Kind::Branch(flags, condition), operands) });
        Some(edges)
    }

    fn return_value(&mut self, data: &InstructionData) -> Option<Vec<Inst>> {
        let [value] = *data.arguments(&self.function.dfg.value_lists) else { return None };
        let register = self.register(value);
        self.emit(Inst::new(Kind::Return, vec![read_in(register, RESULT)]));
        Some(Vec::new())
    }

    /// What sets the flags for a condition, and which of them; what is compared is added to the operands.
    pub(super) fn condition(&mut self, value: Value, operands: &mut Vec<Operand>) -> Option<(Flags, Condition)> {
        if self.function.dfg.value_type(value) == I64 {
            operands.push(read(self.register(value)));
            return Some((Flags::CompareWith(0), Condition::NotEqual));
        }
        match *self.definition(value)? {
            InstructionData::IntCompare { args: [x, y], cond, .. } if self.function.dfg.value_type(x) == I64 => {
                operands.push(read(self.register(x)));
                let flags = match self.small_number(y) {
                    Some(number) => Flags::CompareWith(number),
                    None => {
                        operands.push(read_anywhere(self.register(y)));
                        Flags::Compare
                    }
                };
                Some((flags, integer_condition(cond)))
            }
            InstructionData::Unary { opcode: Opcode::VanyTrue, arg } => {
                let x = self.register(arg);
                operands.push(read(x));
                let test = if self.shape.has_masks() { self.lanes_by(op::PTESTMD) } else { Flags::Bits };
                Some((test, Condition::NotEqual))
            }
            // No lane of any part is zero.
            InstructionData::Unary { opcode: Opcode::VallTrue, arg } => {
                let lane = self.function.dfg.value_type(arg).lane_type();
                let x = self.register(arg);
                if self.shape.has_masks() {
                    operands.push(read(x));
                    return Some((self.lanes_by(zero_lanes(lane)), Condition::Equal));
                }
                let zero = self.zero();
                let zeros = self.combined(equality(lane), None, x, zero);
                operands.push(read(zeros));
                Some((Flags::Bits, Condition::Equal))
            }
            _ => None,
        }
    }

    /// Whether this test of whole registers finds no lane.
    fn lanes_by(&self, test: VectorOp) -> Flags {
        Flags::Lanes(test, self.whole())
    }
}

/// The test for lanes that are zero.
fn zero_lanes(lane: Type) -> VectorOp {
    match lane.bytes() {
        1 => op::PTESTNMB,
        2 => op::PTESTNMW,
        4 => op::PTESTNMD,
        _ => op::PTESTNMQ,
    }
}

fn integer_condition(condition: IntCC) -> Condition {
    match condition {
        IntCC::Equal => Condition::Equal,
        IntCC::NotEqual => Condition::NotEqual,
        IntCC::SignedLessThan => Condition::Less,
        IntCC::SignedGreaterThanOrEqual => Condition::GreaterOrEqual,
        IntCC::SignedGreaterThan => Condition::Greater,
        IntCC::SignedLessThanOrEqual => Condition::LessOrEqual,
        IntCC::UnsignedLessThan => Condition::Below,
        IntCC::UnsignedGreaterThanOrEqual => Condition::AboveOrEqual,
        IntCC::UnsignedGreaterThan => Condition::Above,
        IntCC::UnsignedLessThanOrEqual => Condition::BelowOrEqual,
    }
}
