//! A compiled kernel: what it is called with, and the code made for it.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::codegen::callback;
use crate::codegen::jit::{Callback, Code};
use crate::codegen::row::RowKernel;
use crate::error::Error;
use crate::grid::footprint::Footprint;
use crate::lang::cells::Cells;
use crate::lang::check::check;
use crate::lang::diagnostic::{Diagnostic, KernelError};
use crate::lang::hir;
use crate::lang::interpret::Settings;
use crate::lang::parse::{parse, with_large_stack};
use crate::plan::{Request, plan};

/// How many compiled forms a kernel keeps for the next run.
const CACHED_FORMS: usize = 8;

/// A kernel: the value of a pixel as a function of its neighbourhood.
///
/// Immutable, shared between threads, cheap to clone.
///
/// ```
/// use hoodoo::Kernel;
///
/// let kernel = Kernel::compile("param t = 0.5; if max(w) - min(w) > t then 1 else 0")?;
/// assert_eq!(kernel.inputs(), ["w"]);
/// assert_eq!(kernel.params()[0].name, "t");
/// # Ok::<(), hoodoo::Error>(())
/// ```
#[derive(Clone)]
pub struct Kernel {
    inner: Arc<Inner>,
}

struct Inner {
    source: Arc<str>,
    origin: Arc<str>,
    hir: hir::Kernel,
    forms: Mutex<Vec<Form>>,
}

/// Machine code, and what it is for.
enum Form {
    /// A callback, for some cells or for any number of them.
    Callback(Option<Cells>, Arc<Code>),
    /// Rows; the plan says what for.
    Rows(Arc<RowKernel>),
}

/// Values for a kernel's params and weights, by name.
///
/// ```
/// use hoodoo::{Kernel, Parameters};
///
/// let kernel = Kernel::compile("param t; weights k; t * sum(w * k)")?;
/// let parameters = Parameters::new().param("t", 2.0).weights("k", [1.0, 0.0, 1.0]);
/// let callback = kernel.callback_with(None, &parameters)?;
/// assert_eq!(callback.call(&mut [1.0, 5.0, 3.0]), Some(8.0));
/// # Ok::<(), hoodoo::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    params: HashMap<String, f64>,
    weights: HashMap<String, Vec<f64>>,
}

impl Parameters {
    /// No values yet.
    pub fn new() -> Parameters {
        Parameters::default()
    }

    /// Sets the scalar param `name`.
    pub fn param(mut self, name: impl Into<String>, value: f64) -> Parameters {
        self.params.insert(name.into(), value);
        self
    }

    /// Sets the weights vector `name`: one value for each cell of the footprint, or for each cell of its bounding box.
    pub fn weights(mut self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Parameters {
        self.weights.insert(name.into(), values.into_iter().collect());
        self
    }
}

impl Kernel {
    /// The kernel that `source` says.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] where the source is not right.
    pub fn compile(source: &str) -> Result<Kernel, Error> {
        Kernel::compile_from(source, "kernel")
    }

    /// The kernel that `source` says; `origin`, such as a file name, is where error messages say that it stands.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] where the source is not right.
    pub fn compile_from(source: &str, origin: &str) -> Result<Kernel, Error> {
        let (source, origin): (Arc<str>, Arc<str>) = (source.into(), origin.into());
        // The tree is dropped on the large stack as well.
        let hir = with_large_stack(|| parse(&source).and_then(|program| check(&program)))
            .map_err(|diagnostic| KernelError::new(diagnostic, source.clone(), origin.clone()))?;
        Ok(Kernel { inner: Arc::new(Inner { source, origin, hir, forms: Mutex::new(Vec::new()) }) })
    }

    /// The text that the kernel was compiled from.
    pub fn source(&self) -> &str {
        &self.inner.source
    }

    /// What the kernel means.
    pub fn hir(&self) -> &hir::Kernel {
        &self.inner.hir
    }

    /// The names of the inputs, in order.
    pub fn inputs(&self) -> &[String] {
        &self.hir().inputs
    }

    /// The names of the outputs, in order; an output without a name has its position.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = &str> {
        self.hir().outputs.iter().map(|output| output.name.as_str())
    }

    /// The scalar params, in order of declaration.
    pub fn params(&self) -> &[hir::Param] {
        &self.hir().params
    }

    /// The names of the weights vectors, in order of declaration.
    pub fn weights(&self) -> &[String] {
        &self.hir().weights
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
        let mut callback = self.unset_callback(footprint)?;
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
        self.check_callback()?;
        let cells = match footprint {
            Some(footprint) => {
                let cells = footprint.cells();
                cells.check_within(self.hir()).map_err(|diagnostic| self.error(diagnostic))?;
                self.check_possible(cells.taps())?;
                Some(cells)
            }
            None => {
                callback::needs_footprint(self.hir()).map_or(Ok(()), |diagnostic| Err(self.error(diagnostic)))?;
                None
            }
        };
        Ok(Callback::compiled(self.code(cells.as_ref())?, cells.as_ref()))
    }

    /// The callback in Cranelift's intermediate representation.
    ///
    /// # Errors
    ///
    /// As for [`Kernel::callback_for`].
    pub fn clif(&self, footprint: Option<&Footprint>) -> Result<String, Error> {
        self.unset_callback(footprint)?;
        callback::clif(self.hir(), footprint.map(Footprint::cells).as_ref())
    }

