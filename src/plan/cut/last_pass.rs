//! The last pass: the kernel, which reads what the passes before have made.

use std::collections::HashMap;

use super::footprint::position_steps;
use super::part::{Kind, Partial, balanced};
use super::row_pass::{Inputs, partial};
use super::scheme::{Factors, Group, PartId, Scheme, Value};
use super::weighted::weighted_sum;
use crate::grid::element::Precision;
use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, ExprId, Node};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::plan::assemble::LineRanges;
use crate::plan::chain::Link;
use crate::plan::line::Origin;
use crate::plan::rows::rows_of_pixels;
use crate::tuning;

/// The last pass: the kernel, with partial results where the reductions were.
pub fn last_pass(scheme: &Scheme<'_>) -> Option<Link> {
    let Scheme { kernel, request, .. } = scheme;
    let arrays = kernel.inputs.len();
    let mut extended = (*kernel).clone();
    extended.inputs.extend((0..scheme.line_count).map(|line| format!("line {line}")));
    let mut results = Results { scheme, arrays, groups: HashMap::new() };
    let mut became: Vec<(ExprId, LineRanges)> = Vec::new();
    let ranges = ranges_with_moving(scheme);
    let replace = |builder: &mut Builder, id: ExprId, node: &Node, new: &dyn Fn(ExprId) -> ExprId| {
        node.expr.for_each_operand(|operand| became.push((new(operand), ranges[operand.index()])));
        match scheme.moving.get(&id) {
            Some(line) => Some(builder.at(arrays + line, scheme.offset(0))),
            None => scheme.values.get(&id).map(|value| results.value(builder, value)),
        }
    };
    let last = extended.rewritten(scheme.params.clone(), kernel.weights.clone(), replace);
    // Outputs are nobody's operands.
    let outputs = kernel.outputs.iter().zip(&last.outputs);
    became.extend(outputs.map(|(old, new)| (new.value, ranges[old.value.index()])));
    let footprint = match last.reads_window() {
        true => request.cells.clone(),
        false => Cells::of_footprint(request.axes.len(), 0, Vec::new()),
    };
    let short = last.assertions.is_empty() && !last.live_nodes().any(|(_, node)| node.ty.is_window());
    let exact = request.precision == Precision::Exact;
    Some(Link {
        cells: footprint.for_kernel(&last).ok()?,
        reads: (0..arrays).map(Origin::Array).chain((0..scheme.line_count).map(Origin::Line)).collect(),
        neutral: vec![None; last.outputs.len()],
        rows_per_call: short.then(|| rows_of_pixels(&last, request, tuning::MAX_ROW_NODES)),
        known: if exact { became } else { Vec::new() },
        kernel: last,
    })
}

/// The difference of two products within one and a half units in the last place, however much of them cancels: that of the first and what the
/// second becomes when it is rounded, and what that loses (Kahan; see Jeannerod, Louvet and Muller, "Further analysis of Kahan's algorithm for the
/// accurate computation of 2 x 2 determinants", Mathematics of Computation 82, 2013).
fn difference_of_products(builder: &mut Builder, first: [ExprId; 2], second: [ExprId; 2]) -> ExprId {
    let rounded = builder.binary(BinaryOp::Multiply, second[0], second[1]);
    let [negated, rounded_negated] = [second[0], rounded].map(|value| builder.unary(UnaryOp::Negate, value));
    let difference = builder.fma(first[0], first[1], rounded_negated);
    let lost = builder.fma(negated, second[1], rounded);
    builder.binary(BinaryOp::Add, difference, lost)
}

/// What the values of the kernel's nodes may be. Of those that depend on what moves, order statistics and sums, elements that are finite say
/// nothing: nobody asks the host's passes whether theirs are.
fn ranges_with_moving(scheme: &Scheme<'_>) -> Vec<LineRanges> {
    let mut ranges = scheme.ranges.to_vec();
    let mut depends = vec![false; ranges.len()];
    for (id, node) in scheme.kernel.live_nodes() {
        let mut of_moving = scheme.is_moved(id);
        node.expr.for_each_operand(|operand| of_moving |= depends[operand.index()]);
        depends[id.index()] = of_moving;
        if of_moving {
            ranges[id.index()].finite = ranges[id.index()].general;
        }
    }
    ranges
}

/// The parts of all cells.
struct Results<'s> {
    scheme: &'s Scheme<'s>,
    /// How many inputs come before the lines.
    arrays: usize,
    /// Those of the groups so far, by their numbers.
    groups: HashMap<usize, Vec<ExprId>>,
}

