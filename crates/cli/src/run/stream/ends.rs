//! How many rows come from beyond the ends of arrays whose ends meet.

/// How many rows come with those of an array.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// In front of the first one, and behind the last.
    pub before: usize,
    pub after: usize,
    /// The rows of the array; at least one.
    pub rows: usize,
}

impl Around {
    /// How many come in all.
    pub fn count(self) -> usize {
        self.before + self.rows + self.after
    }

    /// Which row of the array it is that comes as this one.
    pub fn row(self, come: usize) -> usize {
        (come + self.rows - self.before % self.rows) % self.rows
    }

    /// The next one behind this one that is the array's first row.
    pub fn seam(self, come: usize) -> usize {
        come + self.rows - self.row(come)
    }
}
