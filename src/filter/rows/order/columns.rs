//! Order statistics of 8-bit elements over boxes, in a time that does not grow with the box.
//!
//! Perreault and Hébert, "Median Filtering in Constant Time", IEEE Transactions on Image Processing 16 (2007): each column of cells has
//! a histogram; that of a window is their sum, kept up to date by adding one column and subtracting another. It has two levels, and of
//! the fine one only the part is kept up to date in which the element is. Here histograms are cumulative, so that finding an element is
//! one comparison of a register.

use super::geometry::ColumnMoves;
use super::keys::Ordered;
use super::sets::Statistic;
use super::sweep::Results;
use super::wide::wide;
use crate::lang::reductions::Ranked;

/// How many elements there are up to each of 16 values, or groups of 16 values.
type Counts = [u16; 16];

/// What an element adds to counts up to each value.
const UP_TO: [Counts; 16] = {
    let mut table = [[0; 16]; 16];
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

/// The elements of a column of cells, or of a window.
#[derive(Clone, Default)]
struct Histogram {
    /// Up to each group of 16 values.
    groups: Counts,
    /// In each group, up to each value.
    fine: [Counts; 16],
}

/// The elements around a block: rows of each plane one after the other.
#[derive(Default)]
pub struct Bytes {
    /// Their ranks; 256 for what is not selected.
    ranks: Vec<u16>,
    /// How many are in a row, and how many rows in a plane.
    width: usize,
    height: usize,
}

/// The histograms of the columns around a block, and that of one window.
#[derive(Default)]
pub struct ColumnSums {
    columns: Vec<Histogram>,
    window: Histogram,
    /// For which pixel each group of the window's is up to date.
    current: [usize; 16],
    /// How many columns a window has.
    run: usize,
}

impl ColumnSums {
    /// Finds statistics for every pixel of a block, or stops if that is over. A window has `run` columns of cells.
    pub fn run(
        &mut self,
        bytes: &Bytes,
        moves: &ColumnMoves,
        run: usize,
        statistic: &Statistic<'_, Ranked>,
        results: &mut Results<'_>,
        is_over: &dyn Fn() -> bool,
    ) {
        self.run = run;
        self.columns.clear();
        self.columns.resize(results.columns + run - 1, Histogram::default());
        wide(|| {
            for row in 0..results.rows {
                if is_over() {
                    return;
                }
                match row.checked_sub(1) {
                    None => moves.all.iter().for_each(|(plane, y)| self.change(bytes.row(*plane, *y), true)),
                    Some(before) => {
                        moves.leave.iter().for_each(|(plane, y)| self.change(bytes.row(*plane, before + y), false));
                        moves.enter.iter().for_each(|(plane, y)| self.change(bytes.row(*plane, before + y), true));
                    }
                }
                let values = &mut results.values[row * results.pitch..][..results.columns];
                self.every_pixel(statistic, values);
            }
        });
    }

    /// Adds a row of elements to the columns, or takes it out.
    #[inline(always)]
    fn change(&mut self, ranks: &[u16], add: bool) {
        for (column, rank) in self.columns.iter_mut().zip(ranks) {
            let (group, value) = (usize::from(rank >> 4), usize::from(rank & 15));
            if group == 16 {
                continue;
            }
            match add {
                true => {
                    plus(&mut column.groups, &UP_TO[group]);
                    plus(&mut column.fine[group], &UP_TO[value]);
                }
                false => {
                    minus(&mut column.groups, &UP_TO[group]);
                    minus(&mut column.fine[group], &UP_TO[value]);
                }
            }
        }
    }

    /// Finds a statistic for each pixel of a row.
    #[inline(always)]
    fn every_pixel(&mut self, statistic: &Statistic<'_, Ranked>, values: &mut [f64]) {
        self.window.groups = [0; 16];
        self.columns[..self.run].iter().for_each(|column| plus(&mut self.window.groups, &column.groups));
        // No part is up to date.
        self.current = [usize::MAX; 16];
        for (pixel, value) in values.iter_mut().enumerate() {
            if let Some(before) = pixel.checked_sub(1) {
                plus(&mut self.window.groups, &self.columns[before + self.run].groups);
                minus(&mut self.window.groups, &self.columns[before].groups);
            }
            let count = usize::from(self.window.groups[15]);
            *value =
                statistic.kind.of_sorted(count, statistic.argument, |k| statistic.values[self.nth(pixel, k as u16)]);
        }
    }

    /// The `k`th element, of more, in the window of a pixel.
    #[inline(always)]
    fn nth(&mut self, pixel: usize, k: u16) -> usize {
        let group = up_to(&self.window.groups, k) & 15;
        let below = if group == 0 { 0 } else { self.window.groups[group - 1] };
        let current = self.current[group];
        self.current[group] = pixel;
        let fine = &mut self.window.fine[group];
        if current == usize::MAX || 2 * (pixel - current) > self.run {
            *fine = [0; 16];
            self.columns[pixel..][..self.run].iter().for_each(|column| plus(fine, &column.fine[group]));
        } else {
            for before in current..pixel {
                plus(fine, &self.columns[before + self.run].fine[group]);
                minus(fine, &self.columns[before].fine[group]);
            }
        }
        16 * group + up_to(fine, k - below)
    }
}

impl Bytes {
    /// Begins with so many rows of so many elements in each of some planes.
    pub fn begin(&mut self, planes: usize, height: usize, width: usize) {
        (self.height, self.width) = (height, width);
        self.ranks.resize(planes * height * width, 0);
    }

    /// Takes a row of elements, with whether each is selected.
    pub fn take<T: Ordered>(&mut self, row: &[T], selected: Option<&[u8]>, plane: usize, y: usize) {
        let ranks = &mut self.ranks[(plane * self.height + y) * self.width..][..self.width];
        for (rank, element) in ranks.iter_mut().zip(row) {
            *rank = element.key().into() as u16;
        }
        for (rank, selected) in ranks.iter_mut().zip(selected.unwrap_or_default()) {
            *rank = if *selected == 0 { 256 } else { *rank };
        }
    }

    fn row(&self, plane: usize, y: usize) -> &[u16] {
        &self.ranks[(plane * self.height + y) * self.width..][..self.width]
    }
}

#[inline(always)]
fn plus(counts: &mut Counts, others: &Counts) {
    counts.iter_mut().zip(others).for_each(|(count, other)| *count = count.wrapping_add(*other));
}

#[inline(always)]
fn minus(counts: &mut Counts, others: &Counts) {
    counts.iter_mut().zip(others).for_each(|(count, other)| *count = count.wrapping_sub(*other));
}

/// In how many places there are at most `k` elements.
#[inline(always)]
fn up_to(counts: &Counts, k: u16) -> usize {
    usize::from(counts.iter().map(|count| u16::from(*count <= k)).sum::<u16>())
}
