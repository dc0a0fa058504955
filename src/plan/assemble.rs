//! A pass for a kernel: analyses, block, rows per call, rows of cells, and the bodies of its code.

use super::analysis::{Analysis, Facts, Lacking, ValueRange, analyse};
use super::cost::Work;
use super::effort::instructions_per_pixel;
use super::finite::differ;
use super::line::{Destination, Origin};
use super::lower::{Networks, Surroundings, lower};
use super::pass::{CellAddrs, Pass, PassInput, PassOutput, RowsPerCall, rows_of, tree_rows};
use super::request::Request;
use super::store::{LONG_BY_ADDITION, Store};
use super::tiling::{Tiling, Untiled};
use super::vectors::{settled, vectors};
use super::width::Width;
use crate::grid::element::{Cast, DType, Precision};
use crate::grid::lane::Lane;
use crate::lang::cells::Cells;
use crate::lang::hir::{ExprId, Kernel, Output};
use crate::lang::types::Elem;
use crate::lang::whole::Whole;
use crate::tuning;

/// What a pass is made of.
pub struct Draft<'a> {
    /// What each pixel's outputs are, with all that is invariant hoisted.
    pub kernel: &'a Kernel,
    /// The cells that the kernel sees.
    pub cells: &'a Cells,
    /// For each of the kernel's inputs, what its rows hold.
    pub inputs: Vec<DraftInput>,
    /// For each of the kernel's outputs, where it goes.
    pub outputs: Vec<DraftOutput>,
    /// How many rows of pixels one call computes, if that is not to be chosen.
    pub rows_per_call: Option<usize>,
    /// What is known of some nodes besides what follows from the inputs.
    pub known: &'a [(ExprId, LineRanges)],
    /// Which cells have equal weights, as [`Hoisted::equal_weights`](super::hoist::Hoisted::equal_weights) says.
    pub equal_weights: &'a [Option<Vec<usize>>],
}

/// What a pass reads, and what its values may be.
#[derive(Clone, Copy)]
pub struct DraftInput {
    pub input: PassInput,
    pub ranges: LineRanges,
    /// What they are as 64-bit integers.
    pub whole: Whole,
}

/// What values may be.
#[derive(Clone, Copy, Debug)]
pub struct LineRanges {
    /// If the elements of arrays and the params are finite.
    pub finite: ValueRange,
    /// If they need not be.
    pub general: ValueRange,
}

/// Where an output of a pass goes.
#[derive(Clone, Copy)]
pub enum DraftOutput {
    /// To an array, with elements of that type.
    Array(usize, DType),
    /// To a line, with a number that replaces what is beyond the ends of the array's rows.
    Line(usize, Option<f64>),
}

/// The rows of one of the request's arrays.
pub fn array_input(request: &Request, array: usize) -> DraftInput {
    let (dtype, outside) = (request.inputs[array], request.outside());
    let range = |finite: bool| ValueRange::of_input(dtype, outside, finite);
    DraftInput {
        input: pass_input(array, dtype, outside),
        ranges: LineRanges { finite: range(true), general: range(false) },
        whole: dtype.whole(outside),
    }
}

/// What is known of a draft's nodes.
struct Analysed {
    /// The draft's kernel, without assertions that always hold.
    kernel: Kernel,
    /// If the elements of arrays and the params are finite, and if they need not be, where that is something else.
    finite: Analysis,
    general: Option<Analysis>,
    /// What is stored, and what the values may be.
    outputs: Vec<PassOutput>,
    ranges: Vec<LineRanges>,
}

fn analysed(draft: &Draft<'_>, request: &Request) -> Analysed {
    let outputs_float: Vec<bool> = draft.outputs.iter().map(|output| output.shows_zero_signs()).collect();
    let [finite, general] = [true, false].map(|finite| analysis(draft, request, &outputs_float, finite));
    let ranges = |(output, drafted): (&Output, &DraftOutput)| {
        let range = |analysis: &Analysis| drafted.range(analysis.ranges[output.value.index()]);
        LineRanges { finite: range(&finite), general: range(&general) }
    };
    let ranges: Vec<LineRanges> = draft.kernel.outputs.iter().zip(&draft.outputs).map(ranges).collect();
    let general = differ(draft.kernel, [&finite, &general], &outputs_float).then_some(general);
    let kernel = without_proven(draft.kernel, [Some(&finite), general.as_ref()]);
    let widest = general.as_ref().unwrap_or(&finite);
    let stored =
        |(output, drafted): (&Output, &DraftOutput)| drafted.stored(&kernel, widest, output.value, request.cast);
    let outputs: Vec<PassOutput> = kernel.outputs.iter().zip(&draft.outputs).map(stored).collect();
    Analysed { kernel, finite, general, outputs, ranges }
}

