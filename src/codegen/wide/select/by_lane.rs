//! Which of several instructions is for which lanes, and the predicates of comparisons.

use cranelift_codegen::ir::condcodes::FloatCC;

use crate::codegen::wide::ops::VectorOp;

/// The predicate of a comparison of floats, as in the immediate byte of CMPPS and CMPPD (Intel's manual, volume 2, CMPPD).
pub(super) fn comparison_predicate(order: FloatCC) -> u8 {
    match order {
        FloatCC::Equal => 0,
        FloatCC::LessThan => 1,
        FloatCC::LessThanOrEqual => 2,
        FloatCC::Unordered => 3,
        FloatCC::NotEqual => 4,
        FloatCC::UnorderedOrGreaterThanOrEqual => 5,
        FloatCC::UnorderedOrGreaterThan => 6,
        FloatCC::Ordered => 7,
        FloatCC::UnorderedOrEqual => 8,
        FloatCC::UnorderedOrLessThan => 9,
        FloatCC::UnorderedOrLessThanOrEqual => 10,
        FloatCC::OrderedNotEqual => 12,
        FloatCC::GreaterThanOrEqual => 13,
        FloatCC::GreaterThan => 14,
    }
}

pub(super) fn by_precision(double: bool, single: VectorOp, of_doubles: VectorOp) -> VectorOp {
    if double { of_doubles } else { single }
}

/// The instruction for lanes of so many bytes.
pub(super) fn by_bytes(bytes: u32, ops: [VectorOp; 4]) -> VectorOp {
    ops[bytes.ilog2() as usize]
}
