//! What a run is about, whatever engine does it.

use super::pixels::Stop;
use crate::error::Error;
use crate::grid::boundary::Mode;
use crate::grid::element::DType;
use crate::grid::region::Region;
use crate::lang::cells::Cells;
use crate::lang::interpret::Settings;

/// A window on arrays of one shape and of certain element types: all that a run depends on but the elements.
pub struct Job {
    pub cells: Cells,
    /// The values of the kernel's params and weights.
    pub settings: Settings,
    /// How many operations the kernel takes for a pixel; of a callback nobody knows.
    pub operations: Option<u64>,
    /// The axes of the window along which cells outside do not take part.
    pub shrinking: Vec<usize>,
    /// The modes along the window's axes.
    pub modes: Vec<Mode>,
    pub shape: Vec<usize>,
    /// The array's axes that the window has, in the window's order.
    pub axes: Vec<usize>,
    pub types: Types,
}

/// The element types of the arrays.
pub struct Types {
    pub inputs: Vec<DType>,
    pub outputs: Vec<DType>,
}

/// Where the pixel is, along the window's axes.
#[derive(Clone, Debug)]
pub struct Place {
    axes: Vec<usize>,
    pub position: Vec<usize>,
    pub extent: Vec<usize>,
}

impl Place {
    pub fn new(shape: &[usize], axes: &[usize]) -> Place {
        let extent = axes.iter().map(|axis| shape[*axis]).collect();
        Place { axes: axes.to_vec(), position: vec![0; axes.len()], extent }
    }

    /// The pixel at `x` along the array's last axis, and at `position` along the others.
    pub fn move_to(&mut self, position: &[usize], x: usize) {
        for (along, axis) in self.position.iter_mut().zip(&self.axes) {
            *along = if axis + 1 == position.len() { x } else { position[*axis] };
        }
    }
}

/// The position of the pixel at which a run over a region stopped.
pub fn first_failure(result: Result<(), Stop>, region: &Region) -> Result<Option<Vec<usize>>, Error> {
    match result {
        Ok(()) => Ok(None),
        Err(Stop::Failed(pixel)) => Ok(Some(region.position(pixel))),
        Err(Stop::Cancelled) => Err(Error::Cancelled),
    }
}
