//! Tags that a directory has twice, of which decoders show one: tifffile writes the user's description, and then one of its own.

use std::io::{Read, Seek, SeekFrom};

use tiff::tags::ByteOrder;

use crate::image::metadata::tag;

/// The number for texts.
const ASCII: u64 = 2;

/// The first description of the directory at `pointer` in a file of `length` bytes, if there are several.
pub fn first_description(
    reader: &mut (impl Read + Seek),
    pointer: u64,
    order: ByteOrder,
    length: u64,
) -> Option<Vec<u8>> {
    let mut magic = [0; 4];
    reader.rewind().and_then(|()| reader.read_exact(&mut magic)).ok()?;
    // The widths of counts and offsets, here and in an entry.
    let (of_count, of_offset) = if magic[2..] == [43, 0] || magic[2..] == [0, 43] { (8, 8) } else { (2, 4) };
    let number = |bytes: &[u8]| {
        let of_digit = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match order {
            ByteOrder::LittleEndian => bytes.iter().rev().fold(0, of_digit),
            ByteOrder::BigEndian => bytes.iter().fold(0, of_digit),
        }
    };
    let mut read = |place: u64, count: u64| {
        let mut bytes = Vec::new();
        reader.seek(SeekFrom::Start(place)).ok()?;
        reader.by_ref().take(count.min(length)).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 == count).then_some(bytes)
    };
    let count = number(&read(pointer, of_count)?);
    let entry_length = 4 + 2 * of_offset;
    let entries = read(pointer + of_count, count.checked_mul(entry_length)?)?;
    let mut described = entries
        .chunks_exact(entry_length as usize)
        .filter(|entry| number(&entry[..2]) == u64::from(tag::IMAGE_DESCRIPTION));
    let (first, _) = (described.next()?, described.next()?);
    let (count, value) = first[4..].split_at(of_offset as usize);
    let count = number(count);
    match number(&first[2..4]) {
        ASCII if count <= of_offset => Some(value[..count as usize].to_vec()),
        ASCII => read(number(value), count),
        _ => None,
    }
}
