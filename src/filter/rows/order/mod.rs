//! Order statistics that move from window to window, by the host: values of a block of pixels at a time, which later passes read.
//!
//! A block is done when the first group of its rows comes, by the thread that computes these, so a thread's blocks are its own. Which
//! pixels are in one block changes no value.

mod bisection;
mod columns;
mod frequency;
mod geometry;
mod histogram;
mod keys;
mod level;
mod line;
mod question;
mod rank_set;
mod ranking;
mod rows;
mod sets;
pub mod shared;
mod statistic;
mod sweep;
#[cfg(test)]
mod tests;

use std::mem::discriminant;
use std::ops::Range;

use self::bisection::{Keys, OfRank, of_bytes, of_shorts};
use self::columns::{Bytes, ColumnSums, OfColumns};
use self::frequency::{FewCounts, ValueCounts};
use self::histogram::{Histogram, TrimmedSums};
use self::keys::{Sortable, for_lane};
use self::line::LineMemory;
use self::rank_set::RankSet;
use self::ranking::{HasSorter, Ranking};
use self::rows::{CellsOfRow, ElementRows};
use self::sets::MovingSet;
use self::shared::OrderContext;
use self::statistic::Statistic;
use self::sweep::Sweep;
use super::context::RunContext;
use super::traversal::Segments;
use crate::lang::reductions::Ranked;
use crate::plan::order::method::Method;
use crate::plan::order::pass::{OrderArgument, OrderStatistic};

/// One thread's blocks.
pub struct OrderBlocks<'a> {
    context: &'a RunContext<'a>,
    passes: Vec<OrderBlock>,
    /// Made when the first block is: it has tables of some kilobytes, and most plans have no such statistics.
    memory: Option<Box<Memory>>,
    /// For each line, the pass and the place of its statistic.
    lines: Vec<(usize, usize)>,
}

/// The pixels of one pass that are done.
struct OrderBlock {
    /// The strip, by its number.
    strip: usize,
    /// Where the rows are along all axes but the last two.
    outer: Vec<usize>,
    /// The rows of pixels.
    rows: Range<usize>,
    /// For each statistic its values.
    lines: Vec<LineMemory>,
}

/// One thread's memory for what is known of elements and windows; all passes use it in turn.
#[derive(Default)]
struct Memory {
    row: ElementRows,
    ranking: Ranking,
    bytes: Bytes,
    keys: Keys<i8>,
    long_keys: Keys<i16>,
    set: Sweep<RankSet<false>>,
    numbers: Sweep<RankSet<true>>,
    histogram: Sweep<Histogram<true>>,
    filtered_histogram: Sweep<Histogram<false>>,
    trimmed: Sweep<TrimmedSums>,
    values: Sweep<ValueCounts>,
    few_values: Sweep<FewCounts>,
    columns: ColumnSums,
}

/// The rows of pixels of a block.
struct BlockOfRows<'b> {
    strip: &'b Segments,
    outer: &'b [usize],
    rows: Range<usize>,
    /// Whether there is an axis before the last.
    has_rows: bool,
}

