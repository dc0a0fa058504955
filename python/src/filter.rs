//! A filter: a program with its window, what is outside of the array, and how to run.

use std::collections::HashMap;

use hoodoo::{Cast, DType, Engine, Error, Filter, Listing, Mode, Parameters, Precision, Window};
use numpy::{PyReadonlyArray1, PyReadonlyArrayDyn, PyUntypedArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{readable, writable};
use crate::callback::PyCallback;
use crate::errors::exception;
use crate::program::PyProgram;
use crate::run::{run, run_attached};

/// A filter, ready to run over arrays.
#[pyclass(name = "Filter", module = "hoodoo._hoodoo", frozen)]
pub struct PyFilter {
    filter: Filter,
    function: Function,
}

/// What a filter calls.
#[derive(FromPyObject)]
enum Function {
    Program(Py<PyProgram>),
    Callback(Py<PyCallback>),
}

impl Function {
    /// The text that errors are about.
    fn source(&self) -> &str {
        match self {
            Function::Program(program) => program.get().kernel.source(),
            Function::Callback(_) => "",
        }
    }
}

/// What a filter is made of besides its function; in Python a dict.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Options<'py> {
    size: Option<Vec<usize>>,
    footprint: Option<PyReadonlyArrayDyn<'py, bool>>,
    modes: Vec<String>,
    cval: f64,
    origin: Vec<isize>,
    axes: Option<Vec<isize>>,
    params: HashMap<String, f64>,
    weights: HashMap<String, PyReadonlyArray1<'py, f64>>,
    cast: String,
    engine: String,
    precision: String,
    threads: usize,
}

impl Options<'_> {
    /// `filter` with these options.
    fn apply(self, mut filter: Filter) -> Result<Filter, Error> {
        // A footprint says more than a size.
        if let Some(footprint) = self.footprint {
            filter = filter.footprint(&footprint.as_array());
        } else if let Some(size) = self.size {
            filter = filter.size(Window::Size(size));
        }
        if let Some(axes) = self.axes {
            filter = filter.axes(axes);
        }
        let mut parameters = Parameters::new();
        for (name, value) in self.params {
            parameters = parameters.param(name, value);
        }
        for (name, values) in self.weights {
            parameters = parameters.weights(name, values.as_array().iter().copied());
        }
        let modes = self.modes.iter().map(|mode| mode.parse()).collect::<Result<Vec<Mode>, _>>()?;
        Ok(filter
            .modes(modes)
            .cval(self.cval)
            .origin(self.origin)
            .parameters(parameters)
            .cast(self.cast.parse::<Cast>()?)
            .engine(self.engine.parse::<Engine>()?)
            .precision(self.precision.parse::<Precision>()?)
            .threads(self.threads))
    }
}

#[pymethods]
impl PyFilter {
    #[new]
    fn new(py: Python<'_>, function: Function, options: Options<'_>) -> PyResult<PyFilter> {
        let filter = match &function {
            Function::Program(program) => Filter::new(&program.get().kernel),
            Function::Callback(callback) => Filter::with_callback(&callback.get().callback),
        };
        let filter = options.apply(filter).map_err(|error| exception(py, error, function.source()))?;
        Ok(PyFilter { filter, function })
    }

    /// Writes the outputs for these inputs, telling `progress`, if there is one, which part is done.
    #[pyo3(signature = (inputs, outputs, progress=None))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        inputs: Vec<Bound<'py, PyUntypedArray>>,
        outputs: Vec<Bound<'py, PyUntypedArray>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let inputs = inputs.iter().map(readable).collect::<PyResult<Vec<_>>>()?;
        let mut outputs = outputs.iter().map(writable).collect::<PyResult<Vec<_>>>()?;
        let inputs: Vec<_> = inputs.iter().map(|input| input.input()).collect();
        let mut outputs: Vec<_> = outputs.iter_mut().map(|output| output.output()).collect();
        match &self.function {
            Function::Program(_) => run(py, &self.filter, &inputs, &mut outputs, progress),
            Function::Callback(_) => run_attached(py, &self.filter, &inputs, &mut outputs),
        }
        .map_err(|failure| failure.exception(py, self.function.source()))
    }

    /// Which pixels of an input of this shape an output has: from where to where along each axis.
    fn output_region(&self, py: Python<'_>, shape: Vec<usize>) -> PyResult<Vec<(usize, usize)>> {
        let region = self.filter.output_region(&shape).map_err(|error| exception(py, error, self.function.source()))?;
        Ok(region.into_iter().map(|range| (range.start, range.end)).collect())
    }

    /// What the program becomes, as text: its plan, its code for Cranelift, or its machine code.
    fn listing(
        &self,
        py: Python<'_>,
        listing: &str,
        shape: Vec<usize>,
        inputs: Vec<String>,
        outputs: Vec<String>,
    ) -> PyResult<String> {
        let listing = match listing {
            "plan" => Listing::Plan,
            "clif" => Listing::Clif,
            "asm" => Listing::Assembly,
            _ => return Err(PyValueError::new_err(format!("`{listing}` is not plan, clif or asm"))),
        };
        let types = |names: Vec<String>| names.iter().map(|name| name.parse::<DType>()).collect::<Result<Vec<_>, _>>();
        let text = || self.filter.listing(listing, &shape, &types(inputs)?, &types(outputs)?);
        text().map_err(|error| exception(py, error, self.function.source()))
    }
}
