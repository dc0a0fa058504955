//! Footprints as columns: the cells at each place along the row.

use std::collections::BTreeMap;

use crate::lang::cells::Cells;
use crate::lang::stop::is_stopped;
use crate::tuning;

/// The offset of a cell along the window's axes, which is 0 along the array's rows.
pub type Outer = Vec<i32>;

/// Some cells of a window, as columns: a disk, say, has a column at each place along the row, and those as far from the centre on either
/// side are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellColumns {
    /// The distinct sets of cells that a column has, in C order.
    pub patterns: Vec<Vec<Outer>>,
    /// The runs of neighbouring columns that are alike, in order along the row.
    pub runs: Vec<Columns>,
}

/// Neighbouring columns that have the same cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Which of the patterns.
    pub pattern: usize,
    /// The offset along the row of the first column.
    pub first: i32,
    /// How many columns there are.
    pub len: usize,
}

impl CellColumns {
    /// The columns of some cells, of which `row_axis` is the window's axis along the row; none for no cells, or if they are not wanted any
    /// more.
    pub fn of(cells: &Cells, taps: &[usize], row_axis: Option<usize>) -> Option<CellColumns> {
        let along = |tap: usize| row_axis.map_or(0, |axis| cells.offset(tap)[axis]);
        let least = row_axis.map_or(0, |axis| cells.extremes(axis).0);
        let mut outers = Outers { row_axis, numbers: BTreeMap::new(), last: None };
        // For each place along the row, the numbers of the offsets of its cells along the other axes.
        let mut columns: Vec<Vec<u32>> = Vec::new();
        for (number, tap) in taps.iter().enumerate() {
            if number.is_multiple_of(tuning::LOOK_INTERVAL) && is_stopped() {
                return None;
            }
            let column = (along(*tap) - least) as usize;
            columns.resize_with(columns.len().max(column + 1), Vec::new);
            columns[column].push(outers.number(cells.offset(*tap)));
        }
        let outers = outers.in_order();
        let mut known: Vec<&[u32]> = Vec::new();
        let mut shape = CellColumns { patterns: Vec::new(), runs: Vec::new() };
        for (column, along) in columns.iter().zip(least..).filter(|(column, _)| !column.is_empty()) {
            let pattern = known.iter().position(|pattern| *pattern == column).unwrap_or_else(|| {
                known.push(column);
                shape.patterns.push(column.iter().map(|number| outers[*number as usize].clone()).collect());
                known.len() - 1
            });
            match shape.runs.last_mut() {
                Some(run) if run.pattern == pattern && run.first + run.len as i32 == along => run.len += 1,
                _ => shape.runs.push(Columns { pattern, first: along, len: 1 }),
            }
        }
        (!shape.runs.is_empty()).then_some(shape)
    }

    /// The only run, if all columns are alike and neighbours, as those of a box are.
    pub fn only_run(&self) -> Option<Columns> {
        match self.runs[..] {
            [run] => Some(run),
            _ => None,
        }
    }

    /// The runs of columns of a pattern.
    pub fn runs_of(&self, pattern: usize) -> impl Iterator<Item = Columns> {
        self.runs.iter().copied().filter(move |run| run.pattern == pattern)
    }

    /// How many cells there are.
    pub fn taps(&self) -> usize {
        self.runs.iter().map(|run| run.len * self.patterns[run.pattern].len()).sum()
    }
}

/// The offsets of cells along all axes but that of the rows, by numbers in the order in which they come.
struct Outers {
    row_axis: Option<usize>,
    numbers: BTreeMap<Outer, u32>,
    /// The last one, which mostly is that of the next cell.
    last: Option<(Outer, u32)>,
}

impl Outers {
    /// The number of that of a cell.
    fn number(&mut self, offset: &[i32]) -> u32 {
        let is_same = |(outer, _): &&(Outer, u32)| {
            offset.iter().zip(outer).enumerate().all(|(axis, (x, y))| x == y || Some(axis) == self.row_axis)
        };
        if let Some((_, number)) = self.last.as_ref().filter(is_same) {
            return *number;
        }
        let mut outer = offset.to_vec();
        if let Some(axis) = self.row_axis {
            outer[axis] = 0;
        }
        let next = self.numbers.len() as u32;
        let number = *self.numbers.entry(outer.clone()).or_insert(next);
        self.last = Some((outer, number));
        number
    }

