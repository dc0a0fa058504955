//! The host's own work on many numbers at once, compiled for the vectors that this processor has.
//!
//! What is compiled for more instructions than every processor has is one function, and whatever is inlined into it. So work is a
//! value whose only method is always inlined, as is all that it calls in a loop; no closure is left to the compiler's judgement. Work
//! names the instructions that matter by a [`Level`], of which there is one only where the processor has them.

mod dispatch;
mod instructions;
mod offsets;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use self::dispatch::dispatch;
#[cfg(test)]
pub use self::dispatch::tests::at_every_level;
pub use self::instructions::{Lanes, Level, Running, Work};
pub use self::offsets::{Offsets, count_less};
