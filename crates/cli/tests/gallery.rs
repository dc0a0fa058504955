//! `hoodoo gallery`: every kernel runs as `hoodoo run` would run it, pictures are drawn, and the sheet of the
//! documentation is the one that is drawn now.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use image::{GenericImageView, GrayImage, RgbImage};
use tempfile::TempDir;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// A directory in which commands are run.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::cargo_bin("hoodoo").unwrap();
        command.current_dir(self.0.path()).args(words);
        command
    }

    /// What the command prints.
    fn ok(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that fails with this status and message, and leaves no file.
    fn fails(&self, status: i32, words: &[&str], message: &str) {
        let before = fs::read_dir(self.0.path()).unwrap().count();
        let output = self.command(words).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {stderr}");
        assert!(stderr.starts_with("error") && stderr.contains(message), "{words:?}: {stderr}");
        assert_eq!(fs::read_dir(self.0.path()).unwrap().count(), before, "{words:?}");
    }

    fn names(&self) -> Vec<String> {
        let list = self.ok(&["gallery"]);
        let kernels = list.lines().filter_map(|line| line.strip_prefix("  "));
        kernels.map(|line| line.split(' ').next().unwrap().to_string()).collect()
    }
}

/// The words of the line `# key: ` of a kernel.
fn setting<'t>(source: &'t str, key: &str) -> Vec<&'t str> {
    let line = source.lines().find_map(|line| line.strip_prefix(&format!("# {key}: ")));
    line.unwrap_or_default().split_whitespace().collect()
}

#[test]
fn every_kernel_runs_as_it_says() {
    let place = Place::new();
    let names = place.names();
    assert!(names.len() >= 24);
    for name in &names {
        let source = fs::read_to_string(path(&format!("examples/{name}.hood"))).unwrap();
        assert_eq!(place.ok(&["gallery", "--show", name]), source);

        let said = place.ok(&["gallery", name]);
        let drawn = format!("hoodoo-{name}.png");
        assert!(said.contains(&drawn), "{said}");
        let (width, _) = image::open(place.path(&drawn)).unwrap().dimensions();
        let outputs: &[&str] = match name.as_str() {
            "focal-statistics" => &["mean", "std", "count"],
            _ => &["out"],
        };
        let pictures = setting(&source, "picture");
        let shown = pictures.len() + outputs.len();
        assert_eq!(width as usize, shown * 256 + (shown - 1) * 2, "{name}");

        let files = |prefix: &str| -> Vec<String> {
            outputs.iter().flat_map(|output| ["-o".to_string(), format!("{prefix}-{output}.npy")]).collect()
        };
        let (by_gallery, by_run) = (files("gallery"), files("run"));
        let mut gallery = vec!["gallery", name];
        gallery.extend(by_gallery.iter().map(String::as_str));
        place.ok(&gallery);
        let mut inputs = Vec::new();
        for picture in &pictures {
            inputs.push(format!("{picture}.npy"));
            place.ok(&["gallery", "--picture", picture, "-o", inputs.last().unwrap()]);
        }
        let mut run = vec!["run", source.as_str()];
        run.extend(inputs.iter().map(String::as_str));
        run.extend(by_run.iter().map(String::as_str));
        run.extend(setting(&source, "options"));
        place.ok(&run);
        for (by_gallery, by_run) in by_gallery.iter().zip(&by_run).skip(1).step_by(2) {
            assert!(fs::read(place.path(by_gallery)).unwrap() == fs::read(place.path(by_run)).unwrap(), "{name}");
        }
    }
}

