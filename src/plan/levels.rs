//! The levels of a scope: the topological order in which what needs a reduction is above it.

use std::collections::HashMap;

use crate::lang::hir::{Expr, ExprId, FoldId, Kernel};
use crate::lang::schedule::{Schedule, Step};

/// What can be computed together, given the levels below.
#[derive(Default)]
pub struct Level {
    /// Reductions, which need only levels below.
    pub reductions: Vec<ExprId>,
    /// Folds, which need only levels below.
    pub folds: Vec<FoldId>,
    /// Scalars, operands first, which may need the level's reductions and folds.
    pub scalars: Vec<ExprId>,
}

/// The levels of the steps of one scope.
pub fn levels(kernel: &Kernel, schedule: &Schedule, steps: &[Step]) -> Vec<Level> {
    let mut level_of: HashMap<ExprId, usize> = HashMap::new();
    let mut level_of_fold: HashMap<FoldId, usize> = HashMap::new();
    let mut placed: Vec<(usize, Step)> = Vec::with_capacity(steps.len());
    for step in steps {
        // Nodes of outer scopes are there already: they are on level 0.
        let known = |id: ExprId| level_of.get(&id).copied().unwrap_or(0);
        let level = match *step {
            Step::Fold(id) => {
                let level = below_fold(kernel, schedule, id, &known) + 1;
                level_of_fold.insert(id, level);
                level
            }
            Step::Node(id) => {
                let expr = kernel.expr(id);
                let mut level = 0;
                expr.for_each_operand(|operand| level = level.max(known(operand)));
                match expr {
                    Expr::Reduce { .. } => level += 1,
                    Expr::FoldValue(fold, _) => level = level_of_fold[fold],
                    _ => {}
                }
                level_of.insert(id, level);
                level
            }
        };
        placed.push((level, *step));
    }
    let mut levels: Vec<Level> = Vec::new();
    levels.resize_with(placed.iter().map(|(level, _)| level + 1).max().unwrap_or(0), Level::default);
    for (level, step) in placed {
        let level = &mut levels[level];
        match step {
            Step::Fold(fold) => level.folds.push(fold),
            Step::Node(id) if matches!(kernel.expr(id), Expr::Reduce { .. }) => level.reductions.push(id),
            // Window nodes are computed at each cell by those who need them.
            Step::Node(id) if kernel.ty(id).is_window() => {}
            Step::Node(id) => level.scalars.push(id),
        }
    }
    levels
}

/// The highest level that `fold`, with the folds in its body, needs from the scope around it.
fn below_fold(kernel: &Kernel, schedule: &Schedule, fold: FoldId, known: &impl Fn(ExprId) -> usize) -> usize {
    let mut highest = 0;
    let mut open = vec![fold];
    while let Some(id) = open.pop() {
        let fold = kernel.fold(id);
        for part in fold.parts() {
            highest = highest.max(known(part));
        }
        for step in schedule.body(id) {
            match *step {
                Step::Node(id) => kernel.expr(id).for_each_operand(|operand| highest = highest.max(known(operand))),
                Step::Fold(inner) => open.push(inner),
            }
        }
    }
    highest
}
