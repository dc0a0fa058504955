//! Dark writing on a page with a shadow: no one threshold finds it, but each pixel against its neighbourhood does.
//!
//! `cargo run --example adaptive_threshold`

use hoodoo::{Error, Filter, Kernel};
use ndarray::Array2;

/// Whether there is ink.
fn ink(y: usize, x: usize) -> bool {
    y % 12 == 6 && x % 16 < 11
}

/// Finds the ink of a page, for two distances from the mean, with one compiled kernel.
pub fn main() -> Result<(), Error> {
    let (height, width) = (96, 128);
    // From 200 at the left to 74 at the right; ink is darker by 30.
    let page = Array2::from_shape_fn((height, width), |(y, x)| (200 - x - 30 * usize::from(ink(y, x))) as u8);
    let written = Array2::from_shape_fn((height, width), |(y, x)| ink(y, x));

    let kernel = Kernel::compile("param below = 10; w[0, 0] < mean(w) - below")?;
    let filter = Filter::new(&kernel).size(11);
    let found: Array2<bool> = filter.run_as(&page)?;
    println!("{} pixels of ink, of {}", count(&found), count(&written));
    assert_eq!(found, written);

    // Another value compiles nothing.
    let none: Array2<bool> = filter.param("below", 30.0).run_as(&page)?;
    println!("{} with a greater one", count(&none));
    assert_eq!(count(&none), 0);

    for threshold in 0..=u8::MAX {
        assert_ne!(page.mapv(|value| value < threshold), written);
    }
    Ok(())
}

fn count(mask: &Array2<bool>) -> usize {
    mask.iter().filter(|set| **set).count()
}
