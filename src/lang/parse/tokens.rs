//! The few kinds of tokens that tell how deep and how long a text is, told apart by hand, since pest's parser must not run
//! before that is known.

/// What matters of a token.
#[derive(Clone, Copy)]
pub(super) enum Token<'t> {
    /// White space or a comment.
    Blank,
    Opening,
    Closing,
    Power,
    Minus,
    /// `=`, which is not that of a comparison.
    Equals,
    Comma,
    Colon,
    Semicolon,
    Word(&'t str),
    Digits,
    Other,
}

/// The tokens of `source`, each with its place.
pub(super) fn tokens(source: &str) -> impl Iterator<Item = (Token<'_>, std::ops::Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let (token, len) = (start < source.len()).then(|| next_token(source, start))?;
        at += len;
        Some((token, start..at))
    })
}

/// The token at `at`, where there is one, and its length in bytes.
fn next_token(source: &str, at: usize) -> (Token<'_>, usize) {
    let rest = &source.as_bytes()[at..];
    let run = |inside: fn(u8) -> bool| rest.iter().position(|byte| !inside(*byte)).unwrap_or(rest.len());
    match rest[0] {
        b'#' => (Token::Blank, run(|byte| byte != b'\n')),
        b' ' | b'\t' | b'\r' | b'\n' => (Token::Blank, 1),
        b'(' | b'[' => (Token::Opening, 1),
        b')' | b']' => (Token::Closing, 1),
        b'*' if rest.get(1) == Some(&b'*') => (Token::Power, 2),
        b'<' | b'>' | b'=' | b'!' if rest.get(1) == Some(&b'=') => (Token::Other, 2),
        b'-' => (Token::Minus, 1),
        b'=' => (Token::Equals, 1),
        b',' => (Token::Comma, 1),
        b':' => (Token::Colon, 1),
        b';' => (Token::Semicolon, 1),
        byte if byte.is_ascii_alphabetic() || byte == b'_' => {
            let len = run(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            (Token::Word(&source[at..at + len]), len)
        }
        byte if byte.is_ascii_digit() => (Token::Digits, run(|byte| byte.is_ascii_alphanumeric())),
        _ => (Token::Other, 1),
    }
}
