//! What pictures of PNG, JPEG, PNM and y4m files carry, and what is said to be lost of it.

use std::fs;
use std::io::BufReader;
use std::path::Path;

use assert_cmd::Command;
use ndarray::ArrayD;
use ndarray_npy::{WriteNpyExt, read_npy};
use png::chunk::ChunkType;
use png::text_metadata::{ITXtChunk, TEXtChunk, ZTXtChunk};
use png::{BitDepth, ColorType, Encoder, Writer};
use tempfile::TempDir;

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

/// Writes an array of a file's own.
fn save(dir: &Path, name: &str, array: &impl WriteNpyExt) {
    array.write_npy(fs::File::create(dir.join(name)).unwrap()).unwrap();
}

type PngWriter = Writer<fs::File>;

/// A PNG picture of 8 pixels with these bits for a sample, and what `more` writes in front of it.
fn write_png(path: &Path, colour: ColorType, depth: BitDepth, bytes: &[u8], more: impl FnOnce(&mut PngWriter)) {
    let mut encoder = Encoder::new(fs::File::create(path).unwrap(), 8, 1);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == ColorType::Indexed {
        encoder.set_palette(vec![0, 0, 0, 255, 0, 0]);
    }
    let mut writer = encoder.write_header().unwrap();
    more(&mut writer);
    writer.write_image_data(bytes).unwrap();
    writer.finish().unwrap();
}

fn grey(path: &Path, more: impl FnOnce(&mut PngWriter)) {
    write_png(path, ColorType::Grayscale, BitDepth::Eight, &[0, 1, 2, 3, 4, 5, 6, 7], more);
}

/// The letters and the bytes of a PNG file's chunks.
fn chunks(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = fs::read(path).unwrap();
    let mut rest = &bytes[8..];
    let mut all = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        all.push((String::from_utf8_lossy(&after[..4]).to_string(), after[4..4 + length].to_vec()));
        rest = &after[4 + length + 4..];
    }
    all
}

/// Texts are packed where they were, and unpacked up to a limit, which takes no more time and memory than that.
#[test]
fn texts_of_png_files() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    grey(&dir.join("in.png"), |writer| {
        writer.write_text_chunk(&TEXtChunk::new("Plain", "a")).unwrap();
        writer.write_text_chunk(&ZTXtChunk::new("Packed", "b\u{e9}".repeat(40))).unwrap();
        let mut other = ITXtChunk::new("Other", "\u{3b1}".repeat(40));
        other.compressed = true;
        writer.write_text_chunk(&other).unwrap();
    });
    for way in [&[][..], &["--stream"]] {
        assert_eq!(ok(dir, &[&["w[0, 0]", "in.png", "-o", "out.png", "--strict"], way].concat()), "");
        let texts = |name: &str| {
            let kinds = chunks(&dir.join(name)).into_iter().map(|(kind, _)| kind);
            let mut kinds: Vec<_> = kinds.filter(|kind| kind.ends_with("Xt")).collect();
            kinds.sort();
            kinds
        };
        assert_eq!(texts("out.png"), texts("in.png"));
        let reader = png::Decoder::new(BufReader::new(fs::File::open(dir.join("out.png")).unwrap()));
        let reader = reader.read_info().unwrap();
        let info = reader.info();
        assert_eq!(info.compressed_latin1_text[0].get_text().unwrap(), "b\u{e9}".repeat(40));
        assert!(info.utf8_text[0].compressed);
        assert_eq!(info.utf8_text[0].get_text().unwrap(), "\u{3b1}".repeat(40));
    }

    let much = "x".repeat((1 << 25) + 1);
    grey(&dir.join("bomb.png"), |writer| {
        let mut chunk = ZTXtChunk::new("A", much);
        chunk.compress_text().unwrap();
        writer.write_text_chunk(&chunk).unwrap();
        chunk.keyword = "B".to_string();
        writer.write_text_chunk(&chunk).unwrap();
    });
    let lost = "text \"B\", which is corrupt, or with which texts have more than 67108864 bytes";
    let said = ok(dir, &["w[0, 0]", "bomb.png", "-o", "out.png"]);
    assert_eq!(said, format!("warning: out.png: not kept: {lost}\n"));
    fails(dir, &["w[0, 0]", "bomb.png", "-o", "out.png", "--strict"], lost);

    let mut translated = ITXtChunk::new("Title", "a");
    translated.language_tag = "de".to_string();
    grey(&dir.join("german.png"), |writer| {
        writer.write_text_chunk(&translated).unwrap();
        writer.write_chunk(ChunkType(*b"zTXt"), b"No end").unwrap();
    });
    let said = ok(dir, &["w[0, 0]", "german.png", "-o", "out.png"]);
    assert_eq!(said, "warning: out.png: not kept: language of text \"Title\", a text, which is corrupt\n");
}

