//! Writing PNM files: what their extensions promise, with 8 or 16 bits for a sample.

use std::io::Write;

use hoodoo::AnyArray;

use crate::image::{Channels, Image};

/// A picture of black and white in bits: P4.
pub fn write_bits(image: &Image, writer: &mut impl Write) -> Result<(), String> {
    let (height, width) = image.layout().picture().ok_or("is not a picture")?;
    let samples = image.samples_in_order();
    let AnyArray::U8(samples) = &*samples else { return Err("can hold bits only".to_string()) };
    let samples = samples.as_slice().ok_or("has its samples in another order")?;
    if let Some(grey) = samples.iter().find(|sample| !matches!(**sample, 0 | 255)) {
        return Err(format!(
            "a .pbm file can hold 0 and 255 only, which are black and white, and there is {grey}; write a .pgm file, or bool"
        ));
    }
    let mut bytes = format!("P4\n{width} {height}\n").into_bytes();
    for row in samples.chunks_exact(width) {
        // Black is 1.
        let byte = |eight: &[u8]| {
            (0..8).zip(eight).fold(0, |byte, (place, sample)| byte | u8::from(*sample == 0) << (7 - place))
        };
        bytes.extend(row.chunks(8).map(byte));
    }
    writer.write_all(&bytes).map_err(|error| error.to_string())
}

/// A picture of greys or colours: P5 or P6.
pub fn write(image: &Image, writer: &mut impl Write) -> Result<(), String> {
    let magic = if image.channels().colours == 1 { "P5" } else { "P6" };
    let head = |width: usize, height: usize, greatest: u32| format!("{magic}\n{width} {height}\n{greatest}\n");
    put(image, head, writer)
}

/// The same, also with opacity: P7.
pub fn write_pam(image: &Image, writer: &mut impl Write) -> Result<(), String> {
    let Channels { colours, alpha } = image.channels();
    let depth = colours + usize::from(alpha);
    let kind = if colours == 1 { "GRAYSCALE" } else { "RGB" };
    let alpha = if alpha { "_ALPHA" } else { "" };
    let head = |width: usize, height: usize, greatest: u32| {
        let size = format!("WIDTH {width}\nHEIGHT {height}\nDEPTH {depth}\nMAXVAL {greatest}");
        format!("P7\n{size}\nTUPLTYPE {kind}{alpha}\nENDHDR\n")
    };
    put(image, head, writer)
}

/// Writes a header for width, height and the greatest sample, and then the samples.
fn put(image: &Image, head: impl Fn(usize, usize, u32) -> String, writer: &mut impl Write) -> Result<(), String> {
    let (height, width) = image.layout().picture().ok_or("is not a picture")?;
    let samples = image.samples_in_order();
    let mut put = |greatest: u32, bytes: &[u8]| {
        let written = writer.write_all(head(width, height, greatest).as_bytes()).and_then(|()| writer.write_all(bytes));
        written.map_err(|error| error.to_string())
    };
    match &*samples {
        AnyArray::U8(samples) => put(255, samples.as_slice().ok_or("has its samples in another order")?),
        AnyArray::U16(samples) => {
            let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
            put(65_535, &bytes)
        }
        other => Err(format!("can't hold {}", other.dtype())),
    }
}
