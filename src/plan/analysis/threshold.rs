//! Comparisons with a constant that the lanes don't have.

use crate::grid::lane::Lane;
use crate::lang::ops::BinaryOp;

/// What a comparison of lanes with a constant is equivalent to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// The same for every value of the lane (other than NaN, to which constants don't compare).
    Always(bool),
    /// The same comparison with another constant on the same side, which is one of the lane's kind: whole, or an f32.
    Constant(f64),
}

/// Rewrites the comparison of a value in `lane` with `constant`, which is on the left or on the right, so that the
/// constant is whole for integer lanes, and an f32 for f32 lanes. (It may still be greater than any of the lane's.)
pub fn threshold(lane: Lane, op: BinaryOp, constant: f64, on_left: bool) -> Threshold {
    // The next value of the lane's kind from the constant on, in either direction.
    let (below, above) = match lane {
        Lane::F64 => (constant, constant),
        Lane::F32 => {
            let nearest = constant as f32;
            let exact = f64::from(nearest);
            let below = if exact > constant { nearest.next_down() } else { nearest };
            let above = if exact < constant { nearest.next_up() } else { nearest };
            (below.into(), above.into())
        }
        _ => (constant.floor(), constant.ceil()),
    };
    if constant.is_nan() && !lane.is_float() {
        return Threshold::Always(op == BinaryOp::NotEqual);
    }
    // A constant that is greater or less than any 64-bit integer.
    if lane.is_long() && above >= lane.greatest() {
        return Threshold::Always(match op {
            BinaryOp::Less | BinaryOp::LessEqual => !on_left,
            op => op == BinaryOp::NotEqual,
        });
    }
    if lane.is_long() && below < lane.least() {
        return Threshold::Always(match op {
            BinaryOp::Less | BinaryOp::LessEqual => on_left,
            op => op == BinaryOp::NotEqual,
        });
    }
    let constant = match (op, on_left) {
        // A value less than the constant is less than the next one above it, one that may be equal is at most the next
        // one below.
        (BinaryOp::Less, false) | (BinaryOp::LessEqual, true) => above,
        (BinaryOp::Less, true) | (BinaryOp::LessEqual, false) => below,
        (BinaryOp::Equal | BinaryOp::NotEqual, _) if below < above => {
            return Threshold::Always(op == BinaryOp::NotEqual);
        }
        _ => below,
    };
    Threshold::Constant(constant + 0.0)
}
