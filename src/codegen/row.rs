//! A pass as a function that computes a run of pixels along the last axis:
//! `usize row(rows: *const *const u8, outputs: *const *mut u8, len: usize, frame: *const Frame)`.
//!
//! `rows` has the address of the first pixel of the run in each row of [`Pass::rows`]; the cells before and after it must be
//! there as well. `outputs` has the address of the first pixel in each output, for each row of pixels in turn. The result is
//! `len`, or the first pixel at which an assertion does not hold.
//!
//! Pixels are computed a block at a time. The last block ends where the run ends, so it may compute some pixels again; a run
//! has at least one block.

use std::sync::OnceLock;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{BlockArg, Function, InstBuilder, Value};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::Module as _;

use super::emit::{EmitInput, Emitter, Known};
use super::entry::{entry, pointers_to};
use super::jit::{Module, RowCode};
use super::lanes::{self, Lanes, constant_memory};
use super::pass_source::{PassSource, Pointers, Tables};
use super::store::stored;
use super::wide::Refused;
use super::{expr, size};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::limits::Limits;
use crate::lang::ops::BinaryOp;
use crate::plan::Plan;
use crate::plan::body::Body;
use crate::plan::moving::elements::Elements;
use crate::plan::moving::pass::MovingPass;
use crate::plan::pass::{Pass, PassVectors};
use crate::plan::width::{REGISTER, Width};

/// A plan in machine code.
#[derive(Debug)]
pub struct RowKernel {
    /// What it computes, and how.
    pub plan: Plan,
    passes: Vec<PassCode>,
    /// For each order statistic's pass of the host, the code that computes its elements, if there is any.
    elements: Vec<Option<RowCode>>,
    limits: Limits,
}

/// The code of one pass.
#[derive(Debug)]
struct PassCode {
    /// For elements and params that are finite, or for any.
    finite: RowCode,
    /// For any, where that is other code; made when the first row needs it.
    general: OnceLock<Result<RowCode, Error>>,
}

impl RowKernel {
    /// Compiles `plan` within `limits`.
    pub fn compile(plan: Plan, limits: &Limits) -> Result<RowKernel, Error> {
        let mut plan = plan;
        let code = |pass: &mut Pass| {
            let finite = match compile(pass, &pass.finite, limits)? {
                Made::Code(code) => code,
                Made::Refused(why) => {
                    (pass.vectors, pass.copies) = (PassVectors::NoRule(why), 1);
                    compile_narrow(pass, &pass.finite, limits)?
                }
            };
            Ok(PassCode { finite, general: OnceLock::new() })
        };
        let passes = plan.passes.iter_mut().map(code).collect::<Result<_, Error>>()?;
        let elements = |moving: &MovingPass| match moving.elements() {
            Elements::Input { .. } => Ok(None),
            Elements::Computed(pass) => compile_narrow(pass, pass.any_elements(), limits).map(Some),
        };
        let elements = plan.moving.iter().map(elements).collect::<Result<_, Error>>()?;
        Ok(RowKernel { plan, passes, elements, limits: limits.clone() })
    }

    /// The code for any elements that computes what a pass of the host is of, if that is computed.
    pub fn element_code(&self, moving: usize) -> Option<&RowCode> {
        self.elements[moving].as_ref()
    }

    /// The code of a pass, for elements and params that are all finite or that need not be.
    pub fn code(&self, pass: usize, finite: bool) -> Result<&RowCode, Error> {
        let code = &self.passes[pass];
        match &self.plan.passes[pass].general {
            Some(general) if !finite => {
                let pass = &self.plan.passes[pass];
                let made = || match compile(pass, general, &self.limits)? {
                    Made::Code(code) => Ok(code),
                    Made::Refused(_) => compile_narrow(pass, general, &self.limits),
                };
                code.general.get_or_init(made).as_ref().map_err(Error::clone)
            }
            _ => Ok(&code.finite),
        }
    }
}

/// What comes of a body.
enum Made<T> {
    /// Code as the plan wants it.
    Code(T),
    /// There is no code with vectors of this size, and why not.
    Refused(String),
}

/// The code of a body, with vectors as wide as the pass says.
fn compile(pass: &Pass, body: &Body, limits: &Limits) -> Result<Made<RowCode>, Error> {
    let Some(shape) = pass.vectors.shape() else {
        return compile_narrow(pass, body, limits).map(Made::Code);
    };
    let (mut module, function) = build(pass, body, Turn::of(pass), limits)?;
    match module.widened(function, pass.apart(), shape, false)? {
        Ok(code) => Ok(Made::Code(RowCode::new(module.finish_bytes(code)?))),
        Err(Refused(why)) => Ok(Made::Refused(why)),
    }
}

