//! Instructions with their registers as bytes, and as text: the frame, moves between registers and the stack, jumps.

use regalloc2 as ra;
use regalloc2::{Allocation, Edit, InstOrEdit, Output, RegClass};

use super::alloc::{Allocatable, SAVED, SLOT};
use super::encode::{Assembler, CONSTANT, Fields, Label, Length, Rm};
use super::inst::{Condition, Flags, Inst, Kind, Memory};
use super::ops::{VectorOp, op};
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
    let whole = program.whole();
    let mut emitter = Emitter {
        assembler: Assembler::new(blocks, listing),
        frame: Frame::of(output, whole),
        whole,
        symbols: Vec::new(),
        next: 0,
    };
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
    WideCode { bytes: assembler.finish(constants, whole.bytes()), symbols, text }
}

/// What is on the stack.
struct Frame {
    /// The bytes of spilled values, which begin at the stack pointer.
    slots: usize,
    /// The registers that must be given back as they were.
    saved: Vec<u8>,
}

impl Frame {
    fn of(output: &Output, whole: Length) -> Frame {
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
            slots: (SLOT * output.num_spillslots).next_multiple_of(whole.bytes()),
            saved: SAVED.into_iter().filter(used).collect(),
        }
    }
}

struct Emitter {
    assembler: Assembler,
    frame: Frame,
    /// The size of vectors that fill a register.
    whole: Length,
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
        let alignment = self.whole.bytes();
        self.say(|| format!("sub rsp, {slots}; and rsp, -{alignment}"));
        self.assembler.rex(&[0x81], 5, Rm::Reg(RSP), 4);
        self.assembler.bytes(&(slots as i32).to_le_bytes());
        self.assembler.rex(&[0x83], 4, Rm::Reg(RSP), 1);
        self.assembler.bytes(&[(alignment as u8).wrapping_neg()]);
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
            (Some(RegClass::Vector), Some(register), None) => {
                let fields = Fields::new(register, 0, place(to), None);
                self.write(op::KMOVQ_STORE, Length::Bits128, &fields, || {
                    vec![text::rm(place(to)), text::mask(register)]
                });
            }
            (Some(RegClass::Vector), _, Some(register)) => {
                let fields = Fields::new(register, 0, place(from), None);
                let words = || vec![text::mask(register), text::operand(place(from), text::mask)];
                self.write(op::KMOVQ, Length::Bits128, &fields, words);
            }
            (_, Some(register), None) => self.store(op::MOVUPS_STORE, self.whole, register, place(to), None),
            (_, from_register, Some(register)) => {
                let op = if from_register.is_some() { op::MOVAPS } else { op::MOVUPS };
                self.vector(op, self.whole, register, None, place(from), None);
            }
            (_, None, None) => unreachable!("the allocator moves values by way of registers"),
        }
    }

    /// Writes a vector instruction, whose operands are these in words.
    fn write(&mut self, op: VectorOp, length: Length, fields: &Fields, words: impl FnOnce() -> Vec<String>) {
        let name = if op.fits_vex(length, fields) { op.name } else { op.evex_name };
        self.say(|| format!("{name} {}", words().join(", ")));
        self.assembler.vector(op, length, fields);
    }

    /// A vector instruction: result, first operand if there are two, last operand.
    fn vector(&mut self, op: VectorOp, length: Length, to: u8, x: Option<u8>, rm: Rm, immediate: Option<u8>) {
        let fields = Fields::new(to, x.unwrap_or(0), rm, immediate);
        self.write(op, length, &fields, || {
            let x = x.map(|x| text::vector(x, length));
            let registers = [Some(text::vector(to, length)), x, Some(text::vector_rm(rm, length))];
            registers.into_iter().flatten().chain(immediate.map(|number| number.to_string())).collect()
        });
    }

    fn store(&mut self, op: VectorOp, length: Length, from: u8, to: Rm, immediate: Option<u8>) {
        self.write(op, length, &Fields::new(from, 0, to, immediate), || {
            let number = immediate.map(|number| number.to_string());
            [text::rm(to), text::vector(from, length)].into_iter().chain(number).collect()
        });
    }

    /// A vector instruction by a mask, whose unset lanes become zero, or not.
    fn by_mask(&mut self, op: VectorOp, length: Length, mask: u8, zeroing: bool, fields: Fields, x: Option<u8>) {
        self.write(op, length, &Fields { mask, zeroing, ..fields }, || {
            let zeroed = if zeroing { "{z}" } else { "" };
            let to = format!("{}{{{}}}{zeroed}", text::vector(fields.reg, length), text::mask(mask));
            let x = x.map(|x| text::vector(x, length));
            [Some(to), x, Some(text::vector_rm(fields.rm, length))].into_iter().flatten().collect()
        });
    }

    /// An instruction on mask registers, or between them and vectors.
    fn masks(&mut self, placed: &Placed<'_>) {
        let register = |operand: usize| placed.register(operand);
        let to = register(0);
        match placed.inst.kind {
            Kind::Compare(op, length, code) => {
                let (x, rm) = (register(1), placed.rm(2));
                self.write(op, length, &Fields::new(to, x, rm, Some(code)), || {
                    vec![text::mask(to), text::vector(x, length), text::vector_rm(rm, length), code.to_string()]
                });
            }
            Kind::BlendByMask(op, length) => {
                let unset = register(2);
                let fields = Fields::new(to, unset, placed.rm(3), None);
                self.by_mask(op, length, register(1), false, fields, Some(unset));
            }
            Kind::MoveByMask(op, length) => {
                let fields = Fields::new(to, 0, placed.rm(2), None);
                self.by_mask(op, length, register(1), true, fields, None);
            }
            Kind::FromMask(op, length) => {
                let mask = register(1);
                let words = || vec![text::vector(to, length), text::mask(mask)];
                self.write(op, length, &Fields::new(to, 0, Rm::Reg(mask), None), words);
            }
            Kind::ToMask(op, length) => {
                let x = register(1);
                let words = || vec![text::mask(to), text::vector(x, length)];
                self.write(op, length, &Fields::new(to, 0, Rm::Reg(x), None), words);
            }
            Kind::Masks(op) => {
                let (x, y) = (register(1), register(2));
                let words = || [to, x, y].map(text::mask).to_vec();
                self.write(op, Length::Bits256, &Fields::new(to, x, Rm::Reg(y), None), words);
            }
            Kind::NotMask => {
                let x = register(1);
                let words = || vec![text::mask(to), text::mask(x)];
                self.write(op::KNOTQ, Length::Bits128, &Fields::new(to, 0, Rm::Reg(x), None), words);
            }
            Kind::MaskBits => {
                let x = register(1);
                let words = || vec![text::integer(to).to_string(), text::mask(x)];
                self.write(op::KMOVB_INTEGER, Length::Bits128, &Fields::new(to, 0, Rm::Reg(x), None), words);
            }
            ref other => unreachable!("{other:?} has no mask registers"),
        }
    }

    /// An instruction on a general register and another, or memory.
    fn integer(&mut self, name: &str, opcode: &[u8], register: u8, rm: Rm, immediates: usize) {
        self.say(|| format!("{name} {}, {}", text::integer(register), text::rm(rm)));
        self.assembler.rex(opcode, register, rm, immediates);
    }

    fn inst(&mut self, placed: &Placed<'_>) {
        let register = |operand: usize| placed.register(operand);
        match &placed.inst.kind {
            Kind::Parameters => {}
            Kind::Binary(op, length, code) => {
                self.vector(*op, *length, register(0), Some(register(1)), placed.rm(2), *code);
            }
            Kind::Unary(op, length, code) => self.vector(*op, *length, register(0), None, placed.rm(1), *code),
            Kind::Fused(op, length, code) => {
                self.vector(*op, *length, register(0), Some(register(2)), placed.rm(3), *code);
            }
            Kind::Shift(op, length, digit, bits) => {
                let (to, x) = (register(0), register(1));
                self.say(|| text::shift(op.name, *length, *digit, to, x, *bits));
                self.assembler.vector(*op, *length, &Fields::new(*digit, to, Rm::Reg(x), Some(*bits)));
            }
            Kind::Blend(op, length) => {
                let mask = register(1) << 4;
                self.vector(*op, *length, register(0), Some(register(2)), placed.rm(3), Some(mask));
            }
            Kind::Zero => {
                let zero = register(0);
                self.vector(op::XORPS, Length::Bits128, zero, Some(zero), Rm::Reg(zero), None);
            }
            Kind::Store(op, length, code) => self.store(*op, *length, register(0), placed.rm(1), *code),
            Kind::Compare(..)
            | Kind::BlendByMask(..)
            | Kind::MoveByMask(..)
            | Kind::FromMask(..)
            | Kind::ToMask(..)
            | Kind::Masks(_)
            | Kind::NotMask
            | Kind::MaskBits => self.masks(placed),
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
            Flags::Bits => self.vector(op::PTEST, Length::Bits256, x, None, Rm::Reg(x), None),
            Flags::Lanes(op, length) => {
                let words = || vec![text::mask(0), text::vector(x, length), text::vector(x, length)];
                self.write(op, length, &Fields::new(0, x, Rm::Reg(x), None), words);
                let words = || vec![text::mask(0), text::mask(0)];
                self.write(op::KORTESTQ, Length::Bits128, &Fields::new(0, 0, Rm::Reg(0), None), words);
            }
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
