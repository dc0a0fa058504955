//! Reductions in a loop over the cells, whose variables are what is known after each cell.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use cranelift_frontend::FunctionBuilder;

use super::Emitter;
use super::tree::{Element, combined, count_sum};
use super::value_source::Tap;
use crate::codegen::lanes::{self, Lanes};
use crate::codegen::{expr, simd};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::ops::BinaryOp;
use crate::lang::reductions::{Monoid, Positional};
use crate::plan::body::{Combine, Combiner, Reduce};
use crate::plan::width::Width;

impl<'a, 'f> Emitter<'a, 'f> {
    /// Any reductions, in one loop.
    pub(super) fn combine_in_loop(&mut self, plan: &'a Combine) -> Result<(), Error> {
        let mut first = Vec::new();
        let mut starts = Vec::new();
        for reduce in &plan.reductions {
            starts.push(first.len());
            first.extend(self.first_state(reduce));
        }
        starts.push(first.len());
        let last = self.run_loop(&first, |emitter, tap, variables| {
            let values = emitter.window_values(&plan.nodes, Tap::Running(tap))?;
            let mut next = Vec::new();
            for (index, reduce) in plan.reductions.iter().enumerate() {
                let state = &variables[starts[index]..starts[index + 1]];
                let element = emitter.element(reduce, &values);
                next.extend(match reduce.op {
                    Combiner::Monoid(monoid) => emitter.next_of_monoid(reduce, monoid, state, &element),
                    Combiner::Positional(Positional::Nth) => emitter.next_of_nth(reduce, state, &element),
                    Combiner::Positional(Positional::ArgMin) => emitter.next_best(reduce, state, &element, tap, true),
                    Combiner::Positional(Positional::ArgMax) => emitter.next_best(reduce, state, &element, tap, false),
                });
            }
            Ok(next)
        })?;
        for (index, reduce) in plan.reductions.iter().enumerate() {
            let state = &last[starts[index]..starts[index + 1]];
            let value = self.last_value(plan, reduce, state)?;
            self.set(reduce.id, value);
        }
        Ok(())
    }

    /// Positions and numbers of elements are counted in these lanes.
    fn position_lane(&self) -> Lane {
        self.width().lane(Lane::F64)
    }

    /// The variables of a reduction before the first cell.
    fn first_state(&mut self, reduce: &Reduce) -> Vec<Value> {
        let lane = reduce.lane;
        let positions = self.position_lane();
        match reduce.op {
            Combiner::Monoid(Monoid::Count) if self.width() == Width::One => vec![self.b.ins().iconst(I64, 0)],
            Combiner::Monoid(monoid @ (Monoid::Sum | Monoid::Product | Monoid::Count)) => self.identity(monoid, lane),
            // The extreme, then what tells NaN: for one pixel the sum, else a mask; and with a filter whether an element was
            // selected.
            Combiner::Monoid(monoid @ (Monoid::Min | Monoid::Max)) => {
                let width = self.width();
                let mut state = self.identity(monoid, lane);
                if self.tells_nan(reduce) {
                    state.extend(match width {
                        Width::One => self.number(lane, 0.0),
                        Width::Pixels(_) => lanes::truth(self.b, width, lane, false),
                    });
                }
                if reduce.filter.is_some() {
                    state.extend(lanes::truth(self.b, width, lane, false));
                }
                state
            }
            // The extreme and its position, and whether it is settled by a NaN.
            Combiner::Positional(Positional::ArgMin | Positional::ArgMax) => {
                let mut state = self.number(lane, 0.0);
                state.extend(self.number(positions, -1.0));
                state
            }
            // The element, and how many were selected so far.
            Combiner::Positional(Positional::Nth) => {
                let lane = self.nth_lane(reduce);
                let mut state = self.number(lane, if lane.is_float() { f64::NAN } else { 0.0 });
                state.extend(self.number(positions, 0.0));
                state
            }
        }
    }

