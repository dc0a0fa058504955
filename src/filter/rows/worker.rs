//! One thread's work: groups of rows, strip by strip, segment by segment, chunk by chunk.

use std::ops::Range;

use super::bound_rows::BoundRows;
use super::context::RunContext;
use super::finite::{speculate, validate};
use super::line_buffer::LineBuffer;
use super::passes::{Chunk, Held, NoCode, Passes};
use super::traversal::Segments;
use super::writer::Writer;
use crate::lang::stop::watched;

/// One thread's memory.
pub struct Worker<'a> {
    context: &'a RunContext<'a>,
    /// The strip that is being computed, by its number.
    strip: usize,
    /// For each stream.
    buffers: Vec<LineBuffer>,
    /// The number of each segment's first chunk.
    chunks: Vec<usize>,
    rows: BoundRows<'a>,
    passes: Passes<'a>,
    writer: Writer<'a>,
    /// Whether the elements of the last chunk were finite.
    was_finite: bool,
    /// How many pixels are done that nobody has been told of.
    untold: usize,
}

impl<'a> Worker<'a> {
    /// A thread that has done nothing yet.
    pub fn new(context: &'a RunContext<'a>) -> Worker<'a> {
        let mut worker = Worker {
            context,
            strip: 0,
            buffers: Vec::new(),
            chunks: Vec::new(),
            rows: BoundRows::new(context),
            passes: Passes::new(context),
            writer: context.writer(),
            was_finite: true,
            untold: 0,
        };
        worker.enter(0);
        worker
    }

    /// Computes groups of rows, but for those after a pixel that failed.
    pub fn band(&mut self, groups: Range<usize>) {
        let context = self.context;
        watched(&|| context.verdict.look(), || self.groups(groups));
    }

    fn groups(&mut self, groups: Range<usize>) {
        let traversal = &self.context.traversal;
        for strip in 0..traversal.strips.len() {
            if strip != self.strip {
                self.enter(strip);
            }
            for group in groups.clone() {
                let (row, rows) = traversal.rows(group);
                if self.context.verdict.is_over() {
                    break;
                }
                if self.context.verdict.is_wanted(traversal.pixel(row, &traversal.strips[strip], 0)) {
                    self.group(row, rows, group..groups.end);
                }
            }
        }
        self.writer.finish();
        self.context.verdict.add(std::mem::take(&mut self.untold));
    }

    /// Makes ready for a strip.
    fn enter(&mut self, number: usize) {
        let context = self.context;
        let strip = &context.traversal.strips[number];
        let mut count = 0;
        self.chunks.clear();
        for segment in &strip.segments {
            self.chunks.push(count);
            count += segment.len().div_ceil(context.chunk);
        }
        let streams = context.access.streams.iter();
        self.buffers = streams
            .map(|stream| LineBuffer::new(strip, context.readers[stream.array].as_ref(), stream, count))
            .collect();
        self.strip = number;
    }

    /// Computes the strip's part of some rows of pixels, the first of which has this number in the region; of those that have a
    /// pixel that fails, up to that. `ahead` are the groups of which this is the first that are computed one after the other.
    fn group(&mut self, row: usize, rows: usize, ahead: Range<usize>) {
        let strip = &self.context.traversal.strips[self.strip];
        self.rows.move_to(row, strip, &mut self.buffers);
        self.passes.move_to(&self.rows.outer, self.strip, ahead);
        self.writer.move_to(&self.rows.outer, strip.offset);
        let mut wanted = rows;
        for segment in 0..strip.segments.len() {
            wanted = self.segment(strip, segment, row, wanted);
            if wanted == 0 {
                break;
            }
        }
    }

    /// Computes a segment of each of `rows` rows of pixels. How many rows are still wanted: those before one that has failed.
    fn segment(&mut self, strip: &Segments, segment: usize, row: usize, rows: usize) -> usize {
        let context = self.context;
        let pixels = strip.segments[segment].clone();
        let (mut rows, mut done) = (rows, 0);
        while done < pixels.len() {
            if context.verdict.is_over() {
                return 0;
            }
            let len = (pixels.len() - done).min(context.chunk).max(strip.shape.block);
            // The last chunk may start before the end of the one before it.
            let start = (pixels.start + done).min(pixels.end.saturating_sub(len).max(pixels.start));
            let here = start..(start + len).min(pixels.end);
            self.rows.bind(strip, &self.buffers, segment, start);
            self.writer.bind(start, rows);
            let chunk = Chunk { pixels: strip.first + here.start..strip.first + here.end, len, rows };
            let number = self.chunks[segment] + done / context.chunk;
            let Ok(held) = self.compute(strip, number, &here, &chunk) else { return 0 };
            self.writer.write_back(&here, 0..held.rows);
            // The last chunk may have pixels of the one before it.
            let before = pixels.start + done;
            self.tell(here.end.saturating_sub(before) * held.rows);
            if held.rows < rows {
                let end = here.start + held.pixels;
                self.writer.write_back(&(here.start..end), held.rows..held.rows + 1);
                self.tell(end.saturating_sub(before));
                context.verdict.fail(context.traversal.pixel(row + held.rows, strip, end));
                rows = held.rows;
            }
            if rows == 0 {
                return 0;
            }
            done = here.end - pixels.start;
        }
        rows
    }

    /// Tells that so many more pixels are done, some at a time: it takes locked instructions, which wait for all that is on its way past the
    /// caches.
    fn tell(&mut self, pixels: usize) {
        self.untold += pixels;
        if self.untold >= self.context.told_together {
            self.context.verdict.add(std::mem::take(&mut self.untold));
        }
    }

    /// Has the right code compute a chunk, which has the strip's pixels `pixels`.
    fn compute(
        &mut self,
        strip: &Segments,
        number: usize,
        pixels: &Range<usize>,
        chunk: &Chunk,
    ) -> Result<Held, NoCode> {
        let context = self.context;
        let likely = speculate(context, &self.rows, &mut self.buffers, number, self.was_finite);
        let finite = likely || validate(context, &self.rows, strip, &mut self.buffers, number, pixels);
        let held = self.passes.run(chunk, &self.rows, &self.writer, finite)?;
        self.was_finite = match likely {
            true => validate(context, &self.rows, strip, &mut self.buffers, number, pixels),
            false => finite,
        };
        if self.was_finite == finite { Ok(held) } else { self.passes.run(chunk, &self.rows, &self.writer, false) }
    }
}
