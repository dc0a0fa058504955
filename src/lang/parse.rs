//! Text to syntax tree.
//!
//! The grammar is `grammar/hoodoo.pest`. Parser and tree builder are recursive, so nesting is limited before they
//! run, by a scan that needs no stack, and they run on a stack that is known to be large enough.

use std::sync::LazyLock;

use pest::Parser as _;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op, PrattParser};

use super::ast::{
    Argument, BinaryOp, CompareOp, Expr, ExprKind, Fold, Function, Item, Name, Output, PrefixOp, Program,
};
use super::diagnostic::{Code, Diagnostic};
use super::limits::Limits;
use super::span::Span;

/// Stack for the recursive passes. In a debug build, the most levels of [`Limits::nesting`] take 9 MiB in the parser, and
/// the deepest check 11 MiB; in a release build both take far less.
const STACK_BYTES: usize = 32 << 20;
const STACK_NEEDED: usize = 24 << 20;

/// Runs a recursive pass on a stack that is large enough, whatever thread the caller is on.
pub fn with_large_stack<T>(pass: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK_NEEDED, STACK_BYTES, pass)
}

/// What pest generates from the grammar; its rules are documented there.
pub(super) mod grammar {
    #![allow(missing_docs, reason = "the derive makes public items without docs")]

    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/hoodoo.pest"]
    pub struct Grammar;
}

use grammar::{Grammar, Rule};

/// Precedence of the arithmetic operators, loosest first.
static ARITHMETIC: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    PrattParser::new()
        .op(Op::infix(Rule::add, Assoc::Left) | Op::infix(Rule::subtract, Assoc::Left))
        .op(Op::infix(Rule::multiply, Assoc::Left)
            | Op::infix(Rule::divide, Assoc::Left)
            | Op::infix(Rule::remainder, Assoc::Left))
        .op(Op::prefix(Rule::negate))
        .op(Op::infix(Rule::power, Assoc::Right))
});

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
    with_large_stack(|| {
        let mut pairs = Grammar::parse(rule, source).map_err(|error| syntax_error(source, &error))?;
        build(pairs.next().expect("the grammar yields one pair"))
    })
}

/// A bracket that is open at some point of the text.
#[derive(Default)]
struct Open {
    /// The conditionals and folds that have begun inside it.
    keywords: usize,
    /// The prefix operators and powers whose operand it is.
    operators: usize,
}

/// An upper bound of the depth of the tree, from the tokens alone: brackets, conditionals, folds, and prefix operators
/// and powers, whose operand is one level deeper.
fn check_nesting(source: &str, most: usize) -> Result<(), Diagnostic> {
    let bytes = source.as_bytes();
    let mut open = vec![Open::default()];
    let mut depth = 0usize;
    // The operators that the next operand belongs to, whether an operand has just ended, and whether `else` has.
    let (mut operators, mut after_operand, mut after_else) = (0usize, false, false);
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let (mut is_operand, mut is_else) = (false, false);
        match bytes[at] {
            b'#' => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    at += 1;
                }
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'(' | b'[' => {
                open.push(Open { keywords: 0, operators });
                depth += 1 + std::mem::take(&mut operators);
                at += 1;
            }
            b')' | b']' => {
                if open.len() > 1 {
                    let closed = open.pop().unwrap_or_default();
                    depth -= 1 + closed.keywords + closed.operators;
                    // A power may follow, inside what the operators in front apply to.
                    operators = closed.operators;
                }
                is_operand = true;
                at += 1;
            }
            b'*' if bytes.get(at + 1) == Some(&b'*') => {
                operators += 1;
                at += 2;
            }
            b'-' if !after_operand => {
                operators += 1;
                at += 1;
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
                match &source[start..at] {
                    "not" => operators += 1,
                    word @ ("if" | "fold" | "then" | "else" | "for" | "in" | "where" | "and" | "or") => {
                        operators = 0;
                        is_else = word == "else";
                        // The grammar keeps a chain of `else if` flat.
                        if word == "fold" || (word == "if" && !after_else) {
                            depth += 1;
                            open.last_mut().expect("the level of the program is never closed").keywords += 1;
                        }
                    }
                    _ => is_operand = true,
                }
            }
            byte if byte.is_ascii_digit() => {
                while at < bytes.len() && bytes[at].is_ascii_alphanumeric() {
                    at += 1;
                }
                is_operand = true;
            }
            b';' if open.len() == 1 => {
                depth -= std::mem::take(&mut open[0].keywords);
                operators = 0;
                at += 1;
            }
            _ => {
                operators = 0;
                at += 1;
            }
        }
        (after_operand, after_else) = (is_operand, is_else);
        if depth + operators > most {
            return Err(too_deep(Span::new(start, at), most));
        }
    }
    Ok(())
}

