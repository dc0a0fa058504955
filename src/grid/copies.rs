//! When what is beyond the ends of arrays is copied.

use super::named::named_enum;

/// When rows are copied with what is beyond their ends. Values do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Copies {
    /// Of small arrays at once, of larger ones row by row.
    #[default]
    Auto,
    /// Row by row.
    Rows,
}

named_enum!(Copies, "copies", "a way to copy rows", "ways to copy rows", [Auto: "auto", Rows: "rows"]);
