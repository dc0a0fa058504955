//! What the host finds for a block, as later passes read it.

use std::ops::Range;

use super::sweep::Results;
use crate::grid::lane::Lane;
use crate::plan::width::REGISTER;

/// Memory for values of the lanes that are found: integers of 8, 16 and 64 bits, with or without a sign, i32s and f64s.
#[derive(Default)]
pub struct FoundLine {
    bytes: Vec<i8>,
    shorts: Vec<i16>,
    ints: Vec<i32>,
    wholes: Vec<i64>,
    numbers: Vec<f64>,
    lane: Option<Lane>,
    rows: usize,
    columns: usize,
}

impl FoundLine {
    /// Begins with so many rows of so many values.
    pub fn begin(&mut self, lane: Lane, rows: usize, columns: usize) {
        (self.lane, self.rows, self.columns) = (Some(lane), rows, columns);
        let len = (rows + 1) * self.pitch();
        match lane.bytes() {
            1 => self.bytes.resize(len, 0),
            2 => self.shorts.resize(len, 0),
            4 => self.ints.resize(len, 0),
            _ if lane.is_long() => self.wholes.resize(len, 0),
            _ => self.numbers.resize(len, 0.0),
        }
    }

    /// Whether values are 64-bit integers.
    pub fn has_wholes(&self) -> bool {
        self.lane.is_some_and(Lane::is_long)
    }

    /// The results of some pixels of each row, from the first ones on, as bytes: what is beyond them may be overwritten.
    pub fn bytes(&mut self, pixels: &Range<usize>) -> Results<'_, i8> {
        let pitch = self.pitch();
        Results { values: &mut self.bytes[pixels.start..], pitch, rows: self.rows, columns: pixels.len() }
    }

    /// The same in lanes of 16 bits.
    pub fn shorts(&mut self, pixels: &Range<usize>) -> Results<'_, i16> {
        let pitch = self.pitch();
        Results { values: &mut self.shorts[pixels.start..], pitch, rows: self.rows, columns: pixels.len() }
    }

    /// The same in lanes of 32 bits.
    pub fn ints(&mut self, pixels: &Range<usize>) -> Results<'_, i32> {
        let pitch = self.pitch();
        Results { values: &mut self.ints[pixels.start..], pitch, rows: self.rows, columns: pixels.len() }
    }

    /// The same as 64-bit integers.
    pub fn wholes(&mut self, pixels: &Range<usize>) -> Results<'_, i64> {
        let pitch = self.pitch();
        Results { values: &mut self.wholes[pixels.start..], pitch, rows: self.rows, columns: pixels.len() }
    }

    /// The same as f64s.
    pub fn numbers(&mut self, pixels: &Range<usize>) -> Results<'_, f64> {
        let pitch = self.pitch();
        Results { values: &mut self.numbers[pixels.start..], pitch, rows: self.rows, columns: pixels.len() }
    }

    /// Where a pixel's value is, of those that have begun.
    pub fn address(&self, row: usize, pixel: usize) -> *const u8 {
        let at = row * self.pitch() + pixel;
        let lane = self.lane.expect("the line has begun");
        match lane.bytes() {
            1 => self.bytes[at..].as_ptr().cast(),
            2 => self.shorts[at..].as_ptr().cast(),
            4 => self.ints[at..].as_ptr().cast(),
            _ if lane.is_long() => self.wholes[at..].as_ptr().cast(),
            _ => self.numbers[at..].as_ptr().cast(),
        }
    }

    /// How far rows are apart: code, and the host, computes some registers of pixels at least.
    fn pitch(&self) -> usize {
        self.columns + 4 * REGISTER
    }
}
