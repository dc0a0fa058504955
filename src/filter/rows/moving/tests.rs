//! Each way to find order statistics in a block, with the instructions of every level, against sorting.

use super::bins::{Bins, BinsOfWindows, SIDE};
use super::bisection::{Keys, OfRank, of_bytes, of_shorts};
use super::bytes::Bytes;
use super::columns::{ColumnSums, FewRanks, OfColumns};
use super::found_line::FoundLine;
use super::geometry::{ColumnMoves, PairOfRows};
use super::ranking::Ranking;
use super::simd::at_every_level;
use super::simd::{Level, Running, Work, dispatch};
use super::statistic::Statistic;
use crate::grid::lane::Lane;
use crate::lang::reductions::Ranked;

/// Pixels of a block, and the sides of a window.
const ROWS: usize = 7;
const COLUMNS: usize = 150;

/// The elements around a block of pixels whose windows are boxes of this height and width.
struct Around<T> {
    elements: Vec<T>,
    height: usize,
    width: usize,
}

impl<T: Copy + Ord> Around<T> {
    fn new(height: usize, width: usize, mut element: impl FnMut(u64, usize) -> T) -> Around<T> {
        let mut random = fastrand::Rng::with_seed((height * 1000 + width) as u64);
        let count = (ROWS + height - 1) * (COLUMNS + width - 1);
        Around { elements: (0..count).map(|at| element(random.u64(..), at)).collect(), height, width }
    }

    fn row(&self, y: usize) -> &[T] {
        let len = COLUMNS + self.width - 1;
        &self.elements[y * len..][..len]
    }

    fn row_count(&self) -> usize {
        ROWS + self.height - 1
    }

    /// The elements of a pixel's window that a condition selects, in order.
    fn sorted(&self, y: usize, x: usize, has: impl Fn(usize, usize) -> bool) -> Vec<T> {
        let cells = (0..self.height).flat_map(|dy| (0..self.width).map(move |dx| (dy, dx)));
        let mut elements: Vec<T> =
            cells.filter(|(dy, dx)| has(*dy, *dx)).map(|(dy, dx)| self.row(y + dy)[x + dx]).collect();
        elements.sort_unstable();
        elements
    }
}

/// The cells of a window and of the one below it.
fn pair(height: usize, width: usize, has: impl Fn(usize, usize) -> bool) -> PairOfRows {
    let has = |y: usize, x: usize| y < height && x < width && has(y, x);
    let (mut both, mut first, mut second) = (Vec::new(), Vec::new(), Vec::new());
    for (y, x) in (0..=height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        match (has(y, x), y > 0 && has(y - 1, x)) {
            (true, true) => both.push((0, y, x)),
            (true, false) => first.push((0, y, x)),
            (false, true) => second.push((0, y, x)),
            (false, false) => {}
        }
    }
    PairOfRows { both, first, second }
}

fn box_moves(height: usize) -> ColumnMoves {
    let rows = |rows: std::ops::Range<usize>| rows.map(|y| (0, y)).collect();
    ColumnMoves { all: rows(0..height), enter: rows(height..height + 1), leave: rows(0..1) }
}

#[test]
fn elements_of_columns_are_those_of_sorted_windows() {
    for (height, width) in [(4, 9), (15, 15), (31, 8), (260, 3)] {
        // Values near each other, and any.
        for spread in [40, 256] {
            let around = Around::new(height, width, |random, _| (100 + random % spread) as u8);
            let mut bytes = Bytes::default();
            bytes.begin(1, around.row_count(), COLUMNS + width - 1, false);
            (0..around.row_count()).for_each(|y| bytes.take(around.row(y), None, 0, y));
            let rank = height * width / 3;
            let values: [i8; 256] = std::array::from_fn(|rank| rank as i8);
            at_every_level(|level| {
                let of = OfColumns { bytes: &bytes, moves: &box_moves(height), run: width, is_over: &|| false };
                let mut line = FoundLine::default();
                line.begin(Lane::U8, ROWS, COLUMNS);
                let mut found = line.bytes(&(0..COLUMNS));
                ColumnSums::default().find_element(of, FewRanks, rank, &values, &mut found);
                for (y, x) in (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| (y, x))) {
                    let expected = around.sorted(y, x, |_, _| true)[rank];
                    assert_eq!(found.row(y)[x] as u8, expected, "{height} x {width}, {level:?}, at {y}, {x}");
                }
            });
        }
    }
}

