//! The extension module of Hoodoo's Python package: programs, filters and callbacks, with NumPy's arrays.
//!
//! What users see is written in Python, in `python/hoodoo/`; here is only what has to be in Rust, or what would be slow in
//! Python. `_hoodoo.pyi` describes this module to type checkers.

#![deny(missing_docs, unsafe_code)]

mod arguments;
mod arrays;
mod callback;
mod errors;
mod filter;
mod prepared;
mod program;
mod run;

/// Programs, filters and callbacks.
///
/// Nothing here counts on the GIL: all classes are frozen, and what threads share is behind locks. What can be spared where there is one is
/// spared in `callback.rs` only, and not in a module for a Python without it.
#[pyo3::pymodule(gil_used = false)]
mod _hoodoo {
    #[pymodule_export]
    use crate::callback::{
        PyCallback, call_line, integrand_capsule, is_nameless_capsule, line_capsule, transform_capsule, window_capsule,
    };
    #[pymodule_export]
    use crate::filter::{PyFilter, footprint_named};
    #[pymodule_export]
    use crate::prepared::PyPrepared;
    #[pymodule_export]
    use crate::program::{PyProgram, builtins, recipes};

    #[pymodule_init]
    fn init() {
        crate::run::remember_process();
    }
}
