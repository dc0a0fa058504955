//! What names stand for, and what to say about names that stand for nothing.

use super::{Binding, Checked, Checker, Global};
use crate::lang::ast::{self, ExprKind, Name};
use crate::lang::builtins::{BUILTINS, builtin};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::similar::most_similar;
use crate::lang::span::Span;

impl<'a> Checker<'a> {
    pub(super) fn bind(&mut self, name: &str, span: Span, binding: Binding) {
        self.bound += 1;
        self.visible = self.bound;
        let global = Global { since: self.bound, binding, span };
        self.globals.entry(name.to_string()).or_default().push(global);
    }

    /// Binds a name that must not have a meaning yet.
    pub(super) fn bind_new(&mut self, name: &Name, binding: Binding) -> Checked<()> {
        check_not_builtin(name)?;
        if let Some(global) = self.lookup_global(&name.text) {
            return Err(taken(name, global.span, "defined here"));
        }
        self.bind(&name.text, name.span, binding);
        Ok(())
    }

    pub(super) fn lookup_global(&self, name: &str) -> Option<&Global> {
        {
            // They were bound one after the other.
            let bound = self.globals.get(name)?;
            bound[..bound.partition_point(|global| global.since <= self.visible)].last()
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Option<Binding> {
        if let Some((_, value)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return Some(Binding::Value(*value));
        }
        self.lookup_global(name).map(|global| global.binding.clone())
    }

    /// Checks the names in a function that may never be called.
    pub(super) fn check_body(&self, function: &ast::Function) -> Checked<()> {
        let mut scope: Vec<&str> = function.parameters.iter().map(|name| name.text.as_str()).collect();
        self.check_names(&function.body, &mut scope, &function.name)
    }

    fn check_names<'e>(&self, expr: &'e ast::Expr, scope: &mut Vec<&'e str>, function: &Name) -> Checked<()> {
        let known = |name: &str, scope: &[&str]| {
            scope.contains(&name) || self.lookup_global(name).is_some() || builtin(name).is_some()
        };
        match &expr.kind {
            ExprKind::Number(_) => Ok(()),
            ExprKind::Name(name) if known(name, scope) => Ok(()),
            ExprKind::Name(name) => Err(self.unknown_name(name, expr.span, scope)),
            ExprKind::Call { function: called, arguments } => {
                if called == function {
                    return Err(recursion(called, function.span));
                }
                if !known(&called.text, scope) {
                    return Err(self.unknown_function(called));
                }
                arguments.iter().try_for_each(|argument| {
                    self.check_names(&argument.value, scope, function)?;
                    argument.condition.iter().try_for_each(|c| self.check_names(c, scope, function))
                })
            }
            ExprKind::Index { input, offsets } => {
                if !known(&input.text, scope) {
                    return Err(self.unknown_name(&input.text, input.span, scope));
                }
                offsets.iter().try_for_each(|offset| self.check_names(offset, scope, function))
            }
            ExprKind::Prefix(_, operand) => self.check_names(operand, scope, function),
            ExprKind::Chain { first, rest } => {
                self.check_names(first, scope, function)?;
                rest.iter().try_for_each(|(_, operand)| self.check_names(operand, scope, function))
            }
            ExprKind::Compare { first, rest } => {
                self.check_names(first, scope, function)?;
                rest.iter().try_for_each(|(_, operand)| self.check_names(operand, scope, function))
            }
            ExprKind::Power { base, exponent } => {
                self.check_names(base, scope, function)?;
                self.check_names(exponent, scope, function)
            }
            ExprKind::Conditional { arms, otherwise } => {
                for (condition, value) in arms {
                    self.check_names(condition, scope, function)?;
                    self.check_names(value, scope, function)?;
                }
                self.check_names(otherwise, scope, function)
            }
            ExprKind::Fold(fold) => {
                for (_, value) in fold.accumulators.iter().chain(&fold.elements) {
                    self.check_names(value, scope, function)?;
                }
                let outside = scope.len();
                scope.extend(fold.accumulators.iter().chain(&fold.elements).map(|(name, _)| name.text.as_str()));
                for inner in fold.condition.iter().chain(&fold.next) {
                    self.check_names(inner, scope, function)?;
                }
                scope.truncate(outside);
                Ok(())
            }
        }
    }

    pub(super) fn unknown_name(&self, name: &str, span: Span, scope: &[&str]) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(Code::UnknownName, span, format!("unknown name `{}`", short(name)))
            .label("nothing is called this");
        if self.declared.contains(name) {
            return diagnostic.hint(format!("`{name}` is declared further down"));
        }
        let known = scope
            .iter()
            .copied()
            .chain(self.locals.iter().map(|(local, _)| local.as_str()))
            .chain(self.globals.keys().map(String::as_str))
            .chain(BUILTINS.iter().map(|builtin| builtin.name));
        if name == "w" {
            diagnostic = diagnostic.hint(format!("the program names its inputs: {}", self.inputs.join(", ")));
        } else if let Some(similar) = most_similar(name, known) {
            diagnostic = diagnostic.hint(format!("did you mean `{similar}`?"));
        }
        diagnostic
    }

