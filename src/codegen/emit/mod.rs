//! A kernel's nodes as Cranelift IR, for the window of one pixel.
//!
//! Reductions that do not wait for each other share a loop, so what two of them use is computed once: the nodes of a
//! scope are put in waves, where a reduction is one wave after everything that it needs. Loops over a small known
//! footprint are unrolled, and their sums and extremes become trees.

mod reductions;

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{AbiParam, BlockArg, FuncRef, InstBuilder, MemFlagsData, Signature, Value};
use cranelift_frontend::FunctionBuilder;
use cranelift_module::Module as _;

use super::expr;
use super::jit::Module;
use crate::error::Error;
use crate::lang::cells::Cells;
use crate::lang::hir::{Expr, ExprId, FoldId, Kernel};
use crate::lang::schedule::{Schedule, Step};
use crate::lang::types::Elem;

/// Loops over at most this many cells are unrolled ...
const MAX_UNROLLED_CELLS: usize = 32;
/// ... if the unrolled body has at most this many operations.
const MAX_UNROLLED_OPERATIONS: usize = 512;

/// The most operations on windows that are emitted: each loop has its own copy of what it needs.
const MAX_EMITTED_OPERATIONS: usize = 1 << 15;

/// The most reductions in one loop: each has variables that live through it, and allocating registers for many of them
/// takes time that grows with their square.
const MAX_REDUCTIONS_IN_LOOP: usize = 64;

/// Memory that the code reads, as addresses.
pub struct Memory {
    /// The window's values: those of `cells`, or `len` of them.
    pub buffer: Value,
    /// The number of cells of the footprint, an I64.
    pub len: Value,
    /// The scalar params, then the weights vectors.
    pub user_data: Value,
    /// Room for `len` numbers, if the kernel has order statistics.
    pub scratch: Option<Value>,
}

/// Emits the nodes of a kernel.
pub struct Emitter<'a, 'f> {
    pub b: &'a mut FunctionBuilder<'f>,
    module: &'a mut Module,
    kernel: &'a Kernel,
    schedule: Schedule,
    /// The cells, where the code is for one footprint.
    cells: Option<&'a Cells>,
    memory: Memory,
    /// The current SSA value of each scalar node.
    scalars: Vec<Option<Value>>,
    /// Accumulators and elements of the folds around the current point.
    accumulators: HashMap<FoldId, Vec<Value>>,
    elements: HashMap<FoldId, Vec<Value>>,
    tables: HashMap<Expr, Value>,
    functions: HashMap<String, FuncRef>,
    /// How many window nodes have been emitted, each time that they were.
    emitted: usize,
}

/// A position in the footprint: known while compiling, or an I64.
#[derive(Clone, Copy)]
enum Tap {
    Known(usize),
    Running(Value),
}

impl<'a, 'f> Emitter<'a, 'f> {
    pub fn new(
        b: &'a mut FunctionBuilder<'f>,
        module: &'a mut Module,
        kernel: &'a Kernel,
        cells: Option<&'a Cells>,
        memory: Memory,
    ) -> Result<Emitter<'a, 'f>, Error> {
        let mut emitter = Emitter {
            b,
            module,
            kernel,
            schedule: Schedule::new(kernel),
            cells,
            memory,
            scalars: vec![None; kernel.node_count()],
            accumulators: HashMap::new(),
            elements: HashMap::new(),
            tables: HashMap::new(),
            functions: HashMap::new(),
            emitted: 0,
        };
        emitter.make_tables()?;
        Ok(emitter)
    }

    /// Emits everything that the outputs and assertions need.
    pub fn emit(&mut self) -> Result<(), Error> {
        let steps = self.schedule.once.clone();
        self.steps(&steps)
    }

    /// The value of a scalar node that has been emitted.
    pub fn scalar(&self, id: ExprId) -> Value {
        self.scalars[id.index()].expect("operands are emitted before their users")
    }

    /// Constant windows as tables, for loops that are not unrolled; in the entry block, where every loop sees them.
    /// They end with a zero, because there are no empty tables.
    fn make_tables(&mut self) -> Result<(), Error> {
        let Some(cells) = self.cells else { return Ok(()) };
        for (_, node) in self.kernel.live_nodes() {
            let value = |tap: usize| match node.expr {
                Expr::Offset(axis) => f64::from(cells.offset(tap)[axis]),
                _ => cells.dist(tap),
            };
            if matches!(node.expr, Expr::Offset(_) | Expr::Dist) {
                let values: Vec<f64> = (0..cells.taps()).map(value).chain([0.0]).collect();
                let data = self.module.table(&values)?;
                let global = self.module.jit().declare_data_in_func(data, self.b.func);
                let address = self.b.ins().symbol_value(I64, global);
                self.tables.insert(node.expr.clone(), address);
            }
        }
        Ok(())
    }

