//! What the first bytes of BMP, PNM, HDR and TGA files say besides the picture.

use super::format::Format;
use crate::image::Metadata;
use crate::image::metadata::{PALETTE_LOST, Resolution, Unit};

/// Adds what a file says that begins so.
pub fn read(format: Format, start: &[u8], metadata: &mut Metadata) {
    match format {
        Format::Bmp => of_bmp(start, metadata),
        Format::Pnm | Format::Pbm | Format::Pam if has_comment(start) => metadata.unread.push("comment".to_string()),
        Format::Hdr => {
            let mut lines = start.split(|byte| *byte == b'\n').skip(1).take_while(|line| !line.is_empty());
            // Comments are names of programs, also of the one that writes here.
            if lines.any(|line| is_text(line) && !line.starts_with(b"FORMAT=") && !line.starts_with(b"#")) {
                metadata.unread.push("lines of the HDR header".to_string());
            }
        }
        Format::Tga if start.get(1) == Some(&1) && matches!(start.get(2), Some(1 | 9)) => {
            metadata.unread.push(PALETTE_LOST.to_string());
        }
        _ => {}
    }
}

/// Whether there is a comment in the header of a PNM file, which ends with its last number, or with a line that says so.
fn has_comment(start: &[u8]) -> bool {
    if start.starts_with(b"P7") {
        let mut lines = start.split(|byte| *byte == b'\n').take_while(|line| !line.starts_with(b"ENDHDR"));
        return lines.any(|line| line.starts_with(b"#"));
    }
    let numbers = if matches!(start.get(1), Some(b'1' | b'4')) { 2 } else { 3 };
    // The kind of file is a word of its own.
    let (mut words, mut in_word) = (0, false);
    for byte in start {
        match byte {
            b'#' => return true,
            byte if byte.is_ascii_whitespace() => {
                words += usize::from(in_word);
                in_word = false;
            }
            _ => in_word = true,
        }
        if words > numbers {
            return false;
        }
    }
    false
}

fn is_text(line: &[u8]) -> bool {
    line.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// The resolution of a BMP file, and whether its samples are numbers of colours.
fn of_bmp(start: &[u8], metadata: &mut Metadata) {
    /// The header of files that are older than resolutions.
    const OLDEST: u32 = 12;
    let long =
        |at: usize| start.get(at..at + 4).and_then(|bytes| bytes.first_chunk()).map(|bytes| u32::from_le_bytes(*bytes));
    let (Some(header), Some(pixels)) = (long(14), long(38).zip(long(42))) else { return };
    let bits = if header == OLDEST { start.get(24) } else { start.get(28) };
    let palette = &start[(14 + header as usize).min(start.len())..];
    let used = long(46).filter(|used| header > OLDEST && *used > 0).map_or(usize::MAX, |used| used as usize);
    let entry = if header == OLDEST { 3 } else { 4 };
    if let Some(bits @ 1..=8) = bits
        && !is_ramp(palette.chunks_exact(entry).take(used), *bits)
    {
        metadata.unread.push(PALETTE_LOST.to_string());
    }
    if header > OLDEST && pixels.0 > 0 && pixels.1 > 0 {
        let pixels = [pixels.0, pixels.1].map(|pixels| f64::from(pixels) / 100.0);
        metadata.resolution = Some(Resolution { pixels, unit: Unit::Centimetre });
    }
}

/// Whether the palette of so many bits has greys in order, as far as it is here: numbers are brightness then.
fn is_ramp<'b>(palette: impl Iterator<Item = &'b [u8]>, bits: u8) -> bool {
    let greatest = (1 << bits) - 1;
    let mut colours = palette.take(greatest + 1).enumerate();
    colours.all(|(number, colour)| colour[..3].iter().all(|part| usize::from(*part) == number * 255 / greatest))
}
