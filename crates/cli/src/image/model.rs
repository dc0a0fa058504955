//! The one model of an image.

use std::ops::Range;

use hoodoo::{AnyArray, AnyElement, Cast, DType, Element, Input, Output};
use ndarray::{ArrayD, Axis, IxDyn, Slice};

use super::layout::{Channels, Layout};
use super::rgb::Picture;
use super::statistics::Statistics;
use crate::arrays::for_any;

/// An image: an array of any shape, or a picture with channels.
#[derive(Debug)]
pub struct Image {
    /// The values.
    pub array: AnyArray,
    /// What the last axis is, if it is channels.
    channels: Option<Channels>,
}

impl Image {
    /// An array without channels.
    pub fn plain(array: AnyArray) -> Image {
        Image { array, channels: None }
    }

    /// An array whose last axis may be channels.
    pub fn with_channels(array: AnyArray, channels: Option<Channels>) -> Image {
        Image { array, channels }
    }

    /// A picture with its samples in the order of picture files.
    ///
    /// # Errors
    ///
    /// If there are more or fewer samples than that.
    pub fn from_samples<T: AnyElement>(
        height: usize,
        width: usize,
        channels: Channels,
        samples: Vec<T>,
    ) -> Result<Image, String> {
        let plain = channels.count() == 1;
        let shape = if plain { vec![height, width] } else { vec![height, width, channels.count()] };
        let samples = ArrayD::from_shape_vec(IxDyn(&shape), samples).map_err(|error| error.to_string())?;
        Ok(Image { array: samples.into(), channels: (!plain).then_some(channels) })
    }

    /// An image of zeros.
    pub fn zeros(dtype: DType, layout: &Layout) -> Image {
        Image { array: AnyArray::zeros(dtype, &layout.shape), channels: layout.channels }
    }

    /// The image without its opacity, if it has some.
    pub fn without_alpha(self) -> Image {
        let Some(Channels { colours, alpha: true }) = self.channels else { return self };
        let last = Axis(self.array.shape().len() - 1);
        if colours == 1 {
            return Image::plain(for_any!(AnyArray, self.array, array => array.index_axis_move(last, 0).into()));
        }
        let channels = Some(Channels { colours, alpha: false });
        let array = for_any!(AnyArray, &self.array, array => {
            array.slice_axis(last, Slice::from(..colours)).to_owned().into()
        });
        Image { array, channels }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.array.dtype()
    }

    /// The lengths of the axes that are filtered.
    pub fn extent(&self) -> &[usize] {
        let shape = self.array.shape();
        &shape[..shape.len() - usize::from(self.channels.is_some())]
    }

    /// The shape.
    pub fn layout(&self) -> Layout {
        Layout { shape: self.array.shape().to_vec(), channels: self.channels }
    }

    /// The channels of a picture, also of a grey one.
    pub fn channels(&self) -> Channels {
        self.channels.unwrap_or(Channels { colours: 1, alpha: false })
    }

    /// The number of arrays to filter, one after the other.
    pub fn planes(&self) -> usize {
        self.channels().colours
    }

    /// The array to filter that has this index.
    pub fn plane(&self, index: usize) -> Input<'_> {
        let (input, last) = (self.array.as_input(), self.array.shape().len());
        if self.channels.is_some() { input.index_axis(last - 1, index) } else { input }
    }

    /// The array to write that has this index.
    pub fn plane_mut(&mut self, index: usize) -> Output<'_> {
        let last = self.array.shape().len();
        let output = self.array.as_output();
        if self.channels.is_some() { output.index_axis(last - 1, index) } else { output }
    }

    /// Type and shape, such as `u8 512 x 512`.
    pub fn describe(&self) -> String {
        let lengths: Vec<String> = self.extent().iter().map(ToString::to_string).collect();
        let shape = if lengths.is_empty() { "scalar".to_string() } else { lengths.join(" x ") };
        let channels = if self.channels.is_some() { format!(", {} channels", self.planes()) } else { String::new() };
        format!("{} {shape}{channels}", self.dtype())
    }

    /// What the values are like.
    pub fn statistics(&self) -> Statistics {
        Statistics::of(&self.array)
    }

    /// The image as a picture of at most `longest` pixels each way, of which some are left out if there are more; none
    /// where there is no pixel.
    ///
    /// The values of u8 pictures are shown as they are if they have some contrast, all others from the least, in black,
    /// to the greatest, in white; NaN is red. A volume shows the slice in its middle. An array of u8 whose last axis
    /// has 3 or 4 elements is taken for a colour picture.
    pub fn picture(&self, longest: usize) -> Option<Picture> {
        let shape = self.array.shape();
        let taken = shape.len() == 3 && matches!(shape[2], 3 | 4) && self.dtype() == DType::U8;
        Picture::of(&self.array, self.channels.is_some() || taken, longest.max(1))
    }

    /// Takes the opacity over from the region of another image that this one has, if there is any.
    pub fn copy_alpha(&mut self, from: &Image, region: &[Range<usize>]) {
        let Some(Channels { colours, alpha: true }) = self.channels else { return };
        let axis = Axis(self.array.shape().len() - 1);
        let scale = (opaque(from.array.dtype()), opaque(self.array.dtype()));
        let alpha = for_any!(AnyArray, &from.array, array => array.index_axis(axis, colours).mapv(Element::to_f64));
        let alpha = alpha.slice_each_axis(|along| Slice::from(region[along.axis.index()].clone()));
        let alpha = alpha.mapv(|alpha| if scale.0 == scale.1 { alpha } else { alpha / scale.0 * scale.1 });
        for_any!(AnyArray, &mut self.array, array => {
            array.index_axis_mut(axis, colours).zip_mut_with(&alpha, |to, alpha| {
                *to = Element::from_f64(*alpha, Cast::Saturate);
            });
        });
    }

    /// The image with another element type; what this one can't hold is rounded and clamped.
    pub fn saturated(&self, dtype: DType) -> Image {
        let (mut image, values) = (Image::zeros(dtype, &self.layout()), self.array.to_f64());
        for_any!(AnyArray, &mut image.array, array => {
            array.zip_mut_with(&values, |to, value| *to = Element::from_f64(*value, Cast::Saturate));
        });
        image
    }

    /// The samples in the order of picture files; a bool as 0 or 255.
    pub fn samples_in_order(&self) -> AnyArray {
        match &self.array {
            AnyArray::Bool(array) => array.mapv(|set| if set { u8::MAX } else { 0 }).into(),
            // Outputs are made in this order: nothing is moved.
            other => for_any!(AnyArray, other, array => array.as_standard_layout().into_owned().into()),
        }
    }
}

/// The value of full opacity.
fn opaque(dtype: DType) -> f64 {
    if dtype.is_float() { 1.0 } else { dtype.limits().1 }
}
