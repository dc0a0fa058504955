//! Passes along the row: results of some neighbours, combined.

use super::run::combined;
use super::scheme::Scheme;
use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, Output};
use crate::plan::chain::Link;
use crate::plan::line::Origin;

/// A pass along the row: each line's elements, some neighbours of which are combined.
pub fn row_pass(scheme: &Scheme<'_>, level: usize) -> Option<Link> {
    let Scheme { kernel, request, run, .. } = scheme;
    let parts = scheme.parts();
    let mut builder = Builder::default();
    let mut outputs = Vec::new();
    for (input, monoid) in parts.iter().enumerate() {
        let reads = run.reads_of_level(level);
        let value =
            combined(&mut builder, *monoid, reads.iter().map(|along| (input, *along)), |along| scheme.offset(along))?;
        outputs.push(Output { name: format!("line {input}"), value });
    }
    let names = (0..parts.len()).map(|input| format!("line {input}")).collect();
    let kernel = builder.finish(names, kernel.params.clone(), kernel.weights.clone(), outputs, Vec::new());
    Some(Link {
        cells: Cells::of_footprint(request.axes.len(), 0, Vec::new()).for_kernel(&kernel).ok()?,
        reads: (0..parts.len()).map(|part| Origin::Line(scheme.line(level, part))).collect(),
        neutral: vec![None; parts.len()],
        rows_per_call: Some(request.adjacent_rows),
        known: Vec::new(),
        kernel,
    })
}
