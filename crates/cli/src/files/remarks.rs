//! What the first bytes of BMP, PNM, HDR and TGA files say besides the picture.

use super::format::Format;
use crate::image::Metadata;
use crate::image::metadata::{PALETTE_LOST, Resolution, Unit};

/// Adds what a file says that begins so.
pub fn read(format: Format, start: &[u8], metadata: &mut Metadata) {
    match format {
        Format::Bmp => of_bmp(start, metadata),
        Format::Pnm | Format::Pbm | Format::Pam => {
            // Behind the header are samples.
            let lines = start.split(|byte| *byte == b'\n').take_while(|line| is_text(line));
            if lines.into_iter().any(|line| line.starts_with(b"#")) {
                metadata.unread.push("comment".to_string());
            }
        }
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
    if let Some(bits @ 1..=8) = bits
        && !is_ramp(&start[(14 + header as usize).min(start.len())..], *bits)
    {
        metadata.unread.push(PALETTE_LOST.to_string());
    }
    if header > OLDEST && pixels.0 > 0 && pixels.1 > 0 {
        let pixels = [pixels.0, pixels.1].map(|pixels| f64::from(pixels) / 100.0);
        metadata.resolution = Some(Resolution { pixels, unit: Unit::Centimetre });
    }
}

/// Whether the palette of so many bits that stands here has greys in order, as far as it is here: numbers are brightness then.
fn is_ramp(palette: &[u8], bits: u8) -> bool {
    let greatest = (1 << bits) - 1;
    let mut colours = palette.as_chunks::<4>().0.iter().take(greatest + 1).enumerate();
    colours.all(|(number, [blue, green, red, _])| {
        [blue, green, red].iter().all(|part| usize::from(**part) == number * 255 / greatest)
    })
}
