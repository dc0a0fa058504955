//! `hoodoo run --stream`, and videos through pipes: the same as in memory, whatever the slabs are.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use ndarray::{Array1, Array2, Array3, Axis, ShapeBuilder};
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

/// Runs in memory and by rows, and compares all bytes of the files.
fn same(dir: &Path, words: &[&str], outputs: &[&str]) {
    let named = |kind: &str| -> Vec<String> { outputs.iter().map(|output| format!("{kind}-{output}")).collect() };
    for (kind, more) in [("memory", None), ("stream", Some("--stream"))] {
        let outputs = named(kind);
        let outputs = outputs.iter().flat_map(|output| ["-o", output.as_str()]);
        let words: Vec<&str> = words.iter().copied().chain(outputs).chain(more).collect();
        ok(dir, &words);
    }
    for (memory, stream) in named("memory").iter().zip(named("stream")) {
        let (memory, stream) = (fs::read(dir.join(memory)).unwrap(), fs::read(dir.join(stream)).unwrap());
        assert!(memory == stream, "{words:?}: {} and {} bytes", memory.len(), stream.len());
    }
}

/// Rows so long that a slab has a few of them only.
#[test]
fn arrays_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let mut random = fastrand::Rng::with_seed(1);
    let long = Array2::from_shape_simple_fn((23, 1 << 19), || random.u8(..));
    write_npy(dir.join("long.npy"), &long).unwrap();
    let small = Array3::from_shape_simple_fn((5, 7, 6), || random.f32());
    write_npy(dir.join("small.npy"), &small).unwrap();
    let line = Array1::from_shape_simple_fn(4_500_000, || random.i16(..));
    write_npy(dir.join("line.npy"), &line).unwrap();
    let mut cases: Vec<(&str, Vec<&str>)> = Vec::new();
    for mode in ["reflect", "mirror", "nearest", "constant", "shrink", "valid"] {
        cases.push(("long.npy", vec!["max(w) - min(w)", "--size", "5,3", "--mode", mode, "--cval", "-7.5"]));
        cases.push(("small.npy", vec!["median(w)", "--size", "9,3,3", "--origin", "2,0,0", "--mode", mode]));
        cases.push(("line.npy", vec!["min(w)", "--size", "6", "--mode", mode, "--cval", "-1"]));
    }
    cases.push(("long.npy", vec!["w[-2, 0] / 2 + w[1, 5]", "--dtype", "f32"]));
    cases.push(("small.npy", vec!["w[-2, 0, 0] / 2 + w[1, 5, 0]", "--dtype", "f64", "--repeat", "3"]));
    cases.push(("long.npy", vec!["count(inside())", "--size", "3"]));
    cases.push(("small.npy", vec!["max(w)", "--size", "3", "--axes", "1,2"]));
    cases.push(("small.npy", vec!["max(w)", "--size", "3,1,3", "--mode", "shrink,nearest,wrap"]));
    cases.push(("small.npy", vec!["max(w)", "--size", "3", "--dtype", "f16"]));
    for (file, words) in cases {
        same(dir, &[&words[..1], &[file], &words[1..]].concat(), &["out.npy"]);
    }
    // Several inputs and outputs, and cells without a value.
    write_npy(dir.join("other.npy"), &long.mapv(|value| i32::from(value) - 100)).unwrap();
    write_npy(dir.join("mask.npy"), &long.mapv(|value| value > 200)).unwrap();
    let two = ["input a, b; low: min(a) - max(b), high: max(a)", "long.npy", "other.npy", "--size", "3,1"];
    same(dir, &[&two[..], &["--dtype", "i32"]].concat(), &["low.npy", "high.npy"]);
    same(dir, &["mean(w)", "long.npy", "--size", "3", "--nodata", "17"], &["out.npy"]);
    same(dir, &["mean(w)", "long.npy", "--size", "3", "--mask", "mask.npy", "--dtype", "f32"], &["out.npy"]);
    same(dir, &["mean(w)", "long.npy", "--size", "3", "--mask", "mask.npy", "--fill"], &["out.npy"]);
}