/// What numbers of colours mean is written again; other chunks are named.
#[test]
fn chunks_of_png_files() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let kept: [(&[u8; 4], &[u8]); 4] = [
        (b"gAMA", &45_000u32.to_be_bytes()),
        (
            b"cHRM",
            &[
                0, 0, 122, 38, 0, 0, 128, 132, 0, 0, 250, 0, 0, 0, 128, 232, 0, 0, 117, 48, 0, 0, 234, 96, 0, 0, 58,
                152, 0, 0, 23, 112,
            ],
        ),
        (b"cICP", &[9, 16, 0, 1]),
        (b"cLLI", &[0, 0, 0, 9, 0, 0, 0, 8]),
    ];
    let lost: [(&[u8; 4], &[u8]); 4] =
        [(b"tIME", &[7, 230, 1, 2, 3, 4, 5]), (b"bKGD", &[0, 1]), (b"vpAg", &[0; 9]), (b"vpAg", &[1; 9])];
    grey(&dir.join("in.png"), |writer| {
        for (kind, bytes) in kept.iter().chain(&lost) {
            writer.write_chunk(ChunkType(**kind), bytes).unwrap();
        }
    });
    for way in [&[][..], &["--stream"]] {
        let said = ok(dir, &[&["w[0, 0]", "in.png", "-o", "out.png"], way].concat());
        assert_eq!(said, "warning: out.png: not kept: PNG chunks tIME, bKGD, vpAg\n");
        let found = chunks(&dir.join("out.png"));
        for (kind, bytes) in kept {
            let kind = String::from_utf8_lossy(kind).to_string();
            assert!(found.contains(&(kind, bytes.to_vec())), "{found:?}");
        }
        let words = &[&["w[0, 0]", "in.png", "-o", "out.npy", "--strict"], way].concat();
        fails(dir, words, "not kept: PNG chunks tIME, bKGD, vpAg, PNG chunks cICP, cLLI");
    }
    // What a picture without it is taken for is not lost.
    grey(&dir.join("srgb.png"), |writer| writer.write_chunk(ChunkType(*b"sRGB"), &[0]).unwrap());
    assert_eq!(ok(dir, &["w[0, 0]", "srgb.png", "-o", "out.png"]), "");
    assert!(chunks(&dir.join("out.png")).contains(&("sRGB".to_string(), vec![0])));
    assert_eq!(ok(dir, &["w[0, 0]", "srgb.png", "-o", "out.jpg"]), "");
    grey(&dir.join("gamma.png"), |writer| writer.write_chunk(ChunkType(*b"gAMA"), &[0, 0, 255, 1]).unwrap());
    assert_eq!(ok(dir, &["w[0, 0]", "gamma.png", "-o", "out.tif"]), "warning: out.tif: not kept: PNG chunk gAMA\n");
}

