//! What the passes of a plan read for a group of rows of pixels: each row of an array once.

use std::collections::BTreeMap;

use super::line::{Destination, Line, Origin};
use super::pass::{CellRow, Pass};
use crate::grid::halo::Halo;

/// A row of an array that a group reads: its position in [`GroupReads::rows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowId(usize);

impl RowId {
    /// The position.
    pub fn index(self) -> usize {
        self.0
    }
}

/// What is read for the rows of pixels that are computed before the next ones.
#[derive(Clone, Debug)]
pub struct GroupReads {
    /// How many rows of pixels are in a group: as many as the pass computes that does most in a call.
    pub group_rows: usize,
    /// The rows of arrays that the passes read, in order.
    pub rows: Vec<ArrayRow>,
    /// The rows that are vertically adjacent, or would be without gaps between them, in order.
    pub columns: Vec<Vec<RowId>>,
    /// How far these rows are around the first row of pixels, along each axis but the last.
    pub outer_halos: Vec<Halo>,
    /// How far around a pixel they are read along the last axis.
    pub halo: Halo,
    /// What each pass reads.
    pub passes: Vec<PassReads>,
}

/// A row of an array around the first row of pixels of a group.
#[derive(Clone, Debug)]
pub struct ArrayRow {
    /// Where it is. Its input is the array.
    pub row: CellRow,
    /// Whether more is read of it than a chunk's pixels.
    pub reaching: bool,
}

/// What one pass reads, and around which pixels it computes.
#[derive(Clone, Debug)]
pub struct PassReads {
    /// The rows that its code reads.
    pub reads: Reads,
    /// How far beyond a chunk's pixels the lines go that it makes.
    pub halo: Halo,
    /// How many calls compute all rows of pixels of a group.
    pub calls: usize,
}

/// The rows that the code of a pass reads.
#[derive(Clone, Debug)]
pub enum Reads {
    /// All rows of arrays, in their order, for the chunk's own pixels: the only pass of a plan does that.
    All,
    /// These, for each call.
    Listed(Vec<Vec<Read>>),
}

/// Where one of the rows is that the code of a pass reads.
#[derive(Clone, Copy, Debug)]
pub enum Read {
    /// In an array, so many bytes before the chunk's first pixel.
    Array { row: RowId, before: usize },
    /// In a line, at the same row of pixels, so many bytes from the first number of the row.
    Line { line: usize, row: usize, offset: isize },
}

impl GroupReads {
    /// What these passes read, whose lines go as far as later ones read them.
    pub fn new(passes: &[Pass], lines: &[Line]) -> GroupReads {
        let group_rows = passes.iter().map(|pass| pass.rows_per_call).max().unwrap_or(1);
        let rows: Vec<ArrayRow> = array_rows(passes, lines, group_rows);
        let mut columns: BTreeMap<CellRow, Vec<RowId>> = BTreeMap::new();
        for (id, ArrayRow { row, .. }) in (0..).map(RowId).zip(&rows) {
            let mut plane = row.clone();
            plane.outer.pop();
            columns.entry(plane).or_default().push(id);
        }
        let axes = rows.first().map_or(0, |row| row.row.outer.len());
        let reads = |pass| PassReads::new(passes, lines, pass, &rows, group_rows);
        GroupReads {
            group_rows,
            columns: columns.into_values().collect(),
            outer_halos: (0..axes).map(|axis| Halo::of(rows.iter().map(|row| row.row.outer[axis]))).collect(),
            halo: passes.iter().fold(Halo::NONE, |halo, pass| halo.union(array_halo(pass, lines))),
            passes: passes.iter().map(reads).collect(),
            rows,
        }
    }

    /// The rows of arrays, by their ids.
    pub fn rows(&self) -> impl Iterator<Item = (RowId, &ArrayRow)> {
        (0..).map(RowId).zip(&self.rows)
    }
}

/// The rows of arrays that are read, each once, in order.
fn array_rows(passes: &[Pass], lines: &[Line], group_rows: usize) -> Vec<ArrayRow> {
    let mut rows: BTreeMap<CellRow, bool> = BTreeMap::new();
    for pass in passes {
        let beyond = !computed_halo(pass, lines).is_empty();
        for (row, reaching) in pass.rows.iter().zip(&pass.reaching) {
            let Origin::Array(array) = pass.inputs[row.input].origin else { continue };
            for call in 0..group_rows.div_ceil(pass.rows_per_call) {
                *rows.entry(array_row(row, array, call * pass.rows_per_call)).or_default() |= *reaching || beyond;
            }
        }
    }
    rows.into_iter().map(|(row, reaching)| ArrayRow { row, reaching }).collect()
}

impl PassReads {
    fn new(passes: &[Pass], lines: &[Line], pass: &Pass, rows: &[ArrayRow], group_rows: usize) -> PassReads {
        let halo = computed_halo(pass, lines);
        let calls = group_rows.div_ceil(pass.rows_per_call);
        let read = |row: &CellRow, call: usize| {
            let input = pass.inputs[row.input];
            match input.origin {
                Origin::Array(array) => {
                    let row = array_row(row, array, call * pass.rows_per_call);
                    let id =
                        rows.binary_search_by(|known| known.row.cmp(&row)).expect("every row that is read is listed");
                    Read::Array { row: RowId(id), before: halo.before * input.lane.bytes() }
                }
                Origin::Line(line) => {
                    // A line has all rows of pixels of the group, and nothing above or below them.
                    let below = row.outer.last().map_or(0, |y| y.unsigned_abs());
                    let first = halo_of_maker(passes, lines, line).before as isize;
                    let start = first - halo.before as isize + row.shift;
                    let row = call * pass.rows_per_call + below;
                    Read::Line { line, row, offset: start * input.lane.bytes() as isize }
                }
            }
        };
        let listed: Vec<Vec<Read>> =
            (0..calls).map(|call| pass.rows.iter().map(|row| read(row, call)).collect()).collect();
        let is_own = |(index, read): (usize, &Read)| matches!(read, Read::Array { row: RowId(id), .. } if *id == index);
        let all = calls == 1 && halo.is_empty() && listed[0].len() == rows.len();
        let reads = match all && listed[0].iter().enumerate().all(is_own) {
            true => Reads::All,
            false => Reads::Listed(listed),
        };
        PassReads { reads, halo, calls }
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

/// How far beyond the pixels a pass computes: as far as any of its lines goes.
pub fn computed_halo(pass: &Pass, lines: &[Line]) -> Halo {
    pass.outputs.iter().fold(Halo::NONE, |halo, output| match output.destination {
        Destination::Line(line) => halo.union(lines[line].halo()),
        Destination::Array(_) => halo,
    })
}

/// How far beyond the pixels the pass computes that makes a line.
pub fn halo_of_maker(passes: &[Pass], lines: &[Line], line: usize) -> Halo {
    let makes = |pass: &&Pass| pass.outputs.iter().any(|output| output.destination == Destination::Line(line));
    passes.iter().find(makes).map_or(Halo::NONE, |pass| computed_halo(pass, lines))
}

/// How far beyond the pixels a pass reads rows of arrays.
fn array_halo(pass: &Pass, lines: &[Line]) -> Halo {
    let is_array = |input: &usize| matches!(pass.inputs[*input].origin, Origin::Array(_));
    let is_read = |input: &usize| pass.rows.iter().any(|row| row.input == *input);
    let inputs = (0..pass.inputs.len()).filter(|input| is_array(input) && is_read(input));
    inputs.fold(Halo::NONE, |halo, input| halo.union(computed_halo(pass, lines).grow(pass.halo(input))))
}
