//! The files of a session, which the program that it is in has.

use super::named::NamedImage;
use crate::image::Image;

/// The files that a session can reach.
pub trait Files {
    /// The image in a file.
    ///
    /// # Errors
    ///
    /// What is wrong, with the file's name.
    fn load(&self, path: &str) -> Result<NamedImage, String>;

    /// Writes images to files: all or none.
    ///
    /// # Errors
    ///
    /// What is wrong, with the file's name.
    fn save(&self, files: &[(&str, &Image)]) -> Result<(), String>;

    /// The text in a file.
    ///
    /// # Errors
    ///
    /// What is wrong, with the file's name.
    fn read(&self, path: &str) -> Result<String, String>;

    /// Writes a text to a file.
    ///
    /// # Errors
    ///
    /// What is wrong, with the file's name.
    fn write(&self, path: &str, text: &str) -> Result<(), String>;

    /// The paths that begin with `start`; directories end in a slash.
    fn paths(&self, start: &str) -> Vec<String>;
}

/// No files at all.
pub struct NoFiles;

const NO_FILES: &str = "this session has no files";

impl Files for NoFiles {
    fn load(&self, _: &str) -> Result<NamedImage, String> {
        Err(NO_FILES.to_string())
    }

    fn save(&self, _: &[(&str, &Image)]) -> Result<(), String> {
        Err(NO_FILES.to_string())
    }

    fn read(&self, _: &str) -> Result<String, String> {
        Err(NO_FILES.to_string())
    }

    fn write(&self, _: &str, _: &str) -> Result<(), String> {
        Err(NO_FILES.to_string())
    }

    fn paths(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}
