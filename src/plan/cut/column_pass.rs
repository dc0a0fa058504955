//! The first pass: what each column of the footprint has for the reductions.

use super::column_program::{ColumnCells, ColumnProgram};
use super::element::Elements;
use super::footprint::Outer;
use super::part::{Kind, Part, Partial, merged};
use super::scheme::{Factors, Group, Scheme};
use super::weighted::weighted_sum;
use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, ExprId, Output, Reduction};
use crate::plan::chain::Link;
use crate::plan::line::Origin;
use crate::plan::rows::rows_of_columns;

/// The pass over the columns: each part over the cells at one place along the row.
pub fn column_pass(scheme: &Scheme<'_>) -> Option<Link> {
    let Scheme { kernel, request, .. } = scheme;
    let groups = || scheme.cut_groups();
    let mut builder = Builder::default();
    let mut elements = Elements::new(kernel, groups().flat_map(|group| &group.parts));
    let mut values = Vec::new();
    for group in groups() {
        values.extend(match group.weights {
            _ if scheme.is_reduced(group) => reduced(scheme, &mut builder, &mut elements, group),
            Some(factors) => weighted(scheme, &mut builder, &mut elements, group, factors),
            None => programmed(scheme, &mut builder, &mut elements, group),
        });
    }
    let outputs = values.into_iter().enumerate().map(|(line, value)| Output::new(format!("line {line}"), value));
    let (outputs, weights) = (outputs.collect(), kernel.weights.clone());
    let columns_kernel = builder.finish(kernel.inputs.clone(), scheme.params.clone(), weights, outputs, Vec::new());
    let own = scheme.reduced_cells().unwrap_or_default();
    let cells = Cells::of_footprint(request.axes.len(), own.len(), own.concat()).for_kernel(&columns_kernel).ok()?;
    // What is beyond the ends of the array's rows changes nothing where it is not selected.
    let neutral = |part: &Part| part.inside.then(|| scheme.neutral(part));
    let neutrals = groups().flat_map(|group| (0..group.runs.len()).flat_map(|_| group.parts.iter().map(neutral)));
    let unrolled = own.len() <= request.column;
    Some(Link {
        neutral: neutrals.collect(),
        reads: (0..request.inputs.len()).map(Origin::Array).collect(),
        rows_per_call: unrolled.then(|| rows_of_columns(&columns_kernel, request, own.len())),
        known: Vec::new(),
        kernel: columns_kernel,
        cells,
    })
}

/// The parts of a group of one pattern, as reductions over the pass's own cells.
fn reduced(scheme: &Scheme<'_>, builder: &mut Builder, elements: &mut Elements<'_>, group: &Group) -> Vec<ExprId> {
    let mut value = |part: &Part| {
        let (element, condition) = elements.of(builder, part, None);
        let reduction = match part.kind {
            Kind::Count => return builder.count(condition),
            Kind::Sum => return builder.reduce(Reduction::Sum, element, Some(condition), None),
            Kind::Min => Reduction::Min,
            _ => Reduction::Max,
        };
        let neutral = builder.number(scheme.neutral(part));
        let element = builder.select(condition, element, neutral);
        builder.reduce(reduction, element, None, None)
    };
    group.parts.iter().map(&mut value).collect()
}

/// The parts of a group, pattern after pattern.
fn programmed(scheme: &Scheme<'_>, builder: &mut Builder, elements: &mut Elements<'_>, group: &Group) -> Vec<ExprId> {
    let program = ColumnProgram::new(column_cells(scheme, group));
    let cells = std::cell::RefCell::new((builder, elements));
    let columns = program.run(
        |cell| {
            let (builder, elements) = &mut *cells.borrow_mut();
            let value = |part: &Part| of_cell(scheme, builder, elements, part, cell);
            Partial { values: group.parts.iter().map(value).collect(), cells: 1 }
        },
        |x, y| merged(cells.borrow_mut().0, &group.parts, x, y),
    );
    columns.into_iter().flat_map(|partial| partial.values).collect()
}

/// What the columns of a group have.
pub fn column_cells<'s>(scheme: &Scheme<'_>, group: &'s Group) -> ColumnCells<'s> {
    ColumnCells {
        patterns: &group.shape.patterns,
        jam_axis: scheme.request.jam_axis(),
        idempotent: group.idempotent,
        rows: scheme.request.adjacent_rows,
    }
}

/// A part of one cell.
fn of_cell(
    scheme: &Scheme<'_>,
    builder: &mut Builder,
    elements: &mut Elements<'_>,
    part: &Part,
    cell: &Outer,
) -> ExprId {
    let (element, condition) = elements.of(builder, part, Some(cell));
    let value = match part.kind {
        Kind::Squares { .. } => return builder.number(0.0),
        Kind::Position { .. } => builder.number(scheme.position(cell)),
        Kind::Min | Kind::Max | Kind::Sum | Kind::Count => element,
    };
    let neutral = builder.number(scheme.neutral(part));
    builder.select(condition, value, neutral)
}

/// The weighted sum of a column.
fn weighted(
    scheme: &Scheme<'_>,
    builder: &mut Builder,
    elements: &mut Elements<'_>,
    group: &Group,
    factors: Factors,
) -> Vec<ExprId> {
    let part = &group.parts[0];
    let cells = &group.shape.patterns[0];
    let values: Vec<ExprId> = cells.iter().map(|cell| of_cell(scheme, builder, elements, part, cell)).collect();
    vec![weighted_sum(builder, &values, factors.column)]
}
