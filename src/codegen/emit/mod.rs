//! A kernel's nodes as Cranelift IR, for the pixels that are computed together.
//!
//! Reductions that do not wait for each other share a loop, so what two of them use is computed once: the nodes of a
//! scope are put in waves, where a reduction is one wave after everything that it needs. Loops over a small known
//! footprint are unrolled, and their sums and extremes become trees.

mod order_statistics;
mod reductions;
pub mod window;

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{AbiParam, BlockArg, FuncRef, InstBuilder, Signature, Value};
use cranelift_frontend::FunctionBuilder;
use cranelift_module::Module as _;

use self::order_statistics::Selection;
use self::window::{Tap, Window};
use super::jit::Module;
use super::lanes::{self, Lanes, Width};
use super::{expr, math, simd, size};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId, FoldId, Kernel, Reduction};
use crate::lang::limits::Limits;
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::schedule::{Schedule, Step};
use crate::lang::types::Elem;
use crate::plan::MAX_UNROLLED_CELLS;
use crate::plan::lanes::{Analysis, Threshold, threshold};

/// Loops are unrolled if the unrolled body has at most this many instructions.
const MAX_UNROLLED_INSTRUCTIONS: usize = 1024;

/// The most reductions in one loop: each has variables that live through it, and allocating registers for many of them
/// takes time that grows with their square.
const MAX_REDUCTIONS_IN_LOOP: usize = 64;

/// What is emitted, in which lanes.
pub struct Code<'a> {
    /// The kernel.
    pub kernel: &'a Kernel,
    /// What is known of its values, and the lane type of each.
    pub analysis: &'a Analysis,
    /// How many pixels are computed together.
    pub width: Width,
    /// What the code must keep to: each loop has its own copy of what it needs, so it may be far larger than the kernel.
    pub limits: &'a Limits,
}

/// Emits the nodes of a kernel.
pub struct Emitter<'a, 'f> {
    pub b: &'a mut FunctionBuilder<'f>,
    module: &'a mut Module,
    window: &'a mut dyn Window,
    kernel: &'a Kernel,
    analysis: &'a Analysis,
    width: Width,
    schedule: Schedule,
    /// The current value of each scalar node.
    scalars: Vec<Option<Lanes>>,
    /// Accumulators and elements of the folds around the current point.
    accumulators: HashMap<FoldId, Vec<Lanes>>,
    elements: HashMap<FoldId, Vec<Lanes>>,
    /// Which nodes are used for nothing but their squares, so that their sign does not matter.
    squared: Vec<bool>,
    /// An accumulator has one lane type from the first cell to the last.
    accumulator_lanes: HashMap<(FoldId, usize), Lane>,
    functions: HashMap<String, FuncRef>,
    /// How order statistics are found, by the lengths of the rows of cells and the ranks.
    selections: HashMap<(Vec<usize>, Vec<usize>), Selection>,
    limits: &'a Limits,
}

impl<'a, 'f> Emitter<'a, 'f> {
    pub fn new(
        b: &'a mut FunctionBuilder<'f>,
        module: &'a mut Module,
        window: &'a mut dyn Window,
        code: &Code<'a>,
    ) -> Emitter<'a, 'f> {
        let accumulator_lanes = code.kernel.live_nodes().filter_map(|(id, node)| match node.expr {
            Expr::Accumulator(fold, index) | Expr::FoldValue(fold, index) => {
                Some(((fold, index), code.width.lane(code.analysis.lanes[id.index()])))
            }
            _ => None,
        });
        Emitter {
            squared: squared(code.kernel),
            accumulator_lanes: accumulator_lanes.collect(),
            b,
            module,
            window,
            kernel: code.kernel,
            analysis: code.analysis,
            width: code.width,
            schedule: Schedule::new(code.kernel),
            scalars: vec![None; code.kernel.node_count()],
            accumulators: HashMap::new(),
            elements: HashMap::new(),
            functions: HashMap::new(),
            selections: HashMap::new(),
            limits: code.limits,
        }
    }

    /// Emits everything that the outputs and assertions need.
    pub fn emit(&mut self) -> Result<(), Error> {
        let steps = self.schedule.once.clone();
        self.steps(&steps)
    }

