//! Exif data: directories that tags of a TIFF page point to, which other files have as a small TIFF file of their own.

use std::io::{Cursor, Read, Seek, Write};

use tiff::decoder::Decoder;
use tiff::encoder::{DirectoryEncoder, TiffEncoder, TiffKind, TiffKindStandard};
use tiff::tags::{ByteOrder, IfdPointer, Tag as Name, Type, ValueBuffer};
use tiff::{Directory, TiffResult};

use crate::image::metadata::{Tag, Value, tag};
use crate::image::tag_names::words_for_tag;

/// The tags that point to directories: what the camera says, and where it was.
pub const POINTERS: [u16; 2] = [tag::EXIF, tag::GPS];

/// The tags that belong to a camera and stand in the main directory.
const OF_CAMERA: [u16; 2] = [tag::MAKE, tag::MODEL];

/// A pointer to a directory within the others, for programs that nobody has any more.
const INTEROPERABILITY: u16 = 40965;

/// Exif data.
#[derive(Debug, Default, PartialEq)]
pub struct Exif {
    /// Who made the camera, and which one it is.
    pub camera: Vec<Tag>,
    /// The tags of each directory, and the tag that points to it.
    pub parts: Vec<(u16, Vec<Tag>)>,
}

impl Exif {
    /// The data of a page with these tags, whose directories are at these places.
    pub fn of_page<R: Read + Seek>(
        decoder: &mut Decoder<R>,
        places: &[(u16, u64)],
        tags: &[Tag],
    ) -> Result<Exif, String> {
        let camera = tags.iter().filter(|tag| OF_CAMERA.contains(&tag.number)).cloned().collect();
        let parts = places.iter().map(|(pointer, place)| Ok((*pointer, directory(decoder, *place)?)));
        Ok(Exif { camera, parts: parts.collect::<Result<_, String>>()? })
    }

    /// The data as other files have it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let mut bytes = Cursor::new(Vec::new());
        let written = TiffEncoder::<_, TiffKindStandard>::new_generic(&mut bytes).and_then(|mut encoder| {
            let pointers = self.write_parts(&mut encoder)?;
            let mut main = encoder.image_directory()?;
            write_tags(&mut main, &self.camera)?;
            for (pointer, place) in pointers {
                main.write_tag(Name::from_u16_exhaustive(pointer), place)?;
            }
            main.finish()
        });
        written.map_err(|error| error.to_string())?;
        Ok(bytes.into_inner())
    }

    /// Writes the directories; the tags that point to them, and where they are.
    pub fn write_parts<K: TiffKind>(
        &self,
        encoder: &mut TiffEncoder<impl Write + Seek, K>,
    ) -> TiffResult<Vec<(u16, K::OffsetType)>> {
        let mut pointers = Vec::new();
        for (pointer, tags) in &self.parts {
            let mut directory = encoder.extra_directory()?;
            write_tags(&mut directory, tags)?;
            pointers.push((*pointer, directory.finish_with_offsets()?.offset));
        }
        Ok(pointers)
    }

    /// The data that came from a file of another format.
    pub fn from_bytes(bytes: &[u8]) -> Option<Exif> {
        let file = Bytes { bytes, big_endian: bytes.starts_with(b"MM") };
        let main = file.directory(file.number(4, 4)?)?;
        let mut exif = Exif::default();
        for Tag { number, value } in main {
            if OF_CAMERA.contains(&number) {
                exif.camera.push(Tag { number, value });
            } else if POINTERS.contains(&number) {
                let place = u32::from_ne_bytes(value.bytes.first_chunk().copied()?);
                let tags = file.directory(place as usize)?;
                exif.parts.push((number, tags.into_iter().filter(|tag| tag.number != INTEROPERABILITY).collect()));
            }
        }
        Some(exif)
    }
}

/// Adds tags to a directory.
pub fn write_tags<K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, impl Write + Seek, K>,
    tags: &[Tag],
) -> TiffResult<()> {
    let mut entries = Directory::empty();
    for tag in tags {
        let entry = directory.write_entry_bytes(tag.value.kind, &tag.value.bytes)?;
        entries.extend([(Name::from_u16_exhaustive(tag.number), entry)]);
    }
    directory.extend_from(&entries);
    Ok(())
}

