//! What people write who come from another language, and what it is here: one table, by who writes so.

mod names;
mod signs;
mod spelling;

use self::spelling::Looks;

pub use self::spelling::{Spelling, Stop};

/// Every spelling that is known.
pub fn spellings() -> impl Iterator<Item = &'static Spelling> {
    names::FUNCTIONS.iter().chain(names::NAMES).chain(signs::TEXTS)
}

/// What to write instead of a function that is not there.
pub fn function_hint(name: &str) -> Option<&'static str> {
    names::FUNCTIONS.iter().find(|spelling| spelling.written.contains(&name)).map(|spelling| spelling.hint)
}

/// What to write instead of a name that is not there.
pub fn name_hint(name: &str) -> Option<&'static str> {
    names::NAMES.iter().find(|spelling| spelling.written.contains(&name)).map(|spelling| spelling.hint)
}

/// What to write instead of what the parser stops in.
pub fn text_hint(stop: &Stop<'_>) -> Option<&'static str> {
    let is_it = |spelling: &&Spelling| matches!(spelling.looks, Looks::Text(is_it) if is_it(stop));
    signs::TEXTS.iter().find(is_it).map(|spelling| spelling.hint)
}

#[cfg(test)]
mod tests {
    use super::spelling::Looks;
    use super::spellings;
    use crate::lang::builtins::builtin;
    use crate::lang::check::check;
    use crate::lang::parse::parse;

    /// A program that is written so gets its hint; no name is built in, or stands in the table twice.
    #[test]
    fn hints_are_for_what_is_not_there() {
        let mut seen = std::collections::HashSet::new();
        for spelling in spellings() {
            for written in spelling.written {
                assert!(builtin(written).is_none() && seen.insert(*written), "{written}");
                let program = match spelling.looks {
                    Looks::Function => format!("{written}(w)"),
                    Looks::Name | Looks::Text(_) => written.to_string(),
                };
                let diagnostic = parse(&program).and_then(|tree| check(&tree)).unwrap_err();
                assert_eq!(diagnostic.hint.as_deref(), Some(spelling.hint), "{program}: {}", diagnostic.message);
            }
        }
    }

    /// What a hint says to write is in the language.
    #[test]
    fn hints_are_in_the_language() {
        for spelling in spellings() {
            let quoted = spelling.hint.split('`').skip(1).step_by(2);
            for program in quoted.filter(|quoted| quoted.contains('w') && quoted.contains(['(', '[', ':'])) {
                let program = program.replace("...", "1");
                let k = if program.contains("weights k") {
                    ""
                } else if program.contains("w * k") {
                    "weights k; "
                } else {
                    "param k = 0; "
                };
                let declared = format!("param x = 1; param a = 1; param b = 2; param q = 50; {k}{program}");
                let parsed = parse(&declared).or_else(|_| parse(&format!("{declared} 1")));
                let checked = parsed.and_then(|tree| check(&tree));
                assert!(checked.is_ok(), "`{program}`: {checked:?}");
            }
        }
    }
}
