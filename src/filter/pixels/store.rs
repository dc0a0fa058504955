//! Results into an output array that several threads write to, each its own pixels.

#![allow(unsafe_code, reason = "threads write to disjoint pixels of one array, which safe references can't express")]

use crate::filter::exec::view::{RawView, for_dtype};
use crate::grid::element::{Cast, Element};
use crate::grid::region::Region;

/// An output array whose pixels are written.
pub struct Store<'a> {
    view: RawView<'a>,
    /// The index in the inputs of the first pixel.
    start: Vec<usize>,
    put: Put,
    put_exact: Put,
}

/// Casts every so many-th value, the last number but one, to elements that are so many apart, the second number, from an
/// address on.
///
/// # Safety
///
/// There are as many elements of the function's type, and nobody else reads or writes them.
type Put = unsafe fn(*mut u8, isize, &[f64], usize, Cast);

impl<'a> Store<'a> {
    /// The array has the pixels of `region`.
    pub fn new(view: RawView<'a>, region: &Region) -> Store<'a> {
        let (put, put_exact) = for_dtype!(view.dtype(), T => (put::<T> as Put, put_exact::<T> as Put));
        Store { view, start: region.first(), put, put_exact }
    }

    /// Stores every `step`-th value at `position` and the pixels after it in the same row; they are this thread's.
    pub fn store(&self, position: &[usize], values: &[f64], step: usize, cast: Cast) {
        // SAFETY: position and the pixels after it are in the row, so their elements are in the array, whose type is that of
        // the function by `new`; the driver gives every pixel to one thread only.
        unsafe { (self.put)(self.first(position), self.view.row_stride(), values, step, cast) };
    }

    /// The same for every second `outputs`-th value, where what rounding lost is `outputs` values behind each.
    pub fn store_exact(&self, position: &[usize], values: &[f64], outputs: usize, cast: Cast) {
        // SAFETY: as in `store`.
        unsafe { (self.put_exact)(self.first(position), self.view.row_stride(), values, outputs, cast) };
    }

    /// The address of an element.
    fn first(&self, position: &[usize]) -> *mut u8 {
        let indices = position.iter().zip(&self.start).map(|(index, start)| (index - start) as isize);
        self.view.first().wrapping_offset(self.view.distance(indices))
    }
}

/// # Safety
///
/// As for [`Put`].
unsafe fn put<T: Element>(first: *mut u8, stride: isize, values: &[f64], step: usize, cast: Cast) {
    // The cast is the same for all, so each loop has only one; and most kernels have one output.
    // SAFETY: passed on.
    unsafe {
        match (cast, step) {
            (Cast::Saturate, 1) => put_each(first, stride, values.iter(), |value| T::from_f64(value, Cast::Saturate)),
            (Cast::Wrap, 1) => put_each(first, stride, values.iter(), |value| T::from_f64(value, Cast::Wrap)),
            _ => put_each(first, stride, values.iter().step_by(step), |value| T::from_f64(value, cast)),
        }
    }
}

/// # Safety
///
/// As for [`Put`].
unsafe fn put_exact<T: Element>(first: *mut u8, stride: isize, values: &[f64], outputs: usize, cast: Cast) {
    let (first, step) = (first.cast::<T>(), stride / size_of::<T>() as isize);
    for (index, value) in values.chunks(2 * outputs).enumerate() {
        let rest = value.get(outputs).copied().filter(|rest| !rest.is_nan());
        // SAFETY: by the contract.
        unsafe { *first.offset(index as isize * step) = T::from_parts(value[0], rest, cast) };
    }
}

/// # Safety
///
/// As for [`Put`].
#[inline(always)]
unsafe fn put_each<'v, T: Element>(
    first: *mut u8,
    stride: isize,
    values: impl Iterator<Item = &'v f64>,
    cast: impl Fn(f64) -> T,
) {
    let (first, step) = (first.cast::<T>(), stride / size_of::<T>() as isize);
    for (index, value) in values.enumerate() {
        // SAFETY: by the contract.
        unsafe { *first.offset(index as isize * step) = cast(*value) };
    }
}