/// Kernels one after the other, and a kernel on its own result: with borders, masks, strides, places and several files.
#[test]
fn chains_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let mut random = fastrand::Rng::with_seed(9);
    let long = Array2::from_shape_simple_fn((23, 1 << 18), || random.u8(..));
    write_npy(dir.join("long.npy"), &long).unwrap();
    write_npy(dir.join("page.npy"), &long.mapv(|value| value / 2 + 90)).unwrap();
    write_npy(dir.join("mask.npy"), &long.mapv(|value| value % 50 == 3)).unwrap();
    for mode in ["reflect", "mirror", "nearest", "constant", "shrink", "valid"] {
        let words = ["min(w)", "long.npy", "--size", "3", "--mode", mode, "--cval", "9"];
        same(
            dir,
            &[&words[..], &["--then", "max(w) - w[-1, 0]", "--then", "mean(w)", "--stride", "2,3"]].concat(),
            &["o.npy"],
        );
        let masked = ["--mask", "mask.npy", "--then", "max(w)", "--dtype", "i16"];
        same(dir, &[&words[..], &masked].concat(), &["o.npy"]);
    }
    let two = [
        "low: min(w), high: max(w)",
        "long.npy",
        "--size",
        "3,1",
        "--then",
        "input a, b; d: b[0,0] - a[0,0], m: mean(b)",
    ];
    same(dir, &two, &["d.npy", "m.npy"]);
    let grow = ["input marker, mask; min(max(marker), mask[0,0])", "long.npy", "page.npy", "--size", "3"];
    for times in ["1", "2", "5"] {
        same(dir, &[&grow[..], &["--repeat", times]].concat(), &["o.npy"]);
        let missing = ["--repeat", times, "--nodata", "17", "--mask", "mask.npy"];
        same(dir, &[&["mean(w)", "long.npy", "--size", "3"], &missing[..]].concat(), &["o.npy"]);
    }
    // Where pixels are, in slabs that begin anywhere.
    for more in
        [&[][..], &["--mode", "valid"], &["--axes", "1,0"], &["--stride", "3"], &["--then", "w[0,0] + coord(0)"]]
    {
        let places =
            ["max(w) + 1000 * coord(0) + coord(1) - 7 * extent(0)", "long.npy", "--size", "3", "--dtype", "i32"];
        same(dir, &[&places[..], more].concat(), &["o.npy"]);
    }
    // Pictures with colours and opacity, and several pages.
    let data = |name: &str| format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    for file in ["associated-u1x4.tif", "pages-u1.tif", "dem-f4.tif", "bands-u2.tif"] {
        let words = ["min(w)", &data(file), "--size", "3", "--then", "max(w)"];
        same(dir, &words, &["o.tif"]);
        same(dir, &[&words[..], &["--mode", "valid"]].concat(), &["o.tif"]);
        same(dir, &["mean(w) + coord(0) / 9", &data(file), "--size", "3", "--repeat", "3"], &["o.tif"]);
    }
    // Through a pipe whose number of rows nobody knows.
    let small = Array2::from_shape_simple_fn((300, 7), || random.u8(..));
    write_npy(dir.join("small.npy"), &small).unwrap();
    for more in [&["--then", "max(w) + coord(0)"][..], &["--repeat", "100"], &["--mode", "valid", "--then", "mean(w)"]]
    {
        let words = [&["median(w)", "--size", "3"], more].concat();
        ok(dir, &[&words[..1], &["small.npy", "-o", "o.raw"], &words[1..]].concat());
        let words = [&words[..1], &["-", "-o", "-", "--stream", "--raw", "u8:*,7"], &words[1..]].concat();
        let ran = hoodoo(dir, &words).write_stdin(small.iter().copied().collect::<Vec<u8>>()).output().unwrap();
        assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
        assert!(ran.stdout == fs::read(dir.join("o.raw")).unwrap(), "{words:?}");
    }
    let words = ["w[0,0] + extent(0)", "-", "-o", "-", "--stream", "--raw", "u8:*,7"];
    let extent = hoodoo(dir, &words).write_stdin([1; 70]).output().unwrap();
    assert!(String::from_utf8_lossy(&extent.stderr).contains("extent(0), which is not known"));
    // What is wrong with a pixel of any of them names its place in the whole.
    fails(dir, &["w[0,0]", "long.npy", "--then", "assert coord(0) < 20; w[0,0]", "-o", "x.npy", "--stream"], "[20, 0]");
    fails(
        dir,
        &["w[0,0]", "long.npy", "--repeat", "2", "--dtype", "bool", "-o", "x.npy", "--stream"],
        "the output is bool",
    );
}

/// Mode `wrap` along the first axis: the rows at the other end are read where they are, and no others are kept.
#[test]
fn ends_that_meet_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let mut random = fastrand::Rng::with_seed(14);
    let long = Array2::from_shape_simple_fn((305, 1 << 13), || random.u8(..));
    write_npy(dir.join("long.npy"), &long).unwrap();
    fs::write(dir.join("long.raw"), long.iter().copied().collect::<Vec<u8>>()).unwrap();
    let small = Array3::from_shape_simple_fn((5, 7, 6), || random.f32());
    write_npy(dir.join("small.npy"), &small).unwrap();
    let line = Array1::from_shape_simple_fn(1_700_000, || random.i16(..));
    write_npy(dir.join("line.npy"), &line).unwrap();
    let wrap = |words: &[&str]| same(dir, &[words, &["--mode", "wrap"]].concat(), &["out.npy"]);
    let windows = [("3", "0"), ("4,3", "1,0"), ("7,1", "-3,0"), ("5,3", "2,1"), ("1,5", "0")];
    let kernels = ["max(w) - min(w)", "median(w)", "mean(w)", "sum(w * (offset(0) + 9))", "count(inside())"];
    for (kernel, (size, origin)) in kernels.into_iter().zip(windows) {
        wrap(&[kernel, "long.npy", "--size", size, "--origin", origin, "--dtype", "i32"]);
        // Windows that are taller than the array see it several times.
        for (size, origin) in [("5,3,3", "0"), ("9,1,1", "4,0,0"), ("10,3,1", "-5,0,0"), ("31,1,3", "15,0,0")] {
            wrap(&[kernel, "small.npy", "--size", size, "--origin", origin]);
        }
    }
    wrap(&["max(w)", "line.npy", "--size", "6", "--origin", "2"]);
    wrap(&["w[-2, 0] / 2 + w[30, 5] + coord(0) * 7 + extent(0)", "long.npy", "--dtype", "f32"]);
    wrap(&["max(w)", "long.npy", "--size", "5", "--stride", "3,2"]);
    wrap(&["w[-1, 0] + w[1, 1]", "long.raw", "--raw", "u8:*,8192"]);
    same(dir, &["max(w)", "small.npy", "--size", "3", "--mode", "wrap,shrink,nearest"], &["out.npy"]);
    same(dir, &["max(w)", "small.npy", "--size", "3,9", "--axes", "2,0", "--mode", "nearest,wrap"], &["out.npy"]);
    // All element types.
    for dtype in ["bool", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f16", "f32", "f64"] {
        ok(dir, &["w[0, 0] - 7", "long.npy", "--dtype", dtype, "-o", "typed.npy"]);
        wrap(&["max(w)", "typed.npy", "--size", "3,1"]);
    }
    // Several inputs, cells without a value, and filters one after the other: each of them sees what is beyond the ends of its own input.
    write_npy(dir.join("other.npy"), &long.mapv(|value| value / 2 + 90)).unwrap();
    write_npy(dir.join("mask.npy"), &long.mapv(|value| value % 50 == 3)).unwrap();
    wrap(&["input a, b; min(a) - max(b)", "long.npy", "other.npy", "--size", "3", "--dtype", "i16"]);
    wrap(&["mean(w)", "long.npy", "--size", "3", "--mask", "mask.npy", "--nodata", "17", "--dtype", "f32"]);
    wrap(&[
        "mean(w) + coord(0)",
        "long.npy",
        "--size",
        "4,3",
        "--mask",
        "mask.npy",
        "--then",
        "max(w)",
        "--then",
        "w[0,0]",
    ]);
    wrap(&["w[0, 0]", "long.npy", "--then", "w[1, 0] - w[-9, 0]", "--then", "w[0, 0] + coord(0)", "--stride", "2"]);
    wrap(&["median(w)", "small.npy", "--size", "5,3,1", "--repeat", "7"]);
    let grow = ["input marker, mask; min(max(marker), mask[0,0])", "long.npy", "other.npy", "--size", "3"];
    wrap(&[&grow[..], &["--repeat", "4"]].concat());
    fails(
        dir,
        &[
            "assert coord(0) != 304 or coord(1) != 5; max(w)",
            "long.npy",
            "--size",
            "3",
            "--mode",
            "wrap",
            "-o",
            "x.npy",
            "--stream",
        ],
        "[304, 5]",
    );
    // Nothing has no ends.
    write_npy(dir.join("nothing.npy"), &Array2::<u8>::zeros((0, 4))).unwrap();
    wrap(&["max(w)", "nothing.npy", "--size", "3"]);
}

