//! A filter for arrays of one shape and type, called again and again: what is done for each call is what has to be.

use std::ops::Range;

use hoodoo::{DType, Output, Prepared, Progress};
use numpy::{PyArrayDescr, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use crate::arrays::{Readable, descriptor, is_direct, new_array, readable, writable};
use crate::errors::{caught, exception};
use crate::run::{Effort, run};

/// A run of so few operations is over before another Python thread would have been woken up, or another one of a pool.
pub const TINY_OPERATIONS: u64 = 1 << 16;

/// A kernel that is ready for arrays of one shape and of certain types, as `Kernel.prepare` gives it.
#[pyclass(name = "Prepared", module = "hoodoo", frozen)]
pub struct PyPrepared {
    /// The filter in Rust.
    pub prepared: Prepared,
    /// The text that errors are about.
    pub source: String,
    /// What a run takes.
    pub effort: Effort,
    /// What several outputs are returned as: a function of a list of them.
    pub gather: Option<Py<PyAny>>,
}

#[pymethods]
impl PyPrepared {
    /// The outputs for arrays of the shape and the types that this was prepared for. What is given as `output` gets them.
    #[pyo3(signature = (*images, output=None))]
    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        images: &Bound<'py, PyTuple>,
        output: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let count = this.prepared.inputs().len();
        if images.len() != count {
            let inputs = if count == 1 { "input" } else { "inputs" };
            return Err(PyTypeError::new_err(format!("it is prepared for {count} {inputs}, not {}", images.len())));
        }
        let images = images.iter().map(|image| as_array(&image)).collect::<PyResult<Vec<_>>>()?;
        if let Some(output) = output {
            return this.call_into(slf, images, output);
        }
        let shape = this.prepared.output_shape();
        let new = |dtype: &DType| new_array(py, *dtype, shape);
        let mut outputs = this.prepared.outputs().iter().map(new).collect::<PyResult<Vec<_>>>()?;
        this.run_on(py, &images, &outputs, None)?;
        match &this.gather {
            Some(gather) => gather.bind(py).call1((outputs,)),
            None => Ok(outputs.swap_remove(0).into_any()),
        }
    }

    /// Writes the outputs, telling `progress`, if there is one, which part is done.
    #[pyo3(signature = (images, outputs, progress=None))]
    fn run<'py>(
        &self,
        py: Python<'py>,
        images: Vec<Bound<'py, PyUntypedArray>>,
        outputs: Vec<Bound<'py, PyUntypedArray>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        self.run_on(py, &images, &outputs, progress)
    }

    /// The shape of the images.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.prepared.shape())
    }

    /// The shape of what is returned.
    #[getter]
    fn output_shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.prepared.output_shape())
    }

    /// The outputs' types.
    #[getter]
    fn output_types<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyArrayDescr>>> {
        self.prepared.outputs().iter().map(|dtype| descriptor(py, *dtype)).collect()
    }

    /// It never changes.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _known: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let name = |dtype: &DType| Ok(descriptor(py, *dtype)?.to_string());
        let names = |each: &[DType]| Ok::<_, PyErr>(each.iter().map(name).collect::<PyResult<Vec<_>>>()?.join(", "));
        let (images, outputs) = (names(self.prepared.inputs())?, names(self.prepared.outputs())?);
        let shape = self.prepared.shape().iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
        Ok(format!("<{:?} prepared for {shape} elements of {images}, giving {outputs}>", self.source.trim()))
    }
}

impl PyPrepared {
    fn run_on<'py>(
        &self,
        py: Python<'py>,
        images: &[Bound<'py, PyUntypedArray>],
        outputs: &[Bound<'py, PyUntypedArray>],
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let images = self.borrowed(images)?;
        let mut outputs = outputs.iter().map(writable).collect::<PyResult<Vec<_>>>()?;
        let outputs: Vec<_> = outputs.iter_mut().map(|output| output.output()).collect();
        self.compute(py, &images, outputs, progress)
    }

    /// The images, of which each is of the shape and the type that this is for.
    fn borrowed<'py>(&self, images: &[Bound<'py, PyUntypedArray>]) -> PyResult<Vec<Box<dyn Readable + 'py>>> {
        let shape = self.prepared.shape();
        let mut borrowed = Vec::with_capacity(images.len());
        for (image, dtype) in images.iter().zip(self.prepared.inputs()) {
            let read = readable(image)?;
            if image.shape() != shape {
                let [shape, given] = [shape, image.shape()].map(|shape| PyTuple::new(image.py(), shape));
                return Err(PyValueError::new_err(format!("it is prepared for the shape {}, not {}", shape?, given?)));
            }
            if read.dtype() != *dtype {
                let (dtype, given) = (descriptor(image.py(), *dtype)?, image.dtype());
                return Err(PyTypeError::new_err(format!("it is prepared for elements of {dtype}, not {given}")));
            }
            borrowed.push(read);
        }
        Ok(borrowed)
    }

    fn compute(
        &self,
        py: Python<'_>,
        images: &[Box<dyn Readable + '_>],
        mut outputs: Vec<Output<'_>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let images: Vec<_> = images.iter().map(|image| image.input()).collect();
        if self.effort.operations <= TINY_OPERATIONS && progress.is_none() {
            // It keeps what holds Python's other threads up, and waits for nobody: it has one thread.
            let work = || self.prepared.run_all_into(&images, &mut outputs, &Progress::default());
            return caught(work)?.map_err(|error| exception(py, error, &self.source));
        }
        let pixels = self.prepared.output_shape().iter().product();
        let work = |progress: &Progress| self.prepared.run_all_into(&images, &mut outputs, progress);
        run(py, pixels, &self.effort, progress, work).map_err(|failure| failure.exception(py, &self.source))
    }

    /// Writes to what the caller gave; Python does it where that is of another layout, or overlaps the images.
    fn call_into<'py>(
        &self,
        slf: &Bound<'py, Self>,
        images: Vec<Bound<'py, PyUntypedArray>>,
        output: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        static INTO: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        if self.gather.is_none()
            && let Ok(array) = output.cast_exact::<PyUntypedArray>()
            && is_direct(array)
            && array.is_c_contiguous()
            && array.shape() == self.prepared.output_shape()
        {
            let borrowed = self.borrowed(&images)?;
            if let Ok(mut target) = writable(array)
                && target.dtype() == self.prepared.outputs()[0]
                && !overlaps(&borrowed, target.memory())
            {
                self.compute(py, &borrowed, vec![target.output()], None)?;
                return Ok(output.clone());
            }
        }
        INTO.import(py, "hoodoo._prepared", "call_into")?.call1((slf, images, output))
    }
}

/// Whether some image has memory in common with an output. Arrays of NumPy can have some without knowing of each other.
fn overlaps(images: &[Box<dyn Readable + '_>], output: Range<usize>) -> bool {
    images.iter().map(|image| image.memory()).any(|image| image.start < output.end && output.start < image.end)
}

/// Anything that a kernel takes, as an array that can be read where it is.
fn as_array<'py>(image: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyUntypedArray>> {
    static AS_ARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if let Ok(array) = image.cast_exact::<PyUntypedArray>()
        && is_direct(array)
    {
        return Ok(array.clone());
    }
    let array = AS_ARRAY.import(image.py(), "hoodoo._prepared", "as_array")?.call1((image,))?;
    Ok(array.cast_into::<PyUntypedArray>()?)
}
