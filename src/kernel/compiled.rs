//! The machine code of a kernel: made when it is needed first, kept for the next run.

use std::convert::Infallible;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use super::recent::Recent;
use super::{Kernel, Parameters};
use crate::callback::Callback;
use crate::codegen::callback;
use crate::codegen::jit::{self, MachineCode};
use crate::codegen::row::RowKernel;
use crate::error::Error;
use crate::grid::element::DType;
use crate::grid::footprint::Footprint;
use crate::lang::callback_rules;
use crate::lang::cells::Cells;
use crate::lang::interpret::Settings;
use crate::lang::point::at_point;
use crate::plan::{Request, analysis, plan};

/// How many compiled forms a kernel keeps for the next run.
const CACHED_FORMS: usize = 64;

/// The machine code of a kernel.
pub struct Forms {
    /// The last few forms that were used.
    recent: Recent<Form>,
    /// For the last few windows and types of inputs for which there could have been networks, for how many pixels windows have moved instead.
    moved: Recent<Moved>,
    /// For the last few requests with ends of rows that are computed in blocks, what is known of these.
    ends: Recent<(Request, Arc<SeenEnds>)>,
}

struct Moved {
    cells: Cells,
    inputs: Vec<DType>,
    pixels: Arc<AtomicUsize>,
}

/// What is known of the ends of rows, of which code computes a block each.
#[derive(Default)]
pub struct SeenEnds {
    /// How many there were.
    pub count: AtomicUsize,
    /// Whether their values are the same in whatever order cells are added up.
    pub may_turn: OnceLock<bool>,
}

impl Default for Forms {
    fn default() -> Forms {
        Forms { recent: Recent::new(CACHED_FORMS), moved: Recent::new(CACHED_FORMS), ends: Recent::new(CACHED_FORMS) }
    }
}

/// Machine code, and what it is for.
enum Form {
    /// A callback, for some cells or for any number of them.
    Callback(Option<Cells>, Arc<MachineCode>),
    /// Rows; the plan says what for.
    Rows(Arc<RowKernel>),
}

/// With the feature `jit`.
impl Kernel {
    /// Which outputs are whole numbers, or NaN, at every pixel: if `inputs` says so of each input's elements, and `params` of the
    /// values of all params and weights, and windows have so many cells.
    ///
    /// An output of which this is not said may have whole numbers only, all the same.
    ///
    /// ```
    /// let kernel = hoodoo::Kernel::compile("max(w) - min(w), mean(w), median(w)")?;
    /// assert_eq!(kernel.whole_outputs(&[true], true, 9), [true, false, true]);
    /// // Half of the sum of two.
    /// assert_eq!(kernel.whole_outputs(&[true], true, 4), [true, false, false]);
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If there are not as many `inputs` as the kernel has.
    pub fn whole_outputs(&self, inputs: &[bool], params: bool, taps: usize) -> Vec<bool> {
        assert_eq!(inputs.len(), self.inputs().len(), "one for each input");
        analysis::whole_outputs(self.hir(), inputs, params, taps)
    }

    /// The kernel as a callback for any number of cells. Params have their defaults; while one has none, or there are
    /// weights, the callback's user data is null and it fails.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] if the kernel needs what a callback has not: several inputs or outputs, coordinates, or the
    /// offsets of cells, for which see [`Kernel::callback_for`].
    ///
    /// ```
    /// let kernel = hoodoo::Kernel::compile("median(w)")?;
    /// let callback = kernel.callback()?;
    /// let function = callback.as_ptr(); // int (double *, intptr_t, double *, void *)
    /// let (mut window, mut value) = ([3.0, 1.0, 2.0], 0.0);
    /// // SAFETY: the pointers are valid for three cells and one result, and `callback` is alive.
    /// let status = unsafe { function(window.as_mut_ptr(), 3, &mut value, callback.user_data()) };
    /// assert_eq!((status, value), (1, 2.0));
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    pub fn callback(&self) -> Result<Callback, Error> {
        self.callback_or_defaults(None)
    }

