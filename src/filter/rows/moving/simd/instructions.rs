//! What work may ask of a processor.

/// Something to do.
pub trait Work {
    /// Does it; to be marked `#[inline(always)]`.
    fn run<L: Level>(self, level: L);
}

/// Instructions on vectors. That a value of such a type exists says that the processor has them.
pub trait Level: Lanes<i8> + Lanes<i16> + Running<i32> + Running<f64> {
    /// Sixteen counts.
    type Counts: Copy;

    fn no_counts(self) -> Self::Counts;
    fn counts(self, counts: &[u16; 16]) -> Self::Counts;
    fn counts_of_bytes(self, counts: &[u8; 16]) -> Self::Counts;
    fn store_counts(self, counts: Self::Counts, to: &mut [u16; 16]);
    /// Sums, which wrap.
    fn add(self, x: Self::Counts, y: Self::Counts) -> Self::Counts;
    /// Differences, which wrap.
    fn subtract(self, x: Self::Counts, y: Self::Counts) -> Self::Counts;
    /// In how many places there are at most `k`.
    fn up_to(self, counts: Self::Counts, k: u16) -> usize;
    /// The second if so, else the first, without a branch.
    fn choose(self, second: bool, x: Self::Counts, y: Self::Counts) -> Self::Counts;

    /// The place of the `n`th of more bits that are set.
    fn nth_bit(self, bits: u64, n: u32) -> u32;

    /// A bit for each of some places, by their coordinates, that is less than `size`, which is not 0, beyond the `first`, along both axes.
    fn inside(self, coordinates: [&[u8; 64]; 2], first: [u8; 2], size: [u8; 2]) -> u64;

    /// A bit for each of some numbers that is the one given.
    fn equal(self, numbers: &[u32; 32], to: u32) -> u32;
}

/// Sums that run along rows of integers, which wrap or are exact.
pub trait Running<T>: Copy {
    /// Makes each number what is `before`, and the differences of `more` and `less` up to its place, added up; all are as long.
    fn running(self, before: T, more: &[T], less: &[T], to: &mut [T]);
}

/// Instructions on vectors of integers of a type.
pub trait Lanes<T>: Copy {
    type Vector: Copy;
    const LANES: usize;

    fn splat(self, value: T) -> Self::Vector;
    /// The first numbers of a slice that has at least so many.
    fn load(self, from: &[T]) -> Self::Vector;
    fn store(self, vector: Self::Vector, to: &mut [T]);
    /// Sums, which wrap.
    fn sum(self, x: Self::Vector, y: Self::Vector) -> Self::Vector;
    /// The numbers, or the nearest ones from `least` to `most`.
    fn clamp(self, numbers: Self::Vector, least: Self::Vector, most: Self::Vector) -> Self::Vector;
    /// Whether some numbers are not the same.
    fn differ(self, x: Self::Vector, y: Self::Vector) -> bool;
    /// A count, plus 1 where a number is less than a limit.
    fn count_less(self, count: Self::Vector, number: Self::Vector, limit: Self::Vector) -> Self::Vector;
    /// The second where a count, without a sign, is at most `most`, else the first.
    fn choose_up_to(
        self,
        count: Self::Vector,
        most: Self::Vector,
        first: Self::Vector,
        second: Self::Vector,
    ) -> Self::Vector;
}
