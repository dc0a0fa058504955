//! Histograms of columns, and of a window that moves along a row, which is the sum of its columns'.

use super::bins::InBin;
use super::bytes::Row;
use super::simd::Level;

/// Histograms of columns.
#[derive(Default)]
pub struct Columns<C> {
    /// For each column the number of elements up to each group of 16 values.
    groups: Vec<[C; 16]>,
    /// For each group and column that of elements in the group up to each value. The last group is for what is not selected.
    fine: Vec<[C; 16]>,
}

/// How many groups there are, with that of what is not selected.
const GROUPS: usize = 17;

/// A number of elements of a column.
pub trait ColumnCount: Copy + Default {
    /// What an element adds to counts up to each value or group.
    const UP_TO: [[Self; 16]; GROUPS];
    fn add(counts: &mut [Self; 16], others: &[Self; 16]);
    fn subtract(counts: &mut [Self; 16], others: &[Self; 16]);
    fn load<L: Level>(level: L, counts: &[Self; 16]) -> L::Counts;
}

macro_rules! column_count {
    ($type:ty, $load:ident) => {
        impl ColumnCount for $type {
            const UP_TO: [[$type; 16]; GROUPS] = {
                let mut table = [[0; 16]; GROUPS];
                let mut value = 0;
                while value < 16 {
                    let mut at = value;
                    while at < 16 {
                        table[value][at] = 1;
                        at += 1;
                    }
                    value += 1;
                }
                table
            };

            #[inline(always)]
            fn add(counts: &mut [$type; 16], others: &[$type; 16]) {
                for at in 0..16 {
                    counts[at] = counts[at].wrapping_add(others[at]);
                }
            }

            #[inline(always)]
            fn subtract(counts: &mut [$type; 16], others: &[$type; 16]) {
                for at in 0..16 {
                    counts[at] = counts[at].wrapping_sub(others[at]);
                }
            }

            #[inline(always)]
            fn load<L: Level>(level: L, counts: &[$type; 16]) -> L::Counts {
                level.$load(counts)
            }
        }
    };
}

column_count!(u8, counts_of_bytes);
column_count!(u16, counts);

impl<C: ColumnCount> Columns<C> {
    /// So many columns without elements.
    pub fn begin(&mut self, columns: usize) {
        self.groups.clear();
        self.groups.resize(columns, [C::default(); 16]);
        self.fine.clear();
        self.fine.resize(GROUPS * columns, [C::default(); 16]);
    }

    /// Adds a row of elements.
    #[inline(always)]
    pub fn add(&mut self, row: Row<'_>) {
        for x in 0..self.groups.len() {
            self.change(&row, x, C::add);
        }
    }

    /// Adds a row of elements, and takes another out.
    #[inline(always)]
    pub fn exchange(&mut self, entering: Row<'_>, leaving: Row<'_>) {
        for x in 0..self.groups.len() {
            self.change(&entering, x, C::add);
            self.change(&leaving, x, C::subtract);
        }
    }

    /// Changes the counts of a column by an element of a row.
    #[inline(always)]
    fn change(&mut self, row: &Row<'_>, x: usize, change: impl Fn(&mut [C; 16], &[C; 16])) {
        let (group, value) = (usize::from(row.ranks[x] >> 4), usize::from(row.ranks[x] & 15));
        let group = match row.selected {
            Some(selected) if selected[x] == 0 => GROUPS - 1,
            _ => group,
        };
        let width = self.groups.len();
        change(&mut self.groups[x], &C::UP_TO[group]);
        change(&mut self.fine[group * width + x], &C::UP_TO[value]);
    }

    /// The columns' elements in a group.
    #[inline(always)]
    fn of_group(&self, group: usize) -> &[[C; 16]] {
        &self.fine[group * self.groups.len()..][..self.groups.len()]
    }
}

/// The histogram of a window that moves along a row.
pub struct Window<'c, L: Level, C> {
    pub level: L,
    columns: &'c Columns<C>,
    /// How many columns it has, and the first of them.
    run: usize,
    pixel: usize,
    /// Up to each group, in a register and in memory.
    groups: L::Counts,
    stored: [u16; 16],
    /// The groups whose fine counts are kept up to date, their columns', and these; and which of them was asked last.
    pub kept: [usize; 2],
    of_kept: [&'c [[C; 16]]; 2],
    fine: [L::Counts; 2],
    last: usize,
    /// The fine counts of the others, and for which pixel each is up to date.
    stale: [[u16; 16]; GROUPS],
    current: [usize; GROUPS],
}

