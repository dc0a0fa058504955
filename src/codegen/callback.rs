//! A kernel as SciPy's callback, `int (double *buffer, intptr_t filter_size, double *return_value, void *user_data)`.
//!
//! One form takes any `filter_size`. The other is for one footprint: it knows the cells, so it can read `w[dy, dx]`,
//! `offset` and `dist`, and its loops can be unrolled; it refuses any other size with status 0.

use std::collections::HashMap;
use std::sync::Arc;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I8, I32, I64};
use cranelift_codegen::ir::{
    Block, BlockArg, Function, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, Value,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::Module as _;

use super::emit::value_source::{Scratch, Tap, ValueSource};
use super::emit::{EmitInput, Emitter, Known};
use super::entry::{entry, place, pointers_to};
use super::host::HostFn;
use super::jit::{self, Module};
use super::lanes::{self, Lanes};
use super::{expr, size};
use crate::error::Error;
use crate::grid::lane::Lane;
use crate::lang::cells::Cells;
use crate::lang::hir::{Expr, Kernel};
use crate::lang::limits::Limits;
use crate::lang::specialize::specialized;
use crate::plan::lower::for_one_pixel;
use crate::plan::width::Width;
use crate::tuning;

/// Compiles `kernel`, which can be a callback (`lang/callback_rules.rs`), for windows of these cells, or of any number of them.
pub fn compile(kernel: &Kernel, cells: Option<&Cells>, limits: &Limits) -> Result<Arc<jit::MachineCode>, Error> {
    let (module, function) = build(kernel, cells, limits)?;
    module.finish(function)
}

/// The callback in Cranelift's intermediate representation.
pub fn clif(kernel: &Kernel, cells: Option<&Cells>, limits: &Limits) -> Result<String, Error> {
    build(kernel, cells, limits).map(|(_, function)| function.to_string())
}

/// The callback in machine code, as text.
pub fn assembly(kernel: &Kernel, cells: Option<&Cells>, limits: &Limits) -> Result<String, Error> {
    let (mut module, function) = build(kernel, cells, limits)?;
    module.disassemble(function)
}

fn build(kernel: &Kernel, cells: Option<&Cells>, limits: &Limits) -> Result<(Module, Function), Error> {
    let specialized = cells.map(|cells| specialized(kernel, cells.taps()));
    let kernel = specialized.as_ref().unwrap_or(kernel);
    let body = for_one_pixel(kernel, cells.map(Cells::taps));
    let mut module = Module::new()?;
    let mut function = pointers_to(&module, I32);
    let mut context = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(&mut function, &mut context);
    let [buffer, size, return_value, user_data] = entry(&mut b);

    // Out of the way: a taken branch in every call costs several per cent.
    let refused = b.create_block();
    b.set_cold_block(refused);
    let len = checked_len(&mut b, kernel, cells, refused, size, user_data);
    let scratch =
        body.calls_host().then(|| ScratchMemory::new(&mut b, &mut module, cells, len, refused)).transpose()?;

    let mut window = Buffer {
        kernel,
        cells,
        buffer,
        len,
        user_data,
        tables: tables(&mut b, &mut module, kernel, cells)?,
        scratch: scratch.as_ref().map_or(user_data, |scratch| scratch.address),
    };
    let input = EmitInput { kernel, body: &body, limits };
    let mut known = Known::default();
    let mut emitter = Emitter::new(&mut b, &mut module, &mut window, &mut known, &input);
    emitter.emit()?;
    let output = emitter.scalar(kernel.outputs[0].value).clone();
    let conditions: Vec<Lanes> = kernel.assertions.iter().map(|a| emitter.scalar(a.condition).clone()).collect();

    let value = match &output {
        Lanes::Number(_) | Lanes::Numbers(..) => lanes::numbers(&mut b, Width::One, &output, Lane::F64)[0],
        Lanes::Truth(_) | Lanes::Masks(..) => {
            let mask = lanes::masks(&mut b, Width::One, &output, Lane::F64)[0];
            let wide = b.ins().uextend(I32, mask);
            b.ins().fcvt_from_sint(F64, wide)
        }
    };
    let conditions: Vec<Value> =
        conditions.iter().map(|condition| lanes::masks(&mut b, Width::One, condition, Lane::F64)[0]).collect();
    b.ins().store(MemFlagsData::trusted(), value, return_value, 0);
    if let Some(scratch) = scratch {
        scratch.free(&mut b, &mut module)?;
    }
    let held = conditions.into_iter().reduce(|all, condition| b.ins().band(all, condition));
    let held = held.unwrap_or_else(|| b.ins().iconst(I8, 1));
    let status = b.ins().uextend(I32, held);
    b.ins().return_(&[status]);

    b.switch_to_block(refused);
    b.seal_block(refused);
    let failure = b.ins().iconst(I32, 0);
    b.ins().return_(&[failure]);
    b.finalize(module.jit().target_config());
    size::check(&function, limits)?;
    Ok((module, function))
}

/// The number of the footprint's cells, an I64, after checks of what the function was called with.
fn checked_len(
    b: &mut FunctionBuilder<'_>,
    kernel: &Kernel,
    cells: Option<&Cells>,
    refused: Block,
    size: Value,
    user_data: Value,
) -> Value {
    let len = match cells {
        Some(cells) => {
            require(b, refused, |b| b.ins().icmp_imm_s(IntCC::Equal, size, cells.len() as i64));
            b.ins().iconst(I64, cells.taps() as i64)
        }
        None => {
            require(b, refused, |b| b.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, size, 0));
            size
        }
    };
    if !kernel.params.is_empty() || !kernel.weights.is_empty() {
        require(b, refused, |b| b.ins().icmp_imm_s(IntCC::NotEqual, user_data, 0));
    }
    len
}

