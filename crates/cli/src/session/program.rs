//! The definitions of a session, and the programs that are made of them.
//!
//! What is typed is not a program but a part of one. A program is the definitions that an expression needs, in an
//! order in which each stands below what it uses, and then the expression. Every piece remembers the text that it was
//! typed in, so that errors point there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use hoodoo::lang::diagnostic::{Code, Diagnostic, KernelError};
use hoodoo::lang::entry::{Kind, Part, parts};
use hoodoo::lang::span::Span;

use super::error::Error;
use super::named::NamedImage;

/// The most definitions that a session keeps.
const MAX_DEFINITIONS: usize = 4096;

/// A text and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub text: Arc<str>,
    pub origin: Arc<str>,
}

impl Text {
    pub(super) fn new(text: &str, origin: &str) -> Text {
        Text { text: text.into(), origin: origin.into() }
    }

    pub(super) fn error(&self, diagnostic: Diagnostic) -> Error {
        Error::Kernel(KernelError::new(diagnostic, self.text.clone(), self.origin.clone()))
    }
}

/// A part of a text that was typed.
#[derive(Clone, Debug)]
struct Typed {
    part: Part,
    text: Text,
    /// For a `let` that uses the older value of its own name: where that is.
    older: BTreeMap<String, usize>,
}

impl Typed {
    fn source(&self) -> &str {
        &self.text.text[self.part.span.start..self.part.span.end]
    }
}

/// What was defined so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Definitions {
    /// Those that were replaced as well: a `let` may build on one.
    all: Vec<Arc<Typed>>,
    current: BTreeMap<String, usize>,
}

/// An entry read as what it adds to the definitions.
#[derive(Debug)]
pub(super) struct Reading {
    /// All definitions, with those of the entry.
    pub definitions: Definitions,
    /// Those of the entry.
    added: Vec<usize>,
    assertions: Vec<Typed>,
    outputs: Option<Typed>,
}

/// A part of a program's source.
#[derive(Clone, Debug)]
struct Piece {
    /// Where it stands in the program.
    at: usize,
    len: usize,
    /// The text that it was typed in, and where in it; none if the session wrote it.
    typed: Option<(Text, usize)>,
}

/// A whole program.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub source: String,
    pieces: Vec<Piece>,
}

impl Definitions {
    /// What `text` says on top of these definitions.
    pub(super) fn read(&self, text: Text) -> Result<Reading, Error> {
        let mut reading =
            Reading { definitions: self.clone(), added: Vec::new(), assertions: Vec::new(), outputs: None };
        for part in parts(&text.text).map_err(|diagnostic| text.error(diagnostic))? {
            let typed = Typed { part, text: text.clone(), older: BTreeMap::new() };
            match typed.part.kind {
                Kind::Outputs => reading.outputs = Some(typed),
                Kind::Assert => reading.assertions.push(typed),
                _ => {
                    let index = reading.definitions.add(typed)?;
                    reading.added.push(index);
                }
            }
        }
        Ok(reading)
    }

    fn add(&mut self, mut typed: Typed) -> Result<usize, Error> {
        let index = self.all.len();
        if index == MAX_DEFINITIONS {
            return Err(Error::say(format!("a session keeps at most {MAX_DEFINITIONS} definitions")));
        }
        // An input may have the name of a result: it is that result.
        if typed.part.kind != Kind::Input
            && let Some(name) = typed.part.names.iter().find(|name| is_result_name(name))
        {
            let diagnostic = Diagnostic::new(Code::NameTaken, typed.part.span, format!("the name `{name}` is taken"));
            return Err(typed.text.error(diagnostic.label("`_`, `_1`, `_2`, ... are the last results")));
        }
        for name in &typed.part.names {
            if typed.part.kind == Kind::Let
                && typed.part.uses.contains(name)
                && let Some(older) = self.current.get(name)
            {
                typed.older.insert(name.clone(), *older);
            }
            self.current.insert(name.clone(), index);
        }
        self.all.push(Arc::new(typed));
        Ok(index)
    }

    /// The names that are defined, and the text that says what they are.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.current.iter().map(|(name, index)| (name.as_str(), self.all[*index].source()))
    }

    /// The texts that say what is defined, and what that builds on, each below what it uses.
    pub(super) fn sources(&self) -> Vec<&str> {
        let mut defined: Vec<usize> = self.current.values().copied().collect();
        defined.sort_unstable();
        self.ordered(&defined).into_iter().map(|index| self.all[index].source()).collect()
    }

    /// The kind of what has this name.
    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.current.get(name).map(|index| self.all[*index].part.kind)
    }

    /// Which of the inputs that were declared in the same entry has this name, from 0; none if it was not declared.
    pub(super) fn input_place(&self, name: &str) -> Option<usize> {
        let entry = &self.all[*self.current.get(name)?].text.text;
        let declared = self.all.iter().filter(|typed| typed.part.kind == Kind::Input);
        let together = declared.filter(|typed| Arc::ptr_eq(&typed.text.text, entry));
        together.flat_map(|typed| &typed.part.names).position(|input| input == name)
    }

    /// The definition that a name in `typed` means.
    fn meaning(&self, typed: &Typed, name: &str) -> Option<usize> {
        typed.older.get(name).or_else(|| self.current.get(name)).copied()
    }

    /// `roots` and everything that they need, each below what it uses. What uses itself in a circle is left to the checker.
    fn ordered(&self, roots: &[usize]) -> Vec<usize> {
        let (mut order, mut entered) = (Vec::new(), BTreeSet::new());
        let mut open: Vec<(usize, bool)> = roots.iter().rev().map(|root| (*root, false)).collect();
        while let Some((index, left)) = open.pop() {
            if left {
                order.push(index);
            } else if entered.insert(index) {
                open.push((index, true));
                let typed = &self.all[index];
                let mut needed: Vec<usize> =
                    typed.part.uses.iter().filter_map(|name| self.meaning(typed, name)).collect();
                needed.sort_unstable();
                open.extend(needed.into_iter().rev().map(|needed| (needed, false)));
            }
        }
        order
    }
}

