//! The files that come row after row, and the kernel's inputs among them.

use std::path::PathBuf;

use hoodoo::{AnyArray, DType, Kernel, Repeat};
use ndarray::{Axis, Slice};

use super::slabs::{Feed, Feeds, Slab};
use super::stage::Flow;
use crate::failure::Failure;
use crate::files::{Outline, Rows, about, open_masks, open_rows};
use crate::image::{Image, Layout, Metadata};
use crate::run::arguments::RunArguments;
use crate::run::bands::{self, Selected};
use crate::run::job::check_alike;
use crate::run::missing::{Missing, add_users, check_mask};

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

impl Known {
    /// Whether the pages of several volumes take turns in the file.
    pub fn volumes_take_turns(&self) -> bool {
        self.line.is_none() && self.flow.planes.len() > 1
    }
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

    fn go_to(&mut self, page: usize, row: usize) -> Result<(), Failure> {
        self.rows.go_to(page, row).map_err(|message| about(&self.path, &message))
    }

    fn image(&self, _: usize, array: AnyArray) -> Result<Image, Failure> {
        self.rows.image(array).map_err(|message| about(&self.path, &message))
    }

    fn problem(&self, message: &str) -> Failure {
        about(&self.path, message)
    }
}

/// Where any of the files has no value, as their masks say.
struct OwnMasks {
    /// The masks, 0 where there is none.
    files: Vec<File>,
    outline: Outline,
}

impl Feed for OwnMasks {
    fn outline(&self) -> &Outline {
        &self.outline
    }

    fn read(&mut self, arrays: &mut [AnyArray], first: usize) -> Result<usize, Failure> {
        let [AnyArray::Bool(missing)] = arrays else { return Err(self.problem("a mask has one plane")) };
        let mut shape = missing.shape().to_vec();
        shape[0] -= first;
        let mut rows = missing.slice_axis_mut(Axis(0), Slice::from(first..));
        rows.fill(false);
        let mut found = 0;
        for file in &mut self.files {
            let mut flags = [AnyArray::try_zeros(DType::U8, &shape)?];
            found = file.read(&mut flags, 0)?;
            let [AnyArray::U8(flags)] = &flags else { return Err(file.problem("a mask of another type")) };
            rows.zip_mut_with(flags, |missing, flag| *missing |= *flag == 0);
        }
        Ok(found)
    }

    fn go_to(&mut self, page: usize, row: usize) -> Result<(), Failure> {
        self.files.iter_mut().try_for_each(|file| file.go_to(page, row))
    }

    fn image(&self, plane: usize, array: AnyArray) -> Result<Image, Failure> {
        self.files[0].image(plane, array)
    }

    fn problem(&self, message: &str) -> Failure {
        self.files[0].problem(message)
    }
}

impl<'a> Inputs<'a> {
    /// Opens the files of the inputs, and that of the mask behind them; what is known of them.
    pub fn open(
        arguments: &'a RunArguments,
        kernel: &'a Kernel,
    ) -> Result<(Inputs<'a>, Feeds<'static>, Known), Failure> {
        let paths: Vec<PathBuf> = arguments.inputs.iter().map(|input| bands::selected(input).0).collect();
        let file = |path: &PathBuf, rows| File { path: path.clone(), rows };
        let read = |path: &PathBuf| Ok(file(path, open_rows(path, &arguments.reading())?));
        let mut files = paths.iter().map(read).collect::<Result<Vec<File>, Failure>>()?;
        if let Some(path) = &arguments.mask {
            files.push(file(path, arguments.of_mask(|reading| open_rows(path, reading))?));
        }
        check_lengths(&files)?;
        let inputs = Inputs { arguments, kernel, paths };
        let masks = inputs.own_masks()?;
        let is_repeated = arguments.repeat.is_some_and(|repeat| repeat != Repeat::Times(1));
        let fills = arguments.fill && (arguments.mask.is_some() || !masks.is_empty());
        if fills && is_repeated {
            let why = "--stream: with --fill and a mask --repeat looks at all rows after each run, for which of them have a value then";
            return Err(Failure::Usage(why.into()));
        }
        let known = inputs.known(&files, !masks.is_empty())?;
        if fills && !arguments.then.is_empty() && known.flow.planes.len() > 1 {
            let why = "--stream: with --fill and a mask --then is for files whose pages follow each other";
            return Err(Failure::Usage(why.into()));
        }
        let mut feeds: Feeds<'static> = files.into_iter().map(|file| -> Box<dyn Feed> { Box::new(file) }).collect();
        if let Some(first) = masks.first() {
            let outline = Outline { dtype: DType::Bool, ..first.outline().clone() };
            feeds.push(Box::new(OwnMasks { files: masks, outline }));
        }
        Ok((inputs, feeds, known))
    }

