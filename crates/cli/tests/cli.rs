//! The `hoodoo` command: files in and out, exit status, messages, and that nothing is left after a failure.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use hoodoo::f16;
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, RgbImage, RgbaImage};
use ndarray::{Array1, Array2, ArrayD, ArrayView2, array};
use ndarray_npy::{ReadableElement, WritableElement, WriteNpyExt, read_npy};
use tempfile::TempDir;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::encoder::{TiffEncoder, colortype};

/// A directory of its own for each test.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { dir: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn save<T: WritableElement, D: ndarray::Dimension>(&self, name: &str, array: &ndarray::Array<T, D>) {
        array.write_npy(fs::File::create(self.path(name)).unwrap()).unwrap();
    }

    fn load<T: ReadableElement>(&self, name: &str) -> ArrayD<T> {
        read_npy(self.path(name)).unwrap()
    }

    fn picture(&self, name: &str) -> DynamicImage {
        image::open(self.path(name)).unwrap()
    }

    /// Keeps the first half of a file.
    fn halve(&self, from: &str, to: &str) {
        let bytes = fs::read(self.path(from)).unwrap();
        self.write(to, &bytes[..bytes.len() / 2]);
    }

    /// The names of the files, and how they were last changed.
    fn listing(&self) -> Vec<(PathBuf, u64)> {
        let mut names: Vec<_> = fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.path(), entry.metadata().unwrap().len()))
            .collect();
        names.sort();
        names
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::cargo_bin("hoodoo").unwrap();
        command.current_dir(self.dir.path()).args(words(line));
        command
    }

    /// Runs the command, and returns what it prints.
    fn ok(&self, line: &str) -> String {
        let Output { status, stdout, stderr } = self.command(line).output().unwrap();
        assert!(status.success(), "{line}: {status}\n{}", String::from_utf8_lossy(&stderr));
        assert!(!self.listing().iter().any(|(path, _)| is_temporary(path)), "{line}: {:?}", self.listing());
        String::from_utf8(stdout).unwrap()
    }

    /// Runs the command, which must fail with `status`, say all of `messages`, and leave no file.
    fn fails(&self, status: i32, line: &str, messages: &[&str]) {
        let before = self.listing();
        let output = self.command(line).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{line}\n{stderr}");
        assert!(stderr.starts_with("error"), "{line}\n{stderr}");
        for message in messages {
            assert!(stderr.contains(message), "{line}: no `{message}` in\n{stderr}");
        }
        assert!(output.stdout.is_empty(), "{line}");
        assert_eq!(self.listing(), before, "{line}");
    }
}

/// A shape that no memory holds has a plan all the same.
#[test]
fn a_plan_for_a_giant() {
    let place = Place::new();
    place.ok("emit plan min(w) --size 3,3,3 --shape 4294967296,4294967296,4294967296");
}

/// Outputs of mode `valid` are smaller, those of `shrink` are not; the modes mix, and channels are not an axis.
#[test]
fn modes_without_an_outside() {
    let place = Place::new();
    place.save("in.npy", &array![[1u8, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]);
    place.ok("run sum(w) in.npy -o valid.npy --size 3 --mode valid --dtype i16");
    assert_eq!(place.load::<i16>("valid.npy"), array![[54, 63]].into_dyn());
    place.ok("run min(w),len(w) in.npy -o shrink.npy -o count.npy --size 3 --mode shrink");
    assert_eq!(place.load::<u8>("shrink.npy"), array![[1, 1, 2, 3], [1, 1, 2, 3], [5, 5, 6, 7]].into_dyn());
    assert_eq!(place.load::<u8>("count.npy"), array![[4, 6, 6, 4], [6, 9, 9, 6], [4, 6, 6, 4]].into_dyn());
    place.ok("run max(w) in.npy -o mixed.npy --size 3 --mode valid,reflect");
    assert_eq!(place.load::<u8>("mixed.npy"), array![[10, 11, 12, 12]].into_dyn());
    place.ok("run 'w[0,1] - w[0,0]' in.npy -o ahead.npy --mode valid");
    assert_eq!(place.load::<u8>("ahead.npy"), Array2::<u8>::ones((3, 3)).into_dyn());
    place.ok("run max(w) in.npy -o row.npy --size 3 --axes -1 --mode valid");
    assert_eq!(place.load::<u8>("row.npy"), array![[3, 4], [7, 8], [11, 12]].into_dyn());
    place.ok("run min(w) in.npy -o none.npy --size 9 --mode valid");
    assert_eq!(place.load::<u8>("none.npy").shape(), [0, 0]);
    place.fails(1, "run min(w) in.npy -o none.png --size 9 --mode valid", &["0 x 0 pixels"]);
    // Positions are among the cells inside, on every engine.
    for engine in ["rows", "callback", "interpreter"] {
        place.ok(&format!("run argmin(w) in.npy -o first.npy --size 3 --mode shrink --engine {engine}"));
        assert_eq!(place.load::<u8>("first.npy"), Array2::<u8>::zeros((3, 4)).into_dyn(), "{engine}");
    }
    let kernel = "run 'sum(w * offset(0))' in.npy -o out.npy --size 3 --mode shrink --engine callback";
    place.fails(1, kernel, &["mode", "`offset`"]);
    place.fails(2, "run min(w) in.npy -o out.npy --size 3 --mode same", &["constant, shrink, valid"]);

    let picture = RgbaImage::from_fn(5, 4, |x, y| image::Rgba([x as u8, y as u8, 10, (10 * y + x) as u8]));
    picture.save(place.path("in.png")).unwrap();
    place.ok("run max(w) in.png -o out.png --size 3 --mode valid");
    let expected =
        RgbaImage::from_fn(3, 2, |x, y| image::Rgba([x as u8 + 2, y as u8 + 2, 10, (10 * y + x) as u8 + 11]));
    assert_eq!(place.picture("out.png").into_rgba8(), expected);
}

fn is_temporary(path: &std::path::Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with(".hoodoo")
}

/// Splits at white space, except inside single quotes.
fn words(line: &str) -> Vec<&str> {
    line.split('\'')
        .enumerate()
        .flat_map(|(part, text)| if part % 2 == 1 { vec![text] } else { text.split_whitespace().collect() })
        .collect()
}

fn ramp(height: usize, width: usize) -> Array2<f64> {
    Array2::from_shape_fn((height, width), |(y, x)| ((y * 7 + x * 5) % 11) as f64)
}

/// The least of the 3 x 3 cells around each; at distance 1, `reflect` repeats the edge.
fn eroded<T: PartialOrd + Copy>(image: ArrayView2<'_, T>) -> Array2<T> {
    let (height, width) = image.dim();
    Array2::from_shape_fn((height, width), |(y, x)| {
        let rows = y.saturating_sub(1)..=(y + 1).min(height - 1);
        let cells = rows.flat_map(|y| (x.saturating_sub(1)..=(x + 1).min(width - 1)).map(move |x| image[[y, x]]));
        cells.reduce(|a, b| if b < a { b } else { a }).unwrap()
    })
}

/// An .npy file with any header.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", length.as_slice(), header.as_bytes(), data].concat()
}

/// Pseudo-random samples.
fn noise(count: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(3);
    (0..count).map(|_| random.u8(..)).collect()
}

#[test]
fn npy_in_every_dtype() {
    fn check<T>(place: &Place, of: impl Fn(f64) -> T)
    where
        T: WritableElement + ReadableElement + PartialOrd + Copy + std::fmt::Debug,
    {
        let image = ramp(5, 6).mapv(of);
        place.save("in.npy", &image);
        place.ok("run min(w) in.npy -o out.npy --size 3");
        assert_eq!(place.load::<T>("out.npy"), eroded(image.view()).into_dyn());
    }
    let place = Place::new();
    check(&place, |x| x > 3.0);
    check(&place, |x| x as i8 - 5);
    check(&place, |x| x as u8);
    check(&place, |x| x as i16 - 5);
    check(&place, |x| x as u16);
    check(&place, |x| x as i32 - 5);
    check(&place, |x| x as u32);
    check(&place, |x| x as i64 - 5);
    check(&place, |x| x as u64);
    check(&place, |x| x as f32 - 5.5);
    check(&place, |x| x - 5.5);
}

