//! What a job asks of plans: for pixels whose windows are inside, and for those at the ends.

use std::sync::atomic::Ordering;

use crate::error::Error;
use crate::filter::job::Job;
use crate::filter::options::Function;
use crate::grid::boundary::Mode;
use crate::grid::cut::Cut;
use crate::grid::element::DType;
use crate::lang::hir;
use crate::lang::interpret::Settings;
use crate::lang::specialize::{params_of_places, params_of_ranks};
use crate::plan::hoist::Hoisted;
use crate::plan::{Plan, Request, Separable, hoisted, may_have_weights, moderate, separable, tiles_large_windows};
use crate::tuning;

/// What a job asks of plans.
pub struct Requests {
    /// For pixels whose cells need no thought.
    pub whole: Request,
    /// For the others, if there can be any, along these axes of the window.
    pub border: Option<(Request, Vec<usize>)>,
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
    pub fn with_less_code(self) -> Requests {
        let (network, column) = (tuning::MAX_NETWORK, tuning::MAX_UNROLLED_CELLS);
        let border = self.border.map(|(request, axes)| (Request { network, column, ..request }, axes));
        Requests { whole: Request { network, column, ..self.whole }, border }
    }
}

/// For which elements code is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elements {
    /// For those within [`moderate`].
    Moderate,
    Any,
}

/// What is made of a request that says which weights are products in the job's run.
pub struct Factored<T> {
    pub made: T,
    /// The factors of the weights.
    pub factors: Vec<f64>,
    /// Whether it is right for moderate elements only.
    pub moderate: bool,
}

/// What is made of a request for such elements that says which weights are products in the job's run.
pub fn with_factors<T>(
    kernel: &hir::Kernel,
    job: &Job,
    mut request: Request,
    elements: Elements,
    make: impl Fn(Request) -> Result<T, Error>,
    plan: impl Fn(&T) -> &Plan,
) -> Result<Factored<T>, Error> {
    let Separable { ranks, factors, moderate } = factors(kernel, job, &request, elements);
    request.ranks = ranks;
    let made = make(request.clone())?;
    if plan(&made).factors == factors.len() {
        return Ok(Factored { made, factors, moderate });
    }
    // Not all of the sums with such weights are cut.
    request.ranks.clear();
    Ok(Factored { made: make(request)?, factors: Vec::new(), moderate: false })
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

/// The weights that are products of columns and rows in the job's run.
fn factors(kernel: &hir::Kernel, job: &Job, request: &Request, elements: Elements) -> Separable {
    let is_weighted = job.cells.taps() >= tuning::MIN_SEPARABLE_CELLS && may_have_weights(kernel);
    let Settings { params, weights } = &job.settings;
    // Nobody knows the factors of what is not set.
    let is_set = params.len() == kernel.params.len() && weights.len() == kernel.weights.len();
    if !is_weighted || !is_set || job.cut == Cut::Never {
        return Separable::default();
    }
    let hoisted = hoisted(kernel, request);
    // What is outside the array is an element as well.
    let is_moderate = job.outside().is_none_or(|outside| outside.is_nan() || outside.abs() <= moderate(job.precision));
    separable(&hoisted, request, &values(&hoisted, job), elements == Elements::Moderate && is_moderate)
}

/// What a job asks of a plan, for windows that may lack cells.
pub fn request(job: &Job) -> Request {
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

/// The bits of the params that decide about the ranks of order statistics, or about the cells of large windows, where it is worth code of its own for
/// their values.
fn known_params(job: &Job) -> Vec<Option<u64>> {
    let Function::Kernel(kernel) = &job.function else { return Vec::new() };
    let (taps, pixels) = (job.cells.taps(), job.domain.region().pixels());
    let decides = match taps {
        _ if job.settings.params.is_empty() || pixels < tuning::KNOWN_PIXELS => return Vec::new(),
        _ if taps <= tuning::MAX_NETWORK => params_of_ranks(kernel.hir()),
        _ => params_of_places(kernel.hir()),
    };
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

/// The values of what was hoisted, in the job's run.
pub fn values(hoisted: &Hoisted, job: &Job) -> Vec<f64> {
    match hoisted.params.is_empty() && hoisted.weights.is_empty() {
        true => Vec::new(),
        false => hoisted.values(&job.cells, &job.settings, &job.extent()),
    }
}

/// Whether so many pixels are worth the making of code for networks of the job's windows.
pub fn is_worth_networks(job: &Job, pixels: usize) -> bool {
    let taps = job.cells.taps();
    let bytes = job.types.inputs.iter().map(|input| input.bytes()).max().unwrap_or(1);
    let saves = tuning::TILED_NETWORK_SAVES[usize::from(bytes > 1)] * pixels as f64;
    saves >= tuning::TILED_NETWORK_MAKING * (taps * taps) as f64
}
