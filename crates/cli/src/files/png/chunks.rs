//! The chunks of PNG files: which there are, which are written again as they are, and which are lost.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};

use crate::image::header::PngChunk;
use crate::printable::listed;

/// What a file has besides its picture.
#[derive(Default)]
pub struct Chunks {
    /// The kinds of the chunks in front of the picture.
    pub before: Vec<[u8; 4]>,
    /// The kinds of those behind it.
    pub after: Vec<[u8; 4]>,
    /// Those that say what the numbers of colours mean, and mean the same for any picture.
    pub kept: Vec<PngChunk>,
}

/// What is kept as it is, and the most bytes that such a chunk has.
const KEPT: [&[u8; 4]; 6] = [b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI"];
const MAX_KEPT: u32 = 32;

/// What is read in other ways: the picture, its palette, transparency, profile, Exif data, resolution, texts, and animations of one picture.
const READ: [&[u8; 4]; 13] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP", b"eXIf", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"acTL", b"fcTL",
];

impl Chunks {
    /// The chunks, as far as they can be read; the reader stays at the start.
    pub fn read(reader: &mut (impl Read + Seek)) -> io::Result<Chunks> {
        const SIGNATURE: u64 = 8;
        let (mut chunks, mut picture) = (Chunks::default(), false);
        let mut header = [0; 8];
        reader.seek(SeekFrom::Start(SIGNATURE))?;
        while reader.read_exact(&mut header).is_ok() {
            let [a, b, c, d, kind @ ..] = header;
            let length = u32::from_be_bytes([a, b, c, d]);
            match &kind {
                b"IDAT" => picture = true,
                _ if picture => chunks.after.push(kind),
                _ => chunks.before.push(kind),
            }
            let mut left = i64::from(length);
            if !picture && KEPT.contains(&&kind) && length <= MAX_KEPT {
                let mut bytes = Vec::new();
                reader.by_ref().take(length.into()).read_to_end(&mut bytes)?;
                left -= bytes.len() as i64;
                chunks.keep(kind, bytes);
            }
            // Four bytes more are a sum of the others.
            reader.seek_relative(left + 4)?;
            if kind == *b"IEND" {
                break;
            }
        }
        reader.rewind()?;
        Ok(chunks)
    }

    /// Keeps the first chunk of a kind.
    fn keep(&mut self, kind: [u8; 4], bytes: Vec<u8>) {
        if self.kept.iter().all(|chunk| chunk.kind != kind) {
            self.kept.push(PngChunk { kind, bytes });
        }
    }

    /// How many chunks there are of this kind.
    pub fn count(&self, kind: &[u8; 4]) -> usize {
        self.before.iter().chain(&self.after).filter(|other| *other == kind).count()
    }

    /// What is lost, in words: the kinds of chunks that are neither read nor kept.
    pub fn lost(&self) -> Option<String> {
        let known = |kind: &[u8; 4]| READ.contains(&kind) || self.kept.iter().any(|chunk| chunk.kind == *kind);
        let mut seen = HashSet::new();
        let lost = self.before.iter().chain(&self.after).filter(|kind| !known(kind) && seen.insert(**kind));
        let names: Vec<String> = lost.map(|kind| String::from_utf8_lossy(kind).escape_debug().to_string()).collect();
        listed("PNG chunk", &names)
    }
}
