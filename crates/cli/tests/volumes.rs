//! Volumes, astronomical images and archives of arrays, which `data/make_volumes.py` has made with other programs: what is read of
//! them, and what is still there after a run.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use ndarray::{ArrayD, Axis, Dimension, IxDyn, s};
use ndarray_npy::read_npy;
use tempfile::TempDir;

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name).to_str().unwrap().to_string()
}

/// Runs `hoodoo run` in a directory; what it says, if it succeeds, or else what is wrong.
fn run(dir: &Path, words: &[&str]) -> Result<String, String> {
    let output = Command::cargo_bin("hoodoo").unwrap().current_dir(dir).arg("run").args(words).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    if output.status.success() { Ok(stderr) } else { Err(stderr) }
}

fn ok(dir: &Path, words: &[&str]) -> String {
    run(dir, words).unwrap_or_else(|stderr| panic!("{words:?}: {stderr}"))
}

fn fails(dir: &Path, words: &[&str], message: &str) {
    let stderr = run(dir, words).expect_err("it should fail");
    assert!(stderr.contains(message), "{words:?}: no `{message}` in {stderr}");
}

/// The formula of `make_volumes.py`.
fn samples(shape: &[usize]) -> ArrayD<f64> {
    let value = |index: IxDyn| index.slice().iter().zip([3, 7, 11, 13]).map(|(i, w)| i * w).sum::<usize>();
    ArrayD::from_shape_fn(IxDyn(shape), |index| (value(index) % 100) as f64)
}

/// What a run makes of a file, as f64s.
fn values(dir: &Path, kernel: &str, file: &str, options: &[&str]) -> ArrayD<f64> {
    ok(dir, &[&[kernel, file, "-o", "values.npy", "--dtype", "f64"], options].concat());
    read_npy(dir.join("values.npy")).unwrap()
}

/// A file that goes through a run that changes nothing is the same file.
fn unchanged(dir: &Path, name: &str, kernel: &str) {
    let out = format!("through-{name}");
    assert_eq!(ok(dir, &[kernel, &data(name), "-o", &out]), "", "{name}");
    assert!(fs::read(data(name)).unwrap() == fs::read(dir.join(out)).unwrap(), "{name}");
}

fn place() -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().to_path_buf();
    (dir, path)
}

#[test]
fn nifti_of_both_versions_and_byte_orders() {
    let (_kept, dir) = place();
    let expected = samples(&[7, 6, 5]);
    for (name, scale) in [
        ("volume-i2.nii", 1.0),
        ("volume-f4.nii.gz", 0.25),
        ("volume-big-endian-u2.nii", 1.0),
        ("second-version-f8.nii", 0.25),
        ("scaled-i2.nii", 2.0),
    ] {
        let found = values(&dir, "w[0, 0, 0]", &data(name), &[]);
        assert_eq!(found, &expected * scale, "{name}");
    }
    for name in ["volume-i2.nii", "volume-big-endian-u2.nii", "second-version-f8.nii"] {
        unchanged(&dir, name, "w[0, 0, 0]");
    }
    // What numbers stand for is written, and no scale any more.
    ok(&dir, &["w[0, 0, 0]", &data("scaled-i2.nii"), "-o", "unscaled.nii.gz"]);
    assert_eq!(values(&dir, "w[0, 0, 0]", "unscaled.nii.gz", &[]), &expected * 2.0);
}

#[test]
fn times_of_a_series_are_filtered_on_their_own() {
    let (_kept, dir) = place();
    let found = values(&dir, "sum(w)", &data("times-i2.nii.gz"), &["--size", "3", "--mode", "constant"]);
    let series = samples(&[7, 6, 5, 3]);
    assert_eq!(found.shape(), series.shape());
    for time in 0..3 {
        let one = series.index_axis(Axis(3), time).to_owned().into_dimensionality::<ndarray::Ix3>().unwrap();
        let expected = one.slice(s![1..4, 2..5, 0..3]).sum();
        assert_eq!(found[[2, 3, 1, time]], expected, "{time}");
    }
}

/// The cells of mode `valid` are where they were.
#[test]
fn places_of_what_is_left() {
    let (_kept, dir) = place();
    ok(&dir, &["w[1, 0, -1]", &data("volume-i2.nii"), "-o", "valid.nii", "--mode", "valid"]);
    let header = fs::read(dir.join("valid.nii")).unwrap();
    let float = |at: usize| f32::from_le_bytes(header[at..at + 4].try_into().unwrap());
    // The first voxel is the one at 0, 0, 1: one step of 3 mm along z.
    assert_eq!([float(292), float(308), float(324)], [90.0, -126.0, -69.0]);
    ok(&dir, &["w[-1, -2]", &data("sky.fits"), "-o", "valid.fits", "--mode", "valid"]);
    let header = String::from_utf8_lossy(&fs::read(dir.join("valid.fits")).unwrap()).to_string();
    let card = |key: &str| -> f64 {
        let value = &header[header.find(key).expect(key) + 10..][..20];
        value.trim().parse().unwrap()
    };
    assert_eq!([card("CRPIX1"), card("CRPIX2"), card("NAXIS1"), card("NAXIS2")], [0.5, 2.0, 3.0, 5.0]);
}

