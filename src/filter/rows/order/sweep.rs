//! A window that moves over a block.

use super::geometry::{Moves, Run};
use super::ranking::Ranking;
use super::sets::{MovingSet, Statistic};
use super::wide::wide;

/// The values of a block.
pub struct Results<'r> {
    pub values: &'r mut [f64],
    /// How far rows are apart.
    pub pitch: usize,
    pub rows: usize,
    pub columns: usize,
}

/// A window that moves, and the one at the start of its way.
#[derive(Default)]
pub struct Sweep<S> {
    first: S,
    set: S,
}

impl<S: MovingSet> Sweep<S> {
    /// Finds a statistic for every pixel of a block, or stops if that is over.
    pub fn run(
        &mut self,
        moves: &Moves,
        ranking: &Ranking,
        statistic: &Statistic<'_, S::Kind>,
        results: &mut Results<'_>,
        is_over: &dyn Fn() -> bool,
    ) {
        self.first.reset(ranking);
        self.set.reset(ranking);
        wide(|| self.every_pixel(moves, ranking, statistic, results, is_over));
    }

    #[inline(always)]
    fn every_pixel(
        &mut self,
        moves: &Moves,
        ranking: &Ranking,
        statistic: &Statistic<'_, S::Kind>,
        results: &mut Results<'_>,
        is_over: &dyn Fn() -> bool,
    ) {
        let along_row = moves.layout.along_row;
        let (ways, len) = if along_row { (results.rows, results.columns) } else { (results.columns, results.rows) };
        let (way_step, step) = if along_row { (results.pitch, 1) } else { (1, results.pitch) };
        let ranks = &ranking.ranks[..];
        for way in 0..ways {
            if is_over() {
                return;
            }
            match way.checked_sub(1) {
                None => each(&moves.all, ranks, 0, |rank| self.first.add(rank)),
                Some(before) => {
                    each(&moves.leave_aside, ranks, before, |rank| self.first.remove(rank));
                    each(&moves.enter_aside, ranks, before, |rank| self.first.add(rank));
                }
            }
            self.set.copy_from(&self.first);
            let mut place = way;
            let out = &mut results.values[way * way_step..];
            out[0] = self.set.value(statistic);
            for at in 1..len {
                each(&moves.leave, ranks, place, |rank| self.set.remove(rank));
                each(&moves.enter, ranks, place, |rank| self.set.add(rank));
                place += moves.layout.stride();
                out[at * step] = self.set.value(statistic);
            }
        }
    }
}

/// Visits the ranks of some runs of elements, from a pixel's place on.
#[inline(always)]
fn each(runs: &[Run], ranks: &[u32], place: usize, mut visit: impl FnMut(u32)) {
    for run in runs {
        for rank in &ranks[place + run.start..][..run.len] {
            visit(*rank);
        }
    }
}
