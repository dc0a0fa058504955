//! Order statistics of the pixels of a tile, which have most of their elements in common.

use cranelift_codegen::ir::Value;

use super::Emitter;
use crate::grid::lane::Lane;
use crate::networks::{Tile, Wires};

/// A register of the elements of one pixel of a tile, or of as many tiles as it has lanes.
struct Window<'t> {
    lane: Lane,
    tile: &'t Tile,
    /// Which pixel.
    pixel: (usize, usize),
    /// Its elements, in C order.
    elements: Vec<Value>,
    /// The lists that have been found for it.
    lists: Vec<Option<Vec<Value>>>,
}

impl Emitter<'_, '_> {
    /// The elements of the wanted ranks. The pixels of a pair have a half of an element's registers each.
    pub(super) fn selected_in_tile(&mut self, lane: Lane, tile: &Tile, elements: &[Vec<Value>]) -> Vec<Vec<Value>> {
        let row = self.source.row_of_call() % tile.height;
        let parts = self.width().parts(lane);
        let mut found: Vec<Vec<Value>> = Vec::new();
        for part in 0..parts {
            let mut window = Window {
                lane,
                tile,
                pixel: (row, part * tile.width / parts),
                elements: elements.iter().map(|parts| parts[part]).collect(),
                lists: vec![None; tile.len()],
            };
            let wanted = tile.found(window.pixel);
            let values = self.list(&mut window, wanted);
            found.resize(values.len(), Vec::new());
            found.iter_mut().zip(values).for_each(|(parts, value)| parts.push(value));
        }
        found
    }

    /// The values of a list. If another pixel has the same, they are what was found for that one.
    fn list(&mut self, window: &mut Window<'_>, list: usize) -> Vec<Value> {
        if let Some(values) = &window.lists[list] {
            return values.clone();
        }
        let (network, from) = window.tile.list(list);
        let mut wires = Vec::new();
        for from in from {
            match *from {
                Wires::Cell(place) => wires.push(window.elements[window.tile.cell(window.pixel, place)]),
                Wires::List(list) => wires.extend(self.list(window, list)),
            }
        }
        let given = (self.b.current_block(), std::ptr::from_ref(network), wires);
        let known = self.known.0.get(&given).cloned();
        let values = known.unwrap_or_else(|| {
            let wires = given.2.iter().map(|value| vec![*value]).collect();
            let values: Vec<Value> = self.run_network(window.lane, network, wires).concat();
            self.known.0.insert(given, values.clone());
            values
        });
        window.lists[list] = Some(values.clone());
        values
    }
}
