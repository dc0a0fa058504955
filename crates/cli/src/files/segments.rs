//! The segments of JPEG files that say something besides the picture: comments, the data of programs, and which other pictures follow.

use std::collections::HashSet;

use crate::image::Metadata;
use crate::printable::listed;

/// The letters that Exif data, XMP data and colour profiles begin with; XMP data that is too long for one segment begins otherwise.
const READ: [&[u8]; 3] = [b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"];
const MORE_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PICTURES: &[u8] = b"MPF\0";

/// Adds what a file says in its segments to what is known: comments as texts, and what can't be kept in words.
pub fn read(bytes: &[u8], metadata: &mut Metadata) {
    let (mut applications, mut seen) = (Vec::new(), HashSet::new());
    let mut others = None;
    let mut at = 2;
    while let Some([0xff, marker]) = bytes.get(at..at + 2) {
        let length =
            bytes.get(at + 2..at + 4).map_or(0, |length| usize::from(u16::from_be_bytes([length[0], length[1]])));
        let data = bytes.get(at + 4..at + 2 + length).unwrap_or_default();
        match *marker {
            0xff => {
                at += 1;
                continue;
            }
            0xd9 => break,
            0x01 | 0xd0..=0xd7 => {
                at += 2;
                continue;
            }
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) && data.get(5) == Some(&4) => forget_inks(metadata),
            0xfe => metadata.texts.push(("Comment".to_string(), text(data))),
            0xe2 if data.starts_with(PICTURES) => others = pictures(&data[PICTURES.len()..]).or(Some(2)),
            0xe0..=0xef if !is_read(*marker, data) => {
                let name = format!("APP{}{}", marker - 0xe0, kind(data));
                if seen.insert(name.clone()) {
                    applications.push(name);
                }
            }
            _ => {}
        }
        at += 2 + length.max(2);
        if *marker == 0xda {
            at = next_marker(bytes, at);
        }
    }
    metadata.unread.extend(listed("JPEG segment", &applications));
    let behind = bytes.len().saturating_sub(at + 2);
    match others {
        Some(count) if count > 1 => metadata.other_pages = count as usize - 1,
        _ if bytes.get(at + 2..).is_some_and(|rest| rest.iter().any(|byte| !matches!(byte, 0 | 0xff))) => {
            metadata.unread.push(format!("{behind} bytes behind the picture"));
        }
        _ => {}
    }
}

/// Says that colours of four inks become red, green and blue, which a profile of inks does not describe.
fn forget_inks(metadata: &mut Metadata) {
    metadata.unread.push("CMYK colours (red, green and blue are written)".to_string());
    if metadata.icc.take_if(|profile| profile.get(16..20) == Some(b"CMYK")).is_some() {
        metadata.unread.push("colour profile, which is of CMYK colours".to_string());
    }
}

/// Whether what a segment has is read, or says how the picture is coded.
fn is_read(marker: u8, data: &[u8]) -> bool {
    match marker {
        0xe0 => data.starts_with(b"JFIF\0"),
        0xe1 | 0xe2 => READ.iter().any(|start| data.starts_with(start)),
        0xee => data.starts_with(b"Adobe"),
        _ => false,
    }
}

/// What program a segment is of, in brackets, if it begins with letters.
fn kind(data: &[u8]) -> String {
    if data.starts_with(MORE_XMP) {
        return " (more XMP data)".to_string();
    }
    let letters: String =
        data.iter().take(16).map_while(|byte| byte.is_ascii_graphic().then_some(*byte as char)).collect();
    if letters.len() < 3 { String::new() } else { format!(" ({letters})") }
}

/// The text of a comment, in UTF-8 or Latin-1.
fn text(data: &[u8]) -> String {
    let text = String::from_utf8(data.to_vec()).unwrap_or_else(|_| data.iter().map(|byte| char::from(*byte)).collect());
    text.trim_end_matches('\0').to_string()
}

/// How many pictures there are, as a directory says that is like a TIFF file's.
fn pictures(data: &[u8]) -> Option<u32> {
    const NUMBER_OF_IMAGES: u16 = 0xb001;
    let is_big = data.starts_with(b"MM");
    let number = |bytes: &[u8]| {
        let of_digit = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
        if is_big { bytes.iter().fold(0, of_digit) } else { bytes.iter().rev().fold(0, of_digit) }
    };
    let start = number(data.get(4..8)?) as usize;
    let count = number(data.get(start..start.checked_add(2)?)?) as usize;
    let entries = data.get(start + 2..)?.chunks_exact(12).take(count);
    let found = entries.into_iter().find(|entry| number(&entry[..2]) == u32::from(NUMBER_OF_IMAGES))?;
    Some(number(&found[8..12]))
}

/// The place of the first marker after the samples of a scan.
fn next_marker(bytes: &[u8], mut at: usize) -> usize {
    while let Some([byte, next]) = bytes.get(at..at + 2) {
        if *byte == 0xff && !matches!(next, 0x00 | 0xff | 0xd0..=0xd7) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}
