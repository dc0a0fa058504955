//! Instructions in words, in Intel's order of operands.

use super::encode::Rm;

const INTEGERS: [&str; 16] =
    ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

/// A general register.
pub fn integer(register: u8) -> &'static str {
    INTEGERS[usize::from(register)]
}

fn vector_register(register: u8, wide: bool) -> String {
    format!("{}mm{register}", if wide { 'y' } else { 'x' })
}

/// A register or memory; of registers, a general one, or what `vector` says.
fn operand(rm: Rm, register: impl Fn(u8) -> String) -> String {
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

/// A vector instruction.
pub fn vector(name: &str, wide: bool, to: u8, x: Option<u8>, last: Rm, immediate: Option<u8>) -> String {
    let register = |register: u8| vector_register(register, wide);
    let x = x.map_or(String::new(), |x| format!(", {}", register(x)));
    let immediate = immediate.map_or(String::new(), |code| format!(", {code}"));
    format!("{name} {}{x}, {}{immediate}", register(to), operand(last, register))
}

/// A store.
pub fn store(name: &str, wide: bool, from: u8, to: Rm, immediate: Option<u8>) -> String {
    let immediate = immediate.map_or(String::new(), |code| format!(", {code}"));
    format!("{name} {}, {}{immediate}", rm(to), vector_register(from, wide))
}

/// A shift of lanes, whose name has two letters more than the table says.
pub fn shift(name: &str, digit: u8, to: u8, x: u8, bits: u8) -> String {
    let kind = match digit {
        2 => "rl",
        4 => "ra",
        _ => "ll",
    };
    format!("{} {}, {}, {bits}", name.replace("..", kind), vector_register(to, true), vector_register(x, true))
}

/// A shift of a general register.
pub fn shift_name(digit: u8) -> &'static str {
    match digit {
        4 => "shl",
        5 => "shr",
        _ => "sar",
    }
}
