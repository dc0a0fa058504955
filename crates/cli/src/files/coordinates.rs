//! The world coordinates of a FITS header, where an image has a part of the pixels that it had, or only some of them.
//!
//! The standard is version 4.0, section 8: what is counted in pixels is CRPIXj; what is an amount for a pixel is CDELTj, or column j of
//! the matrix CDi_j. The matrix PCi_j stands between the two, and is one of directions. A letter behind names other systems.

use super::cards::{self, Card};

/// Has the coordinates of so many axes be those of pixels that begin at these indices and are so far apart, both along the array's axes,
/// of which the last one is the first of the header. What can't be said, in words.
pub fn place(cards: &mut Vec<Card>, axes: usize, first: &[usize], steps: &[usize]) -> Option<String> {
    let of_axis = |numbers: &[usize], axis: usize, default: usize| {
        axes.checked_sub(axis).and_then(|index| numbers.get(index)).copied().unwrap_or(default) as f64
    };
    let (first, step) = (|axis| of_axis(first, axis, 0), |axis| of_axis(steps, axis, 1));
    let keys: Vec<String> = cards.iter().map(cards::key).collect();
    let mut change = |key: &str, change: &dyn Fn(f64) -> f64| {
        if let Some(old) = cards::number(cards, key)
            && change(old) != old
        {
            cards::set(cards, key, &cards::float(change(old)), None);
        }
    };
    for key in &keys {
        match Keyword::of(key) {
            Some(Keyword::Place(axis)) => {
                change(key, &|place| (place - first(axis) - 1.0) / step(axis) + 1.0);
            }
            Some(Keyword::Amount(axis)) => change(key, &|amount| amount * step(axis)),
            Some(Keyword::Matrix(_, axis)) => change(key, &|amount| amount * step(axis)),
            // The amounts of the row's axis have grown as well.
            Some(Keyword::Direction(row, axis)) => change(key, &|part| part * step(axis) / step(row)),
            None => {}
        }
    }
    add_amounts(cards, &keys, &step);
    let same = (1..=axes).all(|axis| step(axis) == step(1));
    let turned = keys.iter().any(|key| key.starts_with("CROTA") && cards::number(cards, key) != Some(0.0));
    let apart = (1..=axes).any(|axis| step(axis) != 1.0);
    let distorted = keys.iter().any(|key| matches!(key.as_str(), "A_ORDER" | "B_ORDER" | "CPDIS1" | "CPDIS2"));
    match (apart && turned && !same, apart && distorted) {
        (true, _) => Some("the rotation (CROTA) of pixels that are farther apart along one axis".to_string()),
        (_, true) => Some("the distortion of coordinates, which is that of the pixels that were".to_string()),
        _ => None,
    }
}

/// Says the amounts for pixels that are apart, where the header says none: it is 1 then.
fn add_amounts(cards: &mut Vec<Card>, keys: &[String], step: &impl Fn(usize) -> f64) {
    for key in keys {
        let Some(Keyword::Place(axis)) = Keyword::of(key) else { continue };
        let amount = key.replacen("CRPIX", "CDELT", 1);
        let letter = key.chars().last().filter(char::is_ascii_uppercase);
        let matrix = keys.iter().any(|other| {
            let is_matrix = matches!(Keyword::of(other), Some(Keyword::Matrix(..)));
            is_matrix && other.chars().last().filter(char::is_ascii_uppercase) == letter
        });
        if !matrix && !keys.contains(&amount) && step(axis) != 1.0 {
            cards::set(cards, &amount, &cards::float(step(axis)), Some(key));
        }
    }
}

/// What a card says of an axis, or of a world axis and an axis.
#[derive(Debug, PartialEq)]
enum Keyword {
    Place(usize),
    Amount(usize),
    Matrix(usize, usize),
    Direction(usize, usize),
}