#[test]
fn elements_of_bins_are_those_of_sorted_windows() {
    // So few elements that a bin has 64 of them; 128; 256, the last of which are not there.
    for (height, width) in [(3, 3), (80, 9), (200, 5), (240, 20)] {
        for (spread, filtered) in [(30, false), (30, true), (u64::MAX, false), (u64::MAX, true)] {
            let around = Around::new(height, width, |random, _| (random % spread) as u32);
            // What is selected depends on the place alone, so that some windows may have nothing.
            let is_selected = |y: usize, x: usize| !filtered || (y / 4 + x / 5).is_multiple_of(3);
            let (mut ranking, mut bytes, mut bins) = (Ranking::default(), Bytes::default(), Bins::default());
            bytes.begin(1, around.row_count(), SIDE, filtered);
            ranking.begin(0, false);
            for y in 0..around.row_count() {
                let selected: Vec<u8> = (0..around.row(y).len()).map(|x| is_selected(y, x).into()).collect();
                ranking.take(around.row(y), filtered.then_some(&selected), y * SIDE, 1);
            }
            ranking.end_bins::<u32>(&mut bytes, &mut bins);
            let expected = |y: usize, x: usize| {
                let elements = around.sorted(y, x, |dy, dx| is_selected(y + dy, x + dx));
                Ranked::Percentile.of_sorted(elements.len(), 30.0, |k| elements[k].into())
            };
            let pixels = || (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| (y, x)));
            let expected: Vec<f64> = pixels().map(|(y, x)| expected(y, x)).collect();
            at_every_level(|level| {
                let of = OfColumns { bytes: &bytes, moves: &box_moves(height), run: width, is_over: &|| false };
                let mut line = FoundLine::default();
                line.begin(Lane::F64, ROWS, COLUMNS);
                let mut found = line.numbers(&(0..COLUMNS));
                let statistic = Statistic { kind: Ranked::Percentile, argument: 30.0, values: &ranking.values };
                let bins = BinsOfWindows { bins: &bins, size: [height, width], has_nans: false };
                ColumnSums::default().find(of, bins, None, statistic, &mut found);
                for ((y, x), expected) in pixels().zip(&expected) {
                    let found = found.row(y)[x];
                    let same = found == *expected || found.is_nan() && expected.is_nan();
                    assert!(same, "{height} x {width}, {level:?}, at {y}, {x}: {found} for {expected}");
                }
            });
        }
    }
}

#[test]
fn bits_of_elements_are_those_of_sorted_windows() {
    let ring = |y: usize, x: usize| (y * 3 + x) % 7 != 2;
    for (height, width) in [(1, 5), (3, 3), (5, 12), (11, 11)] {
        let cells = pair(height, width, ring);
        let rank = (cells.both.len() + cells.first.len()) / 3;
        let shorts = Around::new(height, width, |random, _| (random >> 40) as i16);
        let mut long_keys = Keys::default();
        long_keys.begin(1, shorts.row_count(), COLUMNS + width - 1);
        (0..shorts.row_count()).for_each(|y| long_keys.take(shorts.row(y), 0, y));
        at_every_level(|level| {
            let mut line = FoundLine::default();
            line.begin(Lane::I16, ROWS, COLUMNS);
            let mut found = line.shorts(&(0..COLUMNS));
            of_shorts(&long_keys, OfRank { rank, cells: &cells, unsigned: false, is_over: &|| false }, &mut found);
            for (y, x) in (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| (y, x))) {
                let expected = shorts.sorted(y, x, ring)[rank];
                assert_eq!(found.row(y)[x], expected, "{height} x {width}, {level:?}, at {y}, {x}");
            }
        });
        // With few bits that differ; any bytes; those near those above, those of which many are the least or the greatest, too.
        let images: [&dyn Fn(u64, usize) -> u8; 4] = [
            &|random, _| (64 + random % 16) as u8,
            &|random, _| random as u8,
            &|random, at| (at / 20 % 400 + (random % 9) as usize).saturating_sub(60).min(255) as u8,
            &|random, _| (random as i64 % 900).clamp(0, 255) as u8,
        ];
        for (number, image) in images.into_iter().enumerate() {
            let bytes = Around::new(height, width, image);
            let mut keys = Keys::default();
            keys.begin(1, bytes.row_count(), COLUMNS + width - 1);
            (0..bytes.row_count()).for_each(|y| keys.take(bytes.row(y), 0, y));
            at_every_level(|level| {
                let mut line = FoundLine::default();
                line.begin(Lane::U8, ROWS, COLUMNS);
                let mut found = line.bytes(&(0..COLUMNS));
                of_bytes(&keys, OfRank { rank, cells: &cells, unsigned: true, is_over: &|| false }, &mut found);
                for (y, x) in (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| (y, x))) {
                    let expected = bytes.sorted(y, x, ring)[rank];
                    let what = format!("{height} x {width}, image {number}, {level:?}, at {y}, {x}");
                    assert_eq!(found.row(y)[x] as u8, expected, "{what}");
                }
            });
        }
    }
}

