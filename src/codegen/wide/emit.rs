//! Instructions with their registers as bytes, and as text: the frame, moves between registers and the stack, jumps.

use regalloc2 as ra;
use regalloc2::{Allocation, Edit, InstOrEdit, Output, RegClass};

use super::alloc::{Allocatable, SAVED, SLOT};
use super::encode::{Assembler, CONSTANT, Label, Rm, VexOp, op};
use super::inst::{Condition, Flags, Inst, Kind, Length, Memory};
use super::text;
use cranelift_codegen::ir::UserExternalName;

/// The stack pointer and the frame pointer.
const RSP: u8 = 4;
const RBP: u8 = 5;

/// The size of a page of memory, of which at least one below the stack is protected.
const PAGE: usize = 4096;

/// Machine code.
#[derive(Debug, Default)]
pub struct WideCode {
    pub bytes: Vec<u8>,
    /// Where the addresses of tables belong.
    pub symbols: Vec<(usize, UserExternalName)>,
    /// The code in words, if it was asked for.
    pub text: Option<String>,
}

/// The code of a program.
pub fn emit(program: &Allocatable, output: &Output, constants: &[[u8; CONSTANT]], listing: bool) -> WideCode {
    let blocks = ra::Function::num_blocks(program);
    let mut emitter =
        Emitter { assembler: Assembler::new(blocks, listing), frame: Frame::of(output), symbols: Vec::new(), next: 0 };
    emitter.enter();
    for block in 0..blocks {
        emitter.assembler.bind(Label(block));
        emitter.next = block + 1;
        for inst in output.block_insts_and_edits(program, ra::Block::new(block)) {
            match inst {
                InstOrEdit::Edit(Edit::Move { from, to }) => emitter.copy(*from, *to),
                InstOrEdit::Inst(inst) => {
                    let allocations = output.inst_allocs(inst);
                    emitter.inst(&Placed { inst: &program.insts[inst.index()], allocations });
                }
            }
        }
    }
    let Emitter { mut assembler, symbols, .. } = emitter;
    let text = assembler.text.take();
    WideCode { bytes: assembler.finish(constants), symbols, text }
}

/// What is on the stack.
struct Frame {
    /// The bytes of spilled values, which begin at the stack pointer.
    slots: usize,
    /// The registers that must be given back as they were.
    saved: Vec<u8>,
}

impl Frame {
    fn of(output: &Output) -> Frame {
        let moves = output.edits.iter().flat_map(|(_, Edit::Move { from, to })| [from, to]);
        let used = |number: &u8| {
            let is_it = |allocation: &Allocation| {
                let register = allocation.as_reg();
                register.is_some_and(|register| {
                    register.class() == RegClass::Int && register.hw_enc() == usize::from(*number)
                })
            };
            output.allocs.iter().chain(moves.clone()).any(is_it)
        };
        Frame {
            slots: (SLOT * output.num_spillslots).next_multiple_of(CONSTANT),
            saved: SAVED.into_iter().filter(used).collect(),
        }
    }
}

struct Emitter {
    assembler: Assembler,
    frame: Frame,
    symbols: Vec<(usize, UserExternalName)>,
    /// The block that comes next.
    next: usize,
}

/// An instruction, and where its operands are.
struct Placed<'p> {
    inst: &'p Inst,
    allocations: &'p [Allocation],
}

impl Placed<'_> {
    /// The register of an operand.
    fn register(&self, operand: usize) -> u8 {
        number(self.allocations[operand]).expect("the operand is constrained to registers")
    }

    /// An operand in a register or on the stack.
    fn anywhere(&self, operand: usize) -> Rm {
        place(self.allocations[operand])
    }

    /// The memory of the instruction, or else this operand.
    fn rm(&self, operand: usize) -> Rm {
        match &self.inst.memory {
            None => self.anywhere(operand),
            Some(Memory::Constant(number)) => Rm::Constant(*number),
            Some(Memory::At { base, index, offset }) => Rm::Memory {
                base: self.register(*base),
                index: index.map(|(index, shift)| (self.register(index), shift)),
                offset: *offset,
            },
        }
    }
}

fn number(allocation: Allocation) -> Option<u8> {
    allocation.as_reg().map(|register| register.hw_enc() as u8)
}

fn place(allocation: Allocation) -> Rm {
    match (number(allocation), allocation.as_stack()) {
        (Some(register), _) => Rm::Reg(register),
        (None, Some(slot)) => Rm::Memory { base: RSP, index: None, offset: (SLOT * slot.index()) as i32 },
        (None, None) => unreachable!("the allocator finds a place for every operand"),
    }
}

