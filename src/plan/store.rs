//! How values become elements of an output.

use super::analysis::Analysis;
use super::pass::PassOutput;
use crate::grid::element::{Cast, DType};
use crate::grid::lane::Lane;
use crate::lang::hir::{ExprId, Kernel};
use crate::lang::ops::UnaryOp;
use crate::lang::types::Elem;

/// Below this magnitude an f64 becomes a 64-bit integer by adding a number whose last bit counts as 1.
pub const LONG_BY_ADDITION: f64 = 2_251_799_813_685_248.0; // 2^51

/// What is done to a value before it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Store {
    /// The value as it is; a boolean as 0 and 1.
    Value(Lane),
    /// A number as a boolean, 0 or 1.
    Truth(Cast),
    /// A number as an integer.
    Integer(Rounding),
}

/// How a number becomes an integer, step by step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounding {
    /// The lanes that it is done in.
    pub via: Lane,
    /// Whether there may be NaN, which becomes 0.
    pub nan_to_zero: bool,
    /// Whether f32s are converted by adding a number whose last bit counts as 1, which rounds to the nearest: what comes is less than
    /// 2^22.
    pub by_addition: bool,
    /// How fractions are rounded, where the conversion does not do that.
    pub round: Option<UnaryOp>,
    /// Whether f64s become 64-bit integers by way of their halves, of 32 bits each: they may be too large for [`LONG_BY_ADDITION`].
    pub by_halves: bool,
    /// The least and the greatest value, where others may come.
    pub clamp: Option<(f64, f64)>,
    /// Whether the low bits are kept of what does not fit.
    pub wrap: bool,
    /// The lanes that are stored.
    pub lane: Lane,
}

impl Store {
    /// The lanes that are stored.
    pub fn lane(self) -> Lane {
        match self {
            Store::Value(lane) => lane,
            Store::Truth(_) => Lane::U8,
            Store::Integer(rounding) => rounding.lane,
        }
    }

    /// How the value of node `id` becomes an element of `output`.
    pub fn new(kernel: &Kernel, analysis: &Analysis, id: ExprId, output: PassOutput, cast: Cast) -> Store {
        let range = &analysis.ranges[id.index()];
        let boolean = kernel.ty(id).elem == Elem::Boolean;
        let lane = output.lane;
        if boolean || lane.is_float() {
            return Store::Value(lane);
        }
        if output.dtype == DType::Bool {
            return Store::Truth(cast);
        }
        let via = match analysis.lanes[id.index()] {
            // The limits of 32-bit integers are not f32s.
            Lane::F32 if lane.bytes() >= 4 => Lane::F64,
            lane => lane,
        };
        let least = if via.is_long() { via.least().max(range.low) } else { range.low };
        // The greatest 64-bit integer is no f64, but its own lane's are all inside.
        let fits = !range.nan && lane.least() <= least && (range.high <= lane.greatest() || via == lane);
        let by_halves = via == Lane::F64 && lane.is_long() && !range.is_within(LONG_BY_ADDITION);
        let round = match cast {
            Cast::Wrap => Some(UnaryOp::Trunc),
            // Halves are those of a whole number; else rounding to the nearest is part of the conversion.
            Cast::Saturate => by_halves.then_some(UnaryOp::Round),
        };
        let limit = |limit: f64| limit.clamp(via.least(), via.greatest());
        Store::Integer(Rounding {
            via,
            nan_to_zero: via.is_float() && range.nan,
            // What is stored in 32 bits goes by way of f64s.
            by_addition: via == Lane::F32 && cast == Cast::Saturate,
            round: round.filter(|_| via.is_float() && !range.integral),
            by_halves,
            clamp: (!fits && cast == Cast::Saturate).then(|| (limit(lane.least()), limit(lane.greatest()))),
            wrap: !fits && cast == Cast::Wrap,
            lane,
        })
    }
}
