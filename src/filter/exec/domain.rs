//! The pixels of an array, and what is beyond its ends.

use std::ops::Range;

use super::view::RawView;
use crate::grid::boundary::Mode;
use crate::grid::region::Region;

/// An array's shape, what is outside it along each of its axes, and which of its pixels have a value.
#[derive(Clone, Debug)]
pub struct Domain {
    shape: Vec<usize>,
    /// The pixels that the outputs have, by their indices in the inputs.
    region: Region,
    /// What cells outside hold. With `shrink` such cells are never selected, and with `valid` there are none; they hold some
    /// element of the array, so that no new value, such as NaN, is introduced.
    modes: Vec<Mode>,
    /// How far apart neighbours are along each axis: between them are the elements of other axes, which are part of this one.
    steps: Vec<usize>,
    /// The axes along which cells outside are not selected.
    shrinking: Vec<usize>,
    cval: f64,
}

impl Domain {
    /// The domain of an array of this shape, of which outputs have the pixels of `region`. There is a mode for each axis; a
    /// single value is a row of one.
    pub fn new(shape: &[usize], modes: &[Mode], cval: f64, region: Vec<Range<usize>>) -> Domain {
        let scalar = shape.is_empty();
        let modes = if scalar { &[Mode::Nearest] } else { modes };
        let held = |mode: &Mode| if matches!(mode, Mode::Shrink | Mode::Valid) { Mode::Nearest } else { *mode };
        Domain {
            shape: if scalar { vec![1] } else { shape.to_vec() },
            region: if scalar { Region::whole(shape) } else { Region { axes: region } },
            shrinking: (0..modes.len()).filter(|axis| modes[*axis] == Mode::Shrink).collect(),
            modes: modes.iter().map(held).collect(),
            steps: vec![1; modes.len()],
            cval,
        }
    }

    /// The same where neighbours are so far apart along each axis.
    pub fn with_steps(self, steps: Vec<usize>) -> Domain {
        Domain { steps, ..self }
    }

    /// The same whose last axis is this one, in whose place is the last one.
    pub fn turned(&self, axis: usize) -> Domain {
        let last = self.ndim() - 1;
        let mut turned = Domain { region: self.region.turned(axis), ..self.clone() };
        turned.shape.swap(axis, last);
        turned.modes.swap(axis, last);
        turned.steps.swap(axis, last);
        let other = |along: &usize| {
            if *along == axis {
                last
            } else if *along == last {
                axis
            } else {
                *along
            }
        };
        turned.shrinking = self.shrinking.iter().map(other).collect();
        turned.shrinking.sort_unstable();
        turned
    }

    /// How far apart neighbours are along an axis.
    pub fn step(&self, axis: usize) -> usize {
        // Of other axes without elements there is nothing in between.
        self.steps[axis].max(1)
    }

    /// The array's shape; a single value is a row of one.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of axes, one at least.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// The length of a row: the array's along its last axis.
    pub fn row_len(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }

    /// The pixels that the outputs have, by their indices in the inputs.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The value outside the array, where the mode has one.
    pub fn cval(&self) -> f64 {
        self.cval
    }

    /// The axes along which cells outside are not selected.
    pub fn shrinking(&self) -> &[usize] {
        &self.shrinking
    }

    /// The index inside the array that an index along an axis has, or `None` where that is `cval`.
    pub fn index(&self, axis: usize, at: isize) -> Option<isize> {
        // Most are inside, where nobody need divide by steps.
        if (0..self.shape[axis] as isize).contains(&at) {
            return Some(at);
        }
        let step = self.steps[axis] as isize;
        let index = self.modes[axis].index(at.div_euclid(step), self.shape[axis] / self.steps[axis])?;
        Some(index as isize * step + at.rem_euclid(step))
    }

    /// The same along a row.
    pub fn index_along(&self, at: isize) -> Option<isize> {
        self.index(self.shape.len() - 1, at)
    }

    /// The address of the row of an array of this shape that has this index along each axis but the last, or `None` for a row of `cval`.
    pub fn row(&self, view: &RawView<'_>, outer: impl Iterator<Item = isize>) -> Option<*const u8> {
        let steps = outer.enumerate().zip(view.strides());
        let distance = steps.map(|((axis, at), stride)| Some(self.index(axis, at)? * stride)).sum::<Option<isize>>()?;
        Some(view.first().cast_const().wrapping_offset(distance))
    }

    /// Whether what is `offset` from the index `at` along an axis is outside the array.
    pub fn is_beyond(&self, axis: usize, at: usize, offset: isize) -> bool {
        at.checked_add_signed(offset).is_none_or(|at| at >= self.shape[axis])
    }
}
