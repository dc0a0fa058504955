//! Constant folding and algebraic simplification, one node at a time, before the node is made.
//!
//! No rule changes a value, NaN and signed zero included.

use super::{Builder, Expr, ExprId, Reduction};
use crate::lang::ops::{BinaryOp, UnaryOp};

/// Up to this magnitude, a constant whole exponent is repeated multiplication.
const LARGEST_POWER: f64 = 64.0;

impl Builder {
    /// What `op` of `a` is, if that is a constant or a node that there is.
    pub(super) fn simplify_unary(&mut self, op: UnaryOp, a: ExprId) -> Option<ExprId> {
        match (op, self.expr(a)) {
            (_, Expr::Number(bits)) => {
                let value = op.apply(f64::from_bits(*bits));
                Some(self.number(value))
            }
            (_, Expr::Boolean(value)) => {
                let value = !*value;
                Some(self.boolean(value))
            }
            (UnaryOp::Negate, Expr::Unary(UnaryOp::Negate, inner))
            | (UnaryOp::Not, Expr::Unary(UnaryOp::Not, inner)) => Some(*inner),
            _ => None,
        }
    }

    /// What `op` of `a` and `b` is, if there is something simpler.
    pub(super) fn simplify_binary(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> Option<ExprId> {
        if let (Some(x), Some(y)) = (self.as_number(a), self.as_number(b)) {
            let value = op.apply(x, y);
            return Some(if op.is_boolean() { self.boolean(value != 0.0) } else { self.number(value) });
        }
        let number = |id| self.as_number(id);
        match op {
            // x + 0 would turn -0 into 0, but x - 0 is x.
            BinaryOp::Subtract if number(b).is_some_and(|y| y.to_bits() == 0) => Some(a),
            BinaryOp::Multiply if number(b) == Some(1.0) => Some(a),
            BinaryOp::Multiply if number(a) == Some(1.0) => Some(b),
            BinaryOp::Divide => self.exact_quotient(a, number(b)?),
            BinaryOp::Power => self.power_rounded_once(a, number(b)?),
            BinaryOp::Min | BinaryOp::Max | BinaryOp::And | BinaryOp::Or if a == b => Some(a),
            BinaryOp::And | BinaryOp::Or => self.decided(op, a, b),
            _ => None,
        }
    }

    /// `a / divisor` as a product, where that rounds the same real number: a power of two has an exact reciprocal.
    fn exact_quotient(&mut self, a: ExprId, divisor: f64) -> Option<ExprId> {
        let reciprocal = 1.0 / divisor;
        let exact = divisor.is_normal() && reciprocal.is_normal() && divisor.to_bits() << 12 == 0;
        exact.then(|| {
            let reciprocal = self.number(reciprocal);
            self.binary(BinaryOp::Multiply, a, reciprocal)
        })
    }

    /// `and` or `or` with a constant.
    fn decided(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> Option<ExprId> {
        let (constant, other) = match (self.as_boolean(a), self.as_boolean(b)) {
            (Some(value), _) => (value, b),
            (None, Some(value)) => (value, a),
            (None, None) => return None,
        };
        // `and` with true, and `or` with false, leave the other as it is.
        let neutral = op == BinaryOp::And;
        Some(if constant == neutral { other } else { self.boolean(constant) })
    }

    /// A power that one operation rounds to the nearest number, or none. The power function need not be better than that, so that it makes no
    /// difference whether an exponent is known early or late.
    fn power_rounded_once(&mut self, base: ExprId, exponent: f64) -> Option<ExprId> {
        if [-1.0, 0.0, 1.0, 2.0].contains(&exponent) { self.integer_power(base, exponent) } else { None }
    }

    /// `base ** exponent` as a kernel says it: by a constant whole number up to 64, that is repeated multiplication. What becomes a constant
    /// later, such as a param, stays an exponent of the power function.
    pub fn power(&mut self, base: ExprId, exponent: ExprId) -> ExprId {
        let repeated = self.as_number(exponent).and_then(|exponent| self.integer_power(base, exponent));
        repeated.unwrap_or_else(|| self.binary(BinaryOp::Power, base, exponent))
    }

    /// A small integer power as repeated multiplication: by squaring, from the highest bit down.
    fn integer_power(&mut self, base: ExprId, exponent: f64) -> Option<ExprId> {
        if exponent.fract() != 0.0 || exponent.abs() > LARGEST_POWER {
            return None;
        }
        if exponent == 0.0 {
            return Some(self.number(1.0));
        }
        let magnitude = exponent.abs() as u32;
        let mut power = base;
        for bit in (0..magnitude.ilog2()).rev() {
            power = self.binary(BinaryOp::Multiply, power, power);
            if magnitude >> bit & 1 == 1 {
                power = self.binary(BinaryOp::Multiply, power, base);
            }
        }
        if exponent < 0.0 {
            let one = self.number(1.0);
            power = self.binary(BinaryOp::Divide, one, power);
        }
        Some(power)
    }

    /// What `a * b + c` is, if it is a constant.
    pub(super) fn simplify_fma(&mut self, a: ExprId, b: ExprId, c: ExprId) -> Option<ExprId> {
        let (x, y, z) = (self.as_number(a)?, self.as_number(b)?, self.as_number(c)?);
        Some(self.number(libm::fma(x, y, z)))
    }

    /// What a reduction is worth if nothing ever takes part.
    pub(super) fn simplify_reduce(&mut self, op: Reduction, filter: Option<ExprId>) -> Option<ExprId> {
        let nothing = filter.and_then(|filter| self.as_boolean(filter)) == Some(false);
        nothing.then(|| self.number(op.row().empty))
    }

    /// What the choice is, if it is known, makes no difference, or is the condition itself.
    pub(super) fn simplify_select(&mut self, condition: ExprId, yes: ExprId, no: ExprId) -> Option<ExprId> {
        if let Some(value) = self.as_boolean(condition) {
            return Some(if value { yes } else { no });
        }
        if yes == no {
            return Some(yes);
        }
        match (self.as_boolean(yes), self.as_boolean(no)) {
            (Some(true), Some(false)) => Some(condition),
            (Some(false), Some(true)) => Some(self.not(condition)),
            _ => None,
        }
    }
}