/// Finds bits that are set, numbers that are equal, and places in a box.
struct Bits;

impl Work for Bits {
    #[inline(always)]
    fn run<L: Level>(self, level: L) {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..100 {
            let bits = random.u64(..) & random.u64(..) | 1 << random.u32(..64);
            let places = (0..64).filter(|place| bits >> place & 1 == 1);
            places.enumerate().for_each(|(n, place)| assert_eq!(level.nth_bit(bits, n as u32), place, "{bits:b}"));
            let numbers: [u32; 32] = std::array::from_fn(|_| random.u32(..3) << 30);
            let is_equal = (0..32).filter(|at| numbers[*at] == 1 << 31);
            assert_eq!(level.equal(&numbers, 1 << 31), is_equal.map(|at| 1 << at).sum(), "{numbers:?}");
            let [ys, xs]: [[u8; 64]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| random.u8(..)));
            let [first, size]: [[u8; 2]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| random.u8(1..)));
            let has = |place: u8, axis: usize| place.wrapping_sub(first[axis]) < size[axis];
            let inside = (0..64).filter(|at| has(ys[*at], 0) && has(xs[*at], 1)).map(|at| 1 << at).sum();
            assert_eq!(level.inside([&ys, &xs], first, size), inside, "{ys:?}, {xs:?}, {first:?}, {size:?}");
        }
    }
}

#[test]
fn bits_that_are_set_are_found() {
    at_every_level(|_| dispatch(Bits));
}

/// Sums that run along rows of every length up to a few vectors; of i32s some wrap.
struct RunningSums;

impl Work for RunningSums {
    #[inline(always)]
    fn run<L: Level>(self, level: L) {
        let mut random = fastrand::Rng::with_seed(2);
        for len in 0..70 {
            let [more, less]: [Vec<i32>; 2] = std::array::from_fn(|_| (0..len).map(|_| random.i32(..)).collect());
            let (before, mut sum) = (random.i32(..), 0i64);
            let mut expected = |at: usize| {
                sum += i64::from(more[at]) - i64::from(less[at]);
                i64::from(before) + sum
            };
            let expected: Vec<i64> = (0..len).map(&mut expected).collect();
            let mut ints = vec![0; len];
            level.running(before, &more, &less, &mut ints);
            assert!(ints.iter().zip(&expected).all(|(found, sum)| *found == *sum as i32), "{ints:?}, not {expected:?}");
            let numbers = |ints: &[i32]| -> Vec<f64> { ints.iter().map(|int| f64::from(*int)).collect() };
            let mut floats = vec![0.0; len];
            Running::<f64>::running(level, f64::from(before), &numbers(&more), &numbers(&less), &mut floats);
            let same = floats.iter().zip(&expected).all(|(found, sum)| *found == *sum as f64);
            assert!(same, "{floats:?}, not {expected:?}");
        }
    }
}

#[test]
fn sums_run_along_rows_of_any_length() {
    at_every_level(|_| dispatch(RunningSums));
}
