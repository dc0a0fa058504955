//! Writing TIFF files whose rows come in parts.

use std::io::{Seek, Write};

use hoodoo::DType;
use tiff::encoder::{TiffEncoder, TiffKind};

use super::chunks::{Chunk, Chunking};
use super::samples::with_bytes;
use super::tags::page_of;
use super::write::{PageWriter, exif_of, next_directory, tags_of, tags_of_mask, write_chunks};
use crate::image::{Image, Layout, Metadata};

/// Writes pictures of this layout, element type and metadata, whose rows come in parts, page after page.
pub fn write_pages(
    layout: &Layout,
    dtype: DType,
    metadata: &Metadata,
    writer: &mut (impl Write + Seek),
    parts: &mut dyn Iterator<Item = Image>,
) -> Result<(), String> {
    let mut page = PageWriter::new(layout, dtype, metadata)?;
    page.shorten_strips();
    let bytes = layout.shape.iter().product::<usize>().saturating_mul(page.sample);
    let pages = layout.pictures().map_or(1, |(pages, ..)| pages);
    let mask = metadata.is_masked.then(|| PageWriter::of_mask(&page));
    let kinds: Vec<&PageWriter<'_>> = [&page].into_iter().chain(&mask).collect();
    let rows =
        RowBuffer { page: &page, is_masked: mask.is_some(), parts, samples: Held::default(), mask: Held::default() };
    match page.needs_big(bytes, metadata) {
        true => TiffEncoder::new_big(writer).map(|encoder| write_parts(encoder, &kinds, pages, metadata, rows)),
        false => TiffEncoder::new(writer).map(|encoder| write_parts(encoder, &kinds, pages, metadata, rows)),
    }
    .map_err(|error| error.to_string())?
}

/// Writes pages of these kinds, which have their strips or tiles at the same places: those of samples, and those of masks, if there are some. The
/// rows of a mask are between those of its page, so that none of it waits.
fn write_parts<K: TiffKind>(
    mut encoder: TiffEncoder<impl Write + Seek, K>,
    kinds: &[&PageWriter<'_>],
    pages: usize,
    metadata: &Metadata,
    mut rows: RowBuffer<'_>,
) -> Result<(), String> {
    let (none, exif) = (page_of(metadata), exif_of(metadata));
    let Chunking { height, rows: in_chunk, .. } = kinds[0].chunking;
    let problem = |error: tiff::TiffError| error.to_string();
    for index in 0..pages {
        let mut directory = next_directory(&mut encoder, index, &exif).map_err(problem)?;
        let mut waiting: Vec<(usize, Chunk)> = Vec::new();
        let (mut y, mut first) = (0, 0);
        let chunks = std::iter::from_fn(|| {
            if waiting.is_empty() {
                if y == height {
                    return None;
                }
                let count = in_chunk.min(height - y);
                let of_kind = |(kind, writer): (usize, &&PageWriter<'_>)| {
                    writer.chunking.chunks_at(y).map(move |chunk| (kind, chunk))
                };
                waiting = kinds.iter().enumerate().flat_map(of_kind).collect();
                waiting.reverse();
                first = y;
                y += count;
                if let Err(error) = rows.hold(count) {
                    return Some(Err(error));
                }
            }
            let (kind, chunk) = waiting.pop()?;
            let samples = if kind == 0 { rows.samples.held() } else { rows.mask.held() };
            Some(Ok((kind, chunk, kinds[kind].chunk(&Chunk { y: chunk.y - first, ..chunk }, samples))))
        });
        let places = write_chunks(&mut directory, kinds, chunks, &|_| ())?;
        kinds[0].write_tags(directory, tags_of(metadata, &none, index), &places[0]).map_err(problem)?;
        if let ([_, mask], [_, places]) = (kinds, places.as_slice()) {
            let directory = encoder.image_directory().map_err(problem)?;
            mask.write_tags(directory, &tags_of_mask(), places).map_err(problem)?;
        }
    }
    Ok(())
}

/// Rows of pages that come in parts.
struct RowBuffer<'a> {
    page: &'a PageWriter<'a>,
    /// Whether a mask comes with them.
    is_masked: bool,
    parts: &'a mut dyn Iterator<Item = Image>,
    samples: Held,
    /// 1 where there is a value, 0 elsewhere.
    mask: Held,
}

/// Bytes, of which some are no longer needed, and some are held.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    used: usize,
    held: usize,
}

impl Held {
    /// Holds the next bytes, so many, instead of the last ones; whether they are there.
    fn hold(&mut self, count: usize) -> bool {
        self.used += std::mem::take(&mut self.held);
        let there = self.bytes.len() - self.used >= count;
        self.held = if there { count } else { 0 };
        there
    }

    fn add(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.used);
        self.used = 0;
        self.bytes.extend_from_slice(bytes);
    }

    fn held(&self) -> &[u8] {
        &self.bytes[self.used..self.used + self.held]
    }
}

impl RowBuffer<'_> {
    /// Holds the next rows, so many, instead of the last ones.
    fn hold(&mut self, rows: usize) -> Result<(), String> {
        let Chunking { width, channels, planes, .. } = self.page.chunking;
        while !self.samples.hold(rows * width * channels * planes * self.page.sample) {
            let part = self.parts.next().ok_or("has not all of its rows")?;
            let samples = self.page.samples(&part);
            with_bytes(&samples, |bytes| self.samples.add(bytes)).ok_or("has its samples in another order")?;
            if let Some(mask) = part.metadata.mask.as_ref().filter(|_| self.is_masked) {
                let flags: Vec<u8> = mask.iter().map(|missing| u8::from(!missing)).collect();
                self.mask.add(&flags);
            }
        }
        match self.is_masked && !self.mask.hold(rows * width) {
            true => Err("has not all rows of its mask".to_string()),
            false => Ok(()),
        }
    }
}
