//! Sixels: characters that are six pixels of one colour, one above the other.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use image::imageops::{FilterType, resize};
use image::{Rgb, RgbImage};

use super::cells::Cells;

/// The pixels of a cell. Nearly all terminals have more, and none has a picture that is larger than its place.
const CELL: (u32, u32) = (6, 12);

/// The rows of pixels in a row of characters.
const BAND: u32 = 6;

/// How many levels of red, green and blue the palette has: 252 colours, of the 256 that every terminal has.
const LEVELS: [u16; 3] = [6, 7, 6];

/// How many greys there are if there is no other colour: sixels say how bright a colour is in percent.
const GREYS: u16 = 101;

/// A matrix of thresholds by Bayer, in sixteenths: what is between two levels is a pattern of both.
const THRESHOLDS: [[u16; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];

/// The picture as sixels of about the size of the cells.
pub fn text(picture: &RgbImage, cells: Cells) -> String {
    encode(&resize(picture, CELL.0 * cells.columns, CELL.1 * cells.rows, FilterType::Triangle))
}

fn encode(picture: &RgbImage) -> String {
    let (width, height) = picture.dimensions();
    let palette = Palette { grey: picture.pixels().all(|Rgb([red, green, blue])| red == green && green == blue) };
    let mut text = format!("\x1bPq\"1;1;{width};{height}");
    for (index, [red, green, blue]) in palette.percents().enumerate() {
        let _ = write!(text, "#{index};2;{red};{green};{blue}");
    }
    for top in (0..height).step_by(BAND as usize) {
        let index = |x: u32, y: u32| palette.index(x, y, *picture.get_pixel(x, y));
        let rows = || top..(top + BAND).min(height);
        let used: BTreeSet<u16> = rows().flat_map(|y| (0..width).map(move |x| index(x, y))).collect();
        for colour in used {
            let sixel = |x: u32| rows().filter(|y| index(x, *y) == colour).fold(0u8, |bits, y| bits | 1 << (y - top));
            let _ = write!(text, "#{colour}");
            repeated(&mut text, (0..width).map(sixel));
            // Back to the start of the line, for the next colour.
            text.push('$');
        }
        text.push('-');
    }
    text + "\x1b\\"
}

/// Writes sixels, of those that are the same one after the other only the number.
fn repeated(text: &mut String, sixels: impl Iterator<Item = u8>) {
    let mut sixels = sixels.peekable();
    while let Some(sixel) = sixels.next() {
        let mut count = 1;
        while sixels.next_if_eq(&sixel).is_some() {
            count += 1;
        }
        let letter = char::from(b'?' + sixel);
        match count {
            1..4 => (0..count).for_each(|_| text.push(letter)),
            _ => {
                let _ = write!(text, "!{count}{letter}");
            }
        }
    }
}

/// The colours of a picture.
#[derive(Clone, Copy)]
struct Palette {
    /// Whether they are greys only.
    grey: bool,
}

impl Palette {
    /// Red, green and blue of each colour, in percent.
    fn percents(self) -> impl Iterator<Item = [u16; 3]> {
        let count = if self.grey { GREYS } else { LEVELS.iter().product() };
        (0..count).map(move |index| {
            if self.grey {
                return [index; 3];
            }
            let [_, green, blue] = LEVELS;
            let levels = [index / (green * blue), index / blue % green, index % blue];
            [0, 1, 2].map(|channel| levels[channel] * 100 / (LEVELS[channel] - 1))
        })
    }

    /// The colour of a pixel.
    fn index(self, x: u32, y: u32, Rgb(colour): Rgb<u8>) -> u16 {
        let threshold = THRESHOLDS[y as usize % 4][x as usize % 4];
        // The level below the value, or the one above it if the value is farther away than the threshold.
        let level = |value: u8, levels: u16| {
            let scaled = u16::from(value) * (levels - 1);
            scaled / 255 + u16::from(scaled % 255 * 16 > threshold * 255 + 127)
        };
        if self.grey {
            return level(colour[0], GREYS);
        }
        let levels = [0, 1, 2].map(|channel| level(colour[channel], LEVELS[channel]));
        (levels[0] * LEVELS[1] + levels[1]) * LEVELS[2] + levels[2]
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::{Palette, encode, repeated};

    #[test]
    fn a_band_has_a_line_for_each_colour() {
        let picture = RgbImage::from_fn(5, 7, |_, y| Rgb([if y < 3 { 0 } else { 255 }; 3]));
        let text = encode(&picture);
        let (start, bands) = text.split_once("#100;2;100;100;100").unwrap();
        assert!(start.starts_with("\x1bPq\"1;1;5;7#0;2;0;0;0#1;2;1;1;1#"), "{start:?}");
        // Three rows of black are the bits 1, 2 and 4; of white, the rest, and one more row.
        assert_eq!(bands, "#0!5F$#100!5w$-#100!5@$-\x1b\\");
    }

    #[test]
    fn the_palette_has_what_pixels_are_given() {
        for grey in [false, true] {
            let palette = Palette { grey };
            let colours: Vec<[u16; 3]> = palette.percents().collect();
            assert!(colours.len() <= 256);
            for (colour, percents) in [([0; 3], [0; 3]), ([255; 3], [100; 3])] {
                for (x, y) in (0..4).flat_map(|y| (0..4).map(move |x| (x, y))) {
                    assert_eq!(colours[usize::from(palette.index(x, y, Rgb(colour)))], percents);
                }
            }
        }
        // The mean of a pattern is the colour.
        let palette = Palette { grey: false };
        let colours: Vec<[u16; 3]> = palette.percents().collect();
        let pixels = || (0..4).flat_map(|y| (0..4).map(move |x| palette.index(x, y, Rgb([100, 150, 200]))));
        for (channel, percent) in [39.2, 58.8, 78.4].into_iter().enumerate() {
            let mean = pixels().map(|index| f64::from(colours[usize::from(index)][channel])).sum::<f64>() / 16.0;
            assert!((mean - percent).abs() < 2.0, "{mean} is not {percent}");
        }
    }

    #[test]
    fn repetitions_are_counted() {
        let mut text = String::new();
        repeated(&mut text, [1, 1, 1, 0, 0, 0, 0, 63].into_iter());
        assert_eq!(text, "@@@!4?~");
    }
}
