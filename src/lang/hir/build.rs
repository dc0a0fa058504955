//! The builder: the only way to nodes. Its constructors intern, and have `simplify.rs` look first.

use std::collections::HashMap;

use super::{Assertion, Expr, ExprId, Fold, FoldId, Kernel, Node, Output, Param, Reduction};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::span::Span;
use crate::lang::types::{Elem, Type};

/// Makes a [`Kernel`], one node at a time.
#[derive(Debug, Default)]
pub struct Builder {
    nodes: Vec<Node>,
    folds: Vec<Fold>,
    interned: HashMap<Expr, ExprId>,
    /// The place that new nodes get.
    pub span: Span,
}

impl Builder {
    /// The type of `id`.
    pub fn ty(&self, id: ExprId) -> Type {
        self.nodes[id.index()].ty
    }

    /// The number of nodes so far.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The expression `id`.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.nodes[id.index()].expr
    }

    /// The value of a constant number.
    pub fn as_number(&self, id: ExprId) -> Option<f64> {
        match self.expr(id) {
            Expr::Number(bits) => Some(f64::from_bits(*bits)),
            _ => None,
        }
    }

    /// The value of a constant boolean.
    pub fn as_boolean(&self, id: ExprId) -> Option<bool> {
        match self.expr(id) {
            Expr::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// A node without operands, or one that needs no simplification.
    pub fn leaf(&mut self, expr: Expr, ty: Type) -> ExprId {
        if let Some(&id) = self.interned.get(&expr) {
            return id;
        }
        let id = ExprId::from_index(self.nodes.len());
        self.interned.insert(expr.clone(), id);
        self.nodes.push(Node { expr, ty, span: self.span });
        id
    }

    /// A constant number.
    pub fn number(&mut self, value: f64) -> ExprId {
        self.leaf(Expr::Number(value.to_bits()), Type::NUMBER)
    }

    /// A constant boolean.
    pub fn boolean(&mut self, value: bool) -> ExprId {
        self.leaf(Expr::Boolean(value), Type::BOOLEAN)
    }

    /// The number of cells.
    pub fn window_len(&mut self) -> ExprId {
        self.leaf(Expr::Len, Type::NUMBER)
    }

    /// An input's value at an offset from the pixel.
    pub fn at(&mut self, input: usize, offset: Vec<i32>) -> ExprId {
        self.leaf(Expr::At { input, offset: offset.into() }, Type::NUMBER)
    }

    /// An operation on one value.
    pub fn unary(&mut self, op: UnaryOp, a: ExprId) -> ExprId {
        let simpler = self.simplify_unary(op, a);
        simpler.unwrap_or_else(|| self.leaf(Expr::Unary(op, a), self.ty(a)))
    }

    /// `not a`.
    pub fn not(&mut self, a: ExprId) -> ExprId {
        self.unary(UnaryOp::Not, a)
    }

    /// An operation on two values of one element type.
    pub fn binary(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> ExprId {
        if let Some(simpler) = self.simplify_binary(op, a, b) {
            return simpler;
        }
        let (a, b) = if op.is_commutative() && b < a { (b, a) } else { (a, b) };
        let elem = if op.is_boolean() { Elem::Boolean } else { Elem::Number };
        let ty = Type { elem, ..self.ty(a).broadcast(self.ty(b)) };
        self.leaf(Expr::Binary(op, a, b), ty)
    }

    /// `a * b + c`, rounded once.
    pub fn fma(&mut self, a: ExprId, b: ExprId, c: ExprId) -> ExprId {
        if let Some(simpler) = self.simplify_fma(a, b, c) {
            return simpler;
        }
        let ty = self.ty(a).broadcast(self.ty(b)).broadcast(self.ty(c));
        self.leaf(Expr::Fma(a, b, c), ty)
    }

    /// `yes` where `condition` is true, else `no`.
    pub fn select(&mut self, condition: ExprId, yes: ExprId, no: ExprId) -> ExprId {
        if let Some(simpler) = self.simplify_select(condition, yes, no) {
            return simpler;
        }
        let ty = self.ty(yes).broadcast(self.ty(no)).broadcast(self.ty(condition));
        self.leaf(Expr::Select(condition, yes, no), ty)
    }

    /// A reduction of `window`.
    pub fn reduce(
        &mut self,
        op: Reduction,
        window: ExprId,
        filter: Option<ExprId>,
        argument: Option<ExprId>,
    ) -> ExprId {
        if let Some(simpler) = self.simplify_reduce(op, filter) {
            return simpler;
        }
        let filter = filter.filter(|filter| self.as_boolean(*filter) != Some(true));
        self.leaf(Expr::Reduce { op, window, filter, argument }, Type::NUMBER)
    }

    /// How many elements of a boolean window, or of a constant at every cell, are true.
    pub fn count(&mut self, window: ExprId) -> ExprId {
        match self.as_boolean(window) {
            Some(true) => self.window_len(),
            Some(false) => self.number(0.0),
            None => self.reduce(Reduction::Count, window, None, None),
        }
    }

    /// Starts a fold; its parts are set by [`Builder::end_fold`].
    pub fn begin_fold(&mut self) -> FoldId {
        self.folds.push(Fold { init: Vec::new(), windows: Vec::new(), next: Vec::new() });
        FoldId::from_index(self.folds.len() - 1)
    }

    /// Sets the parts of a fold and makes its values.
    pub fn end_fold(&mut self, id: FoldId, fold: Fold) -> Vec<ExprId> {
        let types: Vec<Type> = fold.init.iter().map(|init| self.ty(*init)).collect();
        self.folds[id.index()] = fold;
        types.into_iter().enumerate().map(|(index, ty)| self.leaf(Expr::FoldValue(id, index), ty)).collect()
    }

    /// The kernel of these nodes.
    pub fn finish(
        self,
        inputs: Vec<String>,
        params: Vec<Param>,
        weights: Vec<String>,
        outputs: Vec<Output>,
        assertions: Vec<Assertion>,
    ) -> Kernel {
        let kernel = Kernel { nodes: self.nodes, folds: self.folds, inputs, params, weights, outputs, assertions };
        debug_assert_eq!(kernel.verify(), Ok(()));
        kernel
    }
}
