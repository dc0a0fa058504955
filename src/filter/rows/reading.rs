//! How each row of a stage is read: how far it is from the pixels, and which of a thread's slots it is kept in.

use std::collections::BTreeMap;

use super::layout::Layout;
use super::source::{RowSource, distance};
use crate::plan::stage::Stage;

/// The rows of a stage as they are read.
pub struct Readings {
    /// For each row of the stage, its input, and how far it is from the first row of pixels, in bytes, where both are inside
    /// the array.
    pub rows: Vec<(usize, isize)>,
    /// Those of which something must be known or copied; the code reads the others in the array, from end to end.
    pub kept: Vec<Kept>,
    /// For each input, how many slots its ring has.
    pub slots: Vec<usize>,
}

/// A row of the stage that has a slot in its input's ring.
///
/// Rows that are one above the other have slots in turn, so that a row of the array has the same slot for every row of
/// pixels that needs it.
pub struct Kept {
    /// Which of the stage's rows it is.
    pub number: usize,
    pub input: usize,
    /// Whether code reads a copy of it, or of its ends.
    pub copied: bool,
    /// The first slot of the rows above and below it, how many slots they have, and its place among them.
    first: usize,
    turns: usize,
    place: usize,
}

impl Readings {
    pub fn new(stage: &Stage, sources: &[Box<dyn RowSource + '_>], layout: &Layout) -> Readings {
        let steps = |input: usize, outer: &[isize]| distance(outer.iter().copied(), sources[input].strides());
        let rows = stage.rows.iter().map(|row| (row.input, steps(row.input, &row.outer))).collect();
        // Rows that are one above the other, by their input and by where their plane is.
        let mut columns: BTreeMap<(usize, &[isize]), Vec<(usize, isize, bool)>> = BTreeMap::new();
        for (number, (row, reaching)) in stage.rows.iter().zip(&stage.reaching).enumerate() {
            let copied = *reaching || !sources[row.input].is_direct() || layout.len < layout.block;
            if copied || stage.general.is_some() {
                let (y, plane) = row.outer.split_last().map_or((0, &[][..]), |(y, plane)| (*y, plane));
                columns.entry((row.input, plane)).or_default().push((number, y, copied));
            }
        }
        let (mut kept, mut slots) = (Vec::new(), vec![0; sources.len()]);
        for ((input, _), column) in columns {
            let ys = || column.iter().map(|(_, y, _)| *y);
            let (least, greatest) = (ys().min().unwrap_or(0), ys().max().unwrap_or(0));
            // Memory is for rows that are read, not for many between them; then a row may be copied again.
            let near = greatest.abs_diff(least) < 2 * column.len();
            let turns = if near { greatest.abs_diff(least) + 1 } else { column.len() };
            let first = slots[input];
            kept.extend(column.iter().enumerate().map(|(index, &(number, y, copied))| {
                let place = if near { y.abs_diff(least) } else { index };
                Kept { number, input, copied, first, turns, place }
            }));
            slots[input] += turns;
        }
        Readings { rows, kept, slots }
    }
}

impl Kept {
    /// The slot of the row for the rows of pixels from index `y` on along the axis before the last.
    pub fn slot(&self, y: usize) -> usize {
        self.first + (y + self.place) % self.turns
    }
}
