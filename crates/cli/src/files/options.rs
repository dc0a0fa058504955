//! What is asked of the readers of files, and whom their writers tell how far they are.

use super::raw::Raw;

/// How files are read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The one page to read, from 0; by default all.
    pub page: Option<usize>,
    /// The name of the one array or channel to read of files that have several.
    pub array: Option<String>,
    /// Whether the pages of a file are the first axis of a volume, rather than pictures on their own.
    pub volume: bool,
    /// The most pixels of an image, all pages together.
    pub max_pixels: u64,
    /// What raw files have, and what comes through standard input.
    pub raw: Option<Raw>,
}

/// Is told which part of a picture has been coded, from 0 to 1.
pub type CodingProgress<'t> = &'t dyn Fn(f64);

/// More pixels than anybody's picture has, and fewer than would end most machines' memory.
pub const MAX_PIXELS: u64 = 1 << 32;

impl Default for ReadOptions {
    fn default() -> ReadOptions {
        ReadOptions { page: None, array: None, volume: false, max_pixels: MAX_PIXELS, raw: None }
    }
}

impl ReadOptions {
    /// The most bytes that a file may have whose length nobody knows before its end: for every pixel those of the largest ones, and some
    /// for all that is not pixels.
    pub fn most_bytes(&self) -> u64 {
        const PIXEL: u64 = 32;
        const OTHERS: u64 = 1 << 26;
        self.max_pixels.saturating_mul(PIXEL).saturating_add(OTHERS)
    }

    /// Checks that an image of this shape, without channels, has not too many pixels.
    pub fn check_pixels(&self, shape: &[usize]) -> Result<(), String> {
        let pixels = shape.iter().try_fold(1u64, |product, length| product.checked_mul(*length as u64));
        if pixels.is_some_and(|pixels| pixels <= self.max_pixels) {
            return Ok(());
        }
        let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
        let (shape, limit) = (lengths.join(" x "), self.max_pixels);
        Err(format!("has {shape} pixels, and --max-pixels allows {limit}"))
    }
}
