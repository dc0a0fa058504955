//! Images in memory: arrays, of which the last axis may be the channels of a picture.

mod layout;
mod model;
mod rgb;
mod statistics;

pub use self::layout::{Channels, Layout};
pub use self::model::Image;
pub use self::rgb::Picture;
pub use self::statistics::Statistics;
