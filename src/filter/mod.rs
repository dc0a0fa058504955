//! Arrays in, arrays out.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

pub mod arrays;
pub mod pixels;
pub mod progress;
pub mod rows;

use ndarray::{Array, ArrayBase, ArrayD, Data, DataMut, Dimension};

use self::arrays::{AnyElement, Input, Output};
use self::pixels::{CallbackEvaluator, Evaluate, Neighbourhood, Run, Stop};
use self::progress::Progress;
use self::rows::RowRun;
use crate::codegen::jit::Callback;
use crate::codegen::row::{self, RowKernel};
use crate::error::Error;
use crate::grid::boundary::Mode;
use crate::grid::element::{Cast, DType};
use crate::grid::footprint::{Footprint, Window};
use crate::grid::region::Region;
use crate::kernel::{Kernel, Parameters};
use crate::lang::cells::Cells;
use crate::lang::hir;
use crate::lang::interpret::{Interpreter, Pixel, Settings};
use crate::lang::shrink::shrunk;
use crate::plan::range::Precision;
use crate::plan::{Request, plan};

/// What runs the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Rows for a kernel, and the callback for a callback. A kernel that is too large for machine code is an error, and not a
    /// run that takes a thousand times longer.
    #[default]
    Auto,
    /// Machine code that computes row after row, many pixels at once.
    Rows,
    /// Machine code, called once for each pixel.
    Callback,
    /// The reference interpreter.
    Interpreter,
}

impl std::str::FromStr for Engine {
    type Err = Error;

    fn from_str(name: &str) -> Result<Engine, Error> {
        match name {
            "auto" => Ok(Engine::Auto),
            "rows" => Ok(Engine::Rows),
            "callback" => Ok(Engine::Callback),
            "interpreter" => Ok(Engine::Interpreter),
            _ => Err(Error::argument(
                "engine",
                format!("`{name}` is not an engine; the engines are auto, rows, callback, interpreter"),
            )),
        }
    }
}

