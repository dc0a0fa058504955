//! What a window sees outside the array.

use super::named::named_enum;

/// How the array goes on beyond its ends, with the names of `scipy.ndimage`; or, in modes `shrink` and `valid`, that it
/// does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// `d c b a | a b c d | d c b a`: mirrored about the edge of the last cell.
    #[default]
    Reflect,
    /// `d c b | a b c d | c b a`: mirrored about the centre of the last cell.
    Mirror,
    /// `a a a | a b c d | d d d`: the last cell goes on.
    Nearest,
    /// `b c d | a b c d | a b c`: the array repeats.
    Wrap,
    /// `k k k | a b c d | k k k`: every cell outside is `cval`.
    Constant,
    /// `| a b c d |`: there is nothing outside, and windows near an end have fewer cells. Reductions, folds and `len(w)`
    /// are over the cells that are inside; a `w[dy, dx]` that is outside is NaN.
    Shrink,
    /// `| a b c d |`: there is nothing outside, and only pixels all of whose cells are inside have a value: the output is
    /// smaller than the input.
    Valid,
}

named_enum!(
    Mode, "mode", "a mode", "modes",
    [
        Reflect: "reflect",
        Mirror: "mirror",
        Nearest: "nearest",
        Wrap: "wrap",
        Constant: "constant",
        Shrink: "shrink",
        Valid: "valid",
    ],
    // SciPy's other names.
    also ["grid-mirror": Reflect, "grid-wrap": Wrap, "grid-constant": Constant]
);

impl Mode {
    /// The index inside `0..len` whose value index `at` has, or `None` if it has none of the array's: it is `cval`, or in
    /// modes `shrink` and `valid` nothing at all.
    ///
    /// `len` must not be 0.
    ///
    /// ```
    /// use hoodoo::Mode;
    /// assert_eq!(Mode::Reflect.index(-1, 4), Some(0));
    /// assert_eq!(Mode::Mirror.index(-1, 4), Some(1));
    /// assert_eq!(Mode::Wrap.index(-1, 4), Some(3));
    /// assert_eq!(Mode::Constant.index(-1, 4), None);
    /// ```
    pub fn index(self, at: isize, len: usize) -> Option<usize> {
        let len = len as isize;
        let inside = match self {
            _ if (0..len).contains(&at) => at,
            Mode::Reflect => {
                let at = at.rem_euclid(2 * len);
                if at < len { at } else { 2 * len - 1 - at }
            }
            Mode::Mirror if len == 1 => 0,
            Mode::Mirror => {
                let at = at.rem_euclid(2 * len - 2);
                if at < len { at } else { 2 * len - 2 - at }
            }
            Mode::Nearest => at.clamp(0, len - 1),
            Mode::Wrap => at.rem_euclid(len),
            Mode::Constant | Mode::Shrink | Mode::Valid => return None,
        };
        Some(inside as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Mode;

    /// The patterns of SciPy's documentation, three cells beyond each end of `a b c d`.
    #[test]
    fn patterns() {
        for (mode, pattern) in [
            (Mode::Reflect, "cbaabcddcb"),
            (Mode::Mirror, "dcbabcdcba"),
            (Mode::Nearest, "aaaabcdddd"),
            (Mode::Wrap, "bcdabcdabc"),
            (Mode::Constant, "kkkabcdkkk"),
            (Mode::Shrink, "kkkabcdkkk"),
            (Mode::Valid, "kkkabcdkkk"),
        ] {
            let seen: String =
                (-3..7).map(|at| mode.index(at, 4).map_or('k', |index| (b'a' + index as u8) as char)).collect();
            assert_eq!(seen, pattern, "{mode}");
        }
    }

    #[test]
    fn one_cell_goes_on_forever() {
        for mode in [Mode::Reflect, Mode::Mirror, Mode::Nearest, Mode::Wrap] {
            assert!((-9..9).all(|at| mode.index(at, 1) == Some(0)), "{mode}");
        }
    }

    #[test]
    fn names_and_aliases() {
        assert_eq!("grid-mirror".parse::<Mode>().unwrap(), Mode::Reflect);
        assert_eq!("grid-wrap".parse::<Mode>().unwrap(), Mode::Wrap);
        assert_eq!("grid-constant".parse::<Mode>().unwrap(), Mode::Constant);
        for mode in Mode::ALL {
            assert_eq!(mode.to_string().parse::<Mode>().unwrap(), mode);
        }
        assert!("periodic".parse::<Mode>().unwrap_err().to_string().contains("constant, shrink, valid"));
    }
}
