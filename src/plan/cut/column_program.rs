//! How the cells of columns are combined: what patterns have in common, and what rows of pixels have in common, is made once.
//!
//! A run of cells one above the other is made by doubling: of two neighbours each, of two such pairs, and so on. That is the same for
//! every row of pixels, so what they share is shared by value numbering. Minima and maxima may see a cell twice, so that two such parts
//! make any run (tables of chords, Urbach and Wilkinson 2008, do the same); sums take as many as their length has binary digits that
//! are set. Patterns that are nested, as those of a disk, may instead be made of each other: the next one is the one inside it and a few
//! cells more. What takes fewer steps is taken.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::footprint::Outer;

/// Steps that make each of some patterns.
#[derive(Clone, Debug)]
pub struct ColumnProgram {
    steps: Vec<Step>,
    /// The step that makes each pattern.
    outputs: Vec<usize>,
}

#[derive(Clone, Debug)]
enum Step {
    Cell(Outer),
    /// Two earlier steps. Those that are the same for cells further down say of which size they are, and where.
    Merge(usize, usize, Option<(u32, Outer)>),
}

/// Some patterns, and what may be done with their cells.
#[derive(Clone, Copy)]
pub struct ColumnCells<'a> {
    pub patterns: &'a [Vec<Outer>],
    /// The window's axis along which rows of pixels follow each other that one call computes.
    pub jam_axis: Option<usize>,
    /// Whether a cell may be seen twice.
    pub idempotent: bool,
    /// How many rows of pixels one call computes.
    pub rows: usize,
}

impl ColumnProgram {
    /// The program with the fewest steps for these patterns.
    pub fn new(cells: ColumnCells<'_>) -> ColumnProgram {
        let (nested, apart) = (composed(cells, true), composed(cells, false));
        if nested.merges(cells) < apart.merges(cells) { nested } else { apart }
    }

    /// How many steps there are, cells included.
    pub fn count(&self) -> usize {
        self.steps.len()
    }

    /// What is made of the cells of each pattern, by `cell` and `merge`.
    pub fn run<T>(&self, mut cell: impl FnMut(&Outer) -> T, mut merge: impl FnMut(&T, &T) -> T) -> Vec<T>
    where
        T: Clone,
    {
        let mut made: Vec<T> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let value = match step {
                Step::Cell(outer) => cell(outer),
                Step::Merge(x, y, _) => merge(&made[*x], &made[*y]),
            };
            made.push(value);
        }
        self.outputs.iter().map(|step| made[*step].clone()).collect()
    }

    /// How often something is combined for one row of pixels, of those that a call computes.
    pub fn merges(&self, cells: ColumnCells<'_>) -> f64 {
        let mut shared: BTreeMap<(u32, Outer), BTreeSet<i32>> = BTreeMap::new();
        let mut own = 0;
        for step in &self.steps {
            match step {
                Step::Cell(_) => {}
                Step::Merge(_, _, None) => own += 1,
                Step::Merge(_, _, Some((power, at))) => {
                    let (plane, y) = cells.split(at);
                    shared.entry((*power, plane)).or_default().extend((y..).take(cells.rows));
                }
            }
        }
        own as f64 + shared.values().map(BTreeSet::len).sum::<usize>() as f64 / cells.rows as f64
    }

    /// How many cells are read for one row of pixels, of those that a call computes.
    pub fn reads(&self, cells: ColumnCells<'_>) -> f64 {
        let mut read: BTreeSet<(Outer, i32)> = BTreeSet::new();
        for step in &self.steps {
            let Step::Cell(at) = step else { continue };
            let (plane, y) = cells.split(at);
            read.extend((y..).take(cells.rows).map(|y| (plane.clone(), y)));
        }
        read.len() as f64 / cells.rows as f64
    }
}

impl ColumnCells<'_> {
    /// A cell's place along all axes but the rows of pixels', and along that.
    fn split(self, at: &Outer) -> (Outer, i32) {
        let mut plane = at.clone();
        let y = self.jam_axis.map_or(0, |axis| std::mem::take(&mut plane[axis]));
        (plane, y)
    }

    /// The cells so far below another.
    fn below(self, at: &Outer, rows: usize) -> Outer {
        let mut at = at.clone();
        if let Some(axis) = self.jam_axis {
            at[axis] += rows as i32;
        }
        at
    }

    /// Cells as runs along the rows of pixels: the first of each, and how many there are.
    fn runs(self, cells: &[Outer]) -> Vec<(Outer, usize)> {
        let mut sorted: Vec<(Outer, i32)> = cells.iter().map(|cell| self.split(cell)).collect();
        sorted.sort();
        let mut runs: Vec<(Outer, usize)> = Vec::new();
        let mut last: Option<(Outer, i32)> = None;
        for (plane, y) in sorted {
            match (&last, runs.last_mut()) {
                (Some((other, above)), Some((_, len))) if *other == plane && above + 1 == y => *len += 1,
                _ => {
                    let mut at = plane.clone();
                    if let Some(axis) = self.jam_axis {
                        at[axis] = y;
                    }
                    runs.push((at, 1));
                }
            }
            last = Some((plane, y));
        }
        runs
    }
}

