//! The vector instructions that wide code has, in one table: their opcodes, which prefixes they can have, and how much memory they read.
//!
//! The opcodes are those of Intel's manual, volume 2.

/// A vector instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VectorOp {
    /// Its name with a VEX prefix, or its only one.
    pub name: &'static str,
    /// Its name with an EVEX prefix.
    pub evex_name: &'static str,
    /// Which opcode map: 1 for 0F, 2 for 0F38, 3 for 0F3A.
    pub map: u8,
    /// The older prefix that is part of it: 0 for none, 1 for 66, 2 for F3, 3 for F2.
    pub prefix: u8,
    pub byte: u8,
    /// Whether the bit W is set in a VEX prefix, and in an EVEX prefix.
    pub vex_w: bool,
    pub evex_w: bool,
    /// Whether it can have such a prefix.
    pub has_vex: bool,
    pub has_evex: bool,
    pub memory: Reads,
}

/// How many bytes an instruction reads or writes if its last operand is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// As many as the vectors have, divided by this.
    Part(u8),
    /// This many.
    Bytes(u8),
}

impl VectorOp {
    const fn new(name: &'static str, map: u8, prefix: u8, byte: u8) -> VectorOp {
        let memory = Reads::Part(1);
        let (vex_w, evex_w, has_vex, has_evex) = (false, false, true, true);
        VectorOp { name, evex_name: name, map, prefix, byte, vex_w, evex_w, has_vex, has_evex, memory }
    }

    /// W is set.
    const fn w(self) -> VectorOp {
        VectorOp { vex_w: true, evex_w: true, ..self }
    }

    /// W is set in an EVEX prefix, where it says that lanes have 64 bits.
    const fn quad(self) -> VectorOp {
        VectorOp { evex_w: true, ..self }
    }

    /// With an EVEX prefix it has another name, that of its lanes.
    const fn named(self, evex_name: &'static str) -> VectorOp {
        VectorOp { evex_name, ..self }
    }

    /// There is no such instruction with an EVEX prefix.
    const fn only_vex(self) -> VectorOp {
        VectorOp { has_evex: false, ..self }
    }

    /// There is no such instruction with a VEX prefix.
    const fn only_evex(self) -> VectorOp {
        VectorOp { has_vex: false, ..self }
    }

    /// It reads a half, a quarter or an eighth of a vector from memory.
    const fn part(self, of: u8) -> VectorOp {
        VectorOp { memory: Reads::Part(of), ..self }
    }

    /// It reads or writes so many bytes of memory.
    const fn bytes(self, bytes: u8) -> VectorOp {
        VectorOp { memory: Reads::Bytes(bytes), ..self }
    }
}

macro_rules! vector_ops {
    ($($id:ident = $name:literal $map:literal $prefix:literal $byte:literal $(.$more:ident($($argument:literal)?))*;)*) => {
        /// The instructions, by their names.
        pub mod op {
            use super::VectorOp;
            $(pub const $id: VectorOp = VectorOp::new($name, $map, $prefix, $byte)$(.$more($($argument)?))*;)*
            /// All of them.
            #[cfg(test)]
            pub const ALL: &[VectorOp] = &[$($id),*];
        }
    };
}