/// Samples of few bits and palettes become others, which is said.
#[test]
fn few_bits_and_palettes() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    write_png(&dir.join("bits.png"), ColorType::Grayscale, BitDepth::One, &[0b1010_0101], |_| ());
    write_png(&dir.join("palette.png"), ColorType::Indexed, BitDepth::One, &[0b1010_0101], |_| ());
    fs::write(dir.join("in.pbm"), b"P4\n8 1\n\x5a").unwrap();
    for (file, lost) in [
        ("bits.png", "samples of 1 bit (8 are written)"),
        ("palette.png", "palette (its colours are written)"),
        ("in.pbm", "samples of 1 bit (8 are written)"),
    ] {
        for out in ["out.png", "out.tif", "out.npy"] {
            assert_eq!(ok(dir, &["w[0, 0]", file, "-o", out]), format!("warning: {out}: not kept: {lost}\n"));
        }
        fails(dir, &["w[0, 0]", file, "-o", "out.png", "--strict"], lost);
    }
    // A file of bits keeps them.
    for file in ["bits.png", "in.pbm"] {
        assert_eq!(ok(dir, &["w[0, 0]", file, "-o", "out.pbm", "--strict"]), "");
        assert_eq!(fs::read(dir.join("out.pbm")).unwrap(), b"P4\n8 1\n\x5a");
    }
}

/// PNM files have what their extensions say, of 8 and 16 bits.
#[test]
fn pnm_files() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let wide = ndarray::Array2::from_shape_fn((3, 9), |(y, x)| (y * 20_000 + x * 300 + 1) as u16);
    save(dir, "u16.npy", &wide);
    save(dir, "u8.npy", &wide.mapv(|value| value as u8));
    save(dir, "bool.npy", &wide.mapv(|value| value % 7 < 3));
    let bytes = |name: &str| fs::read(dir.join(name)).unwrap();
    for (extension, magic) in [("pgm", "P5\n9 3\n"), ("pnm", "P5\n9 3\n"), ("pam", "P7\nWIDTH 9\nHEIGHT 3\nDEPTH 1\n")]
    {
        let out = format!("out.{extension}");
        for kind in ["u8", "u16"] {
            let input = format!("{kind}.npy");
            assert_eq!(ok(dir, &["w[0, 0]", &input, "-o", &out]), "");
            assert!(bytes(&out).starts_with(magic.as_bytes()), "{out}");
            ok(dir, &["w[0, 0]", &out, "-o", "back.npy"]);
            assert_eq!(bytes("back.npy"), bytes(&input), "{kind} {extension}");
        }
    }
    assert!(bytes("out.pam").ends_with(&42_401u16.to_be_bytes()));
    // Colours, and opacity where there is a place for it.
    let image = image::RgbaImage::from_fn(5, 4, |x, y| image::Rgba([x as u8, y as u8, 7, (x * y) as u8]));
    image.save(dir.join("in.png")).unwrap();
    fails(dir, &["w[0, 0]", "in.png", "-o", "out.ppm"], "a PNM file can't hold the alpha channel");
    ok(dir, &["w[0, 0]", "in.png", "-o", "out.pam"]);
    assert_eq!(image::open(dir.join("out.pam")).unwrap().to_rgba8(), image);
    let deep = image::DynamicImage::ImageRgba8(image.clone()).to_rgb16();
    deep.save(dir.join("deep.png")).unwrap();
    for out in ["out.ppm", "out.pam", "out.pnm"] {
        ok(dir, &["w[0, 0]", "deep.png", "-o", out]);
        assert_eq!(image::open(dir.join(out)).unwrap().to_rgb16(), deep, "{out}");
    }
    assert!(bytes("out.ppm").starts_with(b"P6\n5 4\n65535\n"));
    // Bits: black is 1, and rows are whole bytes.
    assert_eq!(ok(dir, &["w[0, 0]", "bool.npy", "-o", "out.pbm"]), "");
    assert!(bytes("out.pbm").starts_with(b"P4\n9 3\n\x3c"));
    ok(dir, &["if w[0, 0] > 0 then 1 else 0", "out.pbm", "-o", "back.npy", "--dtype", "bool"]);
    let back: ArrayD<bool> = read_npy(dir.join("back.npy")).unwrap();
    assert_eq!(back, wide.mapv(|value| value % 7 < 3).into_dyn());
    fails(
        dir,
        &["w[0, 0]", "u8.npy", "-o", "out.pbm"],
        "a .pbm file can hold 0 and 255 only, which are black and white",
    );
    fails(dir, &["w[0, 0]", "u16.npy", "-o", "out.pbm"], "a PBM file can't hold u16, only bool, u8");
    fails(dir, &["w[0, 0]", "deep.png", "-o", "out.pbm", "--dtype", "u8"], "a PBM file can't hold colours");
}

