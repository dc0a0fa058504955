//! The programs in `examples` do what they say: they check it themselves.

#[path = "../examples/adaptive_threshold.rs"]
mod adaptive_threshold;
#[path = "../examples/bilateral.rs"]
mod bilateral;
#[path = "../examples/erosion.rs"]
mod erosion;
#[path = "../examples/focal_statistic.rs"]
mod focal_statistic;
#[path = "../examples/foreign_callback.rs"]
mod foreign_callback;
#[allow(dead_code, reason = "standard input is not served here")]
#[path = "../examples/untrusted.rs"]
mod untrusted;

use hoodoo::Error;

#[test]
fn erosion() -> Result<(), Error> {
    erosion::main()
}

#[test]
fn adaptive_threshold() -> Result<(), Error> {
    adaptive_threshold::main()
}

#[test]
fn focal_statistic() -> Result<(), Error> {
    focal_statistic::main()
}

#[test]
fn bilateral() -> Result<(), Error> {
    bilateral::main()
}

#[test]
fn foreign_callback() -> Result<(), Error> {
    foreign_callback::main()
}

/// What the server says to one request.
fn answer(request: &[u8]) -> String {
    let mut answers = Vec::new();
    untrusted::serve(request, &mut answers).expect("memory can be written to");
    String::from_utf8(answers).expect("text")
}

#[test]
fn strangers_get_an_answer_and_nothing_else() {
    assert_eq!(answer(b"1"), "the sum of the filtered image is 65536\n");
    assert_eq!(answer(b"1\n2"), "the sum of the filtered image is 65536\nthe sum of the filtered image is 131072\n");
    let long = [b" ".repeat(100_000), b"\n1\n".to_vec()].concat();
    assert!(answer(&long).ends_with("limit `source_bytes` is 1000\nthe sum of the filtered image is 65536\n"));
    assert!(answer(b"\xff\n").starts_with("not UTF-8"));
    assert!(answer(b"min(w").contains("upload:1:6"));
    assert!(answer(b"1 / 0").contains("inf"));

    let nested = "abs(".repeat(30) + "1" + &")".repeat(30);
    assert!(answer(nested.as_bytes()).contains("`nesting` is 20"));
    if cfg!(feature = "jit") {
        let powers: Vec<String> = (0..45).map(|i| format!("f(w[0,0]+{i})")).collect();
        let slow = format!("fn f(x) = x**(x+1) + x**(x+2) + x**(x+3); {}", powers.join("+"));
        assert!(answer(slow.as_bytes()).ends_with("the limit `compile_time` is 200ms\n"));
    }
    // Within all limits, and far too slow for the time that there is.
    let three = "fold a = 0 for v in w: fold b = a for u in w: fold c = b for t in w: c + u * v * t";
    assert_eq!(answer(three.as_bytes()), "cancelled\n");
    let four = format!("fold s = 0 for r in w: s + ({three} * r)");
    assert!(answer(four.as_bytes()).contains("`pixel_operations` is 1000000"));
}
