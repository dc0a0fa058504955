//! Inputs row by row: arrays that code may read where they are, and copies of their rows.

#![allow(unsafe_code, reason = "rows are read by address, since code reads them so where their layout allows it")]

use std::ops::Range;

use super::border::{BorderMap, BorderRun, Stretch};
use crate::filter::exec::view::{RawView, for_dtype};
use crate::grid::element::{Cast, Element};
use crate::grid::lane::Lane;
use crate::plan::pass::PassInput;

/// An input array, row by row. A row is named by the address of its first element.
pub trait RowReader: Sync {
    /// Whether code may read the array's own rows.
    fn is_direct(&self) -> bool;

    /// The size of an element of a copy.
    fn element_bytes(&self) -> usize;

    /// Where the array's elements are.
    fn view(&self) -> &RawView<'_>;

    /// Whether all cells at `positions` along a row, which are inside the array or among those of its border map, are finite;
    /// what is outside the array is not asked.
    ///
    /// # Safety
    ///
    /// `row` is the address of one of the array's rows.
    unsafe fn is_finite(&self, row: *const u8, positions: Range<isize>, border: &BorderMap) -> bool;

    /// Copies the cells of a stretch along some rows as elements of the input's lane type: of the first row to `copy`, and of each other so
    /// many bytes after the one before it.
    ///
    /// # Safety
    ///
    /// `rows` are addresses of the array's rows, or `None` for rows outside the array; the stretch is of a border map of theirs, and there
    /// is room for its cells at `copy`.
    unsafe fn copy_rows(&self, rows: &[Option<*const u8>], stretch: &Stretch, copy: *mut u8, pitch: usize);

    /// Copies the cells of a row.
    ///
    /// # Safety
    ///
    /// As for [`RowReader::copy_rows`].
    unsafe fn copy(&self, row: Option<*const u8>, stretch: &Stretch, copy: *mut u8);
}

/// The rows of an array, which hold what `input` says, with `outside` around it; of `copied` rows code never reads the
/// array's own.
pub fn reader<'a>(view: &'a RawView<'a>, input: PassInput, outside: f64, copied: bool) -> Box<dyn RowReader + 'a> {
    for_dtype!(view.dtype(), T => Box::new(ArrayRows::<T>::new(view, input, outside, copied)))
}

/// An input array whose rows are read, with elements of type `T`.
struct ArrayRows<'a, T> {
    view: &'a RawView<'a>,
    /// How far apart the elements of a row are, in elements.
    step: isize,
    /// Whether code may read the array's own rows.
    direct: bool,
    input: PassInput,
    /// What is outside the array.
    outside: f64,
    /// The same as an element, exactly where rows are native.
    outside_element: T,
}

impl<'a, T: Element> ArrayRows<'a, T> {
    fn new(view: &'a RawView<'a>, input: PassInput, outside: f64, copied: bool) -> ArrayRows<'a, T> {
        let (step, outside_element) = (view.step::<T>(), T::from_f64(outside, Cast::Saturate));
        ArrayRows { view, step, direct: input.is_native() && step == 1 && !copied, input, outside, outside_element }
    }
}

impl<T: Element> RowReader for ArrayRows<'_, T> {
    fn is_direct(&self) -> bool {
        self.direct
    }

    fn element_bytes(&self) -> usize {
        self.input.lane.bytes()
    }

    fn view(&self) -> &RawView<'_> {
        self.view
    }

    unsafe fn is_finite(&self, row: *const u8, positions: Range<isize>, border: &BorderMap) -> bool {
        if !T::DTYPE.is_float() {
            return true;
        }
        let row = row.cast::<T>();
        // SAFETY: the callers below name indices inside the row of the array, which is borrowed.
        let is_finite = |index: isize| unsafe { *row.offset(index * self.step) }.to_f64().is_finite();
        let all_finite = |mut indices: Range<isize>| match self.step {
            _ if indices.is_empty() => true,
            1 => {
                // SAFETY: the elements follow each other in the array, which is borrowed.
                all_finite(unsafe { std::slice::from_raw_parts(row.offset(indices.start), indices.len()) })
            }
            _ => indices.all(is_finite),
        };
        all_finite(border.inside(&positions)) && border.beyond(&positions).all(|run| all_finite(run.elements()))
    }

    unsafe fn copy_rows(&self, rows: &[Option<*const u8>], stretch: &Stretch, copy: *mut u8, pitch: usize) {
        let copies = rows.iter().enumerate().map(|(index, row)| (*row, copy.wrapping_add(index * pitch)));
        // SAFETY: passed on.
        unsafe { self.copy_each(copies, stretch) };
    }

    unsafe fn copy(&self, row: Option<*const u8>, stretch: &Stretch, copy: *mut u8) {
        // SAFETY: passed on.
        unsafe { self.copy_each(std::iter::once((row, copy)), stretch) };
    }
}

