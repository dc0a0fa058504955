//! In which order to compute the nodes of a kernel: those that need no fold once, those inside a fold at each cell.

use std::collections::BTreeSet;

use super::hir::{Expr, ExprId, FoldId, Kernel};

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Compute a node. Its operands are computed already.
    Node(ExprId),
    /// Run a fold. Its first values and windows are computed already.
    Fold(FoldId),
}

/// The live nodes of a kernel, by the innermost fold that they depend on.
///
/// What does not depend on a fold's variables is outside it, even where the text has it inside.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// What to do once for each pixel, in order.
    pub once: Vec<Step>,
    bodies: Vec<Vec<Step>>,
}

impl Schedule {
    /// The schedule of `kernel`.
    pub fn new(kernel: &Kernel) -> Schedule {
        let mut schedule = Schedule { once: Vec::new(), bodies: vec![Vec::new(); kernel.fold_count()] };
        let mut scheduled = vec![false; kernel.fold_count()];
        let mut depends: Vec<BTreeSet<FoldId>> = vec![BTreeSet::new(); kernel.node_count()];
        for (id, node) in kernel.live_nodes() {
            let mut folds = BTreeSet::new();
            match node.expr {
                Expr::Accumulator(fold, _) | Expr::Element(fold, _) => {
                    folds.insert(fold);
                }
                Expr::FoldValue(fold, _) => {
                    kernel.fold(fold).parts().for_each(|part| folds.extend(&depends[part.index()]));
                    folds.remove(&fold);
                }
                _ => node.expr.for_each_operand(|operand| folds.extend(&depends[operand.index()])),
            }
            // Folds are numbered from the outside in, so the innermost one has the greatest number.
            let innermost = folds.last().copied();
            let steps = match innermost {
                Some(fold) => &mut schedule.bodies[fold.index()],
                None => &mut schedule.once,
            };
            if let Expr::FoldValue(fold, _) = node.expr
                && !std::mem::replace(&mut scheduled[fold.index()], true)
            {
                steps.push(Step::Fold(fold));
            }
            steps.push(Step::Node(id));
            depends[id.index()] = folds;
        }
        schedule
    }

    /// What to do at each cell of a fold, in order.
    pub fn body(&self, fold: FoldId) -> &[Step] {
        &self.bodies[fold.index()]
    }
}

/// How many operations a pixel takes in windows of `taps` cells: each node counts once for each cell of each loop that it
/// is in. An order statistic counts as one pass over the window.
pub fn operations(kernel: &Kernel, taps: usize) -> u64 {
    let schedule = Schedule::new(kernel);
    operations_of(kernel, &schedule, &schedule.once, taps as u64)
}

fn operations_of(kernel: &Kernel, schedule: &Schedule, steps: &[Step], taps: u64) -> u64 {
    let each = |step: &Step| match *step {
        Step::Fold(fold) => taps.saturating_mul(operations_of(kernel, schedule, schedule.body(fold), taps)),
        Step::Node(id) if kernel.ty(id).is_window() || matches!(kernel.expr(id), Expr::Reduce { .. }) => taps,
        Step::Node(_) => 1,
    };
    steps.iter().map(each).fold(0, u64::saturating_add)
}
