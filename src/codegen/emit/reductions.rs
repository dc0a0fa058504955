//! Reductions: those that don't wait for each other in one loop, or as trees over a small known footprint.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{BlockArg, InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use super::window::Tap;
use super::{Emitter, MAX_REDUCTIONS_IN_LOOP};
use crate::codegen::lanes::{self, Lanes, Width};
use crate::codegen::{expr, simd};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId, Reduction};
use crate::lang::ops::BinaryOp;

/// A reduction that is being emitted.
pub(super) struct Reducing {
    pub id: ExprId,
    pub op: Reduction,
    pub window: ExprId,
    pub filter: Option<ExprId>,
    pub argument: Option<Lanes>,
    /// The lane type that elements are combined in.
    pub lane: Lane,
}

/// What takes part at one cell.
struct Element {
    value: Lanes,
    filter: Option<Lanes>,
}

impl<'a, 'f> Emitter<'a, 'f> {
    /// Emits reductions that do not wait for each other.
    pub(super) fn reduce_all(&mut self, ids: &[ExprId]) -> Result<(), Error> {
        let mut running: Vec<Reducing> = Vec::new();
        let mut ranked: Vec<Reducing> = Vec::new();
        for &id in ids {
            let Expr::Reduce { op, window, filter, argument } = *self.kernel.expr(id) else {
                unreachable!("only reductions are reduced");
            };
            let argument = argument.map(|argument| self.scalar(argument).clone());
            // What only compares its elements does so in their own lanes.
            let lane = match op {
                Reduction::Sum | Reduction::Product | Reduction::Count => self.lane(id),
                _ => self.lane(window),
            };
            let list = if op.is_order_statistic() { &mut ranked } else { &mut running };
            list.push(Reducing { id, op, window, filter, argument, lane });
        }
        self.order_statistics(ranked)?;
        for running in running.chunks(MAX_REDUCTIONS_IN_LOOP) {
            let roots: Vec<ExprId> = running.iter().flat_map(|r| [Some(r.window), r.filter]).flatten().collect();
            let nodes = self.window_nodes(&roots);
            let combined: usize = running.iter().map(|r| self.width.parts(r.lane)).sum();
            let unrolled = self.unrolled(self.instructions(&nodes) + combined);
            let trees = running.iter().all(|r| r.op.is_associative());
            match unrolled.filter(|_| trees) {
                Some(taps) => self.reduce_as_trees(running, &nodes, taps)?,
                None => self.reduce_in_loop(running, &nodes)?,
            }
        }
        Ok(())
    }

    fn element(&self, reducing: &Reducing, values: &HashMap<ExprId, Lanes>) -> Element {
        Element {
            value: self.value_at(values, reducing.window),
            filter: reducing.filter.map(|filter| self.value_at(values, filter)),
        }
    }

    /// Sets the value of a reduction, which is in lanes that its own hold.
    pub(super) fn set(&mut self, id: ExprId, value: Lanes) {
        self.scalars[id.index()] = Some(value);
    }

    // Over known cells.

    /// Associative reductions over known cells.
    fn reduce_as_trees(&mut self, running: &[Reducing], nodes: &[ExprId], taps: usize) -> Result<(), Error> {
        let mut elements: Vec<Vec<(usize, Element)>> = running.iter().map(|_| Vec::new()).collect();
        for tap in 0..taps {
            let values = self.window_values(nodes, Tap::Known(tap))?;
            for (reducing, elements) in running.iter().zip(&mut elements) {
                let element = self.element(reducing, &values);
                if !matches!(element.filter, Some(Lanes::Truth(false))) {
                    elements.push((self.window.row(tap), element));
                }
            }
        }
        for (reducing, elements) in running.iter().zip(elements) {
            let value = match reducing.op {
                Reduction::Count => self.count(reducing, elements),
                Reduction::Min | Reduction::Max => self.extreme(reducing, elements)?,
                _ => self.sum_or_product(reducing, elements),
            };
            self.set(reducing.id, value);
        }
        Ok(())
    }

