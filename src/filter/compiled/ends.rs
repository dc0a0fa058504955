//! The ends of rows, where code computes a whole block for a pixel or two: once there were many of them, they are computed by code whose rows
//! run along another axis. No pixel can tell.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::ready::ReadyRows;
use super::requests::{Elements, request};
use crate::error::Error;
use crate::filter::exec::view::RawView;
use crate::filter::job::Job;
use crate::filter::progress::Progress;
use crate::grid::region::Region;
use crate::kernel::Kernel;
use crate::kernel::compiled::SeenEnds;
use crate::plan::order::is_free_of_order;
use crate::tuning;

/// The ends of the rows of a job.
pub struct Ends {
    seen: Arc<SeenEnds>,
    /// The axis of the views along which rows run instead.
    axis: usize,
    /// How many pixels the code computes at least.
    block: usize,
}

impl Ends {
    /// Those of a job, whose pixels at the ends along these axes of the window are computed by this code; none if rows have no other axis.
    pub fn of(kernel: &Kernel, job: &Job, border: &ReadyRows, axes: &[usize]) -> Option<Ends> {
        let shape = job.domain.shape();
        let last = shape.len() - 1;
        let axis = (0..last).max_by_key(|axis| shape[*axis])?;
        let have_ends = axes.iter().any(|along| job.axes[*along] == last);
        // The pixel that an error names is the first in C order.
        if !have_ends || !kernel.hir().assertions.is_empty() {
            return None;
        }
        let block = border.kernel.plan.last_pass().step();
        Some(Ends { seen: kernel.ends(&border.kernel.plan.request), axis, block })
    }

    /// Whether a box of pixels has short rows, and many of them along the other axis.
    pub fn has(&self, region: &Region) -> bool {
        let row = region.row().len();
        2 * row <= self.block && region.len(self.axis) >= 4 * row
    }

    /// Counts the rows of boxes; whether there were so many that other code is worth its making.
    pub fn are_many<'r>(&self, border: &ReadyRows, regions: impl Iterator<Item = &'r Region>) -> bool {
        let rows: usize =
            regions.filter(|region| self.has(region)).map(|region| region.pixels() / region.row().len()).sum();
        let count = self.seen.count.load(Ordering::Relaxed).saturating_add(rows);
        if rows == 0 || count < tuning::TURNED_ROWS {
            self.seen.count.store(count, Ordering::Relaxed);
            return false;
        }
        let plan = &border.kernel.plan;
        *self.seen.may_turn.get_or_init(|| is_free_of_order(&plan.hoisted, &plan.request))
    }

    /// The code for them, with such elements.
    pub fn turned(&self, kernel: &Kernel, job: &Job, elements: Elements) -> Result<Turned, Error> {
        let job = job.turned(self.axis);
        let code = ReadyRows::new(kernel, &job, request(&job), elements)?;
        Ok(Turned { code, job, axis: self.axis })
    }
}

/// Code for pixels whose cells need thought, for views whose last axis is another one.
pub struct Turned {
    code: ReadyRows,
    job: Job,
    /// That other axis, in whose place the last one is.
    axis: usize,
}

impl Turned {
    /// Computes every pixel of a region.
    pub fn run(
        &self,
        region: &Region,
        inputs: &[RawView<'_>],
        outputs: &[RawView<'_>],
        progress: &Progress,
    ) -> Result<(), Error> {
        let (inputs, outputs) = (turned(inputs, self.axis), turned(outputs, self.axis));
        // There is nothing that could fail at a pixel.
        self.code.run(&self.job, &region.turned(self.axis), &inputs, &outputs, progress).map(|_| ())
    }
}

fn turned<'a>(views: &[RawView<'a>], axis: usize) -> Vec<RawView<'a>> {
    views.iter().map(|view| view.turned(axis)).collect()
}
