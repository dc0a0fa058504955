//! A session: what a prompt does with one entry after the other, without a terminal.
//!
//! An entry is a text of the kernel language, or a command such as `:size 5`. Declarations are kept, and an expression
//! is filtered over the images at once. The result is `_`, an image that can be filtered again.
//!
//! ```
//! use hoodoo_cli::session::{Files, NamedImage, NoFiles, Session};
//! use hoodoo::{AnyArray, Progress};
//!
//! let image = NamedImage::new("w", ndarray::array![[1u8, 2], [3, 9]].into_dyn().into());
//! let mut session = Session::new(vec![image]);
//! let mut enter = |entry| session.execute(entry, &NoFiles, &Progress::default());
//! enter("fn range(x) = max(x) - min(x)")?;
//! assert!(enter("range(w)")?.text.starts_with("u8 2 x 2  min 8  mean 8  max 8"));
//! assert!(enter("range(_)")?.text.starts_with("u8 2 x 2  min 0  mean 0  max 0"));
//! assert!(enter(":size 1").is_ok());
//! # Ok::<(), hoodoo_cli::session::Error>(())
//! ```

mod call;
mod commands;
mod complete;
mod draw;
mod drawing;
mod error;
mod evaluate;
mod execute;
mod files;
mod look;
mod measure;
mod named;
mod program;
mod reply;
mod rivals;
mod set;
mod settings;
mod state;
mod times;

pub use self::commands::{COMMANDS, Command};
pub use self::complete::Completion;
pub use self::error::Error;
pub use self::evaluate::Session;
pub use self::files::{Files, NoFiles};
pub use self::named::NamedImage;
pub use self::reply::Reply;
pub use self::rivals::{NoRivals, Rival, RivalFn, Rivals};
