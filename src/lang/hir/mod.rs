//! What a kernel means: an arena of typed expressions.
//!
//! Nodes are hash-consed by [`Builder`], whose constructors fold constants and simplify, so a common subexpression
//! is one node. An operand always has a smaller [`ExprId`] than the node that uses it, so every pass is a loop over
//! the arena and none recurses. [`Kernel::verify`] checks what must hold of an arena.
//!
//! A window has no place here: a node of window shape is a function of the cell (the tap) at which it is evaluated, by
//! the reduction or fold that runs over it. Where simplification leaves a scalar in the place of a window (`w ** 0` is 1),
//! the scalar is the same at every cell.

mod build;
mod print;
mod rewrite;
mod simplify;
mod traverse;
mod verify;

use std::fmt;

use super::ops::{BinaryOp, UnaryOp};
use super::span::Span;
use super::types::Type;

pub use super::reductions::Reduction;
pub use build::Builder;
pub use rewrite::Rewrite;

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
    /// Whether it tells where another output has no value, and is not one itself.
    pub tells: bool,
}

impl Output {
    /// One that has a value.
    pub fn new(name: String, value: ExprId) -> Output {
        Output { name, value, tells: false }
    }
}

/// A condition that must hold.
#[derive(Clone, Debug, PartialEq)]
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
    /// Whether the current cell is in the array, and takes part. Compiled code does not see it: where it is known along which axes a
    /// window can end, it becomes conditions on the cell's place.
    Inside,
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

impl Fold {
    /// Every node that the fold needs: first values, windows, new values.
    pub fn parts(&self) -> impl Iterator<Item = ExprId> {
        [&self.init, &self.windows, &self.next].into_iter().flatten().copied()
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
}
