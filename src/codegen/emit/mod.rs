//! A body as Cranelift IR, for the pixels that are computed together: one function for each kind of step.
//!
//! Nothing is decided here: order, loops, trees, networks and lanes are those of the plan.

mod by_count;
mod cells;
mod fold;
mod host;
mod known;
mod middle;
mod network;
mod running;
mod scalar;
mod tile;
mod tree;
pub mod value_source;

use std::collections::HashMap;

use cranelift_codegen::ir::{FuncRef, Value};
use cranelift_frontend::FunctionBuilder;

pub use self::known::Known;
use self::value_source::ValueSource;
use super::host::HostFn;
use super::jit::Module;
use super::lanes::{self, Lanes};
use super::{simd, size};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::hir::{ExprId, FoldId, Kernel};
use crate::lang::limits::Limits;
use crate::plan::body::{Body, Step};
use crate::plan::width::Width;

/// What is emitted.
pub struct EmitInput<'a> {
    /// The kernel.
    pub kernel: &'a Kernel,
    /// What to do for it.
    pub body: &'a Body,
    /// What the code must keep to: each loop has its own copy of what it needs, so it may be far larger than the kernel.
    pub limits: &'a Limits,
}

/// Emits the steps of a body.
pub struct Emitter<'a, 'f> {
    pub b: &'a mut FunctionBuilder<'f>,
    module: &'a mut Module,
    source: &'a mut dyn ValueSource,
    known: &'a mut Known,
    kernel: &'a Kernel,
    body: &'a Body,
    limits: &'a Limits,
    /// The current value of each scalar node.
    scalars: Vec<Option<Lanes>>,
    /// Accumulators and elements of the folds around the current point.
    accumulators: HashMap<FoldId, Vec<Lanes>>,
    elements: HashMap<FoldId, Vec<Lanes>>,
    functions: HashMap<HostFn, FuncRef>,
}

impl<'a, 'f> Emitter<'a, 'f> {
    pub fn new(
        b: &'a mut FunctionBuilder<'f>,
        module: &'a mut Module,
        source: &'a mut dyn ValueSource,
        known: &'a mut Known,
        input: &EmitInput<'a>,
    ) -> Emitter<'a, 'f> {
        Emitter {
            b,
            module,
            source,
            known,
            kernel: input.kernel,
            body: input.body,
            limits: input.limits,
            scalars: vec![None; input.kernel.node_count()],
            accumulators: HashMap::new(),
            elements: HashMap::new(),
            functions: HashMap::new(),
        }
    }

    /// Emits everything that the outputs and assertions need.
    pub fn emit(&mut self) -> Result<(), Error> {
        self.steps(&self.body.steps)
    }

    /// The value of a scalar node that has been emitted.
    pub fn scalar(&self, id: ExprId) -> &Lanes {
        self.scalars[id.index()].as_ref().expect("the plan has operands before their users")
    }

    fn steps(&mut self, steps: &'a [Step]) -> Result<(), Error> {
        for step in steps {
            size::check(self.b.func, self.limits)?;
            match step {
                Step::Scalar(id) => {
                    let value = self.scalar_node(*id)?;
                    self.set(*id, value);
                }
                Step::Combine(combine) => self.combine(combine)?,
                Step::Select(select) => self.select_ranks(select)?,
                Step::Host(host) => self.by_host(host)?,
                Step::Fold(fold) => self.fold(fold)?,
            }
        }
        Ok(())
    }

    /// Sets the value of a scalar node.
    fn set(&mut self, id: ExprId, value: Lanes) {
        self.scalars[id.index()] = Some(value);
    }

    fn width(&self) -> Width {
        self.body.width
    }

    /// The lane type of a node.
    fn lane(&self, id: ExprId) -> Lane {
        self.width().lane(self.body.analysis.lanes[id.index()])
    }

    /// Whether a node may be NaN.
    fn may_be_nan(&self, id: ExprId) -> bool {
        self.body.analysis.ranges[id.index()].nan
    }

    fn import(&mut self, function: HostFn) -> Result<FuncRef, Error> {
        if let Some(known) = self.functions.get(&function) {
            return Ok(*known);
        }
        let imported = self.module.import(self.b, function)?;
        self.functions.insert(function, imported);
        Ok(imported)
    }

    // Values in registers.

    fn numbers(&mut self, value: &Lanes, lane: Lane) -> Vec<Value> {
        lanes::numbers(self.b, self.width(), value, lane)
    }

    fn masks(&mut self, value: &Lanes, lane: Lane) -> Vec<Value> {
        lanes::masks(self.b, self.width(), value, lane)
    }

    fn number(&mut self, lane: Lane, value: f64) -> Vec<Value> {
        lanes::number(self.b, self.width(), lane, value)
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
}
