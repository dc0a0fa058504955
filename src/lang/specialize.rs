//! A kernel for one footprint, or for params of known values: what that makes known is folded.

use std::borrow::Cow;

use super::hir::{Assertion, Builder, Expr, ExprId, Kernel, Node, Reduction};
use super::ops::BinaryOp;
use super::reductions::Class;

/// `kernel` for windows of `len` cells: [`Expr::Len`] is a number, and what follows from that is computed.
///
/// Assertions that hold in every such window are dropped; one that holds in none has the condition `false`.
///
/// The divisor of a mean stays what it is, for the last bits of a mean are not specified, and those of a quotient are.
pub fn specialized(kernel: &Kernel, len: usize) -> Kernel {
    let replace = |builder: &mut Builder, _: ExprId, node: &Node, new: &dyn Fn(ExprId) -> ExprId| match node.expr {
        Expr::Len => Some(builder.number(len as f64)),
        Expr::Reduce { op, filter: None, argument: Some(argument), .. } if is_of_none(kernel, op, argument, len) => {
            Some(builder.number(f64::NAN))
        }
        Expr::Binary(BinaryOp::Divide, sum, by) if is_mean(kernel, sum, by) => {
            let len = builder.window_len();
            Some(builder.binary(BinaryOp::Divide, new(sum), len))
        }
        _ => None,
    };
    let mut kernel = kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), replace);
    let proven = |assertion: &Assertion| matches!(kernel.expr(assertion.condition), Expr::Boolean(true));
    let assertions = kernel.assertions.iter().filter(|assertion| !proven(assertion)).cloned().collect();
    kernel.assertions = assertions;
    kernel
}

/// Whether the quotient of these is the mean of a window's elements.
pub fn is_mean(kernel: &Kernel, dividend: ExprId, divisor: ExprId) -> bool {
    let is_sum = matches!(kernel.expr(dividend), Expr::Reduce { op: Reduction::Sum, filter: None, .. });
    is_sum && matches!(kernel.expr(divisor), Expr::Len)
}

/// Whether this is the mean of what is left after all elements are trimmed.
fn is_of_none(kernel: &Kernel, op: Reduction, argument: ExprId, len: usize) -> bool {
    let Expr::Number(bits) = *kernel.expr(argument) else { return false };
    let trimmed = f64::from_bits(bits);
    op == Reduction::TrimmedMean && trimmed.fract() == 0.0 && trimmed >= len as f64 / 2.0
}

/// Which params decide about the ranks of order statistics, and nothing of the pixel beside them: with their values, networks can find
/// these elements.
pub fn params_of_ranks(kernel: &Kernel) -> Vec<bool> {
    let mut decides = vec![false; kernel.params.len()];
    for (_, node) in kernel.live_nodes() {
        if let Expr::Reduce { op, argument: Some(argument), .. } = node.expr
            && matches!(op.class(), Class::Ranked(_))
            && let Some(params) = params_alone(kernel, argument, Places::None)
        {
            params.into_iter().for_each(|param| decides[param] = true);
        }
    }
    decides
}

/// Which params decide, with the places of cells in the window and nothing else, what takes part in reductions: with their values, the cells that do
/// are a footprint of their own.
pub fn params_of_places(kernel: &Kernel) -> Vec<bool> {
    let mut decides = vec![false; kernel.params.len()];
    for (_, node) in kernel.live_nodes() {
        let condition = match node.expr {
            Expr::Reduce { op: Reduction::Count, window, .. } => window,
            Expr::Reduce { filter: Some(filter), .. } => filter,
            _ => continue,
        };
        let mut open = vec![condition];
        while let Some(id) = open.pop() {
            match *kernel.expr(id) {
                Expr::Binary(BinaryOp::And, x, y) => open.extend([x, y]),
                _ => {
                    params_alone(kernel, id, Places::Some).into_iter().flatten().for_each(|param| decides[param] = true)
                }
            }
        }
    }
    decides
}

/// Whether something may depend on the place of the cell in the window.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Places {
    None,
    Some,
}

/// The params that a value depends on, if it depends on nothing else that differs between runs or pixels.
fn params_alone(kernel: &Kernel, value: ExprId, places: Places) -> Option<Vec<usize>> {
    let (mut params, mut open) = (Vec::new(), vec![value]);
    while let Some(id) = open.pop() {
        match *kernel.expr(id) {
            Expr::Param(param) => params.push(param),
            Expr::Number(_) | Expr::Boolean(_) | Expr::Len => {}
            Expr::Offset(_) | Expr::Dist if places == Places::Some => {}
            ref expr @ (Expr::Unary(..) | Expr::Binary(..) | Expr::Fma(..) | Expr::Select(..)) => {
                expr.for_each_operand(|operand| open.push(operand));
            }
            _ => return None,
        }
    }
    Some(params)
}