/// The same for pictures; and what comes through a pipe has its last rows at the end.
#[test]
fn pictures_whose_ends_meet_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    tiled(&dir.join("tiled.tif"), [1, 1500, 3000]);
    tiled(&dir.join("pages.tif"), [3, 1500, 3000]);
    let wrap = |words: &[&str], output: &str| same(dir, &[words, &["--mode", "wrap"]].concat(), &[output]);
    wrap(&["median(w)", "tiled.tif", "--size", "3"], "out.tif");
    wrap(&["mean(w)", "pages.tif", "--size", "7,3", "--origin", "3,0"], "out.tif");
    wrap(&["max(w)", "pages.tif", "--size", "5,3,3", "--volume"], "out.tif");
    wrap(&["max(w)", "tiled.tif", "--size", "3", "--then", "min(w)"], "out.npy");
    ok(dir, &["w[0, 0]", "tiled.tif", "-o", "tiled.png"]);
    wrap(&["max(w) - min(w)", "tiled.png", "--size", "5,3"], "out.png");
    let data = |name: &str| format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    for file in ["associated-u1x4.tif", "pages-u1.tif", "dem-f4.tif", "bands-u2.tif", "jpeg-u1x3.tif"] {
        wrap(&["min(w)", &data(file), "--size", "9,3", "--then", "max(w)"], "out.tif");
    }
    let small = Array2::<u8>::from_shape_fn((5, 4), |(y, x)| (7 * y + x) as u8);
    write_npy(dir.join("small.npy"), &small).unwrap();
    let array = fs::read(dir.join("small.npy")).unwrap();
    let video = [b"YUV4MPEG2 W2 H2 F25:1 Cmono\n".to_vec(), b"FRAME\nabcd".repeat(3)].concat();
    for (more, bytes) in [
        (vec!["--stream"], array),
        (vec!["--stream", "--raw", "u8:*,4"], vec![0; 20]),
        (vec!["--stream", "--raw", "u8:5,4"], vec![0; 20]),
        (vec![], video),
    ] {
        let size = if more.is_empty() { "3,1,1" } else { "3,1" };
        let words = [&["max(w)", "-", "-o", "-", "--size", size, "--mode", "wrap"], &more[..]].concat();
        let ran = hoodoo(dir, &words).write_stdin(bytes).output().unwrap();
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert!(stderr.contains("mode wrap needs the last rows before the first ones"), "{words:?}: {stderr}");
        assert!(stderr.contains("choose another --mode for the first axis") && ran.stdout.is_empty(), "{stderr}");
    }
    // Where nothing beyond the ends is seen along the first axis, it does not matter.
    let words = ["max(w)", "-", "-o", "-", "--size", "1,3", "--mode", "wrap", "--stream", "--raw", "u8:*,4"];
    let ran = hoodoo(dir, &words).write_stdin(small.iter().copied().collect::<Vec<u8>>()).output().unwrap();
    assert_eq!(ran.stdout[..8], [3, 2, 3, 3, 10, 9, 10, 10]);
}

/// Samples of a video stay within its bits.
#[test]
fn samples_of_a_video_have_its_bits() {
    let dir = TempDir::new().unwrap();
    let samples = |samples: [u16; 2]| samples.map(u16::to_le_bytes).concat();
    for (bits, greatest) in [("10", 1023), ("12", 4095), ("16", 65535)] {
        let start = format!("YUV4MPEG2 W2 H1 F25:1 Cmono{bits}\nFRAME\n");
        let video = [start.as_bytes(), &samples([greatest - 20, 3])].concat();
        let ran = hoodoo(dir.path(), &["w[0, 0, 0] * 2", "-", "-o", "-"]).write_stdin(video).output().unwrap();
        assert_eq!(ran.stdout, [start.as_bytes(), &samples([greatest, 6])].concat(), "{bits}");
    }
}

/// Pictures that are stored mirrored or upside down; those whose rows are columns have to be read as a whole.
#[test]
fn turned_pictures_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    tiled(&dir.join("in.tif"), [1, 1500, 3000]);
    tiled(&dir.join("pages.tif"), [3, 700, 300]);
    let colours = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tiled-u1x3.tif");
    fs::copy(colours, dir.join("colours.tif")).unwrap();
    for file in ["in.tif", "pages.tif", "colours.tif"] {
        for orientation in 1..=8 {
            turn_tiff(dir, file, orientation);
            let words = ["max(w) - w[-1, 0]", "turned.tif", "--size", "3,5"];
            match orientation {
                1..=4 => {
                    same(dir, &words, &["out.npy"]);
                    same(dir, &[&words[..], &["--mode", "wrap"]].concat(), &["out.npy"]);
                }
                _ => fails(dir, &[&words[..], &["-o", "x.npy", "--stream"]].concat(), "leave --stream out"),
            }
        }
    }
    turn_tiff(dir, "pages.tif", 3);
    same(dir, &["max(w) - w[-1, 0, 0]", "turned.tif", "--size", "3,5,3", "--volume"], &["out.npy"]);
}

