//! The encoder against a decoder that others have written.

use iced_x86::{Decoder, DecoderOptions, Instruction, OpKind, Register};

use super::encode::{Assembler, CONSTANT, Label, Rm, VexOp, op};

/// What stands in an instruction's fields besides a register and a register or memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Another register, in the prefix.
    Three,
    /// No other register.
    Two,
    /// The register in the prefix is the result, and the first field a digit.
    Digit,
}

/// The form of an instruction, whether it has a number, the sizes of vectors that it has, and whether its last operand can be a register.
fn shape(op: VexOp) -> (Form, bool, &'static [bool], bool) {
    const BOTH: &[bool] = &[false, true];
    let two = [
        "vsqrtps",
        "vsqrtpd",
        "vroundps",
        "vroundpd",
        "vptest",
        "vmovmskpd",
        "vpabsb",
        "vpabsw",
        "vpabsd",
        "vcvtdq2ps",
        "vcvttps2dq",
        "vcvtdq2pd",
        "vcvtps2pd",
        "vcvtpd2ps",
        "vpshufd",
        "vpshuflw",
        "vpermq",
        "vextractf128",
        "vbroadcastss",
        "vbroadcastsd",
        "vmovups",
        "vmovaps",
        "vmovq",
        "vmovd",
    ];
    let is_two = two.contains(&op.name) || op.name.starts_with("vpmov");
    let numbered = [
        "vroundps",
        "vroundpd",
        "vcmpps",
        "vcmppd",
        "vblendvps",
        "vblendvpd",
        "vpblendvb",
        "vshufps",
        "vpshufd",
        "vpshuflw",
        "vpermq",
        "vinsertf128",
        "vextractf128",
    ];
    let narrow = ["addsd", "subsd", "mulsd", "divsd", "cvtsd2ss", "cvtsi2sd", "movsd", "movss", "movq", "movd", "pdep"];
    let is_narrow = narrow.iter().any(|name| op.name.trim_start_matches('v') == *name);
    let is_wide = ["vpermq", "vinsertf128", "vextractf128", "vbroadcastsd"].contains(&op.name);
    let lengths = match (is_narrow, is_wide) {
        (true, _) => &BOTH[..1],
        (_, true) => &BOTH[1..],
        _ => BOTH,
    };
    // Moves of one float between registers have three operands, and here there are none; masks come from registers.
    let memory_only = ["vmovsd", "vmovss"].contains(&op.name);
    match op.name.contains("..") {
        true => (Form::Digit, true, lengths, true),
        false if is_two || memory_only => (Form::Two, numbered.contains(&op.name), lengths, !memory_only),
        false => (Form::Three, numbered.contains(&op.name), lengths, true),
    }
}

fn decode(code: &[u8]) -> Instruction {
    let mut decoder = Decoder::with_ip(64, code, 0x1000, DecoderOptions::NONE);
    let instruction = decoder.decode();
    assert!(!instruction.is_invalid(), "{code:02x?} is no instruction");
    assert_eq!(instruction.len(), code.len(), "{code:02x?} is {instruction:?}");
    instruction
}

/// The number of a register of any class.
fn number(register: Register) -> u8 {
    register.number() as u8
}

/// Whether the instruction's operand is what was encoded.
fn check_rm(instruction: &Instruction, operand: u32, rm: Rm) {
    match rm {
        Rm::Reg(register) => assert_eq!(number(instruction.op_register(operand)), register),
        Rm::Memory { base, index, offset } => {
            assert_eq!(instruction.op_kind(operand), OpKind::Memory);
            assert_eq!(number(instruction.memory_base()), base);
            assert_eq!(instruction.memory_displacement64() as i32, offset);
            match index {
                None => assert_eq!(instruction.memory_index(), Register::None),
                Some((index, shift)) => {
                    assert_eq!(number(instruction.memory_index()), index);
                    assert_eq!(instruction.memory_index_scale(), 1 << shift);
                }
            }
        }
        Rm::Constant(_) => assert!(instruction.is_ip_rel_memory_operand()),
    }
}