/// The pass of a draft, and what the values of its outputs may be.
pub fn assemble(draft: &Draft<'_>, request: &Request) -> (Pass, Vec<LineRanges>) {
    let cells = draft.cells;
    let Analysed { kernel, finite, general, outputs, ranges } = analysed(draft, request);
    let cell_addrs = CellAddrs::new(cells.clone(), request);
    let work = Work::of(&kernel, &finite, cells.taps(), request.network);
    let (rows_per_call, why_rows) = rows_per_call(&work, &kernel, &cell_addrs, draft, request);
    let (wanted, block, copies) = vectors(request, &kernel, &work);
    let inputs: Vec<PassInput> = draft.inputs.iter().map(|drafted| drafted.input).collect();
    let drafted = Untiled {
        kernel: &kernel,
        analyses: [Some(&finite), general.as_ref()],
        rows: (&inputs, &outputs),
        block,
        turn: block * wanted.blocks() * copies,
    };
    let tiling = if work.has_network() { Tiling::new(&cell_addrs, cells.taps(), rows_per_call) } else { None };
    let tiling = tiling.map(|tiling| tiling.in_pairs(&drafted, request));
    let pairs = tiling.is_some_and(|tiling| tiling.width == 2);
    let block = if pairs { 2 * block } else { block };
    let (rows, reaching) = rows_of(&kernel, cells, &cell_addrs, rows_per_call);
    let (width, least_width) = (Width::Pixels(block), Width::Pixels(work.block()));
    let taps = Some(cells.taps());
    let (most_unrolled, tree_rows) = (cell_addrs.most_unrolled(cells.taps()), tree_rows(&cell_addrs, cells.taps()));
    let surroundings =
        Surroundings { taps, most_unrolled, width, least_width, tree_rows: &tree_rows, rows_per_call, tiling };
    let mut networks = Networks::new();
    let mut body = |analysis: Analysis| {
        let store = |(output, stored): (&Output, &PassOutput)| {
            Store::new(&kernel, &analysis, output.value, *stored, request.cast)
        };
        let stores = kernel.outputs.iter().zip(&outputs).map(store).collect();
        lower(&kernel, analysis, &surroundings, stores, &mut networks)
    };
    let (finite, general) = (body(finite), general.map(body));
    let (vectors, copies) = settled((wanted, copies), [Some(&finite), general.as_ref()]);
    let pass = Pass {
        instructions: instructions_per_pixel(&kernel, &finite, &tree_rows, cells.taps(), rows_per_call),
        finite,
        general,
        rows,
        reaching,
        cell_addrs,
        tree_rows,
        row_axis: request.row_axis(),
        jam_axis: request.jam_axis(),
        inputs,
        outputs,
        cast: request.cast,
        block,
        pairs,
        equal_weights: draft.equal_weights.to_vec(),
        vectors,
        copies,
        rows_per_call,
        why_rows,
        cells: cells.clone(),
        kernel,
    };
    (pass, ranges)
}

impl DraftOutput {
    /// Whether values are rounded to the nearest integer.
    fn is_rounded(self, cast: Cast) -> bool {
        matches!(self, DraftOutput::Array(_, dtype) if dtype.is_integer() && cast == Cast::Saturate)
    }

    /// Whether whoever reads the output can tell -0 from 0.
    fn shows_zero_signs(self) -> bool {
        match self {
            DraftOutput::Array(_, dtype) => dtype.is_float(),
            DraftOutput::Line(..) => true,
        }
    }

    /// What the output may be where its values have this range.
    fn range(self, values: ValueRange) -> ValueRange {
        match self {
            DraftOutput::Line(_, Some(neutral)) => values.join(ValueRange::exactly(neutral)),
            _ => values,
        }
    }

    /// What is stored for the value of a node.
    fn stored(self, kernel: &Kernel, analysis: &Analysis, id: ExprId, cast: Cast) -> PassOutput {
        let values = analysis.ranges[id.index()];
        match self {
            DraftOutput::Array(array, dtype) => {
                let own = if kernel.ty(id).elem == Elem::Boolean { Lane::U8 } else { analysis.lanes[id.index()] };
                pass_output(array, dtype, cast, &values, own)
            }
            DraftOutput::Line(line, _) => {
                let own = if kernel.ty(id).elem == Elem::Boolean { Lane::U8 } else { analysis.lanes[id.index()] };
                // The neutral number must be one of the lane's; what was rounded to f32s stays so.
                let range = self.range(values);
                let holds = |lane: &Lane| own == *lane && range == values || own.widens_to(*lane) && range.fits(*lane);
                let lane = if own.is_long() { Some(own) } else { Lane::ALL.into_iter().find(holds) };
                let lane = lane.unwrap_or(Lane::F64);
                PassOutput { destination: Destination::Line(line), dtype: stored_as(lane), lane }
            }
        }
    }
}

/// The element type whose lanes these are.
pub fn stored_as(lane: Lane) -> DType {
    let dtype = DType::ALL.into_iter().find(|dtype| *dtype != DType::Bool && Lane::of(*dtype) == Some(lane));
    dtype.expect("every lane is that of an element type")
}

