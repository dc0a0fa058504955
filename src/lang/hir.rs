//! What a kernel means: an arena of typed expressions.
//!
//! Nodes are hash-consed by [`Builder`], whose constructors fold constants and simplify, so a common subexpression
//! is one node. An operand always has a smaller [`ExprId`] than the node that uses it, so every pass is a loop over
//! the arena and none recurses. Simplifications never change a value, NaN and signed zero included.
//!
//! A window has no place here: a node of window shape is a function of the cell (the tap) at which it is evaluated, by
//! the reduction or fold that runs over it. Where simplification leaves a scalar in the place of a window (`w ** 0` is 1), the scalar is the same at every cell.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::ops::{BinaryOp, UnaryOp};
use super::span::Span;
use super::types::{Elem, Shape, Type};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The id of the entry at `index`.
            pub fn from_index(index: usize) -> $name {
                $name(u32::try_from(index).expect("the size of a kernel is limited"))
            }

            /// The index of the entry.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

id!(
    /// A node of the arena.
    ExprId, "%"
);
id!(
    /// A fold of the kernel.
    FoldId, "fold"
);

/// A compiled program's meaning.
#[derive(Clone, Debug)]
pub struct Kernel {
    nodes: Vec<Node>,
    folds: Vec<Fold>,
    /// The names of the inputs, in order.
    pub inputs: Vec<String>,
    /// The scalar parameters, in order of declaration.
    pub params: Vec<Param>,
    /// The names of the weights vectors, in order of declaration.
    pub weights: Vec<String>,
    /// The outputs, in order.
    pub outputs: Vec<Output>,
    /// What must hold at every pixel, in the order of the text.
    pub assertions: Vec<Assertion>,
}

/// A scalar that is set at run time.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its value where none is set.
    pub default: Option<f64>,
}

/// A value of the kernel.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name; the position where the program gives none.
    pub name: String,
    /// Its value, a scalar; a boolean counts as 0 or 1.
    pub value: ExprId,
}

/// A condition that must hold.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The condition, a scalar boolean.
    pub condition: ExprId,
    /// The place that demands it.
    pub span: Span,
    /// What to say where it does not hold.
    pub message: String,
    /// Whether the program says `assert`, rather than use a function that demands something.
    pub explicit: bool,
}

/// An expression, its type, and the place that it was first written at.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub expr: Expr,
    /// Its type.
    pub ty: Type,
    /// Its first place in the text.
    pub span: Span,
}

/// A loop over the cells of the footprint, with accumulators.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The first values of the accumulators; scalars.
    pub init: Vec<ExprId>,
    /// The windows whose elements the loop names.
    pub windows: Vec<ExprId>,
    /// The new values of the accumulators at each cell; scalars that may use [`Expr::Accumulator`] and
    /// [`Expr::Element`] of this fold.
    pub next: Vec<ExprId>,
}

/// An expression of the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A constant number, by its bits.
    Number(u64),
    /// A constant boolean.
    Boolean(bool),
    /// A scalar parameter, by position.
    Param(usize),
    /// A weights vector's value at the current cell, by position.
    Weight(usize),
    /// An input's value at the current cell.
    Tap(usize),
    /// An input's value at a fixed offset from the centre.
    At {
        /// The input.
        input: usize,
        /// The offset along each axis of the footprint.
        offset: Box<[i32]>,
    },
    /// The current cell's offset from the centre along an axis.
    Offset(usize),
    /// The current cell's distance from the centre.
    Dist,
    /// The pixel's index along an axis.
    Coord(usize),
    /// The array's length along an axis.
    Extent(usize),
    /// The number of cells.
    Len,
    /// An operation on one value.
    Unary(UnaryOp, ExprId),
    /// An operation on two values.
    Binary(BinaryOp, ExprId, ExprId),
    /// `a * b + c`, rounded once.
    Fma(ExprId, ExprId, ExprId),
    /// The second where the first is true, else the third.
    Select(ExprId, ExprId, ExprId),
    /// A reduction of a window.
    Reduce {
        /// Which one.
        op: Reduction,
        /// The window.
        window: ExprId,
        /// Cells where this is false do not take part.
        filter: Option<ExprId>,
        /// k, q or i, for the reductions that have it.
        argument: Option<ExprId>,
    },
    /// A fold's accumulator, inside that fold.
    Accumulator(FoldId, usize),
    /// The current element of a fold's window, inside that fold.
    Element(FoldId, usize),
    /// The last value of a fold's accumulator.
    FoldValue(FoldId, usize),
}

