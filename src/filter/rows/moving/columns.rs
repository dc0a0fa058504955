//! Order statistics over boxes, of 8-bit elements or of others by bins of their ranks, in a time that does not grow with the box.
//!
//! Perreault and Hébert, "Median Filtering in Constant Time", IEEE Transactions on Image Processing 16 (2007): each column of cells has
//! a histogram; that of a window is their sum, kept up to date by adding one column and subtracting another. It has two levels, and of
//! the fine one only the part is kept up to date in which the element is. Here histograms are cumulative, so that finding an element is
//! one comparison of a register; and two parts of the fine level are kept up to date, since values near the border of two parts are
//! now in one and now in the other, which no processor foresees.

use super::bins::{BinsOfWindows, InBin};
use super::bytes::Bytes;
use super::column_window::{ColumnCount, Columns, Window};
use super::geometry::ColumnMoves;
use super::question::Question;
use super::simd::{Level, Work, dispatch};
use super::statistic::{Statistic, Value};
use super::sweep::Results;
use crate::lang::reductions::Ranked;

/// The histograms of the columns around a block, whose counts are as wide as the number of cells in a column needs.
#[derive(Default)]
pub struct ColumnSums {
    narrow: Columns<u8>,
    wide: Columns<u16>,
}

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

    /// Of how many of its elements a window's statistic is made, which has so many.
    fn asked(self, count: usize) -> usize;
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
    fn asked(self, count: usize) -> usize {
        count
    }

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
    fn asked(self, count: usize) -> usize {
        self.asked(count)
    }

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
                question.ask(statistic, elements.asked(window.count()));
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
