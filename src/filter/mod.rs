//! Arrays in, arrays out.

use std::ops::Range;
use std::sync::Arc;

mod arrange;
pub mod arrays;
mod backend;
#[cfg(feature = "jit")]
mod compiled;
pub mod engine;
mod exec;
mod failure;
mod job;
#[cfg(feature = "jit")]
pub mod listing;
mod missing;
mod options;
pub mod outputs;
mod pixels;
mod prepare;
pub mod prepared;
pub mod progress;
pub mod repeat;
#[cfg(feature = "jit")]
mod rows;
mod run;
mod stride;
#[cfg(feature = "jit")]
mod told;
mod whole;

pub use self::exec::pool::available_threads;

use ndarray::{Array, ArrayBase, ArrayD, Data, DataMut, Dimension, IxDyn};

use self::arrays::{AnyArray, AnyElement, Input, Output, zeros};
use self::engine::Engine;
use self::job::Types;
#[cfg(feature = "jit")]
use self::listing::Listing;
use self::options::{Function, Options, Within};
use self::outputs::Outputs;
use self::prepare::output_region;
use self::prepared::Prepared;
use self::progress::Progress;
use crate::callback::Callback;
use crate::error::Error;
use crate::grid::boundary::Mode;
use crate::grid::copies::Copies;
use crate::grid::cut::Cut;
use crate::grid::element::{Cast, DType, Precision};
use crate::grid::footprint::Window;
use crate::grid::per_axis::PerAxis;
use crate::grid::vectors::Vectors;
use crate::kernel::Kernel;
use crate::kernel::parameters::Parameters;
#[cfg(feature = "jit")]
use crate::lang::missing::Told;
use crate::lang::stop::watched;

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
    options: Options,
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
    /// perhaps none, and where cells have no value ([`Filter::mask`]) anywhere; a callback for windows of one length can't be used there.
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
        Filter { options: Options::new(function) }
    }

    /// A window of this length along every axis, or of these lengths, such as `[3, 5]` or `(3, 5)`.
    #[must_use = "the filter is changed by value"]
    pub fn size(self, size: impl Into<Window>) -> Filter {
        self.window(size.into())
    }

    /// A window of the cells where an array of bool is true, of a [`Footprint`](crate::Footprint) or of a [`Shape`](crate::Shape).
    ///
    /// ```
    /// use hoodoo::{Filter, Footprint, Kernel, Shape};
    /// use ndarray::array;
    ///
    /// let filter = Filter::new(&Kernel::compile("sum(w)")?);
    /// let image = array![[1, 2, 3], [4, 5, 6], [7, 8, 9]];
    /// assert_eq!(filter.clone().footprint(array![[true, false, true]]).run(&image)?[[1, 1]], 10);
    /// assert_eq!(filter.clone().footprint(Footprint::cross(2, 1)?).run(&image)?[[1, 1]], 25);
    /// assert_eq!(filter.footprint(Shape::Line(3.0, 90.0)).run(&image)?[[1, 1]], 15);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    #[must_use = "the filter is changed by value"]
    pub fn footprint(self, footprint: impl Into<Window>) -> Filter {
        self.window(footprint.into())
    }

    /// Any window.
    #[must_use = "the filter is changed by value"]
    pub fn window(mut self, window: Window) -> Filter {
        self.options.window = Some(window);
        self
    }

    /// How the array goes on beyond the ends of every axis; `reflect` by default.
    #[must_use = "the filter is changed by value"]
    pub fn mode(self, mode: Mode) -> Filter {
        self.modes([mode])
    }

    /// How the array goes on beyond the ends of each axis: one mode for all, or one for each.
    #[must_use = "the filter is changed by value"]
    pub fn modes(mut self, modes: impl IntoIterator<Item = Mode>) -> Filter {
        self.options.modes = modes.into_iter().collect();
        self
    }

    /// The value outside the array in mode `constant`; 0 by default. It is not rounded to the input's type. If it is the number of
    /// [`Filter::nodata`], there is no value outside, as in mode `shrink`.
    #[must_use = "the filter is changed by value"]
    pub fn cval(mut self, cval: f64) -> Filter {
        self.options.cval = cval;
        self
    }

    /// Moves the window: a positive origin toward lower indices. One for all axes, or one for each.
    #[must_use = "the filter is changed by value"]
    pub fn origin(mut self, origin: impl Into<PerAxis>) -> Filter {
        self.options.origin = origin.into().0;
        self
    }

    /// The axes to filter along, counted from the end where negative; by default all.
    #[must_use = "the filter is changed by value"]
    pub fn axes(mut self, axes: impl Into<PerAxis>) -> Filter {
        self.options.axes = Some(axes.into().0);
        self
    }

    /// Sets the kernel's scalar param `name`.
    #[must_use = "the filter is changed by value"]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<f64>) -> Filter {
        self.options.parameters = self.options.parameters.param(name, value);
        self
    }

    /// Sets the kernel's weights vector `name`: one value for each cell of the footprint, or for each cell of its
    /// bounding box, in C order.
    #[must_use = "the filter is changed by value"]
    pub fn weights(mut self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Filter {
        self.options.parameters = self.options.parameters.weights(name, values);
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
    #[must_use = "the filter is changed by value"]
    pub fn weights_array<S, D>(mut self, name: impl Into<String>, array: &ArrayBase<S, D>) -> Filter
    where
        S: Data<Elem = f64>,
        D: Dimension,
    {
        self.options.parameters = self.options.parameters.weights_array(name, array);
        self
    }

    /// The same filter of another kernel.
    #[must_use = "the filter is changed by value"]
    pub fn kernel(mut self, kernel: &Kernel) -> Filter {
        self.options.function = Function::Kernel(kernel.clone());
        self
    }

    /// Sets all params and weights.
    #[must_use = "the filter is changed by value"]
    pub fn parameters(mut self, parameters: Parameters) -> Filter {
        self.options.parameters = parameters;
        self
    }

    /// How values become elements of an output of a narrower type; `saturate` by default.
    #[must_use = "the filter is changed by value"]
    pub fn cast(mut self, cast: Cast) -> Filter {
        self.options.cast = cast;
        self
    }

    /// What runs the kernel.
    #[must_use = "the filter is changed by value"]
    pub fn engine(mut self, engine: Engine) -> Filter {
        self.options.engine = engine;
        self
    }

    /// Whether reductions over large windows, and what pixels have in common, are computed in passes; by default where that takes less
    /// time. For measurements and tests: values do not depend on it, but for the rounding of sums of floats. Only the rows engine has passes.
    pub fn cut(mut self, cut: Cut) -> Filter {
        self.options.cut = cut;
        self
    }

    /// In which floats to compute; exact by default. Only the rows engine computes in single precision.
    #[must_use = "the filter is changed by value"]
    pub fn precision(mut self, precision: Precision) -> Filter {
        self.options.precision = precision;
        self
    }

    /// Which cells of the inputs have no value: those where `mask` is true, as in NumPy's masked arrays. It has the inputs' shape.
    ///
    /// Such cells do not take part, as cells outside in mode [`Mode::Shrink`]: reductions are over the others, `len(w)` counts the
    /// others, and a `w[dy, dx]` that is missing is NaN. A pixel whose own cell is missing keeps its own value, that of the first
    /// input, or gets that of [`Filter::nodata`]; with [`Filter::fill`] it is computed as others are.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel};
    /// use ndarray::array;
    ///
    /// let mean = Filter::new(&Kernel::compile("mean(w)")?).size(3);
    /// let (heights, bad) = (array![10.0, -9999.0, 12.0, 14.0], array![false, true, false, false]);
    /// assert_eq!(mean.clone().mask(&bad).run(&heights)?, array![10.0, -9999.0, 13.0, 13.333333333333334]);
    /// assert_eq!(mean.mask(&bad).fill(true).run(&heights)?[1], 11.0);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    #[must_use = "the filter is changed by value"]
    pub fn mask<S, D>(mut self, mask: &ArrayBase<S, D>) -> Filter
    where
        S: Data<Elem = bool>,
        D: Dimension,
    {
        self.options.missing.mask = Some(Arc::new(mask.to_owned().into_dyn()));
        self
    }

    /// The number that stands for no value: cells of any input that have it are missing, as those of [`Filter::mask`] are, and
    /// pixels that have no value get it: those whose own cell is missing, those that see no cell, and those whose value is NaN.
    /// Where it is NaN, cells that are NaN are missing. An element has it if it is the one of its type that stands for it
    /// ([`DType::standing_for`]). If [`Filter::cval`] is that number, what is outside in mode `constant` is missing, too.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel};
    /// use ndarray::array;
    ///
    /// let mean = Filter::new(&Kernel::compile("mean(w)")?).size(3).nodata(-9999.0);
    /// let heights = array![10i16, 12, -9999, -9999, -9999];
    /// assert_eq!(mean.run(&heights)?, array![11, 11, -9999, -9999, -9999]);
    /// assert_eq!(mean.fill(true).run(&heights)?, array![11, 11, 12, -9999, -9999]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    #[must_use = "the filter is changed by value"]
    pub fn nodata(mut self, nodata: f64) -> Filter {
        self.options.missing.nodata = Some(nodata);
        self
    }

    /// The number that stands for no value in each of the inputs, in order, if those are others than that of [`Filter::nodata`], which is then that of
    /// the outputs only; `None` for an input that has none.
    ///
    /// ```
    /// use hoodoo::{Filter, Input, Kernel};
    /// use ndarray::array;
    ///
    /// let mean = Kernel::compile("input cover, heights; mean(heights where cover == 1)")?;
    /// let mean = Filter::new(&mean).size(3).nodata(0.0).nodata_of_inputs([Some(0.0), Some(-9999.0)]);
    /// let (cover, heights) = (array![1u8, 1, 1, 1], array![0.0, 3.0, -9999.0, 6.0]);
    /// assert_eq!(mean.run_all::<f64>(&[Input::from(&cover), Input::from(&heights)])?[0], array![1.0, 1.5, 0.0, 6.0].into_dyn());
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    #[must_use = "the filter is changed by value"]
    pub fn nodata_of_inputs(mut self, numbers: impl IntoIterator<Item = Option<f64>>) -> Filter {
        self.options.missing.of_inputs = Some(numbers.into_iter().collect());
        self
    }

    /// Whether pixels whose own cell is missing get a value from the cells around; by default they don't.
    #[must_use = "the filter is changed by value"]
    pub fn fill(mut self, fill: bool) -> Filter {
        self.options.missing.fill = fill;
        self
    }

    /// Computes only the rows with these indices along the arrays' first axis: outputs have no others. Pixels see all of the inputs
    /// nevertheless. It is how an array is filtered that is in memory in parts only, each with the rows that its pixels see.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel};
    /// use ndarray::array;
    ///
    /// let sum = Filter::new(&Kernel::compile("sum(w)")?).size(3);
    /// assert_eq!(sum.clone().run(&array![1, 2, 3, 4])?, array![4, 6, 9, 11]);
    /// assert_eq!(sum.rows(1..3).run(&array![1, 2, 3, 4])?, array![6, 9]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    #[must_use = "the filter is changed by value"]
    pub fn rows(self, rows: Range<usize>) -> Filter {
        self.region([rows])
    }

    /// The same for the arrays' first axes: of each only these indices, of the others all.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel};
    /// use ndarray::array;
    ///
    /// let sum = Filter::new(&Kernel::compile("sum(w)")?).size(3);
    /// assert_eq!(sum.region([0..1, 1..3]).run(&array![[1, 2, 3], [4, 5, 6]])?, array![[27, 33]]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    #[must_use = "the filter is changed by value"]
    pub fn region(mut self, region: impl IntoIterator<Item = Range<usize>>) -> Filter {
        self.options.wanted = region.into_iter().collect();
        self
    }

    /// The inputs are rows of larger arrays, from this index on along their first axis, of so many in all: `coord` and `extent` are
    /// those of the larger arrays, and so is the position that an error names.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel};
    /// use ndarray::array;
    ///
    /// let from_end = Filter::new(&Kernel::compile("extent(0) - coord(0)")?);
    /// assert_eq!(from_end.clone().run(&array![7, 7, 7, 7])?, array![4, 3, 2, 1]);
    /// assert_eq!(from_end.within(2, 4).run(&array![7, 7])?, array![2, 1]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    #[must_use = "the filter is changed by value"]
    pub fn within(mut self, first: usize, rows: usize) -> Filter {
        self.options.within = Some(Within { first, rows });
        self
    }

    /// Computes only every n-th pixel along all axes of the window, or along each, from the first one that outputs have on: what
    /// `output[::n]` is in NumPy. Rows that are not wanted are not computed.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel};
    /// use ndarray::array;
    ///
    /// let most = Filter::new(&Kernel::compile("max(w)")?).size(2).origin(-1);
    /// assert_eq!(most.stride(2).run(&array![3, 1, 4, 1, 5, 9, 2])?, array![3, 4, 9, 2]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    #[must_use = "the filter is changed by value"]
    pub fn stride(mut self, stride: impl Into<PerAxis>) -> Filter {
        self.options.stride = stride.into().0;
        self
    }

    /// The size of the vectors that code for rows computes with; by default those that are fastest. For measurements and
    /// tests: values do not depend on it.
    #[must_use = "the filter is changed by value"]
    pub fn vectors(mut self, vectors: Vectors) -> Filter {
        self.options.vectors = vectors;
        self
    }

    /// When rows of arrays are copied with what is beyond their ends; by default as is fastest. For measurements and tests: values do not
    /// depend on it.
    #[must_use = "the filter is changed by value"]
    pub fn copies(mut self, copies: Copies) -> Filter {
        self.options.copies = copies;
        self
    }

    /// The greatest number of threads; 0, the default, for one on each core. The result does not depend on it.
    #[must_use = "the filter is changed by value"]
    pub fn threads(mut self, threads: usize) -> Filter {
        self.options.threads = threads;
        self
    }

    /// The filtered image, with the element type of `image`.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for an argument that does not fit the image or the kernel, [`Error::Kernel`] for a kernel
    /// that can't be used with this window, [`Error::Limit`] for one that is beyond its [`crate::Limits`] there,
    /// [`Error::Assertion`] and [`Error::Callback`] at a pixel that fails, [`Error::Codegen`] if there is no machine code for the
    /// kernel, [`Error::Memory`] if there is none for the output or for the window.
    pub fn run<T, S, D>(&self, image: &ArrayBase<S, D>) -> Result<Array<T, D>, Error>
    where
        T: AnyElement,
        S: Data<Elem = T>,
        D: Dimension,
    {
        self.run_as(image)
    }

    /// Which pixels of inputs of this shape the outputs have: their indices along each axis. That is all of them, except along
    /// axes of mode [`Mode::Valid`], and where [`Filter::rows`] or [`Filter::region`] say which.
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
        output_region(&self.options, shape)
    }

    /// The shape of outputs for inputs of this shape: that of [`Filter::output_region`], or with [`Filter::stride`] what is left of it.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] and [`Error::Kernel`] as for [`Filter::run`].
    pub fn output_shape(&self, shape: &[usize]) -> Result<Vec<usize>, Error> {
        stride::output_shape(&self.options, shape)
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
        zeros(shape)
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

    /// Writes the filtered image to `output`, which has the shape that [`Filter::output_shape`] says: that of `image`, but for mode
    /// `valid`, some of the rows, or a stride.
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
        let one = |_| zeros(IxDyn(&shape));
        let mut arrays =
            (0..self.options.function.output_count()).map(one).collect::<Result<Vec<ArrayD<U>>, Error>>()?;
        let mut outputs: Vec<Output<'_>> = arrays.iter_mut().map(Output::from).collect();
        self.run_all_into(inputs, &mut outputs, &Progress::default())?;
        Ok(arrays)
    }

    /// All outputs, each with an element type of its own.
    ///
    /// ```
    /// use hoodoo::{AnyArray, DType, Filter, Kernel};
    /// use ndarray::array;
    ///
    /// let kernel = Kernel::compile("largest: max(w), mean: mean(w)")?;
    /// let outputs = Filter::new(&kernel).size(3).run_all_as(&[(&array![1u8, 2, 6]).into()], &[DType::U8, DType::F32])?;
    /// let [AnyArray::U8(largest), AnyArray::F32(mean)] = &outputs[..] else { panic!("the types are those asked for") };
    /// assert_eq!((largest[1], mean[1]), (6, 3.0));
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`].
    pub fn run_all_as(&self, inputs: &[Input<'_>], outputs: &[DType]) -> Result<Vec<AnyArray>, Error> {
        self.options.function.check_counts(inputs.len(), outputs.len())?;
        let shape = self.output_shape(inputs[0].shape())?;
        let arrays = outputs.iter().map(|dtype| AnyArray::try_zeros(*dtype, &shape));
        let mut arrays = arrays.collect::<Result<Vec<AnyArray>, Error>>()?;
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
        Ok(Outputs::new(self.options.function.output_names(), self.run_all(inputs)?))
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
        run::run(&self.options, inputs, outputs, progress)
    }

    /// Makes the code for arrays of this shape and of these element types, which the next run with such arrays finds, if they are in C
    /// order without gaps. For a filter with a mask, a nodata number or a stride it is the code for all pixels and without these, of which
    /// a run may need others.
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`], but for what only a run finds.
    pub fn compile(&self, shape: &[usize], inputs: &[DType], outputs: &[DType]) -> Result<(), Error> {
        whole::compile(&self.options, shape, Types::of_whole_arrays(shape, inputs, outputs))
    }
}

