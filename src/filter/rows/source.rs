//! Inputs row by row: arrays that code may read where they are, and copies of their rows.

#![allow(unsafe_code, reason = "the design lifts the ban here; each block gives its reason")]

use std::ops::Range;

use ndarray::ArrayViewD;

use crate::filter::pixels::Neighbourhood;
use crate::grid::element::{Cast, DType, Element};
use crate::plan::stage::Source;

/// What the cells beyond the two ends of the array's rows are.
pub struct Ends {
    /// The index along a row of what is at each position before its start and after its end, if it is inside.
    before: Vec<Option<isize>>,
    after: Vec<Option<isize>>,
    /// The length of a row.
    len: isize,
    outside: f64,
}

impl Ends {
    /// For the cells at these positions.
    pub fn new(neighbourhood: &Neighbourhood, positions: Range<isize>) -> Ends {
        let len = neighbourhood.row_len() as isize;
        let indices = |positions: Range<isize>| positions.map(|at| neighbourhood.index_along(at)).collect();
        let (before, after) = (indices(positions.start..0), indices(len..positions.end));
        Ends { before, after, len, outside: neighbourhood.outside() }
    }

    /// The positions from `start` to the row's, and what is there.
    fn before(&self, start: isize) -> impl Iterator<Item = (isize, Option<isize>)> {
        let indices = &self.before[self.before.len() - start.min(0).unsigned_abs()..];
        (start..).zip(indices.iter().copied())
    }

    /// The positions from the row's end to `end`, and what is there.
    fn after(&self, end: isize) -> impl Iterator<Item = (isize, Option<isize>)> {
        let indices = &self.after[..(end - self.len).max(0) as usize];
        (self.len..).zip(indices.iter().copied())
    }
}

/// An input array, row by row. A row is named by the distance of its first element from the array's.
pub trait RowSource: Sync {
    /// Whether code may read the array's own rows.
    fn is_direct(&self) -> bool;

    /// The size of an element of a copy.
    fn element_bytes(&self) -> usize;

    /// How far apart elements are along each axis, in elements; a row is the sum of its steps along all axes but the last.
    fn strides(&self) -> &[isize];

    /// The address of the array's first element.
    fn address(&self) -> *const u8;

    /// Whether all elements at `positions` along a row are finite.
    fn is_finite(&self, row: isize, positions: Range<usize>) -> bool;

    /// Copies the cells at `positions` along a row, which are inside the array or among its ends, to `copy`, as elements of
    /// the source's lane type.
    ///
    /// # Safety
    ///
    /// `row` is the array's, or `None` for a row outside the array; there is room for the cells at `copy`.
    unsafe fn copy(&self, row: Option<isize>, positions: Range<isize>, ends: &Ends, copy: *mut u8);
}

/// An input array whose rows are read.
pub struct Array<'a, T> {
    view: &'a ArrayViewD<'a, T>,
    first: *const T,
    strides: Vec<isize>,
    source: Source,
}

// SAFETY: the elements are only read, and the array is borrowed.
unsafe impl<T: Sync> Sync for Array<'_, T> {}

impl<'a, T: Element> Array<'a, T> {
    /// The array in `view`, of which rows hold what `source` says.
    pub fn new(view: &'a ArrayViewD<'a, T>, source: Source) -> Array<'a, T> {
        let strides = if view.ndim() == 0 { vec![1] } else { view.strides().to_vec() };
        Array { view, first: view.as_ptr(), strides, source }
    }

    fn stride(&self) -> isize {
        self.strides[self.strides.len() - 1]
    }
}

