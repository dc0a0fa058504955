//! Machine code in memory: who owns it, how it is called, and what it calls.
//!
//! This is the one place outside the drivers where code is `unsafe`. Three things need it: freeing the memory of a
//! finished module, calling into it, and the functions that it calls with pointers of its own.

#![allow(unsafe_code, reason = "the design lifts the ban here; each block gives its reason")]

use std::ffi::{c_int, c_void};
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cranelift_codegen::Context;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Function, InstBuilder};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable, Flags};
use cranelift_frontend::FunctionBuilder;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{DataDescription, FuncId, Linkage, Module as _};

use crate::error::Error;
use crate::lang::cells::Cells;
use crate::lang::hir::Reduction;
use crate::lang::interpret::Settings;
use crate::lang::reduce::order_statistic;

/// SciPy's callback: `int (double *buffer, intptr_t filter_size, double *return_value, void *user_data)`.
///
/// `buffer` holds `filter_size` values in footprint order and may be overwritten. The status is nonzero for success.
pub type CallbackFn = unsafe extern "C" fn(*mut f64, isize, *mut f64, *mut c_void) -> c_int;

fn codegen_error(error: impl fmt::Display) -> Error {
    Error::Codegen(error.to_string())
}

/// The machine that this process runs on, with every feature that it has.
fn isa() -> Result<OwnedTargetIsa, Error> {
    static ISA: OnceLock<Result<OwnedTargetIsa, String>> = OnceLock::new();
    let isa = ISA.get_or_init(|| {
        let mut flags = settings::builder();
        let mut set = |name: &str, value: &str| flags.set(name, value).map_err(|error| error.to_string());
        set("opt_level", "speed")?;
        set("is_pic", "false")?;
        set("use_colocated_libcalls", "false")?;
        set("unwind_info", "false")?;
        // Scratch memory on the stack may be larger than a guard page.
        set("enable_probestack", "true")?;
        set("probestack_strategy", "inline")?;
        set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })?;
        let isa = cranelift_native::builder().map_err(str::to_string)?;
        isa.finish(Flags::new(flags)).map_err(|error| error.to_string())
    });
    isa.clone().map_err(Error::Codegen)
}

/// A module under construction. Whatever happens to it, its memory is freed.
pub struct Module {
    /// `None` only while `Drop` takes it apart.
    inner: ManuallyDrop<JITModule>,
}

impl Module {
    /// An empty module in which the `symbols` can be called by name.
    pub fn new(symbols: &[(String, *const u8)]) -> Result<Module, Error> {
        let mut builder = JITBuilder::with_isa(isa()?, cranelift_module::default_libcall_names());
        builder.symbols(symbols.iter().map(|(name, address)| (name.clone(), *address)));
        Ok(Module { inner: ManuallyDrop::new(JITModule::new(builder)) })
    }

    /// Cranelift's own view of the module.
    pub fn jit(&mut self) -> &mut JITModule {
        &mut self.inner
    }

    /// A function of the host, to be called from the module.
    pub fn import(&mut self, name: &str, signature: &cranelift_codegen::ir::Signature) -> Result<FuncId, Error> {
        self.inner.declare_function(name, Linkage::Import, signature).map_err(codegen_error)
    }

    /// The address of a constant table, which is not empty; it is known where `b` stands.
    pub fn table(
        &mut self,
        b: &mut FunctionBuilder<'_>,
        bytes: impl Iterator<Item = u8>,
    ) -> Result<cranelift_codegen::ir::Value, Error> {
        let id = self.inner.declare_anonymous_data(false, false).map_err(codegen_error)?;
        let mut data = DataDescription::new();
        data.set_align(8);
        data.define(bytes.collect());
        self.inner.define_data(id, &data).map_err(codegen_error)?;
        let global = self.inner.declare_data_in_func(id, b.func);
        Ok(b.ins().symbol_value(I64, global))
    }

