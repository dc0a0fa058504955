//! The compressions of a TIFF file's strips and tiles that lose nothing.

use std::io::{self, Read, Write};

use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use hoodoo::available_threads;
use weezl::{BitOrder, LzwStatus};

/// A compression of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    None,
    Lzw,
    Deflate,
    PackBits,
    Zstd,
}

/// The level of deflate: libtiff's is 6. Of eight kinds of tiles of 256 x 256 (Zen 4, November 2026, zlib-rs; terrain, photos, classes,
/// floats, with predictors and without), level 5 takes 0.34 to 1.0 of the time and 1.0 to 1.26 of the space, 1.02 where there is noise.
const DEFLATE_LEVEL: u32 = 5;

/// The level of ZSTD: libtiff's.
const ZSTD_LEVEL: i32 = 9;

impl Codec {
    /// The codec that a file's tag Compression names, if it is one of these.
    pub fn of(compression: u16) -> Option<Codec> {
        match compression {
            1 => Some(Codec::None),
            5 => Some(Codec::Lzw),
            8 | 32946 => Some(Codec::Deflate),
            32773 => Some(Codec::PackBits),
            50000 => Some(Codec::Zstd),
            _ => None,
        }
    }

    /// How many threads are worth it, of those that there are: bytes that stay as they are, are copied by one.
    pub fn threads(self) -> usize {
        if self == Codec::None { 1 } else { available_threads() }
    }

    /// The number for the tag Compression.
    pub fn number(self) -> u16 {
        match self {
            Codec::None => 1,
            Codec::Lzw => 5,
            Codec::Deflate => 8,
            Codec::PackBits => 32773,
            Codec::Zstd => 50000,
        }
    }

    /// The first `size` bytes of what was packed.
    pub fn unpack(self, packed: &[u8], size: usize) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).map_err(|_| format!("there is no memory for {size} bytes"))?;
        let read = match self {
            Codec::None => read_into(packed, size, &mut bytes),
            Codec::Deflate => read_into(ZlibDecoder::new(packed), size, &mut bytes),
            Codec::Zstd => zstd::Decoder::with_buffer(packed).and_then(|decoder| read_into(decoder, size, &mut bytes)),
            Codec::Lzw => unpack_lzw(packed, size, &mut bytes),
            Codec::PackBits => {
                unpack_bits(packed, size, &mut bytes);
                Ok(())
            }
        };
        read.map_err(|error| error.to_string())?;
        if bytes.len() < size {
            return Err(format!("a strip or tile has {} bytes instead of {size}", bytes.len()));
        }
        Ok(bytes)
    }

    /// The bytes, packed; of rows of `row` bytes.
    pub fn pack(self, bytes: Vec<u8>, row: usize) -> io::Result<Vec<u8>> {
        match self {
            Codec::None => Ok(bytes),
            Codec::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::new(DEFLATE_LEVEL));
                encoder.write_all(&bytes)?;
                encoder.finish()
            }
            Codec::Zstd => zstd::encode_all(bytes.as_slice(), ZSTD_LEVEL),
            Codec::Lzw => {
                weezl::encode::Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(&bytes).map_err(io::Error::other)
            }
            // A run does not go beyond the end of a row.
            Codec::PackBits => Ok(bytes.chunks(row.max(1)).flat_map(pack_bits).collect()),
        }
    }
}

fn read_into(reader: impl Read, size: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    reader.take(size as u64).read_to_end(bytes).map(drop)
}

fn unpack_lzw(mut packed: &[u8], size: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    bytes.resize(size, 0);
    let mut done = 0;
    while done < size {
        let result = decoder.decode_bytes(packed, &mut bytes[done..]);
        packed = &packed[result.consumed_in..];
        done += result.consumed_out;
        match result.status.map_err(io::Error::other)? {
            LzwStatus::Ok => {}
            LzwStatus::NoProgress | LzwStatus::Done => break,
        }
    }
    bytes.truncate(done);
    Ok(())
}

/// PackBits, as TIFF 6.0 describes it in section 9: a byte n says that the next n + 1 bytes are meant, or, if it is negative,
/// the next byte 1 - n times.
fn unpack_bits(packed: &[u8], size: usize, bytes: &mut Vec<u8>) {
    let mut rest = packed;
    while let [count, after @ ..] = rest
        && bytes.len() < size
    {
        let left = size - bytes.len();
        match *count as i8 {
            i8::MIN => rest = after,
            count @ 0.. => {
                let literal = &after[..after.len().min(count as usize + 1)];
                bytes.extend_from_slice(&literal[..literal.len().min(left)]);
                rest = &after[literal.len()..];
            }
            count => {
                let Some((value, after)) = after.split_first() else { break };
                let times = 1 + usize::from(count.unsigned_abs());
                bytes.extend(std::iter::repeat_n(*value, times.min(left)));
                rest = after;
            }
        }
    }
}

/// The packed bytes of a row.
fn pack_bits(row: &[u8]) -> Vec<u8> {
    const LONGEST: usize = 128;
    let mut packed = Vec::new();
    let mut rest = row;
    while let Some(first) = rest.first() {
        let run = rest.iter().take(LONGEST).take_while(|byte| *byte == first).count();
        if run > 1 {
            packed.extend([(1 - run as isize) as u8, *first]);
            rest = &rest[run..];
            continue;
        }
        // Up to where three alike begin; two alike are no gain.
        let alike = rest.windows(3).take(LONGEST).position(|three| three[0] == three[1] && three[1] == three[2]);
        let literal = alike.unwrap_or(rest.len()).clamp(1, LONGEST.min(rest.len()));
        packed.push((literal - 1) as u8);
        packed.extend_from_slice(&rest[..literal]);
        rest = &rest[literal..];
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::Codec;

    const ALL: [Codec; 5] = [Codec::None, Codec::Lzw, Codec::Deflate, Codec::PackBits, Codec::Zstd];

    #[test]
    fn what_is_packed_comes_back() {
        let mut random = fastrand::Rng::with_seed(7);
        for (length, values) in [(1, 1), (2, 1), (127, 1), (128, 1), (129, 1), (300, 2), (300, 256), (5000, 3)] {
            let bytes: Vec<u8> = (0..length).map(|_| random.u32(..values) as u8).collect();
            for codec in ALL {
                let packed = codec.pack(bytes.clone(), 100).unwrap();
                assert_eq!(codec.unpack(&packed, length).unwrap(), bytes, "{codec:?} of {length} bytes");
                assert_eq!(
                    codec.unpack(&packed, length / 2).unwrap(),
                    bytes[..length / 2],
                    "{codec:?}: the first half"
                );
                assert!(codec.unpack(&packed, length + 1).is_err(), "{codec:?}: one byte more than there is");
                assert_eq!(Codec::of(codec.number()), Some(codec));
            }
        }
    }

    /// The example of the specification, TIFF 6.0, section 9.
    #[test]
    fn pack_bits_is_that_of_apple() {
        let packed = [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
        let bytes = [
            [0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00].as_slice(),
            &[0x2a, 0x22, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa],
        ]
        .concat();
        assert_eq!(Codec::PackBits.unpack(&packed, bytes.len()).unwrap(), bytes);
        assert_eq!(Codec::PackBits.pack(bytes.clone(), bytes.len()).unwrap(), packed);
    }
}
