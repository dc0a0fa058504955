//! The files of a session.

use std::fs;
use std::path::{Path, PathBuf};

use crate::arguments::read_kernel;
use crate::failure::Failure;
use crate::files::{self, ReadOptions, is_standard};
use crate::image::Image;
use crate::output::{Target, publish, write_text};
use crate::session::{Files, NamedImage};

/// The most paths that are offered for completion.
const MOST_PATHS: usize = 100;

/// The files of this machine.
pub struct Disk;

/// The image in a file, without its opacity, under the name of the file.
pub fn load(path: &Path) -> Result<NamedImage, Failure> {
    not_standard(path)?;
    let file = files::read(path, &ReadOptions::default())?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(NamedImage { name, image: file.without_alpha() })
}

/// Checks that `path` is a file: a session reads its entries from standard input, and answers on standard output.
fn not_standard(path: &Path) -> Result<(), Failure> {
    match is_standard(path) {
        true => Err(Failure::Usage("`-` is not a file, and a session has no arrays from or to a pipe".to_string())),
        false => Ok(()),
    }
}

/// The path that the user means: a `~` in front is the home directory, as in a shell.
fn expanded(path: &str) -> PathBuf {
    let home = || etcetera::home_dir().ok();
    match path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        Some(rest) => home().map_or_else(|| path.into(), |home| home.join(rest.trim_start_matches('/'))),
        None => path.into(),
    }
}

fn save(files: &[(&str, &Image)]) -> Result<(), Failure> {
    let paths: Vec<PathBuf> = files.iter().map(|(path, _)| expanded(path)).collect();
    paths.iter().try_for_each(|path| not_standard(path))?;
    let targets = Target::all(&paths)?;
    let images = || files.iter().map(|(_, image)| *image);
    for (target, image) in targets.iter().zip(images()) {
        target.check_place()?;
        target.check_fit(image.dtype(), &image.layout())?;
    }
    let written = targets.iter().zip(images()).map(|(target, image)| target.write(image));
    publish(written.collect::<Result<_, _>>()?)
}

/// A failure in the words of a prompt, which has no options.
fn said(failure: Failure) -> String {
    failure.message().replace("--output: ", "").replace("add --dtype ", "set :dtype ")
}

impl Files for Disk {
    fn load(&self, path: &str) -> Result<NamedImage, String> {
        load(&expanded(path)).map_err(said)
    }

    fn save(&self, files: &[(&str, &Image)]) -> Result<(), String> {
        save(files).map_err(said)
    }

    fn read(&self, path: &str) -> Result<String, String> {
        read_kernel(&expanded(path)).map_err(said)
    }

    fn write(&self, path: &str, text: &str) -> Result<(), String> {
        write_text(&expanded(path), text).map_err(said)
    }

    fn paths(&self, start: &str) -> Vec<String> {
        let (directory, name) = start.split_at(start.rfind('/').map_or(0, |slash| slash + 1));
        let place = if directory.is_empty() { ".".into() } else { expanded(directory) };
        let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
        let mut paths: Vec<String> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let found = entry.file_name().into_string().ok()?;
                // What is hidden is offered to those who ask for it, and what needs quotes to nobody.
                let hidden = found.starts_with('.') && !name.starts_with('.');
                let odd = found.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"');
                let slash = if entry.path().is_dir() { "/" } else { "" };
                (found.starts_with(name) && !hidden && !odd).then(|| format!("{directory}{found}{slash}"))
            })
            .collect();
        paths.sort();
        paths.truncate(MOST_PATHS);
        paths
    }
}