impl Filter {
    /// The filter for arrays of this shape and of these element types, in any order in memory, with its code made and everything checked
    /// that can be checked before there are arrays: for many small ones.
    ///
    /// ```
    /// use hoodoo::{DType, Filter, Kernel, Progress};
    /// use ndarray::array;
    ///
    /// let gradient = Filter::new(&Kernel::compile("max(w) - min(w)")?).size(3);
    /// let prepared = gradient.prepare(&[4], &[DType::U8], &[DType::U8])?;
    /// let (image, mut output) = (array![1u8, 5, 2, 8], array![0u8, 0, 0, 0]);
    /// prepared.run_all_into(&[(&image).into()], &mut [(&mut output).into()], &Progress::default())?;
    /// assert_eq!(output, array![4, 4, 6, 6]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`], and [`Error::Argument`] for a filter with a mask or a nodata number.
    pub fn prepare(&self, shape: &[usize], inputs: &[DType], outputs: &[DType]) -> Result<Prepared, Error> {
        self.prepare_with(shape, inputs, outputs, &Progress::default())
    }

    /// The same, unless `progress` is cancelled meanwhile: to plan the code for a large window may take a while.
    ///
    /// # Errors
    ///
    /// As for [`Filter::prepare`], and [`Error::Cancelled`].
    pub fn prepare_with(
        &self,
        shape: &[usize],
        inputs: &[DType],
        outputs: &[DType],
        progress: &Progress,
    ) -> Result<Prepared, Error> {
        let work = || Prepared::new(&self.options, shape, inputs, outputs);
        let prepared = watched(&|| progress.is_cancelled(), work);
        // What was made is not complete, then.
        if progress.is_cancelled() { Err(Error::Cancelled) } else { prepared }
    }
}

