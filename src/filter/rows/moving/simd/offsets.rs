//! Vectors at many places of a slice.

#![allow(unsafe_code, reason = "the places are checked once, not at each of them")]

use super::instructions::Lanes;

/// Places in a slice, relative to some place.
#[derive(Default)]
pub struct Offsets {
    places: Vec<usize>,
    /// None is beyond this.
    reach: usize,
}

impl FromIterator<usize> for Offsets {
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Offsets {
        let places: Vec<usize> = places.into_iter().collect();
        let reach = places.iter().copied().max().unwrap_or(0);
        Offsets { places, reach }
    }
}

/// For each lane and each limit, counts in how many of the places a number is less than that. The numbers of the first lane are at the
/// places themselves, those of the next one beside them.
#[inline(always)]
pub fn count_less<T, L: Lanes<T>, const N: usize>(
    level: L,
    numbers: &[T],
    offsets: &Offsets,
    limits: [L::Vector; N],
    counts: &mut [L::Vector; N],
) {
    assert!(offsets.reach + L::LANES <= numbers.len(), "a vector at each of the places is in the slice");
    for place in &offsets.places {
        // SAFETY: no place is beyond the reach.
        let number = level.load(unsafe { numbers.get_unchecked(*place..place + L::LANES) });
        for (count, limit) in counts.iter_mut().zip(limits) {
            *count = level.count_less(*count, number, limit);
        }
    }
}