    // Scopes.

    /// Emits the steps of one scope, wave by wave.
    fn steps(&mut self, steps: &[Step]) -> Result<(), Error> {
        let waves = self.waves(steps);
        for wave in waves {
            if !wave.reductions.is_empty() {
                self.reduce_all(&wave.reductions)?;
            }
            for fold in wave.folds {
                self.fold(fold)?;
            }
            for id in wave.nodes {
                let value = self.scalar_node(id)?;
                self.scalars[id.index()] = Some(value);
            }
        }
        Ok(())
    }

    fn waves(&self, steps: &[Step]) -> Vec<Wave> {
        let mut waves: Vec<Wave> = Vec::new();
        let mut wave_of: HashMap<ExprId, usize> = HashMap::new();
        let mut wave_of_fold: HashMap<FoldId, usize> = HashMap::new();
        let mut in_wave = |wave: usize| {
            if waves.len() <= wave {
                waves.resize_with(wave + 1, Wave::default);
            }
            wave
        };
        let mut placed: Vec<(usize, Step)> = Vec::new();
        for step in steps {
            // Nodes of outer scopes are there already: they are in wave 0.
            let known = |id: ExprId| wave_of.get(&id).copied().unwrap_or(0);
            match *step {
                Step::Fold(id) => {
                    let wave = self.wave_before(id, &known);
                    wave_of_fold.insert(id, in_wave(wave + 1));
                    placed.push((wave + 1, *step));
                }
                Step::Node(id) => {
                    let expr = self.kernel.expr(id);
                    let mut wave = 0;
                    expr.for_each_operand(|operand| wave = wave.max(known(operand)));
                    match expr {
                        Expr::Reduce { .. } => wave += 1,
                        Expr::FoldValue(fold, _) => wave = wave_of_fold[fold],
                        _ => {}
                    }
                    wave_of.insert(id, in_wave(wave));
                    placed.push((wave, *step));
                }
            }
        }
        for (wave, step) in placed {
            match step {
                Step::Fold(fold) => waves[wave].folds.push(fold),
                Step::Node(id) if matches!(self.kernel.expr(id), Expr::Reduce { .. }) => {
                    waves[wave].reductions.push(id);
                }
                Step::Node(id) if self.kernel.ty(id).is_window() => {}
                Step::Node(id) => waves[wave].nodes.push(id),
            }
        }
        waves
    }

    /// The latest wave that `fold`, with the folds in its body, needs from the scope around it.
    fn wave_before(&self, fold: FoldId, known: &impl Fn(ExprId) -> usize) -> usize {
        let mut latest = 0;
        let mut open = vec![fold];
        while let Some(id) = open.pop() {
            let fold = self.kernel.fold(id);
            for part in [&fold.init, &fold.windows, &fold.next].into_iter().flatten() {
                latest = latest.max(known(*part));
            }
            for step in self.schedule.body(id) {
                match *step {
                    Step::Node(id) => self.kernel.expr(id).for_each_operand(|o| latest = latest.max(known(o))),
                    Step::Fold(inner) => open.push(inner),
                }
            }
        }
        latest
    }

    fn scalar_node(&mut self, id: ExprId) -> Result<Value, Error> {
        let kernel = self.kernel;
        Ok(match *kernel.expr(id) {
            Expr::Number(bits) => self.b.ins().f64const(f64::from_bits(bits)),
            Expr::Boolean(value) => self.b.ins().iconst(I8, i64::from(value)),
            Expr::Param(param) => {
                let offset = i32::try_from(8 * param).expect("the number of params is limited");
                self.b.ins().load(F64, constant_memory(), self.memory.user_data, offset)
            }
            Expr::At { input, ref offset } => {
                let cells = self.cells.expect("fixed offsets need a footprint");
                let cell = cells.position(offset).expect("the cells have every fixed offset");
                self.load_cell(input, Tap::Known(cell))
            }
            Expr::Len => match self.cells {
                Some(cells) => self.b.ins().f64const(cells.taps() as f64),
                None => self.b.ins().fcvt_from_sint(F64, self.memory.len),
            },
            Expr::Accumulator(fold, index) => self.accumulators[&fold][index],
            Expr::Element(fold, index) => self.elements[&fold][index],
            Expr::FoldValue(fold, index) => self.accumulators[&fold][index],
            Expr::Coord(_) | Expr::Extent(_) => unreachable!("a callback has no coordinates"),
            Expr::Reduce { .. } => unreachable!("reductions are emitted in loops"),
            ref elementwise => self.elementwise(elementwise, &|emitter, id| emitter.scalar(id))?,
        })
    }

