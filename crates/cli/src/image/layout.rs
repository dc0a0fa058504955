//! The shape of an image, and what its last axis is.

use std::ops::Range;

use hoodoo::DType;

/// What the last axis of a picture's array is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// How many are filtered: 1 for grey, 3 for red, green and blue, any number for bands.
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
    pub fn describe(channels: Option<Channels>) -> String {
        match channels {
            None => "grey".to_string(),
            Some(Channels { colours, alpha }) => {
                let colours = match colours {
                    1 => "grey".to_string(),
                    3 => "colour".to_string(),
                    bands => format!("{bands} bands"),
                };
                if alpha { format!("{colours} with alpha") } else { colours }
            }
        }
    }
}

/// The shape of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The lengths of the array's axes.
    pub shape: Vec<usize>,
    /// How many of the first axes are pages, each of which is filtered on its own.
    pub stack: usize,
    /// What the last axis is, if it is channels; a grey picture has no such axis.
    pub channels: Option<Channels>,
}

impl Layout {
    /// The lengths of the axes that are filtered.
    pub fn filtered(&self) -> &[usize] {
        &self.shape[self.stack..self.shape.len() - usize::from(self.channels.is_some())]
    }

    /// The layout of what is left of an image in a region of the axes that are filtered.
    pub fn cut(&self, region: &[Range<usize>]) -> Layout {
        self.with_lengths(&region.iter().map(Range::len).collect::<Vec<usize>>())
    }

    /// The same layout with other lengths of the axes that are filtered.
    pub fn with_lengths(&self, lengths: &[usize]) -> Layout {
        let (pages, channels) = (self.shape[..self.stack].iter(), self.channels.map(Channels::count));
        let shape = pages.chain(lengths).copied().chain(channels).collect();
        Layout { shape, stack: self.stack, channels: self.channels }
    }

    /// Type and shape, such as `u8 512 x 512`.
    pub fn describe(&self, dtype: DType) -> String {
        let lengths: Vec<String> = self.filtered().iter().map(ToString::to_string).collect();
        let shape = if lengths.is_empty() { "scalar".to_string() } else { lengths.join(" x ") };
        let channels = self.channels.map_or(String::new(), |channels| format!(", {} channels", channels.colours));
        let pages = if self.pages() > 1 { format!(", {} pages", self.pages()) } else { String::new() };
        format!("{dtype} {shape}{channels}{pages}")
    }

    /// The number of pages that are filtered on their own.
    pub fn pages(&self) -> usize {
        self.shape[..self.stack].iter().product()
    }

    /// The number of arrays to filter, one after the other.
    pub fn planes(&self) -> usize {
        self.pages() * self.channels.map_or(1, |channels| channels.colours)
    }

    /// How many pictures there are, and their height and width, if that is what there is.
    pub fn pictures(&self) -> Option<(usize, usize, usize)> {
        match &self.shape[..self.shape.len() - usize::from(self.channels.is_some())] {
            [pages @ .., height, width] => Some((pages.iter().product(), *height, *width)),
            _ => None,
        }
    }

    /// The same, where the last axis of an array of u8 is as long as colours are: what a file of pictures takes it for.
    pub fn coloured(self, dtype: DType) -> Layout {
        let plain = self.stack == 0 && self.channels.is_none() && dtype == DType::U8;
        let channels = match self.shape.as_slice() {
            [_, _, count @ (3 | 4)] if plain => Some(Channels { colours: 3, alpha: *count == 4 }),
            _ => self.channels,
        };
        Layout { channels, ..self }
    }

    /// Height and width, if that is all there is.
    pub fn picture(&self) -> Option<(usize, usize)> {
        match self.filtered() {
            [height, width] if self.pages() == 1 => Some((*height, *width)),
            _ => None,
        }
    }
}
