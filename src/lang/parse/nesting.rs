//! How deep a text is nested, before anything recurses over it.
//!
//! The bound comes from the tokens alone: brackets, conditionals, folds, and prefix operators and powers, whose operand is
//! one level deeper. The few kinds of tokens that matter are told apart by hand, since pest's parser must not run yet.

use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::span::Span;

/// Checks that the tree of `source` will have at most so many levels.
pub(super) fn check_nesting(source: &str, most: usize) -> Result<(), Diagnostic> {
    let mut scan =
        Scan { open: vec![Open::default()], depth: 0, operators: 0, after_operand: false, after_else: false };
    let mut at = 0;
    while at < source.len() {
        let (token, len) = next_token(source, at);
        scan.step(token);
        if scan.depth + scan.operators > most {
            return Err(too_deep(Span::new(at, at + len), most));
        }
        at += len;
    }
    Ok(())
}

/// What matters of a token.
enum Token<'t> {
    /// White space or a comment.
    Blank,
    Opening,
    Closing,
    Power,
    Minus,
    Semicolon,
    Word(&'t str),
    Digits,
    Other,
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
        b'-' => (Token::Minus, 1),
        b';' => (Token::Semicolon, 1),
        byte if byte.is_ascii_alphabetic() || byte == b'_' => {
            let len = run(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            (Token::Word(&source[at..at + len]), len)
        }
        byte if byte.is_ascii_digit() => (Token::Digits, run(|byte| byte.is_ascii_alphanumeric())),
        _ => (Token::Other, 1),
    }
}

/// A bracket that is open at some point of the text.
#[derive(Default)]
struct Open {
    /// The conditionals and folds that have begun inside it.
    keywords: usize,
    /// The prefix operators and powers whose operand it is.
    operators: usize,
}

/// What is open after some of the tokens.
struct Scan {
    /// The program, then the open brackets, from the outside in.
    open: Vec<Open>,
    /// The levels of all of them.
    depth: usize,
    /// The operators that the next operand belongs to.
    operators: usize,
    /// Whether an operand has just ended.
    after_operand: bool,
    /// Whether the last token is `else`.
    after_else: bool,
}

impl Scan {
    fn step(&mut self, token: Token<'_>) {
        let (mut is_operand, mut is_else) = (false, false);
        match token {
            Token::Blank => return,
            Token::Opening => {
                self.open.push(Open { keywords: 0, operators: self.operators });
                self.depth += 1 + std::mem::take(&mut self.operators);
            }
            Token::Closing => {
                self.close();
                is_operand = true;
            }
            Token::Power | Token::Word("not") => self.operators += 1,
            Token::Minus if !self.after_operand => self.operators += 1,
            Token::Word(word @ ("if" | "fold" | "then" | "else" | "for" | "in" | "where" | "and" | "or")) => {
                self.operators = 0;
                is_else = word == "else";
                // The grammar keeps a chain of `else if` flat.
                if word == "fold" || (word == "if" && !self.after_else) {
                    self.depth += 1;
                    self.open.last_mut().expect("the level of the program is never closed").keywords += 1;
                }
            }
            Token::Word(_) | Token::Digits => is_operand = true,
            Token::Semicolon if self.open.len() == 1 => {
                self.depth -= std::mem::take(&mut self.open[0].keywords);
                self.operators = 0;
            }
            Token::Minus | Token::Semicolon | Token::Other => self.operators = 0,
        }
        (self.after_operand, self.after_else) = (is_operand, is_else);
    }

    /// A closing bracket, which may be one too many.
    fn close(&mut self) {
        if self.open.len() > 1 {
            let closed = self.open.pop().unwrap_or_default();
            self.depth -= 1 + closed.keywords + closed.operators;
            // A power may follow, inside what the operators in front apply to.
            self.operators = closed.operators;
        }
    }
}

fn too_deep(span: Span, most: usize) -> Diagnostic {
    let message = format!("the kernel is nested too deeply: the limit `nesting` is {most} levels");
    Diagnostic::new(Code::NestedTooDeeply, span, message)
        .label("this level is one too many")
        .hint("name a part of it with `let`")
}
