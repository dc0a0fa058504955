fn main() {
    hoodoo_macros::kernel!("if w[0, 0] then 1 else 0");
}
