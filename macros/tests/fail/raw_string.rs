fn main() {
    hoodoo_macros::kernel!(r#"median(w) "quoted""#);
}
