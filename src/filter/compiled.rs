//! Kernels as machine code: what a job needs to have made, and running what was made for rows.

use std::sync::Arc;

use super::exec::view::RawView;
use super::job::{Job, Types};
use super::options::{Function, Options};
use super::prepare::prepare_unset;
use super::progress::Progress;
use super::rows::{self, RowRun};
use crate::callback::Callback;
use crate::codegen::jit;
use crate::codegen::row::{self, RowKernel};
use crate::error::Error;
use crate::grid::boundary::Mode;
use crate::grid::cut::Cut;
use crate::grid::halo::Halo;
use crate::grid::named::named_enum;
use crate::grid::region::Region;
use crate::kernel::Kernel;
use crate::lang::hir;
use crate::plan::hoist::Hoisted;
use crate::plan::{Request, Separable, hoisted, may_have_weights, plan, separable};
use crate::tuning;

/// A kernel for rows, ready to run.
struct ReadyRows {
    kernel: Arc<RowKernel>,
    /// The values that its code calls params and weights.
    constants: Vec<f64>,
}

/// A kernel for rows, for all pixels.
pub struct Rows {
    /// For pixels all of whose cells are selected.
    whole: ReadyRows,
    /// For the others, if there can be any.
    border: Option<ReadyRows>,
}

impl Rows {
    /// The code for a job.
    pub fn new(kernel: &Kernel, job: &Job) -> Result<Rows, Error> {
        let code = |shrinking: &[usize]| -> Result<ReadyRows, Error> {
            let mut request = request(job, shrinking);
            let mut factors = factors(kernel.hir(), job, &mut request);
            let mut rows = kernel.rows(request.clone())?;
            let expected =
                |rows: &RowKernel| rows.plan.last_pass().kernel.params.len() - rows.plan.hoisted.params.len();
            if expected(&rows) != factors.len() {
                // Not all of the sums with such weights are cut.
                request.ranks.clear();
                factors.clear();
                rows = kernel.rows(request)?;
            }
            let kernel = rows;
            let mut constants = values(&kernel.plan.hoisted, job);
            // To the code they are params.
            let params = kernel.plan.hoisted.params.len();
            constants.splice(params..params, factors);
            Ok(ReadyRows { kernel, constants })
        };
        let border = if job.shrinking.is_empty() { None } else { Some(code(&job.shrinking)?) };
        Ok(Rows { whole: code(&[])?, border })
    }

    /// Computes every pixel of the job's region; the position of the first one that fails, in C order.
    pub fn run(
        &self,
        job: &Job,
        inputs: &[RawView<'_>],
        outputs: Vec<RawView<'_>>,
        progress: &Progress,
    ) -> Result<Option<Vec<usize>>, Error> {
        let all = job.domain.region();
        let inner = job.shrinking.iter().fold(all.clone(), |region, along| {
            let axis = job.axes[*along];
            region.trimmed(axis, Halo::from(job.cells.reach(*along)).interior(job.domain.shape()[axis]))
        });
        let around = self.border.iter().flat_map(|code| all.around(&inner).into_iter().map(move |part| (code, part)));
        let parts: Vec<(&ReadyRows, Region)> = around.chain([(&self.whole, inner.clone())]).collect();
        let mut failed: Option<Vec<usize>> = None;
        for (ReadyRows { kernel, constants }, region) in &parts {
            if region.pixels() == 0 || failed.as_ref().is_some_and(|failed| *failed < region.first()) {
                continue;
            }
            let run = RowRun {
                kernel,
                constants,
                domain: &job.domain,
                region,
                threads: job.threads,
                progress,
                cancel_interval: job.cancel_interval(),
            };
            let pixel = rows::run(&run, inputs, &outputs)?;
            failed = failed.into_iter().chain(pixel.map(|pixel| region.position(pixel))).min();
        }
        Ok(failed)
    }
}

/// The kernel as a callback with its parameters, and as another one for windows of fewer cells, if there can be any.
pub fn callback(kernel: &Kernel, job: &Job) -> Result<(Callback, Option<Callback>), Error> {
    kernel.check_callback()?;
    let mut callback = jit::callback(kernel.code(Some(&job.cells))?, Some(&job.cells));
    callback.set(&job.settings);
    let shorter = match job.shrinking.is_empty() && job.marked.is_none() {
        true => None,
        false => Some(kernel.callback_for_fewer(&job.settings)?),
    };
    Ok((callback, shorter))
}

/// The values of what was hoisted, in the job's run.
fn values(hoisted: &Hoisted, job: &Job) -> Vec<f64> {
    match hoisted.params.is_empty() && hoisted.weights.is_empty() {
        true => Vec::new(),
        false => hoisted.values(&job.cells, &job.settings, &job.extent()),
    }
}

/// The factors of weights that are products of a column and a row in the job's run; the request says which are.
fn factors(kernel: &hir::Kernel, job: &Job, request: &mut Request) -> Vec<f64> {
    let is_weighted = job.cells.taps() >= tuning::MIN_SEPARABLE_CELLS && may_have_weights(kernel);
    if !is_weighted || job.cut == Cut::Never {
        return Vec::new();
    }
    let hoisted = hoisted(kernel, request);
    let Separable { ranks, factors } = separable(&hoisted, request, &values(&hoisted, job));
    request.ranks = ranks;
    factors
}

/// What a job asks of a plan, for windows that lack cells along these axes.
fn request(job: &Job, shrinking: &[usize]) -> Request {
    let shape = job.domain.shape();
    let along = job.axes.iter().position(|axis| axis + 1 == shape.len());
    let farthest = along.map(|axis| job.cells.reach(axis)).map_or(0, |(before, after)| before.max(after));
    Request {
        cells: job.cells.clone(),
        shrinking: shrinking.to_vec(),
        axes: job.axes.clone(),
        ndim: shape.len(),
        adjacent_rows: Request::adjacent_rows(shape),
        reach: Request::reach(shape, farthest),
        inputs: job.types.inputs.clone(),
        outputs: job.types.outputs.clone(),
        cast: job.cast,
        outside: job.modes.contains(&Mode::Constant).then(|| job.domain.cval().to_bits()),
        precision: job.precision,
        cut: job.cut,
        ranks: Vec::new(),
        vectors: job.vectors,
        row_pixels: Request::row_pixels(shape),
    }
}

/// What [`crate::Filter::listing`] shows.
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

/// What the engine for rows makes of a kernel, for arrays of this shape and of these element types.
pub fn listing(options: &Options, listing: Listing, shape: &[usize], types: Types) -> Result<String, Error> {
    let Function::Kernel(kernel) = &options.function else {
        options.function.check_counts(types.inputs.len(), types.outputs.len())?;
        return Err(Error::argument("engine", "a callback has no plan"));
    };
    let job = prepare_unset(options, shape, types)?;
    let plan = plan(kernel.hir(), request(&job, &[]));
    match listing {
        Listing::Clif => row::clif(&plan, kernel.limits()),
        Listing::Assembly => row::assembly(&plan, kernel.limits()),
        Listing::Plan => {
            let order = match &job.axis_order {
                Some(order) => format!("axes in the order {order:?}: rows along the last would be short\n"),
                None => String::new(),
            };
            let whole = Region::whole(job.domain.shape());
            let plan = row::settled(plan, kernel.limits());
            let threads = rows::threads(&plan, &whole, job.threads);
            Ok(format!("{order}{plan}threads: {threads} for an array of shape {:?}\n", &job.domain.shape()[..job.ndim]))
        }
    }
}
