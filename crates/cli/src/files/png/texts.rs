//! The texts of PNG files: unpacked up to a limit, and packed again where they were.

use std::io::Write;

use png::text_metadata::{ITXtChunk, TEXtChunk, ZTXtChunk};
use png::{EncodingError, Info, Writer};

use super::chunks::Chunks;
use crate::image::Metadata;

/// The keyword of the text that is XMP data.
const XMP: &str = "XML:com.adobe.xmp";

/// Of so many texts that can't be unpacked no further one is tried.
const MOST_FAILED: usize = 4;

/// Adds the texts of a file, of which one is XMP data, to what it says; so many bytes of them at most, all together.
pub fn read(info: &Info<'_>, chunks: &Chunks, limit: usize, metadata: &mut Metadata) {
    let mut texts = Texts { limit, left: limit, failed: 0, metadata };
    for chunk in &info.uncompressed_latin1_text {
        texts.add(&chunk.keyword, false, Some(chunk.text.clone()));
    }
    for chunk in &info.compressed_latin1_text {
        let mut chunk = chunk.clone();
        let text = chunk.decompress_text_with_limit(texts.left).and_then(|()| chunk.get_text());
        texts.add(&chunk.keyword, true, text.ok());
    }
    for chunk in &info.utf8_text {
        let mut chunk = chunk.clone();
        let text = chunk.decompress_text_with_limit(texts.left).and_then(|()| chunk.get_text());
        texts.add(&chunk.keyword, chunk.compressed, text.ok());
        if !chunk.language_tag.is_empty() || !chunk.translated_keyword.is_empty() {
            texts.metadata.unread.push(format!("language of text \"{}\"", chunk.keyword.escape_debug()));
        }
    }
    let found = info.uncompressed_latin1_text.len() + info.compressed_latin1_text.len() + info.utf8_text.len();
    let there: usize = [b"tEXt", b"zTXt", b"iTXt"].into_iter().map(|kind| chunks.count(kind)).sum();
    match there.saturating_sub(found) {
        0 => {}
        1 => texts.metadata.unread.push("a text, which is corrupt".to_string()),
        lost => texts.metadata.unread.push(format!("{lost} texts, which are corrupt")),
    }
}

/// The texts that have been read.
struct Texts<'m> {
    /// How many bytes there may be, all together, and how many there may still be.
    limit: usize,
    left: usize,
    /// How many could not be unpacked.
    failed: usize,
    metadata: &'m mut Metadata,
}

impl Texts<'_> {
    /// Adds a text, if it could be unpacked.
    fn add(&mut self, keyword: &str, is_packed: bool, text: Option<String>) {
        let Some(text) = text.filter(|text| text.len() <= self.left) else {
            let (keyword, limit) = (keyword.escape_debug(), self.limit);
            let why = format!("which is corrupt, or with which texts have more than {limit} bytes");
            self.metadata.unread.push(format!("text \"{keyword}\", {why}"));
            self.failed += 1;
            if self.failed == MOST_FAILED {
                // Each of them may have been unpacked up to the limit.
                self.left = 0;
            }
            return;
        };
        self.left -= text.len();
        if is_packed {
            self.metadata.packed_texts.push(keyword.to_string());
        }
        match keyword {
            XMP if self.metadata.xmp.is_none() => self.metadata.xmp = Some(text.into_bytes()),
            _ => self.metadata.texts.push((keyword.to_string(), text)),
        }
    }
}

/// Writes the texts, packed where they were.
pub fn write<W: Write>(metadata: &Metadata, writer: &mut Writer<W>) -> Result<(), EncodingError> {
    let is_packed = |keyword: &str| metadata.packed_texts.iter().any(|packed| packed == keyword);
    let international = |keyword: &str, text: &str| {
        let mut chunk = ITXtChunk::new(keyword, text);
        chunk.compressed = is_packed(keyword);
        chunk
    };
    if let Some(xmp) = metadata.xmp.as_deref().and_then(|xmp| std::str::from_utf8(xmp).ok()) {
        writer.write_text_chunk(&international(XMP, xmp))?;
    }
    for (keyword, text) in &metadata.texts {
        let is_latin = text.chars().all(|letter| u32::from(letter) < 256);
        match (is_latin, is_packed(keyword)) {
            (false, _) => writer.write_text_chunk(&international(keyword, text))?,
            (true, true) => writer.write_text_chunk(&ZTXtChunk::new(keyword, text))?,
            (true, false) => writer.write_text_chunk(&TEXtChunk::new(keyword, text))?,
        }
    }
    Ok(())
}
