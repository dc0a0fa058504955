//! Which machine code to make for a kernel, a footprint and element types. Emits none.

use std::borrow::Cow;

pub mod chain;
mod explain;
pub mod hoist;
pub mod lanes;
pub mod line;
pub mod pass;
pub mod range;
#[cfg(test)]
mod tests;

use self::hoist::{Hoisted, hoist, invariant_nodes};
use self::lanes::{Analysis, analyse};
use self::line::{Destination, Line, Origin};
use self::pass::{CellAddr, MAX_NETWORK, Pass, PassInput, PassOutput, rows_of};
use self::range::{Facts, ValueRange};
use crate::grid::element::{Cast, DType, Precision};
use crate::grid::lane::Lane;
use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, Expr, ExprId, Kernel, Node, Output, Reduction};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::shrink::shrunk;

/// Loops over more cells than this are not unrolled.
pub const MAX_UNROLLED_CELLS: usize = 128;

/// At most this many rows of pixels are computed by one call.
const MAX_TOGETHER: usize = 8;

/// In a row of the array that is shorter than this, code may yet read so far before and after its pixels.
const SHORT_REACH: usize = 1 << 12;

/// What code is made for, besides the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// The cells that the kernel sees.
    pub cells: Cells,
    /// The axes of the window along which cells outside the array do not take part.
    pub shrinking: Vec<usize>,
    /// The array's axes that the window has, in the window's order.
    pub axes: Vec<usize>,
    /// The number of the array's axes, at least 1.
    pub ndim: usize,
    /// How many rows there are along the axis before the last, if that is fewer than a few.
    pub adjacent_rows: usize,
    /// How far before and after its pixels code may read in one row; a cell farther away is in a row of its own.
    pub reach: usize,
    /// The inputs' element types.
    pub inputs: Vec<DType>,
    /// The outputs' element types.
    pub outputs: Vec<DType>,
    /// How values become elements of the outputs.
    pub cast: Cast,
    /// The bits of the f64 outside the array, if one is seen.
    pub outside: Option<u64>,
    /// In which floats to compute.
    pub precision: Precision,
}

/// How a kernel is computed row by row.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is for.
    pub request: Request,
    /// What is computed once for a run.
    pub hoisted: Hoisted,
    /// The passes, each of which may read what those before it have made.
    pub passes: Vec<Pass>,
    /// What passes make for later ones.
    pub lines: Vec<Line>,
}

impl Request {
    /// The number of rows for [`Request::adjacent_rows`] of an array of this shape.
    pub fn adjacent_rows(shape: &[usize]) -> usize {
        shape.len().checked_sub(2).map_or(1, |axis| shape[axis].clamp(1, MAX_TOGETHER))
    }

    /// The cells for [`Request::reach`], if those of a window are at most `farthest` away along rows of an array of this shape.
    ///
    /// A copy of a row has all that is between the pixel and the cells, so it should not be many times the row. Of the row's
    /// length only the order of magnitude counts, so that code serves many arrays.
    pub fn reach(shape: &[usize], farthest: usize) -> usize {
        let row = shape.last().map_or(1, |len| len.next_power_of_two());
        if farthest <= SHORT_REACH { SHORT_REACH } else { row.max(SHORT_REACH) }
    }
}

/// The plan for `kernel`.
pub fn plan(kernel: &Kernel, request: Request) -> Plan {
    let taps = request.cells.taps();
    let kernel = match request.shrinking.is_empty() {
        true => Cow::Borrowed(kernel),
        false => Cow::Owned(shrunk(kernel, &request.shrinking)),
    };
    let kernel = with_invariant_factors(&kernel, request.precision);
    let hoisted = hoist(kernel, taps <= MAX_UNROLLED_CELLS);
    let pass = pass(&hoisted.kernel, &request);
    Plan { request, hoisted, passes: vec![pass], lines: Vec::new() }
}

/// The kernel with less to do for each pixel in products and quotients by what is the same for all of them: a sign goes to
/// the other factor, and in single precision quotients become products, which take a fraction of the time and differ by
/// a rounding.
fn with_invariant_factors(kernel: &Kernel, precision: Precision) -> Kernel {
    let invariant = invariant_nodes(kernel);
    let replace = |builder: &mut Builder, _: ExprId, node: &Node, new: &dyn Fn(ExprId) -> ExprId| {
        let (op, x, y) = match node.expr {
            Expr::Binary(op @ (BinaryOp::Multiply | BinaryOp::Divide), x, y) if invariant[y.index()] => (op, x, y),
            Expr::Binary(op @ BinaryOp::Multiply, y, x) if invariant[y.index()] => (op, x, y),
            _ => return None,
        };
        let inverted = op == BinaryOp::Divide && precision == Precision::Single;
        let negated = match *kernel.expr(x) {
            Expr::Unary(UnaryOp::Negate, x) => Some(x),
            _ => None,
        };
        if invariant[x.index()] || !inverted && negated.is_none() {
            return None;
        }
        let mut factor = new(y);
        if negated.is_some() {
            factor = builder.unary(UnaryOp::Negate, factor);
        }
        if inverted {
            let one = builder.number(1.0);
            factor = builder.binary(BinaryOp::Divide, one, factor);
        }
        let op = if inverted { BinaryOp::Multiply } else { op };
        Some(builder.binary(op, new(negated.unwrap_or(x)), factor))
    };
    kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), replace)
}

