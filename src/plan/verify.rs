//! Checks of a plan, in debug builds, between planning and code generation.
//!
//! - A step comes after all that it needs, and every scalar that an output, an assertion or a fold needs is computed once.
//! - The window nodes of a step are complete, operands first.
//! - Every cell that the kernel reads is in a row that the pass lists, for every row of pixels of a call, and rows ascend.
//! - Every lane holds the values of its node, but for rounding in single precision and signs of zeros that nothing can tell.
//! - Trees are of associative reductions; networks find ranks that there are; what is unrolled is not too much.
//! - What is stored has the lane of its output.
//! - Lines are made before they are read, and only the last pass makes outputs or fails.

use std::collections::HashSet;

use super::body::{Body, Combine, Combiner, Fold, Host, Select, Step, Strategy, Visit};
use super::line::{Destination, Origin};
use super::moving::pass::MovingPass;
use super::pass::{CellRow, Pass};
use super::program::Plan;
use crate::grid::element::Precision;
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId};
use crate::lang::types::Elem;
use crate::tuning;

/// What is wrong with a plan, if something is.
pub fn verify(plan: &Plan) -> Result<(), String> {
    if plan.passes.is_empty() {
        return Err("there is no pass".to_string());
    }
    for (number, pass) in plan.passes.iter().enumerate() {
        let in_pass = |error| format!("pass {number}: {error}");
        rows(pass).map_err(in_pass)?;
        for body in [Some(&pass.finite), pass.general.as_ref()].into_iter().flatten() {
            lanes(pass, body, plan.request.precision).map_err(in_pass)?;
            stores(pass, body).map_err(in_pass)?;
            let mut scope = Scope { pass, computed: HashSet::new() };
            scope.steps(&body.steps).map_err(in_pass)?;
            scope.roots().map_err(in_pass)?;
        }
    }
    lines(plan)
}

/// Whether lines are made before they are read, at the same row of pixels, and nothing but the outputs can fail.
fn lines(plan: &Plan) -> Result<(), String> {
    let mut made: HashSet<usize> = plan.moving.iter().flat_map(MovingPass::lines).map(|line| line.number).collect();
    for (number, pass) in plan.passes.iter().enumerate() {
        let last = number + 1 == plan.passes.len();
        check(last || pass.kernel.assertions.is_empty(), || format!("pass {number} has assertions"))?;
        for (input, read) in pass.inputs.iter().enumerate() {
            let Origin::Line(line) = read.origin else { continue };
            check(made.contains(&line), || format!("pass {number} comes before line {line}, which it reads"))?;
            check(plan.lines[line].lane == read.lane, || format!("pass {number} reads line {line} in other lanes"))?;
            let at_pixel = |row: &CellRow| match row.outer.split_last() {
                Some((y, others)) => (0..pass.rows_per_call as isize).contains(y) && others.iter().all(|z| *z == 0),
                None => true,
            };
            let all = pass.rows.iter().filter(|row| row.input == input).all(at_pixel);
            check(all, || format!("pass {number} reads line {line} at another row of pixels"))?;
        }
        for output in &pass.outputs {
            match output.destination {
                Destination::Line(line) => {
                    check(!last && made.insert(line), || format!("line {line} is not in order"))?
                }
                Destination::Array(array) => check(last, || format!("pass {number} makes output {array}"))?,
            }
        }
    }
    Ok(())
}

fn check(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Whether all rows that are read are listed.
fn rows(pass: &Pass) -> Result<(), String> {
    check(pass.rows.is_sorted_by(|x, y| x < y), || "the rows don't ascend".to_string())?;
    check(pass.block.is_power_of_two(), || format!("a block of {} pixels", pass.block))?;
    let calls = [Some(&pass.finite), pass.general.as_ref()].into_iter().flatten().any(Body::calls_host);
    check(pass.vectors.blocks() == 1 || !calls, || "the host is called for several blocks at once".to_string())?;
    let listed = |input: usize, cell: usize| {
        let addr = &pass.cell_addrs.at(cell);
        (0..pass.rows_per_call).all(|row| {
            let mut outer = addr.outer.clone();
            outer.last_mut().into_iter().for_each(|last| *last += row as isize);
            pass.rows.binary_search(&CellRow { input, outer, shift: addr.shift }).is_ok()
        })
    };
    for (id, node) in pass.kernel.live_nodes() {
        let all = match &node.expr {
            Expr::Tap(input) => (0..pass.cells.taps()).all(|cell| listed(*input, cell)),
            Expr::At { input, offset } => pass.cells.position(offset).is_some_and(|cell| listed(*input, cell)),
            _ => true,
        };
        check(all, || format!("{id} reads a row that is not listed"))?;
    }
    Ok(())
}

/// Whether each lane holds its node's values.
fn lanes(pass: &Pass, body: &Body, precision: Precision) -> Result<(), String> {
    for (id, node) in pass.kernel.live_nodes() {
        let (mut range, lane) = (body.analysis.ranges[id.index()], body.analysis.lanes[id.index()]);
        range.neg_zero = false;
        let is_rounded = precision == Precision::Single || body.analysis.rounded_quotients[id.index()];
        let rounded = is_rounded && matches!(lane, Lane::F32 | Lane::I16);
        let long = lane.is_long() && !range.nan;
        let holds = node.ty.elem == Elem::Boolean || rounded || long || range.fits(lane);
        check(holds, || format!("{id} is in {} lanes, which don't hold {range:?}", lane.as_str()))?;
        let is_constant = matches!(node.expr, Expr::Param(_) | Expr::Weight(_));
        check(!is_constant || lane.is_float(), || format!("{id} is a constant in {} lanes", lane.as_str()))?;
    }
    Ok(())
}

fn stores(pass: &Pass, body: &Body) -> Result<(), String> {
    check(body.stores.len() == pass.outputs.len(), || "there is not one store for each output".to_string())?;
    for (store, output) in body.stores.iter().zip(&pass.outputs) {
        let lane = store.lane();
        check(lane == output.lane, || format!("{} is stored for {}", lane.as_str(), output.lane.as_str()))?;
    }
    Ok(())
}

/// The scalars that are computed where some steps are.
struct Scope<'a> {
    pass: &'a Pass,
    computed: HashSet<ExprId>,
}

