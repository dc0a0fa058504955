//! Kernels as machine code: what a job needs to have made, and running what was made for rows.

mod ends;
mod ready;
mod requests;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use self::ends::{Ends, Turned};
use self::ready::ReadyRows;
use self::requests::is_worth_networks;
pub use self::requests::{Elements, Requests, with_factors};
use super::exec::view::RawView;
use super::job::Job;
use super::progress::Progress;
use crate::callback::Callback;
use crate::codegen::jit;
use crate::error::Error;
use crate::grid::cut::Cut;
use crate::grid::halo::Halo;
use crate::grid::region::Region;
use crate::kernel::Kernel;
use crate::lang::hir;
use crate::lang::stop::watched;
use crate::plan::{Plan, Request, has_networks, moderate, tiles_large_windows};
use crate::tuning;

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
    with_networks: Later<Rows>,
    /// The ends of rows among the others, and their code, once there were so many.
    ends: Option<Ends>,
    turned: Later<Turned>,
    /// For which elements all of this is right.
    elements: Elements,
    /// The same for any, once there were some that are not moderate.
    for_any: OnceLock<Box<Rows>>,
}

/// What is made when it is known to be worth it: a faster way, without which a run does what it would have done.
struct Later<T> {
    /// None in it if it can't be made, say as it would be more code than is allowed.
    made: OnceLock<Option<Box<T>>>,
    /// Whether some thread makes it, or has made it.
    making: AtomicBool,
}

impl<T> Later<T> {
    fn new() -> Later<T> {
        Later { made: OnceLock::new(), making: AtomicBool::new(false) }
    }

    /// What was made, now if it is worth it and nobody else makes it.
    ///
    /// # Errors
    ///
    /// Only that the run was cancelled meanwhile.
    fn get(
        &self,
        is_worth_it: bool,
        progress: &Progress,
        make: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Option<&T>, Error> {
        if self.made.get().is_none() && is_worth_it && !self.making.swap(true, Ordering::Relaxed) {
            let made = watched(&|| progress.is_cancelled(), make);
            // What ended early may be wrong in any way.
            if progress.is_cancelled() {
                self.making.store(false, Ordering::Relaxed);
                return Err(Error::Cancelled);
            }
            // Nobody else has set it: who makes it says so first, and goes on saying it.
            let _ = self.made.set(made.ok().map(Box::new));
        }
        Ok(self.made.get().and_then(Option::as_deref))
    }
}

impl Rows {
    /// The code for a job with such elements.
    pub fn new(kernel: &Kernel, job: &Job, elements: Elements) -> Result<Rows, Error> {
        let requests = Requests::of(job);
        let large = requests.whole.network > tuning::MAX_NETWORK || job.cells.taps() >= tuning::TALL_COLUMN;
        match Rows::of(kernel, job, requests, elements) {
            // Without large networks, and with loops instead of tall columns, there is less code.
            Err(Error::Limit { .. }) if large => {
                kernel.moved(&job.cells, &job.types.inputs).store(0, Ordering::Relaxed);
                Rows::of(kernel, job, Requests::of(job).with_less_code(), elements)
            }
            made => made,
        }
    }

    fn of(kernel: &Kernel, job: &Job, Requests { whole, border }: Requests, elements: Elements) -> Result<Rows, Error> {
        let ready = |request| ReadyRows::new(kernel, job, request, elements);
        let border = border.map(|(request, axes)| Ok::<_, Error>((ready(request)?, axes))).transpose()?;
        let whole = ready(whole)?;
        let could_have_networks = job.cut == Cut::Auto && gains_networks(kernel.hir(), &whole.kernel.plan);
        let moved = could_have_networks.then(|| kernel.moved(&job.cells, &job.types.inputs));
        let ends = border.as_ref().and_then(|(border, axes)| Ends::of(kernel, job, border, axes));
        let is_for_moderate =
            whole.is_for_moderate || border.as_ref().is_some_and(|(border, _)| border.is_for_moderate);
        Ok(Rows {
            whole,
            border,
            moved,
            with_networks: Later::new(),
            ends,
            turned: Later::new(),
            elements: if is_for_moderate { Elements::Moderate } else { Elements::Any },
            for_any: OnceLock::new(),
        })
    }

    /// Up to where elements are moderate, if it has to be known whether all are.
    pub fn greatest_moderate(&self) -> Option<f64> {
        (self.elements == Elements::Moderate).then(|| moderate(self.whole.kernel.plan.request.precision))
    }

    /// The same for any elements.
    pub fn for_any(&self, job: &Job, progress: &Progress) -> Result<&Rows, Error> {
        if let Some(rows) = self.for_any.get() {
            return Ok(rows);
        }
        let rows = watched(&|| progress.is_cancelled(), || Rows::new(kernel_of(job), job, Elements::Any));
        // What ended early may be wrong in any way.
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let rows = Box::new(rows?);
        Ok(self.for_any.get_or_init(|| rows))
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
        let make = || Rows::new(kernel_of(job), job, self.elements);
        if let Some(rows) = self.with_networks.get(is_worth_it, progress, make)? {
            return rows.run_as_it_is(job, inputs, outputs, progress);
        }
        let failed = self.run_as_it_is(job, inputs, outputs, progress)?;
        moved.fetch_add(pixels, Ordering::Relaxed);
        Ok(failed)
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
        let around = all.around(&inner);
        let turned = self.turned(border, &around, job, progress)?;
        let parts = around.iter().map(|part| (border, part)).chain([(&self.whole, &inner)]);
        let mut failed: Option<Vec<usize>> = None;
        for (code, region) in parts {
            if region.pixels() == 0 || failed.as_ref().is_some_and(|failed| *failed < region.first()) {
                continue;
            }
            match turned {
                Some((ends, turned)) if std::ptr::eq(code, border) && ends.has(region) => {
                    turned.run(region, inputs, &outputs, progress)?;
                }
                _ => {
                    let own = code.run(job, region, inputs, &outputs, progress)?;
                    failed = failed.into_iter().chain(own).min();
                }
            }
        }
        Ok(failed)
    }

    /// The ends of rows among the boxes around, and the code for them, if there is some.
    fn turned(
        &self,
        border: &ReadyRows,
        around: &[Region],
        job: &Job,
        progress: &Progress,
    ) -> Result<Option<(&Ends, &Turned)>, Error> {
        let Some(ends) = &self.ends else { return Ok(None) };
        let is_worth_it = ends.are_many(border, around.iter());
        let made = self.turned.get(is_worth_it, progress, || ends.turned(kernel_of(job), job, self.elements))?;
        Ok(made.map(|turned| (ends, turned)))
    }
}

/// The kernel that a job's code is made of.
fn kernel_of(job: &Job) -> &Kernel {
    job.function.kernel().expect("callbacks have no rows")
}

/// Whether there could be networks for order statistics for which windows move in a plan.
fn gains_networks(kernel: &hir::Kernel, plan: &Plan) -> bool {
    let request = Request { network: tuning::MAX_TILED_NETWORK, ..plan.request.clone() };
    !plan.moving.is_empty()
        && plan.request.network < request.network
        && has_networks(&plan.hoisted.kernel, &request)
        && tiles_large_windows(kernel, &request)
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
