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
