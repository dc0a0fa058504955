//! Which values are 64-bit integers that keep every bit: those that are only chosen from elements of such inputs.
//!
//! It is a matter of meaning, so that it is defined once for every engine. Arithmetic is in f64, and so is the choice
//! between an integer and a number that need not be one of its type.

use std::borrow::Cow;

use super::dataflow::{self, Accumulators};
use super::hir::{Builder, Expr, ExprId, Kernel, Node, Reduction};
use super::ops::{BinaryOp, UnaryOp};
use super::types::{Elem, Type};

/// What is known of a value that may be a 64-bit integer. Values form a lattice, which have joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Whole {
    /// Every value is an i64.
    pub signed: bool,
    /// Every value is a u64.
    pub unsigned: bool,
    /// Some values are elements of a 64-bit input, and need not be f64s.
    pub wide: bool,
    /// There may be no value, which is NaN: nothing was selected.
    pub absent: bool,
}

/// Whether a number is one of the whole numbers; -0 is none, because its sign may be told.
pub fn is_whole(value: f64) -> bool {
    value.fract() == 0.0 && (value != 0.0 || value.is_sign_positive())
}

impl Whole {
    /// Nothing is known.
    pub const NONE: Whole = Whole { signed: false, unsigned: false, wide: false, absent: false };
    /// Whatever else there may be decides.
    const NEUTRAL: Whole = Whole { signed: true, unsigned: true, wide: false, absent: false };
    /// The elements of an i64 input.
    pub const I64: Whole = Whole { signed: true, unsigned: false, wide: true, absent: false };
    /// The elements of a u64 input.
    pub const U64: Whole = Whole { signed: false, unsigned: true, wide: true, absent: false };

    /// The whole numbers between bounds.
    pub fn between(low: f64, high: f64) -> Whole {
        const LIMIT: f64 = 9_223_372_036_854_775_808.0; // 2^63
        let (signed, unsigned) = (-LIMIT <= low && high < LIMIT, 0.0 <= low && high < 2.0 * LIMIT);
        Whole { signed, unsigned, wide: false, absent: false }
    }

    fn constant(value: f64) -> Whole {
        if is_whole(value) { Whole::between(value, value) } else { Whole::NONE }
    }

    /// The values of either.
    fn join(self, other: Whole) -> Whole {
        Whole {
            signed: self.signed && other.signed,
            unsigned: self.unsigned && other.unsigned,
            wide: self.wide || other.wide,
            absent: self.absent || other.absent,
        }
    }

    /// Whether these are integers of one 64-bit type, some of them perhaps no f64s.
    pub fn is_exact(self) -> bool {
        self.wide && (self.signed || self.unsigned)
    }
}

/// What is known besides the kernel.
#[derive(Clone, Copy, Debug)]
pub struct WholeFacts<'a> {
    /// The elements of each input, those outside the array included.
    pub inputs: &'a [Whole],
    /// The number of cells of every window, if it is one number: not in mode `shrink`.
    pub taps: Option<usize>,
    /// Whether a 64-bit integer may be absent, which is NaN; else no node that may be is one.
    pub absence: bool,
}

/// For each node what its values are; for a comparison, what it compares.
pub fn wholes(kernel: &Kernel, facts: &WholeFacts<'_>) -> Vec<Whole> {
    if !facts.inputs.iter().any(|input| input.wide) {
        return vec![Whole::NONE; kernel.node_count()];
    }
    let kept = |id| matches!(kernel.expr(id), Expr::Accumulator(..) | Expr::FoldValue(..));
    dataflow::solve(kernel, Whole::NEUTRAL, Whole::join, |wholes, accumulators, id| {
        let Type { elem, .. } = kernel.ty(id);
        let whole = match elem {
            Elem::Number => number(kernel, facts, accumulators, wholes, id),
            Elem::Boolean => compared(kernel, wholes, id),
        };
        // Among the elements of a window none is absent, and none is what a fold keeps.
        let element = kernel.ty(id).is_window() && elem == Elem::Number;
        if whole.absent && (kept(id) || element) { Whole::NONE } else { whole }
    })
}