    /// The machine code of `function`, as text.
    pub fn disassemble(&mut self, function: Function) -> Result<String, Error> {
        let mut context = Context::for_function(function);
        context.set_disasm(true);
        let isa = isa()?;
        let code = context.compile(&*isa, &mut Default::default()).map_err(|error| codegen_error(error.inner))?;
        Ok(code.vcode.clone().unwrap_or_default())
    }

    /// Compiles `function`, and makes the module's memory executable.
    pub fn finish(mut self, function: Function) -> Result<Arc<Code>, Error> {
        let mut context = Context::for_function(function);
        let id =
            self.inner.declare_function("kernel", Linkage::Export, &context.func.signature).map_err(codegen_error)?;
        self.inner.define_function(id, &mut context).map_err(|error| codegen_error(format!("{error:?}")))?;
        self.inner.finalize_definitions().map_err(codegen_error)?;
        let entry = self.inner.get_finalized_function(id);
        Ok(Arc::new(Code { entry, _module: self }))
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: `inner` is taken once, here. No code of the module is running: before `finish` none was handed out,
        // and after it every caller holds the `Arc<Code>` that owns the module.
        unsafe { ManuallyDrop::take(&mut self.inner).free_memory() }
    }
}

/// A compiled function and the memory that it lives in.
pub struct Code {
    entry: *const u8,
    _module: Module,
}

// SAFETY: after `finish` nothing changes: `entry` points into memory that is read-only and executable, and the module
// is only kept to be freed, which the last owner does alone.
unsafe impl Send for Code {}
// SAFETY: as for `Send`; shared references can only read `entry`.
unsafe impl Sync for Code {}

/// A callback that SciPy, our driver or any C program can call, and what keeps it alive.
///
/// The pointer is valid while this value or a clone of it lives; the last one frees the code. The place of the result must
/// not be in the window or in the user data. For order statistics the code needs up to 256 KiB of stack.
///
/// # User data
///
/// [`Callback::user_data`] points to f64s: the kernel's scalar params in order of declaration, then its weights vectors
/// in order of declaration, each with one value for each cell of the footprint. A C program may pass its own:
///
/// ```c
/// // param t; param s = 2; weights k;        over a footprint of 5 cells
/// double user_data[2 + 5] = { /* t */ 0.5, /* s */ 2.0, /* k */ 0, 1, 1, 1, 0 };
/// double out;
/// if (!callback(window, 5, &out, user_data)) { /* an assertion of the kernel does not hold */ }
/// ```
///
/// A kernel without params and weights ignores the pointer; any other kernel returns status 0 for a null pointer.
#[derive(Clone)]
pub struct Callback {
    function: CallbackFn,
    origin: Origin,
}

#[derive(Clone)]
enum Origin {
    /// Our code, with its parameters.
    Compiled {
        _code: Arc<Code>,
        /// The parameters, once they are complete.
        user_data: Option<Arc<[f64]>>,
        /// The cells that the code is for, if it is not for any number of them.
        cells: Option<Arc<Cells>>,
        /// The only window length that `call` may be used with, where there is one.
        window: Option<usize>,
    },
    /// A C function, with what its owner wants to be passed.
    Foreign {
        user_data: SharedPointer,
        /// Held while the function runs, if it is not to run on several threads at once.
        serial: Option<Arc<Mutex<()>>>,
    },
}

#[derive(Clone, Copy)]
struct SharedPointer(*mut c_void);

// SAFETY: the pointer is only passed on to the foreign function, which its owner has promised to be callable from any
// thread (see `Callback::foreign`).
unsafe impl Send for SharedPointer {}
// SAFETY: as for `Send`.
unsafe impl Sync for SharedPointer {}

