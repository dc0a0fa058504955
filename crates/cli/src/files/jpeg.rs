//! What a JPEG file says besides its picture, and whether it has an end. The decoder fills what is missing with grey.

use crate::image::metadata::{Resolution, Unit};

/// The most pixels for a byte: each block of 64 pixels of the finest channel has one bit at least.
const PIXELS_PER_BYTE: u64 = 8 * 64;

/// What was found in a file.
pub struct Checked {
    length: u64,
    pub resolution: Option<Resolution>,
}

impl Checked {
    /// Checks that the file is long enough for so many pixels.
    pub fn check_size(&self, (width, height): (u32, u32)) -> Result<(), String> {
        let length = self.length;
        if u64::from(width) * u64::from(height) > length.saturating_mul(PIXELS_PER_BYTE) {
            return Err(format!("truncated or corrupt JPEG file: {width} x {height} pixels in {length} bytes"));
        }
        Ok(())
    }
}

/// Looks through a file's segments.
pub fn check(bytes: &[u8]) -> Result<Checked, String> {
    // A truncated file has no end marker after its last scan.
    let find = |bytes: &[u8], marker| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    let scan = find(bytes, 0xda).unwrap_or(0);
    if find(&bytes[scan..], 0xd9).is_none() {
        return Err("truncated or corrupt JPEG file: it has no end".to_string());
    }
    Ok(Checked { length: bytes.len() as u64, resolution: resolution(bytes) })
}

/// The resolution in the JFIF segment, which is the first one.
fn resolution(bytes: &[u8]) -> Option<Resolution> {
    let segment = bytes.strip_prefix(b"\xff\xd8\xff\xe0")?.get(2..)?;
    let [_, _, unit, x, x_low, y, y_low, ..] = segment.strip_prefix(b"JFIF\0")? else { return None };
    let pixels = [[*x, *x_low], [*y, *y_low]].map(|bytes| f64::from(u16::from_be_bytes(bytes)));
    let unit = match unit {
        1 => Unit::Inch,
        2 => Unit::Centimetre,
        _ => Unit::Unknown,
    };
    // Without a unit, one to one is what everybody takes it for.
    let says = pixels.iter().all(|pixels| *pixels > 0.0) && (unit != Unit::Unknown || pixels != [1.0, 1.0]);
    says.then_some(Resolution { pixels, unit })
}
