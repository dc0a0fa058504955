//! Arrays whose element type is known at run time only: the one place of the command that lists the types.

use hoodoo::DType;

/// Runs `$body` with the array inside an `AnyArray`, an `Input` or an `Output`, whose name is the first word, or `$half` where it
/// is one of f16s and `$body` is not for them.
macro_rules! for_any {
    ($name:ident, $value:expr, $array:ident => $body:expr) => {
        for_any!($name, $value, $array => $body, half: $body)
    };
    ($name:ident, $value:expr, $array:ident => $body:expr, half: $half:expr) => {
        match $value {
            hoodoo::$name::Bool($array) => $body,
            hoodoo::$name::I8($array) => $body,
            hoodoo::$name::U8($array) => $body,
            hoodoo::$name::I16($array) => $body,
            hoodoo::$name::U16($array) => $body,
            hoodoo::$name::I32($array) => $body,
            hoodoo::$name::U32($array) => $body,
            hoodoo::$name::I64($array) => $body,
            hoodoo::$name::U64($array) => $body,
            hoodoo::$name::F16($array) => $half,
            hoodoo::$name::F32($array) => $body,
            hoodoo::$name::F64($array) => $body,
        }
    };
}
pub(crate) use for_any;

/// Whether a type has all values of another one.
pub fn holds_all(dtype: DType, other: DType) -> bool {
    let ((least, greatest), (low, high)) = (dtype.limits(), other.limits());
    match (dtype.is_float(), other.is_float()) {
        (true, true) => dtype.bytes() >= other.bytes(),
        // A float has more digits than integers of half as many bytes.
        (true, false) => dtype.bytes() >= 2 * other.bytes(),
        (false, true) => false,
        (false, false) => least <= low && high <= greatest,
    }
}

#[cfg(test)]
mod tests {
    use hoodoo::DType;

    use super::holds_all;

    #[test]
    fn types_that_hold_others() {
        let all = |dtype| DType::ALL.into_iter().filter(|other| holds_all(dtype, *other)).collect::<Vec<_>>();
        assert_eq!(
            all(DType::F32),
            [DType::Bool, DType::I8, DType::U8, DType::I16, DType::U16, DType::F16, DType::F32]
        );
        assert_eq!(all(DType::I32), [DType::Bool, DType::I8, DType::U8, DType::I16, DType::U16, DType::I32]);
        assert_eq!(all(DType::U16), [DType::Bool, DType::U8, DType::U16]);
        assert!(!holds_all(DType::I64, DType::U64) && !holds_all(DType::F64, DType::I64));
    }
}
