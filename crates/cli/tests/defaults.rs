//! What a kernel's file asks for, what the command line says instead, and values as the levels of a picture.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use ndarray::{Array2, ArrayD, array};
use ndarray_npy::{ReadableElement, WriteNpyExt, read_npy};
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    /// A directory with `in.npy`, in which a gradient has a peak.
    fn new() -> Place {
        let place = Place(TempDir::new().unwrap());
        let mut image = Array2::from_shape_fn((9, 11), |(y, x)| (y * 11 + x) as f32 / 4.0);
        image[[4, 5]] = 100.0;
        image.write_npy(fs::File::create(place.path("in.npy")).unwrap()).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn kernel(&self, text: &str) {
        fs::write(self.path("k.hood"), text).unwrap();
    }

    fn command(&self, words: &[&str]) -> std::process::Output {
        Command::cargo_bin("hoodoo").unwrap().current_dir(self.0.path()).args(words).output().unwrap()
    }

    /// What it prints.
    fn ok(&self, words: &[&str]) -> (String, String) {
        let output = self.command(words);
        let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(output.status.success(), "{words:?}: {error}");
        (out, error)
    }

    fn fails(&self, status: i32, words: &[&str], messages: &[&str]) {
        let output = self.command(words);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{words:?}: {error}");
        messages.iter().for_each(|message| assert!(error.contains(message), "{words:?}: {error}"));
    }

    /// The result of the file's kernel with these options.
    fn by_file<T: ReadableElement>(&self, options: &[&str]) -> ArrayD<T> {
        self.run("k.hood", options)
    }

    fn run<T: ReadableElement>(&self, kernel: &str, options: &[&str]) -> ArrayD<T> {
        self.ok(&[&["run", kernel, "in.npy", "-o", "out.npy", "-q"], options].concat());
        read_npy(self.path("out.npy")).unwrap()
    }
}

#[test]
fn a_file_says_its_options_and_the_command_line_others() {
    let place = Place::new();
    place.kernel("# A mean.\n#\n# options: --size 3 --mode nearest --dtype f64\n\nmean(w)\n");
    let plain = |options: &[&str]| place.run::<f64>("mean(w)", options);
    assert_eq!(place.by_file::<f64>(&[]), plain(&["--size", "3", "--mode", "nearest", "--dtype", "f64"]));
    assert_eq!(
        place.by_file::<f64>(&["--size", "5,3"]),
        plain(&["--size", "5,3", "--mode", "nearest", "--dtype", "f64"])
    );
    assert_eq!(
        place.by_file::<f64>(&["--footprint", "disk:2", "--mode", "wrap"]),
        plain(&["--footprint", "disk:2", "--mode", "wrap", "--dtype", "f64"])
    );
    assert_eq!(
        place.by_file::<f32>(&["--dtype", "f32"]),
        place.run::<f32>("mean(w)", &["--size", "3", "--mode", "nearest"])
    );
    // Who says the window says where it is, too.
    place.kernel("# options: --size 3 --origin 1 --cval 7 --mode constant --axes 1\nmin(w)");
    let constant = ["--cval", "7", "--mode", "constant", "--axes", "1"];
    let own = [&["--size", "3", "--origin", "1"], &constant[..]].concat();
    assert_eq!(place.by_file::<f32>(&[]), place.run::<f32>("min(w)", &own));
    let other = [&["--size", "3"], &constant[..]].concat();
    assert_eq!(place.by_file::<f32>(&["--size", "3"]), place.run::<f32>("min(w)", &other));
    // A value that is the default is said as well as any other.
    let zero = ["--size", "3", "--origin", "1", "--mode", "constant", "--axes", "1"];
    assert_eq!(place.by_file::<f32>(&["--cval", "0"]), place.run::<f32>("min(w)", &zero));
    // The text itself, and what comes after its first comments.
    let text = fs::read_to_string(place.path("k.hood")).unwrap();
    assert_eq!(place.run::<f32>(&text, &[]), place.by_file::<f32>(&[]));
    assert_eq!(place.run::<f32>("w[0, 0]\n# options: --dtype u8", &[]), place.run::<f32>("w[0, 0]", &[]));
    // Each of many files.
    place.ok(&["run", "k.hood", "in.npy", "--out-dir", "all", "-q"]);
    assert_eq!(read_npy::<_, ArrayD<f32>>(place.path("all/in.npy")).unwrap(), place.by_file::<f32>(&[]));
}

#[test]
fn plans_are_those_of_the_run() {
    let place = Place::new();
    place.kernel("# options: --size 7 --mode shrink\nmax(w)");
    let plan = |words: &[&str]| place.ok(&[&["emit", "plan"], words].concat()).0;
    assert_eq!(plan(&["k.hood"]), plan(&["max(w)", "--size", "7", "--mode", "shrink"]));
    assert_eq!(plan(&["k.hood", "--size", "3"]), plan(&["max(w)", "--size", "3", "--mode", "shrink"]));
    assert_eq!(plan(&["k.hood", "--mode", "wrap"]), plan(&["max(w)", "--size", "7", "--mode", "wrap"]));
}

