//! A kernel made of another one by replacing some of its nodes.

use std::collections::HashMap;

use super::{Assertion, Builder, Expr, ExprId, Fold, FoldId, Kernel, Node, Output, Param, Reduction};

impl Kernel {
    /// The same kernel with some nodes replaced. Nodes keep their order, and folds their numbers.
    pub fn rewritten(&self, params: Vec<Param>, weights: Vec<String>, mut rewrite: impl Rewrite) -> Kernel {
        let mut builder = Builder::default();
        self.folds.iter().for_each(|_| {
            builder.begin_fold();
        });
        let mut folds: HashMap<FoldId, Vec<ExprId>> = HashMap::new();
        let mut made: Vec<Option<ExprId>> = vec![None; self.nodes.len()];
        for (id, node) in self.live_nodes() {
            builder.span = node.span;
            let new = |id: ExprId| made[id.index()].expect("operands come before their users");
            let replaced = rewrite.node(&mut builder, id, node, &new);
            made[id.index()] = Some(match (replaced, &node.expr) {
                (Some(replaced), _) => replaced,
                (_, Expr::Unary(op, a)) => builder.unary(*op, new(*a)),
                (_, Expr::Binary(op, a, b)) => builder.binary(*op, new(*a), new(*b)),
                (_, Expr::Fma(a, b, c)) => builder.fma(new(*a), new(*b), new(*c)),
                (_, Expr::Select(a, b, c)) => builder.select(new(*a), new(*b), new(*c)),
                (_, Expr::Reduce { op: Reduction::Count, window, .. }) => builder.count(new(*window)),
                (_, Expr::Reduce { op, window, filter, argument }) => {
                    builder.reduce(*op, new(*window), filter.map(new), argument.map(new))
                }
                (_, Expr::FoldValue(fold, index)) => {
                    let values = folds.entry(*fold).or_insert_with(|| {
                        let part = |ids: &[ExprId]| ids.iter().map(|id| new(*id)).collect();
                        let old = self.fold(*fold);
                        let parts = Fold { init: part(&old.init), windows: part(&old.windows), next: part(&old.next) };
                        let parts = rewrite.fold(&mut builder, *fold, parts);
                        builder.end_fold(*fold, parts)
                    });
                    values[*index]
                }
                (_, leaf) => builder.leaf(leaf.clone(), node.ty),
            });
        }
        let new = |id: ExprId| made[id.index()].expect("what is needed is live");
        let mut outputs = Vec::new();
        for output in &self.outputs {
            let value = rewrite.output(&mut builder, output, new(output.value));
            outputs.push(Output { value, ..output.clone() });
        }
        let mut assertions = Vec::new();
        for assertion in &self.assertions {
            let condition = rewrite.assertion(&mut builder, new(assertion.condition));
            assertions.push(Assertion { condition, ..assertion.clone() });
        }
        builder.finish(self.inputs.clone(), params, weights, outputs, assertions)
    }
}

/// What [`Kernel::rewritten`] replaces; a function is one that says it of nodes only.
pub trait Rewrite {
    /// The new node for the old one `id`, whose operands have become what `new` says; `None` leaves it to be made of them.
    fn node(
        &mut self,
        builder: &mut Builder,
        id: ExprId,
        node: &Node,
        new: &dyn Fn(ExprId) -> ExprId,
    ) -> Option<ExprId>;

    /// The new parts of a fold, given what its old ones have become.
    fn fold(&mut self, _: &mut Builder, _: FoldId, fold: Fold) -> Fold {
        fold
    }

    /// The new value of an output, given what the old one has become.
    fn output(&mut self, _: &mut Builder, _: &Output, value: ExprId) -> ExprId {
        value
    }

    /// The new condition of an assertion, given what the old one has become.
    fn assertion(&mut self, _: &mut Builder, condition: ExprId) -> ExprId {
        condition
    }
}

impl<F: FnMut(&mut Builder, ExprId, &Node, &dyn Fn(ExprId) -> ExprId) -> Option<ExprId>> Rewrite for F {
    fn node(
        &mut self,
        builder: &mut Builder,
        id: ExprId,
        node: &Node,
        new: &dyn Fn(ExprId) -> ExprId,
    ) -> Option<ExprId> {
        self(builder, id, node, new)
    }
}
