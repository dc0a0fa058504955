//! What this processor can do.

use std::sync::OnceLock;

/// Which vectors a processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VectorUnit {
    /// Those of 128 bits that Cranelift makes code for.
    Basic,
    /// AVX2, and what came with it: 256 bits, 16 registers.
    Avx2,
    /// AVX-512 as servers have had it since 2017: 512 bits, 32 registers, mask registers, all lanes, and the same for shorter vectors.
    Avx512,
    /// The same where it does not lower the clock of the core for longer than it runs: since Ice Lake and Zen 4.
    FastAvx512,
}

/// The variable in the environment that makes this processor pass for an older one, for tests and for measurements.
const PRETENDED: &str = "HOODOO_PROCESSOR";

/// The vectors of this processor that code is made for.
///
/// Code with more than 128 bits counts on the convention by which functions are called outside of Windows, where vector registers need
/// not be given back as they were.
pub fn vector_unit() -> VectorUnit {
    static UNIT: OnceLock<VectorUnit> = OnceLock::new();
    *UNIT.get_or_init(|| {
        let most = match std::env::var(PRETENDED).as_deref() {
            Ok("basic") => VectorUnit::Basic,
            Ok("avx2") => VectorUnit::Avx2,
            _ => VectorUnit::FastAvx512,
        };
        detected().min(most)
    })
}

#[cfg(not(all(target_arch = "x86_64", not(windows))))]
fn detected() -> VectorUnit {
    VectorUnit::Basic
}

#[cfg(all(target_arch = "x86_64", not(windows)))]
fn detected() -> VectorUnit {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("bmi2");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq");
    match (avx2, avx512) {
        (true, true) if is_x86_feature_detected!("avx512vbmi2") => VectorUnit::FastAvx512,
        (true, true) => VectorUnit::Avx512,
        (true, false) => VectorUnit::Avx2,
        (false, _) => VectorUnit::Basic,
    }
}

/// Whether there is an instruction for the upper halves of twice the products of 16-bit integers, rounded.
pub fn multiplies_words() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("ssse3");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether a fused multiplication and addition is one instruction.
pub fn fuses() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    true
}
