//! How the arrays' axes become those of the views that are computed. No pixel can tell.
//!
//! Axes along which the window does not reach, such as colours, are one with the axis before them where they follow each other in
//! memory: the cells of one colour are then a few elements apart. Otherwise rows don't run along an axis of a few elements.

use std::fmt;
use std::ops::Range;

use super::exec::view::RawView;
use crate::tuning;

/// What is asked of an arrangement.
pub struct Wanted<'a> {
    /// The arrays' shape.
    pub shape: &'a [usize],
    /// For each axis, whether cells are away from the pixel along it.
    pub reached: &'a [bool],
    /// For each axis, whether all indices along it are computed.
    pub whole: &'a [bool],
    /// For each axis, whether in all arrays it goes on where the one after it ends.
    pub joined: &'a [bool],
    /// For each axis, whether the window has it.
    pub filtered: &'a [bool],
    /// Whether axes may be one with one along which the window does not reach.
    pub may_merge: bool,
    /// Whether they may also be one with one along which it reaches.
    pub may_step: bool,
}

/// The axes of views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// For each axis of the views, the arrays' axes that it is. None of them for one of a single element, which stands for an axis
    /// of the window that is part of another.
    pub axes: Vec<Range<usize>>,
}

impl Arrangement {
    /// The best one, if that is not the arrays' own.
    pub fn best(wanted: &Wanted<'_>) -> Option<Arrangement> {
        let ndim = wanted.shape.len();
        let first = first_merged(wanted);
        let parts = (first + 1..ndim).filter(|axis| wanted.filtered[*axis]).map(|_| 0..0);
        let mut axes: Vec<Range<usize>> = parts.collect();
        let surplus = axes.len();
        axes.extend((0..first).map(|axis| axis..axis + 1));
        axes.extend((first < ndim).then_some(first..ndim));
        let arrangement = Arrangement { axes };
        let short = short_axes(&arrangement.shape(wanted.shape)[surplus..]);
        if short == 0 && first + 1 >= ndim {
            return None;
        }
        let Arrangement { mut axes } = arrangement;
        let is_reached = |axes: &Range<usize>| wanted.reached[axes.start];
        let rows = axes.len() - short - 1;
        match axes[rows + 1..].iter().any(is_reached) && !axes[surplus..rows].iter().any(is_reached) {
            true => axes[rows..].rotate_left(1),
            false => axes[surplus..].rotate_right(short),
        }
        Some(Arrangement { axes })
    }

    /// How many steps along the views' axes are one along the first of the arrays' axes that each is.
    pub fn steps(&self, shape: &[usize]) -> Vec<usize> {
        let inner = |axes: &Range<usize>| shape.get(axes.start + 1..axes.end).unwrap_or_default().iter().product();
        self.axes.iter().map(inner).collect()
    }

    /// The views' shape.
    pub fn shape(&self, shape: &[usize]) -> Vec<usize> {
        self.axes.iter().map(|axes| shape[axes.clone()].iter().product()).collect()
    }

    /// The region of the views for one of the arrays, which is whole along all but the first of the axes that become one.
    pub fn region(&self, shape: &[usize], region: &[Range<usize>]) -> Vec<Range<usize>> {
        let along = |(axes, step): (&Range<usize>, usize)| match region.get(axes.start) {
            Some(first) if !axes.is_empty() => first.start * step..first.end * step,
            _ => 0..1,
        };
        self.axes.iter().zip(self.steps(shape)).map(along).collect()
    }

    /// What belongs to the first of the arrays' axes that each of the views' is; `otherwise` for those of one element.
    pub fn each<T: Clone>(&self, each: &[T], otherwise: T) -> Vec<T> {
        let of = |axes: &Range<usize>| if axes.is_empty() { otherwise.clone() } else { each[axes.start].clone() };
        self.axes.iter().map(of).collect()
    }

    /// For axes of the arrays, in order, those of the views that they are, or that stand for them.
    pub fn places(&self, axes: &[usize]) -> Vec<usize> {
        let mut surplus = (0..self.axes.len()).filter(|place| self.axes[*place].is_empty());
        let place = |axis: &usize| {
            let own = self.axes.iter().position(|axes| axes.start == *axis && !axes.is_empty());
            own.or_else(|| surplus.next()).unwrap_or_default()
        };
        axes.iter().map(place).collect()
    }

    /// Whether the axes that become one go on where the one after them ends, for each axis of some arrays whether it does.
    pub fn suits(&self, joined: &[bool]) -> bool {
        self.axes.iter().all(|axes| axes.is_empty() || joined[axes.start..axes.end - 1].iter().all(|joined| *joined))
    }

    /// The view of an array.
    pub fn view<'a>(&self, array: RawView<'a>) -> RawView<'a> {
        let stride = |axes: &Range<usize>| {
            // Those of one element have no stride.
            array.strides()[axes.clone()].iter().rev().copied().find(|stride| *stride != 0).unwrap_or(0)
        };
        let strides = self.axes.iter().map(stride).collect();
        array.with_strides(strides)
    }
}

/// In words.
impl fmt::Display for Arrangement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes: Vec<&Range<usize>> = self.axes.iter().filter(|axes| !axes.is_empty()).collect();
        if let Some(one) = axes.iter().find(|axes| axes.len() > 1) {
            let (first, last) = (one.start, one.end - 1);
            writeln!(f, "axes {first} to {last} as one: the window does not reach along the axes after {first}")?;
        }
        if axes.iter().is_sorted_by_key(|axes| axes.start) {
            return Ok(());
        }
        let order: Vec<usize> = axes.iter().map(|axes| axes.start).collect();
        writeln!(f, "axes in the order {order:?}: rows along the last would be short")
    }
}

