//! The one model of an image.

use std::ops::{Deref, Range};

use hoodoo::{AnyArray, AnyElement, Cast, DType, Element, Input, Output};
use ndarray::{ArrayD, Axis, IxDyn, Slice};

use super::layout::{Channels, Layout};
use super::metadata::Metadata;
use super::rgb::Picture;
use super::statistics::Statistics;
use crate::arrays::{for_any, holds_all};

/// An image: an array of any shape, or pictures with channels.
#[derive(Debug)]
pub struct Image {
    /// The values.
    pub array: AnyArray,
    /// What the file says besides.
    pub metadata: Metadata,
    /// How many of the first axes are pages.
    stack: usize,
    /// What the last axis is, if it is channels.
    channels: Option<Channels>,
}

impl Image {
    /// An array without channels.
    pub fn plain(array: AnyArray) -> Image {
        Image::with_channels(array, None)
    }

    /// An array whose last axis may be channels.
    pub fn with_channels(array: AnyArray, channels: Option<Channels>) -> Image {
        Image { array, metadata: Metadata::default(), stack: 0, channels }
    }

    /// The same array, whose first `stack` axes are pages, each of which is filtered on its own.
    pub fn stacked(self, stack: usize) -> Image {
        Image { stack, ..self }
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
        Ok(Image::with_channels(samples.into(), (!plain).then_some(channels)))
    }

    /// An image of zeros, if there is memory for it.
    pub fn zeros(dtype: DType, layout: &Layout) -> Result<Image, hoodoo::Error> {
        let array = AnyArray::try_zeros(dtype, &layout.shape)?;
        Ok(Image::with_channels(array, layout.channels).stacked(layout.stack))
    }

    /// The image without its opacity, if it has some.
    pub fn without_alpha(self) -> Image {
        let Some(Channels { colours, alpha: true }) = self.channels else { return self };
        let last = Axis(self.array.shape().len() - 1);
        if colours == 1 {
            let array = for_any!(AnyArray, self.array, array => array.index_axis_move(last, 0).into());
            return Image { array, channels: None, ..self };
        }
        let channels = Some(Channels { colours, alpha: false });
        let array = for_any!(AnyArray, &self.array, array => {
            array.slice_axis(last, Slice::from(..colours)).to_owned().into()
        });
        Image { array, channels, ..self }
    }

    /// The same image, whose last axis is colours if [`Layout::coloured`] says so.
    pub(crate) fn coloured(self) -> Image {
        Image { channels: self.layout().coloured(self.dtype()).channels, ..self }
    }

    /// The same image with another array of as many axes.
    pub(crate) fn map(self, array: impl FnOnce(AnyArray) -> AnyArray) -> Image {
        Image { array: array(self.array), ..self }
    }

    /// The same with another array of as many axes, this one staying as it is.
    pub(crate) fn with_array(&self, array: AnyArray) -> Image {
        Image { array, metadata: self.metadata.clone(), ..*self }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.array.dtype()
    }

    /// The lengths of the axes that are filtered.
    pub fn extent(&self) -> &[usize] {
        let shape = self.array.shape();
        &shape[self.stack..shape.len() - usize::from(self.channels.is_some())]
    }

    /// The shape.
    pub fn layout(&self) -> Layout {
        Layout { shape: self.array.shape().to_vec(), stack: self.stack, channels: self.channels }
    }

    /// The channels of a picture, also of a grey one.
    pub fn channels(&self) -> Channels {
        self.channels.unwrap_or(Channels { colours: 1, alpha: false })
    }

    /// The number of arrays to filter, one after the other.
    pub fn planes(&self) -> usize {
        self.layout().planes()
    }

