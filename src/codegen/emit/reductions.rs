//! Reductions: those that don't wait for each other in one loop, or as trees over a small known footprint.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{AbiParam, BlockArg, InstBuilder, MemFlagsData, Value};
use cranelift_frontend::FunctionBuilder;
use cranelift_module::Module as _;

use super::{Emitter, MAX_REDUCTIONS_IN_LOOP, Tap};
use crate::codegen::expr;
use crate::error::Error;
use crate::lang::hir::{Expr, ExprId, Reduction};
use crate::lang::ops::BinaryOp;

impl<'a, 'f> Emitter<'a, 'f> {
    /// Emits reductions that do not wait for each other.
    pub(super) fn reduce_all(&mut self, ids: &[ExprId]) -> Result<(), Error> {
        let mut running: Vec<Reducing> = Vec::new();
        let mut ranked: Vec<Reducing> = Vec::new();
        for &id in ids {
            let Expr::Reduce { op, window, filter, argument } = *self.kernel.expr(id) else {
                unreachable!("only reductions are reduced");
            };
            let argument = argument.map(|argument| self.scalar(argument));
            let list = if op.is_order_statistic() { &mut ranked } else { &mut running };
            list.push(Reducing { id, op, window, filter, argument });
        }
        // Those of the same elements come one after the other: reordered, they are still the same elements.
        ranked.sort_by_key(|reducing| (reducing.window, reducing.filter, reducing.id));
        for same in ranked.chunk_by(|a, b| (a.window, a.filter) == (b.window, b.filter)) {
            let count = self.fill_scratch(same[0].window, same[0].filter)?;
            for reducing in same {
                let value = self.order_statistic(reducing, count)?;
                self.scalars[reducing.id.index()] = Some(value);
            }
        }
        for running in running.chunks(MAX_REDUCTIONS_IN_LOOP) {
            let roots: Vec<ExprId> = running.iter().flat_map(|r| [Some(r.window), r.filter]).flatten().collect();
            let nodes = self.window_nodes(&roots);
            let unrolled = self.unrolled(nodes.len() + running.len());
            let trees = running.iter().all(|r| r.op.is_associative());
            match unrolled.filter(|_| trees) {
                Some(taps) => self.reduce_as_trees(running, &nodes, taps)?,
                None => self.reduce_in_loop(running, &nodes)?,
            }
        }
        Ok(())
    }

    fn value_at(&self, values: &HashMap<ExprId, Value>, id: ExprId) -> Value {
        values.get(&id).copied().unwrap_or_else(|| self.scalar(id))
    }

    /// Associative reductions over known cells.
    fn reduce_as_trees(&mut self, running: &[Reducing], nodes: &[ExprId], taps: usize) -> Result<(), Error> {
        let mut elements: Vec<Vec<Value>> = vec![Vec::new(); running.len()];
        let mut takes_part: Vec<Vec<Value>> = vec![Vec::new(); running.len()];
        for tap in 0..taps {
            let values = self.window_values(nodes, Tap::Known(tap))?;
            for (index, reducing) in running.iter().enumerate() {
                let element = self.value_at(&values, reducing.window);
                let filter = reducing.filter.map(|filter| self.value_at(&values, filter));
                takes_part[index].extend(filter);
                elements[index].push(self.or_neutral(reducing.op, element, filter));
            }
        }
        for (index, reducing) in running.iter().enumerate() {
            let elements = &elements[index];
            let value = match reducing.op {
                Reduction::Sum => {
                    let sum = self.tree(elements, 0.0, |b, x, y| b.ins().fadd(x, y));
                    // A sum starts at 0, so that of negative zeros is 0 as well.
                    let zero = self.b.ins().f64const(0.0);
                    self.b.ins().fadd(sum, zero)
                }
                Reduction::Product => self.tree(elements, 1.0, |b, x, y| b.ins().fmul(x, y)),
                Reduction::Count => {
                    let wide: Vec<Value> = elements.iter().map(|e| self.b.ins().uextend(I64, *e)).collect();
                    let count = reduce_pairs(self.b, wide, |b, x, y| b.ins().iadd(x, y));
                    let count = count.unwrap_or_else(|| self.b.ins().iconst(I64, 0));
                    self.b.ins().fcvt_from_sint(F64, count)
                }
                Reduction::Min | Reduction::Max => {
                    let op = if reducing.op == Reduction::Min { BinaryOp::Min } else { BinaryOp::Max };
                    let mut value = self.tree(elements, f64::NAN, |b, x, y| expr::extreme(b, op, x, y));
                    if !elements.is_empty() {
                        let sum = self.tree(elements, 0.0, |b, x, y| b.ins().fadd(x, y));
                        value = self.or_nan(value, sum, |emitter| {
                            let nans: Vec<Value> = elements.iter().map(|e| expr::is_nan(emitter.b, *e)).collect();
                            let any = reduce_pairs(emitter.b, nans, |b, x, y| b.ins().bor(x, y));
                            Ok(any.expect("there is an element"))
                        })?;
                    }
                    match reduce_pairs(self.b, takes_part[index].clone(), |b, x, y| b.ins().bor(x, y)) {
                        Some(any) => self.or_nan_unless(any, value),
                        None => value,
                    }
                }
                _ => unreachable!("{} is not associative", reducing.op.name()),
            };
            self.scalars[reducing.id.index()] = Some(value);
        }
        Ok(())
    }

