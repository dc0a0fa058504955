//! Windows out of an input array: each cell as an f64.

#![allow(unsafe_code, reason = "interior windows are read at distances from the pixel, without a test for each cell")]

use std::ops::Range;

use super::neighbourhood::Neighbourhood;
use crate::filter::exec::view::{RawView, for_dtype};
use crate::grid::element::Element;

/// How many windows are gathered at once where pixels are neighbours in memory.
pub const PIXELS: usize = 4;

/// An input array whose windows are gathered, one row of pixels after the other.
pub struct Gather<'a, T> {
    view: &'a RawView<'a>,
    first: *const T,
    /// How far apart the elements of a row are.
    step: isize,
    neighbourhood: &'a Neighbourhood<'a>,
    /// For the current row of pixels: how far from the first element each row of cells starts, `None` if it is outside.
    starts: Vec<Option<isize>>,
    /// For the current row of pixels: the distance of each cell from the start of the array for a pixel at 0, if no
    /// row of cells is outside.
    distances: Vec<isize>,
    inside: bool,
}

impl<'a, T: Element> Gather<'a, T> {
    /// The array has the neighbourhood's shape, and elements of type `T`.
    pub fn new(view: &'a RawView<'a>, neighbourhood: &'a Neighbourhood<'a>) -> Gather<'a, T> {
        Gather {
            first: view.first().cast(),
            step: view.step::<T>(),
            view,
            neighbourhood,
            starts: Vec::with_capacity(neighbourhood.rows().len()),
            distances: Vec::with_capacity(neighbourhood.cells().len()),
            inside: false,
        }
    }

    /// Makes ready for the row of pixels at `position`, whose last number does not matter.
    pub fn start_row(&mut self, position: &[usize]) {
        let domain = self.neighbourhood.domain();
        self.starts.clear();
        for row in self.neighbourhood.rows() {
            let mut start = Some(0);
            for (axis, offset) in row.iter().enumerate() {
                let index = domain.index(axis, position[axis] as isize + offset);
                start = start.zip(index).map(|(start, index)| start + index * self.view.strides()[axis]);
            }
            self.starts.push(start.map(|bytes| bytes / size_of::<T>() as isize));
        }
        self.inside = self.starts.iter().all(Option::is_some);
        self.distances.clear();
        if self.inside {
            let (starts, step) = (&self.starts, self.step);
            let distance = |(row, along): &(usize, isize)| starts[*row].unwrap_or(0) + along * step;
            self.distances.extend(self.neighbourhood.cells().iter().map(distance));
        }
    }

    /// Whether no row of cells of the current row of pixels is outside the array.
    pub fn is_inside(&self) -> bool {
        self.inside
    }

    /// Whether the pixels of a row are neighbours in memory.
    pub fn is_contiguous(&self) -> bool {
        self.step == 1
    }

    /// Gathers the window of pixel `x` of the row, wherever its cells are.
    pub fn gather_anywhere(&self, x: usize, window: &mut [f64]) {
        self.gather_as(x, window, self.neighbourhood.domain().cval(), T::to_f64);
    }

    /// Gathers what rounding the elements of the window to f64s loses.
    pub fn gather_rests(&self, x: usize, rests: &mut [f64]) {
        self.gather_as(x, rests, 0.0, T::rest);
    }

    fn gather_as(&self, x: usize, window: &mut [f64], outside: f64, convert: impl Fn(T) -> f64) {
        let domain = self.neighbourhood.domain();
        for ((row, along), value) in self.neighbourhood.cells().iter().zip(window) {
            *value = match self.starts[*row].zip(domain.index_along(x as isize + along)) {
                // SAFETY: `start` is the sum of an index inside the array times the stride for every axis but the
                // last, and `index` is inside the last, so the element is in the array, which is borrowed.
                Some((start, index)) => convert(unsafe { *self.first.offset(start + index * self.step) }),
                None => outside,
            };
        }
    }

    /// Gathers the window of pixel `x` of the row.
    ///
    /// # Safety
    ///
    /// `x` is in the neighbourhood's interior, and [`Gather::is_inside`] holds.
    #[inline(always)]
    pub unsafe fn gather_inside(&self, x: usize, window: &mut [f64]) {
        let pixel = x as isize * self.step;
        for (distance, value) in self.distances.iter().zip(window) {
            // SAFETY: the cell's row is inside, and so is `x` plus the cell's offset along it; the sum of the strides
            // times these indices is the element's place in the array, which is borrowed.
            *value = unsafe { (*self.first.offset(pixel + distance)).to_f64() };
        }
    }

    /// The distances of the cells, where there are so many of them.
    pub fn distances<const CELLS: usize>(&self) -> [isize; CELLS] {
        self.distances[..].try_into().expect("there is a distance for each cell")
    }

    /// The windows of a few pixels from `x` on: each cell's distance is fetched once for all of them.
    ///
    /// # Safety
    ///
    /// As for [`Gather::gather_inside`], for each of the pixels; [`Gather::is_contiguous`] holds, and `distances` are those
    /// of [`Gather::distances`] for this row.
    #[inline(always)]
    pub unsafe fn gather_block<const CELLS: usize>(
        &self,
        x: usize,
        distances: &[isize; CELLS],
    ) -> [[f64; CELLS]; PIXELS] {
        let mut windows = [[0.0; CELLS]; PIXELS];
        for (cell, distance) in distances.iter().enumerate() {
            // SAFETY: as in `gather_inside`, for every pixel of the block; the step is 1, so the cells of neighbouring pixels
            // are neighbours.
            let cells = unsafe { &*self.first.offset(x as isize + distance).cast::<[T; PIXELS]>() };
            for index in 0..PIXELS {
                windows[index][cell] = cells[index].to_f64();
            }
        }
        windows
    }
}

