//! The emitted code has what the plan says, and nothing else: host calls, loops and networks are counted in both.

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Function, Opcode};
use cranelift_codegen::loop_analysis::LoopAnalysis;

use super::row::{Turn, build};
use crate::grid::cut::Cut;
use crate::grid::element::{Cast, DType, Precision};
use crate::grid::footprint::Footprint;
use crate::grid::vectors::Vectors;
use crate::lang::check::check;
use crate::lang::hir::Expr;
use crate::lang::limits::Limits;
use crate::lang::ops::UnaryOp;
use crate::lang::parse::parse;
use crate::plan::body::{Body, Combine, Fold, Host, Method, Step, Strategy, Visit};
use crate::plan::selection::Selection;
use crate::plan::{Plan, Request, plan};
use crate::tuning;

/// How often each kind of thing occurs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    host_calls: usize,
    loops: usize,
    /// Minima and maxima of networks.
    network_steps: usize,
}

fn plan_of(source: &str, side: usize, dtype: DType) -> Plan {
    plan_in(source, side, dtype, Precision::Exact)
}

fn plan_in(source: &str, side: usize, dtype: DType, precision: Precision) -> Plan {
    let kernel = check(&parse(source).expect(source)).expect(source);
    let cells = Footprint::size(&[side, side]).expect("a small window").cells();
    let request = Request {
        cells: cells.for_kernel(&kernel).expect(source),
        shrinking: Vec::new(),
        asked: Vec::new(),
        lacks_cells: false,
        least_inside: 0,
        axes: vec![0, 1],
        ndim: 2,
        column: tuning::MAX_UNROLLED_COLUMN,
        adjacent_rows: Request::adjacent_rows(&[512, 512]),
        reach: Request::reach(&[512, 512], side),
        inputs: vec![dtype; kernel.inputs.len()],
        outputs: vec![dtype; kernel.outputs.len()],
        cast: Cast::Saturate,
        outside: None,
        precision,
        cut: Cut::Auto,
        ranks: Vec::new(),
        known: Vec::new(),
        network: tuning::MAX_NETWORK,
        vectors: Vectors::Auto,
        row_pixels: Request::row_pixels(&[512, 512]),
    };
    plan(&kernel, request).expect("it is wanted")
}

/// For how many rows of pixels the steps of a selection are.
fn rows_of(selection: &Selection) -> usize {
    if let Selection::Tiled(tile) = selection { tile.height } else { 1 }
}

/// What the plan says of so many rows of pixels.
fn planned(body: &Body, rows: usize) -> Counts {
    let mut counts = Counts::default();
    body.for_each_step(|step, _| match step {
        Step::Scalar(_) => {}
        Step::Combine(Combine { strategy, .. }) => {
            counts.loops += rows * usize::from(*strategy == Strategy::Loop);
        }
        Step::Select(select) => {
            counts.network_steps += select.selection.emitted() * rows / rows_of(&select.selection);
        }
        Step::Host(Host { visit, statistics, .. }) => {
            counts.loops += rows * usize::from(*visit == Visit::Loop);
            counts.host_calls += rows * statistics.len();
        }
        Step::Fold(Fold { visit, .. }) => counts.loops += rows * usize::from(*visit == Visit::Loop),
    });
    counts
}

/// What the code has, without its loop over blocks of pixels.
fn emitted(function: &Function) -> Counts {
    let graph = ControlFlowGraph::with_function(function);
    let tree = DominatorTree::with_function(function, &graph);
    let mut loops = LoopAnalysis::new();
    loops.compute(function, &graph, &tree);
    let count = |opcodes: &[Opcode]| {
        let instructions = function.layout.blocks().flat_map(|block| function.layout.block_insts(block));
        instructions.filter(|inst| opcodes.contains(&function.dfg.insts[*inst].opcode())).count()
    };
    Counts {
        host_calls: count(&[Opcode::Call]),
        loops: loops.loops().count() - 1,
        network_steps: count(&[Opcode::Umin, Opcode::Umax]),
    }
}

