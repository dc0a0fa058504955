//! The cells of a window on an array, and which of them are selected.

use std::collections::HashMap;
use std::ops::Range;

use crate::filter::exec::domain::Domain;
use crate::filter::options::Marked;
use crate::grid::halo::Halo;

/// The cells of a window on the arrays of a domain.
pub struct Neighbourhood<'a> {
    domain: &'a Domain,
    /// The distinct offsets of the cells along all axes but the last.
    rows: Vec<Vec<isize>>,
    /// For each cell, its entry in `rows`, and its offset along the last axis.
    cells: Vec<(usize, isize)>,
}

impl<'a> Neighbourhood<'a> {
    /// The cells at `offsets`, each with one number for every axis of the domain, which has pixels.
    pub fn new(domain: &'a Domain, offsets: impl Iterator<Item = Vec<isize>>) -> Neighbourhood<'a> {
        let mut rows: Vec<Vec<isize>> = Vec::new();
        let mut known: HashMap<Vec<isize>, usize> = HashMap::new();
        let cells = offsets
            .map(|mut outer| {
                let along_row = outer.pop().unwrap_or(0);
                let row = *known.entry(outer).or_insert_with_key(|outer| {
                    rows.push(outer.clone());
                    rows.len() - 1
                });
                (row, along_row)
            })
            .collect();
        Neighbourhood { domain, rows, cells }
    }

    /// The array's shape and what is around it.
    pub fn domain(&self) -> &'a Domain {
        self.domain
    }

    /// The distinct offsets of the cells along all axes but the last.
    pub fn rows(&self) -> &[Vec<isize>] {
        &self.rows
    }

    /// For each cell, which of the rows it is in, and its offset along the last axis.
    pub fn cells(&self) -> &[(usize, isize)] {
        &self.cells
    }

    /// Whether a row of cells of the row of pixels at `position` is not selected.
    pub fn lacks_rows(&self, position: &[usize]) -> bool {
        self.rows.iter().any(|row| self.lacks(position, row))
    }

    /// Whether cells at `offset` from `position`, along the axes that it has, are not selected.
    fn lacks(&self, position: &[usize], offset: &[isize]) -> bool {
        let axes = self.domain.shrinking().iter().filter(|axis| **axis < offset.len());
        axes.into_iter().any(|axis| self.domain.is_beyond(*axis, position[*axis], offset[*axis]))
    }

    /// Moves the cells that are selected from the window of pixel `x` of the row at `position` to the front; their number.
    pub fn compact(&self, position: &[usize], x: usize, window: &mut [f64]) -> usize {
        let last = self.domain.ndim() - 1;
        let along_row = self.domain.shrinking().contains(&last);
        let mut kept = 0;
        for (index, (row, along)) in self.cells.iter().enumerate() {
            let missing = self.lacks(position, &self.rows[*row]) || along_row && self.domain.is_beyond(last, x, *along);
            if !missing {
                window[kept] = window[index];
                kept += 1;
            }
        }
        kept
    }

    /// As [`Neighbourhood::compact`], without the cells that have no value either.
    pub fn compact_present(&self, position: &[usize], x: usize, window: &mut [f64], marked: &Marked) -> usize {
        let last = self.domain.ndim() - 1;
        let along_row = self.domain.shrinking().contains(&last);
        let mut kept = 0;
        let mut place = vec![0; last + 1];
        for (index, (row, along)) in self.cells.iter().enumerate() {
            let row = &self.rows[*row];
            let beyond = self.lacks(position, row) || along_row && self.domain.is_beyond(last, x, *along);
            let offsets = row.iter().enumerate().map(|(axis, offset)| (axis, position[axis] as isize + offset));
            let mut inside = true;
            for (axis, at) in offsets.chain([(last, x as isize + along)]) {
                match self.domain.index(axis, at) {
                    Some(at) => place[axis] = at as usize,
                    None => inside = false,
                }
            }
            let missing = inside && marked.missing[place.as_slice()];
            if !beyond && !missing {
                window[kept] = window[index];
                kept += 1;
            }
        }
        kept
    }

    /// The pixels of a row whose windows cross neither end of it.
    pub fn interior(&self) -> Range<usize> {
        Halo::of(self.cells.iter().map(|(_, along_row)| *along_row)).interior(self.domain.row_len())
    }
}