/// The picture of a file without georeference, on each page stored in one of Exif's orientations, as `turned.tif`.
fn turn_tiff(dir: &Path, file: &str, orientation: u16) {
    use tiff::decoder::{Decoder, DecodingResult};
    use tiff::encoder::{TiffEncoder, colortype};
    use tiff::tags::Tag;
    let mut decoder = Decoder::new(fs::File::open(dir.join(file)).unwrap()).unwrap();
    let mut encoder = TiffEncoder::new(fs::File::create(dir.join("turned.tif")).unwrap()).unwrap();
    loop {
        let (width, height) = decoder.dimensions().unwrap();
        match decoder.read_image().unwrap() {
            DecodingResult::U16(samples) => {
                let mut page = encoder.new_image::<colortype::Gray16>(width, height).unwrap();
                page.encoder().write_tag(Tag::Orientation, orientation).unwrap();
                page.write_data(&samples).unwrap();
            }
            DecodingResult::U8(samples) => {
                let mut page = encoder.new_image::<colortype::RGB8>(width, height).unwrap();
                page.encoder().write_tag(Tag::Orientation, orientation).unwrap();
                page.write_data(&samples).unwrap();
            }
            _ => panic!("of another type"),
        }
        if !decoder.more_images() {
            break;
        }
        decoder.next_image().unwrap();
    }
}

/// Pages with masks of bits, in strips of 50 rows, as GDAL has them; where a page has none, it is left out.
fn masked(path: &Path, size: [usize; 2], masks: &[bool], orientation: u16, description: &str) {
    masked_with(path, size, masks, (orientation, 1), description);
}

/// The same with pixels of so many samples.
fn masked_with(
    path: &Path,
    [height, width]: [usize; 2],
    masks: &[bool],
    (orientation, samples): (u16, u16),
    description: &str,
) {
    use tiff::encoder::TiffEncoder;
    use tiff::tags::Tag;
    const STRIP: usize = 50;
    let mut encoder = TiffEncoder::new(fs::File::create(path).unwrap()).unwrap();
    let mut random = fastrand::Rng::with_seed(height as u64);
    for (page, masked) in masks.iter().enumerate() {
        let picture: Vec<u8> = (0..height * width * usize::from(samples)).map(|_| random.u8(..)).collect();
        // Most bytes of eight pixels are whole.
        let bits = |_| if random.u8(..) < 30 { random.u8(..) } else { 255 };
        let mask: Vec<u8> = (0..height * width / 8).map(bits).collect();
        let of_pictures = (if samples == 3 { 2u16 } else { 1 }, samples);
        for (subfile, (photometric, samples), bits, bytes) in
            [(0u32, of_pictures, 8u16, &picture), (4, (4, 1), 1, &mask)]
        {
            if subfile == 4 && !masked {
                continue;
            }
            let mut directory = encoder.image_directory().unwrap();
            let strip = STRIP * width * usize::from(bits * samples) / 8;
            let offsets: Vec<u32> =
                bytes.chunks(strip).map(|part| directory.write_data(part).unwrap() as u32).collect();
            let lengths: Vec<u32> = bytes.chunks(strip).map(|part| part.len() as u32).collect();
            directory.write_tag(Tag::BitsPerSample, vec![bits; usize::from(samples)].as_slice()).unwrap();
            let short = [
                (Tag::Compression, 1),
                (Tag::PhotometricInterpretation, photometric),
                (Tag::SamplesPerPixel, samples),
                (Tag::Orientation, orientation),
            ];
            short.iter().for_each(|(tag, value)| directory.write_tag(*tag, *value).unwrap());
            let long = [
                (Tag::NewSubfileType, subfile),
                (Tag::ImageWidth, width as u32),
                (Tag::ImageLength, height as u32),
                (Tag::RowsPerStrip, STRIP as u32),
            ];
            long.iter().for_each(|(tag, value)| directory.write_tag(*tag, *value).unwrap());
            directory.write_tag(Tag::StripOffsets, offsets.as_slice()).unwrap();
            directory.write_tag(Tag::StripByteCounts, lengths.as_slice()).unwrap();
            if page == 0 && !description.is_empty() {
                directory.write_tag(Tag::ImageDescription, description).unwrap();
            }
            directory.finish().unwrap();
        }
    }
}

/// Runs in memory and by rows, and compares the files as they are when they have been read and written once more: a mask that comes row after row is
/// at another place in its file.
fn same_when_read(dir: &Path, words: &[&str], output: &str) {
    let found = [("memory", None), ("stream", Some("--stream"))].map(|(kind, more)| {
        let output = format!("{kind}-{output}");
        ok(dir, &words.iter().copied().chain(["-o", output.as_str()]).chain(more).collect::<Vec<&str>>());
        ok(dir, &["w[0, 0]", &output, "-o", "again.tif"]);
        fs::read(dir.join("again.tif")).unwrap()
    });
    assert!(found[0] == found[1], "{words:?}");
}

