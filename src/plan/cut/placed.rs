//! What depends on nothing but the place of the cell in the window, and so is the same for every pixel.

use crate::lang::cells::Cells;
use crate::lang::hir::{Expr, ExprId, Kernel};
use crate::lang::reductions::Reduction;
use crate::plan::hoist::Hoisted;

/// The values of a node at each cell of the footprint.
type Values = Option<Vec<f64>>;

/// The values of the placed nodes of a hoisted kernel.
pub struct Placed {
    /// For each node of the hoisted kernel, by index, if they are known.
    values: Vec<Values>,
}

impl Placed {
    /// As far as they are known before a run, which sets params and weights, or in one with these constants: the values of the hoisted
    /// params, then those of each weights vector.
    pub fn new(hoisted: &Hoisted, cells: &Cells, constants: Option<&[f64]>) -> Placed {
        let (kernel, taps) = (&hoisted.kernel, cells.taps());
        let values = match constants {
            None => {
                // What was hoisted may yet depend on places only.
                let original = evaluated(&hoisted.original, cells, |_| None);
                evaluated(kernel, cells, |expr| match *expr {
                    Expr::Weight(weights) => original[hoisted.weights[weights].index()].clone(),
                    Expr::Param(param) => original[hoisted.params[param].index()].clone(),
                    _ => None,
                })
            }
            Some(constants) => evaluated(kernel, cells, |expr| match *expr {
                Expr::Param(param) => Some(vec![constants[param]; taps]),
                Expr::Weight(weights) => Some(constants[kernel.params.len() + weights * taps..][..taps].to_vec()),
                _ => None,
            }),
        };
        Placed { values }
    }

    /// The values of a node at each cell, if it is placed and they are known.
    pub fn values(&self, id: ExprId) -> Option<&[f64]> {
        self.values[id.index()].as_deref()
    }
}

/// Which nodes depend on nothing but the cell's place in the window and what is the same for every pixel.
pub fn is_placed(kernel: &Kernel) -> Vec<bool> {
    let mut placed = vec![false; kernel.node_count()];
    for (id, node) in kernel.live_nodes() {
        placed[id.index()] = match &node.expr {
            Expr::Weight(_) | Expr::Offset(_) | Expr::Dist => true,
            Expr::Param(_) | Expr::Number(_) | Expr::Boolean(_) | Expr::Len => true,
            Expr::Unary(..) | Expr::Binary(..) | Expr::Fma(..) | Expr::Select(..) => {
                let mut all = true;
                node.expr.for_each_operand(|operand| all &= placed[operand.index()]);
                all
            }
            _ => false,
        };
    }
    placed
}

/// The values of the nodes that are made of places, constants, and the leaves that are given.
fn evaluated(kernel: &Kernel, cells: &Cells, given: impl Fn(&Expr) -> Values) -> Vec<Values> {
    let taps = cells.taps();
    let mut values: Vec<Values> = vec![None; kernel.node_count()];
    for (id, node) in kernel.live_nodes() {
        let each = |value: &dyn Fn(usize) -> f64| Some((0..taps).map(value).collect::<Vec<f64>>());
        let of = |id: ExprId| values[id.index()].as_ref();
        let made = match node.expr {
            Expr::Number(bits) => each(&|_| f64::from_bits(bits)),
            Expr::Boolean(value) => each(&|_| f64::from(u8::from(value))),
            Expr::Offset(axis) => each(&|tap| f64::from(cells.offset(tap)[axis])),
            Expr::Dist => each(&|tap| cells.dist(tap)),
            Expr::Len => each(&|_| taps as f64),
            Expr::Unary(op, a) => of(a).and_then(|a| each(&|tap| op.apply(a[tap]))),
            Expr::Binary(op, a, b) => of(a).zip(of(b)).and_then(|(a, b)| each(&|tap| op.apply(a[tap], b[tap]))),
            Expr::Fma(a, b, c) => {
                let all = of(a).zip(of(b)).zip(of(c));
                all.and_then(|((a, b), c)| each(&|tap| libm::fma(a[tap], b[tap], c[tap])))
            }
            Expr::Select(condition, yes, no) => {
                let all = of(condition).zip(of(yes)).zip(of(no));
                all.and_then(|((condition, yes), no)| {
                    each(&|tap| if condition[tap] != 0.0 { yes[tap] } else { no[tap] })
                })
            }
            Expr::Reduce { op: Reduction::Count, window, .. } => of(window).and_then(|window| {
                let count = window.iter().sum();
                each(&|_| count)
            }),
            ref leaf => given(leaf),
        };
        values[id.index()] = made;
    }
    values
}
