//! One chunk of a group of rows through all passes.

#![allow(unsafe_code, reason = "machine code is called, with the addresses of rows that its pass reads and writes")]

use std::ops::Range;

use super::bound_rows::BoundRows;
use super::context::RunContext;
use super::lines::Lines;
use super::moving::MovingBlocks;
use super::writer::Writer;
use crate::codegen::jit::Frame;
use crate::error::Error;
use crate::plan::line::Destination;
use crate::plan::reads::{Read, Reads};

/// One thread's memory for what passes read and make besides arrays.
pub struct Passes<'a> {
    context: &'a RunContext<'a>,
    moving: MovingBlocks<'a>,
    lines: Lines,
    /// Which strip is computed, and where the group's first row of pixels is.
    strip: usize,
    outer: Vec<usize>,
    /// What a call reads, where that is not all rows of arrays.
    pointers: Vec<*const u8>,
    /// Where a call writes lines.
    addresses: Vec<*mut u8>,
    /// The first pixel's index along each axis of the window.
    position: Vec<f64>,
    scratch: Vec<f64>,
}

/// Some pixels of each row of a group that are computed at once.
#[derive(Clone)]
pub struct Chunk {
    /// Their indices along the array's rows.
    pub pixels: Range<usize>,
    /// How many are computed: a block at least.
    pub len: usize,
    /// How many rows of pixels there are.
    pub rows: usize,
}

/// How far a chunk has got.
pub struct Held {
    /// So many rows of pixels are complete.
    pub rows: usize,
    /// So many pixels of the next row are, if not all rows are complete.
    pub pixels: usize,
}

/// There is no code; why not is in the verdict.
pub struct NoCode;

/// A call of a pass's code.
struct Call<'c> {
    pass: usize,
    /// Which of the calls that compute a group's rows.
    call: usize,
    /// How many pixels it computes of each row.
    len: usize,
    /// Whether it is the code for elements that are finite.
    finite: bool,
    chunk: &'c Chunk,
}