impl Keyword {
    /// That of a key, in any of the systems that a header may have.
    fn of(key: &str) -> Option<Keyword> {
        let number = |text: &str| text.parse::<usize>().ok().filter(|axis| *axis > 0 && !text.starts_with(['0', '+']));
        let key = key.strip_suffix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(key);
        if let Some(axis) = key.strip_prefix("CRPIX") {
            return number(axis).map(Keyword::Place);
        }
        if let Some(axis) = key.strip_prefix("CDELT") {
            return number(axis).map(Keyword::Amount);
        }
        let pair = |rest: &str| rest.split_once('_').and_then(|(row, axis)| Some((number(row)?, number(axis)?)));
        match (key.strip_prefix("CD"), key.strip_prefix("PC")) {
            (Some(rest), _) => pair(rest).map(|(row, axis)| Keyword::Matrix(row, axis)),
            (_, Some(rest)) => pair(rest).map(|(row, axis)| Keyword::Direction(row, axis)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Keyword, place};
    use crate::files::cards::{card, number};

    #[test]
    fn keywords_of_axes() {
        assert_eq!(Keyword::of("CRPIX2"), Some(Keyword::Place(2)));
        assert_eq!(Keyword::of("CRPIX12A"), Some(Keyword::Place(12)));
        assert_eq!(Keyword::of("CDELT1"), Some(Keyword::Amount(1)));
        assert_eq!(Keyword::of("CD1_2"), Some(Keyword::Matrix(1, 2)));
        assert_eq!(Keyword::of("PC2_1B"), Some(Keyword::Direction(2, 1)));
        for other in ["CDELT", "CD", "PC001002", "CRPIX0", "CRPIX", "CRVAL1", "CDS", "PCOUNT"] {
            assert_eq!(Keyword::of(other), None, "{other}");
        }
    }

    /// A pixel that is still there has the world coordinates that it had: those of the standard's equations 1 to 3.
    #[test]
    fn pixels_stay_where_they_were() {
        let world = |cards: &[super::Card], kind: &str, pixel: [f64; 2]| -> [f64; 2] {
            let of = |key: &str, default: f64| number(cards, key).unwrap_or(default);
            let from = [pixel[0] - of("CRPIX1", 0.0), pixel[1] - of("CRPIX2", 0.0)];
            [1, 2].map(|row| {
                let part = |axis: usize| {
                    let same = if row == axis { 1.0 } else { 0.0 };
                    of(&format!("{kind}{row}_{axis}"), if kind == "PC" { same } else { 0.0 }) * from[axis - 1]
                };
                (part(1) + part(2)) * if kind == "PC" { of(&format!("CDELT{row}"), 1.0) } else { 1.0 }
            })
        };
        let (first, steps) = ([4, 7], [3, 2]);
        for keys in [
            vec![("CRPIX1", "10.5"), ("CRPIX2", "-3.0"), ("CDELT1", "-0.25"), ("CDELT2", "0.5")],
            vec![("CRPIX1", "10.5"), ("CRPIX2", "6.0"), ("CDELT1", "2.0"), ("PC1_2", "0.3"), ("PC2_1", "-0.3")],
            vec![("CRPIX1", "10.5"), ("CRPIX2", "6.0")],
            vec![("CRPIX1", "1.0"), ("CRPIX2", "6.0"), ("CD1_1", "2.0"), ("CD1_2", "0.5"), ("CD2_2", "3.0")],
        ] {
            let kind = if keys.iter().any(|(key, _)| key.starts_with("CD1_")) { "CD" } else { "PC" };
            let before: Vec<_> = keys.iter().map(|(key, value)| card(key, Some((value, "")))).collect();
            let mut after = before.clone();
            assert_eq!(place(&mut after, 2, &first, &steps), None);
            for new in [[1.0, 1.0], [4.0, 9.0]] {
                // The array's last axis is the first one here.
                let old = [7.0 + (new[0] - 1.0) * 2.0 + 1.0, 4.0 + (new[1] - 1.0) * 3.0 + 1.0];
                let [a, b] = [world(&before, kind, old), world(&after, kind, new)];
                assert!((a[0] - b[0]).abs() < 1e-9 && (a[1] - b[1]).abs() < 1e-9, "{keys:?}: {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn what_can_not_be_said() {
        let mut turned = vec![card("CRPIX1", Some(("1.0", ""))), card("CROTA2", Some(("30.0", "")))];
        assert_eq!(place(&mut turned.clone(), 2, &[0, 0], &[2, 2]), None);
        assert!(place(&mut turned, 2, &[0, 0], &[2, 1]).unwrap().contains("CROTA"));
        let mut distorted = vec![card("CRPIX1", Some(("1.0", ""))), card("A_ORDER", Some(("2", "")))];
        assert_eq!(place(&mut distorted.clone(), 2, &[1, 1], &[]), None);
        assert!(place(&mut distorted, 2, &[], &[2, 2]).unwrap().contains("distortion"));
    }
}
