//! An image of a session.

use std::ops::Deref;

use hoodoo::AnyArray;

use crate::image::Image;

/// An image with a name.
#[derive(Debug)]
pub struct NamedImage {
    /// What kernels call it.
    pub name: String,
    /// What it is. It has no opacity, which a session does not carry over.
    pub image: Image,
}

impl NamedImage {
    /// An array that has no channels.
    pub fn new(name: impl Into<String>, array: AnyArray) -> NamedImage {
        NamedImage { name: name.into(), image: Image::plain(array) }
    }
}

impl Deref for NamedImage {
    type Target = Image;

    fn deref(&self) -> &Image {
        &self.image
    }
}