impl Callback {
    /// The callback at the entry of `code`, which was compiled for these cells, or for any number of them.
    pub(crate) fn compiled(code: Arc<Code>, cells: Option<&Cells>) -> Callback {
        // SAFETY: the entry of a `Code` that `codegen::callback` made has this signature.
        let function = unsafe { std::mem::transmute::<*const u8, CallbackFn>(code.entry) };
        let cells = cells.cloned().map(Arc::new);
        let window = cells.as_ref().map(|cells| cells.len());
        Callback { function, origin: Origin::Compiled { _code: code, user_data: None, cells, window } }
    }

    /// Sets the parameters of a compiled callback, complete and checked by its kernel.
    pub(crate) fn set(&mut self, settings: &Settings) {
        if let Origin::Compiled { user_data, window, .. } = &mut self.origin {
            *user_data = Some(settings.params.iter().chain(settings.weights.iter().flatten()).copied().collect());
            if let Some(weights) = settings.weights.first() {
                window.get_or_insert(weights.len());
            }
        }
    }

    /// A C function as a callback. The filter driver calls it on one thread at a time, in C order of the pixels: clones of
    /// the value wait for each other, so the function must not call the driver or [`Callback::call`] with itself.
    ///
    /// # Safety
    ///
    /// `function` must have the signature and keep to the contract of [`CallbackFn`] with this `user_data`, must not
    /// unwind, and may be called from any thread. Unless concurrent calls are sound, nothing else may call it while this
    /// value or a clone of it is used, another `Callback` made of the same function included. `function` and `user_data`
    /// must stay valid while this value or a clone of it lives.
    pub unsafe fn foreign(function: CallbackFn, user_data: *mut c_void) -> Callback {
        let serial = Some(Arc::new(Mutex::new(())));
        Callback { function, origin: Origin::Foreign { user_data: SharedPointer(user_data), serial } }
    }

    /// A C function that the filter driver may call on several threads at once, and in any order of the pixels.
    ///
    /// # Safety
    ///
    /// As for [`Callback::foreign`], and concurrent calls must be sound.
    pub unsafe fn foreign_concurrent(function: CallbackFn, user_data: *mut c_void) -> Callback {
        Callback { function, origin: Origin::Foreign { user_data: SharedPointer(user_data), serial: None } }
    }

    /// The function. It is valid while this value or a clone of it lives.
    pub fn as_ptr(&self) -> CallbackFn {
        self.function
    }

    /// What to pass as the last argument; null while params without defaults, or weights, are not set.
    pub fn user_data(&self) -> *mut c_void {
        match &self.origin {
            Origin::Compiled { user_data: None, .. } => std::ptr::null_mut(),
            // Compiled code only reads its parameters.
            Origin::Compiled { user_data: Some(user_data), .. } => user_data.as_ptr().cast_mut().cast(),
            Origin::Foreign { user_data, .. } => user_data.0,
        }
    }

    /// Whether the function may run on several threads at once, and in any order of the pixels.
    pub fn is_concurrent(&self) -> bool {
        !matches!(self.origin, Origin::Foreign { serial: Some(_), .. })
    }

    /// The only number of cells that the function takes, where there is one.
    pub fn window_len(&self) -> Option<usize> {
        match self.origin {
            Origin::Compiled { window, .. } => window,
            Origin::Foreign { .. } => None,
        }
    }

    /// Whether the callback takes windows of these cells.
    pub(crate) fn takes(&self, cells: &Cells) -> bool {
        match &self.origin {
            Origin::Compiled { cells: Some(only), .. } => **only == *cells,
            _ => self.window_len().is_none_or(|only| only == cells.len()),
        }
    }

