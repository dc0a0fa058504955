//! In which vector lanes to compute each node of a kernel.
//!
//! A lane is right for a node if every value that the node may have is one of the lane's, if the operation gives it
//! there without rounding or wrapping, and if the operands come from lanes that widen to it: then the value is that of
//! f64 arithmetic. What integers lack is NaN, which the ranges exclude, and -0, which matters only where something can
//! tell it from 0.

use super::fixpoint::Facts;
use super::threshold::{Threshold, threshold};
use super::transfer::partial_sums;
use super::value_range::ValueRange;
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId, FoldId, Kernel};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::reductions::{LaneRule, Reduction};
use crate::lang::types::Elem;

/// How many rounds look for the lanes of a fold's accumulators before they get f64 lanes.
const FOLD_ROUNDS: usize = 8;

/// The lanes of every node, by index, where the lanes of each must hold the values of its range.
pub fn lanes(kernel: &Kernel, facts: &Facts<'_>, held: Vec<ValueRange>, long: &[Option<Lane>]) -> Vec<Lane> {
    Chooser::new(kernel, facts, held, long).choose()
}

/// Lanes with addition; there are none of u32, which have no sign and rarely the room.
const SUMS: [Lane; 7] = [Lane::U8, Lane::I8, Lane::U16, Lane::I16, Lane::I32, Lane::F32, Lane::F64];
/// Lanes with multiplication, and those that reductions add in.
const PRODUCTS: [Lane; 5] = [Lane::U16, Lane::I16, Lane::I32, Lane::F32, Lane::F64];
/// Lanes of floats.
const FLOATS: [Lane; 2] = [Lane::F32, Lane::F64];
/// Lanes with multiplication that wraps, so that it can overflow before an addition.
const FUSED: [Lane; 4] = [Lane::U16, Lane::I16, Lane::I32, Lane::F64];
/// Lanes to count in.
const COUNTS: [Lane; 4] = [Lane::U8, Lane::U16, Lane::I32, Lane::F64];

/// Chooses the lanes of one node after the other.
struct Chooser<'a> {
    kernel: &'a Kernel,
    facts: &'a Facts<'a>,
    /// What each node's lanes must hold.
    held: Vec<ValueRange>,
    /// The lanes of those that are 64-bit integers, or compare some.
    long: &'a [Option<Lane>],
    lanes: Vec<Lane>,
    /// The lanes of each fold's accumulators.
    accumulators: Vec<Vec<Lane>>,
}