/// Registers, and memory at every sort of address.
fn places(in_register: bool, mut each: impl FnMut(Rm)) {
    for register in 0..16 {
        if in_register {
            each(Rm::Reg(register));
        }
        for offset in [0, 1, -1, 127, 128, -128, -129, 1 << 20] {
            each(Rm::Memory { base: register, index: None, offset });
            for index in (0..16).filter(|index| *index != 4) {
                each(Rm::Memory { base: register, index: Some((index, index % 4)), offset });
            }
        }
    }
}

#[test]
fn vector_instructions_are_decoded_as_what_they_are() {
    for op in op::ALL {
        let (form, has_number, lengths, in_register) = shape(*op);
        let stores = ["vextractf128", "vmovq", "vmovd"].contains(&op.name) || *op == op::MOVUPS_STORE;
        let masks_only = op.name == "vmovmskpd";
        for wide in lengths {
            places(in_register && !stores, |rm| {
                let is_memory = !matches!(rm, Rm::Reg(_));
                if is_memory && (masks_only || form == Form::Digit) {
                    return;
                }
                for register in 0..16 {
                    let other = (register * 7 + 3) % 16;
                    let (field, prefix) = match form {
                        Form::Three => (register, other),
                        Form::Two => (register, 0),
                        Form::Digit => {
                            ([2, 6, 4][usize::from(register) % if op.name == "vps..q" { 2 } else { 3 }], other)
                        }
                    };
                    let blends = op.name.contains("blendv");
                    let code = has_number.then_some(if blends { other << 4 } else { 1 });
                    let mut assembler = Assembler::new(0, false);
                    assembler.vex(*op, *wide, field, prefix, rm, code);
                    let instruction = decode(&assembler.finish(&[]));
                    let shifts = ["vpsrl", "vpsll", "vpsra"];
                    let names = shifts.map(|shift| op.name.replace("vps..", shift));
                    let name = format!("{:?}", instruction.mnemonic()).to_lowercase();
                    let name = name.split("::").last().expect("there is one");
                    assert!(names.iter().any(|known| *known == name), "{name} instead of {}", op.name);
                    let last = match (form, stores) {
                        (_, true) => 0,
                        (Form::Three, _) => 2,
                        _ => 1,
                    };
                    check_rm(&instruction, last, rm);
                    if form != Form::Digit {
                        assert_eq!(number(instruction.op_register(if stores { 1 } else { 0 })), register);
                    }
                    if form != Form::Two {
                        let operand = u32::from(form == Form::Three);
                        assert_eq!(number(instruction.op_register(operand)), other);
                    }
                    if blends {
                        assert_eq!(number(instruction.op_register(3)), other);
                    }
                }
            });
        }
    }
}

#[test]
fn instructions_on_general_registers_are_decoded_as_what_they_are() {
    for (name, opcode) in [("mov", &[0x8B][..]), ("add", &[0x03]), ("imul", &[0x0F, 0xAF]), ("bsf", &[0x0F, 0xBC])] {
        places(true, |rm| {
            for register in 0..16 {
                let mut assembler = Assembler::new(0, false);
                assembler.rex(opcode, register, rm, 0);
                let instruction = decode(&assembler.finish(&[]));
                assert_eq!(format!("{:?}", instruction.mnemonic()).to_lowercase(), name);
                assert_eq!(number(instruction.op_register(0)), register);
                assert_eq!(instruction.op_register(0).size(), 8);
                check_rm(&instruction, 1, rm);
            }
        });
    }
}

#[test]
fn jumps_and_constants_are_where_they_should_be() {
    let mut assembler = Assembler::new(2, false);
    assembler.bind(Label(0));
    assembler.vex(op::SHUFPS, true, 1, 2, Rm::Constant(1), Some(7));
    assembler.jump(Some(5), Label(1));
    assembler.jump(None, Label(0));
    assembler.bind(Label(1));
    assembler.bytes(&[0xC3]);
    let code = assembler.finish(&[[1; CONSTANT], [2; CONSTANT]]);
    let mut decoder = Decoder::with_ip(64, &code, 0x1000, DecoderOptions::NONE);
    let [load, branch, jump, end] = std::array::from_fn(|_| decoder.decode());
    let at = load.ip_rel_memory_address() as usize - 0x1000;
    assert_eq!(code[at..at + CONSTANT], [2; CONSTANT]);
    assert_eq!(at % CONSTANT, 0);
    assert_eq!(branch.near_branch_target(), end.ip());
    assert_eq!(jump.near_branch_target(), 0x1000);
}
