//! Files of other programs, which `data/make.py` has made: what is read of them, and what is still there after a run.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use hoodoo::Element;
use image::ImageDecoder;
use ndarray::{ArrayD, IxDyn, array};
use ndarray_npy::{WriteNpyExt, read_npy, write_npy};
use tempfile::TempDir;
use tiff::decoder::Decoder;
use tiff::tags::Tag;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// What a run prints, and whether it succeeded.
struct Ran {
    ok: bool,
    stdout: String,
    stderr: String,
}

/// Runs `hoodoo run` in a directory.
fn run(dir: &Path, words: &[&str]) -> Ran {
    let output = Command::cargo_bin("hoodoo").unwrap().current_dir(dir).arg("run").args(words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { ok: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn ok(dir: &Path, words: &[&str]) -> Ran {
    let ran = run(dir, words);
    assert!(ran.ok, "{words:?}: {}", ran.stderr);
    ran
}

fn fails(dir: &Path, words: &[&str], message: &str) {
    let ran = run(dir, words);
    assert!(!ran.ok && ran.stderr.contains(message), "{words:?}: no `{message}` in {}", ran.stderr);
}

/// The formula of `make.py`: the sample of a page, row, column and band.
fn sample(kind: &str, [p, y, x, b]: [usize; 4]) -> f64 {
    let value = ((p * 40 + y * 7 + x * 3 + b * 11) % 128) as f64;
    match kind.as_bytes()[0] {
        b'b' => f64::from(u8::from(value % 3.0 == 0.0)),
        b'i' => value - 60.0,
        b'f' => value / 4.0 - 10.0,
        _ => value,
    }
}

/// Pages, rows, columns and bands, where there are several.
fn samples(kind: &str, shape: [usize; 4]) -> ArrayD<f64> {
    let [pages, height, width, bands] = shape;
    let all = ndarray::Array4::from_shape_fn(shape, |(p, y, x, b)| sample(kind, [p, y, x, b]));
    let shape: Vec<usize> = [(pages, pages > 1), (height, true), (width, true), (bands, bands > 1)]
        .into_iter()
        .filter_map(|(length, there)| there.then_some(length))
        .collect();
    all.into_dyn().into_shape_with_order(IxDyn(&shape)).unwrap()
}

/// The array in an .npy file whose type `make.py` calls so.
fn load(path: &Path, kind: &str) -> ArrayD<f64> {
    fn of<T: ndarray_npy::ReadableElement + Element>(path: &Path) -> ArrayD<f64> {
        read_npy::<_, ArrayD<T>>(path).unwrap().mapv(Element::to_f64)
    }
    match kind {
        "bool" => of::<bool>(path),
        "i1" => of::<i8>(path),
        "u1" => of::<u8>(path),
        "i2" => of::<i16>(path),
        "u2" => of::<u16>(path),
        "i4" => of::<i32>(path),
        "u4" => of::<u32>(path),
        "i8" => of::<i64>(path),
        "u8" => of::<u64>(path),
        "f4" | "f2" => of::<f32>(path),
        _ => of::<f64>(path),
    }
}

/// Reads a file as it is, and as it comes out of a run that changes nothing, and compares both with the formula.
fn check(dir: &Path, name: &str, kind: &str, expected: &ArrayD<f64>) {
    let file = data(&format!("{name}.tif"));
    let file = file.to_str().unwrap();
    let options: &[&str] = if kind == "f2" { &["--dtype", "f32"] } else { &[] };
    ok(dir, &[&["w[0, 0]", file, "-o", "first.npy"], options].concat());
    assert_eq!(load(&dir.join("first.npy"), kind), *expected, "{name}");
    let ran = ok(dir, &["w[0, 0]", file, "-o", "through.tif"]);
    assert_eq!(ran.stderr, "", "{name}");
    ok(dir, &[&["w[0, 0]", "through.tif", "-o", "second.npy"], options].concat());
    assert_eq!(load(&dir.join("second.npy"), kind), *expected, "{name}, written again");
}

#[test]
fn tiff_of_every_type() {
    let dir = TempDir::new().unwrap();
    for kind in ["bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"] {
        check(dir.path(), &format!("type-{kind}"), kind, &samples(kind, [1, 21, 19, 1]));
    }
}

#[test]
fn tiff_stored_in_every_way() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    for (name, kind, bands) in [
        ("lzw-horizontal-u2", "u2", 1),
        ("deflate-float-f4", "f4", 1),
        ("deflate-float-f8x2", "f8", 2),
        ("deflate-float-f2", "f2", 1),
        ("zstd-horizontal-i4", "i4", 1),
        ("packbits-u1", "u1", 1),
        ("big-endian-lzw-u2", "u2", 1),
        ("big-endian-deflate-f4", "f4", 1),
        ("bigtiff-i2", "i2", 1),
        ("planar-u1x3", "u1", 3),
        ("one-bit", "bool", 1),
    ] {
        check(dir, name, kind, &samples(kind, [1, 21, 19, bands]));
        assert_eq!(stored(&dir.join("through.tif")), stored(&data(&format!("{name}.tif"))), "{name}");
    }
    for (name, kind, bands) in
        [("tiled-u1x3", "u1", 3), ("tiled-deflate-u2x5", "u2", 5), ("planar-tiled-zstd-u2x5", "u2", 5)]
    {
        check(dir, name, kind, &samples(kind, [1, 37, 29, bands]));
        assert_eq!(stored(&dir.join("through.tif")), stored(&data(&format!("{name}.tif"))), "{name}");
    }
    check(dir, "white-is-zero-u1", "u1", &samples("u1", [1, 21, 19, 1]).mapv(|sample| 255.0 - sample));
    assert_eq!(stored(&dir.join("through.tif")), stored(&data("white-is-zero-u1.tif")));
    check(dir, "orientation-6-u1", "u1", &samples("u1", [1, 21, 19, 1]));
}

/// How a file is stored: type, compression, predictor, colours, extra samples, planes, strips or tiles.
fn stored(path: &Path) -> Vec<Option<Vec<u64>>> {
    let mut decoder = Decoder::new(fs::File::open(path).unwrap()).unwrap();
    let tags = [258, 259, 262, 277, 284, 317, 322, 323, 338].map(Tag::from_u16_exhaustive);
    let mut find = |tag| decoder.find_tag_unsigned_vec::<u64>(tag).unwrap();
    let mut stored: Vec<_> = tags.map(&mut find).to_vec();
    // The defaults need not be said.
    for (place, default) in [(0, 1), (3, 1), (4, 1), (5, 1)] {
        stored[place] = stored[place].take().or(Some(vec![default]));
    }
    stored
}

#[test]
fn what_can_not_be_written_again_is_said() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let jpeg = data("jpeg-u1x3.tif");
    let ran = ok(dir, &["w[0, 0]", jpeg.to_str().unwrap(), "-o", "out.tif"]);
    assert_eq!(ran.stderr, "warning: out.tif: not kept: JPEG compression (deflate is written)\n");
    ok(dir, &["w[0, 0]", "out.tif", "-o", "out.npy"]);
    let colours: ArrayD<u8> = read_npy(dir.join("out.npy")).unwrap();
    // As tifffile reads it.
    let near = |a: &u8, b: u8| a.abs_diff(b) <= 2;
    assert!(colours.rows().into_iter().all(|c| near(&c[0], 91) && near(&c[1], 255) && near(&c[2], 150)));
    fails(
        dir,
        &["w[0, 0]", jpeg.to_str().unwrap(), "-o", "strict.tif", "--strict"],
        "strict.tif: --strict: not kept: JPEG",
    );
    assert!(!dir.join("strict.tif").exists());

    let fax = data("one-bit-group4.tif");
    let ran = ok(dir, &["w[0, 0]", fax.to_str().unwrap(), "-o", "bits.tif"]);
    assert!(ran.stderr.contains("CCITT 4 compression"), "{}", ran.stderr);
    ok(dir, &["w[0, 0]", "bits.tif", "-o", "bits.npy"]);
    assert_eq!(load(&dir.join("bits.npy"), "bool"), samples("bool", [1, 21, 19, 1]));

    let palette = data("palette.tif");
    let ran = ok(dir, &["w[0, 0]", palette.to_str().unwrap(), "-o", "colours.tif"]);
    assert!(ran.stderr.contains("palette (its colours are written)"), "{}", ran.stderr);
    ok(dir, &["w[0, 0]", "colours.tif", "-o", "colours.npy"]);
    let colours: ArrayD<u8> = read_npy(dir.join("colours.npy")).unwrap();
    let numbers = samples("u1", [1, 21, 19, 1]);
    for ((y, x), number) in numbers.into_dimensionality::<ndarray::Ix2>().unwrap().indexed_iter() {
        let number = *number as u8;
        assert_eq!([colours[[y, x, 0]], colours[[y, x, 1]], colours[[y, x, 2]]], [number, 255 - number, number / 2]);
    }
}

#[test]
fn associated_opacity_stays_what_it_is() {
    let dir = TempDir::new().unwrap();
    let file = data("associated-u1x4.tif");
    let ran = ok(dir.path(), &["max(w)", file.to_str().unwrap(), "-o", "out.tif", "--size", "3"]);
    assert_eq!(ran.stderr, "");
    assert_eq!(stored(&dir.path().join("out.tif")), stored(&file));
    let mut decoder = Decoder::new(fs::File::open(dir.path().join("out.tif")).unwrap()).unwrap();
    assert_eq!(decoder.find_tag_unsigned::<u16>(Tag::ExtraSamples).unwrap(), Some(1));
    // What other files say of their colours is said to be lost.
    let ran = ok(dir.path(), &["w[0, 0]", file.to_str().unwrap(), "-o", "out.png"]);
    assert!(ran.stderr.contains("that colours are multiplied by the opacity"), "{}", ran.stderr);
    let ran = ok(dir.path(), &["w[0, 0]", "out.png", "-o", "straight.exr", "--dtype", "f32"]);
    assert!(ran.stderr.contains("that colours are not multiplied by the opacity"), "{}", ran.stderr);
    let ran = ok(dir.path(), &["w[0, 0]", "out.png", "-o", "straight.tif"]);
    assert_eq!(ran.stderr, "");
    let ran = ok(dir.path(), &["w[0, 0]", "straight.exr", "-o", "from-exr.tif"]);
    assert!(ran.stderr.contains("that colours are multiplied by the opacity"), "{}", ran.stderr);
}

#[test]
fn pages_are_filtered_one_by_one_and_all_are_kept() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let file = data("pages-u1.tif");
    let file = file.to_str().unwrap();
    check(dir, "pages-u1", "u1", &samples("u1", [5, 21, 19, 1]));
    assert_eq!(texts(&dir.join("through.tif")), texts(Path::new(file)));

    // A page's rows, not those of other pages.
    ok(dir, &["max(w)", file, "-o", "pages.npy", "--size", "3"]);
    ok(dir, &["max(w)", file, "-o", "volume.npy", "--size", "3", "--volume"]);
    ok(dir, &["w[0, 0]", file, "-o", "stack.npy"]);
    ok(dir, &["max(w)", "stack.npy", "-o", "by-axes.npy", "--size", "3", "--axes", "1,2"]);
    ok(dir, &["max(w)", "stack.npy", "-o", "whole.npy", "--size", "3"]);
    let load = |name: &str| load(&dir.join(name), "u1");
    assert_eq!(load("pages.npy"), load("by-axes.npy"));
    assert_eq!(load("volume.npy"), load("whole.npy"));
    assert_ne!(load("pages.npy"), load("volume.npy"));

    ok(dir, &["w[0, 0]", file, "-o", "third.npy", "--page", "3"]);
    assert_eq!(load("third.npy"), load("stack.npy").index_axis_move(ndarray::Axis(0), 3));
    fails(dir, &["w[0, 0]", file, "-o", "out.npy", "--page", "5"], "--page: there is no page 5; the last one is 4");
    fails(dir, &["w[0, 0]", file, "-o", "out.png"], "a PNG file can't hold 5 pages");

    // A file that is written over itself keeps all of its pages, or stays as it is.
    fs::copy(file, dir.join("self.tif")).unwrap();
    ok(dir, &["w[0, 0] + 1", "self.tif", "-o", "self.tif"]);
    ok(dir, &["w[0, 0] - 1", "self.tif", "-o", "self.npy"]);
    assert_eq!(load("self.npy"), samples("u1", [5, 21, 19, 1]));
    let before = fs::read(dir.join("self.tif")).unwrap();
    fails(dir, &["w[0, 0]", "self.tif", "-o", "self.tif", "--page", "1"], "the file would lose its 4 other pages");
    assert_eq!(fs::read(dir.join("self.tif")).unwrap(), before);
    // In mode valid, a volume has fewer pages.
    ok(dir, &["min(w)", file, "-o", "fewer.tif", "--size", "3", "--volume", "--mode", "valid"]);
    ok(dir, &["w[0, 0]", "fewer.tif", "-o", "fewer.npy"]);
    assert_eq!(load("fewer.npy").shape(), [3, 19, 17]);
}

