const SOURCE: &str = "min(w)";

fn main() {
    hoodoo_macros::kernel!(SOURCE);
    hoodoo_macros::kernel!(concat!("min", "(w)"));
    hoodoo_macros::kernel!(b"min(w)");
    hoodoo_macros::kernel!(1);
    hoodoo_macros::kernel!();
    hoodoo_macros::kernel!("min(w)", "max(w)");
    hoodoo_macros::kernel_file!(SOURCE);
}
