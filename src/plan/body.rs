//! What the code for a block of pixels does, in order. Every decision is made here: the code generator transcribes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::analysis::Analysis;
use super::selection::Selection;
use super::store::Store;
use super::width::Width;
use crate::grid::lane::Lane;
use crate::lang::hir::{ExprId, FoldId};
use crate::lang::reductions::{Class, Monoid, Positional, Ranked, Reduction};
use crate::tuning;

/// The nodes of a kernel as a program for a block of pixels.
#[derive(Clone, Debug)]
pub struct Body {
    /// What is known of each node's values, and its lanes.
    pub analysis: Analysis,
    /// How many pixels a value stands for.
    pub width: Width,
    /// What is computed once for the block; what a step needs comes before it.
    pub steps: Vec<Step>,
    /// How the operations are done of which there is more than one way, by node.
    pub methods: Vec<Method>,
    /// After how many cells a loop over cells asks the host whether to stop, a power of two; never, if there are few.
    pub look_interval: Option<usize>,
    /// How each output becomes elements; none for a callback, which returns its value.
    pub stores: Vec<Store>,
}

/// One thing to compute.
#[derive(Clone, Debug)]
pub enum Step {
    /// A scalar node.
    Scalar(ExprId),
    /// Reductions that combine one element after the other.
    Combine(Combine),
    /// Order statistics by a network of minima and maxima.
    Select(Select),
    /// Order statistics by a function of the host.
    Host(Host),
    /// A fold.
    Fold(Fold),
}

/// How the cells of the footprint are visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// Each cell has code of its own.
    Unrolled,
    /// In a loop.
    Loop,
}

/// How the elements of a reduction are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// As a tree over all cells: those of one row first, then rows in pairs.
    Tree,
    /// In variables of a loop over the cells.
    Loop,
}

/// Reductions that visit the cells together, so that what they have in common is computed once.
#[derive(Clone, Debug)]
pub struct Combine {
    /// How.
    pub strategy: Strategy,
    /// The window nodes that they need at each cell, operands first.
    pub nodes: Vec<ExprId>,
    /// The reductions.
    pub reductions: Vec<Reduce>,
}

/// What combines one element after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combiner {
    /// An associative operation.
    Monoid(Monoid),
    /// A choice by the elements' order in the footprint.
    Positional(Positional),
}

/// One reduction.
#[derive(Clone, Debug)]
pub struct Reduce {
    /// The node.
    pub id: ExprId,
    /// What it computes.
    pub op: Combiner,
    /// The elements.
    pub window: ExprId,
    /// Which of them are selected; all without it.
    pub filter: Option<ExprId>,
    /// The scalar beside the elements.
    pub argument: Option<ExprId>,
    /// The lanes that elements are combined in.
    pub lane: Lane,
}

/// Order statistics of one window by one network.
#[derive(Clone, Debug)]
pub struct Select {
    /// The window nodes that are needed at each cell, operands first.
    pub nodes: Vec<ExprId>,
    /// The elements.
    pub window: ExprId,
    /// Which of them are selected, if not all; then either all statistics are medians, or none is.
    pub filter: Option<ExprId>,
    /// Their lanes.
    pub lane: Lane,
    /// Whether one of them may be NaN, which is looked for then.
    pub nan: bool,
    /// The ranks that the network finds, in ascending order.
    pub ranks: Vec<usize>,
    /// The network.
    pub selection: Arc<Selection>,
    /// What is made of the ranks.
    pub statistics: Vec<Statistic>,
}

/// An order statistic made of elements of known rank.
#[derive(Clone, Debug)]
pub struct Statistic {
    /// The node.
    pub id: ExprId,
    /// The lanes that it is computed in.
    pub lane: Lane,
    /// Whether a sum or a difference of two elements may be beyond the numbers of these lanes.
    pub may_overflow: bool,
    /// How.
    pub of_ranks: OfRanks,
}

/// A number made of elements by their ranks.
#[derive(Clone, Debug, PartialEq)]
pub enum OfRanks {
    /// The element of a rank.
    Element(usize),
    /// Half the sum of two.
    Midpoint(usize, usize),
    /// The middle of those that are selected, where as many others are below as above, or one more below: one of these two, or half their
    /// sum.
    Middle(usize, usize),
    /// Between two, this fraction of the way.
    Between(usize, usize, f64),
    /// The mean of some.
    Mean(Vec<usize>),
    /// Between elements of ranks that depend on how many are selected: for 1, 2 and so on, where that many have such a one.
    ByCount(Vec<Option<Between>>),
    /// The mean of those that are selected, but so many of the least and so many of the greatest ones: fewer than all, if all are.
    Trimmed {
        /// How many on either side.
        each: usize,
        /// How many may be selected.
        of: usize,
    },
}

/// A place between two elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between {
    /// The rank of the lower one.
    pub low: usize,
    /// That of the higher one, which may be the same.
    pub high: usize,
    /// Which fraction of the way it is.
    pub t: f64,
}