    /// The masks that the files have.
    fn own_masks(&self) -> Result<Vec<File>, Failure> {
        let mut masks = Vec::new();
        for path in &self.paths {
            let rows = open_masks(path, &self.arguments.reading())?;
            masks.extend(rows.map(|rows| File { path: path.clone(), rows }));
        }
        Ok(masks)
    }

    /// What is known of files, the last of which may be the mask, and some of which may have masks of their own.
    fn known(&self, files: &[File], has_own_mask: bool) -> Result<Known, Failure> {
        let (own, masks) = files.split_at(self.arguments.inputs.len());
        let metadata: Vec<Metadata> = own.iter().map(|file| file.rows.metadata()).collect();
        let outline = own[0].outline();
        let of_plane = |plane: usize| {
            self.of_files(own.iter().map(|file| row_of(file, plane)).collect::<Result<Vec<Image>, Failure>>()?)
        };
        let planes = (0..outline.planes.len()).map(of_plane).collect::<Result<Vec<_>, Failure>>()?;
        let rows = &planes[0];
        check_alike(&self.paths, rows)?;
        let one = rows.first().ok_or_else(|| Failure::Run("the kernel has no input".to_string()))?;
        let mut mask = None;
        for file in masks {
            let row = row_of(file, 0)?.without_alpha();
            // A row of each tells whether they are alike, and is not what users have.
            let whole = |layout: &Layout| match outline.rows {
                Some(rows) => with_rows(layout, rows, &outline.stack),
                None => layout.clone(),
            };
            check_mask(&file.path, (&whole(&row.layout()), row.dtype()), (&whole(&one.layout()), one.dtype()))?;
            mask = Some((row.layout(), row.dtype()));
        }
        let flow = Flow {
            planes: planes.iter().map(|images| images[0].layout()).collect(),
            types: rows.iter().map(Image::dtype).collect(),
            mask,
            has_own_mask,
            rows: outline.rows,
            pages: outline.pages,
            stack: outline.stack.clone(),
        };
        let metadata_of_first = Metadata { is_masked: has_own_mask, ..one.metadata.clone() };
        let missing = Missing::of_numbers(self.arguments, metadata.iter().zip(rows.iter().map(Image::dtype)));
        let line = own[0].rows.line().map(<[u8]>::to_vec);
        Ok(Known { flow, missing, metadata: metadata_of_first, line })
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
        let mut slab = Slab { planes, ..slab };
        if let (Some(users), Some(first)) = (&slab.mask, slab.planes.first_mut().and_then(|images| images.first_mut()))
        {
            add_users(users, first);
        }
        Ok(slab)
    }
}

/// Checks that all files have as many rows and pages, as far as that is known.
fn check_lengths(files: &[File]) -> Result<(), Failure> {
    for file in files {
        let (first, one) = (files[0].outline(), file.outline());
        if files.len() > 1 && one.planes.len() > 1 {
            let what =
                if file.rows.line().is_some() { "a video" } else { "--stream: what has volumes that take turns" };
            return Err(file.problem(&format!("{what} has to be the only input")));
        }
        let known = first.rows.zip(one.rows);
        if one.stack != first.stack || known.is_some_and(|(first, one)| first != one) {
            let rows = |rows: Option<usize>| rows.map_or("unknown".to_string(), |rows| rows.to_string());
            let (pages, others) = (one.pages, first.pages);
            let (given, needed) = (rows(one.rows), rows(first.rows));
            let message = format!("has {given} rows and {pages} pages, and the first input {needed} and {others}");
            return Err(file.problem(&message));
        }
    }
    Ok(())
}

/// A row of zeros of a plane of a file.
fn row_of(file: &File, plane: usize) -> Result<Image, Failure> {
    let outline = file.outline();
    let shape = [&[1], outline.planes[plane].as_slice()].concat();
    let mut row = file.image(plane, AnyArray::try_zeros(outline.dtype, &shape)?)?;
    row.metadata = file.rows.metadata();
    Ok(row)
}

/// The layout of a file whose arrays are counted along such axes, given that of one of its rows.
pub fn with_rows(one: &Layout, rows: usize, stack: &[usize]) -> Layout {
    let mut shape = one.shape.clone();
    shape[0] = rows;
    shape.splice(0..0, stack.iter().copied());
    Layout { shape, stack: stack.len(), channels: one.channels }
}