/// Description, software, date and resolution of the first page.
fn texts(path: &Path) -> Vec<Option<Vec<u8>>> {
    let mut decoder = Decoder::new(fs::File::open(path).unwrap()).unwrap();
    [270, 282, 283, 296, 305, 306].map(|tag| bytes(&mut decoder, tag)).to_vec()
}

/// A tag's value as it is in the file.
fn bytes(decoder: &mut Decoder<fs::File>, tag: u16) -> Option<Vec<u8>> {
    let mut value = tiff::tags::ValueBuffer::empty(tiff::tags::Type::BYTE);
    let found = decoder.image_ifd().find_tag_buf(Tag::from_u16_exhaustive(tag), &mut value).unwrap();
    found.map(|_| value.as_bytes().to_vec())
}

#[test]
fn descriptions_of_imagej_and_ome_are_kept() {
    let dir = TempDir::new().unwrap();
    for (name, kind) in [("imagej-u2", "u2"), ("ome-u1", "u1")] {
        check(dir.path(), name, kind, &samples(kind, [6, 21, 19, 1]));
        assert_eq!(texts(&dir.path().join("through.tif")), texts(&data(&format!("{name}.tif"))), "{name}");
    }
}

/// The tags that say where a picture is on Earth, what its bands are, and which number stands for no value.
fn georeference(path: &Path) -> Vec<Option<Vec<u8>>> {
    let mut decoder = Decoder::new(fs::File::open(path).unwrap()).unwrap();
    [33550, 33922, 34735, 34736, 34737, 42112, 42113].map(|tag| bytes(&mut decoder, tag)).to_vec()
}

