//! The choice of the instructions that work is done with.

#![allow(unsafe_code, reason = "functions compiled for instructions are called where the processor has these")]

use super::instructions::Work;
use super::portable::Portable;
#[cfg(target_arch = "x86_64")]
use super::x86;

/// Does work with the best instructions that the processor has.
#[inline]
pub fn dispatch(work: impl Work) {
    match best() {
        // SAFETY of both: the processor has what the functions are compiled for.
        #[cfg(target_arch = "x86_64")]
        Best::Avx512 => unsafe { x86::with_avx512(work) },
        #[cfg(target_arch = "x86_64")]
        Best::Avx2 => unsafe { x86::with_avx2(work) },
        _ => work.run(Portable),
    }
}

/// The levels, the lower ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "they are those of x86-64"))]
pub enum Best {
    Portable,
    Avx2,
    Avx512,
}

/// The best level that the processor has.
fn best() -> Best {
    #[cfg(target_arch = "x86_64")]
    let best = match (x86::has_avx2(), x86::has_avx512()) {
        (true, true) => Best::Avx512,
        (true, false) => Best::Avx2,
        _ => Best::Portable,
    };
    #[cfg(not(target_arch = "x86_64"))]
    let best = Best::Portable;
    #[cfg(test)]
    let best = best.min(tests::MOST.get());
    best
}

/// For tests: does something at every level that the processor has.
#[cfg(test)]
pub mod tests {
    use std::cell::Cell;

    use super::Best;

    thread_local! {
        /// No level above this one is chosen by the thread.
        pub static MOST: Cell<Best> = const { Cell::new(Best::Avx512) };
    }

    /// Does something with each level as the best one.
    pub fn at_every_level(mut work: impl FnMut(Best)) {
        for level in [Best::Portable, Best::Avx2, Best::Avx512] {
            MOST.set(level);
            work(level);
        }
        MOST.set(Best::Avx512);
    }
}
