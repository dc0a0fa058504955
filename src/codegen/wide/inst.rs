//! Instructions of the machine before their registers are known, as the register allocator sees them.

use cranelift_codegen::ir::UserExternalName;
use regalloc2::{Operand, PReg, RegClass, VReg};

use super::encode::Length;
use super::ops::VectorOp;

/// An instruction, or a few that nothing may come between.
#[derive(Clone, Debug)]
pub struct Inst {
    pub kind: Kind,
    /// Its registers, in the order that its kind says.
    pub operands: Vec<Operand>,
    /// What stands for the last register or memory operand, if that is memory of which the address is known.
    pub memory: Option<Memory>,
    /// For a jump or branch, where to, with the values of the parameters there.
    pub targets: Vec<Target>,
}

/// Where a jump goes.
#[derive(Clone, Debug)]
pub struct Target {
    /// The block's number.
    pub block: usize,
    /// What its parameters become.
    pub arguments: Vec<VReg>,
}

/// Memory that an instruction reads or writes.
#[derive(Clone, Debug)]
pub enum Memory {
    /// At the sum of one of the operands, perhaps another one shifted left, and a number.
    At { base: usize, index: Option<(usize, u8)>, offset: i32 },
    /// A constant behind the code.
    Constant(usize),
}

/// What a branch or a choice depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flags {
    /// Two registers, compared; the second may be in memory.
    Compare,
    /// A register, compared with a number.
    CompareWith(i32),
    /// Whether all bits of a vector of 256 bits are zero.
    Bits,
    /// Whether a test finds no lane of a vector.
    Lanes(VectorOp, Length),
}

/// The condition codes of x86.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Below = 2,
    AboveOrEqual = 3,
    Equal = 4,
    NotEqual = 5,
    BelowOrEqual = 6,
    Above = 7,
    Less = 12,
    GreaterOrEqual = 13,
    LessOrEqual = 14,
    Greater = 15,
}

/// What an instruction does; in brackets its operands, the result first. `rm` is a register or memory.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Defines the function's parameters \[each\].
    Parameters,
    /// A vector instruction of two operands \[result, x, rm\].
    Binary(VectorOp, Length, Option<u8>),
    /// A vector instruction of one operand \[result, rm\].
    Unary(VectorOp, Length, Option<u8>),
    /// A shift of lanes by a number \[result, x\]; the digit in ModRM says which.
    Shift(VectorOp, Length, u8, u8),
    /// What overwrites one of its three operands \[result, the operand that it overwrites, x, rm\].
    Fused(VectorOp, Length, Option<u8>),
    /// A choice by vectors of masks \[result, masks, where unset, where set: rm\].
    Blend(VectorOp, Length),
    /// A comparison of lanes \[result in a mask register, x, rm\].
    Compare(VectorOp, Length, u8),
    /// A choice by a mask register \[result, mask, where unset, where set: rm\].
    BlendByMask(VectorOp, Length),
    /// A vector where a mask register is set, else zeros \[result, mask, rm\].
    MoveByMask(VectorOp, Length),
    /// A vector of masks from a mask register \[result, mask\].
    FromMask(VectorOp, Length),
    /// A mask register from the highest bits of lanes \[result, x\].
    ToMask(VectorOp, Length),
    /// An operation on mask registers \[result, x, y\].
    Masks(VectorOp),
    /// The opposite of a mask \[result, x\].
    NotMask,
    /// The first eight bits of a mask in a general register \[result, mask\].
    MaskBits,
    /// All bits zero \[result\].
    Zero,
    /// Stores a vector \[value\].
    Store(VectorOp, Length, Option<u8>),
    /// A number \[result\].
    Number(i64),
    /// The address of a table \[result\].
    Symbol(UserExternalName),
    /// Loads 64 bits \[result\].
    Load,
    /// Loads 32 bits with a sign \[result\].
    LoadSigned32,
    /// The sum of registers, one perhaps shifted, and a number \[result, ...\]; `memory` says which.
    Address,
    /// An operation on 64-bit integers, by its opcode \[result, the operand that it overwrites, rm\].
    Integer(IntegerOp),
    /// A product with a number \[result, rm\].
    MultiplyBy(i32),
    /// A shift of a 64-bit integer by a number, by its digit in ModRM \[result, the operand that it overwrites\].
    ShiftInteger(u8, u8),
    /// The negative \[result, the operand that it overwrites\].
    Negate,
    /// How many zeros there are below the lowest bit \[result, rm\].
    TrailingZeros,
    /// \[result, where the condition does not hold, where it holds: rm, what is compared ...\].
    Select(Flags, Condition),
    /// Goes to the first target if a condition holds, else to the second \[what is compared ...\].
    Branch(Flags, Condition),
    /// Goes to the only target.
    Jump,
    /// Returns \[the result\].
    Return,
}