#[test]
fn npy_in_every_order() {
    let place = Place::new();
    let expected = array![[1i16, -2, 300], [4, 5, 6]].into_dyn();
    let bytes = |values: [i16; 6], big: bool| -> Vec<u8> {
        values.iter().flat_map(|value| if big { value.to_be_bytes() } else { value.to_le_bytes() }).collect()
    };
    let (c, f) = ([1, -2, 300, 4, 5, 6], [1, 4, -2, 5, 300, 6]);
    for (name, file) in [
        ("big.npy", npy("'>i2'", false, "(2, 3)", &bytes(c, true))),
        ("fortran.npy", npy("'<i2'", true, "(2, 3)", &bytes(f, false))),
        ("both.npy", npy("'>i2'", true, "(2, 3)", &bytes(f, true))),
        ("native.npy", npy("'=i2'", false, "(2, 3)", &bytes(c, cfg!(target_endian = "big")))),
    ] {
        place.write(name, file);
        place.ok(&format!("run w[0,0] {name} -o OUT.NPY"));
        assert_eq!(place.load::<i16>("OUT.NPY"), expected, "{name}");
    }
    place.write("byte.npy", npy("'<u1'", false, "(2,)", &[7, 9]));
    place.ok("run max(w) byte.npy -o out.npy --size 2");
    assert_eq!(place.load::<u8>("out.npy"), array![7, 9].into_dyn());
}

#[test]
fn npy_of_half_precision() {
    let place = Place::new();
    let (values, doubled) = ([1.0, -2.5, 65504.0], [2.0f64, -5.0, f64::INFINITY]);
    let bytes = |order: fn(f16) -> [u8; 2]| values.map(|value| order(f16::from_f64_const(value))).concat();
    place.write("little.npy", npy("'<f2'", false, "(3,)", &bytes(f16::to_le_bytes)));
    place.write("big.npy", npy("'>f2'", true, "(3,)", &bytes(f16::to_be_bytes)));
    for name in ["little.npy", "big.npy"] {
        place.ok(&format!("run 2*w[0] {name} -o out.npy"));
        let written = fs::read(place.path("out.npy")).unwrap();
        let expected = doubled.map(|value| f16::from_f64_const(value).to_le_bytes()).concat();
        assert!(written.windows(5).any(|text| text == b"'<f2'") && written.ends_with(&expected), "{name}");
        place.ok(&format!("run w[0] {name} -o out.npy --dtype f64"));
        assert_eq!(place.load::<f64>("out.npy"), ndarray::arr1(&values).into_dyn());
    }
}

#[test]
fn npy_without_axes_or_elements() {
    let place = Place::new();
    place.save("scalar.npy", &ndarray::arr0(2.5));
    place.ok("run 'sum(w) + 1' scalar.npy -o out.npy --size 3");
    assert_eq!(place.load::<f64>("out.npy"), ndarray::arr0(3.5).into_dyn());
    place.save("empty.npy", &Array2::<u8>::zeros((0, 4)));
    place.ok("run min(w) empty.npy -o out.npy --size 3");
    assert_eq!(place.load::<u8>("out.npy").shape(), [0, 4]);
    place.fails(1, "run min(w) empty.npy -o out.png --size 3", &["out.png", "PNG", "0 x 4 pixels"]);
}

#[test]
fn volumes_axes_modes_and_origins() {
    let place = Place::new();
    let volume = ndarray::Array3::from_shape_fn((2, 3, 4), |(z, y, x)| (z * 100 + y * 10 + x) as f64);
    place.save("in.npy", &volume);
    place.ok("run min(w) in.npy -o out.npy --size 2 --axes -1 --mode constant --cval -1.5");
    assert_eq!(place.load::<f64>("out.npy")[[1, 2, 0]], -1.5);
    assert_eq!(place.load::<f64>("out.npy")[[1, 2, 3]], 122.0);
    place.ok("run min(w) in.npy -o out.npy --size 2 --axes -1 --origin -1");
    assert_eq!(place.load::<f64>("out.npy").into_dimensionality().unwrap(), volume);
    place.ok("run max(w) in.npy -o out.npy --size 3,1 --axes 0,2 --mode wrap,nearest --origin 1,0");
    assert_eq!(place.load::<f64>("out.npy")[[1, 1, 1]], 111.0);
    place.ok("run sum(w) in.npy -o out.npy --footprint ball:1 --mode mirror --threads 1 --engine interpreter");
    assert_eq!(place.load::<f64>("out.npy").shape(), [2, 3, 4]);
}

#[test]
fn footprints() {
    let place = Place::new();
    place.save("in.npy", &Array2::<u8>::ones((5, 5)));
    place.save("cells.npy", &array![[0u8, 1, 0], [1, 7, 1], [0, 1, 0]]);
    for (footprint, cells) in
        [("box:1", 9), ("cross:2", 9), ("disk:1.5", 9), ("ball:1", 5), ("010/111/010", 5), ("cells.npy", 5)]
    {
        place.ok(&format!("run sum(w) in.npy -o out.npy --footprint {footprint}"));
        assert_eq!(place.load::<u8>("out.npy")[[2, 2]], cells, "{footprint}");
    }
}

#[test]
fn params_weights_and_casts() {
    let place = Place::new();
    place.save("in.npy", &array![1.0, 2.0, 400.0]);
    place.save("k.npy", &array![1i32, 0, -1]);
    place.ok("run 'param t = 2; weights k; t * sum(w * k)' in.npy -o out.npy --size 3 --weights k=k.npy --param t=-1");
    assert_eq!(place.load::<f64>("out.npy"), array![1.0, 399.0, 398.0].into_dyn());
    place.ok("run 'w[0] + 0.5' in.npy -o out.npy --dtype u8");
    assert_eq!(place.load::<u8>("out.npy"), array![2, 2, 255].into_dyn());
    place.ok("run 'w[0] + 0.5' in.npy -o out.npy --dtype uint8 --cast wrap");
    assert_eq!(place.load::<u8>("out.npy"), array![1, 2, 144].into_dyn());
    place.ok("run -o out.npy -- '-w[0]' in.npy");
    assert_eq!(place.load::<f64>("out.npy"), array![-1.0, -2.0, -400.0].into_dyn());
}

#[test]
fn several_inputs_and_outputs() {
    let place = Place::new();
    place.save("a.npy", &array![1u8, 2, 3]);
    place.save("b.npy", &array![0.5, 0.25, 0.125]);
    let line = "run 'input a, b; low: min(a) + min(b), max(a)' a.npy b.npy -o low.npy -o high.npy --size 3";
    place.ok(&format!("{line} --dtype f32"));
    assert_eq!(place.load::<f32>("low.npy"), array![1.25, 1.125, 2.125].into_dyn());
    assert_eq!(place.load::<f32>("high.npy"), array![2.0, 3.0, 3.0].into_dyn());
}

#[test]
fn an_output_may_be_an_input() {
    let place = Place::new();
    place.save("a.npy", &array![3.0, 1.0, 2.0]);
    place.ok("run min(w) a.npy -o a.npy --size 2");
    assert_eq!(place.load::<f64>("a.npy"), array![3.0, 1.0, 1.0].into_dyn());
    assert_eq!(place.listing().len(), 1);
}

#[test]
fn kernels_in_files() {
    let place = Place::new();
    place.save("a.npy", &array![3.0, 1.0, 2.0]);
    place.write("erode.hood", "# erosion\nmin(w)\n");
    place.write("wrong.hood", "min(w) +\n  mxa(w)\n");
    place.write("latin.hood", b"# \xe9rosion\nmin(w)");
    place.ok("run erode.hood a.npy -o out.npy --size 2");
    assert_eq!(place.load::<f64>("out.npy"), array![3.0, 1.0, 1.0].into_dyn());
    place.fails(
        1,
        "run wrong.hood a.npy -o o.npy --size 2",
        &["error[H011]", "--> wrong.hood:2:3", "did you mean `max`"],
    );
    // What some editors put in front of a text is not part of it; elsewhere it is named.
    place.write("mark.hood", "\u{feff}min(w)");
    place.ok("run mark.hood a.npy -o out.npy --size 2");
    place.fails(1, "check 'min(\u{200b}w)'", &["unexpected U+200B", "kernel:1:5"]);
    place.fails(1, "check none.hood", &["none.hood", "No such file"]);
    place.fails(1, "check latin.hood", &["latin.hood", "UTF-8"]);
}