impl Emitter {
    /// Saves registers, and makes room on the stack, at a multiple of a vector's size.
    fn enter(&mut self) {
        self.say(|| "push rbp; mov rbp, rsp".to_string());
        self.assembler.bytes(&[0x55, 0x48, 0x89, 0xE5]);
        for register in self.frame.saved.clone() {
            self.say(|| format!("push {}", text::integer(register)));
            self.push_or_pop(0x50, register);
        }
        let slots = self.frame.slots;
        if slots == 0 {
            return;
        }
        // Every page is touched in turn, so that one that is protected is not jumped over.
        for page in 1..=slots / PAGE {
            let below = Rm::Memory { base: RSP, index: None, offset: -((page * PAGE) as i32) };
            self.say(|| format!("test {}, rsp", text::rm(below)));
            self.assembler.rex(&[0x85], RSP, below, 0);
        }
        self.say(|| format!("sub rsp, {slots}; and rsp, -{CONSTANT}"));
        self.assembler.rex(&[0x81], 5, Rm::Reg(RSP), 4);
        self.assembler.bytes(&(slots as i32).to_le_bytes());
        self.assembler.rex(&[0x83], 4, Rm::Reg(RSP), 1);
        self.assembler.bytes(&[(CONSTANT as u8).wrapping_neg()]);
    }

    fn leave(&mut self) {
        self.say(|| "vzeroupper".to_string());
        self.assembler.bytes(&[0xC5, 0xF8, 0x77]);
        let saved = self.frame.saved.clone();
        if self.frame.slots > 0 {
            let at = Rm::Memory { base: RBP, index: None, offset: -((SLOT * saved.len()) as i32) };
            self.say(|| format!("lea rsp, {}", text::rm(at)));
            self.assembler.rex(&[0x8D], RSP, at, 0);
        }
        for register in saved.into_iter().rev() {
            self.say(|| format!("pop {}", text::integer(register)));
            self.push_or_pop(0x58, register);
        }
        self.say(|| "pop rbp; ret".to_string());
        self.assembler.bytes(&[0x5D, 0xC3]);
    }

    fn push_or_pop(&mut self, opcode: u8, register: u8) {
        if register >= 8 {
            self.assembler.bytes(&[0x41]);
        }
        self.assembler.bytes(&[opcode | register & 7]);
    }

    fn say(&mut self, line: impl FnOnce() -> String) {
        self.assembler.say(line);
    }

    /// Moves a value to where the allocator wants it.
    fn copy(&mut self, from: Allocation, to: Allocation) {
        let class = [from, to].iter().find_map(|allocation| allocation.as_reg()).map(|register| register.class());
        match (class, number(from), number(to)) {
            (Some(RegClass::Int), _, Some(register)) => self.integer("mov", &[0x8B], register, place(from), 0),
            (Some(RegClass::Int), Some(register), None) => {
                self.say(|| format!("mov {}, {}", text::rm(place(to)), text::integer(register)));
                self.assembler.rex(&[0x89], register, place(to), 0);
            }
            (_, Some(register), None) => self.store(op::MOVUPS_STORE, true, register, place(to), None),
            (_, from_register, Some(register)) => {
                let op = if from_register.is_some() { op::MOVAPS } else { op::MOVUPS };
                self.vector(op, true, register, None, place(from), None);
            }
            (_, None, None) => unreachable!("the allocator moves values by way of registers"),
        }
    }

    /// A vector instruction: result, first operand if there are two, last operand.
    fn vector(&mut self, op: VexOp, wide: bool, to: u8, x: Option<u8>, rm: Rm, immediate: Option<u8>) {
        self.say(|| text::vector(op.name, wide, to, x, rm, immediate));
        self.assembler.vex(op, wide, to, x.unwrap_or(0), rm, immediate);
    }

    fn store(&mut self, op: VexOp, wide: bool, from: u8, to: Rm, immediate: Option<u8>) {
        self.say(|| text::store(op.name, wide, from, to, immediate));
        self.assembler.vex(op, wide, from, 0, to, immediate);
    }

    /// An instruction on a general register and another, or memory.
    fn integer(&mut self, name: &str, opcode: &[u8], register: u8, rm: Rm, immediates: usize) {
        self.say(|| format!("{name} {}, {}", text::integer(register), text::rm(rm)));
        self.assembler.rex(opcode, register, rm, immediates);
    }

