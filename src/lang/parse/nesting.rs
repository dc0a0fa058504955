//! How deep a text is nested, before anything recurses over it.
//!
//! The bound comes from the tokens alone: brackets, conditionals, folds, and prefix operators and powers, whose operand is
//! one level deeper.

use super::tokens::{Token, tokens};
use crate::lang::diagnostic::{Code, Diagnostic};
use crate::lang::span::Span;

/// Checks that the tree of `source` will have at most so many levels.
pub(super) fn check_nesting(source: &str, most: usize) -> Result<(), Diagnostic> {
    let mut scan = Scan {
        open: vec![Open::default()],
        depth: 0,
        operators: 0,
        after_operand: false,
        entry: Entry::Inside,
        after_else: false,
    };
    for (token, place) in tokens(source) {
        scan.step(token);
        if scan.depth + scan.operators > most {
            return Err(too_deep(Span::new(place.start, place.end), most));
        }
    }
    Ok(())
}

/// A bracket that is open at some point of the text, or the program around all.
#[derive(Default)]
struct Open {
    /// The conditionals and folds that are open inside it, from the outside in.
    forms: Vec<Form>,
    /// The prefix operators and powers whose operand it is.
    operators: usize,
}

/// A conditional or a fold that has begun, by what of it stands there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// After `if`.
    Condition,
    /// After `then`.
    Consequence,
    /// After `else`.
    Alternative,
    /// A fold before its `:`.
    Accumulators,
    /// A fold after its `:`.
    Values,
}

impl Form {
    fn is_conditional(self) -> bool {
        matches!(self, Form::Condition | Form::Consequence | Form::Alternative)
    }
}

/// Where the last token is in an entry of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// It is the comma in front of it.
    Begins,
    /// It is a name with which it begins.
    Named,
    Inside,
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
    /// Where in an entry of a list.
    entry: Entry,
    /// Whether the last token is `else`.
    after_else: bool,
}

impl Scan {
    fn step(&mut self, token: Token<'_>) {
        let mut is_operand = false;
        match token {
            Token::Blank => return,
            Token::Opening => {
                self.open.push(Open { forms: Vec::new(), operators: self.operators });
                self.depth += 1 + std::mem::take(&mut self.operators);
            }
            Token::Closing => {
                self.close_bracket();
                is_operand = true;
            }
            Token::Power | Token::Word("not") => self.operators += 1,
            Token::Minus if !self.after_operand => self.operators += 1,
            Token::Word(word @ ("if" | "fold" | "then" | "else" | "for" | "in" | "where" | "and" | "or")) => {
                self.operators = 0;
                self.keyword(word);
            }
            Token::Word(_) | Token::Digits => is_operand = true,
            Token::Minus | Token::Equals | Token::Comma | Token::Colon | Token::Semicolon | Token::Other => {
                self.operators = 0;
                self.separator(token);
            }
        }
        self.after_operand = is_operand;
        self.after_else = matches!(token, Token::Word("else"));
        self.entry = match (token, self.entry) {
            (Token::Comma, _) => Entry::Begins,
            (Token::Word(_), Entry::Begins) => Entry::Named,
            _ => Entry::Inside,
        };
    }

    fn keyword(&mut self, word: &str) {
        match word {
            // The grammar keeps a chain of `else if` flat.
            "if" if self.after_else => self.turn(Form::Condition),
            "if" => self.begin(Form::Condition),
            "fold" => self.begin(Form::Accumulators),
            "then" => self.go_on(Form::Condition, Form::Consequence),
            "else" => self.go_on(Form::Consequence, Form::Alternative),
            "for" | "where" => self.end_while(Form::is_conditional),
            _ => {}
        }
    }

    /// What ends where an entry of a list does, or an item of the program.
    fn separator(&mut self, token: Token<'_>) {
        match token {
            Token::Comma => self.end_while(Form::is_conditional),
            // The next output, and the next accumulator of a fold around this one.
            Token::Colon if self.entry == Entry::Named => self.end_while(|_| true),
            Token::Equals if self.entry == Entry::Named => self.end_while(|form| form != Form::Accumulators),
            Token::Colon => self.go_on(Form::Accumulators, Form::Values),
            Token::Semicolon if self.open.len() == 1 => self.end_while(|_| true),
            _ => {}
        }
    }

    /// The conditionals and folds of the innermost bracket.
    fn forms(&mut self) -> &mut Vec<Form> {
        &mut self.open.last_mut().expect("the level of the program is never closed").forms
    }

    fn begin(&mut self, form: Form) {
        self.forms().push(form);
        self.depth += 1;
    }

    /// Ends the innermost forms as long as they are such.
    fn end_while(&mut self, ends: impl Fn(Form) -> bool) {
        while self.forms().last().is_some_and(|form| ends(*form)) {
            self.forms().pop();
            self.depth -= 1;
        }
    }

    /// The innermost form that stands at `from` goes on to `to`, and those inside it have ended.
    fn go_on(&mut self, from: Form, to: Form) {
        if self.forms().contains(&from) {
            self.end_while(|form| form != from);
            self.turn(to);
        }
    }

    /// The innermost form goes on to `to`.
    fn turn(&mut self, to: Form) {
        if let Some(form) = self.forms().last_mut() {
            *form = to;
        }
    }

    /// A closing bracket, which may be one too many.
    fn close_bracket(&mut self) {
        if self.open.len() > 1 {
            let closed = self.open.pop().unwrap_or_default();
            self.depth -= 1 + closed.forms.len() + closed.operators;
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
