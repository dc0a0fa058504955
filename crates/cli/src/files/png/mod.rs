//! Pictures in PNG files, with their colour profile, Exif data, resolution and texts.

mod chunks;
mod read;
mod texts;
mod write;

pub use self::read::{PictureRows, read};
pub use self::write::{write, write_rows};
