//! What histograms of columns count.

use super::keys::Sortable;

/// The elements around a block by ranks of 8 bits, which some may share: rows of each plane one after the other.
#[derive(Default)]
pub struct Bytes {
    /// Their ranks.
    ranks: Vec<u8>,
    /// For each 0 if it is not selected, where that is asked.
    selected: Option<Vec<u8>>,
    /// How many are in a row, and how many rows in a plane.
    width: usize,
    height: usize,
}

/// A row of them.
pub struct Row<'b> {
    pub ranks: &'b [u8],
    pub selected: Option<&'b [u8]>,
}

impl Bytes {
    /// Begins with so many rows of so many elements in each of some planes, all of which are selected or not.
    pub fn begin(&mut self, planes: usize, height: usize, width: usize, filtered: bool) {
        (self.height, self.width) = (height, width);
        self.ranks.resize(planes * height * width, 0);
        self.selected = filtered.then(|| {
            let mut selected = self.selected.take().unwrap_or_default();
            selected.resize(planes * height * width, 0);
            selected
        });
    }

    /// Takes a row of elements, with whether each is selected.
    pub fn take<T: Sortable>(&mut self, row: &[T], selected: Option<&[u8]>, plane: usize, y: usize) {
        let first = (plane * self.height + y) * self.width;
        for (rank, element) in self.ranks[first..][..self.width].iter_mut().zip(row) {
            *rank = element.key().into() as u8;
        }
        if let (Some(selected), Some(to)) = (selected, &mut self.selected) {
            to[first..][..self.width].copy_from_slice(selected);
        }
    }

    /// Takes an element that is selected by its place, counted in order, and its rank.
    pub fn put(&mut self, place: usize, rank: u8) {
        self.ranks[place] = rank;
        if let Some(selected) = &mut self.selected {
            selected[place] = 1;
        }
    }

    /// Takes the place of one that is not selected, after all that are.
    pub fn leave_out(&mut self, place: usize) {
        let len = self.ranks.len();
        self.selected.get_or_insert_with(|| vec![1; len])[place] = 0;
    }

    #[inline(always)]
    pub fn row(&self, plane: usize, y: usize) -> Row<'_> {
        let places = (plane * self.height + y) * self.width..(plane * self.height + y + 1) * self.width;
        Row { ranks: &self.ranks[places.clone()], selected: self.selected.as_ref().map(|selected| &selected[places]) }
    }
}