    /// The value of a scalar node that has been emitted.
    pub fn scalar(&self, id: ExprId) -> &Lanes {
        self.scalars[id.index()].as_ref().expect("operands are emitted before their users")
    }

    /// The lane type of a node.
    fn lane(&self, id: ExprId) -> Lane {
        self.width.lane(self.analysis.lanes[id.index()])
    }

    /// Whether a node may be NaN.
    fn may_be_nan(&self, id: ExprId) -> bool {
        self.analysis.ranges[id.index()].nan
    }

    fn numbers(&mut self, value: &Lanes, lane: Lane) -> Vec<Value> {
        lanes::numbers(self.b, self.width, value, lane)
    }

    fn masks(&mut self, value: &Lanes, lane: Lane) -> Vec<Value> {
        lanes::masks(self.b, self.width, value, lane)
    }

    fn number(&mut self, lane: Lane, value: f64) -> Vec<Value> {
        lanes::number(self.b, self.width, lane, value)
    }

    /// What `op` makes of each part.
    fn map(&mut self, x: &[Value], op: impl Fn(&mut FunctionBuilder<'f>, Value) -> Value) -> Vec<Value> {
        x.iter().map(|x| op(self.b, *x)).collect()
    }

    /// What `op` makes of the parts of two values.
    fn zip(
        &mut self,
        x: &[Value],
        y: &[Value],
        op: impl Fn(&mut FunctionBuilder<'f>, Value, Value) -> Value,
    ) -> Vec<Value> {
        x.iter().zip(y).map(|(x, y)| op(self.b, *x, *y)).collect()
    }

    /// `yes` where the masks are set, else `no`.
    fn select(&mut self, masks: &[Value], yes: &[Value], no: &[Value]) -> Vec<Value> {
        masks.iter().zip(yes).zip(no).map(|((mask, yes), no)| simd::select(self.b, *mask, *yes, *no)).collect()
    }

    // Scopes.

    /// Emits the steps of one scope, wave by wave.
    fn steps(&mut self, steps: &[Step]) -> Result<(), Error> {
        let waves = self.waves(steps);
        for wave in waves {
            if !wave.reductions.is_empty() {
                self.reduce_all(&wave.reductions)?;
            }
            for fold in wave.folds {
                self.fold(fold)?;
            }
            for id in wave.nodes {
                size::check(self.b.func, self.limits)?;
                let value = self.scalar_node(id)?;
                self.scalars[id.index()] = Some(value);
            }
        }
        Ok(())
    }

    fn waves(&self, steps: &[Step]) -> Vec<Wave> {
        let mut waves: Vec<Wave> = Vec::new();
        let mut wave_of: HashMap<ExprId, usize> = HashMap::new();
        let mut wave_of_fold: HashMap<FoldId, usize> = HashMap::new();
        let mut in_wave = |wave: usize| {
            if waves.len() <= wave {
                waves.resize_with(wave + 1, Wave::default);
            }
            wave
        };
        let mut placed: Vec<(usize, Step)> = Vec::new();
        for step in steps {
            // Nodes of outer scopes are there already: they are in wave 0.
            let known = |id: ExprId| wave_of.get(&id).copied().unwrap_or(0);
            match *step {
                Step::Fold(id) => {
                    let wave = self.wave_before(id, &known);
                    wave_of_fold.insert(id, in_wave(wave + 1));
                    placed.push((wave + 1, *step));
                }
                Step::Node(id) => {
                    let expr = self.kernel.expr(id);
                    let mut wave = 0;
                    expr.for_each_operand(|operand| wave = wave.max(known(operand)));
                    match expr {
                        Expr::Reduce { .. } => wave += 1,
                        Expr::FoldValue(fold, _) => wave = wave_of_fold[fold],
                        _ => {}
                    }
                    wave_of.insert(id, in_wave(wave));
                    placed.push((wave, *step));
                }
            }
        }
        for (wave, step) in placed {
            match step {
                Step::Fold(fold) => waves[wave].folds.push(fold),
                Step::Node(id) if matches!(self.kernel.expr(id), Expr::Reduce { .. }) => {
                    waves[wave].reductions.push(id);
                }
                Step::Node(id) if self.kernel.ty(id).is_window() => {}
                Step::Node(id) => waves[wave].nodes.push(id),
            }
        }
        waves
    }

    /// The latest wave that `fold`, with the folds in its body, needs from the scope around it.
    fn wave_before(&self, fold: FoldId, known: &impl Fn(ExprId) -> usize) -> usize {
        let mut latest = 0;
        let mut open = vec![fold];
        while let Some(id) = open.pop() {
            let fold = self.kernel.fold(id);
            for part in [&fold.init, &fold.windows, &fold.next].into_iter().flatten() {
                latest = latest.max(known(*part));
            }
            for step in self.schedule.body(id) {
                match *step {
                    Step::Node(id) => self.kernel.expr(id).for_each_operand(|o| latest = latest.max(known(o))),
                    Step::Fold(inner) => open.push(inner),
                }
            }
        }
        latest
    }

    fn scalar_node(&mut self, id: ExprId) -> Result<Lanes, Error> {
        let kernel = self.kernel;
        Ok(match *kernel.expr(id) {
            Expr::Number(bits) => Lanes::Number(f64::from_bits(bits)),
            Expr::Boolean(value) => Lanes::Truth(value),
            Expr::Param(param) => {
                let value = self.window.param(self.b, param);
                self.broadcast(id, value)
            }
            Expr::At { input, ref offset } => self.window.cell(self.b, input, offset),
            Expr::Len => match self.window.taps() {
                Some(taps) => Lanes::Number(taps as f64),
                None => {
                    let count = self.window.count(self.b);
                    let len = self.b.ins().fcvt_from_sint(F64, count);
                    self.broadcast(id, len)
                }
            },
            Expr::Accumulator(fold, index) => self.accumulators[&fold][index].clone(),
            Expr::Element(fold, index) => self.elements[&fold][index].clone(),
            Expr::FoldValue(fold, index) => self.accumulators[&fold][index].clone(),
            Expr::Coord(axis) => self.window.coordinate(self.b, axis),
            Expr::Extent(_) => unreachable!("what is the same for all pixels is a param"),
            Expr::Reduce { .. } => unreachable!("reductions are emitted in loops"),
            _ => self.elementwise(id, &|emitter, id| emitter.scalar(id).clone())?,
        })
    }

    /// A scalar f64 for every pixel, as a value of node `id`.
    fn broadcast(&mut self, id: ExprId, value: Value) -> Lanes {
        let lane = self.lane(id);
        Lanes::Numbers(lane, lanes::broadcast(self.b, self.width, lane, value))
    }

    fn elementwise(&mut self, id: ExprId, value: &dyn Fn(&Self, ExprId) -> Lanes) -> Result<Lanes, Error> {
        let lane = self.lane(id);
        let expr = self.kernel.expr(id);
        if let Some(value) = self.analysis.ranges[id.index()].point() {
            return Ok(match self.kernel.ty(id).elem {
                Elem::Number => Lanes::Number(value),
                Elem::Boolean => Lanes::Truth(value != 0.0),
            });
        }
        Ok(match *expr {
            Expr::Unary(op, x) => match (op, value(self, x)) {
                (_, Lanes::Number(x)) => Lanes::Number(op.apply(x)),
                (_, Lanes::Truth(x)) => Lanes::Truth(!x),
                (_, Lanes::Masks(lane, parts)) => Lanes::Masks(lane, self.map(&parts, simd::not)),
                (_, x) => {
                    let x = self.numbers(&x, lane);
                    Lanes::Numbers(lane, self.unary(op, lane, &x)?)
                }
            },
            Expr::Binary(op, x, y) => {
                let (first, second) = (value(self, x), value(self, y));
                match (&first, &second) {
                    (Lanes::Number(x), Lanes::Number(y)) if op.is_boolean() => Lanes::Truth(op.apply(*x, *y) != 0.0),
                    (Lanes::Number(x), Lanes::Number(y)) => Lanes::Number(op.apply(*x, *y)),
                    (Lanes::Truth(_) | Lanes::Masks(..), _) => self.logic(op, lane, &first, &second),
                    _ if op.is_boolean() => self.compare(op, lane, &first, &second),
                    _ => {
                        let nan = self.may_be_nan(x) || self.may_be_nan(y);
                        if let Some(divisor) = self.whole_divisor(op, (x, y), &second, lane) {
                            let x = self.numbers(&first, lane);
                            return Ok(Lanes::Numbers(lane, self.map(&x, |b, x| expr::quotient(b, x, divisor))));
                        }
                        let (x, y) = (self.numbers(&first, lane), self.numbers(&second, lane));
                        if op == BinaryOp::Subtract && x == y && !self.may_be_nan(id) {
                            // The centre's difference from itself, say.
                            return Ok(Lanes::Number(0.0));
                        }
                        if op == BinaryOp::Subtract && lane.is_float() && self.squared[id.index()] && y[0] < x[0] {
                            // The same square, whichever of two pixels it is for. (In integers the difference the other way
                            // round may be none of the lane's values.)
                            return Ok(Lanes::Numbers(lane, self.binary(op, lane, &y, &x, nan)));
                        }
                        Lanes::Numbers(lane, self.binary(op, lane, &x, &y, nan))
                    }
                }
            }
            Expr::Fma(x, y, z) => match (value(self, x), value(self, y), value(self, z)) {
                (Lanes::Number(x), Lanes::Number(y), Lanes::Number(z)) => Lanes::Number(libm::fma(x, y, z)),
                (x, y, z) => {
                    let (x, y, z) = (self.numbers(&x, lane), self.numbers(&y, lane), self.numbers(&z, lane));
                    let fused = |(index, x): (usize, &Value)| {
                        if lane.is_float() {
                            return self.b.ins().fma(*x, y[index], z[index]);
                        }
                        let product = self.b.ins().imul(*x, y[index]);
                        self.b.ins().iadd(product, z[index])
                    };
                    Lanes::Numbers(lane, x.iter().enumerate().map(fused).collect())
                }
            },
            Expr::Select(condition, yes, no) => {
                let (yes, no) = (value(self, yes), value(self, no));
                match value(self, condition) {
                    Lanes::Truth(true) => yes,
                    Lanes::Truth(false) => no,
                    condition => {
                        let masks = self.masks(&condition, lane);
                        match yes {
                            Lanes::Number(_) | Lanes::Numbers(..) => {
                                let (yes, no) = (self.numbers(&yes, lane), self.numbers(&no, lane));
                                Lanes::Numbers(lane, self.select(&masks, &yes, &no))
                            }
                            Lanes::Truth(_) | Lanes::Masks(..) => {
                                let (yes, no) = (self.masks(&yes, lane), self.masks(&no, lane));
                                Lanes::Masks(lane, self.select(&masks, &yes, &no))
                            }
                        }
                    }
                }
            }
            _ => unreachable!("{expr:?} is not elementwise"),
        })
    }

    fn unary(&mut self, op: UnaryOp, lane: Lane, x: &[Value]) -> Result<Vec<Value>, Error> {
        if !math::is_unary_function(op) {
            return Ok(self.map(x, |b, x| expr::unary(b, op, lane, x)));
        }
        let (module, functions) = (&mut *self.module, &mut self.functions);
        let mut host = |b: &mut FunctionBuilder<'_>, op: UnaryOp| {
            let mut signature = module.jit().make_signature();
            signature.params.push(AbiParam::new(F64));
            signature.returns.push(AbiParam::new(F64));
            import(b, module, functions, op.name(), &signature)
        };
        x.iter().map(|x| math::unary(self.b, op, *x, &mut host)).collect()
    }

    fn binary(&mut self, op: BinaryOp, lane: Lane, x: &[Value], y: &[Value], nan: bool) -> Vec<Value> {
        match math::is_binary_function(op) {
            true => self.zip(x, y, |b, x, y| math::binary(b, op, x, y)),
            false => self.zip(x, y, |b, x, y| expr::arithmetic(b, op, lane, x, y, nan)),
        }
    }

    /// The divisor of a division for which [`expr::quotient`] is right: the dividend is whole, so it is not tiny, or it is a
    /// mean's, whose last bits are not specified.
    fn whole_divisor(
        &self,
        op: BinaryOp,
        (dividend, by): (ExprId, ExprId),
        divisor: &Lanes,
        lane: Lane,
    ) -> Option<f64> {
        let &Lanes::Number(divisor) = divisor else { return None };
        let whole = divisor.fract() == 0.0 && (2.0..f64::from(1 << 24)).contains(&divisor);
        let is_sum = matches!(self.kernel.expr(dividend), Expr::Reduce { op: Reduction::Sum, .. });
        let is_mean = is_sum && matches!(self.kernel.expr(by), Expr::Len);
        let suits = is_mean || self.analysis.ranges[dividend.index()].integral;
        (op == BinaryOp::Divide && lane == Lane::F64 && whole && suits && simd::fuses()).then_some(divisor)
    }

    fn compare(&mut self, op: BinaryOp, lane: Lane, x: &Lanes, y: &Lanes) -> Lanes {
        let (mut x, mut y) = (x.clone(), y.clone());
        // A constant that is not of the lanes' kind, such as a fraction among integers.
        let constant = match (&mut x, &mut y) {
            (Lanes::Number(constant), _) => Some((constant, true)),
            (_, Lanes::Number(constant)) => Some((constant, false)),
            _ => None,
        };
        if let Some((constant, on_left)) = constant {
            match threshold(lane, op, *constant, on_left) {
                Threshold::Always(truth) => return Lanes::Truth(truth),
                Threshold::Constant(equivalent) => *constant = equivalent,
            }
        }
        let (x, y) = (self.numbers(&x, lane), self.numbers(&y, lane));
        Lanes::Masks(lane, self.zip(&x, &y, |b, x, y| expr::compare(b, op, lane, x, y)))
    }

    fn logic(&mut self, op: BinaryOp, lane: Lane, x: &Lanes, y: &Lanes) -> Lanes {
        match (op, x, y) {
            (BinaryOp::And, Lanes::Truth(true), other) | (BinaryOp::And, other, Lanes::Truth(true)) => other.clone(),
            (BinaryOp::Or, Lanes::Truth(false), other) | (BinaryOp::Or, other, Lanes::Truth(false)) => other.clone(),
            (BinaryOp::And, Lanes::Truth(false), _) | (BinaryOp::And, _, Lanes::Truth(false)) => Lanes::Truth(false),
            (BinaryOp::Or, Lanes::Truth(true), _) | (BinaryOp::Or, _, Lanes::Truth(true)) => Lanes::Truth(true),
            _ => {
                let (x, y) = (self.masks(x, lane), self.masks(y, lane));
                Lanes::Masks(lane, self.zip(&x, &y, |b, x, y| expr::logic(b, op, x, y)))
            }
        }
    }

    // Windows.

    /// The window nodes that `roots` need, operands first.
    fn window_nodes(&self, roots: &[ExprId]) -> Vec<ExprId> {
        let mut found = std::collections::BTreeSet::new();
        let mut open = roots.to_vec();
        while let Some(id) = open.pop() {
            if self.kernel.ty(id).is_window() && found.insert(id) {
                self.kernel.expr(id).for_each_operand(|operand| open.push(operand));
            }
        }
        found.into_iter().collect()
    }

    /// How many instructions a cell's share of these nodes takes, about.
    fn instructions(&self, nodes: &[ExprId]) -> usize {
        let cost = |id: &ExprId| {
            let each = match self.kernel.expr(*id) {
                Expr::Unary(op, _) if math::is_unary_function(*op) => 20,
                Expr::Binary(op, ..) if math::is_binary_function(*op) => 60,
                _ => 1,
            };
            each * self.width.parts(self.lane(*id))
        };
        nodes.iter().map(cost).sum()
    }

    /// The values of window nodes at `tap`, operands first.
    fn window_values(&mut self, nodes: &[ExprId], tap: Tap) -> Result<HashMap<ExprId, Lanes>, Error> {
        let kernel = self.kernel;
        let mut values: HashMap<ExprId, Lanes> = HashMap::with_capacity(nodes.len());
        for &id in nodes {
            size::check(self.b.func, self.limits)?;
            let value = match kernel.expr(id) {
                Expr::Tap(input) => self.window.tap(self.b, *input, tap),
                Expr::Weight(weights) => {
                    let value = self.window.weight(self.b, *weights, tap);
                    self.broadcast(id, value)
                }
                place @ (Expr::Offset(_) | Expr::Dist) => match self.window.place(self.b, place, tap) {
                    Ok(known) => Lanes::Number(known),
                    Err(value) => Lanes::Numbers(
                        self.width.lane(Lane::F64),
                        lanes::broadcast(self.b, self.width, self.width.lane(Lane::F64), value),
                    ),
                },
                _ => {
                    let known = &values;
                    self.elementwise(id, &|emitter, id| match known.get(&id) {
                        Some(value) => value.clone(),
                        None => emitter.scalar(id).clone(),
                    })?
                }
            };
            values.insert(id, value);
        }
        Ok(values)
    }

    fn value_at(&self, values: &HashMap<ExprId, Lanes>, id: ExprId) -> Lanes {
        values.get(&id).unwrap_or_else(|| self.scalar(id)).clone()
    }

    /// The number of cells, if a loop with this many instructions for each is to be unrolled.
    fn unrolled(&self, instructions: usize) -> Option<usize> {
        let taps = self.window.taps()?;
        (taps <= MAX_UNROLLED_CELLS && taps * instructions <= MAX_UNROLLED_INSTRUCTIONS).then_some(taps)
    }

    /// A loop over the cells: `body` gets the position and the loop's variables, and gives their new values.
    fn run_loop(
        &mut self,
        first: &[Value],
        body: impl FnOnce(&mut Self, Value, &[Value]) -> Result<Vec<Value>, Error>,
    ) -> Result<Vec<Value>, Error> {
        let count = self.window.count(self.b);
        let inside = self.b.create_block();
        let after = self.b.create_block();
        self.b.append_block_param(inside, I64);
        for value in first {
            let ty = self.b.func.dfg.value_type(*value);
            self.b.append_block_param(inside, ty);
            self.b.append_block_param(after, ty);
        }
        let zero = self.b.ins().iconst(I64, 0);
        let start: Vec<BlockArg> = std::iter::once(zero).chain(first.iter().copied()).map(BlockArg::Value).collect();
        let given_up: Vec<BlockArg> = first.iter().copied().map(BlockArg::Value).collect();
        self.b.ins().brif(count, inside, &start, after, &given_up);

        self.b.switch_to_block(inside);
        let parameters = self.b.block_params(inside).to_vec();
        let (tap, variables) = (parameters[0], &parameters[1..]);
        let next = body(self, tap, variables)?;
        let tap = self.b.ins().iadd_imm_s(tap, 1);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, tap, count);
        let again: Vec<BlockArg> = std::iter::once(tap).chain(next.iter().copied()).map(BlockArg::Value).collect();
        let results: Vec<BlockArg> = next.iter().copied().map(BlockArg::Value).collect();
        self.b.ins().brif(more, inside, &again, after, &results);
        self.b.seal_block(inside);
        self.b.switch_to_block(after);
        self.b.seal_block(after);
        Ok(self.b.block_params(after).to_vec())
    }

