//! What is known of nodes, from operands to users, where folds feed what is known of their last round back into the next one.

use std::collections::BTreeSet;

use super::hir::{Expr, ExprId, FoldId, Kernel};

/// What is known of each fold's accumulators.
pub type Accumulators<T> = Vec<Vec<T>>;

/// What is known of each node: what `transfer` makes of what is known of its operands, which come before it, and of the accumulators. What is known
/// of an accumulator begins with `least`, and is joined with what is known of its first and of its next value until nothing changes.
///
/// A node is looked at again only where something that it depends on has changed, so that long chains of accumulators take as many steps as there
/// are changes (the worklist algorithm of Kildall, 1973).
pub fn solve<T: Copy + PartialEq>(
    kernel: &Kernel,
    least: T,
    join: impl Fn(T, T) -> T,
    transfer: impl Fn(&[T], &Accumulators<T>, ExprId) -> T,
) -> Vec<T> {
    let fold = |fold: usize| kernel.fold(FoldId::from_index(fold));
    let mut accumulators: Accumulators<T> =
        (0..kernel.fold_count()).map(|index| vec![least; fold(index).init.len()]).collect();
    let mut known: Vec<T> = Vec::with_capacity(kernel.node_count());
    for index in 0..kernel.node_count() {
        known.push(transfer(&known, &accumulators, ExprId::from_index(index)));
    }
    let users = Users::of(kernel);
    // The accumulators whose first or next value has changed; nodes in the order of the arena, so that operands are settled first.
    let mut fed: Vec<(usize, usize)> =
        accumulators.iter().enumerate().flat_map(|(fold, of)| (0..of.len()).map(move |index| (fold, index))).collect();
    let mut changed = BTreeSet::new();
    while let Some((at, index)) = fed.pop() {
        let accumulator = &mut accumulators[at][index];
        let [init, next] = [fold(at).init[index], fold(at).next[index]].map(|id| known[id.index()]);
        let joined = join(join(*accumulator, init), next);
        if joined == *accumulator {
            continue;
        }
        *accumulator = joined;
        changed.extend(&users.of_accumulators[at][index]);
        while let Some(node) = changed.pop_first() {
            let new = transfer(&known, &accumulators, ExprId::from_index(node));
            if new != known[node] {
                known[node] = new;
                changed.extend(&users.of_nodes[node]);
                fed.extend(&users.fed[node]);
            }
        }
    }
    known
}

/// Who depends on what.
struct Users {
    /// The nodes that have a node for an operand.
    of_nodes: Vec<Vec<usize>>,
    /// The accumulators, by fold and number, whose first or next value a node is.
    fed: Vec<Vec<(usize, usize)>>,
    /// The nodes that are an accumulator, in the fold or after it.
    of_accumulators: Vec<Vec<Vec<usize>>>,
}

impl Users {
    fn of(kernel: &Kernel) -> Users {
        let folds = || (0..kernel.fold_count()).map(|fold| kernel.fold(FoldId::from_index(fold)));
        let mut users = Users {
            of_nodes: vec![Vec::new(); kernel.node_count()],
            fed: vec![Vec::new(); kernel.node_count()],
            of_accumulators: folds().map(|fold| vec![Vec::new(); fold.init.len()]).collect(),
        };
        for (at, fold) in folds().enumerate() {
            for index in 0..fold.init.len() {
                [fold.init[index], fold.next[index]].iter().for_each(|id| users.fed[id.index()].push((at, index)));
            }
        }
        for node in 0..kernel.node_count() {
            let expr = kernel.expr(ExprId::from_index(node));
            match expr {
                Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) => {
                    users.of_accumulators[fold.index()][*index].push(node);
                }
                Expr::Element(fold, index) => users.of_nodes[kernel.fold(*fold).windows[*index].index()].push(node),
                _ => expr.for_each_operand(|operand| users.of_nodes[operand.index()].push(node)),
            }
        }
        users
    }
}
