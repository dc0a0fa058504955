//! From a filter's settings to a job for arrays of some shape: every check, once.

use std::borrow::Cow;
use std::ops::Range;

use super::arrange::{Arrangement, Wanted};
use super::engine::Engine;
use super::exec::domain::Domain;
use super::exec::pool::available_threads;
use super::job::{Job, Types};
use super::options::{Function, Marked, Options, Within};
use crate::callback::Callback;
use crate::error::Error;
use crate::grid::boundary::Mode;
use crate::grid::footprint::{self, Footprint};
use crate::grid::halo::Halo;
use crate::kernel::parameters::Parameters;
use crate::lang::cells::Cells;
use crate::lang::hir::{self, Expr};
use crate::lang::interpret::Settings;
use crate::lang::placed::{FIRST, LENGTH};
use crate::tuning;

/// The job for arrays of this shape and of these element types.
pub fn prepare(options: &Options, shape: &[usize], types: Types) -> Result<Job, Error> {
    let options = &*placed(options, shape.len())?;
    options.function.check_counts(types.inputs.len(), types.outputs.len())?;
    match &options.function {
        Function::Kernel(kernel) => {
            job(options, shape, types, |footprint| kernel.settings(&options.parameters, Some(footprint)))
        }
        Function::Callback(callback) => {
            if options.parameters != Parameters::new() {
                return Err(Error::argument("param", "a callback has its own user data, and takes no params"));
            }
            if !matches!(options.engine, Engine::Auto | Engine::Callback) {
                return Err(Error::argument("engine", "a callback can only be called"));
            }
            let job = job(options, shape, types, |_| Ok(Settings::default()))?;
            check_windows(callback, &job)?;
            Ok(job)
        }
    }
}

/// Checks that a callback is for the windows of a job.
fn check_windows(callback: &Callback, job: &Job) -> Result<(), Error> {
    if !callback.takes(&job.cells) {
        return Err(Error::argument("footprint", "the callback was compiled for another footprint"));
    }
    let fewer =
        |argument, why| Err(Error::argument(argument, format!("{why}, and the callback is for one number of them")));
    match callback.window_len() {
        Some(_) if job.marked.is_some() => fewer("mask", "windows have fewer cells where some are missing"),
        Some(_) if !job.shrinking.is_empty() => fewer("mode", "in mode shrink windows have fewer cells near the ends"),
        _ => Ok(()),
    }
}

/// The same for a look at what a kernel becomes, for which not all params and weights need be set: if one is not, none is in the job.
#[cfg(feature = "jit")]
pub fn prepare_unset(options: &Options, shape: &[usize], types: Types) -> Result<Job, Error> {
    let options = &*placed(options, shape.len())?;
    options.function.check_counts(types.inputs.len(), types.outputs.len())?;
    let settings = |footprint: &Footprint| match &options.function {
        Function::Kernel(kernel) => Ok(kernel.known_settings(&options.parameters, footprint)?.unwrap_or_default()),
        Function::Callback(_) => Ok(Settings::default()),
    };
    job(options, shape, types, settings)
}

/// The options with a kernel that knows where the inputs are in larger arrays, if they are a part of some and it asks.
fn placed(options: &Options, ndim: usize) -> Result<Cow<'_, Options>, Error> {
    let (Some(Within { first, rows }), Function::Kernel(kernel)) = (options.within, &options.function) else {
        return Ok(Cow::Borrowed(options));
    };
    let axis = filtered_axes(options, ndim)?.iter().position(|axis| *axis == 0);
    let Some(kernel) = axis.and_then(|axis| kernel.placed(axis)) else { return Ok(Cow::Borrowed(options)) };
    let parameters = options.parameters.clone().param(FIRST, first as f64).param(LENGTH, rows as f64);
    Ok(Cow::Owned(Options { function: Function::Kernel(kernel), parameters, ..options.clone() }))
}

