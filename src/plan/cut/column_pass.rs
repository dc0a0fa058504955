//! The first pass: what each column of the footprint has for the reductions.

use std::collections::HashMap;

use super::scheme::Scheme;
use crate::lang::hir::{Builder, ExprId, Node, Output};
use crate::lang::ops::BinaryOp;
use crate::lang::reductions::{Monoid, Reduction};
use crate::plan::assemble::LineRanges;
use crate::plan::chain::Link;
use crate::plan::line::Origin;
use crate::tuning;

/// The pass over the columns: each part over the cells at one place along the row.
pub fn column_pass(scheme: &Scheme<'_>) -> Option<Link> {
    let Scheme { kernel, request, cuttables, ranges, columns, .. } = scheme;
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
        rows_per_call: unrolled.then_some(request.adjacent_rows),
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
