//! How wide the vectors are that code for rows computes with.

use super::named::named_enum;

/// The size of the vector registers that code for rows computes with. Values do not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Vectors {
    /// Those of the processor's that are fastest for a kernel, where rows are long enough.
    #[default]
    Auto,
    /// 128 bits.
    Bits128,
    /// 256 bits, if the processor has them.
    Bits256,
    /// 512 bits, if the processor has them, else 256.
    Bits512,
}

named_enum!(Vectors, "vectors", "a size of vectors", "sizes of vectors", [Auto: "auto", Bits128: "128", Bits256: "256", Bits512: "512"]);
