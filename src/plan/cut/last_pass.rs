//! The last pass: the kernel, which reads what the passes before have made.

use std::collections::HashMap;

use super::run::combined;
use super::scheme::Scheme;
use crate::grid::element::Precision;
use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, ExprId, Node};
use crate::lang::ops::BinaryOp;
use crate::plan::assemble::LineRanges;
use crate::plan::chain::Link;
use crate::plan::line::Origin;

/// The last pass: the kernel, with partial results where the reductions were.
pub fn last_pass(scheme: &Scheme<'_>) -> Option<Link> {
    let Scheme { kernel, request, cuttables, ranges, columns, run, .. } = scheme;
    let (arrays, line_count) = (kernel.inputs.len(), scheme.line_count());
    let mut extended = (*kernel).clone();
    extended.inputs.extend((0..line_count).map(|line| format!("line {line}")));
    // Where each reduction's parts begin.
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
            let reads = reads.map(|(level, along)| (arrays + scheme.line(level, firsts[&id] + number), along));
            combined(builder, *monoid, reads, |along| scheme.offset(along + columns.first))
        });
        let (value, count) = (values.next()??, values.next());
        let Some(count) = count else { return Some(value) };
        let (zero, nan) = (builder.number(0.0), builder.number(f64::NAN));
        let any = builder.binary(BinaryOp::Less, zero, count?);
        Some(builder.select(any, value, nan))
    };
    let last = extended.rewritten(kernel.params.clone(), kernel.weights.clone(), replace);
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
        reads: (0..arrays).map(Origin::Array).chain((0..line_count).map(Origin::Line)).collect(),
        neutral: vec![None; last.outputs.len()],
        rows_per_call: short.then_some(request.adjacent_rows),
        known: if exact { became } else { Vec::new() },
        kernel: last,
    })
}
