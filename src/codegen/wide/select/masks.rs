//! Masks in registers of their own, a bit for each lane, which AVX-512 has.
//!
//! Comparisons can give nothing else there, and a choice by such a mask is one instruction. What Cranelift's code has are vectors
//! of masks, with all bits of a lane set or none. So each of those that comes of comparisons can be asked for in both forms, and is made a
//! vector only if somebody does something else with it than choose.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::F64;
use cranelift_codegen::ir::{InstructionData, Opcode, Value};
use regalloc2::{RegClass, VReg};

use super::by_lane::{by_bytes, by_precision, comparison_predicate};
use super::{MASK_DEPTH, Selector};
use crate::codegen::wide::inst::{Inst, Kind, read, result};
use crate::codegen::wide::ops::{VectorOp, op};

impl Selector<'_> {
    /// Whether the value can be in a mask register, with a bit for each lane of its type.
    pub(super) fn gives_mask(&self, value: Value) -> bool {
        self.shape.has_masks() && self.is_vector(value) && self.comes_of_comparisons(value, MASK_DEPTH)
    }

    fn comes_of_comparisons(&self, value: Value, depth: usize) -> bool {
        let bytes = |value: Value| self.function.dfg.value_type(value).lane_type().bytes();
        let Some(depth) = depth.checked_sub(1) else { return false };
        let same = |arg: Value| {
            let arg = self.strip(arg);
            bytes(arg) == bytes(value) && self.comes_of_comparisons(arg, depth)
        };
        match self.definition(value) {
            Some(InstructionData::FloatCompare { .. } | InstructionData::IntCompare { .. }) => true,
            Some(InstructionData::Unary { opcode: Opcode::Bnot, arg }) => same(*arg),
            Some(InstructionData::Binary { opcode: Opcode::Band | Opcode::Bor | Opcode::Bxor, args }) => {
                args.iter().all(|arg| same(*arg))
            }
            _ => false,
        }
    }

    /// The mask register of a value, if it can be in one with lanes of so many bytes.
    pub(super) fn mask_of(&mut self, value: Value, bytes: u32) -> Option<VReg> {
        let value = self.strip(value);
        if !self.gives_mask(value) || self.function.dfg.value_type(value).lane_type().bytes() != bytes {
            return None;
        }
        Some(match self.masks[value] {
            Some(register) => register,
            None => {
                let register = self.fresh(RegClass::Vector);
                self.masks[value] = Some(register);
                register
            }
        })
    }

    /// A comparison, or an operation on what comes of comparisons: as a mask, and as a vector if that is wanted.
    pub(super) fn mask(&mut self, data: &InstructionData, to: Value) -> Option<()> {
        let bytes = self.function.dfg.value_type(to).lane_type().bytes();
        let mask = self.mask_of(to, bytes)?;
        match *data {
            InstructionData::FloatCompare { args: [x, y], cond, .. } => {
                let double = self.function.dfg.value_type(x).lane_type() == F64;
                self.compare(
                    by_precision(double, op::CMPPS_MASK, op::CMPPD_MASK),
                    comparison_predicate(cond),
                    mask,
                    x,
                    y,
                );
            }
            InstructionData::IntCompare { args: [x, y], cond, .. } => {
                let (order, signed) = integer_order(cond);
                self.compare(integer_comparison(bytes, signed), order, mask, x, y);
            }
            InstructionData::Unary { arg, .. } => {
                let x = self.mask_of(arg, bytes)?;
                self.emit(Inst::new(Kind::NotMask, vec![result(mask), read(x)]));
            }
            InstructionData::Binary { opcode, args: [x, y] } => {
                let op = match opcode {
                    Opcode::Band => op::KANDQ,
                    Opcode::Bor => op::KORQ,
                    _ => op::KXORQ,
                };
                let (x, y) = (self.mask_of(x, bytes)?, self.mask_of(y, bytes)?);
                self.emit(Inst::new(Kind::Masks(op), vec![result(mask), read(x), read(y)]));
            }
            _ => return None,
        }
        if let Some(vector) = self.values[to] {
            self.vector_from_mask(bytes, vector, mask);
        }
        Some(())
    }

    /// A vector of masks.
    pub(super) fn vector_from_mask(&mut self, bytes: u32, to: VReg, mask: VReg) {
        let op = by_bytes(bytes, [op::PMOVM2B, op::PMOVM2W, op::PMOVM2D, op::PMOVM2Q]);
        self.emit(Inst::new(Kind::FromMask(op, self.whole()), vec![result(to), read(mask)]));
    }

    fn compare(&mut self, op: VectorOp, order: u8, mask: VReg, x: Value, y: Value) {
        let mut operands = vec![result(mask), read(self.register(x))];
        let memory = self.last(y, &mut operands);
        self.emit(Inst::with(Kind::Compare(op, self.whole(), order), operands, memory));
    }

    /// `x` where the mask is set, else `y`, in lanes of so many bytes.
    pub(super) fn choose_by_mask(&mut self, bytes: u32, to: Value, mask: VReg, x: Value, y: Value) {
        if self.is_zero(y) {
            return self.keep_by_mask(bytes, to, mask, x);
        }
        let mut operands = vec![result(self.register_of(to)), read(mask), read(self.register(y))];
        let memory = self.last(x, &mut operands);
        let op = by_bytes(bytes, [op::PBLENDMB, op::PBLENDMW, op::PBLENDMD, op::PBLENDMQ]);
        self.emit(Inst::with(Kind::BlendByMask(op, self.whole()), operands, memory));
    }

    /// `x` where the mask is set, else zeros.
    pub(super) fn keep_by_mask(&mut self, bytes: u32, to: Value, mask: VReg, x: Value) {
        let mut operands = vec![result(self.register_of(to)), read(mask)];
        let memory = self.last(x, &mut operands);
        let op = by_bytes(bytes, [op::MOVDQU8, op::MOVDQU16, op::MOVDQU32, op::MOVDQU64]);
        self.emit(Inst::with(Kind::MoveByMask(op, self.whole()), operands, memory));
    }

    /// A bitwise "and" of a mask and something else.
    pub(super) fn keep(&mut self, to: Value, x: Value, y: Value) -> Option<()> {
        for (mask, kept) in [(x, y), (y, x)] {
            let bytes = self.function.dfg.value_type(self.strip(mask)).lane_type().bytes();
            if let Some(mask) = self.mask_of(mask, bytes) {
                self.keep_by_mask(bytes, to, mask, kept);
                return Some(());
            }
        }
        None
    }
}

/// The number of an order of integers, and whether they have a sign.
fn integer_order(order: IntCC) -> (u8, bool) {
    match order {
        IntCC::Equal => (0, true),
        IntCC::SignedLessThan => (1, true),
        IntCC::SignedLessThanOrEqual => (2, true),
        IntCC::NotEqual => (4, true),
        IntCC::SignedGreaterThanOrEqual => (5, true),
        IntCC::SignedGreaterThan => (6, true),
        IntCC::UnsignedLessThan => (1, false),
        IntCC::UnsignedLessThanOrEqual => (2, false),
        IntCC::UnsignedGreaterThanOrEqual => (5, false),
        IntCC::UnsignedGreaterThan => (6, false),
    }
}

fn integer_comparison(bytes: u32, signed: bool) -> VectorOp {
    match signed {
        true => by_bytes(bytes, [op::PCMPB_MASK, op::PCMPW_MASK, op::PCMPD_MASK, op::PCMPQ_MASK]),
        false => by_bytes(bytes, [op::PCMPUB_MASK, op::PCMPUW_MASK, op::PCMPUD_MASK, op::PCMPUQ_MASK]),
    }
}
