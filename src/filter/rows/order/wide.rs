//! Code of the host for the instructions that this processor has.

#![allow(unsafe_code, reason = "a function is compiled for instructions, and called if the processor has them")]

/// Calls `work`, which is compiled for wider registers and for counts of bits where the processor has those.
#[inline]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,popcnt,bmi1")]
        fn compiled<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") && is_x86_feature_detected!("bmi1") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { compiled(work) };
        }
    }
    work()
}
