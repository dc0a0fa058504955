//! What the engine for rows makes of a kernel, as text: the plan and the code that run for most pixels.

use super::arrange::Arrangement;
use super::compiled::{Elements, Requests, with_factors};
use super::job::Types;
use super::options::{Function, Options};
use super::prepare::prepare_unset;
use super::rows;
use crate::codegen::row;
use crate::error::Error;
use crate::grid::named::named_enum;
use crate::grid::region::Region;
use crate::plan::{Request, plan};

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
    let job = prepare_unset(options, shape, types)?;
    let Function::Kernel(kernel) = &job.function else {
        return Err(Error::argument("engine", "a callback has no plan"));
    };
    let make = |request: Request| plan(kernel.hir(), request).ok_or(Error::Cancelled);
    let made = with_factors(kernel.hir(), &job, Requests::of(&job).whole, Elements::Moderate, make, |plan| plan)?;
    let plan = made.made;
    match listing {
        Listing::Clif => row::clif(&plan, kernel.limits()),
        Listing::Assembly => row::assembly(&plan, kernel.limits()),
        Listing::Plan => {
            let order = job.arrangement.iter().map(Arrangement::to_string).collect::<String>();
            let whole = Region::whole(job.domain.shape());
            let plan = row::settled(plan, kernel.limits());
            let count = [rows::threads, rows::threads_by_parts].map(|count| count(&plan, &whole, job.threads));
            let threads = count[0].max(count[1]);
            Ok(format!("{order}{plan}threads: {threads} for an array of shape {shape:?}\n"))
        }
    }
}
