//! `hoodoo run --stream`, and videos through pipes: the same as in memory, whatever the slabs are.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use ndarray::{Array2, Array3, Axis};
use ndarray_npy::write_npy;
use tempfile::TempDir;

fn hoodoo(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::cargo_bin("hoodoo").unwrap();
    command.current_dir(dir).arg("run").args(words);
    command
}

fn ok(dir: &Path, words: &[&str]) {
    let output = hoodoo(dir, words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn fails(dir: &Path, words: &[&str], message: &str) {
    let output = hoodoo(dir, words).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).to_string();
    assert!(!output.status.success() && stderr.contains(message), "{words:?}: no `{message}` in {stderr}");
    let left: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name != "x.npy" && !name.to_string_lossy().contains(".tmp")), "{left:?}");
}

/// Rows so long that a slab has a few of them only.
#[test]
fn arrays_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let mut random = fastrand::Rng::with_seed(1);
    let long = Array2::from_shape_simple_fn((23, 1 << 20), || random.u8(..));
    write_npy(dir.join("long.npy"), &long).unwrap();
    let small = Array3::from_shape_simple_fn((5, 7, 6), || random.f32());
    write_npy(dir.join("small.npy"), &small).unwrap();
    let mut cases: Vec<(&str, Vec<&str>)> = Vec::new();
    for mode in ["reflect", "mirror", "nearest", "constant", "shrink", "valid"] {
        cases.push(("long.npy", vec!["max(w) - min(w)", "--size", "5,3", "--mode", mode, "--cval", "7"]));
        cases.push(("small.npy", vec!["median(w)", "--size", "9,3,3", "--origin", "2,0,0", "--mode", mode]));
    }
    cases.push(("long.npy", vec!["w[-2, 0] / 2 + w[1, 5]", "--dtype", "f32"]));
    cases.push(("small.npy", vec!["max(w)", "--size", "3", "--axes", "1,2"]));
    cases.push(("small.npy", vec!["max(w)", "--size", "3,1,3", "--mode", "valid,nearest,wrap"]));
    for (file, words) in cases {
        let all = |out: &'static str| [&words[..1], &[file], &words[1..], &["-o", out]].concat();
        ok(dir, &all("memory.npy"));
        ok(dir, &[all("stream.npy"), vec!["--stream"]].concat());
        let (memory, stream) = (fs::read(dir.join("memory.npy")).unwrap(), fs::read(dir.join("stream.npy")).unwrap());
        // Rows that no window fits in are no rows.
        let data = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\n').map(|end| bytes[end + 1..].to_vec());
        assert!(data(&memory) == data(&stream), "{file} {words:?}");
    }
}

#[test]
fn what_can_not_be_streamed() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    write_npy(dir.join("a.npy"), &Array2::<u8>::zeros((5, 4))).unwrap();
    for (words, message) in [
        (vec!["max(w)", "--size", "3", "--mode", "wrap"], "mode wrap needs the last rows"),
        (vec!["max(w)", "--size", "3", "--mode", "constant", "--cval", "-1"], "can't have --cval -1"),
        (vec!["coord(0)"], "coord, extent or inside"),
        (vec!["w[0, 0]", "--repeat", "2"], "need all rows at once"),
        (vec!["assert w[1, 0] > 9; w[0, 0]"], "[0, 0]"),
    ] {
        fails(dir, &[&words[..1], &["a.npy", "-o", "x.npy", "--stream"], &words[1..]].concat(), message);
    }
    write_npy(dir.join("line.npy"), &ndarray::Array1::<u8>::zeros(5)).unwrap();
    fails(dir, &["w[0]", "line.npy", "-o", "x.npy", "--stream"], "no two axes");
    let whole = fs::read(dir.join("a.npy")).unwrap();
    fs::write(dir.join("short.npy"), &whole[..whole.len() - 3]).unwrap();
    fails(dir, &["w[0, 0]", "short.npy", "-o", "x.npy", "--stream"], "truncated");
}

/// A video whose planes are numbers that are known, through a pipe.
#[test]
fn a_temporal_median_of_a_video() {
    let dir = TempDir::new().unwrap();
    let mut random = fastrand::Rng::with_seed(2);
    let (frames, height, width) = (11, 6, 8);
    let planes = [(height, width), (height / 2, width / 2), (height / 2, width / 2)]
        .map(|(height, width)| Array3::from_shape_simple_fn((frames, height, width), || random.u8(..)));
    let stream = |planes: &[Array3<u8>]| {
        let mut bytes = b"YUV4MPEG2 W8 H6 F25:1 Ip A1:1 C420jpeg XKEPT=1\n".to_vec();
        for frame in 0..frames {
            bytes.extend(b"FRAME\n");
            planes.iter().for_each(|plane| bytes.extend(plane.index_axis(Axis(0), frame).iter()));
        }
        bytes
    };
    let median = |plane: &Array3<u8>| {
        Array3::from_shape_fn(plane.raw_dim(), |(frame, y, x)| {
            let mut seen = [frame.saturating_sub(1), frame, (frame + 1).min(frames - 1)].map(|at| plane[[at, y, x]]);
            seen.sort_unstable();
            seen[1]
        })
    };
    let words = ["median(w)", "-", "-o", "-", "--size", "3,1,1"];
    let output = hoodoo(dir.path(), &words).write_stdin(stream(&planes)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout == stream(&planes.each_ref().map(median)));
    // As files; and what is cut off is no video.
    let bytes = stream(&planes);
    fs::write(dir.path().join("in.y4m"), &bytes).unwrap();
    ok(dir.path(), &["median(w)", "in.y4m", "-o", "out.y4m", "--size", "3,1,1"]);
    assert!(fs::read(dir.path().join("out.y4m")).unwrap() == output.stdout);
    fs::write(dir.path().join("cut.y4m"), &bytes[..bytes.len() - 5]).unwrap();
    fails(dir.path(), &["median(w)", "cut.y4m", "-o", "x.y4m", "--size", "3,1,1"], "truncated in a picture");
    assert!(!dir.path().join("x.y4m").exists());
}
