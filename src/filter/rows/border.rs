//! What is beyond the two ends of the array's rows.

use std::ops::Range;

use crate::filter::exec::domain::Domain;

/// What the cells beyond the two ends of the array's rows are.
pub struct BorderMap {
    /// In order along the row.
    beyond: Vec<BorderRun>,
    /// The length of a row.
    len: isize,
}

/// Some positions along rows, as they are copied from row after row.
pub struct Stretch {
    /// The number of cells.
    pub len: usize,
    /// Where those inside the array's row are along it, and after how many others the first of them comes.
    pub inside: Range<isize>,
    pub before: usize,
    /// Those of the others that are not in `single`; each starts so many cells after the stretch's first.
    pub runs: Vec<BorderRun>,
    /// The others one by one, if they are few, as around small windows, which are used most: each so many cells after the first, and the element
    /// of the row that it is.
    pub single: Vec<(isize, isize)>,
}

/// So many cells are copied one by one.
const FEW: usize = 8;

/// Cells beyond an end of the row that follow each other there, and in the row as well, as long stretches of them do in any mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BorderRun {
    /// Where the first one is, and how many there are.
    pub start: isize,
    pub len: usize,
    /// Which element of the row the first one is, and how far it is to that of the next one: 1, -1 or 0; none if they are outside.
    pub element: Option<(isize, isize)>,
}

impl BorderRun {
    /// One more cell, if it continues the run: the element with that index along the row.
    fn extended(self, index: Option<isize>) -> Option<BorderRun> {
        let element = match (self.element, index) {
            (None, None) => None,
            (Some((first, step)), Some(index)) => {
                let step = if self.len == 1 { index - first } else { step };
                (step.abs() <= 1 && index == first + self.len as isize * step).then_some(Some((first, step)))?
            }
            _ => return None,
        };
        Some(BorderRun { len: self.len + 1, element, ..self })
    }

    /// Those of its cells that are at some positions.
    fn within(self, positions: &Range<isize>) -> Option<BorderRun> {
        let start = self.start.max(positions.start);
        let end = (self.start + self.len as isize).min(positions.end);
        let element = self.element.map(|(first, step)| (first + (start - self.start) * step, step));
        (start < end).then_some(BorderRun { start, len: (end - start) as usize, element })
    }

    /// Where each of its cells is, and which element of the row; none of those outside.
    fn cells(self) -> impl Iterator<Item = (isize, isize)> {
        let cell = move |(first, step): (isize, isize)| {
            (0..self.len as isize).map(move |at| (self.start + at, first + at * step))
        };
        self.element.into_iter().flat_map(cell)
    }

    /// The elements of the row that its cells are, which are as many unless they are all one.
    pub fn elements(&self) -> Range<isize> {
        match self.element {
            None => 0..0,
            Some((first, 0)) => first..first + 1,
            Some((first, step)) => {
                let last = first + (self.len as isize - 1) * step;
                first.min(last)..first.max(last) + 1
            }
        }
    }
}

impl BorderMap {
    /// For the cells at these positions.
    pub fn new(domain: &Domain, positions: Range<isize>) -> BorderMap {
        let len = domain.row_len() as isize;
        let mut beyond: Vec<BorderRun> = Vec::new();
        for side in [positions.start..positions.end.min(0), positions.start.max(len)..positions.end] {
            let mut last: Option<BorderRun> = None;
            for position in side {
                let index = domain.index_along(position);
                last = match last.and_then(|run| run.extended(index)) {
                    Some(run) => Some(run),
                    None => {
                        beyond.extend(last);
                        Some(BorderRun { start: position, len: 1, element: index.map(|index| (index, 0)) })
                    }
                };
            }
            beyond.extend(last);
        }
        BorderMap { beyond, len }
    }

    /// Those of some positions that are beyond the row's ends, and what is there.
    pub fn beyond<'b>(&'b self, positions: &'b Range<isize>) -> impl Iterator<Item = BorderRun> + 'b {
        self.beyond.iter().filter_map(|run| run.within(positions))
    }

    /// The cells at some positions.
    pub fn stretch(&self, positions: Range<isize>) -> Stretch {
        let inside = self.inside(&positions);
        let run = |run: BorderRun| BorderRun { start: run.start - positions.start, ..run };
        let mut runs: Vec<BorderRun> = self.beyond(&positions).map(run).collect();
        let mut single = Vec::new();
        if positions.len() <= inside.len() + FEW && runs.iter().all(|run| run.element.is_some()) {
            single = runs.drain(..).flat_map(BorderRun::cells).collect();
        }
        Stretch { len: positions.len(), before: (inside.start - positions.start) as usize, runs, single, inside }
    }

    /// Which of some positions are indices of the row.
    pub fn inside(&self, positions: &Range<isize>) -> Range<isize> {
        positions.start.max(0)..positions.end.min(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::boundary::Mode;
    use crate::grid::region::Region;

    #[test]
    fn runs_have_every_cell_beyond_the_ends_once() {
        for mode in [Mode::Reflect, Mode::Mirror, Mode::Nearest, Mode::Wrap, Mode::Constant] {
            for len in [1, 2, 3, 7, 30] {
                let domain = Domain::new(&[len], &[mode], 0.0, Region::whole(&[len]).axes);
                let map = BorderMap::new(&domain, -20..len as isize + 25);
                for positions in
                    [-20..len as isize + 25, -20..-3, -5..2, -1..0, 0..len as isize, len as isize + 3..len as isize + 9]
                {
                    let mut found = Vec::new();
                    for run in map.beyond(&positions) {
                        for at in 0..run.len as isize {
                            let index = run.element.map(|(first, step)| first + at * step);
                            assert!(index.is_none_or(|index| run.elements().contains(&index)), "{run:?}");
                            found.push((run.start + at, index));
                        }
                    }
                    let inside = map.inside(&positions);
                    let beyond = positions.clone().filter(|position| !inside.contains(position));
                    let expected: Vec<(isize, Option<isize>)> =
                        beyond.map(|position| (position, domain.index_along(position))).collect();
                    assert_eq!(found, expected, "{mode}, {len}, {positions:?}");
                    let stretch = map.stretch(positions.clone());
                    let moved = |(at, index): (isize, isize)| (at + positions.start, Some(index));
                    let runs = stretch.runs.iter().flat_map(|run| {
                        let element = |at: isize| run.element.map(|(first, step)| first + at * step);
                        (0..run.len as isize).map(move |at| (run.start + at + positions.start, element(at)))
                    });
                    let cells: Vec<_> = stretch.single.iter().copied().map(moved).chain(runs).collect();
                    assert_eq!(cells, expected, "{mode}, {len}, {positions:?}, cells of the stretch");
                }
            }
        }
    }
}