#[test]
fn png_grey_and_colour() {
    let place = Place::new();
    let grey = GrayImage::from_raw(7, 5, noise(35)).unwrap();
    grey.save(place.path("grey.png")).unwrap();
    place.ok("run min(w) grey.png -o out.png --size 3");
    let expected = eroded(ArrayView2::from_shape((5, 7), grey.as_raw()).unwrap());
    let DynamicImage::ImageLuma8(out) = place.picture("out.png") else { panic!("not grey") };
    assert_eq!(out.into_raw(), expected.into_raw_vec_and_offset().0);

    let colour = RgbaImage::from_raw(7, 5, noise(140)).unwrap();
    colour.save(place.path("colour.png")).unwrap();
    place.ok("run min(w) colour.png -o out.png --size 3");
    let DynamicImage::ImageRgba8(out) = place.picture("out.png") else { panic!("not colour") };
    for channel in 0..3 {
        let plane = |image: &RgbaImage| Array2::from_shape_fn((5, 7), |(y, x)| image[(x as u32, y as u32)][channel]);
        assert_eq!(plane(&out), eroded(plane(&colour).view()), "channel {channel}");
    }
    assert!(out.pixels().zip(colour.pixels()).all(|(out, original)| out[3] == original[3]));

    // Opacity is not a colour: it keeps its meaning in another type.
    place.ok("run w[0,0] colour.png -o out.npy --dtype f64");
    let out = place.load::<f64>("out.npy");
    assert_eq!(out.shape(), [5, 7, 4]);
    assert_eq!(out[[0, 0, 0]], f64::from(colour[(0, 0)][0]));
    assert_eq!(out[[0, 0, 3]], f64::from(colour[(0, 0)][3]) / 255.0);
    place.ok("run w[0,0] colour.png -o out.png --dtype u16");
    let DynamicImage::ImageRgba16(out) = place.picture("out.png") else { panic!("not 16 bit") };
    assert_eq!(out[(0, 0)][3], u16::from(colour[(0, 0)][3]) * 257);
    place.fails(1, "run w[0,0] colour.png -o out.jpg", &["out.jpg", "JPEG", "alpha", ".png"]);
}

#[test]
fn png_of_16_bit_and_of_bool() {
    let place = Place::new();
    let image = ImageBuffer::<image::Rgb<u16>, _>::from_fn(6, 4, |x, y| {
        image::Rgb([300, 2000, 60_000].map(|v| v + x as u16 * y as u16))
    });
    image.save(place.path("in.png")).unwrap();
    place.ok("run max(w) in.png -o out.png --size 1");
    let DynamicImage::ImageRgb16(out) = place.picture("out.png") else { panic!("not 16 bit") };
    assert_eq!(out, image);
    place.save("ramp.npy", &ramp(3, 4));
    place.ok("run 'w[0,0] > 5' ramp.npy -o out.png --dtype bool");
    let DynamicImage::ImageLuma8(out) = place.picture("out.png") else { panic!("not 8 bit") };
    let expected: Vec<u8> = ramp(3, 4).iter().map(|value| if *value > 5.0 { 255 } else { 0 }).collect();
    assert_eq!(out.into_raw(), expected);
    place.ok("run 'w[0,0] > 5' ramp.npy -o out.tiff --dtype bool");
    place.ok("run w[0,0] out.tiff -o out.npy");
    assert_eq!(place.load::<u8>("out.npy").into_raw_vec_and_offset().0, expected);
}

#[test]
fn tiff_of_every_kind() {
    let place = Place::new();
    let floats = ramp(4, 5).mapv(|value| value as f32 / 3.0 - 1.0);
    let mut file = fs::File::create(place.path("floats.tif")).unwrap();
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    encoder.write_image::<colortype::Gray32Float>(5, 4, floats.as_slice().unwrap()).unwrap();
    place.ok("run min(w) floats.tif -o out.TIF --size 3");
    place.ok("run w[0,0] out.TIF -o out.npy");
    assert_eq!(place.load::<f32>("out.npy"), eroded(floats.view()).into_dyn());

    // Through TIFF and back, every picture is what it was.
    RgbImage::from_raw(5, 3, noise(45)).unwrap().save(place.path("a.png")).unwrap();
    RgbaImage::from_raw(5, 3, noise(60)).unwrap().save(place.path("b.png")).unwrap();
    GrayAlphaImage::from_raw(5, 3, noise(30)).unwrap().save(place.path("c.png")).unwrap();
    for name in ["a", "b", "c"] {
        for dtype in ["u8", "u16"] {
            place.ok(&format!("run w[0,0] {name}.png -o {dtype}.png --dtype {dtype}"));
            place.ok(&format!("run w[0,0] {dtype}.png -o through.tif"));
            place.ok("run w[0,0] through.tif -o back.png");
            assert_eq!(place.picture("back.png"), place.picture(&format!("{dtype}.png")), "{name} {dtype}");
        }
        place.ok(&format!("run w[0,0] {name}.png -o through.tif --dtype f32"));
        place.ok("run w[0,0] through.tif -o back.png --dtype u8");
        assert_eq!(place.picture("back.png"), place.picture(&format!("{name}.png")), "{name} f32");
    }
}

/// Every f16, also in colour and with opacity; a decoder that is not ours sees samples of 16 bit IEEE floats.
#[test]
fn tiff_of_half_precision() {
    let place = Place::new();
    let every: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
    let bytes: Vec<u8> = every.iter().flat_map(|value| value.to_le_bytes()).collect();
    place.write("every.npy", npy("'<f2'", false, "(256, 256)", &bytes));
    place.ok("run w[0,0] every.npy -o every.tif");
    let same = |samples: &[f16]| {
        let pairs = samples.iter().zip(&every);
        samples.len() == every.len()
            && pairs.into_iter().all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()))
    };
    let decode = |name: &str| {
        let mut decoder = Decoder::new(fs::File::open(place.path(name)).unwrap()).unwrap();
        let kind = decoder.colortype().unwrap();
        let DecodingResult::F16(samples) = decoder.read_image().unwrap() else { panic!("{name}: not f16") };
        (kind, samples)
    };
    let (kind, samples) = decode("every.tif");
    assert_eq!(kind, ColorType::Gray(16));
    assert!(same(&samples));
    place.ok("run w[0,0] every.tif -o back.npy");
    let back = fs::read(place.path("back.npy")).unwrap();
    let (values, []) = back[back.len() - bytes.len()..].as_chunks::<2>() else { panic!("not whole elements") };
    assert!(same(&values.iter().map(|bytes| f16::from_le_bytes(*bytes)).collect::<Vec<_>>()));

    RgbImage::from_raw(5, 3, noise(45)).unwrap().save(place.path("a.png")).unwrap();
    RgbaImage::from_raw(5, 3, noise(60)).unwrap().save(place.path("b.png")).unwrap();
    GrayAlphaImage::from_raw(5, 3, noise(30)).unwrap().save(place.path("c.png")).unwrap();
    for name in ["a", "b", "c"] {
        place.ok(&format!("run w[0,0] {name}.png -o half.tif --dtype f16"));
        place.ok("run w[0,0] half.tif -o again.tif");
        place.ok("run w[0,0] again.tif -o back.png --dtype u8");
        assert_eq!(place.picture("back.png"), place.picture(&format!("{name}.png")), "{name}");
    }
    place.ok("run w[0,0] a.png -o colour.tif --dtype f16");
    let (kind, samples) = decode("colour.tif");
    assert_eq!(kind, ColorType::RGB(16));
    let expected = place.picture("a.png").into_rgb8().into_raw();
    assert_eq!(
        samples.into_iter().map(f32::from).collect::<Vec<_>>(),
        expected.into_iter().map(f32::from).collect::<Vec<_>>()
    );
    place.fails(1, "run w[0,0] every.npy -o out.png", &["a PNG file can't hold f16", "--dtype u8"]);
}

#[test]
fn jpeg() {
    let place = Place::new();
    RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, 100])).save(place.path("in.jpg")).unwrap();
    place.ok("run w[0,0] in.jpg -o out.jpeg");
    place.ok("run w[0,0] out.jpeg -o out.png");
    let (before, after) = (place.picture("in.jpg").into_rgb8(), place.picture("out.png").into_rgb8());
    assert_eq!(before.dimensions(), after.dimensions());
    let worst = before.as_raw().iter().zip(after.as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(worst <= 24, "{worst}");
    place.fails(1, "run w[0,0] in.jpg -o x.jpg --dtype u16", &["x.jpg", "JPEG", "u16", "--dtype u8"]);
    place.halve("in.jpg", "half.jpg");
    place.fails(1, "run w[0,0] half.jpg -o x.png", &["half.jpg", "truncated"]);
}

/// A camera writes what it sees, and how it was held; a picture is filtered as it is looked at.
#[test]
fn pictures_are_upright() {
    use image::codecs::jpeg::JpegEncoder;
    use image::codecs::png::PngEncoder;
    use image::{ExtendedColorType, ImageEncoder};
    let place = Place::new();
    let image = RgbImage::from_raw(5, 3, noise(45)).unwrap();
    // Exif with one entry, the orientation: turned to the right by a quarter.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let file = |name: &str| fs::File::create(place.path(name)).unwrap();
    let mut png = PngEncoder::new(file("in.png"));
    png.set_exif_metadata(exif.clone()).unwrap();
    png.write_image(&image, 5, 3, ExtendedColorType::Rgb8).unwrap();
    let mut jpeg = JpegEncoder::new(file("in.jpg"));
    jpeg.set_exif_metadata(exif).unwrap();
    jpeg.write_image(&image, 5, 3, ExtendedColorType::Rgb8).unwrap();
    for name in ["in.png", "in.jpg"] {
        place.ok(&format!("run w[0,0] {name} -o out.png"));
        assert_eq!(place.picture("out.png").into_rgb8().dimensions(), (3, 5), "{name}");
    }
    place.ok("run w[0,0] in.png -o out.png");
    assert_eq!(place.picture("out.png").into_rgb8(), image::imageops::rotate90(&image));
}