#[test]
fn wrong_options_of_a_file_are_named() {
    let place = Place::new();
    for (options, message) in [
        ("--size", "--size"),
        ("--size 0", "at least 1"),
        ("--sizes 3", "--sizes"),
        ("--size 3 extra.npy more.npy", "kernel"),
        ("--size 3 --footprint disk:1", "cannot be used with"),
        ("--threads 4", "`--threads` is for the command line only"),
        ("--out-dir /tmp", "cannot be used with"),
        ("--weights k=k.npy", "`--weights` is for the command line only"),
        ("--footprint cells.npy", "a footprint from a file"),
        ("--output x.npy", "out"),
        ("--help", "--help"),
    ] {
        place.kernel(&format!("# options: {options}\nmin(w)"));
        let output = place.command(&["run", "k.hood", "in.npy", "-o", "out.npy", "--size", "3", "-q"]);
        let error = String::from_utf8(output.stderr).unwrap();
        if options == "--output x.npy" || options.starts_with("--size 3 extra") {
            // Nothing but the output that was asked for is written.
            assert!(!place.path("x.npy").exists(), "{error}");
            continue;
        }
        assert_eq!(output.status.code(), Some(1), "{options}: {error}");
        assert!(error.contains("k.hood: the options in its first comments: ") && error.contains(message), "{error}");
    }
    // Prose that begins with that word is none.
    place.kernel("# options: there are none.\nw[0, 0]");
    place.by_file::<f32>(&[]);
}

#[test]
fn values_that_a_picture_cannot_hold_are_shown() {
    let place = Place::new();
    let levels = |name: &str| image::open(place.path(name)).unwrap().into_luma8();
    array![[-1.0f32, 0.0, 1.0, 2.0, 4.0, 5.0, f32::NAN, f32::INFINITY]]
        .write_npy(fs::File::create(place.path("in.npy")).unwrap())
        .unwrap();
    place.fails(
        1,
        &["run", "w[0, 0]", "in.npy", "-o", "out.png", "-q"],
        &["can't hold f32", "--shown auto", "--dtype u8"],
    );
    let (_, told) = place.ok(&["run", "w[0, 0]", "in.npy", "-o", "out.png", "-q", "--shown", "0,4"]);
    assert!(told.contains("out.png: not kept: exact values: 0 to 4 are shown as 0 to 255"), "{told}");
    assert_eq!(levels("out.png").into_raw(), [0, 0, 64, 128, 255, 255, 0, 255]);
    place.ok(&["run", "w[0, 0]", "in.npy", "-o", "out.png", "-q", "--shown", "auto"]);
    assert_eq!(levels("out.png").into_raw(), [0, 42, 85, 128, 212, 255, 0, 255]);
    place.ok(&["run", "w[0, 0]", "in.npy", "-o", "out.png", "-q", "--shown", "4,0"]);
    assert_eq!(levels("out.png").into_raw(), [255, 255, 191, 128, 0, 0, 0, 0]);
    // What can be held is as it is.
    place.ok(&["run", "w[0, 0]", "in.npy", "-o", "out.png", "-q", "--shown", "0,4", "--dtype", "u8"]);
    assert_eq!(levels("out.png").into_raw(), [0, 0, 1, 2, 4, 5, 0, 255]);
    let same: ArrayD<f32> = place.run("w[0, 0]", &["--shown", "0,4"]);
    assert_eq!(same[[0, 4]], 4.0);
    place.fails(
        1,
        &["run", "w[0, 0]", "in.npy", "-o", "s.png", "-q", "--shown", "0,4", "--strict"],
        &["--strict", "exact values"],
    );
    place.fails(2, &["run", "w[0, 0]", "in.npy", "-o", "s.png", "-q", "--shown", "4"], &["--shown", "two numbers"]);
    let (report, _) = place.ok(&["run", "w[0, 0]", "in.npy", "-o", "out.png", "--json", "--shown", "auto"]);
    assert!(report.contains("the least to the greatest are shown as 0 to 255"), "{report}");
}

/// The opacity of a picture stays what it is, and is no part of the range.
#[test]
fn opacity_is_not_shown() {
    let place = Place::new();
    let picture = image::GrayAlphaImage::from_fn(3, 1, |x, _| image::LumaA([10 * x as u8, 100 * x as u8]));
    picture.save(place.path("in.png")).unwrap();
    place.ok(&["run", "w[0, 0] / 10", "in.png", "-o", "out.png", "-q", "--dtype", "f32", "--shown", "0,2"]);
    let shown = image::open(place.path("out.png")).unwrap();
    assert_eq!(shown.as_luma_alpha8().unwrap().as_raw(), &[0, 0, 128, 100, 255, 200]);
}

#[test]
fn doubtful_kernels_are_run_with_a_warning() {
    let place = Place::new();
    let (_, told) = place.ok(&["run", "if w[0, 0] == nan then 0 else 1", "in.npy", "-o", "out.npy", "-q"]);
    assert!(told.starts_with("warning[H040]") && told.contains("`isnan(x)`"), "{told}");
    let (said, told) = place.ok(&["check", "w[0, 0] == nan"]);
    assert!(said.starts_with("ok: ") && told.starts_with("warning[H040]"), "{said}{told}");
    let (report, told) = place.ok(&["check", "--json", "w[0, 0] * 1,5"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["ok"], told.as_str()), (&true.into(), ""));
    assert_eq!(
        (&report["diagnostics"][0]["severity"], &report["diagnostics"][0]["code"]),
        (&"warning".into(), &"H041".into())
    );
}
