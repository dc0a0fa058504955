//! Errors that are not those of a kernel, drawn as the library draws a kernel's.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use hoodoo::lang::span::Span;

/// What is wrong, where, and what to do about it.
pub(super) struct Drawing<'a> {
    /// One sentence.
    pub message: &'a str,
    /// What is underlined, if anything is.
    pub place: Option<Place<'a>>,
    /// What to do about it.
    pub hint: Option<&'a str>,
}

/// A place in a text that was typed.
pub(super) struct Place<'a> {
    /// The whole text.
    pub source: &'a str,
    /// Where the text comes from.
    pub origin: &'a str,
    /// The place.
    pub span: Span,
}

impl Drawing<'_> {
    /// The drawing as text, in colours if `colour`.
    pub(super) fn render(&self, colour: bool) -> String {
        let title = Level::ERROR.primary_title(self.message);
        let mut group = match &self.place {
            None => Group::with_title(title),
            Some(Place { source, origin, span }) => {
                let mark = AnnotationKind::Primary.span(clip(source, *span));
                title.element(Snippet::source(*source).path(*origin).annotation(mark))
            }
        };
        if let Some(hint) = self.hint {
            group = group.element(Level::HELP.message(hint));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// The most bytes of a line that are marked.
const LONGEST_MARK: usize = 240;

/// The span as a range on character boundaries inside the source, of a line not more than [`LONGEST_MARK`].
fn clip(source: &str, span: Span) -> Range<usize> {
    let start = source.floor_char_boundary(span.start);
    let end = source.floor_char_boundary(span.end).max(start);
    let short = source.floor_char_boundary(start + LONGEST_MARK);
    start..if source[start..end].contains('\n') { end } else { end.min(short) }
}