#[test]
fn wrong_kernels() {
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    for (kernel, messages) in [
        ("min(image)", ["H010", "unknown name `image`"]),
        ("minn(w)", ["H011", "did you mean `min`"]),
        ("min(w) ^ 2", ["H001", "**"]),
        ("count(w > 1 && w < 2)", ["H001", "`and`"]),
        ("if w[0,0] > 1 then 2", ["H001", "else"]),
        ("fn f(x) = f(x); f(min(w))", ["H013", "`f` calls itself"]),
        ("clamp(min(w), 1)", ["H014", "3 arguments"]),
        ("min(w) + (1 < 2)", ["H020", "boolean"]),
        ("w", ["H021", "mean(w)"]),
        ("rank(w, 9)", ["H026", "9 cells"]),
        ("w[0,0,1]", ["H032", "axes"]),
    ] {
        place.fails(1, &format!("run '{kernel}' a.npy -o out.npy --size 3"), &messages);
    }
    place.fails(1, "run 'assert w[0,0] < 6; 1' a.npy -o out.npy", &["at pixel [0, 2]", "line 1, column"]);
    place.fails(1, "run coord(0) a.npy -o out.npy --engine callback", &["H030", "callback"]);
}

#[test]
fn arguments_that_do_not_fit_the_data() {
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    place.save("b.npy", &ramp(4, 5));
    place.save("k.npy", &array![1.0, 2.0]);
    RgbImage::new(4, 4).save(place.path("rgb.png")).unwrap();
    place.write("complex.npy", npy("'<c16'", false, "(1,)", &[0; 16]));
    for (line, messages) in [
        ("'param t; t' a.npy -o o.npy", &["param", "`t` has no value"][..]),
        ("min(w) a.npy -o o.npy --size 3 --param t=1", &["param", "`t`"]),
        ("min(w) a.npy -o o.npy --size 3 --weights k=k.npy", &["weights", "`k`"]),
        ("'weights k; sum(w*k)' a.npy -o o.npy --size 3", &["weights", "`k`"]),
        ("'weights k; sum(w*k)' a.npy -o o.npy --size 3 --weights k=k.npy", &["weights", "`k` has 2 values"]),
        ("'weights k; sum(w*k)' a.npy -o o.npy --size 3 --weights k=none.npy", &["none.npy", "No such file"]),
        ("min(w) a.npy b.npy -o o.npy --size 3", &["inputs", "1 input (w)", "2 given"]),
        ("'input a, b; min(a)' a.npy -o o.npy --size 3", &["inputs", "2 inputs (a, b)", "1 given"]),
        ("'input a, b; min(a) + min(b)' a.npy b.npy -o o.npy --size 3", &["b.npy", "[4, 5]", "[4, 4]"]),
        ("'input a, b; min(a) + min(b)' a.npy rgb.png -o o.npy --size 3", &["rgb.png", "colour"]),
        ("min(w) a.npy -o o.npy -o p.npy --size 3", &["outputs", "1 output (0)", "2 given"]),
        ("'min(w), max(w)' a.npy -o o.npy --size 3", &["outputs", "2 outputs (0, 1)", "1 given"]),
        ("min(w) a.npy -o o.npy", &["size"]),
        ("min(w) a.npy -o o.npy --size 3,3,3", &["size", "3 axes"]),
        ("min(w) a.npy -o o.npy --footprint 111", &["footprint", "1 axes"]),
        ("min(w) a.npy -o o.npy --footprint none.npy", &["none.npy", "No such file"]),
        ("min(w) a.npy -o o.npy --footprint complex.npy", &["complex.npy", "complex"]),
        ("min(w) a.npy -o o.npy --size 3 --origin 2", &["origin", "2"]),
        ("min(w) a.npy -o o.npy --size 3 --origin 0,0,-1", &["origin", "3"]),
        ("min(w) a.npy -o o.npy --size 3 --axes 2", &["axes", "no axis 2"]),
        ("min(w) a.npy -o o.npy --size 3 --axes 0,-2", &["axes", "twice"]),
        ("min(w) a.npy -o o.npy --size 3 --mode wrap,wrap,wrap", &["mode", "3 modes"]),
    ] {
        place.fails(1, &format!("run {line}"), messages);
    }
}

#[test]
fn wrong_usage() {
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    for (line, messages) in [
        ("", &["Usage"][..]),
        ("run", &["KERNEL"]),
        ("run min(w)", &["INPUT"]),
        ("run min(w) a.npy", &["--output"]),
        ("run min(w) a.npy -o o.npy --size 0", &["'0'", "--size", "at least 1"]),
        ("run min(w) a.npy -o o.npy --size 3,x", &["'x'", "--size"]),
        ("run min(w) a.npy -o o.npy --size 3 --footprint box:1", &["--size", "--footprint"]),
        ("run min(w) a.npy -o o.npy --footprint blob:1", &["--footprint", "blob"]),
        ("run min(w) a.npy -o o.npy --footprint ball:-1", &["--footprint", "-1"]),
        ("run min(w) a.npy -o o.npy --footprint 01/1", &["--footprint", "different lengths"]),
        ("run min(w) a.npy -o o.npy --mode foo", &["--mode", "foo", "reflect"]),
        ("run min(w) a.npy -o o.npy --mode wrap,", &["--mode"]),
        ("run min(w) a.npy -o o.npy --origin a", &["--origin"]),
        ("run min(w) a.npy -o o.npy --axes 1.5", &["--axes"]),
        ("run min(w) a.npy -o o.npy --cval x", &["--cval"]),
        ("run min(w) a.npy -o o.npy --dtype c16", &["--dtype", "c16", "f64"]),
        ("run min(w) a.npy -o o.npy --cast round", &["--cast", "round", "wrap"]),
        ("run min(w) a.npy -o o.npy --engine jit", &["--engine", "jit", "interpreter"]),
        ("run min(w) a.npy -o o.npy --threads -1", &["-1"]),
        ("run min(w) a.npy -o o.npy --param t", &["--param", "NAME=VALUE"]),
        ("run min(w) a.npy -o o.npy --param t=x", &["--param", "`x`"]),
        ("run min(w) a.npy -o o.npy --param t=1 --param t=2", &["--param", "twice"]),
        ("run min(w) a.npy -o o.npy --weights k=k.png", &["--weights", "NAME=FILE.npy"]),
        ("run min(w) a.npy -o o.npy -o ./o.npy", &["--output", "twice"]),
        ("run min(w) a.npy -o o.doc", &["--output", "o.doc", ".tiff"]),
        ("run min(w) a.txt -o o.npy", &["input", "a.txt", ".npy"]),
        ("emit mir min(w)", &["mir", "clif"]),
        ("emit clif min(w) --engine callback --origin 1", &["--origin", "--size"]),
        ("bench --repeat 0", &["--repeat"]),
        ("frobnicate", &["frobnicate"]),
    ] {
        let output = place.command(line).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}\n{stderr}");
        for message in messages {
            assert!(stderr.contains(message), "{line}: no `{message}` in\n{stderr}");
        }
        assert_eq!(place.listing().len(), 1, "{line}");
    }
}

