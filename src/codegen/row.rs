//! A pass as a function that computes a run of pixels along the last axis:
//! `usize row(rows: *const *const u8, outputs: *const *mut u8, len: usize, frame: *const Frame)`.
//!
//! `rows` has the address of the first pixel of the run in each row of [`Pass::rows`]; the cells before and after it must be
//! there as well. `outputs` has the address of the first pixel in each output, for each row of pixels in turn. The result is
//! `len`, or the first pixel at which an assertion does not hold.
//!
//! Pixels are computed a block at a time. The last block ends where the run ends, so it may compute some pixels again; a run
//! has at least one block.

use std::collections::HashMap;
use std::sync::OnceLock;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I8X16, I16X8, I32, I32X4, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Function, InstBuilder, MemFlagsData, Signature, UserFuncName, Value,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::Module as _;

use super::callback::{place, symbols};
use super::emit::window::{Scratch, Tap, Window};
use super::emit::{Code, Emitter, symbol};
use super::expr;
use super::jit::{self, Module, RowCode};
use super::lanes::{self, Lanes, REGISTER, Width, constant_memory};
use super::{simd, size};
use crate::error::Error;
use crate::grid::element::{Cast, DType};
use crate::grid::lane::Lane;
use crate::lang::hir::{Expr, ExprId, Kernel, Reduction};
use crate::lang::limits::Limits;
use crate::lang::ops::{BinaryOp, UnaryOp};
use crate::lang::types::Elem;
use crate::plan::Plan;
use crate::plan::lanes::Analysis;
use crate::plan::pass::{CellAddr, Pass};

/// A plan in machine code.
#[derive(Debug)]
pub struct RowKernel {
    /// What it computes, and how.
    pub plan: Plan,
    passes: Vec<PassCode>,
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
        let code = |pass: &Pass| {
            let finite = compile(pass, &pass.finite, limits)?;
            Ok(PassCode { finite, general: OnceLock::new() })
        };
        let passes = plan.passes.iter().map(code).collect::<Result<_, Error>>()?;
        Ok(RowKernel { plan, passes, limits: limits.clone() })
    }

    /// The code of a pass, for elements and params that are all finite or that need not be.
    pub fn code(&self, pass: usize, finite: bool) -> Result<&RowCode, Error> {
        let code = &self.passes[pass];
        match &self.plan.passes[pass].general {
            Some(general) if !finite => {
                let made = code.general.get_or_init(|| compile(&self.plan.passes[pass], general, &self.limits));
                made.as_ref().map_err(Error::clone)
            }
            _ => Ok(&code.finite),
        }
    }
}

fn compile(pass: &Pass, analysis: &Analysis, limits: &Limits) -> Result<RowCode, Error> {
    let (module, function) = build(pass, analysis, limits)?;
    Ok(RowCode::new(module.finish(function)?))
}

/// The functions of a plan in Cranelift's intermediate representation.
pub fn clif(plan: &Plan, limits: &Limits) -> Result<String, Error> {
    let pass = |pass: &Pass| build(pass, &pass.finite, limits).map(|(_, function)| function.to_string());
    plan.passes.iter().map(pass).collect::<Result<Vec<_>, _>>().map(|text| text.join("\n"))
}

/// The functions of a plan in machine code, as text.
pub fn assembly(plan: &Plan, limits: &Limits) -> Result<String, Error> {
    let pass = |pass: &Pass| {
        let (mut module, function) = build(pass, &pass.finite, limits)?;
        module.disassemble(function)
    };
    plan.passes.iter().map(pass).collect::<Result<Vec<_>, _>>().map(|text| text.join("\n"))
}

fn signature(module: &mut Module) -> Signature {
    let mut signature = module.jit().make_signature();
    signature.params.extend([I64; 4].map(AbiParam::new));
    signature.returns.push(AbiParam::new(I64));
    signature
}

/// The host functions that the code of `kernel` may call.
fn host_functions(kernel: &Kernel) -> Vec<(String, *const u8)> {
    let mut functions = symbols(kernel);
    for (_, node) in kernel.live_nodes() {
        if let Expr::Reduce { op, .. } = node.expr
            && op.is_order_statistic()
        {
            functions.push((symbol(&format!("block_{}", Reduction::name(op))), jit::block_order_function(op)));
        }
    }
    functions
}

