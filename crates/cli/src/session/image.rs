//! An image of a session: an array with a name, what its values are like, and how it looks.

use hoodoo::{AnyArray, AnyElement, DType, Element, Input, Output};
use ndarray::{ArrayD, Axis, IxDyn};

use crate::arrays::for_any;

/// An array with a name.
#[derive(Debug)]
pub struct Image {
    /// What kernels call it.
    pub name: String,
    /// The values.
    pub array: AnyArray,
    /// Whether the last axis is the colour channels of a picture, each of which is filtered on its own.
    pub colour: bool,
}

/// What the values of an image are like. NaNs are counted and otherwise left out; without values all are NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// The least.
    pub min: f64,
    /// The arithmetic mean.
    pub mean: f64,
    /// The greatest.
    pub max: f64,
    /// How many are NaN.
    pub nans: usize,
}

/// An image as it can be drawn: 8 bits of red, green and blue for each pixel, row after row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The number of rows, at least 1.
    pub height: usize,
    /// The number of pixels in a row, at least 1.
    pub width: usize,
    /// Three bytes for each pixel.
    pub rgb: Vec<u8>,
}

/// The colour of a pixel that is NaN.
const NAN_COLOUR: [u8; 3] = [200, 0, 0];

/// A u8 picture with fewer levels than this between its least and greatest value is drawn with more contrast.
const FEW_LEVELS: f64 = 64.0;

impl Image {
    /// An array that is not a colour picture.
    pub fn new(name: impl Into<String>, array: AnyArray) -> Image {
        Image { name: name.into(), array, colour: false }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.array.dtype()
    }

    /// The lengths of the axes that are filtered.
    pub fn extent(&self) -> &[usize] {
        let shape = self.array.shape();
        &shape[..shape.len() - usize::from(self.colour)]
    }

    /// How many arrays there are to filter, one after the other.
    pub(super) fn planes(&self) -> usize {
        if self.colour { self.array.shape().last().copied().unwrap_or(1) } else { 1 }
    }

    /// The array to filter that has this index.
    pub(super) fn plane(&self, index: usize) -> Input<'_> {
        let input = self.array.as_input();
        if self.colour { input.index_axis(self.extent().len(), index) } else { input }
    }

    /// The array to write that has this index.
    pub(super) fn plane_mut(&mut self, index: usize) -> Output<'_> {
        let last = self.extent().len();
        let output = self.array.as_output();
        if self.colour { output.index_axis(last, index) } else { output }
    }

    /// Type and shape, such as `u8 512 x 512`.
    pub fn describe(&self) -> String {
        let lengths: Vec<String> = self.extent().iter().map(ToString::to_string).collect();
        let shape = if lengths.is_empty() { "scalar".to_string() } else { lengths.join(" x ") };
        let channels = if self.colour { format!(", {} channels", self.planes()) } else { String::new() };
        format!("{} {shape}{channels}", self.dtype())
    }

    /// What the values are like.
    ///
    /// ```
    /// use hoodoo_cli::session::Image;
    /// let image = Image::new("w", ndarray::array![1.0, f64::NAN, 3.0].into_dyn().into());
    /// let found = image.statistics();
    /// assert_eq!((found.min, found.mean, found.max, found.nans), (1.0, 2.0, 3.0, 1));
    /// ```
    pub fn statistics(&self) -> Statistics {
        let (mut min, mut max, mut sum, mut count, mut nans) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0usize, 0);
        for_any!(AnyArray, &self.array, array => for value in array {
            let value = Element::to_f64(*value);
            if value.is_nan() {
                nans += 1;
            } else {
                (min, max, sum, count) = (min.min(value), max.max(value), sum + value, count + 1);
            }
        });
        if count == 0 {
            return Statistics { min: f64::NAN, mean: f64::NAN, max: f64::NAN, nans };
        }
        Statistics { min, mean: sum / count as f64, max, nans }
    }

    /// The image as a picture of at most `longest` pixels each way, of which some are left out if there are more; none
    /// where there is no pixel.
    ///
    /// The values of u8 pictures are shown as they are if they have some contrast, all others from the least, in black,
    /// to the greatest, in white; NaN is red. A volume shows the slice in its middle. An array of u8 whose last axis
    /// has 3 or 4 elements is taken for a colour picture.
    pub fn picture(&self, longest: usize) -> Option<Picture> {
        let shape = self.array.shape();
        let colour = self.colour || (shape.len() == 3 && matches!(shape[2], 3 | 4) && self.dtype() == DType::U8);
        for_any!(AnyArray, &self.array, array => picture(array, colour, longest.max(1)))
    }
}

fn picture<T: AnyElement>(array: &ArrayD<T>, colour: bool, longest: usize) -> Option<Picture> {
    let spatial = array.ndim() - usize::from(colour);
    let mut view = array.view();
    // The middle of what is more than two axes.
    for _ in 2..spatial {
        let middle = view.len_of(Axis(0)) / 2;
        if view.is_empty() {
            return None;
        }
        view.index_axis_inplace(Axis(0), middle);
    }
    // What is less than two axes has one row.
    while view.ndim() < 2 + usize::from(colour) {
        view.insert_axis_inplace(Axis(0));
    }
    if view.is_empty() {
        return None;
    }
    let (height, width) = (view.len_of(Axis(0)), view.len_of(Axis(1)));
    let step = height.max(width).div_ceil(longest);
    let (rows, columns) = (height.div_ceil(step), width.div_ceil(step));
    let channels = if colour { view.len_of(Axis(2)) } else { 1 };
    let value = |y: usize, x: usize, channel: usize| {
        let mut index = IxDyn::zeros(view.ndim());
        (index[0], index[1]) = (y * step, x * step);
        if colour {
            index[2] = channel.min(channels - 1);
        }
        view[index].to_f64()
    };
    let shown: [usize; 3] = if channels < 3 { [0; 3] } else { [0, 1, 2] };
    let values = || (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
    let finite = || values().flat_map(|(y, x)| shown.map(|channel| value(y, x, channel))).filter(|v| v.is_finite());
    let (least, greatest) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let as_it_is = T::DTYPE == DType::U8 && greatest - least >= FEW_LEVELS;
    let (black, white) = if as_it_is { (0.0, 255.0) } else { (least, greatest) };
    let level = |v: f64| {
        // A constant is neither black nor white.
        if v == black && v == white { 128 } else { ((v - black) / (white - black) * 255.0).round() as u8 }
    };
    let rgb = values()
        .flat_map(|(y, x)| {
            let pixel = shown.map(|channel| value(y, x, channel));
            if pixel.iter().any(|v| v.is_nan()) { NAN_COLOUR } else { pixel.map(level) }
        })
        .collect();
    Some(Picture { height: rows, width: columns, rgb })
}