/// Masks that are pages of their file.
#[test]
fn masks_in_files_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let size = [1205, 1024];
    masked(&dir.join("in.tif"), size, &[true], 1, "");
    masked(&dir.join("other.tif"), [1205, 1024], &[true], 1, "");
    masked(&dir.join("pages.tif"), [605, 2048], &[false, true, true], 1, "");
    masked(&dir.join("mirrored.tif"), [1111, 1024], &[true], 2, "");
    masked(&dir.join("turned.tif"), [1111, 1024], &[true], 3, "");
    let mut random = fastrand::Rng::with_seed(3);
    write_npy(dir.join("mask.npy"), &Array2::from_shape_simple_fn(size, || random.u8(..) < 20)).unwrap();
    write_npy(dir.join("plain.npy"), &Array2::from_shape_simple_fn(size, || random.u8(..))).unwrap();
    let mean = |file: &str, more: &[&str]| {
        same_when_read(dir, &[&["mean(w)", file, "--size", "3"], more].concat(), "o.tif");
    };
    for more in [
        &[][..],
        &["--mask", "mask.npy"],
        &["--nodata", "none"],
        &["--nodata", "7", "--mask", "mask.npy", "--dtype", "f32"],
        &["--mode", "valid", "--mask", "mask.npy"],
        &["--mode", "wrap", "--stride", "3,2"],
        &["--then", "max(w) - w[1, 0]", "--then", "w[0, 0] / 2 + coord(0)"],
        &["--then", "max(w)", "--mask", "mask.npy", "--mode", "shrink"],
        &["--repeat", "3", "--mask", "mask.npy", "--mode", "wrap"],
        &["--then", "len(w)", "--fill"],
        &["--then", "len(w)", "--then", "min(w) - 1", "--fill", "--mask", "mask.npy"],
        &["--then", "sum(w) / 4", "--fill", "--mask", "mask.npy", "--mode", "valid"],
    ] {
        mean("in.tif", more);
    }
    masked_with(&dir.join("coloured.tif"), [205, 1024], &[false, true], (1, 3), "");
    for file in ["pages.tif", "mirrored.tif", "turned.tif", "coloured.tif"] {
        mean(file, &[]);
        mean(file, &["--mode", "wrap", "--then", "min(w)"]);
    }
    mean("pages.tif", &["--page", "0"]);
    mean("pages.tif", &["--page", "2"]);
    // Any of several inputs may have one.
    let two = ["input a, b; mean(a) + len(b)", "--size", "3"];
    for files in [["in.tif", "other.tif"], ["in.tif", "plain.npy"], ["plain.npy", "in.tif"]] {
        same_when_read(dir, &[&two[..1], &files, &two[1..]].concat(), "o.tif");
    }
    same(dir, &["max(w)", "pages.tif", "--size", "2,3,3", "--volume"], &["o.npy"]);
    ok(dir, &["max(w)", "in.tif", "-o", "x.tif", "--size", "3", "--stream"]);
    let again = hoodoo(dir, &["w[0, 0]", "x.tif", "-o", "x.npy", "--stream", "--strict"]).output().unwrap();
    assert!(String::from_utf8_lossy(&again.stderr).contains("not kept: mask"));
}

/// Pages that are the slices of several volumes, in all orders in which they are counted.
#[test]
fn volumes_of_stacks_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let imagej = |sizes: &str| format!("ImageJ=1.11a\nimages=12\n{sizes}\nhyperstack=true\n");
    let ome = |order: &str| {
        format!(
            "<OME><Image><Pixels ID=\"P\" DimensionOrder=\"{order}\" SizeX=\"16\" SizeY=\"50\" SizeC=\"2\" SizeZ=\"3\" SizeT=\"2\" Type=\"uint8\">"
        )
    };
    let orders = ["XYZCT", "XYZTC", "XYCZT", "XYTZC", "XYCTZ", "XYTCZ"].map(ome);
    let stacks =
        ["channels=2\nslices=3\nframes=2", "channels=1\nslices=4\nframes=3", "channels=4\nslices=3"].map(imagej);
    for description in stacks.iter().chain(&orders) {
        masked(&dir.join("in.tif"), [50, 16], &[false; 12], 1, description);
        let filter =
            |more: &[&str]| same(dir, &[&["max(w) - w[-1, 0, 0]", "in.tif", "--volume"], more].concat(), &["o.tif"]);
        for mode in ["reflect", "shrink", "valid", "wrap"] {
            filter(&["--size", "3,1,5", "--mode", mode]);
            filter(&["--size", "2,3,3", "--mode", mode, "--then", "w[0, 0, 0] / 2 + coord(0) - extent(0)"]);
        }
        filter(&["--size", "3", "--stride", "2,1,3"]);
        filter(&["--size", "3", "--repeat", "3", "--mode", "wrap,nearest,mirror"]);
        filter(&["--size", "3", "--dtype", "bool"]);
        let words = ["max(w)", "in.tif", "--volume", "--size", "3"];
        // Where slices are the fastest, volumes come one after the other.
        if description.contains("XYZ") || description.contains("channels=1") {
            same(dir, &words, &["o.npy"]);
        } else {
            let words = [&words[..], &["-o", "x.npy", "--stream"]].concat();
            fails(dir, &words, "pages of volumes that take turns are written to a .tif file only");
        }
        masked(&dir.join("in.tif"), [50, 16], &[true; 12], 1, description);
        if description.contains("XYZ") || description.contains("channels=1") {
            same_when_read(dir, &words, "o.tif");
        } else {
            fails(dir, &[&words[..], &["-o", "x.tif", "--stream"]].concat(), "take turns, and have masks");
        }
    }
}

