//! A program of the kernel language.

use hoodoo::Kernel;
use hoodoo::lang::builtins::BUILTINS;
use hoodoo::lang::chosen::chosen_outputs;
use hoodoo_cookbook::{COOKBOOK, Recipe};
use pyo3::exceptions::PyValueError;
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

    /// Which outputs are whole numbers if these inputs are, and if all params and weights are or not, for so many cells.
    fn whole_outputs(&self, inputs: Vec<bool>, params: bool, cells: usize) -> PyResult<Vec<bool>> {
        if inputs.len() != self.kernel.inputs().len() {
            return Err(PyValueError::new_err("one for each input"));
        }
        caught(|| self.kernel.whole_outputs(&inputs, params, cells))
    }

    /// For each output, the numbers of the inputs whose elements it is chosen from, or `None` if something is computed for it.
    fn chosen_outputs(&self, cells: Option<usize>) -> Vec<Option<Vec<usize>>> {
        chosen_outputs(self.kernel.hir(), cells)
    }

    /// The names of the weights vectors.
    #[getter]
    fn weights(&self) -> Vec<&str> {
        self.kernel.weights().iter().map(String::as_str).collect()
    }
}

/// The table of built-ins: how each is called, a sentence on its value, and the bound of its error in ulp, if it has one.
#[pyfunction]
pub fn builtins() -> Vec<(&'static str, &'static str, Option<f64>)> {
    BUILTINS.iter().map(|builtin| (builtin.signature, builtin.doc, builtin.ulp)).collect()
}

/// The kernels of the cookbook: the heading of the group, the name, what it does, its options for `hoodoo run`, and its text.
#[pyfunction]
pub fn recipes() -> Vec<(&'static str, &'static str, &'static str, Vec<&'static str>, &'static str)> {
    let of = |(group, recipes): &(&'static str, &'static [Recipe])| {
        let group = *group;
        recipes
            .iter()
            .map(move |recipe| (group, recipe.name, recipe.summary(), recipe.options().collect(), recipe.text))
    };
    COOKBOOK.iter().flat_map(of).collect()
}
