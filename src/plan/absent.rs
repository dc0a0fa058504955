//! 64-bit integers that may be absent, because nothing was selected: an integer, and whether there is one.
//!
//! The value of no elements is NaN, which no integer is. Where an integer may be absent, the choice of NaN is put off to where it
//! can be told: a comparison with what is absent is false, an output stores what NaN becomes, and anything else has an f64.

use std::collections::HashMap;

use crate::grid::element::{Cast, DType};
use crate::lang::hir::{Builder, Expr, ExprId, Kernel, Node};
use crate::lang::ops::BinaryOp;
use crate::lang::types::Elem;
use crate::lang::whole::{WholeFacts, wholes};

/// The kernel in which no node is sometimes a 64-bit integer and sometimes NaN; the same if none was. Outputs have these
/// element types.
pub fn without_absent(kernel: Kernel, facts: &WholeFacts<'_>, outputs: &[DType], cast: Cast) -> Kernel {
    // What is taken for a 64-bit integer later, when no node that may be absent is one any more: also an element that is one, or else a
    // number of a narrower type that may be absent.
    let taken = wholes(&kernel, &WholeFacts { absence: false, ..*facts });
    let wholes = wholes(&kernel, facts);
    let is_sometimes_absent = |id: ExprId| match wholes[id.index()] {
        whole if whole.is_exact() => whole.absent,
        _ => taken[id.index()].is_exact(),
    };
    if !kernel.live_nodes().any(|(id, _)| is_sometimes_absent(id)) {
        return kernel;
    }
    let mut parts = Parts { kernel: &kernel, made: HashMap::new() };
    let mut stored: Vec<Option<ExprId>> = vec![None; kernel.outputs.len()];
    let replace = |builder: &mut Builder, id: ExprId, node: &Node, new: &dyn Fn(ExprId) -> ExprId| {
        let whole = wholes[id.index()];
        if node.ty.elem == Elem::Boolean {
            return whole.is_exact().then(|| parts.comparison(builder, node, new)).flatten();
        }
        // One of a narrower type may be compared with a 64-bit integer.
        if !whole.is_exact() && !whole.absent {
            return None;
        }
        let (value, present) = parts.replaced(builder, node, whole.is_exact(), new)?;
        parts.made.insert(id, (value, present));
        for (index, output) in kernel.outputs.iter().enumerate() {
            if output.value == id && whole.is_exact() && !outputs[index].is_float() {
                let bits = outputs[index].of_nan(cast);
                let nan = builder.number(if whole.signed { bits as f64 } else { bits as u64 as f64 });
                stored[index] = Some(builder.select(present, value, nan));
            }
        }
        let nan = builder.number(f64::NAN);
        Some(builder.select(present, value, nan))
    };
    let mut rewritten = kernel.rewritten(kernel.params.clone(), kernel.weights.clone(), replace);
    for (output, stored) in rewritten.outputs.iter_mut().zip(stored) {
        output.value = stored.unwrap_or(output.value);
    }
    rewritten
}

/// What has become of the nodes so far.
struct Parts<'a> {
    kernel: &'a Kernel,
    /// For the old nodes that may be absent, the integer, which is any if there is none, and whether there is one.
    made: HashMap<ExprId, (ExprId, ExprId)>,
}

impl Parts<'_> {
    /// The integer that an old node became, and whether there is one.
    fn of(&self, builder: &mut Builder, id: ExprId, new: &dyn Fn(ExprId) -> ExprId) -> (ExprId, ExprId) {
        match (self.made.get(&id), self.kernel.expr(id)) {
            (Some(parts), _) => *parts,
            (None, Expr::Number(bits)) if f64::from_bits(*bits).is_nan() => {
                (builder.number(0.0), builder.boolean(false))
            }
            (None, _) => (new(id), builder.boolean(true)),
        }
    }

    /// A node that may be absent, in two parts; `whole` says whether it is a 64-bit integer, or else another number.
    fn replaced(
        &self,
        builder: &mut Builder,
        node: &Node,
        whole: bool,
        new: &dyn Fn(ExprId) -> ExprId,
    ) -> Option<(ExprId, ExprId)> {
        match node.expr {
            Expr::Reduce { op, window, filter: Some(filter), argument } if op.row().empty.is_nan() => {
                let filter = new(filter);
                let value = builder.reduce(op, new(window), Some(filter), argument.map(new));
                let (zero, count) = (builder.number(0.0), builder.count(filter));
                Some((value, builder.binary(BinaryOp::Less, zero, count)))
            }
            Expr::Select(condition, yes, no) => {
                let (yes, no) = (self.of(builder, yes, new), self.of(builder, no, new));
                let value = builder.select(new(condition), yes.0, no.0);
                Some((value, builder.select(new(condition), yes.1, no.1)))
            }
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.of(builder, a, new), self.of(builder, b, new));
                Some((builder.binary(op, a.0, b.0), builder.binary(BinaryOp::And, a.1, b.1)))
            }
            Expr::Unary(op, a) => {
                let (value, present) = self.of(builder, a, new);
                // What rounds an integer leaves it as it is.
                Some((if whole { value } else { builder.unary(op, value) }, present))
            }
            _ => None,
        }
        .filter(|(_, present)| builder.as_boolean(*present) != Some(true))
    }

    /// A comparison of 64-bit integers.
    fn comparison(&self, builder: &mut Builder, node: &Node, new: &dyn Fn(ExprId) -> ExprId) -> Option<ExprId> {
        let Expr::Binary(op, a, b) = node.expr else { return None };
        let (a, b) = (self.of(builder, a, new), self.of(builder, b, new));
        let present = builder.binary(BinaryOp::And, a.1, b.1);
        let compared = builder.binary(op, a.0, b.0);
        Some(match op {
            BinaryOp::NotEqual => {
                let absent = builder.not(present);
                builder.binary(BinaryOp::Or, absent, compared)
            }
            _ => builder.binary(BinaryOp::And, present, compared),
        })
    }
}
