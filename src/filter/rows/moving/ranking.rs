//! The elements around a block, ranked.

use super::bins::Bins;
use super::bytes::Bytes;
use super::keys::{DIGIT_BITS, DIGITS, Key, Sortable};

/// The ranks of the elements around a block.
#[derive(Default)]
pub struct Ranking {
    /// For each place, the element's rank: those of numbers, which are selected, from 0 on, then those of NaN, then those of what is not
    /// selected.
    pub ranks: Vec<u32>,
    /// The same of elements with few values, those of all that are not selected alike.
    pub few: Vec<u16>,
    /// The numbers, by rank.
    pub values: Vec<f64>,
    /// The bits of the same, if they are 64-bit integers.
    pub wholes: Vec<i64>,
    /// The first rank after those of NaN elements; those of numbers are as many as numbers.
    pub nan_end: u32,
    only_numbers: bool,
    has_nans: bool,
    narrow: Sorter<u32>,
    wide: Sorter<u64>,
}

/// Elements by their keys, with their places.
#[derive(Default)]
pub struct Sorter<K> {
    items: Vec<Item<K>>,
    spare: Vec<Item<K>>,
    /// The places of elements that are NaN, and of those that are not selected.
    nans: Vec<u32>,
    others: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Item<K> {
    key: K,
    place: u32,
}

/// The sorter for keys of a type.
pub trait HasSorter: Key + Sized {
    fn sorter(ranking: &mut Ranking) -> &mut Sorter<Self>;
}

impl HasSorter for u32 {
    fn sorter(ranking: &mut Ranking) -> &mut Sorter<u32> {
        &mut ranking.narrow
    }
}

impl HasSorter for u64 {
    fn sorter(ranking: &mut Ranking) -> &mut Sorter<u64> {
        &mut ranking.wide
    }
}

impl Ranking {
    /// Begins with so many elements.
    pub fn begin(&mut self, places: usize, few_values: bool) {
        match few_values {
            true => self.few.resize(places, 0),
            false => self.ranks.resize(places, 0),
        }
        (self.only_numbers, self.has_nans) = (true, false);
        self.narrow.clear();
        self.wide.clear();
    }

    /// Takes a row of elements, which are `step` places apart from `first` on, with whether each is selected.
    pub fn take<T: Sortable<Key: HasSorter>>(&mut self, row: &[T], selected: Option<&[u8]>, first: usize, step: usize) {
        let sorter = T::Key::sorter(self);
        let item = |(index, element): (usize, &T)| Item { key: element.key(), place: (first + index * step) as u32 };
        if selected.is_none() && !row.iter().any(|element| element.is_nan()) {
            sorter.items.extend(row.iter().enumerate().map(item));
            return;
        }
        for (index, element) in row.iter().enumerate() {
            let place = (first + index * step) as u32;
            if selected.is_some_and(|selected| selected[index] == 0) {
                sorter.others.push(place);
            } else if element.is_nan() {
                sorter.nans.push(place);
            } else {
                sorter.items.push(item((index, element)));
            }
        }
    }

    /// Takes a row of elements with few values as their own ranks.
    pub fn take_values<T: Sortable>(&mut self, row: &[T], selected: Option<&[u8]>, first: usize, step: usize) {
        for (index, element) in row.iter().enumerate() {
            let left_out = selected.is_some_and(|selected| selected[index] == 0);
            self.only_numbers &= !left_out;
            self.few[first + index * step] = if left_out { 256 } else { element.key().into() as u16 };
        }
    }

    /// Ends with 256 values, each of which is a rank; what is not selected has the next one.
    pub fn end_values<T: Sortable>(&mut self) {
        self.values.clear();
        self.values.extend((0..=u8::MAX).map(|value| T::of_key(value.into()).number()));
    }

