//! Folds: loops over the cells, with accumulators.

use super::expressions::clash;
use super::names::{check_not_builtin, taken};
use super::{Checked, Checker, Demand, OpenFold, Value, Values};
use crate::lang::ast::{self, Name};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::hir::{self, Expr, ExprId, FoldId};
use crate::lang::limits::{MAX_LIST, list_too_long};
use crate::lang::ops::BinaryOp;
use crate::lang::span::Span;
use crate::lang::types::{Shape, Type};
use crate::lang::words::counted;

/// A fold's first values and windows, whose names are its variables.
struct Declared {
    init: Vec<Value>,
    windows: Vec<Value>,
}

impl<'a> Checker<'a> {
    pub(super) fn fold(&mut self, fold: &'a ast::Fold, span: Span) -> Checked<Values> {
        check_arity(fold)?;
        check_variables(fold)?;
        let declared = self.declare(fold)?;
        self.check_depth(span)?;
        let id = self.builder.begin_fold();
        let (next, demands) = self.infer(fold, id, &declared)?;
        let mut values = self.close(id, span, declared, next, demands);
        Ok(if values.len() == 1 { Values::One(values.remove(0)) } else { Values::Many(values) })
    }

    /// Checks the names of the variables of all folds in an expression.
    pub(super) fn check_folds(expr: &ast::Expr) -> Checked<()> {
        let mut checked = match &expr.kind {
            ast::ExprKind::Fold(fold) => check_variables(fold),
            _ => Ok(()),
        };
        expr.for_each_child(|child| {
            if checked.is_ok() {
                checked = Checker::check_folds(child);
            }
        });
        checked
    }

    /// Checks the first values and the windows, which are outside the fold.
    fn declare(&mut self, fold: &'a ast::Fold) -> Checked<Declared> {
        let (mut init, mut windows) = (Vec::new(), Vec::new());
        for (_, value) in &fold.accumulators {
            let first = self.value(value)?;
            init.push(self.scalar(value, first, "an accumulator")?);
        }
        for (_, window) in &fold.elements {
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
        Ok(Declared { init, windows })
    }

    /// Checks that one more fold may be inside those around it.
    fn check_depth(&self, span: Span) -> Checked<()> {
        let (depth, most) = (self.folds.len() + 1, self.limits.folds);
        if depth <= most {
            return Ok(());
        }
        let message =
            format!("{depth} folds are in each other after functions are inlined, and the limit `folds` is {most}");
        Err(Diagnostic::new(Code::NestedTooDeeply, span, message).label("this fold is one too many"))
    }

    /// Checks what is inside the fold, with its variables bound: the new values, and what is demanded at each cell.
    fn infer(&mut self, fold: &'a ast::Fold, id: FoldId, declared: &Declared) -> Checked<(Vec<ExprId>, Vec<Demand>)> {
        let outside = self.locals.len();
        let outer_scope = std::mem::replace(&mut self.fold_scope, id.index() + 1);
        let always = self.builder.boolean(true);
        let path = std::mem::replace(&mut self.path, always);
        for (index, ((name, _), init)) in fold.accumulators.iter().zip(&declared.init).enumerate() {
            let id = self.builder.leaf(Expr::Accumulator(id, index), init.ty);
            self.locals.push((name.text.clone(), Value::new(id, init.ty)));
        }
        for (index, ((name, _), window)) in fold.elements.iter().zip(&declared.windows).enumerate() {
            let ty = Type { shape: Shape::Scalar, ..window.ty };
            let id = self.builder.leaf(Expr::Element(id, index), ty);
            self.locals.push((name.text.clone(), Value::new(id, ty)));
        }
        self.folds.push(OpenFold { demands: Vec::new(), path });
        let next = self.fold_body(fold, id, &declared.init);
        let OpenFold { demands, path } = self.folds.pop().expect("pushed above");
        self.locals.truncate(outside);
        self.fold_scope = outer_scope;
        self.path = path;
        Ok((next?, demands))
    }

    /// Makes the fold of its parts, and demands outside what is demanded inside; the last values of the accumulators.
    fn close(
        &mut self,
        id: FoldId,
        span: Span,
        declared: Declared,
        mut next: Vec<ExprId>,
        demands: Vec<Demand>,
    ) -> Vec<Value> {
        let accumulators = next.len();
        let mut init: Vec<ExprId> = declared.init.iter().map(|value| value.id).collect();
        let windows = declared.windows.iter().map(|value| value.id).collect();
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
            self.demand(held, demand.span, demand.reason);
        }
        values.into_iter().zip(types).map(|(id, ty)| Value::new(id, ty)).collect()
    }

    /// The new values of a fold's accumulators, where its condition is false the old ones.
    fn fold_body(&mut self, fold: &'a ast::Fold, id: FoldId, init: &[Value]) -> Checked<Vec<ExprId>> {
        let condition = match &fold.condition {
            Some(condition) => {
                let of_element = |diagnostic: Diagnostic| match diagnostic.code {
                    Code::NotScalar => diagnostic.hint(format!("one element is `{}` here", fold.elements[0].0)),
                    _ => diagnostic,
                };
                Some(self.boolean_scalar(condition, "`where` in a fold").map_err(of_element)?.id)
            }
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

/// Checks that there is a new value for each accumulator.
fn check_arity(fold: &ast::Fold) -> Checked<()> {
    let (accumulators, values) = (&fold.accumulators, &fold.next);
    if values.len() == accumulators.len() {
        return Ok(());
    }
    let count = counted(accumulators.len(), "accumulator");
    let message = format!("the fold has {count} and {}", counted(values.len(), "new value"));
    let names = accumulators[0].0.span.to(accumulators[accumulators.len() - 1].0.span);
    Err(Diagnostic::new(Code::FoldArity, values[values.len() - 1].span, message)
        .label("each accumulator needs one new value")
        .note(names, count)
        .hint("if the comma belongs to what is around the fold, put the fold in parentheses"))
}

/// Checks that the variables are not too many, and have different names, none of which is built in.
fn check_variables(fold: &ast::Fold) -> Checked<()> {
    let names: Vec<&Name> = fold.accumulators.iter().chain(&fold.elements).map(|(name, _)| name).collect();
    names.iter().try_for_each(|name| check_not_builtin(name))?;
    if let Some(extra) = names.get(MAX_LIST) {
        return Err(list_too_long(extra.span));
    }
    for (index, name) in names.iter().enumerate() {
        if let Some(first) = names[..index].iter().find(|first| *first == name) {
            return Err(taken(name, first.span, "the first variable of that name in this fold"));
        }
    }
    Ok(())
}
