//! How many operations a text has, before a tree is made of it.
//!
//! What has far more than any kernel may is refused at once, and not when all of it has been parsed.

use super::tokens::{Token, tokens};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::span::Span;

/// So many numbers of a cell's offset are not counted: they belong to one operation.
const OFFSETS: usize = 8;

/// Checks that `source` has at most so many operators between operands and entries of lists.
pub(super) fn check_length(source: &str, most: usize) -> Result<(), Diagnostic> {
    let mut scan = Scan { open: Vec::new(), operations: 0, after_operand: false };
    for (token, place) in tokens(source) {
        scan.step(token, source.as_bytes()[place.start]);
        if scan.operations > most {
            return Err(too_long(Span::new(place.start, place.end), most));
        }
    }
    Ok(())
}

/// An open bracket.
struct Bracket {
    commas: usize,
    /// Whether it is that of an offset.
    is_offset: bool,
}

struct Scan {
    open: Vec<Bracket>,
    operations: usize,
    /// Whether an operand has just ended.
    after_operand: bool,
}

impl Scan {
    fn step(&mut self, token: Token<'_>, first: u8) {
        let mut is_operand = false;
        match token {
            Token::Blank => return,
            Token::Opening => self.open.push(Bracket { commas: 0, is_offset: first == b'[' }),
            Token::Closing => {
                self.open.pop();
                is_operand = true;
            }
            Token::Word(_) | Token::Digits => is_operand = true,
            Token::Comma => self.comma(),
            Token::Minus if !self.after_operand => {}
            Token::Power | Token::Minus | Token::Other => self.operations += 1,
            Token::Equals | Token::Colon | Token::Semicolon => {}
        }
        self.after_operand = is_operand;
    }

    fn comma(&mut self) {
        let counts = match self.open.last_mut() {
            None => true,
            Some(bracket) => {
                bracket.commas += 1;
                !bracket.is_offset || bracket.commas > OFFSETS
            }
        };
        self.operations += usize::from(counts);
    }
}

fn too_long(span: Span, most: usize) -> Diagnostic {
    let message = format!("the kernel is too large: the limit `nodes` is {most} operations");
    Diagnostic::new(Code::KernelTooLarge, span, message).label("the limit is passed here")
}