    pub(super) fn unknown_function(&self, name: &Name) -> Diagnostic {
        let diagnostic =
            Diagnostic::new(Code::UnknownFunction, name.span, format!("unknown function `{}`", short(&name.text)))
                .label("no function is called this");
        if self.declared.contains(name.text.as_str()) {
            return diagnostic.hint("a function can only call functions that are defined above it");
        }
        let other_language = match name.text.as_str() {
            "pow" | "power" => Some("power is `x ** y`"),
            "mod" | "fmod" => Some("the remainder is `x % y`"),
            "avg" | "average" => Some("did you mean `mean`?"),
            "ln" => Some("the natural logarithm is `log`"),
            "size" | "length" => Some("did you mean `len`?"),
            "minimum" => Some("did you mean `min`?"),
            "maximum" => Some("did you mean `max`?"),
            "majority" => Some("did you mean `mode`?"),
            "where" | "select" => Some("write `if condition then a else b`"),
            "range" | "ptp" => Some("write `max(w) - min(w)`"),
            _ => None,
        };
        if let Some(hint) = other_language {
            return diagnostic.hint(hint);
        }
        let functions = self.functions.iter().map(|function| function.ast.name.text.as_str());
        let builtins = BUILTINS.iter().filter(|builtin| builtin.arity().is_some()).map(|builtin| builtin.name);
        match most_similar(&name.text, functions.chain(builtins)) {
            Some(similar) => diagnostic.hint(format!("did you mean `{similar}`?")),
            None => diagnostic,
        }
    }
}

pub(super) fn check_not_builtin(name: &Name) -> Checked<()> {
    match builtin(&name.text) {
        None => Ok(()),
        Some(builtin) => Err(Diagnostic::new(
            Code::NameTaken,
            name.span,
            format!("`{}` is built in and can't be defined again", name.text),
        )
        .label("choose another name")
        .hint(format!("`{}`: {}", builtin.signature, builtin.doc))),
    }
}

pub(super) fn taken(name: &Name, first: Span, note: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::NameTaken, name.span, format!("the name `{}` is taken", name.text))
        .label("defined again");
    // The implicit input `w` has no place.
    if first == Span::default() {
        diagnostic.hint("without an `input` declaration, `w` is the input")
    } else {
        diagnostic.note(first, note)
    }
}

pub(super) fn recursion(called: &Name, defined: Span) -> Diagnostic {
    Diagnostic::new(Code::Recursion, called.span, format!("`{}` calls itself", called.text))
        .label("functions are inlined, so they can't be recursive")
        .note(defined, "defined here")
        .hint("a loop over the window is `fold`")
}

/// The name, or the start of one that is too long for a message.
fn short(name: &str) -> String {
    const LONGEST: usize = 60;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}\u{2026}", &name[..end]),
        None => name.to_string(),
    }
}
