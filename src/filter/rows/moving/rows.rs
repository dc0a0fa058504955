//! The elements around a block, row by row: copied from arrays, with what is outside them, or computed from such copies.

#![allow(unsafe_code, reason = "rows of arrays are copied by address, and machine code computes from the copies")]

use std::ops::Range;

use super::keys::Sortable;
use crate::codegen::jit::Frame;
use crate::filter::rows::border::BorderMap;
use crate::filter::rows::context::RunContext;
use crate::plan::moving::elements::{Elements, PLACE_BIAS};
use crate::plan::pass::Pass;

/// One thread's memory for a row of elements.
#[derive(Default)]
pub struct ElementRows {
    /// For each input that is read, a copy of its row.
    copies: Vec<Vec<u64>>,
    /// The elements, and whether they are selected, where they are computed.
    elements: Vec<u64>,
    selected: Vec<u64>,
    len: usize,
    computed: bool,
    /// What the code that computes them is called with.
    addresses: Vec<*const u8>,
    position: Vec<f64>,
    scratch: Vec<f64>,
}

/// A row of cells: where it is along all axes but the last, and which cells along the row.
pub struct CellsOfRow<'c> {
    pub outer: &'c [isize],
    pub along: Range<isize>,
    pub border: &'c BorderMap,
}

impl ElementRows {
    /// Makes ready a row of elements of a pass of the host, by its number.
    pub fn read(&mut self, context: &RunContext<'_>, moving: usize, cells: &CellsOfRow<'_>) {
        self.len = cells.along.len();
        self.copies.resize_with(context.readers.len(), Vec::new);
        match context.plan.moving[moving].elements() {
            Elements::Input { input, .. } => {
                self.computed = false;
                self.copy(context, 0, *input, self.len, cells);
            }
            Elements::Computed(pass) => {
                self.computed = true;
                self.compute(context, moving, pass, cells)
            }
        }
    }

    /// The elements; those of the lane that the pass names.
    pub fn elements<T: Sortable>(&self) -> &[T] {
        let memory = if self.computed { &self.elements } else { &self.copies[0] };
        assert!(self.len * size_of::<T>() <= 8 * memory.len(), "a row has its elements");
        // SAFETY: the memory is long enough, aligned for any lane, and was written; any bits are numbers.
        unsafe { std::slice::from_raw_parts(memory.as_ptr().cast::<T>(), self.len) }
    }

    /// For each element 0 if it is not selected, where that is asked.
    pub fn selected(&self, pass: &Elements) -> Option<&[u8]> {
        pass.is_filtered().then(|| {
            assert!(self.len <= 8 * self.selected.len(), "a row has its elements");
            // SAFETY: the memory is long enough, and any bits are numbers.
            unsafe { std::slice::from_raw_parts(self.selected.as_ptr().cast::<u8>(), self.len) }
        })
    }

    /// Copies a row of an input, in memory for so many elements.
    fn copy(&mut self, context: &RunContext<'_>, copy: usize, input: usize, room: usize, cells: &CellsOfRow<'_>) {
        let reader = context.readers[input].as_ref();
        let copy = &mut self.copies[copy];
        copy.resize((room * reader.element_bytes()).div_ceil(8), 0);
        let row = context.run.domain.row(reader.view(), cells.outer.iter().copied());
        // SAFETY: the row is one of the array's, or outside, and the border map is that of its length. There is room for its elements: as
        // many as there are cells along the row, which `room` is at least.
        unsafe { reader.copy(row, &cells.border.stretch(cells.along.clone()), copy.as_mut_ptr().cast()) };
    }

    /// Has the code of a pass compute the elements of a row.
    fn compute(&mut self, context: &RunContext<'_>, moving: usize, pass: &Pass, cells: &CellsOfRow<'_>) {
        let room = self.len.max(pass.block);
        for row in &pass.rows {
            self.copy(context, row.input, row.input, room, cells);
        }
        self.addresses.clear();
        self.addresses.extend(pass.rows.iter().map(|row| self.copies[row.input].as_ptr().cast::<u8>()));
        let bytes =
            |output: usize| (room * pass.outputs.get(output).map_or(0, |output| output.lane.bytes())).div_ceil(8);
        self.elements.resize(bytes(0), 0);
        self.selected.resize(bytes(1), 0);
        let outputs = [self.elements.as_mut_ptr().cast::<u8>(), self.selected.as_mut_ptr().cast()];
        self.position.clear();
        self.position.extend(context.plan.request.axes.iter().map(|axis| {
            let at = cells.outer.get(*axis).unwrap_or(&cells.along.start);
            PLACE_BIAS + *at as f64
        }));
        self.scratch.resize(pass.scratch_bytes() / 8, 0.0);
        let frame = Frame {
            constants: context.run.constants.as_ptr(),
            position: self.position.as_ptr(),
            scratch: self.scratch.as_mut_ptr(),
        };
        let code = context.run.kernel.element_code(moving).expect("a pass that is computed has code");
        // SAFETY: the code computes as many pixels as a row has room for, which is a block at least. It reads the rows that the pass names,
        // each copied just now in its input's own elements, with nothing around the pixel, and writes its outputs' lanes: both are in memory
        // of 64-bit numbers for so many of them, aligned for any lane, which nothing has moved since its address was taken. Scratch memory
        // is as long as the pass says, and constants and positions are those of the run and of the window's axes.
        unsafe { code.call(&self.addresses, &outputs[..pass.outputs.len()], room, &frame) };
    }
}
