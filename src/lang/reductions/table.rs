//! The table, a row for each reduction.

use super::reference as of;
use super::{
    Argument, Class, Frequency, LaneRule, Monoid, NanRule, Positional, Ranked, Reduction, ResultRange, Selected,
};

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

/// What is known of `op`.
pub(super) const fn row(op: Reduction) -> &'static Row {
    match op {
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
