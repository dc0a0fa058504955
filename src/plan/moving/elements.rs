//! The elements of what moves: those of an input, or what is computed at each cell.

use std::collections::HashMap;

use crate::grid::lane::Lane;
use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, Expr, ExprId, Kernel, Output};
use crate::lang::ops::BinaryOp;
use crate::lang::types::Type;
use crate::plan::analysis::ValueRange;
use crate::plan::assemble::{Draft, DraftOutput, LineRanges, array_input, assemble};
use crate::plan::hoist::Hoisted;
use crate::plan::pass::Pass;
use crate::plan::request::Request;

/// What is added to a cell's index in the array where an element is computed of it: the code knows that indices are not negative, and
/// those of cells before the array's start are.
pub const PLACE_BIAS: f64 = 4_294_967_296.0;

/// What the elements are of which something is found, as functions of the cell alone.
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
        let at_cell = AtCell::new(kernel, request.axes.len(), [Some(window), filter].into_iter().flatten())?;
        let (element, selected) = (at_cell.made[&window], filter.map(|filter| at_cell.made[&filter]));
        let selected = selected.filter(|filter| at_cell.builder.as_boolean(*filter) != Some(true));
        Some(Elements::Computed(Box::new(at_cell.pass(request, [Some(element), selected])?.0)))
    }

    /// What is to be added for each cell: the product of some nodes, but nothing where a condition does not hold; if all are functions of the
    /// cell. And what that may be.
    pub fn summed(
        hoisted: &Hoisted,
        request: &Request,
        factors: &[ExprId],
        conditions: &[ExprId],
    ) -> Option<(Elements, ValueRange)> {
        let kernel = &hoisted.kernel;
        if let ([factor], []) = (factors, conditions)
            && let Expr::Tap(input) = kernel.expr(*factor)
        {
            let read = array_input(request, *input);
            return Some((Elements::Input { input: *input, lane: read.input.lane }, read.ranges.general));
        }
        let roots = factors.iter().chain(conditions).copied();
        let AtCell { mut builder, made, kernel } = AtCell::new(kernel, request.axes.len(), roots)?;
        let one = builder.number(1.0);
        let product = factors.iter().map(|id| made[id]).reduce(|x, y| builder.binary(BinaryOp::Multiply, x, y));
        let always = builder.boolean(true);
        let selected = conditions.iter().fold(always, |all, id| builder.binary(BinaryOp::And, all, made[id]));
        let nothing = builder.number(0.0);
        let element = builder.select(selected, product.unwrap_or(one), nothing);
        let (pass, ranges) = AtCell { builder, made, kernel }.pass(request, [Some(element), None])?;
        Some((Elements::Computed(Box::new(pass)), ranges[0].general))
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

/// Nodes of a kernel that are functions of the cell, as nodes of another one, whose pixel is the cell.
struct AtCell<'k> {
    kernel: &'k Kernel,
    builder: Builder,
    made: HashMap<ExprId, ExprId>,
}

impl<'k> AtCell<'k> {
    /// These, and all that they need; nothing if one of them depends on the pixel or on the cell's place in the footprint.
    fn new(kernel: &'k Kernel, axes: usize, roots: impl Iterator<Item = ExprId>) -> Option<AtCell<'k>> {
        let mut needed = vec![false; kernel.node_count()];
        roots.for_each(|root| needed[root.index()] = true);
        for index in (0..kernel.node_count()).rev() {
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
                (_, Expr::Tap(input)) => builder.at(*input, vec![0; axes]),
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
        Some(AtCell { kernel, builder, made })
    }

    /// The pass that makes the element, and whether it is selected if that is asked, with what their values may be.
    fn pass(self, request: &Request, values: [Option<ExprId>; 2]) -> Option<(Pass, Vec<LineRanges>)> {
        let Kernel { inputs, params, weights, .. } = self.kernel;
        let output = |(name, value): (&str, Option<ExprId>)| Some(Output::new(name.to_string(), value?));
        let outputs: Vec<Output> = ["element", "selected"].into_iter().zip(values).filter_map(output).collect();
        let lines = (0..outputs.len()).map(|line| DraftOutput::Line(line, None)).collect();
        let kernel = self.builder.finish(inputs.clone(), params.clone(), weights.clone(), outputs, Vec::new());
        let cells = Cells::of_footprint(request.axes.len(), 0, Vec::new()).for_kernel(&kernel).ok()?;
        let draft = Draft {
            kernel: &kernel,
            cells: &cells,
            inputs: (0..request.inputs.len()).map(|array| array_input(request, array)).collect(),
            outputs: lines,
            rows_per_call: Some(1),
            known: &[],
            equal_weights: &[],
        };
        Some(assemble(&draft, request))
    }
}
