//! Footprints as columns: the cells at each place along the row.

use std::collections::BTreeMap;

use crate::lang::cells::Cells;

/// A footprint that has the same cells along all other axes at each of some neighbouring places along the row: a box, say.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The cells of a column, at offset 0 along the row.
    pub cells: Cells,
    /// The offset along the row of the first column.
    pub first: i32,
    /// How many columns there are.
    pub run: usize,
}

impl Columns {
    /// The columns of a footprint, of which `row_axis` is the axis along the row, if all of them are alike and neighbours.
    pub fn of(footprint: &Cells, row_axis: Option<usize>) -> Option<Columns> {
        let axes = footprint.axes();
        let mut columns: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for tap in 0..footprint.taps() {
            let mut offset = footprint.offset(tap).to_vec();
            let along = row_axis.map_or(0, |axis| std::mem::take(&mut offset[axis]));
            columns.entry(along).or_default().extend(offset);
        }
        let (first, column) = columns.first_key_value()?;
        let alike = columns.values().all(|other| other == column);
        let neighbours = columns.keys().zip(*first..).all(|(along, expected)| *along == expected);
        (alike && neighbours).then(|| Columns {
            cells: Cells::of_footprint(axes, column.len() / axes.max(1), column.clone()),
            first: *first,
            run: columns.len(),
        })
    }
}