    fn elementwise(&mut self, expr: &Expr, value: &dyn Fn(&Emitter<'a, 'f>, ExprId) -> Value) -> Result<Value, Error> {
        Ok(match *expr {
            Expr::Unary(op, x) => {
                let x = value(self, x);
                if expr::unary_is_call(op) {
                    let function = self.function(op.name(), 1)?;
                    expr::call(self.b, function, &[x])
                } else {
                    expr::unary(self.b, op, x)
                }
            }
            Expr::Binary(op, x, y) => {
                let boolean = self.kernel.ty(x).elem == Elem::Boolean;
                let (x, y) = (value(self, x), value(self, y));
                if expr::binary_is_call(op) {
                    let function = self.function(op.name(), 2)?;
                    expr::call(self.b, function, &[x, y])
                } else {
                    expr::binary(self.b, op, x, y, boolean)
                }
            }
            Expr::Fma(x, y, z) => {
                let (x, y, z) = (value(self, x), value(self, y), value(self, z));
                self.b.ins().fma(x, y, z)
            }
            Expr::Select(condition, yes, no) => {
                let (condition, yes, no) = (value(self, condition), value(self, yes), value(self, no));
                self.b.ins().select(condition, yes, no)
            }
            _ => unreachable!("{expr:?} is not elementwise"),
        })
    }

    // Windows.

    fn load_cell(&mut self, input: usize, tap: Tap) -> Value {
        debug_assert_eq!(input, 0, "a callback has one input");
        self.load_f64(self.memory.buffer, tap)
    }

    fn load_f64(&mut self, base: Value, tap: Tap) -> Value {
        match tap {
            Tap::Known(index) => {
                let offset = i32::try_from(8 * index).expect("a footprint has at most 2^24 cells");
                self.b.ins().load(F64, constant_memory(), base, offset)
            }
            Tap::Running(index) => {
                let bytes = self.b.ins().ishl_imm_u(index, 3);
                let address = self.b.ins().iadd(base, bytes);
                self.b.ins().load(F64, constant_memory(), address, 0)
            }
        }
    }

    /// The window nodes that `roots` need, operands first.
    fn window_nodes(&self, roots: &[ExprId]) -> Vec<ExprId> {
        let mut found = std::collections::BTreeSet::new();
        let mut open = roots.to_vec();
        while let Some(id) = open.pop() {
            if self.kernel.ty(id).is_window() && found.insert(id) {
                self.kernel.expr(id).for_each_operand(|operand| open.push(operand));
            }
        }
        found.into_iter().collect()
    }

    /// The values of window nodes at `tap`, operands first.
    fn window_values(&mut self, nodes: &[ExprId], tap: Tap) -> Result<HashMap<ExprId, Value>, Error> {
        let kernel = self.kernel;
        self.emitted += nodes.len();
        if self.emitted > MAX_EMITTED_OPERATIONS {
            return Err(Error::Codegen(format!(
                "its loops have more than {MAX_EMITTED_OPERATIONS} operations; the interpreter can run it"
            )));
        }
        let mut values: HashMap<ExprId, Value> = HashMap::with_capacity(nodes.len());
        for &id in nodes {
            let value = match kernel.expr(id) {
                Expr::Tap(input) => self.load_cell(*input, tap),
                Expr::Weight(weights) => {
                    let params = kernel.params.len();
                    let vectors = self.b.ins().imul_imm_s(self.memory.len, *weights as i64);
                    let before = self.b.ins().iadd_imm_s(vectors, params as i64);
                    let bytes = self.b.ins().ishl_imm_u(before, 3);
                    let base = self.b.ins().iadd(self.memory.user_data, bytes);
                    self.load_f64(base, tap)
                }
                expr @ (Expr::Offset(_) | Expr::Dist) => {
                    let cells = self.cells.expect("offsets need a footprint");
                    match (tap, expr) {
                        (Tap::Known(tap), Expr::Offset(axis)) => {
                            self.b.ins().f64const(f64::from(cells.offset(tap)[*axis]))
                        }
                        (Tap::Known(tap), _) => self.b.ins().f64const(cells.dist(tap)),
                        (Tap::Running(_), _) => self.load_f64(self.tables[expr], tap),
                    }
                }
                elementwise => {
                    let known = &values;
                    self.elementwise(elementwise, &|emitter, id| match known.get(&id) {
                        Some(value) => *value,
                        None => emitter.scalar(id),
                    })?
                }
            };
            values.insert(id, value);
        }
        Ok(values)
    }

