//! The driver for short rows, which are computed faster than strips, segments, chunks and line buffers are seen to: all that is read for a
//! small array, or for a box of a larger one, is copied once, and each call computes whole rows of pixels.

#![allow(unsafe_code, reason = "machine code is called, with the addresses of rows that it reads and writes")]

use std::ops::Range;

use super::context::RowRun;
use super::padded::Padded;
use super::target::Target;
use super::writer::Writer;
use crate::codegen::jit::Frame;
use crate::error::Error;
use crate::filter::exec::pool::{Verdict, in_bands};
use crate::filter::exec::view::RawView;
use crate::grid::halo::Halo;
use crate::grid::region::Region;
use crate::lang::stop::watched;
use crate::plan::pass::Pass;
use crate::plan::reads::{ArrayRow, Reads};
use crate::tuning;

/// How the pixels of a run are divided into boxes, each of which is computed as a small array.
pub struct Boxes<'a> {
    region: &'a Region,
    /// The length of a box along each axis but the last, where some are shorter; along the last one they are as long as rows.
    lens: Vec<usize>,
}

impl<'a> Boxes<'a> {
    /// The boxes for a run by so many threads, if its plan has one pass and rows are short.
    pub fn new(run: &RowRun<'a>, inputs: &[RawView<'_>], threads: usize) -> Option<Boxes<'a>> {
        let plan = &run.kernel.plan;
        let [pass] = plan.passes.as_slice() else { return None };
        let is_plain = plan.lines.is_empty() && matches!(plan.reads.passes[0].reads, Reads::All);
        let is_shifted = |row: &ArrayRow| row.row.shift != 0;
        if !is_plain || run.region.row().len() > run.cancel_interval || plan.reads.rows.iter().any(is_shifted) {
            return None;
        }
        let outer = &run.region.axes[..run.region.axes.len() - 1];
        let mut boxes = Boxes { region: run.region, lens: outer.iter().map(ExactSizeIterator::len).collect() };
        let bytes = |boxes: &Boxes<'_>| Padded::bytes(run, &boxes.lens, inputs);
        let wanted = if threads > 1 { tuning::BANDS_PER_THREAD * threads } else { 1 };
        while bytes(&boxes) > tuning::PADDED_BYTES || boxes.count() < wanted {
            boxes.halve(&plan.reads.outer_halos, pass.rows_per_call)?;
        }
        (boxes.count() == 1 || boxes.are_worth_it(run, inputs)).then_some(boxes)
    }

    /// Whether several boxes take less than rows that are copied one by one.
    fn are_worth_it(&self, run: &RowRun<'_>, inputs: &[RawView<'_>]) -> bool {
        let plan = &run.kernel.plan;
        let row_bytes = Padded::row_bytes(run, inputs);
        let read = Padded::bytes(run, &self.lens, inputs) / row_bytes.max(1);
        // Large outputs are written past the cache where groups of rows follow each other, which boxes are not worth but where rows are
        // read for several planes of pixels.
        let pixels = run.domain.region().pixels();
        let is_large =
            plan.last_pass().outputs.iter().any(|output| output.lane.bytes() * pixels >= tuning::STREAMED_BYTES);
        let is_deep = plan.reads.outer_halos.iter().rev().skip(1).any(|halo| !halo.is_empty());
        let most = tuning::PADDED_FOR_EACH_ROW * self.lens.iter().product::<usize>();
        let short = row_bytes <= tuning::BOXED_ROW && run.region.row().len() <= tuning::BOXED_PIXELS;
        short && read <= most && (is_deep || !is_large)
    }

    /// Makes boxes about half as long along the axis where the halves have least in common; none if there is no such axis.
    fn halve(&mut self, halos: &[Halo], rows_per_call: usize) -> Option<()> {
        let last = self.lens.len().checked_sub(1)?;
        let half =
            |axis: usize| self.lens[axis].div_ceil(2).next_multiple_of(if axis == last { rows_per_call } else { 1 });
        let apart = |axis: &usize| self.lens[*axis] / (1 + halos.get(*axis).map_or(0, |halo| halo.len()));
        let axis = (0..=last).filter(|axis| half(*axis) < self.lens[*axis]).max_by_key(apart)?;
        self.lens[axis] = half(axis);
        Some(())
    }

    /// The number of boxes along an axis.
    fn along(&self, axis: usize) -> usize {
        self.region.len(axis).div_ceil(self.lens[axis])
    }

    /// The number of boxes.
    pub fn count(&self) -> usize {
        (0..self.lens.len()).fold(1, |count: usize, axis| count.saturating_mul(self.along(axis)))
    }

    /// A box, by its number.
    fn get(&self, number: usize) -> Region {
        let (mut region, mut rest) = (self.region.clone(), number);
        for axis in (0..self.lens.len()).rev() {
            let Range { start, end } = region.axes[axis];
            let first = start + rest % self.along(axis) * self.lens[axis];
            region.axes[axis] = first..end.min(first + self.lens[axis]);
            rest /= self.along(axis);
        }
        region
    }
}

