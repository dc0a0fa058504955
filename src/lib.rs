//! Hoodoo compiles small expressions over pixel neighbourhoods to machine code and runs them over n-dimensional arrays.
//!
//! ```
//! use hoodoo::{Filter, Kernel};
//!
//! let erosion = Kernel::compile("min(w)")?;
//! let image = ndarray::array![[3.0, 1.0, 2.0], [9.0, 8.0, 7.0], [4.0, 6.0, 5.0]];
//! let eroded = Filter::new(&erosion).size(3).run(&image)?;
//! assert_eq!(eroded[[1, 1]], 1.0);
//! # Ok::<(), hoodoo::Error>(())
//! ```
//!
//! # The types, in reading order
//!
//! - [`Kernel`]: a program of the kernel language, checked. The language is described in `docs/language.md`.
//! - [`Filter`]: a kernel with a [`Window`], a boundary [`Mode`] and [`Parameters`]; runs over `ndarray` arrays.
//! - [`Callback`]: a kernel as a C function with the exact signature of SciPy's `LowLevelCallable` for
//!   `scipy.ndimage.generic_filter`; or any C function of that signature, which then runs in the same driver.
//! - [`Footprint`], [`Shape`]: which cells belong to a window. [`PerAxis`]: numbers for its axes. [`DType`], [`Cast`]: element types, and how
//!   values become them; [`Element`], [`AnyElement`]: the Rust types.
//! - [`AnyArray`], [`Input`], [`Output`]: arrays whose element type is known at run time only, owned and borrowed.
//! - [`Outputs`]: the arrays of a kernel with several outputs. [`Progress`]: how far a run has come, and ways to stop it.
//! - [`Prepared`]: a filter for many small arrays of one shape. [`Repeat`]: how often a filter is run on its own result.
//! - [`Engine`], [`Precision`], [`Cut`], [`Vectors`], [`Copies`]: how a kernel is computed. `Listing`, with the feature `jit`: that, as text.
//! - [`Limits`]: how large kernels from strangers may be.
//! - [`Error`]: what can go wrong. [`lang::diagnostic::KernelError`] draws a kernel's error under its source.
//!
//! # Pictures
//!
//! A picture of the `image` crate is an array of rows, columns and channels, over the same memory, and back:
//!
//! ```ignore
//! let picture = image::open("in.png")?.into_rgb8();
//! let (columns, rows) = picture.dimensions();
//! let array = ndarray::Array3::from_shape_vec((rows as usize, columns as usize, 3), picture.into_raw())?;
//! let median = Filter::new(&Kernel::compile("median(w)")?).size((3, 3)).axes([0, 1]).run(&array)?;
//! let bytes = median.into_raw_vec_and_offset().0;
//! image::RgbImage::from_raw(columns, rows, bytes).expect("as many bytes").save("out.png")?;
//! ```
//!
//! # Below
//!
//! [`lang`] is the language: [`lang::parse::parse`] makes a syntax tree, [`lang::check::check`] its meaning
//! ([`lang::hir::Kernel`]), and [`lang::interpret::Interpreter`] defines what every meaning is worth.
//!
//! # Features
//!
//! - `jit`, the default: machine code. Without it, kernels are interpreted, and nothing of Cranelift is built.
//! - `serde`: kernels, parameters, windows, limits and options in configuration files and messages.
//!
//! The crate `hoodoo-macros` has `kernel!("...")`, which checks a kernel while the program is compiled. The command `hoodoo`
//! and its prompt are the crate `hoodoo-cli`.

#![deny(missing_docs, unsafe_code)]
#![cfg_attr(
    not(feature = "jit"),
    allow(dead_code, reason = "only the driver for rows has a use for some of what all share")
)]

pub(crate) mod callback;
#[cfg(feature = "jit")]
pub(crate) mod codegen;
pub(crate) mod error;
pub(crate) mod filter;
pub(crate) mod grid;
pub(crate) mod kernel;
pub mod lang;
#[cfg(feature = "jit")]
pub(crate) mod machine;
#[cfg(feature = "jit")]
pub(crate) mod networks;
#[cfg(feature = "jit")]
pub(crate) mod plan;
#[cfg(feature = "serde")]
mod serialise;
pub(crate) mod tuning;

pub use callback::{Callback, CallbackFn};
pub use error::{Error, Place};
pub use filter::Filter;
pub use filter::arrays::{AnyArray, AnyElement, Input, Output};
pub use filter::available_threads;
pub use filter::engine::Engine;
#[cfg(feature = "jit")]
pub use filter::listing::Listing;
pub use filter::outputs::Outputs;
pub use filter::prepared::Prepared;
pub use filter::progress::Progress;
pub use filter::repeat::Repeat;
pub use grid::boundary::Mode;
pub use grid::copies::Copies;
pub use grid::cut::Cut;
pub use grid::element::{Cast, DType, Element, Precision};
pub use grid::footprint::{Footprint, Window};
pub use grid::per_axis::PerAxis;
pub use grid::shapes::Shape;
pub use grid::vectors::Vectors;
pub use half::f16;
pub use kernel::Kernel;
pub use kernel::parameters::Parameters;
pub use lang::limits::Limits;

/// The pages' examples are tested as doc examples.
#[cfg(all(doctest, feature = "jit"))]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;

/// As above.
#[cfg(doctest)]
#[doc = include_str!("../SECURITY.md")]
struct Security;

/// The README's example is tested as a doc example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