    /// The array to filter that has this index: channel by channel of page after page.
    pub fn plane(&self, index: usize) -> Input<'_> {
        let mut input = self.array.as_input();
        for (axis, index) in self.place(index) {
            input = input.index_axis(axis, index);
        }
        input
    }

    /// The array to write that has this index.
    pub fn plane_mut(&mut self, index: usize) -> Output<'_> {
        let place = self.place(index);
        let mut output = self.array.as_output();
        for (axis, index) in place {
            output = output.index_axis(axis, index);
        }
        output
    }

    /// Where the plane with this index is: along which axes, last ones first, which index.
    fn place(&self, mut index: usize) -> Vec<(usize, usize)> {
        let shape = self.array.shape();
        let mut place = Vec::new();
        if self.channels.is_some() {
            let colours = self.channels().colours;
            place.push((shape.len() - 1, index % colours));
            index /= colours;
        }
        for axis in (0..self.stack).rev() {
            place.push((axis, index % shape[axis]));
            index /= shape[axis];
        }
        place
    }

    /// Type and shape, such as `u8 512 x 512`.
    pub fn describe(&self) -> String {
        self.layout().describe(self.dtype())
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
        let colour = self.channels.is_none_or(|channels| matches!(channels.colours, 1 | 3));
        let channels = self.layout().coloured(self.dtype()).channels.filter(|_| colour);
        Picture::of(&self.array, channels.is_some(), longest.max(1))
    }

    /// Takes the opacity over from the region of another image that this one has, if there is any: of every pixel, or at these steps
    /// along its axes.
    pub fn copy_alpha(&mut self, from: &Image, region: &[Range<usize>], steps: &[usize]) {
        let Some(Channels { colours, alpha: true }) = self.channels else { return };
        let axis = Axis(self.array.shape().len() - 1);
        let scale = (opaque(from.array.dtype()), opaque(self.array.dtype()));
        let alpha = for_any!(AnyArray, &from.array, array => array.index_axis(axis, colours).mapv(Element::to_f64));
        let alpha = alpha.slice_each_axis(|along| match along.axis.index().checked_sub(self.stack) {
            Some(along) => Slice::from(region[along].clone()).step_by(steps[along] as isize),
            None => Slice::from(..),
        });
        let alpha = alpha.mapv(|alpha| if scale.0 == scale.1 { alpha } else { alpha / scale.0 * scale.1 });
        for_any!(AnyArray, &mut self.array, array => {
            array.index_axis_mut(axis, colours).zip_mut_with(&alpha, |to, alpha| {
                *to = Element::from_f64(*alpha, Cast::Saturate);
            });
        });
    }

    /// The image with another element type; what this one can't hold is rounded and clamped.
    pub fn saturated(&self, dtype: DType) -> Image {
        let (mut array, values) = (AnyArray::zeros(dtype, self.array.shape()), self.array.to_f64());
        for_any!(AnyArray, &mut array, array => {
            array.zip_mut_with(&values, |to, value| *to = Element::from_f64(*value, Cast::Saturate));
        });
        Image::with_channels(array, self.channels).stacked(self.stack)
    }

    /// Gives the image another element type, if that has all values of its own; what is opaque stays so.
    pub fn widen(&mut self, dtype: DType) {
        if dtype != self.dtype() && holds_all(dtype, self.dtype()) {
            let mut wide = self.saturated(dtype);
            let lengths = &self.array.shape()[self.stack..];
            let whole: Vec<Range<usize>> = lengths.iter().map(|length| 0..*length).collect();
            wide.copy_alpha(self, &whole, &vec![1; lengths.len()]);
            self.array = wide.array;
        }
    }

    /// The least and the greatest of the colours that are finite, and not the number for no value; 0 and 1 where none is.
    pub fn finite_range(&self, nodata: Option<f64>) -> (f64, f64) {
        let (black, white) = for_any!(AnyArray, &self.array, array => {
            let alpha = self.channels.is_some_and(|channels| channels.alpha);
            let last = array.ndim().saturating_sub(1);
            let colours = if alpha { array.slice_axis(Axis(last), Slice::from(..-1)) } else { array.view() };
            let nodata = nodata.and_then(|nodata| self.dtype().standing_for(nodata));
            let is_value = |value: &f64| value.is_finite() && Some(*value) != nodata;
            let finite = colours.iter().map(|value| value.to_f64()).filter(is_value);
            finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), value| (a.min(value), b.max(value)))
        });
        if black <= white { (black, white) } else { (0.0, 1.0) }
    }

    /// The image in levels of u8: 0 for `black` and what is beyond it or no number, 255 for `white` and beyond. The opacity stays.
    pub fn levels(&self, black: f64, white: f64) -> Image {
        let opaque = opaque(self.dtype());
        let count = self.channels.map_or(1, Channels::count);
        let alpha = |place: usize| self.channels.is_some_and(|channels| channels.alpha) && place % count == count - 1;
        let level = |(place, value): (usize, f64)| {
            let share = if alpha(place) { value / opaque } else { (value - black) / (white - black) };
            // A constant is black; conversions to integers saturate, and NaN is 0.
            (share * 255.0).round_ties_even() as u8
        };
        let values = self.array.to_f64();
        let levels: Vec<u8> = values.iter().copied().enumerate().map(level).collect();
        let array = ArrayD::from_shape_vec(values.raw_dim(), levels).expect("there is one for each");
        self.with_array(array.into())
    }

    /// The samples in the order of picture files; a bool as 0 or 255.
    pub fn samples_in_order(&self) -> Samples<'_> {
        match &self.array {
            AnyArray::Bool(array) => Samples::Own(array.mapv(|set| if set { u8::MAX } else { 0 }).into()),
            other => for_any!(AnyArray, other, array => match array.is_standard_layout() {
                true => Samples::Lent(other),
                false => Samples::Own(array.as_standard_layout().into_owned().into()),
            }),
        }
    }
}

/// Samples in the order of picture files: those of an image, where they are so, as outputs are made, or others.
pub enum Samples<'i> {
    /// Other ones.
    Own(AnyArray),
    /// The image's.
    Lent(&'i AnyArray),
}

impl Deref for Samples<'_> {
    type Target = AnyArray;

    fn deref(&self) -> &AnyArray {
        match self {
            Samples::Own(array) => array,
            Samples::Lent(array) => array,
        }
    }
}

/// The value of full opacity.
fn opaque(dtype: DType) -> f64 {
    if dtype.is_float() { 1.0 } else { dtype.limits().1 }
}