    /// All of them, by number.
    fn in_order(self) -> Vec<Outer> {
        let mut outers = vec![Outer::new(); self.numbers.len()];
        self.numbers.into_iter().for_each(|(outer, number)| outers[number as usize] = outer);
        outers
    }
}

/// By how much positions in the footprint are less than those in its bounding box, from which of the latter on: the cells of the box that come before and
/// are not in the footprint. None if that is not the same for all cells of a row, or if there are very many rows.
pub fn position_steps(cells: &Cells) -> Option<Vec<(f64, f64)>> {
    const MOST_ROWS: usize = 64;
    if !cells.bounds_of_box().is_empty() {
        return Some(vec![(0.0, 0.0)]);
    }
    let axes = cells.axes();
    let in_box = |tap: usize| {
        (0..axes).fold(0.0, |position, axis| {
            let (least, most) = cells.extremes(axis);
            position * f64::from(most - least + 1) + f64::from(cells.offset(tap)[axis] - least)
        })
    };
    let mut steps: Vec<(f64, f64)> = Vec::new();
    let mut row: Option<&[i32]> = None;
    for tap in 0..cells.taps() {
        let (position, outer) = (in_box(tap), &cells.offset(tap)[..axes.saturating_sub(1)]);
        let fewer = position - tap as f64;
        if steps.last().is_some_and(|(_, before)| *before == fewer) {
            row = Some(outer);
            continue;
        }
        if row == Some(outer) || steps.len() >= MOST_ROWS {
            return None;
        }
        // What comes before in the row is not in the footprint.
        steps.push((position, fewer));
        row = Some(outer);
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::footprint::Window;

    /// The offsets that a shape's columns have.
    fn expanded(shape: &CellColumns, row_axis: Option<usize>) -> Vec<Vec<i32>> {
        let mut cells = Vec::new();
        for run in &shape.runs {
            for along in (run.first..).take(run.len) {
                for outer in &shape.patterns[run.pattern] {
                    let mut offset = outer.clone();
                    if let Some(axis) = row_axis {
                        offset[axis] = along;
                    }
                    cells.push(offset);
                }
            }
        }
        cells.sort();
        cells
    }

    #[test]
    fn columns_expand_to_exactly_the_cells() {
        let windows: [(Window, usize); 6] = [
            (Window::from([3, 7]), 2),
            (Window::Disk(6.0), 2),
            (Window::Cross(4), 2),
            (Window::Ball(3.0), 3),
            (Window::from([2, 3, 4, 5]), 4),
            (Window::from(9), 1),
        ];
        for (window, axes) in windows {
            let cells = window.footprint(axes).expect("a footprint").cells();
            // All of them, and some as a condition on places leaves them.
            for keep in
                [|_: usize| true, |tap: usize| tap % 3 != 1, |tap: usize| tap.wrapping_mul(0x9E37_79B9) >> 7 & 1 == 0]
            {
                let taps: Vec<usize> = (0..cells.taps()).filter(|tap| keep(*tap)).collect();
                for row_axis in (0..axes).map(Some).chain([None]) {
                    if row_axis.is_none() && axes > 1 {
                        continue;
                    }
                    let shape = CellColumns::of(&cells, &taps, row_axis).expect("there are cells");
                    let mut expected: Vec<Vec<i32>> = taps.iter().map(|tap| cells.offset(*tap).to_vec()).collect();
                    expected.sort();
                    assert_eq!(expanded(&shape, row_axis), expected, "{window:?} {row_axis:?}");
                    assert_eq!(shape.taps(), taps.len());
                }
            }
        }
    }

    #[test]
    fn columns_that_are_alike_are_one_pattern() {
        let shape = |window: Window| {
            let cells = window.footprint(2).expect("a footprint").cells();
            let taps: Vec<usize> = (0..cells.taps()).collect();
            CellColumns::of(&cells, &taps, Some(1)).expect("there are cells")
        };
        assert_eq!(shape(Window::from(5)).only_run(), Some(Columns { pattern: 0, first: -2, len: 5 }));
        let cross = shape(Window::Cross(4));
        assert_eq!((cross.patterns.len(), cross.runs.len()), (2, 3));
        let disk = shape(Window::Disk(15.0));
        assert!(disk.patterns.len() < 12, "{}", disk.patterns.len());
    }
}
