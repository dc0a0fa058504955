//! Kernels as machine code: what the filter needs to have made, and running what was made for rows.

use std::sync::Arc;

use super::arrays::{Input, Output};
use super::job::{Job, Types, first_failure};
use super::orientation::reordered;
use super::pixels::Run;
use super::rows::{self, RowRun};
use super::{Filter, Function};
use crate::callback::Callback;
use crate::codegen::jit;
use crate::codegen::row::{self, RowKernel};
use crate::error::Error;
use crate::grid::boundary::Mode;
use crate::grid::element::DType;
use crate::grid::named::named_enum;
use crate::grid::region::Region;
use crate::kernel::Kernel;
use crate::lang::interpret::Settings;
use crate::plan::{Request, plan};

/// A kernel for rows, ready to run.
struct ReadyRows {
    kernel: Arc<RowKernel>,
    /// The values that its code calls params and weights.
    constants: Vec<f64>,
}

/// A kernel for rows, for all pixels.
pub struct Rows {
    /// For pixels all of whose cells take part.
    whole: ReadyRows,
    /// For the others, if there can be any.
    border: Option<ReadyRows>,
}

impl Rows {
    /// The code for a job.
    pub fn new(filter: &Filter, kernel: &Kernel, job: &Job) -> Result<Rows, Error> {
        let extent: Vec<usize> = job.axes.iter().map(|axis| job.shape[*axis]).collect();
        let code = |shrinking: &[usize]| -> Result<ReadyRows, Error> {
            let kernel = kernel.rows(request(filter, job, shrinking))?;
            let constants = kernel.plan.hoisted.values(&job.cells, &job.settings, &extent);
            Ok(ReadyRows { kernel, constants })
        };
        let border = if job.shrinking.is_empty() { None } else { Some(code(&job.shrinking)?) };
        Ok(Rows { whole: code(&[])?, border })
    }

    /// Computes every pixel of the neighbourhood's region; the position of the first one that fails, in C order.
    pub fn run(
        &self,
        job: &Job,
        run: &Run<'_>,
        inputs: &[Input<'_>],
        outputs: &mut [Output<'_>],
    ) -> Result<Option<Vec<usize>>, Error> {
        let all = run.neighbourhood.region();
        let inner = job.shrinking.iter().fold(all.clone(), |region, along| {
            let (axis, (before, after)) = (job.axes[*along], job.cells.reach(*along));
            region.trimmed(axis, Region::inner(job.shape[axis], before, after))
        });
        let around = self.border.iter().flat_map(|code| all.around(&inner).into_iter().map(move |part| (code, part)));
        let parts: Vec<(&ReadyRows, Region)> = around.chain([(&self.whole, inner.clone())]).collect();
        run_parts(&parts, run, inputs, outputs)
    }
}

/// Computes regions, each with its code; the position of the first pixel that fails, of all of them in C order.
fn run_parts(
    parts: &[(&ReadyRows, Region)],
    run: &Run<'_>,
    inputs: &[Input<'_>],
    outputs: &mut [Output<'_>],
) -> Result<Option<Vec<usize>>, Error> {
    let Run { neighbourhood, threads, progress, pause, .. } = *run;
    let mut failed: Option<Vec<usize>> = None;
    for (ReadyRows { kernel, constants }, region) in parts {
        if region.pixels() == 0 || failed.as_ref().is_some_and(|failed| *failed < region.first()) {
            continue;
        }
        let rows = RowRun { kernel, constants, neighbourhood, region, threads, progress, pause };
        let position = match rows.run(inputs, outputs) {
            Err(rows::Failure::Error(error)) => return Err(error),
            Err(rows::Failure::Stop(stop)) => first_failure(Err(stop), region)?,
            Ok(()) => None,
        };
        failed = failed.into_iter().chain(position).min();
    }
    Ok(failed)
}

/// The kernel as a callback with its parameters, and as another one for windows of fewer cells, if there can be any.
pub fn callback(kernel: &Kernel, job: &Job) -> Result<(Callback, Option<Callback>), Error> {
    kernel.check_callback()?;
    let mut callback = jit::callback(kernel.code(Some(&job.cells))?, Some(&job.cells));
    callback.set(&job.settings);
    let shorter = match job.shrinking.is_empty() {
        true => None,
        false => Some(kernel.callback_for_fewer(&job.settings)?),
    };
    Ok((callback, shorter))
}

/// What the filter asks of a plan, for windows that lack cells along these axes.
fn request(filter: &Filter, job: &Job, shrinking: &[usize]) -> Request {
    let along = job.axes.iter().position(|axis| axis + 1 == job.shape.len());
    let farthest = along.map(|axis| job.cells.reach(axis)).map_or(0, |(before, after)| before.max(after));
    Request {
        cells: job.cells.clone(),
        shrinking: shrinking.to_vec(),
        axes: job.axes.clone(),
        ndim: job.shape.len().max(1),
        adjacent_rows: Request::adjacent_rows(&job.shape),
        reach: Request::reach(&job.shape, farthest),
        inputs: job.types.inputs.clone(),
        outputs: job.types.outputs.clone(),
        cast: filter.cast,
        outside: job.modes.contains(&Mode::Constant).then(|| filter.cval.to_bits()),
        precision: filter.precision,
    }
}

/// What [`Filter::listing`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listing {
    /// How the kernel is computed, and why so.
    Plan,
    /// The code in Cranelift's intermediate representation.
    Clif,
    /// The code of this machine.
    Assembly,
}

named_enum!(Listing, "listing", "a listing", "listings", [Plan: "plan", Clif: "clif", Assembly: "asm"]);

/// With the feature `jit`.
impl Filter {
    /// What the engine for rows makes of the kernel, for arrays of this shape and of these element types.
    ///
    /// ```
    /// use hoodoo::{DType, Filter, Kernel, Listing};
    ///
    /// let filter = Filter::new(&Kernel::compile("median(w)")?).size(3);
    /// let plan = filter.listing(Listing::Plan, &[512, 512], &[DType::U8], &[DType::U8])?;
    /// assert!(plan.contains("median of u8 elements: a selection network for rank 4 of 9"));
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Filter::run`]; a callback has no plan.
    pub fn listing(
        &self,
        listing: Listing,
        shape: &[usize],
        inputs: &[DType],
        outputs: &[DType],
    ) -> Result<String, Error> {
        self.check_counts(inputs.len(), outputs.len())?;
        let Function::Kernel(kernel) = &self.function else {
            return Err(Error::argument("engine", "a callback has no plan"));
        };
        if let Some((filter, order)) = self.turned(shape)? {
            let text = filter.listing(listing, &reordered(shape, &order), inputs, outputs)?;
            return Ok(match listing {
                Listing::Plan => format!("axes in the order {order:?}: rows along the last would be short\n{text}"),
                _ => text,
            });
        }
        let types = Types { inputs: inputs.to_vec(), outputs: outputs.to_vec() };
        let job = self.job(shape, types, |_| Ok(Settings::default()))?;
        let plan = plan(kernel.hir(), request(self, &job, &[]));
        match listing {
            Listing::Plan => {
                let threads = rows::threads(&plan, &Region::whole(shape), self.most_threads());
                Ok(format!("{plan}threads: {threads} for an array of shape {shape:?}\n"))
            }
            Listing::Clif => row::clif(&plan, kernel.limits()),
            Listing::Assembly => row::assembly(&plan, kernel.limits()),
        }
    }
}
