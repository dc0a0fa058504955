//! What has a meaning, but hardly the one that was meant.

use crate::lang::ast::{Expr, ExprKind, Item, Output, Program};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::span::Span;

/// Warnings about the program in `source`, in the order of its text.
pub fn lint(program: &Program, source: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for item in &program.items {
        match item {
            Item::Let(binding) => walk(&binding.value, &mut found),
            Item::Assert(condition) => walk(condition, &mut found),
            Item::Function(function) => {
                function.lets.iter().for_each(|binding| walk(&binding.value, &mut found));
                function.values.iter().for_each(|value| walk(value, &mut found));
            }
            Item::Parameter { default, .. } => default.iter().for_each(|value| walk(value, &mut found)),
            Item::Inputs(_) | Item::Weights(_) => {}
        }
    }
    program.outputs.iter().for_each(|output| walk(&output.value, &mut found));
    let commas: Vec<Option<Span>> = program.outputs.windows(2).map(|pair| decimal_comma(pair, source)).collect();
    for (index, comma) in commas.iter().enumerate() {
        // More than two numbers are a list.
        let alone = index.checked_sub(1).is_none_or(|left| commas[left].is_none())
            && commas.get(index + 1).is_none_or(Option::is_none);
        if let Some(comma) = comma.filter(|_| alone) {
            found.push(
                Diagnostic::new(Code::DecimalComma, comma, "a comma separates outputs, and here are two numbers")
                    .label("an output ends here, and the next one begins")
                    .hint("the decimal point is `.`; outputs may have names: `low: ..., high: ...`"),
            );
        }
    }
    found
}

fn walk(expr: &Expr, found: &mut Vec<Diagnostic>) {
    if let ExprKind::Compare { first, rest } = &expr.kind {
        let operands: Vec<&Expr> = std::iter::once(&**first).chain(rest.iter().map(|(_, operand)| operand)).collect();
        let is_nan = |operand: &&Expr| operand.kind == ExprKind::Name("nan".to_string());
        if let Some([left, right]) = operands.array_windows().find(|pair: &&[&Expr; 2]| pair.iter().any(is_nan)) {
            let nan = if is_nan(left) { left } else { right };
            found.push(
                Diagnostic::new(
                    Code::ComparedWithNan,
                    left.span.to(right.span),
                    "nothing is equal to nan, greater or less: nan itself is not",
                )
                .label("the same for all values")
                .note(nan.span, "nan")
                .hint("whether a value is nan is `isnan(x)`"),
            );
        }
    }
    expr.for_each_child(|child| walk(child, found));
}

/// The place between two outputs if a number ends where the comma is, another begins right after it, and both together look like one with a
/// decimal comma: without a decimal point in either.
fn decimal_comma(outputs: &[Output], source: &str) -> Option<Span> {
    let [left, right] = outputs else { return None };
    let between = Span::new(left.value.span.end, right.value.span.start);
    let (front, behind) = (source.get(..between.start)?, source.get(between.end..)?);
    let digits = |c: char| c.is_ascii_digit();
    let touch = right.name.is_none() && between.end == between.start + 1;
    let numbers = ends_in_number(&left.value) && begins_with_number(&right.value);
    let points = front.trim_end_matches(digits).ends_with('.') || behind.trim_start_matches(digits).starts_with('.');
    (touch && numbers && !points).then_some(between)
}

fn ends_in_number(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) => true,
        ExprKind::Chain { rest, .. } => rest.last().is_some_and(|(_, last)| ends_in_number(last)),
        ExprKind::Compare { rest, .. } => rest.last().is_some_and(|(_, last)| ends_in_number(last)),
        ExprKind::Power { exponent, .. } => ends_in_number(exponent),
        ExprKind::Prefix(_, operand) => ends_in_number(operand),
        ExprKind::Conditional { otherwise, .. } => ends_in_number(otherwise),
        _ => false,
    }
}

fn begins_with_number(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_) => true,
        ExprKind::Chain { first, .. } | ExprKind::Compare { first, .. } => begins_with_number(first),
        ExprKind::Power { base, .. } => begins_with_number(base),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, lint};
    use crate::lang::parse::parse;

    fn codes(source: &str) -> Vec<Code> {
        lint(&parse(source).unwrap(), source).into_iter().map(|diagnostic| diagnostic.code).collect()
    }

    #[test]
    fn comparisons_with_nan_are_found_everywhere() {
        let wrong = [
            "w[0, 0] == nan",
            "if w[0, 0] != nan then 1 else 0",
            "mean(w where w != nan)",
            "let bad = w == nan; count(bad)",
            "fn f(x) = x == nan; if f(w[0, 0]) then 1 else 0",
            "assert nan < mean(w); 1",
            "fold a = 0 for v in w where v != nan: a + v",
        ];
        wrong.iter().for_each(|source| assert_eq!(codes(source), [Code::ComparedWithNan], "{source}"));
        let found = lint(&parse("if 0 < w[0, 0] != nan then 1 else 0").unwrap(), "");
        assert_eq!((found[0].span.start, found[0].span.end), (7, 21));
        assert_eq!(codes("param t = if 1 == nan then 1 else 2; t"), [Code::ComparedWithNan]);
        for right in ["isnan(w[0, 0])", "if isnan(w[0, 0]) then nan else 1", "max(w[0, 0], nan)"] {
            assert!(codes(right).is_empty(), "{right}");
        }
    }

    #[test]
    fn decimal_commas_are_found() {
        for wrong in ["w[0, 0] * 1,5", "1,5", "if w[0, 0] > 3 then 1 else 0,5", "w[0, 0] * -0,5 + 1"] {
            assert_eq!(codes(wrong), [Code::DecimalComma], "{wrong}");
        }
        for right in [
            "1, 5",
            "low: 1,high: 5",
            "w[0, 0] * 0.5,0.25",
            "1.5,2",
            "1,2.5",
            "1,2,3",
            "max(1,5)",
            "w[0, 0],5",
            "min(w),max(w)",
            "(w[0, 0] + 1),5",
        ] {
            assert!(codes(right).is_empty(), "{right}");
        }
    }
}
