//! C functions in both directions: those of others in our driver, and ours for SciPy, in capsules.
//!
//! This is the one file of the package with `unsafe` code. A capsule's name is the C signature of the function that it points to,
//! its context what the function gets as user data.

#![allow(unsafe_code, reason = "C functions, their user data, and capsules; each block gives its reason")]

use std::any::Any;
use std::collections::HashMap;
use std::ffi::{CStr, c_int, c_long, c_void};
use std::ptr::NonNull;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::{iter, mem, ptr, slice};

use hoodoo::lang::diagnostic::{Code, KernelError};
use hoodoo::lang::hir;
use hoodoo::lang::point::coordinates;
use hoodoo::{Callback, CallbackFn, Error, Footprint, Kernel, Parameters};
use numpy::npyffi::{_PyArray_GET_ITEM_DATA, NPY_ARRAY_WRITEABLE};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArrayDyn, PyReadwriteArray1, PyUntypedArrayMethods};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods, PyDict, PyTuple};

use crate::errors::{caught, exception};
use crate::program::PyProgram;

/// A function along lines: the extended input line and the output line, each with its length.
type LineFn = unsafe extern "C" fn(*mut f64, isize, *mut f64, isize, *mut c_void) -> c_int;

/// The signatures of a function of a window. The last two are as good where the types have the same size.
const WINDOW: [&CStr; 4] = [
    c"int (double *, intptr_t, double *, void *)",
    c"int (double *, npy_intp, double *, void *)",
    c"int (double *, long long, double *, void *)",
    c"int (double *, long, double *, void *)",
];

/// The signatures of a function of a line.
const LINE: [&CStr; 4] = [
    c"int (double *, intptr_t, double *, intptr_t, void *)",
    c"int (double *, npy_intp, double *, npy_intp, void *)",
    c"int (double *, long long, double *, long long, void *)",
    c"int (double *, long, double *, long, void *)",
];

