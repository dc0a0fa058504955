//! Abstract interpretation: the range of every node, with a fixpoint for the accumulators of folds.
//!
//! One pass over the arena gives the ranges of nodes outside folds. Accumulators are iterated: each round joins what one more cell may
//! make of them, and an accumulator that still grows after some rounds is widened to anything.

use super::single::{error_in_single, overflows_in_single};
use super::transfer::{binary, fma, reduce, truth, unary};
use super::value_range::{ValueRange, WHOLE_LIMIT};
use crate::grid::element::Precision;
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId, FoldId, Kernel, Reduction};
use crate::lang::ops::BinaryOp;
use crate::lang::types::Elem;
use crate::lang::whole::{Whole, WholeFacts, wholes};

/// No footprint has an offset beyond this.
const OFFSET_LIMIT: f64 = 16_777_216.0;

/// How many rounds look for the ranges of the folds' accumulators before all of them are widened.
const FOLD_ROUNDS: usize = 32;

/// The widening threshold: after so many rounds an accumulator whose range still grows is widened.
const WIDENING_ROUND: usize = 24;

/// What is known of a kernel's surroundings when code is made for it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What the elements of each input are, those that the boundary mode gives included.
    pub inputs: &'a [ValueRange],
    /// What the params and the weights are.
    pub params: ValueRange,
    /// The cells of the footprint.
    pub taps: usize,
    /// How many of them a window has at least: all of them, but where what is asked is what values may be if some take no part.
    pub least: usize,
    /// Which cells at fixed offsets may take no part: none, but where that is asked.
    pub lacking: Lacking,
    /// Whether each output is stored as a float, where the sign of a zero shows.
    pub outputs_float: &'a [bool],
    /// Whether each output is rounded to the nearest integer, if that is said.
    pub outputs_rounded: &'a [bool],
    /// What is known of each node besides, by index.
    pub known: &'a [ValueRange],
    /// What the elements of each input are as 64-bit integers; none if no input has such.
    pub wholes: &'a [Whole],
    /// The number of cells of every window of the run, if it is one number.
    pub window_len: Option<usize>,
    /// How exact the outputs must be. In single precision params are finite if they are as f32s.
    pub precision: Precision,
}

/// Which cells at fixed offsets from a pixel may take no part, and be NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacking {
    None,
    /// All but the pixel's own.
    Others,
    All,
}

impl Facts<'_> {
    /// What a cell at a fixed offset from the pixel is.
    fn fixed_cell(&self, input: usize, offset: &[i32]) -> ValueRange {
        let may_lack = match self.lacking {
            Lacking::None => false,
            Lacking::Others => offset.iter().any(|along| *along != 0),
            Lacking::All => true,
        };
        let element = self.inputs[input];
        ValueRange { nan: element.nan || may_lack, ..element }
    }

    /// What an accumulator is after all cells, of which there may be none: its first value, or what the last of them made of it.
    fn after_cells(&self, first: ValueRange, last: ValueRange) -> ValueRange {
        match (self.least, self.taps) {
            (_, 0) => first,
            (0, _) => first.join(last),
            _ => last,
        }
    }
}

/// For each node the lanes of the 64-bit integers that it is, or that it compares, if they must keep every bit.
pub fn long_lanes(kernel: &Kernel, facts: &Facts<'_>) -> Vec<Option<Lane>> {
    let facts = WholeFacts { inputs: facts.wholes, taps: facts.window_len, absence: false };
    let lane = |whole: &Whole| whole.is_exact().then_some(if whole.signed { Lane::I64 } else { Lane::U64 });
    wholes(kernel, &facts).iter().map(lane).collect()
}

/// What the analyses of one round share.
#[derive(Clone, Copy)]
pub struct Round<'a> {
    /// Those nodes are computed in f32s although they need not be f32s.
    pub rounded: &'a [bool],
    /// See [`long_lanes`].
    pub long: &'a [Option<Lane>],
}

/// The range of every node, by index.
pub fn ranges(kernel: &Kernel, facts: &Facts<'_>, given: Round<'_>) -> Vec<ValueRange> {
    let folds = || (0..kernel.fold_count()).map(|fold| kernel.fold(FoldId::from_index(fold)));
    let anything = |id: &ExprId| match kernel.ty(*id).elem {
        Elem::Number => ValueRange::ANY,
        Elem::Boolean => ValueRange::BOOLEAN,
    };
    let unknown: Vec<Vec<ValueRange>> = folds().map(|fold| fold.init.iter().map(anything).collect()).collect();
    let mut ranges = forward(kernel, facts, given, &unknown);
    if unknown.is_empty() {
        return ranges;
    }
    // What an accumulator is at the start of a round, as far as is known: first its first value, then what the steps
    // so far may have made of it. If one more step makes nothing new of any of them, that is all.
    let mut assumed: Vec<Vec<ValueRange>> =
        folds().map(|fold| fold.init.iter().map(|init| ranges[init.index()]).collect()).collect();
    for round in 1..=FOLD_ROUNDS {
        ranges = forward(kernel, facts, given, &assumed);
        // A fold has no more steps than there are cells. (Where there are several folds, one may start late.)
        if round >= facts.taps && assumed.len() == 1 {
            return ranges;
        }
        let mut stable = true;
        for (fold, assumed) in folds().zip(&mut assumed) {
            for (index, assumed) in assumed.iter_mut().enumerate() {
                let found = ranges[fold.init[index].index()].join(ranges[fold.next[index].index()]);
                if !assumed.includes(&found) {
                    stable = false;
                    *assumed = if round < WIDENING_ROUND { assumed.join(found) } else { anything(&fold.init[index]) };
                }
            }
        }
        if stable {
            return ranges;
        }
    }
    forward(kernel, facts, given, &unknown)
}

