//! Text to syntax tree.
//!
//! The grammar is `grammar/hoodoo.pest`. Parser and tree builder are recursive, so nesting is limited before they
//! run, as is the number of operations, by scans that need no stack, and they run on a stack that is known to be large enough.

mod errors;
mod length;
mod nesting;
mod stack;
mod tokens;
mod tree;

use pest::Parser as _;
use pest::iterators::Pair;

use self::errors::syntax_error;
use self::grammar::{Grammar, Rule};
use self::length::check_length;
use self::nesting::check_nesting;
use self::tree::{item, output, parts, program, span};
use super::ast::{Item, Output, Program};
use super::diagnostic::{Code, Diagnostic};
use super::limits::Limits;
use super::span::Span;

pub use self::stack::{has_large_stack, with_large_stack};

/// What pest generates from the grammar; its rules are documented there.
pub(super) mod grammar {
    #![allow(missing_docs, reason = "the derive makes public items without docs")]

    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/hoodoo.pest"]
    pub struct Grammar;
}

/// The program in `source`.
///
/// # Errors
///
/// A diagnostic where the text is not in the language, too long or nested too deeply.
pub fn parse(source: &str) -> Result<Program, Diagnostic> {
    parse_within(source, &Limits::default())
}

/// The program in `source`, which must keep to `limits`.
///
/// # Errors
///
/// As for [`parse`].
pub fn parse_within(source: &str, limits: &Limits) -> Result<Program, Diagnostic> {
    matched(Rule::program, source, limits, program)
}

/// A declaration or an output of an entry.
pub(super) enum Clause {
    /// A declaration.
    Item(Item),
    /// An output.
    Output(Output),
}

/// The declarations and outputs in what was typed at a prompt, and where they stand; there may be none of either.
pub(super) fn clauses(source: &str) -> Result<Vec<(Span, Clause)>, Diagnostic> {
    matched(Rule::entry, source, &Limits::default(), |pair| {
        let clause = |part: Pair<'_, Rule>| {
            Ok((
                span(&part),
                match part.as_rule() {
                    Rule::output => Clause::Output(output(part)?),
                    _ => Clause::Item(item(part)?),
                },
            ))
        };
        parts(pair).map(clause).collect()
    })
}

/// What `build` makes of a text that is `rule`.
fn matched<T>(
    rule: Rule,
    source: &str,
    limits: &Limits,
    build: impl FnOnce(Pair<'_, Rule>) -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    let (bytes, most) = (source.len(), limits.source_bytes);
    if bytes > most {
        return Err(Diagnostic::new(
            Code::SourceTooLong,
            Span::default(),
            format!("the kernel is {bytes} bytes long, and the limit `source_bytes` is {most}"),
        ));
    }
    check_nesting(source, limits.clamped().nesting)?;
    check_length(source, limits.nodes)?;
    with_large_stack(|| {
        let mut pairs = Grammar::parse(rule, source).map_err(|error| syntax_error(source, &error))?;
        build(pairs.next().expect("the grammar yields one pair"))
    })
}
