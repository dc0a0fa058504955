//! Cranelift's instructions to those of the machine, each 128-bit vector to one of 256 or 512 bits that holds it for two or four blocks
//! of pixels.
//!
//! *Part* p of a register, which has 128 bits, holds what the 128-bit code would have for the block of pixels that is p blocks further.
//! Most instructions don't let the parts see each other, so they need no more than the wide form. What must know of parts: loads and
//! stores (`memory.rs`), conversions that leave a part (`convert.rs`), and what asks about all lanes (`control.rs`). There is no rule for
//! anything else, so it is refused, and Cranelift makes the code.
//!
//! Where the processor has mask registers, comparisons give such, and the vectors of masks that Cranelift's code has are made of them only
//! for those who need one (`masks.rs`).
//!
//! As in Cranelift's own lowering, blocks are walked from the last instruction to the first, and only what somebody has asked for is
//! emitted: so a load or an address that became part of an instruction is not computed by itself.

mod by_lane;
mod control;
mod convert;
mod exchanges;
mod lanes;
mod masks;
mod memory;
mod operands;
mod pairs;
mod scalar;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{self, Function, InstructionData, Opcode, Value};
use regalloc2::{RegClass, VReg};

use self::pairs::{Exchanges, NumberKind};
use super::encode::{CONSTANT, Length};
use super::inst::{Inst, Kind, Target, result_in};
use crate::plan::width::Shape;

/// Why there is no wide code for a function: it has an instruction without a rule, or something else that is not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

/// How deep operations on masks are looked through.
const MASK_DEPTH: usize = 8;

/// A function whose registers are not known yet.
#[derive(Debug)]
pub struct Program {
    pub blocks: Vec<Block>,
    /// The number of virtual registers.
    pub registers: usize,
    pub constants: Vec<[u8; CONSTANT]>,
}

/// A block of it.
#[derive(Debug, Default)]
pub struct Block {
    pub parameters: Vec<VReg>,
    pub insts: Vec<Inst>,
}

/// The registers in which the four parameters of a row function come (System V): rdi, rsi, rdx, rcx.
const PARAMETERS: [u8; 4] = [7, 6, 2, 1];

/// The instructions for `function`, whose blocks have so many pixels, with registers of this shape.
pub fn select(function: &Function, pixels: usize, shape: Shape) -> Result<Program, Refused> {
    let order = Order::of(function);
    let mut selector = Selector::new(function, pixels, shape, &order);
    let mut blocks: Vec<Block> = (0..order.count).map(|_| Block::default()).collect();
    for block in order.blocks.iter().rev() {
        let number = order.numbers[block];
        let (insts, edges) = selector.block(*block)?;
        blocks[number].insts = insts;
        for (at, edge) in edges.into_iter().enumerate() {
            blocks[number + 1 + at].insts = vec![edge];
        }
        if number > 0 {
            let parameters = function.dfg.block_params(*block);
            blocks[number].parameters = parameters.iter().map(|value| selector.register_of(*value)).collect();
        }
    }
    selector.enter(&mut blocks[0])?;
    let constants = selector.constants.iter().map(|(bytes, _)| *bytes).collect();
    Ok(Program { blocks, registers: selector.registers, constants })
}

/// The order of the blocks. Edges from a block with two successors to one with several predecessors, or with parameters, get a
/// block of their own behind the first, where values can be moved.
struct Order {
    blocks: Vec<ir::Block>,
    numbers: HashMap<ir::Block, usize>,
    /// How many there are, with those of edges.
    count: usize,
    predecessors: HashMap<ir::Block, usize>,
}

impl Order {
    fn of(function: &Function) -> Order {
        let (cold, mut blocks): (Vec<_>, Vec<_>) =
            function.layout.blocks().partition(|block| function.layout.is_cold(*block));
        blocks.extend(cold);
        let mut predecessors: HashMap<ir::Block, usize> = HashMap::new();
        for block in &blocks {
            for call in calls(function, *block) {
                *predecessors.entry(call.block(&function.dfg.value_lists)).or_default() += 1;
            }
        }
        let mut order = Order { blocks: Vec::new(), numbers: HashMap::new(), count: 0, predecessors };
        for block in blocks {
            order.numbers.insert(block, order.count);
            let calls = calls(function, block);
            let edges = calls.iter().filter(|call| calls.len() > 1 && order.is_edge(function, call)).count();
            order.count += 1 + edges;
            order.blocks.push(block);
        }
        order
    }

