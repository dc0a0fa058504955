//! Half blocks: two pixels in each cell of any terminal that has colours.

use std::env;
use std::fmt::Write as _;

use image::imageops::{FilterType, resize};
use image::{Rgb, RgbImage};

use super::cells::Cells;

/// Which colours a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 24 bits.
    Full,
    /// The 256 of xterm.
    Few,
}

impl Depth {
    /// What the terminal says that it has.
    pub fn of_terminal() -> Depth {
        match env::var("COLORTERM") {
            Ok(said) if said.contains("truecolor") || said.contains("24bit") => Depth::Full,
            _ => Depth::Few,
        }
    }

    /// The colour, as what follows 38 or 48 in an escape sequence.
    fn code(self, Rgb([red, green, blue]): Rgb<u8>) -> String {
        match self {
            Depth::Full => format!("2;{red};{green};{blue}"),
            Depth::Few => format!("5;{}", nearest([red, green, blue])),
        }
    }
}

/// The levels of red, green and blue that xterm's colours 16 to 231 are made of.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest of xterm's colours: one of the cube, or of the greys behind it.
fn nearest(colour: [u8; 3]) -> usize {
    let step = |value: u8| (0..LEVELS.len()).min_by_key(|step| LEVELS[*step].abs_diff(value)).unwrap_or(0);
    let off = |other: [u8; 3]| -> u32 {
        colour.iter().zip(other).map(|(mine, theirs)| u32::from(mine.abs_diff(theirs)).pow(2)).sum()
    };
    let cube = colour.map(step);
    // The greys are 8, 18, ... 238.
    let mean = colour.iter().map(|value| usize::from(*value)).sum::<usize>() / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23);
    if off([8 + 10 * grey as u8; 3]) < off(cube.map(|step| LEVELS[step])) {
        232 + grey
    } else {
        16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    }
}

/// The picture as text that fills the cells.
pub fn text(picture: &RgbImage, cells: Cells, depth: Depth) -> String {
    let picture = resize(picture, cells.columns, 2 * cells.rows, FilterType::CatmullRom);
    let mut text = String::new();
    for row in 0..cells.rows {
        text.push_str(if row > 0 { "\n" } else { "" });
        let mut last = None;
        for column in 0..cells.columns {
            let colours = [2 * row, 2 * row + 1].map(|y| *picture.get_pixel(column, y));
            if last != Some(colours) {
                let [above, below] = colours.map(|colour| depth.code(colour));
                let _ = write!(text, "\x1b[48;{above};38;{below}m");
                last = Some(colours);
            }
            text.push('\u{2584}');
        }
        text.push_str("\x1b[0m");
    }
    text
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::{Cells, Depth, nearest, text};

    #[test]
    fn a_cell_is_two_pixels() {
        let picture = RgbImage::from_fn(2, 2, |_, y| Rgb([if y == 0 { 255 } else { 0 }; 3]));
        let cells = Cells { columns: 2, rows: 1 };
        assert_eq!(text(&picture, cells, Depth::Full), "\x1b[48;2;255;255;255;38;2;0;0;0m▄▄\x1b[0m");
        assert_eq!(text(&picture, cells, Depth::Few), "\x1b[48;5;231;38;5;16m▄▄\x1b[0m");
    }

    #[test]
    fn xterms_colours_are_their_own_nearest() {
        assert_eq!(nearest([95, 135, 255]), 16 + 36 + 2 * 6 + 5);
        for grey in 0..24 {
            assert_eq!(nearest([8 + 10 * grey; 3]), 232 + usize::from(grey));
        }
    }
}
