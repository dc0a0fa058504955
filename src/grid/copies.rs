//! When what is beyond the ends of arrays is copied.

use super::named::named_enum;

/// When rows are copied with what is beyond their ends. Values do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Copies {
    /// All at once of small arrays and of boxes of short rows, row by row of others.
    #[default]
    Auto,
    /// Row by row.
    Rows,
}

named_enum!(Copies, "copies", "a way to copy rows", "ways to copy rows", [Auto: "auto", Rows: "rows"]);
