//! A kernel: source, meaning, limits, and the code made for it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

#[cfg(feature = "jit")]
pub(crate) mod compiled;
mod derived;
pub mod parameters;
mod recent;

use self::parameters::Parameters;
use crate::error::Error;
use crate::grid::footprint::Footprint;
use crate::lang::check::check_within;
use crate::lang::check::lint::lint;
use crate::lang::diagnostic::{Code, Diagnostic, KernelError};
use crate::lang::hir;
use crate::lang::interpret::Settings;
use crate::lang::limits::Limits;
use crate::lang::missing::{Missing, Told, all_present, with_told, without_missing};
use crate::lang::parse::{has_large_stack, parse_within, with_large_stack};
use crate::lang::placed::{asks_place, placed};
use crate::lang::schedule::operations;
use crate::lang::specialize::{disproved, specialized};
use crate::lang::stretch::stretched;

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
    limits: Limits,
    /// The kernels that were made of this one.
    derived: derived::Kernels<Kernel>,
    #[cfg(feature = "jit")]
    forms: compiled::Forms,
}

impl Kernel {
    /// The kernel that `source` says.
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] where the source is not right; [`Error::Memory`] where there is none for it.
    pub fn compile(source: &str) -> Result<Kernel, Error> {
        Kernel::compile_from(source, "kernel")
    }

    /// The kernel that `source` says; `origin`, such as a file name, is where error messages say that it stands.
    ///
    /// # Errors
    ///
    /// As for [`Kernel::compile`].
    pub fn compile_from(source: &str, origin: &str) -> Result<Kernel, Error> {
        Kernel::compile_with_limits(source, origin, Limits::default())
    }

    /// As [`Kernel::compile_from`], for a kernel that must keep to `limits`, now and wherever it is used.
    ///
    /// ```
    /// use hoodoo::{Filter, Kernel, Limits};
    ///
    /// let limits = Limits { nesting: 20, taps: 100, ..Limits::default() };
    /// let kernel = Kernel::compile_with_limits("median(w)", "upload", limits)?;
    /// let image = ndarray::Array2::<u8>::zeros((64, 64));
    /// assert!(Filter::new(&kernel).size(9).run(&image).is_ok());
    /// let error = Filter::new(&kernel).size(11).run(&image).unwrap_err();
    /// assert_eq!(error.to_string(), "the window has 121 cells, and the limit `taps` is 100");
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Kernel`] where the source is not right, or beyond a limit; [`Error::Memory`] if there is none to parse it.
    pub fn compile_with_limits(source: &str, origin: &str, limits: Limits) -> Result<Kernel, Error> {
        has_large_stack().map_err(|bytes| Error::Memory { what: "the stack of the parser", bytes })?;
        let (source, origin): (Arc<str>, Arc<str>) = (source.into(), origin.into());
        // The tree is dropped on the large stack as well.
        let hir =
            with_large_stack(|| parse_within(&source, &limits).and_then(|program| check_within(&program, &limits)))
                .map_err(|diagnostic| KernelError::new(diagnostic, source.clone(), origin.clone()))?;
        Ok(Kernel::of(source, origin, hir, limits))
    }

    fn of(source: Arc<str>, origin: Arc<str>, hir: hir::Kernel, limits: Limits) -> Kernel {
        let inner = Inner {
            source,
            origin,
            hir,
            limits,
            derived: derived::Kernels::default(),
            #[cfg(feature = "jit")]
            forms: compiled::Forms::default(),
        };
        Kernel { inner: Arc::new(inner) }
    }

    /// What this kernel is where cells are missing.
    pub(crate) fn with_missing(&self, missing: Missing) -> Kernel {
        self.derived(derived::Key::Missing(missing), || without_missing(self.hir(), missing))
    }

    /// What this kernel is where none of the cells inside is missing, in a run in which some may be: with this number instead of NaN.
    pub(crate) fn with_all_present(&self, nodata: Option<f64>) -> Kernel {
        if nodata.is_none() && self.hir().assertions.is_empty() {
            return self.clone();
        }
        self.derived(derived::Key::Present(nodata.map(f64::to_bits)), || all_present(self.hir(), nodata))
    }

    /// What this kernel is in a part along this axis of the window of larger arrays, if it asks for places there.
    pub(crate) fn placed(&self, axis: usize) -> Option<Kernel> {
        asks_place(self.hir(), axis).then(|| self.derived(derived::Key::Placed(axis), || placed(self.hir(), axis)))
    }

    /// What this kernel is where a step along each of the window's axes is so many.
    pub(crate) fn stretched(&self, steps: &[i32]) -> Kernel {
        if self.hir().fixed_offsets().is_empty() {
            return self.clone();
        }
        self.derived(derived::Key::Stretched(steps.to_vec()), || stretched(self.hir(), steps))
    }

    /// The kernel with further outputs: for each of its own that is `selected`, in order, whether that is NaN (1) or not (0).
    ///
    /// An integer can't be NaN, and is 0 instead; these outputs say where.
    ///
    /// ```
    /// let kernel = hoodoo::Kernel::compile("max(w), mean(w where w > 9)")?.with_nan_outputs(&[false, true]);
    /// let (mut greatest, mut mean) = (ndarray::arr1(&[0u8; 3]), ndarray::arr1(&[0u8; 3]));
    /// let mut nan = ndarray::arr1(&[false; 3]);
    /// let image = ndarray::arr1(&[1u8, 2, 10]);
    /// let mut outputs = [(&mut greatest).into(), (&mut mean).into(), (&mut nan).into()];
    /// hoodoo::Filter::new(&kernel).size(3).run_all_into(&[(&image).into()], &mut outputs, &Default::default())?;
    /// assert_eq!((mean.to_vec(), nan.to_vec()), (vec![0, 10, 10], vec![true, false, false]));
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `selected` is not as long as the list of outputs.
    #[must_use = "it is another kernel"]
    pub fn with_nan_outputs(&self, selected: &[bool]) -> Kernel {
        self.telling(selected, Told::Nan)
    }

    /// The same for outputs that have no value at a pixel: that are NaN, or of a kernel that reads a window no cell of which takes part, of
    /// which a sum is 0. It is where [`Filter::nodata`](crate::Filter::nodata) puts its number.
    ///
    /// # Panics
    ///
    /// If `selected` is not as long as the list of outputs.
    #[must_use = "it is another kernel"]
    pub fn with_absent_outputs(&self, selected: &[bool]) -> Kernel {
        self.telling(selected, Told::Absent)
    }

    fn telling(&self, asked: &[bool], told: Told) -> Kernel {
        assert_eq!(asked.len(), self.hir().outputs.len(), "one for each output");
        self.derived(derived::Key::Telling(asked.to_vec(), told), || with_told(self.hir(), asked, told))
    }

    fn derived(&self, key: derived::Key, meaning: impl FnOnce() -> hir::Kernel) -> Kernel {
        let Inner { source, origin, limits, .. } = &*self.inner;
        let new = || Kernel::of(source.clone(), origin.clone(), meaning(), limits.clone());
        self.inner.derived.get(key, new)
    }

    /// What has a meaning, but hardly the one that was meant: errors whose [`Code`](crate::lang::diagnostic::Code) is a warning.
    ///
    /// ```
    /// let kernel = hoodoo::Kernel::compile("if w[0, 0] == nan then 0 else w[0, 0]")?;
    /// assert_eq!(kernel.warnings()[0].hint(), Some("whether a value is nan is `isnan(x)`"));
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    pub fn warnings(&self) -> Vec<KernelError> {
        let Inner { source, origin, limits, .. } = &*self.inner;
        if has_large_stack().is_err() {
            return Vec::new();
        }
        let warnings = with_large_stack(|| parse_within(source, limits).map(|program| lint(&program, source)));
        let drawn = |diagnostic| KernelError::new(diagnostic, source.clone(), origin.clone());
        warnings.unwrap_or_default().into_iter().map(drawn).collect()
    }

    /// The text that the kernel was compiled from.
    pub fn source(&self) -> &str {
        &self.inner.source
    }

    /// What the kernel means.
    pub fn hir(&self) -> &hir::Kernel {
        &self.inner.hir
    }

    /// What the kernel must keep to.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
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

    /// How many operations a pixel takes in windows of `taps` cells.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] where that, or the number of cells, is beyond a limit; [`Error::Kernel`] where a function demands what no such window can
    /// give, such as the tenth of nine.
    pub(crate) fn checked_operations(&self, taps: usize) -> Result<u64, Error> {
        let limits = self.limits();
        if taps > limits.taps {
            return Err(Error::limit("taps", limits.taps, format!("the window has {taps} cells")));
        }
        let (operations, most) = (operations(self.hir(), taps), limits.pixel_operations);
        if operations > most {
            return Err(Error::limit("pixel_operations", most, format!("a pixel takes {operations} operations")));
        }
        if self.hir().assertions.is_empty() {
            return Ok(operations);
        }
        match disproved(&specialized(self.hir(), taps)) {
            None => Ok(operations),
            Some(assertion) => Err(self.error(
                Diagnostic::new(
                    Code::OutOfRange,
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

    /// The parameters in order, or what is missing; see [`Parameters::known_settings`].
    #[cfg(feature = "jit")]
    pub(crate) fn known_settings(
        &self,
        parameters: &Parameters,
        footprint: &Footprint,
    ) -> Result<Result<Settings, Error>, Error> {
        parameters.known_settings(self.hir(), Some(footprint))
    }

    /// The parameters in order, complete and checked.
    pub(crate) fn settings(&self, parameters: &Parameters, footprint: Option<&Footprint>) -> Result<Settings, Error> {
        parameters.settings(self.hir(), footprint)
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
