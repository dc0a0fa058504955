//! Nodes at cells, numbered so that translates have one number.

use std::collections::{BTreeSet, HashMap};

use crate::lang::cells::Cells;
use crate::lang::hir::{Expr, ExprId, Kernel, Node, Reduction};
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::plan::hoist::Hoisted;
use crate::tuning;

/// A node, at a cell if it is a window.
pub type Instance = (ExprId, Option<usize>);

/// What an instance is, but for where it is.
///
/// Instances of one number are the same function of cells that are as far from each other, and their values, at pixels that are as far from
/// each other as the anchors, are equal to the last bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    class: usize,
    /// Whether it is a difference the other way round, or such a difference scaled: of equal magnitude.
    turned: bool,
}

/// An instance's number, and where it is.
#[derive(Clone, Debug)]
pub struct Numbered {
    pub number: Number,
    /// The offset of a cell that it is a function of; none if it is the same for all pixels, or of a class of its own.
    pub anchor: Option<Vec<i32>>,
}

/// What makes a class: the operation, and the operands.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    head: Head,
    operands: Vec<Operand>,
}

/// An operand, and how far it is from the first one that is somewhere.
#[derive(PartialEq, Eq, Hash)]
struct Operand {
    number: Number,
    distance: Option<Vec<i32>>,
}

/// An expression without its operands, or what stands for it.
#[derive(PartialEq, Eq, Hash)]
enum Head {
    Number(u64),
    Boolean(bool),
    Param(usize),
    /// One of the weights, by the first cell that has the same one.
    Weight(usize, usize),
    /// An input's value.
    Cell(usize),
    Unary(UnaryOp),
    Binary(BinaryOp),
    Fma,
    Select,
    /// What depends on more than cells: of a class of its own.
    Own(Instance),
}

/// The instances of a kernel.
pub struct Instances<'k> {
    pub kernel: &'k Kernel,
    pub cells: &'k Cells,
    /// See [`Hoisted::equal_weights`].
    equal_weights: Vec<Option<Vec<usize>>>,
    numbers: HashMap<Instance, Numbered>,
    /// For each class, whether it is a function of cells, and of what is the same for all pixels.
    of_cells: Vec<bool>,
}

impl<'k> Instances<'k> {
    /// Those of a kernel that is made of elementwise operations, sums, minima, maxima and counts; none of others, or if there are too many.
    pub fn of(hoisted: &'k Hoisted, cells: &'k Cells) -> Option<Instances<'k>> {
        let kernel = &hoisted.kernel;
        let of_node = |node: &Node| if node.ty.is_window() { cells.taps() } else { 1 };
        if kernel.live_nodes().map(|(_, node)| of_node(node)).sum::<usize>() > tuning::MAX_INSTANCES {
            return None;
        }
        let reduces = kernel.live_nodes().any(|(_, node)| matches!(node.expr, Expr::Reduce { .. }));
        if reduces && cells.taps() == 0 || !kernel.live_nodes().all(|(_, node)| is_unrolled(&node.expr)) {
            return None;
        }
        let (equal_weights, numbers) = (hoisted.equal_weights(cells), HashMap::new());
        let mut instances = Instances { kernel, cells, equal_weights, numbers, of_cells: Vec::new() };
        let mut classes: HashMap<Key, usize> = HashMap::new();
        for (id, node) in kernel.live_nodes() {
            let at: Vec<Option<usize>> = match node.ty.is_window() {
                true => (0..cells.taps()).map(Some).collect(),
                false => vec![None],
            };
            for cell in at {
                let Named { key, turned, anchor } = instances.named((id, cell));
                let (next, of_cells) = (classes.len(), !matches!(key.head, Head::Own(_)));
                let class = *classes.entry(key).or_insert(next);
                if class == next {
                    instances.of_cells.push(of_cells);
                }
                instances.numbers.insert((id, cell), Numbered { number: Number { class, turned }, anchor });
            }
        }
        Some(instances)
    }

    /// What an instance is, and where.
    pub fn numbered(&self, instance: Instance) -> &Numbered {
        &self.numbers[&instance]
    }

    /// The instances that one is made of.
    pub fn operands(&self, (id, cell): Instance) -> Vec<Instance> {
        let mut operands = Vec::new();
        let is_reduction = matches!(self.kernel.expr(id), Expr::Reduce { .. });
        self.kernel.expr(id).for_each_operand(|operand| match self.kernel.ty(operand).is_window() {
            true if is_reduction => operands.extend((0..self.cells.taps()).map(|cell| (operand, Some(cell)))),
            true => operands.push((operand, cell)),
            false => operands.push((operand, None)),
        });
        operands
    }

    /// Whether an instance is made of no others.
    pub fn is_leaf(&self, instance: Instance) -> bool {
        self.operands(instance).is_empty()
    }

    /// All that an instance is made of, with itself.
    pub fn parts(&self, instance: Instance) -> BTreeSet<Instance> {
        let (mut open, mut parts) = (vec![instance], BTreeSet::new());
        while let Some(instance) = open.pop() {
            if parts.insert(instance) {
                open.extend(self.operands(instance));
            }
        }
        parts
    }

    /// The cell whose weight a cell has, for one of the weights.
    pub fn weight_of(&self, weights: usize, cell: usize) -> usize {
        self.equal_weights[weights].as_ref().map_or(cell, |first| first[cell])
    }

    /// What a class is made of, for an instance, and where the instance is of those.
    fn named(&self, instance: Instance) -> Named {
        let (id, cell) = instance;
        let cell_of = || cell.expect("a leaf of a window is at a cell");
        let operands: Vec<Numbered> =
            self.operands(instance).iter().map(|operand| self.numbers[operand].clone()).collect();
        if operands.iter().any(|operand| !self.of_cells[operand.number.class]) {
            return Named::own(instance);
        }
        match *self.kernel.expr(id) {
            Expr::Tap(input) => Named::cell(input, self.cells.offset(cell_of())),
            Expr::At { input, ref offset } => Named::cell(input, offset),
            Expr::Weight(weights) => Named::leaf(Head::Weight(weights, self.weight_of(weights, cell_of()))),
            Expr::Offset(axis) => Named::number(f64::from(self.cells.offset(cell_of())[axis])),
            Expr::Dist => Named::number(self.cells.dist(cell_of())),
            Expr::Number(bits) => Named::number(f64::from_bits(bits)),
            Expr::Boolean(value) => Named::leaf(Head::Boolean(value)),
            Expr::Param(param) => Named::leaf(Head::Param(param)),
            Expr::Unary(op, _) => unary(op, operands),
            Expr::Binary(op, ..) => binary(op, operands),
            Expr::Fma(..) => Named::of(Head::Fma, operands),
            Expr::Select(..) => Named::of(Head::Select, operands),
            _ => Named::own(instance),
        }
    }
}