/// The reductions that engines implement; the others are made of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the functions of the language")]
pub enum Reduction {
    Sum,
    Product,
    Min,
    Max,
    /// Of a boolean window: how many are true.
    Count,
    ArgMin,
    ArgMax,
    Nth,
    Median,
    Rank,
    Percentile,
    TrimmedMean,
    Mode,
    Variety,
}

impl Reduction {
    /// Whether the value depends on the order of the elements by size, so an engine needs them all at once.
    pub fn is_order_statistic(self) -> bool {
        matches!(
            self,
            Reduction::Median
                | Reduction::Rank
                | Reduction::Percentile
                | Reduction::TrimmedMean
                | Reduction::Mode
                | Reduction::Variety
        )
    }

    /// The reduction's name in listings.
    pub fn name(self) -> &'static str {
        match self {
            Reduction::Sum => "sum",
            Reduction::Product => "prod",
            Reduction::Min => "min",
            Reduction::Max => "max",
            Reduction::Count => "count",
            Reduction::ArgMin => "argmin",
            Reduction::ArgMax => "argmax",
            Reduction::Nth => "nth",
            Reduction::Median => "median",
            Reduction::Rank => "rank",
            Reduction::Percentile => "percentile",
            Reduction::TrimmedMean => "trimmed_mean",
            Reduction::Mode => "mode",
            Reduction::Variety => "variety",
        }
    }
}

impl Expr {
    /// The operands in the same scope, in order. A fold's parts belong to its [`Expr::FoldValue`] by way of
    /// [`Kernel::fold`] and are not listed here.
    pub fn for_each_operand(&self, mut visit: impl FnMut(ExprId)) {
        match *self {
            Expr::Unary(_, a) => visit(a),
            Expr::Binary(_, a, b) => [a, b].into_iter().for_each(visit),
            Expr::Fma(a, b, c) | Expr::Select(a, b, c) => [a, b, c].into_iter().for_each(visit),
            Expr::Reduce { window, filter, argument, .. } => {
                [Some(window), filter, argument].into_iter().flatten().for_each(visit);
            }
            Expr::Number(_)
            | Expr::Boolean(_)
            | Expr::Param(_)
            | Expr::Weight(_)
            | Expr::Tap(_)
            | Expr::At { .. }
            | Expr::Offset(_)
            | Expr::Dist
            | Expr::Coord(_)
            | Expr::Extent(_)
            | Expr::Len
            | Expr::Accumulator(..)
            | Expr::Element(..)
            | Expr::FoldValue(..) => {}
        }
    }
}

impl Kernel {
    /// The node `id`.
    pub fn node(&self, id: ExprId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The expression `id`.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.node(id).expr
    }

    /// The type of `id`.
    pub fn ty(&self, id: ExprId) -> Type {
        self.node(id).ty
    }

    /// The number of nodes in the arena, used or not.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The fold `id`.
    pub fn fold(&self, id: FoldId) -> &Fold {
        &self.folds[id.index()]
    }

    /// The number of folds in the kernel, used or not.
    pub fn fold_count(&self) -> usize {
        self.folds.len()
    }

    /// Which nodes the outputs and assertions need, by index.
    pub fn live(&self) -> Vec<bool> {
        let mut live = vec![false; self.nodes.len()];
        let roots = self.outputs.iter().map(|output| output.value);
        for root in roots.chain(self.assertions.iter().map(|assertion| assertion.condition)) {
            live[root.index()] = true;
        }
        // Operands come before their users, so one pass from the end reaches everything. The parts of a fold come
        // before its value for the same reason.
        for index in (0..self.nodes.len()).rev() {
            if live[index] {
                let expr = &self.nodes[index].expr;
                expr.for_each_operand(|operand| live[operand.index()] = true);
                if let Expr::FoldValue(fold, _) = expr {
                    let fold = self.fold(*fold);
                    for part in [&fold.init, &fold.windows, &fold.next].into_iter().flatten() {
                        live[part.index()] = true;
                    }
                }
            }
        }
        live
    }

    /// The live nodes, in order.
    pub fn live_nodes(&self) -> impl Iterator<Item = (ExprId, &Node)> {
        let live = self.live();
        self.nodes
            .iter()
            .enumerate()
            .filter(move |(index, _)| live[*index])
            .map(|(index, node)| (ExprId::from_index(index), node))
    }

    /// Whether the kernel looks at the window as a whole, rather than at fixed offsets only.
    pub fn reads_window(&self) -> bool {
        self.live_nodes().any(|(_, node)| {
            let loops = matches!(node.expr, Expr::Len | Expr::Reduce { .. } | Expr::FoldValue(..));
            loops || node.ty.is_window()
        })
    }