    /// `extreme`, or NaN if an element is NaN; `any_nan` looks at each of them.
    ///
    /// The sum of the elements is NaN if one of them is, and hardly ever else, so one comparison settles the usual
    /// window, and only where the sum is NaN (or infinities of both signs met) are the elements looked at.
    fn or_nan(
        &mut self,
        extreme: Value,
        sum: Value,
        any_nan: impl FnOnce(&mut Self) -> Result<Value, Error>,
    ) -> Result<Value, Error> {
        let look = self.b.create_block();
        let done = self.b.create_block();
        self.b.append_block_param(done, F64);
        self.b.set_cold_block(look);
        let suspect = expr::is_nan(self.b, sum);
        self.b.ins().brif(suspect, look, &[], done, &[BlockArg::Value(extreme)]);
        self.b.seal_block(look);
        self.b.switch_to_block(look);
        let any_nan = any_nan(self)?;
        let nan = self.b.ins().f64const(f64::NAN);
        let exact = self.b.ins().select(any_nan, nan, extreme);
        self.b.ins().jump(done, &[BlockArg::Value(exact)]);
        self.b.seal_block(done);
        self.b.switch_to_block(done);
        Ok(self.b.block_params(done)[0])
    }

    /// The value where a condition holds, else NaN.
    fn or_nan_unless(&mut self, condition: Value, value: Value) -> Value {
        let nan = self.b.ins().f64const(f64::NAN);
        self.b.ins().select(condition, value, nan)
    }

