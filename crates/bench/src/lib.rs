//! What Hoodoo is timed with: kernels, images, and the same filters written by hand.
//!
//! `hoodoo demo` and `hoodoo bench` show the times, and the benchmarks in `benches/` have them taken by Criterion.
//!
//! - [`workloads`]: what is timed, and [`workload`]: how, in turns.
//! - [`erosion`]: one filter in every way that there is. [`handwritten`], [`tuned`]: the others as one would write them, and as
//!   fast as the author could make them.
//! - [`growth`]: how times grow with windows, images, threads and kernels.

#![deny(missing_docs, unsafe_code)]

pub mod erosion;
pub mod error;
pub mod growth;
pub mod handwritten;
pub mod tuned;
pub mod workload;
pub mod workloads;