impl<'a> Passes<'a> {
    /// For chunks of the context's size.
    pub fn new(context: &'a RunContext<'a>) -> Passes<'a> {
        let scratch = context.plan.passes.iter().map(|pass| pass.scratch_bytes()).max().unwrap_or(0);
        let scratch = Error::filled("the order statistics of a block of pixels", scratch / 8, 0.0);
        Passes {
            context,
            moving: MovingBlocks::new(context),
            lines: Lines::new(context),
            strip: 0,
            outer: Vec::new(),
            pointers: Vec::new(),
            addresses: Vec::new(),
            position: vec![0.0; context.plan.request.axes.len()],
            // A run that has an error calls no code.
            scratch: scratch.unwrap_or_else(|error| {
                context.verdict.stop(error);
                Vec::new()
            }),
        }
    }

    /// Makes ready for a strip of the group whose first row of pixels is at `outer`, the first of those
    /// `ahead`.
    pub fn move_to(&mut self, outer: &[usize], strip: usize, ahead: Range<usize>) {
        self.moving.move_to(strip, &self.context.traversal.strips[strip], outer, ahead);
        self.strip = strip;
        self.outer.clear();
        self.outer.extend(outer);
        for (axis, position) in self.context.plan.request.axes.iter().zip(&mut self.position) {
            *position = outer.get(*axis).map_or(0.0, |index| *index as f64);
        }
    }

    /// Has the code for elements that are finite, or for any, compute a chunk, up to the first pixel that fails.
    pub fn run(
        &mut self,
        chunk: &Chunk,
        bound: &BoundRows<'_>,
        writer: &Writer<'_>,
        finite: bool,
    ) -> Result<Held, NoCode> {
        let last = self.context.plan.passes.len() - 1;
        for pass in 0..last {
            self.make_lines(pass, chunk, bound, finite)?;
        }
        let pass = &self.context.plan.passes[last];
        let outputs = pass.rows_per_call * pass.outputs.len();
        for call in 0..chunk.rows.div_ceil(pass.rows_per_call) {
            let addresses = &writer.addresses[call * outputs..][..outputs];
            let held = self.call(&Call { pass: last, call, len: chunk.len, finite, chunk }, bound, addresses)?;
            if held < chunk.pixels.len() {
                // Where pixels can fail, a call computes one row.
                return Ok(Held { rows: call, pixels: held });
            }
        }
        Ok(Held { rows: chunk.rows, pixels: 0 })
    }

    /// Computes the lines of a pass for a chunk, and what is beyond it as far as later passes read.
    fn make_lines(&mut self, pass: usize, chunk: &Chunk, bound: &BoundRows<'_>, finite: bool) -> Result<(), NoCode> {
        let code = &self.context.plan.passes[pass];
        let len = (chunk.pixels.len() + self.context.plan.reads.passes[pass].halo.len()).max(code.step());
        let lines = code.outputs.iter().filter_map(|output| match output.destination {
            Destination::Line(line) => Some(line),
            Destination::Array(_) => None,
        });
        for call in 0..chunk.rows.div_ceil(code.rows_per_call) {
            let mut addresses = std::mem::take(&mut self.addresses);
            addresses.clear();
            for row in call * code.rows_per_call..(call + 1) * code.rows_per_call {
                addresses.extend(lines.clone().map(|line| self.lines.row(line, row)));
            }
            let made = self.call(&Call { pass, call, len, finite, chunk }, bound, &addresses);
            self.addresses = addresses;
            made?;
        }
        for line in lines {
            self.lines.overwrite_beyond(line, &chunk.pixels, self.context.run.domain.row_len(), chunk.rows);
        }
        Ok(())
    }

    /// Calls the code of a pass; the number of pixels before the first that fails.
    fn call(&mut self, call: &Call<'_>, bound: &BoundRows<'_>, addresses: &[*mut u8]) -> Result<usize, NoCode> {
        let context = self.context;
        let code = context.run.kernel.code(call.pass, call.finite).map_err(|error| {
            context.verdict.stop(error);
            NoCode
        })?;
        let pass = &context.plan.passes[call.pass];
        let before = context.plan.reads.passes[call.pass].halo.before;
        if let Some(along) = pass.row_axis {
            self.position[along] = call.chunk.pixels.start as f64 - before as f64;
        }
        // Each time: the call before may have been another pass's, or the last one of the code for finite elements.
        if let Some(along) = pass.jam_axis {
            let y = bound.outer.last().copied().unwrap_or(0) + call.call * pass.rows_per_call;
            self.position[along] = y as f64;
        }
        let pointers = match &context.plan.reads.passes[call.pass].reads {
            Reads::All => &bound.pointers,
            Reads::Listed(calls) => {
                self.point(&calls[call.call], bound, call.chunk);
                &self.pointers
            }
        };
        let frame = Frame {
            constants: context.run.constants.as_ptr(),
            position: self.position.as_ptr(),
            scratch: self.scratch.as_mut_ptr(),
        };
        // SAFETY: each pointer is to a row of an array, to a copy with the cells beyond the segment's ends, or to a line of this
        // thread with those beyond the chunk's ends that the pass reads; the interior of an array's row is as far from its
        // ends as passes reach. Outputs are rows of arrays, which no other thread writes to, or of this thread's own memory,
        // with room for a turn of the code's loop at least. Code for finite elements gives other results where they are not finite, and
        // does nothing worse.
        Ok(unsafe { code.call(pointers, addresses, call.len, &frame) })
    }

    /// Points to what a call reads.
    fn point(&mut self, reads: &[Read], bound: &BoundRows<'_>, chunk: &Chunk) {
        self.pointers.clear();
        let pixel = chunk.pixels.start - self.context.traversal.strips[self.strip].first;
        for read in reads {
            let pointer = match read {
                Read::Array { row, before } => bound.pointers[row.index()].wrapping_sub(*before),
                Read::Line { line, row, offset } => match self.moving.row(*line, &self.outer, *row, pixel) {
                    Some(address) => address,
                    None => self.lines.row(*line, *row).cast_const().wrapping_offset(*offset),
                },
            };
            self.pointers.push(pointer);
        }
    }
}
