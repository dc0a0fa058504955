//! For each row that a pass reads, where it is: in the array, in a slot of a line buffer, outside the array, or in a line.

use std::collections::BTreeMap;

use super::array_rows::RowReader;
use super::border::BorderMap;
use super::traversal::{GroupReads, RowShape, Segments};
use crate::filter::exec::domain::Domain;
use crate::grid::halo::Halo;
use crate::plan::Plan;
use crate::plan::line::Origin;
use crate::plan::pass::{CellRow, Pass, PassInput};

/// A row of an array that a group reads: its position in [`AccessPlan::rows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowId(usize);

/// Rows of one array that are shifted alike: a position in [`AccessPlan::streams`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamId(usize);

/// A slot of a stream's line buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotId(usize);

impl RowId {
    pub fn index(self) -> usize {
        self.0
    }
}

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

/// What a group of rows of pixels reads, and how.
pub struct AccessPlan {
    pub streams: Vec<RowStream>,
    /// The rows of arrays that the passes read for all rows of pixels of a group.
    pub rows: Vec<ArrayRow>,
    /// Those of which something must be known or copied; the code reads the others in the array, from end to end.
    pub buffered: Vec<BufferedRow>,
    pub passes: Vec<PassAccess>,
    /// How many rows of pixels are in a group.
    pub group_rows: usize,
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

/// A row of an array around the first row of pixels of a group.
pub struct ArrayRow {
    pub stream: StreamId,
    /// The offset along all axes but the last.
    pub outer: Vec<isize>,
    /// How far that is, in bytes, where both are inside the array.
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
    turns: usize,
    place: usize,
}

/// What one pass reads, and around which pixels it computes.
pub struct PassAccess {
    pub reads: PassReads,
    /// How far beyond a chunk's pixels the lines go that it makes.
    pub halo: Halo,
    /// How many calls compute all rows of pixels of a group.
    pub calls: usize,
}

/// The rows that the code of a pass reads.
pub enum PassReads {
    /// All rows of arrays, in their order, for the chunk's own pixels: the only pass of a plan does that.
    Rows,
    /// These, for each call.
    Listed(Vec<Vec<Read>>),
}

/// Where one of the rows is that the code of a pass reads.
pub enum Read {
    /// In an array, so many bytes before the chunk's first pixel.
    Array { row: RowId, before: usize },
    /// In a line, at the same row of pixels, so many bytes from its first pixel.
    Line { line: usize, row: usize, offset: isize },
}

impl AccessPlan {
    /// The rows that the passes of `plan` read for the pixels of `whole`.
    pub fn new(plan: &Plan, readers: &[Box<dyn RowReader + '_>], domain: &Domain, whole: &Segments) -> AccessPlan {
        let group_rows = plan.rows_per_group();
        let named = array_rows(plan, readers, whole, group_rows);
        let mut streams: Vec<RowStream> = Vec::new();
        let rows = named.keys().map(|row| {
            let known = streams.iter().position(|stream| stream.array == row.input && stream.shift == row.shift);
            let stream = known.unwrap_or_else(|| {
                let border = BorderMap::new(domain, whole.cells(&(0..whole.len), row.shift));
                streams.push(RowStream { array: row.input, shift: row.shift, border, slots: 0 });
                streams.len() - 1
            });
            let distance = readers[row.input].view().distance(row.outer.iter().copied());
            ArrayRow { stream: StreamId(stream), outer: row.outer.clone(), distance }
        });
        let rows: Vec<ArrayRow> = rows.collect();
        let buffered = buffered(plan, &named, &rows, &mut streams);
        let ids: BTreeMap<&CellRow, RowId> = named.keys().zip((0..).map(RowId)).collect();
        let passes = plan.passes.iter().map(|pass| PassAccess::new(plan, pass, &ids, group_rows)).collect();
        AccessPlan { streams, rows, buffered, passes, group_rows }
    }

    /// What traversing a region needs to know.
    pub fn group_reads(&self, readers: &[Box<dyn RowReader + '_>], shape: &RowShape, outer: usize) -> GroupReads {
        let halo = |axis: usize| Halo::of(self.rows.iter().map(|row| row.outer[axis]));
        let bytes = |row: &ArrayRow| readers[self.streams[row.stream.index()].array].element_bytes();
        GroupReads {
            halos: (0..outer).map(halo).collect(),
            bytes: shape.array_len * self.rows.iter().map(bytes).sum::<usize>(),
        }
    }

    /// The rows of arrays, by their ids.
    pub fn rows(&self) -> impl Iterator<Item = (RowId, &ArrayRow)> {
        (0..).map(RowId).zip(&self.rows)
    }

    /// The stream of a row.
    pub fn stream(&self, row: RowId) -> (StreamId, &RowStream) {
        let id = self.rows[row.index()].stream;
        (id, &self.streams[id.index()])
    }
}

/// The rows of arrays that are read, each once, and whether code reads a copy of it. A row's input is the array.
fn array_rows(
    plan: &Plan,
    readers: &[Box<dyn RowReader + '_>],
    whole: &Segments,
    group_rows: usize,
) -> BTreeMap<CellRow, bool> {
    let mut rows: BTreeMap<CellRow, bool> = BTreeMap::new();
    for pass in &plan.passes {
        let beyond = !plan.halo_of(pass).is_empty();
        for (row, reaching) in pass.rows.iter().zip(&pass.reaching) {
            let Origin::Array(array) = pass.inputs[row.input].origin else { continue };
            let in_place = readers[array].is_direct() && row.shift == 0 && whole.len >= whole.shape.block;
            for call in 0..calls(pass, group_rows) {
                *rows.entry(array_row(row, array, call * pass.rows_per_call)).or_default() |=
                    *reaching || beyond || !in_place;
            }
        }
    }
    rows
}

/// Gives slots to the rows of which something must be known or copied.
fn buffered(
    plan: &Plan,
    named: &BTreeMap<CellRow, bool>,
    rows: &[ArrayRow],
    streams: &mut [RowStream],
) -> Vec<BufferedRow> {
    let validated = plan.has_general_code();
    // Vertically adjacent rows, in order.
    let mut columns: BTreeMap<CellRow, Vec<(usize, isize, bool)>> = BTreeMap::new();
    for (id, (row, copied)) in named.iter().enumerate().filter(|(_, (_, copied))| validated || **copied) {
        let mut plane = row.clone();
        let y = plane.outer.pop().unwrap_or(0);
        columns.entry(plane).or_default().push((id, y, *copied));
    }
    let mut buffered = Vec::new();
    for column in columns.values() {
        let (first_id, first_y, _) = column[0];
        let stream = rows[first_id].stream;
        let below = |y: isize| y.abs_diff(first_y);
        let span = below(column[column.len() - 1].1) + 1;
        // Memory is for rows that are read, not for many between them; then a row may be copied again.
        let near = span <= 2 * column.len();
        let turns = if near { span } else { column.len() };
        let slots = &mut streams[stream.index()].slots;
        buffered.extend(column.iter().enumerate().map(|(index, &(id, y, copied))| {
            let place = if near { below(y) } else { index };
            BufferedRow { row: RowId(id), stream, copied, first: *slots, turns, place }
        }));
        *slots += turns;
    }
    buffered
}

impl BufferedRow {
    /// The slot of the row for the group whose first row has index `y` along the axis before the last.
    pub fn slot(&self, y: usize) -> SlotId {
        SlotId(self.first + (y + self.place) % self.turns)
    }
}

impl PassAccess {
    fn new(plan: &Plan, pass: &Pass, ids: &BTreeMap<&CellRow, RowId>, group_rows: usize) -> PassAccess {
        let halo = plan.halo_of(pass);
        let calls = calls(pass, group_rows);
        let read = |row: &CellRow, call: usize| {
            let input: &PassInput = &pass.inputs[row.input];
            match input.origin {
                Origin::Array(array) => Read::Array {
                    row: ids[&array_row(row, array, call * pass.rows_per_call)],
                    before: halo.before * input.lane.bytes(),
                },
                Origin::Line(line) => {
                    // A line has all rows of pixels of the group, and nothing above or below them.
                    let below = row.outer.last().map_or(0, |y| y.unsigned_abs());
                    let start = plan.halo_of_maker(line).before as isize - halo.before as isize + row.shift;
                    let row = call * pass.rows_per_call + below;
                    Read::Line { line, row, offset: start * input.lane.bytes() as isize }
                }
            }
        };
        let listed: Vec<Vec<Read>> =
            (0..calls).map(|call| pass.rows.iter().map(|row| read(row, call)).collect()).collect();
        let is_own = |(index, read): (usize, &Read)| matches!(read, Read::Array { row, .. } if row.index() == index);
        let all = calls == 1 && halo.is_empty() && listed[0].len() == ids.len();
        let reads = match all && listed[0].iter().enumerate().all(is_own) {
            true => PassReads::Rows,
            false => PassReads::Listed(listed),
        };
        PassAccess { reads, halo, calls }
    }
}

/// A row that a pass reads so many rows of pixels after the first of a group.
fn array_row(row: &CellRow, array: usize, below: usize) -> CellRow {
    let mut outer = row.outer.clone();
    if let Some(y) = outer.last_mut() {
        *y += below as isize;
    }
    CellRow { input: array, outer, shift: row.shift }
}

/// How many calls of a pass compute the rows of pixels of a group.
fn calls(pass: &Pass, group_rows: usize) -> usize {
    group_rows.div_ceil(pass.rows_per_call)
}