#[test]
fn broken_files() {
    let place = Place::new();
    place.save("whole.npy", &ramp(40, 40));
    GrayImage::from_raw(40, 40, noise(1600)).unwrap().save(place.path("whole.png")).unwrap();
    place.ok("run w[0,0] whole.png -o whole.tif");
    for extension in ["npy", "png", "tif"] {
        place.halve(&format!("whole.{extension}"), &format!("half.{extension}"));
        place.write(&format!("noise.{extension}"), noise(500));
        place.write(&format!("nothing.{extension}"), []);
        place.fails(1, &format!("run w[0,0] half.{extension} -o o.npy"), &["half", "truncated"]);
        place.fails(1, &format!("run w[0,0] noise.{extension} -o o.npy"), &["noise"]);
        place.fails(1, &format!("run w[0,0] nothing.{extension} -o o.npy"), &["nothing"]);
        place.fails(1, &format!("run w[0,0] none.{extension} -o o.npy"), &["none", "No such file"]);
    }
    // A header may claim anything; that must not cost memory.
    let mut huge = fs::read(place.path("whole.png")).unwrap();
    huge[16..24].copy_from_slice(&[0x7f, 0, 0, 0, 0x7f, 0, 0, 0]);
    place.write("huge.png", huge);
    place.fails(1, "run w[0,0] huge.png -o o.npy", &["huge.png", "corrupt"]);
    fs::create_dir(place.path("dir.npy")).unwrap();
    for (name, bytes, message) in [
        ("complex.npy", npy("'<c8'", false, "(1,)", &[0; 8]), "complex"),
        ("object.npy", npy("'|O'", false, "(1,)", &[0; 8]), "object"),
        ("text.npy", npy("'<U3'", false, "(1,)", &[0; 12]), "string"),
        ("fields.npy", npy("[('a', '<f8')]", false, "(1,)", &[0; 8]), "structured"),
        ("bool.npy", npy("'|b1'", false, "(2,)", &[1, 2]), "bool.npy"),
        ("more.npy", npy("'<f8'", false, "(1,)", &[0; 9]), "corrupt"),
        ("huge.npy", npy("'<f8'", false, "(1000000000000,)", &[0; 8]), "truncated"),
        ("over.npy", npy("'<f8'", false, "(4294967296, 4294967296)", &[]), "too large"),
        ("zero.npy", npy("'<f8'", false, "(0, 4294967296, 4294967296)", &[]), "too large"),
        ("negative.npy", npy("'<f8'", false, "(-1,)", &[]), "shape"),
        ("deep.npy", npy("'<f8'", false, &"(".repeat(5000), &[]), "nested"),
        ("long.npy", npy("'<f8'", false, &"1".repeat(20_000), &[]), "corrupt"),
        ("version.npy", b"\x93NUMPY\x09\x00\x01\x00\x00\x00x".to_vec(), "version"),
    ] {
        place.write(name, bytes);
        place.fails(1, &format!("run 'max(w)' {name} -o o.npy --size 3"), &[name, message]);
    }
    place.fails(1, "run w[0,0] dir.npy -o o.npy", &["dir.npy"]);
}

#[test]
fn outputs_that_can_not_be_written() {
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    place.save("line.npy", &Array1::<u8>::zeros(3));
    place.save("volume.npy", &ndarray::Array3::<u8>::zeros((3, 3, 5)));
    fs::create_dir(place.path("dir.npy")).unwrap();
    for (line, messages) in [
        ("a.npy -o none/o.npy", ["none/o.npy", "no directory none"]),
        ("a.npy -o line.npy/o.npy", ["line.npy/o.npy", "not a directory"]),
        ("a.npy -o dir.npy", ["dir.npy", "is a directory"]),
        ("a.npy -o o.png", ["o.png", "a PNG file can't hold f64, only bool, u8, u16; add --dtype u8"]),
        ("a.npy -o o.bmp", ["o.bmp", "a BMP file can't hold f64, only bool, u8; add --dtype u8"]),
        ("a.npy -o o.jpg --dtype bool", ["o.jpg", "a JPEG file can't hold bool, only u8"]),
        ("line.npy -o o.png", ["o.png", "1 axes"]),
        ("volume.npy -o o.png", ["o.png", "3 axes"]),
    ] {
        place.fails(1, &format!("run min(w) {line} --size 3"), &messages);
    }
    // The first output could be written; it must not be, without the second.
    place.fails(1, "run 'min(w), max(w)' a.npy -o good.npy -o none/o.npy --size 3", &["none/o.npy"]);
    place.fails(1, "run 'min(w), max(w)' a.npy -o good.npy -o o.jpg --size 3", &["o.jpg"]);
}

#[cfg(unix)]
#[test]
fn outputs_have_the_usual_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode();
    place.ok("run min(w) a.npy -o new.npy --size 3");
    assert_eq!(mode("new.npy"), mode("a.npy"));
    fs::set_permissions(place.path("new.npy"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("new.npy", place.path("link.npy")).unwrap();
    place.ok("run max(w) a.npy -o link.npy --size 3");
    assert_eq!(mode("new.npy") & 0o777, 0o640);
    assert!(fs::symlink_metadata(place.path("link.npy")).unwrap().is_symlink());
    place.ok("run max(w) a.npy -o other.npy --size 3");
    assert_eq!(place.load::<f64>("new.npy"), place.load::<f64>("other.npy"));
    // Root may write anywhere.
    fs::create_dir(place.path("closed")).unwrap();
    fs::set_permissions(place.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::File::create(place.path("closed/probe")).is_err() {
        place.fails(1, "run min(w) a.npy -o closed/o.npy --size 3", &["closed/o.npy", "permission denied"]);
    }
}

/// What was there before a failure is there after it, whichever output failed.
#[cfg(target_os = "linux")]
#[test]
fn a_failure_loses_no_file() {
    let place = Place::new();
    for name in ["in.npy", "keep.npy"] {
        place.save(name, &ramp(4, 4));
    }
    let before = place.listing();
    for outputs in ["-o in.npy -o -", "-o - -o keep.npy"] {
        let line = format!("run 'a: min(w), b: max(w)' in.npy {outputs} --size 3");
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("hoodoo"));
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command.current_dir(place.dir.path()).args(words(&line)).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{outputs}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("error: standard output: "), "{stderr}");
        assert_eq!(place.listing(), before, "{outputs}");
        for name in ["in.npy", "keep.npy"] {
            assert_eq!(place.load::<f64>(name), ramp(4, 4).into_dyn(), "{outputs}");
        }
    }
    place.ok("run 'a: min(w), b: max(w), c: w[0,0]' in.npy -o in.npy -o keep.npy -o new.npy --size 3");
    assert_eq!(place.load::<f64>("in.npy"), eroded(ramp(4, 4).view()).into_dyn());
    assert_eq!(place.load::<f64>("new.npy"), ramp(4, 4).into_dyn());
}

#[cfg(unix)]
#[test]
fn pipes_and_files_that_are_read_only() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    let place = Place::new();
    place.save("in.npy", &ramp(4, 4));
    assert!(std::process::Command::new("mkfifo").arg(place.path("pipe.npy")).status().unwrap().success());
    let pipe = place.path("pipe.npy");
    let reader = std::thread::spawn(move || fs::read(pipe).unwrap());
    place.ok("run min(w) in.npy -o pipe.npy --size 3");
    place.write("out.npy", reader.join().unwrap());
    assert_eq!(place.load::<f64>("out.npy"), eroded(ramp(4, 4).view()).into_dyn());
    assert!(fs::metadata(place.path("pipe.npy")).unwrap().file_type().is_fifo());
    fs::remove_file(place.path("pipe.npy")).unwrap();

    fs::set_permissions(place.path("out.npy"), fs::Permissions::from_mode(0o444)).unwrap();
    // Root may write to any file.
    if fs::OpenOptions::new().write(true).open(place.path("out.npy")).is_err() {
        // The input is not even looked at.
        place.fails(1, "run min(w) in.npy -o out.npy --size 3", &["out.npy: can't be written: permission denied"]);
    }
}

/// Standard error may be closed or full; then there is nobody to tell.
#[cfg(target_os = "linux")]
#[test]
fn nobody_to_tell() {
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    for (line, status) in [
        ("run min(w) a.npy -o o.npy --size 3 --time --explain", 0),
        ("run min(w) a.npy -o o.npy --size 3 --explain --engine callback", 0),
        ("run min(w) none.npy -o o.npy --size 3", 1),
    ] {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("hoodoo"));
        command.current_dir(place.dir.path()).args(words(line));
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(command.stderr(full).status().unwrap().code(), Some(status), "{line}");
    }
}

/// What a number of an option is, and not that of another one.
#[test]
fn numbers_are_called_by_their_names() {
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    for (option, message) in [
        ("--stride 0", "every N-th pixel is computed, for a whole number of at least 1"),
        ("--stride -2", "every N-th pixel"),
        ("--stride 2,x", "every N-th pixel"),
        ("--size 0", "a length is a whole number of at least 1"),
        ("--size -3", "a length is a whole number"),
        ("--threads -1", "a whole number of at least 0"),
    ] {
        place.fails(2, &format!("run min(w) a.npy -o o.npy {option}"), &[message]);
    }
}

