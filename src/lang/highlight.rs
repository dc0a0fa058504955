//! What each token of a text is, for prompts, editors and pages that show kernels in colours.

use pest::Parser as _;

use super::builtins::builtin;
use super::parse::grammar::{Grammar, Rule};
use super::span::Span;

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// From `#` to the end of the line.
    Comment,
    /// A reserved word.
    Keyword,
    /// A literal.
    Number,
    /// A name that the language has built in: a function or a constant.
    Builtin,
    /// Another name, called.
    Function,
    /// Any other name.
    Name,
    /// A sign that computes or compares.
    Operator,
    /// A round or square bracket.
    Bracket,
    /// A comma, semicolon, colon or `=`.
    Punctuation,
    /// A character that has no place in the language.
    Unknown,
}

/// The tokens of any text, in order, by the token rules of the grammar; white space lies between them.
///
/// The text need not be a program, nor be complete.
///
/// ```
/// use hoodoo::lang::highlight::{Class, highlight};
///
/// let classes: Vec<Class> = highlight("mean(w) + ^").into_iter().map(|(_, class)| class).collect();
/// use Class::{Bracket, Builtin, Name, Operator, Unknown};
/// assert_eq!(classes, [Builtin, Bracket, Name, Bracket, Operator, Unknown]);
/// ```
pub fn highlight(source: &str) -> Vec<(Span, Class)> {
    let mut pairs = Grammar::parse(Rule::tokens, source).expect("every text is a list of tokens");
    let tokens = pairs.next().expect("the grammar yields one list").into_inner();
    tokens
        .filter_map(|token| {
            let (start, text) = (token.as_span().start(), token.as_str());
            let end = start + text.len();
            let class = match token.as_rule() {
                Rule::remark => Class::Comment,
                Rule::keyword => Class::Keyword,
                Rule::number => Class::Number,
                Rule::name if builtin(text).is_some() => Class::Builtin,
                Rule::name if source[end..].trim_start().starts_with('(') => Class::Function,
                Rule::name => Class::Name,
                Rule::sign => Class::Operator,
                Rule::bracket => Class::Bracket,
                Rule::punctuation => Class::Punctuation,
                Rule::unknown => Class::Unknown,
                _ => return None,
            };
            Some((Span::new(start, end), class))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Class, highlight};

    fn classes(source: &str) -> Vec<(&str, Class)> {
        highlight(source).into_iter().map(|(span, class)| (&source[span.start..span.end], class)).collect()
    }

    #[test]
    fn every_class() {
        use Class::*;
        assert_eq!(
            classes("let m = f (w[0,-1]) ** .5e3 # why\nif m>=pi then"),
            [
                ("let", Keyword),
                ("m", Name),
                ("=", Punctuation),
                ("f", Function),
                ("(", Bracket),
                ("w", Name),
                ("[", Bracket),
                ("0", Number),
                (",", Punctuation),
                ("-", Operator),
                ("1", Number),
                ("]", Bracket),
                (")", Bracket),
                ("**", Operator),
                (".5e3", Number),
                ("# why", Comment),
                ("if", Keyword),
                ("m", Name),
                (">=", Operator),
                ("pi", Builtin),
                ("then", Keyword),
            ]
        );
    }

    #[test]
    fn what_is_no_program() {
        use Class::*;
        assert_eq!(classes("2x"), [("2", Unknown), ("x", Name)]);
        assert_eq!(
            classes("a && 'é'"),
            [("a", Name), ("&", Unknown), ("&", Unknown), ("'", Unknown), ("é", Unknown), ("'", Unknown)]
        );
        assert_eq!(classes("letter in_ _"), [("letter", Name), ("in_", Name), ("_", Name)]);
        assert_eq!(classes(" \t\r\n"), []);
    }

    /// Nothing is lost: what lies between the tokens is white space.
    #[test]
    fn tokens_cover_the_text() {
        let mut random = fastrand::Rng::with_seed(1);
        let alphabet: Vec<char> = "let fn w_1.5e+-*/%=<>!()[],;:#\n\t é\u{0}\u{1f600}^&\"".chars().collect();
        for _ in 0..2000 {
            let text: String = (0..random.usize(..40)).map(|_| alphabet[random.usize(..alphabet.len())]).collect();
            let mut at = 0;
            for (span, _) in highlight(&text) {
                assert!(text[at..span.start].chars().all(char::is_whitespace), "{text:?} before {span:?}");
                assert!(span.start < span.end, "{text:?}");
                at = span.end;
            }
            assert!(text[at..].chars().all(char::is_whitespace), "{text:?} at the end");
        }
    }
}
