//! What is the same for every pixel: computed once for a run, and a param or a weights vector for the code.
//!
//! A bilateral filter's spatial weights, say, are a window that depends on offsets and params only.

use std::collections::HashMap;

use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, Expr, ExprId, Kernel, Node, Param};
use crate::lang::interpret::{Interpreter, Settings};
use crate::lang::ops::BinaryOp;
use crate::lang::specialize::is_mean;
use crate::lang::types::Elem;

/// A kernel of which everything that is the same for all pixels is a param or a weights vector.
#[derive(Clone, Debug)]
pub struct Hoisted {
    /// The kernel that they were hoisted out of.
    pub original: Kernel,
    /// What remains for each pixel.
    pub kernel: Kernel,
    /// The nodes of the original kernel whose values are its params, in order.
    pub params: Vec<ExprId>,
    /// The nodes of the original kernel whose elements are its weights, in order.
    pub weights: Vec<ExprId>,
}

/// Lifts what is the same for every pixel out of `kernel`.
///
/// What depends on nothing but the place of the cell is left where it is while `unrolled` holds: then the compiler knows
/// its values.
pub fn hoist(kernel_before: Kernel, unrolled: bool) -> Hoisted {
    let kernel = &kernel_before;
    let invariant = invariant_nodes(kernel);
    // What depends on run-time values at all; the rest is made of constants and places.
    let mut settable = vec![false; kernel.node_count()];
    for (id, node) in kernel.live_nodes() {
        let mut depends = matches!(node.expr, Expr::Param(_) | Expr::Weight(_) | Expr::Extent(_));
        node.expr.for_each_operand(|operand| depends |= settable[operand.index()]);
        settable[id.index()] = depends;
    }
    let (mut params, mut weights) = (Vec::new(), Vec::new());
    let replace = |builder: &mut Builder, id: ExprId, node: &Node, _: &dyn Fn(ExprId) -> ExprId| {
        let place = matches!(node.expr, Expr::Offset(_) | Expr::Dist | Expr::Len | Expr::Number(_));
        // A mean as a whole: what is left of it must not be divided by the number of other cells, those of a part of the window.
        let reduced = match node.expr {
            Expr::Reduce { .. } => true,
            Expr::Binary(BinaryOp::Divide, sum, by) => is_mean(kernel, sum, by),
            _ => false,
        };
        let known = !settable[id.index()] && (unrolled && !reduced || place);
        // Booleans are cheap to make of the numbers that they compare.
        if !invariant[id.index()] || known || node.ty.elem == Elem::Boolean {
            return None;
        }
        let (list, expr) = match node.ty.is_window() {
            true => (&mut weights, Expr::Weight as fn(usize) -> Expr),
            false => (&mut params, Expr::Param as fn(usize) -> Expr),
        };
        list.push(id);
        Some(builder.leaf(expr(list.len() - 1), node.ty))
    };
    // There are at most this many of either until those that count are known.
    let most = invariant.iter().filter(|same| **same).count();
    let names = |count: usize| (0..count).map(|index| index.to_string());
    let params_named = |count: usize| names(count).map(|name| Param { name, default: None }).collect();
    let kernel_after = kernel.rewritten(params_named(most), names(most).collect(), replace);
    // Hoisted are also those inside others; only what the rewritten kernel reads counts.
    let mut used_params = vec![None; params.len()];
    let mut used_weights = vec![None; weights.len()];
    let (mut kept_params, mut kept_weights) = (Vec::new(), Vec::new());
    for (_, node) in kernel_after.live_nodes() {
        let (used, kept, all, index) = match node.expr {
            Expr::Param(index) => (&mut used_params, &mut kept_params, &params, index),
            Expr::Weight(index) => (&mut used_weights, &mut kept_weights, &weights, index),
            _ => continue,
        };
        used[index] = Some(kept.len());
        kept.push(all[index]);
    }
    let kernel = kernel_after.rewritten(
        params_named(kept_params.len()),
        names(kept_weights.len()).collect(),
        |builder: &mut Builder, _: ExprId, node: &Node, _: &dyn Fn(ExprId) -> ExprId| match node.expr {
            Expr::Param(index) => Some(builder.leaf(Expr::Param(used_params[index]?), node.ty)),
            Expr::Weight(index) => Some(builder.leaf(Expr::Weight(used_weights[index]?), node.ty)),
            _ => None,
        },
    );
    Hoisted { original: kernel_before, kernel, params: kept_params, weights: kept_weights }
}

/// Which nodes have the same value, or the same elements, at every pixel.
pub fn invariant_nodes(kernel: &Kernel) -> Vec<bool> {
    let mut invariant = vec![false; kernel.node_count()];
    for (id, node) in kernel.live_nodes() {
        let mut same = !matches!(
            node.expr,
            Expr::Tap(_)
                | Expr::At { .. }
                | Expr::Coord(_)
                | Expr::Accumulator(..)
                | Expr::Element(..)
                | Expr::FoldValue(..)
        );
        node.expr.for_each_operand(|operand| same &= invariant[operand.index()]);
        invariant[id.index()] = same;
    }
    invariant
}

/// Whether the elements of an invariant node depend on nothing of a cell but its distance.
fn is_radial(kernel: &Kernel, id: ExprId) -> bool {
    let mut radial = vec![false; kernel.node_count()];
    for (node, _) in kernel.live_nodes().take_while(|(node, _)| *node <= id) {
        let mut same =
            !matches!(kernel.expr(node), Expr::Offset(_) | Expr::Weight(_) | Expr::Reduce { .. } | Expr::FoldValue(..));
        kernel.expr(node).for_each_operand(|operand| same &= radial[operand.index()]);
        radial[node.index()] = same;
    }
    radial[id.index()]
}

impl Hoisted {
    /// For each weights vector whose elements depend on nothing of a cell but its distance from the pixel, the first of the cells that are
    /// as far away, for each cell: their weights are equal, whatever the values of params.
    pub fn equal_weights(&self, cells: &Cells) -> Vec<Option<Vec<usize>>> {
        let mut first: HashMap<u64, usize> = HashMap::new();
        let firsts: Vec<usize> =
            (0..cells.taps()).map(|tap| *first.entry(cells.dist(tap).to_bits()).or_insert(tap)).collect();
        let radial = |id: &ExprId| is_radial(&self.original, *id).then(|| firsts.clone());
        self.weights.iter().map(radial).collect()
    }

    /// The values of the params, then those of each weights vector, for one run.
    pub fn values(&self, cells: &Cells, settings: &Settings, extent: &[usize]) -> Vec<f64> {
        let invariant = invariant_nodes(&self.original);
        let mut interpreter = Interpreter::new(&self.original, cells, settings);
        interpreter.run_only(|id| invariant[id.index()], extent);
        let params = self.params.iter().map(|id| interpreter.at(*id, 0));
        let weights = self.weights.iter().flat_map(|id| (0..cells.taps()).map(|tap| interpreter.at(*id, tap)));
        params.chain(weights).collect()
    }
}
