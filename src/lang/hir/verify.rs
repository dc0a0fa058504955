//! The verifier: what must hold of every arena, whoever made it.
//!
//! It runs in debug builds whenever a kernel is finished, that is after the checker and after every rewriting, so that a
//! pass which breaks an invariant is found there and not in what comes later.

use std::collections::{BTreeSet, HashSet};

use super::{Expr, ExprId, FoldId, Kernel, Reduction};
use crate::lang::ops::BinaryOp;
use crate::lang::types::{Elem, Shape, Type};

/// A broken invariant, in words.
type Verified = Result<(), String>;

/// Fails with a message unless a condition holds.
macro_rules! require {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}

impl Kernel {
    /// Checks the invariants of the arena:
    ///
    /// - what a node depends on comes before it, and no two nodes are the same expression;
    /// - operands have the types that an operation needs, and a node has the type that follows from them;
    /// - inputs, params, weights, folds and their variables are named by positions that exist;
    /// - a fold's first and new values are scalars of the same types, and its variables are used inside it only;
    /// - outputs are scalars, and assertions scalar booleans.
    ///
    /// # Errors
    ///
    /// What does not hold, and at which node.
    pub fn verify(&self) -> Verified {
        let mut known = HashSet::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let id = ExprId::from_index(index);
            self.verify_order(id).map_err(|problem| format!("{id}: {problem}"))?;
            self.verify_node(&node.expr, node.ty).map_err(|problem| format!("{id}: {problem}"))?;
            require!(known.insert(&node.expr), "{id}: there is another node for {:?}", node.expr);
        }
        self.verify_roots()?;
        self.verify_scopes()
    }

    /// What a node depends on comes before it.
    fn verify_order(&self, id: ExprId) -> Verified {
        if let Expr::FoldValue(fold, _) = *self.expr(id) {
            require!(fold.index() < self.folds.len(), "there is no {fold}");
        }
        let mut late = None;
        self.for_each_dependency(id, |needed| late = late.or((needed >= id).then_some(needed)));
        late.map_or(Ok(()), |late| Err(format!("it needs {late}, which does not come before it")))
    }

    /// A node's parts and its type.
    fn verify_node(&self, expr: &Expr, ty: Type) -> Verified {
        let expected = match *expr {
            Expr::Number(_) | Expr::Coord(_) | Expr::Extent(_) | Expr::Len => Type::NUMBER,
            Expr::Boolean(_) => Type::BOOLEAN,
            Expr::Param(param) => {
                require!(param < self.params.len(), "there is no param {param}");
                Type::NUMBER
            }
            Expr::Weight(weights) => {
                require!(weights < self.weights.len(), "there are no weights {weights}");
                Type::NUMBERS
            }
            Expr::Tap(input) | Expr::At { input, .. } => {
                require!(input < self.inputs.len(), "there is no input {input}");
                if matches!(expr, Expr::Tap(_)) { Type::NUMBERS } else { Type::NUMBER }
            }
            Expr::Offset(_) | Expr::Dist => Type::NUMBERS,
            Expr::Inside => Type::BOOLEANS,
            Expr::Unary(op, a) => {
                self.expect(a, if op.is_boolean() { Elem::Boolean } else { Elem::Number })?;
                self.ty(a)
            }
            Expr::Binary(op, a, b) => self.binary_type(op, a, b)?,
            Expr::Fma(a, b, c) => {
                [a, b, c].into_iter().try_for_each(|operand| self.expect(operand, Elem::Number))?;
                self.ty(a).broadcast(self.ty(b)).broadcast(self.ty(c))
            }
            Expr::Select(condition, yes, no) => {
                self.expect(condition, Elem::Boolean)?;
                self.expect(no, self.ty(yes).elem)?;
                self.ty(yes).broadcast(self.ty(no)).broadcast(self.ty(condition))
            }
            Expr::Reduce { op, window, filter, argument } => {
                self.verify_reduction(op, window, filter, argument)?;
                Type::NUMBER
            }
            Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) => self.accumulator_type(fold, index)?,
            Expr::Element(fold, index) => self.element_type(fold, index)?,
        };
        require!(ty == expected, "{expr:?} is {expected}, and the node says {ty}");
        Ok(())
    }

    fn expect(&self, operand: ExprId, elem: Elem) -> Verified {
        require!(self.ty(operand).elem == elem, "its operand {operand} is {}", self.ty(operand));
        Ok(())
    }

    fn binary_type(&self, op: BinaryOp, a: ExprId, b: ExprId) -> Result<Type, String> {
        let operands = match op {
            BinaryOp::And | BinaryOp::Or => Elem::Boolean,
            BinaryOp::Equal | BinaryOp::NotEqual => self.ty(a).elem,
            _ => Elem::Number,
        };
        [a, b].into_iter().try_for_each(|operand| self.expect(operand, operands))?;
        let elem = if op.is_boolean() { Elem::Boolean } else { Elem::Number };
        Ok(Type { elem, ..self.ty(a).broadcast(self.ty(b)) })
    }

    fn verify_reduction(
        &self,
        op: Reduction,
        window: ExprId,
        filter: Option<ExprId>,
        argument: Option<ExprId>,
    ) -> Verified {
        self.expect(window, if op == Reduction::Count { Elem::Boolean } else { Elem::Number })?;
        filter.map_or(Ok(()), |filter| self.expect(filter, Elem::Boolean))?;
        require!(op != Reduction::Count || filter.is_none(), "a count has its condition in its window");
        require!(argument.is_some() == op.row().argument.is_some(), "{} has another number of arguments", op.name());
        if let Some(argument) = argument {
            require!(self.ty(argument) == Type::NUMBER, "its argument {argument} is {}", self.ty(argument));
        }
        Ok(())
    }

    fn accumulator_type(&self, fold: FoldId, index: usize) -> Result<Type, String> {
        let parts = self.folds.get(fold.index()).ok_or_else(|| format!("there is no {fold}"))?;
        require!(parts.init.len() == parts.next.len(), "{fold} has other accumulators than new values");
        let init = *parts.init.get(index).ok_or_else(|| format!("{fold} has no accumulator {index}"))?;
        let (first, next) = (self.ty(init), self.ty(parts.next[index]));
        require!(first.shape == Shape::Scalar, "{fold} starts with {first}");
        require!(first == next, "{fold} goes from {first} to {next}");
        Ok(first)
    }

    fn element_type(&self, fold: FoldId, index: usize) -> Result<Type, String> {
        let parts = self.folds.get(fold.index()).ok_or_else(|| format!("there is no {fold}"))?;
        let window = *parts.windows.get(index).ok_or_else(|| format!("{fold} has no window {index}"))?;
        Ok(Type { shape: Shape::Scalar, ..self.ty(window) })
    }

    fn verify_roots(&self) -> Verified {
        for output in &self.outputs {
            let (id, name) = (output.value, &output.name);
            require!(id.index() < self.nodes.len(), "output {name}: there is no {id}");
            require!(!self.ty(id).is_window(), "output {name}: {id} is {}", self.ty(id));
        }
        for assertion in &self.assertions {
            let id = assertion.condition;
            require!(id.index() < self.nodes.len(), "assertion: there is no {id}");
            require!(self.ty(id) == Type::BOOLEAN, "assertion: {id} is {}", self.ty(id));
        }
        Ok(())
    }

    /// A fold's variables are used by its new values only.
    fn verify_scopes(&self) -> Verified {
        let mut open: Vec<BTreeSet<FoldId>> = vec![BTreeSet::new(); self.nodes.len()];
        for (id, node) in self.live_nodes() {
            let mut folds = BTreeSet::new();
            self.for_each_dependency(id, |needed| folds.extend(&open[needed.index()]));
            match node.expr {
                Expr::Accumulator(fold, _) | Expr::Element(fold, _) => {
                    folds.insert(fold);
                }
                Expr::FoldValue(fold, _) => {
                    let parts = self.fold(fold);
                    let early = parts.init.iter().chain(&parts.windows).find(|id| open[id.index()].contains(&fold));
                    require!(early.is_none(), "{fold} starts with what is inside it");
                    folds.remove(&fold);
                }
                _ => {}
            }
            open[id.index()] = folds;
        }
        let roots = self.outputs.iter().map(|output| output.value);
        for root in roots.chain(self.assertions.iter().map(|assertion| assertion.condition)) {
            let fold = open[root.index()].first();
            require!(fold.is_none(), "{root} needs a variable of {} outside of it", fold.expect("there is one"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Builder, Expr, ExprId, Fold, FoldId, Kernel, Output};
    use crate::lang::ops::{BinaryOp, UnaryOp};
    use crate::lang::types::Type;

    /// A kernel of one output whose last node is `expr`; before it come the input's window, the number 1, and true.
    fn kernel(expr: Expr, ty: Type) -> Kernel {
        let mut builder = Builder::default();
        builder.leaf(Expr::Tap(0), Type::NUMBERS);
        builder.number(1.0);
        builder.boolean(true);
        let mut kernel = builder.finish(vec!["w".into()], vec![], vec![], vec![], vec![]);
        kernel.nodes.push(super::super::Node { expr, ty, span: Default::default() });
        kernel.outputs.push(Output::new("0".into(), ExprId::from_index(3)));
        kernel
    }

    fn problem(expr: Expr, ty: Type) -> String {
        kernel(expr, ty).verify().unwrap_err()
    }

    #[test]
    fn broken_nodes_are_found() {
        let [window, one, truth, itself] = [0, 1, 2, 3].map(ExprId::from_index);
        assert_eq!(kernel(Expr::Unary(UnaryOp::Exp, one), Type::NUMBER).verify(), Ok(()));
        for (expr, ty, expected) in [
            (Expr::Unary(UnaryOp::Exp, itself), Type::NUMBER, "%3: it needs %3, which does not come before it"),
            (Expr::Unary(UnaryOp::Exp, truth), Type::BOOLEAN, "%3: its operand %2 is a boolean"),
            (Expr::Binary(BinaryOp::And, truth, one), Type::BOOLEAN, "%3: its operand %1 is a number"),
            (Expr::Param(0), Type::NUMBER, "%3: there is no param 0"),
            (Expr::Tap(1), Type::NUMBERS, "%3: there is no input 1"),
            (Expr::FoldValue(FoldId::from_index(0), 0), Type::NUMBER, "%3: there is no fold0"),
            (Expr::Unary(UnaryOp::Exp, window), Type::NUMBERS, "output 0: %3 is a window of numbers"),
        ] {
            assert_eq!(problem(expr, ty), expected);
        }
        assert!(problem(Expr::Number(1.0f64.to_bits()), Type::NUMBER).contains("there is another node"));
        assert!(problem(Expr::Unary(UnaryOp::Exp, one), Type::BOOLEAN).contains("is a number, and the node says"));
    }

    #[test]
    fn variables_stay_in_their_fold() {
        let fold = FoldId::from_index(0);
        let [one, variable] = [1, 3].map(ExprId::from_index);
        let mut kernel = kernel(Expr::Accumulator(fold, 0), Type::NUMBER);
        kernel.folds.push(Fold { init: vec![one], windows: vec![], next: vec![variable] });
        assert_eq!(kernel.verify().unwrap_err(), "%3 needs a variable of fold0 outside of it");
        kernel.folds[0].next.clear();
        assert_eq!(kernel.verify().unwrap_err(), "%3: fold0 has other accumulators than new values");
    }
}