/// The kernel with a rounding wherever it chooses between 64-bit integers and something that makes f64s of both: what is known of a footprint or of params
/// may decide the choice before it is looked at, and the value would be another one.
pub fn with_roundings<'k>(kernel: &'k Kernel, facts: &WholeFacts<'_>) -> Cow<'k, Kernel> {
    let wholes = wholes(kernel, facts);
    let rounds = |id: ExprId| matches!(kernel.expr(id), Expr::Select(..)) && !wholes[id.index()].is_exact();
    let exact = |id: ExprId| wholes[id.index()].is_exact();
    let any = kernel.live_nodes().any(|(id, node)| match node.expr {
        Expr::Select(_, yes, no) => rounds(id) && (exact(yes) || exact(no)),
        _ => false,
    });
    if !any {
        return Cow::Borrowed(kernel);
    }
    let replace = |builder: &mut Builder, id: ExprId, node: &Node, new: &dyn Fn(ExprId) -> ExprId| {
        let Expr::Select(condition, yes, no) = node.expr else { return None };
        let mut side = |side: ExprId| {
            let (one, nothing) = (builder.number(1.0), builder.number(-0.0));
            if exact(side) { builder.fma(new(side), one, nothing) } else { new(side) }
        };
        let [yes, no] = if rounds(id) { [yes, no].map(&mut side) } else { return None };
        Some(builder.select(new(condition), yes, no))
    };
    Cow::Owned(kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), replace))
}

fn number(
    kernel: &Kernel,
    facts: &WholeFacts<'_>,
    accumulators: &Accumulators<Whole>,
    wholes: &[Whole],
    id: ExprId,
) -> Whole {
    let of = |id: ExprId| wholes[id.index()];
    match *kernel.expr(id) {
        Expr::Number(bits) if f64::from_bits(bits).is_nan() && facts.absence => {
            Whole { absent: true, ..Whole::NEUTRAL }
        }
        Expr::Number(bits) => Whole::constant(f64::from_bits(bits)),
        Expr::Tap(input) => facts.inputs[input],
        // Where windows lack cells, a cell may be missing: in every window, so that it makes no difference which of them do.
        Expr::At { input, ref offset } => {
            let missing = facts.taps.is_none() && offset.iter().any(|along| *along != 0);
            Whole { absent: missing, ..facts.inputs[input] }
        }
        Expr::Unary(UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc, a) => of(a),
        Expr::Binary(BinaryOp::Min | BinaryOp::Max, a, b) | Expr::Select(_, a, b) => of(a).join(of(b)),
        // Of no cells there is nothing to choose from.
        Expr::Reduce { .. } if facts.taps == Some(0) => Whole::NONE,
        Expr::Reduce { op, window, filter, .. } => match op {
            // Where there is no element of a rank, the kernel fails, but not where there is none at all and cells may be missing.
            Reduction::Min | Reduction::Max | Reduction::Mode | Reduction::Rank | Reduction::Nth => {
                Whole { absent: filter.is_some() && facts.absence, ..of(window) }
            }
            Reduction::Median if filter.is_none() && facts.taps.is_some_and(|taps| taps % 2 == 1) => of(window),
            _ => Whole::NONE,
        },
        Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) => accumulators[fold.index()][index],
        Expr::Element(fold, index) => of(kernel.fold(fold).windows[index]),
        _ => Whole::NONE,
    }
}

/// What a comparison compares. Any constant can be compared with an integer.
fn compared(kernel: &Kernel, wholes: &[Whole], id: ExprId) -> Whole {
    match *kernel.expr(id) {
        Expr::Binary(_, a, b) if kernel.ty(a).elem == Elem::Number => {
            let constant = |id: ExprId| matches!(kernel.expr(id), Expr::Number(_));
            match (constant(a), constant(b)) {
                (true, _) => wholes[b.index()],
                (_, true) => wholes[a.index()],
                _ => wholes[a.index()].join(wholes[b.index()]),
            }
        }
        _ => Whole::NONE,
    }
}