impl<'a> OrderBlocks<'a> {
    /// Blocks of which none is done.
    pub fn new(context: &'a RunContext<'a>) -> OrderBlocks<'a> {
        let pass =
            |_: &OrderContext| OrderBlock { strip: usize::MAX, outer: Vec::new(), rows: 0..0, lines: Vec::new() };
        let statistics = context.plan.orders.iter().enumerate();
        let lines =
            statistics.flat_map(|(pass, order)| (0..order.statistics.len()).map(move |at| (pass, at))).collect();
        OrderBlocks { context, passes: context.orders.iter().map(pass).collect(), memory: None, lines }
    }

    /// Has the values of a group of rows ready, the first of which is at `outer`, the first of the groups `ahead`.
    pub fn move_to(&mut self, number: usize, strip: &Segments, outer: &[usize], ahead: Range<usize>) {
        let (y, before) = outer.split_last().map_or((0, outer), |(y, before)| (*y, before));
        for pass in 0..self.passes.len() {
            let block = &mut self.passes[pass];
            if block.strip == number && block.rows.contains(&y) && block.outer == before {
                continue;
            }
            let most = self.context.orders[pass].geometry.rows;
            let rows = self.context.traversal.rows_ahead(ahead.start, ahead.end, most);
            (block.strip, block.rows) = (number, y..y + rows);
            block.outer.clear();
            block.outer.extend(before);
            self.compute(pass, &BlockOfRows { strip, outer: before, rows: y..y + rows, has_rows: !outer.is_empty() });
        }
    }

    /// The value of a statistic's line for a pixel of the strip, in the row of pixels at `outer` or one of those after it.
    pub fn row(&self, line: usize, outer: &[usize], row: usize, pixel: usize) -> Option<*const u8> {
        let (pass, statistic) = *self.lines.get(line)?;
        let block = &self.passes[pass];
        // What is computed beyond the last row is read by nobody.
        let row = (outer.last().copied().unwrap_or(0) + row).min(block.rows.end - 1) - block.rows.start;
        Some(block.lines[statistic].address(row, pixel))
    }

    /// Finds all statistics of a pass for a block.
    fn compute(&mut self, pass: usize, rows: &BlockOfRows<'_>) {
        let order = &self.context.plan.orders[pass];
        let memory = self.memory.get_or_insert_default();
        let block = &mut self.passes[pass];
        block.lines.resize_with(order.statistics.len(), LineMemory::default);
        let mut read_for: Option<Method> = None;
        for (statistic, line) in order.statistics.iter().zip(&mut block.lines) {
            let method = statistic.method;
            // Statistics of one method that follow each other need the elements once.
            if read_for.is_none_or(|before| discriminant(&before) != discriminant(&method)) {
                read_for = Some(method);
                let lane = order.elements.lane();
                for_lane!(lane, T => read::<T>(self.context, pass, method, rows, memory));
            }
            if self.context.verdict.is_over() {
                return;
            }
            line.begin(statistic.lane, rows.rows.len(), rows.strip.len);
            find(self.context, pass, statistic, memory, line);
        }
    }
}

/// Finds a statistic of elements that were read.
fn find(context: &RunContext<'_>, pass: usize, statistic: &OrderStatistic, memory: &mut Memory, line: &mut LineMemory) {
    let (order, shared) = (&context.plan.orders[pass], &context.orders[pass]);
    let is_over = &|| context.verdict.is_over();
    let argument = match statistic.argument {
        OrderArgument::Number(number) => number,
        OrderArgument::Param(param) => context.run.constants[param],
    };
    let unsigned = !statistic.lane.is_signed();
    let few_values = order.elements.lane().bytes() == 1;
    let Memory { ranking, bytes, keys, long_keys, .. } = memory;
    let mut moving = MovingStatistic { context, pass, ranking, argument, line };
    match statistic.method {
        Method::Columns(kind) => {
            let of = OfColumns { bytes, moves: shared.columns(), run: order.cells.x.span + 1, is_over };
            match statistic.element.filter(|_| statistic.lane.bytes() == 1) {
                Some(rank) => memory.columns.find_element(of, rank, unsigned, &mut line.bytes()),
                None => {
                    let statistic = Statistic { kind, argument, values: &ranking.values };
                    memory.columns.find(of, statistic, &mut line.numbers());
                }
            }
        }
        Method::Bisection(rank) => {
            let of = OfRank { rank, cells: shared.pair(), unsigned, is_over };
            match statistic.lane.bytes() {
                1 => of_bytes(keys, of, &mut line.bytes()),
                _ => of_shorts(long_keys, of, &mut line.shorts()),
            }
        }
        Method::Ranks(kind) if ranking.has_only_numbers() => moving.find(&mut memory.numbers, kind),
        Method::Ranks(kind) => moving.find(&mut memory.set, kind),
        Method::Histogram(kind @ Ranked::TrimmedMean) => moving.find(&mut memory.trimmed, kind),
        Method::Histogram(kind) if ranking.has_only_numbers() => moving.find(&mut memory.histogram, kind),
        Method::Histogram(kind) => moving.find(&mut memory.filtered_histogram, kind),
        Method::Values(kind) if few_values => moving.find(&mut memory.few_values, kind),
        Method::Values(kind) => moving.find(&mut memory.values, kind),
    }
}

