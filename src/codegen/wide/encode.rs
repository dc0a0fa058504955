//! Instructions of x86-64 as bytes: VEX and REX prefixes, ModRM, displacements, labels. Knows nothing else.
//!
//! The formats are those of Intel's manual, volume 2, chapter 2 ("Instruction format"); the tests decode every form again.

use std::fmt::Write as _;

/// An instruction with a VEX prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VexOp {
    pub name: &'static str,
    /// Which opcode map: 1 for 0F, 2 for 0F38, 3 for 0F3A.
    map: u8,
    /// The prefix that VEX stands for: 0 for none, 1 for 66, 2 for F3, 3 for F2.
    prefix: u8,
    w: bool,
    byte: u8,
}

impl VexOp {
    const fn new(name: &'static str, map: u8, prefix: u8, w: bool, byte: u8) -> VexOp {
        VexOp { name, map, prefix, w, byte }
    }
}

macro_rules! vex_ops {
    ($($id:ident $name:literal $map:literal $prefix:literal $w:literal $byte:literal;)*) => {
        /// The instructions, by their names.
        pub mod op {
            use super::VexOp;
            $(pub const $id: VexOp = VexOp::new($name, $map, $prefix, $w, $byte);)*
            /// All of them.
            #[cfg(test)]
            pub const ALL: &[VexOp] = &[$($id),*];
        }
    };
}