/// What is known of the nodes if elements and params are finite, or if nothing is said of them.
fn analysis(draft: &Draft<'_>, request: &Request, outputs_float: &[bool], finite: bool) -> Analysis {
    let range = |drafted: &DraftInput| if finite { drafted.ranges.finite } else { drafted.ranges.general };
    let inputs: Vec<ValueRange> = draft.inputs.iter().map(range).collect();
    let params = match (finite, request.precision) {
        (false, _) => ValueRange::ANY,
        (true, Precision::Exact) => ValueRange::FINITE,
        (true, Precision::Single) => ValueRange::FINITE_SINGLE,
    };
    let mut known = vec![ValueRange::ANY; draft.kernel.node_count()];
    for (id, ranges) in draft.known {
        let range = if finite { ranges.finite } else { ranges.general };
        known[id.index()] = known[id.index()].meet(range);
    }
    let wholes: Vec<Whole> = draft.inputs.iter().map(|drafted| drafted.whole).collect();
    let (taps, precision) = (draft.cells.taps(), request.precision);
    let rounds = |output: &DraftOutput| output.is_rounded(request.cast);
    let outputs_rounded: Vec<bool> = draft.outputs.iter().map(rounds).collect();
    let facts = Facts {
        inputs: &inputs,
        params,
        taps,
        // The kernel itself says which take part.
        least: taps,
        lacking: Lacking::None,
        outputs_float,
        outputs_rounded: &outputs_rounded,
        precision,
        known: &known,
        wholes: &wholes,
        window_len: request.window_len(),
    };
    analyse(draft.kernel, &facts)
}

/// What the values of a kernel's nodes may be, by index, if it is computed from the request's arrays.
pub fn ranges_of(kernel: &Kernel, request: &Request) -> Vec<LineRanges> {
    let draft = Draft {
        kernel,
        cells: &request.cells,
        inputs: (0..request.inputs.len()).map(|array| array_input(request, array)).collect(),
        outputs: Vec::new(),
        rows_per_call: None,
        known: &[],
        equal_weights: &[],
    };
    let outputs_float = vec![true; kernel.outputs.len()];
    let [finite, general] = [true, false].map(|finite| analysis(&draft, request, &outputs_float, finite).ranges);
    finite.into_iter().zip(general).map(|(finite, general)| LineRanges { finite, general }).collect()
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

/// What the rows of an input hold: its elements, if what is outside is one as well.
pub fn pass_input(array: usize, dtype: DType, outside: Option<f64>) -> PassInput {
    let range = ValueRange::of_input(dtype, outside, false);
    // An f16 is an f32 to the code.
    let lane = Lane::of(dtype).or(dtype.fits_f32().then_some(Lane::F32));
    let lane = lane.filter(|lane| match outside {
        None => true,
        Some(value) if lane.is_float() => *lane == Lane::F64 || value.is_nan() || range.exact_f32,
        Some(value) => dtype.has(value),
    });
    PassInput { origin: Origin::Array(array), dtype, lane: lane.unwrap_or(Lane::F64) }
}

/// What is stored for an output of that type.
fn pass_output(array: usize, dtype: DType, cast: Cast, range: &ValueRange, own: Lane) -> PassOutput {
    const WORD: f64 = 2_147_483_648.0; // 2^31
    let within = |limit: f64| !range.nan && range.is_within(limit);
    let native = Lane::of(dtype).filter(|lane| match cast {
        _ if lane.is_float() => true,
        Cast::Saturate => true,
        Cast::Wrap if lane.is_long() => !own.is_float() || within(LONG_BY_ADDITION),
        Cast::Wrap => {
            let fits = !range.nan && lane.least() <= range.low && range.high <= lane.greatest();
            own.is_long() || fits || within(WORD)
        }
    });
    PassOutput { destination: Destination::Array(array), dtype, lane: native.unwrap_or(Lane::F64) }
}

/// How many rows of pixels one call computes, and why so.
fn rows_per_call(
    work: &Work,
    kernel: &Kernel,
    cell_addrs: &CellAddrs,
    draft: &Draft<'_>,
    request: &Request,
) -> (usize, RowsPerCall) {
    if let Some(rows) = draft.rows_per_call {
        return (rows, RowsPerCall::Shared);
    }
    let taps = draft.cells.taps();
    let y = |cell: usize| cell_addrs.at(cell).outer.last().copied();
    // More cells than these mostly share nothing anyway.
    let adjacent = (0..cell_addrs.len().min(2 * tuning::MAX_UNROLLED_CELLS)).any(|cell| y(cell) != y(0));
    let rows = work.rows_per_call(request.adjacent_rows);
    match rows {
        // An error must name the first pixel that fails, which is in the first row that has one.
        _ if !kernel.assertions.is_empty() => (1, RowsPerCall::Assertions),
        _ if taps > cell_addrs.most_unrolled(taps).0 && !work.has_network() => (1, RowsPerCall::Loops),
        _ if !adjacent && request.row_pixels > tuning::SHORT_ROWS => (1, RowsPerCall::NothingShared),
        _ if request.adjacent_rows == 1 => (1, RowsPerCall::OneRow),
        1 => (1, RowsPerCall::MuchWork),
        rows if adjacent => (rows, RowsPerCall::Shared),
        rows => (rows, RowsPerCall::Short),
    }
}
