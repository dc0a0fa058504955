//! A spelling of another language, and the place in a text where it is recognised.

use crate::lang::builtins::builtin;

/// How people write elsewhere.
pub struct Spelling {
    /// Who writes so.
    pub origin: &'static str,
    pub(super) looks: Looks,
    /// What to write here.
    pub hint: &'static str,
    /// How it looks in a kernel.
    pub written: &'static [&'static str],
}

/// How a spelling is known.
pub(super) enum Looks {
    /// By the name of a function that is not there, which is what is `written`.
    Function,
    /// By a name that stands for nothing.
    Name,
    /// By the place where the parser stops.
    Text(fn(&Stop<'_>) -> bool),
}

pub(super) const fn function(origin: &'static str, written: &'static [&'static str], hint: &'static str) -> Spelling {
    Spelling { origin, looks: Looks::Function, hint, written }
}

pub(super) const fn name(origin: &'static str, written: &'static [&'static str], hint: &'static str) -> Spelling {
    Spelling { origin, looks: Looks::Name, hint, written }
}

/// A spelling that the parser stops in; of several that fit, the first one counts.
pub(super) const fn text(
    origin: &'static str,
    written: &'static [&'static str],
    is_it: fn(&Stop<'_>) -> bool,
    hint: &'static str,
) -> Spelling {
    Spelling { origin, looks: Looks::Text(is_it), hint, written }
}

/// The reserved words, none of which is a value.
const RESERVED: [&str; 16] = [
    "input", "param", "weights", "fn", "let", "assert", "if", "then", "else", "fold", "for", "in", "where", "and",
    "or", "not",
];

/// Where the parser stops.
pub struct Stop<'t> {
    /// All text before, without the white space at its end.
    pub(super) before: &'t str,
    /// The first word or sign that does not fit; empty at the end of the text.
    pub(super) token: &'t str,
    /// The text from there on.
    pub(super) rest: &'t str,
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl<'t> Stop<'t> {
    /// Where the parser stops in `source`, at this byte and token.
    pub fn new(source: &'t str, at: usize, token: &'t str) -> Stop<'t> {
        Stop { before: source[..at].trim_end(), token, rest: &source[at..] }
    }

    /// Whether the token is one of these.
    pub(super) fn is(&self, tokens: &[&str]) -> bool {
        tokens.contains(&self.token)
    }

    /// Whether the text goes on with one of these.
    pub(super) fn goes_on(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.rest.starts_with(text))
    }

    /// Whether the text goes on with such a character.
    pub(super) fn begins(&self, such: fn(char) -> bool) -> bool {
        self.rest.starts_with(such)
    }

    /// Whether one of these stands just before.
    pub(super) fn follows(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.before.ends_with(text))
    }

    /// The word that stands just before.
    pub(super) fn word_before(&self) -> &'t str {
        &self.before[self.before.trim_end_matches(is_in_word).len()..]
    }

    /// The word that follows the sign that does not fit.
    pub(super) fn word_after(&self) -> &'t str {
        let after = &self.rest[self.token.len()..];
        &after[..after.len() - after.trim_start_matches(is_in_word).len()]
    }

    /// Whether there are but values before, one after the other, and another one follows.
    pub(super) fn is_after_operands(&self) -> bool {
        let operand = |c: char| is_in_word(c) || c.is_whitespace() || matches!(c, '.' | '[' | ']' | ',' | '-');
        self.follows_value() && self.begins(is_in_word) && self.before.chars().all(operand)
    }

    /// Whether the text ends with an operator, or with the name of a function.
    pub(super) fn ends_with_operator(&self) -> bool {
        let end = self.rest.trim_end();
        let word = &end[end.trim_end_matches(is_in_word).len()..];
        let function = builtin(word).is_some_and(|builtin| builtin.arity().is_some());
        function
            || ["and", "or", "not", "pow", "swap", "dup"].contains(&word)
            || end.ends_with(['+', '-', '*', '/', '?', '='])
    }

    /// Whether a value has just ended, so that something else must follow.
    pub(super) fn follows_value(&self) -> bool {
        let word = self.word_before();
        self.follows(&[")", "]"]) || !word.is_empty() && !RESERVED.contains(&word)
    }

    /// Whether what does not fit is a reserved word.
    pub(super) fn is_reserved(&self) -> bool {
        RESERVED.contains(&self.token)
    }

    /// Whether a name must come.
    pub(super) fn wants_name(&self) -> bool {
        ["input", "param", "weights", "fn", "let", "fold", "for"].contains(&self.word_before())
    }

    pub(super) fn follows_number(&self) -> bool {
        self.word_before().starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether the word just before is a function's name.
    pub(super) fn follows_function(&self) -> bool {
        builtin(self.word_before()).is_some_and(|builtin| builtin.arity().is_some())
    }

    /// What stands in front of the bracket that is open here; none where none is.
    pub(super) fn open_bracket(&self) -> Option<&'t str> {
        let mut depth = 0;
        for (at, c) in self.before.char_indices().rev() {
            match c {
                ')' | ']' => depth += 1,
                '(' | '[' if depth == 0 => return Some(self.before[..at].trim_end()),
                '(' | '[' => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// Whether this is between the brackets of a call.
    pub(super) fn is_in_call(&self) -> bool {
        let front = self.open_bracket().unwrap_or_default();
        let word = &front[front.trim_end_matches(is_in_word).len()..];
        !word.is_empty() && word != "if"
    }

    /// How often each word stands in the text before.
    pub(super) fn count_before(&self, word: &str) -> usize {
        self.before.split(|c: char| !is_in_word(c)).filter(|other| *other == word).count()
    }

    /// Whether the last conditional has no `then` yet.
    pub(super) fn lacks_then(&self) -> bool {
        self.count_before("if") > self.count_before("then")
    }

    /// Whether the last conditional has no `else` yet.
    pub(super) fn lacks_else(&self) -> bool {
        self.count_before("then") > self.count_before("else")
    }

    /// Whether an `else` comes, and no `then`.
    pub(super) fn has_else_only(&self) -> bool {
        let mut words = self.rest.split(|c: char| !is_in_word(c));
        words.any(|word| word == "else") && !self.rest.contains("then")
    }

    /// Whether this is in a declaration, whose end may be missing.
    pub(super) fn is_in_declaration(&self) -> bool {
        let item = self.before.rsplit(';').next().unwrap_or_default().trim_start();
        ["let ", "param "].iter().any(|word| item.starts_with(word))
    }

    /// What stands in the line before.
    pub(super) fn line_before(&self) -> &'t str {
        self.before.rsplit('\n').next().unwrap_or_default().trim_start()
    }
}