/// Of every second and third one: voxels and pixels are as much larger, and the first one is where it was.
#[test]
fn places_of_every_third_one() {
    let (_kept, dir) = place();
    ok(&dir, &["w[0, 0, 0]", &data("volume-i2.nii"), "-o", "whole.nii"]);
    ok(&dir, &["w[0, 0, 0]", &data("volume-i2.nii"), "-o", "some.nii", "--stride", "2,1,3", "--strict"]);
    let floats = |name: &str, places: &[usize]| -> Vec<f32> {
        let header = fs::read(dir.join(name)).unwrap();
        places.iter().map(|at| f32::from_le_bytes(header[*at..at + 4].try_into().unwrap())).collect()
    };
    let columns = [[80, 280, 296, 312], [84, 284, 300, 316], [88, 288, 304, 320]];
    for (column, step) in columns.iter().zip([2.0, 1.0, 3.0]) {
        let larger: Vec<f32> = floats("whole.nii", column).iter().map(|value| value * step).collect();
        assert_eq!(floats("some.nii", column), larger);
    }
    assert_eq!(floats("some.nii", &[292, 308, 324]), floats("whole.nii", &[292, 308, 324]));
    let said = ok(&dir, &["w[0, 0]", &data("sky.fits"), "-o", "some.fits", "--stride", "2,3"]);
    assert_eq!(said, "warning: some.fits: not kept: CHECKSUM, DATASUM (of the old pixels)\n");
    let header = String::from_utf8_lossy(&fs::read(dir.join("some.fits")).unwrap()).to_string();
    let card = |key: &str| -> f64 { header[header.find(key).expect(key) + 10..][..20].trim().parse().unwrap() };
    assert_eq!([card("CRPIX1"), card("CRPIX2")], [1.5, 2.0]);
    assert_eq!([card("CDELT1"), card("CDELT2"), card("NAXIS1"), card("NAXIS2")], [3.0, 2.0, 2.0, 3.0]);
}

#[test]
fn arrays_without_elements() {
    let (_kept, dir) = place();
    ndarray_npy::write_npy(dir.join("empty.npy"), &ndarray::Array3::<u8>::zeros((3, 0, 5))).unwrap();
    for name in ["out.nii", "out.nii.gz", "out.fits"] {
        fails(&dir, &["w[0, 0, 0]", "empty.npy", "-o", name], "can't hold an array without elements");
        assert!(!dir.join(name).exists());
    }
}

#[test]
fn fits_of_every_type() {
    let (_kept, dir) = place();
    let expected = samples(&[6, 5]);
    for kind in ["u1", "i1", "i2", "i4", "u4", "i8", "u8", "f8"] {
        let name = format!("sky-{kind}.fits");
        let scale = if kind == "f8" { 0.25 } else { 1.0 };
        assert_eq!(values(&dir, "w[0, 0]", &data(&name), &[]), &expected * scale, "{kind}");
        unchanged(&dir, &name, "w[0, 0]");
    }
    assert_eq!(values(&dir, "w[0, 0]", &data("scaled-i2.fits"), &[]), expected.mapv(|value| value * 0.5 + 3.0));
}

#[test]
fn blank_pixels_of_fits_have_no_value() {
    let (_kept, dir) = place();
    unchanged(&dir, "holes-i2.fits", "w[0, 0]");
    let found = values(&dir, "max(w)", &data("holes-i2.fits"), &["--size", "3", "--fill"]);
    let mut expected = samples(&[6, 5]);
    expected[[2, 3]] = -999.0;
    assert_eq!(found[[2, 3]], expected.slice(s![1..4, 2..5]).fold(0.0, |most: f64, value| most.max(*value)));
}

/// All that is around an image stays: tables, other images, words.
#[test]
fn the_rest_of_a_fits_file() {
    let (_kept, dir) = place();
    let (old, block) = (fs::read(data("sky.fits")).unwrap(), 2880);
    let said = ok(&dir, &["max(w)", &data("sky.fits"), "-o", "new.fits", "--size", "3"]);
    assert_eq!(said, "warning: new.fits: not kept: CHECKSUM, DATASUM (of the old pixels)\n");
    let new = fs::read(dir.join("new.fits")).unwrap();
    assert!(new[2 * block..] == old[2 * block..] && new.len() == old.len());
    let header = String::from_utf8_lossy(&new[..block]).to_string();
    assert!(header.contains("OBJECT  = 'M 31 / not a comment' / what was seen"), "{header}");
    assert!(header.contains("made for Hoodoo") && !header.contains("CHECKSUM"), "{header}");
    let counts = values(&dir, "w[0, 0, 0]", &data("sky.fits"), &["--page", "1"]);
    assert_eq!(counts, samples(&[4, 6, 5]));
    fails(&dir, &["w[0, 0]", &data("sky.fits"), "-o", "x.npy", "--page", "2"], "there is no image 2; it has 2");
    let stderr = ok(&dir, &["w[0, 0]", &data("sky.fits"), "-o", "x.npy"]);
    assert!(stderr.contains("not kept: FITS header, 2 other parts of the FITS file"), "{stderr}");
}

