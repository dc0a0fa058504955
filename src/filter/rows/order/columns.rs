//! Order statistics of 8-bit elements over boxes, in a time that does not grow with the box.
//!
//! Perreault and Hébert, "Median Filtering in Constant Time", IEEE Transactions on Image Processing 16 (2007): each column of cells has
//! a histogram; that of a window is their sum, kept up to date by adding one column and subtracting another. It has two levels, and of
//! the fine one only the part is kept up to date in which the element is. Here histograms are cumulative, so that finding an element is
//! one comparison of a register; and two parts of the fine level are kept up to date, since values near the border of two parts are
//! now in one and now in the other, which no processor foresees.

use super::bins::{BinsOfWindows, InBin};
use super::bytes::{Bytes, Row};
use super::geometry::ColumnMoves;
use super::level::{Level, Work, dispatch};
use super::question::Question;
use super::statistic::{Statistic, Value};
use super::sweep::Results;
use crate::lang::reductions::Ranked;

/// The histograms of the columns around a block, whose counts are as wide as the number of cells in a column needs.
#[derive(Default)]
pub struct ColumnSums {
    narrow: Columns<u8>,
    wide: Columns<u16>,
}

/// Histograms of columns.
#[derive(Default)]
struct Columns<C> {
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

/// Windows that move over a block. They have `run` columns of cells.
pub struct OfColumns<'a> {
    pub bytes: &'a Bytes,
    pub moves: &'a ColumnMoves,
    pub run: usize,
    pub is_over: &'a dyn Fn() -> bool,
}

/// What is made of the windows of a row of pixels.
trait Answers {
    /// How many rows and columns of pixels there are.
    fn size(&self) -> (usize, usize);
    /// Finds all of a row, from the window of its first pixel on; to be marked `#[inline(always)]`.
    fn row<L: Level, C: ColumnCount>(&mut self, window: &mut Window<'_, L, C>, row: usize);
}

/// What the elements are that columns count by 8 bits. What is done for every pixel is always inlined.
pub trait Counted: Copy {
    /// What columns say of an element.
    type Found: Copy + Default;
    /// Of so many pixels of a row, one window after the other, it is asked what columns say before their elements' ranks are found, each of
    /// which is work of its own that a processor does beside that of others.
    const TOGETHER: usize;

    /// The `k`th element of a window, of more.
    fn find<L: Level, C: ColumnCount>(self, window: &mut Window<'_, L, C>, k: u16) -> Self::Found;
    /// Its rank; the window's first cell is at this place of the block.
    fn rank<L: Level>(self, level: L, found: Self::Found, place: [usize; 2]) -> usize;
}

/// Elements whose ranks have 8 bits.
#[derive(Clone, Copy)]
pub struct FewRanks;

impl Counted for FewRanks {
    type Found = u8;
    const TOGETHER: usize = 1;

    #[inline(always)]
    fn find<L: Level, C: ColumnCount>(self, window: &mut Window<'_, L, C>, k: u16) -> u8 {
        let (group, below, fine) = window.group_of(k);
        (16 * group + window.level.up_to(fine, k - below)) as u8
    }

    #[inline(always)]
    fn rank<L: Level>(self, _: L, rank: u8, _: [usize; 2]) -> usize {
        rank.into()
    }
}

impl Counted for BinsOfWindows<'_> {
    type Found = InBin;
    const TOGETHER: usize = MOST_TOGETHER;

    #[inline(always)]
    fn find<L: Level, C: ColumnCount>(self, window: &mut Window<'_, L, C>, k: u16) -> InBin {
        window.bin_of(k)
    }

    #[inline(always)]
    fn rank<L: Level>(self, level: L, found: InBin, place: [usize; 2]) -> usize {
        self.rank_of(level, found, place)
    }
}

/// The most of these pixels.
const MOST_TOGETHER: usize = 64;

/// A statistic of which not more is known.
struct AnyStatistic<'a, 'r, V, E> {
    statistic: Statistic<'a, Ranked, V>,
    elements: E,
    results: &'a mut Results<'r, V>,
}

/// The `k`th element, which all windows have.
struct OneElement<'a, 'r, V, E> {
    k: u16,
    values: &'a [V],
    elements: E,
    results: &'a mut Results<'r, V>,
}

impl ColumnSums {
    /// Finds a statistic for every pixel of a block, or stops if that is over. If all windows have as many elements and it is nothing but
    /// one of them, that is the one of rank `k`.
    pub fn find<V: Value>(
        &mut self,
        of: OfColumns<'_>,
        elements: impl Counted,
        k: Option<usize>,
        statistic: Statistic<'_, Ranked, V>,
        results: &mut Results<'_, V>,
    ) {
        match k {
            Some(k) => self.find_element(of, elements, k, statistic.values, results),
            None => self.answer(of, AnyStatistic { statistic, elements, results }),
        }
    }

    /// Finds the `k`th element for every pixel of a block, or stops if that is over, as one of these `values`; all windows have more.
    pub fn find_element<V: Copy>(
        &mut self,
        of: OfColumns<'_>,
        elements: impl Counted,
        k: usize,
        values: &[V],
        results: &mut Results<'_, V>,
    ) {
        self.answer(of, OneElement { k: k as u16, values, elements, results });
    }

