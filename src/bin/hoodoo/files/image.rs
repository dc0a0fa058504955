//! Images in memory: an array, and what its last axis is.

use std::ops::Range;

use hoodoo::{AnyArray, AnyElement, Cast, DType, Element, Input, Output};
use ndarray::{ArrayD, Axis, IxDyn, Slice};

/// Runs `$body` with the array inside an `AnyArray`, or `$half` where it is one of f16s and `$body` is not for them.
macro_rules! with_array {
    ($value:expr, $array:ident => $body:expr) => {
        with_array!($value, $array => $body, half: $body)
    };
    ($value:expr, $array:ident => $body:expr, half: $half:expr) => {
        match $value {
            hoodoo::AnyArray::Bool($array) => $body,
            hoodoo::AnyArray::I8($array) => $body,
            hoodoo::AnyArray::U8($array) => $body,
            hoodoo::AnyArray::I16($array) => $body,
            hoodoo::AnyArray::U16($array) => $body,
            hoodoo::AnyArray::I32($array) => $body,
            hoodoo::AnyArray::U32($array) => $body,
            hoodoo::AnyArray::I64($array) => $body,
            hoodoo::AnyArray::U64($array) => $body,
            hoodoo::AnyArray::F16($array) => $half,
            hoodoo::AnyArray::F32($array) => $body,
            hoodoo::AnyArray::F64($array) => $body,
        }
    };
}
pub(crate) use with_array;

/// What the last axis of a picture's array is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// 1 for grey, 3 for red, green and blue.
    pub colours: usize,
    /// Whether the last channel is opacity.
    pub alpha: bool,
}

impl Channels {
    /// The length of the axis.
    pub fn len(self) -> usize {
        self.colours + usize::from(self.alpha)
    }

    /// In words.
    pub fn describe(channels: Option<Channels>) -> &'static str {
        match channels {
            None => "grey",
            Some(Channels { colours: 1, .. }) => "grey with alpha",
            Some(Channels { alpha: false, .. }) => "colour",
            Some(Channels { alpha: true, .. }) => "colour with alpha",
        }
    }
}

/// The shape of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The lengths of the array's axes.
    pub shape: Vec<usize>,
    /// What the last axis is, if it is channels; a grey picture has no such axis.
    pub channels: Option<Channels>,
}

impl Layout {
    /// The lengths of the axes that are filtered.
    pub fn filtered(&self) -> &[usize] {
        &self.shape[..self.shape.len() - usize::from(self.channels.is_some())]
    }

    /// The layout of what is left of an image in a region of the axes that are filtered.
    pub fn cut(&self, region: &[Range<usize>]) -> Layout {
        let channels = self.channels.map(Channels::len);
        Layout { shape: region.iter().map(Range::len).chain(channels).collect(), channels: self.channels }
    }

    /// The number of arrays to filter, one after the other.
    pub fn planes(&self) -> usize {
        self.channels.map_or(1, |channels| channels.colours)
    }

    /// Height and width, if that is all there is.
    pub fn picture(&self) -> Option<(usize, usize)> {
        match self.filtered() {
            [height, width] => Some((*height, *width)),
            _ => None,
        }
    }
}

/// An image: an array of any shape, or a picture with channels.
#[derive(Debug)]
pub struct Image {
    /// The values.
    pub samples: AnyArray,
    /// What the last axis is, if it is channels.
    channels: Option<Channels>,
}

impl Image {
    /// An array without channels.
    pub fn plain(samples: AnyArray) -> Image {
        Image { samples, channels: None }
    }

    /// An array whose last axis may be channels.
    pub fn with_channels(samples: AnyArray, channels: Option<Channels>) -> Image {
        Image { samples, channels }
    }

    /// A picture with its samples in the order of picture files.
    pub fn picture<T: AnyElement>(
        height: usize,
        width: usize,
        channels: Channels,
        samples: Vec<T>,
    ) -> Result<Image, String> {
        let plain = channels.len() == 1;
        let shape = if plain { vec![height, width] } else { vec![height, width, channels.len()] };
        let samples = ArrayD::from_shape_vec(IxDyn(&shape), samples).map_err(|error| error.to_string())?;
        Ok(Image { samples: samples.into(), channels: (!plain).then_some(channels) })
    }

    /// An image of zeros.
    pub fn zeros(dtype: DType, layout: &Layout) -> Image {
        Image { samples: AnyArray::zeros(dtype, &layout.shape), channels: layout.channels }
    }

    /// The shape.
    pub fn layout(&self) -> Layout {
        Layout { shape: self.samples.shape().to_vec(), channels: self.channels }
    }

    /// The channels of a picture, also of a grey one.
    pub fn channels(&self) -> Channels {
        self.channels.unwrap_or(Channels { colours: 1, alpha: false })
    }

    /// The array to filter that has this index.
    pub fn plane(&self, index: usize) -> Input<'_> {
        let (input, last) = (self.samples.as_input(), self.samples.shape().len());
        if self.channels.is_some() { input.index_axis(last - 1, index) } else { input }
    }

    /// The array to write that has this index.
    pub fn plane_mut(&mut self, index: usize) -> Output<'_> {
        let last = self.samples.shape().len();
        let output = self.samples.as_output();
        if self.channels.is_some() { output.index_axis(last - 1, index) } else { output }
    }

    /// Takes the opacity over from the region of another image that this one has, if there is any.
    pub fn copy_alpha(&mut self, from: &Image, region: &[Range<usize>]) {
        let Some(Channels { colours, alpha: true }) = self.channels else { return };
        let axis = Axis(self.samples.shape().len() - 1);
        let scale = (opaque(from.samples.dtype()), opaque(self.samples.dtype()));
        let alpha = with_array!(&from.samples, array => array.index_axis(axis, colours).mapv(Element::to_f64));
        let alpha = alpha.slice_each_axis(|along| Slice::from(region[along.axis.index()].clone()));
        let alpha = alpha.mapv(|alpha| if scale.0 == scale.1 { alpha } else { alpha / scale.0 * scale.1 });
        with_array!(&mut self.samples, array => {
            array.index_axis_mut(axis, colours).zip_mut_with(&alpha, |to, alpha| {
                *to = Element::from_f64(*alpha, Cast::Saturate);
            });
        });
    }

    /// The image with another element type; what this one can't hold is rounded and clamped.
    pub fn saturated(&self, dtype: DType) -> Image {
        let (mut image, values) = (Image::zeros(dtype, &self.layout()), self.samples.to_f64());
        with_array!(&mut image.samples, array => {
            array.zip_mut_with(&values, |to, value| *to = Element::from_f64(*value, Cast::Saturate));
        });
        image
    }

    /// The samples in the order of picture files; a bool as 0 or 255.
    pub fn samples_in_order(&self) -> AnyArray {
        match &self.samples {
            AnyArray::Bool(array) => array.mapv(|set| if set { u8::MAX } else { 0 }).into(),
            // Outputs are made in this order: nothing is moved.
            other => with_array!(other, array => array.as_standard_layout().into_owned().into()),
        }
    }
}

/// The value of full opacity.
fn opaque(dtype: DType) -> f64 {
    if dtype.is_float() { 1.0 } else { dtype.limits().1 }
}
