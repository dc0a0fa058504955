//! The elements of order statistics that move: an input, or what is computed at each cell.

use std::collections::HashMap;

use crate::grid::lane::Lane;
use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, Expr, ExprId, Kernel, Output};
use crate::lang::ops::BinaryOp;
use crate::lang::types::Type;
use crate::plan::assemble::{Draft, DraftOutput, array_input, assemble};
use crate::plan::hoist::Hoisted;
use crate::plan::pass::Pass;
use crate::plan::request::Request;

/// What is added to a cell's index in the array where an element is computed of it: the code knows that indices are not negative, and
/// those of cells before the array's start are.
pub const PLACE_BIAS: f64 = 4_294_967_296.0;

/// What the elements of some order statistics are, as functions of the cell alone.
#[derive(Clone, Debug)]
pub enum Elements {
    /// Those of an input, as such lanes, all of them.
    Input { input: usize, lane: Lane },
    /// What this pass makes of the inputs at the cell: the element, and if there is a second output whether it is selected.
    Computed(Box<Pass>),
}

impl Elements {
    /// The elements of a window that are selected by a filter, if both are functions of the cell.
    pub fn of(hoisted: &Hoisted, request: &Request, window: ExprId, filter: Option<ExprId>) -> Option<Elements> {
        let kernel = &hoisted.kernel;
        if let (Expr::Tap(input), None) = (kernel.expr(window), filter) {
            return Some(Elements::Input { input: *input, lane: array_input(request, *input).input.lane });
        }
        let at_cell = at_cell(kernel, request.axes.len(), window, filter)?;
        let outputs = (0..at_cell.outputs.len()).map(|line| DraftOutput::Line(line, None)).collect();
        let cells = Cells::of_footprint(request.axes.len(), 0, Vec::new()).for_kernel(&at_cell).ok()?;
        let draft = Draft {
            kernel: &at_cell,
            cells: &cells,
            inputs: (0..request.inputs.len()).map(|array| array_input(request, array)).collect(),
            outputs,
            rows_per_call: Some(1),
            known: &[],
            equal_weights: &[],
        };
        Some(Elements::Computed(Box::new(assemble(&draft, request).0)))
    }

    /// The lanes of the elements.
    pub fn lane(&self) -> Lane {
        match self {
            Elements::Input { lane, .. } => *lane,
            Elements::Computed(pass) => pass.outputs[0].lane,
        }
    }

    /// Whether not every element is selected.
    pub fn is_filtered(&self) -> bool {
        matches!(self, Elements::Computed(pass) if pass.outputs.len() > 1)
    }
}

/// A window and a filter as a kernel of their own, whose pixel is the cell; nothing if one of them depends on the pixel or on the
/// cell's place in the footprint.
fn at_cell(kernel: &Kernel, axes: usize, window: ExprId, filter: Option<ExprId>) -> Option<Kernel> {
    let mut needed = vec![false; kernel.node_count()];
    [Some(window), filter].into_iter().flatten().for_each(|root| needed[root.index()] = true);
    for index in
        (0..kernel.node_count()).rev().filter(|index| *index <= window.index().max(filter.map_or(0, ExprId::index)))
    {
        let id = ExprId::from_index(index);
        if needed[index] && kernel.absolute_place(id).is_none() {
            kernel.expr(id).for_each_operand(|operand| needed[operand.index()] = true);
        }
    }
    let mut builder = Builder::default();
    let mut made: HashMap<ExprId, ExprId> = HashMap::new();
    for id in (0..kernel.node_count()).filter(|index| needed[*index]).map(ExprId::from_index) {
        let new = |id: &ExprId| made[id];
        let place = kernel.absolute_place(id).map(|axis| {
            let (place, bias) = (builder.leaf(Expr::Coord(axis), Type::NUMBER), builder.number(PLACE_BIAS));
            builder.binary(BinaryOp::Subtract, place, bias)
        });
        let value = match (place, kernel.expr(id)) {
            (Some(place), _) => place,
            (_, Expr::Tap(input)) => {
                builder.leaf(Expr::At { input: *input, offset: vec![0; axes].into() }, Type::NUMBER)
            }
            (_, Expr::Unary(op, a)) => builder.unary(*op, new(a)),
            (_, Expr::Binary(op, a, b)) => builder.binary(*op, new(a), new(b)),
            (_, Expr::Fma(a, b, c)) => builder.fma(new(a), new(b), new(c)),
            (_, Expr::Select(a, b, c)) => builder.select(new(a), new(b), new(c)),
            (_, leaf @ (Expr::Number(_) | Expr::Boolean(_) | Expr::Param(_))) => {
                builder.leaf(leaf.clone(), kernel.ty(id))
            }
            _ => return None,
        };
        made.insert(id, value);
    }
    let selected = filter.map(|filter| made[&filter]).filter(|filter| builder.as_boolean(*filter) != Some(true));
    let output = |(name, value): (&str, ExprId)| Output { name: name.to_string(), value };
    let outputs = [("element", made[&window])].into_iter().chain(selected.map(|selected| ("selected", selected)));
    let outputs = outputs.map(output).collect();
    Some(builder.finish(kernel.inputs.clone(), kernel.params.clone(), kernel.weights.clone(), outputs, Vec::new()))
}