    /// Whether a way out of a branch needs a block of its own.
    fn is_edge(&self, function: &Function, call: &ir::BlockCall) -> bool {
        let pool = &function.dfg.value_lists;
        call.len(pool) > 0 || self.predecessors[&call.block(pool)] > 1
    }
}

/// Where a block goes.
fn calls(function: &Function, block: ir::Block) -> &[ir::BlockCall] {
    let last = function.layout.last_inst(block).expect("blocks end with a jump, a branch or a return");
    function.dfg.insts[last].branch_destination(&function.dfg.jump_tables, &function.dfg.exception_tables)
}

/// The instructions that have been selected so far.
struct Selector<'f> {
    function: &'f Function,
    order: &'f Order,
    /// The pixels of a block.
    pixels: usize,
    shape: Shape,
    /// How often each value is used, by way of bitcasts, too; by minima and maxima once.
    uses: SecondaryMap<Value, u32>,
    /// The register of each value that somebody has asked for.
    values: SecondaryMap<Value, Option<VReg>>,
    /// The mask register of each vector of masks that somebody wants as such.
    masks: SecondaryMap<Value, Option<VReg>>,
    /// Which extremes are those of the same two numbers.
    exchanges: Exchanges,
    registers: usize,
    /// The constants, and the registers that hold them from the function's entry on.
    constants: Vec<([u8; CONSTANT], VReg)>,
    /// The block that is being selected.
    block: ir::Block,
    /// What the instruction becomes that is being selected.
    sequence: Vec<Inst>,
}

