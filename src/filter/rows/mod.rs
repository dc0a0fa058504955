//! The driver that computes row after row with a [`RowKernel`].
//!
//! A row of cells is a stretch of the array itself, where its layout and element type allow: an outer boundary only picks
//! another row, or a row of `cval`. The code reads beyond both ends of the run that it computes, so the two ends of each row
//! are copied, with what the boundary mode puts beyond them; an array with another layout, or whose elements must be
//! converted, is copied row by row as a whole. Each thread keeps the copies that the next rows of pixels need as well.
//! Memory: for each thread, a few ends or rows for each row of the footprint, and a row for each output that is not written
//! directly.

mod layout;
mod reading;
mod ring;
mod source;
mod target;
mod worker;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use self::layout::{Layout, Order, SHORT_ROW, inside};
use self::reading::Readings;
use self::source::{Array, RowSource};
use self::target::Target;
use self::worker::{Bands, Worker};
use super::arrays::{Input, Output, for_any};
use super::pixels::{Neighbourhood, Stop};
use super::progress::Progress;
use crate::codegen::row::RowKernel;
use crate::error::Error;
use crate::grid::element::Precision;
use crate::grid::region::Region;
use crate::plan::Plan;

/// How many pixels are computed before a cancellation is seen, at most.
const MAX_RUN: usize = 1 << 16;

/// Outputs of at least this many bytes don't stay in the cache, so writing past it spares reading them first.
const STREAMED_BYTES: usize = 1 << 24;

/// How much work is worth a thread: pixels times cells.
const MIN_WORK: usize = 1 << 17;

/// How to run.
pub struct RowRun<'a> {
    /// The code.
    pub kernel: &'a RowKernel,
    /// The values of the hoisted params and weights.
    pub constants: &'a [f64],
    /// The array's shape and what is outside it.
    pub neighbourhood: &'a Neighbourhood,
    /// The pixels to compute; some of those that the outputs have, by their indices in the inputs.
    pub region: &'a Region,
    /// The greatest number of threads.
    pub threads: usize,
    /// Where to report and to be cancelled.
    pub progress: &'a Progress,
    /// How many pixels may be computed before a cancellation is seen; a block of them is always computed.
    pub pause: usize,
}

/// Why a run stopped early.
pub enum Failure {
    /// A pixel failed, or the run was cancelled.
    Stop(Stop),
    /// No code could be made for elements that are not finite.
    Error(Error),
}

impl RowRun<'_> {
    /// Computes every pixel of the region. Inputs have the neighbourhood's shape, outputs that of its region, and both the
    /// element types of the plan.
    pub fn run(&self, inputs: &[Input<'_>], outputs: &mut [Output<'_>]) -> Result<(), Failure> {
        let pass = &self.kernel.plan.passes[0];
        let targets: Vec<Target> =
            outputs.iter_mut().map(|output| for_any!(Output, output, view => Target::new(view, self))).collect();
        let sources: Vec<Box<dyn RowSource + '_>> = inputs
            .iter()
            .zip(&pass.inputs)
            .map(|(input, source)| -> Box<dyn RowSource> {
                for_any!(Input, input, view => Box::new(Array::new(view, *source, self.neighbourhood.outside())))
            })
            .collect();
        let layout = Layout::new(pass, self, sources.iter().any(|source| source.is_direct()));
        let bands = Bands {
            run: self,
            pass,
            readings: Readings::new(pass, &sources, self.neighbourhood, &layout),
            inside: inside(pass, self.neighbourhood, self.region.axes.len() - 1),
            order: Order::new(pass, self.region, &layout),
            sources,
            streamed: targets
                .iter()
                .zip(&pass.outputs)
                .map(|(target, sink)| {
                    let bytes = |pixels: usize| pixels * target.element_bytes;
                    // Short rows are worth it where they follow each other.
                    let long = bytes(layout.len) > SHORT_ROW || target.row_stride() == layout.len as isize;
                    let large = bytes(self.region.pixels()) >= STREAMED_BYTES && long;
                    cfg!(target_arch = "x86_64") && sink.is_native() && target.stride() == 1 && large
                })
                .collect(),
            targets,
            layout,
            constants_finite: self.constants.iter().all(|value| match self.kernel.plan.request.precision {
                Precision::Exact => value.is_finite(),
                Precision::Single => (*value as f32).is_finite(),
            }),
            failed: AtomicUsize::new(usize::MAX),
            error: OnceLock::new(),
        };
        let groups = bands.order.groups();
        let threads = threads(&self.kernel.plan, self.region, self.threads);
        if threads == 1 {
            Worker::new(&bands).band(0..groups);
        } else {
            // More bands than threads, so that a thread that is held up does not hold up the others.
            let band = groups.div_ceil(8 * threads);
            let next = AtomicUsize::new(0);
            rayon::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|_| {
                        let mut worker = Worker::new(&bands);
                        loop {
                            let start = next.fetch_add(band, Ordering::Relaxed);
                            if start >= groups {
                                break;
                            }
                            worker.band(start..groups.min(start + band));
                        }
                    });
                }
            });
        }
        match (bands.error.into_inner(), bands.failed.into_inner()) {
            (Some(error), _) => Err(Failure::Error(error)),
            _ if self.progress.is_cancelled() => Err(Failure::Stop(Stop::Cancelled)),
            (None, usize::MAX) => Ok(()),
            (None, pixel) => Err(Failure::Stop(Stop::Failed(pixel))),
        }
    }
}

/// How many threads are worth their while for the pixels of a region, of `most`.
pub fn threads(plan: &Plan, region: &Region, most: usize) -> usize {
    let pass = &plan.passes[0];
    let work = region.pixels().saturating_mul(pass.cells.len().max(1));
    let rows = region.pixels() / region.row().len().max(1);
    most.min(work / MIN_WORK).min(rows.div_ceil(pass.rows_per_call)).max(1)
}