fn too_deep(span: Span, most: usize) -> Diagnostic {
    let message = format!("the kernel is nested too deeply: the limit `nesting` is {most} levels");
    Diagnostic::new(Code::NestedTooDeeply, span, message)
        .label("this level is one too many")
        .hint("name a part of it with `let`")
}

/// pest's error in the user's words.
fn syntax_error(source: &str, error: &pest::error::Error<Rule>) -> Diagnostic {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let rest = &source[at..];
    let token = first_token(rest);
    let span = Span::new(at, at + token.len());
    let diagnostic = if token.is_empty() {
        Diagnostic::new(Code::Syntax, span, "the kernel ends too early")
    } else {
        Diagnostic::new(Code::Syntax, span, format!("unexpected {}", shown(token)))
    };
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => expectation(positives),
        ErrorVariant::CustomError { message } => message.clone(),
    };
    let diagnostic = diagnostic.label(expected);
    match hint(source, at, token) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// The token in quotes, or the number of a character that can't be seen.
fn shown(token: &str) -> String {
    match token.chars().next() {
        Some(c) if c.escape_debug().len() > 2 => format!("U+{:04X}", u32::from(c)),
        _ => format!("`{token}`"),
    }
}

/// The text up to the end of the first word or sign, for the message.
fn first_token(text: &str) -> &str {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let Some(first) = text.chars().next() else { return "" };
    if word(first) {
        let end = text.find(|c| !word(c)).unwrap_or(text.len());
        let end = text.char_indices().nth(40).map_or(end, |(limit, _)| end.min(limit));
        return &text[..end];
    }
    match ["&&", "||", "=>", "<>", "++", "--", "=="].iter().find(|sign| text.starts_with(**sign)) {
        Some(sign) => &text[..sign.len()],
        None => &text[..first.len_utf8()],
    }
}