/// One pass from operands to users, with what the accumulators of each fold are taken to be.
fn forward(kernel: &Kernel, facts: &Facts<'_>, given: Round<'_>, accumulators: &[Vec<ValueRange>]) -> Vec<ValueRange> {
    let mut ranges: Vec<ValueRange> = Vec::with_capacity(kernel.node_count());
    for (index, rounded) in given.rounded.iter().enumerate() {
        // Operands become f32s as well.
        let of = |id: ExprId| if *rounded { ranges[id.index()].in_single(0.0) } else { ranges[id.index()] };
        let expr = kernel.expr(ExprId::from_index(index));
        let range = match *expr {
            Expr::Number(bits) => ValueRange::exactly(f64::from_bits(bits)),
            Expr::Boolean(value) => truth(value, !value),
            Expr::Param(_) | Expr::Weight(_) => facts.params,
            Expr::Tap(input) => facts.inputs[input],
            Expr::At { input, ref offset } => facts.fixed_cell(input, offset),
            Expr::Offset(_) => ValueRange::integers(-OFFSET_LIMIT, OFFSET_LIMIT),
            // Far more than the diagonal of the largest footprint.
            Expr::Dist => ValueRange { neg_zero: false, ..ValueRange::real(0.0, 64.0 * OFFSET_LIMIT, false) },
            Expr::Coord(_) | Expr::Extent(_) => ValueRange::integers(0.0, WHOLE_LIMIT),
            Expr::Inside => truth(true, true),
            Expr::Len => ValueRange::integers(facts.least as f64, facts.taps as f64),
            Expr::Unary(op, a) => unary(op, of(a)),
            Expr::Binary(BinaryOp::Equal | BinaryOp::LessEqual, a, b) if a == b && !of(a).nan => {
                ValueRange::exactly(1.0)
            }
            Expr::Binary(BinaryOp::NotEqual, a, b) if a == b && !of(a).nan => ValueRange::exactly(0.0),
            Expr::Binary(op, a, b) => {
                let range = binary(op, of(a), of(b));
                let positive = op == BinaryOp::Subtract && range.integral && never_less(kernel, a, b);
                let square = op == BinaryOp::Multiply && a == b;
                match positive || square {
                    true => ValueRange { low: range.low.max(0.0), neg_zero: range.neg_zero && !square, ..range },
                    false => range,
                }
            }
            Expr::Fma(a, b, c) => fma(of(a), of(b), of(c)),
            Expr::Select(condition, yes, no) => match of(condition).point() {
                Some(value) => of(if value == 0.0 { no } else { yes }),
                None => of(yes).join(of(no)),
            },
            Expr::Reduce { op, window, filter, argument } => {
                let filtered = filter.is_some_and(|filter| of(filter).point() != Some(1.0));
                let argument = argument.map_or(ValueRange::exactly(0.0), of);
                match *rounded && overflows_in_single(op, &of(window), facts.taps) {
                    true => ValueRange::ANY,
                    false => reduce(op, of(window), facts.least..=facts.taps, filtered, argument),
                }
            }
            Expr::Accumulator(fold, index) => accumulators[fold.index()][index],
            Expr::Element(fold, index) => of(kernel.fold(fold).windows[index]),
            Expr::FoldValue(fold, index) => {
                let fold = kernel.fold(fold);
                facts.after_cells(of(fold.init[index]), of(fold.next[index]))
            }
        };
        let range = if *rounded { range.in_single(error_in_single(expr, facts.taps)) } else { range };
        let is_number = kernel.ty(ExprId::from_index(index)).elem == Elem::Number;
        let range = given.long[index].filter(|_| is_number).map_or(range, |lane| range.as_long(lane));
        ranges.push(facts.known.get(index).map_or(range, |known| range.meet(*known)));
    }
    ranges
}

/// Whether `a` is never less than `b`, whatever the window; both are numbers, and neither is NaN.
fn never_less(kernel: &Kernel, a: ExprId, b: ExprId) -> bool {
    let element_of = |id: ExprId, window: ExprId, filter: Option<ExprId>| match *kernel.expr(id) {
        Expr::Reduce { op, window: other, filter: condition, .. } => {
            use Reduction::{Max, Median, Min, Mode, Nth, Rank};
            matches!(op, Min | Max | Median | Rank | Mode | Nth) && other == window && condition == filter
        }
        _ => id == window && filter.is_none(),
    };
    let among = |id: ExprId, x: ExprId, y: ExprId| id == x || id == y;
    let above = match *kernel.expr(a) {
        Expr::Reduce { op: Reduction::Max, window, filter, .. } => element_of(b, window, filter),
        Expr::Binary(BinaryOp::Max, x, y) => among(b, x, y),
        _ => false,
    };
    above
        || match *kernel.expr(b) {
            Expr::Reduce { op: Reduction::Min, window, filter, .. } => element_of(a, window, filter),
            Expr::Binary(BinaryOp::Min, x, y) => among(a, x, y),
            _ => false,
        }
        || match (kernel.expr(a), kernel.expr(b)) {
            (&Expr::Binary(BinaryOp::Max, x, y), &Expr::Binary(BinaryOp::Min, z, w)) => {
                among(z, x, y) || among(w, x, y)
            }
            _ => false,
        }
}
