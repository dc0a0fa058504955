//! Order statistics by functions of the host.

use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};

use super::Emitter;
use super::value_source::{Scratch, Tap};
use crate::codegen::expr;
use crate::codegen::host::{self, HostFn};
use crate::codegen::lanes::{self, Lanes, scratch_memory};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::plan::body::{Host, Visit};
use crate::plan::width::Width;

impl<'a, 'f> Emitter<'a, 'f> {
    pub(super) fn by_host(&mut self, plan: &Host) -> Result<(), Error> {
        match (self.source.scratch(), self.width()) {
            (Scratch::Block(scratch), Width::Pixels(pixels)) => self.by_host_in_blocks(scratch, pixels, plan),
            (Scratch::Pixel(scratch) | Scratch::Block(scratch), _) => self.by_host_for_one(scratch, plan),
        }
    }

    /// For one pixel: copies the selected elements to the scratch memory, and calls the host.
    fn by_host_for_one(&mut self, scratch: Value, plan: &Host) -> Result<(), Error> {
        let count = self.fill_scratch(scratch, plan)?;
        for statistic in &plan.statistics {
            let argument = match statistic.argument {
                Some(argument) => {
                    let argument = self.scalar(argument).clone();
                    self.numbers(&argument, Lane::F64)[0]
                }
                None => self.b.ins().f64const(0.0),
            };
            let function = self.import(HostFn::OrderStatistic)?;
            let op = self.b.ins().iconst(I32, host::number(statistic.op));
            let value = expr::call(self.b, function, &[op, scratch, count, argument]);
            self.set(statistic.id, Lanes::Numbers(Lane::F64, vec![value]));
        }
        Ok(())
    }

    /// The number of selected elements, an I64.
    fn fill_scratch(&mut self, scratch: Value, plan: &Host) -> Result<Value, Error> {
        if let (Visit::Unrolled, Some(taps)) = (plan.visit, self.source.taps()) {
            for tap in 0..taps {
                let values = self.window_values(&plan.nodes, Tap::Known(tap))?;
                let element = self.value_at(&values, plan.window);
                let element = self.numbers(&element, Lane::F64)[0];
                self.b.ins().store(scratch_memory(), element, scratch, i32::try_from(8 * tap).expect("few cells"));
            }
            return Ok(self.b.ins().iconst(I64, taps as i64));
        }
        let zero = self.b.ins().iconst(I64, 0);
        let last = self.run_loop(&[zero], |emitter, tap, variables| {
            let values = emitter.window_values(&plan.nodes, Tap::Running(tap))?;
            let element = emitter.value_at(&values, plan.window);
            let element = emitter.numbers(&element, Lane::F64)[0];
            let bytes = emitter.b.ins().ishl_imm_u(variables[0], 3);
            let address = emitter.b.ins().iadd(scratch, bytes);
            // An element that is not selected is overwritten by the next.
            emitter.b.ins().store(scratch_memory(), element, address, 0);
            Ok(vec![match plan.filter {
                Some(filter) => {
                    let filter = emitter.value_at(&values, filter);
                    let filter = emitter.masks(&filter, Lane::F64)[0];
                    let one = emitter.b.ins().uextend(I64, filter);
                    emitter.b.ins().iadd(variables[0], one)
                }
                None => emitter.b.ins().iadd_imm_s(variables[0], 1),
            }])
        })?;
        Ok(last[0])
    }

    /// For a block of pixels: copies the elements to the scratch memory, and whether they are selected, and calls the host.
    fn by_host_in_blocks(&mut self, scratch: Value, pixels: usize, plan: &Host) -> Result<(), Error> {
        let count = self.source.count(self.b);
        // What is chosen of 64-bit integers keeps every bit.
        let own = self.lane(plan.window);
        let element_lane = if own.is_long() { own } else { Lane::F64 };
        let row_bytes = (8 * pixels) as i64;
        // The elements, then 1 for each that is selected and 0 for the others, then the arguments, then the results.
        let all_bytes = self.b.ins().imul_imm_s(count, row_bytes);
        let selected = self.b.ins().iadd(scratch, all_bytes);
        let arguments = self.b.ins().iadd(selected, all_bytes);
        let results = self.b.ins().iadd_imm_s(arguments, row_bytes);
        self.run_loop(&[], |emitter, tap, _| {
            let values = emitter.window_values(&plan.nodes, Tap::Running(tap))?;
            let bytes = emitter.b.ins().imul_imm_s(tap, row_bytes);
            let element = emitter.value_at(&values, plan.window);
            let element = emitter.numbers(&element, element_lane);
            let address = emitter.b.ins().iadd(scratch, bytes);
            lanes::store(emitter.b, emitter.width(), element_lane, &element, address);
            if let Some(filter) = plan.filter {
                let filter = emitter.value_at(&values, filter);
                let masks = emitter.masks(&filter, Lane::F64);
                let (one, zero) = (emitter.number(Lane::F64, 1.0), emitter.number(Lane::F64, 0.0));
                let taken = emitter.select(&masks, &one, &zero);
                let address = emitter.b.ins().iadd(selected, bytes);
                lanes::store(emitter.b, emitter.width(), Lane::F64, &taken, address);
            }
            Ok(Vec::new())
        })?;
        for statistic in &plan.statistics {
            if let Some(argument) = statistic.argument {
                let argument = self.scalar(argument).clone();
                let argument = self.numbers(&argument, Lane::F64);
                lanes::store(self.b, self.width(), Lane::F64, &argument, arguments);
            }
            let function = self.import(HostFn::BlockOrderStatistic)?;
            let lane = if self.lane(statistic.id).is_long() { element_lane } else { Lane::F64 };
            let op = self.b.ins().iconst(I32, host::number_among(statistic.op, element_lane, lane));
            let pixels = self.b.ins().iconst(I64, pixels as i64);
            let filtered = self.b.ins().iconst(I64, i64::from(plan.filter.is_some()));
            self.b.ins().call(function, &[op, scratch, count, pixels, filtered]);
            let value = lanes::load_scratch(self.b, self.width(), lane, results);
            self.set(statistic.id, Lanes::Numbers(lane, value));
        }
        Ok(())
    }
}
