//! Sorting and selection networks: which minima and maxima give the order statistics of a few values.
//!
//! A network is a fixed sequence of steps on numbered wires, so it needs neither branches nor memory, and serves as many
//! windows at once as a register has lanes. Nothing here knows how a step becomes an instruction.

mod build;
mod known;
mod network;
mod select;
#[cfg(test)]
mod tests;
mod tile;

pub use self::network::{Network, Step};
pub use self::select::{Overlapping, merge, select, select_overlapping, sort};
pub use self::tile::{Tile, Wires};
