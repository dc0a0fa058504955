//! Instructions in words, in Intel's order of operands.

use super::encode::{Length, Rm};

const INTEGERS: [&str; 16] =
    ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

/// A general register.
pub fn integer(register: u8) -> &'static str {
    INTEGERS[usize::from(register)]
}

/// A vector register.
pub fn vector(register: u8, length: Length) -> String {
    let letter = match length {
        Length::Bits128 => 'x',
        Length::Bits256 => 'y',
        Length::Bits512 => 'z',
    };
    format!("{letter}mm{register}")
}

/// A mask register.
pub fn mask(register: u8) -> String {
    format!("k{register}")
}

/// A register or memory; a register as `register` says.
pub fn operand(rm: Rm, register: impl Fn(u8) -> String) -> String {
    match rm {
        Rm::Reg(number) => register(number),
        Rm::Constant(number) => format!("[constant {number}]"),
        Rm::Memory { base, index, offset } => {
            let index = index.map_or(String::new(), |(index, shift)| format!("+{}*{}", integer(index), 1 << shift));
            let offset = if offset == 0 { String::new() } else { format!("{offset:+}") };
            format!("[{}{index}{offset}]", integer(base))
        }
    }
}

/// A general register or memory.
pub fn rm(rm: Rm) -> String {
    operand(rm, |register| integer(register).to_string())
}

/// A vector register or memory.
pub fn vector_rm(rm: Rm, length: Length) -> String {
    operand(rm, |register| vector(register, length))
}

/// A shift of lanes, whose name has two letters more than the table says.
pub fn shift(name: &str, length: Length, digit: u8, to: u8, x: u8, bits: u8) -> String {
    let kind = match digit {
        2 => "rl",
        4 => "ra",
        _ => "ll",
    };
    format!("{} {}, {}, {bits}", name.replace("..", kind), vector(to, length), vector(x, length))
}

/// A shift of a general register.
pub fn shift_name(digit: u8) -> &'static str {
    match digit {
        4 => "shl",
        5 => "shr",
        _ => "sar",
    }
}
