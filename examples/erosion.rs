//! The first filter that everybody writes: each pixel becomes the least of its neighbourhood.
//!
//! `cargo run --example erosion`

use hoodoo::{Error, Filter, Footprint, Kernel, Mode, Window};
use ndarray::{Array2, array};

/// Erodes a small picture by a cross and by a box.
pub fn main() -> Result<(), Error> {
    let picture: Array2<u8> = array![
        [0, 0, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ];
    let erosion = Filter::new(&Kernel::compile("min(w)")?).mode(Mode::Nearest);

    let by_cross = erosion.clone().window(Window::Cross(1)).run(&picture)?;
    println!("eroded by a cross:\n{by_cross}");
    assert_eq!(by_cross.sum(), 6);

    // A view will do as well, of any layout: here the picture on its side.
    let by_box = erosion.size(3).run(&picture.t())?;
    println!("on its side, eroded by a box of {} cells:\n{by_box}", Footprint::cube(2, 1)?.len());
    assert_eq!(by_box.sum(), 5);
    Ok(())
}
