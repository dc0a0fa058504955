//! What a cut has found out, from which its passes are made.

use std::collections::BTreeMap;

use super::footprint::{CellColumns, Outer};
use super::part::{Kind, Part};
use super::reduction::{Candidate, Cuttable, Recipe};
use super::run::Runs;
use crate::lang::hir::{ExprId, Kernel, Param};
use crate::plan::assemble::LineRanges;
use crate::plan::request::Request;

/// How the reductions of a kernel are cut.
pub struct Scheme<'a> {
    /// The hoisted kernel.
    pub kernel: &'a Kernel,
    /// What the plan is for.
    pub request: &'a Request,
    /// What the values of the kernel's nodes may be, by index.
    pub ranges: &'a [LineRanges],
    /// The parts that passes make.
    pub groups: Vec<Group>,
    /// How the value of each reduction is made of them, by node.
    pub values: BTreeMap<ExprId, Value>,
    /// The lines of order statistics that move, which are the first ones.
    pub moving: &'a BTreeMap<ExprId, usize>,
    /// The kernel's params, then the factors of separable weights.
    pub params: Vec<Param>,
    /// How many lines there are, with those.
    pub line_count: usize,
}

/// Parts over the same cells, which are combined together.
pub struct Group {
    pub shape: CellColumns,
    /// Whether a cell may be seen twice; so it is of all parts.
    pub idempotent: bool,
    /// Where the factors are among the params, if cells have weights.
    pub weights: Option<Factors>,
    pub parts: Vec<Part>,
    /// Whether the host finds the parts of all cells, from window to window; else passes find those of columns.
    pub moved: bool,
    /// How the columns of each pattern are combined.
    pub runs: Vec<Runs>,
    /// The first line of each pattern's levels: those of the parts follow each other.
    pub lines: Vec<Vec<usize>>,
}

/// Where the factors of separable weights are among the params.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factors {
    /// One for each cell of a column.
    pub column: usize,
    /// One for each column.
    pub row: usize,
}

/// A part of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartId {
    pub group: usize,
    pub part: usize,
}

/// How the value of a reduction is made of parts.
#[derive(Clone, Debug)]
pub enum Value {
    /// It is the part.
    Part(PartId),
    /// The part, or NaN where the count is 0.
    OrNan(PartId, PartId),
    /// Squares of differences from the mean, of parts merged pairwise (Chan, Golub and LeVeque, 1979).
    Squares(PartId),
    /// The same from the sum, the sum of squares, and how many there are, if that is not always the number of cells; whether products of
    /// these are rounded.
    ExactSquares { sum: PartId, squares: PartId, count: Option<PartId>, cells: usize, rounds: bool },
    /// A position, as that in the footprint's bounding box; of cells of which some may not be selected.
    Position { position: PartId, selects: bool },
    /// The sum of the parts, each with its weights.
    Weighted(Vec<PartId>),
}

impl Value {
    /// The parts that it is made of.
    fn parts(&self) -> Vec<PartId> {
        match self {
            Value::Part(part) | Value::Squares(part) | Value::Position { position: part, .. } => vec![*part],
            Value::OrNan(part, count) => vec![*part, *count],
            Value::ExactSquares { sum, squares, count, .. } => [*sum, *squares].into_iter().chain(*count).collect(),
            Value::Weighted(parts) => parts.clone(),
        }
    }
}

