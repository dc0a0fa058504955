//! The name is misspelt, and the message says what was meant.
fn main() {
    hoodoo_macros::kernel!("max(w) - mim(w)");
}