    fn tells_nan(&self, reduce: &Reduce) -> bool {
        reduce.lane.is_float() && self.may_be_nan(reduce.window)
    }

    /// The variables of a monoid after a cell.
    fn next_of_monoid(&mut self, reduce: &Reduce, monoid: Monoid, state: &[Value], element: &Element) -> Vec<Value> {
        let lane = reduce.lane;
        match monoid {
            Monoid::Count => {
                let masks = self.masks(&element.value, lane);
                let ones = self.ones(lane, &masks);
                self.zip(state, &ones, count_sum(self.width(), lane))
            }
            Monoid::Sum | Monoid::Product => {
                let element = self.or_identity(monoid, lane, element);
                self.zip(state, &element, |b, x, y| combined(b, monoid, lane, x, y))
            }
            Monoid::Min | Monoid::Max => self.next_extreme(reduce, monoid, state, element),
        }
    }

    fn next_extreme(&mut self, reduce: &Reduce, monoid: Monoid, state: &[Value], element: &Element) -> Vec<Value> {
        let lane = reduce.lane;
        let parts = self.width().parts(lane);
        let value = self.or_identity(monoid, lane, element);
        let mut next = self.zip(&state[..parts], &value, |b, x, y| combined(b, monoid, lane, x, y));
        let mut rest = &state[parts..];
        if self.tells_nan(reduce) {
            let (tells, after) = rest.split_at(parts);
            rest = after;
            next.extend(match self.width() {
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

    /// The variables of `argmin`, or of `argmax` without `least`, after the cell at position `tap`.
    fn next_best(
        &mut self,
        reduce: &Reduce,
        state: &[Value],
        element: &Element,
        tap: Value,
        least: bool,
    ) -> Vec<Value> {
        let (lane, positions) = (reduce.lane, self.position_lane());
        let (best, place) = state.split_at(self.width().parts(lane));
        let value = self.numbers(&element.value, lane);
        let less = |b: &mut FunctionBuilder<'f>, x, y| expr::compare(b, BinaryOp::Less, lane, x, y);
        let mut take = if least { self.zip(&value, best, less) } else { self.zip(best, &value, less) };
        if self.tells_nan(reduce) {
            let nan = self.map(&value, expr::is_nan);
            let better = self.zip(&take, &nan, |b, x, y| b.ins().bor(x, y));
            let open = self.map(best, |b, x| simd::compare(b, FloatCC::Ordered, x, x));
            take = self.zip(&better, &open, |b, x, y| b.ins().band(x, y));
        }
        let zero = self.number(positions, 0.0);
        let none_yet = self.zip(place, &zero, |b, x, y| expr::compare(b, BinaryOp::Less, Lane::F64, x, y));
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

    /// The variables of `nth` after a cell.
    fn next_of_nth(&mut self, reduce: &Reduce, state: &[Value], element: &Element) -> Vec<Value> {
        let lane = self.position_lane();
        let (found, seen) = state.split_at(self.width().parts(lane));
        let wanted = reduce.argument.map_or(Lanes::Number(f64::NAN), |argument| self.scalar(argument).clone());
        let wanted = self.numbers(&wanted, lane);
        let mut take = self.zip(&wanted, seen, |b, x, y| simd::compare(b, FloatCC::Equal, x, y));
        let one = self.number(lane, 1.0);
        let mut more = self.zip(seen, &one, |b, x, y| b.ins().fadd(x, y));
        if let Some(filter) = &element.filter {
            let filter = self.masks(filter, lane);
            take = self.zip(&take, &filter, |b, x, y| b.ins().band(x, y));
            more = self.select(&filter, &more, seen);
        }
        let value_lane = self.nth_lane(reduce);
        let value = self.numbers(&element.value, value_lane);
        let mut next = self.select(&take, &value, found);
        next.extend(more);
        next
    }

    /// The lanes of an element that is looked for by its number: as wide as those that numbers are counted in.
    fn nth_lane(&self, reduce: &Reduce) -> Lane {
        let own = self.lane(reduce.id);
        if own.is_long() { own } else { self.position_lane() }
    }

    /// A cell's position for every pixel.
    fn position(&mut self, tap: Value) -> Vec<Value> {
        let position = self.b.ins().fcvt_from_sint(F64, tap);
        lanes::broadcast(self.b, self.width(), self.position_lane(), position)
    }

    /// The least or greatest element after the last cell: NaN if an element is NaN, or if none took part.
    fn last_extreme(
        &mut self,
        plan: &Combine,
        reduce: &Reduce,
        monoid: Monoid,
        state: &[Value],
    ) -> Result<Lanes, Error> {
        let lane = reduce.lane;
        let (extreme, mut rest) = state.split_at(self.width().parts(lane));
        let mut value = extreme.to_vec();
        if self.tells_nan(reduce) {
            let (tells, after) = rest.split_at(extreme.len());
            rest = after;
            value = match self.width() {
                Width::Pixels(_) => {
                    let nan = self.number(lane, f64::NAN);
                    self.select(tells, &nan, &value)
                }
                Width::One => {
                    vec![self.suspect(value[0], tells[0], |emitter| emitter.look_for_nan(plan, reduce, monoid))?]
                }
            };
        }
        if self.lane(reduce.id).is_long() {
            // Who asks for the value knows whether there is one.
            return Ok(Lanes::Numbers(lane, value));
        }
        if reduce.filter.is_some() {
            return Ok(self.or_nan_unless(lane, rest.to_vec(), value));
        }
        match self.source.taps() {
            Some(0) => Ok(Lanes::Number(f64::NAN)),
            Some(_) => Ok(Lanes::Numbers(lane, value)),
            None => {
                let count = self.source.count(self.b);
                let any = self.b.ins().icmp_imm_s(IntCC::NotEqual, count, 0);
                Ok(self.or_nan_unless(lane, vec![any], value))
            }
        }
    }

    /// For one pixel: a second loop that looks at the elements, where it must. An I8.
    fn look_for_nan(&mut self, plan: &Combine, reduce: &Reduce, monoid: Monoid) -> Result<Value, Error> {
        let no = self.b.ins().iconst(I8, 0);
        let any_nan = self.run_loop(&[no], |emitter, tap, variables| {
            let values = emitter.window_values(&plan.nodes, Tap::Running(tap))?;
            let element = emitter.element(reduce, &values);
            let value = emitter.or_identity(monoid, reduce.lane, &element);
            let is_nan = expr::is_nan(emitter.b, value[0]);
            Ok(vec![emitter.b.ins().bor(variables[0], is_nan)])
        })?;
        Ok(any_nan[0])
    }

    /// The value after the last cell.
    fn last_value(&mut self, plan: &Combine, reduce: &Reduce, state: &[Value]) -> Result<Lanes, Error> {
        let positions = self.position_lane();
        Ok(match reduce.op {
            Combiner::Monoid(monoid @ (Monoid::Min | Monoid::Max)) => {
                return self.last_extreme(plan, reduce, monoid, state);
            }
            Combiner::Monoid(Monoid::Sum | Monoid::Product) => Lanes::Numbers(reduce.lane, state.to_vec()),
            Combiner::Monoid(Monoid::Count) => Lanes::Numbers(reduce.lane, self.counted(reduce.lane, state.to_vec())),
            Combiner::Positional(Positional::ArgMin | Positional::ArgMax) => {
                Lanes::Numbers(positions, state[self.width().parts(reduce.lane)..].to_vec())
            }
            Combiner::Positional(Positional::Nth) => {
                Lanes::Numbers(self.nth_lane(reduce), state[..self.width().parts(positions)].to_vec())
            }
        })
    }
}
