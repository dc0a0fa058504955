//! Contact sheets: pictures side by side, with a label.

use ndarray::{Array2, ArrayD, ArrayView2, Ix2, s};

use crate::text;

/// The space between pictures, and between a picture and its label.
const GAP: usize = 2;

/// The space around a tile.
const MARGIN: usize = 5;

/// Greys that differ by less look the same, and make files larger.
const GREY_STEP: u8 = 4;

/// The side of the squares that missing values are drawn as.
const CHECKER: usize = 3;

/// Pictures in a row, under a label; white on black.
pub fn tile(label: &str, pictures: &[Array2<u8>]) -> Array2<u8> {
    let width = pictures.iter().map(|picture| picture.ncols() + GAP).sum::<usize>() - GAP;
    let height = pictures.iter().map(Array2::nrows).max().unwrap_or(0);
    let mut tile = Array2::zeros((text::HEIGHT + GAP + height, width));
    text::draw(&mut tile, 0, 0, label);
    let mut left = 0;
    for picture in pictures {
        put(&mut tile, text::HEIGHT + GAP, left, picture.view());
        left += picture.ncols() + GAP;
    }
    tile
}

/// Tiles of one size in rows of `columns`.
pub fn sheet(tiles: &[Array2<u8>], columns: usize) -> Array2<u8> {
    let (height, width) = tiles.first().map_or((0, 0), Array2::dim);
    let (down, across) = (height + MARGIN, width + MARGIN);
    let mut sheet = Array2::zeros((tiles.len().div_ceil(columns) * down + MARGIN, columns * across + MARGIN));
    for (place, tile) in tiles.iter().enumerate() {
        let (row, column) = (place / columns, place % columns);
        put(&mut sheet, MARGIN + row * down, MARGIN + column * across, tile.view());
    }
    sheet
}

fn put(onto: &mut Array2<u8>, top: usize, left: usize, picture: ArrayView2<'_, u8>) {
    let (height, width) = picture.dim();
    onto.slice_mut(s![top..top + height, left..left + width]).assign(&picture);
}

/// Values as greys, from black to white, but for one in a hundred at either end; missing ones are a chequerboard.
///
/// `None` unless there are two axes.
pub fn greys(values: ArrayD<f64>) -> Option<Array2<u8>> {
    let values = values.into_dimensionality::<Ix2>().ok()?;
    let (least, greatest) = limits(&values);
    Some(Array2::from_shape_fn(values.dim(), |(y, x)| {
        let value = values[[y, x]];
        if value.is_nan() {
            return if (y / CHECKER + x / CHECKER).is_multiple_of(2) { 64 } else { 128 };
        }
        let share = (value - least) / (greatest - least);
        // Where all are equal, the share is NaN, and the grey is black.
        let grey = (255.0 * share.clamp(0.0, 1.0)) as u8;
        grey - grey % GREY_STEP
    }))
}

/// The values that become black and white.
fn limits(values: &Array2<f64>) -> (f64, f64) {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&least), Some(&greatest)) = (sorted.first(), sorted.last()) else { return (0.0, 0.0) };
    let cut = sorted.len() / 100;
    let (low, high) = (sorted[cut], sorted[sorted.len() - 1 - cut]);
    // Where nearly all are equal, the few others are what there is to see.
    if low < high { (low, high) } else { (least, greatest) }
}