impl<'a> Chooser<'a> {
    fn new(kernel: &'a Kernel, facts: &'a Facts<'a>, held: Vec<ValueRange>, long: &'a [Option<Lane>]) -> Chooser<'a> {
        let folds = (0..kernel.fold_count()).map(|index| kernel.fold(FoldId::from_index(index)));
        let mut accumulators: Vec<Vec<Lane>> = folds.map(|fold| vec![Lane::U8; fold.init.len()]).collect();
        for (index, range) in held.iter().enumerate() {
            match (kernel.expr(ExprId::from_index(index)), long[index]) {
                (Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index), Some(lane)) => {
                    accumulators[fold.index()][*index] = lane;
                }
                (Expr::Accumulator(fold, index), None) => accumulators[fold.index()][*index] = range.narrowest_lane(),
                _ => {}
            }
        }
        Chooser { kernel, facts, held, long, lanes: Vec::new(), accumulators }
    }

    fn choose(mut self) -> Vec<Lane> {
        for _ in 0..FOLD_ROUNDS {
            self.pass();
            if !self.widen_accumulators() {
                return self.lanes;
            }
        }
        self.accumulators.iter_mut().flatten().filter(|lane| !lane.is_long()).for_each(|lane| *lane = Lane::F64);
        self.pass();
        self.lanes
    }

    fn pass(&mut self) {
        self.lanes.clear();
        for index in 0..self.kernel.node_count() {
            let id = ExprId::from_index(index);
            let lane = match self.kernel.ty(id).elem {
                Elem::Number => self.number(id),
                Elem::Boolean => self.boolean(id),
            };
            self.lanes.push(lane);
        }
    }

    /// Makes each accumulator's lane hold what comes into it; whether that changed any.
    fn widen_accumulators(&mut self) -> bool {
        let before = self.accumulators.clone();
        for (index, lanes) in self.accumulators.iter_mut().enumerate() {
            let fold = self.kernel.fold(FoldId::from_index(index));
            for (lane, parts) in lanes.iter_mut().zip(fold.init.iter().zip(&fold.next)) {
                if lane.is_long() {
                    continue;
                }
                let parts = [*parts.0, *parts.1];
                *lane = if self.kernel.ty(parts[0]).elem == Elem::Boolean {
                    parts.iter().fold(*lane, |lane, part| lane.wider_mask(self.lanes[part.index()]))
                } else {
                    first(&Lane::ALL, |wider| {
                        let accepts = |part| accepts(self.kernel, &self.held, &self.lanes, part, wider);
                        lane.widens_to(wider) && parts.into_iter().all(accepts)
                    })
                };
            }
        }
        self.accumulators != before
    }

    fn accepts(&self, operand: ExprId, lane: Lane) -> bool {
        accepts(self.kernel, &self.held, &self.lanes, operand, lane)
    }

    /// The first of some lanes that has the values of `range`, and in which the operands can be had; an operand's own if
    /// it is no wider.
    fn first(&self, lanes: &[Lane], range: &ValueRange, operands: &[ExprId]) -> Lane {
        let right = |lane: Lane| range.fits(lane) && operands.iter().all(|operand| self.accepts(*operand, lane));
        let found = first(lanes, right);
        let mut own = operands.iter().map(|operand| self.lanes[operand.index()]);
        own.find(|own| own.bytes() == found.bytes() && lanes.contains(own) && right(*own)).unwrap_or(found)
    }

    fn number(&self, id: ExprId) -> Lane {
        if let Some(lane) = self.long[id.index()] {
            return lane;
        }
        let range = &self.held[id.index()];
        match *self.kernel.expr(id) {
            Expr::Unary(UnaryOp::Negate | UnaryOp::Abs, a) => self.first(&SUMS, range, &[a]),
            Expr::Unary(UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc, a) => {
                self.first(&Lane::ALL, range, &[a])
            }
            Expr::Unary(..) => Lane::F64,
            // In f32 lanes these are exact, because a result is known to be an f32 only where it is a whole number, or
            // one with another exponent.
            Expr::Binary(BinaryOp::Add | BinaryOp::Subtract, a, b) => self.first(&SUMS, range, &[a, b]),
            Expr::Binary(BinaryOp::Multiply, a, b) => self.first(&PRODUCTS, range, &[a, b]),
            Expr::Binary(BinaryOp::Min | BinaryOp::Max, a, b) => self.first(&Lane::ALL, range, &[a, b]),
            Expr::Binary(..) => Lane::F64,
            Expr::Fma(a, b, c) => self.first(&FUSED, range, &[a, b, c]),
            Expr::Select(_, yes, no) => self.first(&Lane::ALL, range, &[yes, no]),
            Expr::Reduce { op, window, filter, .. } => self.reduction(op, range, window, filter),
            Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) => self.accumulators[fold.index()][index],
            Expr::Element(fold, index) => self.lanes[self.kernel.fold(fold).windows[index].index()],
            Expr::Dist | Expr::Coord(_) | Expr::Extent(_) => Lane::F64,
            // They are f64s, whole or not, that are put into every lane.
            Expr::Param(_) | Expr::Weight(_) => self.first(&FLOATS, range, &[]),
            Expr::Number(_)
            | Expr::Boolean(_)
            | Expr::Tap(_)
            | Expr::At { .. }
            | Expr::Offset(_)
            | Expr::Inside
            | Expr::Len => range.narrowest_lane(),
        }
    }

    fn reduction(&self, op: Reduction, range: &ValueRange, window: ExprId, filter: Option<ExprId>) -> Lane {
        match op.row().lanes {
            LaneRule::PartialSums => {
                let partial = partial_sums(self.held[window.index()], self.facts.taps);
                self.first(&PRODUCTS, &partial, &[window])
            }
            // The mask is subtracted as it is, so the lanes are not narrower than it.
            LaneRule::Count => {
                let mask = self.lanes[window.index()].bytes();
                first(&COUNTS, |lane| range.fits(lane) && lane.bytes() >= mask)
            }
            LaneRule::Middle if self.facts.taps.is_multiple_of(2) || filter.is_some() => Lane::F64,
            LaneRule::Element | LaneRule::Middle => self.first(&Lane::ALL, range, &[window]),
            LaneRule::F64 => Lane::F64,
        }
    }

    fn boolean(&self, id: ExprId) -> Lane {
        let mask = |operand: ExprId| self.lanes[operand.index()];
        match *self.kernel.expr(id) {
            Expr::Unary(_, a) => mask(a),
            Expr::Binary(op, a, b) if self.kernel.ty(a).elem == Elem::Number => self.comparison(id, op, a, b),
            Expr::Binary(_, a, b) => mask(a).wider_mask(mask(b)),
            Expr::Select(condition, yes, no) => mask(condition).wider_mask(mask(yes)).wider_mask(mask(no)),
            Expr::Element(fold, index) => mask(self.kernel.fold(fold).windows[index]),
            Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) => self.accumulators[fold.index()][index],
            _ => Lane::U8,
        }
    }

    fn comparison(&self, id: ExprId, op: BinaryOp, a: ExprId, b: ExprId) -> Lane {
        if let Some(lane) = self.long[id.index()] {
            return lane;
        }
        let constant = |id: ExprId| match *self.kernel.expr(id) {
            Expr::Number(bits) => Some(f64::from_bits(bits)),
            _ => None,
        };
        let (constant, operand, on_left) = match (constant(a), constant(b)) {
            (Some(constant), _) => (constant, b, true),
            (_, Some(constant)) => (constant, a, false),
            _ => return first(&Lane::ALL, |lane| self.accepts(a, lane) && self.accepts(b, lane)),
        };
        let lane = self.lanes[operand.index()];
        // What the ranges have decided is not computed, and has no demands on the lane.
        match threshold(lane, op, constant, on_left) {
            Threshold::Constant(constant) if self.held[id.index()].point().is_none() => {
                self.first(&Lane::ALL, &ValueRange::exactly(constant), &[operand])
            }
            _ => lane,
        }
    }
}

/// The first of `lanes` for which `right` holds, or f64, which has every value.
fn first(lanes: &[Lane], right: impl Fn(Lane) -> bool) -> Lane {
    lanes.iter().copied().find(|lane| right(*lane)).unwrap_or(Lane::F64)
}

/// Whether an operand can be had in `lane`: a constant if it is one of the lane's values; anything else if its own lane
/// widens to it, or is no wider and the values that there are happen to be in both, so that u16 becomes i16 for free.
fn accepts(kernel: &Kernel, held: &[ValueRange], lanes: &[Lane], operand: ExprId, lane: Lane) -> bool {
    let range = &held[operand.index()];
    match *kernel.expr(operand) {
        Expr::Number(_) | Expr::Len => range.fits(lane),
        _ => {
            let own = lanes[operand.index()];
            own.widens_to(lane) || (own.bytes() <= lane.bytes() && !own.is_float() && range.fits(lane))
        }
    }
}