#[test]
fn elevation_models_keep_their_place_and_their_holes() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    for (name, kind) in [("dem-i2", "i2"), ("dem-f4", "f4")] {
        let file = data(&format!("{name}.tif"));
        let path = file.to_str().unwrap();
        let ran = ok(dir, &["mean(w)", path, "-o", "mean.tif", "--size", "3"]);
        assert_eq!(ran.stderr, "");
        assert_eq!(georeference(&dir.join("mean.tif")), georeference(&file));
        assert_eq!(stored(&dir.join("mean.tif")), stored(&file));
        ok(dir, &["w[0, 0]", "mean.tif", "-o", "mean.npy", "--nodata", "none", "--dtype", "f64"]);
        ok(dir, &["w[0, 0]", path, "-o", "in.npy", "--nodata", "none", "--dtype", "f64"]);
        let heights = load(&dir.join("in.npy"), "f8").into_dimensionality::<ndarray::Ix2>().unwrap();
        let found = load(&dir.join("mean.npy"), "f8").into_dimensionality::<ndarray::Ix2>().unwrap();
        assert!(heights.iter().any(|height| *height == -9999.0));
        for ((y, x), found) in found.indexed_iter().filter(|((y, x), _)| (1..39).contains(y) && (1..32).contains(x)) {
            let window = heights.slice(ndarray::s![y - 1..y + 2, x - 1..x + 2]);
            let there: Vec<f64> = window.iter().copied().filter(|height| *height != -9999.0).collect();
            let mean = there.iter().sum::<f64>() / there.len() as f64;
            let expected = match heights[[y, x]] {
                -9999.0 => -9999.0,
                _ if kind == "i2" => mean.round_ties_even(),
                _ => f64::from(mean as f32),
            };
            assert_eq!(*found, expected, "{name} at {y}, {x}");
        }
        ok(dir, &["mean(w)", path, "-o", "filled.npy", "--size", "7", "--fill", "--dtype", "f64"]);
        assert!(load(&dir.join("filled.npy"), "f8").iter().all(|height| *height > -61.0));
    }
}

#[test]
fn what_is_left_of_a_picture_stays_where_it_is() {
    let dir = TempDir::new().unwrap();
    let (dir, file) = (dir.path(), data("dem-i2.tif"));
    ok(dir, &["min(w)", file.to_str().unwrap(), "-o", "out.tif", "--size", "5,3", "--mode", "valid"]);
    let mut decoder = Decoder::new(fs::File::open(dir.join("out.tif")).unwrap()).unwrap();
    assert_eq!(decoder.dimensions().unwrap(), (31, 36));
    // Pixels are 30 wide and 20 high; one column and two rows are gone.
    let point = decoder.get_tag_f64_vec(Tag::from_u16_exhaustive(33922)).unwrap();
    assert_eq!(point, [0.0, 0.0, 0.0, 500_030.0, 4_599_960.0, 0.0]);
}

#[test]
fn bands_and_sparse_tiles() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let bands = data("bands-u2.tif");
    ok(dir, &["w[0, 0]", bands.to_str().unwrap(), "-o", "bands.npy"]);
    assert_eq!(load(&dir.join("bands.npy"), "u2"), samples("u2", [1, 21, 19, 4]));
    ok(dir, &["w[0, 0]", bands.to_str().unwrap(), "-o", "bands.tif"]);
    assert_eq!(stored(&dir.join("bands.tif")), stored(&bands));
    fails(dir, &["w[0, 0]", bands.to_str().unwrap(), "-o", "bands.png"], "a PNG file can't hold 4 bands");
    let sparse = data("sparse-f4.tif");
    ok(dir, &["w[0, 0]", sparse.to_str().unwrap(), "-o", "sparse.npy"]);
    let sparse = load(&dir.join("sparse.npy"), "f4");
    for (index, value) in sparse.indexed_iter() {
        assert_eq!(*value, if index[0] < 16 && index[1] < 16 { 5.0 } else { -9999.0 });
    }
}

#[test]
fn masks_in_files() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    array![[10.0, 1000.0, 20.0], [30.0, 40.0, 50.0]].write_npy(fs::File::create(dir.join("in.npy")).unwrap()).unwrap();
    array![[0u8, 255, 0], [0, 0, 0]].write_npy(fs::File::create(dir.join("mask.npy")).unwrap()).unwrap();
    array![[0u8, 255]].write_npy(fs::File::create(dir.join("small.npy")).unwrap()).unwrap();
    let max = |more: &[&str]| {
        ok(dir, &[&["max(w)", "in.npy", "-o", "out.npy", "--size", "3"], more].concat());
        read_npy::<_, ndarray::Array2<f64>>(dir.join("out.npy")).unwrap()
    };
    assert_eq!(max(&["--mask", "mask.npy"]), array![[40.0, 1000.0, 50.0], [40.0, 50.0, 50.0]]);
    assert_eq!(max(&["--mask", "mask.npy", "--fill"]), array![[40.0, 50.0, 50.0], [40.0, 50.0, 50.0]]);
    assert_eq!(max(&["--mask", "mask.npy", "--nodata", "-1"]), array![[40.0, -1.0, 50.0], [40.0, 50.0, 50.0]]);
    assert_eq!(max(&["--nodata", "1000"]), array![[40.0, 1000.0, 50.0], [40.0, 50.0, 50.0]]);
    let out = ["max(w)", "in.npy", "-o", "out.npy", "--size", "3"];
    fails(dir, &[&out[..], &["--mask", "small.npy"]].concat(), "small.npy: --mask: is u8 1 x 2");
    fails(dir, &[&out[..], &["--nodata", "x"]].concat(), "write a number, nan or none");
    let unfit = [&out[..], &["--nodata=-9999", "--dtype", "u8"]].concat();
    fails(dir, &unfit, "nodata: outputs of u8 can't hold -9999; give another number, or none");
    fails(dir, &[&unfit[..], &["--stream"]].concat(), "outputs of u8 can't hold -9999");
    // Nothing is said of what such a file could not have kept.
    assert!(!run(dir, &unfit).stderr.contains("warning"));
}