    fn sum_or_product(&mut self, reducing: &Reducing, elements: Vec<(usize, Element)>) -> Lanes {
        let (op, lane) = (reducing.op, reducing.lane);
        let empty = if op == Reduction::Sum { 0.0 } else { 1.0 };
        let operands: Vec<(usize, Vec<Value>)> =
            elements.iter().map(|(row, element)| (*row, self.or_neutral(op, lane, element))).collect();
        let combine = |b: &mut FunctionBuilder<'f>, x, y| sum_or_product(b, op, lane, x, y);
        let Some(mut value) = self.tree(operands, combine) else { return Lanes::Number(empty) };
        if op == Reduction::Sum && lane.is_float() && self.analysis.ranges[reducing.window.index()].neg_zero {
            // A sum starts at 0, so that of negative zeros is 0 as well.
            let zero = self.number(lane, 0.0);
            value = self.zip(&value, &zero, |b, x, y| b.ins().fadd(x, y));
        }
        Lanes::Numbers(lane, value)
    }

    fn count(&mut self, reducing: &Reducing, elements: Vec<(usize, Element)>) -> Lanes {
        let lane = reducing.lane;
        let mut always = 0.0;
        let mut operands = Vec::new();
        for (row, element) in elements {
            match element.value {
                Lanes::Truth(truth) => always += f64::from(u8::from(truth)),
                value => {
                    let masks = self.masks(&value, lane);
                    operands.push((row, self.ones(lane, &masks)));
                }
            }
        }
        let Some(counts) = self.tree(operands, count_sum(self.width, lane)) else { return Lanes::Number(always) };
        let counts = Lanes::Numbers(lane, self.counted(lane, counts));
        if always == 0.0 {
            return counts;
        }
        let (x, y) = (self.numbers(&counts, lane), self.number(lane, always));
        Lanes::Numbers(lane, self.zip(&x, &y, |b, x, y| expr::arithmetic(b, BinaryOp::Add, lane, x, y, false)))
    }

    fn extreme(&mut self, reducing: &Reducing, elements: Vec<(usize, Element)>) -> Result<Lanes, Error> {
        let (op, lane) = (reducing.op, reducing.lane);
        let operands: Vec<(usize, Vec<Value>)> =
            elements.iter().map(|(row, element)| (*row, self.or_neutral(op, lane, element))).collect();
        let binary = binary_extreme(op);
        let Some(mut value) = self.tree(operands.clone(), |b, x, y| expr::extreme(b, binary, lane, x, y)) else {
            return Ok(Lanes::Number(f64::NAN));
        };
        if self.may_be_nan(reducing.window) && lane.is_float() {
            value = self.or_nan(lane, value, &operands);
        }
        let some_always = elements.iter().any(|(_, e)| matches!(e.filter, None | Some(Lanes::Truth(true))));
        if some_always {
            return Ok(Lanes::Numbers(lane, value));
        }
        let filters: Vec<(usize, Vec<Value>)> = elements
            .iter()
            .map(|(row, e)| (*row, self.masks(e.filter.as_ref().expect("no element is always there"), lane)))
            .collect();
        let any = self.tree(filters, |b, x, y| b.ins().bor(x, y)).expect("there is an element");
        Ok(self.or_nan_unless(lane, any, value))
    }

    /// `extreme`, or NaN where an element is NaN.
    fn or_nan(&mut self, lane: Lane, extreme: Vec<Value>, elements: &[(usize, Vec<Value>)]) -> Vec<Value> {
        if self.width == Width::One {
            // The sum of the elements is NaN if one of them is, and hardly ever else, so one comparison settles the usual
            // pixel, and only where the sum is NaN (or infinities of both signs met) are the elements looked at.
            let sum = self.tree(elements.to_vec(), |b, x, y| b.ins().fadd(x, y)).expect("there is an element");
            let any_nan = |emitter: &mut Self| Ok(emitter.any_nan(elements)[0]);
            let value = self.suspect(extreme[0], sum[0], any_nan).expect("looking at elements does not fail");
            return vec![value];
        }
        let any_nan = self.any_nan(elements);
        let nan = self.number(lane, f64::NAN);
        self.select(&any_nan, &nan, &extreme)
    }

