//! Pictures in the terminal.

use std::env;

use clap::ValueEnum;
use image::imageops::FilterType;
use image::{DynamicImage, RgbImage};
use viuer::Config;

use crate::failure::Failure;
use crate::session::{Image, Picture};

/// The longest side of what is handed to the terminal, in pixels; terminals that draw pixels make it smaller.
const LONGEST: usize = 1024;

/// A picture that is smaller than this is drawn larger, so that it can be seen.
const SHORTEST: usize = 16;

/// The rows of the terminal that are left to text.
const TEXT_ROWS: usize = 6;

/// The most columns of a picture.
const MOST_COLUMNS: usize = 72;

/// How to draw pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Pictures {
    /// As well as the terminal is known to be able to
    Auto,
    /// With kitty's graphics protocol
    Kitty,
    /// With iTerm2's images
    Iterm,
    /// As sixels
    Sixel,
    /// With half blocks, in any terminal that has colours
    Blocks,
    /// Not at all
    None,
}

impl Pictures {
    /// Draws an image where the cursor is; without colours only if a way to draw was asked for.
    pub fn draw(self, image: &Image, colour: bool) -> Result<(), Failure> {
        if self == Pictures::None || (self == Pictures::Auto && !colour) {
            return Ok(());
        }
        let Some(picture) = image.picture(LONGEST) else { return Ok(()) };
        let (columns, rows) = viuer::terminal_size();
        let (width, height) = cells(&picture, columns.into(), rows.into());
        let config = Config {
            absolute_offset: false,
            width: Some(width),
            height: Some(height),
            use_kitty: self.is(Pictures::Kitty, has_kitty),
            use_iterm: self.is(Pictures::Iterm, viuer::is_iterm_supported),
            use_sixel: self.is(Pictures::Sixel, has_sixel),
            ..Config::default()
        };
        let shown = enlarged(picture)?;
        viuer::print(&shown, &config).map(drop).map_err(|error| Failure::Run(format!("the picture: {error}")))
    }

    /// Whether to use this way, which the terminal may be known to have. The libraries ask a terminal, and wait for ever for
    /// one that does not answer, so only those are asked that are known to.
    fn is(self, way: Pictures, known: impl FnOnce() -> bool) -> bool {
        self == way || (self == Pictures::Auto && known())
    }
}

fn has_kitty() -> bool {
    let variable = |name: &str| env::var(name).unwrap_or_default().to_lowercase();
    let (terminal, program) = (variable("TERM"), variable("TERM_PROGRAM"));
    terminal.contains("kitty") || terminal.contains("ghostty") || ["ghostty", "wezterm"].contains(&program.as_str())
}

fn has_sixel() -> bool {
    let terminal = env::var("TERM").unwrap_or_default();
    ["foot", "mlterm", "contour"].iter().any(|known| terminal.starts_with(known)) || terminal.contains("sixel")
}

/// Width and height in cells of the terminal, which are twice as high as wide; at least one each.
fn cells(picture: &Picture, columns: usize, rows: usize) -> (u32, u32) {
    let (width, height) = (picture.width as f64, picture.height as f64);
    let enlarged = if picture.width.max(picture.height) < SHORTEST { SHORTEST as f64 / width.max(height) } else { 1.0 };
    let most_columns = columns.clamp(1, MOST_COLUMNS) as f64;
    let most_rows = rows.saturating_sub(TEXT_ROWS).max(1) as f64;
    let scale = enlarged.min(most_columns / width).min(2.0 * most_rows / height);
    let cells = |length: f64| (length * scale).round().max(1.0) as u32;
    (cells(width).min(most_columns as u32), cells(height / 2.0).min(most_rows as u32))
}

/// The picture with at least [`SHORTEST`] pixels along its longer side, each a square.
fn enlarged(picture: Picture) -> Result<DynamicImage, Failure> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let image = RgbImage::from_raw(width, height, picture.rgb)
        .ok_or_else(|| Failure::Run("the picture has no pixels".to_string()))?;
    let times = (SHORTEST as u32).div_ceil(width.max(height));
    let image = DynamicImage::ImageRgb8(image);
    Ok(if times > 1 { image.resize_exact(width * times, height * times, FilterType::Nearest) } else { image })
}

#[cfg(test)]
mod tests {
    use super::cells;
    use crate::session::Picture;

    #[test]
    fn pictures_fit_into_any_window() {
        for (width, height) in [(1, 1), (1, 1024), (1024, 1), (1024, 1024), (3, 5), (640, 480)] {
            let picture = Picture { width, height, rgb: Vec::new() };
            for (columns, rows) in [(0, 0), (1, 1), (10, 3), (80, 24), (1000, 1000)] {
                let (across, down) = cells(&picture, columns, rows);
                assert!((1..=columns.max(1) as u32).contains(&across), "{width} x {height} in {columns} x {rows}");
                assert!((1..=rows.max(1) as u32).contains(&down), "{width} x {height} in {columns} x {rows}");
            }
        }
        let square = Picture { width: 512, height: 512, rgb: Vec::new() };
        assert_eq!(cells(&square, 80, 24), (36, 18));
        assert_eq!(cells(&Picture { width: 3, height: 3, ..square }, 80, 24), (16, 8));
    }
}
