//! Boxes of pixels.

use std::ops::Range;

/// A box of pixels: their indices along each axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// From where to where along each axis; one axis at least.
    pub axes: Vec<Range<usize>>,
}

impl Region {
    /// All pixels of an array of this shape; a single value is a row of one.
    pub fn whole(shape: &[usize]) -> Region {
        let shape = if shape.is_empty() { &[1] } else { shape };
        Region { axes: shape.iter().map(|len| 0..*len).collect() }
    }

    /// Only the pixels with these indices along an axis, of those that there are.
    pub fn trimmed(mut self, axis: usize, indices: Range<usize>) -> Region {
        let Range { start, end } = self.axes[axis];
        self.axes[axis] = indices.start.clamp(start, end)..indices.end.clamp(start, end);
        self
    }

    /// The same pixels of an array whose last axis is this one, in whose place is the last one.
    pub fn turned(&self, axis: usize) -> Region {
        let mut turned = self.clone();
        turned.axes.swap(axis, self.axes.len() - 1);
        turned
    }

    /// So many boxes that have the same pixels, about as many each, side by side along the last axis.
    pub fn divided(&self, count: usize) -> Vec<Region> {
        let (last, row) = (self.axes.len() - 1, self.row());
        let step = row.len().div_ceil(count.max(1)).max(1);
        let starts = row.clone().step_by(step);
        starts.map(|start| self.clone().trimmed(last, start..row.end.min(start + step))).collect()
    }

    /// The number of pixels.
    pub fn pixels(&self) -> usize {
        self.axes.iter().fold(1, |pixels: usize, range| pixels.saturating_mul(range.len()))
    }

    /// The number of pixels along an axis.
    pub fn len(&self, axis: usize) -> usize {
        self.axes[axis].len()
    }

    /// The indices along the last axis.
    pub fn row(&self) -> Range<usize> {
        self.axes[self.axes.len() - 1].clone()
    }

    /// The index of the first pixel along each axis.
    pub fn first(&self) -> Vec<usize> {
        self.axes.iter().map(|range| range.start).collect()
    }

    /// The number of a pixel in C order, from its index along each axis.
    pub fn number(&self, position: impl IntoIterator<Item = usize>) -> usize {
        let places = position.into_iter().zip(&self.axes).map(|(index, range)| (index - range.start, range.len()));
        places.fold(0, |number, (place, len)| number * len + place)
    }

    /// The index of a pixel along each axis, from its number in C order.
    pub fn position(&self, pixel: usize) -> Vec<usize> {
        let mut position = self.first();
        let mut rest = pixel;
        for (index, range) in position.iter_mut().zip(&self.axes).rev() {
            *index += rest % range.len();
            rest /= range.len();
        }
        position
    }

    /// What is left without `inner`, a box inside this one, as boxes that have pixels: for each axis at most one before it
    /// and one after it, as long as they can be along the axes after that one.
    pub fn around(&self, inner: &Region) -> Vec<Region> {
        let mut around = Vec::new();
        let mut rest = self.clone();
        for (axis, inner) in inner.axes.iter().enumerate() {
            let outer = rest.axes[axis].clone();
            for part in [outer.start..inner.start, inner.end..outer.end] {
                rest.axes[axis] = part;
                if rest.pixels() > 0 {
                    around.push(rest.clone());
                }
            }
            rest.axes[axis] = inner.clone();
        }
        around
    }
}

#[cfg(test)]
mod tests {
    use super::Region;

    /// The boxes around a box have every other pixel once, whatever is empty.
    #[test]
    fn around_a_box_is_everything_else() {
        let outer = Region { axes: vec![1..5, 0..4, 2..6] };
        let ranges = |range: &std::ops::Range<usize>| {
            let range = range.clone();
            range.clone().chain([range.end]).flat_map(move |start| (start..=range.end).map(move |end| start..end))
        };
        for z in ranges(&outer.axes[0]) {
            for y in ranges(&outer.axes[1]) {
                for x in [2..6, 3..5, 4..4, 2..2, 6..6] {
                    let inner = Region { axes: vec![z.clone(), y.clone(), x] };
                    let mut boxes = outer.around(&inner);
                    assert!(boxes.len() <= 6);
                    boxes.push(inner);
                    let pixels =
                        |region: &Region| (0..region.pixels()).map(|pixel| region.position(pixel)).collect::<Vec<_>>();
                    let mut found: Vec<Vec<usize>> = boxes.iter().flat_map(pixels).collect();
                    found.sort();
                    assert_eq!(found, pixels(&outer), "{boxes:?}");
                }
            }
        }
    }

    #[test]
    fn pixels_have_numbers() {
        let region = Region { axes: vec![1..4, 0..1, 2..7] };
        for number in 0..region.pixels() {
            assert_eq!(region.number(region.position(number)), number);
        }
    }

    #[test]
    fn a_box_that_is_trimmed_away_is_empty() {
        assert_eq!(Region::whole(&[3, 4]).trimmed(1, 2..2).pixels(), 0);
        assert_eq!(Region::whole(&[3, 4]).trimmed(1, 1..2).axes, [0..3, 1..2]);
        assert_eq!(Region::whole(&[]).position(0), [0]);
    }
}