/// What could have stood there, as a short list of things that a user knows.
fn expectation(rules: &[Rule]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for rule in rules {
        let word = match rule {
            Rule::program
            | Rule::output
            | Rule::expression
            | Rule::conditional
            | Rule::fold
            | Rule::disjunction
            | Rule::conjunction
            | Rule::negation
            | Rule::comparison
            | Rule::arithmetic
            | Rule::number
            | Rule::call
            | Rule::index
            | Rule::argument
            | Rule::next_values
            | Rule::negate
            | Rule::not
            | Rule::kw_not
            | Rule::kw_if
            | Rule::kw_fold => "a value",
            Rule::name | Rule::names | Rule::element | Rule::accumulator => "a name",
            Rule::add
            | Rule::subtract
            | Rule::multiply
            | Rule::divide
            | Rule::remainder
            | Rule::power
            | Rule::compare
            | Rule::kw_and
            | Rule::kw_or => "an operator",
            Rule::kw_then => "`then`",
            Rule::kw_else => "`else`",
            Rule::kw_for => "`for`",
            Rule::kw_in => "`in`",
            Rule::kw_where => "`where`",
            Rule::equals => "`=`",
            Rule::semicolon => "`;`",
            Rule::opening => "`(`",
            Rule::closing => "`)`",
            Rule::EOI => "the end of the kernel",
            _ => continue,
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.contains(&"a value") {
        words.retain(|word| *word != "a name");
    }
    match words.as_slice() {
        [] => "not expected here".to_string(),
        [one] => format!("expected {one} here"),
        [most @ .., last] => format!("expected {} or {last} here", most.join(", ")),
    }
}

/// What a user of another language may have meant.
fn hint(source: &str, at: usize, token: &str) -> Option<String> {
    let before = source[..at].trim_end();
    let hint = match token {
        "^" => "`^` is not an operator: power is `**`",
        "&&" | "&" => "write `and`",
        "||" | "|" => "write `or`",
        "!" => "write `not`",
        "?" => "write `if condition then a else b`",
        "==" => "a comparison needs a value on both sides",
        "=" if before.ends_with(['=', '<', '>', '!']) => "comparisons are `<`, `<=`, `>`, `>=`, `==` and `!=`",
        "=" => "comparison is `==`; to name a value write `let name = value;` in front",
        "<>" => "write `!=`",
        "{" | "}" => "there are no blocks: group with `( )`, and end each `let` with `;`",
        "\"" | "'" => "there are no strings in a kernel",
        "if" | "fold" => "put it in parentheses: `1 + (if a then b else c)`",
        "let" | "param" | "input" | "fn" | "weights" | "assert" => "declarations come before the outputs",
        "" if open_conditional(source) => "every `if` needs its `else`: both sides have a value",
        "" if before.ends_with(';') => "after the declarations comes the value of the kernel",
        "" => "is a bracket or a value missing at the end?",
        ")" | "," | ";" if open_conditional(before) => "every `if` needs its `else`: both sides have a value",
        "/" if before.ends_with('/') => "a comment starts with `#`",
        "*" if before.ends_with('/') => "a comment starts with `#`",
        _ if !token.is_ascii() => "only ASCII letters, digits and signs have a meaning here",
        _ if token.starts_with(|c: char| c.is_ascii_digit()) && token.ends_with(|c: char| c.is_alphabetic()) => {
            "multiplication is written with `*`"
        }
        _ if before.ends_with(';') => "several outputs are separated by `,`",
        _ if token.starts_with(|c: char| c.is_alphanumeric()) => "is an operator or a `;` missing in front of it?",
        _ => return None,
    };
    Some(hint.to_string())
}

/// Whether the last conditional of `text` has no `else` yet.
fn open_conditional(text: &str) -> bool {
    let words = || text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words().filter(|word| *word == "then").count() > words().filter(|word| *word == "else").count()
}

fn span(pair: &Pair<'_, Rule>) -> Span {
    // pest lets a rule's span run on over the white space before a missing optional part.
    let text = pair.as_str().trim_end();
    let start = pair.as_span().start();
    Span::new(start, start + text.len())
}

fn name(pair: Pair<'_, Rule>) -> Name {
    Name { text: pair.as_str().to_string(), span: span(&pair) }
}

/// Whether the rule says where its neighbours stand, and no more.
fn is_mark(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::equals
            | Rule::semicolon
            | Rule::opening
            | Rule::closing
            | Rule::EOI
            | Rule::kw_input
            | Rule::kw_param
            | Rule::kw_weights
            | Rule::kw_fn
            | Rule::kw_let
            | Rule::kw_assert
            | Rule::kw_if
            | Rule::kw_then
            | Rule::kw_else
            | Rule::kw_fold
            | Rule::kw_for
            | Rule::kw_in
            | Rule::kw_or
            | Rule::kw_and
    )
}

/// The parts of a rule that carry meaning; `where` is kept, because what follows depends on it.
fn parts(pair: Pair<'_, Rule>) -> impl Iterator<Item = Pair<'_, Rule>> {
    pair.into_inner().filter(|part| !is_mark(part.as_rule()))
}

fn next<'a>(parts: &mut impl Iterator<Item = Pair<'a, Rule>>) -> Pair<'a, Rule> {
    parts.next().expect("the grammar has this part")
}

fn program(pair: Pair<'_, Rule>) -> Result<Program, Diagnostic> {
    let mut program = Program { items: Vec::new(), outputs: Vec::new() };
    for part in parts(pair) {
        match part.as_rule() {
            Rule::output => program.outputs.push(output(part)?),
            _ => program.items.push(item(part)?),
        }
    }
    Ok(program)
}