/// A picture of tiles whose values follow a formula, on several pages.
fn tiled(path: &Path, [pages, height, width]: [usize; 3]) {
    use tiff::encoder::TiffEncoder;
    use tiff::tags::Tag;
    const TILE: usize = 256;
    let mut encoder = TiffEncoder::new(fs::File::create(path).unwrap()).unwrap();
    for page in 0..pages {
        let mut directory = encoder.image_directory().unwrap();
        let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
        for (top, left) in (0..height).step_by(TILE).flat_map(|y| (0..width).step_by(TILE).map(move |x| (y, x))) {
            let place = |at: usize| (top + at / TILE, left + at % TILE);
            let value = |(y, x): (usize, usize)| ((y * 31 + x * 17 + (y * x) % 257 + page * 1000) % 5000) as u16;
            let tile: Vec<u16> = (0..TILE * TILE).map(place).map(value).collect();
            offsets.push(directory.write_data(tile.as_slice()).unwrap() as u32);
            lengths.push((2 * TILE * TILE) as u32);
        }
        let long =
            [(Tag::ImageWidth, width), (Tag::ImageLength, height), (Tag::TileWidth, TILE), (Tag::TileLength, TILE)];
        long.iter().for_each(|(tag, value)| directory.write_tag(*tag, *value as u32).unwrap());
        let short = [(Tag::BitsPerSample, 16u16), (Tag::Compression, 1), (Tag::PhotometricInterpretation, 1)];
        short.iter().for_each(|(tag, value)| directory.write_tag(*tag, *value).unwrap());
        directory.write_tag(Tag::SamplesPerPixel, 1u16).unwrap();
        directory.write_tag(Tag::SampleFormat, 1u16).unwrap();
        directory.write_tag(Tag::TileOffsets, offsets.as_slice()).unwrap();
        directory.write_tag(Tag::TileByteCounts, lengths.as_slice()).unwrap();
        directory.write_tag(Tag::ModelPixelScaleTag, [30.0, 20.0, 0.0].as_slice()).unwrap();
        directory.write_tag(Tag::ModelTiepointTag, [0.0, 0.0, 0.0, 500_000.0, 4_600_000.0, 0.0].as_slice()).unwrap();
        directory.write_tag(Tag::GdalNodata, "4000").unwrap();
        directory.write_tag(Tag::ImageDescription, format!("page {page}").as_str()).unwrap();
        directory.finish().unwrap();
    }
}

#[test]
fn pictures_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    tiled(&dir.join("tiled.tif"), [1, 1500, 3000]);
    tiled(&dir.join("pages.tif"), [3, 1500, 3000]);
    same(dir, &["median(w)", "tiled.tif", "--size", "3"], &["out.tif"]);
    same(dir, &["max(w) - min(w)", "tiled.tif", "--size", "7,3", "--mode", "valid"], &["out.tif"]);
    same(dir, &["mean(w)", "tiled.tif", "--size", "3", "--nodata", "none", "--dtype", "f32"], &["out.tif"]);
    same(dir, &["low: min(w), high: max(w)", "tiled.tif", "--size", "3"], &["both.tif"]);
    same(dir, &["w[0, 0] / 100", "tiled.tif", "--dtype", "u8", "--nodata", "none"], &["out.raw"]);
    same(dir, &["mean(w)", "pages.tif", "--size", "5"], &["out.tif"]);
    same(dir, &["mean(w)", "pages.tif", "--size", "5", "--page", "1"], &["out.npy"]);
    same(dir, &["max(w)", "pages.tif", "--size", "2,3,3", "--volume"], &["out.tif"]);
    // What is said of the outputs is the same, too.
    let report = |more: &[&str]| {
        let words = ["mean(w)", "tiled.tif", "--size", "3", "-o", "out.tif", "--json"];
        let output = hoodoo(dir, &[&words[..], more].concat()).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut one = report["files"][0]["outputs"][0].clone();
        let mean = one["mean"].take().as_f64().unwrap();
        assert!(report["milliseconds"]["write"].as_f64().is_some());
        (one, mean)
    };
    let ((memory, mean), (stream, streamed)) = (report(&[]), report(&["--stream"]));
    assert_eq!(memory, stream);
    assert!((mean - streamed).abs() < 1e-6 * mean, "{mean} {streamed}");
}

/// Pictures in PNG files, of all their types, with all that they say of themselves.
#[test]
fn png_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let mut random = fastrand::Rng::with_seed(12);
    let long = Array2::from_shape_simple_fn((23, 1 << 18), || random.u16(..));
    write_npy(dir.join("long.npy"), &long).unwrap();
    ok(dir, &["w[0, 0]", "long.npy", "-o", "long.png"]);
    let colour = Array3::from_shape_simple_fn((300, 70, 4), || random.u8(..));
    write_npy(dir.join("colour.npy"), &colour).unwrap();
    ok(dir, &["w[0, 0]", "colour.npy", "-o", "colour.png", "--axes", "0,1"]);
    let photo = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/photo.png");
    fails(dir, &["w[0, 0]", photo, "-o", "x.npy", "--stream"], "stored turned");
    ok(dir, &["w[0, 0]", photo, "-o", "upright.png"]);
    for file in ["long.png", "colour.png", "upright.png"] {
        for mode in ["reflect", "valid"] {
            same(dir, &["median(w)", file, "--size", "3", "--mode", mode], &["out.png"]);
        }
        same(dir, &["max(w)", file, "--size", "3", "--dtype", "f32", "--then", "w[0, 0] / 3"], &["out.tif"]);
        same(dir, &["w[0, 0] > 99", file, "--dtype", "bool", "--stride", "2"], &["out.png"]);
    }
    same(dir, &["w[0, 0, 0]", "colour.npy"], &["out.png"]);
    // What is not known before its end, or does not come row after row.
    let chunk = |kind: &[u8], data: &[u8]| {
        let mut sum = flate2::Crc::new();
        [kind, data].iter().for_each(|bytes| sum.update(bytes));
        [&(data.len() as u32).to_be_bytes(), kind, data, &sum.sum().to_be_bytes()].concat()
    };
    let picture = |interlaced: u8, behind: &[u8]| {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packed, &[0, 77]).unwrap();
        let header = chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, interlaced]);
        let parts = [b"\x89PNG\r\n\x1a\n".to_vec(), header, chunk(b"IDAT", &packed.finish().unwrap())];
        [&parts.concat(), behind, &chunk(b"IEND", b"")].concat()
    };
    for (interlaced, behind, message) in
        [(1, vec![], "it is interlaced"), (0, chunk(b"tEXt", b"Title\0x"), "behind its picture (tEXt)")]
    {
        fs::write(dir.join("x.png"), picture(interlaced, &behind)).unwrap();
        ok(dir, &["w[0, 0]", "x.png", "-o", "out.png"]);
        fails(dir, &["w[0, 0]", "x.png", "-o", "x.npy", "--stream"], message);
    }
    let bytes = fs::read(dir.join("long.png")).unwrap();
    fs::write(dir.join("cut.png"), &bytes[..bytes.len() / 2]).unwrap();
    fails(dir, &["w[0, 0]", "cut.png", "-o", "x.npy", "--stream"], "truncated");
    // A pipe that begins as a picture, and does not end.
    let endless = format!(
        "(cat photo.png; cat /dev/zero) | {} run 'w[0, 0]' - -o x.npy --max-pixels 40000",
        assert_cmd::cargo::cargo_bin("hoodoo").display()
    );
    fs::copy(photo, dir.join("photo.png")).unwrap();
    let ran = Command::new("sh").current_dir(dir).args(["-c", &endless]).output().unwrap();
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(stderr.contains("goes on after 68388864 bytes, and --max-pixels 40000 allows no more"), "{stderr}");
}

