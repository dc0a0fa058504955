//! A C function of SciPy's signature, what is passed to it, and what keeps both alive. Who made the function, our code
//! generator or somebody else, is nothing that a caller can tell.

#![allow(unsafe_code, reason = "a callback is a C function, called by its pointer with pointers")]

use std::any::Any;
use std::ffi::{c_int, c_void};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::lang::cells::Cells;
#[cfg(feature = "jit")]
use crate::lang::interpret::Settings;

/// SciPy's callback: `int (double *buffer, intptr_t filter_size, double *return_value, void *user_data)`.
///
/// `buffer` holds `filter_size` values in footprint order and may be overwritten. The status is nonzero for success.
pub type CallbackFn = unsafe extern "C" fn(*mut f64, isize, *mut f64, *mut c_void) -> c_int;

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
    user_data: SharedPointer,
    /// What keeps our own code alive.
    owner: Option<Owner>,
    /// The cells that the function is for, if it is not for any number of them.
    cells: Option<Arc<Cells>>,
    /// The only window length that `call` may be used with, where there is one.
    window: Option<usize>,
    /// Held while the function runs, if it is not to run on several threads at once.
    serial: Option<Arc<Mutex<()>>>,
}

#[derive(Clone)]
struct Owner {
    _code: Arc<dyn Any + Send + Sync>,
    /// The parameters that the user data are, once they are complete.
    _parameters: Option<Arc<[f64]>>,
}

#[derive(Clone, Copy)]
struct SharedPointer(*mut c_void);

// SAFETY: the pointer is only passed on to the function. Our own code only reads what it points to, which lives as long as
// the callback; the owner of a foreign one has promised that it can be called from any thread (see `Callback::foreign`).
unsafe impl Send for SharedPointer {}
// SAFETY: as for `Send`.
unsafe impl Sync for SharedPointer {}

impl Callback {
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
        // SAFETY: by the contract of this function, which is the other's but for concurrent calls, and there are none.
        Callback { serial, ..unsafe { Callback::foreign_concurrent(function, user_data) } }
    }

    /// A C function that the filter driver may call on several threads at once, and in any order of the pixels.
    ///
    /// # Safety
    ///
    /// As for [`Callback::foreign`], and concurrent calls must be sound.
    pub unsafe fn foreign_concurrent(function: CallbackFn, user_data: *mut c_void) -> Callback {
        let user_data = SharedPointer(user_data);
        Callback { function, user_data, owner: None, cells: None, window: None, serial: None }
    }

    /// The function. It is valid while this value or a clone of it lives.
    pub fn as_ptr(&self) -> CallbackFn {
        self.function
    }

    /// What to pass as the last argument; null while params without defaults, or weights, are not set.
    pub fn user_data(&self) -> *mut c_void {
        self.user_data.0
    }

    /// Whether the function may run on several threads at once, and in any order of the pixels.
    pub fn is_concurrent(&self) -> bool {
        self.serial.is_none()
    }

    /// The only number of cells that the function takes, where there is one.
    pub fn window_len(&self) -> Option<usize> {
        self.window
    }

    /// Whether the callback takes windows of these cells.
    pub(crate) fn takes(&self, cells: &Cells) -> bool {
        match &self.cells {
            Some(only) => **only == *cells,
            None => self.window.is_none_or(|only| only == cells.len()),
        }
    }

    /// Readies the callback for calls; a foreign one that is not concurrent is held until the value is dropped.
    pub(crate) fn enter(&self) -> ActiveCallback<'_> {
        // The lock guards no data, so a panic in another holder has broken nothing.
        let guard = self.serial.as_ref().map(|serial| serial.lock().unwrap_or_else(PoisonError::into_inner));
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

#[cfg(feature = "jit")]
impl Callback {
    /// A function that our code generator has made for these cells, or for any number of them.
    ///
    /// # Safety
    ///
    /// `function` keeps to the contract of [`CallbackFn`] and to that of [`Callback::user_data`], and is valid while `code`
    /// lives.
    pub(crate) unsafe fn compiled(
        function: CallbackFn,
        code: Arc<dyn Any + Send + Sync>,
        cells: Option<&Cells>,
    ) -> Callback {
        let cells = cells.cloned().map(Arc::new);
        let window = cells.as_ref().map(|cells| cells.len());
        let user_data = SharedPointer(std::ptr::null_mut());
        let owner = Owner { _code: code, _parameters: None };
        Callback { function, user_data, owner: Some(owner), cells, window, serial: None }
    }

    /// Sets the parameters of a compiled callback, complete and checked by its kernel.
    pub(crate) fn set(&mut self, settings: &Settings) {
        if let Some(owner) = &mut self.owner {
            let values: Arc<[f64]> = settings.params.iter().chain(settings.weights.iter().flatten()).copied().collect();
            // Compiled code only reads its parameters.
            self.user_data = SharedPointer(values.as_ptr().cast_mut().cast());
            owner._parameters = Some(values);
            if let Some(weights) = settings.weights.first() {
                self.window.get_or_insert(weights.len());
            }
        }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.owner.is_some() { "compiled" } else { "foreign" };
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