/// A class's key, with what is the instance's own.
struct Named {
    key: Key,
    turned: bool,
    anchor: Option<Vec<i32>>,
}

impl Named {
    fn leaf(head: Head) -> Named {
        Named { key: Key { head, operands: Vec::new() }, turned: false, anchor: None }
    }

    fn own(instance: Instance) -> Named {
        Named::leaf(Head::Own(instance))
    }

    fn number(value: f64) -> Named {
        Named::leaf(Head::Number(value.to_bits()))
    }

    fn cell(input: usize, offset: &[i32]) -> Named {
        Named { anchor: Some(offset.to_vec()), ..Named::leaf(Head::Cell(input)) }
    }

    /// An operation on operands in this order.
    fn of(head: Head, operands: Vec<Numbered>) -> Named {
        let anchor = operands.iter().find_map(|operand| operand.anchor.clone());
        let relative = |operand: Numbered| Operand {
            number: operand.number,
            distance: operand.anchor.map(|there| {
                let here = anchor.as_ref().expect("an operand is somewhere");
                there.iter().zip(here).map(|(there, here)| there - here).collect()
            }),
        };
        let operands = operands.into_iter().map(relative).collect();
        Named { key: Key { head, operands }, turned: false, anchor }
    }
}

fn unary(op: UnaryOp, mut operands: Vec<Numbered>) -> Named {
    let turned = operands[0].number.turned;
    match op {
        UnaryOp::Abs => operands[0].number.turned = false,
        UnaryOp::Negate => {
            operands[0].number.turned = false;
            return Named { turned, ..Named::of(Head::Unary(op), operands) };
        }
        _ => {}
    }
    Named::of(Head::Unary(op), operands)
}

fn binary(op: BinaryOp, mut operands: Vec<Numbered>) -> Named {
    if op.is_commutative() {
        operands.sort_by(|x, y| (x.number, &x.anchor).cmp(&(y.number, &y.anchor)));
    }
    let (x, y) = (&operands[0], &operands[1]);
    let is_square = op == BinaryOp::Multiply && x.number == y.number && x.anchor == y.anchor;
    let is_scaled = match op {
        BinaryOp::Multiply => x.anchor.is_none() != y.anchor.is_none(),
        BinaryOp::Divide => y.anchor.is_none(),
        _ => false,
    };
    let turned = match op {
        BinaryOp::Subtract => x.number == y.number && x.anchor > y.anchor,
        _ => is_scaled && (x.number.turned || y.number.turned),
    };
    if op == BinaryOp::Subtract && turned {
        operands.reverse();
    }
    // The magnitudes of products and quotients are those of the magnitudes.
    if is_square || is_scaled {
        operands.iter_mut().for_each(|operand| operand.number.turned = false);
    }
    Named { turned, ..Named::of(Head::Binary(op), operands) }
}

/// Whether a node can be written as one for each cell.
fn is_unrolled(expr: &Expr) -> bool {
    match expr {
        Expr::Reduce { op, filter, .. } => match op {
            Reduction::Sum | Reduction::Count => true,
            Reduction::Min | Reduction::Max => filter.is_none(),
            _ => false,
        },
        Expr::Extent(_) | Expr::Inside | Expr::Accumulator(..) | Expr::Element(..) | Expr::FoldValue(..) => false,
        Expr::Number(_)
        | Expr::Boolean(_)
        | Expr::Param(_)
        | Expr::Weight(_)
        | Expr::Tap(_)
        | Expr::At { .. }
        | Expr::Offset(_)
        | Expr::Dist
        | Expr::Coord(_)
        | Expr::Len
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::Fma(..)
        | Expr::Select(..) => true,
    }
}