/// For each axis of an array, whether it goes on where the one after it ends.
pub fn joined(shape: &[usize], strides: &[isize]) -> Vec<bool> {
    // An axis of one element goes on anywhere: what counts is the next one that has more.
    let goes_on = |axis: usize| {
        let next = (axis + 1..shape.len()).find(|next| shape[*next] > 1);
        let along = |next: usize| strides[axis] == strides[next] * shape[next] as isize;
        shape[axis] <= 1 || next.is_none_or(along)
    };
    (0..shape.len()).map(goes_on).collect()
}

/// The first of the axes at the end that are one.
fn first_merged(wanted: &Wanted<'_>) -> usize {
    let Wanted { shape, reached, whole, joined, may_merge, may_step, .. } = wanted;
    let Some(mut first) = shape.len().checked_sub(1) else { return 0 };
    let mut row = shape[first];
    while first > 0 && *may_merge && !reached[first] && whole[first] && joined[first - 1] {
        // Cells would be too far apart.
        if reached[first - 1] && !(*may_step && row < tuning::MAX_STEP) {
            break;
        }
        first -= 1;
        row *= shape[first];
    }
    first
}

/// How many axes at the end are short, so that rows run along the one before them.
///
/// If the window reaches along them and not along those before, rows of pixels follow each other along the short axes: they share cells,
/// and what is read for one of them is in the L1 cache for the next. Otherwise the short axes go to the front, so that rows follow
/// each other as they did.
fn short_axes(shape: &[usize]) -> usize {
    let short = shape.iter().rev().take_while(|len| **len <= tuning::SHORT_AXIS).count();
    let long = shape.len() - short;
    if long > 0 && shape[long - 1] >= tuning::LONG_AXIS { short } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::{Arrangement, Wanted, joined};

    /// The first of the array's axes and the end of those that each axis is made of.
    fn best(shape: &[usize], reached: &[bool], may_step: bool) -> Option<Vec<[usize; 2]>> {
        let all = vec![true; shape.len()];
        let wanted = Wanted { shape, reached, whole: &all, joined: &all, filtered: reached, may_merge: true, may_step };
        Arrangement::best(&wanted).map(|found| found.axes.iter().map(|axes| [axes.start, axes.end]).collect())
    }

    #[test]
    fn axes_become_one_where_the_window_does_not_reach() {
        assert_eq!(best(&[100, 100], &[true, true], true), None);
        assert_eq!(best(&[100, 100, 3], &[true, true, false], true), Some(vec![[0, 1], [1, 3]]));
        assert_eq!(best(&[100, 100, 3], &[true, true, false], false), Some(vec![[2, 3], [0, 1], [1, 2]]));
        assert_eq!(best(&[100, 100, 3], &[true, false, false], true), Some(vec![[0, 3]]));
        assert_eq!(best(&[100, 1000, 3], &[true, false, false], true), Some(vec![[0, 1], [1, 3]]));
        assert_eq!(best(&[64, 64, 16, 16], &[true, false, false, false], true), Some(vec![[0, 1], [1, 4]]));
        assert_eq!(best(&[100, 100], &[true, false], true), Some(vec![[0, 2]]));
        assert_eq!(best(&[100, 100, 20], &[false, false, true], true), Some(vec![[0, 1], [2, 3], [1, 2]]));
        assert_eq!(best(&[100, 100, 20], &[false, true, true], true), Some(vec![[0, 1], [2, 3], [1, 2]]));
        assert_eq!(best(&[100, 100, 20], &[true, false, true], true), Some(vec![[2, 3], [0, 1], [1, 2]]));
        assert_eq!(
            best(&[9, 100, 20, 20], &[false, true, true, true], true),
            Some(vec![[0, 1], [2, 3], [3, 4], [1, 2]])
        );
        assert_eq!(best(&[100, 1000], &[true, false], true), None);
        assert_eq!(best(&[100, 1000], &[false, false], true), Some(vec![[0, 2]]));
        assert_eq!(best(&[9, 100, 1000], &[true, false, false], true), Some(vec![[0, 1], [1, 3]]));
        assert_eq!(best(&[1000, 3], &[true, false], true), Some(vec![[0, 2]]));
        assert_eq!(best(&[], &[], true), None);
    }

    #[test]
    fn axes_that_follow_each_other_in_memory() {
        assert_eq!(joined(&[4, 5, 3], &[15, 3, 1]), [true, true, true]);
        assert_eq!(joined(&[4, 5, 3], &[30, 3, 1]), [false, true, true]);
        assert_eq!(joined(&[4, 5, 3], &[1, 4, 20]), [false, false, true]);
        assert_eq!(joined(&[4, 1, 3], &[3, 77, 1]), [true, true, true]);
        assert_eq!(joined(&[], &[]), [] as [bool; 0]);
    }

    #[test]
    fn places_and_regions() {
        let arrangement = Arrangement { axes: vec![0..0, 0..1, 1..3] };
        let shape = [7, 10, 3];
        assert_eq!(arrangement.shape(&shape), [1, 7, 30]);
        assert_eq!(arrangement.steps(&shape), [1, 1, 3]);
        assert_eq!(arrangement.places(&[0, 1, 2]), [1, 2, 0]);
        assert_eq!(arrangement.region(&shape, &[1..6, 2..9, 0..3]), [0..1, 1..6, 6..27]);
        assert_eq!(arrangement.each(&["y", "x", "c"], "-"), ["-", "y", "x"]);
    }
}
