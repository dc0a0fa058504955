//! How far something reaches around a pixel along an axis.

use std::ops::Range;

/// So many places before a pixel, and so many after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Halo {
    /// How far it reaches toward lower indices.
    pub before: usize,
    /// How far it reaches toward higher indices.
    pub after: usize,
}

impl Halo {
    /// The pixel itself.
    pub const NONE: Halo = Halo { before: 0, after: 0 };

    /// What the pixel and these offsets from it reach.
    pub fn of(offsets: impl IntoIterator<Item = isize>) -> Halo {
        offsets.into_iter().fold(Halo::NONE, |halo, offset| Halo {
            before: halo.before.max((-offset).max(0).unsigned_abs()),
            after: halo.after.max(offset.max(0).unsigned_abs()),
        })
    }

    /// What one or the other reaches.
    pub fn union(self, other: Halo) -> Halo {
        Halo { before: self.before.max(other.before), after: self.after.max(other.after) }
    }

    /// What the other reaches around any place that this one reaches.
    pub fn grow(self, other: Halo) -> Halo {
        Halo { before: self.before + other.before, after: self.after + other.after }
    }

    /// The number of places besides the pixel.
    pub fn len(self) -> usize {
        self.before + self.after
    }

    /// Whether it is the pixel itself and no more.
    pub fn is_empty(self) -> bool {
        self == Halo::NONE
    }

    /// Of `len` indices, those around which everything that is reached is among them as well.
    pub fn interior(self, len: usize) -> Range<usize> {
        let start = self.before.min(len);
        start..len.saturating_sub(self.after).max(start)
    }
}

/// From how far it reaches before the pixel, and after it.
impl From<(usize, usize)> for Halo {
    fn from((before, after): (usize, usize)) -> Halo {
        Halo { before, after }
    }
}

#[cfg(test)]
mod tests {
    use super::Halo;

    #[test]
    fn offsets_reach_both_ways() {
        assert_eq!(Halo::of([]), Halo::NONE);
        assert_eq!(Halo::of([3, 5]), Halo { before: 0, after: 5 });
        assert_eq!(Halo::of([-2, 1, -7]), Halo { before: 7, after: 1 });
        let (left, right) = (Halo::of([-4, 1]), Halo::of([-1, 2]));
        assert_eq!(left.union(right), Halo { before: 4, after: 2 });
        assert_eq!(left.grow(right), Halo { before: 5, after: 3 });
        assert_eq!((left.len(), left.is_empty(), Halo::NONE.is_empty()), (5, false, true));
    }

    /// The interior is a range of indices even where it is empty.
    #[test]
    fn an_interior_is_inside() {
        assert_eq!(Halo::from((1, 2)).interior(4), 1..2);
        for halo in [(2, 2), (5, 0), (0, 5), (9, 9)].map(Halo::from) {
            let inner = halo.interior(4);
            assert!(inner.is_empty() && inner.end <= 4, "{inner:?}");
        }
    }
}