    /// Readies the callback for calls; a foreign one that is not concurrent is held until the value is dropped.
    pub(crate) fn enter(&self) -> ActiveCallback<'_> {
        let guard = match &self.origin {
            Origin::Foreign { serial: Some(serial), .. } => {
                // The lock guards no data, so a panic in another holder has broken nothing.
                Some(serial.lock().unwrap_or_else(PoisonError::into_inner))
            }
            _ => None,
        };
        ActiveCallback { function: self.function, user_data: self.user_data(), callback: self, _guard: guard }
    }

    /// The value for one window, or `None` where the callback fails. The window may be overwritten.
    ///
    /// A window of another length than [`Callback::window_len`] fails.
    ///
    /// ```
    /// let callback = hoodoo::Kernel::compile("max(w) - min(w)")?.callback()?;
    /// assert_eq!(callback.call(&mut [3.0, 1.0, 7.0]), Some(6.0));
    /// # Ok::<(), hoodoo::Error>(())
    /// ```
    pub fn call(&self, window: &mut [f64]) -> Option<f64> {
        self.enter().call(window)
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.origin {
            Origin::Compiled { .. } => "compiled",
            Origin::Foreign { .. } => "foreign",
        };
        write!(f, "Callback({kind}, {:p})", self.function)
    }
}

/// A callback that is being used on this thread.
pub(crate) struct ActiveCallback<'c> {
    function: CallbackFn,
    user_data: *mut c_void,
    callback: &'c Callback,
    _guard: Option<MutexGuard<'c, ()>>,
}

impl ActiveCallback<'_> {
    /// Whether windows of `len` cells may be passed to [`ActiveCallback::call_unchecked`].
    pub(crate) fn takes(&self, len: usize) -> bool {
        self.callback.window_len().is_none_or(|only| only == len)
    }

    pub(crate) fn call(&self, window: &mut [f64]) -> Option<f64> {
        let mut value = 0.0;
        // SAFETY: the length is checked first.
        let held = self.takes(window.len()) && unsafe { self.call_unchecked(window, &mut value) };
        held.then_some(value)
    }

    /// Computes the value for one window, where it must be 0 on entry. False where the callback fails.
    ///
    /// # Safety
    ///
    /// [`ActiveCallback::takes`] holds for the window's length.
    #[inline(always)]
    pub(crate) unsafe fn call_unchecked(&self, window: &mut [f64], value: &mut f64) -> bool {
        // SAFETY: the pointers are valid for the lengths passed, and the function's owner is borrowed. Our own code
        // reads no further than `filter_size` cells and the parameters of its kernel, whose weights have as many
        // values as `takes` allows cells; a foreign function keeps to its contract by the promise of
        // `Callback::foreign`.
        let status = unsafe { (self.function)(window.as_mut_ptr(), window.len() as isize, value, self.user_data) };
        status != 0
    }
}

/// What the code for rows is called with besides rows.
#[repr(C)]
pub(crate) struct Frame {
    /// The values of params, then of the weights vectors.
    pub constants: *const f64,
    /// The first pixel's index along each axis of the window.
    pub position: *const f64,
    /// Memory for [`crate::plan::stage::Stage::scratch_bytes`].
    pub scratch: *mut f64,
}

type RowFn = unsafe extern "C" fn(*const *const u8, *const *mut u8, usize, *const Frame) -> usize;

/// The code of a stage for a run of pixels, and what keeps it alive.
#[derive(Clone)]
pub(crate) struct RowCode {
    function: RowFn,
    _code: Arc<Code>,
}

impl RowCode {
    /// The code that `codegen::row` has made.
    pub(super) fn new(code: Arc<Code>) -> RowCode {
        // SAFETY: `codegen::row` makes functions of this signature.
        let function = unsafe { std::mem::transmute::<*const u8, RowFn>(code.entry) };
        RowCode { function, _code: code }
    }

    /// Computes `len` pixels; the number of them before the first that fails.
    ///
    /// # Safety
    ///
    /// There is an address in `rows` for each row of the code's stage, around which its cells can be read for `len` pixels,
    /// and one in `outputs` for each output of each row of pixels, to which `len` elements can be written. `len` is at least
    /// the stage's block. The pointers of `frame` are valid for what the stage needs.
    #[inline(always)]
    pub(crate) unsafe fn call(&self, rows: &[*const u8], outputs: &[*mut u8], len: usize, frame: &Frame) -> usize {
        // SAFETY: by the contract above.
        unsafe { (self.function)(rows.as_ptr(), outputs.as_ptr(), len, frame) }
    }
}

