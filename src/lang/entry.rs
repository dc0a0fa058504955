//! What is typed at a prompt: its declarations and outputs, what they define and use, and whether more must follow.

use std::collections::BTreeSet;

use super::ast::{Expr, Item, Let, NameUse};
use super::builtins::{Builtin, builtin};
use super::diagnostic::{Code, Diagnostic};
use super::parse::{Clause, clauses, with_large_stack};
use super::span::Span;

/// What a part of an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `input a, b`
    Input,
    /// `param t = 0.5`
    Param,
    /// `weights k`
    Weights,
    /// `fn f(x) = ...`
    Function,
    /// `let x = ...`
    Let,
    /// `assert ...`
    Assert,
    /// All outputs.
    Outputs,
}

/// A declaration, or all outputs together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, without the `;`.
    pub span: Span,
    /// The names that it defines.
    pub names: Vec<String>,
    /// The names that it takes from outside, without those of built-ins.
    pub uses: BTreeSet<String>,
}

/// The parts of what was typed, in order: declarations, then the outputs, if there are any.
///
/// ```
/// use hoodoo::lang::entry::{Kind, parts};
///
/// let parts = parts("let m = mean(w); w[0,0] - m")?;
/// assert_eq!((parts[0].kind, parts[1].kind), (Kind::Let, Kind::Outputs));
/// assert!(parts[1].uses.contains("m") && parts[1].uses.contains("w"));
/// # Ok::<(), hoodoo::lang::diagnostic::Diagnostic>(())
/// ```
///
/// # Errors
///
/// A diagnostic where the text is neither declarations nor outputs.
pub fn parts(source: &str) -> Result<Vec<Part>, Diagnostic> {
    // The tree is dropped on the large stack as well.
    with_large_stack(|| {
        let mut parts: Vec<Part> = Vec::new();
        for (span, clause) in clauses(source)? {
            match (clause, parts.last_mut()) {
                (Clause::Item(item), _) => parts.push(declaration(span, &item)),
                (Clause::Output(output), Some(Part { kind: Kind::Outputs, span: all, uses, .. })) => {
                    *all = all.to(span);
                    add_uses(&output.value, uses);
                }
                (Clause::Output(output), _) => {
                    let mut uses = BTreeSet::new();
                    add_uses(&output.value, &mut uses);
                    parts.push(Part { kind: Kind::Outputs, span, names: Vec::new(), uses });
                }
            }
        }
        Ok(parts)
    })
}

fn declaration(span: Span, item: &Item) -> Part {
    let mut uses = BTreeSet::new();
    let (kind, names) = match item {
        Item::Inputs(inputs) => (Kind::Input, inputs.iter().map(|input| &input.name).collect()),
        Item::Weights(name) => (Kind::Weights, vec![name]),
        Item::Parameter { name, default } => {
            default.iter().for_each(|value| add_uses(value, &mut uses));
            (Kind::Param, vec![name])
        }
        Item::Function(function) => {
            function.for_each_name(&mut |name, scope| add_use(name, scope, &mut uses));
            (Kind::Function, vec![&function.name])
        }
        Item::Let(Let { names, value }) => {
            add_uses(value, &mut uses);
            (Kind::Let, names.iter().collect())
        }
        Item::Assert(condition) => {
            add_uses(condition, &mut uses);
            (Kind::Assert, Vec::new())
        }
    };
    Part { kind, span, names: names.into_iter().map(|name| name.text.clone()).collect(), uses }
}

/// Adds the names that an expression takes from outside.
fn add_uses(expr: &Expr, uses: &mut BTreeSet<String>) {
    expr.for_each_name(&mut Vec::new(), &mut |name, scope| add_use(name, scope, uses));
}

/// Adds a name unless it is one of those in `scope`, or always built in.
fn add_use(name: NameUse<'_>, scope: &[&str], uses: &mut BTreeSet<String>) {
    if !scope.contains(&name.text) && builtin(name.text).is_none_or(Builtin::may_be_shadowed) {
        uses.insert(name.text.to_string());
    }
}

/// Whether a text can stand as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It can, as far as its syntax goes; also an empty text can.
    Complete,
    /// It ends too early: a bracket is open, or an operator, a `let` or an `if` lacks what must follow.
    Incomplete,
    /// It can't, whatever follows.
    Wrong,
}

