//! What is known of the values of a kernel's nodes, and in which lanes each is computed.

mod fixpoint;
mod lanes;
mod places;
mod quotients;
mod signed_zero;
mod single;
#[cfg(test)]
mod tests;
mod threshold;
mod transfer;
mod value_range;

use std::ops::RangeInclusive;

use self::fixpoint::{Round, long_lanes, ranges};
use self::lanes::lanes;
use self::places::places;
pub use self::quotients::quotient_factor;
use self::quotients::rounded_quotients;
use self::signed_zero::signed_zero_demand;
use crate::grid::element::{DType, Precision};
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId, Kernel, Reduction};
use crate::tuning;

pub use self::fixpoint::{Facts, Lacking};
pub use self::quotients::factor;
pub use self::threshold::{Threshold, threshold};
pub use self::value_range::{EXACT_SUM_LIMIT, ValueRange, WHOLE_LIMIT};

/// What is known of each node, by index.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// What values it may have.
    pub ranges: Vec<ValueRange>,
    /// In which lanes to compute it; for a boolean, in lanes of which width its mask comes about.
    pub lanes: Vec<Lane>,
    /// Whether it is a quotient that only outputs see which round it, so that lanes of f32 are exact enough.
    pub rounded_quotients: Vec<bool>,
}

impl Analysis {
    /// The analysis of a kernel of whose values nothing is known.
    pub fn of_nothing_known(kernel: &Kernel) -> Analysis {
        let nodes = kernel.node_count();
        Analysis {
            ranges: vec![ValueRange::ANY; nodes],
            lanes: vec![Lane::F64; nodes],
            rounded_quotients: vec![false; nodes],
        }
    }
}

/// Values that are whole are so whatever their size; so small ones tell, which no operation makes too large to be exact.
const SMALL: f64 = 1024.0;

/// Which outputs are whole numbers, or NaN, if these inputs are, and if all params and weights are or not, for so many cells.
pub fn whole_outputs(kernel: &Kernel, inputs: &[bool], params: bool, taps: usize) -> Vec<bool> {
    let range = |whole: bool| match whole {
        true => ValueRange::integers(-SMALL, SMALL),
        false => ValueRange::ANY,
    };
    let inputs: Vec<ValueRange> = inputs.iter().map(|whole| range(*whole)).collect();
    output_ranges(kernel, &inputs, range(params), taps..=taps, Lacking::None)
        .iter()
        .map(|range| range.integral)
        .collect()
}

/// Which outputs may be NaN if the inputs have such elements, and this is outside them, if windows have so many cells that take part, and if
/// params are numbers.
pub fn nan_outputs(
    kernel: &Kernel,
    (inputs, outside): (&[DType], Option<f64>),
    taps: RangeInclusive<usize>,
    lacking: Lacking,
) -> Vec<bool> {
    let inputs: Vec<ValueRange> = inputs.iter().map(|dtype| ValueRange::of_input(*dtype, outside, false)).collect();
    output_ranges(kernel, &inputs, ValueRange::FINITE, taps, lacking).iter().map(|range| range.nan).collect()
}

/// What the outputs may be if elements and params are in these ranges.
fn output_ranges(
    kernel: &Kernel,
    inputs: &[ValueRange],
    params: ValueRange,
    taps: RangeInclusive<usize>,
    lacking: Lacking,
) -> Vec<ValueRange> {
    let facts = Facts {
        inputs,
        params,
        taps: *taps.end(),
        least: *taps.start(),
        lacking,
        outputs_float: &[],
        outputs_rounded: &[],
        known: &[],
        wholes: &[],
        window_len: None,
        precision: Precision::Exact,
    };
    let (rounded, long) = (vec![false; kernel.node_count()], vec![None; kernel.node_count()]);
    let ranges = ranges(kernel, &facts, Round { rounded: &rounded, long: &long });
    kernel.outputs.iter().map(|output| ranges[output.value.index()]).collect()
}

/// Whether a node is a sum of so many cells that they are added one after the other: in f32s each addition would lose what is small
/// beside the sum so far.
fn is_long_sum(kernel: &Kernel, facts: &Facts<'_>, id: ExprId) -> bool {
    let sums = matches!(kernel.expr(id), Expr::Reduce { op: Reduction::Sum, .. });
    sums && facts.taps > tuning::MAX_UNROLLED_CELLS
}

/// Follows the values through `kernel`, and chooses the narrowest lanes.
///
/// A comparison's lanes are those in which to compare its operands. A constant's are the narrowest that hold it, but it
/// is to be made in the lanes of what it meets, by way of [`threshold`] in a comparison. A comparison, or any other
/// node, whose range is one point need not be computed.
pub fn analyse(kernel: &Kernel, facts: &Facts<'_>) -> Analysis {
    // In single precision, which nodes are in f32 lanes for want of f64. Their values are rounded, so that what follows from
    // them may need wider lanes, too.
    let mut rounded = vec![false; kernel.node_count()];
    let long = long_lanes(kernel, facts);
    let places = places(kernel);
    loop {
        let ranges = ranges(kernel, facts, Round { rounded: &rounded, long: &long });
        let demanded = signed_zero_demand(kernel, facts, &ranges);
        // The sign of a zero that nothing can see need not be held.
        let held = ranges
            .iter()
            .zip(&demanded)
            .map(|(range, demanded)| ValueRange { neg_zero: range.neg_zero && *demanded, ..*range });
        let mut lanes = lanes(kernel, facts, held.collect(), &long);
        let mut settled = true;
        if facts.precision == Precision::Single {
            for (index, (lane, rounded)) in lanes.iter_mut().zip(&mut rounded).enumerate() {
                let is_exact = places[index] || is_long_sum(kernel, facts, ExprId::from_index(index));
                if *lane != Lane::F64 || is_exact {
                    continue;
                }
                *lane = Lane::F32;
                settled &= *rounded;
                *rounded = true;
            }
        }
        if settled {
            let rounded_quotients = match facts.precision {
                Precision::Exact => rounded_quotients(kernel, facts, &ranges),
                // They are in lanes of f32 as all else is.
                Precision::Single => vec![false; kernel.node_count()],
            };
            let narrow = lanes.iter_mut().zip(&rounded_quotients).filter(|(_, rounded)| **rounded);
            narrow.for_each(|(lane, _)| *lane = Lane::F32);
            for (id, _) in kernel.live_nodes().filter(|(id, _)| rounded_quotients[id.index()]) {
                if quotient_factor(kernel, &ranges, id).is_some() {
                    lanes[id.index()] = Lane::I16;
                }
            }
            return Analysis { ranges, lanes, rounded_quotients };
        }
    }
}
