//! Footprints, histograms and numbers as text.

use std::fmt::Write as _;

use hoodoo::{Element, Footprint};

use crate::arrays::for_any;
use crate::image::{Image, Statistics};

/// A footprint with a longer side than this is described and not drawn.
const LONGEST_SIDE: usize = 64;

/// The length of the longest bar of a histogram.
const BAR: usize = 40;

/// A number with at most six digits.
pub(super) fn number(value: f64) -> String {
    let rounded = format!("{value:.5e}").parse().unwrap_or(value);
    if rounded != 0.0 && !(1e-4..1e9).contains(&f64::abs(rounded)) && rounded.is_finite() {
        format!("{rounded:e}")
    } else {
        rounded.to_string()
    }
}

/// The least, the mean and the greatest value.
pub(super) fn statistics(statistics: &Statistics) -> String {
    let Statistics { min, mean, max, nans } = *statistics;
    let missing = if nans > 0 { format!("  NaN {nans}") } else { String::new() };
    format!("min {}  mean {}  max {}{missing}", number(min), number(mean), number(max))
}

/// The cells of a footprint: `#`, and `.` for those that are left out. The pixel is `@`, or `+` if it is left out.
pub(super) fn footprint(footprint: &Footprint) -> String {
    let shape = footprint.shape();
    let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let mut text = format!("{} of {} cells", footprint.len(), lengths.join(" x "));
    if shape.is_empty() || shape.len() > 3 || shape.iter().any(|length| *length > LONGEST_SIDE) {
        return text;
    }
    let mut inside = vec![false; shape.iter().product()];
    footprint.positions().for_each(|position| inside[position] = true);
    let width = shape[shape.len() - 1];
    let height = if shape.len() < 2 { 1 } else { shape[shape.len() - 2] };
    for (row, cells) in inside.chunks(width).enumerate() {
        if shape.len() == 3 && row % height == 0 {
            let _ = write!(text, "\nplane {:+}:", footprint.reach(0).0 + (row / height) as isize);
        }
        text.push('\n');
        for (x, inside) in cells.iter().enumerate() {
            let place = [row / height, row % height, x];
            let place = &place[3 - shape.len()..];
            let centre = place.iter().enumerate().all(|(axis, at)| footprint.reach(axis).0 + *at as isize == 0);
            if x > 0 {
                text.push(' ');
            }
            text.push(match (centre, inside) {
                (true, true) => '@',
                (true, false) => '+',
                (false, true) => '#',
                (false, false) => '.',
            });
        }
    }
    text
}

/// How many values fall into each of `bins` parts of the range from the least to the greatest, as bars.
pub(super) fn histogram(image: &Image, bins: usize) -> String {
    let whole = !image.dtype().is_float();
    let mut finite: Vec<f64> = Vec::new();
    for_any!(AnyArray, &image.array, array => {
        finite.extend(array.iter().map(|value| Element::to_f64(*value)).filter(|value| value.is_finite()));
    });
    let (least, greatest) = finite.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
    if finite.is_empty() {
        return "there are no finite values".to_string();
    }
    // Whole values get bins that hold equally many of them: one, or more.
    let span = greatest - least;
    let step = match whole {
        true => ((span + 1.0) / bins as f64).ceil(),
        false if span > 0.0 => span / bins as f64,
        false => 1.0,
    };
    let bins = if whole { ((span + 1.0) / step).ceil() as usize } else { bins };
    let mut counts = vec![0usize; bins];
    for value in finite {
        let bin = ((value - least) / step) as usize;
        counts[bin.min(bins - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let lines = counts.iter().enumerate().map(|(bin, count)| {
        let from = number(least + bin as f64 * step);
        // A bar for everything that there is, however little.
        let length = (count * BAR).div_ceil(most);
        format!("{from:>12}  {:<BAR$}  {count}", "#".repeat(length)).trim_end().to_string()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use hoodoo::Footprint;

    use super::{footprint, histogram, number};
    use crate::image::Image;

    #[test]
    fn numbers_have_six_digits() {
        for (value, text) in [
            (0.0, "0"),
            (129.061_234, "129.061"),
            (-2.5, "-2.5"),
            (1e300, "1e300"),
            (1.0 / 3e7, "3.33333e-8"),
            (255.0, "255"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn footprints() {
        let cross = Footprint::cross(2, 1).unwrap();
        assert_eq!(footprint(&cross), "5 of 3 x 3 cells\n. # .\n# @ #\n. # .");
        let moved = Footprint::size(&[3]).unwrap().with_origin(&[1]).unwrap();
        assert_eq!(footprint(&moved), "3 of 3 cells\n# # @");
        let cube = footprint(&Footprint::cube(3, 1).unwrap());
        assert!(cube.starts_with("27 of 3 x 3 x 3 cells\nplane -1:\n# # #\n"), "{cube}");
        assert!(cube.contains("plane +0:\n# # #\n# @ #\n"), "{cube}");
        let hole = ndarray::array![[true, false, true]].into_dyn();
        assert_eq!(footprint(&Footprint::from_array(hole.view()).unwrap()), "2 of 1 x 3 cells\n# + #");
        assert_eq!(footprint(&Footprint::size(&[1, 65]).unwrap()), "65 of 1 x 65 cells");
    }

    #[test]
    fn histograms() {
        let image = Image::plain(ndarray::array![1u8, 1, 1, 1, 2, 4].into_dyn().into());
        let lines: Vec<(String, usize)> = histogram(&image, 16)
            .lines()
            .map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                (words[0].to_string(), words[words.len() - 1].parse().unwrap())
            })
            .collect();
        assert_eq!(lines, [("1".into(), 4), ("2".into(), 1), ("3".into(), 0), ("4".into(), 1)]);
        let image = Image::plain(ndarray::array![0.0, 1.0, f64::NAN, f64::INFINITY].into_dyn().into());
        let text = histogram(&image, 2);
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().next().unwrap().trim_start().starts_with("0  ####"), "{text}");
        let image = Image::plain(ndarray::array![7.5, 7.5].into_dyn().into());
        assert!(histogram(&image, 3).lines().next().unwrap().ends_with('2'));
        let image = Image::plain(ndarray::Array1::<f32>::zeros(0).into_dyn().into());
        assert_eq!(histogram(&image, 3), "there are no finite values");
    }
}
