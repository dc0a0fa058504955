//! What the parser says of a text that is not in the language.

use pest::error::{ErrorVariant, InputLocation};

use super::grammar::Rule;
use super::tokens::{Token, tokens};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::foreign::{Stop, text_hint};
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
    // What comments say is in no language.
    let source = without_comments(source);
    match text_hint(&Stop::new(&source, at, &source[at..at + token.len()])) {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// The text with blanks in place of comments, so that everything else stays where it is.
fn without_comments(source: &str) -> String {
    let mut bytes = source.as_bytes().to_vec();
    let comments =
        tokens(source).filter(|(token, at)| matches!(token, Token::Blank) && source[at.start..].starts_with('#'));
    comments.for_each(|(_, at)| bytes[at].fill(b' '));
    String::from_utf8(bytes).expect("a comment ends where a character does")
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
