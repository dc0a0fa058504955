//! Reductions in one visit to the cells; as trees, over a small known footprint.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{BlockArg, InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use super::Emitter;
use super::value_source::Tap;
use crate::codegen::lanes::Lanes;
use crate::codegen::{expr, simd};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::hir::ExprId;
use crate::lang::ops::BinaryOp;
use crate::lang::reductions::Monoid;
use crate::plan::body::{Combine, Combiner, Reduce, Strategy};
use crate::plan::width::Width;

/// What a reduction sees of one cell.
pub(super) struct Element {
    pub value: Lanes,
    pub filter: Option<Lanes>,
}

impl<'a, 'f> Emitter<'a, 'f> {
    /// Reductions that visit the cells together.
    pub(super) fn combine(&mut self, plan: &'a Combine) -> Result<(), Error> {
        match (plan.strategy, self.source.taps()) {
            (Strategy::Tree, Some(taps)) => self.combine_as_trees(plan, taps),
            _ => self.combine_in_loop(plan),
        }
    }

    pub(super) fn element(&self, reduce: &Reduce, values: &HashMap<ExprId, Lanes>) -> Element {
        Element {
            value: self.value_at(values, reduce.window),
            filter: reduce.filter.map(|filter| self.value_at(values, filter)),
        }
    }

    /// Monoids over known cells.
    fn combine_as_trees(&mut self, plan: &'a Combine, taps: usize) -> Result<(), Error> {
        let mut elements: Vec<Vec<(usize, Element)>> = plan.reductions.iter().map(|_| Vec::new()).collect();
        for tap in 0..taps {
            let values = self.window_values(&plan.nodes, Tap::Known(tap))?;
            for (reduce, elements) in plan.reductions.iter().zip(&mut elements) {
                let element = self.element(reduce, &values);
                if !matches!(element.filter, Some(Lanes::Truth(false))) {
                    elements.push((self.source.tree_row(tap), element));
                }
            }
        }
        for (reduce, elements) in plan.reductions.iter().zip(elements) {
            let Combiner::Monoid(monoid) = reduce.op else { continue };
            let value = match monoid {
                Monoid::Count => self.count(reduce, elements),
                Monoid::Min | Monoid::Max => self.extreme(reduce, monoid, elements)?,
                Monoid::Sum | Monoid::Product => self.sum_or_product(reduce, monoid, elements),
            };
            self.set(reduce.id, value);
        }
        Ok(())
    }

    fn sum_or_product(&mut self, reduce: &Reduce, monoid: Monoid, elements: Vec<(usize, Element)>) -> Lanes {
        let lane = reduce.lane;
        let operands: Vec<(usize, Vec<Value>)> =
            elements.iter().map(|(row, element)| (*row, self.or_identity(monoid, lane, element))).collect();
        let combine = |b: &mut FunctionBuilder<'f>, x, y| combined(b, monoid, lane, x, y);
        let Some(mut value) = self.tree(operands, combine) else { return Lanes::Number(monoid.identity()) };
        if monoid == Monoid::Sum && lane.is_float() && self.body.analysis.ranges[reduce.window.index()].neg_zero {
            // A sum starts at 0, so that of negative zeros is 0 as well.
            let zero = self.number(lane, 0.0);
            value = self.zip(&value, &zero, |b, x, y| b.ins().fadd(x, y));
        }
        Lanes::Numbers(lane, value)
    }

    fn count(&mut self, reduce: &Reduce, elements: Vec<(usize, Element)>) -> Lanes {
        let lane = reduce.lane;
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
        let Some(counts) = self.tree(operands, count_sum(self.width(), lane)) else { return Lanes::Number(always) };
        let counts = Lanes::Numbers(lane, self.counted(lane, counts));
        if always == 0.0 {
            return counts;
        }
        let (x, y) = (self.numbers(&counts, lane), self.number(lane, always));
        Lanes::Numbers(lane, self.zip(&x, &y, |b, x, y| expr::arithmetic(b, BinaryOp::Add, lane, x, y, false)))
    }

    fn extreme(&mut self, reduce: &Reduce, monoid: Monoid, elements: Vec<(usize, Element)>) -> Result<Lanes, Error> {
        let lane = reduce.lane;
        let operands: Vec<(usize, Vec<Value>)> =
            elements.iter().map(|(row, element)| (*row, self.or_identity(monoid, lane, element))).collect();
        let Some(mut value) = self.tree(operands.clone(), |b, x, y| combined(b, monoid, lane, x, y)) else {
            return Ok(Lanes::Number(f64::NAN));
        };
        if self.may_be_nan(reduce.window) && lane.is_float() {
            value = self.or_nan(lane, value, &operands);
        }
        let some_always = elements.iter().any(|(_, e)| matches!(e.filter, None | Some(Lanes::Truth(true))));
        if some_always || self.lane(reduce.id).is_long() {
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
        if self.width() == Width::One {
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
    pub(super) fn suspect(
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
        let float = if lane.is_float() { lane } else { self.width().lane(Lane::F64) };
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

    /// The element, or the identity where it is not selected.
    pub(super) fn or_identity(&mut self, monoid: Monoid, lane: Lane, element: &Element) -> Vec<Value> {
        let value = self.numbers(&element.value, lane);
        match &element.filter {
            None | Some(Lanes::Truth(true)) => value,
            Some(filter) => {
                let (filter, identity) = (self.masks(filter, lane), self.identity(monoid, lane));
                self.select(&filter, &value, &identity)
            }
        }
    }

    /// The identity among the lane's values.
    pub(super) fn identity(&mut self, monoid: Monoid, lane: Lane) -> Vec<Value> {
        let identity = monoid.identity();
        self.number(lane, if lane.is_float() { identity } else { identity.clamp(lane.least(), lane.greatest()) })
    }

    /// What masks beside lanes of a type count for.
    pub(super) fn ones(&mut self, lane: Lane, masks: &[Value]) -> Vec<Value> {
        if self.width() == Width::One {
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
    pub(super) fn counted(&mut self, lane: Lane, counts: Vec<Value>) -> Vec<Value> {
        debug_assert!(self.width() != Width::One || lane == Lane::F64);
        if self.width() == Width::One { self.map(&counts, |b, x| b.ins().fcvt_from_sint(F64, x)) } else { counts }
    }
}

/// How counts are added.
pub(super) fn count_sum<'f>(width: Width, lane: Lane) -> impl Fn(&mut FunctionBuilder<'f>, Value, Value) -> Value {
    move |b, x, y| if lane.is_float() && width != Width::One { b.ins().fadd(x, y) } else { b.ins().iadd(x, y) }
}

/// What a monoid makes of two numbers, neither of which is NaN where it is an extreme.
pub(super) fn combined(b: &mut FunctionBuilder<'_>, monoid: Monoid, lane: Lane, x: Value, y: Value) -> Value {
    match monoid {
        Monoid::Sum | Monoid::Count => expr::sum(b, lane, x, y),
        Monoid::Product => expr::arithmetic(b, BinaryOp::Multiply, lane, x, y, false),
        Monoid::Min => expr::extreme(b, BinaryOp::Min, lane, x, y),
        Monoid::Max => expr::extreme(b, BinaryOp::Max, lane, x, y),
    }
}
