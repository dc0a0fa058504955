//! A filter: a program with its window, what is outside of the array, and how to run.

use std::collections::HashMap;

use hoodoo::lang::schedule::operations;
use hoodoo::{Cast, DType, Engine, Filter, Input, Kernel, Listing, Mode, Output, Parameters, Precision, Window};
use numpy::{PyReadonlyArray1, PyReadonlyArrayDyn, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::{count, integers, lengths, name, names};
use crate::arrays::{readable, writable};
use crate::callback::PyCallback;
use crate::errors::{caught, exception};
use crate::program::PyProgram;
use crate::run::{Effort, run, run_attached};

/// A filter, ready to run over arrays.
#[pyclass(name = "Filter", module = "hoodoo._hoodoo", frozen)]
pub struct PyFilter {
    filter: Filter,
    function: Function,
    threads: usize,
    /// The lengths of the window's box: one for every axis, or one for each.
    box_lengths: Vec<usize>,
    /// How many axes the window has; none if it has those of the array.
    axes: Option<usize>,
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
    size: Option<Bound<'py, PyAny>>,
    footprint: Option<PyReadonlyArrayDyn<'py, bool>>,
    mode: Bound<'py, PyAny>,
    cval: f64,
    origin: Bound<'py, PyAny>,
    axes: Option<Bound<'py, PyAny>>,
    params: HashMap<String, f64>,
    weights: HashMap<String, PyReadonlyArray1<'py, f64>>,
    cast: Bound<'py, PyAny>,
    engine: Bound<'py, PyAny>,
    precision: Bound<'py, PyAny>,
    threads: Bound<'py, PyAny>,
}

#[pymethods]
impl PyFilter {
    #[new]
    fn new(py: Python<'_>, function: Function, options: Options<'_>) -> PyResult<PyFilter> {
        let mut filter = match &function {
            Function::Program(program) => Filter::new(&program.get().kernel),
            Function::Callback(callback) => Filter::with_callback(&callback.get().callback),
        };
        let mut box_lengths = vec![1];
        // A footprint says more than a size.
        if let Some(footprint) = options.footprint {
            box_lengths = footprint.shape().to_vec();
            filter = filter.footprint(&footprint.as_array());
        } else if let Some(size) = options.size {
            box_lengths = lengths(&size, "size")?;
            filter = filter.size(Window::Size(box_lengths.clone()));
        }
        let axes = options.axes.map(|axes| integers(&axes, "axes")).transpose()?;
        let axes_of_window = axes.as_ref().map(Vec::len);
        if let Some(axes) = axes {
            filter = filter.axes(axes);
        }
        let mut parameters = Parameters::new();
        for (name, value) in options.params {
            parameters = parameters.param(name, value);
        }
        for (name, values) in options.weights {
            parameters = parameters.weights(name, values.as_array().iter().copied());
        }
        let wrong = |error| exception(py, error, function.source());
        let modes = names(&options.mode, "mode")?.iter().map(|mode| mode.parse()).collect::<Result<Vec<Mode>, _>>();
        let threads = count(&options.threads, "threads")?;
        let filter = filter
            .modes(modes.map_err(wrong)?)
            .cval(options.cval)
            .origin(integers(&options.origin, "origin")?)
            .parameters(parameters)
            .cast(name(&options.cast, "cast")?.parse::<Cast>().map_err(wrong)?)
            .engine(name(&options.engine, "engine")?.parse::<Engine>().map_err(wrong)?)
            .precision(name(&options.precision, "precision")?.parse::<Precision>().map_err(wrong)?)
            .threads(threads);
        Ok(PyFilter { filter, function, threads, box_lengths, axes: axes_of_window })
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
            Function::Program(program) => {
                let effort = self.effort(&program.get().kernel, &inputs, &outputs);
                run(py, &self.filter, &inputs, &mut outputs, &effort, progress)
            }
            Function::Callback(_) => run_attached(py, &self.filter, &inputs, &mut outputs),
        }
        .map_err(|failure| failure.exception(py, self.function.source()))
    }

    /// Which pixels of an input of this shape an output has: from where to where along each axis.
    fn output_region(&self, py: Python<'_>, shape: &Bound<'_, PyAny>) -> PyResult<Vec<(usize, usize)>> {
        let shape = lengths(shape, "shape")?;
        let region = self.filter.output_region(&shape).map_err(|error| exception(py, error, self.function.source()))?;
        Ok(region.into_iter().map(|range| (range.start, range.end)).collect())
    }

    /// What the program becomes, as text: its plan, its code for Cranelift, or its machine code.
    fn listing(
        &self,
        py: Python<'_>,
        listing: &str,
        shape: &Bound<'_, PyAny>,
        inputs: Vec<String>,
        outputs: Vec<String>,
    ) -> PyResult<String> {
        let shape = lengths(shape, "shape")?;
        let listing = match listing {
            "plan" => Listing::Plan,
            "clif" => Listing::Clif,
            "asm" => Listing::Assembly,
            _ => return Err(PyValueError::new_err(format!("`{listing}` is not plan, clif or asm"))),
        };
        let types = |names: Vec<String>| names.iter().map(|name| name.parse::<DType>()).collect::<Result<Vec<_>, _>>();
        let text = || self.filter.listing(listing, &shape, &types(inputs)?, &types(outputs)?);
        caught(text)?.map_err(|error| exception(py, error, self.function.source()))
    }
}

impl PyFilter {
    /// What a run by this kernel takes.
    fn effort(&self, kernel: &Kernel, inputs: &[Input<'_>], outputs: &[Output<'_>]) -> Effort {
        let axes = self.axes.or(inputs.first().map(|input| input.shape().len())).unwrap_or(0);
        let cells = match self.box_lengths.as_slice() {
            [length] => length.saturating_pow(axes as u32),
            lengths => lengths.iter().copied().fold(1, usize::saturating_mul),
        };
        let pixels = outputs.first().map_or(0, |output| output.shape().iter().product::<usize>());
        Effort { threads: self.threads, operations: operations(kernel.hir(), cells).saturating_mul(pixels as u64) }
    }
}
