//! The encoder against a decoder that others have written.

use iced_x86::{Decoder, DecoderOptions, Instruction, OpKind, Register};

use super::encode::{Assembler, CONSTANT, Fields, Label, Length, Rm};
use super::ops::{VectorOp, op};

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

/// What operands an instruction has.
struct Operands {
    form: Form,
    /// Whether a number follows.
    numbered: bool,
    lengths: &'static [Length],
    /// How many registers there are of the class that each field has: ModRM's first, the prefix's, ModRM's last.
    registers: [u8; 3],
    in_register: bool,
    in_memory: bool,
    /// Whether the result is the last operand.
    stores: bool,
}

const ALL: &[Length] = &[Length::Bits128, Length::Bits256, Length::Bits512];
const MASKS: u8 = 8;
const GENERAL: u8 = 16;

impl Operands {
    fn of(op: VectorOp) -> Operands {
        let name = op.name.trim_start_matches('v');
        let any = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
        let is = |names: &[&str]| names.contains(&name);
        let form = match () {
            () if name.contains("..") => Form::Digit,
            () if any(&["sqrt", "round", "pabs", "cvtdq", "cvtt", "cvtps", "cvtpd", "pmov", "mov", "broadcast"]) => {
                Form::Two
            }
            () if is(&["ptest", "pshufd", "pshuflw", "extractf128", "kmovq", "kmovb", "kortestq", "knotq"]) => {
                Form::Two
            }
            () if op == op::PERMQ => Form::Two,
            () => Form::Three,
        };
        let compares_by_number = op.has_evex && any(&["pcmp"]);
        let numbered = compares_by_number
            || any(&["round", "cmp", "blendv", "pblendvb", "shuf", "pshuf", "pternlog", "insert", "extract"])
            || form == Form::Digit
            || op == op::PERMQ;
        let lengths = match () {
            () if is(&["kandq", "korq", "kxorq"]) => &ALL[1..2],
            () if name.starts_with('k') || name.ends_with("sd") && !is(&["pabsd", "broadcastsd"]) => &ALL[..1],
            () if is(&["cvtsd2ss", "movss", "movq", "movd", "pdep"]) => &ALL[..1],
            () if any(&["permq", "insertf", "extractf"]) || is(&["broadcastsd"]) => &ALL[1..],
            () if op.has_evex => ALL,
            () => &ALL[..2],
        };
        let lengths = if op == op::PERMQ { &ALL[1..2] } else { lengths };
        let vectors = if op.has_evex { 32 } else { 16 };
        let to_masks = op.has_evex && any(&["cmp", "pcmp", "ptest"]) || is(&["pmovq2m"]);
        let registers = match () {
            () if to_masks => [MASKS, vectors, vectors],
            () if any(&["pmovm2"]) => [vectors, vectors, MASKS],
            () if is(&["kmovb"]) => [GENERAL, 0, MASKS],
            () if name.starts_with('k') => [MASKS; 3],
            () if is(&["pdep"]) => [GENERAL; 3],
            () if is(&["movmskpd"]) => [GENERAL, 0, vectors],
            () if is(&["cvtsi2sd"]) => [vectors, vectors, GENERAL],
            () => [vectors; 3],
        };
        let stores = [op::MOVUPS_STORE, op::MOVQ_STORE, op::MOVD_STORE, op::EXTRACTF128, op::KMOVQ_STORE];
        let stores = stores.contains(&op) || [op::PMOVQD_STORE, op::PMOVQW_STORE].contains(&op);
        // Moves of one float between registers have three operands, and here there are none.
        let in_register = !stores && !is(&["movsd", "movss"]);
        let only_registers = is(&["movmskpd", "pmovq2m", "kmovb", "kortestq", "knotq", "kandq", "korq", "kxorq"]);
        let in_memory = !only_registers && !any(&["pmovm2"]) && form != Form::Digit;
        Operands { form, numbered, lengths, registers, in_register, in_memory, stores }
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

/// So many registers, and memory at every sort of address.
fn places(registers: u8, in_memory: bool, mut each: impl FnMut(Rm)) {
    (0..registers).for_each(|register| each(Rm::Reg(register)));
    for base in (0..16).filter(|_| in_memory) {
        for offset in [0, 1, -1, 64, -64, 127, 128, -128, -129, 4064, 4096, 8128, -8192, 1 << 20] {
            each(Rm::Memory { base, index: None, offset });
            for index in (0..16).filter(|index| *index != 4) {
                each(Rm::Memory { base, index: Some((index, index % 4)), offset });
            }
        }
    }
}

/// An instruction as it is decoded.
fn written(op: VectorOp, length: Length, fields: &Fields) -> Instruction {
    let mut assembler = Assembler::new(0, false);
    assembler.vector(op, length, fields);
    decode(&assembler.finish(&[], CONSTANT))
}

/// Checks that the instruction has the name that the table says.
fn check_name(instruction: &Instruction, op: VectorOp, length: Length, fields: &Fields) {
    let known = if op.fits_vex(length, fields) { op.name } else { op.evex_name };
    let shifts = ["vpsrl", "vpsll", "vpsra"];
    let names = shifts.map(|shift| known.replace("vps..", shift));
    let name = format!("{:?}", instruction.mnemonic()).to_lowercase();
    let name = name.split("::").last().expect("there is one");
    assert!(names.iter().any(|known| *known == name), "{name} instead of {known}");
}

#[test]
fn vector_instructions_are_decoded_as_what_they_are() {
    for op in op::ALL {
        let Operands { form, numbered, lengths, registers, in_register, in_memory, stores } = Operands::of(*op);
        for length in lengths {
            places(if in_register { registers[2] } else { 0 }, in_memory, |rm| {
                let is_memory = !matches!(rm, Rm::Reg(_));
                // With memory not every register, for there are many sorts of that.
                for register in (0..registers[0]).step_by(if is_memory { 7 } else { 1 }) {
                    let other = (register * 7 + 3) % registers[1].max(1);
                    let (field, prefix) = match form {
                        Form::Three => (register, other),
                        Form::Two => (register, 0),
                        Form::Digit => {
                            ([2, 6, 4][usize::from(register) % if op.name == "vps..q" { 2 } else { 3 }], other)
                        }
                    };
                    let blends = op.name.contains("blendv");
                    let number_after = numbered.then_some(if blends { other << 4 } else { 1 });
                    let fields = Fields::new(field, prefix, rm, number_after);
                    let instruction = written(*op, *length, &fields);
                    check_name(&instruction, *op, *length, &fields);
                    let last = match (form, stores) {
                        (_, true) => 0,
                        (Form::Three, _) => 2,
                        _ => 1,
                    };
                    check_rm(&instruction, last, rm);
                    if form != Form::Digit {
                        assert_eq!(number(instruction.op_register(u32::from(stores))), register);
                    }
                    if form != Form::Two {
                        let operand = u32::from(form == Form::Three);
                        assert_eq!(number(instruction.op_register(operand)), other);
                    }
                    if blends {
                        assert_eq!(number(instruction.op_register(3)), other);
                    }
                    assert_eq!(instruction.op_mask(), Register::None);
                    let widest = (0..instruction.op_count()).map(|operand| instruction.op_register(operand));
                    let widest = widest.map(|register| register.size()).max().expect("there are operands");
                    let is_vector = op.name.starts_with('v') && op.prefix != 3 && !op.name.contains("broadcast");
                    assert!(!is_vector || is_memory || widest == length.bytes(), "{} on {widest} bytes", op.name);
                }
            });
        }
    }
}

#[test]
fn masks_choose_lanes() {
    let ops = op::ALL.iter().filter(|op| op.name.starts_with("vpblendm") || op.name.starts_with("vmovdqu"));
    for (op, mask) in ops.flat_map(|op| (1..MASKS).map(move |mask| (op, mask))) {
        let Operands { form, .. } = Operands::of(*op);
        for zeroing in [false, true] {
            let vvvv = if form == Form::Three { 17 } else { 0 };
            let fields = Fields { mask, zeroing, ..Fields::new(3, vvvv, Rm::Reg(30), None) };
            let instruction = written(*op, Length::Bits512, &fields);
            check_name(&instruction, *op, Length::Bits512, &fields);
            assert_eq!(number(instruction.op_mask()), mask);
            assert_eq!(instruction.zeroing_masking(), zeroing);
            assert_eq!(number(instruction.op_register(0)), 3);
            check_rm(&instruction, if form == Form::Three { 2 } else { 1 }, Rm::Reg(30));
        }
    }
}

#[test]
fn instructions_on_general_registers_are_decoded_as_what_they_are() {
    for (name, opcode) in [("mov", &[0x8B][..]), ("add", &[0x03]), ("imul", &[0x0F, 0xAF]), ("bsf", &[0x0F, 0xBC])] {
        places(16, true, |rm| {
            for register in 0..16 {
                let mut assembler = Assembler::new(0, false);
                assembler.rex(opcode, register, rm, 0);
                let instruction = decode(&assembler.finish(&[], CONSTANT));
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
    assembler.vector(op::SHUFPS, Length::Bits256, &Fields::new(1, 2, Rm::Constant(1), Some(7)));
    assembler.jump(Some(5), Label(1));
    assembler.jump(None, Label(0));
    assembler.bind(Label(1));
    assembler.bytes(&[0xC3]);
    let code = assembler.finish(&[[1; CONSTANT], [2; CONSTANT]], 32);
    let mut decoder = Decoder::with_ip(64, &code, 0x1000, DecoderOptions::NONE);
    let [load, branch, jump, end] = std::array::from_fn(|_| decoder.decode());
    let at = load.ip_rel_memory_address() as usize - 0x1000;
    assert_eq!(code[at..at + 32], [2; 32]);
    assert_eq!(at % 32, 0);
    assert_eq!(branch.near_branch_target(), end.ip());
    assert_eq!(jump.near_branch_target(), 0x1000);
}
