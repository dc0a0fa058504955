//! What files of other programs carry besides samples: what stays, and what is said to be lost.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use ndarray::ArrayD;
use ndarray_npy::{WriteNpyExt, read_npy};
use tempfile::TempDir;
use tiff::decoder::Decoder;
use tiff::encoder::TiffEncoder;
use tiff::tags::Tag;

/// Runs `hoodoo run` in a directory: whether it succeeded, and what it says.
fn run(dir: &Path, words: &[&str]) -> (bool, String) {
    let output = Command::cargo_bin("hoodoo").unwrap().current_dir(dir).arg("run").args(words).output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

/// What a run says that succeeds.
fn ok(dir: &Path, words: &[&str]) -> String {
    let (ok, said) = run(dir, words);
    assert!(ok, "{words:?}: {said}");
    said
}

fn fails(dir: &Path, words: &[&str], message: &str) {
    let (ok, said) = run(dir, words);
    assert!(!ok && said.contains(message), "{words:?}: no `{message}` in {said}");
}

/// A page of 8 columns: bits of a sample, photometric interpretation, bytes, and other tags of text.
struct Page<'p> {
    bits: u16,
    photometric: u16,
    bytes: &'p [u8],
    texts: &'p [(u16, &'p str)],
}

fn write_tiff(path: &Path, pages: &[Page<'_>]) {
    write_tiff_with(path, pages, &[]);
}

/// The same with other tags of numbers.
fn write_tiff_with(path: &Path, pages: &[Page<'_>], numbers: &[(Tag, u16)]) {
    let mut encoder = TiffEncoder::new(fs::File::create(path).unwrap()).unwrap();
    for page in pages {
        let mut directory = encoder.image_directory().unwrap();
        let offset = directory.write_data(page.bytes).unwrap() as u32;
        for (tag, value) in [
            (Tag::BitsPerSample, page.bits),
            (Tag::Compression, 1),
            (Tag::PhotometricInterpretation, page.photometric),
            (Tag::SamplesPerPixel, 1),
        ] {
            directory.write_tag(tag, value).unwrap();
        }
        let rows = (page.bytes.len() / usize::from(page.bits)) as u32;
        for (tag, value) in [
            (Tag::ImageWidth, 8),
            (Tag::ImageLength, rows),
            (Tag::RowsPerStrip, rows),
            (Tag::StripOffsets, offset),
            (Tag::StripByteCounts, page.bytes.len() as u32),
        ] {
            directory.write_tag(tag, value).unwrap();
        }
        for (tag, number) in numbers {
            directory.write_tag(*tag, *number).unwrap();
        }
        for (tag, text) in page.texts {
            directory.write_tag(Tag::from_u16_exhaustive(*tag), *text).unwrap();
        }
        directory.finish().unwrap();
    }
}

/// A tag of numbers of the first page.
fn number(path: &Path, tag: Tag) -> Option<u64> {
    let mut decoder = Decoder::new(fs::File::open(path).unwrap()).unwrap();
    decoder.find_tag_unsigned_vec::<u64>(tag).unwrap().map(|numbers| numbers[0])
}

/// Bytes whose first bit is the least are turned round, in memory and row by row.
#[test]
fn the_first_bit_of_a_byte_may_be_the_least() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let bytes: Vec<u8> = (0..24u8).map(|at| at.wrapping_mul(37)).collect();
    let turned: Vec<u8> = bytes.iter().map(|byte| byte.reverse_bits()).collect();
    for bits in [1, 2, 4, 8] {
        let page = |bytes| Page { bits, photometric: 1, bytes, texts: &[] };
        write_tiff(&dir.join("plain.tif"), &[page(&bytes)]);
        write_tiff_with(&dir.join("turned.tif"), &[page(&turned)], &[(Tag::FillOrder, 2)]);
        ok(dir, &["w[0, 0]", "plain.tif", "-o", "plain.npy"]);
        for more in [&[][..], &["--stream"]] {
            ok(dir, &[&["w[0, 0]", "turned.tif", "-o", "turned.npy"], more].concat());
            let [turned, plain] = ["turned.npy", "plain.npy"].map(|file| fs::read(dir.join(file)).unwrap());
            assert_eq!(turned, plain, "{bits} {more:?}");
        }
    }
}

/// What is read of a file is not all that it has.
#[test]
fn a_file_is_not_replaced_by_a_part_of_it() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let page = Page { bits: 8, photometric: 1, bytes: &[7; 64], texts: &[] };
    write_tiff(&dir.join("one.tif"), &[Page { ..page }]);
    write_tiff(&dir.join("stack.tif"), &[Page { ..page }, Page { ..page }, Page { ..page }]);
    let before = fs::read(dir.join("stack.tif")).unwrap();
    for more in [&[][..], &["--stream"]] {
        for inputs in [&["stack.tif"][..], &["stack.tif#1"]] {
            let words = [&["max(w)", "--size", "3", "--page", "0", "-o", "stack.tif"], inputs, more].concat();
            fails(dir, &words, "the file would lose its 2 other pages");
        }
    }
    let both = ["input a, b; a[0, 0] + b[0, 0]", "one.tif", "stack.tif", "--page", "0", "-o", "stack.tif"];
    fails(dir, &both, "the file would lose its 2 other pages");
    fails(dir, &["max(w)", "--size", "3", "one.tif#1", "-o", "one.tif"], "the file would keep what # names only");
    assert_eq!(fs::read(dir.join("stack.tif")).unwrap(), before);
}

