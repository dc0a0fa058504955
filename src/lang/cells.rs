//! Which cells around the pixel a kernel sees, and in what order.

use std::ops::Range;
use std::sync::Arc;

use super::diagnostic::{Code, Diagnostic};
use super::hir::{Expr, Kernel};

/// The cells of a window buffer: those of the footprint in C order, then any others that the kernel reads with
/// `w[dy, dx]`, also in C order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cells {
    axes: usize,
    taps: usize,
    len: usize,
    /// `axes` numbers for each cell. There may be millions of them, which whoever names these cells shares.
    offsets: Arc<Vec<i32>>,
    /// For each axis the least and the greatest offset of a cell of the footprint, then those of any cell: asked for again and again.
    bounds: Arc<[[(i32, i32); 2]]>,
}

impl Cells {
    /// The `taps` cells of a footprint with `axes` axes, given by `axes` offsets from the centre for each, in C order.
    pub fn of_footprint(axes: usize, taps: usize, offsets: Vec<i32>) -> Cells {
        debug_assert_eq!(offsets.len(), axes * taps);
        Cells { axes, taps, len: taps, offsets: Arc::new(offsets), bounds: Arc::new([]) }.with_bounds()
    }

    /// All cells of a box that goes so far along each axis, given by their offsets.
    pub fn of_box(reach: &[(i32, i32)], offsets: Vec<i32>) -> Cells {
        let (axes, taps) = (reach.len(), offsets.len() / reach.len().max(1));
        let bounds = reach.iter().map(|bounds| [*bounds; 2]).collect();
        Cells { axes, taps, len: taps, offsets: Arc::new(offsets), bounds }
    }

    fn with_bounds(mut self) -> Cells {
        let mut bounds = vec![[(0, 0); 2]; self.axes];
        for (which, count) in [self.taps, self.len].into_iter().enumerate() {
            let mut offsets = self.offsets.chunks_exact(self.axes.max(1)).take(count);
            let Some(first) = offsets.next() else { continue };
            let mut found: Vec<(i32, i32)> = first.iter().map(|x| (*x, *x)).collect();
            for offset in offsets {
                for ((least, most), x) in found.iter_mut().zip(offset) {
                    (*least, *most) = ((*least).min(*x), (*most).max(*x));
                }
            }
            bounds.iter_mut().zip(found).for_each(|(bounds, found)| bounds[which] = found);
        }
        self.bounds = bounds.into();
        self
    }

    /// The same cells, then the fixed offsets of `kernel` that are not among them.
    ///
    /// # Errors
    ///
    /// [`Code::WrongAxes`] if the kernel names an axis that is not there, or an offset of another length.
    pub fn for_kernel(mut self, kernel: &Kernel) -> Result<Cells, Diagnostic> {
        self.check_axes(kernel)?;
        // Those that are there already may be others of another kernel.
        let mut others: Vec<Vec<i32>> = (self.taps..self.len).map(|index| self.offset(index).to_vec()).collect();
        let offsets = kernel.fixed_offsets().into_iter().map(|(offset, _)| offset);
        others.extend(offsets.filter(|offset| self.position(offset).is_none()).map(<[i32]>::to_vec));
        others.sort_unstable();
        if self.taps + others.len() > self.len {
            self.len = self.taps + others.len();
            let offsets = Arc::make_mut(&mut self.offsets);
            offsets.truncate(self.taps * self.axes);
            offsets.extend(others.into_iter().flatten());
            self = self.with_bounds();
        }
        Ok(self)
    }

    /// The same cells where a step along each axis is so many.
    #[must_use]
    pub fn stretched(&self, steps: &[i32]) -> Cells {
        let farther = |(index, offset): (usize, &i32)| offset * steps[index % self.axes];
        let offsets = self.offsets.iter().enumerate().map(farther).collect();
        Cells { offsets: Arc::new(offsets), ..self.clone() }.with_bounds()
    }

