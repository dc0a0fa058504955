//! Which machine code to make for a kernel, a footprint and element types. Emits none.
//!
//! A plan is a lowered program: every choice, from lanes and networks to rows per call, is a field of it. The code generator
//! transcribes it, the driver follows it, and printing it says what was chosen, and why.

use std::borrow::Cow;

pub mod analysis;
mod assemble;
pub mod body;
pub mod chain;
pub mod cost;
mod explain;
mod factors;
mod finite;
pub mod hoist;
mod levels;
pub mod line;
pub mod lower;
pub mod pass;
pub mod reads;
pub mod request;
pub mod selection;
pub mod store;
mod verify;
pub mod width;

use self::chain::{Link, chain};
use self::factors::with_invariant_factors;
use self::hoist::{Hoisted, hoist};
use self::line::Line;
use self::pass::Pass;
use self::reads::GroupReads;
pub use self::request::Request;
use crate::lang::hir::Kernel;
use crate::lang::shrink::shrunk;
use crate::lang::specialize::specialized;
use crate::tuning;

/// How a kernel is computed row by row.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is for.
    pub request: Request,
    /// What is computed once for a run.
    pub hoisted: Hoisted,
    /// The passes over a group of rows, in order; the last one makes the outputs.
    pub passes: Vec<Pass>,
    /// What passes make for later ones.
    pub lines: Vec<Line>,
    /// What the passes read for a group of rows.
    pub reads: GroupReads,
}

/// The plan for `kernel`.
pub fn plan(kernel: &Kernel, request: Request) -> Plan {
    let taps = request.cells.taps();
    let kernel = match request.shrinking.is_empty() {
        true => Cow::Borrowed(kernel),
        false => Cow::Owned(shrunk(kernel, &request.shrinking)),
    };
    let kernel = specialized(&kernel, taps);
    let kernel = with_invariant_factors(&kernel, request.precision);
    let hoisted = hoist(kernel, taps <= tuning::MAX_UNROLLED_CELLS);
    let whole = Link::whole(&request, &hoisted);
    chain(request, hoisted, &[whole])
}
