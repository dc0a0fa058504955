//! What the macros make of kernels, right and wrong.
//!
//! After a change to the messages: `TRYBUILD=overwrite cargo test -p hoodoo-macros && git diff macros`.

use hoodoo::{Filter, Kernel};
use hoodoo_macros::{kernel, kernel_file};
use ndarray::array;

/// The same place in the program is the same kernel.
fn gradient() -> &'static Kernel {
    kernel!("max(w) - min(w)")
}

macro_rules! threshold {
    ($source:literal) => {
        kernel!($source)
    };
}

#[test]
fn kernels_run() {
    let image = array![1u8, 2, 4, 8];
    let run = |kernel: &Kernel| Filter::new(kernel).size(3).run(&image).expect("a result");
    assert_eq!(run(gradient()), array![1, 3, 6, 4]);
    assert_eq!(run(kernel_file!("tests/kernels/edges.hood")), array![1, 3, 6, 4]);
    assert_eq!(run(threshold!("if w[0] > 2 then 1 else 0")), array![0, 0, 1, 1]);
}

#[test]
fn every_form_of_literal_has_its_value() {
    assert_eq!(kernel!("min(w)\t# \u{e9} \"quoted\"\n").source(), "min(w)\t# é \"quoted\"\n");
    assert_eq!(kernel!(r#"min(w) # \n "quoted""#).source(), r#"min(w) # \n "quoted""#);
    assert_eq!(
        kernel!(
            "let m = mean(w); \
             m",
        )
        .source(),
        "let m = mean(w); m"
    );
    let lines = kernel!(
        "let m = mean(w); # of all
         m"
    );
    assert_eq!(lines.outputs().collect::<Vec<_>>(), ["0"]);
    assert_eq!(kernel_file!("tests/kernels/edges.hood").source(), include_str!("kernels/edges.hood"));
    // A byte order mark in front is not part of the text.
    assert_eq!(kernel_file!("tests/kernels/mark.hood").source(), "min(w)\n");
}

#[test]
fn a_kernel_is_made_once() {
    let [first, second] = [(), ()].map(|()| gradient());
    assert!(std::ptr::eq(first, second));
}

#[test]
fn mistakes_are_errors_of_the_program() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/fail/*.rs");
}
