//! What a run is about, whatever engine does it.

use std::borrow::Cow;

use super::arrange::Arrangement;
use super::engine::Engine;
use super::exec::domain::Domain;
use super::options::{Function, Marked};
use crate::grid::boundary::Mode;
use crate::grid::copies::Copies;
use crate::grid::cut::Cut;
use crate::grid::element::{Cast, DType, Precision};
use crate::grid::vectors::Vectors;
use crate::lang::cells::Cells;
use crate::lang::hir;
use crate::lang::interpret::{Interpreter, Settings};
use crate::lang::shrink::shrunk;
use crate::lang::whole::Whole;

/// A function and a window on arrays of one shape and of certain element types, checked: all that a run depends on but the
/// elements.
///
/// Where rows along the array's last axis would be short, all of it, the function included, is about views of the arrays whose axes
/// are arranged in another way, which no pixel can tell.
#[derive(Clone)]
pub struct Job {
    pub function: Function,
    pub engine: Engine,
    pub cast: Cast,
    pub precision: Precision,
    pub cut: Cut,
    pub vectors: Vectors,
    pub copies: Copies,
    /// The greatest number of threads.
    pub threads: usize,
    pub cells: Cells,
    /// The values of the kernel's params and weights.
    pub settings: Settings,
    /// How many operations the kernel takes for a pixel; of a callback nobody knows.
    pub operations: Option<u64>,
    /// The axes of the window along which cells outside are not selected; not those along which none can be.
    pub shrinking: Vec<usize>,
    /// The axes of the window along which cells can be outside, if the kernel asks which are inside.
    pub asked: Vec<usize>,
    /// The modes along the window's axes.
    pub modes: Vec<Mode>,
    /// The views' axes that the window has, in the window's order.
    pub axes: Vec<usize>,
    /// The pixels of the views.
    pub domain: Domain,
    /// How the views have the arrays' axes, if that is another way.
    pub arrangement: Option<Arrangement>,
    /// The shape of the outputs.
    pub output_shape: Vec<usize>,
    /// Which cells have no value, if a callback is not to see them.
    pub marked: Option<Marked>,
    /// The number of the arrays' axes; the domain of a single value has one nevertheless.
    pub ndim: usize,
    pub types: Types,
}

/// What is known of the arrays besides their shape.
#[derive(Clone)]
pub struct Types {
    /// The element types.
    pub inputs: Vec<DType>,
    pub outputs: Vec<DType>,
    /// For each axis, whether in all of them it goes on where the one after it ends.
    pub joined: Vec<bool>,
}

impl Types {
    /// Those of arrays in C order without gaps.
    pub fn of_whole_arrays(shape: &[usize], inputs: &[DType], outputs: &[DType]) -> Types {
        Types { inputs: inputs.to_vec(), outputs: outputs.to_vec(), joined: vec![true; shape.len()] }
    }

    /// Those of arrays in any order, with gaps or without.
    pub fn of_any_arrays(shape: &[usize], inputs: &[DType], outputs: &[DType]) -> Types {
        Types { joined: vec![false; shape.len()], ..Types::of_whole_arrays(shape, inputs, outputs) }
    }
}

