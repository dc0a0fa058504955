//! Elements of any type in bins of a few ranks each, with their places.
//!
//! Histograms of columns say in which bin of 8-bit number an element is, and which of the window's elements in it. Those of a bin are
//! in order, and which of them the window has is seen by their places, 64 at once: whatever the window's size, that takes the same time.

use super::simd::Level;

/// The side of the largest block, so that places have 8 bits, and how many bins there are.
pub const SIDE: usize = 1 << 8;
const BINS: usize = 1 << 8;

/// So many places are looked at together.
const WORD: usize = 64;

/// The places of a block's elements, by rank.
#[derive(Default)]
pub struct Bins {
    /// The logarithm of the number of ranks in a bin: at least of those that are looked at together.
    bits: u32,
    ys: Vec<u8>,
    xs: Vec<u8>,
}

/// The same, for windows of a size along both axes.
#[derive(Clone, Copy)]
pub struct BinsOfWindows<'a> {
    pub bins: &'a Bins,
    pub size: [usize; 2],
    /// Whether elements that windows lack are NaN, so that there is nothing to be had of a window that lacks some.
    pub has_nans: bool,
}

impl Bins {
    /// Takes a block's elements, by rank, which are at these places among rows of `SIDE`.
    pub fn fill(&mut self, places: impl ExactSizeIterator<Item = u32> + Clone) {
        self.bits = places.len().div_ceil(BINS).max(WORD).next_power_of_two().ilog2();
        // What is looked at together after the last element is there, wherever it may be.
        let len = places.len().next_multiple_of(1 << self.bits);
        self.ys.clear();
        self.ys.extend(places.clone().map(|place| (place / SIDE as u32) as u8));
        self.ys.resize(len, 0);
        self.xs.clear();
        self.xs.extend(places.map(|place| (place % SIDE as u32) as u8));
        self.xs.resize(len, 0);
    }

    /// The bin of an element.
    #[inline(always)]
    pub fn bin(&self, rank: usize) -> u8 {
        (rank >> self.bits) as u8
    }
}

/// An element of a window: the `k`th of those that it has in a bin, of more.
#[derive(Clone, Copy, Default)]
pub struct InBin {
    pub bin: u8,
    pub k: u16,
}

impl BinsOfWindows<'_> {
    /// Of how many of its elements a window's statistic is made, which has so many.
    #[inline(always)]
    pub fn asked(self, count: usize) -> usize {
        if self.has_nans && count < self.size[0] * self.size[1] { 0 } else { count }
    }

    /// The rank of an element of a window whose first cell is at this place of the block.
    #[inline(always)]
    pub fn rank_of<L: Level>(self, level: L, InBin { bin, k }: InBin, place: [usize; 2]) -> usize {
        let Bins { bits, ys, xs } = self.bins;
        let first = usize::from(bin) << bits;
        let ranks = first..first + (1 << bits);
        let (ys, xs) = (ys[ranks.clone()].as_chunks().0, xs[ranks].as_chunks().0);
        let ([y, x], [height, width]) = (place, self.size);
        let (place, size) = ([y as u8, x as u8], [height as u8, width as u8]);
        let mut has = [0; SIDE / WORD];
        // In which of them the element is depends on the pixel, which no processor foresees: all are looked at.
        let (mut word, mut below, mut up_to) = (0, 0, 0);
        for ((has, ys), xs) in has.iter_mut().zip(ys).zip(xs) {
            *has = level.inside([ys, xs], place, size);
            up_to += has.count_ones();
            let is_later = up_to <= u32::from(k);
            word += usize::from(is_later);
            below = if is_later { up_to } else { below };
        }
        let word = word % has.len();
        first + WORD * word + level.nth_bit(has[word], u32::from(k) - below) as usize
    }
}