    /// The kernel as a callback for the cells of `footprint` only; faster, and it knows where the cells are.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] as for [`Kernel::callback`], and for a `w[dy, dx]` outside the footprint.
    pub fn callback_for(&self, footprint: &Footprint) -> Result<Callback, Error> {
        self.callback_or_defaults(Some(footprint))
    }

    /// The kernel as a callback, for any number of cells or for those of a footprint, with these parameters.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] as for [`Kernel::callback`] and [`Kernel::callback_for`], and [`Error::Argument`] for a
    /// parameter that the kernel does not have, is missing, or has the wrong number of weights.
    pub fn callback_with(&self, footprint: Option<&Footprint>, parameters: &Parameters) -> Result<Callback, Error> {
        let settings = self.settings(parameters, footprint)?;
        let mut callback = match (footprint, settings.weights.first().map(Vec::len)) {
            // With the weights the number of cells is known, and the code refuses any other: beyond the weights' end it would
            // read what is not there.
            (None, Some(len @ 1..)) => {
                self.callback_cells(None)?;
                let cells = Footprint::size(&[len])?.cells();
                jit::callback(self.code(Some(&cells))?, None)
            }
            _ => self.unset_callback(footprint)?,
        };
        callback.set(&settings);
        Ok(callback)
    }

    fn callback_or_defaults(&self, footprint: Option<&Footprint>) -> Result<Callback, Error> {
        let mut callback = self.unset_callback(footprint)?;
        if let Ok(settings) = self.settings(&Parameters::new(), footprint) {
            callback.set(&settings);
        }
        Ok(callback)
    }

    fn unset_callback(&self, footprint: Option<&Footprint>) -> Result<Callback, Error> {
        let cells = self.callback_cells(footprint)?;
        Ok(jit::callback(self.code(cells.as_ref())?, cells.as_ref()))
    }

    /// The cells of a footprint, or `None` for any number of them, if the kernel can be a callback for those.
    fn callback_cells(&self, footprint: Option<&Footprint>) -> Result<Option<Cells>, Error> {
        self.check_callback()?;
        let Some(footprint) = footprint else {
            return callback_rules::needs_footprint(self.hir())
                .map_or(Ok(None), |diagnostic| Err(self.error(diagnostic)));
        };
        let cells = footprint.cells();
        cells.check_within(self.hir()).map_err(|diagnostic| self.error(diagnostic))?;
        self.checked_operations(cells.taps())?;
        Ok(Some(cells))
    }

    /// The kernel, which must not look at its window, as functions of its params and of a point's coordinates: one callback
    /// for each output. They take windows of no cells, and user data from the caller, not the callback's own: an f64 for each param,
    /// also for those that have a default, then the coordinates, which the kernel calls `coord(0)`, `coord(1)` and so on;
    /// [`lang::point::coordinates`](crate::lang::point::coordinates) says how many. They need not be whole.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] if the kernel looks at its window, or at the array's extent, [`Error::Limit`] and [`Error::Codegen`] if no code
    /// can be made.
    ///
    /// ```
    /// let swap = hoodoo::Kernel::compile("param shift; coord(1) + shift, coord(0)")?;
    /// let functions = swap.point_functions()?;
    /// let mut point = [0.5, 2.0, 3.0];
    /// let mut value = 0.0;
    /// // SAFETY: there are no cells, a param and two coordinates, and the function is alive.
    /// let status = unsafe {
    ///     functions[0].as_ptr()(std::ptr::null_mut(), 0, &mut value, point.as_mut_ptr().cast())
    /// };
    /// assert_eq!((status, value), (1, 3.5));
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    pub fn point_functions(&self) -> Result<Vec<Callback>, Error> {
        if let Some(diagnostic) = callback_rules::needs_more_than_a_point(self.hir()) {
            return Err(self.error(diagnostic));
        }
        let function = |output| callback::compile(&at_point(self.hir(), output), None, self.limits());
        (0..self.hir().outputs.len()).map(|output| Ok(jit::callback(function(output)?, None))).collect()
    }

