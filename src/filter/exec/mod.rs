//! What the drivers for pixels and for rows have in common: threads, arrays as memory, and what is around an array.

pub mod domain;
pub mod pool;
pub mod view;
