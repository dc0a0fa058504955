//! What the system does not give: threads, memory. A run takes what there is, or says what there is not; it never panics, never ends by
//! a signal, and never leaves a part of a file.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ndarray::Array2;
use ndarray_npy::write_npy;
use tempfile::TempDir;

/// No address space has room for the stack of a thread, if it is to have so many bytes.
const ENDLESS_STACK: &str = "1125899906842624";

fn hoodoo(dir: &Path, words: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("hoodoo"));
    command.current_dir(dir).args(words.split(' '));
    command
}

/// A directory with a picture that has work for several threads.
fn place(height: usize, width: usize) -> TempDir {
    let dir = TempDir::new().unwrap();
    let mut random = fastrand::Rng::with_seed(5);
    let image = Array2::from_shape_simple_fn((height, width), || random.u8(..));
    write_npy(dir.path().join("in.npy"), &image).unwrap();
    dir
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Where no thread can be started, all is done by the one that there is.
#[test]
fn without_threads() {
    let dir = place(700, 900);
    let dir = dir.path();
    for (words, output) in [
        ("run median(w) in.npy -o out.npy --size 5 --threads 8", "out.npy"),
        ("run std(w) in.npy -o out.npy --size 15 --threads 8 --json", "out.npy"),
        ("run max(w) in.npy -o out.png --size 3", "out.png"),
        ("run max(w) in.npy -o out.tif --size 3", "out.tif"),
        ("run max(w) out.tif -o again.tif --size 3", "again.tif"),
        ("run max(w) in.npy -o out.exr --size 3 --dtype f32", "out.exr"),
        ("run max(w) in.npy -o out.jpg --size 3", "out.jpg"),
        ("run median(w) in.npy -o out.npy --size 5 --engine interpreter --threads 4", "out.npy"),
    ] {
        let all = hoodoo(dir, words).output().unwrap();
        assert!(all.status.success(), "{words}: {}", said(&all));
        let expected = fs::read(dir.join(output)).unwrap();
        fs::remove_file(dir.join(output)).unwrap();
        let one = hoodoo(dir, words).env("RUST_MIN_STACK", ENDLESS_STACK).output().unwrap();
        assert!(one.status.success(), "{words}: {}", said(&one));
        assert_eq!(said(&one), said(&all), "{words}");
        assert!(fs::read(dir.join(output)).unwrap() == expected, "{words}: other bytes without threads");
    }
}

/// Rows that come are read, filtered and written at once, which one thread can't do.
#[test]
fn rows_that_come_need_threads() {
    let dir = place(60, 70);
    let words = "run max(w) in.npy -o out.npy --size 3 --stream";
    let output = hoodoo(dir.path(), words).env("RUST_MIN_STACK", ENDLESS_STACK).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("the system gives none") && !said(&output).contains("panicked"),
        "{}",
        said(&output)
    );
    assert!(!dir.path().join("out.npy").exists());
}

/// The same run with more and more address space: it fails in many ways before it succeeds.
#[test]
fn with_little_memory() {
    let dir = place(300, 400);
    let dir = dir.path();
    let limited = |words: &str, kilobytes: u64| {
        let script = format!("ulimit -v {kilobytes}; exec \"$0\" {words}");
        let binary = assert_cmd::cargo::cargo_bin("hoodoo");
        Command::new("sh").current_dir(dir).args(["-c", &script]).arg(binary).output().unwrap()
    };
    let mut least = 1 << 13;
    while !limited("--version", least).status.success() {
        least += least / 16;
    }
    for (words, output) in [
        ("run 'median(w)' in.npy -o out.npy --size 7 --threads 2", "out.npy"),
        ("run 'std(w)' in.npy -o out.tif --size 31 --dtype f64 --threads 1", "out.tif"),
        ("run 'max(w)' in.npy -o out.png --size 3 --stream", "out.png"),
        ("run 'variety(w)' in.npy -o out.npy --size 21 --threads 2 --json", "out.npy"),
    ] {
        let path = dir.join(output);
        assert!(limited(words, 1 << 22).status.success(), "{words}");
        let expected = fs::read(&path).unwrap();
        let (mut kilobytes, mut succeeded, mut failed) = (least, 0, 0);
        while succeeded < 3 {
            fs::remove_file(&path).unwrap_or(());
            let run = limited(words, kilobytes);
            let text = said(&run);
            match run.status.code() {
                Some(0) => {
                    succeeded += 1;
                    assert!(fs::read(&path).unwrap() == expected, "{words}: {kilobytes} KiB");
                }
                Some(1) => {
                    failed += 1;
                    assert!(text.contains("emory") || text.contains("gives none"), "{words}: {kilobytes} KiB: {text}");
                    assert!(!path.exists(), "{words}: {kilobytes} KiB");
                }
                _ => panic!("{words}: {kilobytes} KiB: {:?}: {text}", run.status),
            }
            assert!(!text.contains("panicked"), "{words}: {kilobytes} KiB: {text}");
            kilobytes += kilobytes / 12;
        }
        assert!(failed > 0, "{words}: no limit was too small");
    }
}