    /// The callback in this machine's code, as text.
    ///
    /// # Errors
    ///
    /// As for [`Kernel::callback_for`].
    pub fn assembly(&self, footprint: Option<&Footprint>) -> Result<String, Error> {
        self.unset_callback(footprint)?;
        callback::assembly(self.hir(), footprint.map(Footprint::cells).as_ref())
    }

    /// Checks that the kernel can be a callback for a known footprint.
    pub(crate) fn check_callback(&self) -> Result<(), Error> {
        callback::obstacle(self.hir()).map_or(Ok(()), |diagnostic| Err(self.error(diagnostic)))
    }

    /// The kernel as a callback for windows from which cells are missing, with these parameters.
    pub(crate) fn callback_for_fewer(&self, settings: &Settings) -> Result<Callback, Error> {
        if let Some(what) = callback::depends_on_all_cells(self.hir()) {
            return Err(Error::argument(
                "mode",
                format!("in mode shrink the callback engine can't tell {what}; the rows engine can"),
            ));
        }
        let mut callback = Callback::compiled(self.code(None)?, None);
        callback.set(settings);
        Ok(callback)
    }

    /// Checks that no function demands what a window of `taps` cells can't give, such as the tenth of nine.
    pub(crate) fn check_possible(&self, taps: usize) -> Result<(), Error> {
        match crate::lang::interpret::impossible(self.hir(), taps) {
            None => Ok(()),
            Some(assertion) => Err(self.error(
                Diagnostic::new(
                    crate::lang::diagnostic::Code::OutOfRange,
                    assertion.span,
                    format!("{}, and the window has {taps} cells", assertion.message),
                )
                .label("this can't be right in any window of the footprint"),
            )),
        }
    }

    /// The diagnostic with this kernel's source.
    pub(crate) fn error(&self, diagnostic: Diagnostic) -> Error {
        KernelError::new(diagnostic, self.inner.source.clone(), self.inner.origin.clone()).into()
    }

    /// The machine code of the callback; made once for each of the last few footprints.
    pub(crate) fn code(&self, cells: Option<&Cells>) -> Result<Arc<Code>, Error> {
        self.form(
            |form| match form {
                Form::Callback(mine, code) if mine.as_ref() == cells => Some(code.clone()),
                _ => None,
            },
            || callback::compile(self.hir(), cells),
            |code| Form::Callback(cells.cloned(), code),
        )
    }

    /// The machine code for rows; made once for each of the last few footprints and element types.
    pub(crate) fn rows(&self, request: Request) -> Result<Arc<RowKernel>, Error> {
        self.form(
            |form| match form {
                Form::Rows(rows) if rows.plan.request == request => Some(rows.clone()),
                _ => None,
            },
            || RowKernel::compile(plan(self.hir(), request.clone())).map(Arc::new),
            Form::Rows,
        )
    }

    /// Finds a form, or makes it.
    fn form<T: Clone>(
        &self,
        find: impl Fn(&Form) -> Option<T>,
        make: impl FnOnce() -> Result<T, Error>,
        keep: impl FnOnce(T) -> Form,
    ) -> Result<T, Error> {
        // A panic in another thread can't leave the list half changed.
        let mut forms = self.inner.forms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((index, found)) = forms.iter().enumerate().find_map(|(index, form)| Some((index, find(form)?))) {
            forms[..=index].rotate_right(1);
            return Ok(found);
        }
        let made = make()?;
        forms.truncate(CACHED_FORMS - 1);
        forms.insert(0, keep(made.clone()));
        Ok(made)
    }

    /// The parameters in order, complete and checked.
    pub(crate) fn settings(&self, parameters: &Parameters, footprint: Option<&Footprint>) -> Result<Settings, Error> {
        for name in parameters.params.keys() {
            if !self.params().iter().any(|param| param.name == *name) {
                let names = self.params().iter().map(|param| param.name.as_str());
                return Err(Error::argument("param", unknown("param", name, names)));
            }
        }
        for name in parameters.weights.keys() {
            if !self.weights().contains(name) {
                return Err(Error::argument(
                    "weights",
                    unknown("weights vector", name, self.weights().iter().map(String::as_str)),
                ));
            }
        }
        let params = self.params().iter().map(|param| {
            let value = parameters.params.get(&param.name).copied().or(param.default);
            value.ok_or_else(|| Error::argument("param", format!("the kernel's param `{}` has no value", param.name)))
        });
        let params = params.collect::<Result<_, _>>()?;
        let mut weights: Vec<Vec<f64>> = Vec::new();
        for name in self.weights() {
            let values = parameters
                .weights
                .get(name)
                .ok_or_else(|| Error::argument("weights", format!("the kernel's weights `{name}` have no values")))?;
            let cells = footprint.map_or(weights.first().unwrap_or(values).len(), Footprint::len);
            weights.push(match footprint {
                _ if values.len() == cells => values.clone(),
                Some(footprint) if values.len() == footprint.shape().iter().product() => {
                    footprint.positions().iter().map(|position| values[*position]).collect()
                }
                _ => {
                    return Err(Error::argument(
                        "weights",
                        format!("`{name}` has {} values for {cells} cells", values.len()),
                    ));
                }
            });
        }
        Ok(Settings { params, weights })
    }
}

fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.collect();
    if known.is_empty() {
        format!("the kernel has no {what} `{name}`; it has none at all")
    } else {
        format!("the kernel has no {what} `{name}`; it has {}", known.join(", "))
    }
}

impl FromStr for Kernel {
    type Err = Error;

    fn from_str(source: &str) -> Result<Kernel, Error> {
        Kernel::compile(source)
    }
}

/// The source.
impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source())
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kernel").field(&self.source()).finish()
    }
}