    /// The masks where one of some floats is NaN.
    pub(super) fn any_nan(&mut self, elements: &[(usize, Vec<Value>)]) -> Vec<Value> {
        // One comparison looks at two.
        let pairs: Vec<(usize, Vec<Value>)> = elements
            .chunks(2)
            .map(|pair| {
                let (row, first) = &pair[0];
                let second = &pair.last().expect("a chunk is not empty").1;
                (*row, self.zip(first, second, |b, x, y| simd::compare(b, FloatCC::Unordered, x, y)))
            })
            .collect();
        self.tree(pairs, |b, x, y| b.ins().bor(x, y)).expect("there is an element")
    }

    /// `value`, or NaN if `any_nan` finds one, which it is asked only if `sum` is NaN. For one pixel.
    fn suspect(
        &mut self,
        value: Value,
        sum: Value,
        any_nan: impl FnOnce(&mut Self) -> Result<Value, Error>,
    ) -> Result<Value, Error> {
        let look = self.b.create_block();
        let done = self.b.create_block();
        self.b.append_block_param(done, F64);
        self.b.set_cold_block(look);
        let suspect = expr::is_nan(self.b, sum);
        self.b.ins().brif(suspect, look, &[], done, &[BlockArg::Value(value)]);
        self.b.seal_block(look);
        self.b.switch_to_block(look);
        let any_nan = any_nan(self)?;
        let nan = self.b.ins().f64const(f64::NAN);
        let exact = self.b.ins().select(any_nan, nan, value);
        self.b.ins().jump(done, &[BlockArg::Value(exact)]);
        self.b.seal_block(done);
        self.b.switch_to_block(done);
        Ok(self.b.block_params(done)[0])
    }

    /// The value where the masks, beside its lanes, are set, else NaN.
    pub(super) fn or_nan_unless(&mut self, lane: Lane, masks: Vec<Value>, value: Vec<Value>) -> Lanes {
        let float = if lane.is_float() { lane } else { self.width.lane(Lane::F64) };
        let masks = self.masks(&Lanes::Masks(lane, masks), float);
        let value = self.numbers(&Lanes::Numbers(lane, value), float);
        let nan = self.number(float, f64::NAN);
        Lanes::Numbers(float, self.select(&masks, &value, &nan))
    }

