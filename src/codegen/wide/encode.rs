//! Instructions of x86-64 as bytes: VEX, EVEX and REX prefixes, ModRM, displacements, labels. Knows nothing else.
//!
//! The formats are those of Intel's manual, volume 2, chapter 2 ("Instruction format"); the tests decode every form again.

use std::fmt::Write as _;

use super::ops::{Reads, VectorOp};

/// The size of the vector registers that an instruction works on, as its prefix says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Length {
    Bits128,
    Bits256,
    Bits512,
}

impl Length {
    /// That of a register of two or four parts of 128 bits.
    pub fn of(parts: usize) -> Length {
        if parts == 4 { Length::Bits512 } else { Length::Bits256 }
    }

    /// That of half of such a register.
    pub fn of_half(parts: usize) -> Length {
        if parts == 4 { Length::Bits256 } else { Length::Bits128 }
    }

    /// The bytes of a register.
    pub fn bytes(self) -> usize {
        16 << self as usize
    }
}

/// What stands in the fields of a vector instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The register, or the digit, in ModRM.
    pub reg: u8,
    /// The register in the prefix, 0 if there is none.
    pub vvvv: u8,
    pub rm: Rm,
    pub immediate: Option<u8>,
    /// The mask register that chooses lanes, 0 for none, and whether the others become zero.
    pub mask: u8,
    pub zeroing: bool,
}

impl Fields {
    /// Those of an instruction without a mask.
    pub fn new(reg: u8, vvvv: u8, rm: Rm, immediate: Option<u8>) -> Fields {
        Fields { reg, vvvv, rm, immediate, mask: 0, zeroing: false }
    }
}

impl VectorOp {
    /// Whether the shorter prefix, which there is not for everything, is enough.
    pub fn fits_vex(self, length: Length, fields: &Fields) -> bool {
        let register = if let Rm::Reg(register) = fields.rm { register } else { 0 };
        self.has_vex && length < Length::Bits512 && fields.mask == 0 && fields.reg.max(fields.vvvv).max(register) < 16
    }

    /// How many bytes the instruction reads or writes if its last operand is in memory.
    fn memory_bytes(self, length: Length) -> i32 {
        match self.memory {
            Reads::Part(of) => length.bytes() as i32 / i32::from(of),
            Reads::Bytes(bytes) => bytes.into(),
        }
    }
}

/// The register or memory that ModRM names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rm {
    /// A register.
    Reg(u8),
    /// The memory at the sum of a register, perhaps another one shifted left, and a number.
    Memory { base: u8, index: Option<(u8, u8)>, offset: i32 },
    /// A constant behind the code, by its number.
    Constant(usize),
}

/// A place in the code that is jumped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(pub usize);

/// A distance that is known only when the code is complete.
struct Fixup<T> {
    /// Where in the code it is.
    at: usize,
    /// To what.
    of: T,
}

/// Code under construction.
#[derive(Default)]
pub struct Assembler {
    pub code: Vec<u8>,
    /// The same in words, a line for each instruction, if somebody wants to read it.
    pub text: Option<String>,
    labels: Vec<Option<usize>>,
    jumps: Vec<Fixup<Label>>,
    /// References to constants, and how many bytes of the instruction come after each.
    constants: Vec<(Fixup<usize>, usize)>,
}

/// The greatest length of constants.
pub const CONSTANT: usize = 64;

impl Assembler {
    /// Code with so many labels.
    pub fn new(labels: usize, listing: bool) -> Assembler {
        Assembler { labels: vec![None; labels], text: listing.then(String::new), ..Assembler::default() }
    }

    /// The label is here.
    pub fn bind(&mut self, label: Label) {
        self.labels[label.0] = Some(self.code.len());
        if let Some(text) = &mut self.text {
            writeln!(text, "block{}:", label.0).expect("memory");
        }
    }