impl fmt::Debug for RowCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowCode({:p})", self.function)
    }
}

// Functions that compiled code calls with pointers.

/// Memory for `len` f64s, or null if there is none.
pub(super) extern "C" fn allocate_scratch(len: usize) -> *mut f64 {
    let mut scratch: Vec<f64> = Vec::new();
    match scratch.try_reserve_exact(len) {
        Ok(()) if scratch.capacity() == len => ManuallyDrop::new(scratch).as_mut_ptr(),
        _ => std::ptr::null_mut(),
    }
}

/// Frees what [`allocate_scratch`] gave for the same `len`.
pub(super) extern "C" fn free_scratch(scratch: *mut f64, len: usize) {
    // SAFETY: compiled code calls this once for each successful allocation, with its result and its length, which is
    // the capacity that the vector had.
    drop(unsafe { Vec::from_raw_parts(scratch, 0, len) });
}

macro_rules! order_statistics {
    ($($op:ident),*) => {
        /// The address of the function that computes an order statistic of `len` f64s at `scratch`, reordering them.
        pub(super) fn order_function(op: Reduction) -> *const u8 {
            match op {
                $(Reduction::$op => {
                    extern "C" fn function(scratch: *mut f64, len: usize, argument: f64) -> f64 {
                        // SAFETY: compiled code has just written these `len` values to its own scratch memory.
                        let elements = unsafe { std::slice::from_raw_parts_mut(scratch, len) };
                        order_statistic(Reduction::$op, elements, argument)
                    }
                    function as *const u8
                })*
                _ => unreachable!("{} is not an order statistic", op.name()),
            }
        }
    };
}

macro_rules! block_order_statistics {
    ($($op:ident),*) => {
        /// The address of the function that computes an order statistic for each pixel of a block.
        ///
        /// `scratch` has `taps` rows of `pixels` elements, as many rows of 1 for each that takes part and 0 for the others,
        /// which count if `filtered` is not 0, then a row of arguments, and a row for the results.
        pub(super) fn block_order_function(op: Reduction) -> *const u8 {
            match op {
                $(Reduction::$op => {
                    extern "C" fn function(scratch: *mut f64, taps: usize, pixels: usize, filtered: usize) {
                        // SAFETY: compiled code calls this with its own scratch memory, which has these rows.
                        let scratch = unsafe { std::slice::from_raw_parts_mut(scratch, pixels * (2 * taps + 2)) };
                        order_statistics_of_block(Reduction::$op, scratch, taps, pixels, filtered != 0);
                    }
                    function as *const u8
                })*
                _ => unreachable!("{} is not an order statistic", op.name()),
            }
        }
    };
}

fn order_statistics_of_block(op: Reduction, scratch: &mut [f64], taps: usize, pixels: usize, filtered: bool) {
    let (elements, rest) = scratch.split_at_mut(taps * pixels);
    let (taking_part, rest) = rest.split_at(taps * pixels);
    let (arguments, results) = rest.split_at(pixels);
    let mut results = results.to_vec();
    let mut window = Vec::with_capacity(taps);
    for (pixel, result) in results.iter_mut().enumerate() {
        window.clear();
        let takes_part = |tap: usize| !filtered || taking_part[tap * pixels + pixel] != 0.0;
        window.extend((0..taps).filter(|tap| takes_part(*tap)).map(|tap| elements[tap * pixels + pixel]));
        *result = order_statistic(op, &mut window, arguments[pixel]);
    }
    let first = scratch.len() - pixels;
    scratch[first..].copy_from_slice(&results);
}

block_order_statistics!(Median, Rank, Percentile, TrimmedMean, Mode, Variety);
order_statistics!(Median, Rank, Percentile, TrimmedMean, Mode, Variety);
