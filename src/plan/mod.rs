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
mod cut;
mod explain;
mod factors;
mod finite;
pub mod hoist;
mod levels;
pub mod line;
pub mod lower;
pub mod pass;
pub mod program;
pub mod reads;
pub mod request;
pub mod selection;
pub mod store;
mod vectors;
mod verify;
pub mod width;

use self::chain::{Link, chain};
use self::cut::cut;
use self::factors::with_invariant_factors;
use self::hoist::hoist;
pub use self::program::Plan;
pub use self::request::Request;
use crate::lang::hir::Kernel;
use crate::lang::shrink::shrunk;
use crate::lang::specialize::specialized;
use crate::tuning;

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
    let links = cut(&hoisted, &request).unwrap_or_else(|| vec![Link::whole(&request, &hoisted)]);
    chain(request, hoisted, &links)
}
