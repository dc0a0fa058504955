//! Passes along the row: results of some neighbours, combined.

use super::part::{Kind, Part, Partial, balanced};
use super::run::RunRead;
use super::scheme::{Group, Scheme};
use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, Output};
use crate::lang::ops::BinaryOp;
use crate::plan::chain::Link;
use crate::plan::line::Origin;
use crate::plan::rows::rows_of_pixels;
use crate::tuning;

/// A pass along the row: some neighbours of each line of a level, combined.
pub fn row_pass(scheme: &Scheme<'_>, level: usize) -> Option<Link> {
    let Scheme { kernel, request, .. } = scheme;
    let mut builder = Builder::default();
    let (mut values, mut lines) = (Vec::new(), Vec::new());
    for group in scheme.cut_groups() {
        for (pattern, runs) in group.runs.iter().enumerate().filter(|(_, runs)| runs.levels.len() > level) {
            let first = lines.len();
            lines.extend((0..group.parts.len()).map(|part| group.lines[pattern][level] + part));
            let reads = runs.reads_of_level(level).into_iter();
            let partials = reads.map(|read| {
                let step = scheme.position_step(read.along);
                partial(scheme, &mut builder, group, pattern, read, Inputs { first, position: step })
            });
            let partials = partials.collect();
            values.extend(balanced(&mut builder, &group.parts, partials)?.values);
        }
    }
    let output = |(number, value)| Output::new(format!("line {number}"), value);
    let outputs: Vec<Output> = values.into_iter().enumerate().map(output).collect();
    let names = lines.iter().map(|line| format!("line {line}")).collect();
    let count = outputs.len();
    let kernel = builder.finish(names, scheme.params.clone(), kernel.weights.clone(), outputs, Vec::new());
    Some(Link {
        cells: Cells::of_footprint(request.axes.len(), 0, Vec::new()).for_kernel(&kernel).ok()?,
        reads: lines.into_iter().map(Origin::Line).collect(),
        neutral: vec![None; count],
        rows_per_call: Some(rows_of_pixels(&kernel, request, tuning::MAX_ROW_NODES)),
        known: Vec::new(),
        kernel,
    })
}

/// Where a pass finds the parts of a group's pattern.
#[derive(Clone, Copy)]
pub struct Inputs {
    /// The first of the inputs that are their lines.
    pub first: usize,
    /// What positions get added.
    pub position: f64,
}

/// The parts of a group, read from lines.
pub fn partial(
    scheme: &Scheme<'_>,
    builder: &mut Builder,
    group: &Group,
    pattern: usize,
    read: RunRead,
    inputs: Inputs,
) -> Partial {
    let value = |(number, part): (usize, &Part)| {
        let value = builder.at(inputs.first + number, scheme.offset(read.along));
        match part.kind {
            Kind::Position { .. } if inputs.position != 0.0 => {
                let step = builder.number(inputs.position);
                builder.binary(BinaryOp::Add, value, step)
            }
            _ => value,
        }
    };
    let values = group.parts.iter().enumerate().map(value).collect();
    Partial { values, cells: read.columns * group.shape.patterns[pattern].len() }
}
