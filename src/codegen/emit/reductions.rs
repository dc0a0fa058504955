//! Reductions: those that don't wait for each other in one loop, or as trees over a small known footprint.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{AbiParam, BlockArg, InstBuilder, MemFlagsData, Value};
use cranelift_frontend::FunctionBuilder;
use cranelift_module::Module as _;

use super::{Emitter, Tap};
use crate::codegen::expr;
use crate::error::Error;
use crate::lang::cells::Cells;
use crate::lang::hir::{Expr, ExprId, Reduction};
use crate::lang::ops::BinaryOp;

impl<'a, 'f> Emitter<'a, 'f> {
    /// Emits reductions that do not wait for each other.
    pub(super) fn reduce_all(&mut self, ids: &[ExprId]) -> Result<(), Error> {
        let mut running: Vec<Reducing> = Vec::new();
        for &id in ids {
            let Expr::Reduce { op, window, filter, argument } = *self.kernel.expr(id) else {
                unreachable!("only reductions are reduced");
            };
            let argument = argument.map(|argument| self.scalar(argument));
            let reducing = Reducing { id, op, window, filter, argument };
            if op.is_order_statistic() {
                let value = self.order_statistic(&reducing)?;
                self.scalars[id.index()] = Some(value);
            } else {
                running.push(reducing);
            }
        }
        if running.is_empty() {
            return Ok(());
        }
        let roots: Vec<ExprId> = running.iter().flat_map(|r| [Some(r.window), r.filter]).flatten().collect();
        let nodes = self.window_nodes(&roots);
        let unrolled = self.unrolled(nodes.len() + running.len());
        let trees = running.iter().all(|r| r.op.is_associative());
        match unrolled.filter(|_| trees) {
            Some(taps) => self.reduce_as_trees(&running, &nodes, taps),
            None => self.reduce_in_loop(&running, &nodes),
        }
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
                Reduction::Sum => self.tree(elements, 0.0, |b, x, y| b.ins().fadd(x, y)),
                Reduction::Product => self.tree(elements, 1.0, |b, x, y| b.ins().fmul(x, y)),
                Reduction::Count => {
                    let wide: Vec<Value> = elements.iter().map(|e| self.b.ins().uextend(I64, *e)).collect();
                    let count = reduce_pairs(self.b, wide, |b, x, y| b.ins().iadd(x, y));
                    let count = count.unwrap_or_else(|| self.b.ins().iconst(I64, 0));
                    self.b.ins().fcvt_from_sint(F64, count)
                }
                Reduction::Min | Reduction::Max => {
                    let op = if reducing.op == Reduction::Min { BinaryOp::Min } else { BinaryOp::Max };
                    let extreme = self.tree(elements, f64::NAN, |b, x, y| expr::extreme(b, op, x, y));
                    self.or_nan(extreme, elements, &takes_part[index])
                }
                _ => unreachable!("{} is not associative", reducing.op.name()),
            };
            self.scalars[reducing.id.index()] = Some(value);
        }
        Ok(())
    }

    /// `extreme`, or NaN if an element is NaN, or if there is a filter and no element takes part.
    ///
    /// The sum of the elements is NaN if one of them is, and hardly ever else, so one comparison settles the usual
    /// window, and only where the sum is NaN (or infinities of both signs met) are the elements looked at.
    fn or_nan(&mut self, extreme: Value, elements: &[Value], takes_part: &[Value]) -> Value {
        let mut value = extreme;
        if let Some(sum) = reduce_pairs(self.b, elements.to_vec(), |b, x, y| b.ins().fadd(x, y)) {
            let look = self.b.create_block();
            let done = self.b.create_block();
            self.b.append_block_param(done, F64);
            self.b.set_cold_block(look);
            let suspect = expr::is_nan(self.b, sum);
            self.b.ins().brif(suspect, look, &[], done, &[BlockArg::Value(extreme)]);
            self.b.seal_block(look);
            self.b.switch_to_block(look);
            let nans: Vec<Value> = elements.iter().map(|element| expr::is_nan(self.b, *element)).collect();
            let any_nan = reduce_pairs(self.b, nans, |b, x, y| b.ins().bor(x, y)).expect("there is an element");
            let nan = self.b.ins().f64const(f64::NAN);
            let exact = self.b.ins().select(any_nan, nan, extreme);
            self.b.ins().jump(done, &[BlockArg::Value(exact)]);
            self.b.seal_block(done);
            self.b.switch_to_block(done);
            value = self.b.block_params(done)[0];
        }
        if let Some(any) = reduce_pairs(self.b, takes_part.to_vec(), |b, x, y| b.ins().bor(x, y)) {
            let nan = self.b.ins().f64const(f64::NAN);
            value = self.b.ins().select(any, value, nan);
        }
        value
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
            first.extend(self.first_state(reducing.op));
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
            let value = self.last_value(reducing.op, &last[starts[index]..starts[index + 1]]);
            self.scalars[reducing.id.index()] = Some(value);
        }
        Ok(())
    }

    /// The variables of a reduction before the first cell.
    fn first_state(&mut self, op: Reduction) -> Vec<Value> {
        match op {
            Reduction::Sum | Reduction::Product => vec![self.neutral(op)],
            Reduction::Count => vec![self.b.ins().iconst(I64, 0)],
            // The extreme, whether there was a NaN, whether there was an element.
            Reduction::Min | Reduction::Max => {
                let no = self.b.ins().iconst(I8, 0);
                vec![self.neutral(op), no, no]
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
                let is_nan = expr::is_nan(self.b, element);
                let nan = self.b.ins().bor(state[1], is_nan);
                let any = match filter {
                    Some(filter) => self.b.ins().bor(state[2], filter),
                    None => self.b.ins().iconst(I8, 1),
                };
                vec![extreme, nan, any]
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

    /// The value after the last cell.
    fn last_value(&mut self, op: Reduction, state: &[Value]) -> Value {
        match op {
            Reduction::Count => self.b.ins().fcvt_from_sint(F64, state[0]),
            Reduction::Min | Reduction::Max => {
                let empty = self.b.ins().bxor_imm_u(state[2], 1);
                let condition = self.b.ins().bor(state[1], empty);
                let nan = self.b.ins().f64const(f64::NAN);
                self.b.ins().select(condition, nan, state[0])
            }
            Reduction::ArgMin | Reduction::ArgMax => self.b.ins().fcvt_from_sint(F64, state[1]),
            _ => state[0],
        }
    }

    /// Copies the selected elements to the scratch memory and calls the function that reorders them there.
    fn order_statistic(&mut self, reducing: &Reducing) -> Result<Value, Error> {
        let scratch = self.memory.scratch.expect("a kernel with order statistics has scratch memory");
        let roots: Vec<ExprId> = [Some(reducing.window), reducing.filter].into_iter().flatten().collect();
        let nodes = self.window_nodes(&roots);
        let count = if reducing.filter.is_none() && self.unrolled(nodes.len() + 1).is_some() {
            let taps = self.cells.map_or(0, Cells::taps);
            for tap in 0..taps {
                let values = self.window_values(&nodes, Tap::Known(tap))?;
                let element = self.value_at(&values, reducing.window);
                self.b.ins().store(scratch_memory(), element, scratch, i32::try_from(8 * tap).expect("few cells"));
            }
            self.b.ins().iconst(I64, taps as i64)
        } else {
            let zero = self.b.ins().iconst(I64, 0);
            let last = self.run_loop(&[zero], |emitter, tap, variables| {
                let values = emitter.window_values(&nodes, Tap::Running(tap))?;
                let element = emitter.value_at(&values, reducing.window);
                let bytes = emitter.b.ins().ishl_imm_u(variables[0], 3);
                let address = emitter.b.ins().iadd(scratch, bytes);
                // An element that is not selected is overwritten by the next.
                emitter.b.ins().store(scratch_memory(), element, address, 0);
                Ok(vec![match reducing.filter {
                    Some(filter) => {
                        let filter = emitter.value_at(&values, filter);
                        let one = emitter.b.ins().uextend(I64, filter);
                        emitter.b.ins().iadd(variables[0], one)
                    }
                    None => emitter.b.ins().iadd_imm_s(variables[0], 1),
                }])
            })?;
            last[0]
        };
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
