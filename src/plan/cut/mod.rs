//! Reductions over large windows, cut into passes.
//!
//! A box of cells is a column of rows and a run along the row. A reduction that is a monoid of a function of the cell alone can be done
//! one after the other: a pass over the columns makes a *line*, a row of partial results in the thread's own memory, which rows of pixels
//! share as trees share rows; passes along the line combine some neighbours each; and the last pass, the kernel itself, reads a few
//! partial results where the reduction was. Beyond the ends of the array's rows the columns read what the boundary mode has there, so
//! that later passes know of no boundary.
//!
//! Minima, maxima and sums of integers are the same in any order; sums of floats are trees of another shape, which the
//! language leaves open.

mod cellwise;
mod footprint;
mod price;
mod run;

use std::collections::HashMap;

use self::cellwise::{Cuttable, cuttables};
use self::footprint::Columns;
use self::price::is_worth_it;
use self::run::{Run, combined};
use super::assemble::{LineRanges, ranges_of};
use super::chain::Link;
use super::hoist::Hoisted;
use super::line::Origin;
use super::request::Request;
use crate::grid::cut::Cut;
use crate::grid::element::Precision;
use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, Expr, ExprId, Kernel, Node, Output};
use crate::lang::ops::BinaryOp;
use crate::lang::reductions::{Class, Monoid, Reduction};
use crate::lang::types::Type;
use crate::tuning;

/// The passes for a kernel whose reductions are cut, if some can be, and that is worth it.
pub fn cut(hoisted: &Hoisted, request: &Request) -> Option<Vec<Link>> {
    if request.cut == Cut::Never {
        return None;
    }
    let kernel = &hoisted.kernel;
    let row_axis = request.axes.iter().position(|axis| axis + 1 == request.ndim);
    let columns = Columns::of(&request.cells, row_axis)?;
    let cuttables = cuttables(hoisted, row_axis);
    let run = Run::of(columns.run);
    if cuttables.is_empty() || request.cut == Cut::Auto && !is_worth_it(&columns, &run, request) {
        return None;
    }
    let ranges = ranges_of(kernel, request);
    let mut links = vec![column_link(kernel, &cuttables, &ranges, &columns, request)?];
    let made: Vec<Monoid> = cuttables.values().flat_map(Cuttable::parts).copied().collect();
    // Which lines hold the results of which level, the columns' first.
    let mut lines: Vec<Vec<usize>> = vec![(0..made.len()).collect()];
    for level in 0..run.levels.len() {
        links.push(run_link(kernel, &made, &lines[level], &run, level, row_axis, request)?);
        let first = lines.len() * made.len();
        lines.push((first..first + made.len()).collect());
    }
    links.push(last_link(kernel, &cuttables, &ranges, &columns, &run, &lines, row_axis, request)?);
    Some(links)
}

/// The reductions that are cut, by node; the lines that hold their parts are numbered in this order.
type Cuttables = std::collections::BTreeMap<ExprId, Cuttable>;

/// How many rows of pixels a call computes of what is short: as many as there are.
fn many_rows(request: &Request) -> Option<usize> {
    Some(request.adjacent_rows)
}

/// The pass over the columns: each part over the cells at one place along the row.
fn column_link(
    kernel: &Kernel,
    cuttables: &Cuttables,
    ranges: &[LineRanges],
    columns: &Columns,
    request: &Request,
) -> Option<Link> {
    let mut made: HashMap<ExprId, Vec<ExprId>> = HashMap::new();
    let replace = |builder: &mut Builder, id: ExprId, _: &Node, new: &dyn Fn(ExprId) -> ExprId| {
        let cuttable = cuttables.get(&id)?;
        let mut condition = builder.boolean(true);
        for term in &cuttable.conditions {
            condition = builder.binary(BinaryOp::And, condition, new(*term));
        }
        let parts = cuttable.parts().iter().map(|monoid| match (monoid, cuttable.window) {
            (Monoid::Count, _) | (_, None) => builder.count(condition),
            (Monoid::Sum, Some(window)) => builder.reduce(Reduction::Sum, new(window), Some(condition), None),
            (monoid, Some(window)) => {
                let neutral = builder.number(neutral(*monoid, &ranges[window.index()]));
                let element = builder.select(condition, new(window), neutral);
                builder.reduce(reduction(*monoid), element, None, None)
            }
        });
        let parts: Vec<ExprId> = parts.collect();
        let first = parts.first().copied();
        made.insert(id, parts);
        first
    };
    let mut columns_kernel = kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), replace);
    let values = cuttables.keys().flat_map(|id| &made[id]);
    columns_kernel.outputs =
        values.enumerate().map(|(line, value)| Output { name: format!("line {line}"), value: *value }).collect();
    columns_kernel.assertions.clear();
    let cells = columns.cells.clone().for_kernel(&columns_kernel).ok()?;
    let unrolled = cells.taps() <= tuning::MAX_UNROLLED_CELLS;
    // What is beyond the ends of the array's rows changes nothing where it is not selected.
    let neutrals = cuttables.values().flat_map(|cuttable| {
        let window = cuttable.window.map(|window| &ranges[window.index()]);
        let neutral =
            move |monoid: &Monoid| cuttable.inside.then(|| window.map_or(0.0, |range| neutral(*monoid, range)));
        cuttable.parts().iter().map(neutral)
    });
    Some(Link {
        neutral: neutrals.collect(),
        reads: (0..request.inputs.len()).map(Origin::Array).collect(),
        rows_per_call: many_rows(request).filter(|_| unrolled),
        known: Vec::new(),
        kernel: columns_kernel,
        cells,
    })
}