fn agree(source: &str, side: usize, dtype: DType, networks_only: bool) {
    let plan = plan_of(source, side, dtype);
    for pass in &plan.passes {
        for body in [Some(&pass.finite), pass.general.as_ref()].into_iter().flatten() {
            let (_, function) = build(pass, body, Turn::of_block(pass), &Limits::default()).expect(source);
            let (all, mut found) = (planned(body, pass.rows_per_call), emitted(&function));
            if !networks_only {
                found.network_steps = all.network_steps;
            }
            assert_eq!(found, all, "{source}, {side} x {side} of {dtype}:\n{plan}");
        }
    }
}

#[test]
fn networks_have_the_steps_of_the_plan() {
    let kernels = ["median(w)", "rank(w, 4)", "rank(w, len(w) - 1)", "percentile(w, 30)", "rank(w, 1), rank(w, -2)"];
    for source in kernels {
        for side in 3..=9 {
            agree(source, side, DType::U8, true);
        }
    }
}

#[test]
fn calls_and_loops_are_those_of_the_plan() {
    let kernels = [
        "min(w)",
        "max(w) - min(w), mean(w), std(w)",
        "argmin(w) + argmax(w), nth(w, 2)",
        "median(w), median(w where w > 3), rank(w, 1)",
        "param k; assert k >= 0; rank(w, k)",
        "mode(w) + variety(w), entropy(w where w > w[0, 0])",
        "percentile(w, mean(w) / 100)",
        "mean(w where abs(w - median(w)) < 2)",
        "fold s = 0 for v in w: s * 2 + v",
        "fold s = 0 for v in w: s + median(w where w > v)",
        "sum(exp(-dist() ** 2) * w) / sum(exp(-dist() ** 2))",
    ];
    for source in kernels {
        for side in [1, 2, 3, 5, 10, 12] {
            for dtype in [DType::U8, DType::I32, DType::F32, DType::F64] {
                agree(source, side, dtype, false);
            }
        }
    }
}

/// The exponentials of a bilateral filter are of numbers that are not positive, whatever its params are.
#[test]
fn exponentials_that_do_not_overflow_are_known() {
    // How many exponentials there are in all passes, and how many of them are known to be so.
    let bounded = |source: &str| {
        let plan = plan_in(source, 5, DType::F32, Precision::Single);
        let exponentials = plan.passes.iter().flat_map(|pass| {
            let nodes = pass.kernel.live_nodes();
            let of = nodes.filter(|(_, node)| matches!(node.expr, Expr::Unary(UnaryOp::Exp | UnaryOp::Exp2, _)));
            of.map(|(id, _)| pass.finite.methods[id.index()] == Method::Bounded)
        });
        exponentials.fold((0, 0), |(all, bounded), is_bounded| (all + 1, bounded + usize::from(is_bounded)))
    };
    let weights = [
        "exp(-dist()**2 / 8) * exp(-(w - w[0, 0])**2 / 0.02)",
        "exp(-(w - w[0, 0])**2 / (2 * r**2)) * exp(-dist()**2 / (2 * s**2))",
        "exp(-abs(w - w[0, 0]) * abs(r))",
    ];
    for weight in weights {
        let source = format!("param r = 1; param s = 2; let g = {weight}; sum(g * w) / sum(g)");
        let (all, bounded) = bounded(&source);
        assert!(all >= 1 && bounded == all, "{weight}: {bounded} of {all}");
    }
    assert_eq!(bounded("param r = 1; sum(exp(w * r)) + max(w * exp(r))").1, 0);
}

#[test]
fn what_the_footprint_makes_known_is_folded_before_it_is_planned() {
    let [median, rank] = ["median(w)", "rank(w, 4)"].map(|source| plan_of(source, 3, DType::U8).to_string());
    assert_eq!(median.replace("median", "rank"), rank);
    assert!(rank.contains("rows of pixels in one call: 4"), "{rank}");
    let last = plan_of("rank(w, len(w) - 1)", 3, DType::U8).to_string();
    assert!(last.contains("rank of u8 elements: a selection network for rank 8 of 9"), "{last}");
}
