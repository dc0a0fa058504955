//! A network as data: the steps, and the wires on which the results are.

use std::collections::HashSet;

/// One step of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The first wire gets the lesser of the values on the two, the second the greater.
    Exchange(usize, usize),
    /// The first wire gets the lesser value; the second keeps what it has, which nothing reads any more.
    Min(usize, usize),
    /// The second wire gets the greater value; the first keeps what it has, which nothing reads any more.
    Max(usize, usize),
}

/// The steps that bring the wanted order statistics onto known wires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    pub steps: Vec<Step>,
    /// For each wanted rank, the wire that holds it at the end.
    pub outputs: Vec<usize>,
}

impl Step {
    /// The same step, on the wires that have these places in a list.
    pub fn on(self, wires: &[usize]) -> Self {
        match self {
            Self::Exchange(a, b) => Self::Exchange(wires[a], wires[b]),
            Self::Min(a, b) => Self::Min(wires[a], wires[b]),
            Self::Max(a, b) => Self::Max(wires[a], wires[b]),
        }
    }
}

impl Network {
    /// The number of minima and maxima.
    pub fn cost(&self) -> usize {
        self.steps.iter().map(|step| if matches!(step, Step::Exchange(..)) { 2 } else { 1 }).sum()
    }

    /// A network without what no output needs.
    pub fn pruned(steps: Vec<Step>, outputs: Vec<usize>) -> Self {
        let mut needed: HashSet<usize> = outputs.iter().copied().collect();
        let mut kept = Vec::with_capacity(steps.len());
        for &step in steps.iter().rev() {
            let (Step::Exchange(a, b) | Step::Min(a, b) | Step::Max(a, b)) = step;
            kept.push(match (needed.contains(&a), needed.contains(&b)) {
                (false, false) => continue,
                (true, false) => Step::Min(a, b),
                (false, true) => Step::Max(a, b),
                (true, true) => step,
            });
            needed.extend([a, b]);
        }
        kept.reverse();
        Self { steps: kept, outputs }
    }
}
