//! By which means an order statistic moves.

use super::cells::OrderCells;
use crate::grid::lane::Lane;
use crate::lang::reductions::{Class, Frequency, Ranked, Reduction};
use crate::tuning;

/// What is known of a window's elements while it moves, and what is made of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Of 8 bits, over a box: a histogram of each column, and their sums (Perreault and Hébert 2007).
    Columns(Ranked),
    /// The element of this rank, of 8 or 16 bits, over few cells: bit by bit, by counting those that are less.
    Bisection(usize),
    /// Of more bits, over a box: the same of ranks among the elements of a block, some of which share a bin of the histogram; those
    /// of one bin are told apart by their places.
    Bins(Ranked),
    /// Of 8 bits: how often each value occurs (Huang, Yang and Tang 1979).
    Histogram(Ranked),
    /// Which ranks among the elements of a block there are, as a set of bits (Suomela 2014).
    Ranks(Ranked),
    /// How often each distinct value occurs, of 8 bits or of those in a block.
    Values(Frequency),
}

impl Method {
    /// The means for a reduction of elements in such lanes, over a footprint with these cells; none if it is no order statistic. If it is
    /// the `element` of a rank, and all are selected, that is one of them.
    pub fn of(op: Reduction, lane: Lane, cells: &OrderCells, element: Option<usize>) -> Option<Method> {
        let few_values = lane.bytes() == 1;
        match op.class() {
            Class::Ranked(ranked) => match element {
                Some(rank) if cells.count() <= most_bisected(lane, cells) => Some(Method::Bisection(rank)),
                _ if !few_values && ranked != Ranked::TrimmedMean && suits_bins(cells, element) => {
                    Some(Method::Bins(ranked))
                }
                _ if !few_values => Some(Method::Ranks(ranked)),
                // It asks for each of many ranks.
                _ if ranked == Ranked::TrimmedMean => Some(Method::Histogram(ranked)),
                _ if suits_columns(cells) => Some(Method::Columns(ranked)),
                _ => Some(Method::Histogram(ranked)),
            },
            Class::Frequency(frequency) => Some(Method::Values(frequency)),
            Class::Monoid(_) | Class::Positional(_) => None,
        }
    }
}

/// Of how many cells an element is found bit by bit, at most.
fn most_bisected(lane: Lane, cells: &OrderCells) -> usize {
    match lane.bytes() {
        1 if suits_columns(cells) => tuning::MAX_BISECTED_BOX,
        // More are counted in 16 bits, where bytes are without a sign.
        1 if lane == Lane::U8 => tuning::MAX_BISECTED,
        1 => usize::from(u8::MAX),
        2 => tuning::MAX_BISECTED_SHORTS,
        _ => 0,
    }
}

/// Whether cells are a box, so that all columns have the same ones, and few enough for counts of 16 bits. Histograms of columns are then the
/// fastest, even of one cell each: 0.5 to 0.7 of the time of the other methods.
fn suits_columns(cells: &OrderCells) -> bool {
    cells.count() <= usize::from(u16::MAX) && cells.is_box()
}

/// Whether cells are a box in one plane, of which enough windows have theirs in a block for bins. For `element`, one element is asked for.
fn suits_bins(cells: &OrderCells, element: Option<usize>) -> bool {
    let sides = [cells.y.span + 1, cells.x.span + 1];
    let least = tuning::LEAST_BINNED_SIDES[usize::from(element.is_none())];
    let fits = |side: &usize| (least..=tuning::MOST_BINNED_SIDE).contains(side);
    cells.planes.len() == 1 && sides.iter().all(fits) && cells.count() == sides[0] * sides[1]
}
