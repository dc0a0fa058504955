//! A pass for a kernel: analyses, block, rows per call, rows of cells, and the bodies of its code.

use super::analysis::{Analysis, Facts, ValueRange, analyse};
use super::cost::Work;
use super::finite::differ;
use super::lower::{Networks, Surroundings, lower};
use super::pass::{CellAddr, Pass, PassInput, PassOutput, RowsPerCall, rows_of, tree_rows};
use super::request::Request;
use super::store::Store;
use super::width::Width;
use crate::grid::element::{Cast, DType, Precision};
use crate::grid::lane::Lane;
use crate::lang::hir::{Kernel, Output};
use crate::tuning;

/// The pass that computes `kernel`, of which all that is invariant is hoisted.
pub fn assemble(kernel: &Kernel, request: &Request) -> Pass {
    let cells = &request.cells;
    let finite = analysis(kernel, request, true);
    let general = analysis(kernel, request, false);
    let outputs_float = outputs_float(request);
    let general = differ(kernel, [&finite, &general], &outputs_float).then_some(general);
    let kernel = without_proven(kernel, [Some(&finite), general.as_ref()]);
    let widest = general.as_ref().unwrap_or(&finite);
    let outputs: Vec<PassOutput> = kernel
        .outputs
        .iter()
        .zip(&request.outputs)
        .map(|(output, dtype)| pass_output(*dtype, request.cast, &widest.ranges[output.value.index()]))
        .collect();

    let cell_addrs: Vec<CellAddr> = (0..cells.len()).map(|cell| cell_addr(request, cells.offset(cell))).collect();
    let work = Work::of(&kernel, &finite, cells.taps());
    let block = work.block();
    let (rows_per_call, why_rows) = rows_per_call(&work, &kernel, &cell_addrs, request);
    let (rows, reaching) = rows_of(&kernel, cells, &cell_addrs, rows_per_call);
    let tree_rows = tree_rows(&cell_addrs[..cells.taps()]);

    let surroundings =
        Surroundings { taps: Some(cells.taps()), width: Width::Pixels(block), tree_rows: &tree_rows, rows_per_call };
    let mut networks = Networks::new();
    let mut body = |analysis: Analysis| {
        let store = |(output, stored): (&Output, &PassOutput)| {
            Store::new(&kernel, &analysis, output.value, *stored, request.cast)
        };
        let stores = kernel.outputs.iter().zip(&outputs).map(store).collect();
        lower(&kernel, analysis, &surroundings, stores, &mut networks)
    };
    let axis_of = |axis: Option<usize>| request.axes.iter().position(|mine| Some(*mine) == axis);
    Pass {
        finite: body(finite),
        general: general.map(body),
        rows,
        reaching,
        cell_addrs,
        tree_rows,
        row_axis: axis_of(Some(request.ndim - 1)),
        jam_axis: axis_of(request.ndim.checked_sub(2)),
        inputs: request.inputs.iter().map(|dtype| pass_input(*dtype, request.outside())).collect(),
        outputs,
        cast: request.cast,
        block,
        rows_per_call,
        why_rows,
        cells: cells.clone(),
        kernel,
    }
}

fn outputs_float(request: &Request) -> Vec<bool> {
    request.outputs.iter().map(|dtype| dtype.is_float()).collect()
}

/// What is known of the nodes if elements and params are finite, or if nothing is said of them.
fn analysis(kernel: &Kernel, request: &Request, finite: bool) -> Analysis {
    let outside = request.outside();
    let inputs: Vec<ValueRange> = request.inputs.iter().map(|dtype| element_range(*dtype, outside, finite)).collect();
    let params = match (finite, request.precision) {
        (false, _) => ValueRange::ANY,
        (true, Precision::Exact) => ValueRange::FINITE,
        (true, Precision::Single) => ValueRange::FINITE_SINGLE,
    };
    let facts = Facts {
        inputs: &inputs,
        params,
        taps: request.cells.taps(),
        outputs_float: &outputs_float(request),
        precision: request.precision,
    };
    analyse(kernel, &facts)
}

/// The kernel without the assertions that hold whatever the elements are.
fn without_proven(kernel: &Kernel, analyses: [Option<&Analysis>; 2]) -> Kernel {
    let mut kernel = kernel.clone();
    kernel.assertions.retain(|assertion| {
        let known = |analysis: &Analysis| analysis.ranges[assertion.condition.index()].point() == Some(1.0);
        !analyses.into_iter().flatten().all(known)
    });
    kernel
}

/// What the elements of an input may be, with what is outside the array.
fn element_range(dtype: DType, outside: Option<f64>, finite: bool) -> ValueRange {
    let inside = ValueRange::of(dtype, finite);
    outside.map_or(inside, |value| inside.join(ValueRange::exactly(value)))
}

/// What the rows of an input hold: its elements, if what is outside is one as well.
fn pass_input(dtype: DType, outside: Option<f64>) -> PassInput {
    let (inside, range) = (ValueRange::of(dtype, false), element_range(dtype, outside, false));
    // An f16 is an f32 to the code.
    let lane = Lane::of(dtype).or(dtype.fits_f32().then_some(Lane::F32));
    let lane = lane.filter(|lane| match outside {
        None => true,
        Some(value) if lane.is_float() => *lane == Lane::F64 || value.is_nan() || range.exact_f32,
        Some(value) => range.fits(*lane) && (inside.low..=inside.high).contains(&value),
    });
    PassInput { dtype, lane: lane.unwrap_or(Lane::F64) }
}

/// What is stored for an output of that type.
fn pass_output(dtype: DType, cast: Cast, range: &ValueRange) -> PassOutput {
    const WORD: f64 = 2_147_483_648.0; // 2^31
    let words = !range.nan && range.low > -WORD && range.high < WORD;
    let native = Lane::of(dtype).filter(|lane| lane.is_float() || cast == Cast::Saturate || words);
    PassOutput { dtype, lane: native.unwrap_or(Lane::F64) }
}

/// Where a cell is that has this offset along the window's axes.
fn cell_addr(request: &Request, offset: &[i32]) -> CellAddr {
    let mut outer = vec![0; request.ndim];
    for (axis, along) in request.axes.iter().zip(offset) {
        outer[*axis] = *along as isize;
    }
    let column = outer.pop().unwrap_or(0);
    CellAddr::new(outer, column, request.reach as isize)
}

/// How many rows of pixels one call computes, and why so.
fn rows_per_call(work: &Work, kernel: &Kernel, cell_addrs: &[CellAddr], request: &Request) -> (usize, RowsPerCall) {
    let y = |addr: &CellAddr| addr.outer.last().copied();
    let adjacent = cell_addrs.iter().any(|addr| y(addr) != y(&cell_addrs[0]));
    let rows = work.rows_per_call(request.adjacent_rows);
    match rows {
        // An error must name the first pixel that fails, which is in the first row that has one.
        _ if !kernel.assertions.is_empty() => (1, RowsPerCall::Assertions),
        _ if request.cells.taps() > tuning::MAX_UNROLLED_CELLS => (1, RowsPerCall::Loops),
        _ if !adjacent => (1, RowsPerCall::NothingShared),
        _ if request.adjacent_rows == 1 => (1, RowsPerCall::OneRow),
        1 => (1, RowsPerCall::MuchWork),
        rows => (rows, RowsPerCall::Shared),
    }
}