fn build(pass: &Pass, analysis: &Analysis, limits: &Limits) -> Result<(Module, Function), Error> {
    let kernel = &pass.kernel;
    let width = Width::Pixels(pass.block);
    let mut module = Module::new(&host_functions(kernel))?;
    let mut function = Function::with_name_signature(UserFuncName::user(0, 0), signature(&mut module));
    let mut context = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(&mut function, &mut context);

    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    b.seal_block(entry);
    let &[rows, outputs, len, frame] = b.block_params(entry) else {
        unreachable!("the signature has four parameters");
    };
    let field = |b: &mut FunctionBuilder<'_>, index: i32| b.ins().load(I64, constant_memory(), frame, 8 * index);
    let (constants, position, scratch) = (field(&mut b, 0), field(&mut b, 1), field(&mut b, 2));
    let targets: Vec<Value> = (0..pass.rows_per_call * pass.outputs.len())
        .map(|index| b.ins().load(I64, constant_memory(), outputs, 8 * index as i32))
        .collect();
    let tables = Tables::new(&mut b, &mut module, pass)?;

    let first = b.ins().iconst(I64, 0);
    let last = b.ins().iadd_imm_s(len, -(pass.block as i64));
    let block = b.create_block();
    let x = b.append_block_param(block, I64);
    b.ins().jump(block, &[BlockArg::Value(first)]);
    b.switch_to_block(block);

    let mut window =
        Rows { pass, width, rows, constants, position, scratch, tables, x, shift: 0, loaded: HashMap::new() };
    for row in 0..pass.rows_per_call {
        window.shift = row;
        let code = Code { kernel, analysis, width, limits };
        let mut emitter = Emitter::new(&mut b, &mut module, &mut window, &code);
        emitter.emit()?;
        let held: Vec<Lanes> = kernel.assertions.iter().map(|a| emitter.scalar(a.condition).clone()).collect();
        let values: Vec<Lanes> = kernel.outputs.iter().map(|output| emitter.scalar(output.value).clone()).collect();
        for (index, (output, value)) in kernel.outputs.iter().zip(&values).enumerate() {
            let lane = pass.outputs[index].lane;
            let parts = to_stored(&mut b, pass, analysis, output.value, value, index);
            let target = targets[row * pass.outputs.len() + index];
            let bytes = b.ins().imul_imm_s(x, lane.bytes() as i64);
            let address = b.ins().iadd(target, bytes);
            lanes::store(&mut b, width, lane, &parts, address);
        }
        // Pixels beyond the end of a short run may fail, so those before it are stored first.
        check(&mut b, width, &held, x);
    }

    let done = b.create_block();
    let again = b.create_block();
    let finished = b.ins().icmp(IntCC::SignedGreaterThanOrEqual, x, last);
    b.ins().brif(finished, done, &[], again, &[]);
    b.seal_block(again);
    b.switch_to_block(again);
    let next = b.ins().iadd_imm_s(x, pass.block as i64);
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

/// A value as elements of an output.
fn to_stored(
    b: &mut FunctionBuilder<'_>,
    pass: &Pass,
    analysis: &Analysis,
    id: ExprId,
    value: &Lanes,
    output: usize,
) -> Vec<Value> {
    let width = Width::Pixels(pass.block);
    let sink = pass.outputs[output];
    // A boolean is a number from here on.
    let value = match value {
        Lanes::Truth(value) => Lanes::Number(f64::from(u8::from(*value))),
        Lanes::Masks(lane, masks) => {
            let (one, zero) = (lanes::number(b, width, *lane, 1.0), lanes::number(b, width, *lane, 0.0));
            let select = |((mask, one), zero): ((&Value, &Value), &Value)| simd::select(b, *mask, *one, *zero);
            Lanes::Numbers(*lane, masks.iter().zip(&one).zip(&zero).map(select).collect())
        }
        number => number.clone(),
    };
    let (lane, parts) = match &value {
        Lanes::Numbers(lane, parts) => (*lane, parts.clone()),
        value => (Lane::F64, lanes::numbers(b, width, value, Lane::F64)),
    };
    if sink.lane.is_float() {
        return lanes::numbers(b, width, &Lanes::Numbers(lane, parts), sink.lane);
    }
    let range = analysis.ranges[id.index()];
    let boolean = pass.kernel.ty(id).elem == Elem::Boolean;
    if sink.dtype == DType::Bool {
        if boolean {
            return lanes::numbers(b, width, &Lanes::Numbers(lane, parts), Lane::U8);
        }
        return to_bool(b, width, lane, &parts, pass.cast);
    }
    let (mut lane, mut parts) = (lane, parts);
    let fits = boolean || !range.nan && sink.lane.least() <= range.low && range.high <= sink.lane.greatest();
    if lane == Lane::F32 && sink.lane.bytes() == 4 {
        // The limits of 32-bit integers are not f32s.
        parts = lanes::numbers(b, width, &Lanes::Numbers(lane, parts), Lane::F64);
        lane = Lane::F64;
    }
    if lane.is_float() && range.nan && !boolean {
        let zero = lanes::number(b, width, lane, 0.0);
        parts = parts
            .iter()
            .zip(&zero)
            .map(|(x, zero)| {
                let nan = expr::is_nan(b, *x);
                simd::select(b, nan, *zero, *x)
            })
            .collect();
    }
    if lane.is_float() && !range.integral {
        let op = if pass.cast == Cast::Wrap { UnaryOp::Trunc } else { UnaryOp::Round };
        // Rounding to the nearest is part of the conversion of f64s.
        if op == UnaryOp::Trunc || lane == Lane::F32 {
            parts = parts.iter().map(|x| expr::unary(b, op, lane, *x)).collect();
        }
    }
    if !fits && pass.cast == Cast::Saturate {
        let between = |limit: f64| limit.clamp(lane.least(), lane.greatest());
        let low = lanes::number(b, width, lane, between(sink.lane.least()));
        let high = lanes::number(b, width, lane, between(sink.lane.greatest()));
        parts = parts
            .iter()
            .zip(low.iter().zip(&high))
            .map(|(x, (low, high))| {
                let x = expr::extreme(b, BinaryOp::Max, lane, *x, *low);
                expr::extreme(b, BinaryOp::Min, lane, x, *high)
            })
            .collect();
    }
    if fits || pass.cast == Cast::Saturate {
        return lanes::numbers(b, width, &Lanes::Numbers(lane, parts), sink.lane);
    }
    wrapped(b, width, lane, &parts, sink.lane)
}

/// The low bits of whole numbers that fit in 32 bits.
fn wrapped(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, parts: &[Value], to: Lane) -> Vec<Value> {
    let words = match lane {
        Lane::F64 | Lane::F32 => lanes::numbers(b, width, &Lanes::Numbers(lane, parts.to_vec()), Lane::I32),
        _ => parts.to_vec(),
    };
    let from = if lane.is_float() { Lane::I32 } else { lane };
    if from.bytes() == to.bytes() {
        return words;
    }
    if from.bytes() < to.bytes() {
        // Negative numbers as they are in the type with a sign of that size, whose bits are the same.
        let signed = if to.bytes() == 2 { Lane::I16 } else { Lane::I32 };
        return lanes::numbers(b, width, &Lanes::Numbers(from, words), signed);
    }
    let ty = match from.bytes() {
        4 => I32X4,
        2 => I16X8,
        _ => I8X16,
    };
    // Without their high bits, they are numbers of the type without sign of that size, whose bits are the same.
    let mask = simd::int(b, ty, (1 << (8 * to.bytes())) - 1);
    let low: Vec<Value> = words.iter().map(|x| b.ins().band(*x, mask)).collect();
    let unsigned = if to.bytes() == 1 { Lane::U8 } else { Lane::U16 };
    lanes::numbers(b, width, &Lanes::Numbers(from, low), unsigned)
}

/// Numbers as 0 and 1, in lanes of 8 bits.
fn to_bool(b: &mut FunctionBuilder<'_>, width: Width, lane: Lane, parts: &[Value], cast: Cast) -> Vec<Value> {
    let (lane, parts) = match lane.is_float() {
        true => (lane, parts.to_vec()),
        false => (Lane::F64, lanes::numbers(b, width, &Lanes::Numbers(lane, parts.to_vec()), Lane::F64)),
    };
    let (op, limit) = match cast {
        Cast::Saturate => (BinaryOp::Less, 0.5),
        Cast::Wrap => (BinaryOp::LessEqual, 1.0),
    };
    let limit = lanes::number(b, width, lane, limit);
    let masks = parts
        .iter()
        .zip(&limit)
        .map(|(x, limit)| {
            let x = if cast == Cast::Wrap { expr::unary(b, UnaryOp::Abs, lane, *x) } else { *x };
            expr::compare(b, op, lane, *limit, x)
        })
        .collect();
    let masks = lanes::masks(b, width, &Lanes::Masks(lane, masks), Lane::U8);
    let one = lanes::number(b, width, Lane::U8, 1.0);
    masks.iter().zip(&one).map(|(mask, one)| b.ins().band(*mask, *one)).collect()
}

/// Tables that loops over cells read.
#[derive(Clone)]
struct Tables {
    /// For each input whose window is read, and each row of pixels.
    taps: HashMap<(usize, usize), Value>,
    /// Offsets and distances.
    places: HashMap<Expr, Value>,
}

impl Tables {
    fn new(b: &mut FunctionBuilder<'_>, module: &mut Module, pass: &Pass) -> Result<Tables, Error> {
        let mut tables = Tables { taps: HashMap::new(), places: HashMap::new() };
        let taps = pass.cells.taps();
        // There are no empty tables.
        let filled = |bytes: Vec<u8>| if bytes.is_empty() { vec![0; 8] } else { bytes };
        for (_, node) in pass.kernel.live_nodes() {
            match &node.expr {
                Expr::Tap(input) => {
                    for shift in 0..pass.rows_per_call {
                        let bytes = tap_table(pass, *input, shift);
                        tables.taps.insert((*input, shift), module.table(b, filled(bytes).into_iter())?);
                    }
                }
                expr @ (Expr::Offset(_) | Expr::Dist) => {
                    let values = (0..taps).flat_map(|tap| place(&pass.cells, expr, tap).to_ne_bytes());
                    let values: Vec<u8> = values.collect();
                    tables.places.insert(expr.clone(), module.table(b, filled(values).into_iter())?);
                }
                _ => {}
            }
        }
        Ok(tables)
    }
}

/// For each tap, where the address of its row is among `rows`, and the bytes from there to the cell, as two i32s.
fn tap_table(pass: &Pass, input: usize, shift: usize) -> Vec<u8> {
    let size = pass.inputs[input].lane.bytes() as isize;
    let entry = |place: &CellAddr| {
        let row = 8 * pass.row(input, place, shift) as i32;
        let along = i32::try_from(place.column * size).expect("a footprint has at most 2^24 cells");
        [row, along]
    };
    pass.cell_addrs[..pass.cells.taps()].iter().flat_map(entry).flat_map(i32::to_ne_bytes).collect()
}

/// The windows of a block of pixels, in rows.
struct Rows<'a> {
    pass: &'a Pass,
    width: Width,
    rows: Value,
    /// The values of params and weights.
    constants: Value,
    /// The first pixel's index along each axis of the window, as f64s.
    position: Value,
    scratch: Value,
    tables: Tables,
    /// The first pixel of the block.
    x: Value,
    /// Which of the rows of pixels is computed.
    shift: usize,
    /// What has been loaded: by block of code, row, and distance from the pixel in bytes.
    loaded: HashMap<(Option<Block>, usize, i32), Lanes>,
}

