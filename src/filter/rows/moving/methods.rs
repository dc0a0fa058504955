//! The methods by which order statistics of a block are found, and what a thread keeps for each.

use std::ops::Range;

use super::bins::{Bins, BinsOfWindows, SIDE};
use super::bisection::{Keys, OfRank, of_bytes, of_shorts};
use super::bytes::Bytes;
use super::columns::{ColumnSums, FewRanks, OfColumns};
use super::found_line::FoundLine;
use super::frequency::{FewCounts, ValueCounts};
use super::geometry::Moves;
use super::histogram::{Histogram, TrimmedSums};
use super::keys::{Sortable, for_lane};
use super::rank_set::RankSet;
use super::ranking::{HasSorter, Ranking};
use super::rows::{CellsOfRow, ElementRows};
use super::sets::MovingSet;
use super::shared::OrderContext;
use super::statistic::Statistic;
use super::sweep::Sweep;
use crate::filter::rows::border::BorderMap;
use crate::filter::rows::context::RunContext;
use crate::lang::reductions::Ranked;
use crate::plan::moving::method::Method;
use crate::plan::moving::pass::{OrderArgument, OrderStatistic};

/// One thread's memory for what is known of elements and windows; all passes use it in turn.
#[derive(Default)]
pub struct Memory {
    row: ElementRows,
    ranking: Ranking,
    bytes: Bytes,
    bins: Bins,
    keys8: Keys<i8>,
    keys16: Keys<i16>,
    columns: ColumnSums,
    sets: Sets,
}

/// Sets of elements that move.
#[derive(Default)]
struct Sets {
    ranks: Sweep<RankSet<false>>,
    numbers: Sweep<RankSet<true>>,
    histogram: Sweep<Histogram<true>>,
    filtered_histogram: Sweep<Histogram<false>>,
    trimmed: Sweep<TrimmedSums>,
    values: Sweep<ValueCounts>,
    few_values: Sweep<FewCounts>,
}

/// A pass for order statistics, in a run.
#[derive(Clone, Copy)]
pub struct OfOrder<'c> {
    pub context: &'c RunContext<'c>,
    /// Its number among those of the host.
    pub number: usize,
    pub order: &'c OrderContext<'c>,
    pub border: &'c BorderMap,
}

/// The pixels of a block, or some of those of each row.
pub struct BlockOfRows<'b> {
    /// The index of the strip's first pixel along the row, and which pixels of the strip.
    pub first: usize,
    pub pixels: Range<usize>,
    pub outer: &'b [usize],
    pub rows: Range<usize>,
    /// Whether there is an axis before the last.
    pub has_rows: bool,
}

impl Memory {
    /// Reads the elements around a block, for a method.
    pub fn read(&mut self, of: OfOrder<'_>, method: Method, block: &BlockOfRows<'_>) {
        for_lane!(of.order.pass.elements.lane(), T => {
            read::<T>(of, method, block, self);
            let found_by = self.found_by(method, of);
            if found_by != method {
                read::<T>(of, found_by, block, self);
            }
        });
    }

    /// The method for elements that were read: where some are NaN and others not selected, sets of ranks know which are which.
    fn found_by(&self, method: Method, of: OfOrder<'_>) -> Method {
        match method {
            Method::Bins(kind) if self.ranking.has_nans() && of.order.pass.elements.is_filtered() => {
                Method::Ranks(kind)
            }
            _ => method,
        }
    }

    /// Finds a statistic of the elements that were read for its method, at the pixels for which they were.
    pub fn find(&mut self, of: OfOrder<'_>, statistic: &OrderStatistic, line: &mut FoundLine, pixels: &Range<usize>) {
        let OfOrder { context, order, .. } = of;
        let cells = &order.pass.cells;
        let is_over: &dyn Fn() -> bool = &|| context.verdict.is_over();
        let argument = match statistic.argument {
            OrderArgument::Number(number) => number,
            OrderArgument::Param(param) => context.run.constants[param],
        };
        let method = self.found_by(statistic.method, of);
        let Memory { ranking, bytes, bins, keys8, keys16, columns, sets, .. } = self;
        let of_columns = || OfColumns { bytes, moves: order.columns(), run: cells.x.span + 1, is_over };
        match (method, statistic.element) {
            (Method::Columns(_), Some(rank)) if statistic.lane.bytes() == 1 => {
                let lift = if statistic.lane.is_signed() { 1 << 7 } else { 0 };
                let values: [i8; 256] = std::array::from_fn(|rank| (rank as u8).wrapping_add(lift) as i8);
                columns.find_element(of_columns(), FewRanks, rank, &values, &mut line.bytes(pixels));
            }
            (Method::Columns(kind), element) => {
                let statistic = Statistic { kind, argument, values: &ranking.values };
                columns.find(of_columns(), FewRanks, element, statistic, &mut line.numbers(pixels));
            }
            (Method::Bins(kind), element) => {
                let (size, has_nans) = ([cells.y.span + 1, cells.x.span + 1], ranking.has_nans());
                let (bins, element) = (BinsOfWindows { bins, size, has_nans }, element.filter(|_| !has_nans));
                if line.has_wholes() {
                    let statistic = Statistic { kind, argument, values: &ranking.wholes };
                    columns.find(of_columns(), bins, element, statistic, &mut line.wholes(pixels));
                } else {
                    let statistic = Statistic { kind, argument, values: &ranking.values };
                    columns.find(of_columns(), bins, element, statistic, &mut line.numbers(pixels));
                }
            }
            (Method::Bisection(rank), _) => {
                let of = OfRank { rank, cells: order.pair(), unsigned: !statistic.lane.is_signed(), is_over };
                match statistic.lane.bytes() {
                    1 => of_bytes(keys8, of, &mut line.bytes(pixels)),
                    _ => of_shorts(keys16, of, &mut line.shorts(pixels)),
                }
            }
            (Method::Histogram(_) | Method::Ranks(_) | Method::Values(_), _) => {
                let few_values = order.pass.elements.lane().bytes() == 1;
                let mut of = OfSets { moves: order.moves(), ranking, argument, line, pixels, is_over };
                sets.find(method, few_values, &mut of);
            }
        }
    }
}

