//! Walks over expressions.

use super::{Expr, ExprKind, Function};
use crate::lang::span::Span;

/// A name where an expression uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameUse<'e> {
    /// The name.
    pub text: &'e str,
    /// Its place.
    pub span: Span,
    /// What it is used as.
    pub role: Role,
}

/// What a name is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A value: `x`
    Value,
    /// A function: `f(x)`
    Function,
    /// An input that is read at an offset: `w[0, 1]`
    Input,
}

impl Function {
    /// Calls `visit` with every name that is used in the function, and the local names that are known there.
    pub fn for_each_name<'e>(&'e self, visit: &mut impl FnMut(NameUse<'e>, &[&'e str])) {
        let mut scope: Vec<&str> = self.parameters.iter().map(|name| name.text.as_str()).collect();
        for binding in &self.lets {
            binding.value.for_each_name(&mut scope, visit);
            scope.extend(binding.names.iter().map(|name| name.text.as_str()));
        }
        self.values.iter().for_each(|value| value.for_each_name(&mut scope, visit));
    }
}

impl Expr {
    /// The expressions directly inside this one, in the order of the text.
    pub fn for_each_child<'e>(&'e self, mut visit: impl FnMut(&'e Expr)) {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::Name(_) => {}
            ExprKind::Call { arguments, .. } => {
                for argument in arguments {
                    visit(&argument.value);
                    argument.condition.iter().for_each(&mut visit);
                }
            }
            ExprKind::Index { offsets, .. } => offsets.iter().for_each(visit),
            ExprKind::Prefix(_, operand) => visit(operand),
            ExprKind::Chain { first, rest } => {
                visit(first);
                rest.iter().for_each(|(_, operand)| visit(operand));
            }
            ExprKind::Compare { first, rest } => {
                visit(first);
                rest.iter().for_each(|(_, operand)| visit(operand));
            }
            ExprKind::Power { base, exponent } => {
                visit(base);
                visit(exponent);
            }
            ExprKind::Conditional { arms, otherwise } => {
                for (condition, value) in arms {
                    visit(condition);
                    visit(value);
                }
                visit(otherwise);
            }
            ExprKind::Fold(fold) => {
                fold.accumulators.iter().chain(&fold.elements).for_each(|(_, value)| visit(value));
                fold.condition.iter().chain(&fold.next).for_each(visit);
            }
        }
    }

    /// Calls `visit` with every name that is used in the expression, and the local names that are known there: those in
    /// `scope`, and the variables of the folds around it.
    pub fn for_each_name<'e>(&'e self, scope: &mut Vec<&'e str>, visit: &mut impl FnMut(NameUse<'e>, &[&'e str])) {
        match &self.kind {
            ExprKind::Name(text) => visit(NameUse { text, span: self.span, role: Role::Value }, scope),
            ExprKind::Call { function: name, .. } => {
                visit(NameUse { text: &name.text, span: name.span, role: Role::Function }, scope);
            }
            ExprKind::Index { input: name, .. } => {
                visit(NameUse { text: &name.text, span: name.span, role: Role::Input }, scope);
            }
            ExprKind::Fold(fold) => {
                let bound = || fold.accumulators.iter().chain(&fold.elements);
                bound().for_each(|(_, value)| value.for_each_name(scope, visit));
                let outside = scope.len();
                scope.extend(bound().map(|(name, _)| name.text.as_str()));
                fold.condition.iter().chain(&fold.next).for_each(|inner| inner.for_each_name(scope, visit));
                scope.truncate(outside);
                return;
            }
            _ => {}
        }
        self.for_each_child(|child| child.for_each_name(scope, visit));
    }
}