    /// Writes a line of the listing.
    pub fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(text) = &mut self.text {
            writeln!(text, "  {}", line()).expect("memory");
        }
    }

    /// A vector instruction, with the shortest prefix that it can have.
    pub fn vector(&mut self, op: VectorOp, length: Length, fields: &Fields) {
        if op.fits_vex(length, fields) {
            self.vex(op, length, fields);
        } else {
            assert!(op.has_evex, "{} has no registers from 16 on, no masks and no 512 bits", op.name);
            self.evex(op, length, fields);
        }
        self.code.extend(fields.immediate);
    }

    fn vex(&mut self, op: VectorOp, length: Length, fields: &Fields) {
        let (_, x, b) = high_bits(fields.rm);
        let last = u8::from(op.vex_w) << 7 | (!fields.vvvv & 15) << 3 | (length as u8) << 2 | op.prefix;
        let r = !(fields.reg >> 3) << 7;
        if x == 0 && b == 0 && !op.vex_w && op.map == 1 {
            self.code.extend([0xC5, r | last, op.byte]);
        } else {
            self.code.extend([0xC4, r | (x ^ 1) << 6 | (b ^ 1) << 5 | op.map, last, op.byte]);
        }
        self.modrm(fields.reg, fields.rm, 1, usize::from(fields.immediate.is_some()));
    }

    fn evex(&mut self, op: VectorOp, length: Length, fields: &Fields) {
        let (fifth, x, b) = high_bits(fields.rm);
        // The fifth bit of a register stands where that of an index would.
        let x = x | fifth;
        let inverted = |register: u8, bit: u8| !(register >> bit) & 1;
        let registers = inverted(fields.reg, 3) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | inverted(fields.reg, 4) << 4;
        let second = u8::from(op.evex_w) << 7 | (!fields.vvvv & 15) << 3 | 4 | op.prefix;
        let third = u8::from(fields.zeroing) << 7 | (length as u8) << 5 | inverted(fields.vvvv, 4) << 3 | fields.mask;
        self.code.extend([0x62, registers | op.map, second, third, op.byte]);
        self.modrm(fields.reg, fields.rm, op.memory_bytes(length), usize::from(fields.immediate.is_some()));
    }

    /// An instruction on 64-bit registers; so many bytes of immediates follow.
    pub fn rex(&mut self, opcode: &[u8], reg: u8, rm: Rm, immediates: usize) {
        let (_, x, b) = high_bits(rm);
        self.code.push(0x48 | reg >> 3 << 2 | x << 1 | b);
        self.code.extend(opcode);
        self.modrm(reg, rm, 1, immediates);
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.code.extend(bytes);
    }

    /// A jump to a label, if a condition holds or always.
    pub fn jump(&mut self, condition: Option<u8>, to: Label) {
        match condition {
            Some(condition) => self.code.extend([0x0F, 0x80 | condition]),
            None => self.code.push(0xE9),
        }
        self.jumps.push(Fixup { at: self.code.len(), of: to });
        self.code.extend([0; 4]);
    }

    /// ModRM and what follows from it. A short displacement counts units of so many bytes.
    fn modrm(&mut self, reg: u8, rm: Rm, unit: i32, immediates: usize) {
        let reg = (reg & 7) << 3;
        match rm {
            Rm::Reg(r) => self.code.push(0xC0 | reg | r & 7),
            Rm::Constant(number) => {
                self.code.push(reg | 5);
                self.constants.push((Fixup { at: self.code.len(), of: number }, immediates));
                self.code.extend([0; 4]);
            }
            Rm::Memory { base, index, offset } => {
                // Without a displacement, 5 means something else.
                let mode = match offset {
                    0 if base & 7 != 5 => 0,
                    offset if offset % unit == 0 && (-128..128).contains(&(offset / unit)) => 1,
                    _ => 2,
                };
                match index {
                    // 4 means that another byte follows.
                    None if base & 7 != 4 => self.code.push(mode << 6 | reg | base & 7),
                    None => self.code.extend([mode << 6 | reg | 4, 0x24]),
                    Some((index, shift)) => {
                        self.code.extend([mode << 6 | reg | 4, shift << 6 | (index & 7) << 3 | base & 7]);
                    }
                }
                match mode {
                    0 => {}
                    1 => self.code.push((offset / unit) as u8),
                    _ => self.code.extend(offset.to_le_bytes()),
                }
            }
        }
    }

    /// The code with all jumps resolved, and the constants behind it, of so many bytes each.
    pub fn finish(self, constants: &[[u8; CONSTANT]], each: usize) -> Vec<u8> {
        let Assembler { mut code, labels, jumps, constants: references, .. } = self;
        let start = code.len().next_multiple_of(CONSTANT);
        let mut refer = |at: usize, after: usize, to: usize| {
            let distance = to as i64 - (at + 4 + after) as i64;
            let distance = i32::try_from(distance).expect("the limit of code is far below 2 GiB");
            code[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        };
        for Fixup { at, of } in jumps {
            refer(at, 0, labels[of.0].expect("every label is bound"));
        }
        for (Fixup { at, of }, after) in references {
            refer(at, after, start + each * of);
        }
        if !constants.is_empty() {
            // Nobody runs into what is between.
            code.resize(start, 0xCC);
            code.extend(constants.iter().flat_map(|constant| &constant[..each]));
        }
        code
    }
}

/// The high bits of the registers in a ModRM and the byte after it: the fifth of a register, the fourth of an index, and the fourth of
/// the base or of the register.
fn high_bits(rm: Rm) -> (u8, u8, u8) {
    match rm {
        Rm::Reg(register) => (register >> 4, 0, register >> 3 & 1),
        Rm::Memory { base, index, .. } => (0, index.map_or(0, |(index, _)| index >> 3), base >> 3),
        Rm::Constant(_) => (0, 0, 0),
    }
}