vex_ops! {
    // Arithmetic of floats.
    ADDPS "vaddps" 1 0 false 0x58; ADDPD "vaddpd" 1 1 false 0x58;
    SUBPS "vsubps" 1 0 false 0x5C; SUBPD "vsubpd" 1 1 false 0x5C;
    MULPS "vmulps" 1 0 false 0x59; MULPD "vmulpd" 1 1 false 0x59;
    DIVPS "vdivps" 1 0 false 0x5E; DIVPD "vdivpd" 1 1 false 0x5E;
    MINPS "vminps" 1 0 false 0x5D; MINPD "vminpd" 1 1 false 0x5D;
    MAXPS "vmaxps" 1 0 false 0x5F; MAXPD "vmaxpd" 1 1 false 0x5F;
    SQRTPS "vsqrtps" 1 0 false 0x51; SQRTPD "vsqrtpd" 1 1 false 0x51;
    ROUNDPS "vroundps" 3 1 false 0x08; ROUNDPD "vroundpd" 3 1 false 0x09;
    CMPPS "vcmpps" 1 0 false 0xC2; CMPPD "vcmppd" 1 1 false 0xC2;
    FMADD132PS "vfmadd132ps" 2 1 false 0x98; FMADD132PD "vfmadd132pd" 2 1 true 0x98;
    FMADD213PS "vfmadd213ps" 2 1 false 0xA8; FMADD213PD "vfmadd213pd" 2 1 true 0xA8;
    FMADD231PS "vfmadd231ps" 2 1 false 0xB8; FMADD231PD "vfmadd231pd" 2 1 true 0xB8;
    // Of one float.
    ADDSD "vaddsd" 1 3 false 0x58; SUBSD "vsubsd" 1 3 false 0x5C;
    MULSD "vmulsd" 1 3 false 0x59; DIVSD "vdivsd" 1 3 false 0x5E;
    CVTSD2SS "vcvtsd2ss" 1 3 false 0x5A; CVTSI2SD "vcvtsi2sd" 1 3 true 0x2A;
    MOVSD "vmovsd" 1 3 false 0x10; MOVSS "vmovss" 1 2 false 0x10;
    // Bits.
    ANDPS "vandps" 1 0 false 0x54;
    ORPS "vorps" 1 0 false 0x56; XORPS "vxorps" 1 0 false 0x57;
    PAND "vpand" 1 1 false 0xDB; PANDN "vpandn" 1 1 false 0xDF;
    POR "vpor" 1 1 false 0xEB; PXOR "vpxor" 1 1 false 0xEF;
    BLENDVPS "vblendvps" 3 1 false 0x4A; BLENDVPD "vblendvpd" 3 1 false 0x4B; PBLENDVB "vpblendvb" 3 1 false 0x4C;
    PTEST "vptest" 2 1 false 0x17; MOVMSKPD "vmovmskpd" 1 1 false 0x50;
    // Arithmetic of integers.
    PADDB "vpaddb" 1 1 false 0xFC; PADDW "vpaddw" 1 1 false 0xFD;
    PADDD "vpaddd" 1 1 false 0xFE; PADDQ "vpaddq" 1 1 false 0xD4;
    PSUBB "vpsubb" 1 1 false 0xF8; PSUBW "vpsubw" 1 1 false 0xF9;
    PSUBD "vpsubd" 1 1 false 0xFA; PSUBQ "vpsubq" 1 1 false 0xFB;
    PMULLW "vpmullw" 1 1 false 0xD5; PMULLD "vpmulld" 2 1 false 0x40; PMULHRSW "vpmulhrsw" 2 1 false 0x0B;
    PMINUB "vpminub" 1 1 false 0xDA; PMAXUB "vpmaxub" 1 1 false 0xDE;
    PMINSB "vpminsb" 2 1 false 0x38; PMAXSB "vpmaxsb" 2 1 false 0x3C;
    PMINUW "vpminuw" 2 1 false 0x3A; PMAXUW "vpmaxuw" 2 1 false 0x3E;
    PMINSW "vpminsw" 1 1 false 0xEA; PMAXSW "vpmaxsw" 1 1 false 0xEE;
    PMINUD "vpminud" 2 1 false 0x3B; PMAXUD "vpmaxud" 2 1 false 0x3F;
    PMINSD "vpminsd" 2 1 false 0x39; PMAXSD "vpmaxsd" 2 1 false 0x3D;
    PABSB "vpabsb" 2 1 false 0x1C; PABSW "vpabsw" 2 1 false 0x1D; PABSD "vpabsd" 2 1 false 0x1E;
    PAVGB "vpavgb" 1 1 false 0xE0; PAVGW "vpavgw" 1 1 false 0xE3;
    PCMPEQB "vpcmpeqb" 1 1 false 0x74; PCMPEQW "vpcmpeqw" 1 1 false 0x75;
    PCMPEQD "vpcmpeqd" 1 1 false 0x76; PCMPEQQ "vpcmpeqq" 2 1 false 0x29;
    PCMPGTB "vpcmpgtb" 1 1 false 0x64; PCMPGTW "vpcmpgtw" 1 1 false 0x65;
    PCMPGTD "vpcmpgtd" 1 1 false 0x66; PCMPGTQ "vpcmpgtq" 2 1 false 0x37;
    // Shifts by an immediate; the name is completed by the digit in ModRM.
    PSHIFTW "vps..w" 1 1 false 0x71; PSHIFTD "vps..d" 1 1 false 0x72; PSHIFTQ "vps..q" 1 1 false 0x73;
    // Conversions.
    CVTDQ2PS "vcvtdq2ps" 1 0 false 0x5B; CVTTPS2DQ "vcvttps2dq" 1 2 false 0x5B;
    CVTDQ2PD "vcvtdq2pd" 1 2 false 0xE6; CVTPS2PD "vcvtps2pd" 1 0 false 0x5A; CVTPD2PS "vcvtpd2ps" 1 1 false 0x5A;
    PACKSSWB "vpacksswb" 1 1 false 0x63; PACKSSDW "vpackssdw" 1 1 false 0x6B;
    PACKUSWB "vpackuswb" 1 1 false 0x67; PACKUSDW "vpackusdw" 2 1 false 0x2B;
    PMOVZXBW "vpmovzxbw" 2 1 false 0x30; PMOVZXBD "vpmovzxbd" 2 1 false 0x31; PMOVZXWD "vpmovzxwd" 2 1 false 0x33;
    PMOVZXWQ "vpmovzxwq" 2 1 false 0x34; PMOVZXDQ "vpmovzxdq" 2 1 false 0x35;
    PMOVSXBW "vpmovsxbw" 2 1 false 0x20; PMOVSXBD "vpmovsxbd" 2 1 false 0x21; PMOVSXWD "vpmovsxwd" 2 1 false 0x23;
    // Lanes in other places; within the two halves of a register, but for those from `vpermq` on.
    PUNPCKLBW "vpunpcklbw" 1 1 false 0x60; PUNPCKHBW "vpunpckhbw" 1 1 false 0x68;
    PUNPCKLWD "vpunpcklwd" 1 1 false 0x61; PUNPCKHWD "vpunpckhwd" 1 1 false 0x69;
    PUNPCKLDQ "vpunpckldq" 1 1 false 0x62; PUNPCKHDQ "vpunpckhdq" 1 1 false 0x6A;
    PUNPCKLQDQ "vpunpcklqdq" 1 1 false 0x6C; PUNPCKHQDQ "vpunpckhqdq" 1 1 false 0x6D;
    SHUFPS "vshufps" 1 0 false 0xC6; PSHUFD "vpshufd" 1 1 false 0x70; PSHUFLW "vpshuflw" 1 3 false 0x70;
    PERMQ "vpermq" 3 1 true 0x00; INSERTF128 "vinsertf128" 3 1 false 0x18;
    EXTRACTF128 "vextractf128" 3 1 false 0x19;
    BROADCASTSS "vbroadcastss" 2 1 false 0x18; BROADCASTSD "vbroadcastsd" 2 1 false 0x19;
    // Moves.
    MOVUPS "vmovups" 1 0 false 0x10; MOVUPS_STORE "vmovups" 1 0 false 0x11; MOVAPS "vmovaps" 1 0 false 0x28;
    MOVQ_STORE "vmovq" 1 1 false 0xD6; MOVD_STORE "vmovd" 1 1 false 0x7E;
    // Of general registers.
    PDEP "pdep" 2 3 true 0xF5;
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

/// The length of constants.
pub const CONSTANT: usize = 32;

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

    /// An instruction with a VEX prefix, of 256 bits if it is `wide`.
    pub fn vex(&mut self, op: VexOp, wide: bool, reg: u8, vvvv: u8, rm: Rm, immediate: Option<u8>) {
        let (x, b) = high_bits(rm);
        let last = u8::from(op.w) << 7 | (!vvvv & 15) << 3 | u8::from(wide) << 2 | op.prefix;
        let r = !(reg >> 3) << 7;
        if x == 0 && b == 0 && !op.w && op.map == 1 {
            self.code.extend([0xC5, r | last, op.byte]);
        } else {
            self.code.extend([0xC4, r | (x ^ 1) << 6 | (b ^ 1) << 5 | op.map, last, op.byte]);
        }
        self.modrm(reg, rm, usize::from(immediate.is_some()));
        self.code.extend(immediate);
    }

    /// An instruction on 64-bit registers; so many bytes of immediates follow.
    pub fn rex(&mut self, opcode: &[u8], reg: u8, rm: Rm, immediates: usize) {
        let (x, b) = high_bits(rm);
        self.code.push(0x48 | reg >> 3 << 2 | x << 1 | b);
        self.code.extend(opcode);
        self.modrm(reg, rm, immediates);
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

    fn modrm(&mut self, reg: u8, rm: Rm, immediates: usize) {
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
                    -128..128 => 1,
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
                    1 => self.code.push(offset as u8),
                    _ => self.code.extend(offset.to_le_bytes()),
                }
            }
        }
    }

    /// The code with all jumps resolved, and the constants behind it.
    pub fn finish(self, constants: &[[u8; CONSTANT]]) -> Vec<u8> {
        let Assembler { mut code, labels, jumps, constants: references, .. } = self;
        let start = code.len().next_multiple_of(64);
        let mut refer = |at: usize, after: usize, to: usize| {
            let distance = to as i64 - (at + 4 + after) as i64;
            let distance = i32::try_from(distance).expect("the limit of code is far below 2 GiB");
            code[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        };
        for Fixup { at, of } in jumps {
            refer(at, 0, labels[of.0].expect("every label is bound"));
        }
        for (Fixup { at, of }, after) in references {
            refer(at, after, start + CONSTANT * of);
        }
        if !constants.is_empty() {
            // Nobody runs into what is between.
            code.resize(start, 0xCC);
            code.extend(constants.as_flattened());
        }
        code
    }
}

/// The fourth bits of the registers in a ModRM and the byte after it: of the index, and of the base or of the register.
fn high_bits(rm: Rm) -> (u8, u8) {
    match rm {
        Rm::Reg(register) => (0, register >> 3),
        Rm::Memory { base, index, .. } => (index.map_or(0, |(index, _)| index >> 3), base >> 3),
        Rm::Constant(_) => (0, 0),
    }
}
