//! The driver that visits pixel after pixel: gathers each window as f64s and has it evaluated.
//!
//! Along the last axis, the pixels whose window does not cross an end are visited without a test: the address of each
//! cell is that of the pixel plus a constant, even where the row itself is near another edge of the array, because the
//! row's constants are made for it. The few pixels at the two ends ask for each cell where it is. Memory: two numbers for
//! each cell, and for each thread a window and the results of a few thousand pixels.

pub mod evaluate;
pub mod gather;
pub mod neighbourhood;
mod store;
pub mod visit;

use self::evaluate::Evaluate;
use self::store::Store;
use self::visit::{PixelRun, Visit};
use super::exec::pool::{Verdict, in_bands};
use super::exec::view::RawView;
use crate::error::Error;
use crate::lang::stop::watched;
use crate::tuning;

/// Evaluates every pixel of the domain's region, with one evaluator for each of `threads` threads at most; the number of the
/// first that fails, in C order.
///
/// Inputs must have the domain's shape, and outputs that of its region. After a failure, the pixels before the failing one
/// are written, the failing one is not, and later ones may be. With one thread, pixels are visited in C order.
pub fn run<E: Evaluate>(
    run: &PixelRun<'_>,
    threads: usize,
    inputs: &[RawView<'_>],
    outputs: Vec<RawView<'_>>,
    evaluator: impl Fn() -> E + Sync,
) -> Result<Option<usize>, Error> {
    let region = run.neighbourhood.domain().region();
    let outputs: Vec<Store<'_>> = outputs.into_iter().map(|output| Store::new(output, region)).collect();
    let verdict = Verdict::new(run.progress);
    let visit = Visit { run, inputs, outputs: &outputs, verdict: &verdict };
    let pixels = region.pixels();
    let threads = threads.min(pixels.div_ceil(tuning::MIN_BAND));
    in_bands(pixels, threads, tuning::MIN_BAND, evaluator, |evaluator, band| {
        watched(&|| verdict.look(), || visit.band(band, evaluator));
    });
    verdict.into_result()
}