/// Pages of 4 x 8 pixels that follow a formula, each with a mask of a byte for each row, as GDAL has them.
fn masked_pages(path: &Path, description: &str, masks: &[[u8; 4]]) {
    use tiff::encoder::TiffEncoder;
    let mut encoder = TiffEncoder::new(fs::File::create(path).unwrap()).unwrap();
    for (page, mask) in masks.iter().enumerate() {
        let picture: Vec<u8> = (0..32).map(|place| (page * 40 + place) as u8).collect();
        for (subfile, photometric, bits, bytes) in [(0u32, 1u16, 8u16, picture.as_slice()), (4, 4, 1, mask)] {
            let mut directory = encoder.image_directory().unwrap();
            let offset = directory.write_data(bytes).unwrap() as u32;
            let short = [
                (Tag::BitsPerSample, bits),
                (Tag::Compression, 1),
                (Tag::PhotometricInterpretation, photometric),
                (Tag::SamplesPerPixel, 1),
            ];
            short.iter().for_each(|(tag, value)| directory.write_tag(*tag, *value).unwrap());
            let long = [
                (Tag::NewSubfileType, subfile),
                (Tag::ImageWidth, 8),
                (Tag::ImageLength, 4),
                (Tag::RowsPerStrip, 4),
                (Tag::StripOffsets, offset),
                (Tag::StripByteCounts, bytes.len() as u32),
            ];
            long.iter().for_each(|(tag, value)| directory.write_tag(*tag, *value).unwrap());
            if page == 0 && subfile == 0 && !description.is_empty() {
                directory.write_tag(Tag::ImageDescription, description).unwrap();
            }
            directory.finish().unwrap();
        }
    }
}

/// The masks of a file's pages, as bytes of rows: those of what has a value.
fn masks_of(path: &Path) -> Vec<[u8; 4]> {
    use std::io::Read;
    let file = fs::read(path).unwrap();
    let mut decoder = Decoder::new(std::io::Cursor::new(&file)).unwrap();
    let mut found = Vec::new();
    loop {
        if decoder.find_tag(Tag::NewSubfileType).unwrap().is_some_and(|kind| kind.into_u32().unwrap() == 4) {
            let place = decoder.get_tag_u64_vec(Tag::StripOffsets).unwrap()[0] as usize;
            let mut bytes = Vec::new();
            flate2::read::ZlibDecoder::new(&file[place..]).read_to_end(&mut bytes).unwrap();
            found.push(bytes.try_into().unwrap());
        }
        if !decoder.more_images() {
            return found;
        }
        decoder.next_image().unwrap();
    }
}

/// A user's mask is added to that of a file that has one; a file that has none gets none.
#[test]
fn masks_of_users_and_files() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    masked_pages(&dir.join("in.tif"), "", &[[0b1111_0111, 255, 255, 255]]);
    let mut mask = ndarray::Array2::from_elem((4, 8), false);
    mask[[2, 0]] = true;
    mask.write_npy(fs::File::create(dir.join("mask.npy")).unwrap()).unwrap();
    for (more, expected) in [
        (&[][..], vec![[0b1111_0111, 255, 255, 255]]),
        (&["--mask", "mask.npy"], vec![[0b1111_0111, 255, 0b0111_1111, 255]]),
        (&["--mask", "mask.npy", "--nodata", "none"], vec![[0b1111_0111, 255, 0b0111_1111, 255]]),
        (&["--mask", "mask.npy", "--fill"], vec![]),
    ] {
        for way in [&[][..], &["--stream"]] {
            ok(dir, &[&["max(w)", "in.tif", "-o", "out.tif", "--size", "3"], more, way].concat());
            assert_eq!(masks_of(&dir.join("out.tif")), expected, "{more:?} {way:?}");
        }
    }
    ok(dir, &["w[0, 0]", "in.tif", "-o", "values.npy"]);
    ok(dir, &["w[0, 0]", "values.npy", "-o", "plain.tif"]);
    ok(dir, &["max(w)", "plain.tif", "-o", "out.tif", "--size", "3", "--mask", "mask.npy"]);
    assert_eq!(masks_of(&dir.join("out.tif")), Vec::<[u8; 4]>::new());
}

/// The volumes of a stack with several channels have the masks of their slices, and these are written where they were.
#[test]
fn volumes_with_masks() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let description = "ImageJ=1.11a\nimages=6\nchannels=2\nslices=3\nhyperstack=true\n";
    let masks: Vec<[u8; 4]> = (0..6).map(|page| [255 - (1 << page), 255, 255, 255]).collect();
    masked_pages(&dir.join("in.tif"), description, &masks);
    ok(dir, &["max(w)", "in.tif", "-o", "out.tif", "--size", "3,1,1", "--volume"]);
    assert_eq!(masks_of(&dir.join("out.tif")), masks);
    ok(dir, &["max(w)", "in.tif", "-o", "out.npy", "--size", "3,1,1", "--volume"]);
    let found = load(&dir.join("out.npy"), "u1");
    // Pages are slice after slice, of each both channels; in an array, channels come first.
    let value = |slice: usize, channel: usize, x: usize| (40 * (2 * slice + channel) + x) as f64;
    let missing = |slice: usize, channel: usize, x: usize| x == 7 - (2 * slice + channel);
    for (channel, slice, x) in (0..2).flat_map(|c| (0..3usize).flat_map(move |s| (0..8).map(move |x| (c, s, x)))) {
        let seen = (slice.saturating_sub(1)..=(slice + 1).min(2)).filter(|other| !missing(*other, channel, x));
        let most = seen.map(|other| value(other, channel, x)).fold(0.0, f64::max);
        let expected = if missing(slice, channel, x) { value(slice, channel, x) } else { most };
        assert_eq!(found[[0, channel, slice, 0, x]], expected, "channel {channel}, slice {slice}, x {x}");
    }
    // A user's mask of one volume is that of all of them.
    let mut mask = ndarray::Array3::from_elem((3, 4, 8), false);
    mask[[1, 3, 2]] = true;
    mask.write_npy(fs::File::create(dir.join("mask.npy")).unwrap()).unwrap();
    ok(dir, &["max(w)", "in.tif", "-o", "out.tif", "--size", "3,1,1", "--volume", "--mask", "mask.npy"]);
    let mut expected = masks.clone();
    (2..4).for_each(|page| expected[page][3] = 0b1101_1111);
    assert_eq!(masks_of(&dir.join("out.tif")), expected);
}