#[test]
fn archives_of_arrays() {
    let (_kept, dir) = place();
    let [arrays, one] = ["arrays.npz", "one.npz"].map(data);
    assert_eq!(values(&dir, "w[0, 0]", &one, &[]), samples(&[6, 5]) / 4.0);
    assert_eq!(values(&dir, "w[0, 0]", &format!("{arrays}#depth"), &[]), samples(&[6, 5]));
    fails(&dir, &["w[0, 0]", &arrays, "-o", "x.npy"], "has several arrays (depth, mask); choose one by FILE.npz#NAME");
    fails(&dir, &["w[0, 0]", &format!("{arrays}#none"), "-o", "x.npy"], "has no array none; it has depth, mask");
    // Two arrays of one archive as the inputs, one of them of booleans.
    let [depth, mask] = ["depth", "mask"].map(|name| format!("{arrays}#{name}"));
    let kernel = "input depth, bad: bool; let n = count(not bad); low: min(depth where not bad), cells: n";
    ok(&dir, &[kernel, &depth, &mask, "-o", "both.npz", "--size", "3", "--mode", "nearest"]);
    let cells = values(&dir, "w[0, 0]", "both.npz#cells", &[]);
    assert!(cells.iter().all(|count| (3.0..=6.0).contains(count)), "{cells}");
    assert_eq!(values(&dir, "w[0, 0]", "both.npz#mask", &[]).shape(), [6, 5]);
    fails(&dir, &["w[0, 0]", "both.npz", "-o", "x.npy"], "(low, cells, mask)");
    // The array that was filtered keeps its name, and the other one stays.
    ok(&dir, &["w[0, 0] + 1", &depth, "-o", "again.npz"]);
    assert_eq!(values(&dir, "w[0, 0]", "again.npz#depth", &[]), samples(&[6, 5]) + 1.0);
    assert_eq!(
        values(&dir, "w[0, 0]", "again.npz#mask", &[]),
        samples(&[6, 5]).mapv(|value| f64::from(value % 2.0 == 0.0))
    );
}

#[test]
fn what_is_wrong_with_files() {
    let (_kept, dir) = place();
    let put = |name: &str, bytes: &[u8]| fs::write(dir.join(name), bytes).unwrap();
    let volume = fs::read(data("volume-i2.nii")).unwrap();
    put("short.nii", &volume[..600]);
    fails(&dir, &["w[0, 0, 0]", "short.nii", "-o", "x.npy"], "truncated: the header promises 420 bytes of voxels");
    let mut pair = volume.clone();
    pair[344..348].copy_from_slice(b"ni1\0");
    put("pair.nii", &pair);
    fails(&dir, &["w[0, 0, 0]", "pair.nii", "-o", "x.npy"], "whose voxels are in the other file");
    let mut complex = volume.clone();
    complex[70] = 32;
    put("complex.nii", &complex);
    fails(&dir, &["w[0, 0, 0]", "complex.nii", "-o", "x.npy"], "complex numbers (NIfTI's type 32)");
    let mut far = volume.clone();
    far[108..112].copy_from_slice(&1e30f32.to_le_bytes());
    put("far.nii", &far);
    fails(&dir, &["w[0, 0, 0]", "far.nii", "-o", "x.npy"], "corrupt NIfTI header: voxels that begin at");
    let sky = fs::read(data("sky-i2.fits")).unwrap();
    put("short.fits", &sky[..2900]);
    fails(&dir, &["w[0, 0]", "short.fits", "-o", "x.npy"], "truncated: the header promises 60 bytes of pixels");
    put("none.fits", &sky[..1000]);
    fails(&dir, &["w[0, 0]", "none.fits", "-o", "x.npy"], "truncated in a FITS header");
    put("text.fits", b"nothing");
    fails(&dir, &["w[0, 0]", "text.fits", "-o", "x.npy"], "is not a FITS file");
    put("text.npz", b"nothing");
    fails(&dir, &["w[0, 0]", "text.npz", "-o", "x.npy"], "truncated or corrupt .npz file");
    fails(&dir, &["w[0, 0]", &data("sky-i2.fits"), "-o", "x.fits", "--dtype", "f16"], "can't hold f16");
    assert!(!dir.join("x.fits").exists() && !dir.join("x.npy").exists());
}
