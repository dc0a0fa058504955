//! Plans of several passes, which hand each other lines.

use super::analysis::ValueRange;
use super::assemble::{Draft, DraftInput, DraftOutput, LineRanges, array_input, assemble, ranges_of};
use super::cut::uncut::Uncut;
use super::hoist::Hoisted;
use super::line::{Destination, Line, Origin};
use super::moving::line::MovingLine;
use super::moving::pass::MovingPass;
use super::pass::{Pass, PassInput};
use super::program::Plan;
use super::reads::{GroupReads, computed_halo};
use super::request::Request;
use super::verify::verify;
use crate::grid::element::Precision;
use crate::grid::halo::Halo;
use crate::grid::lane::Lane;
use crate::lang::cells::Cells;
use crate::lang::hir::{Expr, ExprId, Kernel, Node};
use crate::lang::ops::UnaryOp;
use crate::lang::whole::{Whole, WholeFacts, wholes};
use crate::tuning;

/// One of the passes of a chain.
///
/// The outputs of the last one are the run's; those of the others are lines, which are numbered pass after pass, output after
/// output, after those that the host makes. How far lines go beyond the pixels follows from who reads them.
#[derive(Clone, Debug)]
pub struct Link {
    /// What each pixel's outputs are. Its params, and its weights if it has some, are those of the chain's hoisted kernel.
    pub kernel: Kernel,
    /// The cells that the kernel sees. Those of a line are at offset 0 along all axes but the array's last.
    pub cells: Cells,
    /// Where each of the kernel's inputs comes from: an array of the run, or a line of a pass before.
    pub reads: Vec<Origin>,
    /// What replaces each output beyond the ends of the array's rows, if something does; of lines only.
    pub neutral: Vec<Option<f64>>,
    /// How many rows of pixels one call computes, if that is not to be chosen.
    pub rows_per_call: Option<usize>,
    /// What is known of some nodes besides what follows from the inputs: they stand for nodes of another kernel.
    pub known: Vec<(ExprId, LineRanges)>,
}

impl Link {
    /// The only pass of a chain, which computes the hoisted kernel from arrays to arrays.
    pub fn whole(request: &Request, hoisted: &Hoisted) -> Link {
        Link {
            kernel: hoisted.kernel.clone(),
            cells: request.cells.clone(),
            reads: (0..request.inputs.len()).map(Origin::Array).collect(),
            neutral: vec![None; request.outputs.len()],
            rows_per_call: None,
            known: known_constants(request, hoisted),
        }
    }
}

/// What is known of what was hoisted, where that is asked for: whether the argument of a power of two in single precision has a bound.
pub fn known_constants(request: &Request, hoisted: &Hoisted) -> Vec<(ExprId, LineRanges)> {
    let kernel = &hoisted.kernel;
    let asks = |(_, node): (ExprId, &Node)| matches!(node.expr, Expr::Unary(UnaryOp::Exp2, _));
    if request.precision == Precision::Exact || !kernel.live_nodes().any(asks) {
        return Vec::new();
    }
    let ranges = ranges_of(&hoisted.original, request);
    let constants = kernel.live_nodes().filter_map(|(id, node)| match node.expr {
        Expr::Param(param) => Some((id, ranges[hoisted.params[param].index()])),
        Expr::Weight(weights) => Some((id, ranges[hoisted.weights[weights].index()])),
        _ => None,
    });
    constants.collect()
}

/// The plan of these passes, the last of which makes the request's outputs. Only that one may have assertions.
pub fn chain(request: Request, hoisted: Hoisted, moving: Vec<MovingPass>, links: &[Link], uncut: Vec<Uncut>) -> Plan {
    let found: Vec<MovingLine> = moving.iter().flat_map(MovingPass::lines).collect();
    // Weights of more cells are in a table.
    let unrolled = request.cells.taps() <= tuning::MAX_UNROLLED_CELLS;
    let equal_weights = if unrolled { hoisted.equal_weights(&request.cells) } else { Vec::new() };
    let mut passes = Vec::new();
    let mut lines: Vec<Line> = found.iter().map(MovingLine::line).collect();
    let mut made: Vec<DraftInput> = found.iter().map(MovingLine::read).collect();
    for (number, link) in links.iter().enumerate() {
        let first = made.len();
        let outputs = match number + 1 == links.len() {
            true => request.outputs.iter().enumerate().map(|(array, ty)| DraftOutput::Array(array, *ty)).collect(),
            false => {
                link.neutral.iter().enumerate().map(|(at, neutral)| DraftOutput::Line(first + at, *neutral)).collect()
            }
        };
        let read = |origin: &Origin| match *origin {
            Origin::Array(array) => array_input(&request, array),
            Origin::Line(line) => made[line],
        };
        let draft = Draft {
            kernel: &link.kernel,
            cells: &link.cells,
            inputs: link.reads.iter().map(read).collect(),
            outputs,
            rows_per_call: link.rows_per_call,
            known: &link.known,
            equal_weights: if link.cells == request.cells { &equal_weights } else { &[] },
        };
        let (pass, ranges) = assemble(&draft, &request);
        let inputs: Vec<Whole> = draft.inputs.iter().map(|input| input.whole).collect();
        let facts = WholeFacts { inputs: &inputs, taps: request.window_len(), absence: false };
        let wholes = wholes(draft.kernel, &facts);
        for (number, ((output, ranges), neutral)) in pass.outputs.iter().zip(&ranges).zip(&link.neutral).enumerate() {
            let Destination::Line(line) = output.destination else { continue };
            lines.push(Line { lane: output.lane, before: 0, after: 0, neutral: *neutral });
            // A pass in single precision has made f32s of the values.
            let stored =
                |range: ValueRange| ValueRange { exact_f32: range.exact_f32 || output.lane == Lane::F32, ..range };
            made.push(DraftInput {
                input: PassInput { origin: Origin::Line(line), dtype: output.dtype, lane: output.lane },
                ranges: LineRanges { finite: stored(ranges.finite), general: stored(ranges.general) },
                whole: wholes[draft.kernel.outputs[number].value.index()],
            });
        }
        passes.push(pass);
    }
    infer_halos(&passes, &mut lines);
    let reads = GroupReads::new(&passes, &lines);
    let plan = Plan { request, hoisted, moving, factors: 0, passes, lines, uncut, reads };
    if cfg!(debug_assertions)
        && let Err(error) = verify(&plan)
    {
        panic!("a plan that can't be right: {error}\n{plan}");
    }
    plan
}

/// Makes lines go as far beyond the pixels as passes read them, from the last pass back (bounds inference).
fn infer_halos(passes: &[Pass], lines: &mut [Line]) {
    for pass in passes.iter().rev() {
        let computed = computed_halo(pass, lines);
        for (number, input) in pass.inputs.iter().enumerate() {
            let Origin::Line(line) = input.origin else { continue };
            let line = &mut lines[line];
            let Halo { before, after } = line.halo().union(computed.grow(pass.unshifted_halo(number)));
            (line.before, line.after) = (before, after);
        }
    }
}
