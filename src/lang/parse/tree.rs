//! The grammar's pairs to the syntax tree.

use std::sync::LazyLock;

use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op, PrattParser};

use super::grammar::Rule;
use crate::lang::ast::{
    Argument, BinaryOp, CompareOp, Expr, ExprKind, Fold, Function, Input, Item, Let, Name, Output, PrefixOp, Program,
};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::span::Span;

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

pub(super) fn span(pair: &Pair<'_, Rule>) -> Span {
    let start = pair.as_span().start();
    Span::new(start, start + without_blanks(pair.as_str()).len())
}

/// A text without the white space and the comments at its end: pest lets a rule's span run on over those before a missing optional part.
fn without_blanks(text: &str) -> &str {
    let mut text = text.trim_end();
    while let Some(at) = text.rfind(['#', '\n']).filter(|at| text[*at..].starts_with('#')) {
        // Of several signs in a line, the first one begins the comment.
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let comment = text[line..].find('#').map_or(at, |first| line + first);
        text = text[..comment].trim_end();
    }
    text
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
pub(super) fn parts(pair: Pair<'_, Rule>) -> impl Iterator<Item = Pair<'_, Rule>> {
    pair.into_inner().filter(|part| !is_mark(part.as_rule()))
}

fn next<'a>(parts: &mut impl Iterator<Item = Pair<'a, Rule>>) -> Pair<'a, Rule> {
    parts.next().expect("the grammar has this part")
}

pub(super) fn program(pair: Pair<'_, Rule>) -> Result<Program, Diagnostic> {
    let mut program = Program { items: Vec::new(), outputs: Vec::new() };
    for part in parts(pair) {
        match part.as_rule() {
            Rule::output => program.outputs.push(output(part)?),
            _ => program.items.push(item(part)?),
        }
    }
    Ok(program)
}

pub(super) fn output(pair: Pair<'_, Rule>) -> Result<Output, Diagnostic> {
    let mut parts = parts(pair);
    let first = next(&mut parts);
    Ok(match first.as_rule() {
        Rule::name => Output { name: Some(name(first)), value: expression(next(&mut parts))? },
        _ => Output { name: None, value: expression(first)? },
    })
}

pub(super) fn item(pair: Pair<'_, Rule>) -> Result<Item, Diagnostic> {
    let rule = pair.as_rule();
    let mut parts = parts(pair.clone());
    Ok(match rule {
        Rule::inputs => Item::Inputs(parts.map(input).collect()),
        Rule::parameter => {
            let name = name(next(&mut parts));
            Item::Parameter { name, default: parts.next().map(expression).transpose()? }
        }
        Rule::weights => Item::Weights(name(next(&mut parts))),
        Rule::function => {
            let name_of = name(next(&mut parts));
            let mut function = Function { name: name_of, parameters: Vec::new(), lets: Vec::new(), values: Vec::new() };
            for part in parts {
                match part.as_rule() {
                    Rule::names => function.parameters = part.into_inner().map(name).collect(),
                    Rule::binding => function.lets.push(binding(part)?),
                    _ => function.values.push(expression(part)?),
                }
            }
            Item::Function(function)
        }
        Rule::binding => Item::Let(binding(pair)?),
        Rule::assertion => Item::Assert(expression(next(&mut parts))?),
        other => unreachable!("{other:?} is not an item"),
    })
}

fn input(pair: Pair<'_, Rule>) -> Input {
    let mut parts = parts(pair);
    Input { name: name(next(&mut parts)), boolean: parts.next().is_some() }
}

fn binding(pair: Pair<'_, Rule>) -> Result<Let, Diagnostic> {
    let (mut names, mut value) = (Vec::new(), None);
    for part in parts(pair) {
        match part.as_rule() {
            Rule::name => names.push(name(part)),
            _ => value = Some(expression(part)?),
        }
    }
    Ok(Let { names, value: value.expect("the grammar has a value") })
}

fn expression(pair: Pair<'_, Rule>) -> Result<Expr, Diagnostic> {
    let place = span(&pair);
    let kind = match pair.as_rule() {
        Rule::expression => return expression(pair.into_inner().next().expect("an expression has a form")),
        Rule::disjunction => return chain(pair, BinaryOp::Or),
        Rule::conjunction => return chain(pair, BinaryOp::And),
        Rule::negation => return negation(pair),
        Rule::comparison => return comparison(pair),
        Rule::arithmetic => return arithmetic(pair.into_inner()),
        Rule::conditional => conditional(pair)?,
        Rule::fold => ExprKind::Fold(Box::new(fold(pair)?)),
        Rule::number => ExprKind::Number(number(&pair)?),
        Rule::name => ExprKind::Name(pair.as_str().to_string()),
        Rule::call => {
            let mut parts = parts(pair);
            let function = name(next(&mut parts));
            let arguments = parts.map(argument).collect::<Result<_, _>>()?;
            ExprKind::Call { function, arguments }
        }
        Rule::index => {
            let mut parts = parts(pair);
            let input = name(next(&mut parts));
            let offsets = parts.map(expression).collect::<Result<_, _>>()?;
            ExprKind::Index { input, offsets }
        }
        other => unreachable!("{other:?} is not an expression"),
    };
    Ok(Expr { kind, span: place })
}

fn number(pair: &Pair<'_, Rule>) -> Result<f64, Diagnostic> {
    let value: f64 = pair.as_str().parse().expect("the grammar's numbers are Rust's");
    if value.is_infinite() {
        return Err(Diagnostic::new(Code::Syntax, span(pair), "the number is too large for an f64")
            .label("the largest is about 1.8e308")
            .hint("infinity is `inf`"));
    }
    Ok(value)
}

fn conditional(pair: Pair<'_, Rule>) -> Result<ExprKind, Diagnostic> {
    let mut values = parts(pair).map(expression).collect::<Result<Vec<_>, _>>()?.into_iter();
    let mut arms = Vec::new();
    loop {
        let first = values.next().expect("a conditional ends with `else`");
        match values.next() {
            Some(value) => arms.push((first, value)),
            None => return Ok(ExprKind::Conditional { arms, otherwise: Box::new(first) }),
        }
    }
}

fn negation(pair: Pair<'_, Rule>) -> Result<Expr, Diagnostic> {
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

fn comparison(pair: Pair<'_, Rule>) -> Result<Expr, Diagnostic> {
    let place = span(&pair);
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
