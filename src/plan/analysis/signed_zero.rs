//! A backward demand analysis: of which nodes the sign of a zero can be told.

use super::fixpoint::Facts;
use super::value_range::ValueRange;
use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::ops::ZeroSign;

/// Whether something can tell a node's -0 from its 0, for each node.
pub fn signed_zero_demand(kernel: &Kernel, facts: &Facts<'_>, ranges: &[ValueRange]) -> Vec<bool> {
    let mut demanded = vec![false; kernel.node_count()];
    for (output, float) in kernel.outputs.iter().zip(facts.outputs_float) {
        demanded[output.value.index()] |= float;
    }
    let live = kernel.live();
    for index in (0..kernel.node_count()).rev().filter(|index| live[*index]) {
        let shows = demanded[index];
        let of = |id: ExprId| &ranges[id.index()];
        let mut demand = |id: ExprId, shows: bool| demanded[id.index()] |= shows;
        match *kernel.expr(ExprId::from_index(index)) {
            Expr::Unary(op, a) => demand(a, shows && op.passes_sign()),
            Expr::Binary(op, a, b) => {
                let (first, second) = match op.row().zero_sign {
                    ZeroSign::Never => (false, false),
                    ZeroSign::Sum => (shows && of(b).neg_zero, shows && of(a).neg_zero),
                    ZeroSign::Difference => (shows && of(b).contains(0.0), shows && of(a).neg_zero),
                    ZeroSign::Product => (shows, shows),
                    ZeroSign::Quotient => (shows, true),
                    ZeroSign::Base => (true, false),
                    ZeroSign::Always => (true, true),
                };
                demand(a, first);
                demand(b, second);
            }
            Expr::Fma(a, b, c) => {
                demand(a, shows && of(c).neg_zero);
                demand(b, shows && of(c).neg_zero);
                demand(c, shows);
            }
            Expr::Select(_, yes, no) => {
                demand(yes, shows);
                demand(no, shows);
            }
            Expr::Reduce { op, window, .. } => demand(window, shows && op.row().passes_sign),
            Expr::Element(fold, index) => demand(kernel.fold(fold).windows[index], shows),
            Expr::FoldValue(fold, _) => {
                let fold = kernel.fold(fold);
                fold.init.iter().chain(&fold.next).for_each(|part| demand(*part, true));
            }
            Expr::Number(_)
            | Expr::Boolean(_)
            | Expr::Param(_)
            | Expr::Weight(_)
            | Expr::Tap(_)
            | Expr::At { .. }
            | Expr::Offset(_)
            | Expr::Dist
            | Expr::Coord(_)
            | Expr::Extent(_)
            | Expr::Inside
            | Expr::Len
            | Expr::Accumulator(..) => {}
        }
    }
    demanded
}