    fn inst(&mut self, placed: &Placed<'_>) {
        let register = |operand: usize| placed.register(operand);
        let wide = |length: Length| length == Length::Bits256;
        match &placed.inst.kind {
            Kind::Parameters => {}
            Kind::Binary(op, length, code) => {
                self.vector(*op, wide(*length), register(0), Some(register(1)), placed.rm(2), *code);
            }
            Kind::Unary(op, length, code) => self.vector(*op, wide(*length), register(0), None, placed.rm(1), *code),
            Kind::Fused(op, length) => {
                self.vector(*op, wide(*length), register(0), Some(register(2)), placed.rm(3), None);
            }
            Kind::Shift(op, digit, bits) => {
                self.say(|| text::shift(op.name, *digit, register(0), register(1), *bits));
                self.assembler.vex(*op, true, *digit, register(0), Rm::Reg(register(1)), Some(*bits));
            }
            Kind::Blend(op) => {
                let mask = register(1) << 4;
                self.vector(*op, true, register(0), Some(register(2)), placed.rm(3), Some(mask));
            }
            Kind::Zero => {
                let zero = register(0);
                self.vector(op::XORPS, false, zero, Some(zero), Rm::Reg(zero), None);
            }
            Kind::Store(op, length, code) => self.store(*op, wide(*length), register(0), placed.rm(1), *code),
            Kind::Jump => self.jump(None, placed.inst.targets[0].block),
            Kind::Branch(flags, condition) => {
                self.flags(*flags, placed, 0);
                let [yes, no] = [0, 1].map(|at| placed.inst.targets[at].block);
                if yes == self.next {
                    self.jump(Some(condition.opposite()), no);
                } else {
                    self.jump(Some(*condition), yes);
                    self.jump(None, no);
                }
            }
            Kind::Return => self.leave(),
            _ => self.scalar(placed),
        }
    }

    /// An instruction on general registers.
    fn scalar(&mut self, placed: &Placed<'_>) {
        let register = |operand: usize| placed.register(operand);
        let to = || placed.register(0);
        match &placed.inst.kind {
            Kind::Number(number) => self.number(to(), *number),
            Kind::Symbol(symbol) => {
                self.say(|| format!("mov {}, {symbol}", text::integer(to())));
                self.assembler.bytes(&[0x48 | to() >> 3, 0xB8 | to() & 7]);
                self.symbols.push((self.assembler.code.len(), symbol.clone()));
                self.assembler.bytes(&[0; 8]);
            }
            Kind::Load => self.integer("mov", &[0x8B], to(), placed.rm(1), 0),
            Kind::LoadSigned32 => self.integer("movsxd", &[0x63], to(), placed.rm(1), 0),
            Kind::Address => self.integer("lea", &[0x8D], to(), placed.rm(1), 0),
            Kind::Integer(op) => self.integer(op.name(), op.opcode(), to(), placed.rm(2), 0),
            Kind::MultiplyBy(number) => {
                self.integer("imul", &[0x69], to(), placed.rm(1), 4);
                self.assembler.bytes(&number.to_le_bytes());
            }
            Kind::ShiftInteger(digit, bits) => {
                self.say(|| format!("{} {}, {bits}", text::shift_name(*digit), text::integer(to())));
                self.assembler.rex(&[0xC1], *digit, Rm::Reg(to()), 1);
                self.assembler.bytes(&[*bits]);
            }
            Kind::Negate => {
                self.say(|| format!("neg {}", text::integer(to())));
                self.assembler.rex(&[0xF7], 3, Rm::Reg(to()), 0);
            }
            Kind::TrailingZeros => self.integer("bsf", &[0x0F, 0xBC], to(), placed.rm(1), 0),
            Kind::Select(flags, condition) => {
                self.flags(*flags, placed, 3);
                let name = format!("cmov{}", condition.name());
                self.integer(&name, &[0x0F, 0x40 | *condition as u8], to(), Rm::Reg(register(2)), 0);
            }
            other => unreachable!("{other:?} is a vector instruction"),
        }
    }

    fn number(&mut self, to: u8, number: i64) {
        self.say(|| format!("mov {}, {number}", text::integer(to)));
        match i32::try_from(number) {
            Ok(number) => {
                self.assembler.rex(&[0xC7], 0, Rm::Reg(to), 4);
                self.assembler.bytes(&number.to_le_bytes());
            }
            Err(_) => {
                self.assembler.bytes(&[0x48 | to >> 3, 0xB8 | to & 7]);
                self.assembler.bytes(&number.to_le_bytes());
            }
        }
    }

    /// Sets the flags by what is compared, from an operand on.
    fn flags(&mut self, flags: Flags, placed: &Placed<'_>, first: usize) {
        let x = placed.register(first);
        match flags {
            Flags::Compare => self.integer("cmp", &[0x3B], x, placed.anywhere(first + 1), 0),
            Flags::CompareWith(number) => {
                self.say(|| format!("cmp {}, {number}", text::integer(x)));
                self.assembler.rex(&[0x81], 7, Rm::Reg(x), 4);
                self.assembler.bytes(&number.to_le_bytes());
            }
            Flags::Vector => self.vector(op::PTEST, true, x, None, Rm::Reg(x), None),
        }
    }

    /// A jump to a block, unless that comes next.
    fn jump(&mut self, condition: Option<Condition>, to: usize) {
        if condition.is_none() && to == self.next {
            return;
        }
        self.say(|| format!("j{} block{to}", condition.map_or("mp", Condition::name)));
        self.assembler.jump(condition.map(|condition| condition as u8), Label(to));
    }
}