fn pass(kernel: &Kernel, request: &Request) -> Pass {
    let outside = request.outside.map(f64::from_bits);
    let inputs: Vec<PassInput> =
        request.inputs.iter().enumerate().map(|(array, dtype)| pass_input(array, *dtype, outside)).collect();
    let outputs_float: Vec<bool> =
        request.outputs.iter().map(|dtype| matches!(dtype, DType::F32 | DType::F64)).collect();
    let analysis = |finite: bool| {
        let inputs: Vec<ValueRange> =
            request.inputs.iter().map(|dtype| element_range(*dtype, outside, finite)).collect();
        analyse(
            kernel,
            &Facts {
                inputs: &inputs,
                params: match (finite, request.precision) {
                    (false, _) => ValueRange::ANY,
                    (true, Precision::Exact) => ValueRange::FINITE,
                    (true, Precision::Single) => ValueRange::FINITE_SINGLE,
                },
                taps: request.cells.taps(),
                outputs_float: &outputs_float,
                precision: request.precision,
            },
        )
    };
    let (finite, general) = (analysis(true), analysis(false));
    let differ = differ(kernel, [&finite, &general], &outputs_float);
    let widest = if differ { &general } else { &finite };
    let outputs: Vec<PassOutput> = kernel
        .outputs
        .iter()
        .zip(request.outputs.iter().enumerate())
        .map(|(output, (array, dtype))| pass_output(array, *dtype, request.cast, &widest.ranges[output.value.index()]))
        .collect();

    let cells = request.cells.clone();
    let cell_addrs: Vec<CellAddr> = (0..cells.len())
        .map(|cell| {
            let mut offset = vec![0; request.ndim];
            for (axis, along) in request.axes.iter().zip(cells.offset(cell)) {
                offset[*axis] = *along as isize;
            }
            let along = offset.pop().unwrap_or(0);
            CellAddr::new(offset, along, request.reach as isize)
        })
        .collect();
    let axis_of = |axis: Option<usize>| request.axes.iter().position(|mine| Some(*mine) == axis);
    let work = Work::of(kernel, &finite, cells.taps());
    let block = work.block();
    let rows_per_call = work.rows_per_call(kernel, &cell_addrs, request);
    let (rows, reaching) = rows_of(kernel, &cells, &cell_addrs, rows_per_call);
    Pass {
        rows,
        reaching,
        kernel: kernel.clone(),
        cell_addrs,
        row_axis: axis_of(Some(request.ndim - 1)),
        jam_axis: axis_of(request.ndim.checked_sub(2)),
        inputs,
        outputs,
        cast: request.cast,
        block,
        rows_per_call,
        general: differ.then_some(general),
        finite,
        cells,
    }
}

/// Whether the code for elements that are finite is other code than that for any elements. It is not for sums, say: they
/// are infinite or NaN of themselves.
fn differ(kernel: &Kernel, analyses: [&Analysis; 2], outputs_float: &[bool]) -> bool {
    let [finite, general] = analyses;
    let either = |id: ExprId| (&finite.ranges[id.index()], &general.ranges[id.index()]);
    let nan = |id: ExprId| either(id).0.nan != either(id).1.nan;
    let computed = |id: ExprId| {
        matches!(kernel.expr(id), Expr::Unary(..) | Expr::Binary(..) | Expr::Fma(..) | Expr::Reduce { .. })
    };
    let leaf =
        |id: ExprId| matches!(kernel.expr(id), Expr::Tap(_) | Expr::At { .. } | Expr::Param(_) | Expr::Number(_));
    let at_node = |id: ExprId, node: &Node| {
        let (x, y) = either(id);
        let known = x.point() != y.point() || x.integral != y.integral || x.neg_zero != y.neg_zero;
        known
            || match node.expr {
                Expr::Binary(BinaryOp::Min | BinaryOp::Max, a, b) => nan(a) || nan(b),
                // A number less itself is 0, and there may be two names for one: such as the centre and one of the cells.
                Expr::Binary(BinaryOp::Subtract, a, b) => {
                    let apart = a != b && (computed(a) && (computed(b) || leaf(b)) || leaf(a) && computed(b));
                    nan(id) && !apart
                }
                Expr::Reduce { op: Reduction::Sum | Reduction::Product | Reduction::Count, .. } => false,
                Expr::Reduce { window, .. } => nan(window),
                _ => false,
            }
    };
    // What is stored as an integer is clamped, and NaN is 0.
    let at_output = |(output, float): (&Output, &bool)| {
        let (x, y) = either(output.value);
        !float && (x.nan != y.nan || x.low != y.low || x.high != y.high)
    };
    finite.lanes != general.lanes
        || kernel.live_nodes().any(|(id, node)| at_node(id, node))
        || kernel.outputs.iter().zip(outputs_float).any(at_output)
}