#[test]
fn files_of_the_user() {
    let place = Place::new();
    let picture = RgbImage::from_fn(30, 20, |x, y| image::Rgb([x as u8, y as u8, (x * y) as u8]));
    picture.save(place.path("in.png")).unwrap();
    place.ok(&["gallery", "dilation", "in.png", "-o", "out.png"]);
    place.ok(&["run", "max(w)", "in.png", "-o", "same.png", "--footprint", "disk:2"]);
    let (out, same) = (image::open(place.path("out.png")).unwrap(), image::open(place.path("same.png")).unwrap());
    assert_eq!(out.as_rgb8().unwrap(), same.as_rgb8().unwrap());

    // A picture can't hold what this kernel gives: its file says how that is shown.
    place.ok(&["gallery", "entropy", "in.png", "-o", "shown.png"]);
    place.ok(&["gallery", "entropy", "in.png", "-o", "bits.tif"]);
    place.ok(&["run", "5 * w[0, 0] / 255", "shown.png", "-o", "again.tif", "--dtype", "f32"]);
    place.ok(&[
        "run",
        "input a, b; if abs(a[0, 0] - b[0, 0]) < 0.01 then 0 else 1",
        "bits.tif",
        "again.tif",
        "-o",
        "far.npy",
    ]);
    let far: ndarray::ArrayD<f32> = ndarray_npy::read_npy(place.path("far.npy")).unwrap();
    assert_eq!(far.sum(), 0.0);
    // The options of `run` are the user's.
    place.ok(&["gallery", "entropy", "in.png", "-o", "bits.png", "--dtype", "u8"]);
    place.ok(&["gallery", "dilation", "in.png", "-o", "out.png", "--size", "3", "--mode", "wrap"]);
    place.ok(&["run", "max(w)", "in.png", "-o", "same.png", "--size", "3", "--mode", "wrap"]);
    assert!(fs::read(place.path("out.png")).unwrap() == fs::read(place.path("same.png")).unwrap());
    place.ok(&["gallery", "hampel", "in.png", "--out-dir", "calm", "--param", "k=0", "--ext", "tif"]);
    place.ok(&["run", "median(w)", "in.png", "-o", "same.tif", "--size", "5"]);
    assert!(fs::read(place.path("calm/in.tif")).unwrap() == fs::read(place.path("same.tif")).unwrap());
    place.ok(&["gallery", "gaussian", "--param", "sigma=3", "--size", "3"]);
    place.fails(1, &["gallery", "gaussian", "in.png", "-o", "x.png", "--param", "sigmas=3"], "sigma");
    place.fails(2, &["gallery", "gaussian", "in.png", "-o", "x.png", "--size", "0"], "--size");
    place.fails(2, &["gallery", "gaussian", "--out-dir", "x"], "no file");
    place.fails(2, &["gallery", "gaussian", "--repeat", "2"], "--repeat: is for what is written to a file");
    place.fails(2, &["gallery", "gaussian", "-o", "x.npy", "--stream"], "the built-in pictures are no files");
    place.fails(1, &["gallery", "--picture", "terrain", "-o", "terrain.png"], "add --dtype u8");
    place.ok(&["gallery", "--picture", "terrain", "-o", "terrain.png", "--dtype", "u8"]);
    assert_eq!(image::open(place.path("terrain.png")).unwrap().dimensions(), (256, 256));
    place.fails(2, &["gallery", "dilation", "in.png"], "--output");
    place.fails(2, &["gallery", "-o", "out.npy"], "NAME");
    place.fails(2, &["gallery", "dilatoin"], "did you mean `dilation`?");
    place.fails(2, &["gallery", "dilation", "--sheet", "sheet.png"], "--sheet");
    place.fails(2, &["gallery", "--show"], "NAME");
    place.fails(2, &["gallery", "--picture", "scene"], "--output");
    place.fails(2, &["gallery", "--picture", "scenery", "-o", "out.png"], "scenery");
    place.fails(1, &["gallery", "--picture", "terrain", "-o", "out.png"], "can't hold f32");
    place.fails(1, &["gallery", "dilation", "none.png", "-o", "out.png"], "none.png");
    place.fails(1, &["gallery", "focal-statistics", "-o", "out.npy"], "3 outputs");
    place.fails(1, &["gallery", "joint-bilateral", "in.png", "-o", "out.png"], "2 inputs");
    place.fails(1, &["gallery", "--sheet", "none/sheet.png"], "no directory none");
    place.fails(2, &["gallery", "--sheet", "sheet.gif"], "sheet.gif");
}

#[test]
fn pictures_are_always_the_same() {
    let place = Place::new();
    for picture in ["scene", "specks", "noisy", "radar", "page", "textures", "terrain", "holes", "soup", "sand"] {
        place.ok(&["gallery", "--picture", picture, "-o", "one.npy"]);
        place.ok(&["gallery", "--picture", picture, "-o", "two.npy"]);
        assert!(fs::read(place.path("one.npy")).unwrap() == fs::read(place.path("two.npy")).unwrap(), "{picture}");
    }
}

/// After a change to kernels or pictures: `cargo run -- gallery --sheet docs/gallery.png`.
#[test]
fn the_sheet_is_that_of_the_documentation() {
    let place = Place::new();
    place.ok(&["gallery", "--sheet", "sheet.png"]);
    let (drawn, kept) = (place.path("sheet.png"), path("docs/gallery.png"));
    assert!(fs::metadata(&kept).unwrap().len() < 600_000);
    let [drawn, kept]: [GrayImage; 2] = [drawn, kept].map(|path| image::open(path).unwrap().into_luma8());
    assert_eq!(drawn.dimensions(), kept.dimensions());
    // On another machine, the last digits of sines and logarithms make another grey here and there.
    let far = drawn.iter().zip(kept.iter()).filter(|(drawn, kept)| drawn.abs_diff(**kept) > 8).count();
    assert!(far < drawn.len() / 1000, "{far} pixels differ: cargo run -- gallery --sheet docs/gallery.png");
}