/// What [`Filter::listing`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listing {
    /// How the kernel is computed, and why so.
    Plan,
    /// The code in Cranelift's intermediate representation.
    Clif,
    /// The code of this machine.
    Assembly,
}

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
        let axes = self.filtered_axes(shape.len())?;
        let footprint = self.resolved_footprint(axes.len())?;
        let modes = self.mode_of_each(axes.len())?;
        let types = Types {
            inputs: inputs.iter().map(Input::dtype).collect(),
            outputs: outputs.iter().map(|output| output.dtype()).collect(),
        };
        let prepared = self.prepare(&footprint, &modes, shape, &axes, types)?;
        if output_shape.contains(&0) {
            return Ok(());
        }

        // The window along every axis of the array.
        let cells = &prepared.cells;
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
            full_modes[*axis] = mode;
        }
        let region = if shape.is_empty() { Region::whole(shape) } else { Region { axes: region } };
        let neighbourhood = Neighbourhood::new(shape, &offsets, &full_modes, self.cval, region);
        let threads = self.most_threads();
        let mut run = Run { neighbourhood: &neighbourhood, cast: self.cast, threads, progress, squeezed: false };
        let failed = match (&prepared.means, prepared.meaning.as_deref()) {
            (Means::Rows { whole, border }, _) => {
                let all = neighbourhood.region();
                let inner = prepared.shrinking.iter().fold(all.clone(), |region, along| {
                    let (axis, (before, after)) = (axes[*along], cells.reach(*along));
                    region.trimmed(axis, Region::inner(shape[axis], before, after))
                });
                let around =
                    border.iter().flat_map(|code| all.around(&inner).into_iter().map(move |part| (code, part)));
                let parts: Vec<(&ReadyRows, Region)> = around.chain([(whole, inner.clone())]).collect();
                run_parts(&parts, &run, inputs, outputs)?
            }
            (Means::Callback { callback, shorter }, _) => {
                if !callback.is_concurrent() {
                    run.threads = 1;
                }
                run.squeezed = !prepared.shrinking.is_empty();
                let evaluator = || {
                    CallbackEvaluator::new(callback.enter(), cells.len(), shorter.as_ref().map(Callback::enter))
                        .expect("`prepare` has checked the length")
                };
                first_failure(run.run(inputs, outputs, &evaluator), neighbourhood.region())?
            }
            (Means::Interpreter, meaning) => {
                let meaning = meaning.expect("only a kernel is interpreted");
                let evaluator = || InterpreterEvaluator {
                    interpreter: Interpreter::new(meaning, cells, &prepared.settings),
                    place: Place::new(shape, &axes),
                };
                first_failure(run.run(inputs, outputs, &evaluator), neighbourhood.region())?
            }
        };
        let Some(mut position) = failed else { return Ok(()) };
        let window = pixels::cells_at(&neighbourhood, inputs, &position);
        position.truncate(shape.len());
        Err(self.failure(&prepared, &window, position, Place::new(shape, &axes)))
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

    /// Everything that does not depend on the elements of the arrays.
    fn prepare(
        &self,
        footprint: &Footprint,
        modes: &[Mode],
        shape: &[usize],
        axes: &[usize],
        types: Types,
    ) -> Result<Prepared<'_>, Error> {
        let kernel = match &self.function {
            Function::Kernel(kernel) => kernel,
            Function::Callback(callback) => {
                if self.parameters != Parameters::new() {
                    return Err(Error::argument("param", "a callback has its own user data, and takes no params"));
                }
                if !matches!(self.engine, Engine::Auto | Engine::Callback) {
                    return Err(Error::argument("engine", "a callback can only be called"));
                }
                let cells = self.cells(footprint)?;
                if !callback.takes(&cells) {
                    return Err(Error::argument("footprint", "the callback was compiled for another footprint"));
                }
                let shrinking = shrinking(&cells, modes);
                if !shrinking.is_empty() && callback.window_len().is_some() {
                    return Err(Error::argument(
                        "mode",
                        "in mode shrink windows have fewer cells near the ends, and the callback is for one number of them",
                    ));
                }
                let means = Means::Callback { callback: callback.clone(), shorter: None };
                return Ok(Prepared { cells, settings: Settings::default(), shrinking, meaning: None, means });
            }
        };
        let settings = kernel.settings(&self.parameters, Some(footprint))?;
        let cells = self.cells(footprint)?;
        kernel.check_possible(cells.taps())?;
        let shrinking = shrinking(&cells, modes);
        let meaning = match shrinking.is_empty() {
            true => Cow::Borrowed(kernel.hir()),
            false => Cow::Owned(shrunk(kernel.hir(), &shrinking)),
        };
        let means = match self.engine {
            Engine::Interpreter => Means::Interpreter,
            Engine::Callback => {
                kernel.check_callback()?;
                let mut callback = Callback::compiled(kernel.code(Some(&cells))?, Some(&cells));
                callback.set(&settings);
                let shorter = match shrinking.is_empty() {
                    true => None,
                    false => Some(kernel.callback_for_fewer(&settings)?),
                };
                Means::Callback { callback, shorter }
            }
            Engine::Auto | Engine::Rows => {
                let extent: Vec<usize> = axes.iter().map(|axis| shape[*axis]).collect();
                let code = |shrinking: &[usize]| -> Result<ReadyRows, Error> {
                    let request = self.request(&cells, shrinking, modes, shape, axes, &types);
                    let kernel = kernel.rows(request)?;
                    let constants = kernel.plan.lifted.values(&cells, &settings, &extent);
                    Ok(ReadyRows { kernel, constants })
                };
                let border = if shrinking.is_empty() { None } else { Some(code(&shrinking)?) };
                Means::Rows { whole: code(&[])?, border }
            }
        };
        Ok(Prepared { cells, settings, shrinking, meaning: Some(meaning), means })
    }

    fn request(
        &self,
        cells: &Cells,
        shrinking: &[usize],
        modes: &[Mode],
        shape: &[usize],
        axes: &[usize],
        types: &Types,
    ) -> Request {
        Request {
            cells: cells.clone(),
            shrinking: shrinking.to_vec(),
            axes: axes.to_vec(),
            ndim: shape.len().max(1),
            stacked: Request::stacked(shape),
            inputs: types.inputs.clone(),
            outputs: types.outputs.clone(),
            cast: self.cast,
            outside: modes.contains(&Mode::Constant).then(|| self.cval.to_bits()),
            precision: self.precision,
        }
    }

    /// What the engine for rows makes of the kernel, for arrays of this shape and of these element types.
    ///
    /// ```
    /// use hoodoo::{DType, Filter, Kernel, Listing};
    ///
    /// let filter = Filter::new(&Kernel::compile("median(w)")?).size(3);
    /// let plan = filter.listing(Listing::Plan, &[512, 512], &[DType::U8], &[DType::U8])?;
    /// assert!(plan.contains("median of u8 elements: a selection network for rank 4 of 9"));
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`]; a callback has no plan.
    pub fn listing(
        &self,
        listing: Listing,
        shape: &[usize],
        inputs: &[DType],
        outputs: &[DType],
    ) -> Result<String, Error> {
        self.check_counts(inputs.len(), outputs.len())?;
        let Function::Kernel(kernel) = &self.function else {
            return Err(Error::argument("engine", "a callback has no plan"));
        };
        let axes = self.filtered_axes(shape.len())?;
        let footprint = self.resolved_footprint(axes.len())?;
        let modes = self.mode_of_each(axes.len())?;
        let cells = self.cells(&footprint)?;
        kernel.check_possible(cells.taps())?;
        let types = Types { inputs: inputs.to_vec(), outputs: outputs.to_vec() };
        let plan = plan(kernel.hir(), self.request(&cells, &[], &modes, shape, &axes, &types));
        match listing {
            Listing::Plan => {
                let threads = rows::threads(&plan, &Region::whole(shape), self.most_threads());
                Ok(format!("{plan}threads: {threads} for an array of shape {shape:?}\n"))
            }
            Listing::Clif => row::clif(&plan),
            Listing::Assembly => row::assembly(&plan),
        }
    }

    /// Makes the code for arrays of this shape and of these element types, which the next run with such arrays finds.
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`].
    pub fn compile(&self, shape: &[usize], inputs: &[DType], outputs: &[DType]) -> Result<(), Error> {
        self.check_counts(inputs.len(), outputs.len())?;
        let axes = self.filtered_axes(shape.len())?;
        let footprint = self.resolved_footprint(axes.len())?;
        let modes = self.mode_of_each(axes.len())?;
        let types = Types { inputs: inputs.to_vec(), outputs: outputs.to_vec() };
        self.prepare(&footprint, &modes, shape, &axes, types).map(drop)
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
        let mut interpreter = Interpreter::new(meaning, &prepared.cells, &prepared.settings);
        place.move_to(&position, position.last().copied().unwrap_or(0));
        let pixel = Pixel { cells, position: &place.position, extent: &place.extent };
        let message = match interpreter.run(&pixel, &mut vec![0.0; self.output_count()]) {
            Err(assertion) => {
                let (line, column) = assertion.span.line_column(kernel.source());
                format!("{} (line {line}, column {column})", assertion.message)
            }
            // Sums may round differently there, and large windows need memory for order statistics.
            Ok(()) => "an assertion does not hold in compiled arithmetic, or there is no memory".to_string(),
        };
        Error::Assertion { position, message }
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

/// Computes regions, each with its code; the position of the first pixel that fails, of all of them in C order.
fn run_parts(
    parts: &[(&ReadyRows, Region)],
    run: &Run<'_>,
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
) -> Result<Option<Vec<usize>>, Error> {
    let Run { neighbourhood, threads, progress, .. } = *run;
    let mut failed: Option<Vec<usize>> = None;
    for (ReadyRows { kernel, constants }, region) in parts {
        if region.pixels() == 0 || failed.as_ref().is_some_and(|failed| *failed < region.first()) {
            continue;
        }
        let rows = RowRun { kernel, constants, neighbourhood, region, threads, progress };
        let position = match rows.run(inputs, outputs) {
            Err(rows::Failure::Error(error)) => return Err(error),
            Err(rows::Failure::Stop(stop)) => first_failure(Err(stop), region)?,
            Ok(()) => None,
        };
        failed = failed.into_iter().chain(position).min();
    }
    Ok(failed)
}

/// The position of the pixel at which a run over a region stopped.
fn first_failure(result: Result<(), Stop>, region: &Region) -> Result<Option<Vec<usize>>, Error> {
    match result {
        Ok(()) => Ok(None),
        Err(Stop::Failed(pixel)) => Ok(Some(region.position(pixel))),
        Err(Stop::Cancelled) => Err(Error::Cancelled),
    }
}

/// A filter that is checked and compiled, for one footprint.
struct Prepared<'k> {
    cells: Cells,
    settings: Settings,
    /// The axes of the window along which cells outside do not take part.
    shrinking: Vec<usize>,
    /// What a kernel means with all that; none for a callback.
    meaning: Option<Cow<'k, hir::Kernel>>,
    means: Means,
}