/// With the feature `jit`.
#[cfg(feature = "jit")]
impl Filter {
    /// Which outputs may be NaN at a pixel and can't tell, being of integers, which are 0 there: for inputs of this shape, for inputs and
    /// outputs of these element types, and params that are numbers. It may be because of what the kernel computes, or because a window may
    /// have no cell that is inside and has a value. An output of which this is said may be a number at every pixel, all the same.
    ///
    /// [`Kernel::with_nan_outputs`] makes a kernel that tells where.
    ///
    /// ```
    /// use hoodoo::{DType, Filter, Kernel, Mode};
    ///
    /// let kernel = Kernel::compile("max(w), mean(w where w > 9), sqrt(w[0, 1])")?;
    /// let filter = Filter::new(&kernel).size(3);
    /// assert_eq!(filter.nan_outputs(&[9, 9], &[DType::U8], &[DType::U8; 3])?, [false, true, false]);
    /// assert_eq!(filter.nan_outputs(&[9, 9], &[DType::I8], &[DType::U8; 3])?, [false, true, true]);
    /// assert_eq!(filter.nan_outputs(&[9, 9], &[DType::I8], &[DType::F32; 3])?, [false; 3]);
    /// // Beyond the right end there is nothing.
    /// assert_eq!(filter.mode(Mode::Shrink).nan_outputs(&[9, 9], &[DType::U8], &[DType::U8; 3])?, [false, true, true]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`], but for what only a run finds.
    pub fn nan_outputs(&self, shape: &[usize], inputs: &[DType], outputs: &[DType]) -> Result<Vec<bool>, Error> {
        told::outputs_to_tell(&self.options, shape, (inputs, outputs), Told::Nan)
    }

    /// Which outputs may have no value at a pixel and can't tell: those that may be NaN and are of no floats, and all of a kernel that reads
    /// a window of which no cell may take part, as the sum of none is 0. [`Kernel::with_absent_outputs`] makes a kernel that tells where.
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`], but for what only a run finds.
    pub fn absent_outputs(&self, shape: &[usize], inputs: &[DType], outputs: &[DType]) -> Result<Vec<bool>, Error> {
        told::outputs_to_tell(&self.options, shape, (inputs, outputs), Told::Absent)
    }

    /// What the engine for rows makes of the kernel, for arrays of this shape and of these element types, in the next run: for medians over large
    /// boxes there is other code once the kernel has computed many pixels.
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
        listing::listing(&self.options, listing, shape, Types::of_whole_arrays(shape, inputs, outputs))
    }
}
