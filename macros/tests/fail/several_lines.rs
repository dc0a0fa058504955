//! The mistake is in the second line of the literal, behind an escape in the first.
fn main() {
    hoodoo_macros::kernel!("param t = 1;\t# a threshold
        if w[0, 0] ^ 2 > t then 1 else 0");
}
