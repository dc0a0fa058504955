//! Folds: loops over the cells, with accumulators.

use super::expressions::clash;
use super::names::{check_not_builtin, taken};
use super::{Checked, Checker, MAX_LIST, OpenFold, Value, Values, counted, list_too_long};
use crate::lang::ast::{self, Name};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{self, Expr, ExprId, FoldId};
use crate::lang::ops::BinaryOp;
use crate::lang::span::Span;
use crate::lang::types::{Shape, Type};

impl<'a> Checker<'a> {
    pub(super) fn fold(&mut self, fold: &'a ast::Fold, span: Span) -> Checked<Values> {
        let accumulators = fold.accumulators.len();
        if fold.next.len() != accumulators {
            let extra = &fold.next[fold.next.len() - 1];
            return Err(Diagnostic::new(
                Code::FoldArity,
                extra.span,
                format!(
                    "the fold has {} and {}",
                    counted(accumulators, "accumulator"),
                    counted(fold.next.len(), "new value")
                ),
            )
            .label("each accumulator needs one new value")
            .note(
                fold.accumulators[0].0.span.to(fold.accumulators[accumulators - 1].0.span),
                counted(accumulators, "accumulator"),
            )
            .hint("if the comma belongs to what is around the fold, put the fold in parentheses"));
        }
        let mut init = Vec::new();
        for (name, value) in &fold.accumulators {
            check_not_builtin(name)?;
            let first = self.value(value)?;
            init.push(self.scalar(value, first, "an accumulator")?);
        }
        let mut windows = Vec::new();
        for (name, window) in &fold.elements {
            check_not_builtin(name)?;
            let value = self.value(window)?;
            if !value.ty.is_window() {
                return Err(Diagnostic::new(
                    Code::NotWindow,
                    window.span,
                    format!("a fold runs over a window, and this is {}", value.ty),
                )
                .label(format!("{}", value.ty)));
            }
            windows.push(value);
        }
        if self.folds.len() >= self.limits.folds {
            return Err(Diagnostic::new(
                Code::NestedTooDeeply,
                span,
                format!(
                    "{} folds are in each other after functions are inlined, and the limit `folds` is {}",
                    self.folds.len() + 1,
                    self.limits.folds
                ),
            )
            .label("this fold is one too many"));
        }
        let id = self.builder.begin_fold();
        let names: Vec<&Name> = fold.accumulators.iter().chain(&fold.elements).map(|(name, _)| name).collect();
        if let Some(extra) = names.get(MAX_LIST) {
            return Err(list_too_long(extra.span));
        }
        for (index, name) in names.iter().enumerate() {
            if let Some(first) = names[..index].iter().find(|first| *first == name) {
                return Err(taken(name, first.span, "the first variable of that name in this fold"));
            }
        }
        let outside = self.locals.len();
        let outer_scope = std::mem::replace(&mut self.fold_scope, id.index() + 1);
        let outer_path = self.path;
        self.path = self.builder.boolean(true);
        for (index, (name, _)) in fold.accumulators.iter().enumerate() {
            let id = self.builder.leaf(Expr::Accumulator(id, index), init[index].ty);
            self.locals.push((name.text.clone(), Value::new(id, init[index].ty)));
        }
        for (index, (name, _)) in fold.elements.iter().enumerate() {
            let ty = Type { shape: Shape::Scalar, ..windows[index].ty };
            let id = self.builder.leaf(Expr::Element(id, index), ty);
            self.locals.push((name.text.clone(), Value::new(id, ty)));
        }
        self.folds.push(OpenFold { demands: Vec::new() });
        let next = self.fold_body(fold, id, &init);
        let demands = self.folds.pop().expect("pushed above").demands;
        self.locals.truncate(outside);
        self.fold_scope = outer_scope;
        self.path = outer_path;
        let mut next = next?;

        let mut init: Vec<ExprId> = init.into_iter().map(|value| value.id).collect();
        let windows = windows.into_iter().map(|value| value.id).collect();
        // Each demand inside the loop is one more accumulator: did it hold at every cell so far?
        for (index, demand) in demands.iter().enumerate() {
            init.push(self.builder.boolean(true));
            let so_far = self.builder.leaf(Expr::Accumulator(id, accumulators + index), Type::BOOLEAN);
            next.push(self.builder.binary(BinaryOp::And, so_far, demand.condition));
        }
        let types: Vec<Type> = init.iter().map(|id| self.builder.ty(*id)).collect();
        self.builder.span = span;
        let mut values = self.builder.end_fold(id, hir::Fold { init, windows, next });
        let held = values.split_off(accumulators);
        for (held, demand) in held.into_iter().zip(demands) {
            self.demand(held, demand.span, &demand.message);
        }
        let mut values: Vec<Value> = values.into_iter().zip(types).map(|(id, ty)| Value::new(id, ty)).collect();
        Ok(if values.len() == 1 { Values::One(values.remove(0)) } else { Values::Many(values) })
    }

    /// The new values of a fold's accumulators, where its condition is false the old ones.
    fn fold_body(&mut self, fold: &'a ast::Fold, id: FoldId, init: &[Value]) -> Checked<Vec<ExprId>> {
        let condition = match &fold.condition {
            Some(condition) => Some(self.boolean_scalar(condition, "`where` in a fold")?.id),
            None => None,
        };
        if let Some(condition) = condition {
            self.path = condition;
        }
        let mut next = Vec::new();
        for (index, expr) in fold.next.iter().enumerate() {
            let value = self.value(expr)?;
            let value = self.scalar(expr, value, "a fold's new value")?;
            if value.ty != init[index].ty {
                let first = &fold.accumulators[index];
                return Err(clash(
                    &format!("the accumulator `{}` keeps its type", first.0.text),
                    (expr.span, value.ty),
                    (first.1.span, init[index].ty),
                ));
            }
            next.push(match condition {
                Some(condition) => {
                    let old = self.builder.leaf(Expr::Accumulator(id, index), value.ty);
                    self.builder.select(condition, value.id, old)
                }
                None => value.id,
            });
        }
        Ok(next)
    }
}
