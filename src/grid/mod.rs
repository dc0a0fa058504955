//! Neighbourhoods on n-dimensional grids: which cells, what is outside the array, and what the elements are.

pub mod boundary;
pub mod copies;
pub mod cut;
pub mod element;
pub mod footprint;
pub mod half;
pub mod halo;
pub mod lane;
pub mod named;
pub mod per_axis;
pub mod region;
pub mod shapes;
pub mod vectors;
