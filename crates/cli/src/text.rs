//! Letters on pictures.

use ndarray::Array2;
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

const LETTERS: (FontWeight, RasterHeight) = (FontWeight::Regular, RasterHeight::Size16);

/// The height of a line, in pixels.
pub const HEIGHT: usize = LETTERS.1.val();

/// The width of a letter, in pixels.
pub const WIDTH: usize = get_raster_width(LETTERS.0, LETTERS.1);

/// Writes `text`, white on what is there, with its upper left corner at a pixel. Letters without a picture are left
/// out, and what does not fit is cut off.
pub fn draw(picture: &mut Array2<u8>, top: usize, left: usize, text: &str) {
    for (place, letter) in text.chars().enumerate() {
        let Some(raster) = get_raster(letter, LETTERS.0, LETTERS.1) else { continue };
        for (y, row) in raster.rows().enumerate() {
            for (x, light) in row.iter().enumerate() {
                if let Some(pixel) = picture.get_mut([top + y, left + place * WIDTH + x]) {
                    *pixel = (*pixel).max(*light);
                }
            }
        }
    }
}
