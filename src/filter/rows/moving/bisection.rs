//! Elements of a known rank among few narrow ones, found for a register of pixels at once.
//!
//! Bit by bit from the highest one: an element is at least some limit if no more elements than its rank says are less. Counting these
//! is one comparison and one addition for each cell, for as many pixels as a register has lanes, each with its own limit. That takes a
//! time which grows with the footprint, but there is no branch, and nothing to sort. Two rows of pixels are done at once, which
//! have most cells in common. Bytes are mostly near those in the row above, so that the higher bits need not be asked for.

use std::ops::{BitAnd, BitOr, BitXor};

use super::geometry::PairOfRows;
use super::keys::Sortable;
use super::simd::{Lanes, Level, Offsets, Work, count_less, dispatch};
use super::sweep::Results;
use crate::plan::width::REGISTER;

/// How often elements are looked for near those of the row above: where they are, and one step up or down.
const NEAR_TRIES: usize = 2;

/// An integer with a sign, as which elements are compared: the least element is the least integer.
pub trait Signed: Copy + Default + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> {
    const LEAST: Self;
    const MOST: Self;
    /// The logarithm of the number of integers among which an element is looked for first, around that of the row above.
    const NEAR_BITS: Option<u32>;
    fn of_key(key: u64) -> Self;
    fn of_count(count: usize) -> Self;
    /// So far above or below.
    fn up(self, far: usize) -> Self;
    fn down(self, far: usize) -> Self;
    /// Only this bit.
    fn bit(place: u32) -> Self;
    /// How many bits there are up to the highest one that is set.
    fn bits(self) -> u32;
    /// The least integer that has the same bits from such a place on.
    fn least_from(self, place: u32) -> Self;
}

macro_rules! signed {
    ($($type:ident, $near:expr);*) => {$(
        impl Signed for $type {
            const LEAST: $type = $type::MIN;
            const MOST: $type = $type::MAX;
            const NEAR_BITS: Option<u32> = $near;

            #[inline(always)]
            fn of_key(key: u64) -> $type {
                key as $type ^ $type::MIN
            }

            fn of_count(count: usize) -> $type {
                count as $type
            }

            fn up(self, far: usize) -> $type {
                self.wrapping_add(far as $type)
            }

            fn down(self, far: usize) -> $type {
                self.wrapping_sub(far as $type)
            }

            fn bit(place: u32) -> $type {
                1 << place
            }

            fn bits(self) -> u32 {
                $type::BITS - self.leading_zeros()
            }

            fn least_from(self, place: u32) -> $type {
                if place == $type::BITS { $type::MIN } else { self & (-1 << place) }
            }
        }
    )*};
}

signed!(i8, Some(4); i16, None);

/// The elements around a block: rows of each plane one after the other.
pub struct Keys<T> {
    keys: Vec<T>,
    /// How far rows are apart, and planes.
    pitch: usize,
    plane: usize,
    /// The bits that all have, and those that some have.
    common: Option<(T, T)>,
}

impl<T> Default for Keys<T> {
    fn default() -> Keys<T> {
        Keys { keys: Vec::new(), pitch: 0, plane: 0, common: None }
    }
}

impl<T: Signed> Keys<T> {
    /// Begins with so many rows of so many elements in each of some planes.
    pub fn begin(&mut self, planes: usize, height: usize, width: usize) {
        // The last register of pixels may go beyond them, and so may the second of two rows.
        self.pitch = width + 4 * REGISTER;
        self.plane = (height + 1) * self.pitch;
        self.keys.resize(planes * self.plane, T::default());
        self.common = None;
    }

    /// Takes a row of elements.
    pub fn take<E: Sortable>(&mut self, row: &[E], plane: usize, y: usize) {
        let keys = &mut self.keys[plane * self.plane + y * self.pitch..][..row.len()];
        let Some(first) = row.first().map(|first| T::of_key(first.key().into())) else { return };
        let (mut all, mut some) = self.common.unwrap_or((first, first));
        for (key, element) in keys.iter_mut().zip(row) {
            *key = T::of_key(element.key().into());
            (all, some) = (all & *key, some | *key);
        }
        self.common = Some((all, some));
    }
}

/// The element of a rank, to be found for every pixel of a block, and how many cells the footprint has.
pub struct OfRank<'a> {
    pub rank: usize,
    pub cells: &'a PairOfRows,
    /// Whether elements have no sign, so that the least of them is 0.
    pub unsigned: bool,
    pub is_over: &'a dyn Fn() -> bool,
}

/// The work on a block.
struct EveryPixel<'a, 'r, T> {
    keys: &'a Keys<T>,
    of: OfRank<'a>,
    results: &'a mut Results<'r, T>,
}

/// Finds elements of bytes.
pub fn of_bytes(keys: &Keys<i8>, of: OfRank<'_>, results: &mut Results<'_, i8>) {
    dispatch(EveryPixel { keys, of, results });
}

/// Finds elements of 16 bits.
pub fn of_shorts(keys: &Keys<i16>, of: OfRank<'_>, results: &mut Results<'_, i16>) {
    dispatch(EveryPixel { keys, of, results });
}

impl Work for EveryPixel<'_, '_, i8> {
    #[inline(always)]
    fn run<L: Level>(self, level: L) {
        every_pixel(level, self);
    }
}

