//! What the benchmarks share.

#![allow(dead_code, reason = "each benchmark uses a part")]

#[path = "../../src/bin/hoodoo/erosion.rs"]
pub mod erosion;
#[path = "../../src/bin/hoodoo/handwritten.rs"]
pub mod handwritten;
#[path = "../../src/bin/hoodoo/tuned.rs"]
pub mod tuned;
#[path = "../../src/bin/hoodoo/workloads.rs"]
pub mod workloads;

/// The same random values in every run.
const SEED: u64 = 7;

/// Random values in 0..1.
pub fn random_values(count: usize) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(SEED);
    (0..count).map(|_| random.f64()).collect()
}
