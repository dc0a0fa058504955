//! What must hold at every pixel: assertions, and what reductions demand of their second argument.

use super::{Checked, Checker, Demand, Reason};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{Assertion, ExprId};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::reductions::Argument;
use crate::lang::span::Span;
use crate::lang::types::Shape;

impl<'a> Checker<'a> {
    /// Demands what a second argument of this kind must be.
    pub(super) fn demand_valid(
        &mut self,
        kind: Argument,
        filter: Option<ExprId>,
        argument: ExprId,
        span: Span,
    ) -> Checked<()> {
        let whole = self.builder.unary(UnaryOp::Floor, argument);
        let is_whole = self.builder.binary(BinaryOp::Equal, argument, whole);
        let zero = self.builder.number(0.0);
        let not_negative = self.builder.binary(BinaryOp::LessEqual, zero, argument);
        let (valid, message) = match kind {
            Argument::Rank | Argument::Position => {
                let count = self.selected(filter);
                let below = self.builder.binary(BinaryOp::Less, argument, count);
                let above = if kind == Argument::Position {
                    not_negative
                } else {
                    let least = self.builder.unary(UnaryOp::Negate, count);
                    self.builder.binary(BinaryOp::LessEqual, least, argument)
                };
                let inside = self.builder.binary(BinaryOp::And, above, below);
                let valid = self.builder.binary(BinaryOp::And, is_whole, inside);
                (valid, "the position must be a whole number inside the window")
            }
            Argument::Percentage => {
                let hundred = self.builder.number(100.0);
                let below = self.builder.binary(BinaryOp::LessEqual, argument, hundred);
                let valid = self.builder.binary(BinaryOp::And, not_negative, below);
                (valid, "the percentage must lie from 0 to 100")
            }
            Argument::Trimmed => {
                let valid = self.builder.binary(BinaryOp::And, is_whole, not_negative);
                (valid, "the number of trimmed elements must be whole and not negative")
            }
        };
        // A constant that is wrong for every window is an error at once, where it is needed in any case.
        let mut paths = self.folds.iter().map(|fold| fold.path).chain([self.path]);
        let needed = paths.all(|path| self.builder.as_boolean(path) == Some(true));
        if needed && self.builder.as_boolean(valid) == Some(false) {
            return Err(Diagnostic::new(Code::OutOfRange, span, message)
                .label(format!("this is {}", self.builder.as_number(argument).unwrap_or(f64::NAN))));
        }
        self.demand(valid, span, Reason::Argument(message));
        Ok(())
    }

    /// Demands that `condition` holds wherever the current path is taken.
    pub(super) fn demand(&mut self, condition: ExprId, span: Span, reason: Reason) {
        let off_path = self.builder.not(self.path);
        let mut condition = self.builder.binary(BinaryOp::Or, off_path, condition);
        if self.builder.ty(condition).shape == Shape::Window {
            let broken = self.builder.not(condition);
            let count = self.builder.count(broken);
            let zero = self.builder.number(0.0);
            condition = self.builder.binary(BinaryOp::Equal, count, zero);
        }
        if self.builder.as_boolean(condition) == Some(true) {
            return;
        }
        match self.folds.last_mut() {
            Some(fold) => fold.demands.push(Demand { condition, span, reason }),
            None => {
                let (explicit, message) = (reason == Reason::Assert, reason.message().to_string());
                self.assertions.push(Assertion { condition, span, message, explicit });
            }
        }
    }
}