impl Rows<'_> {
    /// The lanes at `offset` bytes from the block's first pixel in a row.
    fn load(&self, b: &mut FunctionBuilder<'_>, input: usize, row: Value, offset: i32) -> Lanes {
        let lane = self.pass.inputs[input].lane;
        let bytes = b.ins().imul_imm_s(self.x, lane.bytes() as i64);
        let address = b.ins().iadd(row, bytes);
        Lanes::Numbers(lane, lanes::load(b, self.width, lane, address, offset))
    }

    /// The cell at `index` of [`Pass::places`].
    fn cell_at(&mut self, b: &mut FunctionBuilder<'_>, input: usize, index: usize) -> Lanes {
        let place = &self.pass.cell_addrs[index];
        let size = self.pass.inputs[input].lane.bytes() as isize;
        let offset = i32::try_from(place.column * size).expect("a footprint has at most 2^24 cells");
        let row = self.pass.row(input, place, self.shift);
        let key = (b.current_block(), row, offset);
        if let Some(known) = self.loaded.get(&key) {
            return known.clone();
        }
        let address = b.ins().load(I64, constant_memory(), self.rows, 8 * row as i32);
        let cell = self.load(b, input, address, offset);
        self.loaded.insert(key, cell.clone());
        cell
    }

    fn constant(&self, b: &mut FunctionBuilder<'_>, index: usize) -> Value {
        let offset = i32::try_from(8 * index).expect("a footprint has at most 2^24 cells");
        b.ins().load(F64, constant_memory(), self.constants, offset)
    }
}