/// The signatures whose integers are as long as an address.
fn on_this_machine<'s>(signatures: &'s [&'s CStr; 4]) -> &'s [&'s CStr] {
    const { assert!(size_of::<isize>() == size_of::<i64>(), "machine code is made for 64-bit machines") };
    if size_of::<c_long>() == size_of::<isize>() { signatures } else { &signatures[..3] }
}

/// The address and the user data in a capsule whose name is one of `signatures`, or that has no name.
fn open(capsule: &Bound<'_, PyCapsule>, signatures: &[&CStr; 4]) -> PyResult<(NonNull<c_void>, *mut c_void)> {
    let signatures = on_this_machine(signatures);
    let name = capsule.name()?;
    // SAFETY: the capsule, which owns its name, is borrowed and does not get another one meanwhile.
    let name = name.as_ref().map(|name| unsafe { name.as_cstr() });
    if let Some(name) = name
        && !signatures.contains(&name)
    {
        let expected: Vec<_> = signatures.iter().map(|signature| signature.to_string_lossy()).collect();
        return Err(PyValueError::new_err(format!(
            "the signature of the callback is \"{}\"; it must be one of: {}",
            name.to_string_lossy(),
            expected.join("; ")
        )));
    }
    Ok((capsule.pointer_checked(name)?, capsule.context()?))
}

/// Whether a value is a capsule that does not say which function is in it.
#[pyfunction]
pub fn is_nameless_capsule(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    match value.cast::<PyCapsule>() {
        Ok(capsule) => Ok(capsule.name()?.is_none()),
        Err(_) => Ok(false),
    }
}

/// What must live as long as something points to it.
type Owner = Arc<dyn Any + Send + Sync>;

/// A function of others that a filter calls for each pixel, attached to Python.
#[pyclass(name = "Callback", module = "hoodoo._hoodoo", frozen)]
pub struct PyCallback {
    /// The function in Rust.
    pub callback: Callback,
    /// What `callback` points to.
    _owner: Owner,
}

#[pymethods]
impl PyCallback {
    /// The C function in a capsule.
    #[staticmethod]
    fn c(capsule: Bound<'_, PyCapsule>) -> PyResult<PyCallback> {
        let (function, user_data) = open(&capsule, &WINDOW)?;
        // SAFETY: who made the capsule says by its name that this is the function's signature, as to SciPy.
        let function = unsafe { mem::transmute::<*mut c_void, CallbackFn>(function.as_ptr()) };
        // SAFETY: the contract is that of SciPy's callbacks. A filter calls it on the thread that called the filter, attached to Python.
        // So calls of several threads meet only where the function releases the GIL, or where there is none, and it has to expect that, as
        // in SciPy.
        let callback = unsafe { Callback::foreign(function, user_data) };
        Ok(PyCallback { callback, _owner: Arc::new(capsule.unbind()) })
    }

    /// A Python function of an array, and of more arguments.
    #[staticmethod]
    fn python(py: Python<'_>, function: Py<PyAny>, arguments: Py<PyTuple>, keywords: Py<PyDict>) -> PyCallback {
        let keywords = Some(keywords).filter(|keywords| !keywords.bind(py).is_empty());
        let function = Arc::new(PythonFunction { function, arguments, keywords, last: Mutex::default() });
        let user_data = Arc::as_ptr(&function).cast_mut().cast();
        // SAFETY: `call_python` keeps to the contract, and only reads what `user_data` points to.
        let callback = unsafe { Callback::foreign_concurrent(call_python, user_data) };
        PyCallback { callback, _owner: function }
    }
}

/// A Python function with what it is called with besides windows.
struct PythonFunction {
    function: Py<PyAny>,
    arguments: Py<PyTuple>,
    keywords: Option<Py<PyDict>>,
    /// The arguments of the last call, the window first.
    last: Mutex<Option<Py<PyTuple>>>,
}

impl PythonFunction {
    fn call(&self, py: Python<'_>, window: &[f64]) -> PyResult<f64> {
        // Of several threads that run one filter, one has the arguments; the others make their own.
        let last = self.last.try_lock().ok().and_then(|mut last| last.take());
        let arguments = match last.map(|last| last.into_bound(py)) {
            Some(arguments) if refilled(&arguments, window) => arguments,
            _ => {
                let window = PyArray1::from_slice(py, window).into_any();
                PyTuple::new(py, iter::once(window).chain(self.arguments.bind(py).iter()).collect::<Vec<_>>())?
            }
        };
        let keywords = self.keywords.as_ref().map(|keywords| keywords.bind(py));
        let value = self.function.bind(py).call(&arguments, keywords)?.extract();
        if let Ok(mut last) = self.last.try_lock() {
            *last = Some(arguments.unbind());
        }
        value
    }
}

/// Writes a window into the array of an earlier call, if nobody has kept it, and if it is as a new one would be: to make a new one takes
/// longer than many a function.
fn refilled(arguments: &Bound<'_, PyTuple>, window: &[f64]) -> bool {
    // To ask the running Python whether it has a GIL would not do: one without has it for the time of some imports.
    if cfg!(Py_GIL_DISABLED) {
        return false;
    }
    let Ok(array) = arguments.get_borrowed_item(0) else { return false };
    // SAFETY: both are alive.
    let owners = unsafe { [ffi::Py_REFCNT(arguments.as_ptr()), ffi::Py_REFCNT(array.as_ptr())] };
    // Views of the array and those who have its buffer count, too.
    if owners != [1, 1] {
        return false;
    }
    let Ok(array) = array.cast::<PyArray1<f64>>() else { return false };
    // SAFETY: the array is alive, and nobody changes its flags meanwhile.
    let flags = unsafe { (*_PyArray_GET_ITEM_DATA(array.as_array_ptr())).flags };
    if array.len() != window.len() || !array.is_c_contiguous() || flags & NPY_ARRAY_WRITEABLE == 0 {
        return false;
    }
    // SAFETY: the array is aligned and contiguous and has as many elements, its only owner is the tuple, and the tuple's only owner are
    // we, so that nobody else reads or writes it: as long as we have the GIL, nobody becomes an owner, not even by a weak reference.
    unsafe { ptr::copy_nonoverlapping(window.as_ptr(), array.data(), window.len()) };
    true
}

/// Calls a [`PythonFunction`]. An exception becomes this thread's, as SciPy expects it of callbacks.
unsafe extern "C" fn call_python(window: *mut f64, len: isize, value: *mut f64, user_data: *mut c_void) -> c_int {
    Python::attach(|py| {
        // SAFETY: this is called with the user data of `PyCallback::python`.
        let function = unsafe { &*user_data.cast::<PythonFunction>() };
        let window = match len {
            0 => &[],
            // SAFETY: by the contract of callbacks there are `len` cells.
            _ => unsafe { slice::from_raw_parts(window, len as usize) },
        };
        match function.call(py, window) {
            Ok(result) => {
                // SAFETY: by the contract of callbacks the result can be written.
                unsafe { *value = result };
                1
            }
            Err(error) => {
                error.restore(py);
                0
            }
        }
    })
}

/// Calls the C function in a capsule with a line that is extended at both ends, and a line for the results.
#[pyfunction]
pub fn call_line(
    py: Python<'_>,
    capsule: Bound<'_, PyCapsule>,
    mut input: PyReadwriteArray1<'_, f64>,
    mut output: PyReadwriteArray1<'_, f64>,
) -> PyResult<()> {
    let (function, user_data) = open(&capsule, &LINE)?;
    let (input, output) = (input.as_slice_mut()?, output.as_slice_mut()?);
    // SAFETY: who made the capsule says by its name that this is the function's signature, as to SciPy.
    let function = unsafe { mem::transmute::<*mut c_void, LineFn>(function.as_ptr()) };
    // SAFETY: the pointers are valid for the lengths passed, and the contract is that of SciPy's callbacks.
    let status = unsafe {
        function(input.as_mut_ptr(), input.len() as isize, output.as_mut_ptr(), output.len() as isize, user_data)
    };
    match (PyErr::take(py), status) {
        (Some(error), _) => Err(error),
        (None, 0) => Err(PyRuntimeError::new_err("unknown error in line filter function")),
        _ => Ok(()),
    }
}

/// What the capsules that are alive need, by their addresses.
static OWNED: LazyLock<Mutex<HashMap<usize, Owner>>> = LazyLock::new(Mutex::default);

/// A capsule that keeps `owner` alive as long as it is.
fn capsule<'py>(
    py: Python<'py>,
    function: *const c_void,
    signature: &'static CStr,
    user_data: *mut c_void,
    owner: Owner,
) -> PyResult<Bound<'py, PyCapsule>> {
    let function = NonNull::new(function.cast_mut()).expect("a function is somewhere");
    // SAFETY: `function` is valid as long as `owner`, which `free` drops with the capsule.
    let capsule = unsafe { PyCapsule::new_with_pointer_and_destructor(py, function, signature, Some(free)) }?;
    capsule.set_context(user_data)?;
    OWNED.lock().unwrap_or_else(PoisonError::into_inner).insert(capsule.as_ptr() as usize, owner);
    Ok(capsule)
}

