//! What moves from window to window, by the host: values of a block of pixels at a time, which later passes read.
//!
//! A block is done when the first group of its rows comes, by the thread that computes these, so a thread's blocks are its own. Which
//! pixels are in one block changes no value.

mod bins;
mod bisection;
mod bytes;
mod column_window;
mod columns;
mod found_line;
mod frequency;
mod geometry;
mod histogram;
mod keys;
mod methods;
mod question;
mod rank_set;
mod ranking;
mod rows;
mod sets;
pub mod shared;
mod simd;
mod statistic;
mod sums;
mod sweep;
#[cfg(test)]
mod tests;

use std::mem::discriminant;
use std::ops::Range;

use self::found_line::FoundLine;
use self::methods::{BlockOfRows, Memory, OfOrder};
use self::shared::MovingWork;
use self::sums::{OfSum, SumMemory};
use super::context::RunContext;
use super::traversal::Segments;
use crate::plan::moving::method::Method;
use crate::plan::moving::pass::MovingPass;

/// One thread's blocks.
pub struct MovingBlocks<'a> {
    context: &'a RunContext<'a>,
    passes: Vec<MovingBlock>,
    /// Made when the first block is: it has tables of some kilobytes, and most plans have no such statistics.
    memory: Option<Box<Memory>>,
    /// For each line, the pass and its place among those of that.
    lines: Vec<(usize, usize)>,
}

/// The pixels of one pass that are done.
struct MovingBlock {
    /// The strip, by its number.
    strip: usize,
    /// Where the rows are along all axes but the last two.
    outer: Vec<usize>,
    /// The rows of pixels.
    rows: Range<usize>,
    /// The values of each of its lines.
    lines: Vec<FoundLine>,
    /// What is known of the columns of a sum.
    sums: SumMemory,
}

impl<'a> MovingBlocks<'a> {
    /// Blocks of which none is done.
    pub fn new(context: &'a RunContext<'a>) -> MovingBlocks<'a> {
        let block = |pass: &MovingPass| MovingBlock {
            strip: usize::MAX,
            outer: Vec::new(),
            rows: 0..0,
            lines: pass.lines().iter().map(|_| FoundLine::default()).collect(),
            sums: SumMemory::default(),
        };
        let passes = context.plan.moving.iter();
        let places = |(pass, moving): (usize, &MovingPass)| (0..moving.lines().len()).map(move |at| (pass, at));
        let lines = passes.clone().enumerate().flat_map(places).collect();
        MovingBlocks { context, passes: passes.map(block).collect(), memory: None, lines }
    }

    /// Has the values of a group of rows ready, the first of which is at `outer`, the first of the groups `ahead`.
    pub fn move_to(&mut self, number: usize, strip: &Segments, outer: &[usize], ahead: Range<usize>) {
        let (y, before) = outer.split_last().map_or((0, outer), |(y, before)| (*y, before));
        for pass in 0..self.passes.len() {
            let block = &mut self.passes[pass];
            if block.strip == number && block.rows.contains(&y) && block.outer == before {
                continue;
            }
            let most = self.context.moving[pass].geometry.rows;
            let rows = self.context.traversal.rows_ahead(ahead.start, ahead.end, most);
            let follows = block.strip == number && block.rows.end == y && block.outer == before;
            (block.strip, block.rows) = (number, y..y + rows);
            block.outer.clear();
            block.outer.extend(before);
            let rows = BlockOfRows {
                first: strip.first,
                pixels: 0..strip.len,
                outer: before,
                rows: y..y + rows,
                has_rows: !outer.is_empty(),
            };
            self.compute(pass, rows, follows);
        }
    }

    /// The value of a line for a pixel of the strip, in the row of pixels at `outer` or one of those after it.
    pub fn row(&self, line: usize, outer: &[usize], row: usize, pixel: usize) -> Option<*const u8> {
        let (pass, statistic) = *self.lines.get(line)?;
        let block = &self.passes[pass];
        // What is computed beyond the last row is read by nobody.
        let row = (outer.last().copied().unwrap_or(0) + row).min(block.rows.end - 1) - block.rows.start;
        Some(block.lines[statistic].address(row, pixel))
    }

    /// Finds the lines of a pass for a block, which may follow the one before it.
    fn compute(&mut self, pass: usize, rows: BlockOfRows<'_>, follows: bool) {
        let context = self.context;
        let block = &mut self.passes[pass];
        for (made, line) in context.plan.moving[pass].lines().iter().zip(&mut block.lines) {
            line.begin(made.lane, rows.rows.len(), rows.pixels.len());
        }
        let border = &context.moving[pass].border;
        match &context.moving[pass].work {
            MovingWork::Order(order) => self.orders(OfOrder { context, number: pass, order, border }, rows),
            MovingWork::Sum(sum) => {
                let of = OfSum { context, number: pass, sum, border };
                block.sums.find(of, &rows, follows, &mut block.lines[0]);
            }
        }
    }

    /// Finds all order statistics of a pass for a block, as many pixels of each row at once as the pass may.
    fn orders(&mut self, of: OfOrder<'_>, mut rows: BlockOfRows<'_>) {
        let statistics = &of.order.pass.statistics;
        let memory = self.memory.get_or_insert_default();
        let lines = &mut self.passes[of.number].lines;
        let (end, most) = (rows.pixels.end, self.context.moving[of.number].widest);
        for start in rows.pixels.clone().step_by(most) {
            rows.pixels = start..end.min(start.saturating_add(most));
            let mut read_for: Option<Method> = None;
            for (statistic, line) in statistics.iter().zip(&mut *lines) {
                let method = statistic.method;
                // Statistics of one method that follow each other need the elements once.
                if read_for.is_none_or(|before| discriminant(&before) != discriminant(&method)) {
                    read_for = Some(method);
                    memory.read(of, method, &rows);
                }
                if self.context.verdict.is_over() {
                    return;
                }
                memory.find(of, statistic, line, &rows.pixels);
            }
        }
    }
}
