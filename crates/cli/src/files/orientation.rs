//! Pictures turned as the camera says that it was held.

use hoodoo::AnyArray;
use image::metadata::Orientation;
use ndarray::{ArrayD, Axis};

use crate::arrays::for_any;
use crate::image::Image;

/// Turns an array upright that is stored in one of Exif's orientations, from 1 to 8; `rows` is the axis before that of columns.
pub fn turn<T>(array: &mut ArrayD<T>, rows: usize, orientation: u8) {
    if (5..=8).contains(&orientation) {
        array.swap_axes(rows, rows + 1);
    }
    if matches!(orientation, 3 | 4 | 7 | 8) {
        array.invert_axis(Axis(rows));
    }
    if matches!(orientation, 2 | 3 | 6 | 7) {
        array.invert_axis(Axis(rows + 1));
    }
}

/// The picture upright; rows and columns are its first two axes.
pub fn upright(image: Image, orientation: Option<Orientation>) -> Image {
    let orientation = orientation.map_or(1, Orientation::to_exif);
    if orientation == 1 {
        return image;
    }
    image.map(|array| -> AnyArray {
        for_any!(AnyArray, array, array => {
            let mut array = array;
            turn(&mut array, 0, orientation);
            array.as_standard_layout().into_owned().into()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::turn;

    /// A picture that is stored in each orientation, by Exif's table of where its first row and column are.
    #[test]
    fn all_orientations_are_turned() {
        let upright = ndarray::array![[1, 2, 3], [4, 5, 6]].into_dyn();
        let stored = [
            ndarray::array![[1, 2, 3], [4, 5, 6]],
            ndarray::array![[3, 2, 1], [6, 5, 4]],
            ndarray::array![[6, 5, 4], [3, 2, 1]],
            ndarray::array![[4, 5, 6], [1, 2, 3]],
        ];
        let lying = [
            ndarray::array![[1, 4], [2, 5], [3, 6]],
            ndarray::array![[3, 6], [2, 5], [1, 4]],
            ndarray::array![[6, 3], [5, 2], [4, 1]],
            ndarray::array![[4, 1], [5, 2], [6, 3]],
        ];
        for (index, array) in stored.into_iter().chain(lying).enumerate() {
            let mut array = array.into_dyn();
            turn(&mut array, 0, index as u8 + 1);
            assert_eq!(array, upright, "orientation {}", index + 1);
        }
    }
}
