//! Kernels as machine code: what a job needs to have made, and running what was made for rows.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::exec::pool::in_bands;
use super::exec::view::RawView;
use super::job::Job;
use super::options::Function;
use super::progress::Progress;
use super::rows::{self, RowRun};
use crate::callback::Callback;
use crate::codegen::jit;
use crate::codegen::row::RowKernel;
use crate::error::Error;
use crate::grid::boundary::Mode;
use crate::grid::cut::Cut;
use crate::grid::element::DType;
use crate::grid::halo::Halo;
use crate::grid::region::Region;
use crate::kernel::Kernel;
use crate::lang::hir;
use crate::lang::interpret::Settings;
use crate::lang::specialize::params_of_ranks;
use crate::lang::stop::watched;
use crate::plan::hoist::Hoisted;
use crate::plan::{Plan, Request, Separable, has_networks, hoisted, may_have_weights, separable, tiles_large_windows};
use crate::tuning;

/// A kernel for rows, ready to run.
struct ReadyRows {
    kernel: Arc<RowKernel>,
    /// The values that its code calls params and weights.
    constants: Vec<f64>,
}

/// A kernel for rows, for all pixels.
pub struct Rows {
    /// For pixels whose cells need no thought: all of them are selected, and those outside the array, if there are some, are such
    /// as elements are.
    whole: ReadyRows,
    /// For the others, if there can be any, along these axes of the window.
    border: Option<(ReadyRows, Vec<usize>)>,
    /// If windows move for order statistics for which there could be networks, the count of such pixels.
    moved: Option<Arc<AtomicUsize>>,
    /// The code with those networks, once there were so many pixels that it would have been worth its making.
    with_networks: OnceLock<Box<Rows>>,
    /// Whether some thread makes it.
    making: AtomicBool,
}

impl Rows {
    /// The code for a job.
    pub fn new(kernel: &Kernel, job: &Job) -> Result<Rows, Error> {
        let requests = Requests::of(job);
        let large = requests.whole.network > tuning::MAX_NETWORK || job.cells.taps() >= tuning::TALL_COLUMN;
        match Rows::of(kernel, job, requests) {
            // Without large networks, and with loops instead of tall columns, there is less code.
            Err(Error::Limit { .. }) if large => {
                kernel.moved(&job.cells, &job.types.inputs).store(0, Ordering::Relaxed);
                Rows::of(kernel, job, Requests::of(job).with_less_code())
            }
            made => made,
        }
    }

    fn of(kernel: &Kernel, job: &Job, Requests { whole, border }: Requests) -> Result<Rows, Error> {
        let code = |request: Request| -> Result<ReadyRows, Error> {
            let made = with_factors(kernel.hir(), job, request, |request| kernel.rows(request), |rows| &rows.plan)?;
            let (kernel, factors) = made;
            let mut constants = values(&kernel.plan.hoisted, job);
            // To the code they are params.
            let params = kernel.plan.hoisted.params.len();
            constants.splice(params..params, factors);
            Ok(ReadyRows { kernel, constants })
        };
        let border = border.map(|(request, axes)| Ok::<_, Error>((code(request)?, axes))).transpose()?;
        let whole = code(whole)?;
        let could_have_networks = job.cut == Cut::Auto && gains_networks(kernel.hir(), &whole.kernel.plan);
        let moved = could_have_networks.then(|| kernel.moved(&job.cells, &job.types.inputs));
        Ok(Rows { whole, border, moved, with_networks: OnceLock::new(), making: AtomicBool::new(false) })
    }