/// The destructor of our capsules.
unsafe extern "C" fn free(capsule: *mut ffi::PyObject) {
    let owner = OWNED.lock().unwrap_or_else(PoisonError::into_inner).remove(&(capsule as usize));
    drop(owner);
}

/// The program's compiled callback, for SciPy's `generic_filter`; its user data are the params and the weights.
#[pyfunction]
pub fn window_capsule<'py>(
    py: Python<'py>,
    program: &PyProgram,
    footprint: Option<PyReadonlyArrayDyn<'py, bool>>,
    params: HashMap<String, f64>,
    weights: HashMap<String, Vec<f64>>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let callback = compiled(py, program, footprint, params, weights)?;
    let (function, user_data) = (callback.as_ptr() as *const c_void, callback.user_data());
    capsule(py, function, c"int (double *, intptr_t, double *, void *)", user_data, Arc::new(callback))
}

fn compiled(
    py: Python<'_>,
    program: &PyProgram,
    footprint: Option<PyReadonlyArrayDyn<'_, bool>>,
    params: HashMap<String, f64>,
    weights: HashMap<String, Vec<f64>>,
) -> PyResult<Callback> {
    let mut parameters = Parameters::new();
    for (name, value) in params {
        parameters = parameters.param(name, value);
    }
    for (name, values) in weights {
        parameters = parameters.weights(name, values);
    }
    let footprint = footprint.map(|footprint| Footprint::from_array(footprint.as_array())).transpose();
    let kernel = &program.kernel;
    let callback = caught(|| footprint.and_then(|footprint| kernel.callback_with(footprint.as_ref(), &parameters)))?;
    callback.map_err(|error| exception(py, for_python(error, kernel), kernel.source()))
}