/// Constant windows as tables, for loops that are not unrolled; in the entry block, where every loop sees them. They end
/// with a zero, because there are no empty tables.
fn tables(
    b: &mut FunctionBuilder<'_>,
    module: &mut Module,
    kernel: &Kernel,
    cells: Option<&Cells>,
) -> Result<HashMap<Expr, Value>, Error> {
    let mut tables = HashMap::new();
    let Some(cells) = cells else { return Ok(tables) };
    for (_, node) in kernel.live_nodes() {
        if matches!(node.expr, Expr::Offset(_) | Expr::Dist) {
            let mut values: Vec<f64> = (0..cells.taps()).map(|tap| place(cells, &node.expr, tap)).collect();
            values.push(0.0);
            tables.insert(node.expr.clone(), module.table(b, values.iter().flat_map(|value| value.to_ne_bytes()))?);
        }
    }
    Ok(tables)
}

/// The window of one pixel, in a buffer.
struct Buffer<'a> {
    kernel: &'a Kernel,
    /// The cells, if the code is for one footprint.
    cells: Option<&'a Cells>,
    /// The window's values: those of `cells`, or `len` of them.
    buffer: Value,
    /// The number of cells of the footprint, an I64.
    len: Value,
    /// The scalar params, then the weights vectors.
    user_data: Value,
    tables: HashMap<Expr, Value>,
    scratch: Value,
}

impl Buffer<'_> {
    fn load(&self, b: &mut FunctionBuilder<'_>, base: Value, tap: Tap) -> Value {
        match tap {
            Tap::Known(index) => {
                let offset = i32::try_from(8 * index).expect("a footprint has at most 2^24 cells");
                lanes::load(b, Width::One, Lane::F64, base, offset)[0]
            }
            Tap::Running(index) => {
                let bytes = b.ins().ishl_imm_u(index, 3);
                let address = b.ins().iadd(base, bytes);
                lanes::load(b, Width::One, Lane::F64, address, 0)[0]
            }
        }
    }
}