/// Operations on 64-bit integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerOp {
    Subtract,
    And,
    Or,
    Xor,
    Multiply,
}

impl IntegerOp {
    /// The opcode for a register and a register or memory.
    pub fn opcode(self) -> &'static [u8] {
        match self {
            IntegerOp::Subtract => &[0x2B],
            IntegerOp::And => &[0x23],
            IntegerOp::Or => &[0x0B],
            IntegerOp::Xor => &[0x33],
            IntegerOp::Multiply => &[0x0F, 0xAF],
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            IntegerOp::Subtract => "sub",
            IntegerOp::And => "and",
            IntegerOp::Or => "or",
            IntegerOp::Xor => "xor",
            IntegerOp::Multiply => "imul",
        }
    }
}

impl Condition {
    /// The condition that holds where this one does not.
    pub fn opposite(self) -> Condition {
        match self {
            Condition::Below => Condition::AboveOrEqual,
            Condition::AboveOrEqual => Condition::Below,
            Condition::Equal => Condition::NotEqual,
            Condition::NotEqual => Condition::Equal,
            Condition::BelowOrEqual => Condition::Above,
            Condition::Above => Condition::BelowOrEqual,
            Condition::Less => Condition::GreaterOrEqual,
            Condition::GreaterOrEqual => Condition::Less,
            Condition::LessOrEqual => Condition::Greater,
            Condition::Greater => Condition::LessOrEqual,
        }
    }

    /// The end of the instructions' names.
    pub fn name(self) -> &'static str {
        match self {
            Condition::Below => "b",
            Condition::AboveOrEqual => "ae",
            Condition::Equal => "e",
            Condition::NotEqual => "ne",
            Condition::BelowOrEqual => "be",
            Condition::Above => "a",
            Condition::Less => "l",
            Condition::GreaterOrEqual => "ge",
            Condition::LessOrEqual => "le",
            Condition::Greater => "g",
        }
    }
}

impl Inst {
    /// An instruction on registers.
    pub fn new(kind: Kind, operands: Vec<Operand>) -> Inst {
        Inst { kind, operands, memory: None, targets: Vec::new() }
    }

    /// An instruction with an operand in memory, or perhaps not.
    pub fn with(kind: Kind, operands: Vec<Operand>, memory: Option<Memory>) -> Inst {
        Inst { kind, operands, memory, targets: Vec::new() }
    }

    /// Whether it ends a block without returning.
    pub fn is_branch(&self) -> bool {
        matches!(self.kind, Kind::Jump | Kind::Branch(..))
    }
}

/// A result in any register.
pub fn result(register: VReg) -> Operand {
    Operand::reg_def(register)
}

/// A result in the register of operand 1, which it overwrites.
pub fn result_over(register: VReg) -> Operand {
    Operand::reg_reuse_def(register, 1)
}

/// An operand in a register.
pub fn read(register: VReg) -> Operand {
    Operand::reg_use(register)
}

/// An operand in a register or on the stack.
pub fn read_anywhere(register: VReg) -> Operand {
    Operand::any_use(register)
}

/// A result in this register.
pub fn result_in(register: VReg, place: u8) -> Operand {
    Operand::reg_fixed_def(register, integer_register(place))
}

/// An operand in this register.
pub fn read_in(register: VReg, place: u8) -> Operand {
    Operand::reg_fixed_use(register, integer_register(place))
}

/// The general register of this number.
pub fn integer_register(number: u8) -> PReg {
    PReg::new(usize::from(number), RegClass::Int)
}
