//! What is wrong with a kernel, and where: the kinds of error, and the one place that draws them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::span::Span;

/// The kind of a kernel error. Codes are stable: scripts and editors may match on [`Code::as_str`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The text is not in the language.
    Syntax,
    /// The source is longer than [`super::limits::Limits::source_bytes`].
    SourceTooLong,
    /// Brackets, conditionals, folds or function calls are nested too deeply.
    NestedTooDeeply,
    /// After inlining, the kernel has too many operations.
    KernelTooLarge,
    /// A name that nothing defines.
    UnknownName,
    /// A function that nothing defines.
    UnknownFunction,
    /// A name that is defined already, or that a built-in has.
    NameTaken,
    /// A function that calls itself.
    Recursion,
    /// The wrong number of arguments.
    Arity,
    /// A number where a boolean is needed, or the reverse.
    TypeClash,
    /// An output, or another place for one value, has a window.
    NotScalar,
    /// A reduction or a fold over a scalar.
    NotWindow,
    /// A place that needs a constant has something else.
    NotConstant,
    /// A fold whose values, names and uses don't match.
    FoldArity,
    /// A `where` on something that is not a reduction.
    MisplacedWhere,
    /// A position or percentage that can never be right.
    OutOfRange,
    /// The kernel needs what a callback does not have.
    NotInCallback,
    /// A cell that is not in the footprint, read by a callback.
    NotInFootprint,
    /// An offset or axis that does not fit the number of axes.
    WrongAxes,
    /// A comparison with nan, which is the same for all values.
    ComparedWithNan,
    /// Two outputs that look like one number with a decimal comma.
    DecimalComma,
}

impl Code {
    /// Every code, in order.
    pub const ALL: [Code; 21] = [
        Code::Syntax,
        Code::SourceTooLong,
        Code::NestedTooDeeply,
        Code::KernelTooLarge,
        Code::UnknownName,
        Code::UnknownFunction,
        Code::NameTaken,
        Code::Recursion,
        Code::Arity,
        Code::TypeClash,
        Code::NotScalar,
        Code::NotWindow,
        Code::NotConstant,
        Code::FoldArity,
        Code::MisplacedWhere,
        Code::OutOfRange,
        Code::NotInCallback,
        Code::NotInFootprint,
        Code::WrongAxes,
        Code::ComparedWithNan,
        Code::DecimalComma,
    ];

    /// The code as printed, such as `H010`.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Syntax => "H001",
            Code::SourceTooLong => "H002",
            Code::NestedTooDeeply => "H003",
            Code::KernelTooLarge => "H004",
            Code::UnknownName => "H010",
            Code::UnknownFunction => "H011",
            Code::NameTaken => "H012",
            Code::Recursion => "H013",
            Code::Arity => "H014",
            Code::TypeClash => "H020",
            Code::NotScalar => "H021",
            Code::NotWindow => "H022",
            Code::NotConstant => "H023",
            Code::FoldArity => "H024",
            Code::MisplacedWhere => "H025",
            Code::OutOfRange => "H026",
            Code::NotInCallback => "H030",
            Code::NotInFootprint => "H031",
            Code::WrongAxes => "H032",
            Code::ComparedWithNan => "H040",
            Code::DecimalComma => "H041",
        }
    }
}

impl Code {
    /// Whether the kernel has a meaning all the same.
    pub fn is_warning(self) -> bool {
        matches!(self, Code::ComparedWithNan | Code::DecimalComma)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One error in a kernel, without its source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of error it is.
    pub code: Code,
    /// One sentence in the user's words.
    pub message: String,
    /// The place to underline; the empty span at 0, without a label, for the kernel as a whole.
    pub span: Span,
    /// What to write under the underlined place.
    pub label: String,
    /// Other places that explain the error.
    pub notes: Vec<(Span, String)>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at `span`, with no label, notes or hint yet.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, message: message.into(), span, label: String::new(), notes: Vec::new(), hint: None }
    }

    /// Writes `label` under the place.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// Marks another place, with an explanation.
    pub fn note(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.notes.push((span, text.into()));
        self
    }

    /// Says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }
}

/// An error in a kernel together with the source that it points into.
///
/// Its `Display` is the message with the place drawn under it, as rustc draws errors.
#[derive(Clone)]
pub struct KernelError {
    diagnostic: Box<Diagnostic>,
    source: Arc<str>,
    origin: Arc<str>,
}

impl KernelError {
    /// The error `diagnostic` in `source`, which came from `origin` (a file name, or `kernel`).
    pub fn new(diagnostic: Diagnostic, source: Arc<str>, origin: Arc<str>) -> KernelError {
        KernelError { diagnostic: Box::new(diagnostic), source, origin }
    }

    /// The kind of error.
    pub fn code(&self) -> Code {
        self.diagnostic.code
    }

