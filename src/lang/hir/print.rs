//! A kernel as text, for people.

use std::fmt;

use super::{Expr, ExprId, Kernel};
use crate::lang::types::{Elem, Shape};

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
            Expr::Inside => f.write_str("inside"),
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