impl<T: Element> ArrayRows<'_, T> {
    /// Copies the cells of some rows, each to an address.
    ///
    /// # Safety
    ///
    /// As for [`RowReader::copy_rows`].
    unsafe fn copy_each(&self, copies: impl Iterator<Item = (Option<*const u8>, *mut u8)>, stretch: &Stretch) {
        match self.input.lane {
            // Most rows are copied as they are.
            _ if self.input.is_native() && self.step == 1 && stretch.runs.is_empty() => {
                copies.for_each(|(row, copy)| {
                    let copy = copy.cast::<T>();
                    // SAFETY: passed on; native elements have the lane type's size.
                    unsafe {
                        match row {
                            Some(row) => copy_elements(row.cast::<T>(), stretch, copy),
                            None => self.copy_as(row, stretch, copy, self.outside_element, |element| element),
                        }
                    }
                })
            }
            // The lane type holds what is outside exactly, or the plan would have chosen another.
            _ if self.input.is_native() => copies.for_each(|(row, copy)| {
                // SAFETY: passed on; native elements have the lane type's size.
                unsafe { self.copy_as(row, stretch, copy.cast::<T>(), self.outside_element, |element| element) }
            }),
            Lane::F32 => copies.for_each(|(row, copy)| {
                let outside = self.outside as f32;
                // SAFETY: passed on; elements are converted to f32s, whose values they are.
                unsafe { self.copy_as(row, stretch, copy.cast::<f32>(), outside, |x| x.to_f64() as f32) }
            }),
            _ => copies.for_each(|(row, copy)| {
                // SAFETY: passed on; other elements are converted to f64s.
                unsafe { self.copy_as(row, stretch, copy.cast::<f64>(), self.outside, Element::to_f64) }
            }),
        }
    }

    /// Copies the cells of a row.
    ///
    /// # Safety
    ///
    /// As for [`RowReader::copy_rows`]; `U` is `T` if elements are native.
    unsafe fn copy_as<U: Copy>(
        &self,
        row: Option<*const u8>,
        stretch: &Stretch,
        copy: *mut U,
        outside: U,
        convert: impl Fn(T) -> U,
    ) {
        let Some(row) = row.map(<*const u8>::cast::<T>) else {
            // SAFETY: there is room for all cells.
            (0..stretch.len).for_each(|index| unsafe { copy.add(index).write(outside) });
            return;
        };
        for (at, element) in &stretch.single {
            // SAFETY: there is room for all cells, and the indices of elements are inside the row.
            unsafe { copy.offset(*at).write(convert(*row.offset(element * self.step))) };
        }
        for run in &stretch.runs {
            // SAFETY: as above.
            unsafe { self.copy_run(row, run, copy.offset(run.start), outside, &convert) };
        }
        let inside = &stretch.inside;
        if inside.is_empty() {
            return;
        }
        // SAFETY: the positions are inside the row, and there is room for all of them.
        unsafe {
            let (from, to) = (row.offset(inside.start * self.step), copy.add(stretch.before));
            if self.step == 1 && self.input.is_native() {
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

    /// Copies cells beyond an end of a row.
    ///
    /// # Safety
    ///
    /// There is room for them, and they are elements of the row.
    unsafe fn copy_run<U: Copy>(
        &self,
        row: *const T,
        run: &BorderRun,
        to: *mut U,
        outside: U,
        convert: impl Fn(T) -> U,
    ) {
        let len = run.len;
        // SAFETY: by the contract.
        unsafe {
            match run.element {
                None => (0..len).for_each(|at| to.add(at).write(outside)),
                Some((first, 0)) => {
                    let element = convert(*row.offset(first * self.step));
                    (0..len).for_each(|at| to.add(at).write(element));
                }
                // Such loops are compiled for many elements at once.
                Some((first, 1)) if self.step == 1 => {
                    (0..len).for_each(|at| to.add(at).write(convert(*row.offset(first).add(at))));
                }
                Some((first, -1)) if self.step == 1 => {
                    (0..len).for_each(|at| to.add(at).write(convert(*row.offset(first).sub(at))));
                }
                Some((first, step)) => (0..len as isize).for_each(|at| {
                    to.offset(at).write(convert(*row.offset((first + at * step) * self.step)));
                }),
            }
        }
    }
}

/// Copies the cells of a stretch without runs along a row of elements that follow each other.
///
/// # Safety
///
/// The stretch is of such a row, and there is room for its cells.
#[inline]
unsafe fn copy_elements<T: Copy>(row: *const T, stretch: &Stretch, copy: *mut T) {
    let Stretch { single, inside, before, .. } = stretch;
    // SAFETY: by the contract.
    unsafe {
        for (at, element) in single {
            copy.offset(*at).write(*row.offset(*element));
        }
        if !inside.is_empty() {
            std::ptr::copy_nonoverlapping(row.offset(inside.start), copy.add(*before), inside.len());
        }
    }
}

/// Whether none of so many numbers of a lane type is infinite or NaN.
///
/// # Safety
///
/// They are there, at a multiple of their size.
pub unsafe fn are_finite(lane: Lane, first: *const u8, count: usize) -> bool {
    // SAFETY: by the contract.
    unsafe {
        match lane {
            Lane::F32 => all_finite(std::slice::from_raw_parts(first.cast::<f32>(), count)),
            Lane::F64 => all_finite(std::slice::from_raw_parts(first.cast::<f64>(), count)),
            _ => true,
        }
    }
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
