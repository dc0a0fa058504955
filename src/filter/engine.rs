//! Which engine runs a kernel.

use std::str::FromStr;

use crate::error::Error;

/// What runs the kernel.
///
/// Without the feature `jit` there is the interpreter only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Rows for a kernel, and the callback for a callback. A kernel that is too large for machine code is an error, and not a
    /// run that takes a thousand times longer. Without the feature `jit`, the interpreter.
    #[default]
    Auto,
    /// Machine code that computes row after row, many pixels at once.
    Rows,
    /// Machine code, called once for each pixel.
    Callback,
    /// The reference interpreter.
    Interpreter,
}

impl Engine {
    /// Every engine.
    pub const ALL: [Engine; 4] = [Engine::Auto, Engine::Rows, Engine::Callback, Engine::Interpreter];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Engine::Auto => "auto",
            Engine::Rows => "rows",
            Engine::Callback => "callback",
            Engine::Interpreter => "interpreter",
        }
    }
}

impl FromStr for Engine {
    type Err = Error;

    fn from_str(name: &str) -> Result<Engine, Error> {
        Engine::ALL.into_iter().find(|engine| engine.as_str() == name).ok_or_else(|| {
            let names = Engine::ALL.map(Engine::as_str).join(", ");
            Error::argument("engine", format!("`{name}` is not an engine; the engines are {names}"))
        })
    }
}