fn output(pair: Pair<'_, Rule>) -> Result<Output, Diagnostic> {
    let mut parts = parts(pair);
    let first = next(&mut parts);
    Ok(match first.as_rule() {
        Rule::name => Output { name: Some(name(first)), value: expression(next(&mut parts))? },
        _ => Output { name: None, value: expression(first)? },
    })
}

fn item(pair: Pair<'_, Rule>) -> Result<Item, Diagnostic> {
    let rule = pair.as_rule();
    let mut parts = parts(pair);
    Ok(match rule {
        Rule::inputs => Item::Inputs(parts.map(name).collect()),
        Rule::parameter => {
            let name = name(next(&mut parts));
            Item::Parameter { name, default: parts.next().map(expression).transpose()? }
        }
        Rule::weights => Item::Weights(name(next(&mut parts))),
        Rule::function => {
            let function = name(next(&mut parts));
            let mut parameters = Vec::new();
            let mut part = next(&mut parts);
            if part.as_rule() == Rule::names {
                parameters = part.into_inner().map(name).collect();
                part = next(&mut parts);
            }
            Item::Function(Function { name: function, parameters, body: expression(part)? })
        }
        Rule::binding => {
            let (mut names, mut value) = (Vec::new(), None);
            for part in parts {
                match part.as_rule() {
                    Rule::name => names.push(name(part)),
                    _ => value = Some(expression(part)?),
                }
            }
            Item::Let { names, value: value.expect("the grammar has a value") }
        }
        Rule::assertion => Item::Assert(expression(next(&mut parts))?),
        other => unreachable!("{other:?} is not an item"),
    })
}

fn expression(pair: Pair<'_, Rule>) -> Result<Expr, Diagnostic> {
    let place = span(&pair);
    match pair.as_rule() {
        Rule::expression => expression(pair.into_inner().next().expect("an expression has a form")),
        Rule::conditional => {
            let values = parts(pair).map(expression).collect::<Result<Vec<_>, _>>()?;
            let mut values = values.into_iter();
            let mut arms = Vec::new();
            let otherwise = loop {
                let first = values.next().expect("a conditional ends with `else`");
                match values.next() {
                    Some(value) => arms.push((first, value)),
                    None => break Box::new(first),
                }
            };
            Ok(Expr { kind: ExprKind::Conditional { arms, otherwise }, span: place })
        }
        Rule::fold => Ok(Expr { kind: ExprKind::Fold(Box::new(fold(pair)?)), span: place }),
        Rule::disjunction => chain(pair, BinaryOp::Or),
        Rule::conjunction => chain(pair, BinaryOp::And),
        Rule::negation => {
            let mut nots = Vec::new();
            let mut operand = None;
            for part in parts(pair) {
                match part.as_rule() {
                    Rule::not => nots.push(span(&part)),
                    _ => operand = Some(expression(part)?),
                }
            }
            let operand = operand.expect("`not` has an operand");
            Ok(nots.into_iter().rev().fold(operand, |operand, not| prefix(PrefixOp::Not, not, operand)))
        }
        Rule::comparison => {
            let mut parts = parts(pair);
            let first = expression(next(&mut parts))?;
            let mut rest = Vec::new();
            while let Some(op) = parts.next() {
                rest.push((compare_op(op.as_str()), expression(next(&mut parts))?));
            }
            Ok(if rest.is_empty() {
                first
            } else {
                Expr { kind: ExprKind::Compare { first: Box::new(first), rest }, span: place }
            })
        }
        Rule::arithmetic => arithmetic(pair.into_inner()),
        Rule::number => {
            let value: f64 = pair.as_str().parse().expect("the grammar's numbers are Rust's");
            if value.is_infinite() {
                return Err(Diagnostic::new(Code::Syntax, place, "the number is too large for an f64")
                    .label("the largest is about 1.8e308")
                    .hint("infinity is `inf`"));
            }
            Ok(Expr { kind: ExprKind::Number(value), span: place })
        }
        Rule::name => Ok(Expr { kind: ExprKind::Name(pair.as_str().to_string()), span: place }),
        Rule::call => {
            let mut parts = parts(pair);
            let function = name(next(&mut parts));
            let arguments = parts.map(argument).collect::<Result<_, _>>()?;
            Ok(Expr { kind: ExprKind::Call { function, arguments }, span: place })
        }
        Rule::index => {
            let mut parts = parts(pair);
            let input = name(next(&mut parts));
            let offsets = parts.map(expression).collect::<Result<_, _>>()?;
            Ok(Expr { kind: ExprKind::Index { input, offsets }, span: place })
        }
        other => unreachable!("{other:?} is not an expression"),
    }
}

