//! The table of reductions: what checker, plan, engines and documents need to know of each is one row.
//!
//! [`Reduction::row`] has a row for each reduction, and the compiler sees to it that none is missing. What only some passes
//! know, such as the instructions for a class, they match on [`Class`], so a new reduction of a known class asks for its row, and
//! for what is new about it.

mod reference;

use self::reference as of;

pub use self::reference::{Selected, percentile_position};

/// The reductions that engines implement; the others are made of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the functions of the language")]
pub enum Reduction {
    Sum,
    Product,
    Min,
    Max,
    /// Of a boolean window: how many are true.
    Count,
    ArgMin,
    ArgMax,
    Nth,
    Median,
    Rank,
    Percentile,
    TrimmedMean,
    Mode,
    Variety,
    Entropy,
}

/// What is known of a reduction.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name in the language and in listings.
    pub name: &'static str,
    /// How it goes about its elements.
    pub class: Class,
    /// What its second argument is, if it has one.
    pub argument: Option<Argument>,
    /// Its value where no element takes part.
    pub empty: f64,
    /// What NaN elements do to the value.
    pub nan: NanRule,
    /// What values it may have.
    pub result: ResultRange,
    /// In which lanes it may be computed.
    pub lanes: LaneRule,
    /// Whether the sign of a zero that comes out is that of the elements. If not, it is not specified, or always the same.
    pub passes_sign: bool,
    /// What it computes.
    pub reference: fn(Selected<'_>) -> f64,
}

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

/// What the second argument of a reduction is, and so what is demanded of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// A whole number: a rank from the smallest, or if negative from the largest.
    Rank,
    /// A whole number, not negative: a position among the elements that take part.
    Position,
    /// A number from 0 to 100.
    Percentage,
    /// A whole number, not negative: how many elements to leave out at either end.
    Trimmed,
}

/// What NaN elements do to the value of a reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NanRule {
    /// Arithmetic makes it NaN, without a comparison.
    Propagates,
    /// It is NaN if any element is, for which they must be compared.
    Poisons,
    /// A NaN counts as the best element, the first of several.
    Wins,
    /// A NaN is an element as others are.
    Passes,
    /// NaN elements do not take part.
    Skipped,
}

/// How the range of a reduction's result follows from that of its elements. Where the argument is wrong, the result is NaN as
/// well, and where nothing takes part it is [`Row::empty`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResultRange {
    /// A sum of elements.
    Sum,
    /// A product of elements.
    Product,
    /// One of the elements.
    Element,
    /// One of the elements if there are always equally many, and that number is odd, else the mean of two.
    Middle,
    /// Between two elements, rounded.
    Interpolated,
    /// A mean of elements, rounded.
    Mean,
    /// The position of a cell.
    Position,
    /// How many distinct elements there are, from 1 if one takes part.
    Distinct,
    /// From 0 to the natural logarithm of the number of cells, rounded.
    Entropy,
}

/// In which lanes the value of a reduction may be computed, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LaneRule {
    /// Any that hold every sum of some of the elements.
    PartialSums,
    /// Any that hold the number of cells, and are no narrower than the mask that is counted.
    Count,
    /// Any that hold the elements.
    Element,
    /// As for [`LaneRule::Element`] where [`ResultRange::Middle`] is one of the elements, else those of f64.
    Middle,
    /// Those of f64 only.
    F64,
}

impl Reduction {
    /// Every reduction.
    pub const ALL: [Reduction; 15] = [
        Reduction::Sum,
        Reduction::Product,
        Reduction::Min,
        Reduction::Max,
        Reduction::Count,
        Reduction::ArgMin,
        Reduction::ArgMax,
        Reduction::Nth,
        Reduction::Median,
        Reduction::Rank,
        Reduction::Percentile,
        Reduction::TrimmedMean,
        Reduction::Mode,
        Reduction::Variety,
        Reduction::Entropy,
    ];

