//! A bilateral filter smooths noise and keeps edges. A second input, without the noise, may say where the edges are.
//!
//! `cargo run --release --example bilateral`

use hoodoo::{Error, Filter, Input, Kernel, Window};
use ndarray::{Array2, Zip};

/// Smooths a noisy step, by itself and by a guide, and compares both with the step.
pub fn main() -> Result<(), Error> {
    let step = Array2::from_shape_fn((64, 64), |(_, x)| if x < 32 { 0.2f32 } else { 0.8 });
    // A sum of waves that no two neighbours share.
    let noise = |y: usize, x: usize| 0.1 * (12.9 * x as f32 + 78.2 * y as f32).sin();
    let noisy = Array2::from_shape_fn((64, 64), |(y, x)| step[[y, x]] + noise(y, x));

    let bilateral = Kernel::compile(
        "input src, guide;
         param sigma_space = 2; param sigma_range = 0.2;
         let near = exp(-dist()**2 / (2 * sigma_space**2));
         let alike = exp(-(guide - guide[0, 0])**2 / (2 * sigma_range**2));
         sum(near * alike * src) / sum(near * alike)",
    )?;
    let filter = Filter::new(&bilateral).window(Window::Disk(4.0));
    let smooth = |guide: &Array2<f32>| -> Result<f32, Error> {
        let inputs: [Input<'_>; 2] = [(&noisy).into(), guide.into()];
        Ok(error(
            &filter.run_outputs::<f32>(&inputs)?[0].view().into_dimensionality().expect("two axes").to_owned(),
            &step,
        ))
    };
    let (before, by_itself, guided) = (error(&noisy, &step), smooth(&noisy)?, smooth(&step)?);
    println!("the mean error is {before:.4} before, {by_itself:.4} smoothed, {guided:.4} smoothed with a guide");
    assert!(guided < by_itself && by_itself < before / 2.0);

    // A plain mean smooths the edge away.
    let mean = Filter::new(&Kernel::compile("mean(w)")?).window(Window::Disk(4.0)).run(&noisy)?;
    println!("and {:.4} by a plain mean", error(&mean, &step));
    assert!(by_itself < error(&mean, &step));
    Ok(())
}

/// The mean distance between two images.
fn error(image: &Array2<f32>, truth: &Array2<f32>) -> f32 {
    Zip::from(image).and(truth).fold(0.0, |sum, x, y| sum + (x - y).abs()) / image.len() as f32
}
