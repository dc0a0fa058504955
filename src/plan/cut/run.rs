//! Runs along a row: partial results of some neighbours, then of some of those, so that few reads make a long run.

use crate::lang::hir::{Builder, Expr, ExprId};
use crate::lang::ops::BinaryOp;
use crate::lang::reductions::Monoid;
use crate::lang::types::Type;
use crate::tuning;

/// How a run of columns is combined: in levels, each of which combines some results of the level below that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// How many columns there are.
    pub len: usize,
    /// How many results of the level below a level combines.
    pub levels: Vec<usize>,
}

impl Run {
    /// The levels that take the fewest reads for a run of `len` columns.
    pub fn of(len: usize) -> Run {
        let mut best = Run { len, levels: Vec::new() };
        if len <= tuning::SHORT_RUN {
            return best;
        }
        let most = len / 2;
        let one = (2..=most).map(|m| vec![m]);
        // Three passes are worth it from some hundred columns on only.
        let two = (2..=most.min(24)).flat_map(|m| (2..=24).filter(move |n| m * n <= most).map(move |n| vec![m, n]));
        for levels in one.chain(two) {
            let run = Run { len, levels };
            if run.cost() < best.cost() {
                best = run;
            }
        }
        best
    }

    /// Reads and writes for a register of pixels.
    pub fn cost(&self) -> usize {
        self.levels.iter().map(|m| 2 * m + tuning::LINE_INSTRUCTIONS).sum::<usize>()
            + 2 * self.last_reads(Monoid::Sum).len()
    }

    /// How many columns a result of a level stands for; level 0 are the columns themselves.
    fn width(&self, level: usize) -> usize {
        self.levels[..level].iter().product()
    }

    /// Where the results that a level combines are in the level below, from the place of the result.
    pub fn reads_of_level(&self, level: usize) -> Vec<i32> {
        (0..self.levels[level]).map(|step| (step * self.width(level)) as i32).collect()
    }

    /// The results that make the run: of which level, and how far from the first column.
    pub fn last_reads(&self, monoid: Monoid) -> Vec<(usize, i32)> {
        let mut reads = Vec::new();
        let mut covered = 0;
        for level in (0..=self.levels.len()).rev() {
            let width = self.width(level);
            while covered + width <= self.len {
                reads.push((level, covered as i32));
                covered += width;
            }
            // An extreme may see an element twice.
            if covered < self.len && matches!(monoid, Monoid::Min | Monoid::Max) && width <= self.len {
                reads.push((level, (self.len - width) as i32));
                covered = self.len;
            }
        }
        reads
    }
}

/// The value that a monoid makes of lines at some places, as a balanced tree.
pub fn combined(
    builder: &mut Builder,
    monoid: Monoid,
    reads: impl Iterator<Item = (usize, i32)>,
    offset: impl Fn(i32) -> Vec<i32>,
) -> Option<ExprId> {
    let mut values: Vec<ExprId> = reads.map(|(line, along)| at(builder, line, offset(along))).collect();
    let op = match monoid {
        Monoid::Sum | Monoid::Count => BinaryOp::Add,
        Monoid::Min => BinaryOp::Min,
        Monoid::Max => BinaryOp::Max,
        Monoid::Product => return None,
    };
    while values.len() > 1 {
        let pairs = values.chunks(2).map(|pair| match *pair {
            [x, y] => builder.binary(op, x, y),
            _ => pair[0],
        });
        values = pairs.collect();
    }
    values.pop()
}

/// A line's value at an offset.
fn at(builder: &mut Builder, input: usize, offset: Vec<i32>) -> ExprId {
    builder.leaf(Expr::At { input, offset: offset.into() }, Type::NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each column is in the run.
    fn covered(run: &Run, monoid: Monoid) -> Vec<usize> {
        fn add(run: &Run, level: usize, at: i32, columns: &mut [usize]) {
            match level {
                0 => columns[at as usize] += 1,
                _ => run.reads_of_level(level - 1).iter().for_each(|step| add(run, level - 1, at + step, columns)),
            }
        }
        let mut columns = vec![0; run.len];
        run.last_reads(monoid).into_iter().for_each(|(level, at)| add(run, level, at, &mut columns));
        columns
    }

    #[test]
    fn every_column_is_seen_and_those_of_sums_once() {
        for len in 1..=300 {
            let run = Run::of(len);
            assert!(covered(&run, Monoid::Sum).iter().all(|times| *times == 1), "{run:?}");
            assert!(covered(&run, Monoid::Max).iter().all(|times| *times >= 1), "{run:?}");
        }
    }

    #[test]
    fn reads_grow_with_the_root_of_the_run() {
        for len in 9..=300 {
            let run = Run::of(len);
            let reads = run.levels.iter().sum::<usize>() + run.last_reads(Monoid::Sum).len();
            assert!((reads as f64) < 3.0 * (len as f64).sqrt() + 4.0, "{run:?}: {reads}");
        }
    }
}
