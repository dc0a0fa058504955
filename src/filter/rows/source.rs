//! Inputs row by row: arrays that code may read where they are, and copies of their rows.

#![allow(unsafe_code, reason = "the design lifts the ban here; each block gives its reason")]

use std::ops::Range;

use ndarray::ArrayViewD;

use crate::filter::pixels::Neighbourhood;
use crate::grid::element::{Cast, Element};
use crate::grid::lane::Lane;
use crate::plan::pass::PassInput;

/// What the cells beyond the two ends of the array's rows are.
pub struct Ends {
    /// The positions that are wanted.
    positions: Range<isize>,
    /// The index along a row of what is at each of them before its start and after its end, if it is inside.
    before: Vec<Option<isize>>,
    after: Vec<Option<isize>>,
    /// The length of a row.
    len: isize,
}

impl Ends {
    /// For the cells at these positions.
    pub fn new(neighbourhood: &Neighbourhood, positions: Range<isize>) -> Ends {
        let len = neighbourhood.row_len() as isize;
        let indices = |positions: Range<isize>| positions.map(|at| neighbourhood.index_along(at)).collect();
        let before = indices(positions.start..positions.end.min(0));
        let after = indices(positions.start.max(len)..positions.end);
        Ends { positions, before, after, len }
    }

    /// Calls `visit` with those of some positions that are beyond the row's ends, and what is there.
    fn visit_beyond(&self, positions: &Range<isize>, mut visit: impl FnMut(isize, Option<isize>)) {
        for (first, indices) in
            [(self.positions.start, &self.before), (self.len.max(self.positions.start), &self.after)]
        {
            let end = positions.end.min(first + indices.len() as isize);
            for position in positions.start.max(first)..end {
                visit(position, indices[(position - first) as usize]);
            }
        }
    }
}

/// An input array, row by row. A row is named by the address of its first element.
pub trait RowSource: Sync {
    /// Whether code may read the array's own rows.
    fn is_direct(&self) -> bool;

    /// The size of an element of a copy.
    fn element_bytes(&self) -> usize;

    /// How far apart elements are along each axis, in bytes; 0 along an axis of one element.
    fn strides(&self) -> &[isize];

    /// The address of the array's first element.
    fn address(&self) -> *const u8;

    /// Whether all cells at `positions` along a row, which are inside the array or among its ends, are finite; what is
    /// outside the array is not asked.
    ///
    /// # Safety
    ///
    /// `row` is the address of one of the array's rows.
    unsafe fn is_finite(&self, row: *const u8, positions: Range<isize>, ends: &Ends) -> bool;

    /// Copies the cells at `positions` along a row, which are inside the array or among its ends, to `copy`, as elements of
    /// the source's lane type.
    ///
    /// # Safety
    ///
    /// `row` is the address of one of the array's rows, or `None` for a row outside the array; there is room for the cells at
    /// `copy`.
    unsafe fn copy(&self, row: Option<*const u8>, positions: Range<isize>, ends: &Ends, copy: *mut u8);
}

/// An input array whose rows are read.
pub struct Array<'a, T> {
    view: &'a ArrayViewD<'a, T>,
    /// In bytes.
    strides: Vec<isize>,
    /// How far apart the elements of a row are, in elements.
    step: isize,
    source: PassInput,
    /// What is outside the array.
    outside: f64,
    /// The same as an element, exactly where rows are native.
    outside_element: T,
}

// SAFETY: the elements are only read, and the array is borrowed.
unsafe impl<T: Sync> Sync for Array<'_, T> {}

impl<'a, T: Element> Array<'a, T> {
    /// The array in `view`, of which rows hold what `source` says, with `outside` around it.
    pub fn new(view: &'a ArrayViewD<'a, T>, source: PassInput, outside: f64) -> Array<'a, T> {
        // A stride along an axis of one element may be any number, and a single value is a row of one.
        let stride = |(len, stride): (&usize, &isize)| if *len > 1 { stride * size_of::<T>() as isize } else { 0 };
        let mut strides: Vec<isize> = view.shape().iter().zip(view.strides()).map(stride).collect();
        if strides.is_empty() {
            strides.push(0);
        }
        let step = strides[strides.len() - 1] / size_of::<T>() as isize;
        Array { view, strides, step, source, outside, outside_element: T::from_f64(outside, Cast::Saturate) }
    }
}