/// `kernel` with the numbers that some of its params are, by their bits.
pub fn with_known_params<'k>(kernel: &'k Kernel, known: &[Option<u64>]) -> Cow<'k, Kernel> {
    if known.iter().all(Option::is_none) {
        return Cow::Borrowed(kernel);
    }
    let replace = |builder: &mut Builder, _: ExprId, node: &Node, _: &dyn Fn(ExprId) -> ExprId| match node.expr {
        Expr::Param(param) => known[param].map(|bits| builder.number(f64::from_bits(bits))),
        _ => None,
    };
    Cow::Owned(kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), replace))
}

/// The first assertion that holds in no window, whatever is in it, of those that a function demands. An `assert` of the
/// program is left to the pixels.
pub fn disproved(specialized: &Kernel) -> Option<&Assertion> {
    let is_false = |assertion: &&Assertion| matches!(specialized.expr(assertion.condition), Expr::Boolean(false));
    specialized.assertions.iter().filter(|assertion| !assertion.explicit).find(is_false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::check::check;
    use crate::lang::parse::parse;

    fn nine(source: &str) -> Kernel {
        specialized(&check(&parse(source).expect(source)).expect(source), 9)
    }

    #[test]
    fn demands_that_hold_in_the_footprint_are_dropped() {
        for source in ["rank(w, 4)", "rank(w, len(w) - 1)", "rank(w, -9)", "percentile(w, 50)", "nth(w, 8)"] {
            assert_eq!(nine(source).assertions, [], "{source}");
            assert_eq!(disproved(&nine(source)), None, "{source}");
        }
        for source in ["rank(w, 9)", "rank(w, -10)", "rank(w, len(w))", "nth(w, len(w))"] {
            assert!(disproved(&nine(source)).is_some(), "{source}");
        }
        // What depends on the pixel stays.
        assert_eq!(nine("param k; rank(w, k)").assertions.len(), 1);
        // A program's own `assert` is for the pixels to break.
        let asserted = nine("assert len(w) > 9; min(w)");
        assert_eq!((asserted.assertions.len(), disproved(&asserted)), (1, None));
    }

    #[test]
    fn params_of_ranks_are_those_that_decide_alone() {
        let decide = |source: &str| params_of_ranks(&check(&parse(source).expect(source)).expect(source));
        assert_eq!(decide("param p; param q; param r; percentile(w, p / 2 + q) * r"), [true, true, false]);
        assert_eq!(decide("param p; param q; rank(w, min(p, len(w) - 1)) + trimmed_mean(w, q)"), [true, true]);
        assert_eq!(decide("param p; percentile(w, clamp(w[0] * p, 0, 100))"), [false]);
        assert_eq!(decide("param p; nth(w, p) + median(w where w > p)"), [false]);
    }

    #[test]
    fn params_of_places_are_those_that_select() {
        let decide = |source: &str| params_of_places(&check(&parse(source).expect(source)).expect(source));
        assert_eq!(decide("param r; param t; mean(w where dist() <= r and w > t)"), [true, false]);
        assert_eq!(decide("param r; count(offset(0) == r) + max(w)"), [true]);
        assert_eq!(decide("param r; max(w where dist() < w[0] * r) * r"), [false]);
    }

    #[test]
    fn known_params_are_numbers() {
        let kernel = check(&parse("param p; param q; rank(w, p + 1) * q").unwrap()).unwrap();
        let known = with_known_params(&kernel, &[Some(3f64.to_bits()), None]);
        assert_eq!(specialized(&known, 9).assertions, []);
        assert!(disproved(&specialized(&with_known_params(&kernel, &[Some(8f64.to_bits()), None]), 9)).is_some());
        assert_eq!(known.params.len(), 2);
    }

    #[test]
    fn a_mean_of_nothing_is_not_a_number() {
        assert!(!nine("trimmed_mean(w, 5)").live_nodes().any(|(_, node)| matches!(node.expr, Expr::Reduce { .. })));
        assert!(nine("trimmed_mean(w, 4)").live_nodes().any(|(_, node)| matches!(node.expr, Expr::Reduce { .. })));
    }

    #[test]
    fn the_number_of_cells_is_a_constant_but_in_a_mean() {
        assert!(nine("len(w) * 2 + 1").to_string().contains("= 19.0\n"));
        assert!(nine("mean(w)").to_string().contains("= len\n"));
        let quotient = nine("sum(w) / 9");
        assert!(!quotient.live_nodes().any(|(_, node)| node.expr == Expr::Len));
    }
}
