//! The reductions: what checker, plan, engines and documents need to know of each is one row of a table.
//!
//! [`Reduction::row`] has a row for each reduction, and the compiler sees to it that none is missing. What only some passes
//! know, such as the instructions for a class, they match on [`Class`]: a new reduction of a known class asks for its row,
//! and for what is new about it.

mod class;
mod reference;
mod rules;
mod statistic;
mod table;

pub use self::class::{Class, Frequency, Monoid, Positional, Ranked, percentile_position};
pub use self::reference::Selected;
pub use self::rules::{Argument, LaneRule, NanRule, ResultRange};
pub use self::statistic::{entropy_term, most_frequent, trimmed};
pub use self::table::Row;
use crate::lang::ordered::Ordered;

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
        table::row(self)
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

    /// The same where the value is one of the elements; `None` for reductions whose value is computed. A median must be of an
    /// odd number of elements.
    pub fn choose<T: Ordered>(self, elements: &mut [T], positions: &[usize], argument: f64) -> Option<T> {
        let selected = Selected { elements, positions, argument };
        Some(match self {
            Reduction::Min => reference::min(selected),
            Reduction::Max => reference::max(selected),
            Reduction::Nth => reference::nth(selected),
            Reduction::Median => reference::chosen(Ranked::Median, selected),
            Reduction::Rank => reference::chosen(Ranked::Rank, selected),
            Reduction::Mode => reference::chosen_mode(selected),
            _ => return None,
        })
    }

    /// The same where the value is a number that follows from comparisons of the elements; `None` for other reductions.
    pub fn tell<T: Ordered>(self, elements: &mut [T], positions: &[usize], argument: f64) -> Option<f64> {
        let selected = Selected { elements, positions, argument };
        Some(match self {
            Reduction::ArgMin => reference::argmin(selected),
            Reduction::ArgMax => reference::argmax(selected),
            Reduction::Variety => reference::variety(selected),
            Reduction::Entropy => reference::entropy(selected),
            _ => return None,
        })
    }

    /// The ranks of `count` elements that it is made of, if that does not depend on the elements, and all take part.
    pub fn ranks(self, count: usize, argument: Option<f64>) -> Option<Vec<usize>> {
        match self.class() {
            Class::Ranked(ranked) if count > 0 => ranked.ranks(count, argument),
            Class::Ranked(_) | Class::Monoid(_) | Class::Positional(_) | Class::Frequency(_) => None,
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