impl<'a> Scheme<'a> {
    /// For reductions with these candidates. The passes are numbered as they come: columns, then levels along the row.
    pub fn new(
        kernel: &'a Kernel,
        request: &'a Request,
        ranges: &'a [LineRanges],
        candidates: &[Cuttable],
        moving: &'a BTreeMap<ExprId, usize>,
    ) -> Scheme<'a> {
        let params = kernel.params.clone();
        let (groups, values) = (Vec::new(), BTreeMap::new());
        let mut scheme = Scheme { kernel, request, ranges, groups, values, moving, params, line_count: moving.len() };
        for Cuttable { id, candidate, shape } in candidates {
            let value = scheme.value(candidate, shape);
            scheme.values.insert(*id, value);
        }
        scheme
    }

    fn value(&mut self, candidate: &Candidate, shape: &CellColumns) -> Value {
        let selects = candidate.inside || !candidate.conditions.is_empty();
        let part = |kind: Kind, element: Vec<ExprId>| {
            let element = if kind == Kind::Count { Vec::new() } else { element };
            Part { kind, element, conditions: candidate.conditions.clone(), inside: candidate.inside }
        };
        let element = || candidate.element.clone();
        let additive = |scheme: &mut Scheme<'_>, kind, element| scheme.add(shape, false, None, part(kind, element));
        let extreme = |scheme: &mut Scheme<'_>, kind| scheme.add(shape, true, None, part(kind, element()));
        match candidate.recipe {
            Recipe::Plain { kind, or_nan } if kind.is_idempotent() => {
                let value = extreme(self, kind);
                match or_nan {
                    true => Value::OrNan(value, additive(self, Kind::Count, Vec::new())),
                    false => Value::Part(value),
                }
            }
            Recipe::Plain { kind, .. } => Value::Part(additive(self, kind, element())),
            Recipe::Squares => {
                let sum = additive(self, Kind::Sum, element()).part;
                let count = selects.then(|| additive(self, Kind::Count, Vec::new()).part);
                Value::Squares(additive(self, Kind::Squares { sum, count }, element()))
            }
            Recipe::ExactSquares { rounds } => Value::ExactSquares {
                sum: additive(self, Kind::Sum, element()),
                squares: additive(self, Kind::Sum, element().repeat(2)),
                count: selects.then(|| additive(self, Kind::Count, Vec::new())),
                cells: candidate.taps.len(),
                rounds,
            },
            Recipe::Position(kind) => {
                let extreme = extreme(self, kind).part;
                let position = self.add(shape, true, None, part(Kind::Position { extreme }, element()));
                Value::Position { position, selects }
            }
            Recipe::Weighted(slot) => {
                let run = shape.only_run().expect("separable weights are those of a box");
                let (height, rank) = (shape.patterns[run.pattern].len(), self.request.ranks[slot]);
                let term = |_| {
                    let column = self.params.len();
                    let names = (0..height + run.len).map(|number| format!("factor {}", column + number));
                    self.params.extend(names.map(|name| Param { name, default: None }));
                    let factors = Factors { column, row: column + height };
                    self.add(shape, false, Some(factors), part(Kind::Sum, element()))
                };
                Value::Weighted((0..rank).map(term).collect())
            }
        }
    }

    /// The part, which may be there already.
    fn add(&mut self, shape: &CellColumns, idempotent: bool, weights: Option<Factors>, part: Part) -> PartId {
        let is_same =
            |group: &Group| group.shape == *shape && group.idempotent == idempotent && group.weights == weights;
        let group = self.groups.iter().position(is_same).unwrap_or_else(|| {
            let runs_of = |pattern: usize| {
                let runs = shape.runs_of(pattern).collect();
                match weights {
                    // Columns have weights of their own.
                    Some(_) => Runs { runs, idempotent, levels: Vec::new() },
                    None => Runs::of(runs, idempotent),
                }
            };
            let runs = (0..shape.patterns.len()).map(runs_of).collect();
            let (shape, parts, lines) = (shape.clone(), Vec::new(), Vec::new());
            self.groups.push(Group { shape, idempotent, weights, parts, moved: false, runs, lines });
            self.groups.len() - 1
        });
        let parts = &mut self.groups[group].parts;
        let known = parts.iter().position(|other| *other == part);
        let part = known.unwrap_or_else(|| {
            parts.push(part);
            parts.len() - 1
        });
        PartId { group, part }
    }

    /// The groups whose parts passes find.
    pub fn cut_groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| !group.moved)
    }

    /// Has the host find the parts of a group, which has one run. To be told before lines are numbered.
    pub fn move_group(&mut self, number: usize) {
        let group = &mut self.groups[number];
        (group.moved, group.lines) = (true, vec![vec![self.line_count]]);
        group.runs[0].levels.clear();
        self.line_count += group.parts.len();
    }

    /// Whether the host finds a node, or a part of it.
    pub fn is_moved(&self, id: ExprId) -> bool {
        let is_moved = |value: &Value| value.parts().iter().any(|part| self.groups[part.group].moved);
        self.moving.contains_key(&id) || self.values.get(&id).is_some_and(is_moved)
    }

    /// Numbers the lines in the order in which passes make them, those of the host before.
    pub fn number_lines(&mut self) {
        let levels = self.levels();
        for level in 0..=levels {
            for group in self.groups.iter_mut().filter(|group| !group.moved) {
                group.lines.resize(group.runs.len(), Vec::new());
                for (runs, lines) in
                    group.runs.iter().zip(&mut group.lines).filter(|(runs, _)| runs.levels.len() >= level)
                {
                    debug_assert_eq!(runs.levels.len().min(level), lines.len().min(level));
                    lines.push(self.line_count);
                    self.line_count += group.parts.len();
                }
            }
        }
    }

    /// How many passes along the row there are before the last one.
    pub fn levels(&self) -> usize {
        self.groups.iter().flat_map(|group| &group.runs).map(|runs| runs.levels.len()).max().unwrap_or(0)
    }

    /// The offset of what is so far along the row.
    pub fn offset(&self, along: i32) -> Vec<i32> {
        let mut offset = vec![0; self.request.axes.len()];
        if let Some(axis) = self.request.row_axis() {
            offset[axis] = along;
        }
        offset
    }

    /// What stands for the element of a part where it is not selected: it changes no other.
    pub fn neutral(&self, part: &Part) -> f64 {
        let range = || part.element.first().map(|element| self.ranges[element.index()].general);
        // Among integers, the end of their range, so that the lanes need not hold an infinity.
        let integral = || range().filter(|range| range.integral && !range.nan);
        match part.kind {
            Kind::Min => integral().map_or(f64::INFINITY, |range| range.high),
            Kind::Max => integral().map_or(f64::NEG_INFINITY, |range| range.low),
            Kind::Sum | Kind::Count | Kind::Squares { .. } => 0.0,
            // Beyond all positions, whichever column's is added.
            Kind::Position { .. } => self.beyond(),
        }
    }

    /// How many positions there are: the cells of the footprint's bounding box.
    pub fn positions(&self) -> f64 {
        let lengths = (0..self.request.cells.axes()).map(|axis| self.request.cells.extremes(axis));
        lengths.map(|(least, most)| f64::from(most - least + 1)).product()
    }

    /// A number that is no position, and stays one when columns' positions are added.
    pub fn beyond(&self) -> f64 {
        2.0 * self.positions()
    }

    /// The position in the footprint's bounding box of the first column's cell with this offset along the other axes.
    pub fn position(&self, outer: &[i32]) -> f64 {
        let row_axis = self.request.row_axis();
        let others = self.strides().into_iter().enumerate().filter(|(axis, _)| Some(*axis) != row_axis);
        // The sum of nothing is -0.
        0.0 + others.map(|(axis, (least, stride))| f64::from(outer[axis] - least) * stride).sum::<f64>()
    }

    /// How far a position is from that of the first column's cell in the same row, which is so far along the row.
    pub fn position_along(&self, along: i32) -> f64 {
        self.request.row_axis().map_or(0.0, |axis| self.position_step(along - self.strides()[axis].0))
    }

    /// How far positions are apart of cells that are so far apart along the row.
    pub fn position_step(&self, along: i32) -> f64 {
        self.request.row_axis().map_or(0.0, |axis| f64::from(along) * self.strides()[axis].1)
    }

    /// Along each axis of the footprint's bounding box, the least offset, and how far positions are apart.
    fn strides(&self) -> Vec<(i32, f64)> {
        let cells = &self.request.cells;
        let mut stride = 1.0;
        let mut strides: Vec<(i32, f64)> = (0..cells.axes())
            .rev()
            .map(|axis| {
                let ((least, most), here) = (cells.extremes(axis), stride);
                stride *= f64::from(most - least + 1);
                (least, here)
            })
            .collect();
        strides.reverse();
        strides
    }

    /// Whether the columns of a group are made by the emitter's tree over cells, which shares best: those of boxes, and only one
    /// column's cells can be the pass's own.
    pub fn is_reduced(&self, group: &Group) -> bool {
        !group.moved
            && self.reduced_cells().is_some_and(|cells| is_reducible(group) && group.shape.patterns[0] == *cells)
    }

    /// The cells of the columns that are made by the emitter's trees.
    pub fn reduced_cells(&self) -> Option<&[Outer]> {
        self.cut_groups().find(|group| is_reducible(group)).map(|group| group.shape.patterns[0].as_slice())
    }
}

/// Whether the parts of a group are monoids over one column's cells.
fn is_reducible(group: &Group) -> bool {
    let is_monoid = |part: &Part| matches!(part.kind, Kind::Min | Kind::Max | Kind::Sum | Kind::Count);
    group.shape.patterns.len() == 1 && group.weights.is_none() && group.parts.iter().all(is_monoid)
}