#[test]
fn too_many_pixels_are_refused_by_name() {
    let dir = TempDir::new().unwrap();
    let file = data("pages-u1.tif");
    let words = ["w[0, 0]", file.to_str().unwrap(), "-o", "out.npy", "--max-pixels"];
    fails(dir.path(), &[&words[..], &["1994"]].concat(), "has 5 x 21 x 19 pixels, and --max-pixels allows 1994");
    ok(dir.path(), &[&words[..], &["1995"]].concat());
}

#[test]
fn other_files_say_what_they_lose() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let file = data("dem-i2.tif");
    let ran = ok(dir, &["w[0, 0]", file.to_str().unwrap(), "-o", "out.npy", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let lost = &report["files"][0]["outputs"][0]["lost"];
    assert_eq!(*lost, serde_json::json!(["nodata value", "georeference", "GDAL's metadata"]));
    assert_eq!(ran.stderr, "warning: out.npy: not kept: nodata value, georeference, GDAL's metadata\n");
}

/// Whatever is cut off or changed, there is an error or a result, and no panic.
#[test]
fn broken_files_are_errors() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    for name in ["planar-tiled-zstd-u2x5", "lzw-horizontal-u2", "pages-u1", "dem-i2"] {
        let whole = fs::read(data(&format!("{name}.tif"))).unwrap();
        let mut random = fastrand::Rng::with_seed(1);
        for round in 0..12 {
            let mut bytes = whole.clone();
            if round < 4 {
                bytes.truncate(random.usize(..whole.len()));
            } else {
                (0..3).for_each(|_| bytes[random.usize(..whole.len())] = random.u8(..));
            }
            fs::write(dir.join("broken.tif"), &bytes).unwrap();
            let ran = run(dir, &["w[0, 0]", "broken.tif", "-o", "out.npy"]);
            assert!(ran.ok || ran.stderr.starts_with("error: broken.tif: "), "{name} {round}: {}", ran.stderr);
        }
    }
}

/// The colour profile, the Exif data and the resolution of a picture, as another decoder finds them.
fn carried(path: &Path) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let reader = image::ImageReader::open(path).unwrap();
    let mut decoder = reader.into_decoder().unwrap();
    (decoder.icc_profile().unwrap(), decoder.exif_metadata().unwrap())
}

#[test]
fn pictures_keep_profile_exif_and_resolution() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    for from in ["photo.png", "photo.jpg", "photo.webp"] {
        let (file, (icc, _)) = (data(from), carried(&data(from)));
        for to in ["out.png", "out.jpg", "out.webp"] {
            ok(dir, &["w[0, 0]", file.to_str().unwrap(), "-o", to]);
            let (kept, exif) = carried(&dir.join(to));
            assert_eq!(kept, icc, "{from} to {to}");
            let exif = exif.unwrap();
            assert!(contains(&exif, b"Maker"), "{from} to {to}");
            // The picture is upright now, and Exif says so.
            assert_eq!(image::metadata::Orientation::from_exif_chunk(&exif).map(|o| o.to_exif()), Some(1));
            assert_eq!(image::open(dir.join(to)).unwrap().width(), 24, "{from} to {to}");
        }
    }
    let png = data("photo.png");
    ok(dir, &["w[0, 0]", png.to_str().unwrap(), "-o", "same.png", "--strict"]);
    let info = |path: &Path| {
        let reader = png::Decoder::new(std::io::BufReader::new(fs::File::open(path).unwrap())).read_info().unwrap();
        let dims = reader.info().pixel_dims.map(|dims| (dims.xppu, dims.yppu));
        (dims, reader.info().uncompressed_latin1_text.first().map(|text| (text.keyword.clone(), text.text.clone())))
    };
    assert_eq!(info(&dir.join("same.png")), info(&png));
    assert_eq!(info(&png).0, Some((11811, 11811)));
    ok(dir, &["w[0, 0]", data("photo.jpg").to_str().unwrap(), "-o", "from.png"]);
    assert_eq!(info(&dir.join("from.png")).0, Some((11811, 11811)));
    // Title, profile, resolution and Exif data are known to TIFF files.
    let ran = ok(dir, &["w[0, 0]", png.to_str().unwrap(), "-o", "from.tif"]);
    assert_eq!(ran.stderr, "");
    let mut decoder = Decoder::new(fs::File::open(dir.join("from.tif")).unwrap()).unwrap();
    assert_eq!(bytes(&mut decoder, 269).unwrap(), b"a ramp\0");
    ok(dir, &["w[0, 0]", "from.tif", "-o", "back.png"]);
    assert_eq!(info(&dir.join("back.png")), info(&png));
    fails(dir, &["w[0, 0]", png.to_str().unwrap(), "-o", "a.bmp", "--strict"], "not kept: colour profile, Exif data");
    fails(dir, &["w[0, 0]", data("animation.png").to_str().unwrap(), "-o", "a.png"], "is an animation of 3 pictures");
}

/// A file of some bytes that claims to be huge takes no memory.
#[test]
fn a_jpeg_that_claims_too_much_is_refused() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let mut bytes = fs::read(data("photo.jpg")).unwrap();
    let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    bytes[frame + 5..frame + 9].fill(0xff);
    fs::write(dir.join("huge.jpg"), &bytes).unwrap();
    fails(dir, &["w[0, 0]", "huge.jpg", "-o", "out.npy"], "65535 x 65535 pixels in");
}

#[test]
fn every_format_comes_through_a_pipe() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    for name in ["photo.png", "photo.jpg", "photo.webp", "dem-i2.tif"] {
        let piped = Command::cargo_bin("hoodoo")
            .unwrap()
            .current_dir(dir)
            .args(["run", "w[0, 0]", "-", "-o", "piped.npy"])
            .write_stdin(fs::read(data(name)).unwrap())
            .output()
            .unwrap();
        assert!(piped.status.success(), "{name}: {}", String::from_utf8_lossy(&piped.stderr));
        ok(dir, &["w[0, 0]", data(name).to_str().unwrap(), "-o", "file.npy"]);
        assert_eq!(fs::read(dir.join("piped.npy")).unwrap(), fs::read(dir.join("file.npy")).unwrap(), "{name}");
    }
}