    /// Sorts what was taken. Each element has a rank of its own, or equal ones share one; so do then all that are NaN or not selected.
    pub fn end<T: Sortable<Key: HasSorter>>(&mut self, shared: bool) {
        let mut sorter = std::mem::take(T::Key::sorter(self));
        sorter.sort();
        self.values.clear();
        self.wholes.clear();
        let mut last = None;
        for item in &sorter.items {
            let element = T::of_key(item.key);
            // Zeros of either sign are one value.
            if !shared || last != Some(element) {
                self.values.push(element.number());
                self.wholes.extend(element.whole());
                last = Some(element);
            }
            self.ranks[item.place as usize] = self.values.len() as u32 - 1;
        }
        let numbers = self.values.len() as u32;
        let own = u32::from(!shared);
        self.only_numbers = sorter.nans.is_empty() && sorter.others.is_empty();
        self.has_nans = !sorter.nans.is_empty();
        self.nan_end = numbers + own * sorter.nans.len() as u32;
        for (first, places) in [(numbers, &sorter.nans), (self.nan_end, &sorter.others)] {
            for (index, place) in places.iter().enumerate() {
                self.ranks[*place as usize] = first + own * index as u32;
            }
        }
        *T::Key::sorter(self) = sorter;
    }

    /// Sorts what was taken into bins, and puts the bin of each element in its place, of which it is told the same as [`Bytes`] are. What is
    /// NaN is left out as what is not selected is.
    pub fn end_bins<T: Sortable<Key: HasSorter>>(&mut self, bytes: &mut Bytes, bins: &mut Bins) {
        let mut sorter = std::mem::take(T::Key::sorter(self));
        sorter.sort();
        self.values.clear();
        self.wholes.clear();
        self.values.extend(sorter.items.iter().map(|item| T::of_key(item.key).number()));
        self.wholes.extend(sorter.items.iter().filter_map(|item| T::of_key(item.key).whole()));
        bins.fill(sorter.items.iter().map(|item| item.place));
        for (rank, item) in sorter.items.iter().enumerate() {
            bytes.put(item.place as usize, bins.bin(rank));
        }
        sorter.others.iter().chain(&sorter.nans).for_each(|place| bytes.leave_out(*place as usize));
        self.has_nans = !sorter.nans.is_empty();
        *T::Key::sorter(self) = sorter;
    }

    /// How many ranks there are.
    pub fn len(&self) -> usize {
        self.ranks.len()
    }

    /// Whether every element is a number, and selected.
    pub fn has_only_numbers(&self) -> bool {
        self.only_numbers
    }

    /// Whether some elements that are selected are NaN.
    pub fn has_nans(&self) -> bool {
        self.has_nans
    }

    /// How many ranks numbers have.
    pub fn numbers(&self) -> u32 {
        self.values.len() as u32
    }
}

impl<K: Key> Sorter<K> {
    fn clear(&mut self) {
        self.items.clear();
        self.nans.clear();
        self.others.clear();
    }

    /// Sorts by the key: digit by digit from the lowest one, but for digits that all keys have in common.
    fn sort(&mut self) {
        let Sorter { items, spare, .. } = self;
        if items.len() < DIGITS {
            items.sort_unstable_by_key(|item| item.key);
            return;
        }
        spare.clear();
        spare.resize(items.len(), Item::default());
        let common = items.iter().fold((!0u64, 0u64), |(and, or), item| (and & item.key.into(), or | item.key.into()));
        let differ = common.0 ^ common.1;
        for place in (0..K::BITS).step_by(DIGIT_BITS as usize) {
            if differ >> place & (DIGITS as u64 - 1) == 0 {
                continue;
            }
            let mut ends = [0u32; DIGITS];
            items.iter().for_each(|item| ends[item.key.digit(place)] += 1);
            let mut sum = 0;
            for end in &mut ends {
                (*end, sum) = (sum, sum + *end);
            }
            for item in items.iter() {
                let end = &mut ends[item.key.digit(place)];
                spare[*end as usize] = *item;
                *end += 1;
            }
            std::mem::swap(items, spare);
        }
    }
}