/// A JPEG picture with these segments in front, and bytes behind.
fn write_jpeg(path: &Path, segments: &[(u8, &[u8])], behind: &[u8]) {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut bytes).encode(&[7; 64], 8, 8, image::ExtendedColorType::L8).unwrap();
    let mut all = bytes[..2].to_vec();
    for (marker, data) in segments {
        all.extend([0xff, *marker]);
        all.extend((data.len() as u16 + 2).to_be_bytes());
        all.extend(*data);
    }
    fs::write(path, [&all, &bytes[2..], behind].concat()).unwrap();
}

#[test]
fn segments_of_jpeg_files() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let numbers: Vec<u8> = [
        &b"MPF\0MM\0*\0\0\0\x08\0\x02"[..],
        &[0xb0, 0, 0, 7, 0, 0, 0, 4, 48, 49, 48, 48],
        &[0xb0, 1, 0, 4, 0, 0, 0, 1, 0, 0, 0, 3],
    ]
    .concat();
    let iptc = b"Photoshop 3.0\0".as_slice();
    for (segments, behind, lost) in [
        (&[][..], &b""[..], ""),
        (&[(0xfe, &b"a word"[..])], b"", "text \"Comment\""),
        (
            &[(0xed, iptc), (0xec, b"Ducky"), (0xed, iptc), (0xe5, &[1])],
            b"",
            "JPEG segments APP13 (Photoshop), APP12 (Ducky), APP5",
        ),
        (&[(0xe1, b"http://ns.adobe.com/xmp/extension/\0")], b"", "JPEG segment APP1 (more XMP data)"),
        (&[(0xe2, &numbers)], b"\xff\xd8\xff\xd9", "the 2 other pages"),
        (&[], b"a film", "6 bytes behind the picture"),
        (&[], b"\0\0\0", ""),
    ] {
        write_jpeg(&dir.join("in.jpg"), segments, behind);
        let expected = if lost.is_empty() { String::new() } else { format!("warning: out.jpg: not kept: {lost}\n") };
        assert_eq!(ok(dir, &["w[0, 0]", "in.jpg", "-o", "out.jpg"]), expected);
        if !lost.is_empty() {
            fails(dir, &["w[0, 0]", "in.jpg", "-o", "out.jpg", "--strict"], lost);
        }
    }
    let inks = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/inks.jpg");
    let lost = "CMYK colours (red, green and blue are written), colour profile, which is of CMYK colours";
    assert_eq!(ok(dir, &["w[0, 0]", inks, "-o", "out.jpg"]), format!("warning: out.jpg: not kept: {lost}\n"));
    write_jpeg(&dir.join("in.jpg"), &[(0xe2, &numbers)], b"\xff\xd8\xff\xd9");
    fails(dir, &["w[0, 0]", "in.jpg", "-o", "in.jpg"], "in.jpg: the file would lose its 2 other pages");
    // A comment is a text, for which there is a place elsewhere.
    write_jpeg(&dir.join("in.jpg"), &[(0xfe, b"a word")], b"");
    assert_eq!(ok(dir, &["w[0, 0]", "in.jpg", "-o", "out.png"]), "");
    assert!(chunks(&dir.join("out.png")).contains(&("tEXt".to_string(), b"Comment\0a word".to_vec())));
}