impl Work for EveryPixel<'_, '_, i16> {
    #[inline(always)]
    fn run<L: Level>(self, level: L) {
        every_pixel(level, self);
    }
}

#[inline(always)]
fn every_pixel<T: Signed, L: Lanes<T>>(level: L, work: EveryPixel<'_, '_, T>) {
    let EveryPixel { keys: Keys { keys, pitch, plane, common }, of, results } = work;
    let Some((all, some)) = *common else { return };
    let bits = (all ^ some).bits();
    let place = |(of_plane, y, x): &(usize, usize, usize)| of_plane * plane + y * pitch + x;
    let offsets = |cells: &[(usize, usize, usize)]| cells.iter().map(place).collect::<Offsets>();
    let search = Search {
        level,
        both: offsets(&of.cells.both),
        first: offsets(&of.cells.first),
        second: offsets(&of.cells.second),
        rank: level.splat(T::of_count(of.rank)),
    };
    let least = level.splat(all.least_from(bits));
    let lift = level.splat(if of.unsigned { T::LEAST } else { T::default() });
    for x in (0..results.columns).step_by(L::LANES) {
        if (of.is_over)() {
            return;
        }
        // Not beyond the block, if it is so wide: nothing is known of what is there.
        let x = x.min(results.columns.saturating_sub(L::LANES));
        let mut above: Option<[L::Vector; 2]> = None;
        for row in (0..results.rows).step_by(2) {
            let around = &keys[row * pitch + x..];
            let near = T::NEAR_BITS.filter(|near| near + 1 < bits);
            let near = above.zip(near).and_then(|([_, above], near)| search.near(around, above, near));
            let (least, bits) = near.unwrap_or(([least; 2], bits));
            let elements = search.from(around, least, bits);
            above = Some(elements);
            for (at, element) in elements.into_iter().enumerate() {
                level.store(level.sum(element, lift), &mut results.values[(row + at) * results.pitch + x..]);
            }
        }
    }
}

/// What is looked for in the windows of two pixels one below the other, for a register of them.
struct Search<L, V> {
    level: L,
    both: Offsets,
    first: Offsets,
    second: Offsets,
    rank: V,
}

impl<L: Copy, V: Copy> Search<L, V> {
    /// The elements, which are at least so much, and differ from that in so many bits at most.
    #[inline(always)]
    fn from<T: Signed>(&self, around: &[T], least: [V; 2], bits: u32) -> [V; 2]
    where
        L: Lanes<T, Vector = V>,
    {
        let Search { level, both, first, second, rank } = self;
        let mut elements = least;
        for bit in (0..bits).rev() {
            let bit = level.splat(T::bit(bit));
            let limits = [level.sum(elements[0], bit), level.sum(elements[1], bit)];
            let mut counts = [level.splat(T::default()); 2];
            count_less(*level, around, both, limits, &mut counts);
            let [of_first, of_second] = &mut counts;
            count_less(*level, around, first, [limits[0]], std::array::from_mut(of_first));
            count_less(*level, around, second, [limits[1]], std::array::from_mut(of_second));
            for at in 0..2 {
                elements[at] = level.choose_up_to(counts[at], *rank, elements[at], limits[at]);
            }
        }
        elements
    }

    /// From where on the elements are among so many integers as that number of bits tells apart, near those of the row above; and
    /// the number of bits. Nothing if they are farther away.
    #[inline(always)]
    fn near<T: Signed>(&self, around: &[T], above: V, bits: u32) -> Option<([V; 2], u32)>
    where
        L: Lanes<T, Vector = V>,
    {
        let Search { level, both, first, second, rank } = self;
        let [count, half] = [bits, bits - 1].map(|bits| 1usize << bits);
        // No end of the integers is passed.
        let [lowest, least_middle] = [0, half].map(|far| level.splat(T::LEAST.up(far)));
        let [highest, most_middle] = [count, half].map(|far| level.splat(T::MOST.down(far - 1)));
        let (step, back) = (level.splat(T::of_count(count)), level.splat(T::default().down(count)));
        let from_middle = level.splat(T::default().down(half));
        let mut least = [level.sum(level.clamp(above, least_middle, most_middle), from_middle); 2];
        for _ in 0..NEAR_TRIES {
            let mut counts = [level.splat(T::default()); 4];
            let ends = [level.sum(least[0], step), level.sum(least[1], step)];
            count_less(*level, around, both, [least[0], ends[0], least[1], ends[1]], &mut counts);
            let (of_first, of_second) = counts.split_at_mut(2);
            count_less(*level, around, first, [least[0], ends[0]], of_first.try_into().expect("two counts"));
            count_less(*level, around, second, [least[1], ends[1]], of_second.try_into().expect("two counts"));
            let mut far = false;
            for at in 0..2 {
                let down = level.sum(level.clamp(least[at], level.splat(T::LEAST.up(count)), highest), back);
                let up = level.sum(level.clamp(least[at], lowest, level.splat(T::MOST.down(2 * count - 1))), step);
                // Behind the last integer comes the least one, below which nothing is; but then there is nowhere to go up to.
                let next = level.choose_up_to(counts[2 * at + 1], *rank, least[at], up);
                let next = level.choose_up_to(counts[2 * at], *rank, down, next);
                far |= level.differ(next, least[at]);
                least[at] = next;
            }
            if !far {
                return Some((least, bits));
            }
        }
        None
    }
}
