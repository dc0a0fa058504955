//! Code for rows with the values of what it was made for, ready to run on any box of pixels.

use std::sync::{Arc, OnceLock};

use super::requests::{Elements, Factored, values, with_factors};
use crate::codegen::row::RowKernel;
use crate::error::Error;
use crate::filter::exec::pool::in_bands;
use crate::filter::exec::view::RawView;
use crate::filter::job::Job;
use crate::filter::progress::Progress;
use crate::filter::rows::{self, RowRun};
use crate::grid::region::Region;
use crate::kernel::Kernel;
use crate::plan::Request;
use crate::tuning;

/// A kernel for rows, ready to run.
pub struct ReadyRows {
    pub kernel: Arc<RowKernel>,
    /// Whether its code is right for moderate elements only.
    pub is_for_moderate: bool,
    /// The values that its code calls params and weights.
    constants: Vec<f64>,
}

impl ReadyRows {
    /// The code for a request about a job with such elements.
    pub fn new(kernel: &Kernel, job: &Job, request: Request, elements: Elements) -> Result<ReadyRows, Error> {
        let make = |request| kernel.rows(request);
        let made = with_factors(kernel.hir(), job, request, elements, make, |rows| &rows.plan)?;
        let Factored { made: kernel, factors, moderate } = made;
        let mut constants = values(&kernel.plan.hoisted, job);
        // To the code they are params.
        let params = kernel.plan.hoisted.params.len();
        constants.splice(params..params, factors);
        Ok(ReadyRows { kernel, is_for_moderate: moderate, constants })
    }

    /// Computes every pixel of a region; the position of the first one that fails, in C order. Where there are fewer rows than threads
    /// that are worth their while, rows are divided.
    pub fn run(
        &self,
        job: &Job,
        region: &Region,
        inputs: &[RawView<'_>],
        outputs: &[RawView<'_>],
        progress: &Progress,
    ) -> Result<Option<Vec<usize>>, Error> {
        let plan = &self.kernel.plan;
        let threads = rows::threads(plan, region, job.threads);
        let part = |region: &Region, threads: usize| {
            let run = RowRun {
                kernel: &self.kernel,
                constants: &self.constants,
                domain: &job.domain,
                region,
                copies: job.copies,
                threads,
                progress,
                cancel_interval: job.cancel_interval(),
            };
            Ok(rows::run(&run, inputs, outputs)?.map(|pixel| region.position(pixel)))
        };
        let wanted = rows::threads_by_parts(plan, region, job.threads);
        if wanted <= threads {
            return part(region, threads);
        }
        // What parts have in common at their ends is read and made for each.
        let bands = if plan.reads.halo.is_empty() { tuning::BANDS_PER_THREAD } else { 1 };
        let parts = region.divided((bands * wanted).min(region.row().len() / tuning::MIN_DIVIDED_ROW));
        let found: Vec<OnceLock<Result<Option<Vec<usize>>, Error>>> = parts.iter().map(|_| OnceLock::new()).collect();
        let one = |number: usize| {
            // Each part is taken once.
            let _ = found[number].set(part(&parts[number], 1));
        };
        in_bands(parts.len(), wanted, 1, || (), |(), numbers| numbers.for_each(one));
        let mut failed: Option<Vec<usize>> = None;
        for result in found.into_iter().filter_map(OnceLock::into_inner) {
            failed = failed.into_iter().chain(result?).min();
        }
        Ok(failed)
    }
}