impl ValueSource for Buffer<'_> {
    fn taps(&self) -> Option<usize> {
        self.cells.map(Cells::taps)
    }

    fn count(&self, _: &mut FunctionBuilder<'_>) -> Value {
        self.len
    }

    fn tree_row(&self, _: usize) -> usize {
        0
    }

    fn row_of_call(&self) -> usize {
        0
    }

    fn tap(&mut self, b: &mut FunctionBuilder<'_>, input: usize, tap: Tap) -> Lanes {
        debug_assert_eq!(input, 0, "a callback has one input");
        Lanes::Numbers(Lane::F64, vec![self.load(b, self.buffer, tap)])
    }

    fn cell(&mut self, b: &mut FunctionBuilder<'_>, input: usize, offset: &[i32]) -> Lanes {
        let cells = self.cells.expect("fixed offsets need a footprint");
        self.tap(b, input, Tap::Known(cells.position(offset).expect("the cells have every fixed offset")))
    }

    fn param(&mut self, b: &mut FunctionBuilder<'_>, param: usize) -> Value {
        self.load(b, self.user_data, Tap::Known(param))
    }

    fn weight(&mut self, b: &mut FunctionBuilder<'_>, weights: usize, tap: Tap) -> Value {
        let vectors = b.ins().imul_imm_s(self.len, weights as i64);
        let before = b.ins().iadd_imm_s(vectors, self.kernel.params.len() as i64);
        let bytes = b.ins().ishl_imm_u(before, 3);
        let base = b.ins().iadd(self.user_data, bytes);
        self.load(b, base, tap)
    }

    fn place(&mut self, b: &mut FunctionBuilder<'_>, expr: &Expr, tap: Tap) -> Result<f64, Value> {
        match tap {
            Tap::Known(tap) => Ok(place(self.cells.expect("offsets need a footprint"), expr, tap)),
            Tap::Running(_) => Err(self.load(b, self.tables[expr], tap)),
        }
    }

    fn coordinate(&mut self, _: &mut FunctionBuilder<'_>, _: usize) -> Lanes {
        unreachable!("a callback has no coordinates")
    }

    fn scratch(&self) -> Scratch {
        Scratch::Pixel(self.scratch)
    }
}

/// Goes on only where `condition` holds.
fn require(b: &mut FunctionBuilder<'_>, refused: Block, condition: impl FnOnce(&mut FunctionBuilder<'_>) -> Value) {
    let condition = condition(b);
    let go_on = b.create_block();
    b.ins().brif(condition, go_on, &[], refused, &[]);
    b.seal_block(go_on);
    b.switch_to_block(go_on);
}

/// Memory for the elements of an order statistic: on the stack, or allocated for the call if there are too many.
struct ScratchMemory {
    address: Value,
    /// The length of the allocation, and whether there is one, where that depends on the call.
    allocated: Option<(Value, Value)>,
}

impl ScratchMemory {
    fn new(
        b: &mut FunctionBuilder<'_>,
        module: &mut Module,
        cells: Option<&Cells>,
        len: Value,
        refused: Block,
    ) -> Result<ScratchMemory, Error> {
        // The copying loop may write one element past those that it keeps, but never past the cells.
        let on_stack = match cells {
            Some(cells) if cells.taps() <= tuning::MAX_STACK_SCRATCH => cells.taps().max(1),
            _ => tuning::STACK_SCRATCH,
        };
        let slot = b.create_sized_stack_slot(StackSlotData::new(
            StackSlotKind::ExplicitSlot,
            u32::try_from(8 * on_stack).expect("the size is limited"),
            3,
        ));
        let stack = b.ins().stack_addr(I64, slot, 0);
        if cells.is_some_and(|cells| cells.taps() <= on_stack) {
            return Ok(ScratchMemory { address: stack, allocated: None });
        }
        let is_allocated = b.ins().icmp_imm_s(IntCC::UnsignedGreaterThan, len, on_stack as i64);
        let allocate = b.create_block();
        let ready = b.create_block();
        b.append_block_param(ready, I64);
        b.ins().brif(is_allocated, allocate, &[], ready, &[BlockArg::Value(stack)]);
        b.seal_block(allocate);
        b.switch_to_block(allocate);
        let function = module.import(b, HostFn::Allocate)?;
        let heap = expr::call(b, function, &[len]);
        b.ins().brif(heap, ready, &[BlockArg::Value(heap)], refused, &[]);
        b.seal_block(ready);
        b.switch_to_block(ready);
        Ok(ScratchMemory { address: b.block_params(ready)[0], allocated: Some((len, is_allocated)) })
    }

    fn free(self, b: &mut FunctionBuilder<'_>, module: &mut Module) -> Result<(), Error> {
        let Some((len, is_allocated)) = self.allocated else { return Ok(()) };
        let free = b.create_block();
        let after = b.create_block();
        b.ins().brif(is_allocated, free, &[], after, &[]);
        b.seal_block(free);
        b.switch_to_block(free);
        let function = module.import(b, HostFn::Free)?;
        b.ins().call(function, &[self.address, len]);
        b.ins().jump(after, &[]);
        b.seal_block(after);
        b.switch_to_block(after);
        Ok(())
    }
}