    // Folds.

    fn fold(&mut self, id: FoldId) -> Result<(), Error> {
        let kernel = self.kernel;
        let fold = kernel.fold(id);
        let body = self.schedule.body(id).to_vec();
        let nodes = self.window_nodes(&fold.windows);
        let settle = |emitter: &mut Self, values: &[ExprId]| -> Vec<Lanes> {
            let settled = values.iter().enumerate().map(|(index, value)| {
                let lane = emitter.accumulator_lanes.get(&(id, index)).copied();
                let lane = lane.unwrap_or_else(|| emitter.width.lane(Lane::F64));
                let value = emitter.scalar(*value).clone();
                match kernel.ty(fold.init[index]).elem {
                    Elem::Number => Lanes::Numbers(lane, emitter.numbers(&value, lane)),
                    Elem::Boolean => Lanes::Masks(lane, emitter.masks(&value, lane)),
                }
            });
            settled.collect()
        };
        let first = settle(self, &fold.init);
        let nested = body.iter().any(|step| match step {
            Step::Fold(_) => true,
            Step::Node(id) => matches!(kernel.expr(*id), Expr::Reduce { .. }),
        });
        let one_cell = |emitter: &mut Self, tap: Tap, accumulators: Vec<Lanes>| {
            let values = emitter.window_values(&nodes, tap)?;
            let elements = fold.windows.iter().map(|id| emitter.value_at(&values, *id)).collect();
            emitter.elements.insert(id, elements);
            emitter.accumulators.insert(id, accumulators);
            emitter.steps(&body)?;
            Ok::<_, Error>(settle(emitter, &fold.next))
        };
        let nodes_inside: Vec<ExprId> = body
            .iter()
            .filter_map(|step| match step {
                Step::Node(id) => Some(*id),
                Step::Fold(_) => None,
            })
            .chain(nodes.iter().copied())
            .collect();
        let last = match self.unrolled(self.instructions(&nodes_inside)).filter(|_| !nested) {
            Some(taps) => {
                let mut accumulators = first;
                for tap in 0..taps {
                    accumulators = one_cell(self, Tap::Known(tap), accumulators)?;
                }
                accumulators
            }
            None => {
                let kinds = first.clone();
                let last = self.run_loop(&all_parts(&first), |emitter, tap, variables| {
                    let next = one_cell(emitter, Tap::Running(tap), with_parts(&kinds, variables))?;
                    Ok(all_parts(&next))
                })?;
                with_parts(&kinds, &last)
            }
        };
        self.accumulators.insert(id, last);
        Ok(())
    }

