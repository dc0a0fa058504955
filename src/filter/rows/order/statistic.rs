//! What is to be found of each window.

/// What is to be found.
#[derive(Clone, Copy)]
pub struct Statistic<'a, K> {
    pub kind: K,
    pub argument: f64,
    /// The numbers, by rank.
    pub values: &'a [f64],
}
