//! What users pass as integers and names: read, or refused by the name of the argument.
//!
//! This is in Rust because it is done for every call, and takes longer in Python than a small array takes to be filtered.

use hoodoo::{DType, Error};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// An integer, or those of a sequence.
///
/// # Errors
///
/// `TypeError` for anything else, `ValueError` for an integer that is too large to be an index.
pub fn integers(value: &Bound<'_, PyAny>, argument: &str) -> PyResult<Vec<isize>> {
    // To ask a tuple for its index would make an exception first.
    if !value.is_exact_instance_of::<PyTuple>()
        && let Some(one) = index(value, argument)?
    {
        return Ok(vec![one]);
    }
    let refused = || refused(value, argument, "an integer or a sequence of integers");
    let each = value.try_iter().map_err(|_| refused())?;
    each.map(|each| index(&each?, argument)?.ok_or_else(refused)).collect()
}

/// A length or the like, or those of a sequence.
///
/// # Errors
///
/// As for [`integers`], and `ValueError` for a negative one.
pub fn lengths(value: &Bound<'_, PyAny>, argument: &str) -> PyResult<Vec<usize>> {
    integers(value, argument)?.into_iter().map(|length| not_negative(length, argument)).collect()
}

/// A number of things.
///
/// # Errors
///
/// As for [`lengths`], and `TypeError` for a sequence.
pub fn count(value: &Bound<'_, PyAny>, argument: &str) -> PyResult<usize> {
    let count = index(value, argument)?.ok_or_else(|| refused(value, argument, "an integer"))?;
    not_negative(count, argument)
}

fn not_negative(value: isize, argument: &str) -> PyResult<usize> {
    usize::try_from(value).map_err(|_| PyValueError::new_err(format!("{argument}: {value} is negative")))
}

/// A name.
///
/// # Errors
///
/// `TypeError` for anything else.
pub fn name(value: &Bound<'_, PyAny>, argument: &str) -> PyResult<String> {
    value.extract().map_err(|_| refused(value, argument, "a str"))
}

/// A name, or those of a sequence.
///
/// # Errors
///
/// `TypeError` for anything else.
pub fn names(value: &Bound<'_, PyAny>, argument: &str) -> PyResult<Vec<String>> {
    if let Ok(one) = value.extract() {
        return Ok(vec![one]);
    }
    let refused = || refused(value, argument, "a str or a sequence of str");
    let each = value.try_iter().map_err(|_| refused())?;
    each.map(|each| each?.extract().map_err(|_| refused())).collect()
}

/// What `operator.index` gives, if it takes the value.
fn index(value: &Bound<'_, PyAny>, argument: &str) -> PyResult<Option<isize>> {
    let py = value.py();
    match value.extract::<isize>() {
        Ok(index) => Ok(Some(index)),
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Ok(None),
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => {
            Err(PyValueError::new_err(format!("{argument}: {value} is out of range")))
        }
        Err(error) => Err(error),
    }
}

fn refused(value: &Bound<'_, PyAny>, argument: &str, needed: &str) -> PyErr {
    match value.repr() {
        Ok(value) => PyTypeError::new_err(format!("{argument} must be {needed}, not {value}")),
        Err(error) => error,
    }
}

/// The element types of these names.
pub fn types(names: &[String]) -> Result<Vec<DType>, Error> {
    names.iter().map(|name| name.parse()).collect()
}