/// Which pixels of inputs of this shape the outputs have.
pub fn output_region(options: &Options, shape: &[usize]) -> Result<Vec<Range<usize>>, Error> {
    if let Some(part) = &options.part {
        return Ok(part.clone());
    }
    if !options.modes.contains(&Mode::Valid) {
        return wanted(options, shape.iter().map(|len| 0..*len).collect());
    }
    let axes = filtered_axes(options, shape.len())?;
    let cells = cells(options, &footprint(options, axes.len())?)?;
    wanted(options, region(shape, &axes, &mode_of_each(options, axes.len())?, &cells))
}

/// What of a region is wanted.
fn wanted(options: &Options, mut region: Vec<Range<usize>>) -> Result<Vec<Range<usize>>, Error> {
    if options.wanted.len() > region.len() {
        let message = format!("{} ranges of indices for arrays of {} axes", options.wanted.len(), region.len());
        return Err(Error::argument("region", message));
    }
    for (axis, (all, wanted)) in region.iter_mut().zip(&options.wanted).enumerate() {
        if wanted.start > wanted.end || wanted.start < all.start || wanted.end > all.end {
            let message = format!("{wanted:?} are not all among the outputs' indices along axis {axis}, {all:?}");
            return Err(Error::argument("region", message));
        }
        *all = wanted.clone();
    }
    Ok(region)
}

/// How far cells reach before and after a pixel along an axis, and the mode there.
pub type AxisReach = ((usize, usize), Mode);

/// That of one of the arrays' axes; none if the window has not that axis.
pub fn axis_reach(options: &Options, shape: &[usize], axis: usize) -> Result<Option<AxisReach>, Error> {
    let axes = filtered_axes(options, shape.len())?;
    let cells = cells(options, &footprint(options, axes.len())?)?;
    let modes = mode_of_each(options, axes.len())?;
    let along = axes.iter().position(|other| *other == axis);
    Ok(along.map(|along| (cells.reach(along), modes[along])))
}

/// The window on arrays of this shape, with the settings for its footprint.
fn job(
    options: &Options,
    shape: &[usize],
    types: Types,
    settings: impl FnOnce(&Footprint) -> Result<Settings, Error>,
) -> Result<Job, Error> {
    let axes = filtered_axes(options, shape.len())?;
    let modes = mode_of_each(options, axes.len())?;
    let footprint = footprint(options, axes.len())?;
    let settings = settings(&footprint)?;
    let cells = cells(options, &footprint)?;
    let operations = match &options.function {
        Function::Kernel(kernel) => Some(kernel.checked_operations(cells.taps())?),
        Function::Callback(_) => None,
    };
    let region = match &options.part {
        Some(part) => part.clone(),
        None => wanted(options, region(shape, &axes, &modes, &cells))?,
    };
    let output_shape = region.iter().map(ExactSizeIterator::len).collect();
    let window = PlacedWindow { function: options.function.clone(), axes, modes, cells };
    let arrangement = arrangement(options, shape, &region, &types.joined, &window);
    let (window, domain) = arranged(options, shape, region, window, arrangement.as_ref());
    let ends = |along: &usize| window.cells.reach(*along) != (0, 0);
    let of_mode = |wanted: fn(Mode) -> bool| {
        let wanted = |along: &usize| wanted(window.modes[*along]) && ends(along);
        (0..window.modes.len()).filter(wanted).collect()
    };
    let asks = matches!(&window.function, Function::Kernel(kernel) if kernel.hir().asks_inside());
    let shrinking = of_mode(|mode| mode == Mode::Shrink);
    let asked = if asks { of_mode(|mode| mode != Mode::Valid) } else { Vec::new() };
    let PlacedWindow { function, axes, modes, cells } = window;
    Ok(Job {
        function,
        engine: options.engine,
        cast: options.cast,
        precision: options.precision,
        cut: options.cut,
        vectors: options.vectors,
        copies: options.copies,
        threads: if options.threads == 0 { available_threads() } else { options.threads },
        cells,
        settings,
        operations,
        shrinking,
        asked,
        modes,
        axes,
        domain,
        arrangement,
        output_shape,
        marked: options.marked.as_ref().map(Marked::of_domain),
        ndim: shape.len(),
        types,
    })
}