    /// Every offset that the kernel reads with `w[dy, dx]`, with its place, each once.
    pub fn fixed_offsets(&self) -> Vec<(&[i32], Span)> {
        let mut known = HashSet::new();
        let reads = self.live_nodes().filter_map(|(_, node)| match &node.expr {
            Expr::At { offset, .. } => Some((&**offset, node.span)),
            _ => None,
        });
        reads.filter(|(offset, _)| known.insert(*offset)).collect()
    }
}

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
        let outputs = self.outputs.iter().map(|o| Output { name: o.name.clone(), value: new(o.value) }).collect();
        let assertions =
            self.assertions.iter().map(|a| Assertion { condition: new(a.condition), ..a.clone() }).collect();
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

    /// An operation on one value.
    pub fn unary(&mut self, op: UnaryOp, a: ExprId) -> ExprId {
        if let Some(value) = self.as_number(a) {
            return self.number(op.apply(value));
        }
        if let Some(value) = self.as_boolean(a) {
            return self.boolean(!value);
        }
        match (op, self.expr(a)) {
            (UnaryOp::Negate, Expr::Unary(UnaryOp::Negate, inner))
            | (UnaryOp::Not, Expr::Unary(UnaryOp::Not, inner)) => *inner,
            _ => self.leaf(Expr::Unary(op, a), self.ty(a)),
        }
    }

    /// An operation on two values of one element type.
    pub fn binary(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> ExprId {
        if op == BinaryOp::Power
            && let Some(power) = self.as_number(b).and_then(|exponent| self.integer_power(a, exponent))
        {
            return power;
        }
        if let (Some(x), Some(y)) = (self.as_number(a), self.as_number(b)) {
            let value = op.apply(x, y);
            return if op.is_boolean() { self.boolean(value != 0.0) } else { self.number(value) };
        }
        if let Some(simpler) = self.simplify(op, a, b) {
            return simpler;
        }
        let (a, b) = if op.is_commutative() && b < a { (b, a) } else { (a, b) };
        let elem = if op.is_boolean() { Elem::Boolean } else { Elem::Number };
        let ty = Type { elem, ..self.ty(a).broadcast(self.ty(b)) };
        self.leaf(Expr::Binary(op, a, b), ty)
    }

    /// Identities that hold for every value, NaN and signed zero included.
    fn simplify(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> Option<ExprId> {
        let number = |id| self.as_number(id);
        let boolean = |id| self.as_boolean(id);
        match op {
            // x + 0 would turn -0 into 0, but x - 0 is x.
            BinaryOp::Subtract if number(b).is_some_and(|y| y.to_bits() == 0) => Some(a),
            BinaryOp::Multiply if number(b) == Some(1.0) => Some(a),
            BinaryOp::Multiply if number(a) == Some(1.0) => Some(b),
            BinaryOp::Divide => {
                let divisor = number(b)?;
                let reciprocal = 1.0 / divisor;
                // A power of two has an exact reciprocal, and both operations then round the same real number.
                let exact = divisor.is_normal() && reciprocal.is_normal() && divisor.to_bits() << 12 == 0;
                exact.then(|| {
                    let reciprocal = self.number(reciprocal);
                    self.binary(BinaryOp::Multiply, a, reciprocal)
                })
            }
            BinaryOp::Min | BinaryOp::Max if a == b => Some(a),
            BinaryOp::And | BinaryOp::Or if a == b => Some(a),
            BinaryOp::And | BinaryOp::Or => {
                let (constant, other) = match (boolean(a), boolean(b)) {
                    (Some(value), _) => (value, b),
                    (None, Some(value)) => (value, a),
                    (None, None) => return None,
                };
                Some(match (op == BinaryOp::And, constant) {
                    (true, true) | (false, false) => other,
                    (and, _) => self.boolean(!and),
                })
            }
            _ => None,
        }
    }

    /// A small integer power as repeated multiplication: by squaring, from the highest bit down.
    fn integer_power(&mut self, base: ExprId, exponent: f64) -> Option<ExprId> {
        const LARGEST: f64 = 64.0;
        if exponent.fract() != 0.0 || exponent.abs() > LARGEST {
            return None;
        }
        if exponent == 0.0 {
            return Some(self.number(1.0));
        }
        let magnitude = exponent.abs() as u32;
        let mut power = base;
        for bit in (0..magnitude.ilog2()).rev() {
            power = self.binary(BinaryOp::Multiply, power, power);
            if magnitude >> bit & 1 == 1 {
                power = self.binary(BinaryOp::Multiply, power, base);
            }
        }
        if exponent < 0.0 {
            let one = self.number(1.0);
            power = self.binary(BinaryOp::Divide, one, power);
        }
        Some(power)
    }

    /// `not a`.
    pub fn not(&mut self, a: ExprId) -> ExprId {
        self.unary(UnaryOp::Not, a)
    }

    /// `a * b + c`, rounded once.
    pub fn fma(&mut self, a: ExprId, b: ExprId, c: ExprId) -> ExprId {
        if let (Some(x), Some(y), Some(z)) = (self.as_number(a), self.as_number(b), self.as_number(c)) {
            return self.number(libm::fma(x, y, z));
        }
        let ty = self.ty(a).broadcast(self.ty(b)).broadcast(self.ty(c));
        self.leaf(Expr::Fma(a, b, c), ty)
    }

    /// `yes` where `condition` is true, else `no`.
    pub fn select(&mut self, condition: ExprId, yes: ExprId, no: ExprId) -> ExprId {
        if let Some(value) = self.as_boolean(condition) {
            return if value { yes } else { no };
        }
        if yes == no {
            return yes;
        }
        match (self.as_boolean(yes), self.as_boolean(no)) {
            (Some(true), Some(false)) => return condition,
            (Some(false), Some(true)) => return self.not(condition),
            _ => {}
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
        Kernel { nodes: self.nodes, folds: self.folds, inputs, params, weights, outputs, assertions }
    }
}

/// The live nodes, one a line, as `hoodoo emit hir` prints them.
impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printed_folds = vec![false; self.folds.len()];
        for (id, node) in self.live_nodes() {
            if let Expr::FoldValue(fold_id, _) = node.expr
                && !std::mem::replace(&mut printed_folds[fold_id.index()], true)
            {
                let fold = self.fold(fold_id);
                let list = |ids: &[ExprId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                writeln!(
                    f,
                    "{fold_id}: from ({}) over ({}) next ({})",
                    list(&fold.init),
                    list(&fold.windows),
                    list(&fold.next)
                )?;
            }
            let elem = match node.ty.elem {
                Elem::Number => "f64",
                Elem::Boolean => "bool",
            };
            let shape = match node.ty.shape {
                Shape::Scalar => "",
                Shape::Window => "[]",
            };
            writeln!(f, "{id}: {elem}{shape} = {}", Listing(self, &node.expr))?;
        }
        for assertion in &self.assertions {
            writeln!(f, "assert {}: {}", assertion.condition, assertion.message)?;
        }
        for output in &self.outputs {
            writeln!(f, "output {} = {}", output.name, output.value)?;
        }
        Ok(())
    }
}

/// One expression in a listing.
struct Listing<'a>(&'a Kernel, &'a Expr);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Listing(kernel, expr) = self;
        match expr {
            Expr::Number(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Expr::Boolean(value) => write!(f, "{value}"),
            Expr::Param(index) => write!(f, "param {}", kernel.params[*index].name),
            Expr::Weight(index) => write!(f, "weight {}", kernel.weights[*index]),
            Expr::Tap(input) => write!(f, "tap {}", kernel.inputs[*input]),
            Expr::At { input, offset } => write!(f, "at {}{offset:?}", kernel.inputs[*input]),
            Expr::Offset(axis) => write!(f, "offset {axis}"),
            Expr::Dist => f.write_str("dist"),
            Expr::Coord(axis) => write!(f, "coord {axis}"),
            Expr::Extent(axis) => write!(f, "extent {axis}"),
            Expr::Len => f.write_str("len"),
            Expr::Unary(op, a) => write!(f, "{} {a}", op.name()),
            Expr::Binary(op, a, b) => write!(f, "{} {a}, {b}", op.name()),
            Expr::Fma(a, b, c) => write!(f, "fma {a}, {b}, {c}"),
            Expr::Select(a, b, c) => write!(f, "select {a}, {b}, {c}"),
            Expr::Reduce { op, window, filter, argument } => {
                write!(f, "{} {window}", op.name())?;
                if let Some(argument) = argument {
                    write!(f, ", {argument}")?;
                }
                match filter {
                    Some(filter) => write!(f, " where {filter}"),
                    None => Ok(()),
                }
            }
            Expr::Accumulator(fold, index) => write!(f, "{fold}.accumulator {index}"),
            Expr::Element(fold, index) => write!(f, "{fold}.element {index}"),
            Expr::FoldValue(fold, index) => write!(f, "{fold}.value {index}"),
        }
    }
}