fn prefix(op: PrefixOp, sign: Span, operand: Expr) -> Expr {
    let span = sign.to(operand.span);
    Expr { kind: ExprKind::Prefix(op, Box::new(operand)), span }
}

/// Operands of one logical operator, as a chain.
fn chain(pair: Pair<'_, Rule>, op: BinaryOp) -> Result<Expr, Diagnostic> {
    let place = span(&pair);
    let mut parts = parts(pair);
    let first = expression(next(&mut parts))?;
    let rest = parts.map(|part| Ok((op, expression(part)?))).collect::<Result<Vec<_>, Diagnostic>>()?;
    Ok(if rest.is_empty() {
        first
    } else {
        Expr { kind: ExprKind::Chain { first: Box::new(first), rest }, span: place }
    })
}

fn arithmetic(pairs: Pairs<'_, Rule>) -> Result<Expr, Diagnostic> {
    ARITHMETIC
        .map_primary(expression)
        .map_prefix(|sign, operand| Ok(prefix(PrefixOp::Negate, span(&sign), operand?)))
        .map_infix(|left, op, right| {
            let (left, right) = (left?, right?);
            let place = left.span.to(right.span);
            let op = match op.as_rule() {
                Rule::power => {
                    let kind = ExprKind::Power { base: Box::new(left), exponent: Box::new(right) };
                    return Ok(Expr { kind, span: place });
                }
                Rule::add => BinaryOp::Add,
                Rule::subtract => BinaryOp::Subtract,
                Rule::multiply => BinaryOp::Multiply,
                Rule::divide => BinaryOp::Divide,
                Rule::remainder => BinaryOp::Remainder,
                other => unreachable!("{other:?} is not an operator"),
            };
            let kind = match left.kind {
                // `(a + b) + c` is `a + b + c`: the level is left associative.
                ExprKind::Chain { first, mut rest } if rest[0].0.level() == op.level() => {
                    rest.push((op, right));
                    ExprKind::Chain { first, rest }
                }
                kind => {
                    let left = Expr { kind, span: left.span };
                    ExprKind::Chain { first: Box::new(left), rest: vec![(op, right)] }
                }
            };
            Ok(Expr { kind, span: place })
        })
        .parse(pairs)
}

fn compare_op(sign: &str) -> CompareOp {
    match sign {
        "<" => CompareOp::Less,
        "<=" => CompareOp::LessEqual,
        ">" => CompareOp::Greater,
        ">=" => CompareOp::GreaterEqual,
        "==" => CompareOp::Equal,
        "!=" => CompareOp::NotEqual,
        other => unreachable!("{other} is not a comparison"),
    }
}

fn argument(pair: Pair<'_, Rule>) -> Result<Argument, Diagnostic> {
    let mut parts = parts(pair).filter(|part| part.as_rule() != Rule::kw_where);
    let value = expression(next(&mut parts))?;
    Ok(Argument { value, condition: parts.next().map(expression).transpose()? })
}

fn fold(pair: Pair<'_, Rule>) -> Result<Fold, Diagnostic> {
    let mut fold = Fold { accumulators: Vec::new(), elements: Vec::new(), condition: None, next: Vec::new() };
    let bound = |pair: Pair<'_, Rule>| {
        let mut parts = parts(pair);
        Ok((name(next(&mut parts)), expression(next(&mut parts))?))
    };
    for part in parts(pair) {
        match part.as_rule() {
            Rule::accumulator => fold.accumulators.push(bound(part)?),
            Rule::element => fold.elements.push(bound(part)?),
            Rule::kw_where => {}
            Rule::next_values => fold.next = part.into_inner().map(expression).collect::<Result<_, _>>()?,
            _ => fold.condition = Some(expression(part)?),
        }
    }
    Ok(fold)
}
