//! Whether elements are finite, so that code for finite elements gives what it should.
//!
//! That code runs first, and its elements are validated afterwards, where that is likely to succeed. While the code computes,
//! the processor fetches what it reads next; the validation, which has hardly anything to compute, would have to wait for
//! memory.

#![allow(unsafe_code, reason = "rows of arrays are read by address")]

use std::ops::Range;

use super::bound_rows::BoundRows;
use super::context::RunContext;
use super::line_buffer::LineBuffer;
use super::traversal::Segments;

/// Whether it is worth while to take the elements of a chunk for finite before that is known: not if there is nothing to know,
/// or if it is known of one of its rows that it is not, or if the chunk before was not.
pub fn speculate(
    context: &RunContext<'_>,
    rows: &BoundRows<'_>,
    buffers: &mut [LineBuffer],
    chunk: usize,
    last_was_finite: bool,
) -> bool {
    let mut known_not_to_be = |index: usize| {
        let stream = context.access.buffered[index].stream;
        let row = rows.buffered(index);
        row.is_some_and(|(_, slot)| *buffers[stream.index()].finite(slot, chunk) == Some(false))
    };
    context.validated
        && context.constants_finite
        && last_was_finite
        && !(0..context.access.buffered.len()).any(&mut known_not_to_be)
}

/// Whether all elements that the passes read for a chunk are finite, where that makes a difference; each chunk of a row is
/// looked at once.
pub fn validate(
    context: &RunContext<'_>,
    rows: &BoundRows<'_>,
    strip: &Segments,
    buffers: &mut [LineBuffer],
    chunk: usize,
    pixels: &Range<usize>,
) -> bool {
    if !context.validated {
        return true;
    }
    let mut finite = context.constants_finite;
    for (index, buffered) in context.access.buffered.iter().enumerate() {
        let Some((row, slot)) = rows.buffered(index) else { continue };
        let stream = &context.access.streams[buffered.stream.index()];
        let known = buffers[buffered.stream.index()].finite(slot, chunk);
        finite &= *known.get_or_insert_with(|| {
            let cells = strip.cells(pixels, stream.shift);
            // SAFETY: the row is one of the array's.
            unsafe { context.readers[stream.array].is_finite(row, cells, &stream.border) }
        });
    }
    finite
}