/// The number for no value is each file's own, and no brightness.
#[test]
fn files_have_numbers_for_no_value_of_their_own() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let page = |bytes, nodata| Page { bits: 8, photometric: 1, bytes, texts: nodata };
    write_tiff(&dir.join("cover.tif"), &[page(&[0, 1, 1, 1, 1, 1, 1, 1], &[(42113, "0")])]);
    write_tiff(&dir.join("heights.tif"), &[page(&[9, 0, 3, 200, 200, 6, 0, 3], &[(42113, "200")])]);
    write_tiff(&dir.join("plain.tif"), &[page(&[9, 0, 3, 4, 4, 6, 0, 3], &[])]);
    let run = |files: [&str; 2]| -> Vec<f32> {
        let kernel = "input cover, heights; heights[0, 0] + 100 * cover[0, 0]";
        let mut found = Vec::new();
        for more in [&[][..], &["--stream"]] {
            let words = [&[kernel], &files[..], &["-o", "o.npy", "--dtype", "f32"], more].concat();
            ok(dir, &words);
            found.push(read_npy::<_, ArrayD<f32>>(dir.join("o.npy")).unwrap().into_raw_vec_and_offset().0);
        }
        assert_eq!(found[0], found[1], "{files:?}");
        found.swap_remove(0)
    };
    // A height of 0 is one; the first number is that of the outputs.
    assert_eq!(run(["cover.tif", "heights.tif"]), [0.0, 100.0, 103.0, 0.0, 0.0, 106.0, 100.0, 103.0]);
    assert_eq!(run(["heights.tif", "cover.tif"]), [200.0, 1.0, 301.0, 200.0, 200.0, 601.0, 1.0, 301.0]);
    // A file that names none has that of the first one.
    assert_eq!(run(["cover.tif", "plain.tif"]), [0.0, 0.0, 103.0, 104.0, 104.0, 106.0, 0.0, 103.0]);

    ok(dir, &["w[0, 0] / 2", "heights.tif", "-o", "o.png", "--dtype", "f32", "--shown", "auto"]);
    ok(dir, &["w[0, 0]", "o.png", "-o", "o.npy"]);
    let levels: ArrayD<u8> = read_npy(dir.join("o.npy")).unwrap();
    assert_eq!(levels.into_raw_vec_and_offset().0, [255, 0, 85, 255, 255, 170, 0, 85]);
}