/// A function with its window.
struct PlacedWindow {
    function: Function,
    /// The axes that the window has, in its order.
    axes: Vec<usize>,
    /// The mode along each of them.
    modes: Vec<Mode>,
    cells: Cells,
}

/// The arrangement of the axes in which rows are longer, if there is one and the engine for rows runs the kernel.
fn arrangement(
    options: &Options,
    shape: &[usize],
    region: &[Range<usize>],
    joined: &[bool],
    window: &PlacedWindow,
) -> Option<Arrangement> {
    let (Function::Kernel(kernel), Engine::Auto | Engine::Rows) = (&options.function, options.engine) else {
        return None;
    };
    // The pixel that an error names is the first in C order.
    if !cfg!(feature = "jit") || !kernel.hir().assertions.is_empty() {
        return None;
    }
    let PlacedWindow { axes, cells, .. } = window;
    let (mut reached, mut filtered) = (vec![false; shape.len()], vec![false; shape.len()]);
    for (along, axis) in axes.iter().enumerate() {
        reached[*axis] = cells.reach(along) != (0, 0);
        filtered[*axis] = true;
    }
    let whole: Vec<bool> = region.iter().zip(shape).map(|(region, len)| *region == (0..*len)).collect();
    let may_merge = !kernel.hir().asks_places();
    let may_step = may_merge && may_step(kernel.hir(), cells);
    let wanted = Wanted { shape, reached: &reached, whole: &whole, joined, filtered: &filtered, may_merge, may_step };
    Arrangement::best(&wanted)
}

/// Whether code is fast where the cells of a row are apart: not that which goes from one window to the next, nor that for weights
/// which are products.
fn may_step(kernel: &hir::Kernel, cells: &Cells) -> bool {
    let farthest = |along| cells.reach(along).0.max(cells.reach(along).1);
    // Places of cells are i32s, and in code their distances in bytes are, also where they are so many times as far away.
    let most_bytes = tuning::MAX_STEP * size_of::<f64>();
    if (0..cells.axes()).any(|along| i32::try_from(farthest(along).saturating_mul(most_bytes)).is_err()) {
        return false;
    }
    if !kernel.weights.is_empty() {
        return cells.taps() < tuning::MIN_SEPARABLE_CELLS;
    }
    let is_ordered = |expr: &Expr| matches!(expr, Expr::Reduce { op, .. } if op.is_order_statistic());
    let near = |along| farthest(along) <= tuning::MAX_STEPPED_REACH;
    cells.taps() <= tuning::MAX_STEPPED_CELLS
        || (0..cells.axes()).all(near) && !kernel.live_nodes().any(|(_, node)| is_ordered(&node.expr))
}

/// The window on the views of an arrangement, and the pixels of those.
fn arranged(
    options: &Options,
    shape: &[usize],
    region: Vec<Range<usize>>,
    window: PlacedWindow,
    arrangement: Option<&Arrangement>,
) -> (PlacedWindow, Domain) {
    let mut modes = vec![Mode::default(); shape.len()];
    for (axis, mode) in window.axes.iter().zip(&window.modes) {
        modes[*axis] = *mode;
    }
    let Some(arrangement) = arrangement else {
        return (window, Domain::new(shape, &modes, options.cval, region));
    };
    let steps = arrangement.steps(shape);
    let axes = arrangement.places(&window.axes);
    let modes = arrangement.each(&modes, Mode::default());
    let region = arrangement.region(shape, &region);
    let domain = Domain::new(&arrangement.shape(shape), &modes, options.cval, region).with_steps(steps.clone());
    // Along an axis that is part of another, there is no step.
    let along: Vec<i32> = axes.iter().map(|axis| i32::try_from(steps[*axis]).unwrap_or(1)).collect();
    if along.iter().all(|step| *step == 1) {
        return (PlacedWindow { axes, ..window }, domain);
    }
    let function = match window.function {
        Function::Kernel(kernel) => Function::Kernel(kernel.stretched(&along)),
        callback => callback,
    };
    (PlacedWindow { function, axes, cells: window.cells.stretched(&along), ..window }, domain)
}