    /// What is known of it.
    pub const fn row(self) -> &'static Row {
        match self {
            Reduction::Sum => &Row {
                name: "sum",
                class: Class::Monoid(Monoid::Sum),
                argument: None,
                empty: 0.0,
                nan: NanRule::Propagates,
                result: ResultRange::Sum,
                lanes: LaneRule::PartialSums,
                passes_sign: false,
                reference: of::sum,
            },
            Reduction::Product => &Row {
                name: "prod",
                class: Class::Monoid(Monoid::Product),
                argument: None,
                empty: 1.0,
                nan: NanRule::Propagates,
                result: ResultRange::Product,
                lanes: LaneRule::F64,
                passes_sign: true,
                reference: of::product,
            },
            Reduction::Min => &Row {
                name: "min",
                class: Class::Monoid(Monoid::Min),
                argument: None,
                empty: f64::NAN,
                nan: NanRule::Poisons,
                result: ResultRange::Element,
                lanes: LaneRule::Element,
                passes_sign: false,
                reference: of::min,
            },
            Reduction::Max => &Row {
                name: "max",
                class: Class::Monoid(Monoid::Max),
                argument: None,
                empty: f64::NAN,
                nan: NanRule::Poisons,
                result: ResultRange::Element,
                lanes: LaneRule::Element,
                passes_sign: false,
                reference: of::max,
            },
            Reduction::Count => &Row {
                name: "count",
                class: Class::Monoid(Monoid::Count),
                argument: None,
                empty: 0.0,
                nan: NanRule::Propagates,
                result: ResultRange::Sum,
                lanes: LaneRule::Count,
                passes_sign: false,
                reference: of::sum,
            },
            Reduction::ArgMin => &Row {
                name: "argmin",
                class: Class::Positional(Positional::ArgMin),
                argument: None,
                empty: -1.0,
                nan: NanRule::Wins,
                result: ResultRange::Position,
                lanes: LaneRule::F64,
                passes_sign: false,
                reference: of::argmin,
            },
            Reduction::ArgMax => &Row {
                name: "argmax",
                class: Class::Positional(Positional::ArgMax),
                argument: None,
                empty: -1.0,
                nan: NanRule::Wins,
                result: ResultRange::Position,
                lanes: LaneRule::F64,
                passes_sign: false,
                reference: of::argmax,
            },
            Reduction::Nth => &Row {
                name: "nth",
                class: Class::Positional(Positional::Nth),
                argument: Some(Argument::Position),
                empty: f64::NAN,
                nan: NanRule::Passes,
                result: ResultRange::Element,
                lanes: LaneRule::Element,
                passes_sign: true,
                reference: of::nth,
            },
            Reduction::Median => &Row {
                name: "median",
                class: Class::Ranked(Ranked::Median),
                argument: None,
                empty: f64::NAN,
                nan: NanRule::Poisons,
                result: ResultRange::Middle,
                lanes: LaneRule::Middle,
                passes_sign: false,
                reference: of::median,
            },
            Reduction::Rank => &Row {
                name: "rank",
                class: Class::Ranked(Ranked::Rank),
                argument: Some(Argument::Rank),
                empty: f64::NAN,
                nan: NanRule::Poisons,
                result: ResultRange::Element,
                lanes: LaneRule::Element,
                passes_sign: false,
                reference: of::rank,
            },
            Reduction::Percentile => &Row {
                name: "percentile",
                class: Class::Ranked(Ranked::Percentile),
                argument: Some(Argument::Percentage),
                empty: f64::NAN,
                nan: NanRule::Poisons,
                result: ResultRange::Interpolated,
                lanes: LaneRule::F64,
                passes_sign: false,
                reference: of::percentile,
            },
            Reduction::TrimmedMean => &Row {
                name: "trimmed_mean",
                class: Class::Ranked(Ranked::TrimmedMean),
                argument: Some(Argument::Trimmed),
                empty: f64::NAN,
                nan: NanRule::Poisons,
                result: ResultRange::Mean,
                lanes: LaneRule::F64,
                passes_sign: false,
                reference: of::trimmed_mean,
            },
            Reduction::Mode => &Row {
                name: "mode",
                class: Class::Frequency(Frequency::Mode),
                argument: None,
                empty: f64::NAN,
                nan: NanRule::Skipped,
                result: ResultRange::Element,
                lanes: LaneRule::Element,
                passes_sign: false,
                reference: of::mode,
            },
            Reduction::Variety => &Row {
                name: "variety",
                class: Class::Frequency(Frequency::Variety),
                argument: None,
                empty: 0.0,
                nan: NanRule::Skipped,
                result: ResultRange::Distinct,
                lanes: LaneRule::F64,
                passes_sign: false,
                reference: of::variety,
            },
            Reduction::Entropy => &Row {
                name: "entropy",
                class: Class::Frequency(Frequency::Entropy),
                argument: None,
                empty: 0.0,
                nan: NanRule::Skipped,
                result: ResultRange::Entropy,
                lanes: LaneRule::F64,
                passes_sign: false,
                reference: of::entropy,
            },
        }
    }

    /// The name in the language and in listings.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// How it goes about its elements.
    pub const fn class(self) -> Class {
        self.row().class
    }

    /// Whether the value depends on the order of the elements by size, so an engine needs them all at once.
    pub const fn is_order_statistic(self) -> bool {
        match self.class() {
            Class::Monoid(_) | Class::Positional(_) => false,
            Class::Ranked(_) | Class::Frequency(_) => true,
        }
    }

    /// The value of `elements`, which it may reorder, with their positions in the footprint, and k, q or i for the
    /// reductions that have it. Order statistics don't look at the positions.
    ///
    /// A wrong argument gives NaN: that there is none is an assertion of the kernel.
    pub fn apply(self, elements: &mut [f64], positions: &[usize], argument: f64) -> f64 {
        (self.row().reference)(Selected { elements, positions, argument })
    }

    /// The ranks of `count` elements that it is made of, if that does not depend on the elements, and all take part.
    pub fn ranks(self, count: usize, argument: Option<f64>) -> Option<Vec<usize>> {
        match self.class() {
            Class::Ranked(ranked) if count > 0 => ranked.ranks(count, argument),
            Class::Ranked(_) | Class::Monoid(_) | Class::Positional(_) | Class::Frequency(_) => None,
        }
    }
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
    /// As [`Reduction::ranks`], of one or more elements.
    fn ranks(self, count: usize, argument: Option<f64>) -> Option<Vec<usize>> {
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

#[cfg(test)]
mod tests {
    use super::{NanRule, Reduction};

    #[test]
    fn rows_agree_with_their_functions() {
        for op in Reduction::ALL {
            let row = op.row();
            let same = |x: f64, y: f64| x == y || x.is_nan() && y.is_nan();
            assert!(same(op.apply(&mut [], &[], 0.0), row.empty), "{}", row.name);
            let all = op.apply(&mut [f64::NAN, 2.0, 1.0, 2.0], &[0, 1, 2, 3], 0.0);
            let without = op.apply(&mut [2.0, 1.0, 2.0], &[1, 2, 3], 0.0);
            match row.nan {
                NanRule::Propagates | NanRule::Poisons | NanRule::Passes => assert!(all.is_nan(), "{}", row.name),
                NanRule::Wins => assert_eq!(all, 0.0, "{}", row.name),
                NanRule::Skipped => assert_eq!(all, without, "{}", row.name),
            }
        }
    }

    #[test]
    fn zeros_of_either_sign_are_one_value() {
        let zeros = || [0.0, -0.0, 3.0, 0.0];
        assert_eq!(Reduction::Mode.apply(&mut zeros(), &[], 0.0), 0.0);
        assert_eq!(Reduction::Variety.apply(&mut zeros(), &[], 0.0), 2.0);
    }
}