    /// Computes every pixel of the job's region; the position of the first one that fails, in C order.
    pub fn run(
        &self,
        job: &Job,
        inputs: &[RawView<'_>],
        outputs: Vec<RawView<'_>>,
        progress: &Progress,
    ) -> Result<Option<Vec<usize>>, Error> {
        let Some(moved) = &self.moved else { return self.run_as_it_is(job, inputs, outputs, progress) };
        let pixels = job.domain.region().pixels();
        let is_worth_it = is_worth_networks(job, pixels.saturating_add(moved.load(Ordering::Relaxed)));
        if self.with_networks.get().is_none() && is_worth_it && !self.making.swap(true, Ordering::Relaxed) {
            let made = self.made_with_networks(job, progress);
            self.making.store(false, Ordering::Relaxed);
            // Another thread can't have made it meanwhile.
            let _ = self.with_networks.set(Box::new(made?));
        }
        if let Some(rows) = self.with_networks.get() {
            return rows.run_as_it_is(job, inputs, outputs, progress);
        }
        let failed = self.run_as_it_is(job, inputs, outputs, progress)?;
        moved.fetch_add(pixels, Ordering::Relaxed);
        Ok(failed)
    }

    fn made_with_networks(&self, job: &Job, progress: &Progress) -> Result<Rows, Error> {
        let Function::Kernel(kernel) = &job.function else { unreachable!("callbacks have no rows") };
        let made = watched(&|| progress.is_cancelled(), || Rows::new(kernel, job))?;
        // What ended early may have any values.
        if progress.is_cancelled() { Err(Error::Cancelled) } else { Ok(made) }
    }

    fn run_as_it_is(
        &self,
        job: &Job,
        inputs: &[RawView<'_>],
        outputs: Vec<RawView<'_>>,
        progress: &Progress,
    ) -> Result<Option<Vec<usize>>, Error> {
        let all = job.domain.region();
        let Some((border, axes)) = &self.border else {
            return self.whole.run(job, all, inputs, &outputs, progress);
        };
        let inner = axes.iter().fold(all.clone(), |region, along| {
            let axis = job.axes[*along];
            region.trimmed(axis, Halo::from(job.cells.reach(*along)).interior(job.domain.shape()[axis]))
        });
        let around = all.around(&inner).into_iter().map(|part| (border, part));
        let parts: Vec<(&ReadyRows, Region)> = around.chain([(&self.whole, inner.clone())]).collect();
        let mut failed: Option<Vec<usize>> = None;
        for (code, region) in &parts {
            if region.pixels() == 0 || failed.as_ref().is_some_and(|failed| *failed < region.first()) {
                continue;
            }
            failed = failed.into_iter().chain(code.run(job, region, inputs, &outputs, progress)?).min();
        }
        Ok(failed)
    }
}

impl ReadyRows {
    /// Computes every pixel of a region; the position of the first one that fails, in C order. Where there are fewer rows than threads
    /// that are worth their while, rows are divided.
    fn run(
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

/// What a job asks of plans.
pub struct Requests {
    /// For pixels whose cells need no thought.
    pub whole: Request,
    /// For the others, if there can be any, along these axes of the window.
    border: Option<(Request, Vec<usize>)>,
}

impl Requests {
    /// Those of a job.
    pub fn of(job: &Job) -> Requests {
        let foreign = foreign_axes(job);
        let whole = Request { shrinking: Vec::new(), asked: Vec::new(), ..request(job) };
        if job.shrinking.is_empty() && job.asked.is_empty() && foreign.is_empty() {
            return Requests { whole, border: None };
        }
        let outside = whole.outside.filter(|_| foreign.is_empty());
        let mut axes = [&job.shrinking[..], &job.asked, &foreign].concat();
        axes.sort_unstable();
        axes.dedup();
        Requests { whole: Request { outside, ..whole }, border: Some((request(job), axes)) }
    }

    /// The same with networks and columns for small windows only.
    fn with_less_code(self) -> Requests {
        let (network, column) = (tuning::MAX_NETWORK, tuning::MAX_UNROLLED_CELLS);
        let border = self.border.map(|(request, axes)| (Request { network, column, ..request }, axes));
        Requests { whole: Request { network, column, ..self.whole }, border }
    }
}

/// Whether there could be networks for order statistics for which windows move in a plan.
fn gains_networks(kernel: &hir::Kernel, plan: &Plan) -> bool {
    let request = Request { network: tuning::MAX_TILED_NETWORK, ..plan.request.clone() };
    !plan.moving.is_empty()
        && plan.request.network < request.network
        && has_networks(&plan.hoisted.kernel, &request)
        && tiles_large_windows(kernel, &request)
}

/// What is made of a request that says which weights are products in the job's run, and their factors.
pub fn with_factors<T>(
    kernel: &hir::Kernel,
    job: &Job,
    mut request: Request,
    make: impl Fn(Request) -> Result<T, Error>,
    plan: impl Fn(&T) -> &Plan,
) -> Result<(T, Vec<f64>), Error> {
    let factors = factors(kernel, job, &mut request);
    let made = make(request.clone())?;
    if plan(&made).factors == factors.len() {
        return Ok((made, factors));
    }
    // Not all of the sums with such weights are cut.
    request.ranks.clear();
    Ok((make(request)?, Vec::new()))
}

/// The axes of the window along which cells outside the array have a value that an input's elements can't have, so that code for
/// those cells would have to convert all elements. (64-bit integers are not, since what their values are would depend on the pixel.)
fn foreign_axes(job: &Job) -> Vec<usize> {
    let foreign = |dtype: &DType, outside: f64| match dtype.is_float() {
        true => dtype.fits_f32() && !outside.is_nan() && f64::from(outside as f32) != outside,
        false => !dtype.has(outside),
    };
    let Some(outside) = job.outside() else { return Vec::new() };
    if job.has_long_inputs() || !job.types.inputs.iter().any(|dtype| foreign(dtype, outside)) {
        return Vec::new();
    }
    let along = |along: &usize| job.modes[*along] == Mode::Constant && job.cells.reach(*along) != (0, 0);
    (0..job.modes.len()).filter(along).collect()
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
    let Settings { params, weights } = &job.settings;
    // Nobody knows the factors of what is not set.
    let is_set = params.len() == kernel.params.len() && weights.len() == kernel.weights.len();
    if !is_weighted || !is_set || job.cut == Cut::Never {
        return Vec::new();
    }
    let hoisted = hoisted(kernel, request);
    let Separable { ranks, factors } = separable(&hoisted, request, &values(&hoisted, job));
    request.ranks = ranks;
    factors
}

/// What a job asks of a plan, for windows that may lack cells.
fn request(job: &Job) -> Request {
    let shape = job.domain.shape();
    let along = job.axes.iter().position(|axis| axis + 1 == shape.len());
    let farthest = along.map(|axis| job.cells.reach(axis)).map_or(0, |(before, after)| before.max(after));
    let mut request = Request {
        cells: job.cells.clone(),
        shrinking: job.shrinking.clone(),
        asked: job.asked.clone(),
        lacks_cells: job.lacks_cells(),
        least_inside: job.least_inside(),
        axes: job.axes.clone(),
        ndim: shape.len(),
        column: tuning::MAX_UNROLLED_COLUMN,
        adjacent_rows: Request::adjacent_rows(shape),
        reach: Request::reach(shape, farthest),
        inputs: job.types.inputs.clone(),
        outputs: job.types.outputs.clone(),
        cast: job.cast,
        outside: job.outside().map(f64::to_bits),
        precision: job.precision,
        cut: job.cut,
        ranks: Vec::new(),
        known: known_params(job),
        network: tuning::MAX_NETWORK,
        vectors: job.vectors,
        row_pixels: Request::row_pixels(shape),
    };
    request.network = most_in_network(job, &request);
    request
}

/// The bits of the params that decide about the ranks of order statistics, where it is worth code of its own for their values.
fn known_params(job: &Job) -> Vec<Option<u64>> {
    let Function::Kernel(kernel) = &job.function else { return Vec::new() };
    let pixels = job.domain.region().pixels();
    if job.settings.params.is_empty() || job.cells.taps() > tuning::MAX_NETWORK || pixels < tuning::KNOWN_PIXELS {
        return Vec::new();
    }
    let decides = params_of_ranks(kernel.hir());
    decides.iter().zip(&job.settings.params).map(|(decides, value)| decides.then_some(value.to_bits())).collect()
}

/// Of how many elements order statistics may be found by networks: more, where the windows are boxes of not too many, and there are so many pixels that
/// code of their own is worth its making.
fn most_in_network(job: &Job, request: &Request) -> usize {
    let Function::Kernel(kernel) = &job.function else { return tuning::MAX_NETWORK };
    if !(tuning::MAX_NETWORK + 1..=tuning::MAX_TILED_NETWORK).contains(&request.cells.taps()) {
        return tuning::MAX_NETWORK;
    }
    let is_worth_it = match job.cut {
        Cut::Always | Cut::Moving => false,
        Cut::Auto => {
            let moved = kernel.moved(&job.cells, &job.types.inputs).load(Ordering::Relaxed);
            is_worth_networks(job, job.domain.region().pixels().saturating_add(moved))
        }
        Cut::Never => true,
    };
    if is_worth_it && tiles_large_windows(kernel.hir(), request) {
        tuning::MAX_TILED_NETWORK
    } else {
        tuning::MAX_NETWORK
    }
}

/// Whether so many pixels are worth the making of code for networks of the job's windows.
fn is_worth_networks(job: &Job, pixels: usize) -> bool {
    let taps = job.cells.taps();
    let bytes = job.types.inputs.iter().map(|input| input.bytes()).max().unwrap_or(1);
    let saves = tuning::TILED_NETWORK_SAVES[usize::from(bytes > 1)] * pixels as f64;
    saves >= tuning::TILED_NETWORK_MAKING * (taps * taps) as f64
}