/// The tags of the directory at a place of a TIFF file.
fn directory<R: Read + Seek>(decoder: &mut Decoder<R>, place: u64) -> Result<Vec<Tag>, String> {
    let directory = decoder.read_directory(IfdPointer(place)).map_err(|error| error.to_string())?;
    let numbers: Vec<u16> = directory.iter().map(|(tag, _)| tag.to_u16()).collect();
    let mut found = decoder.read_directory_tags(&directory);
    let mut tags = Vec::new();
    for number in numbers.into_iter().filter(|number| *number != INTEROPERABILITY) {
        let mut value = ValueBuffer::empty(Type::BYTE);
        let there = found.find_tag_buf(Name::from_u16_exhaustive(number), &mut value);
        if there.map_err(|error| format!("{}: {error}", words_for_tag(number)))?.is_some() {
            value.set_byte_order(ByteOrder::native());
            tags.push(Tag { number, value: Value { kind: value.data_type(), bytes: value.as_bytes().to_vec() } });
        }
    }
    Ok(tags)
}

/// Exif data as other files have it, which the crate does not read, as it has no picture.
struct Bytes<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl Bytes<'_> {
    /// The number of so many bytes at a place.
    fn number(&self, at: usize, length: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at.checked_add(length)?)?;
        let add = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        Some(if self.big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) })
    }

    /// The tags of the directory at a place.
    fn directory(&self, at: usize) -> Option<Vec<Tag>> {
        const ENTRY: usize = 12;
        let count = self.number(at, 2)?;
        (0..count).map(|index| self.tag(at.checked_add(2 + index * ENTRY)?)).collect()
    }

    fn tag(&self, at: usize) -> Option<Tag> {
        let (kind, unit, size) = kind(self.number(at + 2, 2)?)?;
        let length = self.number(at + 4, 4)?.checked_mul(size)?;
        let start = if length <= 4 { at + 8 } else { self.number(at + 8, 4)? };
        let mut bytes = self.bytes.get(start..start.checked_add(length)?)?.to_vec();
        if self.big_endian != cfg!(target_endian = "big") {
            bytes.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
        }
        Some(Tag { number: self.number(at, 2)? as u16, value: Value { kind, bytes } })
    }
}

/// A type of values by its number, the bytes that have an order, and the bytes of a value.
fn kind(number: usize) -> Option<(Type, usize, usize)> {
    Some(match number {
        1 => (Type::BYTE, 1, 1),
        2 => (Type::ASCII, 1, 1),
        3 => (Type::SHORT, 2, 2),
        4 => (Type::LONG, 4, 4),
        5 => (Type::RATIONAL, 4, 8),
        6 => (Type::SBYTE, 1, 1),
        7 => (Type::UNDEFINED, 1, 1),
        8 => (Type::SSHORT, 2, 2),
        9 => (Type::SLONG, 4, 4),
        10 => (Type::SRATIONAL, 4, 8),
        11 => (Type::FLOAT, 4, 4),
        12 => (Type::DOUBLE, 8, 8),
        13 => (Type::IFD, 4, 4),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Exif, Tag, Type, Value, tag};

    fn value(kind: Type, bytes: &[u8]) -> Value {
        Value { kind, bytes: bytes.to_vec() }
    }

    #[test]
    fn what_is_written_comes_back() {
        let rational = [1u32.to_ne_bytes(), 250u32.to_ne_bytes()].concat();
        let exif = Exif {
            camera: vec![Tag { number: tag::MAKE, value: Value::text("Hoodoo") }],
            parts: vec![
                (
                    tag::EXIF,
                    vec![
                        Tag { number: 33434, value: value(Type::RATIONAL, &rational) },
                        Tag { number: 34855, value: Value::short(400) },
                        Tag { number: 36864, value: value(Type::UNDEFINED, b"0231") },
                    ],
                ),
                (tag::GPS, vec![Tag { number: 1, value: Value::text("N") }]),
            ],
        };
        let bytes = exif.to_bytes().unwrap();
        assert_eq!(Exif::from_bytes(&bytes), Some(exif));
        // A part of it is none.
        for end in 0..bytes.len() {
            let _ = Exif::from_bytes(&bytes[..end]);
        }
        assert_eq!(Exif::from_bytes(&bytes[..8]), None);
    }

    /// As a camera with a Motorola processor would write it: a text and a number.
    #[test]
    fn both_orders_are_read() {
        let mut bytes = b"MM\0*\0\0\0\x08".to_vec();
        bytes.extend(b"\0\x02\x01\x0f\0\x02\0\0\0\x02H\0\0\0\x87\x69\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0");
        bytes.extend(b"\0\x01\x88\x27\0\x03\0\0\0\x01\x01\x90\0\0\0\0\0\0");
        let exif = Exif::from_bytes(&bytes).unwrap();
        assert_eq!(exif.camera, [Tag { number: tag::MAKE, value: Value::text("H") }]);
        assert_eq!(exif.parts, [(tag::EXIF, vec![Tag { number: 34855, value: Value::short(400) }])]);
    }
}
