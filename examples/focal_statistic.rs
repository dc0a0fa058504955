//! Statistics around each cell of a raster in which data are missing, as NaN: several outputs, by name.
//!
//! `cargo run --example focal_statistic`

use hoodoo::{Error, Filter, Kernel, Mode, Window};
use ndarray::{Array2, s};

/// Mean, spread and number of the heights around each cell, of those that are there.
pub fn main() -> Result<(), Error> {
    // A slope with a hole, and a row that was never measured.
    let mut heights = Array2::from_shape_fn((40, 60), |(y, x)| (2 * y + x) as f32);
    heights.slice_mut(s![10..20, 10..20]).fill(f32::NAN);
    heights.slice_mut(s![30, ..]).fill(f32::NAN);

    let kernel = Kernel::compile(
        "let known = not isnan(w);
         mean: mean(w where known),
         spread: max(w where known) - min(w where known),
         count: count(known)",
    )?;
    let filter = Filter::new(&kernel).window(Window::Disk(2.0)).mode(Mode::Shrink);
    let outputs = filter.run_outputs::<f32>(&[(&heights).into()])?;
    for (name, array) in &outputs {
        println!("{name:>6} at (25, 30): {:6.2}, beside the hole: {:6.2}", array[[25, 30]], array[[15, 9]]);
    }

    // Where all is known, a disk of radius 2 has 13 cells; on a slope their mean is the height in the middle.
    assert_eq!([outputs["mean"][[25, 30]], outputs["count"][[25, 30]]], [80.0, 13.0]);
    // One column of 3 and one of 1 are in the hole.
    assert_eq!(outputs["count"][[15, 9]], 9.0);
    // In the middle of the hole nothing is known.
    assert!(outputs["mean"][[15, 15]].is_nan() && outputs["count"][[15, 15]] == 0.0);
    // The missing row is filled from both of its sides.
    assert_eq!(outputs["mean"][[30, 30]], 90.0);
    Ok(())
}
