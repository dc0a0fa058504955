//! Sorting and selection networks. (Interface; the networks are on their way.)

/// One step.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Exchange(usize, usize),
    Min(usize, usize),
    Max(usize, usize),
}

/// A network.
#[derive(Clone, Debug)]
pub struct Network {
    pub steps: Vec<Step>,
    pub outputs: Vec<usize>,
}

impl Network {
    pub fn cost(&self) -> usize {
        self.steps.len() * 2
    }
    pub fn shared_cost(&self, _share: usize) -> f64 {
        self.cost() as f64
    }
}

pub fn select(n: usize, ranks: &[usize]) -> Network {
    let mut steps = vec![];
    for i in 0..n {
        for j in 0..n - 1 - i {
            steps.push(Step::Exchange(j, j + 1));
        }
    }
    Network { steps, outputs: ranks.to_vec() }
}

pub fn select_grouped(groups: &[usize], ranks: &[usize], _share: usize) -> Network {
    select(groups.iter().sum(), ranks)
}