vector_ops! {
    // Arithmetic of floats.
    ADDPS = "vaddps" 1 0 0x58; ADDPD = "vaddpd" 1 1 0x58 .quad();
    SUBPS = "vsubps" 1 0 0x5C; SUBPD = "vsubpd" 1 1 0x5C .quad();
    MULPS = "vmulps" 1 0 0x59; MULPD = "vmulpd" 1 1 0x59 .quad();
    DIVPS = "vdivps" 1 0 0x5E; DIVPD = "vdivpd" 1 1 0x5E .quad();
    MINPS = "vminps" 1 0 0x5D; MINPD = "vminpd" 1 1 0x5D .quad();
    MAXPS = "vmaxps" 1 0 0x5F; MAXPD = "vmaxpd" 1 1 0x5F .quad();
    SQRTPS = "vsqrtps" 1 0 0x51; SQRTPD = "vsqrtpd" 1 1 0x51 .quad();
    ROUNDPS = "vroundps" 3 1 0x08 .named("vrndscaleps"); ROUNDPD = "vroundpd" 3 1 0x09 .quad() .named("vrndscalepd");
    FMADD132PS = "vfmadd132ps" 2 1 0x98; FMADD132PD = "vfmadd132pd" 2 1 0x98 .w();
    FMADD213PS = "vfmadd213ps" 2 1 0xA8; FMADD213PD = "vfmadd213pd" 2 1 0xA8 .w();
    FMADD231PS = "vfmadd231ps" 2 1 0xB8; FMADD231PD = "vfmadd231pd" 2 1 0xB8 .w();
    // Of one float.
    ADDSD = "vaddsd" 1 3 0x58 .quad() .bytes(8); SUBSD = "vsubsd" 1 3 0x5C .quad() .bytes(8);
    MULSD = "vmulsd" 1 3 0x59 .quad() .bytes(8); DIVSD = "vdivsd" 1 3 0x5E .quad() .bytes(8);
    CVTSD2SS = "vcvtsd2ss" 1 3 0x5A .quad() .bytes(8); CVTSI2SD = "vcvtsi2sd" 1 3 0x2A .w() .bytes(8);
    MOVSD = "vmovsd" 1 3 0x10 .quad() .bytes(8); MOVSS = "vmovss" 1 2 0x10 .bytes(4);
    // Bits.
    ANDPS = "vandps" 1 0 0x54; ORPS = "vorps" 1 0 0x56; XORPS = "vxorps" 1 0 0x57;
    PAND = "vpand" 1 1 0xDB .named("vpandd"); PANDN = "vpandn" 1 1 0xDF .named("vpandnd");
    POR = "vpor" 1 1 0xEB .named("vpord"); PXOR = "vpxor" 1 1 0xEF .named("vpxord");
    PTERNLOGD = "vpternlogd" 3 1 0x25 .only_evex();
    BLENDVPS = "vblendvps" 3 1 0x4A .only_vex(); BLENDVPD = "vblendvpd" 3 1 0x4B .only_vex();
    PBLENDVB = "vpblendvb" 3 1 0x4C .only_vex();
    PTEST = "vptest" 2 1 0x17 .only_vex(); MOVMSKPD = "vmovmskpd" 1 1 0x50 .only_vex();
    // Arithmetic of integers.
    PADDB = "vpaddb" 1 1 0xFC; PADDW = "vpaddw" 1 1 0xFD; PADDD = "vpaddd" 1 1 0xFE; PADDQ = "vpaddq" 1 1 0xD4 .quad();
    PSUBB = "vpsubb" 1 1 0xF8; PSUBW = "vpsubw" 1 1 0xF9; PSUBD = "vpsubd" 1 1 0xFA; PSUBQ = "vpsubq" 1 1 0xFB .quad();
    PMULLW = "vpmullw" 1 1 0xD5; PMULLD = "vpmulld" 2 1 0x40; PMULHRSW = "vpmulhrsw" 2 1 0x0B;
    PMINUB = "vpminub" 1 1 0xDA; PMAXUB = "vpmaxub" 1 1 0xDE;
    PMINSB = "vpminsb" 2 1 0x38; PMAXSB = "vpmaxsb" 2 1 0x3C;
    PMINUW = "vpminuw" 2 1 0x3A; PMAXUW = "vpmaxuw" 2 1 0x3E;
    PMINSW = "vpminsw" 1 1 0xEA; PMAXSW = "vpmaxsw" 1 1 0xEE;
    PMINUD = "vpminud" 2 1 0x3B; PMAXUD = "vpmaxud" 2 1 0x3F;
    PMINSD = "vpminsd" 2 1 0x39; PMAXSD = "vpmaxsd" 2 1 0x3D;
    PMINSQ = "vpminsq" 2 1 0x39 .quad() .only_evex(); PMAXSQ = "vpmaxsq" 2 1 0x3D .quad() .only_evex();
    PMINUQ = "vpminuq" 2 1 0x3B .quad() .only_evex(); PMAXUQ = "vpmaxuq" 2 1 0x3F .quad() .only_evex();
    PABSB = "vpabsb" 2 1 0x1C; PABSW = "vpabsw" 2 1 0x1D; PABSD = "vpabsd" 2 1 0x1E;
    PAVGB = "vpavgb" 1 1 0xE0; PAVGW = "vpavgw" 1 1 0xE3;
    // Comparisons to vectors of masks.
    CMPPS = "vcmpps" 1 0 0xC2 .only_vex(); CMPPD = "vcmppd" 1 1 0xC2 .only_vex();
    PCMPEQB = "vpcmpeqb" 1 1 0x74 .only_vex(); PCMPEQW = "vpcmpeqw" 1 1 0x75 .only_vex();
    PCMPEQD = "vpcmpeqd" 1 1 0x76 .only_vex(); PCMPEQQ = "vpcmpeqq" 2 1 0x29 .only_vex();
    PCMPGTB = "vpcmpgtb" 1 1 0x64 .only_vex(); PCMPGTW = "vpcmpgtw" 1 1 0x65 .only_vex();
    PCMPGTD = "vpcmpgtd" 1 1 0x66 .only_vex(); PCMPGTQ = "vpcmpgtq" 2 1 0x37 .only_vex();
    // Comparisons to mask registers, by the number of an order, with a sign and without; whether bits are set that both operands
    // have, or not one of them.
    CMPPS_MASK = "vcmpps" 1 0 0xC2 .only_evex(); CMPPD_MASK = "vcmppd" 1 1 0xC2 .quad() .only_evex();
    PCMPB_MASK = "vpcmpb" 3 1 0x3F .only_evex(); PCMPUB_MASK = "vpcmpub" 3 1 0x3E .only_evex();
    PCMPW_MASK = "vpcmpw" 3 1 0x3F .quad() .only_evex(); PCMPUW_MASK = "vpcmpuw" 3 1 0x3E .quad() .only_evex();
    PCMPD_MASK = "vpcmpd" 3 1 0x1F .only_evex(); PCMPUD_MASK = "vpcmpud" 3 1 0x1E .only_evex();
    PCMPQ_MASK = "vpcmpq" 3 1 0x1F .quad() .only_evex(); PCMPUQ_MASK = "vpcmpuq" 3 1 0x1E .quad() .only_evex();
    PTESTMD = "vptestmd" 2 1 0x27 .only_evex();
    PTESTNMB = "vptestnmb" 2 2 0x26 .only_evex(); PTESTNMW = "vptestnmw" 2 2 0x26 .quad() .only_evex();
    PTESTNMD = "vptestnmd" 2 2 0x27 .only_evex(); PTESTNMQ = "vptestnmq" 2 2 0x27 .quad() .only_evex();
    // By mask registers: the lanes of one of two vectors, and a vector's lanes or zeros.
    PBLENDMB = "vpblendmb" 2 1 0x66 .only_evex(); PBLENDMW = "vpblendmw" 2 1 0x66 .quad() .only_evex();
    PBLENDMD = "vpblendmd" 2 1 0x64 .only_evex(); PBLENDMQ = "vpblendmq" 2 1 0x64 .quad() .only_evex();
    MOVDQU8 = "vmovdqu8" 1 3 0x6F .only_evex(); MOVDQU16 = "vmovdqu16" 1 3 0x6F .quad() .only_evex();
    MOVDQU32 = "vmovdqu32" 1 2 0x6F .only_evex(); MOVDQU64 = "vmovdqu64" 1 2 0x6F .quad() .only_evex();
    // Between mask registers and vectors.
    PMOVM2B = "vpmovm2b" 2 2 0x28 .only_evex(); PMOVM2W = "vpmovm2w" 2 2 0x28 .quad() .only_evex();
    PMOVM2D = "vpmovm2d" 2 2 0x38 .only_evex(); PMOVM2Q = "vpmovm2q" 2 2 0x38 .quad() .only_evex();
    PMOVQ2M = "vpmovq2m" 2 2 0x39 .quad() .only_evex();
    // Of mask registers.
    KMOVQ = "kmovq" 1 0 0x90 .w() .only_vex(); KMOVQ_STORE = "kmovq" 1 0 0x91 .w() .only_vex();
    KMOVB_INTEGER = "kmovb" 1 1 0x93 .only_vex(); KORTESTQ = "kortestq" 1 0 0x98 .w() .only_vex();
    KANDQ = "kandq" 1 0 0x41 .w() .only_vex(); KORQ = "korq" 1 0 0x45 .w() .only_vex();
    KXORQ = "kxorq" 1 0 0x47 .w() .only_vex(); KNOTQ = "knotq" 1 0 0x44 .w() .only_vex();
    // Shifts by an immediate; the name is completed by the digit in ModRM.
    PSHIFTW = "vps..w" 1 1 0x71; PSHIFTD = "vps..d" 1 1 0x72; PSHIFTQ = "vps..q" 1 1 0x73 .quad();
    // Conversions.
    CVTDQ2PS = "vcvtdq2ps" 1 0 0x5B; CVTTPS2DQ = "vcvttps2dq" 1 2 0x5B;
    CVTDQ2PD = "vcvtdq2pd" 1 2 0xE6 .part(2); CVTPS2PD = "vcvtps2pd" 1 0 0x5A .part(2);
    CVTPD2PS = "vcvtpd2ps" 1 1 0x5A .quad();
    PACKSSWB = "vpacksswb" 1 1 0x63; PACKSSDW = "vpackssdw" 1 1 0x6B;
    PACKUSWB = "vpackuswb" 1 1 0x67; PACKUSDW = "vpackusdw" 2 1 0x2B;
    PMOVZXBW = "vpmovzxbw" 2 1 0x30 .part(2); PMOVZXBD = "vpmovzxbd" 2 1 0x31 .part(4);
    PMOVZXWD = "vpmovzxwd" 2 1 0x33 .part(2); PMOVZXWQ = "vpmovzxwq" 2 1 0x34 .part(4);
    PMOVZXDQ = "vpmovzxdq" 2 1 0x35 .part(2);
    PMOVSXBW = "vpmovsxbw" 2 1 0x20 .part(2); PMOVSXBD = "vpmovsxbd" 2 1 0x21 .part(4);
    PMOVSXWD = "vpmovsxwd" 2 1 0x23 .part(2);
    PMOVQD_STORE = "vpmovqd" 2 2 0x35 .only_evex() .part(2); PMOVQW_STORE = "vpmovqw" 2 2 0x34 .only_evex() .part(4);
    // Lanes in other places; within the 128-bit parts of a register, but for those from `vpermq` on.
    PUNPCKLBW = "vpunpcklbw" 1 1 0x60; PUNPCKHBW = "vpunpckhbw" 1 1 0x68;
    PUNPCKLWD = "vpunpcklwd" 1 1 0x61; PUNPCKHWD = "vpunpckhwd" 1 1 0x69;
    PUNPCKLDQ = "vpunpckldq" 1 1 0x62; PUNPCKHDQ = "vpunpckhdq" 1 1 0x6A;
    PUNPCKLQDQ = "vpunpcklqdq" 1 1 0x6C .quad(); PUNPCKHQDQ = "vpunpckhqdq" 1 1 0x6D .quad();
    SHUFPS = "vshufps" 1 0 0xC6; PSHUFD = "vpshufd" 1 1 0x70; PSHUFLW = "vpshuflw" 1 3 0x70;
    PERMQ = "vpermq" 3 1 0x00 .w(); PERMQ_BY = "vpermq" 2 1 0x36 .quad() .only_evex();
    INSERTF128 = "vinsertf128" 3 1 0x18 .named("vinsertf32x4") .bytes(16);
    EXTRACTF128 = "vextractf128" 3 1 0x19 .named("vextractf32x4") .bytes(16);
    BROADCASTSS = "vbroadcastss" 2 1 0x18 .bytes(4); BROADCASTSD = "vbroadcastsd" 2 1 0x19 .quad() .bytes(8);
    // Moves.
    MOVUPS = "vmovups" 1 0 0x10; MOVUPS_STORE = "vmovups" 1 0 0x11; MOVAPS = "vmovaps" 1 0 0x28;
    MOVQ_STORE = "vmovq" 1 1 0xD6 .quad() .bytes(8); MOVD_STORE = "vmovd" 1 1 0x7E .bytes(4);
    // Of general registers.
    PDEP = "pdep" 2 3 0xF5 .w() .only_vex();
}