    /// One sentence in the user's words.
    pub fn message(&self) -> &str {
        &self.diagnostic.message
    }

    /// The bytes of the source that the error is about.
    pub fn span(&self) -> Span {
        self.diagnostic.span
    }

    /// Line and column of the error, counted from 1.
    pub fn line_column(&self) -> (usize, usize) {
        self.diagnostic.span.line_column(&self.source)
    }

    /// What to do about it, where there is something to say.
    pub fn hint(&self) -> Option<&str> {
        self.diagnostic.hint.as_deref()
    }

    /// The error without its source.
    pub fn diagnostic(&self) -> &Diagnostic {
        &self.diagnostic
    }

    /// The message with the place drawn under it, in colours if `colour`.
    pub fn render(&self, colour: bool) -> String {
        let diagnostic = &*self.diagnostic;
        // What is wrong with the kernel as a whole, such as its length, has no place to draw.
        let whole = diagnostic.span == Span::default() && diagnostic.label.is_empty();
        let place =
            Place { source: &self.source, origin: &self.origin, span: diagnostic.span, label: &diagnostic.label };
        let drawing = Drawing {
            level: if diagnostic.code.is_warning() { Level::WARNING } else { Level::ERROR },
            id: Some(diagnostic.code.as_str()),
            message: &diagnostic.message,
            place: (!whole).then_some(place),
            notes: &diagnostic.notes,
            hint: diagnostic.hint.as_deref(),
        };
        drawing.render(colour)
    }
}

/// An error as the user sees it: the look of all of them, those of kernels and others.
pub(crate) struct Drawing<'a> {
    /// Error or warning.
    pub level: Level<'a>,
    /// The stable code.
    pub id: Option<&'a str>,
    /// One sentence.
    pub message: &'a str,
    /// What is underlined, if anything is.
    pub place: Option<Place<'a>>,
    /// Other places in the same source.
    pub notes: &'a [(Span, String)],
    /// What to do about it.
    pub hint: Option<&'a str>,
}

/// A place in a source, and what is written under it.
pub(crate) struct Place<'a> {
    /// The whole text.
    pub source: &'a str,
    /// Where the text comes from.
    pub origin: &'a str,
    /// The place.
    pub span: Span,
    /// May be empty.
    pub label: &'a str,
}

impl Drawing<'_> {
    /// The drawing as text, in colours if `colour`.
    pub fn render(&self, colour: bool) -> String {
        let mut title = self.level.clone().primary_title(without_controls(self.message));
        if let Some(id) = self.id {
            title = title.id(id);
        }
        let mut group = match &self.place {
            None => annotate_snippets::Group::with_title(title),
            Some(Place { source, origin, span, label }) => {
                let mut primary = AnnotationKind::Primary.span(drawn(source, *span));
                if !label.is_empty() {
                    primary = primary.label(without_controls(label));
                }
                let notes = self.notes.iter().map(|(span, text)| {
                    AnnotationKind::Context.span(drawn(source, *span)).label(without_controls(text))
                });
                let snippet = Snippet::source(without_controls(source)).path(without_controls(origin));
                title.element(snippet.annotation(primary).annotations(notes))
            }
        };
        if let Some(hint) = self.hint {
            group = group.element(Level::HELP.message(without_controls(hint)));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// Whether terminals may obey a character that the drawing of sources leaves as it is: the second set of controls, of which one begins
/// commands.
fn is_control(letter: char) -> bool {
    ('\u{80}'..='\u{9f}').contains(&letter)
}

/// The text with what stands for a character in the place of each such control.
fn without_controls(text: &str) -> Cow<'_, str> {
    match text.contains(is_control) {
        true => Cow::Owned(text.replace(is_control, REPLACED)),
        false => Cow::Borrowed(text),
    }
}

/// What stands for a control.
const REPLACED: &str = "\u{fffd}";

/// The span as a range of the source as it is drawn.
fn drawn(source: &str, span: Span) -> std::ops::Range<usize> {
    let range = clip(source, span);
    let moved = |at: usize| {
        let longer = |letter: char| REPLACED.len() - letter.len_utf8();
        at + source[..at].chars().filter(|letter| is_control(*letter)).map(longer).sum::<usize>()
    };
    moved(range.start)..moved(range.end)
}

/// The most bytes of a line that are marked. All that is marked is drawn, and a name may be as long as a source.
const LONGEST_MARK: usize = 240;

/// The span as a range on character boundaries inside the source.
fn clip(source: &str, span: Span) -> std::ops::Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    let end = floor(span.end).max(start);
    let short = floor(start + LONGEST_MARK);
    start..if source[start..end].contains('\n') { end } else { end.min(short) }
}

/// As it is displayed: `unwrap`, and a `main` that returns an error, show their user this form.
impl fmt::Debug for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for KernelError {}