impl Reading {
    /// Whether there was nothing but white space and comments.
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.assertions.is_empty() && self.outputs.is_none()
    }

    /// Whether there is something to compute.
    pub(super) fn has_outputs(&self) -> bool {
        self.outputs.is_some()
    }

    /// Whether there is an `assert`.
    pub(super) fn has_assertions(&self) -> bool {
        !self.assertions.is_empty()
    }

    /// The names that the entry defines, in order, with their kinds.
    pub(super) fn added(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.added.iter().flat_map(|index| {
            let part = &self.definitions.all[*index].part;
            part.names.iter().map(move |name| (name.as_str(), part.kind))
        })
    }

    /// The program that the entry is: its own declarations, those that it needs besides, and its outputs, or
    /// `otherwise` if it has none. `images` are names that inputs may have without a declaration.
    pub(super) fn program(&self, images: &[String], otherwise: &str) -> Program {
        let definitions = &self.definitions;
        let last = || self.assertions.iter().chain(&self.outputs);
        let mut roots = self.added.clone();
        roots.extend(last().flat_map(|typed| &typed.part.uses).filter_map(|name| definitions.current.get(name)));
        // In the order in which they were typed, as far as their uses allow it.
        roots.sort_unstable();
        let order = definitions.ordered(&roots);
        let pieces = || order.iter().map(|index| &*definitions.all[*index]).chain(last());

        let undefined: BTreeSet<&str> = pieces()
            .flat_map(|typed| typed.part.uses.iter().filter(|name| definitions.meaning(typed, name).is_none()))
            .map(String::as_str)
            .collect();
        let mut inputs: Vec<&str> = Vec::new();
        inputs.extend(undefined.get("w"));
        inputs.extend(images.iter().map(String::as_str).filter(|name| *name != "w" && undefined.contains(name)));
        let declared = pieces().any(|typed| typed.part.kind == Kind::Input);

        let mut program = Program { source: String::new(), pieces: Vec::new() };
        // Without a declaration, `w` is the input.
        if !inputs.is_empty() && (declared || inputs != ["w"]) {
            program.push(&format!("input {}", inputs.join(", ")), None);
            program.source.push_str(";\n");
        }
        for typed in pieces() {
            program.push(typed.source(), Some((typed.text.clone(), typed.part.span.start)));
            program.source.push_str(if typed.part.kind == Kind::Outputs { "\n" } else { ";\n" });
        }
        if self.outputs.is_none() {
            program.push(otherwise, None);
        }
        program
    }
}

impl Program {
    fn push(&mut self, text: &str, typed: Option<(Text, usize)>) {
        self.pieces.push(Piece { at: self.source.len(), len: text.len(), typed });
        self.source.push_str(text);
    }

    /// The text that a place of the program was typed in, and the place there.
    pub(super) fn typed(&self, span: Span) -> Option<(&Text, Span)> {
        let piece = self.pieces.iter().find(|piece| (piece.at..=piece.at + piece.len).contains(&span.start))?;
        let (text, start) = piece.typed.as_ref()?;
        let moved = |at: usize| start + at.saturating_sub(piece.at).min(piece.len);
        Some((text, Span::new(moved(span.start), moved(span.end))))
    }

    /// The error `diagnostic` of the program, at the place where its cause was typed.
    pub(super) fn error(&self, diagnostic: Diagnostic) -> Error {
        let Some((text, span)) = self.typed(diagnostic.span).filter(|_| diagnostic.span != Span::default()) else {
            let place = Text::new(&self.source, "session");
            return place.error(Diagnostic {
                span: Span::default(),
                label: String::new(),
                notes: Vec::new(),
                ..diagnostic
            });
        };
        let (mut notes, mut hint) = (Vec::new(), diagnostic.hint);
        for (place, note) in diagnostic.notes {
            match self.typed(place) {
                Some((other, place)) if Arc::ptr_eq(&other.text, &text.text) => notes.push((place, note)),
                // One drawing shows one text.
                Some((other, place)) => {
                    let shown: String =
                        other.text[place.start..].lines().next().unwrap_or("").chars().take(60).collect();
                    let hint = hint.get_or_insert_default();
                    let separator = if hint.is_empty() { "" } else { "; " };
                    let _ = write!(hint, "{separator}{note} in {}: `{shown}`", other.origin);
                }
                None => {}
            }
        }
        text.error(Diagnostic { span, notes, hint, ..diagnostic })
    }
}

/// What kernels call the outputs of the last run: `_`, `_1`, `_2`, ...
pub(super) fn result_name(index: usize) -> String {
    if index == 0 { "_".to_string() } else { format!("_{index}") }
}

/// Whether [`result_name`] could be this for some index.
pub(super) fn is_result_name(name: &str) -> bool {
    name.strip_prefix('_').is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()))
}

/// The names that inputs may have without a declaration.
pub(super) fn image_names(images: &[Arc<NamedImage>], results: usize) -> Vec<String> {
    images.iter().map(|image| image.name.clone()).chain((0..results.max(1)).map(result_name)).collect()
}