/// The error of a kernel that can't be a callback, with a hint that does not name functions in Rust.
fn for_python(error: Error, kernel: &Kernel) -> Error {
    let hint = match kernel.inputs().len() == 1 && kernel.outputs().len() == 1 {
        true => "give the footprint to `low_level_callable`",
        false => "call the kernel itself, which takes several inputs and gives several outputs",
    };
    match error {
        Error::Kernel(error) if error.code() == Code::NotInCallback && error.hint().is_some() => {
            let diagnostic = error.diagnostic().clone().hint(hint);
            KernelError::new(diagnostic, kernel.source().into(), "kernel".into()).into()
        }
        other => other,
    }
}

/// The program as a function of lines, for SciPy's `generic_filter1d`: its window slides along the line.
#[pyfunction]
pub fn line_capsule<'py>(
    py: Python<'py>,
    program: &PyProgram,
    footprint: Option<PyReadonlyArrayDyn<'py, bool>>,
    params: HashMap<String, f64>,
    weights: HashMap<String, Vec<f64>>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let owner = Arc::new(compiled(py, program, footprint, params, weights)?);
    let user_data = Arc::as_ptr(&owner).cast_mut().cast();
    let function = along_line as LineFn as *const c_void;
    let signature = c"int (double *, intptr_t, double *, intptr_t, void *)";
    capsule(py, function, signature, user_data, owner)
}

/// Calls a [`Callback`] with each window of a line; false if one fails, or if windows have another length.
unsafe extern "C" fn along_line(
    input: *mut f64,
    input_len: isize,
    output: *mut f64,
    output_len: isize,
    user_data: *mut c_void,
) -> c_int {
    if output_len <= 0 || input_len < output_len {
        return c_int::from(output_len == 0);
    }
    // SAFETY: this is called with the user data of `line_capsule`, and with lines of these lengths.
    let (callback, input, output) = unsafe {
        let callback = &*user_data.cast::<Callback>();
        (
            callback,
            slice::from_raw_parts(input, input_len as usize),
            slice::from_raw_parts_mut(output, output_len as usize),
        )
    };
    // The callback may write to its window, and the next one has most of the same cells.
    let mut scratch = vec![0.0; input.len() - output.len() + 1];
    for (window, output) in input.windows(scratch.len()).zip(output) {
        scratch.copy_from_slice(window);
        match callback.call(&mut scratch) {
            Some(value) => *output = value,
            None => return 0,
        }
    }
    1
}

/// A program without windows as a function of a point.
struct Point {
    /// One function for each output.
    outputs: Vec<Callback>,
    /// The values of the params, then room for what the function is called with.
    values: Vec<f64>,
    /// Where in `values` each argument belongs.
    arguments: Vec<usize>,
}

impl Point {
    /// Puts the outputs for these arguments where `results` says, one for each; false if one fails.
    fn call(&self, arguments: impl Iterator<Item = f64>, mut results: impl FnMut(usize, f64)) -> bool {
        let mut values = self.values.clone();
        for (place, argument) in self.arguments.iter().zip(arguments) {
            values[*place] = argument;
        }
        self.outputs.iter().enumerate().all(|(output, callback)| {
            let mut result = 0.0;
            // SAFETY: a function of a point reads no cell, and has as many values as it has params and coordinates.
            let status = unsafe { callback.as_ptr()(ptr::null_mut(), 0, &mut result, values.as_mut_ptr().cast()) };
            results(output, result);
            status != 0
        })
    }
}

