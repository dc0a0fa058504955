//! The rows of arrays that one group reads: where each of them is right now.

use super::access::SlotId;
use super::context::RunContext;
use super::line_buffer::LineBuffer;
use super::traversal::Segments;
use crate::plan::reads::RowId;

/// Where the code reads the rows of a group, chunk by chunk.
pub struct BoundRows<'a> {
    context: &'a RunContext<'a>,
    /// Where the group's first row of pixels is along all axes but the last.
    pub outer: Vec<usize>,
    /// For each stream, where the row of that row of pixels is in its array.
    origins: Vec<*const u8>,
    /// For each row that is read, where the array's row is; null if it is outside.
    rows: Vec<*const u8>,
    /// Those that are not read in the array, or not from end to end.
    redirects: Vec<(RowId, Redirect)>,
    /// For each row that is buffered, its slot.
    slots: Vec<SlotId>,
    /// For each row that is read, the place of a chunk's first pixel.
    pub pointers: Vec<*const u8>,
}

/// Where a row is read instead of in the array.
#[derive(Clone, Copy)]
enum Redirect {
    /// Outside the array: where something outside is.
    Outside(*const u8),
    /// In a slot of its stream's line buffer, where the code does not read the array.
    Slot(*const u8),
}

impl<'a> BoundRows<'a> {
    /// Of no group yet.
    pub fn new(context: &'a RunContext<'a>) -> BoundRows<'a> {
        let rows = context.access.rows.len();
        BoundRows {
            context,
            outer: vec![0; context.run.region.axes.len() - 1],
            origins: vec![std::ptr::null(); context.access.streams.len()],
            rows: vec![std::ptr::null(); rows],
            redirects: Vec::with_capacity(rows),
            slots: vec![SlotId::NONE; context.access.buffered.len()],
            pointers: vec![std::ptr::null(); rows],
        }
    }

    /// Finds the rows of the group whose first row of pixels has this number in the region, and copies what must be copied.
    pub fn move_to(&mut self, row: usize, strip: &Segments, buffers: &mut [LineBuffer]) {
        let context = self.context;
        let mut rest = row;
        for (index, range) in self.outer.iter_mut().zip(&context.run.region.axes).rev() {
            *index = range.start + rest % range.len();
            rest /= range.len();
        }
        self.redirects.clear();
        if self.outer.iter().zip(&context.inside).all(|(index, inside)| inside.contains(index)) {
            self.locate_inside();
        } else {
            self.locate_anywhere(strip, buffers);
        }
        self.assign_slots(buffers);
    }

    /// Finds the rows where all of them are inside the array.
    fn locate_inside(&mut self) {
        let context = self.context;
        for (origin, stream) in self.origins.iter_mut().zip(&context.access.streams) {
            let view = context.readers[stream.array].view();
            let distance = view.distance(self.outer.iter().map(|index| *index as isize));
            *origin = view.first().cast_const().wrapping_offset(distance);
        }
        for (address, row) in self.rows.iter_mut().zip(&context.access.rows) {
            *address = self.origins[row.stream.index()].wrapping_offset(row.distance);
        }
    }

    /// Finds the rows near the array's boundary: each one is asked for.
    fn locate_anywhere(&mut self, strip: &Segments, buffers: &mut [LineBuffer]) {
        let context = self.context;
        let longest = strip.segments.iter().map(|segment| segment.len().min(context.chunk)).max().unwrap_or(0);
        for (id, row) in context.plan.reads.rows() {
            let (stream_id, stream) = context.access.stream(id);
            let reader = context.readers[stream.array].as_ref();
            let outer = self.outer.iter().zip(&row.row.outer).map(|(index, offset)| *index as isize + offset);
            self.rows[id.index()] = context.run.domain.row(reader.view(), outer).unwrap_or_else(|| {
                let outside = buffers[stream_id.index()].outside(longest, strip, reader, stream);
                self.redirects.push((id, Redirect::Outside(outside)));
                std::ptr::null()
            });
        }
    }

    /// Gives the buffered rows their slots, and copies those that are read there.
    fn assign_slots(&mut self, buffers: &mut [LineBuffer]) {
        let context = self.context;
        let y = self.outer.last().copied().unwrap_or(0);
        // Rows of a column, which follow each other, have as many slots: it is divided once.
        let (mut turns, mut turn) = (1, 0);
        for (slot, buffered) in self.slots.iter_mut().zip(&context.access.buffered) {
            if buffered.turns != turns {
                (turns, turn) = (buffered.turns, y % buffered.turns);
            }
            *slot = buffered.slot(turn);
            let row = self.rows[buffered.row.index()];
            if row.is_null() {
                continue;
            }
            let buffer = &mut buffers[buffered.stream.index()];
            buffer.assign(*slot, row);
            if buffered.copied {
                let array = context.access.streams[buffered.stream.index()].array;
                let copies = buffer.copied(*slot, context.readers[array].as_ref());
                self.redirects.push((buffered.row, Redirect::Slot(copies)));
            }
        }
    }

    /// The address of the array's row that a buffered row is, by its position among them, and its slot; none if it is outside.
    pub fn buffered(&self, index: usize) -> Option<(*const u8, SlotId)> {
        let row = self.rows[self.context.access.buffered[index].row.index()];
        (!row.is_null()).then_some((row, self.slots[index]))
    }

    /// Points to the cells of a chunk of a segment, from the pixel at `start` on.
    pub fn bind(&mut self, strip: &Segments, buffers: &[LineBuffer], segment: usize, start: usize) {
        let context = self.context;
        for ((pointer, address), row) in self.pointers.iter_mut().zip(&self.rows).zip(&context.access.rows) {
            *pointer = address.wrapping_add((strip.first + start) * buffers[row.stream.index()].element_bytes());
        }
        for (id, redirect) in &self.redirects {
            let buffer = &buffers[context.access.stream(*id).0.index()];
            let before = strip.shape.halo.before + start - strip.segments[segment].start;
            match (redirect, buffer.start(segment)) {
                (Redirect::Outside(outside), _) => self.pointers[id.index()] = *outside,
                (Redirect::Slot(copies), Some(copy)) => {
                    self.pointers[id.index()] = copies.wrapping_add(copy + before * buffer.element_bytes());
                }
                (Redirect::Slot(_), None) => {}
            }
        }
    }
}