/// The code of a body with vectors of 128 bits.
fn compile_narrow(pass: &Pass, body: &Body, limits: &Limits) -> Result<RowCode, Error> {
    let (module, function) = build(pass, body, Turn::of_block(pass), limits)?;
    Ok(RowCode::new(module.finish(function)?))
}

/// The plan as it is carried out: without wide vectors where there is no such code.
pub fn settled(plan: Plan, limits: &Limits) -> Plan {
    let wide = plan.passes.iter().any(|pass| pass.vectors.shape().is_some());
    match wide.then(|| RowKernel::compile(plan.clone(), limits)) {
        Some(Ok(kernel)) => kernel.plan,
        // Code that is too large to be made is nobody's business here.
        _ => plan,
    }
}

/// The functions of a plan in Cranelift's intermediate representation.
pub fn clif(plan: &Plan, limits: &Limits) -> Result<String, Error> {
    let pass =
        |pass: &Pass| build(pass, &pass.finite, Turn::of(pass), limits).map(|(_, function)| function.to_string());
    plan.passes.iter().map(pass).collect::<Result<Vec<_>, _>>().map(|text| text.join("\n"))
}

/// The functions of a plan in machine code, as text.
pub fn assembly(plan: &Plan, limits: &Limits) -> Result<String, Error> {
    let pass = |pass: &Pass| {
        if let Some(shape) = pass.vectors.shape() {
            let (mut module, function) = build(pass, &pass.finite, Turn::of(pass), limits)?;
            if let Ok(code) = module.widened(function, pass.apart(), shape, true)? {
                return Ok(code.text.unwrap_or_default());
            }
        }
        let (mut module, function) = build(pass, &pass.finite, Turn::of_block(pass), limits)?;
        module.disassemble(function)
    };
    plan.passes.iter().map(pass).collect::<Result<Vec<_>, _>>().map(|text| text.join("\n"))
}

/// What a turn of the loop computes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    /// How many pixels one copy of the code computes.
    stride: usize,
    copies: usize,
}

impl Turn {
    /// As the pass says.
    fn of(pass: &Pass) -> Turn {
        Turn { stride: pass.stride(), copies: pass.copies }
    }

    /// A block, with vectors of 128 bits.
    pub(super) fn of_block(pass: &Pass) -> Turn {
        Turn { stride: pass.block, copies: 1 }
    }

    /// How far apart the two halves of a block of pairs are.
    fn half(self) -> usize {
        self.stride / 2
    }

    fn step(self) -> usize {
        self.stride * self.copies
    }
}

/// Makes the function of a pass, with one of its bodies.
pub(super) fn build(pass: &Pass, body: &Body, turn: Turn, limits: &Limits) -> Result<(Module, Function), Error> {
    let mut module = Module::new()?;
    let mut function = pointers_to(&module, I64);
    let mut context = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(&mut function, &mut context);
    let [rows, outputs, len, frame] = entry(&mut b);
    let field = |b: &mut FunctionBuilder<'_>, index: i32| b.ins().load(I64, constant_memory(), frame, 8 * index);
    let (constants, position, scratch) = (field(&mut b, 0), field(&mut b, 1), field(&mut b, 2));
    let targets: Vec<Value> = (0..pass.rows_per_call * pass.outputs.len())
        .map(|index| b.ins().load(I64, constant_memory(), outputs, 8 * index as i32))
        .collect();
    let tables = Tables::new(&mut b, &mut module, pass)?;

    let first = b.ins().iconst(I64, 0);
    let last = b.ins().iadd_imm_s(len, -(turn.step() as i64));
    let block = b.create_block();
    let x = b.append_block_param(block, I64);
    b.ins().jump(block, &[BlockArg::Value(first)]);
    b.switch_to_block(block);

    let mut source = PassSource::new(pass, Pointers { rows, constants, position, scratch }, tables, x, turn.half());
    let input = EmitInput { kernel: &pass.kernel, body, limits };
    let half = pass.pairs.then_some(turn.half());
    let mut known = Known::default();
    for copy in 0..turn.copies {
        let x = b.ins().iadd_imm_s(x, (copy * turn.stride) as i64);
        source.move_to(x);
        for (row, targets) in (0..pass.rows_per_call).zip(targets.chunks(pass.outputs.len())) {
            source.move_to_row(row);
            let place = Place { targets, x, half };
            block_of_pixels(&mut b, &mut module, &mut source, &mut known, &input, place)?;
        }
    }

    let done = b.create_block();
    let again = b.create_block();
    let finished = b.ins().icmp(IntCC::SignedGreaterThanOrEqual, x, last);
    b.ins().brif(finished, done, &[], again, &[]);
    b.seal_block(again);
    b.switch_to_block(again);
    let next = b.ins().iadd_imm_s(x, turn.step() as i64);
    let beyond = b.ins().icmp(IntCC::SignedGreaterThan, next, last);
    let next = b.ins().select(beyond, last, next);
    b.ins().jump(block, &[BlockArg::Value(next)]);
    b.seal_block(block);
    b.seal_block(done);
    b.switch_to_block(done);
    b.ins().return_(&[len]);
    b.finalize(module.jit().target_config());
    size::check(&function, limits)?;
    Ok((module, function))
}