/// What the headers of other pictures say.
#[test]
fn headers_of_other_pictures() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let picture = image::GrayImage::from_fn(4, 4, |x, y| image::Luma([(x + y) as u8]));
    picture.save(dir.join("in.bmp")).unwrap();
    // Greys are a palette of BMP files, of which nothing is lost; now with other colours, and a resolution of 300 for an inch.
    assert_eq!(ok(dir, &["w[0, 0]", "in.bmp", "-o", "out.bmp"]), "");
    let mut bytes = fs::read(dir.join("in.bmp")).unwrap();
    for place in [38, 42] {
        bytes[place..place + 4].copy_from_slice(&11_811u32.to_le_bytes());
    }
    bytes[14 + 40 + 4] ^= 1;
    fs::write(dir.join("in.bmp"), bytes).unwrap();
    let palette = "palette (its colours are written)";
    assert_eq!(ok(dir, &["w[0, 0]", "in.bmp", "-o", "out.png"]), format!("warning: out.png: not kept: {palette}\n"));
    assert!(
        chunks(&dir.join("out.png"))
            .iter()
            .any(|(kind, bytes)| kind == "pHYs" && bytes[..4] == 11_811u32.to_be_bytes())
    );
    let said = ok(dir, &["w[0, 0]", "in.bmp", "-o", "out.bmp"]);
    assert_eq!(said, format!("warning: out.bmp: not kept: {palette}, resolution\n"));
    fs::write(dir.join("in.pgm"), b"P5\n# a word\n2 1\n255\n#\n").unwrap();
    assert_eq!(ok(dir, &["w[0, 0]", "in.pgm", "-o", "out.pgm"]), "warning: out.pgm: not kept: comment\n");
    // What looks so among the samples is none.
    fs::write(dir.join("in.pgm"), b"P5\n2 2\n255\n\x01\n#\n").unwrap();
    assert_eq!(ok(dir, &["w[0, 0]", "in.pgm", "-o", "out.pgm"]), "");
    image::Rgb32FImage::new(4, 4).save(dir.join("in.hdr")).unwrap();
    assert_eq!(ok(dir, &["w[0, 0]", "in.hdr", "-o", "out.hdr"]), "");
    let bytes = fs::read(dir.join("in.hdr")).unwrap();
    let line = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(dir.join("in.hdr"), [&bytes[..line], &b"EXPOSURE=2\n"[..], &bytes[line..]].concat()).unwrap();
    assert_eq!(
        ok(dir, &["w[0, 0]", "in.hdr", "-o", "out.hdr"]),
        "warning: out.hdr: not kept: lines of the HDR header\n"
    );
}

/// What a video says of single pictures is lost, and said to be, as soon as it is seen.
#[test]
fn lines_of_pictures_in_videos() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    let video = |lines: [&str; 2]| format!("YUV4MPEG2 W4 H1 Cmono\n{}\nabcd{}\nefgh", lines[0], lines[1]);
    let lost = "not kept: what the video says of its pictures in their FRAME lines";
    for (lines, said) in [
        (["FRAME", "FRAME"], String::new()),
        (["FRAME Ip", "FRAME Ip"], format!("warning: out.y4m: {lost}\n")),
        (["FRAME", "FRAME Ip"], format!("warning: {lost}\n")),
    ] {
        fs::write(dir.join("in.y4m"), video(lines)).unwrap();
        assert_eq!(ok(dir, &["w[0, 0, 0]", "in.y4m", "-o", "out.y4m"]), said);
        assert_eq!(fs::read_to_string(dir.join("out.y4m")).unwrap(), video(["FRAME", "FRAME"]));
    }
    fs::write(dir.join("in.y4m"), video(["FRAME Ip", "FRAME"])).unwrap();
    fails(dir, &["w[0, 0, 0]", "in.y4m", "-o", "out.y4m", "--strict"], lost);
}

