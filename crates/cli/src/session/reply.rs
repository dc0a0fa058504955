//! Answers.

use std::sync::Arc;

use super::named::NamedImage;

/// What a session answers to an entry.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// What to print; may be empty, and does not end in a newline.
    pub text: String,
    /// What to draw.
    pub picture: Option<Arc<NamedImage>>,
    /// Whether the user wants to leave.
    pub quit: bool,
}

impl Reply {
    /// An answer in words.
    pub(super) fn text(text: impl Into<String>) -> Reply {
        Reply { text: text.into(), ..Reply::default() }
    }
}