impl<T: Element> RowSource for Array<'_, T> {
    fn is_direct(&self) -> bool {
        // In a row of one element the stride says nothing, and there is nothing to gain.
        self.source.is_native() && self.stride() == 1 && self.view.shape().last().is_some_and(|len| *len > 1)
    }

    fn element_bytes(&self) -> usize {
        self.source.lane.bytes()
    }

    fn strides(&self) -> &[isize] {
        &self.strides
    }

    fn address(&self) -> *const u8 {
        self.first.cast()
    }

    fn is_finite(&self, row: isize, positions: Range<usize>) -> bool {
        if !matches!(T::DTYPE, DType::F32 | DType::F64) {
            return true;
        }
        if self.stride() == 1 {
            // SAFETY: the row's elements follow each other in the array, which is borrowed.
            let row = unsafe {
                std::slice::from_raw_parts(self.first.offset(row + positions.start as isize), positions.len())
            };
            return all_finite(row);
        }
        positions.into_iter().all(|x| {
            // SAFETY: `x` is an index along the row of the array, which is borrowed.
            let element = unsafe { *self.first.offset(row + x as isize * self.stride()) };
            element.to_f64().is_finite()
        })
    }

    unsafe fn copy(&self, row: Option<isize>, positions: Range<isize>, ends: &Ends, copy: *mut u8) {
        if self.source.is_native() {
            // The lane type holds what is outside exactly, or the plan would have chosen another.
            let outside = T::from_f64(ends.outside, Cast::Saturate);
            // SAFETY: passed on; native elements have the lane type's size.
            unsafe { self.copy_as(row, positions, ends, copy.cast::<T>(), outside, |element| element) }
        } else {
            let outside = ends.outside;
            // SAFETY: passed on; other elements are converted to f64s.
            unsafe { self.copy_as(row, positions, ends, copy.cast::<f64>(), outside, Element::to_f64) }
        }
    }
}

impl<T: Element> Array<'_, T> {
    /// # Safety
    ///
    /// As for [`RowSource::copy`]; `U` is `T` if elements are native.
    unsafe fn copy_as<U: Copy>(
        &self,
        row: Option<isize>,
        positions: Range<isize>,
        ends: &Ends,
        copy: *mut U,
        outside: U,
        convert: impl Fn(T) -> U,
    ) {
        let stride = self.stride();
        let inside = positions.start.max(0)..positions.end.min(ends.len);
        let Some(row) = row else {
            for index in 0..positions.len() {
                // SAFETY: there is room for all positions.
                unsafe { copy.add(index).write(outside) };
            }
            return;
        };
        let beyond = ends.before(positions.start).chain(ends.after(positions.end));
        for (position, index) in beyond {
            let element = match index {
                // SAFETY: the index is inside the row.
                Some(index) => convert(unsafe { *self.first.offset(row + index * stride) }),
                None => outside,
            };
            // SAFETY: there is room for all positions.
            unsafe { copy.offset(position - positions.start).write(element) };
        }
        if inside.is_empty() {
            return;
        }
        // SAFETY: the positions are inside the row, and there is room for all of them.
        unsafe {
            let (from, to) =
                (self.first.offset(row + inside.start * stride), copy.offset(inside.start - positions.start));
            if stride == 1 && self.source.is_native() {
                std::ptr::copy_nonoverlapping(from.cast(), to, inside.len());
            } else if stride == 1 {
                // Slices are converted many elements at once.
                let from = std::slice::from_raw_parts(from, inside.len());
                let to = std::slice::from_raw_parts_mut(to, inside.len());
                to.iter_mut().zip(from).for_each(|(to, from)| *to = convert(*from));
            } else {
                (0..inside.len() as isize).for_each(|index| *to.offset(index) = convert(*from.offset(index * stride)));
            }
        }
    }
}

/// How far an element is from another, by the difference of their indices along some of the axes.
pub fn distance(indices: impl Iterator<Item = isize>, strides: &[isize]) -> isize {
    indices.zip(strides).map(|(index, stride)| index * stride).sum()
}

/// Whether no element of a row is infinite or NaN.
fn all_finite<T: Element>(row: &[T]) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        /// The same, compiled for wider registers.
        #[target_feature(enable = "avx")]
        fn wide<T: Element>(row: &[T]) -> bool {
            T::all_finite(row)
        }
        if is_x86_feature_detected!("avx") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { wide(row) };
        }
    }
    T::all_finite(row)
}
