//! What this processor can do.

/// Whether a fused multiplication and addition is one instruction.
pub fn fuses() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    true
}
