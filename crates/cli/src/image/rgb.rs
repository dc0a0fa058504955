//! How an image looks.

use hoodoo::{AnyArray, AnyElement, DType};
use ndarray::{ArrayD, Axis, IxDyn};

use crate::arrays::for_any;

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

impl Picture {
    /// A picture of an array, whose last axis is colours or not: of at most `longest` pixels each way.
    pub(super) fn of(array: &AnyArray, colour: bool, longest: usize) -> Option<Picture> {
        for_any!(AnyArray, array, array => picture(array, colour, longest))
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