    fn tree(
        &mut self,
        elements: &[Value],
        empty: f64,
        combine: impl Fn(&mut FunctionBuilder<'f>, Value, Value) -> Value,
    ) -> Value {
        reduce_pairs(self.b, elements.to_vec(), combine).unwrap_or_else(|| self.b.ins().f64const(empty))
    }

    /// The element, or one that changes nothing where it does not take part.
    fn or_neutral(&mut self, op: Reduction, element: Value, filter: Option<Value>) -> Value {
        let Some(filter) = filter else { return element };
        let neutral = self.neutral(op);
        self.b.ins().select(filter, element, neutral)
    }

    /// The element that changes nothing.
    fn neutral(&mut self, op: Reduction) -> Value {
        let value = match op {
            Reduction::Product => 1.0,
            Reduction::Min => f64::INFINITY,
            Reduction::Max => f64::NEG_INFINITY,
            Reduction::Count => return self.b.ins().iconst(I8, 0),
            _ => 0.0,
        };
        self.b.ins().f64const(value)
    }

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
                let element = emitter.value_at(&values, reducing.window);
                let filter = reducing.filter.map(|filter| emitter.value_at(&values, filter));
                next.extend(emitter.next_state(reducing, state, element, filter, tap));
            }
            Ok(next)
        })?;
        for (index, reducing) in running.iter().enumerate() {
            let state = &last[starts[index]..starts[index + 1]];
            let value = match reducing.op {
                Reduction::Min | Reduction::Max => self.last_extreme(reducing, state)?,
                op => self.last_value(op, state),
            };
            self.scalars[reducing.id.index()] = Some(value);
        }
        Ok(())
    }

    /// The variables of a reduction before the first cell.
    fn first_state(&mut self, reducing: &Reducing) -> Vec<Value> {
        let op = reducing.op;
        match op {
            Reduction::Sum | Reduction::Product => vec![self.neutral(op)],
            Reduction::Count => vec![self.b.ins().iconst(I64, 0)],
            // The extreme, the sum, and with a filter whether an element took part.
            Reduction::Min | Reduction::Max => {
                let mut state = vec![self.neutral(op), self.b.ins().f64const(0.0)];
                if reducing.filter.is_some() {
                    state.push(self.b.ins().iconst(I8, 0));
                }
                state
            }
            // The extreme and its position.
            Reduction::ArgMin | Reduction::ArgMax => {
                vec![self.b.ins().f64const(0.0), self.b.ins().iconst(I64, -1)]
            }
            // The element, and how many were selected so far.
            Reduction::Nth => vec![self.b.ins().f64const(f64::NAN), self.b.ins().f64const(0.0)],
            _ => unreachable!("{} is an order statistic", op.name()),
        }
    }

    /// The variables after a cell at position `tap`.
    fn next_state(
        &mut self,
        reducing: &Reducing,
        state: &[Value],
        element: Value,
        filter: Option<Value>,
        tap: Value,
    ) -> Vec<Value> {
        let op = reducing.op;
        match op {
            Reduction::Sum | Reduction::Product => {
                let element = self.or_neutral(op, element, filter);
                vec![if op == Reduction::Sum {
                    self.b.ins().fadd(state[0], element)
                } else {
                    self.b.ins().fmul(state[0], element)
                }]
            }
            Reduction::Count => {
                let one = self.b.ins().uextend(I64, element);
                vec![self.b.ins().iadd(state[0], one)]
            }
            Reduction::Min | Reduction::Max => {
                let element = self.or_neutral(op, element, filter);
                let op = if op == Reduction::Min { BinaryOp::Min } else { BinaryOp::Max };
                let extreme = expr::extreme(self.b, op, state[0], element);
                let sum = self.b.ins().fadd(state[1], element);
                let any = filter.map(|filter| self.b.ins().bor(state[2], filter));
                [extreme, sum].into_iter().chain(any).collect()
            }
            Reduction::ArgMin | Reduction::ArgMax => {
                let order = if op == Reduction::ArgMin { FloatCC::LessThan } else { FloatCC::GreaterThan };
                let better = self.b.ins().fcmp(order, element, state[0]);
                let is_nan = expr::is_nan(self.b, element);
                let better = self.b.ins().bor(better, is_nan);
                let settled = expr::is_nan(self.b, state[0]);
                let open = self.b.ins().bxor_imm_u(settled, 1);
                let better = self.b.ins().band(better, open);
                let none_yet = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, state[1], 0);
                let mut take = self.b.ins().bor(better, none_yet);
                if let Some(filter) = filter {
                    take = self.b.ins().band(take, filter);
                }
                vec![self.b.ins().select(take, element, state[0]), self.b.ins().select(take, tap, state[1])]
            }
            Reduction::Nth => {
                let wanted = reducing.argument.expect("`nth` has a position");
                let mut take = self.b.ins().fcmp(FloatCC::Equal, wanted, state[1]);
                let one = self.b.ins().f64const(1.0);
                let mut seen = self.b.ins().fadd(state[1], one);
                if let Some(filter) = filter {
                    take = self.b.ins().band(take, filter);
                    seen = self.b.ins().select(filter, seen, state[1]);
                }
                vec![self.b.ins().select(take, element, state[0]), seen]
            }
            _ => unreachable!("{} is an order statistic", op.name()),
        }
    }

    /// The least or greatest element after the last cell: NaN if an element is NaN, or if none took part. A second loop
    /// looks at the elements, where it must.
    fn last_extreme(&mut self, reducing: &Reducing, state: &[Value]) -> Result<Value, Error> {
        let value = self.or_nan(state[0], state[1], |emitter| {
            let roots: Vec<ExprId> = [Some(reducing.window), reducing.filter].into_iter().flatten().collect();
            let nodes = emitter.window_nodes(&roots);
            let no = emitter.b.ins().iconst(I8, 0);
            let any_nan = emitter.run_loop(&[no], |emitter, tap, variables| {
                let values = emitter.window_values(&nodes, Tap::Running(tap))?;
                let element = emitter.value_at(&values, reducing.window);
                let mut is_nan = expr::is_nan(emitter.b, element);
                if let Some(filter) = reducing.filter {
                    let filter = emitter.value_at(&values, filter);
                    is_nan = emitter.b.ins().band(is_nan, filter);
                }
                Ok(vec![emitter.b.ins().bor(variables[0], is_nan)])
            })?;
            Ok(any_nan[0])
        })?;
        // An element took part: one of the selected, or there is a cell at all.
        let any = match reducing.filter {
            Some(_) => state[2],
            None => self.b.ins().icmp_imm_s(IntCC::NotEqual, self.memory.len, 0),
        };
        Ok(self.or_nan_unless(any, value))
    }

    /// The value after the last cell.
    fn last_value(&mut self, op: Reduction, state: &[Value]) -> Value {
        match op {
            Reduction::Count => self.b.ins().fcvt_from_sint(F64, state[0]),
            Reduction::ArgMin | Reduction::ArgMax => self.b.ins().fcvt_from_sint(F64, state[1]),
            _ => state[0],
        }
    }

    /// Copies the elements that take part to the scratch memory. Their number, an I64.
    fn fill_scratch(&mut self, window: ExprId, filter: Option<ExprId>) -> Result<Value, Error> {
        let scratch = self.memory.scratch.expect("a kernel with order statistics has scratch memory");
        let roots: Vec<ExprId> = [Some(window), filter].into_iter().flatten().collect();
        let nodes = self.window_nodes(&roots);
        if let Some(taps) = self.unrolled(nodes.len() + 1).filter(|_| filter.is_none()) {
            for tap in 0..taps {
                let values = self.window_values(&nodes, Tap::Known(tap))?;
                let element = self.value_at(&values, window);
                self.b.ins().store(scratch_memory(), element, scratch, i32::try_from(8 * tap).expect("few cells"));
            }
            return Ok(self.b.ins().iconst(I64, taps as i64));
        }
        let zero = self.b.ins().iconst(I64, 0);
        let last = self.run_loop(&[zero], |emitter, tap, variables| {
            let values = emitter.window_values(&nodes, Tap::Running(tap))?;
            let element = emitter.value_at(&values, window);
            let bytes = emitter.b.ins().ishl_imm_u(variables[0], 3);
            let address = emitter.b.ins().iadd(scratch, bytes);
            // An element that does not take part is overwritten by the next.
            emitter.b.ins().store(scratch_memory(), element, address, 0);
            Ok(vec![match filter {
                Some(filter) => {
                    let filter = emitter.value_at(&values, filter);
                    let one = emitter.b.ins().uextend(I64, filter);
                    emitter.b.ins().iadd(variables[0], one)
                }
                None => emitter.b.ins().iadd_imm_s(variables[0], 1),
            }])
        })?;
        Ok(last[0])
    }

    /// Calls the function that finds an order statistic of the first `count` numbers of the scratch memory, and reorders
    /// them.
    fn order_statistic(&mut self, reducing: &Reducing, count: Value) -> Result<Value, Error> {
        let scratch = self.memory.scratch.expect("a kernel with order statistics has scratch memory");
        let argument = match reducing.argument {
            Some(argument) => argument,
            None => self.b.ins().f64const(0.0),
        };
        let mut signature = self.module.jit().make_signature();
        signature.params.extend([AbiParam::new(I64), AbiParam::new(I64), AbiParam::new(F64)]);
        signature.returns.push(AbiParam::new(F64));
        let function = self.import(reducing.op.name(), &signature)?;
        Ok(expr::call(self.b, function, &[scratch, count, argument]))
    }
}

/// A reduction that is being emitted.
struct Reducing {
    id: ExprId,
    op: Reduction,
    window: ExprId,
    filter: Option<ExprId>,
    argument: Option<Value>,
}

impl Reduction {
    /// Whether the elements may be combined in any tree.
    fn is_associative(self) -> bool {
        matches!(self, Reduction::Sum | Reduction::Product | Reduction::Min | Reduction::Max | Reduction::Count)
    }
}

/// Combines neighbours until one value is left.
fn reduce_pairs<'f>(
    b: &mut FunctionBuilder<'f>,
    mut values: Vec<Value>,
    combine: impl Fn(&mut FunctionBuilder<'f>, Value, Value) -> Value,
) -> Option<Value> {
    while values.len() > 1 {
        values =
            values.chunks(2).map(|pair| if pair.len() == 2 { combine(b, pair[0], pair[1]) } else { pair[0] }).collect();
    }
    values.pop()
}

fn scratch_memory() -> MemFlagsData {
    MemFlagsData::trusted()
}
