//! Arrays whose element type is known at run time only: the one place of the command that lists the types.

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
