//! How many operations and outputs a text has, before a tree is made of it.
//!
//! What has far more of either than any kernel may is refused at once, and not when all of it has been parsed.

use super::tokens::{Token, tokens};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::limits::{MAX_LIST, list_too_long};
use crate::lang::span::Span;

/// Checks that `source` has at most so many operators between operands and entries of lists, and no more outputs than a
/// program may.
pub(super) fn check_length(source: &str, most: usize) -> Result<(), Diagnostic> {
    let (mut operations, mut brackets) = (0_usize, 0_usize);
    let mut list = List::default();
    for (token, place) in tokens(source) {
        let span = Span::new(place.start, place.end);
        match token {
            Token::Opening => brackets += 1,
            Token::Closing => brackets = brackets.saturating_sub(1),
            Token::Semicolon if brackets == 0 => list = List::default(),
            Token::Word("input" | "let" | "fold") if brackets == 0 => list.is_other = true,
            Token::Comma if brackets == 0 => list.commas += 1,
            _ => {}
        }
        if !list.is_other && list.commas >= MAX_LIST {
            return Err(list_too_long(span));
        }
        operations += usize::from(matches!(token, Token::Comma | Token::Power | Token::Minus | Token::Other));
        if operations > most {
            return Err(too_long(span, most));
        }
    }
    Ok(())
}

/// What has been seen of an item or of the list of outputs.
#[derive(Default)]
struct List {
    commas: usize,
    /// Whether its commas may separate something else than outputs.
    is_other: bool,
}

fn too_long(span: Span, most: usize) -> Diagnostic {
    let message = format!("the kernel is too large: the limit `nodes` is {most} operations");
    Diagnostic::new(Code::KernelTooLarge, span, message).label("the limit is passed here")
}