    fn import(&mut self, name: &str, signature: &Signature) -> Result<FuncRef, Error> {
        import(self.b, self.module, &mut self.functions, name, signature)
    }
}

/// The host's function called `name`, which is declared in the function that is built the first time.
fn import(
    b: &mut FunctionBuilder<'_>,
    module: &mut Module,
    functions: &mut HashMap<String, FuncRef>,
    name: &str,
    signature: &Signature,
) -> Result<FuncRef, Error> {
    if let Some(function) = functions.get(name) {
        return Ok(*function);
    }
    let id = module.import(&symbol(name), signature)?;
    let function = module.jit().declare_func_in_func(id, b.func);
    functions.insert(name.to_string(), function);
    Ok(function)
}

/// Which nodes are used for nothing but their squares.
fn squared(kernel: &Kernel) -> Vec<bool> {
    let mut squared = vec![true; kernel.node_count()];
    let mut other = |id: ExprId| squared[id.index()] = false;
    for (_, node) in kernel.live_nodes() {
        match &node.expr {
            Expr::Binary(BinaryOp::Multiply, x, y) if x == y => {}
            Expr::FoldValue(fold, _) => {
                let fold = kernel.fold(*fold);
                [&fold.init, &fold.windows, &fold.next].into_iter().flatten().for_each(|part| other(*part));
            }
            expr => expr.for_each_operand(&mut other),
        }
    }
    let roots = kernel.outputs.iter().map(|output| output.value);
    roots.chain(kernel.assertions.iter().map(|assertion| assertion.condition)).for_each(other);
    squared
}

