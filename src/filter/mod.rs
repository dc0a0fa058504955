//! Arrays in, arrays out.

use std::borrow::Cow;
use std::ops::Range;

pub mod arrays;
#[cfg(feature = "jit")]
pub mod compiled;
pub mod engine;
pub mod job;
mod orientation;
pub mod outputs;
pub mod pixels;
pub mod progress;
#[cfg(feature = "jit")]
pub mod rows;

use ndarray::{Array, ArrayBase, ArrayD, Data, DataMut, Dimension};

use self::arrays::{AnyElement, Input, Output};
use self::engine::{Engine, Means};
use self::job::{Job, Place, Types};
use self::orientation::reordered;
use self::outputs::Outputs;
use self::pixels::{Neighbourhood, Run};
use self::progress::Progress;
use crate::callback::Callback;
use crate::error::{self, Error};
use crate::grid::boundary::Mode;
use crate::grid::element::{Cast, DType, Precision};
use crate::grid::footprint::{Footprint, Window};
use crate::grid::region::Region;
use crate::kernel::Kernel;
use crate::kernel::parameters::Parameters;
use crate::lang::cells::Cells;
use crate::lang::hir;
use crate::lang::interpret::{Interpreter, Pixel, Settings};
use crate::lang::shrink::shrunk;

/// A kernel or a callback together with a window and what lies outside the array, ready to run over arrays.
///
/// ```
/// use hoodoo::{Filter, Kernel, Mode};
/// use ndarray::array;
///
/// let kernel = Kernel::compile("max(w) - min(w)")?;
/// let image = array![[1u8, 2, 3], [4, 5, 6], [7, 8, 9]];
/// let gradient = Filter::new(&kernel).size(3).mode(Mode::Reflect).run(&image)?;
/// assert_eq!(gradient, array![[4, 5, 4], [7, 8, 7], [4, 5, 4]]);
/// # Ok::<(), hoodoo::Error>(())
/// ```
///
/// # Axes
///
/// The window's axes are the array's axes, or those that [`Filter::axes`] names, in that order; sizes, footprints,
/// modes, origins, and the kernel's `w[dy, dx]`, `offset`, `coord` and `extent` all follow it.
///
/// # Smaller outputs
///
/// Along an axis of mode [`Mode::Valid`], outputs have only those pixels all of whose cells are inside, those of
/// `w[dy, dx]` included; [`Filter::output_region`] says which. Still, `coord` is the pixel's index in the input, as is the
/// position that an error names.
///
/// ```
/// use hoodoo::{Filter, Kernel, Mode};
/// use ndarray::array;
///
/// let sum = Filter::new(&Kernel::compile("sum(w)")?).size(3);
/// assert_eq!(sum.clone().mode(Mode::Valid).run(&array![1, 2, 3, 4])?, array![6, 9]);
/// assert_eq!(sum.mode(Mode::Shrink).run(&array![1, 2, 3, 4])?, array![3, 6, 9, 7]);
/// # Ok::<(), hoodoo::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Filter {
    function: Function,
    window: Option<Window>,
    modes: Vec<Mode>,
    cval: f64,
    origin: Vec<isize>,
    axes: Option<Vec<isize>>,
    parameters: Parameters,
    cast: Cast,
    engine: Engine,
    precision: Precision,
    threads: usize,
}

#[derive(Clone, Debug)]
enum Function {
    Kernel(Kernel),
    Callback(Callback),
}

impl Filter {
    /// A filter by `kernel`.
    pub fn new(kernel: &Kernel) -> Filter {
        Filter::with(Function::Kernel(kernel.clone()))
    }