/// Names and streams that nobody would choose.
#[cfg(target_os = "linux")]
#[test]
fn strange_names_and_streams() {
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    let said = |script: &str| {
        let run = std::process::Command::new("bash")
            .args(["-c", script])
            .arg(assert_cmd::cargo::cargo_bin!("hoodoo"))
            .current_dir(place.dir.path())
            .output()
            .unwrap();
        (run.status.code(), String::from_utf8_lossy(&run.stderr).to_string())
    };
    for (script, status, message) in [
        ("ln -s /dev/zero z.jpg; $0 run 'w[0,0]' z.jpg -o o.npy", 1, "does not begin as a file of a type"),
        ("$0 check - < /dev/zero", 1, "the limit `source_bytes`"),
        ("$0 run 'w[0,0]' $'no\\x1b[31m.npy' -o o.npy", 1, "no\\u{1b}[31m.npy"),
        ("ulimit -n 5; $0 run 'w[0,0]' a.npy -o o.npy", 1, "Too many open files"),
        ("$0 run 'param t; w[0,0] * t' a.npy -o o.npy --param t=1/3 --dtype f64", 0, ""),
        ("cp a.npy $'\\xff.npy'; $0 run 'low: w[0,0], high: w[0,0]' $'\\xff.npy' --out-dir out", 0, ""),
        ("test -f $'out/\\xff-low.npy' && test -f $'out/\\xff-high.npy'", 0, ""),
    ] {
        let (code, stderr) = said(script);
        assert_eq!(code, Some(status), "{script}: {stderr}");
        assert!(stderr.contains(message) && !stderr.contains('\u{1b}'), "{script}: {stderr}");
    }
}

/// Where standard output is closed, what goes there is lost, and that is a failure; /dev/null takes it, however it was opened.
#[cfg(target_os = "linux")]
#[test]
fn a_closed_standard_output() {
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    for (line, status) in [
        ("run min(w) a.npy -o - --size 3", 1),
        ("run min(w) a.npy -o - --size 3 --stream", 1),
        ("run min(w) a.npy -o o.npy --size 3 --json", 1),
        ("run min(w) a.npy -o o.npy --size 3", 0),
        ("check min(w)", 1),
        ("emit hir min(w)", 1),
        ("gallery", 1),
        ("man", 1),
        ("completions bash", 1),
        ("help functions", 1),
    ] {
        for (redirection, status) in [(">&-", status), ("<&- >&- 2>&-", status), ("1<>/dev/null", 0), (">/dev/null", 0)]
        {
            let run = std::process::Command::new("sh")
                .args(["-c", &format!("exec \"$0\" \"$@\" {redirection}")])
                .arg(assert_cmd::cargo::cargo_bin!("hoodoo"))
                .args(words(line))
                .current_dir(place.dir.path())
                .output()
                .unwrap();
            let stderr = String::from_utf8_lossy(&run.stderr);
            assert_eq!(run.status.code(), Some(status), "{line} {redirection}: {stderr}");
            assert!(status == 0 || redirection != ">&-" || stderr.contains("standard output: is closed"), "{stderr}");
        }
    }
}

/// Starts a run, and waits until it watches signals. `before` is what a shell does first.
#[cfg(unix)]
fn start(place: &Place, before: &str, line: &str) -> std::process::Child {
    use std::time::{Duration, Instant};
    let program = assert_cmd::cargo::cargo_bin!("hoodoo");
    let child = std::process::Command::new("sh")
        .args(["-c", &format!("{before} exec \"$0\" \"$@\"")])
        .arg(program)
        .args(words(line))
        .current_dir(place.dir.path())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Once the signal is caught, the run begins. Where that can't be seen, time must do.
    let start = Instant::now();
    let caught = || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
        let name = status.lines().next()?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
        Some(name.ends_with("hoodoo") && u64::from_str_radix(mask.trim(), 16).ok()? & 2 != 0)
    };
    while !caught().unwrap_or_else(|| start.elapsed() > Duration::from_secs(2)) {
        assert!(start.elapsed() < Duration::from_secs(60), "the signal is never caught");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

/// Sends a signal.
#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    let kill = std::process::Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_signal_leaves_nothing() {
    use std::time::Duration;
    let place = Place::new();
    place.save("a.npy", &Array2::<f64>::zeros((3000, 3000)));
    let before = place.listing();
    let line = "run median(w) a.npy -o o.npy --size 15 --engine interpreter";
    for (ignored, name) in [("", "INT"), ("", "TERM"), ("", "HUP"), ("trap '' HUP;", "INT")] {
        // What these tests are told to ignore, as by nohup, so are those whom they start.
        if name == "HUP" && ignores_hangups() {
            continue;
        }
        let mut child = start(&place, ignored, line);
        std::thread::sleep(Duration::from_millis(500));
        // As under nohup.
        if !ignored.is_empty() {
            signal(&child, "HUP");
            std::thread::sleep(Duration::from_millis(300));
            assert_eq!(child.try_wait().unwrap(), None);
        }
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{name}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "error: cancelled\n");
        assert_eq!(place.listing(), before, "{name}");
    }
}

/// Whether this process ignores that its terminal is closed.
#[cfg(unix)]
fn ignores_hangups() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
}

