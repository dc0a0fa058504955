//! Text to meaning: the kernel language, with no knowledge of arrays or machines.
//!
//! [`parse::parse`] makes a syntax tree, [`check::check`] its meaning, and [`interpret::Interpreter`] says what every
//! meaning is worth.

pub mod ast;
pub mod builtins;
pub mod callback_rules;
pub mod cells;
pub mod check;
pub mod chosen;
pub mod dataflow;
pub mod diagnostic;
pub mod entry;
pub mod foreign;
pub mod highlight;
pub mod hir;
pub mod interpret;
pub mod limits;
pub mod missing;
pub mod ops;
pub mod ordered;
pub mod parse;
pub mod placed;
pub mod point;
pub mod reductions;
pub mod restrict;
pub mod schedule;
pub mod shrink;
pub mod similar;
pub mod span;
pub mod specialize;
pub mod stop;
pub mod stretch;
pub mod types;
pub mod whole;
pub mod words;