    /// A filter by a callback, ours or a foreign one.
    ///
    /// A foreign callback runs on one thread and sees the pixels in C order, unless it was made by
    /// [`Callback::foreign_concurrent`]. In mode [`Mode::Shrink`] its windows have fewer cells near the ends of the array,
    /// perhaps none; a callback for windows of one length can't be used there.
    ///
    /// ```
    /// use std::ffi::{c_int, c_void};
    /// use hoodoo::{Callback, Filter};
    ///
    /// /// The first cell of the window.
    /// unsafe extern "C" fn first(window: *mut f64, _: isize, value: *mut f64, _: *mut c_void) -> c_int {
    ///     unsafe { *value = *window };
    ///     1
    /// }
    ///
    /// // SAFETY: `first` reads one cell of windows that have two.
    /// let callback = unsafe { Callback::foreign(first, std::ptr::null_mut()) };
    /// let shifted = Filter::with_callback(&callback).size(2).run(&ndarray::array![1.0, 2.0, 3.0])?;
    /// assert_eq!(shifted, ndarray::array![1.0, 1.0, 2.0]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    pub fn with_callback(callback: &Callback) -> Filter {
        Filter::with(Function::Callback(callback.clone()))
    }

    fn with(function: Function) -> Filter {
        Filter {
            function,
            window: None,
            modes: vec![Mode::default()],
            cval: 0.0,
            origin: vec![0],
            axes: None,
            parameters: Parameters::new(),
            cast: Cast::default(),
            engine: Engine::default(),
            precision: Precision::default(),
            threads: 0,
        }
    }

    /// A window of this length along every axis, or of these lengths, such as `[3, 5]`.
    pub fn size(self, size: impl Into<Window>) -> Filter {
        self.window(size.into())
    }

    /// A window of the cells where an array of bool is true.
    pub fn footprint(self, footprint: impl Into<Window>) -> Filter {
        self.window(footprint.into())
    }

    /// Any window.
    pub fn window(mut self, window: Window) -> Filter {
        self.window = Some(window);
        self
    }

    /// How the array goes on beyond the ends of every axis; `reflect` by default.
    pub fn mode(self, mode: Mode) -> Filter {
        self.modes([mode])
    }

    /// How the array goes on beyond the ends of each axis: one mode for all, or one for each.
    pub fn modes(mut self, modes: impl IntoIterator<Item = Mode>) -> Filter {
        self.modes = modes.into_iter().collect();
        self
    }

    /// The value outside the array in mode `constant`; 0 by default. It is not rounded to the input's type.
    pub fn cval(mut self, cval: f64) -> Filter {
        self.cval = cval;
        self
    }

    /// Moves the window: a positive origin toward lower indices. One for all axes, or one for each.
    pub fn origin(mut self, origin: impl IntoIterator<Item = isize>) -> Filter {
        self.origin = origin.into_iter().collect();
        self
    }

    /// The axes to filter along, counted from the end where negative; by default all.
    pub fn axes(mut self, axes: impl IntoIterator<Item = isize>) -> Filter {
        self.axes = Some(axes.into_iter().collect());
        self
    }

    /// Sets the kernel's scalar param `name`.
    pub fn param(mut self, name: impl Into<String>, value: f64) -> Filter {
        self.parameters = self.parameters.param(name, value);
        self
    }

    /// Sets the kernel's weights vector `name`: one value for each cell of the footprint, or for each cell of its
    /// bounding box, in C order.
    pub fn weights(mut self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Filter {
        self.parameters = self.parameters.weights(name, values);
        self
    }

    /// Sets the kernel's weights vector `name` to an array of the footprint's shape.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel};
    /// use ndarray::array;
    ///
    /// let kernel = Kernel::compile("weights k; sum(w * k)")?;
    /// let sobel = array![[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]];
    /// let image = array![[0.0, 1.0, 3.0], [0.0, 1.0, 3.0], [0.0, 1.0, 3.0]];
    /// let slope = Filter::new(&kernel).size(3).weights_array("k", &sobel).run(&image)?;
    /// assert_eq!(slope[[1, 1]], 12.0);
    /// assert!(Filter::new(&kernel).size([9, 1]).weights_array("k", &sobel).run(&image).is_err());
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    pub fn weights_array<S, D>(mut self, name: impl Into<String>, array: &ArrayBase<S, D>) -> Filter
    where
        S: Data<Elem = f64>,
        D: Dimension,
    {
        self.parameters = self.parameters.weights_array(name, array);
        self
    }

    /// Sets all params and weights.
    pub fn parameters(mut self, parameters: Parameters) -> Filter {
        self.parameters = parameters;
        self
    }

    /// How values become elements of an output of a narrower type; `saturate` by default.
    pub fn cast(mut self, cast: Cast) -> Filter {
        self.cast = cast;
        self
    }

    /// What runs the kernel.
    pub fn engine(mut self, engine: Engine) -> Filter {
        self.engine = engine;
        self
    }

    /// In which floats to compute; exact by default. Only the rows engine computes in single precision.
    pub fn precision(mut self, precision: Precision) -> Filter {
        self.precision = precision;
        self
    }

    /// The greatest number of threads; 0, the default, for one on each core. The result does not depend on it.
    pub fn threads(mut self, threads: usize) -> Filter {
        self.threads = threads;
        self
    }

    /// The filtered image, with the element type of `image`.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for an argument that does not fit the image or the kernel, [`Error::Kernel`] for a kernel
    /// that can't be used with this window, [`Error::Assertion`] and [`Error::Callback`] at a pixel that fails,
    /// [`Error::Codegen`] if there is no machine code for the kernel.
    pub fn run<T, S, D>(&self, image: &ArrayBase<S, D>) -> Result<Array<T, D>, Error>
    where
        T: AnyElement,
        S: Data<Elem = T>,
        D: Dimension,
    {
        self.run_as(image)
    }

    /// Which pixels of inputs of this shape the outputs have: their indices along each axis. That is all of them, except along
    /// axes of mode [`Mode::Valid`].
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel, Mode};
    ///
    /// let forward = Filter::new(&Kernel::compile("w[0, 1] - w[0, 0]")?).modes([Mode::Reflect, Mode::Valid]);
    /// assert_eq!(forward.output_region(&[4, 6])?, [0..4, 0..5]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] and [`Error::Kernel`] as for [`Filter::run`].
    pub fn output_region(&self, shape: &[usize]) -> Result<Vec<Range<usize>>, Error> {
        let mut region: Vec<Range<usize>> = shape.iter().map(|len| 0..*len).collect();
        if self.modes.contains(&Mode::Valid) {
            let axes = self.filtered_axes(shape.len())?;
            let cells = self.cells(&self.resolved_footprint(axes.len())?)?;
            for (along, mode) in self.mode_of_each(axes.len())?.into_iter().enumerate() {
                if mode == Mode::Valid {
                    let (range, (before, after)) = (&mut region[axes[along]], cells.reach(along));
                    *range = Region::inner(range.len(), before, after);
                }
            }
        }
        Ok(region)
    }

    /// The shape of outputs for inputs of this shape.
    fn output_shape(&self, shape: &[usize]) -> Result<Vec<usize>, Error> {
        Ok(self.output_region(shape)?.iter().map(ExactSizeIterator::len).collect())
    }

    /// An array for the output of an image.
    fn output_for<U, S, D>(&self, image: &ArrayBase<S, D>) -> Result<Array<U, D>, Error>
    where
        U: AnyElement,
        S: Data,
        D: Dimension,
    {
        let mut shape = image.raw_dim();
        shape.slice_mut().copy_from_slice(&self.output_shape(image.shape())?);
        Ok(Array::default(shape))
    }

    /// As [`Filter::run`], reporting to `progress` and cancelled by it.
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`], and [`Error::Cancelled`].
    pub fn run_with<T, S, D>(&self, image: &ArrayBase<S, D>, progress: &Progress) -> Result<Array<T, D>, Error>
    where
        T: AnyElement,
        S: Data<Elem = T>,
        D: Dimension,
    {
        let mut output = self.output_for(image)?;
        self.run_all_into(&[image.into()], &mut [(&mut output).into()], progress)?;
        Ok(output)
    }

    /// The filtered image, with any element type.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel};
    /// let mean = Kernel::compile("mean(w)")?;
    /// let smooth: ndarray::Array1<f32> = Filter::new(&mean).size(2).run_as(&ndarray::array![1u8, 2, 4])?;
    /// assert_eq!(smooth, ndarray::array![1.0, 1.5, 3.0]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`].
    pub fn run_as<U, T, S, D>(&self, image: &ArrayBase<S, D>) -> Result<Array<U, D>, Error>
    where
        U: AnyElement,
        T: AnyElement,
        S: Data<Elem = T>,
        D: Dimension,
    {
        let mut output = self.output_for(image)?;
        self.run_into(image, &mut output)?;
        Ok(output)
    }

    /// Writes the filtered image to `output`, which has the shape of `image`, or of [`Filter::output_region`] in mode
    /// `valid`.
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`]; then some of `output` may be written.
    pub fn run_into<T, S, U, S2, D>(&self, image: &ArrayBase<S, D>, output: &mut ArrayBase<S2, D>) -> Result<(), Error>
    where
        T: AnyElement,
        S: Data<Elem = T>,
        U: AnyElement,
        S2: DataMut<Elem = U>,
        D: Dimension,
    {
        self.run_all_into(&[image.into()], &mut [output.into()], &Progress::default())
    }

    /// All outputs of a kernel with any number of inputs and outputs; the inputs have one shape.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel};
    /// use ndarray::array;
    ///
    /// let kernel = Kernel::compile("input a, b; low: min(a) + min(b), high: max(a) + max(b)")?;
    /// let (a, b) = (array![1u8, 2, 3], array![0.5f32, 0.25, 0.125]);
    /// let outputs = Filter::new(&kernel).size(3).run_all::<f64>(&[(&a).into(), (&b).into()])?;
    /// assert_eq!(outputs[0], array![1.25, 1.125, 2.125].into_dyn());
    /// assert_eq!(outputs[1], array![2.5, 3.5, 3.25].into_dyn());
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`].
    pub fn run_all<U: AnyElement>(&self, inputs: &[Input<'_>]) -> Result<Vec<ArrayD<U>>, Error> {
        let shape = self.output_shape(inputs.first().map_or(&[][..], Input::shape))?;
        let mut arrays = vec![ArrayD::<U>::default(shape); self.output_count()];
        let mut outputs: Vec<Output<'_>> = arrays.iter_mut().map(Output::from).collect();
        self.run_all_into(inputs, &mut outputs, &Progress::default())?;
        Ok(arrays)
    }

    /// As [`Filter::run_all`], with the outputs by name or by position.
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`].
    pub fn run_outputs<U: AnyElement>(&self, inputs: &[Input<'_>]) -> Result<Outputs<U>, Error> {
        let names = match &self.function {
            Function::Kernel(kernel) => kernel.outputs().map(str::to_string).collect(),
            Function::Callback(_) => vec!["0".to_string()],
        };
        Ok(Outputs::new(names, self.run_all(inputs)?))
    }

    /// Writes all outputs, whose element types and layouts may differ, reporting to `progress` and cancelled by it.
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`], and [`Error::Cancelled`]; then some of the outputs may be written.
    pub fn run_all_into(
        &self,
        inputs: &[Input<'_>],
        outputs: &mut [Output<'_>],
        progress: &Progress,
    ) -> Result<(), Error> {
        self.check_counts(inputs.len(), outputs.len())?;
        let shape = inputs[0].shape();
        for input in &inputs[1..] {
            same_shape("inputs", shape, input.shape(), "that of the first input")?;
        }
        let region = self.output_region(shape)?;
        let output_shape: Vec<usize> = region.iter().map(ExactSizeIterator::len).collect();
        let expected = match output_shape == shape {
            true => "that of the first input",
            false => "what mode `valid` leaves of the first input",
        };
        for output in outputs.iter() {
            same_shape("output", &output_shape, output.shape(), expected)?;
        }
        let types = Types {
            inputs: inputs.iter().map(Input::dtype).collect(),
            outputs: outputs.iter().map(|output| output.dtype()).collect(),
        };
        if let Some((filter, order)) = self.turned(shape)? {
            let (inputs, mut outputs) = (orientation::inputs(inputs, &order), orientation::outputs(outputs, &order));
            return filter.run_all_into(&inputs, &mut outputs, progress);
        }
        let prepared = self.prepare(shape, types)?;
        if output_shape.contains(&0) {
            return Ok(());
        }

        // The window along every axis of the array.
        let Job { cells, axes, modes, .. } = &prepared.job;
        let full = |cell: usize| {
            let mut offset = vec![0; shape.len()];
            for (axis, along) in axes.iter().zip(cells.offset(cell)) {
                offset[*axis] = *along as isize;
            }
            offset
        };
        let offsets: Vec<Vec<isize>> = (0..cells.len()).map(full).collect();
        let mut full_modes = vec![Mode::default(); shape.len()];
        for (axis, mode) in axes.iter().zip(modes) {
            full_modes[*axis] = *mode;
        }
        let region = if shape.is_empty() { Region::whole(shape) } else { Region { axes: region } };
        let neighbourhood = Neighbourhood::new(shape, &offsets, &full_modes, self.cval, region);
        let meaning = prepared.meaning.as_deref();
        let mut run = Run {
            neighbourhood: &neighbourhood,
            cast: self.cast,
            threads: self.most_threads(),
            progress,
            pause: prepared.job.operations.map_or(usize::MAX, pause),
            squeezed: false,
        };
        let failed = prepared.means.run(meaning, &prepared.job, &mut run, inputs, outputs)?;
        let Some(mut position) = failed else {
            progress.finish();
            return Ok(());
        };
        let window = pixels::cells_at(&neighbourhood, inputs, &position);
        position.truncate(shape.len());
        Err(self.failure(&prepared, &window, position, Place::new(shape, axes)))
    }

    /// How many outputs there are.
    fn output_count(&self) -> usize {
        match &self.function {
            Function::Kernel(kernel) => kernel.outputs().len(),
            Function::Callback(_) => 1,
        }
    }

    fn check_counts(&self, inputs: usize, outputs: usize) -> Result<(), Error> {
        let (needed, names) = match &self.function {
            Function::Kernel(kernel) => (kernel.inputs().len(), format!(" ({})", kernel.inputs().join(", "))),
            Function::Callback(_) => (1, String::new()),
        };
        if inputs != needed {
            return Err(Error::argument("inputs", format!("{needed} needed{names}, and {inputs} given")));
        }
        if outputs != self.output_count() {
            return Err(Error::argument("outputs", format!("{} needed, and {outputs} given", self.output_count())));
        }
        Ok(())
    }

    /// The array's axes that the window has, in the window's order.
    fn filtered_axes(&self, ndim: usize) -> Result<Vec<usize>, Error> {
        let Some(axes) = &self.axes else { return Ok((0..ndim).collect()) };
        let mut filtered = Vec::new();
        for &axis in axes {
            let index = if axis < 0 { axis + ndim as isize } else { axis };
            if !(0..ndim as isize).contains(&index) {
                return Err(Error::argument("axes", format!("there is no axis {axis} in an array of {ndim} axes")));
            }
            if filtered.contains(&(index as usize)) {
                return Err(Error::argument("axes", format!("axis {axis} is named twice")));
            }
            filtered.push(index as usize);
        }
        Ok(filtered)
    }

    /// The footprint along `axes` axes.
    fn resolved_footprint(&self, axes: usize) -> Result<Footprint, Error> {
        let window = match (&self.window, &self.function) {
            (Some(window), _) => window.clone(),
            // A kernel that reads fixed cells only needs no window.
            (None, Function::Kernel(kernel)) if !kernel.hir().reads_window() => Window::Size(vec![1]),
            (None, _) => return Err(Error::argument("size", "the filter needs a size or a footprint")),
        };
        let origin = match self.origin.as_slice() {
            [one] => vec![*one; axes],
            each => each.to_vec(),
        };
        window.footprint(axes)?.with_origin(&origin)
    }

    /// The cells of the footprint, and those that the kernel reads besides.
    fn cells(&self, footprint: &Footprint) -> Result<Cells, Error> {
        match &self.function {
            Function::Kernel(kernel) => {
                footprint.cells().for_kernel(kernel.hir()).map_err(|diagnostic| kernel.error(diagnostic))
            }
            Function::Callback(_) => Ok(footprint.cells()),
        }
    }

    fn mode_of_each(&self, axes: usize) -> Result<Vec<Mode>, Error> {
        match self.modes.as_slice() {
            [one] => Ok(vec![*one; axes]),
            each if each.len() == axes => Ok(each.to_vec()),
            each => Err(Error::argument("mode", format!("{} modes for a window of {axes} axes", each.len()))),
        }
    }

    /// The window on arrays of this shape, checked, with the settings for its footprint.
    fn job(
        &self,
        shape: &[usize],
        types: Types,
        settings: impl FnOnce(&Footprint) -> Result<Settings, Error>,
    ) -> Result<Job, Error> {
        let axes = self.filtered_axes(shape.len())?;
        let modes = self.mode_of_each(axes.len())?;
        let footprint = self.resolved_footprint(axes.len())?;
        let settings = settings(&footprint)?;
        let cells = self.cells(&footprint)?;
        let operations = match &self.function {
            Function::Kernel(kernel) => Some(kernel.check_taps(cells.taps())?),
            Function::Callback(_) => None,
        };
        let shrinking = shrinking(&cells, &modes);
        Ok(Job { cells, settings, operations, shrinking, modes, shape: shape.to_vec(), axes, types })
    }

    /// Everything that does not depend on the elements of the arrays.
    fn prepare(&self, shape: &[usize], types: Types) -> Result<Prepared<'_>, Error> {
        match &self.function {
            Function::Kernel(kernel) => {
                let job = self.job(shape, types, |footprint| kernel.settings(&self.parameters, Some(footprint)))?;
                let meaning = match job.shrinking.is_empty() {
                    true => Cow::Borrowed(kernel.hir()),
                    false => Cow::Owned(shrunk(kernel.hir(), &job.shrinking)),
                };
                Ok(Prepared { means: Means::of(self, kernel, &job)?, job, meaning: Some(meaning) })
            }
            Function::Callback(callback) => {
                if self.parameters != Parameters::new() {
                    return Err(Error::argument("param", "a callback has its own user data, and takes no params"));
                }
                if !matches!(self.engine, Engine::Auto | Engine::Callback) {
                    return Err(Error::argument("engine", "a callback can only be called"));
                }
                let job = self.job(shape, types, |_| Ok(Settings::default()))?;
                if !callback.takes(&job.cells) {
                    return Err(Error::argument("footprint", "the callback was compiled for another footprint"));
                }
                if !job.shrinking.is_empty() && callback.window_len().is_some() {
                    return Err(Error::argument(
                        "mode",
                        "in mode shrink windows have fewer cells near the ends, and the callback is for one number of them",
                    ));
                }
                let means = Means::Callback { callback: callback.clone(), shorter: None };
                Ok(Prepared { job, meaning: None, means })
            }
        }
    }

    /// Makes the code for arrays of this shape and of these element types, which the next run with such arrays finds.
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`].
    pub fn compile(&self, shape: &[usize], inputs: &[DType], outputs: &[DType]) -> Result<(), Error> {
        self.check_counts(inputs.len(), outputs.len())?;
        if let Some((filter, order)) = self.turned(shape)? {
            return filter.compile(&reordered(shape, &order), inputs, outputs);
        }
        self.prepare(shape, Types { inputs: inputs.to_vec(), outputs: outputs.to_vec() }).map(drop)
    }

    /// The filter for arrays whose axes are in another order, and that order, if rows are longer then. What each pixel is does
    /// not depend on it.
    fn turned(&self, shape: &[usize]) -> Result<Option<(Filter, Vec<usize>)>, Error> {
        let (Function::Kernel(kernel), Engine::Auto | Engine::Rows) = (&self.function, self.engine) else {
            return Ok(None);
        };
        let axes = self.filtered_axes(shape.len())?;
        let order = orientation::order(shape);
        // The pixel that an error names is the first in C order.
        let Some(order) = order.filter(|_| cfg!(feature = "jit") && kernel.hir().assertions.is_empty()) else {
            return Ok(None);
        };
        let place = |axis: &usize| order.iter().position(|other| other == axis).map(|place| place as isize);
        let axes: Vec<isize> = axes.iter().filter_map(place).collect();
        Ok(Some((self.clone().axes(axes), order)))
    }

    fn most_threads(&self) -> usize {
        match self.threads {
            0 => rayon::current_num_threads(),
            threads => threads,
        }
    }

    /// The error for a pixel whose evaluation failed.
    fn failure(&self, prepared: &Prepared<'_>, cells: &[f64], position: Vec<usize>, mut place: Place) -> Error {
        let (Function::Kernel(kernel), Some(meaning)) = (&self.function, &prepared.meaning) else {
            return Error::Callback { position };
        };
        // Machine code says only that something does not hold; the interpreter says what.
        let mut interpreter = Interpreter::new(meaning, &prepared.job.cells, &prepared.job.settings);
        place.move_to(&position, position.last().copied().unwrap_or(0));
        let pixel = Pixel { cells, position: &place.position, extent: &place.extent };
        match interpreter.run(&pixel, &mut vec![0.0; self.output_count()]) {
            Err(assertion) => {
                let (line, column) = assertion.span.line_column(kernel.source());
                let place = Some(error::Place { span: assertion.span, line, column });
                Error::Assertion { position, message: assertion.message.clone(), place }
            }
            // Sums may round differently there, and large windows need memory for order statistics.
            Ok(()) => {
                let message = "an assertion does not hold in compiled arithmetic, or there is no memory".to_string();
                Error::Assertion { position, message, place: None }
            }
        }
    }
}

fn same_shape(argument: &'static str, expected: &[usize], given: &[usize], whose: &str) -> Result<(), Error> {
    if expected == given {
        return Ok(());
    }
    Err(Error::argument(argument, format!("shape {given:?} is not {whose}, {expected:?}")))
}

/// The axes of the window along which cells that are outside do not take part; not those along which none can be.
fn shrinking(cells: &Cells, modes: &[Mode]) -> Vec<usize> {
    (0..modes.len()).filter(|along| modes[*along] == Mode::Shrink && cells.reach(*along) != (0, 0)).collect()
}

/// How many pixels may be computed before a cancellation is seen, if each takes that many operations.
fn pause(operations: u64) -> usize {
    /// The interpreter takes a fraction of a second for these.
    const OPERATIONS: u64 = 1 << 24;
    usize::try_from(OPERATIONS / operations.max(1)).unwrap_or(usize::MAX).max(1)
}

/// A filter that is checked and compiled.
struct Prepared<'k> {
    job: Job,
    /// What a kernel means in this window; none for a callback.
    meaning: Option<Cow<'k, hir::Kernel>>,
    means: Means,
}
