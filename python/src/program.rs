//! A program of the kernel language.

use hoodoo::Kernel;
use pyo3::prelude::*;

use crate::errors::{caught, exception};

/// A program of the kernel language, checked.
#[pyclass(name = "Program", module = "hoodoo._hoodoo", frozen)]
pub struct PyProgram {
    /// The program in Rust.
    pub kernel: Kernel,
}

#[pymethods]
impl PyProgram {
    #[new]
    fn new(py: Python<'_>, source: &str) -> PyResult<PyProgram> {
        match caught(|| py.detach(|| Kernel::compile(source)))? {
            Ok(kernel) => Ok(PyProgram { kernel }),
            Err(error) => Err(exception(py, error, source)),
        }
    }

    /// The text.
    #[getter]
    fn source(&self) -> &str {
        self.kernel.source()
    }

    /// The names of the inputs.
    #[getter]
    fn inputs(&self) -> Vec<&str> {
        self.kernel.inputs().iter().map(String::as_str).collect()
    }

    /// The names of the outputs.
    #[getter]
    fn outputs(&self) -> Vec<&str> {
        self.kernel.outputs().collect()
    }

    /// The names of the scalar params, each with its default.
    #[getter]
    fn params(&self) -> Vec<(&str, Option<f64>)> {
        self.kernel.params().iter().map(|param| (param.name.as_str(), param.default)).collect()
    }

    /// The names of the weights vectors.
    #[getter]
    fn weights(&self) -> Vec<&str> {
        self.kernel.weights().iter().map(String::as_str).collect()
    }
}
