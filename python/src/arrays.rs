//! NumPy's arrays as Hoodoo's inputs and outputs, without a copy.

use hoodoo::{AnyElement, Input, Output, f16};
use numpy::ndarray::{ArrayViewD, ArrayViewMutD};
use numpy::{BorrowError, Element, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyReadwriteArrayDyn};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// The most axes that the views may have.
const MOST_AXES: usize = 32;

/// An array that others may read and nobody may write, as far as Rust can know.
pub trait Readable {
    /// The array as an input.
    fn input(&self) -> Input<'_>;
}

/// An array that nobody else may read or write, as far as Rust can know.
pub trait Writable {
    /// The array as an output.
    fn output(&mut self) -> Output<'_>;
}

impl<T: Element + AnyElement> Readable for PyReadonlyArrayDyn<'_, T> {
    fn input(&self) -> Input<'_> {
        match self.is_empty() {
            // The strides of no elements may be any.
            true => T::input(ArrayViewD::from_shape(self.shape(), &[]).expect("there are no elements")),
            false => T::input(self.as_array()),
        }
    }
}

impl<T: Element + AnyElement> Writable for PyReadwriteArrayDyn<'_, T> {
    fn output(&mut self) -> Output<'_> {
        match self.is_empty() {
            true => T::output(ArrayViewMutD::from_shape(self.shape(), &mut []).expect("there are no elements")),
            false => T::output(self.as_array_mut()),
        }
    }
}

/// Runs `$body` with the array as one of the only element type that it can have.
macro_rules! with_type {
    ($array:expr, $typed:ident => $body:expr) => {
        with_type!($array, $typed => $body, bool, i8, u8, i16, u16, i32, u32, i64, u64, f16, f32, f64)
    };
    ($array:expr, $typed:ident => $body:expr, $($type:ty),*) => {{
        check_layout($array)?;
        $(if let Ok($typed) = $array.cast::<PyArrayDyn<$type>>() {
            return Ok(Box::new($body.map_err(exception)?));
        })*
        Err(PyTypeError::new_err(format!("arrays of type {} are not supported", $array.dtype())))
    }};
}

/// Borrows an array for reading.
///
/// # Errors
///
/// `TypeError` for an element type that filters don't have, `ValueError` while something writes to the array.
pub fn readable<'py>(array: &Bound<'py, PyUntypedArray>) -> PyResult<Box<dyn Readable + 'py>> {
    with_type!(array, typed => typed.try_readonly())
}

/// Borrows an array for writing.
///
/// # Errors
///
/// As for [`readable`], and `ValueError` for an array that is read-only or that something reads.
pub fn writable<'py>(array: &Bound<'py, PyUntypedArray>) -> PyResult<Box<dyn Writable + 'py>> {
    with_type!(array, typed => typed.try_readwrite())
}

/// Checks what views of ndarray take for granted: addresses and distances in whole elements.
fn check_layout(array: &Bound<'_, PyUntypedArray>) -> PyResult<()> {
    if array.ndim() > MOST_AXES {
        return Err(PyValueError::new_err(format!("arrays of more than {MOST_AXES} axes are not supported")));
    }
    let whole = |stride: &isize| stride.unsigned_abs().is_multiple_of(array.dtype().itemsize());
    let aligned: bool = array.getattr("flags")?.getattr("aligned")?.extract()?;
    match aligned && array.strides().iter().all(whole) {
        true => Ok(()),
        false => Err(PyValueError::new_err("the elements of the array are not aligned")),
    }
}

fn exception(error: BorrowError) -> PyErr {
    PyValueError::new_err(match error {
        BorrowError::NotWriteable => "output array is read-only",
        _ => "the output array is used by another run, or by another argument of this one",
    })
}