/// Order statistics of one window by the host.
#[derive(Clone, Debug)]
pub struct Host {
    /// The window nodes that are needed at each cell, operands first.
    pub nodes: Vec<ExprId>,
    /// The elements.
    pub window: ExprId,
    /// Which of them are selected; all without it.
    pub filter: Option<ExprId>,
    /// How elements get into the scratch memory.
    pub visit: Visit,
    /// The statistics; each is one call for a block.
    pub statistics: Vec<HostStatistic>,
}

/// An order statistic by the host.
#[derive(Clone, Debug)]
pub struct HostStatistic {
    /// The node.
    pub id: ExprId,
    /// Which it is.
    pub op: Reduction,
    /// The scalar beside the elements.
    pub argument: Option<ExprId>,
    /// Why there is no network.
    pub why: NoNetwork,
}

/// Why an order statistic is not found by a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoNetwork {
    /// There are more elements than networks have, which is this number.
    Large(usize),
    /// How many elements are selected depends on the pixel, and there are more than networks for those have, which is this number.
    Filtered(usize),
    /// So it is, and a pixel on its own has a branch for each element instead.
    FilteredPixel,
    /// Its argument depends on params or on the pixel, or is none that can hold.
    Argument,
    /// It counts equal elements.
    Counts,
    /// The number of cells is not known.
    AnyLength,
}

/// A fold over the cells.
#[derive(Clone, Debug)]
pub struct Fold {
    /// Which.
    pub id: FoldId,
    /// How cells are visited.
    pub visit: Visit,
    /// As [`Body::look_interval`], for this loop.
    pub look_interval: Option<usize>,
    /// The window nodes that it needs at each cell, operands first.
    pub nodes: Vec<ExprId>,
    /// The lanes of its accumulators, which stay the same from the first cell to the last.
    pub accumulators: Vec<Lane>,
    /// What is computed at each cell.
    pub body: Vec<Step>,
}

/// How an operation is done, where there is more than one way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Method {
    /// The plain way.
    #[default]
    Plain,
    /// A quotient by this whole number: by its reciprocal in two parts.
    Reciprocal(f64),
    /// A quotient of which only the nearest integer counts: a product with this f32.
    Scaled(f64),
    /// A quotient of 16-bit integers of which only the nearest integer counts: the upper half of twice the product with this, rounded.
    WordScaled(i16),
    /// A sum of which the second operand, or without that the first, is a product with a power of two: the product is exact, so one
    /// instruction that rounds once gives the same.
    SumWithExactProduct {
        /// Which.
        second: bool,
    },
    /// A difference that nothing but its square is made of: the operands may be exchanged, so that two rows of pixels have the
    /// same instructions for the same difference.
    SignInsensitive,
    /// A power of two that does not overflow: what is less than a normal number may become zero.
    Bounded,
}

impl Body {
    /// Calls `visit` for every step, those inside folds included, with the number of loops over cells around it.
    pub fn for_each_step(&self, mut visit: impl FnMut(&Step, usize)) {
        fn walk(steps: &[Step], depth: usize, visit: &mut impl FnMut(&Step, usize)) {
            for step in steps {
                visit(step, depth);
                if let Step::Fold(fold) = step {
                    walk(&fold.body, depth + usize::from(fold.visit == Visit::Loop), visit);
                }
            }
        }
        walk(&self.steps, 0, &mut visit);
    }

    /// Whether an order statistic is computed by the host.
    pub fn calls_host(&self) -> bool {
        let mut calls = false;
        self.for_each_step(|step, _| calls |= matches!(step, Step::Host(_)));
        calls
    }
}

impl NoNetwork {
    /// Why there is no network for an order statistic over so many cells, which has a filter or not, and an argument that is constant
    /// or not, where networks have at most so many elements; nothing if there is one.
    pub fn of(op: Reduction, taps: usize, filtered: bool, constant: bool, most: usize) -> Option<NoNetwork> {
        let Class::Ranked(ranked) = op.class() else { return Some(NoNetwork::Counts) };
        let most_filtered = match ranked {
            Ranked::Median => tuning::MAX_FILTERED_NETWORK,
            Ranked::Rank | Ranked::Percentile | Ranked::TrimmedMean => tuning::MAX_COUNTED_NETWORK,
        };
        let padded = (2..=most_filtered).contains(&taps);
        if taps > most {
            Some(NoNetwork::Large(most))
        } else if filtered && !padded {
            Some(NoNetwork::Filtered(most_filtered))
        } else {
            (!constant).then_some(NoNetwork::Argument)
        }
    }
}

impl OfRanks {
    /// The ranks, in ascending order.
    pub fn ranks(&self) -> Vec<usize> {
        match self {
            OfRanks::Element(rank) => vec![*rank],
            OfRanks::Midpoint(low, high) | OfRanks::Middle(low, high) | OfRanks::Between(low, high, _) => {
                vec![*low, *high]
            }
            OfRanks::Mean(ranks) => ranks.clone(),
            OfRanks::ByCount(places) => {
                let both = places.iter().flatten().flat_map(|place| [place.low, place.high]);
                both.collect::<BTreeSet<usize>>().into_iter().collect()
            }
            OfRanks::Trimmed { each, of } => (*each..of - each).collect(),
        }
    }
}