/// What sets find a statistic of, and where its values go.
struct OfSets<'m> {
    moves: &'m Moves,
    ranking: &'m Ranking,
    argument: f64,
    line: &'m mut FoundLine,
    pixels: &'m Range<usize>,
    is_over: &'m dyn Fn() -> bool,
}

impl Sets {
    /// Finds a statistic of elements with few values or many.
    fn find(&mut self, method: Method, few_values: bool, of: &mut OfSets<'_>) {
        let only_numbers = of.ranking.has_only_numbers();
        match method {
            Method::Ranks(kind) if only_numbers => of.find(&mut self.numbers, kind),
            Method::Ranks(kind) => of.find(&mut self.ranks, kind),
            Method::Histogram(kind @ Ranked::TrimmedMean) => of.find(&mut self.trimmed, kind),
            Method::Histogram(kind) if only_numbers => of.find(&mut self.histogram, kind),
            Method::Histogram(kind) => of.find(&mut self.filtered_histogram, kind),
            Method::Values(kind) if few_values => of.find(&mut self.few_values, kind),
            Method::Values(kind) => of.find(&mut self.values, kind),
            Method::Columns(_) | Method::Bins(_) | Method::Bisection(_) => {}
        }
    }
}

impl OfSets<'_> {
    fn find<S: MovingSet>(&mut self, sweep: &mut Sweep<S>, kind: S::Kind) {
        let OfSets { moves, ranking, argument, pixels, is_over, .. } = *self;
        if self.line.has_wholes() {
            let statistic = Statistic { kind, argument, values: &ranking.wholes };
            sweep.run(moves, ranking, statistic, &mut self.line.wholes(pixels), is_over);
        } else {
            let statistic = Statistic { kind, argument, values: &ranking.values };
            sweep.run(moves, ranking, statistic, &mut self.line.numbers(pixels), is_over);
        }
    }
}

/// Reads the elements around a block, for a method.
fn read<T: Sortable<Key: HasSorter>>(of: OfOrder<'_>, method: Method, block: &BlockOfRows<'_>, memory: &mut Memory) {
    let OfOrder { context, number, order, border } = of;
    let (cells, pass) = (&order.pass.cells, order.pass);
    let Memory { row, ranking, bytes, keys8, keys16, .. } = memory;
    let (height, width) = (block.rows.len() + cells.y.span, block.pixels.len() + cells.x.span);
    let along = (block.first + block.pixels.start) as isize + cells.x.first;
    let (few_values, planes) = (T::LANE.bytes() == 1, cells.planes.len());
    // Counts of more cells have 16 bits.
    let narrow = few_values && cells.count() <= usize::from(u8::MAX);
    match method {
        Method::Columns(_) => bytes.begin(planes, height, width, pass.elements.is_filtered()),
        Method::Bins(_) => {
            bytes.begin(1, height, SIDE, pass.elements.is_filtered());
            ranking.begin(0, false);
        }
        Method::Bisection(_) if narrow => keys8.begin(planes, height, width),
        Method::Bisection(_) => keys16.begin(planes, height, width),
        Method::Histogram(_) | Method::Ranks(_) | Method::Values(_) => {
            ranking.begin(order.moves().layout.len(), few_values);
        }
    }
    for (plane, offset) in cells.planes.iter().enumerate() {
        for y in 0..height {
            let mut outer: Vec<isize> =
                block.outer.iter().zip(offset).map(|(index, offset)| *index as isize + offset).collect();
            if block.has_rows {
                outer.push(block.rows.start as isize + cells.y.first + y as isize);
            }
            row.read(context, number, &CellsOfRow { outer: &outer, along: along..along + width as isize, border });
            let (elements, selected) = (row.elements::<T>(), row.selected(&pass.elements));
            match method {
                Method::Columns(_) => bytes.take(elements, selected, plane, y),
                Method::Bisection(_) if narrow => keys8.take(elements, plane, y),
                Method::Bisection(_) => keys16.take(elements, plane, y),
                Method::Bins(_) => ranking.take(elements, selected, y * SIDE, 1),
                Method::Histogram(_) | Method::Ranks(_) | Method::Values(_) => {
                    let layout = order.moves().layout;
                    let (first, step) = (layout.place(plane, y, 0), layout.step());
                    match few_values {
                        true => ranking.take_values(elements, selected, first, step),
                        false => ranking.take(elements, selected, first, step),
                    }
                }
            }
        }
    }
    end::<T>(method, memory);
}

/// Ends reading, for a method.
fn end<T: Sortable<Key: HasSorter>>(method: Method, Memory { ranking, bytes, bins, .. }: &mut Memory) {
    match method {
        Method::Bisection(_) => {}
        Method::Columns(_) => ranking.end_values::<T>(),
        Method::Bins(_) => ranking.end_bins::<T>(bytes, bins),
        Method::Histogram(_) | Method::Ranks(_) | Method::Values(_) if T::LANE.bytes() == 1 => {
            ranking.end_values::<T>();
        }
        Method::Histogram(_) | Method::Ranks(_) | Method::Values(_) => {
            ranking.end::<T>(matches!(method, Method::Values(_)))
        }
    }
}
