//! Registers for a program, by Cranelift's register allocator.

use std::ops::Range;

use regalloc2 as ra;
use regalloc2::{MachineEnv, Operand, Output, PReg, PRegSet, RegClass, VReg};

use super::encode::Length;
use super::inst::{Inst, Kind, integer_register};
use super::select::{Program, Refused};
use crate::plan::width::Shape;

/// The general registers that a function may use as it likes, but for the stack pointer and the frame pointer, and those that it
/// must give back as they were (System V).
const VOLATILE: [u8; 9] = [0, 1, 2, 6, 7, 8, 9, 10, 11];
pub const SAVED: [u8; 5] = [3, 12, 13, 14, 15];

/// The mask registers; the first stands for no mask, and is used where nothing else can come between.
const MASKS: Range<usize> = 1..8;

/// The bytes of a place on the stack, of which a vector takes several.
pub const SLOT: usize = 8;

/// A program as the allocator wants to see it: with the instructions of all blocks in one list.
pub struct Allocatable {
    pub insts: Vec<Inst>,
    blocks: Vec<BlockInfo>,
    registers: usize,
    shape: Shape,
}

struct BlockInfo {
    insts: ra::InstRange,
    parameters: Vec<VReg>,
    successors: Vec<ra::Block>,
    predecessors: Vec<ra::Block>,
}

impl Allocatable {
    pub fn new(program: Program, shape: Shape) -> Allocatable {
        let mut all = Allocatable { insts: Vec::new(), blocks: Vec::new(), registers: program.registers, shape };
        for mut block in program.blocks {
            let first = all.insts.len();
            all.insts.append(&mut block.insts);
            let targets = all.insts.last().map_or(&[][..], |last| &last.targets);
            all.blocks.push(BlockInfo {
                insts: ra::InstRange::new(ra::Inst::new(first), ra::Inst::new(all.insts.len())),
                parameters: block.parameters,
                successors: targets.iter().map(|target| ra::Block::new(target.block)).collect(),
                predecessors: Vec::new(),
            });
        }
        for number in 0..all.blocks.len() {
            for successor in all.blocks[number].successors.clone() {
                all.blocks[successor.index()].predecessors.push(ra::Block::new(number));
            }
        }
        all
    }

    /// The size of vectors that fill a register.
    pub fn whole(&self) -> Length {
        Length::of(self.shape.blocks)
    }
}

/// Where every operand is. What the allocator does not take is refused.
pub fn allocate(program: &Allocatable) -> Result<Output, Refused> {
    let machine = machine(program.shape);
    let options = ra::RegallocOptions { validate_ssa: cfg!(debug_assertions), ..Default::default() };
    let output =
        ra::run(program, &machine, &options).map_err(|error| Refused(format!("register allocation: {error}")))?;
    #[cfg(debug_assertions)]
    check(program, &machine, &output);
    Ok(output)
}

/// Checks by symbolic execution that every operand is where the allocator says.
#[cfg(debug_assertions)]
fn check(program: &Allocatable, machine: &MachineEnv, output: &Output) {
    let mut checker = ra::checker::Checker::new(program, machine);
    checker.prepare(output);
    checker.run().unwrap_or_else(|errors| panic!("registers are not allocated as they should be: {errors:?}"));
}

fn machine(shape: Shape) -> MachineEnv {
    let integers = |numbers: &[u8]| {
        let mut set = PRegSet::empty();
        numbers.iter().for_each(|number| set.add(integer_register(*number)));
        set
    };
    let set = |numbers: Range<usize>, class: RegClass| {
        let mut set = PRegSet::empty();
        numbers.for_each(|number| set.add(PReg::new(number, class)));
        set
    };
    // Instructions on the first sixteen vector registers are shorter.
    let (short, long) = (set(0..16, RegClass::Float), set(16..shape.registers, RegClass::Float));
    let masks = if shape.has_masks() { set(MASKS, RegClass::Vector) } else { PRegSet::empty() };
    MachineEnv {
        preferred_regs_by_class: [integers(&VOLATILE), short, masks],
        non_preferred_regs_by_class: [integers(&SAVED), long, PRegSet::empty()],
        scratch_by_class: [None; 3],
        fixed_stack_slots: Vec::new(),
    }
}

impl ra::Function for Allocatable {
    fn num_insts(&self) -> usize {
        self.insts.len()
    }

    fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn entry_block(&self) -> ra::Block {
        ra::Block::new(0)
    }

    fn block_insns(&self, block: ra::Block) -> ra::InstRange {
        self.blocks[block.index()].insts
    }

    fn block_succs(&self, block: ra::Block) -> &[ra::Block] {
        &self.blocks[block.index()].successors
    }

    fn block_preds(&self, block: ra::Block) -> &[ra::Block] {
        &self.blocks[block.index()].predecessors
    }

    fn block_params(&self, block: ra::Block) -> &[VReg] {
        &self.blocks[block.index()].parameters
    }

    fn is_ret(&self, inst: ra::Inst) -> bool {
        matches!(self.insts[inst.index()].kind, Kind::Return)
    }

    fn is_branch(&self, inst: ra::Inst) -> bool {
        self.insts[inst.index()].is_branch()
    }

    fn branch_blockparams(&self, _: ra::Block, inst: ra::Inst, successor: usize) -> &[VReg] {
        &self.insts[inst.index()].targets[successor].arguments
    }

    fn inst_operands(&self, inst: ra::Inst) -> &[Operand] {
        &self.insts[inst.index()].operands
    }

    fn inst_clobbers(&self, _: ra::Inst) -> PRegSet {
        PRegSet::empty()
    }

    fn num_vregs(&self) -> usize {
        self.registers
    }

    fn spillslot_size(&self, class: RegClass) -> usize {
        if class == RegClass::Float { self.shape.bytes() / SLOT } else { 1 }
    }
}