/// The opacity of a picture is a band like others for kernels that name it.
#[test]
fn opacity_is_an_input() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    image::RgbaImage::from_fn(5, 4, |x, y| image::Rgba([x as u8, y as u8, 7, (x * y) as u8]))
        .save(dir.join("rgba.png"))
        .unwrap();
    image::ImageBuffer::from_fn(5, 4, |x, y| image::LumaA([x as u8, (x * y) as u8])).save(dir.join("la.png")).unwrap();
    let expected = ndarray::Array2::from_shape_fn((4, 5), |(y, x)| (x * y) as u8).into_dyn();
    for words in [
        &["input r, g, b, a; a[0, 0]", "rgba.png"][..],
        &["input a; a[0, 0]", "rgba.png#4"],
        &["input r, a; a[0, 0]", "rgba.png", "--band", "r=1", "--band", "a=4"],
        &["input l, a; a[0, 0]", "la.png"],
    ] {
        for way in [&[][..], &["--stream"]] {
            assert_eq!(ok(dir, &[words, &["-o", "out.npy"], way].concat()), "");
            let found: ArrayD<u8> = read_npy(dir.join("out.npy")).unwrap();
            assert_eq!(found, expected, "{words:?}");
        }
    }
    // Colours alone are bands as before.
    ok(dir, &["input r, g, b; r[0, 0] + g[0, 0]", "rgba.png", "-o", "out.npy"]);
    let few = "which has 3 bands, and one of opacity";
    fails(dir, &["input a, b; a[0, 0] + b[0, 0]", "rgba.png", "-o", "out.npy"], few);
    fails(dir, &["w[0, 0]", "rgba.png#5", "-o", "out.npy"], "there is no band 5: it has 4, counted from 1");
}

/// What runs on its own result is told how often, and may have another type, if that holds the input.
#[test]
fn repeated_runs() {
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    save(dir, "in.npy", &ndarray::Array2::from_shape_fn((1, 6), |(_, x)| x as u8));
    let report = |words: &[&str]| {
        let output = Command::cargo_bin("hoodoo").unwrap().current_dir(dir).arg("run").args(words).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["files"][0]["runs"].clone()
    };
    let least = ["min(w)", "in.npy", "-o", "out.npy", "--size", "1,3", "--json", "--quiet"];
    assert_eq!(report(&least), serde_json::Value::Null);
    assert_eq!(report(&[&least[..], &["--repeat", "stable"]].concat()), 5);
    for way in [&[][..], &["--stream"]] {
        assert_eq!(report(&[&least[..], &["--repeat", "2"], way].concat()), 2);
        let half = ["w[0, 0] / 2", "in.npy", "-o", "out.npy", "--dtype", "f32", "--repeat", "2"];
        ok(dir, &[&half[..], way].concat());
        let found: ArrayD<f32> = read_npy(dir.join("out.npy")).unwrap();
        assert_eq!(found.into_raw_vec_and_offset().0, [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]);
    }
    save(dir, "in.npy", &ndarray::Array2::from_elem((1, 2), 300u16));
    fails(
        dir,
        &["w[0, 0]", "in.npy", "-o", "out.npy", "--dtype", "u8", "--repeat", "2"],
        "the output is u8, and the first input",
    );
}

#[test]
fn comments_of_pnm_files_are_in_their_headers() {
    let place = TempDir::new().unwrap();
    let dir = place.path();
    fs::write(dir.join("behind.ppm"), b"P6 # made by hand\n1 1 255\n\x01\x02\x03").unwrap();
    fs::write(dir.join("line.pgm"), b"P5\n# made by hand\n2 2\n255\n\x01\x02\x03\x04").unwrap();
    fs::write(dir.join("samples.pgm"), b"P5\n2 2\n255\n####").unwrap();
    for (name, lost) in [("behind.ppm", true), ("line.pgm", true), ("samples.pgm", false)] {
        let said = ok(dir, &["w[0, 0]", name, "-o", "out.png"]);
        assert_eq!(said.contains("comment"), lost, "{name}: {said}");
    }
}

#[test]
fn many_chunks_are_named_at_once() {
    let place = TempDir::new().unwrap();
    let dir = place.path();
    grey(&dir.join("in.png"), |writer| {
        for number in 0..20_000u32 {
            let letter = |place: u32| b'a' + (number / 26u32.pow(place) % 26) as u8;
            writer
                .write_chunk(ChunkType([letter(0), letter(1), b'A' + (number / 676 % 26) as u8, letter(3)]), &[])
                .unwrap();
        }
    });
    let start = std::time::Instant::now();
    let said = ok(dir, &["w[0, 0]", "in.png", "-o", "out.png"]);
    assert!(said.contains("more") && said.len() < 300, "{said}");
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