/// Whether an entry is complete, or whether a prompt should ask for another line.
///
/// ```
/// use hoodoo::lang::entry::{Completeness, completeness};
///
/// assert_eq!(completeness("mean(w"), Completeness::Incomplete);
/// assert_eq!(completeness("mean(w)"), Completeness::Complete);
/// assert_eq!(completeness("mean w"), Completeness::Wrong);
/// ```
pub fn completeness(source: &str) -> Completeness {
    match with_large_stack(|| clauses(source).map(drop)) {
        Ok(()) => Completeness::Complete,
        Err(Diagnostic { code: Code::Syntax, span, .. }) if is_blank(&source[span.start..]) => Completeness::Incomplete,
        Err(_) => Completeness::Wrong,
    }
}

/// Whether there is nothing but white space and comments.
fn is_blank(text: &str) -> bool {
    text.lines().all(|line| matches!(line.trim_start().chars().next(), None | Some('#')))
}

#[cfg(test)]
mod tests {
    use super::{Completeness, Kind, completeness, parts};

    #[test]
    fn names_and_uses() {
        let uses = |source: &str| {
            let parts = parts(source).unwrap();
            let last = parts.last().unwrap();
            (last.names.join(" "), last.uses.iter().cloned().collect::<Vec<_>>().join(" "))
        };
        let pair = |names: &str, uses: &str| (names.to_string(), uses.to_string());
        assert_eq!(uses("let x, y = fold a = p, b = 0 for v in w where v > q: a + v, b"), pair("x y", "p q w"));
        assert_eq!(uses("fn f(x, y) = x + k * g(y)"), pair("f", "g k"));
        assert_eq!(uses("fn f(x) = let a = x + b; let x = a * c; x, a + d"), pair("f", "b c d"));
        assert_eq!(uses("input a, bad: bool;"), pair("a bad", ""));
        assert_eq!(uses("param t = 2 * k;"), pair("t", "k"));
        assert_eq!(uses("input a, b;"), pair("a b", ""));
        assert_eq!(uses("let x = x * 10"), pair("x", "x"));
        assert_eq!(uses("low: min(w where m), high: a[0, o] ** -e"), pair("", "a e m o w"));
        assert_eq!(uses("if not c then 1 < x else y[0] # z").1.as_str(), "c x y");
    }

    #[test]
    fn places() {
        let source = " let a = (1) ;\n assert a > 0; low: (a) , (2); # end";
        let found: Vec<(Kind, &str)> =
            parts(source).unwrap().iter().map(|part| (part.kind, &source[part.span.start..part.span.end])).collect();
        assert_eq!(
            found,
            [(Kind::Let, "let a = (1)"), (Kind::Assert, "assert a > 0"), (Kind::Outputs, "low: (a) , (2)")]
        );
        assert_eq!(parts(" # nothing\n"), Ok(vec![]));
    }

    #[test]
    fn what_needs_another_line() {
        for text in [
            "mean(w",
            "1 +",
            "let",
            "let x",
            "let x =",
            "let x = (",
            "if a then b",
            "if a",
            "a,",
            "w[0,",
            "not",
            "-",
            "fn f(x) =",
            "fn f(",
            "fn f(x) = let a = x;",
            "fn f(x) = x,",
            "input bad:",
            "param",
            "input",
            "fold s = 0 for v in w:",
            "fold",
            "(1 + # why\n",
            "2 **\n\n",
            "low:",
            "1 <",
            "assert",
            "let x = 1; let",
        ] {
            assert_eq!(completeness(text), Completeness::Incomplete, "{text:?}");
        }
        for text in ["", "  ", "# only this", "mean(w)", "let x = 1", "let x = 1;", "a, b;", "fn f(x) = x", "param t"] {
            assert_eq!(completeness(text), Completeness::Complete, "{text:?}");
        }
        for text in ["mean(w))", "a b", "1 + )", "^", "let 3", "let x = 1 let", "\u{0}", "{", &"(".repeat(300), "1e999"]
        {
            assert_eq!(completeness(text), Completeness::Wrong, "{text:?}");
        }
    }
}
