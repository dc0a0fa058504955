//! However a run ends, nothing partial is left: kills at random moments, signals, limits of the system.

#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ndarray::Array2;
use ndarray_npy::write_npy;
use tempfile::TempDir;

fn hoodoo(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("hoodoo"));
    command.current_dir(dir).arg("run").args(words).stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// The names in a directory, in order.
fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A random array, and what a filter makes of it by way of memory and by rows.
fn prepare(dir: &Path) {
    let mut random = fastrand::Rng::with_seed(3);
    write_npy(dir.join("in.npy"), &Array2::from_shape_simple_fn((1500, 4000), || random.u8(..))).unwrap();
}

/// Fewer in the suite; HOODOO_CASES=10 tries ten times as many.
fn kills() -> usize {
    12 * std::env::var("HOODOO_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1)
}

#[test]
fn killed_at_any_moment() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    prepare(dir);
    let mut random = fastrand::Rng::with_seed(4);
    let two = ["low: min(w), high: max(w)", "in.npy", "--size", "3", "-o", "low.npy", "-o", "high.tif"];
    for (words, outputs) in [
        (vec!["max(w)", "in.npy", "-o", "out.npy", "--size", "3", "--stream"], vec!["out.npy"]),
        (vec!["max(w)", "in.npy", "-o", "out.tif", "--size", "3", "--stream"], vec!["out.tif"]),
        (vec!["max(w)", "in.npy", "-o", "out.png", "--size", "3"], vec!["out.png"]),
        (two.to_vec(), vec!["low.npy", "high.tif"]),
        ([&two[..], &["--stream"]].concat(), vec!["low.npy", "high.tif"]),
    ] {
        let start = Instant::now();
        assert!(hoodoo(dir, &words).output().unwrap().status.success());
        let time = start.elapsed();
        let whole: Vec<Vec<u8>> = outputs.iter().map(|output| fs::read(dir.join(output)).unwrap()).collect();
        // Files that are replaced, and new ones.
        for old in [Some(&b"old"[..]), None] {
            for _ in 0..kills() / 2 {
                for path in outputs.iter().map(|output| dir.join(output)) {
                    match old {
                        Some(old) => fs::write(path, old).unwrap(),
                        None => fs::remove_file(path).unwrap_or(()),
                    }
                }
                let mut child = hoodoo(dir, &words).spawn().unwrap();
                sleep(time.mul_f64(random.f64() * 1.1));
                child.kill().unwrap();
                child.wait().unwrap();
                for (output, whole) in outputs.iter().zip(&whole) {
                    let now = fs::read(dir.join(output)).ok();
                    assert!(now.as_deref() == old || now.as_ref() == Some(whole), "{output} is neither old nor new");
                }
                let left: Vec<_> = names(dir).into_iter().filter(|name| name.contains(".tmp")).collect();
                // The one moment in which files have other names is that in which they take the places of old ones: each of its own, and each old
                // one but the last.
                assert!(left.is_empty() || old.is_some() && left.len() < 2 * outputs.len(), "{left:?}");
                left.iter().for_each(|name| fs::remove_file(dir.join(name)).unwrap());
            }
        }
        outputs.iter().for_each(|output| fs::remove_file(dir.join(output)).unwrap_or(()));
    }
}

/// Waits for the end, which must come soon.
fn ended(mut child: Child, within: Duration) -> Output {
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < within, "does not end");
        sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// Signals that come while nothing does through a pipe, or while a kernel is slow.
#[test]
fn signals_are_heard_at_once() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    prepare(dir);
    let before = names(dir);
    let mut slow =
        vec!["mean(w where w > mean(w))", "in.npy", "-o", "out.png", "--size", "41", "--engine", "interpreter"];
    slow.push("--json");
    for signal in ["INT", "QUIT", "TERM", "HUP"] {
        let child = hoodoo(dir, &slow).spawn().unwrap();
        sleep(Duration::from_millis(700));
        send(&child, signal);
        let output = ended(child, Duration::from_secs(5));
        assert_eq!(output.status.code(), Some(130), "{signal}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(report["failures"][0]["error"].as_str().unwrap().contains("cancelled"), "{report}");
        assert_eq!(names(dir), before, "{signal}");

        let words = ["w[0, 0]", "-", "-o", "out.raw", "--raw", "u8:*,100", "--stream"];
        let mut child = hoodoo(dir, &words).stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(&[1; 12_345]).unwrap();
        sleep(Duration::from_millis(500));
        send(&child, signal);
        let output = ended(child, Duration::from_secs(5));
        drop(pipe);
        assert_eq!(output.status.code(), Some(130), "{signal}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("error: cancelled"));
        assert_eq!(names(dir), before, "{signal}");
    }
}

/// A disk that is full is an error, as is a file that is larger than files may be.
#[test]
fn no_room_for_the_output() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    prepare(dir);
    let before = names(dir);
    let program = assert_cmd::cargo::cargo_bin("hoodoo");
    for output in
        ["out.npy --stream", "out.npy", "out.tif --stream", "out.png", "out.png --stream", "out.npz", "out.fits.gz"]
    {
        let run = format!("ulimit -f 100; exec \"$0\" run 'max(w)' in.npy --size 3 -o {output}");
        let ran = Command::new("sh").current_dir(dir).args(["-c", &run]).arg(&program).output().unwrap();
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(1), "{output}: {stderr}");
        assert!(stderr.contains("too large"), "{output}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{output}: {stderr}");
        assert_eq!(names(dir), before, "{output}");
    }
    if Path::new("/dev/full").exists() {
        let words = ["max(w)", "in.npy", "-o", "/dev/full", "--size", "3"];
        for more in [&[][..], &["--stream"]] {
            fs::remove_file(dir.join("full.npy")).unwrap_or(());
            std::os::unix::fs::symlink("/dev/full", dir.join("full.npy")).unwrap();
            let words = [&words[..3], &["full.npy"], &words[4..], more].concat();
            let ran = hoodoo(dir, &words).output().unwrap();
            assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
        }
    }
}