/// The functions of a program, and the values of its params, all of which are set but for `variables`.
fn point(
    py: Python<'_>,
    program: &PyProgram,
    params: &HashMap<String, f64>,
    variables: &[String],
) -> PyResult<(Vec<Callback>, Vec<f64>)> {
    let kernel = &program.kernel;
    let value = |param: &hir::Param| {
        let given = params.get(&param.name).copied().or(param.default);
        let missing = || PyTypeError::new_err(format!("the param `{}` has no value", param.name));
        match variables.contains(&param.name) {
            true => Ok(f64::NAN),
            false => given.ok_or_else(missing),
        }
    };
    let values = kernel.params().iter().map(value).collect::<PyResult<_>>()?;
    let functions = caught(|| kernel.point_functions())?;
    Ok((functions.map_err(|error| exception(py, error, kernel.source()))?, values))
}

/// The program as a function of some of its params, for SciPy's `quad` and `nquad`; NaN where an assertion does not hold.
#[pyfunction]
pub fn integrand_capsule<'py>(
    py: Python<'py>,
    program: &PyProgram,
    params: HashMap<String, f64>,
    variables: Vec<String>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let kernel = &program.kernel;
    if kernel.outputs().len() != 1 || coordinates(kernel.hir()) > 0 {
        return Err(PyValueError::new_err("an integrand has one output, and no coordinates"));
    }
    let place = |name: &String| {
        let found = kernel.params().iter().position(|param| param.name == *name);
        found.ok_or_else(|| PyValueError::new_err(format!("the variable `{name}` is not a param of the kernel")))
    };
    let arguments = variables.iter().map(place).collect::<PyResult<_>>()?;
    let (outputs, values) = point(py, program, &params, &variables)?;
    let owner = Arc::new(Point { outputs, values, arguments });
    let user_data = Arc::as_ptr(&owner).cast_mut().cast();
    let function = integrand as unsafe extern "C" fn(c_int, *mut f64, *mut c_void) -> f64 as *const c_void;
    capsule(py, function, c"double (int, double *, void *)", user_data, owner)
}

unsafe extern "C" fn integrand(count: c_int, arguments: *mut f64, user_data: *mut c_void) -> f64 {
    // SAFETY: this is called with the user data of `integrand_capsule`.
    let point = unsafe { &*user_data.cast::<Point>() };
    if usize::try_from(count) != Ok(point.arguments.len()) {
        return f64::NAN;
    }
    // SAFETY: there are `count` arguments.
    let arguments = (0..point.arguments.len()).map(|index| unsafe { *arguments.add(index) });
    let mut value = f64::NAN;
    match point.call(arguments, |_, result| value = result) {
        true => value,
        false => f64::NAN,
    }
}

/// The program as a function from the coordinates of the output to those of the input, for SciPy's `geometric_transform`.
#[pyfunction]
pub fn transform_capsule<'py>(
    py: Python<'py>,
    program: &PyProgram,
    params: HashMap<String, f64>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let (outputs, mut values) = point(py, program, &params, &[])?;
    let axes = coordinates(program.kernel.hir());
    let arguments = (values.len()..values.len() + axes).collect();
    values.resize(values.len() + axes, f64::NAN);
    let owner = Arc::new(Point { outputs, values, arguments });
    let user_data = Arc::as_ptr(&owner).cast_mut().cast();
    let function =
        transform as unsafe extern "C" fn(*mut isize, *mut f64, c_int, c_int, *mut c_void) -> c_int as *const c_void;
    capsule(py, function, c"int (intptr_t *, double *, int, int, void *)", user_data, owner)
}

unsafe extern "C" fn transform(
    from: *mut isize,
    to: *mut f64,
    from_axes: c_int,
    to_axes: c_int,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: this is called with the user data of `transform_capsule`.
    let point = unsafe { &*user_data.cast::<Point>() };
    let enough = usize::try_from(from_axes).is_ok_and(|axes| axes >= point.arguments.len());
    if !enough || usize::try_from(to_axes) != Ok(point.outputs.len()) {
        return 0;
    }
    // SAFETY: there are `from_axes` coordinates, and no more are read than arguments are needed.
    let from = (0..point.arguments.len()).map(|axis| unsafe { *from.add(axis) } as f64);
    // SAFETY: there is room for `to_axes` coordinates, one for each output.
    c_int::from(point.call(from, |axis, coordinate| unsafe { *to.add(axis) = coordinate }))
}
