//! A filter: a program with its window, what is outside of the array, and how to run.

use std::collections::HashMap;

use hoodoo::lang::schedule::operations;
use hoodoo::{Cast, Engine, Filter, Kernel, Mode, Parameters, Precision, Progress, Window};
use numpy::ndarray::ArrayD;
use numpy::{PyArrayDyn, PyReadonlyArray1, PyReadonlyArrayDyn, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::{count, integers, lengths, name, names, types};
use crate::arrays::{readable, writable};
use crate::callback::PyCallback;
use crate::errors::{caught, exception};
use crate::prepared::{PyPrepared, TINY_OPERATIONS};
use crate::program::PyProgram;
use crate::run::{Effort, prepared, run, run_attached};

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
    mask: Option<PyReadonlyArrayDyn<'py, bool>>,
    nodata: Option<f64>,
    fill: bool,
    stride: Bound<'py, PyAny>,
    /// The pixels to compute, from where to where along each axis; all of them if there is none.
    region: Vec<(usize, usize)>,
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
            filter = filter.footprint(footprint.as_array());
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
            .stride(integers(&options.stride, "stride")?)
            .region(options.region.into_iter().map(|(start, end)| start..end))
            .parameters(parameters)
            .cast(name(&options.cast, "cast")?.parse::<Cast>().map_err(wrong)?)
            .engine(name(&options.engine, "engine")?.parse::<Engine>().map_err(wrong)?)
            .precision(name(&options.precision, "precision")?.parse::<Precision>().map_err(wrong)?)
            .threads(threads)
            .fill(options.fill);
        let filter = options.mask.into_iter().fold(filter, |filter, mask| filter.mask(&mask.as_array()));
        let filter = options.nodata.into_iter().fold(filter, Filter::nodata);
        Ok(PyFilter { filter, function, threads, box_lengths, axes: axes_of_window })
    }

    /// Which outputs may be NaN for inputs of this shape, and can't tell by these types; or have no value, where `absent` is asked.
    fn outputs_to_tell(
        &self,
        py: Python<'_>,
        shape: &Bound<'_, PyAny>,
        inputs: Vec<String>,
        outputs: Vec<String>,
        absent: bool,
    ) -> PyResult<Vec<bool>> {
        let shape = lengths(shape, "shape")?;
        let outputs = || {
            let (inputs, outputs) = (types(&inputs)?, types(&outputs)?);
            match absent {
                true => self.filter.absent_outputs(&shape, &inputs, &outputs),
                false => self.filter.nan_outputs(&shape, &inputs, &outputs),
            }
        };
        caught(outputs)?.map_err(|error| exception(py, error, self.function.source()))
    }

    /// The filter with one more output for each of its outputs that is told of: whether that is NaN, or absent.
    fn telling(&self, py: Python<'_>, told: Vec<bool>, absent: bool) -> PyResult<PyFilter> {
        let Function::Program(program) = &self.function else {
            return Err(PyValueError::new_err("a callback has one output"));
        };
        let kernel = &program.get().kernel;
        let kernel = caught(|| match absent {
            true => kernel.with_absent_outputs(&told),
            false => kernel.with_nan_outputs(&told),
        })?;
        let function = Function::Program(Py::new(py, PyProgram { kernel: kernel.clone() })?);
        let filter = self.filter.clone().kernel(&kernel);
        Ok(PyFilter { filter, function, threads: self.threads, box_lengths: self.box_lengths.clone(), axes: self.axes })
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
                let axes = inputs.first().map_or(0, |input| input.shape().len());
                let pixels = outputs.first().map_or(0, |output| output.shape().iter().product());
                let effort = self.effort(&program.get().kernel, axes, pixels);
                run(py, pixels, &effort, progress, |progress| self.filter.run_all_into(&inputs, &mut outputs, progress))
            }
            Function::Callback(_) => run_attached(py, &self.filter, &inputs, &mut outputs),
        }
        .map_err(|failure| failure.exception(py, self.function.source()))
    }

    /// The filter for inputs of this shape and of these types; several outputs are returned as what `gather` makes of a list of them.
    fn prepare(
        &self,
        py: Python<'_>,
        shape: &Bound<'_, PyAny>,
        inputs: Vec<String>,
        outputs: Vec<String>,
        gather: Option<Py<PyAny>>,
    ) -> PyResult<PyPrepared> {
        let Function::Program(program) = &self.function else {
            return Err(PyValueError::new_err("a callback is not prepared"));
        };
        let kernel = &program.get().kernel;
        let shape = lengths(shape, "shape")?;
        let wrong = |error| exception(py, error, self.function.source());
        let pixels = caught(|| self.filter.output_shape(&shape))?.map_err(wrong)?.iter().product();
        let effort = self.effort(kernel, shape.len(), pixels);
        let filter = match effort.operations <= TINY_OPERATIONS {
            true => self.filter.clone().threads(1),
            false => self.filter.clone(),
        };
        let prepare = |progress: &Progress| filter.prepare_with(&shape, &types(&inputs)?, &types(&outputs)?, progress);
        let prepared = prepared(py, prepare).map_err(|failure| failure.exception(py, self.function.source()))?;
        Ok(PyPrepared { prepared, source: kernel.source().to_string(), effort, gather })
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
        let text = || self.filter.listing(listing.parse()?, &shape, &types(&inputs)?, &types(&outputs)?);
        caught(text)?.map_err(|error| exception(py, error, self.function.source()))
    }
}

/// The cells of a footprint in the user's words, such as `disk:2`, along so many axes.
#[pyfunction]
pub fn footprint_named<'py>(py: Python<'py>, name: &str, axes: usize) -> PyResult<Bound<'py, PyArrayDyn<bool>>> {
    let footprint = name.parse::<Window>().and_then(|window| window.footprint(axes));
    let footprint = footprint.map_err(|error| exception(py, error, ""))?;
    let mut cells = ArrayD::from_elem(footprint.shape(), false);
    let flat = cells.as_slice_mut().expect("it is new");
    footprint.positions().for_each(|position| flat[position] = true);
    Ok(PyArrayDyn::from_owned_array(py, cells))
}

impl PyFilter {
    /// What a run by this kernel takes, on arrays of so many axes.
    fn effort(&self, kernel: &Kernel, axes: usize, pixels: usize) -> Effort {
        let axes = self.axes.unwrap_or(axes);
        let cells = match self.box_lengths.as_slice() {
            [length] => length.saturating_pow(axes as u32),
            lengths => lengths.iter().copied().fold(1, usize::saturating_mul),
        };
        Effort { threads: self.threads, operations: operations(kernel.hir(), cells).saturating_mul(pixels as u64) }
    }
}