/// The steps for each pattern, of the largest pattern inside it and the rest of its cells if `nested`, else of its cells.
fn composed(cells: ColumnCells<'_>, nested: bool) -> ColumnProgram {
    let mut composer = Composer { cells, steps: Vec::new(), doubled: HashMap::new() };
    let mut order: Vec<usize> = (0..cells.patterns.len()).collect();
    order.sort_by_key(|pattern| cells.patterns[*pattern].len());
    let mut outputs: Vec<Option<usize>> = vec![None; cells.patterns.len()];
    let sets: Vec<BTreeSet<&Outer>> = cells.patterns.iter().map(|pattern| pattern.iter().collect()).collect();
    for (place, &pattern) in order.iter().enumerate() {
        let smaller = order[..place].iter().rev();
        let inside = smaller.copied().find(|other| nested && sets[*other].is_subset(&sets[pattern]));
        let rest: Vec<Outer> = match inside {
            Some(other) => sets[pattern].difference(&sets[other]).map(|cell| (*cell).clone()).collect(),
            None => cells.patterns[pattern].clone(),
        };
        let runs = cells.runs(&rest);
        let parts: Vec<usize> = runs.iter().flat_map(|(at, len)| composer.run(at, *len)).collect();
        let rest = composer.balanced(parts);
        let base = inside.and_then(|other| outputs[other]);
        outputs[pattern] = match (base, rest) {
            (Some(base), Some(rest)) => Some(composer.push(Step::Merge(base, rest, None))),
            (base, rest) => base.or(rest),
        };
    }
    let outputs = outputs.into_iter().map(|step| step.expect("a pattern has cells")).collect();
    ColumnProgram { steps: composer.steps, outputs }
}

struct Composer<'a> {
    cells: ColumnCells<'a>,
    steps: Vec<Step>,
    /// The steps that make runs of two to some power cells, by the first cell.
    doubled: HashMap<(Outer, u32), usize>,
}

impl Composer<'_> {
    fn push(&mut self, step: Step) -> usize {
        self.steps.push(step);
        self.steps.len() - 1
    }

    /// A run of two to some power cells.
    fn doubled(&mut self, at: &Outer, power: u32) -> usize {
        if let Some(known) = self.doubled.get(&(at.clone(), power)) {
            return *known;
        }
        let step = match power {
            0 => Step::Cell(at.clone()),
            _ => {
                let upper = self.doubled(at, power - 1);
                let lower = self.doubled(&self.cells.below(at, 1 << (power - 1)), power - 1);
                Step::Merge(upper, lower, Some((power, at.clone())))
            }
        };
        let step = self.push(step);
        self.doubled.insert((at.clone(), power), step);
        step
    }

    /// Runs of powers of two that make a run of `len` cells.
    fn run(&mut self, at: &Outer, len: usize) -> Vec<usize> {
        let most = len.ilog2();
        let first = self.doubled(at, most);
        if len.is_power_of_two() {
            return vec![first];
        }
        if self.cells.idempotent {
            let last = self.cells.below(at, len - (1 << most));
            return vec![first, self.doubled(&last, most)];
        }
        let (mut parts, mut covered) = (vec![first], 1 << most);
        for power in (0..most).rev().filter(|power| len >> power & 1 == 1) {
            parts.push(self.doubled(&self.cells.below(at, covered), power));
            covered += 1 << power;
        }
        parts
    }

    /// A balanced tree.
    fn balanced(&mut self, mut parts: Vec<usize>) -> Option<usize> {
        while parts.len() > 1 {
            let pairs = parts.chunks(2).map(|pair| match *pair {
                [x, y] => self.push(Step::Merge(x, y, None)),
                _ => pair[0],
            });
            parts = pairs.collect();
        }
        parts.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::super::footprint::CellColumns;
    use super::*;
    use crate::grid::footprint::Window;

    /// The patterns of a window, all of whose cells or some take part.
    fn patterns(window: &Window, axes: usize, keep: fn(usize) -> bool) -> Vec<Vec<Outer>> {
        let cells = window.footprint(axes).expect("a footprint").cells();
        let taps: Vec<usize> = (0..cells.taps()).filter(|tap| keep(*tap)).collect();
        CellColumns::of(&cells, &taps, Some(axes - 1)).expect("there are cells").patterns
    }

    #[test]
    fn every_pattern_has_exactly_its_cells() {
        let windows = [
            (Window::from([9, 7]), 2),
            (Window::Disk(13.0), 2),
            (Window::Cross(4), 2),
            (Window::Ball(4.0), 3),
            (Window::from([3, 6, 4]), 3),
            (Window::from(5), 1),
        ];
        let keeps: [fn(usize) -> bool; 3] =
            [|_| true, |tap| tap % 3 != 1, |tap| tap.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60 & 1 == 0];
        for (window, axes) in windows {
            for (keep, idempotent) in keeps.into_iter().flat_map(|keep| [(keep, true), (keep, false)]) {
                let patterns = patterns(&window, axes, keep);
                let jam_axis = axes.checked_sub(2);
                let cells = ColumnCells { patterns: &patterns, jam_axis, idempotent, rows: 8 };
                for program in [composed(cells, true), composed(cells, false), ColumnProgram::new(cells)] {
                    let both = |x: &Vec<Outer>, y: &Vec<Outer>| [x.clone(), y.clone()].concat();
                    let made = program.run(|cell| vec![cell.clone()], both);
                    for (mut made, pattern) in made.into_iter().zip(&patterns) {
                        made.sort();
                        if idempotent {
                            made.dedup();
                        }
                        assert_eq!(made, *pattern, "{window:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn few_steps_make_the_columns_of_disks_and_rings() {
        let disk = patterns(&Window::Disk(15.0), 2, |_| true);
        let all: usize = disk.iter().map(Vec::len).sum();
        let cells = |idempotent| ColumnCells { patterns: &disk, jam_axis: Some(0), idempotent, rows: 8 };
        for idempotent in [true, false] {
            let merges = ColumnProgram::new(cells(idempotent)).merges(cells(idempotent));
            assert!(merges < 32.0 && merges < all as f64 / 5.0, "{merges} of {all}");
        }
    }
}
