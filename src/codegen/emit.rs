//! A kernel's nodes as Cranelift IR, for the window of one pixel.
//!
//! Reductions that do not wait for each other share a loop, so what two of them use is computed once: the nodes of a
//! scope are put in waves, where a reduction is one wave after everything that it needs. Loops over a small known
//! footprint are unrolled, and their sums and extremes become trees.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F64, I8, I64};
use cranelift_codegen::ir::{AbiParam, BlockArg, FuncRef, InstBuilder, MemFlagsData, Signature, Value};
use cranelift_frontend::FunctionBuilder;
use cranelift_module::Module as _;

use super::expr;
use super::jit::Module;
use crate::error::Error;
use crate::lang::cells::Cells;
use crate::lang::hir::{Expr, ExprId, FoldId, Kernel, Reduction};
use crate::lang::ops::BinaryOp;
use crate::lang::schedule::{Schedule, Step};
use crate::lang::types::Elem;

/// Loops over at most this many cells are unrolled ...
const MAX_UNROLLED_CELLS: usize = 32;
/// ... if the unrolled body has at most this many operations.
const MAX_UNROLLED_OPERATIONS: usize = 512;

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

    // Reductions.

    /// Emits reductions that do not wait for each other.
    fn reduce_all(&mut self, ids: &[ExprId]) -> Result<(), Error> {
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
                let mut element = self.value_at(&values, reducing.window);
                if let Some(filter) = reducing.filter {
                    let filter = self.value_at(&values, filter);
                    let neutral = self.neutral(reducing.op);
                    element = self.b.ins().select(filter, element, neutral);
                    takes_part[index].push(filter);
                }
                elements[index].push(element);
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
                let element = match filter {
                    Some(filter) => {
                        let neutral = self.neutral(op);
                        self.b.ins().select(filter, element, neutral)
                    }
                    None => element,
                };
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
                let element = match filter {
                    Some(filter) => {
                        let neutral = self.neutral(op);
                        self.b.ins().select(filter, element, neutral)
                    }
                    None => element,
                };
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

/// The window and the parameters: there, aligned, and written by nobody while the code runs.
fn constant_memory() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}

fn scratch_memory() -> MemFlagsData {
    MemFlagsData::trusted()
}