    fn answer(&mut self, of: OfColumns<'_>, answers: impl Answers) {
        match of.moves.all.len() <= usize::from(u8::MAX) {
            true => dispatch(EveryPixel { columns: &mut self.narrow, of, answers }),
            false => dispatch(EveryPixel { columns: &mut self.wide, of, answers }),
        }
    }
}

/// The work on a block.
struct EveryPixel<'a, C, A> {
    columns: &'a mut Columns<C>,
    of: OfColumns<'a>,
    answers: A,
}

impl<C: ColumnCount, A: Answers> Work for EveryPixel<'_, C, A> {
    #[inline(always)]
    fn run<L: Level>(self, level: L) {
        let EveryPixel { columns, of: OfColumns { bytes, moves, run, is_over }, mut answers } = self;
        let (rows, pixels) = answers.size();
        columns.begin(pixels + run - 1);
        // What was asked in the row above is asked again.
        let mut kept = [0, 1];
        for row in 0..rows {
            if is_over() {
                return;
            }
            match row.checked_sub(1) {
                None => {
                    for (plane, y) in &moves.all {
                        columns.add(bytes.row(*plane, *y));
                    }
                }
                // A column has as many cells as before.
                Some(before) => {
                    for ((plane, y), (of_leaving, leaving)) in moves.enter.iter().zip(&moves.leave) {
                        columns.exchange(bytes.row(*plane, before + y), bytes.row(*of_leaving, before + leaving));
                    }
                }
            }
            let mut window = Window::new(level, columns, run, kept);
            answers.row(&mut window, row);
            kept = window.kept;
        }
    }
}

impl<C: ColumnCount> Columns<C> {
    /// So many columns without elements.
    fn begin(&mut self, columns: usize) {
        self.groups.clear();
        self.groups.resize(columns, [C::default(); 16]);
        self.fine.clear();
        self.fine.resize(GROUPS * columns, [C::default(); 16]);
    }

    /// Adds a row of elements.
    #[inline(always)]
    fn add(&mut self, row: Row<'_>) {
        for x in 0..self.groups.len() {
            self.change(&row, x, C::add);
        }
    }

    /// Adds a row of elements, and takes another out.
    #[inline(always)]
    fn exchange(&mut self, entering: Row<'_>, leaving: Row<'_>) {
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

impl<V: Value, E: Counted> Answers for AnyStatistic<'_, '_, V, E> {
    fn size(&self) -> (usize, usize) {
        (self.results.rows, self.results.columns)
    }

    #[inline(always)]
    fn row<L: Level, C: ColumnCount>(&mut self, window: &mut Window<'_, L, C>, row: usize) {
        let (statistic, elements) = (&self.statistic, self.elements);
        let mut question = Question::default();
        let mut asked = [(question, [E::Found::default(); 2]); MOST_TOGETHER];
        for (part, results) in self.results.row(row).chunks_mut(E::TOGETHER).enumerate() {
            let first = part * E::TOGETHER;
            for (at, (asked, found)) in asked[..results.len()].iter_mut().enumerate() {
                if first + at > 0 {
                    window.step();
                }
                question.ask(statistic, window.count());
                for (found, k) in found.iter_mut().zip(question.asked()) {
                    *found = elements.find(window, k as u16);
                }
                *asked = question;
            }
            for (at, (result, (question, found))) in results.iter_mut().zip(&asked).enumerate() {
                let mut answers = [V::NOTHING; 2];
                for (answer, (found, _)) in answers.iter_mut().zip(found.iter().zip(question.asked())) {
                    *answer = statistic.values[elements.rank(window.level, *found, [row, first + at])];
                }
                *result = question.answer(statistic, answers);
            }
        }
    }
}

impl<V: Copy, E: Counted> Answers for OneElement<'_, '_, V, E> {
    fn size(&self) -> (usize, usize) {
        (self.results.rows, self.results.columns)
    }

    #[inline(always)]
    fn row<L: Level, C: ColumnCount>(&mut self, window: &mut Window<'_, L, C>, row: usize) {
        let OneElement { k, values, elements, .. } = *self;
        let mut found = [E::Found::default(); MOST_TOGETHER];
        for (part, results) in self.results.row(row).chunks_mut(E::TOGETHER).enumerate() {
            let first = part * E::TOGETHER;
            for (at, found) in found[..results.len()].iter_mut().enumerate() {
                if first + at > 0 {
                    window.step();
                }
                *found = elements.find(window, k);
            }
            for (at, (result, found)) in results.iter_mut().zip(&found).enumerate() {
                *result = values[elements.rank(window.level, *found, [row, first + at])];
            }
        }
    }
}

/// The histogram of a window that moves along a row.
pub struct Window<'c, L: Level, C> {
    level: L,
    columns: &'c Columns<C>,
    /// How many columns it has, and the first of them.
    run: usize,
    pixel: usize,
    /// Up to each group, in a register and in memory.
    groups: L::Counts,
    stored: [u16; 16],
    /// The groups whose fine counts are kept up to date, their columns', and these; and which of them was asked last.
    kept: [usize; 2],
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
    fn new(level: L, columns: &'c Columns<C>, run: usize, kept: [usize; 2]) -> Window<'c, L, C> {
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
    fn step(&mut self) {
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
    fn count(&self) -> usize {
        self.stored[15].into()
    }

    /// In which bin the `k`th element is, of more.
    #[inline(always)]
    fn bin_of(&mut self, k: u16) -> InBin {
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
    fn group_of(&mut self, k: u16) -> (usize, u16, L::Counts) {
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