/// What stands for an element that is not selected: it changes no other.
fn neutral(monoid: Monoid, ranges: &LineRanges) -> f64 {
    // Among integers, the end of their range, so that the lanes need not hold an infinity.
    let range = ranges.general;
    match monoid {
        Monoid::Min if range.integral && !range.nan => range.high,
        Monoid::Max if range.integral && !range.nan => range.low,
        monoid => monoid.identity(),
    }
}

fn reduction(monoid: Monoid) -> Reduction {
    match monoid {
        Monoid::Sum => Reduction::Sum,
        Monoid::Product => Reduction::Product,
        Monoid::Min => Reduction::Min,
        Monoid::Max => Reduction::Max,
        Monoid::Count => Reduction::Count,
    }
}

/// A pass along the row: each line's elements, some neighbours of which are combined.
fn run_link(
    kernel: &Kernel,
    made: &[Monoid],
    lines: &[usize],
    run: &Run,
    level: usize,
    row_axis: Option<usize>,
    request: &Request,
) -> Option<Link> {
    let mut builder = Builder::default();
    let mut outputs = Vec::new();
    for (input, monoid) in made.iter().enumerate() {
        let reads = run.reads_of_level(level);
        let value = combined(&mut builder, *monoid, reads.iter().map(|along| (input, *along)), |along| {
            offset(request.axes.len(), row_axis, along)
        })?;
        outputs.push(Output { name: format!("line {input}"), value });
    }
    let names = (0..made.len()).map(|input| format!("line {input}")).collect();
    let kernel = builder.finish(names, kernel.params.clone(), kernel.weights.clone(), outputs, Vec::new());
    Some(Link {
        cells: Cells::of_footprint(request.axes.len(), 0, Vec::new()).for_kernel(&kernel).ok()?,
        reads: lines.iter().copied().map(Origin::Line).collect(),
        neutral: vec![None; made.len()],
        rows_per_call: many_rows(request),
        known: Vec::new(),
        kernel,
    })
}

/// The offset of what is so far along the row.
fn offset(axes: usize, row_axis: Option<usize>, along: i32) -> Vec<i32> {
    let mut offset = vec![0; axes];
    if let Some(axis) = row_axis {
        offset[axis] = along;
    }
    offset
}

/// The last pass: the kernel, with partial results where the reductions were.
#[allow(clippy::too_many_arguments, reason = "all that the cut has found out")]
fn last_link(
    kernel: &Kernel,
    cuttables: &Cuttables,
    ranges: &[LineRanges],
    columns: &Columns,
    run: &Run,
    lines: &[Vec<usize>],
    row_axis: Option<usize>,
    request: &Request,
) -> Option<Link> {
    let arrays = kernel.inputs.len();
    let mut extended = kernel.clone();
    let line_count = lines.iter().map(Vec::len).sum::<usize>();
    extended.inputs.extend((0..line_count).map(|line| format!("line {line}")));
    // Where each reduction's lines begin in a level.
    let mut firsts: HashMap<ExprId, usize> = HashMap::new();
    let mut next = 0;
    for (id, cuttable) in cuttables {
        firsts.insert(*id, next);
        next += cuttable.parts().len();
    }
    let mut became: Vec<(ExprId, LineRanges)> = Vec::new();
    let replace = |builder: &mut Builder, id: ExprId, node: &Node, new: &dyn Fn(ExprId) -> ExprId| {
        node.expr.for_each_operand(|operand| became.push((new(operand), ranges[operand.index()])));
        let parts = cuttables.get(&id)?.parts();
        let mut values = parts.iter().enumerate().map(|(number, monoid)| {
            let reads = run.last_reads(*monoid).into_iter();
            let reads = reads.map(|(level, along)| (arrays + lines[level][firsts[&id] + number], along));
            combined(builder, *monoid, reads, |along| offset(request.axes.len(), row_axis, along + columns.first))
        });
        let (value, count) = (values.next()??, values.next());
        let Some(count) = count else { return Some(value) };
        let (zero, nan) = (builder.number(0.0), builder.number(f64::NAN));
        let any = builder.binary(BinaryOp::Less, zero, count?);
        Some(builder.select(any, value, nan))
    };
    let last = extended.rewritten(kernel.params.clone(), kernel.weights.clone(), replace);
    let footprint = match last.reads_window() {
        true => request.cells.clone(),
        false => Cells::of_footprint(request.axes.len(), 0, Vec::new()),
    };
    let short = last.assertions.is_empty() && !last.live_nodes().any(|(_, node)| node.ty.is_window());
    let exact = request.precision == Precision::Exact;
    Some(Link {
        cells: footprint.for_kernel(&last).ok()?,
        reads: (0..arrays).map(Origin::Array).chain((0..line_count).map(Origin::Line)).collect(),
        neutral: vec![None; last.outputs.len()],
        rows_per_call: many_rows(request).filter(|_| short),
        known: if exact { became } else { Vec::new() },
        kernel: last,
    })
}

/// A line's value at an offset.
fn at(builder: &mut Builder, input: usize, offset: Vec<i32>) -> ExprId {
    builder.leaf(Expr::At { input, offset: offset.into() }, Type::NUMBER)
}

/// Whether a reduction is a monoid that may be cut.
fn cuttable(op: Reduction) -> Option<Monoid> {
    match op.class() {
        Class::Monoid(monoid @ (Monoid::Sum | Monoid::Min | Monoid::Max | Monoid::Count)) => Some(monoid),
        // The order of a product's factors matters where it overflows.
        Class::Monoid(Monoid::Product) | Class::Positional(_) | Class::Ranked(_) | Class::Frequency(_) => None,
    }
}