    /// The number of cells, if a loop with `operations` in its body is to be unrolled.
    fn unrolled(&self, operations: usize) -> Option<usize> {
        let taps = self.cells?.taps();
        (taps <= MAX_UNROLLED_CELLS && taps * operations <= MAX_UNROLLED_OPERATIONS).then_some(taps)
    }

    /// A loop over the cells: `body` gets the position and the loop's variables, and gives their new values.
    fn run_loop(
        &mut self,
        first: &[Value],
        body: impl FnOnce(&mut Self, Value, &[Value]) -> Result<Vec<Value>, Error>,
    ) -> Result<Vec<Value>, Error> {
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
        self.b.ins().brif(self.memory.len, inside, &start, after, &given_up);

        self.b.switch_to_block(inside);
        let parameters = self.b.block_params(inside).to_vec();
        let (tap, variables) = (parameters[0], &parameters[1..]);
        let next = body(self, tap, variables)?;
        let tap = self.b.ins().iadd_imm_s(tap, 1);
        let more = self.b.ins().icmp(IntCC::UnsignedLessThan, tap, self.memory.len);
        let again: Vec<BlockArg> = std::iter::once(tap).chain(next.iter().copied()).map(BlockArg::Value).collect();
        let results: Vec<BlockArg> = next.iter().copied().map(BlockArg::Value).collect();
        self.b.ins().brif(more, inside, &again, after, &results);
        self.b.seal_block(inside);
        self.b.switch_to_block(after);
        self.b.seal_block(after);
        Ok(self.b.block_params(after).to_vec())
    }

    // Folds.

    fn fold(&mut self, id: FoldId) -> Result<(), Error> {
        let kernel = self.kernel;
        let fold = kernel.fold(id);
        let body = self.schedule.body(id).to_vec();
        let nodes = self.window_nodes(&fold.windows);
        let first: Vec<Value> = fold.init.iter().map(|init| self.scalar(*init)).collect();
        let nested = body.iter().any(|step| match step {
            Step::Fold(_) => true,
            Step::Node(id) => matches!(kernel.expr(*id), Expr::Reduce { .. }),
        });
        let one_cell = |emitter: &mut Self, tap: Tap, accumulators: &[Value]| {
            let values = emitter.window_values(&nodes, tap)?;
            let element = |id: &ExprId| values.get(id).copied().unwrap_or_else(|| emitter.scalar(*id));
            let elements = fold.windows.iter().map(element).collect();
            emitter.elements.insert(id, elements);
            emitter.accumulators.insert(id, accumulators.to_vec());
            emitter.steps(&body)?;
            Ok(fold.next.iter().map(|next| emitter.scalar(*next)).collect::<Vec<Value>>())
        };
        let last = match self.unrolled(body.len() + nodes.len()).filter(|_| !nested) {
            Some(taps) => {
                let mut accumulators = first;
                for tap in 0..taps {
                    accumulators = one_cell(self, Tap::Known(tap), &accumulators)?;
                }
                accumulators
            }
            None => self.run_loop(&first, |emitter, tap, variables| one_cell(emitter, Tap::Running(tap), variables))?,
        };
        self.accumulators.insert(id, last);
        Ok(())
    }

    /// The host's function of `arguments` f64s called `name`.
    fn function(&mut self, name: &str, arguments: usize) -> Result<FuncRef, Error> {
        let mut signature = self.module.jit().make_signature();
        signature.params.extend((0..arguments).map(|_| AbiParam::new(F64)));
        signature.returns.push(AbiParam::new(F64));
        self.import(name, &signature)
    }

    fn import(&mut self, name: &str, signature: &Signature) -> Result<FuncRef, Error> {
        if let Some(function) = self.functions.get(name) {
            return Ok(*function);
        }
        let id = self.module.import(&symbol(name), signature)?;
        let function = self.module.jit().declare_func_in_func(id, self.b.func);
        self.functions.insert(name.to_string(), function);
        Ok(function)
    }
}

/// The name that compiled code calls a host function by; no C library has it.
pub fn symbol(name: &str) -> String {
    format!("hoodoo_{name}")
}

/// The nodes of a scope that can be computed together.
#[derive(Default)]
struct Wave {
    reductions: Vec<ExprId>,
    folds: Vec<FoldId>,
    nodes: Vec<ExprId>,
}

/// The window and the parameters: there, aligned, and written by nobody while the code runs.
fn constant_memory() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}
