//! A window that moves over a block.

use super::geometry::Moves;
use super::ranking::Ranking;
use super::sets::{Moved, MovingSet};
use super::simd::{Level, Work, dispatch};
use super::statistic::{Statistic, Value};
use crate::tuning;

/// The values of a block.
pub struct Results<'r, T> {
    pub values: &'r mut [T],
    /// How far rows are apart. There is room for one more row, and for the pixels of some registers more in each.
    pub pitch: usize,
    pub rows: usize,
    pub columns: usize,
}

impl<T> Results<'_, T> {
    /// A row's.
    #[inline(always)]
    pub fn row(&mut self, row: usize) -> &mut [T] {
        &mut self.values[row * self.pitch..][..self.columns]
    }
}

/// A window that moves, and the one at the start of its way.
#[derive(Default)]
pub struct Sweep<S> {
    first: S,
    set: S,
}

impl<S: MovingSet> Sweep<S> {
    /// Finds a statistic for every pixel of a block, or stops if that is over.
    pub fn run<V: Value>(
        &mut self,
        moves: &Moves,
        ranking: &Ranking,
        statistic: Statistic<'_, S::Kind, V>,
        results: &mut Results<'_, V>,
        is_over: &dyn Fn() -> bool,
    ) {
        self.first.reset(ranking);
        self.set.reset(ranking);
        dispatch(EveryPixel { sweep: self, moves, ranks: S::ranks(ranking), statistic, results, is_over });
    }
}

/// The work on a block.
struct EveryPixel<'a, 'r, S: MovingSet, V> {
    sweep: &'a mut Sweep<S>,
    moves: &'a Moves,
    ranks: &'a [S::Rank],
    statistic: Statistic<'a, S::Kind, V>,
    results: &'a mut Results<'r, V>,
    is_over: &'a dyn Fn() -> bool,
}

impl<S: MovingSet, V: Value> Work for EveryPixel<'_, '_, S, V> {
    #[inline(always)]
    fn run<L: Level>(self, level: L) {
        let EveryPixel { sweep: Sweep { first, set }, moves, ranks, statistic, results, is_over } = self;
        let along_row = moves.layout.along_row;
        let (ways, len) = if along_row { (results.rows, results.columns) } else { (results.columns, results.rows) };
        let (way_step, step) = if along_row { (results.pitch, 1) } else { (1, results.pitch) };
        for way in 0..ways {
            if is_over() {
                return;
            }
            match way.checked_sub(1) {
                None => first.add(Moved { places: &moves.all, ranks, place: 0 }),
                Some(before) => {
                    first.remove(Moved { places: &moves.leave_aside, ranks, place: before });
                    first.add(Moved { places: &moves.enter_aside, ranks, place: before });
                }
            }
            set.copy_from(first);
            let mut place = way;
            let out = &mut results.values[way * way_step..];
            out[0] = set.value(level, &statistic);
            for at in 1..len {
                if at.is_multiple_of(tuning::LOOK_PIXELS) && is_over() {
                    return;
                }
                set.remove(Moved { places: &moves.leave, ranks, place });
                set.add(Moved { places: &moves.enter, ranks, place });
                place += moves.layout.stride();
                out[at * step] = set.value(level, &statistic);
            }
        }
    }
}
