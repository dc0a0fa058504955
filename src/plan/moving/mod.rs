//! What moves: order statistics and sums that the host finds from one pixel's window to the next, instead of anew at each pixel.
//!
//! If the elements of a reduction, and the condition by which they are selected, are functions of the cell alone, two neighbouring
//! pixels have most of their elements in common. The host keeps what it knows of a window's elements, takes out those that the next
//! window has not, and puts in those that are new. What it finds is a line, which the last pass, the kernel itself, reads where the
//! reduction was. No value depends on how it is found.
//!
//! Here it is decided which order statistics move. Sums are cut into passes else, so `plan/cut` decides about these.

pub mod cells;
pub mod elements;
pub mod line;
pub mod method;
pub mod pass;
pub mod sums;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::cells::OrderCells;
use self::elements::Elements;
use self::method::Method;
use self::pass::{MovingPass, OrderArgument, OrderPass, OrderStatistic};
use super::assemble::ranges_of;
use super::body::NoNetwork;
use super::chain::Link;
use super::hoist::Hoisted;
use super::line::Origin;
use super::request::Request;
use crate::grid::cut::Cut;
use crate::grid::lane::Lane;
use crate::lang::cells::Cells;
use crate::lang::hir::{Builder, Expr, ExprId, Kernel, Node};
use crate::lang::reductions::Reduction;
use crate::lang::stop::is_stopped;
use crate::lang::types::Type;
use crate::lang::whole::{WholeFacts, wholes};

/// A kernel's order statistics that move.
pub struct Moving {
    /// The passes that find them, whose lines are the first ones.
    pub passes: Vec<MovingPass>,
    /// The line of each.
    pub lines: BTreeMap<ExprId, usize>,
    /// The pass that reads these, if there are no other passes.
    pub last: Link,
}

impl Moving {
    /// No order statistic moves.
    pub fn none(hoisted: &Hoisted, request: &Request) -> Moving {
        Moving { passes: Vec::new(), lines: BTreeMap::new(), last: Link::whole(request, hoisted) }
    }
}

/// The order statistics of a kernel that move, if some can, and code would not find them as well.
pub fn moving(hoisted: &Hoisted, request: &Request) -> Option<Moving> {
    if request.cut == Cut::Never || request.cells.taps() == 0 {
        return None;
    }
    let kernel = &hoisted.kernel;
    let facts = WholeFacts { inputs: &request.wholes(), taps: request.window_len(), absence: false };
    let wholes = wholes(kernel, &facts);
    let mut found: BTreeMap<(ExprId, Option<ExprId>), Vec<ExprId>> = BTreeMap::new();
    for (id, node) in kernel.live_nodes() {
        let Expr::Reduce { op, window, filter, argument } = node.expr else { continue };
        let wanted = request.cut.is_forced() || !has_network(kernel, op, filter, argument, request);
        if op.is_order_statistic() && wanted && argument_of(kernel, argument).is_some() {
            found.entry((window, filter)).or_default().push(id);
        }
    }
    if found.is_empty() || is_stopped() {
        return None;
    }
    let ranges = ranges_of(kernel, request);
    let cells = Arc::new(OrderCells::new(request));
    if cells.count() == 0 || cells.is_sparse() {
        return None;
    }
    let mut lines: BTreeMap<ExprId, usize> = BTreeMap::new();
    let mut passes = Vec::new();
    for ((window, filter), ids) in found {
        let Some(elements) = Elements::of(hoisted, request, window, filter) else { continue };
        let statistic = |id: &ExprId| {
            let Expr::Reduce { op, argument, .. } = *kernel.expr(*id) else { return None };
            let (argument, lane) = (argument_of(kernel, argument)?, elements.lane());
            let element = (!elements.is_filtered()).then(|| element_of(op, argument, cells.count())).flatten();
            let method = Method::of(op, lane, &cells, element)?;
            let line_lane = match method {
                // As wide as the counts.
                Method::Bisection(_) if lane == Lane::U8 && cells.count() > usize::from(u8::MAX) => Lane::U16,
                Method::Columns(_) | Method::Bisection(_) if element.is_some() => lane,
                // One of the elements, of which every bit is kept.
                _ if wholes[id.index()].is_exact() => lane,
                _ => Lane::F64,
            };
            let statistic = OrderStatistic {
                op,
                argument,
                element,
                method,
                line: lines.len(),
                lane: line_lane,
                range: ranges[id.index()].general,
            };
            lines.insert(*id, statistic.line);
            Some(statistic)
        };
        let statistics = ids.iter().filter_map(statistic).collect();
        passes.push(MovingPass::Order(OrderPass { elements, statistics, cells: cells.clone() }));
    }
    let last = last_pass(kernel, request, &lines)?;
    (!passes.is_empty()).then_some(Moving { passes, lines, last })
}

