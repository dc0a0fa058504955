//! How long each run took, in two numbers.

use std::fmt;
use std::time::Duration;

/// How long a run took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// From the text to machine code.
    pub compile: Duration,
    /// From machine code to the result.
    pub run: Duration,
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "compile {}, run {}", milliseconds(self.compile), milliseconds(self.run))
    }
}

/// In milliseconds.
pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
