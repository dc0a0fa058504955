//! Enums whose values have names that people type: one list gives the names and every way to and from them.

use crate::error::Error;
use crate::lang::similar::most_similar;

/// Gives an enum without fields `ALL`, `as_str`, `Display` and `FromStr`.
///
/// The list must have every variant, or the match in `as_str` is an error. The words in front of it are for the error of an
/// unknown name: the argument that has it, what it should be, and what there are several of. Other names that are understood
/// may follow.
macro_rules! named_enum {
    (
        $type:ident, $argument:literal, $one:literal, $many:literal,
        [$($variant:ident: $name:literal),+ $(,)?] $(, also [$($alias:literal: $meant:ident),+ $(,)?])?
    ) => {
        impl $type {
            /// Every value, in order.
            pub const ALL: [$type; [$($name),+].len()] = [$($type::$variant),+];

            /// The name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($type::$variant => $name),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::error::Error;

            fn from_str(name: &str) -> Result<$type, Self::Err> {
                match name {
                    $($name => Ok($type::$variant),)+
                    $($($alias => Ok($type::$meant),)+)?
                    _ => Err($crate::grid::named::unknown(name, $argument, $one, $many, &[$($name),+])),
                }
            }
        }
    };
}

pub(crate) use named_enum;

/// The error for a name that none of the values has.
pub(crate) fn unknown(name: &str, argument: &'static str, one: &str, many: &str, names: &[&str]) -> Error {
    let hint =
        most_similar(name, names.iter().copied()).map_or(String::new(), |meant| format!(", did you mean `{meant}`?"));
    let separator = if hint.is_empty() { "; the" } else { " The" };
    Error::argument(argument, format!("`{name}` is not {one}{hint}{separator} {many} are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use crate::grid::boundary::Mode;

    #[test]
    fn unknown_names() {
        let error = |name: &str| name.parse::<Mode>().unwrap_err().to_string();
        let modes = "modes are reflect, mirror, nearest, wrap, constant, shrink, valid";
        assert_eq!(error("periodic"), format!("mode: `periodic` is not a mode; the {modes}"));
        assert_eq!(error("nearst"), format!("mode: `nearst` is not a mode, did you mean `nearest`? The {modes}"));
    }
}
