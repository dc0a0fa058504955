//! The files that come row after row, and the kernel's inputs among them.

use std::path::PathBuf;

use hoodoo::{AnyArray, Kernel};

use super::slabs::{Feed, Feeds, Slab};
use super::stage::Flow;
use crate::failure::Failure;
use crate::files::{Outline, Rows, about, open_rows};
use crate::image::{Image, Layout, Metadata};
use crate::run::arguments::RunArguments;
use crate::run::bands::{self, Selected};
use crate::run::job::check_alike;
use crate::run::missing::{Missing, check_mask};

/// What the inputs of the first kernel are.
pub struct Inputs<'a> {
    arguments: &'a RunArguments,
    kernel: &'a Kernel,
    paths: Vec<PathBuf>,
}

/// What is known of the files before the first row comes.
pub struct Known {
    /// What comes to the first kernel.
    pub flow: Flow,
    /// The numbers that stand for no value.
    pub missing: Missing,
    /// What the first file says besides, and the line that it begins with if it is a video.
    pub metadata: Metadata,
    pub line: Option<Vec<u8>>,
}

/// A file with its name.
struct File {
    path: PathBuf,
    rows: Box<dyn Rows>,
}

impl Feed for File {
    fn outline(&self) -> &Outline {
        self.rows.outline()
    }

    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, Failure> {
        self.rows.read(arrays, first).map_err(|message| about(&self.path, &message))
    }

    fn image(&self, _: usize, array: AnyArray) -> Result<Image, Failure> {
        self.rows.image(array).map_err(|message| about(&self.path, &message))
    }

    fn problem(&self, message: &str) -> Failure {
        about(&self.path, message)
    }
}

impl<'a> Inputs<'a> {
    /// Opens the files of the inputs, and that of the mask behind them; what is known of them.
    pub fn open(
        arguments: &'a RunArguments,
        kernel: &'a Kernel,
    ) -> Result<(Inputs<'a>, Feeds<'static>, Known), Failure> {
        let paths: Vec<PathBuf> = arguments.inputs.iter().map(|input| bands::selected(input).0).collect();
        let files: Vec<File> = paths
            .iter()
            .chain(&arguments.mask)
            .map(|path| Ok(File { path: path.clone(), rows: open_rows(path, &arguments.reading())? }))
            .collect::<Result<_, Failure>>()?;
        check_lengths(&files)?;
        let inputs = Inputs { arguments, kernel, paths };
        let known = inputs.known(&files)?;
        let feeds = files.into_iter().map(|file| -> Box<dyn Feed> { Box::new(file) }).collect();
        Ok((inputs, feeds, known))
    }

    /// What is known of files, the last of which may be the mask.
    fn known(&self, files: &[File]) -> Result<Known, Failure> {
        let (own, masks) = files.split_at(self.arguments.inputs.len());
        let metadata: Vec<Metadata> = own.iter().map(|file| file.rows.metadata()).collect();
        let rows = own.iter().map(first_plane).collect::<Result<Vec<Image>, Failure>>()?;
        let rows = self.of_files(rows)?;
        check_alike(&self.paths, &rows)?;
        let outline = own[0].outline();
        let one = rows.first().ok_or_else(|| Failure::Run("the kernel has no input".to_string()))?;
        let mut mask = None;
        for file in masks {
            let row = first_plane(file)?.without_alpha();
            // A row of each tells whether they are alike, and is not what users have.
            let whole = |layout: &Layout| match outline.rows {
                Some(rows) => with_rows(layout, rows, outline.pages),
                None => layout.clone(),
            };
            check_mask(&file.path, (&whole(&row.layout()), row.dtype()), (&whole(&one.layout()), one.dtype()))?;
            mask = Some((row.layout(), row.dtype()));
        }
        let plain = |plane: &Vec<usize>| Layout { shape: [&[1], &plane[..]].concat(), stack: 0, channels: None };
        let others = outline.planes[1..].iter().map(plain);
        let flow = Flow {
            planes: [one.layout()].into_iter().chain(others).collect(),
            types: rows.iter().map(Image::dtype).collect(),
            mask,
            rows: outline.rows,
            pages: outline.pages,
        };
        let missing = Missing::of_numbers(self.arguments, metadata.iter());
        let line = own[0].rows.line().map(<[u8]>::to_vec);
        Ok(Known { flow, missing, metadata: one.metadata.clone(), line })
    }

    /// The path of the first file.
    pub fn path(&self) -> &PathBuf {
        &self.paths[0]
    }

    /// The inputs of the kernel, of the images of the files.
    fn of_files(&self, images: Vec<Image>) -> Result<Vec<Image>, Failure> {
        let chosen = |(image, input): (Image, &PathBuf)| match bands::selected(input) {
            (path, Selected::Band(number)) => bands::band(&image, number, &path),
            _ => Ok(image),
        };
        let images = images.into_iter().zip(&self.arguments.inputs).map(chosen).collect::<Result<Vec<_>, Failure>>()?;
        bands::inputs(self.kernel, &self.arguments.band, images, &self.paths)
    }

    /// A slab of the kernel's inputs, of one of the files.
    pub fn of_slab(&self, slab: Slab) -> Result<Slab, Failure> {
        let planes = slab.planes.into_iter().map(|images| self.of_files(images)).collect::<Result<_, Failure>>()?;
        Ok(Slab { planes, ..slab })
    }
}

/// Checks that all files have as many rows and pages, as far as that is known.
fn check_lengths(files: &[File]) -> Result<(), Failure> {
    for file in files {
        let (first, one) = (files[0].outline(), file.outline());
        if files.len() > 1 && one.planes.len() > 1 {
            return Err(file.problem("a video has to be the only input"));
        }
        let known = first.rows.zip(one.rows);
        if one.pages != first.pages || known.is_some_and(|(first, one)| first != one) {
            let rows = |rows: Option<usize>| rows.map_or("unknown".to_string(), |rows| rows.to_string());
            let (pages, others) = (one.pages.unwrap_or(1), first.pages.unwrap_or(1));
            let (given, needed) = (rows(one.rows), rows(first.rows));
            let message = format!("has {given} rows and {pages} pages, and the first input {needed} and {others}");
            return Err(file.problem(&message));
        }
    }
    Ok(())
}

/// A row of zeros of the first plane of a file.
fn first_plane(file: &File) -> Result<Image, Failure> {
    let outline = file.outline();
    let shape = [&[1], outline.planes[0].as_slice()].concat();
    let mut row = file.image(0, AnyArray::try_zeros(outline.dtype, &shape)?)?;
    row.metadata = file.rows.metadata();
    Ok(row)
}

/// The layout of a file, given that of one of its rows.
pub fn with_rows(one: &Layout, rows: usize, pages: Option<usize>) -> Layout {
    let mut shape = one.shape.clone();
    shape[0] = rows;
    shape.splice(0..0, pages);
    Layout { shape, stack: usize::from(pages.is_some()), channels: one.channels }
}
