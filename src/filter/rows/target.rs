//! Outputs row by row: memory that several threads write to, each its own rows.

#![allow(unsafe_code, reason = "threads write to disjoint rows of one array, which safe references can't express")]

use crate::filter::exec::domain::Domain;
use crate::filter::exec::view::{RawView, for_dtype};
use crate::grid::element::{Cast, Element};
use crate::grid::region::Region;
use crate::plan::pass::PassOutput;
use crate::tuning;

/// An output array, and what the last pass makes for it.
pub struct Target<'a> {
    view: &'a RawView<'a>,
    /// The pixels that the array has, by their indices in the inputs.
    whole: &'a Region,
    /// How far the region's rows start from the array's.
    indent: usize,
    pub output: PassOutput,
    /// How far apart the elements of a row are, in elements.
    step: isize,
    /// The size of an element.
    element_bytes: usize,
    /// Whether results go past the cache.
    pub streamed: bool,
    cast: CastRow,
    copy: CopyRow,
}

/// Casts f64s to elements of an array that are so many apart, from an address on.
///
/// # Safety
///
/// There are as many elements of the function's type, and nobody else reads or writes them.
type CastRow = unsafe fn(*mut u8, isize, &[f64], Cast);

/// Copies elements of the array's own type there.
///
/// # Safety
///
/// As for [`CastRow`], and there are as many elements to read.
type CopyRow = unsafe fn(*mut u8, isize, *const u8, usize);

impl<'a> Target<'a> {
    /// The array, which has the pixels of the domain's region, for those of a part of it.
    pub fn new(view: &'a RawView<'a>, output: PassOutput, domain: &'a Domain, region: &Region) -> Target<'a> {
        for_dtype!(view.dtype(), T => Target::of::<T>(view, output, domain.region(), region))
    }

    fn of<T: Element>(view: &'a RawView<'a>, output: PassOutput, whole: &'a Region, region: &Region) -> Target<'a> {
        let target = Target {
            view,
            whole,
            indent: region.row().start - whole.row().start,
            output,
            step: view.step::<T>(),
            element_bytes: size_of::<T>(),
            streamed: false,
            cast: cast_row::<T>,
            copy: copy_row::<T>,
        };
        let bytes = |pixels: usize| pixels * target.element_bytes;
        // Short rows are worth it where they follow each other.
        let len = region.row().len();
        let long = bytes(len) > tuning::SHORT_ROW || target.row_stride() == bytes(len) as isize;
        let large = bytes(region.pixels()) >= tuning::STREAMED_BYTES && long;
        Target { streamed: cfg!(target_arch = "x86_64") && target.is_native() && large, ..target }
    }

    /// Whether code may write to the array's own rows.
    pub fn is_native(&self) -> bool {
        self.output.is_native() && self.step == 1
    }

    /// Whether results are moved there from a thread's own memory; `short` says whether code computes more than a row.
    pub fn is_staged(&self, short: bool) -> bool {
        !self.is_native() || self.streamed || short
    }

    /// The distance between rows that follow each other along the axis before the last, in bytes.
    pub fn row_stride(&self) -> isize {
        let strides = self.view.strides();
        strides.len().checked_sub(2).map_or(0, |axis| strides[axis])
    }

    /// The distance between elements of a row, in bytes.
    pub fn stride(&self) -> isize {
        self.step * self.element_bytes as isize
    }

    /// The address of the first element of the region's row at `outer`.
    pub fn row(&self, outer: &[usize]) -> *mut u8 {
        let indices = outer.iter().zip(&self.whole.axes).map(|(index, range)| (index - range.start) as isize);
        self.view.first().wrapping_offset(self.view.distance(indices) + self.indent as isize * self.stride())
    }

    /// Puts results of code, of `len` pixels at `from`, where they belong, from the element at `to` on.
    ///
    /// # Safety
    ///
    /// Code has written as many elements of the output's lane type to `from`, a multiple of their size; at `to` there are as many
    /// elements of one of the array's rows, or of rows that follow each other without a gap, which no other thread reads or writes.
    pub unsafe fn put(&self, from: *const u8, to: *mut u8, len: usize, cast: Cast) {
        if self.streamed {
            // SAFETY: by the contract; elements of an output that is streamed follow each other.
            unsafe { stream(from, to, len * self.element_bytes) };
        } else if self.output.is_native() {
            // SAFETY: by the contract; the lane type is the array's.
            unsafe { (self.copy)(to, self.step, from, len) };
        } else {
            // SAFETY: by the contract, whose lanes are f64s where they are not the array's elements.
            unsafe { (self.cast)(to, self.step, std::slice::from_raw_parts(from.cast::<f64>(), len), cast) };
        }
    }
}

/// # Safety
///
/// As for [`CastRow`].
unsafe fn cast_row<T: Element>(first: *mut u8, step: isize, values: &[f64], cast: Cast) {
    let first = first.cast::<T>();
    for (index, value) in values.iter().enumerate() {
        // SAFETY: by the contract.
        unsafe { *first.offset(index as isize * step) = T::from_f64(*value, cast) };
    }
}

/// # Safety
///
/// As for [`CopyRow`].
unsafe fn copy_row<T: Element>(first: *mut u8, step: isize, elements: *const u8, len: usize) {
    let (first, elements) = (first.cast::<T>(), elements.cast::<T>());
    if step == 1 {
        // SAFETY: by the contract.
        return unsafe { std::ptr::copy_nonoverlapping(elements, first, len) };
    }
    for index in 0..len as isize {
        // SAFETY: by the contract.
        unsafe { *first.offset(index * step) = *elements.offset(index) };
    }
}

/// Copies `bytes` bytes to memory that is not read soon, past the caches.
///
/// # Safety
///
/// The bytes can be read at `from` and written to `to`, and don't overlap.
pub unsafe fn stream(from: *const u8, to: *mut u8, bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};
        const LINE: usize = 64;
        let head = to.align_offset(LINE).min(bytes);
        let lines = (bytes - head) / LINE;
        // SAFETY: head, lines and rest are the bytes of the contract, and lines start at multiples of 64.
        unsafe {
            std::ptr::copy_nonoverlapping(from, to, head);
            for line in 0..lines {
                let (from, to) = (from.add(head + LINE * line), to.add(head + LINE * line));
                for part in 0..LINE / 16 {
                    let value = _mm_loadu_si128(from.cast::<__m128i>().add(part));
                    _mm_stream_si128(to.cast::<__m128i>().add(part), value);
                }
            }
            let done = head + LINE * lines;
            std::ptr::copy_nonoverlapping(from.add(done), to.add(done), bytes - done);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: by the contract.
    unsafe {
        std::ptr::copy_nonoverlapping(from, to, bytes);
    }
}

/// Makes what was written past the caches visible to other threads before anything that follows.
pub fn fence() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}
