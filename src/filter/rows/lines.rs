//! The memory of lines: what passes make for later ones, for one chunk of a group of rows.

#![allow(unsafe_code, reason = "code writes and reads lines by address, and so does what is put over their ends")]

use std::ops::Range;

use super::context::RunContext;
use crate::grid::halo::Halo;
use crate::grid::lane::Lane;
use crate::plan::line::Line;
use crate::plan::reads::halo_of_maker;

/// One thread's lines.
pub struct Lines {
    lines: Vec<LineMemory>,
}

/// The rows of one line, from the halo before a chunk's first pixel on.
struct LineMemory {
    memory: Vec<u64>,
    /// The bytes from one row to the next.
    pitch: usize,
    lane: Lane,
    /// How far it goes beyond a chunk's pixels.
    halo: Halo,
    neutral: Option<f64>,
}

impl Lines {
    /// Lines for chunks of the context's size.
    pub fn new(context: &RunContext<'_>) -> Lines {
        let passes = context.plan.passes.iter().zip(&context.plan.reads.passes);
        // The last call may compute more rows than the group has.
        let rows = passes.map(|(pass, access)| pass.rows_per_call * access.calls).max().unwrap_or(0);
        let line = |(number, line): (usize, &Line)| {
            let halo = halo_of_maker(&context.plan.passes, &context.plan.lines, number);
            let bytes = (context.chunk + halo.len()) * line.lane.bytes();
            // Rows an odd number of cache lines apart don't fall into the same sets.
            let pitch = bytes.next_multiple_of(64) | 64;
            LineMemory { memory: vec![0; rows * pitch / 8], pitch, lane: line.lane, halo, neutral: line.neutral }
        };
        Lines { lines: context.plan.lines.iter().enumerate().map(line).collect() }
    }

    /// The first number of a row of a line, which belongs to the halo before the chunk.
    pub fn row(&mut self, line: usize, row: usize) -> *mut u8 {
        let LineMemory { memory, pitch, .. } = &mut self.lines[line];
        memory.as_mut_ptr().cast::<u8>().wrapping_add(row * *pitch)
    }

    /// Puts a line's neutral number, if it has one, over what is beyond the ends of the array's rows. The chunk has the pixels
    /// with these indices along the array's rows, which are `array_len` long, of so many rows.
    pub fn overwrite_beyond(&mut self, line: usize, chunk: &Range<usize>, array_len: usize, rows: usize) {
        let LineMemory { lane, halo, neutral: Some(neutral), .. } = self.lines[line] else { return };
        let first = chunk.start as isize - halo.before as isize;
        let end = (chunk.end + halo.after) as isize;
        let (before, after) = (first..end.min(0), first.max(array_len as isize)..end);
        for position in before.chain(after) {
            for row in 0..rows {
                let at = (position - first) as usize * lane.bytes();
                // SAFETY: a row has room for the chunk and its halo, and the address is a multiple of the lane's size.
                unsafe { put(self.row(line, row).add(at), lane, neutral) };
            }
        }
    }
}

/// Writes a number that the lane has.
///
/// # Safety
///
/// There is room for it.
unsafe fn put(to: *mut u8, lane: Lane, number: f64) {
    // SAFETY: by the contract.
    unsafe {
        match lane {
            Lane::U8 => to.write(number as u8),
            Lane::I8 => to.cast::<i8>().write(number as i8),
            Lane::U16 => to.cast::<u16>().write(number as u16),
            Lane::I16 => to.cast::<i16>().write(number as i16),
            Lane::U32 => to.cast::<u32>().write(number as u32),
            Lane::I32 => to.cast::<i32>().write(number as i32),
            Lane::F32 => to.cast::<f32>().write(number as f32),
            Lane::F64 => to.cast::<f64>().write(number),
            Lane::U64 => to.cast::<u64>().write(number as u64),
            Lane::I64 => to.cast::<i64>().write(number as i64),
        }
    }
}
