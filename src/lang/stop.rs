//! Whether what a thread does is still wanted: a run may be cancelled within one pixel, which can take minutes.

#![allow(
    unsafe_code,
    reason = "what is asked lives only as long as the work, and a thread's own memory has no lifetimes"
)]

use std::cell::Cell;

thread_local! {
    /// What says whether this thread's work is wanted no more.
    static STOP: Cell<Option<*const dyn Fn() -> bool>> = const { Cell::new(None) };
}

/// Does some work, which ends early, with any values, once `stop` says so.
pub fn watched<T>(stop: &dyn Fn() -> bool, work: impl FnOnce() -> T) -> T {
    /// Puts back what was before, also after a panic.
    struct Before(Option<*const dyn Fn() -> bool>);
    impl Drop for Before {
        fn drop(&mut self) {
            STOP.set(self.0);
        }
    }
    // SAFETY: only the lifetime is another, and the pointer is gone before `stop` is.
    let stop =
        unsafe { std::mem::transmute::<*const (dyn Fn() -> bool + '_), *const (dyn Fn() -> bool + 'static)>(stop) };
    let _before = Before(STOP.replace(Some(stop)));
    work()
}

/// Whether this thread's work is wanted no more.
pub fn is_stopped() -> bool {
    // SAFETY: what `watched` has set is alive.
    STOP.get().is_some_and(|stop| unsafe { (*stop)() })
}