impl<'c, L: Level, C: ColumnCount> Window<'c, L, C> {
    /// The window of the first pixel, with these groups up to date.
    #[inline(always)]
    pub fn new(level: L, columns: &'c Columns<C>, run: usize, kept: [usize; 2]) -> Window<'c, L, C> {
        let of_kept = [columns.of_group(kept[0]), columns.of_group(kept[1])];
        let mut window = Window {
            level,
            columns,
            run,
            pixel: 0,
            groups: sum(level, &columns.groups[..run]),
            stored: [0; 16],
            kept,
            of_kept,
            fine: [sum(level, &of_kept[0][..run]), sum(level, &of_kept[1][..run])],
            last: 0,
            stale: [[0; 16]; GROUPS],
            // Long before the first pixel.
            current: [usize::MAX / 4; GROUPS],
        };
        level.store_counts(window.groups, &mut window.stored);
        window
    }

    /// Goes on to the next pixel.
    #[inline(always)]
    pub fn step(&mut self) {
        let Window { level, columns, run, pixel, .. } = *self;
        self.groups = moved(level, self.groups, &columns.groups, pixel, run);
        level.store_counts(self.groups, &mut self.stored);
        for at in 0..2 {
            self.fine[at] = moved(level, self.fine[at], self.of_kept[at], pixel, run);
        }
        self.pixel += 1;
    }

    /// How many elements there are.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.stored[15].into()
    }

    /// In which bin the `k`th element is, of more.
    #[inline(always)]
    pub fn bin_of(&mut self, k: u16) -> InBin {
        let (group, below, fine) = self.group_of(k);
        let value = self.level.up_to(fine, k - below) & 15;
        // One more place, so that there is something before the first.
        let mut counts = [[0; 16]; 2];
        let counts = counts.as_flattened_mut();
        self.level.store_counts(fine, counts[1..].first_chunk_mut().expect("there are 31"));
        InBin { bin: (16 * group + value) as u8, k: k - below - counts[value] }
    }

    /// The group that the `k`th element is in, of more, how many elements are in those before it, and its fine counts.
    #[inline(always)]
    pub fn group_of(&mut self, k: u16) -> (usize, u16, L::Counts) {
        let group = self.level.up_to(self.groups, k) & 15;
        if group != self.kept[0] && group != self.kept[1] {
            self.keep(group);
        }
        self.last = usize::from(group == self.kept[1]);
        let fine = self.level.choose(group == self.kept[1], self.fine[0], self.fine[1]);
        let below = if group == 0 { 0 } else { self.stored[group - 1] };
        (group, below, fine)
    }

    /// Brings a group up to date instead of that which was not asked last.
    #[inline(always)]
    fn keep(&mut self, group: usize) {
        let Window { level, run, pixel, .. } = *self;
        let place = 1 - self.last;
        let left = self.kept[place];
        level.store_counts(self.fine[place], &mut self.stale[left]);
        self.current[left] = pixel;
        let columns = self.columns.of_group(group);
        let behind = pixel.wrapping_sub(self.current[group]);
        self.fine[place] = if behind > run / 2 {
            sum(level, &columns[pixel..][..run])
        } else {
            let mut fine = level.counts(&self.stale[group]);
            for before in self.current[group]..pixel {
                fine = moved(level, fine, columns, before, run);
            }
            fine
        };
        (self.kept[place], self.of_kept[place]) = (group, columns);
    }
}

/// The counts of some columns.
#[inline(always)]
fn sum<L: Level, C: ColumnCount>(level: L, columns: &[[C; 16]]) -> L::Counts {
    let mut sum = level.no_counts();
    for column in columns {
        sum = level.add(sum, C::load(level, column));
    }
    sum
}

/// The counts of the columns that follow those from `first` on by one.
#[inline(always)]
fn moved<L: Level, C: ColumnCount>(
    level: L,
    counts: L::Counts,
    columns: &[[C; 16]],
    first: usize,
    run: usize,
) -> L::Counts {
    let change = level.subtract(C::load(level, &columns[first + run]), C::load(level, &columns[first]));
    level.add(counts, change)
}
