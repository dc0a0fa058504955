//! What this processor can do.

/// The bits of the widest vectors that code is made for.
///
/// Those of 256 bits need AVX2, and some instructions that came with it; and the convention by which functions are called outside of
/// Windows, where vector registers need not be given back as they were.
pub fn vector_bits() -> usize {
    #[cfg(all(target_arch = "x86_64", not(windows)))]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("bmi2") {
        return 256;
    }
    128
}

/// Whether a fused multiplication and addition is one instruction.
pub fn fuses() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    true
}