/// What shells make of `<(...)` and `>(...)`: pipes whose names say nothing.
#[cfg(target_os = "linux")]
#[test]
fn pipes_without_an_extension() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let photo = data("photo.png");
    ok(dir, &["w[0, 0]", photo.to_str().unwrap(), "-o", "file.npy"]);
    let program = assert_cmd::cargo::cargo_bin("hoodoo");
    let script = "mkfifo in out && (cat \"$1\" > in & cat out > piped.npy & \"$0\" run 'w[0, 0]' in -o out && wait)";
    let piped = Command::new("sh").current_dir(dir).args(["-c", script]).arg(&program).arg(&photo).output().unwrap();
    assert!(piped.status.success(), "{}", String::from_utf8_lossy(&piped.stderr));
    assert_eq!(fs::read(dir.join("piped.npy")).unwrap(), fs::read(dir.join("file.npy")).unwrap());
    ok(dir, &["w[0, 0]", "file.npy", "-o", "/dev/null", "--axes", "0,1"]);
    fails(dir, &["w[0, 0]", "file", "-o", "out.npy"], "unknown file type");
    fails(dir, &["w[0, 0]", "file.npy", "-o", "nothing"], "--output: nothing: unknown file type");
}

#[test]
fn bands_are_inputs_and_outputs() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let file = data("bands-u2.tif");
    let file = file.to_str().unwrap();
    let bands = samples("u2", [1, 21, 19, 4]);
    let band = |number: usize| bands.index_axis(ndarray::Axis(2), number - 1).to_owned();
    let read = |words: &[&str]| {
        ok(dir, &[words, &["-o", "out.npy", "--nodata", "none"]].concat());
        load(&dir.join("out.npy"), "u2")
    };
    let all = read(&["input a, b, c, d; a[0,0] + b[0,0] + c[0,0] + d[0,0]", file]);
    assert_eq!(all, band(1) + band(2) + band(3) + band(4));
    assert_eq!(
        read(&["input red, nir; 2*red[0,0] + nir[0,0]", file, "--band", "nir=4", "--band", "red=3"]),
        2.0 * band(3) + band(4)
    );
    assert_eq!(read(&["w[0, 0]", &format!("{file}#2")]), band(2));
    let second = format!("{file}#2");
    assert_eq!(read(&["input a, b; a[0,0] + b[0,0]", &second, &format!("{file}#3")]), band(2) + band(3));
    // Several outputs are the bands of one picture.
    ok(dir, &["a: w[0,0], b: w[0,0] + 1", &second, "-o", "two.tif", "--nodata", "none"]);
    ok(dir, &["w[0,0]", "two.tif", "-o", "two.npy", "--nodata", "none"]);
    let two = load(&dir.join("two.npy"), "u2");
    assert_eq!(two.index_axis(ndarray::Axis(2), 0), band(2));
    assert_eq!(two.index_axis(ndarray::Axis(2), 1), band(2) + 1.0);
    assert_eq!(georeference(&dir.join("two.tif"))[..5], georeference(&data("bands-u2.tif"))[..5]);
    // The fourth of these is no opacity, as it is none in the file that they are of.
    let four = "input a, b, c, d; a: a[0,0], b: b[0,0], c: c[0,0], d: d[0,0] / 2";
    for more in [&[][..], &["--stream"]] {
        ok(dir, &[&[four, file, "-o", "four.tif", "--nodata", "none"], more].concat());
        ok(dir, &["w[0,0] * 2", "four.tif", "-o", "four.npy", "--nodata", "none"]);
        let four = load(&dir.join("four.npy"), "u2");
        assert_eq!(four.index_axis(ndarray::Axis(2), 3), (band(4) / 2.0).mapv(f64::round_ties_even) * 2.0);
    }
    let out = ["-o", "out.npy"];
    fails(
        dir,
        &[&["w[0, 0]", &format!("{file}#5")], &out[..]].concat(),
        "there is no band 5: it has 4, counted from 1",
    );
    fails(dir, &[&["w[0, 0]", file, "--band", "v=1"], &out[..]].concat(), "--band: the kernel has no input `v`");
    fails(
        dir,
        &[&["input a, b; a[0,0]", file], &out[..]].concat(),
        "has 2 inputs (a, b), and 1 given, which has 4 bands",
    );
    fails(dir, &[&["input a, b; a[0,0]", file, "--band", "a=1"], &out[..]].concat(), "Write --band b=N");
}

#[test]
fn kernels_run_again_and_after_each_other() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let save = |name: &str, array: &ndarray::Array1<u8>| {
        array.write_npy(fs::File::create(dir.join(name)).unwrap()).unwrap();
    };
    save("seed.npy", &array![0u8, 9, 0, 0, 0, 0, 0]);
    save("page.npy", &array![5u8, 9, 7, 8, 0, 6, 6]);
    let read = |words: &[&str]| {
        let ran = ok(dir, &[words, &["-o", "out.npy", "--size", "3"]].concat());
        (read_npy::<_, ndarray::Array1<u8>>(dir.join("out.npy")).unwrap(), ran.stderr)
    };
    let grow = "input marker, mask; min(max(marker), mask[0])";
    let (grown, said) = read(&[grow, "seed.npy", "page.npy", "--repeat", "stable"]);
    assert_eq!((grown, said.as_str()), (array![5, 9, 7, 7, 0, 0, 0], "stable after 2 runs\n"));
    assert_eq!(read(&[grow, "seed.npy", "page.npy", "--repeat", "1"]).0, array![5, 9, 7, 0, 0, 0, 0]);
    assert_eq!(read(&[grow, "seed.npy", "page.npy", "--repeat", "0"]).0, array![0, 9, 0, 0, 0, 0, 0]);
    // What is filled has a value in the next run.
    save("holes.npy", &array![2u8, 4, 1, 4, 3, 0]);
    save("mask.npy", &array![0u8, 1, 0, 1, 0, 0]);
    let fill = ["min(w)", "holes.npy", "--mask", "mask.npy", "--fill", "--repeat", "2"];
    assert_eq!(read(&fill).0, array![1, 1, 1, 0, 0, 0]);
    fails(
        dir,
        &[&fill[..], &["-o", "out.npy", "--size", "3", "--stream"]].concat(),
        "looks at all rows after each run",
    );
    // Or for the next kernel: the third pixel sees none but those that are masked, and is none for it.
    save("wide.npy", &array![2u8, 0, 0, 0, 0, 9]);
    save("gap.npy", &array![0u8, 1, 1, 1, 1, 0]);
    let then = ["min(w)", "wide.npy", "--mask", "gap.npy", "--fill", "--then"];
    assert_eq!(read(&[&then[..], &["w[0]"]].concat()).0, array![2, 2, 0, 0, 9, 9]);
    assert_eq!(read(&[&then[..], &["len(w)"]].concat()).0, array![3, 2, 1, 1, 2, 3]);
    assert_eq!(read(&[&then[..], &["max(w)", "--then", "len(w)"]].concat()).0, array![3, 3, 3, 3, 3, 3]);
    assert_eq!(read(&[&then[..], &["sum(w)", "--mode", "shrink"]].concat()).0, array![4, 4, 2, 9, 18, 18]);
    assert_eq!(read(&[&then[..], &["len(w)", "--engine", "callback"]].concat()).0, array![3, 2, 1, 1, 2, 3]);
    assert_eq!(
        read(&[&["a: min(w), b: sum(w)"], &then[1..], &["input a, b; len(a) + len(b)"]].concat()).0,
        array![6, 4, 2, 2, 4, 6]
    );
    assert_eq!(read(&[&then[..], &["len(w)", "--stream"]].concat()).0, array![3, 2, 1, 1, 2, 3]);
    let never = ["if w[0] > 0 then 0 else 1", "seed.npy", "-o", "out.npy", "--repeat", "stable:7"];
    fails(dir, &never, "repeat: not stable after 7 runs");
    // Minima 5 5 7 0 0 0 6, and the maxima of those.
    assert_eq!(read(&["min(w)", "page.npy", "--then", "max(w)"]).0, array![5, 7, 7, 7, 0, 6, 6]);
    assert_eq!(
        read(&["a: min(w), b: max(w)", "page.npy", "--then", "input a, b; b[0] - a[0]"]).0,
        array![4, 4, 2, 8, 8, 6, 0]
    );
    fails(dir, &["min(w)", "page.npy", "-o", "out.npy", "--size", "3", "--then", "input a, b; a[0]"], "--then: ");
}

