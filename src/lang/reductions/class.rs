//! How reductions go about their elements.

/// The classes of reductions: what an engine needs of the elements, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// An associative, commutative operation with an identity: elements may be combined in any tree.
    Monoid(Monoid),
    /// A choice by the elements' order in the footprint, in one pass.
    Positional(Positional),
    /// An order statistic that is made of the elements of known ranks.
    Ranked(Ranked),
    /// An order statistic that is made of the distinct values and how often they occur.
    Frequency(Frequency),
}

/// The reductions that are monoids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the reductions")]
pub enum Monoid {
    Sum,
    Product,
    Min,
    Max,
    Count,
}

/// The reductions by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the reductions")]
pub enum Positional {
    ArgMin,
    ArgMax,
    Nth,
}

/// The reductions by rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the reductions")]
pub enum Ranked {
    Median,
    Rank,
    Percentile,
    TrimmedMean,
}

/// The reductions by frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the reductions")]
pub enum Frequency {
    Mode,
    Variety,
    Entropy,
}

impl Monoid {
    /// The value that changes no other when it is combined with it.
    pub const fn identity(self) -> f64 {
        match self {
            Monoid::Sum | Monoid::Count => 0.0,
            Monoid::Product => 1.0,
            Monoid::Min => f64::INFINITY,
            Monoid::Max => f64::NEG_INFINITY,
        }
    }
}

impl Ranked {
    /// As [`Reduction::ranks`](super::Reduction::ranks), of one or more elements.
    pub fn ranks(self, count: usize, argument: Option<f64>) -> Option<Vec<usize>> {
        match self {
            Ranked::Median if count % 2 == 1 => Some(vec![count / 2]),
            Ranked::Median => Some(vec![count / 2 - 1, count / 2]),
            Ranked::Rank => {
                let k = argument?;
                let k = if k < 0.0 { k + count as f64 } else { k };
                (k >= 0.0 && k < count as f64 && k.fract() == 0.0).then_some(vec![k as usize])
            }
            Ranked::Percentile => {
                let position = percentile_position(argument.filter(|q| (0.0..=100.0).contains(q))?, count);
                let lower = position as usize;
                Some(if position.fract() == 0.0 { vec![lower] } else { vec![lower, lower + 1] })
            }
            Ranked::TrimmedMean => {
                let k = argument?;
                let valid = k >= 0.0 && k.fract() == 0.0 && 2.0 * k < count as f64;
                valid.then(|| (k as usize..count - k as usize).collect())
            }
        }
    }
}

/// Where a percentile is among `count` sorted elements: at a rank, or between two.
pub fn percentile_position(percentage: f64, count: usize) -> f64 {
    percentage / 100.0 * (count - 1) as f64
}