impl<'f> Selector<'f> {
    fn new(function: &'f Function, pixels: usize, shape: Shape, order: &'f Order) -> Selector<'f> {
        let mut selector = Selector {
            function,
            order,
            pixels,
            shape,
            uses: SecondaryMap::new(),
            values: SecondaryMap::new(),
            masks: SecondaryMap::new(),
            exchanges: Exchanges::default(),
            registers: 0,
            constants: Vec::new(),
            block: order.blocks[0],
            sequence: Vec::new(),
        };
        selector.count_uses();
        selector.find_exchanges();
        selector
    }

    /// Counts how often instructions use each value. Comparisons that nobody but extremes asks for are part of those.
    fn count_uses(&mut self) {
        let function = self.function;
        let insts = function.layout.blocks().flat_map(|block| function.layout.block_insts(block));
        let uses = |inst: ir::Inst| {
            let masks = usize::from(matches!(self.extreme_of(inst), Some((NumberKind::Floats, ..))));
            function.dfg.inst_values(inst).skip(masks).map(|value| self.strip(value))
        };
        let counted: Vec<ir::Inst> = insts.filter(|inst| self.cast(&function.dfg.insts[*inst]).is_none()).collect();
        let used: HashSet<Value> = counted.iter().flat_map(|inst| uses(*inst)).collect();
        let compares = |inst: &ir::Inst| matches!(function.dfg.insts[*inst], InstructionData::FloatCompare { .. });
        let is_part = |inst: &ir::Inst| compares(inst) && !used.contains(&function.dfg.first_result(*inst));
        let values: Vec<Value> = counted.into_iter().filter(|inst| !is_part(inst)).flat_map(uses).collect();
        for value in values {
            self.uses[value] += 1;
        }
    }

    /// The instructions of a block, and those of the edges behind it.
    fn block(&mut self, block: ir::Block) -> Result<(Vec<Inst>, Vec<Inst>), Refused> {
        self.block = block;
        let mut reversed: Vec<Inst> = Vec::new();
        let mut edges = Vec::new();
        let insts: Vec<ir::Inst> = self.function.layout.block_insts(block).collect();
        for inst in insts.into_iter().rev().flat_map(|inst| self.exchanges.together(inst)).collect::<Vec<_>>() {
            let opcode = self.function.dfg.insts[inst].opcode();
            let is_wanted = |value: &Value| self.values[*value].is_some() || self.masks[*value].is_some();
            let wanted = self.function.dfg.inst_results(inst).iter().any(is_wanted);
            if opcode.is_terminator() {
                edges = self.terminator(inst)?;
            } else if opcode.can_store() || wanted {
                self.inst(inst)?;
            }
            reversed.extend(self.sequence.drain(..).rev());
        }
        reversed.reverse();
        Ok((reversed, edges))
    }

    /// Puts the parameters and the constants before the first block.
    fn enter(&mut self, entry: &mut Block) -> Result<(), Refused> {
        let parameters = self.function.dfg.block_params(self.order.blocks[0]);
        if parameters.len() > PARAMETERS.len() {
            return Err(Refused("too many parameters".to_string()));
        }
        let places = parameters.iter().zip(PARAMETERS);
        let operands = places.map(|(value, place)| result_in(self.register_of(*value), place)).collect();
        let mut insts = vec![Inst::new(Kind::Parameters, operands)];
        insts.extend(self.load_constants());
        insts.append(&mut entry.insts);
        entry.insts = insts;
        Ok(())
    }

    /// Selects instructions for one that is not the last of its block.
    fn inst(&mut self, inst: ir::Inst) -> Result<(), Refused> {
        let data = &self.function.dfg.insts[inst];
        let done = match (data, self.function.dfg.inst_results(inst)) {
            (InstructionData::Store { .. }, _) => self.store(data),
            (InstructionData::Load { .. }, &[result]) => self.load(data, result),
            (_, &[result]) if self.gives_mask(result) => self.mask(data, result),
            (_, &[result]) if self.is_vector(result) => self.vector(data, result),
            (_, &[result]) => self.scalar(data, result),
            _ => None,
        };
        done.ok_or_else(|| Refused(self.function.dfg.display_inst(inst).to_string()))
    }

    /// A vector that is not in memory.
    fn vector(&mut self, data: &InstructionData, result: Value) -> Option<()> {
        match data.opcode() {
            Opcode::ScalarToVector
            | Opcode::FvpromoteLow
            | Opcode::Fvdemote
            | Opcode::FcvtFromSint
            | Opcode::FcvtFromUint
            | Opcode::FcvtToSintSat
            | Opcode::UwidenLow
            | Opcode::UwidenHigh
            | Opcode::SwidenLow
            | Opcode::SwidenHigh
            | Opcode::Snarrow
            | Opcode::Unarrow
            | Opcode::Shuffle => self.conversion(data, result),
            _ => self.lanewise(data, result),
        }
    }

    /// The size of vectors that fill a register.
    fn whole(&self) -> Length {
        Length::of(self.shape.blocks)
    }

    /// A new register.
    fn fresh(&mut self, class: RegClass) -> VReg {
        self.registers += 1;
        VReg::new(self.registers - 1, class)
    }

    fn fresh_integer(&mut self) -> VReg {
        self.fresh(RegClass::Int)
    }

    /// The register that a value is in.
    fn register_of(&mut self, value: Value) -> VReg {
        if let Some(register) = self.values[value] {
            return register;
        }
        let ty = self.function.dfg.value_type(value);
        let register = self.fresh(if ty.is_int() { RegClass::Int } else { RegClass::Float });
        self.values[value] = Some(register);
        register
    }

    fn emit(&mut self, inst: Inst) {
        self.sequence.push(inst);
    }

    fn is_vector(&self, value: Value) -> bool {
        self.function.dfg.value_type(value).is_vector()
    }

    /// What defines a value, if that is an instruction.
    fn definition(&self, value: Value) -> Option<&'f InstructionData> {
        self.function.dfg.value_def(value).inst().map(|inst| &self.function.dfg.insts[inst])
    }

    /// What the instruction gives another type, if it does nothing else to a vector.
    fn cast(&self, data: &InstructionData) -> Option<Value> {
        match *data {
            InstructionData::LoadNoOffset { opcode: Opcode::Bitcast, arg, .. } if self.is_vector(arg) => Some(arg),
            _ => None,
        }
    }

    /// The value without casts around it.
    fn strip(&self, value: Value) -> Value {
        match self.definition(value).and_then(|data| self.cast(data)) {
            Some(inner) if self.is_vector(value) => self.strip(inner),
            _ => value,
        }
    }

    /// A jump to a block's target.
    fn target(&mut self, call: &ir::BlockCall) -> Option<Target> {
        let pool = &self.function.dfg.value_lists;
        let block = self.order.numbers[&call.block(pool)];
        let arguments = call.args(pool).map(|argument| Some(self.register(argument.as_value()?)));
        Some(Target { block, arguments: arguments.collect::<Option<_>>()? })
    }
}