impl Window for Rows<'_> {
    fn taps(&self) -> Option<usize> {
        Some(self.pass.cells.taps())
    }

    fn count(&self, b: &mut FunctionBuilder<'_>) -> Value {
        b.ins().iconst(I64, self.pass.cells.taps() as i64)
    }

    fn row(&self, tap: usize) -> usize {
        let outer = &self.pass.cell_addrs[tap].outer;
        let Some((y, others)) = outer.split_last() else { return 0 };
        // Rows that are one above the other have numbers in sequence, the same for every row of pixels.
        let all = || self.pass.cell_addrs[..self.pass.cells.taps()].iter().map(|place| &place.outer);
        let least = all().map(|outer| outer[outer.len() - 1]).min().unwrap_or(0);
        let before = all().filter(|outer| outer[..outer.len() - 1] < *others).count();
        const APART: usize = 1 << 20;
        before * APART + (y - least) as usize + self.shift
    }

    fn shared_rows(&self) -> usize {
        self.pass.rows_per_call
    }

    fn tap(&mut self, b: &mut FunctionBuilder<'_>, input: usize, tap: Tap) -> Lanes {
        match tap {
            Tap::Known(index) => self.cell_at(b, input, index),
            Tap::Running(index) => {
                let entry = b.ins().ishl_imm_u(index, 3);
                let entry = b.ins().iadd(self.tables.taps[&(input, self.shift)], entry);
                let row = b.ins().sload32(constant_memory(), entry, 0);
                let along = b.ins().sload32(constant_memory(), entry, 4);
                let row = b.ins().iadd(self.rows, row);
                let row = b.ins().load(I64, constant_memory(), row, 0);
                let row = b.ins().iadd(row, along);
                self.load(b, input, row, 0)
            }
        }
    }

    fn cell(&mut self, b: &mut FunctionBuilder<'_>, input: usize, offset: &[i32]) -> Lanes {
        let index = self.pass.cells.position(offset).expect("the cells have every fixed offset");
        self.cell_at(b, input, index)
    }

    fn param(&mut self, b: &mut FunctionBuilder<'_>, param: usize) -> Value {
        self.constant(b, param)
    }

    fn weight(&mut self, b: &mut FunctionBuilder<'_>, weights: usize, tap: Tap) -> Value {
        let first = self.pass.kernel.params.len() + weights * self.pass.cells.taps();
        match tap {
            Tap::Known(tap) => self.constant(b, first + tap),
            Tap::Running(tap) => {
                let bytes = b.ins().ishl_imm_u(tap, 3);
                let address = b.ins().iadd(self.constants, bytes);
                let offset = i32::try_from(8 * first).expect("a footprint has at most 2^24 cells");
                b.ins().load(F64, constant_memory(), address, offset)
            }
        }
    }

    fn place(&mut self, b: &mut FunctionBuilder<'_>, expr: &Expr, tap: Tap) -> Result<f64, Value> {
        match tap {
            Tap::Known(tap) => Ok(place(&self.pass.cells, expr, tap)),
            Tap::Running(tap) => {
                let bytes = b.ins().ishl_imm_u(tap, 3);
                let address = b.ins().iadd(self.tables.places[expr], bytes);
                Err(b.ins().load(F64, constant_memory(), address, 0))
            }
        }
    }

    fn coordinate(&mut self, b: &mut FunctionBuilder<'_>, axis: usize) -> Lanes {
        let first = b.ins().load(F64, MemFlagsData::new().with_notrap(), self.position, 8 * axis as i32);
        if self.pass.row_axis != Some(axis) {
            // Rows of pixels that are computed together follow each other along the axis before the last.
            let shift = if self.pass.jam_axis == Some(axis) { self.shift } else { 0 };
            let shift = b.ins().f64const(shift as f64);
            let here = b.ins().fadd(first, shift);
            return Lanes::Numbers(Lane::F64, lanes::broadcast(b, self.width, Lane::F64, here));
        }
        let x = b.ins().fcvt_from_sint(F64, self.x);
        let first = b.ins().fadd(first, x);
        let first = lanes::broadcast(b, self.width, Lane::F64, first);
        let steps = lanes::pixel_numbers(b, self.width, Lane::F64);
        Lanes::Numbers(Lane::F64, first.iter().zip(&steps).map(|(x, step)| b.ins().fadd(*x, *step)).collect())
    }

    fn scratch(&self) -> Scratch {
        Scratch::Block(self.scratch)
    }
}
