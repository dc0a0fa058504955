//! The pass that makes lines, and the kernel's, which reads them.

use std::collections::BTreeSet;

use super::choice::Lines;
use super::instances::{Instance, Instances};
use super::unrolled::Unrolled;
use crate::grid::element::Precision;
use crate::lang::cells::Cells;
use crate::lang::hir::{Assertion, Builder, Expr, ExprId, Kernel, Output, Param};
use crate::plan::assemble::{LineRanges, ranges_of};
use crate::plan::chain::{Link, known_constants};
use crate::plan::hoist::Hoisted;
use crate::plan::line::Origin;
use crate::plan::request::Request;
use crate::plan::rows::rows_of_instructions;
use crate::tuning;

/// The pass that makes lines.
pub fn lines_pass(hoisted: &Hoisted, instances: &Instances<'_>, request: &Request, lines: &Lines) -> Option<Link> {
    let mut builder = Builder::default();
    let known = Known::new(hoisted, request);
    let moved: Vec<(Instance, Vec<i32>)> = lines.moved().collect();
    make_leaves(&mut builder, instances, &moved);
    let (mut outputs, mut made) = (Vec::new(), Vec::new());
    for (line, (instance, origin)) in moved.into_iter().enumerate() {
        let mut unrolled = Unrolled::new(instances, None);
        let value = unrolled.make(&mut builder, instance, &origin);
        outputs.push(Output::new(format!("line {line}"), value));
        made.extend(unrolled.made().filter_map(|(old, new)| known.of(old, new)));
    }
    let count = outputs.len();
    let kernel = &hoisted.kernel;
    let of_lines = builder.finish(kernel.inputs.clone(), params(instances), Vec::new(), outputs, Vec::new());
    Some(Link {
        cells: cells_of(&of_lines, request)?,
        reads: (0..kernel.inputs.len()).map(Origin::Array).collect(),
        neutral: vec![None; count],
        rows_per_call: Some(rows_of_instructions(&of_lines, request, tuning::MAX_TRANSLATED_INSTRUCTIONS)?),
        known: made,
        kernel: of_lines,
    })
}

/// Makes what is the same for all pixels, then the cells in order.
///
/// Operands of commutative operations are in the order in which they were made. Now those of lines of other rows are in the same order, and so
/// compilers see what rows of pixels have in common.
fn make_leaves(builder: &mut Builder, instances: &Instances<'_>, moved: &[(Instance, Vec<i32>)]) {
    let (mut same, mut cells) = (Unrolled::new(instances, None), BTreeSet::new());
    for (instance, origin) in moved {
        for leaf in instances.parts(*instance).into_iter().filter(|part| instances.is_leaf(*part)) {
            match (&instances.numbered(leaf).anchor, instances.kernel.expr(leaf.0)) {
                (Some(anchor), Expr::Tap(input) | Expr::At { input, .. }) => {
                    let offset: Vec<i32> = anchor.iter().zip(origin).map(|(cell, origin)| cell - origin).collect();
                    cells.insert((*input, offset));
                }
                _ => drop(same.make(builder, leaf, origin)),
            }
        }
    }
    for (input, offset) in cells {
        builder.at(input, offset);
    }
}

/// The kernel's own pass.
pub fn kernel_pass(hoisted: &Hoisted, instances: &Instances<'_>, request: &Request, lines: &Lines) -> Option<Link> {
    let kernel = &hoisted.kernel;
    let arrays = kernel.inputs.len();
    let mut builder = Builder::default();
    let mut unrolled = Unrolled::new(instances, Some((lines, arrays)));
    let here = vec![0; request.cells.axes()];
    let mut scalar = |id: ExprId| unrolled.make(&mut builder, (id, None), &here);
    let outputs = kernel.outputs.iter();
    let outputs = outputs.map(|output| Output { value: scalar(output.value), ..output.clone() }).collect();
    let assertions = kernel.assertions.iter();
    let assertions = assertions.map(|it| Assertion { condition: scalar(it.condition), ..it.clone() }).collect();
    let known = Known::new(hoisted, request);
    let known = unrolled.made().filter_map(|(old, new)| known.of(old, new)).collect();
    let count = lines.count();
    let names = kernel.inputs.iter().cloned().chain((0..count).map(|line| format!("line {line}"))).collect();
    let last = builder.finish(names, params(instances), Vec::new(), outputs, assertions);
    let rows = rows_of_instructions(&last, request, tuning::MAX_TRANSLATED_INSTRUCTIONS)?;
    Some(Link {
        cells: cells_of(&last, request)?,
        reads: (0..arrays).map(Origin::Array).chain((0..count).map(Origin::Line)).collect(),
        neutral: vec![None; last.outputs.len()],
        // An error must name the first pixel that fails.
        rows_per_call: Some(if last.assertions.is_empty() { rows } else { 1 }),
        known,
        kernel: last,
    })
}

/// The kernel's params, then each cell's weights: where both are when code runs.
fn params(instances: &Instances<'_>) -> Vec<Param> {
    let kernel = instances.kernel;
    let weights = (0..kernel.weights.len() * instances.cells.taps()).map(|number| format!("weight {number}"));
    kernel.params.iter().cloned().chain(weights.map(|name| Param { name, default: None })).collect()
}

/// The cells that such a kernel reads, at offsets only.
fn cells_of(kernel: &Kernel, request: &Request) -> Option<Cells> {
    let footprint = match kernel.reads_window() {
        true => request.cells.clone(),
        false => Cells::of_footprint(request.cells.axes(), 0, Vec::new()),
    };
    footprint.for_kernel(kernel).ok()
}

/// What is known of the kernel's nodes, and so of what they have become.
struct Known {
    /// For all nodes, where values are exact.
    ranges: Vec<LineRanges>,
    /// For some.
    constants: Vec<(ExprId, LineRanges)>,
}

impl Known {
    fn new(hoisted: &Hoisted, request: &Request) -> Known {
        let exact = request.precision == Precision::Exact;
        let ranges = if exact { ranges_of(&hoisted.kernel, request) } else { Vec::new() };
        Known { ranges, constants: known_constants(request, hoisted) }
    }

    /// What is known of the node that an old one has become.
    fn of(&self, old: ExprId, new: ExprId) -> Option<(ExprId, LineRanges)> {
        let constant = || self.constants.iter().find(|(id, _)| *id == old).map(|(_, ranges)| *ranges);
        self.ranges.get(old.index()).copied().or_else(constant).map(|ranges| (new, ranges))
    }
}