/// An input of any type, for those after the first.
pub trait AnyGather {
    /// Makes ready for the row of pixels at `position`, whose last number does not matter.
    fn start_row(&mut self, position: &[usize]);

    /// Gathers the window of pixel `x` of the row.
    fn gather(&self, x: usize, interior: &Range<usize>, window: &mut [f64]);

    /// Gathers what rounding the elements of the window to f64s loses.
    fn gather_rests(&self, x: usize, rests: &mut [f64]);
}

impl<T: Element> AnyGather for Gather<'_, T> {
    fn start_row(&mut self, position: &[usize]) {
        Gather::start_row(self, position);
    }

    fn gather(&self, x: usize, interior: &Range<usize>, window: &mut [f64]) {
        if self.inside && interior.contains(&x) {
            // SAFETY: just checked.
            unsafe { self.gather_inside(x, window) }
        } else {
            self.gather_anywhere(x, window);
        }
    }

    fn gather_rests(&self, x: usize, rests: &mut [f64]) {
        Gather::gather_rests(self, x, rests);
    }
}

/// An input whose type is known at run time only.
pub fn any<'a>(view: &'a RawView<'a>, neighbourhood: &'a Neighbourhood<'a>) -> Box<dyn AnyGather + 'a> {
    for_dtype!(view.dtype(), T => Box::new(Gather::<T>::new(view, neighbourhood)))
}

/// The cells of every input in turn for one pixel, by its index along each axis; if that is asked for, then what rounding loses.
pub fn cells_at(
    neighbourhood: &Neighbourhood<'_>,
    inputs: &[RawView<'_>],
    position: &[usize],
    exact: bool,
) -> Vec<f64> {
    let len = neighbourhood.cells().len();
    let parts = if exact { 2 } else { 1 };
    let mut window = vec![0.0; parts * len * inputs.len()];
    let x = position[position.len() - 1];
    for (view, window) in inputs.iter().zip(window.chunks_mut((parts * len).max(1))) {
        let (numbers, rests) = window.split_at_mut(len);
        let mut input = any(view, neighbourhood);
        input.start_row(position);
        input.gather(x, &(0..0), numbers);
        if exact {
            input.gather_rests(x, rests);
        }
    }
    window
}
