//! Which values are elements of inputs that are only chosen: no number is made of them, so that they may stand for anything that has an
//! order, such as dates.

use super::dataflow::{self, Accumulators};
use super::hir::{Expr, ExprId, Kernel, Reduction};
use super::ops::BinaryOp;

/// The inputs of which a value may be an element, a bit for each; none if it may be something else.
type Sources = Option<u64>;

/// From nothing, so that whatever else there may be decides.
const NOWHERE: Sources = Some(0);

fn join(a: Sources, b: Sources) -> Sources {
    Some(a? | b?)
}

/// For each output, the numbers of the inputs from which it is chosen; `None` if something is computed for it. `taps` is the number of
/// cells of every window, if it is one number.
///
/// Where no element is selected, a value is NaN all the same.
pub fn chosen_outputs(kernel: &Kernel, taps: Option<usize>) -> Vec<Option<Vec<usize>>> {
    let found = dataflow::solve(kernel, NOWHERE, join, |found, accumulators, id| {
        sources(kernel, taps, accumulators, found, id)
    });
    let numbers = |sources: u64| (0..u64::BITS as usize).filter(|input| sources >> input & 1 == 1).collect();
    kernel.outputs.iter().map(|output| found[output.value.index()].map(numbers)).collect()
}

/// Those of one node.
fn sources(
    kernel: &Kernel,
    taps: Option<usize>,
    accumulators: &Accumulators<Sources>,
    found: &[Sources],
    id: ExprId,
) -> Sources {
    let of = |id: ExprId| found[id.index()];
    let input = |number: usize| u32::try_from(number).ok().and_then(|bit| 1u64.checked_shl(bit));
    match *kernel.expr(id) {
        // What there is where there is nothing.
        Expr::Number(bits) if f64::from_bits(bits).is_nan() => NOWHERE,
        Expr::Tap(number) | Expr::At { input: number, .. } => input(number),
        Expr::Binary(BinaryOp::Min | BinaryOp::Max, a, b) | Expr::Select(_, a, b) => join(of(a), of(b)),
        Expr::Reduce { op, window, .. } => match op {
            Reduction::Min | Reduction::Max | Reduction::Mode | Reduction::Rank | Reduction::Nth => of(window),
            // That of an even number of elements is a number between two of them.
            Reduction::Median if taps.is_some_and(|taps| taps % 2 == 1) => of(window),
            _ => None,
        },
        Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) => accumulators[fold.index()][index],
        Expr::Element(fold, index) => of(kernel.fold(fold).windows[index]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::chosen_outputs;
    use crate::lang::check::check;
    use crate::lang::parse::parse;

    #[track_caller]
    fn are(source: &str, taps: Option<usize>, expected: &[Option<&[usize]>]) {
        let kernel = check(&parse(source).expect(source)).expect(source);
        let found = chosen_outputs(&kernel, taps);
        assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{source}");
    }

    #[test]
    fn elements_are_chosen_and_numbers_are_made() {
        are("min(w), max(w), rank(w, 1), mode(w), w[0, 1]", Some(9), &[Some(&[0][..]); 5]);
        are("mean(w), w[0] + 1, count(w == w), argmin(w), 3, abs(w[0])", Some(9), &[None; 6]);
        are("median(w)", Some(9), &[Some(&[0])]);
        are("median(w)", Some(4), &[None]);
        are("median(w)", None, &[None]);
        are("input a, b; nth(a, argmin(b)), if mean(b) > 3 then a[0] else b[0]", Some(3), &[Some(&[0]), Some(&[0, 1])]);
        are("max(w where w < mean(w))", Some(9), &[Some(&[0])]);
        are("if max(w) > 3 then max(w) else 3", Some(9), &[None]);
        are("fold least = w[0] for v in w: if v < least then v else least", Some(9), &[Some(&[0])]);
        are("fold all_of_it = 0 for v in w: all_of_it + v", Some(9), &[None]);
    }
}