    /// Checks that `kernel` reads these cells only.
    ///
    /// # Errors
    ///
    /// [`Code::NotInFootprint`] at a cell that is not here, [`Code::WrongAxes`] as for [`Cells::for_kernel`].
    pub fn check_within(&self, kernel: &Kernel) -> Result<(), Diagnostic> {
        self.check_axes(kernel)?;
        match kernel.fixed_offsets().into_iter().find(|(offset, _)| self.position(offset).is_none()) {
            None => Ok(()),
            Some((offset, span)) => {
                Err(Diagnostic::new(Code::NotInFootprint, span, format!("the cell {offset:?} is not in the footprint"))
                    .label("a callback sees the cells of its footprint only")
                    .hint("use a larger footprint, or the filter driver, which reads any offset"))
            }
        }
    }

    fn check_axes(&self, kernel: &Kernel) -> Result<(), Diagnostic> {
        let axes = self.axes;
        let plural = if axes == 1 { "axis" } else { "axes" };
        for (_, node) in kernel.live_nodes() {
            match &node.expr {
                Expr::At { offset, .. } if offset.len() != axes => {
                    return Err(Diagnostic::new(
                        Code::WrongAxes,
                        node.span,
                        format!("an offset has one number for each axis, and the window has {axes} {plural}"),
                    )
                    .label(format!("of length {}", offset.len())));
                }
                Expr::Offset(axis) | Expr::Coord(axis) | Expr::Extent(axis) if *axis >= axes => {
                    return Err(Diagnostic::new(
                        Code::WrongAxes,
                        node.span,
                        format!("there is no axis {axis}: the window has {axes} {plural}"),
                    )
                    .label("axes are counted from 0"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The number of axes.
    pub fn axes(&self) -> usize {
        self.axes
    }

    /// The number of cells of the footprint.
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// The number of cells, others included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The offset of the cell at `index` from the centre.
    pub fn offset(&self, index: usize) -> &[i32] {
        &self.offsets[index * self.axes..][..self.axes]
    }

    /// How far cells lie before the centre along an axis, and how far after it.
    pub fn reach(&self, axis: usize) -> (usize, usize) {
        let (least, most) = self.bounds[axis][1];
        (least.min(0).unsigned_abs() as usize, most.max(0).unsigned_abs() as usize)
    }

    /// The least and the greatest offset of a cell of the footprint along an axis; 0 without cells.
    pub fn extremes(&self, axis: usize) -> (i32, i32) {
        self.bounds[axis][0]
    }

    /// The least and the greatest offset along each axis if the footprint has every cell between them; else nothing.
    pub fn bounds_of_box(&self) -> Vec<(i32, i32)> {
        let bounds: Vec<(i32, i32)> = (0..self.axes).map(|axis| self.extremes(axis)).collect();
        let lengths = bounds.iter().map(|(least, most)| most.abs_diff(*least) as usize + 1);
        let cells = lengths.fold(1, usize::saturating_mul);
        if cells == self.taps { bounds } else { Vec::new() }
    }

    /// The distance of the cell at `index` from the centre.
    pub fn dist(&self, index: usize) -> f64 {
        // Rust's sum of nothing is -0, and without axes the distance is 0.
        self.offset(index).iter().fold(0.0, |sum, d| sum + f64::from(*d) * f64::from(*d)).sqrt()
    }

    /// Where the cell at `offset` is.
    pub fn position(&self, offset: &[i32]) -> Option<usize> {
        // The cells of the footprint are in C order, and so are the others.
        let search = |range: Range<usize>| {
            let index = range.start + partition_point(range.len(), |i| self.offset(range.start + i) < offset);
            (index < range.end && self.offset(index) == offset).then_some(index)
        };
        search(0..self.taps).or_else(|| search(self.taps..self.len))
    }
}

/// How many of the first `len` numbers come before the first one for which `before` is false.
fn partition_point(len: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}
