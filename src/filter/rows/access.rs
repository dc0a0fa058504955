//! For each row of an array that a group reads, how it is read: in the array, or in a slot of a line buffer.

use super::array_rows::RowReader;
use super::border::BorderMap;
use super::traversal::Segments;
use crate::filter::exec::domain::Domain;
use crate::plan::Plan;
use crate::plan::reads::{ArrayRow, RowId};

/// Rows of one array that are shifted alike: a position in [`AccessPlan::streams`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamId(usize);

/// A slot of a stream's line buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotId(usize);

impl StreamId {
    pub fn index(self) -> usize {
        self.0
    }
}

impl SlotId {
    /// Before a group has come.
    pub const NONE: SlotId = SlotId(usize::MAX);

    pub fn index(self) -> usize {
        self.0
    }
}

/// How the rows are read that a plan's passes read for a group of rows of pixels.
pub struct AccessPlan {
    pub streams: Vec<RowStream>,
    /// For each row, by its id.
    pub rows: Vec<RowAccess>,
    /// The rows of which something must be known or copied; the code reads the others in the array, from end to end.
    pub buffered: Vec<BufferedRow>,
}

/// Rows of one array that are shifted alike; each thread has a line buffer for them.
pub struct RowStream {
    /// Which of the arrays.
    pub array: usize,
    /// How far the rows are shifted.
    pub shift: isize,
    /// What the cells beyond the ends of the array's rows are.
    pub border: BorderMap,
    /// How many slots a line buffer has.
    pub slots: usize,
}

/// How a row is read.
#[derive(Clone, Copy)]
pub struct RowAccess {
    pub stream: StreamId,
    /// How far it is from the first row of pixels of a group, in bytes, where both are inside the array.
    pub distance: isize,
}

/// A row that has a slot in its stream's line buffer.
///
/// Vertically adjacent rows have slots in turn, so that a row of the array has the same slot for every row of pixels that
/// needs it.
pub struct BufferedRow {
    pub row: RowId,
    pub stream: StreamId,
    /// Whether code reads a copy of it, or of its ends.
    pub copied: bool,
    /// The first slot of the rows above and below it, how many slots they have, and its place among them.
    first: usize,
    pub turns: usize,
    place: usize,
}

impl AccessPlan {
    /// How the rows are read that the passes of `plan` read for the pixels of `whole`.
    pub fn new(plan: &Plan, readers: &[Box<dyn RowReader + '_>], domain: &Domain, whole: &Segments) -> AccessPlan {
        let mut streams: Vec<RowStream> = Vec::new();
        let access = |ArrayRow { row, .. }: &ArrayRow| {
            let known = streams.iter().position(|stream| stream.array == row.input && stream.shift == row.shift);
            let stream = known.unwrap_or_else(|| {
                let border = BorderMap::new(domain, whole.cells(&(0..whole.len), row.shift));
                streams.push(RowStream { array: row.input, shift: row.shift, border, slots: 0 });
                streams.len() - 1
            });
            let distance = readers[row.input].view().distance(row.outer.iter().copied());
            RowAccess { stream: StreamId(stream), distance }
        };
        let rows: Vec<RowAccess> = plan.reads.rows.iter().map(access).collect();
        let in_place =
            |row: &ArrayRow| readers[row.row.input].is_direct() && row.row.shift == 0 && whole.len >= whole.shape.block;
        let buffered = buffered(plan, &rows, &mut streams, |row| row.reaching || !in_place(row));
        AccessPlan { streams, rows, buffered }
    }

    /// The stream of a row.
    pub fn stream(&self, row: RowId) -> (StreamId, &RowStream) {
        let id = self.rows[row.index()].stream;
        (id, &self.streams[id.index()])
    }
}

/// Gives slots to the rows of which something must be known, or that must be copied.
fn buffered(
    plan: &Plan,
    rows: &[RowAccess],
    streams: &mut [RowStream],
    copied: impl Fn(&ArrayRow) -> bool,
) -> Vec<BufferedRow> {
    let validated = plan.has_general_code();
    let row = |id: &RowId| &plan.reads.rows[id.index()];
    let y = |id: &RowId| row(id).row.outer.last().copied().unwrap_or(0);
    let mut buffered = Vec::with_capacity(rows.len());
    for column in &plan.reads.columns {
        let needed = || column.iter().filter(|id| validated || copied(row(id)));
        let (Some(first), Some(last)) = (needed().next(), needed().next_back()) else { continue };
        let (count, span) = (needed().count(), y(last).abs_diff(y(first)) + 1);
        // Memory is for rows that are read, not for many between them; then a row may be copied again.
        let near = span <= 2 * count;
        let turns = if near { span } else { count };
        let stream = rows[first.index()].stream;
        let slots = &mut streams[stream.index()].slots;
        buffered.extend(needed().enumerate().map(|(index, id)| {
            let place = if near { y(id).abs_diff(y(first)) } else { index };
            BufferedRow { row: *id, stream, copied: copied(row(id)), first: *slots, turns, place }
        }));
        *slots += turns;
    }
    buffered
}

impl BufferedRow {
    /// The slot of the row for a group; `turn` is what dividing the index of its first row along the axis before the last by the number of
    /// slots leaves.
    pub fn slot(&self, turn: usize) -> SlotId {
        let slot = turn + self.place;
        SlotId(self.first + if slot < self.turns { slot } else { slot - self.turns })
    }
}
