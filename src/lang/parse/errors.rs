//! What the parser says of a text that is not in the language.

use pest::error::{ErrorVariant, InputLocation};

use super::grammar::Rule;
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::span::Span;

/// pest's error in the user's words.
pub(super) fn syntax_error(source: &str, error: &pest::error::Error<Rule>) -> Diagnostic {
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
            Rule::name | Rule::names | Rule::input | Rule::element | Rule::accumulator => "a name",
            Rule::boolean => "`bool`",
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
