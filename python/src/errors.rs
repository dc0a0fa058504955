//! Hoodoo's errors as Python's exceptions.

use std::panic::{self, AssertUnwindSafe};

use hoodoo::Error;
use hoodoo::lang::diagnostic::KernelError;
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// The exception for an error in a kernel of this source, or in its use.
pub fn exception(py: Python<'_>, error: Error, source: &str) -> PyErr {
    match error {
        Error::Kernel(error) => kernel_error(py, &error, source).unwrap_or_else(|failure| failure),
        Error::Argument { .. } => PyValueError::new_err(error.to_string()),
        Error::Memory { .. } => PyMemoryError::new_err(error.to_string()),
        Error::Cancelled => PyKeyboardInterrupt::new_err(()),
        _ => PyRuntimeError::new_err(error.to_string()),
    }
}

/// Does what should not panic. Should it, users get an exception like others, which PyO3's own is not.
pub fn caught<T>(work: impl FnOnce() -> T) -> PyResult<T> {
    panic::catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| PyRuntimeError::new_err("Hoodoo panicked, which is an error in it"))
}

/// `hoodoo.KernelError`, whose span counts characters, as Python's strings do.
fn kernel_error(py: Python<'_>, error: &KernelError, source: &str) -> PyResult<PyErr> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.import(py, "hoodoo._errors", "KernelError")?;
    let characters = |bytes: usize| source.get(..bytes).unwrap_or(source).chars().count();
    let span = (characters(error.span().start), characters(error.span().end));
    let (line, column) = error.line_column();
    let rendered = error.render(false);
    let arguments = (rendered, error.message(), error.code().as_str(), span, line, column);
    Ok(PyErr::from_value(class.call1(arguments)?))
}