/// What the elements of an input may be, with what is outside the array.
fn element_range(dtype: DType, outside: Option<f64>, finite: bool) -> ValueRange {
    let inside = ValueRange::of(dtype, finite);
    outside.map_or(inside, |value| inside.join(ValueRange::exactly(value)))
}

/// What the rows of an array of that type hold that a pass reads.
fn pass_input(array: usize, dtype: DType, outside: Option<f64>) -> PassInput {
    // What is outside must be a value of the element type, or rows are converted.
    let (inside, range) = (ValueRange::of(dtype, false), element_range(dtype, outside, false));
    let lane = Lane::of(dtype).filter(|lane| match outside {
        None => true,
        Some(value) if lane.is_float() => *lane == Lane::F64 || value.is_nan() || range.exact_f32,
        Some(value) => range.fits(*lane) && (inside.low..=inside.high).contains(&value),
    });
    PassInput { origin: Origin::Array(array), dtype, lane: lane.unwrap_or(Lane::F64) }
}

/// What is stored for an output array of that type.
fn pass_output(array: usize, dtype: DType, cast: Cast, range: &ValueRange) -> PassOutput {
    const WORD: f64 = 2_147_483_648.0; // 2^31
    let words = !range.nan && range.low > -WORD && range.high < WORD;
    let native = Lane::of(dtype).filter(|lane| lane.is_float() || cast == Cast::Saturate || words);
    PassOutput { destination: Destination::Array(array), dtype, lane: native.unwrap_or(Lane::F64) }
}

/// How much there is to do for a pixel.
struct Work {
    /// Instructions for a register of lanes of 1, 2, 4 and 8 bytes.
    instructions: [usize; 4],
    /// Whether there is a network, which holds many values at once.
    network: bool,
}

impl Work {
    fn of(kernel: &Kernel, analysis: &Analysis, taps: usize) -> Work {
        let mut instructions = [0; 4];
        for (id, node) in kernel.live_nodes() {
            let mut lane = analysis.lanes[id.index()];
            let each = match node.expr {
                Expr::Number(_)
                | Expr::Boolean(_)
                | Expr::Param(_)
                | Expr::Weight(_)
                | Expr::Offset(_)
                | Expr::Dist => 0,
                Expr::Reduce { op, window, .. } => {
                    if op.is_order_statistic() {
                        lane = analysis.lanes[window.index()];
                    }
                    // A selection takes several exchanges for each element.
                    taps * if op.is_order_statistic() { 6 } else { 1 }
                }
                Expr::FoldValue(..) => taps,
                _ => 1,
            };
            let times = if node.ty.is_window() { taps } else { 1 };
            instructions[lane.bytes().ilog2() as usize] += each * times;
        }
        let network = kernel
            .live_nodes()
            .any(|(_, node)| matches!(node.expr, Expr::Reduce { op, filter: None, .. } if op.is_order_statistic()));
        Work { instructions, network: network && taps <= MAX_NETWORK }
    }

    /// The total for a block in which most is done in one register.
    fn total(&self) -> usize {
        self.instructions.iter().sum()
    }

    /// How many pixels to compute together: as many as fill a few registers of the lanes that most is done in.
    fn block(&self) -> usize {
        let heaviest = (0..4).rev().max_by_key(|size| self.instructions[*size] << size).expect("there are four sizes");
        let lanes = 16 >> heaviest;
        let registers = match self.total() {
            _ if self.network => 1,
            ..=64 => 4,
            65..=200 => 2,
            _ => 1,
        };
        lanes * registers
    }

    /// How many rows of pixels to compute with one call: rows that are one above the other have cells in common.
    fn rows_per_call(&self, kernel: &Kernel, cell_addrs: &[CellAddr], request: &Request) -> usize {
        let unrolled = request.cells.taps() <= MAX_UNROLLED_CELLS;
        // An error must name the first pixel that fails, which is in the first row that has one.
        if !kernel.assertions.is_empty() || !unrolled || request.adjacent_rows == 1 {
            return 1;
        }
        let ys = |place: &CellAddr| place.outer.last().copied();
        let stacked = cell_addrs.iter().any(|place| ys(place) != ys(&cell_addrs[0]));
        match self.total() {
            _ if !stacked => 1,
            // Where there is little to do for a pixel, what is done for a row counts.
            ..=16 if self.instructions[2..] == [0, 0] => request.adjacent_rows,
            _ if self.network => request.adjacent_rows.min(4),
            ..=100 => request.adjacent_rows.min(4),
            101..=400 => request.adjacent_rows.min(2),
            _ => 1,
        }
    }
}