    /// The callback in Cranelift's intermediate representation.
    ///
    /// # Errors
    ///
    /// As for [`Kernel::callback_for`].
    pub fn clif(&self, footprint: Option<&Footprint>) -> Result<String, Error> {
        callback::clif(self.hir(), self.callback_cells(footprint)?.as_ref(), self.limits())
    }

    /// The callback in this machine's code, as text.
    ///
    /// # Errors
    ///
    /// As for [`Kernel::callback_for`].
    pub fn assembly(&self, footprint: Option<&Footprint>) -> Result<String, Error> {
        callback::assembly(self.hir(), self.callback_cells(footprint)?.as_ref(), self.limits())
    }

    /// Checks that the kernel can be a callback for a known footprint.
    pub(crate) fn check_callback(&self) -> Result<(), Error> {
        callback_rules::unsupported_as_callback(self.hir()).map_or(Ok(()), |diagnostic| Err(self.error(diagnostic)))
    }

    /// The kernel as a callback for windows from which cells are missing, with these parameters.
    pub(crate) fn callback_for_fewer(&self, settings: &Settings) -> Result<Callback, Error> {
        if let Some(what) = callback_rules::depends_on_all_cells(self.hir()) {
            return Err(Error::argument(
                "mode",
                format!("in mode shrink the callback engine can't tell {what}; the rows engine can"),
            ));
        }
        let mut callback = jit::callback(self.code(None)?, None);
        // No weight is read, so none says how many cells a window must have.
        callback.set(&Settings { params: settings.params.clone(), weights: Vec::new() });
        Ok(callback)
    }

    /// The machine code of the callback; made once for each of the footprints that were used last.
    pub(crate) fn code(&self, cells: Option<&Cells>) -> Result<Arc<MachineCode>, Error> {
        self.inner.forms.recent.get(
            |form| match form {
                Form::Callback(mine, code) if mine.as_ref() == cells => Some(code.clone()),
                _ => None,
            },
            || callback::compile(self.hir(), cells, self.limits()),
            |code| Form::Callback(cells.cloned(), code),
        )
    }

    /// The count of pixels for which windows of these cells over such inputs have moved though there could have been a network.
    pub(crate) fn moved(&self, cells: &Cells, inputs: &[DType]) -> Arc<AtomicUsize> {
        let Ok(pixels) = self.inner.forms.moved.get(
            |moved| (moved.cells == *cells && moved.inputs == inputs).then(|| moved.pixels.clone()),
            || Ok::<_, Infallible>(Arc::default()),
            |pixels| Moved { cells: cells.clone(), inputs: inputs.to_vec(), pixels },
        );
        pixels
    }

    /// What is known of the ends of rows that the code for a request computes.
    pub(crate) fn ends(&self, request: &Request) -> Arc<SeenEnds> {
        let Ok(seen) = self.inner.forms.ends.get(
            |(other, seen)| (other == request).then(|| seen.clone()),
            || Ok::<_, Infallible>(Arc::default()),
            |seen| (request.clone(), seen),
        );
        seen
    }

    /// The machine code for rows; made once for each of the requests that were used last.
    pub(crate) fn rows(&self, request: Request) -> Result<Arc<RowKernel>, Error> {
        self.inner.forms.recent.get(
            |form| match form {
                Form::Rows(rows) if rows.plan.request == request => Some(rows.clone()),
                _ => None,
            },
            || {
                let plan = plan(self.hir(), request.clone()).ok_or(Error::Cancelled)?;
                RowKernel::compile(plan, self.limits()).map(Arc::new)
            },
            Form::Rows,
        )
    }
}
