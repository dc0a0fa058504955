//! Runs along a row: partial results of some neighbours, then of some of those, so that few reads make a long run.

use super::footprint::Columns;
use crate::tuning;

/// How the runs of columns of a pattern are combined: in levels, each of which combines some results of the level below that follow each
/// other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    /// The columns.
    pub runs: Vec<Columns>,
    /// Whether a column may be seen twice.
    pub idempotent: bool,
    /// How many results of the level below a level combines.
    pub levels: Vec<usize>,
}

/// A result of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunRead {
    /// Level 0 are the columns themselves.
    pub level: usize,
    /// The offset along the row of its first column.
    pub along: i32,
    /// How many columns it stands for.
    pub columns: usize,
}

impl Runs {
    /// The levels that take the fewest reads for these runs.
    pub fn of(runs: Vec<Columns>, idempotent: bool) -> Runs {
        let longest = runs.iter().map(|run| run.len).max().unwrap_or(0);
        let mut best = Runs { runs, idempotent, levels: Vec::new() };
        if longest <= tuning::SHORT_RUN {
            return best;
        }
        let most = longest / 2;
        let one = (2..=most.min(1024)).map(|m| vec![m]);
        // Three passes are worth it from some hundred columns on only, more from some thousand on.
        let two = (2..=most.min(24)).flat_map(|m| (2..=24).filter(move |n| m * n <= most).map(move |n| vec![m, n]));
        let more = (3..=most.ilog2()).flat_map(|count| {
            let fits = move |m: &usize| m.checked_pow(count).is_some_and(|columns| columns <= most);
            (2..=24).take_while(fits).map(move |m| vec![m; count as usize])
        });
        for levels in one.chain(two).chain(more) {
            let runs = Runs { levels, ..best.clone() };
            if runs.cost() < best.cost() {
                best = runs;
            }
        }
        best
    }

    /// Reads and writes for a register of pixels.
    pub fn cost(&self) -> usize {
        self.levels.iter().map(|m| 2 * m + tuning::LINE_INSTRUCTIONS).sum::<usize>() + 2 * self.last_reads().len()
    }

    /// How many columns a result of a level stands for.
    fn width(&self, level: usize) -> usize {
        self.levels[..level].iter().product()
    }

    /// The results of the level below that a level combines; along the row from the place of the result.
    pub fn reads_of_level(&self, level: usize) -> Vec<RunRead> {
        let columns = self.width(level);
        (0..self.levels[level]).map(|step| RunRead { level, along: (step * columns) as i32, columns }).collect()
    }

    /// The results that make the runs.
    pub fn last_reads(&self) -> Vec<RunRead> {
        let mut reads = Vec::new();
        for run in &self.runs {
            let mut covered = 0;
            for level in (0..=self.levels.len()).rev() {
                let columns = self.width(level);
                let mut read = |at: usize| reads.push(RunRead { level, along: run.first + at as i32, columns });
                while covered + columns <= run.len {
                    read(covered);
                    covered += columns;
                }
                if covered < run.len && self.idempotent && columns <= run.len {
                    read(run.len - columns);
                    covered = run.len;
                }
            }
        }
        reads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs_of(lens: &[usize], idempotent: bool) -> Runs {
        let mut first = -7;
        let mut columns = Vec::new();
        for len in lens {
            columns.push(Columns { pattern: 0, first, len: *len });
            // There is a gap of one column.
            first += *len as i32 + 1;
        }
        Runs::of(columns, idempotent)
    }

    /// How often each column from the first one on is seen.
    fn covered(runs: &Runs) -> Vec<usize> {
        fn add(runs: &Runs, level: usize, at: i32, columns: &mut [usize]) {
            match level {
                0 => columns[(at + 7) as usize] += 1,
                _ => runs
                    .reads_of_level(level - 1)
                    .iter()
                    .for_each(|read| add(runs, level - 1, at + read.along, columns)),
            }
        }
        let last = runs.runs.last().expect("there are runs");
        let mut columns = vec![0; (last.first + 7) as usize + last.len];
        runs.last_reads().into_iter().for_each(|read| add(runs, read.level, read.along, &mut columns));
        columns
    }

    #[test]
    fn every_column_is_seen_and_those_of_sums_once() {
        let long = [vec![20_001], vec![1_000_000]];
        let lens = (1..=300).map(|len| vec![len]).chain([vec![3, 40, 3], vec![12, 12], vec![1, 200, 30]]).chain(long);
        for lens in lens {
            let expected = |columns: &[usize], at: usize| columns.get(at).is_some_and(|times| *times > 0);
            for idempotent in [false, true] {
                let runs = runs_of(&lens, idempotent);
                let columns = covered(&runs);
                for run in &runs.runs {
                    for at in (run.first + 7) as usize..(run.first + 7) as usize + run.len {
                        assert!(expected(&columns, at) && (idempotent || columns[at] == 1), "{runs:?}");
                    }
                }
                let all: usize = lens.iter().sum();
                assert_eq!(columns.iter().filter(|times| **times > 0).count(), all, "{runs:?}");
            }
        }
    }

    #[test]
    fn a_run_of_a_million_takes_few_reads() {
        for idempotent in [false, true] {
            let runs = runs_of(&[1_000_001], idempotent);
            let reads = runs.levels.iter().sum::<usize>() + runs.last_reads().len();
            assert!(reads < 100, "{runs:?}: {reads}");
        }
    }

    #[test]
    fn reads_grow_with_the_root_of_the_run() {
        for len in 9..=300 {
            let runs = runs_of(&[len], false);
            let reads = runs.levels.iter().sum::<usize>() + runs.last_reads().len();
            assert!((reads as f64) < 3.0 * (len as f64).sqrt() + 4.0, "{runs:?}: {reads}");
        }
    }
}