/// Files of other programs, in all their ways to be stored.
#[test]
fn pictures_of_other_programs_as_in_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let mut count = 0;
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.ends_with(".tif") || name.starts_with("orientation") {
            continue;
        }
        count += 1;
        let words = ["max(w) - min(w) + w[0, 0]", path.to_str().unwrap(), "--size", "3"];
        same(dir, &words, &["out.npy"]);
        // Planes one after the other have their strips in the order of rows here.
        match name.starts_with("planar") {
            false => same(dir, &words, &["out.tif"]),
            true => {
                for way in ["memory", "stream"] {
                    let more = if way == "stream" { vec!["--stream"] } else { vec![] };
                    ok(dir, &[&words[..], &["-o", "planes.tif"], &more].concat());
                    ok(dir, &["w[0, 0]", "planes.tif", "-o", &format!("{way}.npy")]);
                }
                assert!(
                    fs::read(dir.join("memory.npy")).unwrap() == fs::read(dir.join("stream.npy")).unwrap(),
                    "{name}"
                );
            }
        }
    }
    assert!(count > 30, "{count}");
    let turned = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/orientation-6-u1.tif");
    fails(dir, &["w[0, 0]", turned, "-o", "x.tif", "--stream"], "stored turned");
}

#[test]
fn elements_without_a_header() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let mut random = fastrand::Rng::with_seed(5);
    let array = Array3::from_shape_simple_fn((6, 5, 4), || random.i16(..));
    write_npy(dir.join("in.npy"), &array).unwrap();
    fs::write(dir.join("little.raw"), array.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>()).unwrap();
    fs::write(dir.join("big.raw"), array.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<_>>()).unwrap();
    ok(dir, &["max(w)", "in.npy", "-o", "expected.npy", "--size", "3"]);
    let expected = fs::read(dir.join("expected.npy")).unwrap();
    for (file, said) in [("little.raw", "i16:6,5,4"), ("big.raw", "i16be:6,5,4"), ("little.raw", "i16:*,5,4")] {
        for more in [&[][..], &["--stream"]] {
            ok(dir, &[&["max(w)", file, "-o", "out.npy", "--size", "3", "--raw", said], more].concat());
            assert!(fs::read(dir.join("out.npy")).unwrap() == expected, "{file} {said} {more:?}");
        }
    }
    // Through pipes: of raw elements, whose number nobody knows, and of an array.
    let data = &expected[expected.iter().position(|byte| *byte == b'\n').unwrap() + 1..];
    for (words, input, output) in [
        (vec!["--raw", "i16:*,5,4", "--stream"], "little.raw", data),
        (vec!["--raw", "i16be:6,5,4"], "big.raw", data),
        (vec!["--stream"], "in.npy", &expected),
    ] {
        let words = [&["max(w)", "-", "-o", "-", "--size", "3"], &words[..]].concat();
        let ran = hoodoo(dir, &words).write_stdin(fs::read(dir.join(input)).unwrap()).output().unwrap();
        assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
        assert!(ran.stdout == output, "{words:?}");
    }
    for (words, message) in [
        (vec!["w[0, 0, 0]", "little.raw", "-o", "x.npy"], "--raw: say the element type"),
        (vec!["w[0, 0, 0]", "little.raw", "-o", "x.npy", "--raw", "i16:7,5,4"], "240 bytes, and 280 are said"),
        (vec!["w[0, 0, 0]", "little.raw", "-o", "x.npy", "--raw", "i16:*,7,4"], "not whole rows of 56"),
        (vec!["w[0, 0, 0]", "little.raw", "-o", "x.npy", "--raw", "i17:5"], "write TYPE:N"),
    ] {
        fails(dir, &words, message);
    }
    let cut =
        hoodoo(dir, &["w[0, 0, 0]", "-", "-o", "-", "--raw", "i16:*,5,4", "--stream"]).write_stdin([7; 95]).output();
    assert!(String::from_utf8_lossy(&cut.unwrap().stderr).contains("standard input: truncated in a row"));
}

/// A file for which there is no memory is read row by row without being told so.
#[cfg(target_os = "linux")]
#[test]
fn larger_than_memory() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    // 1.5 GiB of zeros, of which the disk has nothing, and 192 MiB of results.
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (24576, 8192), }";
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").bytes());
    fs::write(dir.join("zeros.npy"), &bytes).unwrap();
    let file = fs::OpenOptions::new().write(true).open(dir.join("zeros.npy")).unwrap();
    file.set_len(bytes.len() as u64 + 24576 * 8192 * 8).unwrap();
    let program = assert_cmd::cargo::cargo_bin("hoodoo");
    let run = "ulimit -v 1400000 && exec \"$0\" run 'max(w) + 3' zeros.npy -o out.npy --size 3 --dtype u8 --json";
    let mut command = Command::new("sh");
    let output = command.current_dir(dir).args(["-c", run]).arg(program).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let one = &report["files"][0]["outputs"][0];
    assert_eq!((one["min"].as_f64(), one["max"].as_f64()), (Some(3.0), Some(3.0)));
    assert_eq!(fs::metadata(dir.join("out.npy")).unwrap().len(), 128 + 24576 * 8192);
}

