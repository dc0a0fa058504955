//! What names stand for, and what to say about names that stand for nothing.

use super::{Binding, Checked, Checker, Global};
use crate::lang::ast::{self, Name, NameUse, Role};
use crate::lang::builtins::{BUILTINS, builtin};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::foreign;
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
        // They were bound one after the other.
        let bound = self.globals.get(name)?;
        bound[..bound.partition_point(|global| global.since <= self.visible)].last()
    }

    pub(super) fn lookup(&self, name: &str) -> Option<Binding> {
        if let Some((_, value)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return Some(Binding::Value(*value));
        }
        self.lookup_global(name).map(|global| global.binding.clone())
    }

    /// Checks the names in a function that may never be called.
    pub(super) fn check_body(&self, function: &ast::Function) -> Checked<()> {
        let mut bodies = function.lets.iter().map(|binding| &binding.value).chain(&function.values);
        bodies.try_for_each(Checker::check_folds)?;
        let mut first_problem = Ok(());
        function.for_each_name(&mut |name, scope| {
            if first_problem.is_ok() {
                first_problem = self.check_use(name, scope, &function.name);
            }
        });
        first_problem
    }

    /// Checks a name in the body of `function`, where the names in `scope` are local.
    fn check_use(&self, name: NameUse<'_>, scope: &[&str], function: &Name) -> Checked<()> {
        let NameUse { text, span, role } = name;
        if role == Role::Function && text == function.text {
            return Err(recursion(text, span, function.span));
        }
        if scope.contains(&text) || self.lookup_global(text).is_some() || builtin(text).is_some() {
            return Ok(());
        }
        Err(match role {
            Role::Function => self.unknown_function(text, span),
            Role::Value | Role::Input => self.unknown_name(text, span, scope),
        })
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
        if let Some(hint) = foreign::name_hint(name) {
            diagnostic = diagnostic.hint(hint);
        } else if name == "w" {
            diagnostic = diagnostic.hint(format!("the program names its inputs: {}", self.inputs.join(", ")));
        } else if let Some(similar) = most_similar(name, known) {
            diagnostic = diagnostic.hint(did_you_mean(similar));
        }
        diagnostic
    }

    pub(super) fn unknown_function(&self, name: &str, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::new(Code::UnknownFunction, span, format!("unknown function `{}`", short(name)))
            .label("no function is called this");
        if self.declared.contains(name) {
            return diagnostic.hint("a function can only call functions that are defined above it");
        }
        if let Some(hint) = foreign::function_hint(name) {
            return diagnostic.hint(hint);
        }
        let functions = self.functions.iter().map(|function| function.ast.name.text.as_str());
        let builtins = BUILTINS.iter().filter(|builtin| builtin.arity().is_some()).map(|builtin| builtin.name);
        match most_similar(name, functions.chain(builtins)) {
            Some(similar) => diagnostic.hint(did_you_mean(similar)),
            None => diagnostic,
        }
    }
}

pub(super) fn check_not_builtin(name: &Name) -> Checked<()> {
    match builtin(&name.text) {
        None => Ok(()),
        Some(builtin) if builtin.may_be_shadowed() => Ok(()),
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

pub(super) fn recursion(called: &str, span: Span, defined: Span) -> Diagnostic {
    Diagnostic::new(Code::Recursion, span, format!("`{called}` calls itself"))
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

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// An error in an offset, where a name that nobody has declared stands for one, as in loops over rows and columns: no built-in is meant.
pub(super) fn named_offset(diagnostic: Diagnostic) -> Diagnostic {
    let guessed = |hint: &str| BUILTINS.iter().any(|builtin| hint == did_you_mean(builtin.name));
    if diagnostic.code != Code::UnknownName || !diagnostic.hint.as_deref().is_none_or(guessed) {
        return diagnostic;
    }
    diagnostic.hint(
        "offsets are numbers: `w[0, 1]` is the cell to the right; a loop over the cells is `fold acc = 0 for v in w: acc + v`",
    )
}