impl<T: Element> RowSource for Array<'_, T> {
    fn is_direct(&self) -> bool {
        self.source.is_native() && self.step == 1
    }

    fn element_bytes(&self) -> usize {
        self.source.lane.bytes()
    }

    fn strides(&self) -> &[isize] {
        &self.strides
    }

    fn address(&self) -> *const u8 {
        self.view.as_ptr().cast()
    }

    unsafe fn is_finite(&self, row: *const u8, positions: Range<isize>, ends: &Ends) -> bool {
        if !T::DTYPE.is_float() {
            return true;
        }
        let row = row.cast::<T>();
        // SAFETY: the callers below name indices inside the row of the array, which is borrowed.
        let is_finite = |index: isize| unsafe { *row.offset(index * self.step) }.to_f64().is_finite();
        let inside = positions.start.max(0)..positions.end.min(ends.len);
        let inside_finite = match self.step {
            _ if inside.is_empty() => true,
            1 => {
                // SAFETY: the elements follow each other in the array, which is borrowed.
                all_finite(unsafe { std::slice::from_raw_parts(row.offset(inside.start), inside.len()) })
            }
            _ => inside.clone().all(is_finite),
        };
        let mut finite = inside_finite;
        ends.visit_beyond(&positions, |_, index| finite &= index.is_none_or(is_finite));
        finite
    }

    unsafe fn copy(&self, row: Option<*const u8>, positions: Range<isize>, ends: &Ends, copy: *mut u8) {
        match self.source.lane {
            // The lane type holds what is outside exactly, or the plan would have chosen another.
            _ if self.source.is_native() => {
                // SAFETY: passed on; native elements have the lane type's size.
                unsafe { self.copy_as(row, positions, ends, copy.cast::<T>(), self.outside_element, |element| element) }
            }
            Lane::F32 => {
                let outside = self.outside as f32;
                // SAFETY: passed on; elements are converted to f32s, whose values they are.
                unsafe { self.copy_as(row, positions, ends, copy.cast::<f32>(), outside, |x| x.to_f64() as f32) }
            }
            _ => {
                // SAFETY: passed on; other elements are converted to f64s.
                unsafe { self.copy_as(row, positions, ends, copy.cast::<f64>(), self.outside, Element::to_f64) }
            }
        }
    }
}

impl<T: Element> Array<'_, T> {
    /// # Safety
    ///
    /// As for [`RowSource::copy`]; `U` is `T` if elements are native.
    unsafe fn copy_as<U: Copy>(
        &self,
        row: Option<*const u8>,
        positions: Range<isize>,
        ends: &Ends,
        copy: *mut U,
        outside: U,
        convert: impl Fn(T) -> U,
    ) {
        let Some(row) = row.map(<*const u8>::cast::<T>) else {
            for index in 0..positions.len() {
                // SAFETY: there is room for all positions.
                unsafe { copy.add(index).write(outside) };
            }
            return;
        };
        let inside = positions.start.max(0)..positions.end.min(ends.len);
        ends.visit_beyond(&positions, |position, index| {
            let element = match index {
                // SAFETY: the index is inside the row.
                Some(index) => convert(unsafe { *row.offset(index * self.step) }),
                None => outside,
            };
            // SAFETY: there is room for all positions.
            unsafe { copy.offset(position - positions.start).write(element) };
        });
        if inside.is_empty() {
            return;
        }
        // SAFETY: the positions are inside the row, and there is room for all of them.
        unsafe {
            let (from, to) = (row.offset(inside.start * self.step), copy.offset(inside.start - positions.start));
            if self.step == 1 && self.source.is_native() {
                std::ptr::copy_nonoverlapping(from.cast(), to, inside.len());
            } else if self.step == 1 {
                // Slices are converted many elements at once.
                let from = std::slice::from_raw_parts(from, inside.len());
                let to = std::slice::from_raw_parts_mut(to, inside.len());
                to.iter_mut().zip(from).for_each(|(to, from)| *to = convert(*from));
            } else {
                (0..inside.len() as isize)
                    .for_each(|index| *to.offset(index) = convert(*from.offset(index * self.step)));
            }
        }
    }
}

/// How far an element is from another, by the difference of their indices along some of the axes, in the unit of the strides.
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
