//! Which outputs of a run may have no value, and can't tell.

use super::job::{Job, Types};
use super::options::{Function, MissingCells, Options};
use super::prepare::prepare;
use crate::error::Error;
use crate::grid::element::DType;
use crate::lang::missing::Told;
use crate::plan::analysis::{Lacking, nan_outputs};

/// Those of which something is to be told, for inputs of this shape, inputs and outputs of these element types, and params that are numbers.
pub fn outputs_to_tell(
    options: &Options,
    shape: &[usize],
    (inputs, outputs): (&[DType], &[DType]),
    told: Told,
) -> Result<Vec<bool>, Error> {
    let job = prepare(options, shape, Types::of_any_arrays(shape, inputs, outputs))?;
    // Such a number tells.
    if options.missing.nodata.is_some() {
        return Ok(vec![false; outputs.len()]);
    }
    let (least, lacking) = least_cells(&job, &options.missing);
    let sees_none = job.function.kernel().is_none_or(|kernel| kernel.hir().reads_window()) && least == 0;
    let may_be_nan = match &job.function {
        // A pixel without a value keeps that of the first input, if it gets no other.
        _ if options.missing.is_set() && !options.missing.fill && inputs[0].is_float() => vec![true; outputs.len()],
        Function::Kernel(kernel) => {
            nan_outputs(kernel.hir(), (inputs, job.outside()), least..=job.cells.taps(), lacking)
        }
        Function::Callback(_) => vec![true; outputs.len()],
    };
    let tell = |(dtype, may_be_nan): (&DType, bool)| match told {
        Told::Nan => dtype.is_integer() && may_be_nan,
        Told::Absent => !dtype.is_float() && may_be_nan || sees_none,
    };
    Ok(outputs.iter().zip(may_be_nan).map(tell).collect())
}

/// How many cells of a window take part at every pixel that is computed, and which cells at fixed offsets may not.
fn least_cells(job: &Job, missing: &MissingCells) -> (usize, Lacking) {
    let inside = job.least_inside();
    match (missing.is_set(), missing.fill) {
        (true, true) => (0, Lacking::All),
        (true, false) => (inside.min(job.has_own_cell().into()), Lacking::Others),
        (false, _) if job.shrinking.is_empty() => (inside, Lacking::None),
        (false, _) => (inside, Lacking::Others),
    }
}