/// Where white is 0, values are those that are stored, in every way to read them, and white is 0 again in what is written.
#[test]
fn white_may_be_zero() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let bytes: Vec<u8> = (0..32).collect();
    let nodata = [(42113, "3")];
    let page = |bits| Page { bits, photometric: 0, bytes: &bytes, texts: &nodata };
    write_tiff(&dir.join("u8.tif"), &[page(8)]);
    write_tiff(&dir.join("pages.tif"), &[page(8), page(8)]);
    write_tiff(&dir.join("u16.tif"), &[page(16)]);
    write_tiff(&dir.join("bit.tif"), &[Page { texts: &[], ..page(1) }]);
    for way in [&[][..], &["--stream"]] {
        for (name, dtype) in [("u8", "u8"), ("pages", "u8"), ("u16", "u16"), ("bit", "bool")] {
            let input = format!("{name}.tif");
            assert_eq!(ok(dir, &[&["w[0, 0]", &input, "-o", "out.tif"], way].concat()), "", "{name} {way:?}");
            assert_eq!(number(&dir.join("out.tif"), Tag::PhotometricInterpretation), Some(0), "{name}");
            for file in [input.as_str(), "out.tif"] {
                let said = ok(dir, &[&["w[0, 0] + 0", file, "-o", "out.npy"], way].concat());
                assert!(said.contains("that 0 is white"), "{said}");
                let all: Vec<u16> = match dtype {
                    "u8" => {
                        read_npy::<_, ArrayD<u8>>(dir.join("out.npy"))
                            .unwrap()
                            .mapv(u16::from)
                            .into_raw_vec_and_offset()
                            .0
                    }
                    "u16" => read_npy::<_, ArrayD<u16>>(dir.join("out.npy")).unwrap().into_raw_vec_and_offset().0,
                    _ => {
                        read_npy::<_, ArrayD<bool>>(dir.join("out.npy"))
                            .unwrap()
                            .mapv(u16::from)
                            .into_raw_vec_and_offset()
                            .0
                    }
                };
                let expected: Vec<u16> = match dtype {
                    "u8" => bytes.iter().cycle().take(all.len()).map(|byte| u16::from(*byte)).collect(),
                    "u16" => bytes.as_chunks().0.iter().map(|bytes| u16::from_ne_bytes(*bytes)).collect(),
                    _ => {
                        bytes.iter().flat_map(|byte| (0..8).map(move |bit| u16::from(byte >> (7 - bit) & 1))).collect()
                    }
                };
                assert_eq!(all, expected, "{name} {file} {way:?}");
            }
        }
        // The 3 is no value, and no neighbour's either.
        ok(dir, &[&["len(w)", "u8.tif", "-o", "count.npy", "--size", "1,3", "--mode", "nearest"], way].concat());
        let counts: ArrayD<u8> = read_npy(dir.join("count.npy")).unwrap();
        assert_eq!(counts.as_slice().unwrap()[..6], [3, 3, 2, 3, 2, 3]);
        fails(
            dir,
            &[&["w[0, 0]", "u8.tif", "-o", "out.png", "--strict"], way].concat(),
            "not kept: nodata value, that 0 is white",
        );
        // A mask is what is stored, too: only the first column of the last row is 0.
        let mut mask = [1u8; 32];
        mask[24] = 0;
        write_tiff(&dir.join("mask.tif"), &[Page { bits: 8, photometric: 0, bytes: &mask, texts: &[] }]);
        ndarray::Array2::from_elem((4, 8), 5u8).write_npy(fs::File::create(dir.join("in.npy")).unwrap()).unwrap();
        ok(dir, &[&["w[0, 0] + 1", "in.npy", "-o", "masked.npy", "--mask", "mask.tif"], way].concat());
        let masked: ArrayD<u8> = read_npy(dir.join("masked.npy")).unwrap();
        assert_eq!(masked.iter().filter(|value| **value == 6).count(), 1);
        assert_eq!(masked[[3, 0]], 6);
    }
}

/// The description of each page.
fn descriptions(path: &Path) -> Vec<Option<String>> {
    let mut decoder = Decoder::new(fs::File::open(path).unwrap()).unwrap();
    let mut all = Vec::new();
    loop {
        let text = decoder.find_tag(Tag::ImageDescription).unwrap().map(|text| text.into_string().unwrap());
        all.push(text.filter(|text| !text.is_empty()));
        if !decoder.more_images() {
            return all;
        }
        decoder.next_image().unwrap();
    }
}