/// The pixels that the outputs have: along axes of mode `valid`, those all of whose cells are inside.
fn region(shape: &[usize], axes: &[usize], modes: &[Mode], cells: &Cells) -> Vec<Range<usize>> {
    let mut region: Vec<Range<usize>> = shape.iter().map(|len| 0..*len).collect();
    for (along, (axis, mode)) in axes.iter().zip(modes).enumerate() {
        if *mode == Mode::Valid {
            region[*axis] = Halo::from(cells.reach(along)).interior(shape[*axis]);
        }
    }
    region
}

/// The array's axes that the window has, in the window's order.
pub fn filtered_axes(options: &Options, ndim: usize) -> Result<Vec<usize>, Error> {
    let Some(axes) = &options.axes else { return Ok((0..ndim).collect()) };
    let mut filtered = Vec::new();
    for &axis in axes {
        let index = if axis < 0 { axis + ndim as isize } else { axis };
        if !(0..ndim as isize).contains(&index) {
            return Err(Error::argument("axes", format!("there is no axis {axis} in an array of {ndim} axes")));
        }
        if filtered.contains(&(index as usize)) {
            return Err(Error::argument("axes", format!("axis {axis} is named twice")));
        }
        filtered.push(index as usize);
    }
    Ok(filtered)
}

/// The footprint along `axes` axes.
fn footprint(options: &Options, axes: usize) -> Result<Footprint, Error> {
    let window = match (&options.window, &options.function) {
        (Some(window), _) => window.clone(),
        // A kernel that reads fixed cells only needs no window.
        (None, Function::Kernel(kernel)) if !kernel.hir().reads_window() => footprint::Window::Size(vec![1]),
        (None, _) => return Err(Error::argument("size", "the filter needs a size or a footprint")),
    };
    let origin = match options.origin.as_slice() {
        [one] => vec![*one; axes],
        each => each.to_vec(),
    };
    let footprint = window.footprint(axes)?;
    // One that is given as such may have been moved.
    let own = footprint.origin().iter().chain(std::iter::repeat(&0));
    let moved: Vec<isize> = origin.iter().zip(own).map(|(more, own)| own.saturating_add(*more)).collect();
    footprint.with_origin(&moved)
}

/// The cells of the footprint, and those that the kernel reads besides.
fn cells(options: &Options, footprint: &Footprint) -> Result<Cells, Error> {
    match &options.function {
        // A window that is not read costs nothing, unless it says which pixels there are. A callback sees it in any case.
        Function::Kernel(kernel)
            if !kernel.hir().reads_window()
                && !options.modes.contains(&Mode::Valid)
                && options.engine != Engine::Callback =>
        {
            let none = Cells::of_footprint(footprint.axes(), 0, Vec::new());
            none.for_kernel(kernel.hir()).map_err(|diagnostic| kernel.error(diagnostic))
        }
        _ if !has_memory(footprint) => {
            Err(Error::Memory { what: "the cells of the window", bytes: bytes_of(footprint) })
        }
        Function::Kernel(kernel) => {
            footprint.cells().for_kernel(kernel.hir()).map_err(|diagnostic| kernel.error(diagnostic))
        }
        Function::Callback(_) => Ok(footprint.cells()),
    }
}

/// The bytes that the cells of a window take, and as many for a table of them in the code.
fn bytes_of(footprint: &Footprint) -> usize {
    footprint.len().saturating_mul(2 * footprint.axes().max(2) * size_of::<i32>())
}

/// Whether there is memory for the cells of a window.
fn has_memory(footprint: &Footprint) -> bool {
    Vec::<u8>::new().try_reserve_exact(bytes_of(footprint)).is_ok()
}

fn mode_of_each(options: &Options, axes: usize) -> Result<Vec<Mode>, Error> {
    match options.modes.as_slice() {
        [one] => Ok(vec![*one; axes]),
        each if each.len() == axes => Ok(each.to_vec()),
        each => Err(Error::argument("mode", format!("{} modes for a window of {axes} axes", each.len()))),
    }
}