/// What computes the pixels.
enum Means {
    Rows {
        /// For pixels all of whose cells take part.
        whole: ReadyRows,
        /// For the others, if there can be any.
        border: Option<ReadyRows>,
    },
    Callback {
        callback: Callback,
        /// For windows of fewer cells, if it is another one.
        shorter: Option<Callback>,
    },
    Interpreter,
}

/// A kernel for rows, ready to run.
struct ReadyRows {
    kernel: Arc<RowKernel>,
    /// The values that its code calls params and weights.
    constants: Vec<f64>,
}

/// The element types of the arrays.
struct Types {
    inputs: Vec<DType>,
    outputs: Vec<DType>,
}

/// Where the pixel is, along the window's axes.
#[derive(Clone, Debug)]
struct Place {
    axes: Vec<usize>,
    position: Vec<usize>,
    extent: Vec<usize>,
}

impl Place {
    fn new(shape: &[usize], axes: &[usize]) -> Place {
        let extent = axes.iter().map(|axis| shape[*axis]).collect();
        Place { axes: axes.to_vec(), position: vec![0; axes.len()], extent }
    }

    /// The pixel at `x` along the array's last axis, and at `position` along the others.
    fn move_to(&mut self, position: &[usize], x: usize) {
        for (along, axis) in self.position.iter_mut().zip(&self.axes) {
            *along = if axis + 1 == position.len() { x } else { position[*axis] };
        }
    }
}

struct InterpreterEvaluator<'k> {
    interpreter: Interpreter<'k>,
    place: Place,
}

impl Evaluate for InterpreterEvaluator<'_> {
    fn evaluate(&mut self, cells: &mut [f64], position: &[usize], x: usize, outputs: &mut [f64]) -> bool {
        self.place.move_to(position, x);
        let pixel = Pixel { cells, position: &self.place.position, extent: &self.place.extent };
        self.interpreter.run(&pixel, outputs).is_ok()
    }
}
