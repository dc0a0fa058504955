//! The cells of the footprint: what window nodes are at one of them, and loops over all.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I64};
use cranelift_codegen::ir::{BlockArg, InstBuilder, Value};

use super::Emitter;
use super::value_source::Tap;
use crate::codegen::host::HostFn;
use crate::codegen::lanes::{self, Lanes};
use crate::codegen::{expr, size};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId};

impl<'a, 'f> Emitter<'a, 'f> {
    /// The values of window nodes at `tap`, operands first.
    pub(super) fn window_values(&mut self, nodes: &[ExprId], tap: Tap) -> Result<HashMap<ExprId, Lanes>, Error> {
        let kernel = self.kernel;
        let mut values: HashMap<ExprId, Lanes> = HashMap::with_capacity(nodes.len());
        for &id in nodes {
            size::check(self.b.func, self.limits)?;
            let value = match kernel.expr(id) {
                Expr::Tap(input) => self.source.tap(self.b, *input, tap),
                Expr::Weight(weights) => {
                    let value = self.source.weight(self.b, *weights, tap);
                    self.broadcast(id, value)
                }
                place @ (Expr::Offset(_) | Expr::Dist) => match self.source.place(self.b, place, tap) {
                    Ok(known) => Lanes::Number(known),
                    Err(value) => Lanes::Numbers(
                        self.width().lane(Lane::F64),
                        lanes::broadcast(self.b, self.width(), self.width().lane(Lane::F64), value),
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

    pub(super) fn value_at(&self, values: &HashMap<ExprId, Lanes>, id: ExprId) -> Lanes {
        values.get(&id).unwrap_or_else(|| self.scalar(id)).clone()
    }

    /// A loop over the cells as [`Emitter::run_watched_loop`], which asks as often as is usual.
    pub(super) fn run_loop(
        &mut self,
        first: &[Value],
        body: impl FnOnce(&mut Self, Value, &[Value]) -> Result<Vec<Value>, Error>,
    ) -> Result<Vec<Value>, Error> {
        self.run_watched_loop(self.body.look_interval, first, body)
    }

    /// Whether a loop goes on, if it may: not if the host, asked after every so many cells, says that it is to stop.
    fn more_unless_stopped(&mut self, interval: usize, tap: Value, more: Value) -> Result<Value, Error> {
        let function = self.import(HostFn::Look)?;
        let (look, joined) = (self.b.create_block(), self.b.create_block());
        self.b.append_block_param(joined, I8);
        self.b.set_cold_block(look);
        let rest = self.b.ins().band_imm_u(tap, interval as i64 - 1);
        self.b.ins().brif(rest, joined, &[BlockArg::Value(more)], look, &[]);
        self.b.seal_block(look);
        self.b.switch_to_block(look);
        let stop = expr::call(self.b, function, &[]);
        let go_on = self.b.ins().icmp_imm_s(IntCC::Equal, stop, 0);
        let more = self.b.ins().band(more, go_on);
        self.b.ins().jump(joined, &[BlockArg::Value(more)]);
        self.b.seal_block(joined);
        self.b.switch_to_block(joined);
        Ok(self.b.block_params(joined)[0])
    }

    /// A loop over the cells: `body` gets the position and the loop's variables, and gives their new values.
    pub(super) fn run_watched_loop(
        &mut self,
        look_interval: Option<usize>,
        first: &[Value],
        body: impl FnOnce(&mut Self, Value, &[Value]) -> Result<Vec<Value>, Error>,
    ) -> Result<Vec<Value>, Error> {
        let count = self.source.count(self.b);
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
        let more = match look_interval {
            Some(interval) => self.more_unless_stopped(interval, tap, more)?,
            None => more,
        };
        let again: Vec<BlockArg> = std::iter::once(tap).chain(next.iter().copied()).map(BlockArg::Value).collect();
        let results: Vec<BlockArg> = next.iter().copied().map(BlockArg::Value).collect();
        self.b.ins().brif(more, inside, &again, after, &results);
        self.b.seal_block(inside);
        self.b.switch_to_block(after);
        self.b.seal_block(after);
        Ok(self.b.block_params(after).to_vec())
    }
}
