//! How each row of a pass is read: how far it is from the pixels, and which of a thread's slots it is kept in.

use std::collections::BTreeMap;

use super::layout::Layout;
use super::source::{Ends, RowSource, distance};
use crate::filter::pixels::Neighbourhood;
use crate::plan::pass::{CellRow, Pass};

/// The rows of a pass as they are read.
pub struct Readings {
    pub feeds: Vec<Feed>,
    /// For each row of the pass, its feed, and how far it is from the first row of pixels, in bytes, where both are inside
    /// the array.
    pub rows: Vec<(usize, isize)>,
    /// Those of which something must be known or copied; the code reads the others in the array, from end to end.
    pub kept: Vec<Kept>,
}

/// Rows of one input that are shifted alike; each thread has a ring for them.
pub struct Feed {
    pub input: usize,
    /// How far the rows are shifted.
    pub shift: isize,
    /// What the cells beyond the ends of the array's rows are.
    pub ends: Ends,
    /// How many slots a ring has.
    pub slots: usize,
}

/// A row of the pass that has a slot in its feed's ring.
///
/// Rows that are one above the other have slots in turn, so that a row of the array has the same slot for every row of
/// pixels that needs it.
pub struct Kept {
    /// Which of the pass's rows it is.
    pub number: usize,
    pub feed: usize,
    /// Whether code reads a copy of it, or of its ends.
    pub copied: bool,
    /// The first slot of the rows above and below it, how many slots they have, and its place among them.
    first: usize,
    turns: usize,
    place: usize,
}

impl Readings {
    pub fn new(
        pass: &Pass,
        sources: &[Box<dyn RowSource + '_>],
        neighbourhood: &Neighbourhood,
        layout: &Layout,
    ) -> Readings {
        let mut feeds: Vec<Feed> = Vec::new();
        let mut rows = Vec::new();
        for row in &pass.rows {
            let known = feeds.iter().position(|feed| feed.input == row.input && feed.shift == row.shift);
            let feed = known.unwrap_or_else(|| {
                let ends = Ends::new(neighbourhood, layout.cells(&(0..layout.len), row.shift));
                feeds.push(Feed { input: row.input, shift: row.shift, ends, slots: 0 });
                feeds.len() - 1
            });
            rows.push((feed, distance(row.outer.iter().copied(), sources[row.input].strides())));
        }
        let copied = |number: usize| {
            let row = &pass.rows[number];
            let in_place = sources[row.input].is_direct() && row.shift == 0 && layout.len >= layout.block;
            pass.reaching[number] || !in_place
        };
        // Rows that are one above the other, in order.
        let mut columns: BTreeMap<CellRow, Vec<usize>> = BTreeMap::new();
        for (number, row) in
            pass.rows.iter().enumerate().filter(|(number, _)| pass.general.is_some() || copied(*number))
        {
            let mut plane = row.clone();
            plane.outer.pop();
            columns.entry(plane).or_default().push(number);
        }
        let mut kept = Vec::new();
        for column in columns.values() {
            let feed = rows[column[0]].0;
            let y = |number: usize| pass.rows[number].outer.last().copied().unwrap_or(0);
            let below = |number: usize| y(number).abs_diff(y(column[0]));
            let span = below(column[column.len() - 1]) + 1;
            // Memory is for rows that are read, not for many between them; then a row may be copied again.
            let near = span <= 2 * column.len();
            let turns = if near { span } else { column.len() };
            let first = feeds[feed].slots;
            kept.extend(column.iter().enumerate().map(|(index, &number)| {
                let place = if near { below(number) } else { index };
                Kept { number, feed, copied: copied(number), first, turns, place }
            }));
            feeds[feed].slots += turns;
        }
        Readings { feeds, rows, kept }
    }
}

impl Kept {
    /// The slot of the row for the rows of pixels from index `y` on along the axis before the last.
    pub fn slot(&self, y: usize) -> usize {
        self.first + (y + self.place) % self.turns
    }
}