/// The registers of some values, one after the other.
fn all_parts(values: &[Lanes]) -> Vec<Value> {
    let parts = values.iter().flat_map(|value| match value {
        Lanes::Numbers(_, parts) | Lanes::Masks(_, parts) => parts.as_slice(),
        Lanes::Number(_) | Lanes::Truth(_) => unreachable!("a loop's variables are in registers"),
    });
    parts.copied().collect()
}

/// Values of the same kinds in other registers.
fn with_parts(kinds: &[Lanes], mut parts: &[Value]) -> Vec<Lanes> {
    let mut take = |count: usize| {
        let (mine, rest) = parts.split_at(count);
        parts = rest;
        mine.to_vec()
    };
    kinds
        .iter()
        .map(|kind| match kind {
            Lanes::Numbers(lane, like) => Lanes::Numbers(*lane, take(like.len())),
            Lanes::Masks(lane, like) => Lanes::Masks(*lane, take(like.len())),
            Lanes::Number(_) | Lanes::Truth(_) => unreachable!("a loop's variables are in registers"),
        })
        .collect()
}

/// The name that compiled code calls a host function by; no C library has it.
pub fn symbol(name: &str) -> String {
    format!("hoodoo_{name}")
}

/// The nodes of a scope that can be computed together.
#[derive(Default)]
struct Wave {
    reductions: Vec<ExprId>,
    folds: Vec<FoldId>,
    nodes: Vec<ExprId>,
}