/// Whether code finds some order statistic of a kernel by a network.
pub fn has_networks(kernel: &Kernel, request: &Request) -> bool {
    kernel.live_nodes().any(|(_, node)| match node.expr {
        Expr::Reduce { op, filter, argument, .. } if op.is_order_statistic() => {
            has_network(kernel, op, filter, argument, request)
        }
        _ => false,
    })
}

/// Whether code finds an order statistic by a network.
fn has_network(
    kernel: &Kernel,
    op: Reduction,
    filter: Option<ExprId>,
    argument: Option<ExprId>,
    request: &Request,
) -> bool {
    let constant = argument.is_none_or(|id| matches!(kernel.expr(id), Expr::Number(_)));
    NoNetwork::of(op, request.cells.taps(), filter.is_some(), constant, request.network).is_none()
}

/// The argument of a reduction, if it is the same for every pixel.
fn argument_of(kernel: &Kernel, argument: Option<ExprId>) -> Option<OrderArgument> {
    match argument.map(|id| kernel.expr(id)) {
        None => Some(OrderArgument::Number(0.0)),
        Some(Expr::Number(bits)) => Some(OrderArgument::Number(f64::from_bits(*bits))),
        Some(Expr::Param(param)) => Some(OrderArgument::Param(*param)),
        Some(_) => None,
    }
}

/// The rank of the element that a reduction of so many elements is, if it is one of them.
fn element_of(op: Reduction, argument: OrderArgument, count: usize) -> Option<usize> {
    let argument = match argument {
        OrderArgument::Number(number) => Some(number),
        OrderArgument::Param(_) => None,
    };
    match op.ranks(count, argument)?[..] {
        [rank] => Some(rank),
        _ => None,
    }
}

/// The kernel, which reads a line where each of these order statistics was.
fn last_pass(kernel: &Kernel, request: &Request, lines: &BTreeMap<ExprId, usize>) -> Option<Link> {
    let arrays = kernel.inputs.len();
    let mut extended = kernel.clone();
    extended.inputs.extend((0..lines.len()).map(|line| format!("line {line}")));
    let replace = |builder: &mut Builder, id: ExprId, _: &Node, _: &dyn Fn(ExprId) -> ExprId| {
        let input = arrays + lines.get(&id)?;
        Some(builder.leaf(Expr::At { input, offset: vec![0; request.axes.len()].into() }, Type::NUMBER))
    };
    let last = extended.rewritten(kernel.params.clone(), kernel.weights.clone(), replace);
    let footprint = match last.reads_window() {
        true => request.cells.clone(),
        false => Cells::of_footprint(request.axes.len(), 0, Vec::new()),
    };
    Some(Link {
        cells: footprint.for_kernel(&last).ok()?,
        reads: (0..arrays).map(Origin::Array).chain((0..lines.len()).map(Origin::Line)).collect(),
        neutral: vec![None; last.outputs.len()],
        rows_per_call: None,
        known: Vec::new(),
        kernel: last,
    })
}
