//! The shape of an image, and what its last axis is.

use std::ops::Range;

/// What the last axis of a picture's array is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// 1 for grey, 3 for red, green and blue.
    pub colours: usize,
    /// Whether the last channel is opacity.
    pub alpha: bool,
}

impl Channels {
    /// The length of the axis.
    pub fn count(self) -> usize {
        self.colours + usize::from(self.alpha)
    }

    /// In words.
    pub fn describe(channels: Option<Channels>) -> &'static str {
        match channels {
            None => "grey",
            Some(Channels { colours: 1, .. }) => "grey with alpha",
            Some(Channels { alpha: false, .. }) => "colour",
            Some(Channels { alpha: true, .. }) => "colour with alpha",
        }
    }
}

/// The shape of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The lengths of the array's axes.
    pub shape: Vec<usize>,
    /// What the last axis is, if it is channels; a grey picture has no such axis.
    pub channels: Option<Channels>,
}

impl Layout {
    /// The lengths of the axes that are filtered.
    pub fn filtered(&self) -> &[usize] {
        &self.shape[..self.shape.len() - usize::from(self.channels.is_some())]
    }

    /// The layout of what is left of an image in a region of the axes that are filtered.
    pub fn cut(&self, region: &[Range<usize>]) -> Layout {
        let channels = self.channels.map(Channels::count);
        Layout { shape: region.iter().map(Range::len).chain(channels).collect(), channels: self.channels }
    }

    /// The number of arrays to filter, one after the other.
    pub fn planes(&self) -> usize {
        self.channels.map_or(1, |channels| channels.colours)
    }

    /// Height and width, if that is all there is.
    pub fn picture(&self) -> Option<(usize, usize)> {
        match self.filtered() {
            [height, width] => Some((*height, *width)),
            _ => None,
        }
    }
}
