//! TIFF files, classic and BigTIFF.

mod chunks;
mod codec;
mod description;
mod directory;
mod exif;
mod parallel;
mod predictor;
mod read;
mod repeated;
mod rows;
mod samples;
mod stack;
mod tags;
mod write;
mod write_rows;

pub use self::description::revise;
pub use self::read::{not_written, read};
pub use self::rows::PageRows;
pub use self::samples::{array, with_bytes, with_bytes_mut};
pub use self::tags::set_nodata;
pub use self::write::write;
pub use self::write_rows::write_pages;