impl Job {
    /// What the kernel means in this window; none for a callback.
    pub fn meaning(&self) -> Option<Cow<'_, hir::Kernel>> {
        let Function::Kernel(kernel) = &self.function else { return None };
        Some(match self.shrinking.is_empty() {
            true => Cow::Borrowed(kernel.hir()),
            false => Cow::Owned(shrunk(kernel.hir(), &self.shrinking, 0, &[])),
        })
    }

    /// An interpreter of what the job's kernel means.
    pub fn interpreter<'j>(&'j self, meaning: &'j hir::Kernel) -> Interpreter<'j> {
        let interpreter = Interpreter::new(meaning, &self.cells, &self.settings);
        if !self.has_long_inputs() {
            return interpreter;
        }
        let wholes: Vec<Whole> = self.types.inputs.iter().map(|dtype| dtype.whole(self.outside())).collect();
        let taps = self.cells.taps();
        interpreter.of_wholes(&wholes, (!self.lacks_cells() || taps == 0).then_some(taps))
    }

    /// Whether windows may lack cells, or the kernel asks for those that are outside: what is exact must not depend on whether a pixel's
    /// window has such.
    pub fn lacks_cells(&self) -> bool {
        let asks = self.function.kernel().is_some_and(|kernel| kernel.hir().asks_inside());
        asks || !self.shrinking.is_empty() || self.marked.is_some()
    }

    /// How many cells of a window are inside the arrays at every pixel: of one that is no box, whether the pixel is one of them.
    pub fn least_inside(&self) -> usize {
        if self.shrinking.is_empty() {
            return self.cells.taps();
        }
        let (mut all, mut least) = (1, 1);
        for (along, axis) in self.axes.iter().enumerate() {
            let (first, last) = self.cells.extremes(along);
            let (first, last) = (first as isize, last as isize);
            let (end, step) = (self.domain.shape()[*axis] as isize - 1, self.domain.step(*axis) as isize);
            let cells = |first: isize, last: isize| ((last - first).div_euclid(step) + 1).max(0) as usize;
            // Nowhere are fewer inside than at one of the two ends.
            let at_ends = cells(first.max(0), last.min(end)).min(cells(first.max(-end), last.min(0)));
            all *= cells(first, last);
            least *= if self.shrinking.contains(&along) { at_ends } else { cells(first, last) };
        }
        if all == self.cells.taps() { least } else { usize::from(self.has_own_cell()) }
    }

    /// Whether a pixel is one of the cells of its window.
    pub fn has_own_cell(&self) -> bool {
        let own = self.cells.position(&vec![0; self.cells.axes()]);
        own.is_some_and(|own| own < self.cells.taps())
    }

    /// The same about views whose last axis is this one, in whose place is the last one. It has no region of arrays.
    pub fn turned(&self, axis: usize) -> Job {
        let last = self.domain.ndim() - 1;
        let other = |along: &usize| match *along {
            along if along == axis => last,
            along if along == last => axis,
            along => along,
        };
        let axes = self.axes.iter().map(other).collect();
        Job { axes, domain: self.domain.turned(axis), arrangement: None, ..self.clone() }
    }

    /// The f64 outside the arrays, if one is seen.
    pub fn outside(&self) -> Option<f64> {
        self.modes.contains(&Mode::Constant).then(|| self.domain.cval())
    }

    /// Whether an input has 64-bit integers, which keep every bit where they are only chosen.
    pub fn has_long_inputs(&self) -> bool {
        self.types.inputs.iter().any(|dtype| dtype.whole(None).wide)
    }

    /// The lengths of the views along the window's axes.
    pub fn extent(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| self.domain.shape()[*axis]).collect()
    }

    /// The offset of each cell along every axis of the views.
    pub fn offsets(&self) -> impl Iterator<Item = Vec<isize>> {
        (0..self.cells.len()).map(|cell| {
            let mut offset = vec![0; self.domain.ndim()];
            for (axis, along) in self.axes.iter().zip(self.cells.offset(cell)) {
                offset[*axis] = *along as isize;
            }
            offset
        })
    }

    /// How many pixels may be computed before a cancellation is seen.
    pub fn cancel_interval(&self) -> usize {
        /// The interpreter takes a fraction of a second for these.
        const OPERATIONS: u64 = 1 << 24;
        let pixels = |operations: u64| usize::try_from(OPERATIONS / operations.max(1)).unwrap_or(usize::MAX).max(1);
        self.operations.map_or(usize::MAX, pixels)
    }
}

/// Where the pixel is, along the window's axes.
#[derive(Clone, Debug)]
pub struct PixelPos {
    axes: Vec<usize>,
    pub position: Vec<usize>,
    pub extent: Vec<usize>,
}

impl PixelPos {
    /// The first pixel of arrays of this shape.
    pub fn new(shape: &[usize], axes: &[usize]) -> PixelPos {
        let extent = axes.iter().map(|axis| shape[*axis]).collect();
        PixelPos { axes: axes.to_vec(), position: vec![0; axes.len()], extent }
    }

    /// The pixel at `x` along the array's last axis, and at `position` along the others.
    pub fn move_to(&mut self, position: &[usize], x: usize) {
        for (along, axis) in self.position.iter_mut().zip(&self.axes) {
            *along = if axis + 1 == position.len() { x } else { position[*axis] };
        }
    }
}
