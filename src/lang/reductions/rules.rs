//! What the rows of the table say, for the passes that interpret it.

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
/// well, and where nothing takes part it is [`super::Row::empty`].
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