/// Where a block of pixels is.
struct Place<'a> {
    /// The row of each output.
    targets: &'a [Value],
    /// The first pixel.
    x: Value,
    /// If the pixels are in pairs, how far apart the halves of the block are.
    half: Option<usize>,
}

/// Computes the block of pixels at a place in one row of pixels, stores it there, and checks the assertions.
fn block_of_pixels<'f>(
    b: &mut FunctionBuilder<'f>,
    module: &mut Module,
    source: &mut PassSource<'_>,
    known: &mut Known,
    input: &EmitInput<'_>,
    Place { targets, x, half }: Place<'_>,
) -> Result<(), Error> {
    let EmitInput { kernel, body, .. } = *input;
    let width = body.width;
    let mut emitter = Emitter::new(b, module, source, known, input);
    emitter.emit()?;
    let held: Vec<Lanes> = kernel.assertions.iter().map(|a| emitter.scalar(a.condition).clone()).collect();
    let values: Vec<Lanes> = kernel.outputs.iter().map(|output| emitter.scalar(output.value).clone()).collect();
    for ((value, store), target) in values.iter().zip(&body.stores).zip(targets) {
        let lane = store.lane();
        let parts = stored(b, width, value, *store);
        let bytes = b.ins().imul_imm_s(x, lane.bytes() as i64);
        let address = b.ins().iadd(*target, bytes);
        match half {
            Some(half) => lanes::store_pairs(b, width, lane, &parts, address, (half * lane.bytes()) as i32),
            None => lanes::store(b, width, lane, &parts, address),
        }
    }
    // Pixels beyond the end of a short run may fail, so those before it are stored first.
    check(b, width, &held, x);
    Ok(())
}

/// Returns the first pixel at which a condition does not hold, if there is one in the block at `x`.
fn check(b: &mut FunctionBuilder<'_>, width: Width, conditions: &[Lanes], x: Value) {
    let masks = conditions.iter().filter_map(|condition| match condition {
        Lanes::Truth(true) => None,
        condition => Some(lanes::masks(b, width, condition, Lane::F64)),
    });
    let masks: Vec<Vec<Value>> = masks.collect();
    let held = masks
        .into_iter()
        .reduce(|all, mask| all.iter().zip(&mask).map(|(x, y)| expr::logic(b, BinaryOp::And, *x, *y)).collect());
    let Some(held) = held else { return };
    let all = held.iter().copied().reduce(|x, y| b.ins().band(x, y)).expect("a value has parts");
    let all = b.ins().vall_true(all);
    let failed = b.create_block();
    let go_on = b.create_block();
    b.set_cold_block(failed);
    b.ins().brif(all, go_on, &[], failed, &[]);
    b.seal_block(failed);
    b.seal_block(go_on);
    b.switch_to_block(failed);
    // A bit for each pixel that fails; the first of them counts.
    let mut failures = b.ins().iconst(I64, 0);
    for (part, mask) in held.iter().enumerate() {
        let broken = b.ins().bnot(*mask);
        let bits = b.ins().vhigh_bits(I32, broken);
        let bits = b.ins().uextend(I64, bits);
        let lanes = REGISTER / Lane::F64.bytes();
        let bits = b.ins().ishl_imm_u(bits, (part * lanes) as i64);
        failures = b.ins().bor(failures, bits);
    }
    let pixel = b.ins().ctz(failures);
    let pixel = b.ins().iadd(x, pixel);
    b.ins().return_(&[pixel]);
    b.switch_to_block(go_on);
}
