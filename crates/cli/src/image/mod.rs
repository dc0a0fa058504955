//! Images in memory: arrays, of which the last axis may be the channels of a picture, and the first its pages.

mod georeference;
pub mod header;
mod layout;
pub mod metadata;
mod model;
mod rgb;
mod statistics;
pub mod tag_names;

pub use self::layout::{Channels, Layout};
pub use self::metadata::Metadata;
pub use self::model::{Image, Samples};
pub use self::rgb::Picture;
pub use self::statistics::Statistics;