/// A statistic that is found by a set of the elements that moves.
struct MovingStatistic<'m, 'a> {
    context: &'m RunContext<'a>,
    pass: usize,
    ranking: &'m Ranking,
    argument: f64,
    line: &'m mut LineMemory,
}

impl MovingStatistic<'_, '_> {
    fn find<S: MovingSet>(&mut self, sweep: &mut Sweep<S>, kind: S::Kind) {
        let MovingStatistic { context, pass, ranking, argument, .. } = *self;
        let moves = context.orders[pass].moves();
        let is_over = &|| context.verdict.is_over();
        match self.line.has_wholes() {
            true => {
                let statistic = Statistic { kind, argument, values: &ranking.wholes };
                sweep.run(moves, ranking, statistic, &mut self.line.wholes(), is_over);
            }
            false => {
                let statistic = Statistic { kind, argument, values: &ranking.values };
                sweep.run(moves, ranking, statistic, &mut self.line.numbers(), is_over);
            }
        }
    }
}

/// Reads the elements around a block, for a method.
fn read<T: Sortable<Key: HasSorter>>(
    context: &RunContext<'_>,
    pass: usize,
    method: Method,
    block: &BlockOfRows<'_>,
    memory: &mut Memory,
) {
    let (order, shared) = (&context.plan.orders[pass], &context.orders[pass]);
    let cells = &order.cells;
    let Memory { row, ranking, bytes, keys, long_keys, .. } = memory;
    let (height, width) = (block.rows.len() + cells.y.span, block.strip.len + cells.x.span);
    let along = block.strip.first as isize + cells.x.first;
    let (few_values, planes) = (T::LANE.bytes() == 1, cells.planes.len());
    // Counts of more cells have 16 bits.
    let narrow = few_values && cells.count() <= usize::from(u8::MAX);
    match method {
        Method::Columns(_) => bytes.begin(planes, height, width, order.elements.is_filtered()),
        Method::Bisection(_) if narrow => keys.begin(planes, height, width),
        Method::Bisection(_) => long_keys.begin(planes, height, width),
        Method::Histogram(_) | Method::Ranks(_) | Method::Values(_) => {
            ranking.begin(shared.moves().layout.len(), few_values);
        }
    }
    for (plane, offset) in cells.planes.iter().enumerate() {
        for y in 0..height {
            let mut outer: Vec<isize> =
                block.outer.iter().zip(offset).map(|(index, offset)| *index as isize + offset).collect();
            if block.has_rows {
                outer.push(block.rows.start as isize + cells.y.first + y as isize);
            }
            row.read(
                context,
                pass,
                &CellsOfRow { outer: &outer, along: along..along + width as isize, border: &shared.border },
            );
            let (elements, selected) = (row.elements::<T>(), row.selected(&order.elements));
            match method {
                Method::Columns(_) => bytes.take(elements, selected, plane, y),
                Method::Bisection(_) if narrow => keys.take(elements, plane, y),
                Method::Bisection(_) => long_keys.take(elements, plane, y),
                Method::Histogram(_) | Method::Ranks(_) | Method::Values(_) => {
                    let layout = shared.moves().layout;
                    let (first, step) = (layout.place(plane, y, 0), layout.step());
                    match few_values {
                        true => ranking.take_values(elements, selected, first, step),
                        false => ranking.take(elements, selected, first, step),
                    }
                }
            }
        }
    }
    match method {
        Method::Bisection(_) => {}
        Method::Columns(_) => ranking.end_values::<T>(),
        _ if few_values => ranking.end_values::<T>(),
        Method::Histogram(_) | Method::Ranks(_) | Method::Values(_) => {
            ranking.end::<T>(matches!(method, Method::Values(_)))
        }
    }
}
