//! NumPy's arrays as Hoodoo's inputs and outputs, without a copy.

use std::ops::Range;

use hoodoo::{AnyElement, DType, Input, Output, f16};
use numpy::ndarray::{ArrayViewD, ArrayViewMutD};
use numpy::{BorrowError, Element, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyReadwriteArrayDyn};
use numpy::{PyArrayDescr, PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// The most axes that the views may have.
const MOST_AXES: usize = 32;

/// An array that others may read and nobody may write, as far as Rust can know.
pub trait Readable {
    /// The array as an input.
    fn input(&self) -> Input<'_>;

    /// The type of its elements.
    fn dtype(&self) -> DType;

    /// The addresses from its first to its last byte.
    fn memory(&self) -> Range<usize>;
}

/// An array that nobody else may read or write, as far as Rust can know.
pub trait Writable {
    /// The array as an output.
    fn output(&mut self) -> Output<'_>;

    /// The type of its elements.
    fn dtype(&self) -> DType;

    /// The addresses from its first to its last byte.
    fn memory(&self) -> Range<usize>;
}

impl<T: Element + AnyElement> Readable for PyReadonlyArrayDyn<'_, T> {
    fn input(&self) -> Input<'_> {
        match self.is_empty() {
            // The strides of no elements may be any.
            true => T::input(ArrayViewD::from_shape(self.shape(), &[]).expect("there are no elements")),
            false => T::input(self.as_array()),
        }
    }

    fn dtype(&self) -> DType {
        T::DTYPE
    }

    fn memory(&self) -> Range<usize> {
        memory(&self.as_array())
    }
}

impl<T: Element + AnyElement> Writable for PyReadwriteArrayDyn<'_, T> {
    fn output(&mut self) -> Output<'_> {
        match self.is_empty() {
            true => T::output(ArrayViewMutD::from_shape(self.shape(), &mut []).expect("there are no elements")),
            false => T::output(self.as_array_mut()),
        }
    }

    fn dtype(&self) -> DType {
        T::DTYPE
    }

    fn memory(&self) -> Range<usize> {
        memory(&self.as_array())
    }
}

/// The addresses from the first to the last byte of a view with elements.
fn memory<T>(view: &ArrayViewD<'_, T>) -> Range<usize> {
    let first = view.as_ptr().addr();
    let along = |(length, stride): (&usize, &isize)| (*length as isize - 1) * stride * size_of::<T>() as isize;
    let reaches = view.shape().iter().zip(view.strides()).map(along);
    let (before, after) = reaches.fold((0, 0), |(before, after), reach| (before + reach.min(0), after + reach.max(0)));
    first.wrapping_add_signed(before)..first.wrapping_add_signed(after) + size_of::<T>()
}

/// Runs `$body` with the array as one of the element type that its kind and the size of its elements name.
///
/// To try one type after the other would take longer than a small filter.
macro_rules! with_type {
    ($array:expr, $typed:ident => $body:expr) => {
        with_type!($array, $typed => $body; b'b' 1 bool, b'i' 1 i8, b'u' 1 u8, b'i' 2 i16, b'u' 2 u16, b'i' 4 i32, b'u' 4 u32,
            b'i' 8 i64, b'u' 8 u64, b'f' 2 f16, b'f' 4 f32, b'f' 8 f64)
    };
    ($array:expr, $typed:ident => $body:expr; $($kind:literal $size:literal $type:ty),*) => {{
        let dtype = $array.dtype();
        match (dtype.kind(), dtype.itemsize()) {
            // An array whose bytes are in another order is none of the type.
            $(($kind, $size) => if let Ok($typed) = $array.cast::<PyArrayDyn<$type>>() {
                return $body;
            },)*
            _ => {}
        }
        Err(PyTypeError::new_err(format!("arrays of type {dtype} are not supported")))
    }};
}

/// Borrows an array for reading.
///
/// # Errors
///
/// `TypeError` for an element type that filters don't have, `ValueError` while something writes to the array.
pub fn readable<'py>(array: &Bound<'py, PyUntypedArray>) -> PyResult<Box<dyn Readable + 'py>> {
    check_layout(array)?;
    with_type!(array, typed => Ok(Box::new(typed.try_readonly().map_err(exception)?)))
}

/// Borrows an array for writing.
///
/// # Errors
///
/// As for [`readable`], and `ValueError` for an array that is read-only or that something reads.
pub fn writable<'py>(array: &Bound<'py, PyUntypedArray>) -> PyResult<Box<dyn Writable + 'py>> {
    check_layout(array)?;
    with_type!(array, typed => Ok(Box::new(typed.try_readwrite().map_err(exception)?)))
}

/// Runs `$body` with `$type` as the element type in Rust that `$dtype` names.
macro_rules! with_element {
    ($dtype:expr, $type:ident => $body:expr) => {
        with_element!($dtype, $type => $body; Bool bool, I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, U32 u32, I64 i64, U64 u64, F16 f16,
            F32 f32, F64 f64)
    };
    ($dtype:expr, $type:ident => $body:expr; $($variant:ident $element:ty),*) => {
        match $dtype {
            $(DType::$variant => {
                type $type = $element;
                Ok($body)
            })*
            other => Err(PyTypeError::new_err(format!("there are no arrays of {other}"))),
        }
    };
}

/// A new array of zeros.
///
/// # Errors
///
/// `TypeError` for an element type that NumPy does not have.
pub fn new_array<'py>(py: Python<'py>, dtype: DType, shape: &[usize]) -> PyResult<Bound<'py, PyUntypedArray>> {
    with_element!(dtype, T => PyArrayDyn::<T>::zeros(py, shape, false).as_untyped().clone())
}

/// NumPy's object for an element type.
///
/// # Errors
///
/// `TypeError` for an element type that NumPy does not have.
pub fn descriptor(py: Python<'_>, dtype: DType) -> PyResult<Bound<'_, PyArrayDescr>> {
    with_element!(dtype, T => <T as Element>::get_dtype(py))
}

/// Whether filters can read and write the array's memory where it is. One of bool may have bytes that are no bools, which
/// NumPy takes for true.
pub fn is_direct(array: &Bound<'_, PyUntypedArray>) -> bool {
    let dtype = array.dtype();
    dtype.kind() != b'b' && dtype.is_native_byteorder() != Some(false) && check_layout(array).is_ok()
}

/// Checks what views of ndarray take for granted: addresses and distances in whole elements.
fn check_layout(array: &Bound<'_, PyUntypedArray>) -> PyResult<()> {
    if array.ndim() > MOST_AXES {
        return Err(PyValueError::new_err(format!("arrays of more than {MOST_AXES} axes are not supported")));
    }
    let itemsize = array.dtype().itemsize();
    match array.is_aligned() && array.strides().iter().all(|stride| stride.unsigned_abs().is_multiple_of(itemsize)) {
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