/// Signals that come again and again, while a file is coded and written.
#[cfg(unix)]
#[test]
fn two_signals_leave_nothing() {
    use std::time::Duration;
    let place = Place::new();
    let noise = Array2::from_shape_fn((4000, 4000), |(y, x)| {
        ((y * 4000 + x) as u32).wrapping_mul(2_654_435_761).rotate_left(9) as u16
    });
    place.save("a.npy", &noise);
    let before = place.listing();
    let mut child = start(&place, "", "run w[0,0] a.npy -o o.png");
    std::thread::sleep(Duration::from_millis(400));
    // Two that come while the program is not running are one.
    while child.try_wait().unwrap().is_none() {
        signal(&child, "TERM");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(place.listing(), before);
}

#[test]
fn times() {
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    let output = place.command("run min(w) a.npy -o o.npy --size 3 --time").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    for step in ["compile", "read", "run", "write"] {
        assert!(stderr.lines().any(|line| line.starts_with(step) && line.ends_with(" ms")), "{step}: {stderr}");
    }
}

#[test]
fn check() {
    let place = Place::new();
    assert_eq!(place.ok("check min(w)"), "ok: inputs w; outputs 0\n");
    let kernel = "param t = 0.5; param s; weights k; input a, b; low: sum(a*k)*t, sum(b)*s";
    let said = "ok: inputs a, b; outputs low, 1; params t = 0.5, s; weights k\n";
    assert_eq!(place.ok(&format!("check '{kernel}'")), said);
    place.fails(1, "check 'min(w'", &["error[H001]", "kernel:1:6"]);
}

#[test]
fn emit() {
    let place = Place::new();
    assert_eq!(place.ok("emit ast 'max( w )-min(w)'"), "max(w) - min(w)\n");
    assert_eq!(place.ok("emit ast 'w[0,1]-2.50+1e30-3.'"), "w[0, 1] - 2.5 + 1e30 - 3\n");
    assert!(place.ok("emit hir max(w)-min(w)").contains("output 0"));
    for window in ["", "--size 3", "--size 3,5,1", "--footprint cross:1 --origin -1", "--footprint disk:2 --origin 0,1"]
    {
        assert!(place.ok(&format!("emit clif min(w) --engine callback {window}")).starts_with("function"), "{window}");
        assert!(!place.ok(&format!("emit asm min(w) --engine callback {window}")).is_empty(), "{window}");
    }
    place.fails(1, "emit ast 'min(w'", &["error[H001]"]);
    place.fails(1, "emit hir w", &["error[H021]"]);
    place.fails(1, "emit clif w[0,9] --engine callback --size 3", &["error[H031]"]);
    place.fails(1, "emit asm coord(0) --engine callback --size 3", &["error[H030]"]);
    place.fails(1, "emit asm min(w) --engine callback --size 3,3 --origin 1,1,1", &["origin"]);
}

#[test]
fn demo() {
    let place = Place::new();
    let said = place.ok("demo --size 64");
    for row in [
        "hand-written Rust",
        "interpreter",
        "foreign extern \"C\" callback",
        "compiled callback, 1 thread",
        "compiled rows, 1 thread",
    ] {
        assert!(said.contains(row), "{said}");
    }
    assert!(said.contains("hoodoo-demo.png"), "{said}");
    assert_eq!(place.picture("hoodoo-demo.png").height(), 512);
    place.fails(1, "demo --size 64 --dir none", &["none", "no directory"]);
    place.ok("demo --size 1");
}

#[test]
fn bench() {
    let place = Place::new();
    let json = |line: &str| serde_json::from_str::<serde_json::Value>(&place.ok(line)).unwrap();
    let said = json("bench --json --size 40 --repeat 1");
    assert_eq!((&said["size"], &said["repeat"], &said["threads"]), (&40.into(), &1.into(), &1.into()));
    let workloads = said["workloads"].as_object().unwrap();
    assert!(workloads.len() > 10, "{said}");
    for (name, times) in workloads {
        for key in ["rows_ms", "idiomatic_ms", "memcpy_ms", "callback_ms", "foreign_ms", "first_us"] {
            assert!(times[key].as_f64().unwrap() > 0.0, "{name}: {key} in {said}");
        }
    }
    let said = json("bench --json --quick --size 70 --only min-cross-f64,median-3x3-u8 --threads 2 --repeat 2");
    assert_eq!(said["workloads"].as_object().unwrap().len(), 2);
    assert!(said["workloads"]["min-cross-f64"]["callback_ms"].is_null(), "{said}");
    // Images smaller than windows and registers.
    for size in [1, 2, 5, 9] {
        assert!(place.ok(&format!("bench --size {size} --repeat 2 --threads 0")).contains("median-5x5-f32"));
    }
    for size in ["4000000000", "99999999999", "18446744073709551615"] {
        for line in ["demo", "bench --json --only min-cross-f64", "bench --growth ."] {
            place.fails(1, &format!("{line} --size {size}"), &["--size", "not enough memory"]);
        }
    }
    place.fails(2, "bench --only min-cross-f64,frobnicate", &["frobnicate", "bilateral-f32"]);
}

/// The page on the command line has every option of `run`.
#[test]
fn the_page_has_every_option_of_run() {
    let help = Place::new().ok("run --help");
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md")).unwrap();
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let options = lines.filter_map(|line| line.split_once("--")?.1.split([' ', '[', '=']).next());
    let options: Vec<&str> = options.filter(|option| *option != "help").collect();
    assert!(options.len() > 15, "{help}");
    for option in options {
        assert!(page.contains(&format!("`--{option}")), "docs/cli.md has no --{option}");
    }
}

#[test]
fn growth() {
    let place = Place::new();
    let said = place.ok("bench --growth . --size 8 --repeat 1");
    assert!(said.contains("growth.md"), "{said}");
    let page = fs::read_to_string(place.path("growth.md")).unwrap();
    for plot in ["growth-window.svg", "growth-image.svg", "growth-compilation.svg"] {
        assert!(page.contains(plot), "{page}");
        assert!(fs::read_to_string(place.path(plot)).unwrap().ends_with("</svg>\n"));
    }
    place.fails(1, "bench --growth none --size 8 --repeat 1", &["none", "no directory"]);
}

#[test]
fn batches() {
    let place = Place::new();
    let gradient = |seed: f64| ramp(9, 7).mapv(|x| x * seed);
    for (name, seed) in [("a.npy", 1.0), ("b.npy", -2.0), ("c.npy", 0.5)] {
        place.save(name, &gradient(seed));
    }
    assert_eq!(place.ok("run min(w) a.npy b.npy c.npy --out-dir new/deep --size 3"), "");
    for (name, seed) in [("a.npy", 1.0), ("b.npy", -2.0), ("c.npy", 0.5)] {
        assert_eq!(place.load::<f64>(&format!("new/deep/{name}")), eroded(gradient(seed).view()).into_dyn());
    }
    place.ok("run 'low: min(w), max(w)' a.npy --out-dir new --size 3 --quiet");
    assert_eq!(place.load::<f64>("new/a-low.npy"), eroded(gradient(1.0).view()).into_dyn());
    assert!(place.path("new/a-1.npy").exists());

    // A file that can't be filtered does not keep the others from it.
    place.write("broken.npy", "no array");
    place.save("volume.npy", &ndarray::Array3::<f64>::zeros((2, 2, 2)));
    let command = "run min(w) a.npy broken.npy none.npy volume.npy c.npy --out-dir some --size 3,3";
    let output = place.command(command).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!(lines.len(), 4, "{stderr}");
    for (line, start) in lines.iter().zip(["broken.npy: ", "none.npy: ", "volume.npy: ", "3 of 5 files failed"]) {
        assert!(line.starts_with(&format!("error: {start}")), "{stderr}");
    }
    let mut made: Vec<_> = fs::read_dir(place.path("some")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    made.sort();
    assert_eq!(made, ["a.npy", "c.npy"]);

    // Two of one name keep their directories.
    place.ok("run 'low: min(w), max(w)' a.npy some/a.npy new/deep/b.npy --out-dir trees --size 3 --ext npy --quiet");
    assert_eq!(place.load::<f64>("trees/a-low.npy"), eroded(gradient(1.0).view()).into_dyn());
    assert_eq!(place.load::<f64>("trees/some/a-low.npy"), eroded(eroded(gradient(1.0).view()).view()).into_dyn());
    assert!(place.path("trees/new/deep/b-1.npy").exists());

    let before = place.listing();
    place.save("some/x.npy", &ramp(2, 2));
    for (status, line, messages) in [
        (2, "run min(w) a.npy b.npy --out-dir .", &["--out-dir", "replace the input a.npy"][..]),
        (2, "run min(w) a.npy some/../a.npy --out-dir d", &["--out-dir", "same name"]),
        (2, "run min(w) a.npy a.npy --out-dir d", &["--out-dir", "same name"]),
        (2, "run min(w) a.npy -o o.npy --out-dir d", &["--out-dir", "--output"]),
        (2, "run min(w) - --out-dir d", &["--out-dir", "-"]),
        (1, "run 'input a, b; min(a) + min(b)' a.npy b.npy --out-dir d --size 3", &["--out-dir", "a, b"]),
        (1, "run 'min(w' a.npy b.npy --out-dir d", &["error[H001]"]),
        (
            1,
            "run 'rank(w, 99)' a.npy b.npy --out-dir d/e --size 3",
            &["error[H026]: a.npy: ", "9 cells", "2 of 2 files"],
        ),
        (1, "run min(w) a.npy --out-dir b.npy/d --size 3", &["b.npy/d", "can't be made"]),
    ] {
        let output = place.command(line).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{line}\n{stderr}");
        messages.iter().for_each(|message| assert!(stderr.contains(message), "{line}: no `{message}` in\n{stderr}"));
    }
    let after: Vec<_> = place.listing().into_iter().filter(|(path, _)| !path.ends_with("d")).collect();
    assert_eq!(after.len(), before.len());
}

/// Neither what is wrong with the kernel for one of the files nor a file of an unknown type keeps the others from it.
#[test]
fn batches_of_files_of_all_kinds() {
    let place = Place::new();
    place.save("picture.npy", &ramp(3, 4));
    place.save("volume.npy", &ndarray::Array3::<f64>::zeros((2, 2, 2)));
    place.write("notes.txt", "");
    for inputs in ["volume.npy notes.txt picture.npy", "picture.npy notes.txt volume.npy"] {
        let output = place.command(&format!("run w[0,0]/2 {inputs} --out-dir d --json")).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("error[H032]: volume.npy: "), "{stderr}");
        assert!(stderr.contains("error: notes.txt: unknown file type"), "{stderr}");
        assert!(stderr.ends_with("error: 2 of 3 files failed\n"), "{stderr}");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["files"][0]["inputs"][0], "picture.npy");
        let failed: Vec<_> = said["failures"].as_array().unwrap().iter().map(|one| one["input"].clone()).collect();
        assert!(failed.len() == 2 && failed.contains(&"volume.npy".into()) && failed.contains(&"notes.txt".into()));
        assert_eq!(place.load::<f64>("d/picture.npy"), (ramp(3, 4) / 2.0).into_dyn());
        fs::remove_dir_all(place.path("d")).unwrap();
    }
}

#[test]
fn standard_streams() {
    let place = Place::new();
    place.save("a.npy", &ramp(5, 6));
    let piped = |line: &str, input: &[u8]| place.command(line).write_stdin(input).output().unwrap();
    let bytes = fs::read(place.path("a.npy")).unwrap();
    let output = piped("run min(w) - -o - --size 3", &bytes);
    assert!(output.status.success());
    place.write("o.npy", &output.stdout);
    assert_eq!(place.load::<f64>("o.npy"), eroded(ramp(5, 6).view()).into_dyn());
    // The kernel may be what comes in; and one output may go to a file.
    let output = piped("run - a.npy -o - -o high.npy --size 3", b"low: min(w), high: max(w)");
    place.write("low.npy", &output.stdout);
    assert_eq!(place.load::<f64>("low.npy"), eroded(ramp(5, 6).view()).into_dyn());
    assert!(place.path("high.npy").exists());
    for (line, input, status, message) in [
        ("run min(w) - -o - --size 3", &bytes[..bytes.len() / 2], 1, "standard input: truncated"),
        ("run min(w) - -o - --size 3", b"", 1, "standard input: has no bytes"),
        (
            "run min(w) - -o - --size 3",
            b"hello",
            1,
            "standard input: does not begin as a file of a type that can be read",
        ),
        ("run - - -o -", b"min(w)", 2, "only once"),
        ("run 'input a, b; min(a) + min(b)' - - -o -", &bytes, 2, "only once"),
        ("run min(w) - -o - --json", &bytes, 2, "--json"),
        ("run 'a: min(w), b: max(w)' - -o - -o -", &bytes, 2, "twice"),
        ("run - a.npy -o -", b"min(", 1, "standard input:1:5"),
        ("check -", b"min(\xff)", 1, "standard input"),
    ] {
        let output = piped(line, input);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{line}\n{stderr}");
        assert!(stderr.contains(message) && output.stdout.is_empty(), "{line}\n{stderr}");
    }
}

