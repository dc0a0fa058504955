//! A kernel for one footprint: what the footprint makes known is folded.

use super::hir::{Assertion, Builder, Expr, ExprId, Kernel, Node, Reduction};
use super::ops::BinaryOp;

/// `kernel` for windows of `len` cells: [`Expr::Len`] is a number, and what follows from that is computed.
///
/// Assertions that hold in every such window are dropped; one that holds in none has the condition `false`.
///
/// The divisor of a mean stays what it is, for the last bits of a mean are not specified, and those of a quotient are.
pub fn specialized(kernel: &Kernel, len: usize) -> Kernel {
    let replace = |builder: &mut Builder, _: ExprId, node: &Node, new: &dyn Fn(ExprId) -> ExprId| match node.expr {
        Expr::Len => Some(builder.number(len as f64)),
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
fn is_mean(kernel: &Kernel, dividend: ExprId, divisor: ExprId) -> bool {
    let is_sum = matches!(kernel.expr(dividend), Expr::Reduce { op: Reduction::Sum, filter: None, .. });
    is_sum && matches!(kernel.expr(divisor), Expr::Len)
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
    fn the_number_of_cells_is_a_constant_but_in_a_mean() {
        assert!(nine("len(w) * 2 + 1").to_string().contains("= 19.0\n"));
        assert!(nine("mean(w)").to_string().contains("= len\n"));
        let quotient = nine("sum(w) / 9");
        assert!(!quotient.live_nodes().any(|(_, node)| node.expr == Expr::Len));
    }
}
