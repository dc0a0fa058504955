macro_rules! kernel_of {
    ($source:literal) => {
        hoodoo_macros::kernel!($source)
    };
}

fn main() {
    kernel_of!("abs(");
}