/// Pages of 4 x 8 pixels, the first of which has this description.
fn write_described(path: &Path, pages: usize, text: &str) {
    let (bytes, texts) = ([0; 32], [(270, text)]);
    let page = |index| Page { bits: 8, photometric: 1, bytes: &bytes, texts: if index == 0 { &texts } else { &[] } };
    write_tiff(path, &(0..pages).map(page).collect::<Vec<_>>());
}

/// Options as words, and a size, if there is none among them.
fn sized(options: &str) -> Vec<&str> {
    let size: &[&str] = if options.contains("--size") { &[] } else { &["--size", "1"] };
    options.split_whitespace().chain(size.iter().copied()).collect()
}

/// What tifffile says of an array follows its shape, in memory and in streams.
#[test]
fn shapes_in_descriptions_follow() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let text = r#"{"shape": [2, 3, 4, 8], "axes": "TZYX", "n": 1}"#;
    write_described(&dir.join("in.tif"), 6, text);
    let wide = r#"{"shape": [2, 3, 4, 6], "axes":"TZYX","n":1}"#;
    for (options, pages, expected) in [
        ("", 6, Some(text)),
        ("--dtype f32", 6, Some(text)),
        ("--size 1,3 --mode valid", 6, Some(wide)),
        ("--stride 2", 6, Some(r#"{"shape": [2, 3, 2, 4], "axes":"TZYX","n":1}"#)),
        // The first page is cut off, with what it says.
        ("--volume --size 3,1,1 --mode valid", 4, None),
        ("--volume --stride 6,1,1", 1, Some(r#"{"shape": [4, 8], "n":1}"#)),
        ("--page 0", 1, Some(r#"{"shape": [4, 8], "n":1}"#)),
    ] {
        for way in [&[][..], &["--stream"]] {
            let options = sized(options);
            let said = ok(dir, &[&["max(w)", "in.tif", "-o", "out.tif"], options.as_slice(), way].concat());
            assert!(!said.contains("description"), "{options:?}: {said}");
            let found = descriptions(&dir.join("out.tif"));
            assert_eq!((found.len(), found[0].as_deref()), (pages, expected), "{options:?} {way:?}");
            assert!(found[1..].iter().all(Option::is_none));
        }
    }
    // Bands are no axis of their own any more.
    let said = ok(dir, &["a: min(w), b: max(w)", "in.tif", "-o", "two.tif", "--size", "3"]);
    assert_eq!(
        (said.as_str(), descriptions(&dir.join("two.tif"))[0].as_deref()),
        ("", Some(r#"{"shape": [2, 3, 4, 8, 2], "n":1}"#))
    );
    ok(dir, &["w[0, 0]", "two.tif#2", "-o", "one.tif"]);
    assert_eq!(descriptions(&dir.join("one.tif"))[0].as_deref(), Some(r#"{"shape": [2, 3, 4, 8], "n":1}"#));
}

/// OME's description follows sizes, type and distances, and is dropped where it would count what is no more; ImageJ's as well.
#[test]
fn descriptions_of_stacks_follow_or_are_lost() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let ome = |attributes: &str| {
        format!(
            r#"<OME><Pixels ID="P" DimensionOrder="XYZCT" {attributes} SizeC="1" SizeZ="3" SizeT="2"><Channel ID="C"/></Pixels></OME>"#
        )
    };
    let text = ome(r#"SizeX="8" SizeY="4" Type="uint8" PhysicalSizeX="0.5" PhysicalSizeY="0.25""#);
    write_described(&dir.join("ome.tif"), 6, &text);
    for (options, expected) in [
        ("--size 1,3 --mode valid", r#"SizeX="6" SizeY="4" Type="uint8" PhysicalSizeX="0.5" PhysicalSizeY="0.25""#),
        ("--dtype f32", r#"SizeX="8" SizeY="4" Type="float" PhysicalSizeX="0.5" PhysicalSizeY="0.25""#),
        ("--stride 1,2", r#"SizeX="4" SizeY="4" Type="uint8" PhysicalSizeX="1" PhysicalSizeY="0.25""#),
    ] {
        let options = sized(options);
        assert_eq!(ok(dir, &[&["max(w)", "ome.tif", "-o", "out.tif"], options.as_slice()].concat()), "");
        assert_eq!(descriptions(&dir.join("out.tif"))[0].as_ref(), Some(&ome(expected)), "{options:?}");
    }
    // XML has two kinds of quotes, and white space of any kind between attributes.
    let spaced = |x: usize, size: &str| {
        format!(
            "<OME><Image><Pixels\n\tSizeX='{x}'\n\tSizeY = \"4\"\tSizeZ='6' SizeC='1' SizeT='1' Type='uint8'\n PhysicalSizeX='{size}'/></Image></OME>"
        )
    };
    write_described(&dir.join("spaced.tif"), 6, &spaced(8, "0.5"));
    assert_eq!(ok(dir, &["w[0, 0]", "spaced.tif", "-o", "out.tif", "--stride", "1,2"]), "");
    assert_eq!(descriptions(&dir.join("out.tif"))[0], Some(spaced(4, "1")));
    let other = "description, which is of a picture of another shape or type";
    let slices = "description, which counts slices that are cut off";
    write_described(&dir.join("imagej.tif"), 6, "ImageJ=1.11a\nimages=6\nslices=3\nframes=2\n");
    for (file, options, lost) in [
        ("ome.tif", "--page 0", other),
        ("ome.tif", "--dtype u64", other),
        ("ome.tif", "--volume --stride 2,1,1", slices),
        ("imagej.tif", "--page 0", slices),
        ("imagej.tif", "--volume --stride 2,1,1", slices),
    ] {
        let words = [&["max(w)", file, "-o", "out.tif"], sized(options).as_slice()].concat();
        let said = ok(dir, &words);
        assert!(said.contains(lost), "{words:?}: {said}");
        assert!(descriptions(&dir.join("out.tif")).iter().all(Option::is_none), "{words:?}");
        fails(dir, &[words.as_slice(), &["--strict"]].concat(), lost);
    }
    assert_eq!(
        ok(dir, &["max(w)", "imagej.tif", "-o", "out.tif", "--dtype", "f32", "--size", "3", "--mode", "valid"]),
        ""
    );
}

/// GDAL's words for a band don't become those of another one.
#[test]
fn items_for_single_bands_are_lost_with_them() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let item = r#"<Item name="DESCRIPTION" sample="0" role="description">red</Item>"#;
    let all = r#"<Item name="A">b</Item>"#;
    let text = format!("<GDALMetadata>{all}{item}</GDALMetadata>");
    write_tiff(&dir.join("in.tif"), &[Page { bits: 8, photometric: 1, bytes: &[0; 32], texts: &[(42112, &text)] }]);
    let metadata = |name: &str| {
        let mut decoder = Decoder::new(fs::File::open(dir.join(name)).unwrap()).unwrap();
        decoder.get_tag_ascii_string(Tag::from_u16_exhaustive(42112)).unwrap()
    };
    assert_eq!(ok(dir, &["w[0, 0]", "in.tif", "-o", "out.tif"]), "");
    assert_eq!(metadata("out.tif"), text);
    let said = ok(dir, &["w[0, 0], -w[0, 0]", "in.tif", "-o", "two.tif"]);
    assert_eq!(said, "warning: two.tif: not kept: GDAL's metadata of single bands\n");
    assert_eq!(metadata("two.tif"), format!("<GDALMetadata>{all}</GDALMetadata>"));
}

/// Of two descriptions of a page, the first one is kept: the second is what tifffile adds to what its users say.
#[test]
fn the_first_of_two_descriptions_is_kept() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    write_tiff(
        &dir.join("in.tif"),
        &[Page {
            bits: 8,
            photometric: 1,
            bytes: &[0; 32],
            texts: &[(270, "the user's own"), (271, r#"{"shape": [4, 8]}"#)],
        }],
    );
    // The tag after the description becomes another one.
    let mut bytes = fs::read(dir.join("in.tif")).unwrap();
    let place =
        bytes.windows(4).position(|entry| entry == [271u16.to_ne_bytes(), 2u16.to_ne_bytes()].concat()).unwrap();
    bytes[place..place + 2].copy_from_slice(&270u16.to_ne_bytes());
    fs::write(dir.join("in.tif"), &bytes).unwrap();
    // So it is if the second one has a type that texts have not.
    bytes[place + 2..place + 4].copy_from_slice(&1u16.to_ne_bytes());
    fs::write(dir.join("bytes.tif"), bytes).unwrap();
    assert!(ok(dir, &["w[0, 0]", "bytes.tif", "-o", "out.tif"]).contains("second description of a page"));
    assert_eq!(descriptions(&dir.join("out.tif"))[0].as_deref(), Some("the user's own"));
    let said = ok(dir, &["w[0, 0]", "in.tif", "-o", "out.tif"]);
    assert_eq!(said, "warning: out.tif: not kept: second description of a page\n");
    assert_eq!(descriptions(&dir.join("out.tif")), [Some("the user's own".to_string())]);
}

/// Tags are named, pages that differ are told apart, and lies are said to be in a page.
#[test]
fn words_for_tags_and_pages() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let page =
        |photometric| Page { bits: 8, photometric, bytes: &[0; 32], texts: &[(271, "a"), (285, "b"), (65_000, "c")] };
    write_tiff(&dir.join("in.tif"), &[page(1)]);
    let said = ok(dir, &["w[0, 0]", "in.tif", "-o", "out.npy"]);
    assert!(said.contains("not kept: tag 271 (Make), tag 285 (PageName), tag 65000\n"), "{said}");

    write_tiff(&dir.join("two.tif"), &[page(1), page(0)]);
    let differ = "page 0 has the photometric interpretation 1, and page 1 the photometric interpretation 0";
    fails(dir, &["w[0, 0]", "two.tif", "-o", "out.npy"], differ);

    // Sixteen rows where there are bytes for four.
    let mut bytes = fs::read(dir.join("in.tif")).unwrap();
    let entry = [278u16.to_ne_bytes(), 4u16.to_ne_bytes(), 1u16.to_ne_bytes(), [0; 2]].concat();
    let place = bytes.windows(8).position(|other| *other == entry).unwrap();
    bytes[place + 8] = 1;
    fs::write(dir.join("lie.tif"), &bytes).unwrap();
    fails(
        dir,
        &["w[0, 0]", "lie.tif", "-o", "out.npy"],
        "page 0: its sizes do not go together, of which one lies: tag 256 (ImageWidth)",
    );

    let mut pair = vec![0; 352];
    pair[..4].copy_from_slice(&348u32.to_ne_bytes());
    pair[344..348].copy_from_slice(b"ni1\0");
    fs::write(dir.join("brain.hdr"), pair).unwrap();
    fails(dir, &["w[0, 0]", "brain.hdr", "-o", "out.npy"], "is the header of a pair (.hdr and .img)");
}

/// A nodata text that is no number says nothing, which is said.
#[test]
fn nodata_that_is_no_number() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    for text in ["-9999,", "NULL", ""] {
        let texts = [(42113, text)];
        write_tiff(&dir.join("in.tif"), &[Page { bits: 8, photometric: 1, bytes: &[0; 32], texts: &texts }]);
        let lost = format!("nodata value \"{text}\", which is no number");
        for way in [&[][..], &["--stream"]] {
            let said = ok(dir, &[&["w[0, 0]", "in.tif", "-o", "out.tif"], way].concat());
            assert_eq!(said, format!("warning: out.tif: not kept: {lost}\n"));
            assert_eq!(number(&dir.join("out.tif"), Tag::GdalNodata), None);
            fails(dir, &[&["w[0, 0]", "in.tif", "-o", "out.tif", "--strict"], way].concat(), &lost);
        }
    }
}