impl Scope<'_> {
    fn steps(&mut self, steps: &[Step]) -> Result<(), String> {
        for step in steps {
            match step {
                Step::Scalar(id) => {
                    let mut operands = Ok(());
                    self.pass.kernel.expr(*id).for_each_operand(|operand| {
                        operands = operands.clone().and_then(|()| self.known(operand, *id));
                    });
                    operands?;
                    self.compute(*id)?;
                }
                Step::Combine(combine) => self.combine(combine)?,
                Step::Select(select) => self.select(select)?,
                Step::Host(host) => self.host(host)?,
                Step::Fold(fold) => self.fold(fold)?,
            }
        }
        Ok(())
    }

    fn compute(&mut self, id: ExprId) -> Result<(), String> {
        check(self.computed.insert(id), || format!("{id} is computed twice"))
    }

    fn known(&self, operand: ExprId, user: ExprId) -> Result<(), String> {
        check(self.computed.contains(&operand), || format!("{user} comes before {operand}, which it needs"))
    }

    /// Whether `roots` can be computed at a cell from `nodes`.
    fn nodes(&self, nodes: &[ExprId], roots: impl IntoIterator<Item = ExprId>) -> Result<(), String> {
        let mut here: HashSet<ExprId> = HashSet::new();
        for &id in nodes {
            let mut complete = true;
            self.pass.kernel.expr(id).for_each_operand(|operand| {
                complete &= here.contains(&operand) || self.computed.contains(&operand);
            });
            check(complete, || format!("{id} comes before what it needs at a cell"))?;
            here.insert(id);
        }
        let missing = roots.into_iter().find(|root| !here.contains(root) && !self.computed.contains(root));
        check(missing.is_none(), || format!("{missing:?} is not computed at a cell"))
    }

    fn combine(&mut self, Combine { strategy, nodes, reductions }: &Combine) -> Result<(), String> {
        self.nodes(nodes, reductions.iter().flat_map(|r| [Some(r.window), r.filter, r.argument]).flatten())?;
        for reduce in reductions {
            let monoid = matches!(reduce.op, Combiner::Monoid(_));
            check(monoid || *strategy == Strategy::Loop, || format!("{} as a tree", reduce.id))?;
            self.compute(reduce.id)?;
        }
        self.visit(if *strategy == Strategy::Tree { Visit::Unrolled } else { Visit::Loop })
    }

    fn select(&mut self, select: &Select) -> Result<(), String> {
        let taps = self.pass.cells.taps();
        self.nodes(&select.nodes, [Some(select.window), select.filter].into_iter().flatten())?;
        // Of the least of many elements the best network has no tiles.
        check(taps <= tuning::MAX_TILED_NETWORK, || format!("a network for {taps} cells"))?;
        for statistic in &select.statistics {
            let found = statistic.of_ranks.ranks().iter().all(|rank| *rank < taps && select.ranks.contains(rank));
            check(found, || format!("{} needs a rank that is not found", statistic.id))?;
            self.compute(statistic.id)?;
        }
        Ok(())
    }

    fn host(&mut self, host: &Host) -> Result<(), String> {
        self.nodes(&host.nodes, [Some(host.window), host.filter].into_iter().flatten())?;
        for statistic in &host.statistics {
            statistic.argument.map_or(Ok(()), |argument| self.known(argument, statistic.id))?;
            self.compute(statistic.id)?;
        }
        self.visit(host.visit)
    }

    fn fold(&mut self, fold: &Fold) -> Result<(), String> {
        let parts = self.pass.kernel.fold(fold.id);
        parts.init.iter().try_for_each(|init| {
            check(self.computed.contains(init), || format!("{} starts from {init}, which comes later", fold.id))
        })?;
        self.nodes(&fold.nodes, parts.windows.iter().copied())?;
        check(fold.accumulators.len() == parts.init.len(), || format!("{} has other accumulators", fold.id))?;
        // What is computed at a cell is gone afterwards.
        let mut inside = Scope { pass: self.pass, computed: self.computed.clone() };
        inside.steps(&fold.body)?;
        parts.next.iter().try_for_each(|next| {
            check(inside.computed.contains(next), || format!("{} needs {next}, which is not computed", fold.id))
        })?;
        self.visit(fold.visit)
    }

    fn visit(&self, visit: Visit) -> Result<(), String> {
        let taps = self.pass.cells.taps();
        let few = taps <= self.pass.cell_addrs.most_unrolled(taps).0;
        check(visit == Visit::Loop || few, || format!("{taps} cells are unrolled"))
    }

    /// Whether all that the outputs and assertions need is computed.
    fn roots(&self) -> Result<(), String> {
        let outputs = self.pass.kernel.outputs.iter().map(|output| output.value);
        let conditions = self.pass.kernel.assertions.iter().map(|assertion| assertion.condition);
        let missing = outputs.chain(conditions).find(|root| !self.computed.contains(root));
        check(missing.is_none(), || format!("{missing:?} is not computed"))
    }
}