/// Computes every pixel; the number of the first that fails, in C order.
pub fn run(
    run: &RowRun<'_>,
    boxes: &Boxes<'_>,
    threads: usize,
    inputs: &[RawView<'_>],
    outputs: &[RawView<'_>],
) -> Result<Option<usize>, Error> {
    let verdict = Verdict::new(run.progress);
    let compute = |number: usize| {
        let region = boxes.get(number);
        if !verdict.is_over()
            && verdict.is_wanted(run.region.number(region.axes.iter().map(|range| range.start)))
            && let Err(error) = SmallRun::new(run, &region, inputs, outputs).compute(&verdict)
        {
            verdict.stop(error);
        }
    };
    in_bands(boxes.count(), threads, 1, || (), |(), numbers| watched(&|| verdict.look(), || numbers.for_each(compute)));
    verdict.into_result()
}

/// A run over a small array, or over a small part of one.
struct SmallRun<'a> {
    run: &'a RowRun<'a>,
    region: &'a Region,
    pass: &'a Pass,
    inputs: Padded,
    /// For each row that the code reads, the copy of the pixels' place in it for the first row of pixels, and the bytes from one row of
    /// copies to the next.
    rows: Vec<(*const u8, usize)>,
    targets: Vec<Target<'a>>,
}

impl<'a> SmallRun<'a> {
    /// The run for a part of the pixels.
    fn new(
        run: &'a RowRun<'a>,
        region: &'a Region,
        inputs: &[RawView<'_>],
        outputs: &'a [RawView<'_>],
    ) -> SmallRun<'a> {
        let plan = &run.kernel.plan;
        let inputs = Padded::new(run, region, inputs);
        let row = |row: &ArrayRow| {
            let pixels = region.axes.iter().map(|range| range.start as isize);
            let outer = pixels.zip(&row.row.outer).map(|(index, offset)| index + offset);
            inputs.place(row.row.input, outer, plan.reads.halo.before)
        };
        let rows = plan.reads.rows.iter().map(row).collect();
        let pass = plan.last_pass();
        let pairs = outputs.iter().zip(&pass.outputs);
        let targets = pairs.map(|(view, output)| Target::new(view, *output, run.domain, region)).collect();
        SmallRun { run, region, pass, inputs, rows, targets }
    }

    /// Computes its pixels.
    fn compute(&self, verdict: &Verdict<'_>) -> Result<(), Error> {
        let SmallRun { run, region, pass, inputs, .. } = self;
        let code = run.kernel.code(0, inputs.finite && run.constants_are_finite())?;
        let pixels = region.row();
        let len = pixels.len().max(pass.step());
        let mut writer = Writer::new(&self.targets, pixels.len() < len, pass.rows_per_call, len, pass.cast);
        let mut scratch = Error::filled("the order statistics of a block of pixels", pass.scratch_bytes() / 8, 0.0)?;
        let mut pointers = vec![std::ptr::null(); self.rows.len()];
        let axes = &run.kernel.plan.request.axes;
        let mut position = vec![0.0; axes.len()];
        let mut group = Group::first(region);
        while !verdict.is_over()
            && let Some(rows) = group.rows(region, pass.rows_per_call)
        {
            let below = inputs.rows_between(region, &group.outer);
            for (pointer, (first, pitch)) in pointers.iter_mut().zip(&self.rows) {
                *pointer = first.wrapping_add(below * pitch);
            }
            for (axis, position) in axes.iter().zip(&mut position) {
                *position = *group.outer.get(*axis).unwrap_or(&pixels.start) as f64;
            }
            writer.move_to(&group.outer, 0);
            writer.bind(0, rows);
            let frame =
                Frame { constants: run.constants.as_ptr(), position: position.as_ptr(), scratch: scratch.as_mut_ptr() };
            // SAFETY: each pointer is to a copy of a row with all cells around `len` pixels; outputs are rows of arrays, which nobody else
            // writes to, or of the writer's own memory, with room for `len` elements. `len` is a turn of the code's loop at least.
            let held = unsafe { code.call(&pointers, &writer.addresses, len, &frame) };
            if held < pixels.len() {
                // Where pixels can fail, a call computes one row.
                writer.write_back(&(0..held), 0..1);
                verdict.add(held);
                let failed = group.outer.iter().copied().chain([pixels.start + held]);
                verdict.fail(run.region.number(failed));
                break;
            }
            writer.write_back(&(0..pixels.len()), 0..rows);
            verdict.add(rows * pixels.len());
            group.go_on(region, rows);
        }
        writer.finish();
        Ok(())
    }
}

/// Rows of pixels that one call computes.
struct Group {
    /// Where the first of them is along all axes but the last.
    outer: Vec<usize>,
    /// Whether there is one.
    is_there: bool,
}

impl Group {
    /// The first rows of a region.
    fn first(region: &Region) -> Group {
        let outer = region.axes[..region.axes.len() - 1].iter().map(|range| range.start).collect();
        Group { outer, is_there: true }
    }

    /// How many rows there are, of at most so many; none if the region has no more.
    fn rows(&self, region: &Region, most: usize) -> Option<usize> {
        let left = self.outer.last().map_or(1, |y| region.axes[self.outer.len() - 1].end - y);
        self.is_there.then_some(left.min(most))
    }

    /// Goes so many rows further, which are not more than there are before the next plane.
    fn go_on(&mut self, region: &Region, rows: usize) {
        let mut steps = rows;
        for (index, range) in self.outer.iter_mut().zip(&region.axes).rev() {
            *index += steps;
            if *index < range.end {
                return;
            }
            (*index, steps) = (range.start, 1);
        }
        self.is_there = false;
    }
}
