//! Which terms are permissive.

use spdx::{Expression, ParseMode};

/// The licences on whose terms anybody may ship Hoodoo in whatever they make. (The one of Unicode is for its tables.)
const PERMISSIVE: [&str; 11] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Why a package with this licence can't be used; none if it can.
pub fn refused(licence: Option<&str>) -> Option<String> {
    let Some(licence) = licence else { return Some("says no licence".to_string()) };
    // The older form `MIT/Apache-2.0` is among what is read.
    match Expression::parse_mode(licence, ParseMode::LAX) {
        Ok(terms) if terms.evaluate(|term| PERMISSIVE.contains(&term.to_string().as_str())) => None,
        Ok(_) => Some(format!("`{licence}` leaves no permissive choice")),
        Err(error) => Some(format!("`{licence}` is no SPDX expression: {}", error.reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[test]
    fn one_permissive_choice_is_enough() {
        for licence in
            ["MIT", "MIT OR Apache-2.0", "MIT/Apache-2.0", "LGPL-2.1-or-later OR MIT", "(MIT OR GPL-2.0-only) AND ISC"]
        {
            assert_eq!(refused(Some(licence)), None, "{licence}");
        }
        assert_eq!(refused(Some("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only")), None);
    }

    #[test]
    fn every_part_must_be_permissive() {
        for licence in ["LGPL-3.0+", "GPL-2.0-only OR MPL-2.0", "MIT AND LGPL-3.0-or-later", "my own", ""] {
            assert!(refused(Some(licence)).is_some(), "{licence}");
        }
        assert!(refused(None).is_some());
    }
}