    /// Combines values: those of one row first, then rows in pairs that do not depend on which of them comes first, so that
    /// rows of pixels that are computed together have as many sums or extremes in common as can be.
    pub(super) fn tree(
        &mut self,
        mut values: Vec<(usize, Vec<Value>)>,
        combine: impl Fn(&mut FunctionBuilder<'f>, Value, Value) -> Value,
    ) -> Option<Vec<Value>> {
        let mut stuck = false;
        while values.len() > 1 {
            let before = values.len();
            values = self.join_neighbours(values, |x, y| x == y, &combine);
            if values.len() < before {
                continue;
            }
            // Each row with the one after it, if its number is odd; then each pair with the pair after it, and so on.
            let pair = |row: usize| row.div_ceil(2);
            values = self.join_neighbours(values, |x, y| stuck || pair(x) == pair(y), &combine);
            values.iter_mut().for_each(|(row, _)| *row = pair(*row));
            // Rows 0 and 1 never meet in this way.
            stuck = values.len() == before;
        }
        values.pop().map(|(_, value)| value)
    }

    /// Combines each value with the one after it, where `alike` says so of their rows.
    fn join_neighbours(
        &mut self,
        values: Vec<(usize, Vec<Value>)>,
        alike: impl Fn(usize, usize) -> bool,
        combine: impl Fn(&mut FunctionBuilder<'f>, Value, Value) -> Value,
    ) -> Vec<(usize, Vec<Value>)> {
        let mut joined: Vec<(usize, Vec<Value>)> = Vec::with_capacity(values.len());
        let mut values = values.into_iter().peekable();
        while let Some((row, value)) = values.next() {
            let value = match values.next_if(|(next, _)| alike(row, *next)) {
                Some((_, next)) => self.zip(&value, &next, &combine),
                None => value,
            };
            joined.push((row, value));
        }
        joined
    }

    /// The element, or one that changes nothing where it does not take part.
    fn or_neutral(&mut self, op: Reduction, lane: Lane, element: &Element) -> Vec<Value> {
        let value = self.numbers(&element.value, lane);
        match &element.filter {
            None | Some(Lanes::Truth(true)) => value,
            Some(filter) => {
                let (filter, neutral) = (self.masks(filter, lane), self.neutral(op, lane));
                self.select(&filter, &value, &neutral)
            }
        }
    }

    /// The element that changes nothing.
    fn neutral(&mut self, op: Reduction, lane: Lane) -> Vec<Value> {
        let value = match op {
            Reduction::Product => 1.0,
            Reduction::Min if lane.is_float() => f64::INFINITY,
            Reduction::Min => lane.greatest(),
            Reduction::Max if lane.is_float() => f64::NEG_INFINITY,
            Reduction::Max => lane.least(),
            _ => 0.0,
        };
        self.number(lane, value)
    }

    /// What masks beside lanes of a type count for.
    fn ones(&mut self, lane: Lane, masks: &[Value]) -> Vec<Value> {
        if self.width == Width::One {
            return self.map(masks, |b, x| b.ins().uextend(I64, x));
        }
        if lane.is_float() {
            let (one, zero) = (self.number(lane, 1.0), self.number(lane, 0.0));
            return self.select(masks, &one, &zero);
        }
        // A mask that is set is -1.
        self.map(masks, |b, x| b.ins().ineg(x))
    }

    /// The number that was counted.
    fn counted(&mut self, lane: Lane, counts: Vec<Value>) -> Vec<Value> {
        debug_assert!(self.width != Width::One || lane == Lane::F64);
        if self.width == Width::One { self.map(&counts, |b, x| b.ins().fcvt_from_sint(F64, x)) } else { counts }
    }

    // In a loop over cells.

    /// Any reductions but order statistics, in one loop.
    fn reduce_in_loop(&mut self, running: &[Reducing], nodes: &[ExprId]) -> Result<(), Error> {
        let mut first = Vec::new();
        let mut starts = Vec::new();
        for reducing in running {
            starts.push(first.len());
            first.extend(self.first_state(reducing));
        }
        starts.push(first.len());
        let last = self.run_loop(&first, |emitter, tap, variables| {
            let values = emitter.window_values(nodes, Tap::Running(tap))?;
            let mut next = Vec::new();
            for (index, reducing) in running.iter().enumerate() {
                let state = &variables[starts[index]..starts[index + 1]];
                let element = emitter.element(reducing, &values);
                next.extend(emitter.next_state(reducing, state, &element, tap));
            }
            Ok(next)
        })?;
        for (index, reducing) in running.iter().enumerate() {
            let state = &last[starts[index]..starts[index + 1]];
            let value = match reducing.op {
                Reduction::Min | Reduction::Max => self.last_extreme(reducing, state)?,
                _ => self.last_value(reducing, state),
            };
            self.set(reducing.id, value);
        }
        Ok(())
    }

    /// Positions and numbers of elements are counted in these lanes.
    fn position_lane(&self) -> Lane {
        self.width.lane(Lane::F64)
    }

    /// The variables of a reduction before the first cell.
    fn first_state(&mut self, reducing: &Reducing) -> Vec<Value> {
        let (op, lane) = (reducing.op, reducing.lane);
        let masks = |emitter: &mut Self| lanes::truth(emitter.b, emitter.width, lane, false);
        match op {
            Reduction::Sum | Reduction::Product => self.neutral(op, lane),
            Reduction::Count if self.width == Width::One => vec![self.b.ins().iconst(I64, 0)],
            Reduction::Count => self.number(lane, 0.0),
            // The extreme, then what tells NaN: for one pixel the sum, else a mask; and with a filter whether an element took
            // part.
            Reduction::Min | Reduction::Max => {
                let mut state = self.neutral(op, lane);
                if self.tells_nan(reducing) {
                    state.extend(if self.width == Width::One { self.number(lane, 0.0) } else { masks(self) });
                }
                if reducing.filter.is_some() {
                    state.extend(masks(self));
                }
                state
            }
            // The extreme and its position, and whether it is settled by a NaN.
            Reduction::ArgMin | Reduction::ArgMax => {
                let mut state = self.number(lane, 0.0);
                state.extend(self.number(self.position_lane(), -1.0));
                state
            }
            // The element, and how many took part so far.
            Reduction::Nth => {
                let lane = self.position_lane();
                let mut state = self.number(lane, f64::NAN);
                state.extend(self.number(lane, 0.0));
                state
            }
            _ => unreachable!("{} is an order statistic", op.name()),
        }
    }

    fn tells_nan(&self, reducing: &Reducing) -> bool {
        reducing.lane.is_float() && self.may_be_nan(reducing.window)
    }

    /// The variables after a cell at position `tap`.
    fn next_state(&mut self, reducing: &Reducing, state: &[Value], element: &Element, tap: Value) -> Vec<Value> {
        let (op, lane) = (reducing.op, reducing.lane);
        let parts = self.width.parts(lane);
        match op {
            Reduction::Sum | Reduction::Product => {
                let element = self.or_neutral(op, lane, element);
                self.zip(state, &element, |b, x, y| sum_or_product(b, op, lane, x, y))
            }
            Reduction::Count => {
                let masks = self.masks(&element.value, lane);
                let ones = self.ones(lane, &masks);
                self.zip(state, &ones, count_sum(self.width, lane))
            }
            Reduction::Min | Reduction::Max => {
                let value = self.or_neutral(op, lane, element);
                let binary = binary_extreme(op);
                let mut next = self.zip(&state[..parts], &value, |b, x, y| expr::extreme(b, binary, lane, x, y));
                let mut rest = &state[parts..];
                if self.tells_nan(reducing) {
                    let (tells, after) = rest.split_at(parts);
                    rest = after;
                    next.extend(match self.width {
                        Width::One => self.zip(tells, &value, |b, x, y| b.ins().fadd(x, y)),
                        Width::Pixels(_) => {
                            let nans = self.map(&value, expr::is_nan);
                            self.zip(tells, &nans, |b, x, y| b.ins().bor(x, y))
                        }
                    });
                }
                if let Some(filter) = &element.filter {
                    let filter = self.masks(filter, lane);
                    next.extend(self.zip(rest, &filter, |b, x, y| b.ins().bor(x, y)));
                }
                next
            }
            Reduction::ArgMin | Reduction::ArgMax => {
                let positions = self.position_lane();
                let (best, place) = state.split_at(parts);
                let value = self.numbers(&element.value, lane);
                let binary = BinaryOp::Less;
                let better = match op {
                    Reduction::ArgMin => self.zip(&value, best, |b, x, y| expr::compare(b, binary, lane, x, y)),
                    _ => self.zip(best, &value, |b, x, y| expr::compare(b, binary, lane, x, y)),
                };
                let mut take = better;
                if self.tells_nan(reducing) {
                    let nan = self.map(&value, expr::is_nan);
                    let better = self.zip(&take, &nan, |b, x, y| b.ins().bor(x, y));
                    let open = self.map(best, |b, x| simd::compare(b, FloatCC::Ordered, x, x));
                    take = self.zip(&better, &open, |b, x, y| b.ins().band(x, y));
                }
                let zero = self.number(positions, 0.0);
                let none_yet = self.zip(place, &zero, |b, x, y| expr::compare(b, binary, Lane::F64, x, y));
                let none_yet = self.masks(&Lanes::Masks(positions, none_yet), lane);
                take = self.zip(&take, &none_yet, |b, x, y| b.ins().bor(x, y));
                if let Some(filter) = &element.filter {
                    let filter = self.masks(filter, lane);
                    take = self.zip(&take, &filter, |b, x, y| b.ins().band(x, y));
                }
                let here = self.position(tap);
                let moved = self.masks(&Lanes::Masks(lane, take.clone()), positions);
                let mut next = self.select(&take, &value, best);
                next.extend(self.select(&moved, &here, place));
                next
            }
            Reduction::Nth => {
                let lane = self.position_lane();
                let (found, seen) = state.split_at(self.width.parts(lane));
                let wanted = reducing.argument.clone().expect("`nth` has a position");
                let wanted = self.numbers(&wanted, lane);
                let mut take = self.zip(&wanted, seen, |b, x, y| simd::compare(b, FloatCC::Equal, x, y));
                let one = self.number(lane, 1.0);
                let mut more = self.zip(seen, &one, |b, x, y| b.ins().fadd(x, y));
                if let Some(filter) = &element.filter {
                    let filter = self.masks(filter, lane);
                    take = self.zip(&take, &filter, |b, x, y| b.ins().band(x, y));
                    more = self.select(&filter, &more, seen);
                }
                let value = self.numbers(&element.value, lane);
                let mut next = self.select(&take, &value, found);
                next.extend(more);
                next
            }
            _ => unreachable!("{} is an order statistic", op.name()),
        }
    }

    /// A cell's position for every pixel.
    fn position(&mut self, tap: Value) -> Vec<Value> {
        let position = self.b.ins().fcvt_from_sint(F64, tap);
        lanes::broadcast(self.b, self.width, self.position_lane(), position)
    }

    /// The least or greatest element after the last cell: NaN if an element is NaN, or if none took part.
    fn last_extreme(&mut self, reducing: &Reducing, state: &[Value]) -> Result<Lanes, Error> {
        let lane = reducing.lane;
        let (extreme, mut rest) = state.split_at(self.width.parts(lane));
        let mut value = extreme.to_vec();
        if self.tells_nan(reducing) {
            let (tells, after) = rest.split_at(extreme.len());
            rest = after;
            value = match self.width {
                Width::Pixels(_) => {
                    let nan = self.number(lane, f64::NAN);
                    self.select(tells, &nan, &value)
                }
                Width::One => vec![self.suspect(value[0], tells[0], |emitter| emitter.look_for_nan(reducing))?],
            };
        }
        if reducing.filter.is_some() {
            return Ok(self.or_nan_unless(lane, rest.to_vec(), value));
        }
        match self.window.taps() {
            Some(0) => Ok(Lanes::Number(f64::NAN)),
            Some(_) => Ok(Lanes::Numbers(lane, value)),
            None => {
                let count = self.window.count(self.b);
                let any = self.b.ins().icmp_imm_s(IntCC::NotEqual, count, 0);
                Ok(self.or_nan_unless(lane, vec![any], value))
            }
        }
    }

    /// For one pixel: a second loop that looks at the elements, where it must. An I8.
    fn look_for_nan(&mut self, reducing: &Reducing) -> Result<Value, Error> {
        let roots: Vec<ExprId> = [Some(reducing.window), reducing.filter].into_iter().flatten().collect();
        let nodes = self.window_nodes(&roots);
        let no = self.b.ins().iconst(I8, 0);
        let any_nan = self.run_loop(&[no], |emitter, tap, variables| {
            let values = emitter.window_values(&nodes, Tap::Running(tap))?;
            let element = emitter.element(reducing, &values);
            let value = emitter.or_neutral(reducing.op, reducing.lane, &element);
            let is_nan = expr::is_nan(emitter.b, value[0]);
            Ok(vec![emitter.b.ins().bor(variables[0], is_nan)])
        })?;
        Ok(any_nan[0])
    }

    /// The value after the last cell.
    fn last_value(&mut self, reducing: &Reducing, state: &[Value]) -> Lanes {
        let positions = self.position_lane();
        match reducing.op {
            Reduction::Count => Lanes::Numbers(reducing.lane, self.counted(reducing.lane, state.to_vec())),
            Reduction::ArgMin | Reduction::ArgMax => {
                Lanes::Numbers(positions, state[self.width.parts(reducing.lane)..].to_vec())
            }
            Reduction::Nth => Lanes::Numbers(positions, state[..self.width.parts(positions)].to_vec()),
            _ => Lanes::Numbers(reducing.lane, state.to_vec()),
        }
    }
}

/// How counts are added.
fn count_sum<'f>(width: Width, lane: Lane) -> impl Fn(&mut FunctionBuilder<'f>, Value, Value) -> Value {
    move |b, x, y| if lane.is_float() && width != Width::One { b.ins().fadd(x, y) } else { b.ins().iadd(x, y) }
}

/// What a sum or a product makes of two of its elements.
fn sum_or_product(b: &mut FunctionBuilder<'_>, op: Reduction, lane: Lane, x: Value, y: Value) -> Value {
    match op {
        Reduction::Sum => expr::sum(b, lane, x, y),
        _ => expr::arithmetic(b, BinaryOp::Multiply, lane, x, y, false),
    }
}

fn binary_extreme(op: Reduction) -> BinaryOp {
    if op == Reduction::Min { BinaryOp::Min } else { BinaryOp::Max }
}

impl Reduction {
    /// Whether the elements may be combined in any tree.
    fn is_associative(self) -> bool {
        matches!(self, Reduction::Sum | Reduction::Product | Reduction::Min | Reduction::Max | Reduction::Count)
    }
}