#[test]
fn kernels_may_begin_with_a_minus_sign() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    array![1i16, 5, 3].write_npy(fs::File::create(dir.join("in.npy")).unwrap()).unwrap();
    ok(dir, &["-min(w)", "in.npy", "-o", "out.npy", "--size", "3"]);
    assert_eq!(read_npy::<_, ndarray::Array1<i16>>(dir.join("out.npy")).unwrap(), array![-1, -1, -3]);
    ok(dir, &["-q", "-2 ** 2 + w[0]", "in.npy", "-o", "out.npy"]);
    assert_eq!(read_npy::<_, ndarray::Array1<i16>>(dir.join("out.npy")).unwrap(), array![-3, 1, -1]);
    fails(dir, &["-offset(0)", "in.npy", "-o", "out.npy"], "kernel:1:1");
}

#[test]
fn help_on_the_language() {
    let help = |topic: &str| {
        let output = Command::cargo_bin("hoodoo").unwrap().args(["help", topic]).output().unwrap();
        assert!(output.status.success(), "{topic}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(help("reductions").contains("median(x)") && !help("reductions").contains("cbrt(x)"));
    assert!(help("functions").contains("cbrt(x)") && help("functions").contains("offset(axis)"));
    assert!(help("language").starts_with("# The Hoodoo kernel language"));
    assert!(help("examples").contains("hoodoo gallery --show"));
    assert!(help("run").contains("--nodata"), "subcommands have their own");
}

#[test]
fn words_for_what_people_type() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    array![1.0, 2.0].write_npy(fs::File::create(dir.join("in.npy")).unwrap()).unwrap();
    fs::write(dir.join("kernel.txt"), "w[0]").unwrap();
    let out = ["in.npy", "-o", "out.npy"];
    fails(
        dir,
        &[&["kernel.txt"], &out[..]].concat(),
        "kernel.txt is a file, and not a kernel; a file with a kernel has",
    );
    ok(dir, &[&["param t; t"], &out[..], &["--param", "t=1/4"]].concat());
    assert_eq!(read_npy::<_, ndarray::Array1<f64>>(dir.join("out.npy")).unwrap(), array![0.25, 0.25]);
    ok(dir, &[&["param t; t"], &out[..], &["--param", "t=-2*(1 + 1)"]].concat());
    assert_eq!(read_npy::<_, ndarray::Array1<f64>>(dir.join("out.npy")).unwrap(), array![-4.0, -4.0]);
    fails(dir, &[&["param t; t"], &out[..], &["--param", "t=w[0]"]].concat(), "a param is one number");
    fails(dir, &[&["param t; t"], &out[..], &["--param", "t=1/"]].concat(), "is neither a number nor an expression");
    let ran = ok(dir, &[&["sum(w)"], &out[..], &["--footprint", "000"]].concat());
    assert!(ran.stderr.contains("warning: --footprint: no cell takes part"), "{}", ran.stderr);
    let photo = data("photo.png");
    ok(dir, &["w[0, 0]", photo.to_str().unwrap(), "--out-dir", "made", "--ext", "webp", "--suffix", "-copy"]);
    assert!(dir.join("made/photo-copy.webp").exists());
}

/// Every n-th pixel of what the filter makes of all; pixels that are as much larger, at their places.
#[test]
fn every_nth_pixel() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let dem = data("dem-i2.tif");
    let dem = dem.to_str().unwrap();
    let thin = |name: &str, kind: &str, steps: [isize; 2]| {
        let array = load(&dir.join(name), kind);
        let first = array.ndim() - 2;
        let every = |axis: ndarray::AxisDescription| match axis.axis.index().checked_sub(first) {
            Some(axis) => ndarray::Slice::new(0, None, steps[axis]),
            None => ndarray::Slice::from(..),
        };
        array.slice_each_axis(every).to_owned()
    };
    for more in [&[][..], &["--mode", "valid"], &["--stream"], &["--stream", "--mode", "valid"]] {
        let whole = [&["mean(w)", dem, "-o", "whole.npy", "--size", "3"], more].concat();
        ok(dir, &whole);
        ok(dir, &[&["mean(w)", dem, "-o", "every.tif", "--size", "3", "--stride", "2,3"], more].concat());
        ok(dir, &["w[0, 0]", "every.tif", "-o", "every.npy", "--nodata", "none"]);
        assert_eq!(load(&dir.join("every.npy"), "i2"), thin("whole.npy", "i2", [2, 3]), "{more:?}");
        let mut decoder = Decoder::new(fs::File::open(dir.join("every.tif")).unwrap()).unwrap();
        let scale = decoder.get_tag_f64_vec(Tag::from_u16_exhaustive(33550)).unwrap();
        assert_eq!(scale, [90.0, 40.0, 0.0]);
        // In mode valid, one row and one column are gone besides.
        let gone = if more.contains(&"valid") { 1.0 } else { 0.0 };
        let point = decoder.get_tag_f64_vec(Tag::from_u16_exhaustive(33922)).unwrap();
        assert_eq!(point, [0.0, 0.0, 0.0, 499_970.0 + 30.0 * gone, 4_600_010.0 - 20.0 * gone, 0.0]);
    }
    // Stacks, several outputs, and kernels one after the other.
    let pages = data("pages-u1.tif");
    let pages = pages.to_str().unwrap();
    let both = ["low: min(w), high: max(w)", pages, "-o", "low.npy", "-o", "high.npy", "--size", "3"];
    for more in [&[][..], &["--stream"]] {
        ok(dir, &[&both[..], more].concat());
        let (low, high) = (thin("low.npy", "u1", [4, 2]), thin("high.npy", "u1", [4, 2]));
        ok(dir, &[&both[..], &["--stride", "4,2"], more].concat());
        assert_eq!((load(&dir.join("low.npy"), "u1"), load(&dir.join("high.npy"), "u1")), (low, high), "{more:?}");
    }
    ok(dir, &["min(w)", pages, "-o", "opened.npy", "--size", "3", "--then", "max(w)"]);
    ok(dir, &["min(w)", pages, "-o", "every.npy", "--size", "3", "--then", "max(w)", "--stride", "2"]);
    assert_eq!(load(&dir.join("every.npy"), "u1"), thin("opened.npy", "u1", [2, 2]));
    // Opacity is that of the pixels that are left.
    let clear = data("associated-u1x4.tif");
    ok(dir, &["w[0, 0]", clear.to_str().unwrap(), "-o", "clear.npy"]);
    ok(dir, &["w[0, 0]", clear.to_str().unwrap(), "-o", "fewer.npy", "--stride", "2"]);
    let every = ndarray::Slice::new(0, None, 2);
    let whole = load(&dir.join("clear.npy"), "u1");
    let expected = whole.slice_each_axis(|axis| if axis.axis.index() < 2 { every } else { ndarray::Slice::from(..) });
    assert_eq!(load(&dir.join("fewer.npy"), "u1"), expected);
    fails(dir, &["w[0, 0]", dem, "-o", "out.tif", "--stride", "0"], "at least 1");
    fails(dir, &["w[0, 0]", dem, "-o", "out.tif", "--stride", "1,2,3"], "3 strides for a window of 2 axes");
}