#[test]
fn what_can_not_be_streamed() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    write_npy(dir.join("a.npy"), &Array2::<u8>::zeros((5, 4))).unwrap();
    write_npy(dir.join("b.npy"), &Array2::<u8>::zeros((6, 4))).unwrap();
    write_npy(dir.join("wide.npy"), &Array2::<u8>::zeros((5, 7))).unwrap();
    write_npy(dir.join("turned.npy"), &Array2::<u8>::zeros((5, 4).f())).unwrap();
    for (words, message) in [
        (vec!["w[0, 0]", "a.npy", "--repeat", "stable"], "say how many runs"),
        (vec!["w[0, 0]", "a.npy", "--repeat", "101"], "100 filters at most"),
        (vec!["a: w[0, 0], b: w[0, 0]", "a.npy", "--then", "w[0, 0]"], "2 outputs"),
        (vec!["assert w[1, 0] > 9; w[0, 0]", "a.npy"], "[0, 0]"),
        (vec!["w[0, 0]", "turned.npy"], "its rows do not come one after the other"),
        (vec!["input a, b; min(a) + min(b)", "a.npy", "b.npy", "--size", "3"], "has 6 rows and 1 pages, and the first"),
        (vec!["max(w)", "a.npy", "--size", "3", "--mask", "b.npy"], "b.npy: has 6 rows"),
        (vec!["max(w)", "a.npy", "--size", "3", "--mask", "wide.npy"], "is u8 5 x 7, and the first input is u8 5 x 4"),
        (vec!["max(w)", "missing.npy", "--size", "3"], "No such file"),
    ] {
        fails(dir, &[words, vec!["-o", "x.npy", "--stream"]].concat(), message);
    }
    let nothing = hoodoo(dir, &["w[0, 0]", "-", "-o", "x.npy", "--stream"]).write_stdin("no file begins so").output();
    assert!(String::from_utf8_lossy(&nothing.unwrap().stderr).contains("does not begin as a file of a type"));
    write_npy(dir.join("one.npy"), &ndarray::arr0(5u8)).unwrap();
    fails(dir, &["w[0]", "one.npy", "-o", "x.npy", "--stream"], "a single value");
    // No file has no page.
    write_npy(dir.join("empty.npy"), &Array3::<u8>::zeros((0, 4, 5))).unwrap();
    for more in [&[][..], &["--stream"], &["--repeat", "2"]] {
        fails(
            dir,
            &[&["w[0, 0, 0]", "empty.npy", "-o", "x.tif"], more].concat(),
            "x.tif: a TIFF file can't hold 0 pages",
        );
        ok(dir, &[&["w[0, 0, 0]", "empty.npy", "-o", "nothing.npy"], more].concat());
    }
    // With a stride, a kernel can be run again where there is but one pixel.
    write_npy(dir.join("pixel.npy"), &Array2::<u8>::zeros((1, 1))).unwrap();
    ok(dir, &["max(w)", "pixel.npy", "-o", "again.npy", "--size", "3", "--stride", "2", "--repeat", "2", "--stream"]);
    fails(dir, &["w[0, 0]", "a.npy", "-o", "x.jpg", "--stream"], "x.jpg: --stream: is written as a whole");
    let whole = fs::read(dir.join("a.npy")).unwrap();
    fs::write(dir.join("short.npy"), &whole[..whole.len() - 3]).unwrap();
    fails(dir, &["w[0, 0]", "short.npy", "-o", "x.npy", "--stream"], "truncated");
    let cut = hoodoo(dir, &["w[0, 0]", "-", "-o", "x.npy", "--stream"]).write_stdin(&whole[..whole.len() - 3]).output();
    assert!(String::from_utf8_lossy(&cut.unwrap().stderr).contains("truncated: 3 bytes"));
    assert!(!dir.join("x.npy").exists());
    // The row that an error names is one of the file, and not of a slab.
    let mut long = Array2::<u8>::zeros((40, 1 << 20));
    long[[33, 5]] = 1;
    write_npy(dir.join("long.npy"), &long).unwrap();
    fails(dir, &["assert w[1, 0] < 1; w[0, 0]", "long.npy", "-o", "x.npy", "--stream"], "[32, 5]");
    // A file that is cut off in the middle leaves nothing.
    tiled(&dir.join("cut.tif"), [1, 2900, 3000]);
    let file = fs::OpenOptions::new().write(true).open(dir.join("cut.tif")).unwrap();
    file.set_len(5_000_000).unwrap();
    fails(dir, &["w[0, 0]", "cut.tif", "-o", "x.tif", "--stream"], "cut.tif");
    assert!(!dir.join("x.tif").exists());
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
    // Two medians, one after the other.
    let words = ["median(w)", "-", "-o", "-", "--size", "3,1,1", "--then", "median(w)"];
    let twice = hoodoo(dir.path(), &words).write_stdin(stream(&planes)).output().unwrap();
    assert!(twice.stdout == stream(&planes.each_ref().map(median).each_ref().map(median)));
    // As files; and what is cut off is no video.
    let bytes = stream(&planes);
    fs::write(dir.path().join("in.y4m"), &bytes).unwrap();
    ok(dir.path(), &["median(w)", "in.y4m", "-o", "out.y4m", "--size", "3,1,1"]);
    assert!(fs::read(dir.path().join("out.y4m")).unwrap() == output.stdout);
    fs::write(dir.path().join("cut.y4m"), &bytes[..bytes.len() - 5]).unwrap();
    fails(dir.path(), &["median(w)", "cut.y4m", "-o", "x.y4m", "--size", "3,1,1"], "truncated in a picture");
    assert!(!dir.path().join("x.y4m").exists());
}