impl Results<'_> {
    /// The value of a reduction.
    fn value(&mut self, builder: &mut Builder, value: &Value) -> ExprId {
        match value {
            Value::Part(part) => self.part(builder, *part),
            Value::OrNan(part, count) => {
                let (value, count) = (self.part(builder, *part), self.part(builder, *count));
                let (zero, nan) = (builder.number(0.0), builder.number(f64::NAN));
                let any = builder.binary(BinaryOp::Less, zero, count);
                builder.select(any, value, nan)
            }
            Value::Squares(squares) => {
                let Kind::Squares { sum, .. } = self.scheme.groups[squares.group].parts[squares.part].kind else {
                    unreachable!("squares are of their kind")
                };
                let sum = self.part(builder, PartId { part: sum, ..*squares });
                let squares = self.part(builder, *squares);
                // Differences from an infinite mean are infinite, but for that of an infinity, which is NaN.
                let nan = builder.binary(BinaryOp::Subtract, sum, sum);
                builder.binary(BinaryOp::Add, squares, nan)
            }
            Value::ExactSquares { sum, squares, count, cells, rounds } => {
                let (sum, squares) = (self.part(builder, *sum), self.part(builder, *squares));
                let count = match count {
                    Some(count) => self.part(builder, *count),
                    None => builder.number(*cells as f64),
                };
                let difference = match rounds {
                    true => difference_of_products(builder, [squares, count], [sum, sum]),
                    false => {
                        let [scaled, square] =
                            [(squares, count), (sum, sum)].map(|(x, y)| builder.binary(BinaryOp::Multiply, x, y));
                        builder.binary(BinaryOp::Subtract, scaled, square)
                    }
                };
                let one = builder.number(1.0);
                let divisor = builder.binary(BinaryOp::Max, count, one);
                builder.binary(BinaryOp::Divide, difference, divisor)
            }
            Value::Position { position, selects } => {
                let in_box = self.part(builder, *position);
                let position = self.position(builder, in_box);
                if !selects {
                    return position;
                }
                let (count, none) = (builder.number(self.scheme.positions()), builder.number(-1.0));
                let is_position = builder.binary(BinaryOp::Less, in_box, count);
                builder.select(is_position, position, none)
            }
            Value::Weighted(parts) => {
                let terms: Vec<ExprId> = parts.iter().map(|part| self.part(builder, *part)).collect();
                terms.into_iter().reduce(|x, y| builder.binary(BinaryOp::Add, x, y)).expect("a sum has terms")
            }
        }
    }

    /// The position in the footprint of a cell with this one in its bounding box.
    fn position(&self, builder: &mut Builder, in_box: ExprId) -> ExprId {
        let mut steps = position_steps(&self.scheme.request.cells).unwrap_or_default().into_iter();
        let Some((_, first)) = steps.next() else { return in_box };
        let mut fewer = builder.number(first);
        for (from, next) in steps {
            let (from, next) = (builder.number(from), builder.number(next));
            let is_before = builder.binary(BinaryOp::Less, in_box, from);
            fewer = builder.select(is_before, fewer, next);
        }
        builder.binary(BinaryOp::Subtract, in_box, fewer)
    }

    /// A part of all cells of its group.
    fn part(&mut self, builder: &mut Builder, id: PartId) -> ExprId {
        let group = &self.scheme.groups[id.group];
        if !self.groups.contains_key(&id.group) {
            let values = match group.weights {
                Some(factors) => vec![self.weighted(builder, group, factors)],
                None => self.combined(builder, group).values,
            };
            self.groups.insert(id.group, values);
        }
        let value = self.groups[&id.group][id.part];
        let range = group.parts[id.part].element.first().map(|element| self.scheme.ranges[element.index()].general);
        let zero_signs = range.is_none_or(|range| range.neg_zero || !range.integral);
        match group.parts[id.part].kind {
            // A sum starts at 0, so that of negative zeros is 0 as well; reductions have seen to it.
            Kind::Sum if zero_signs && !self.scheme.is_reduced(group) => {
                let zero = builder.number(0.0);
                builder.binary(BinaryOp::Add, value, zero)
            }
            _ => value,
        }
    }

    /// The parts of a group, of the columns' results.
    fn combined(&self, builder: &mut Builder, group: &Group) -> Partial {
        if group.moved {
            let lines = (self.arrays + group.lines[0][0]..).take(group.parts.len());
            let values = lines.map(|line| builder.at(line, self.scheme.offset(0))).collect();
            return Partial { values, cells: group.shape.taps() };
        }
        let mut partials = Vec::new();
        for (pattern, runs) in group.runs.iter().enumerate() {
            for read in runs.last_reads() {
                let first = self.arrays + group.lines[pattern][read.level];
                let inputs = Inputs { first, position: self.scheme.position_along(read.along) };
                partials.push(partial(self.scheme, builder, group, pattern, read, inputs));
            }
        }
        balanced(builder, &group.parts, partials).expect("a group has columns")
    }

    /// A sum with weights, of the columns' sums.
    fn weighted(&self, builder: &mut Builder, group: &Group, factors: Factors) -> ExprId {
        let run = group.shape.runs[0];
        let line = self.arrays + group.lines[0][0];
        let read = |along: i32| builder.at(line, self.scheme.offset(along));
        let columns: Vec<ExprId> = (run.first..).take(run.len).map(read).collect();
        weighted_sum(builder, &columns, factors.row)
    }
}
