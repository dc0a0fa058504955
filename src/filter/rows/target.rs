//! Outputs row by row: memory that several threads write to, each its own rows.

#![allow(unsafe_code, reason = "the design lifts the ban here; each block gives its reason")]

use ndarray::ArrayViewMutD;

use super::RowRun;
use crate::grid::element::{Cast, Element};

/// An output array as memory that several threads write to, each its own rows.
pub struct Target {
    first: *mut u8,
    strides: Vec<isize>,
    /// The index in the inputs of the array's first pixel.
    origin: Vec<usize>,
    /// How far the region's rows start from the array's.
    indent: usize,
    pub element_bytes: usize,
    /// Casts f64s to elements of the array, from an element on.
    pub cast: fn(&Target, isize, &[f64], Cast),
    /// Copies elements of the array's own type there.
    pub copy: fn(&Target, isize, *const u8, usize),
}

// SAFETY: the memory is borrowed mutably for as long as the target lives, and the driver gives every row to one thread only.
unsafe impl Sync for Target {}

impl Target {
    pub fn new<T: Element>(view: &mut ArrayViewMutD<'_, T>, run: &RowRun<'_>) -> Target {
        let strides = if view.ndim() == 0 { vec![1] } else { view.strides().to_vec() };
        let whole = run.neighbourhood.region();
        Target {
            first: view.as_mut_ptr().cast(),
            strides,
            origin: whole.first(),
            indent: run.region.row().start - whole.row().start,
            element_bytes: size_of::<T>(),
            cast: Target::cast_row::<T>,
            copy: Target::copy_row::<T>,
        }
    }

    pub fn stride(&self) -> isize {
        self.strides[self.strides.len() - 1]
    }

    /// The distance between rows that follow each other along the axis before the last.
    pub fn row_stride(&self) -> isize {
        self.strides.len().checked_sub(2).map_or(0, |axis| self.strides[axis])
    }

    /// The distance of the first element of the region's row at `outer` from the array's.
    pub fn start(&self, outer: &[usize]) -> isize {
        let indices = outer.iter().zip(&self.origin).map(|(index, first)| (index - first) as isize);
        let row: isize = indices.zip(&self.strides).map(|(index, stride)| index * stride).sum();
        row + self.indent as isize * self.stride()
    }

    pub fn address(&self, element: isize) -> *mut u8 {
        self.first.wrapping_offset(element * self.element_bytes as isize)
    }

    fn cast_row<T: Element>(&self, start: isize, values: &[f64], cast: Cast) {
        let (first, stride) = (self.first.cast::<T>(), self.stride());
        for (index, value) in values.iter().enumerate() {
            // SAFETY: the values are for elements of one row of the array, whose type is `T` by `new`; nobody else writes to
            // them.
            unsafe { *first.offset(start + index as isize * stride) = T::from_f64(*value, cast) };
        }
    }

    fn copy_row<T: Element>(&self, start: isize, elements: *const u8, len: usize) {
        let (first, stride, elements) = (self.first.cast::<T>(), self.stride(), elements.cast::<T>());
        for index in 0..len as isize {
            // SAFETY: as in `cast_row`; code has written as many elements of the array's type to the copy.
            unsafe { *first.offset(start + index * stride) = *elements.offset(index) };
        }
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
