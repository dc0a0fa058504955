//! Pictures in the terminal: in which of the ways that there are, and how large.

mod blocks;
mod cells;
mod encoded;
mod sixel;

use std::env;

use clap::ValueEnum;
use image::RgbImage;
use image::imageops::{FilterType, resize};
use terminal_size::{Height, Width, terminal_size};

use self::blocks::Depth;
use self::cells::{Cells, SHORTEST};
use crate::failure::{Failure, print};
use crate::image::{Image, Picture};

/// The longest side of what is handed to the terminal, in pixels; terminals that draw pixels make it smaller.
const LONGEST: usize = 1024;

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
        let Some(way) = self.way(colour) else { return Ok(()) };
        let Some(picture) = image.picture(LONGEST) else { return Ok(()) };
        let (Width(columns), Height(rows)) = terminal_size().unwrap_or((Width(80), Height(24)));
        let cells = Cells::of(&picture, columns.into(), rows.into());
        let shown = enlarged(picture)?;
        let text = match way {
            Way::Kitty => encoded::kitty(&shown, cells),
            Way::Iterm => encoded::iterm(&shown, cells),
            Way::Sixel => Ok(sixel::text(&shown, cells)),
            Way::Blocks => Ok(blocks::text(&shown, cells, Depth::of_terminal())),
        };
        print(text.map_err(|error| Failure::Run(format!("the picture: {error}")))?)
    }

    /// The way that was asked for, or the best that the terminal is known to have. Terminals are not asked: some never answer.
    fn way(self, colour: bool) -> Option<Way> {
        match self {
            Pictures::None => None,
            Pictures::Auto if !colour => None,
            Pictures::Auto if has_kitty() => Some(Way::Kitty),
            Pictures::Auto if has_iterm() => Some(Way::Iterm),
            Pictures::Auto if has_sixel() => Some(Way::Sixel),
            Pictures::Auto | Pictures::Blocks => Some(Way::Blocks),
            Pictures::Kitty => Some(Way::Kitty),
            Pictures::Iterm => Some(Way::Iterm),
            Pictures::Sixel => Some(Way::Sixel),
        }
    }
}

/// A way to draw pictures.
enum Way {
    Kitty,
    Iterm,
    Sixel,
    Blocks,
}

/// A variable of the environment, in lower case.
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default().to_lowercase()
}

fn has_kitty() -> bool {
    let (terminal, program) = (variable("TERM"), variable("TERM_PROGRAM"));
    terminal.contains("kitty") || terminal.contains("ghostty") || ["ghostty", "wezterm"].contains(&program.as_str())
}

fn has_iterm() -> bool {
    const KNOWN: [&str; 5] = ["iterm", "wezterm", "mintty", "rio", "warpterminal"];
    let known = |name: &str| KNOWN.iter().any(|known| variable(name).contains(known));
    known("TERM_PROGRAM") || known("LC_TERMINAL") || !variable("KONSOLE_VERSION").is_empty()
}

fn has_sixel() -> bool {
    let terminal = variable("TERM");
    ["foot", "mlterm", "contour"].iter().any(|known| terminal.starts_with(known)) || terminal.contains("sixel")
}

/// The picture with at least [`SHORTEST`] pixels along its longer side, each a square.
fn enlarged(picture: Picture) -> Result<RgbImage, Failure> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let image = RgbImage::from_raw(width, height, picture.rgb)
        .ok_or_else(|| Failure::Run("the picture has no pixels".to_string()))?;
    let times = (SHORTEST as u32).div_ceil(width.max(height));
    Ok(if times > 1 { resize(&image, width * times, height * times, FilterType::Nearest) } else { image })
}