#[test]
fn results_as_json() {
    let place = Place::new();
    place.save("a.npy", &array![[1.0, f64::NAN], [f64::INFINITY, 4.0]]);
    place.save("b.npy", &array![[f64::NAN, f64::NAN]]);
    let json = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
    let said = json(place.ok("run 'x: 2 * w[0,0], y: w[0,0] > 3' a.npy -o x.npy -o y.npy --json").as_bytes());
    let output = &said["files"][0]["outputs"][0];
    assert_eq!((&output["name"], &output["path"], &output["dtype"]), (&"x".into(), &"x.npy".into(), &"f64".into()));
    assert_eq!((&output["min"], &output["mean"], &output["max"]), (&2.0.into(), &5.0.into(), &8.0.into()));
    assert_eq!(output["shape"], serde_json::json!([2, 2]));
    for step in ["compile", "read", "run", "write"] {
        assert!(said["milliseconds"][step].as_f64().unwrap() > 0.0, "{said}");
    }
    let output = place.command("run w[0,0] a.npy none.npy b.npy --out-dir d --json").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = json(&output.stdout);
    assert_eq!(said["files"].as_array().unwrap().len(), 2);
    assert!(said["files"][1]["outputs"][0]["mean"].is_null());
    assert_eq!(said["failures"][0]["input"], "none.npy");
    assert!(said["failures"][0]["error"].as_str().unwrap().contains("none.npy"));
    // Also where nothing was filtered.
    place.write("wrong.hood", "min(w");
    for (line, kernel, message) in [
        ("run min(w) none.npy -o o.npy --size 3 --json", "min(w)".into(), "none.npy"),
        ("run wrong.hood a.npy -o o.npy --json", "min(w".into(), "error[H001]"),
        ("run none.hood a.npy -o o.npy --json", serde_json::Value::Null, "none.hood"),
    ] {
        let output = place.command(line).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{line}");
        let said = json(&output.stdout);
        assert_eq!((&said["kernel"], &said["files"]), (&kernel, &serde_json::json!([])), "{said}");
        assert!(said["failures"][0]["input"].is_null(), "{said}");
        assert!(said["failures"][0]["error"].as_str().unwrap().contains(message), "{said}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(message), "{line}");
    }
}

#[test]
fn diagnostics_for_editors() {
    let place = Place::new();
    let said = |line: &str| {
        let output = place.command(line).output().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(output.stderr.is_empty(), "{line}");
        assert_eq!(output.status.success(), json["ok"].as_bool().unwrap(), "{line}");
        json
    };
    let right = said("check --json 'param t = 0.5; weights k; low: sum(w*k) > t'");
    assert_eq!((&right["inputs"][0], &right["outputs"][0]), (&"w".into(), &"low".into()));
    assert_eq!((&right["params"][0]["default"], &right["weights"][0]), (&0.5.into(), &"k".into()));
    place.write("bad.hood", "# größer\nlet größe = 1;\nmedan(w)\n");
    let wrong = said("check --json bad.hood");
    let one = &wrong["diagnostics"][0];
    assert_eq!(one["severity"], "error");
    assert!(one["code"].as_str().unwrap().starts_with('H'), "{wrong}");
    let (start, end) = (&one["start"], &one["end"]);
    let place_of = |place: &serde_json::Value| (place["line"].as_u64().unwrap(), place["column"].as_u64().unwrap());
    let text = fs::read_to_string(place.path("bad.hood")).unwrap();
    let range = start["offset"].as_u64().unwrap() as usize..end["offset"].as_u64().unwrap() as usize;
    let line = text.lines().nth(place_of(start).0 as usize - 1).unwrap();
    let columns = place_of(start).1 as usize - 1..place_of(end).1 as usize - 1;
    assert_eq!(text[range], line.chars().collect::<Vec<_>>()[columns].iter().collect::<String>());
    // A param without a default is told from one whose default JSON has no number for.
    let defaults = said("check --json 'param t = inf; param u; param v = nan; param s = -inf; min(w)+t+u+v+s'");
    let defaults: Vec<_> =
        defaults["params"].as_array().unwrap().iter().map(|param| param["default"].clone()).collect();
    assert_eq!(defaults, ["inf".into(), serde_json::Value::Null, "nan".into(), "-inf".into()]);
    place.write("latin.hood", b"# \xe9rosion\nmin(w)");
    for (name, message) in [("none.hood", "No such file"), ("latin.hood", "UTF-8")] {
        let one = &said(&format!("check --json {name}"))["diagnostics"][0];
        assert!(one["message"].as_str().unwrap().contains(name), "{one}");
        assert!(one["message"].as_str().unwrap().contains(message) && one["start"].is_null(), "{one}");
    }
    assert_eq!(place.ok("check -q min(w)"), "");
    place.fails(1, "check -q min(w", &["error[H001]"]);
}

/// A link to nothing is no name for a new file; a page that is not there, and a profile that can't be unpacked, are named.
#[test]
fn what_is_not_there_is_named() {
    let place = Place::new();
    place.save("a.npy", &ramp(4, 4));
    GrayImage::from_fn(4, 4, |x, y| image::Luma([(x * y) as u8])).save(place.path("a.png")).unwrap();
    place.fails(1, "run w[0,0] a.png -o out.png --page 1", &["a.png", "--page: there is no page 1; it has one"]);
    place.fails(1, "run w[0,0] a.npy -o out.npy --page 2", &["--page"]);
    place.ok("run w[0,0] a.png -o out.png --page 0");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(place.path("nothing.npy"), place.path("link.npy")).unwrap();
        place.fails(1, "run w[0,0] a.npy -o link.npy", &["link.npy: is a link to a file that is not there"]);
        fs::write(place.path("nothing.npy"), "").unwrap();
        place.ok("run w[0,0] a.npy -o link.npy");
        assert!(place.path("link.npy").is_symlink());
        assert_eq!(fs::read(place.path("a.npy")).unwrap(), fs::read(place.path("nothing.npy")).unwrap());
    }
    // A profile of more zeros than anybody's, in a few bytes.
    let mut packed = flate2::write::ZlibEncoder::new(b"x\0\0".to_vec(), flate2::Compression::fast());
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), 70 << 20), &mut packed).unwrap();
    let profile = packed.finish().unwrap();
    let picture = fs::read(place.path("a.png")).unwrap();
    let mut chunk = [&(profile.len() as u32).to_be_bytes()[..], b"iCCP", &profile].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&chunk[4..]);
    chunk.extend(sum.sum().to_be_bytes());
    // It stands behind the header, which has 13 bytes.
    place.write("profile.png", [&picture[..33], &chunk, &picture[33..]].concat());
    place.fails(1, "run w[0,0] profile.png -o out.png --strict", &["--strict", "colour profile"]);
}

#[test]
fn completions_and_manual() {
    let place = Place::new();
    for shell in ["bash", "elvish", "fish", "nushell", "powershell", "zsh"] {
        let script = place.ok(&format!("completions {shell}"));
        assert!(script.contains("footprint") && script.contains("gallery") == place.ok("--help").contains("gallery"));
    }
    // Modes, types, engines, workloads and kernels are offered by name; other spellings are taken all the same.
    let script = place.ok("completions bash");
    for name in ["mirror", "u64", "saturate", "interpreter", "single", "median-5x5-f32", "hampel"] {
        assert!(script.contains(name), "{name}");
    }
    assert!(!script.contains("uint8"));
    assert!(place.ok("man").starts_with(".ie"));
    fs::create_dir(place.path("man1")).unwrap();
    place.ok("man --dir man1");
    let page = fs::read_to_string(place.path("man1/hoodoo-run.1")).unwrap();
    assert!(page.contains("footprint"), "{page}");
    // The directory is made; a file is not one.
    place.write("file", "");
    place.fails(1, "man --dir file", &["file", "can't be made"]);
    place.fails(2, "completions cmd", &["cmd", "zsh"]);
}

#[test]
fn help_and_version() {
    let place = Place::new();
    let help = place.ok("--help");
    // Every command has examples.
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for command in commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        assert!(
            place.ok(&format!("{command} --help")).contains(&format!("Examples:\n  hoodoo {command}")),
            "{command}"
        );
    }
    assert!(help.contains("demo"));
    let run = place.ok("run --help");
    assert!([".npy", ".pam", ".nii.gz", ".fits", "--footprint"].iter().all(|word| run.contains(word)), "{run}");
    assert_eq!(place.ok("--version"), concat!("hoodoo ", env!("CARGO_PKG_VERSION"), "\n"));
}
