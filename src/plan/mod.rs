//! Which machine code to make for a kernel, a footprint and element types. Emits none.
//!
//! A plan is a lowered program: every choice, from lanes and networks to rows per call, is a field of it. The code generator
//! transcribes it, the driver follows it, and printing it says what was chosen, and why.

use std::borrow::Cow;

mod absent;
pub mod analysis;
mod assemble;
pub mod body;
pub mod chain;
pub mod cost;
mod cut;
mod effort;
mod explain;
mod exponentials;
mod factors;
mod finite;
pub mod hoist;
mod levels;
pub mod line;
pub mod lower;
pub mod moving;
pub mod order;
pub mod pass;
pub mod program;
pub mod reads;
pub mod request;
mod rows;
pub mod selection;
pub mod store;
mod tiling;
mod translates;
mod vectors;
mod verify;
pub mod width;

use self::absent::without_absent;
pub use self::assemble::pass_input;
use self::chain::chain;
use self::cut::{Cutting, cut};
pub use self::cut::{Separable, may_have_weights, moderate, separable};
use self::exponentials::with_powers_of_two;
use self::factors::with_invariant_factors;
use self::hoist::{Hoisted, hoist};
pub use self::moving::has_networks;
use self::moving::pass::MovingPass;
use self::moving::{Moving, moving};
pub use self::program::Plan;
pub use self::request::Request;
pub use self::tiling::tiles_large_windows;
use self::translates::translates;
use crate::lang::hir::Kernel;
use crate::lang::shrink::{shrunk, with_places};
use crate::lang::specialize::{specialized, with_known_params};
use crate::lang::stop::is_stopped;
use crate::lang::whole::{WholeFacts, with_roundings};
use crate::tuning;

/// The plan for `kernel`; none if it is not wanted any more. Of windows of millions of cells it takes a while.
pub fn plan(kernel: &Kernel, request: Request) -> Option<Plan> {
    let hoisted = hoisted(kernel, &request);
    let Moving { passes, lines, last } = moving(&hoisted, &request).unwrap_or_else(|| Moving::none(&hoisted, &request));
    let Cutting { sums, links, uncut } = cut(&hoisted, &request, &lines);
    // What is not wanted is not looked at to the end, and would be another plan.
    if is_stopped() {
        return None;
    }
    let factors =
        links.as_ref().and_then(|links| links.last()).map_or(0, |last| last.kernel.params.len() - hoisted.params.len());
    let shared = || translates(&hoisted, &request).filter(|_| passes.is_empty());
    let links = links.or_else(shared).unwrap_or_else(|| vec![last]);
    let moving = passes.into_iter().chain(sums.into_iter().map(MovingPass::Sum)).collect();
    Some(Plan { factors, ..chain(request, hoisted, moving, &links, uncut) })
}

/// What remains of `kernel` for each pixel of such requests, and what is computed once for a run.
pub fn hoisted(kernel: &Kernel, request: &Request) -> Hoisted {
    let taps = request.cells.taps();
    let facts = WholeFacts { inputs: &request.wholes(), taps: request.window_len(), absence: true };
    let kernel = &*with_roundings(kernel, &facts);
    let kernel = &*with_known_params(kernel, &request.known);
    let placed = with_places(kernel, &request.asked);
    let kernel = match request.shrinking.is_empty() {
        true => placed,
        false => Cow::Owned(shrunk(&placed, &request.shrinking, request.least_inside, &request.cells.bounds_of_box())),
    };
    let kernel = specialized(&kernel, taps);
    let kernel = with_invariant_factors(&kernel, request.precision);
    let kernel = with_powers_of_two(&kernel, request.precision);
    let kernel = without_absent(kernel, &facts, &request.outputs, request.cast);
    // A loop would compute at each cell what the compiler knows where loops are unrolled.
    let is_unrolled = taps * cost::instructions_of_cell(&kernel) <= tuning::MAX_UNROLLED_INSTRUCTIONS;
    hoist(kernel, taps <= tuning::MAX_UNROLLED_CELLS && is_unrolled)
}