/// What is opaque is so in every type, however often a kernel runs.
#[test]
fn opacity_is_that_of_the_type() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let pixels =
        ndarray::Array3::from_shape_fn((4, 5, 4), |(y, x, c)| if c == 3 { 51 * x as u8 } else { (y * x) as u8 });
    image::RgbaImage::from_raw(5, 4, pixels.iter().copied().collect()).unwrap().save(dir.join("a.png")).unwrap();
    for (dtype, opaque) in [("u8", 255.0), ("u16", 65535.0), ("f32", 1.0)] {
        for more in [&[][..], &["--repeat", "2"], &["--then", "w[0, 0]"]] {
            ok(dir, &[&["w[0, 0]", "a.png", "-o", "a.tif", "--dtype", dtype], more].concat());
            ok(dir, &["input r, g, b, a; a[0, 0]", "a.tif", "-o", "a.npy", "--dtype", "f64"]);
            let alpha: ArrayD<f64> = read_npy(dir.join("a.npy")).unwrap();
            let right =
                alpha.indexed_iter().all(|(at, alpha)| (alpha - opaque * at[1] as f64 / 5.0).abs() <= 1e-6 * opaque);
            assert!(right, "{dtype} {more:?}: {alpha}");
        }
    }
    let most = usize::MAX.to_string();
    ok(dir, &["w[0, 0]", "a.png", "-o", "one.png", "--stride", &most]);
    assert_eq!(image::open(dir.join("one.png")).unwrap().into_rgba8().dimensions(), (1, 1));
}

/// A profile is one for colours, or for grey.
#[test]
fn profiles_are_for_the_colours_that_there_are() {
    use image::ImageEncoder;
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let mut icc = vec![0; 128];
    icc[16..20].copy_from_slice(b"RGB ");
    let file = fs::File::create(dir.join("rgb.png")).unwrap();
    let mut encoder = image::codecs::png::PngEncoder::new(file);
    encoder.set_icc_profile(icc.clone()).unwrap();
    encoder.write_image(&[7; 36], 4, 3, image::ExtendedColorType::Rgb8).unwrap();
    for more in [&[][..], &["--stream"]] {
        let ran = ok(dir, &[&["w[0, 0]", "rgb.png", "-o", "same.png"], more].concat());
        assert_eq!((ran.stderr.as_str(), carried(&dir.join("same.png")).0), ("", Some(icc.clone())));
    }
    for to in ["grey.png", "grey.tif"] {
        let ran = ok(dir, &["input r, g, b; (r[0, 0] + g[0, 0] + b[0, 0]) / 3", "rgb.png", "-o", to]);
        assert!(
            ran.stderr.contains("not kept: colour profile, which is one for red, green and blue"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(carried(&dir.join("grey.png")).0, None);
    assert_eq!(bytes(&mut Decoder::new(fs::File::open(dir.join("grey.tif")).unwrap()).unwrap(), 34675), None);
}

/// A mask and what is read row by row have pages, or have none.
#[test]
fn pages_are_those_of_each_file() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    write_npy(
        dir.join("stack.npy"),
        &ndarray::Array3::<u8>::from_shape_fn((3, 8, 9), |(p, y, x)| (p * 50 + y * x) as u8),
    )
    .unwrap();
    write_npy(dir.join("mask.npy"), &ndarray::Array2::from_shape_fn((8, 9), |(y, x)| y == 3 && x == 4)).unwrap();
    ok(dir, &["w[0]", "stack.npy", "-o", "stack.tif", "--axes", "0"]);
    let words = ["len(w)", "stack.tif", "--size", "3", "--page", "2", "--mask", "mask.npy", "--fill", "-o"];
    for more in [&[][..], &["--stream"]] {
        ok(dir, &[&words[..], &["o.npy"], more].concat());
        let count: ArrayD<u8> = read_npy(dir.join("o.npy")).unwrap();
        assert_eq!((count[[3, 4]], count[[0, 0]]), (8, 9), "{more:?}");
        fails(dir, &[&["w[0, 0]", "mask.npy", "-o", "o.npy", "--page", "2"], more].concat(), "there is no page 2");
    }
    write_npy(dir.join("one.npy"), &ndarray::arr0(3.0)).unwrap();
    fails(dir, &["max(w) + 1", "one.npy", "--size", "1", "-o", "one.fits"], "can't hold a single value");
}

#[test]
fn numbers_that_no_float_is_are_refused() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    array![1i64, 5, 3].write_npy(fs::File::create(dir.join("in.npy")).unwrap()).unwrap();
    let run = ["max(w)", "in.npy", "-o", "out.npy", "--size", "3"];
    for option in [["--nodata", "9007199254740993"], ["--cval", "-9223372036854775807"]] {
        fails(dir, &[&run[..], &option].concat(), "between 64-bit floats, of which");
    }
    for option in [["--nodata", "9007199254740992"], ["--cval", "-9223372036854775808"], ["--cval", "0.1"]] {
        ok(dir, &[&run[..], &option].concat());
    }
}
