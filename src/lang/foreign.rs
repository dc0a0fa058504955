//! What people write who come from another language, and what it is here.

/// Functions of NumPy, SciPy, C, R, MATLAB and GIS, with what to write instead.
const FUNCTIONS: &[(&[&str], &str)] = &[
    (&["pow", "power"], "power is `x ** y`"),
    (&["mod", "fmod", "remainder"], "the remainder is `x % y`"),
    (&["avg", "average"], "did you mean `mean`?"),
    (&["ln"], "the natural logarithm is `log`"),
    (&["size", "length", "numel"], "did you mean `len`?"),
    (&["minimum", "fmin", "amin", "erode"], "did you mean `min`?"),
    (&["maximum", "fmax", "amax", "dilate"], "did you mean `max`?"),
    (&["majority"], "did you mean `mode`?"),
    (&["stddev", "stdev", "sd"], "did you mean `std`?"),
    (&["variance"], "did you mean `var`?"),
    (&["unique", "nunique"], "the number of distinct values is `variety(w)`"),
    (&["quantile", "nanquantile"], "write `percentile(w, q)` with a q from 0 to 100"),
    (&["sort", "sorted", "partition"], "the k-th smallest element is `rank(w, k)`, from 0"),
    (&["nanmean"], "write `mean(w where not isnan(w))`"),
    (&["nanmedian"], "write `median(w where not isnan(w))`"),
    (&["nanmin"], "write `min(w where not isnan(w))`"),
    (&["nanmax"], "write `max(w where not isnan(w))`"),
    (&["nansum"], "write `sum(w where not isnan(w))`"),
    (&["nanstd"], "write `std(w where not isnan(w))`"),
    (&["select", "ifelse", "iif", "con", "ternary"], "write `if condition then a else b`"),
    (&["range", "ptp"], "write `max(w) - min(w)`"),
    (&["clip"], "did you mean `clamp`?"),
    (&["lerp", "mix"], "write `a + (b - a) * t`"),
    (&["conv", "convolve", "correlate"], "declare `weights k;` and write `sum(w * k)`"),
    (
        &["float", "double", "f32", "f64"],
        "all numbers are floats already; `--dtype` or the output says how they are stored",
    ),
    (
        &["int", "int32", "uint8", "fix"],
        "write `trunc(x)`, `floor(x)` or `round(x)`; the output's type says how values are stored",
    ),
    (&["print", "printf"], "a kernel has no effects; its outputs are all that it gives"),
    (&["bitand", "bitor", "bitxor"], "there are no operations on bits"),
];

/// Names that are values elsewhere.
const NAMES: &[(&[&str], &str)] = &[
    (
        &["null", "NULL", "None", "nil", "NA"],
        "a value that is none is `nan`; cells without a value take no part by `--nodata` or a mask",
    ),
    (
        &["nodata", "NODATA", "mask"],
        "cells without a value take no part by `--nodata` or a mask; a value that is none is `nan`",
    ),
    (&["np", "numpy", "math", "torch"], "functions have no module in front: write `sqrt(x)`, `median(w)`"),
    (&["Infinity", "INFINITY"], "infinity is `inf`"),
    (&["image", "img", "src", "arr"], "the input is `w`, unless the program names it: `input image;`"),
];

fn find(table: &[(&[&str], &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(names, _)| names.contains(&name)).map(|(_, hint)| *hint)
}

/// What to write instead of a function that is not there.
pub fn function(name: &str) -> Option<&'static str> {
    find(FUNCTIONS, name)
}

/// What to write instead of a name that is not there.
pub fn name(name: &str) -> Option<&'static str> {
    find(NAMES, name)
}

#[cfg(test)]
mod tests {
    use super::{FUNCTIONS, NAMES};
    use crate::lang::builtins::builtin;
    use crate::lang::check::check;
    use crate::lang::parse::parse;

    /// No name is built in, or stands in a table twice; and what is said of it is what a program gets.
    #[test]
    fn hints_are_for_what_is_not_there() {
        let mut seen = std::collections::HashSet::new();
        for (table, call) in [(FUNCTIONS, "(w)"), (NAMES, "")] {
            for (names, hint) in table {
                for name in *names {
                    assert!(builtin(name).is_none() && seen.insert(*name), "{name}");
                    let diagnostic = check(&parse(&format!("{name}{call}")).unwrap()).unwrap_err();
                    assert!(format!("{diagnostic:?}").contains(&format!("{hint:?}")), "{name}: {diagnostic:?}");
                }
            }
        }
    }
}
