//! A filter over slabs of rows.

use std::ops::Range;
use std::path::PathBuf;

use hoodoo::lang::hir::Expr;
use hoodoo::{AnyArray, DType, Engine, Error, Filter, Kernel, Listing, Mode, Progress};

use super::slabs::{Reach, Slab};
use crate::failure::{Failure, tell};
use crate::files::Rows;
use crate::image::{Image, Layout};
use crate::run::arguments::RunArguments;
use crate::run::bands::{self, Selected};
use crate::run::job::check_alike;
use crate::run::missing::Missing;
use crate::run::planes::Planes;
use crate::watch;

/// The rows of one file that were computed together: for each plane of a video, or of anything else the one that there is.
pub type Block = Vec<Image>;

/// More rows than any window sees.
const MANY: usize = 1 << 26;

/// A filter for inputs that come row after row.
pub struct Streamed<'a> {
    arguments: &'a RunArguments,
    kernel: &'a Kernel,
    filter: Filter,
    paths: Vec<PathBuf>,
    missing: Missing,
    reach: Reach,
    /// A row of the first input, for what it is like.
    one: Image,
    input_types: Vec<DType>,
    progress: &'a Progress,
}

/// Checks that a kernel asks for nothing that is not known before the last row.
pub fn check_kernel(kernel: &Kernel) -> Result<(), Failure> {
    let placed = |expr: &Expr| matches!(expr, Expr::Coord(_) | Expr::Extent(_));
    if kernel.hir().live_nodes().any(|(_, node)| placed(&node.expr)) {
        let message = "--stream: the kernel asks for coord or extent, which are not known in a part of the rows";
        return Err(Failure::Usage(message.to_string()));
    }
    Ok(())
}

impl<'a> Streamed<'a> {
    /// The filter that the arguments say, for these files, the last of which is the mask, if there is one.
    pub fn new(
        arguments: &'a RunArguments,
        kernel: &'a Kernel,
        files: &[Box<dyn Rows>],
        progress: &'a Progress,
    ) -> Result<Streamed<'a>, Failure> {
        let paths = arguments.inputs.iter().map(|input| bands::selected(input).0).collect();
        let files = &files[..arguments.inputs.len()];
        let metadata: Vec<_> = files.iter().map(|file| file.metadata()).collect();
        let mut streamed = Streamed {
            arguments,
            kernel,
            filter: arguments.filter(kernel)?,
            paths,
            missing: Missing::of_numbers(arguments, metadata.iter()),
            reach: Reach { before: 0, after: 0, mode: Mode::Nearest },
            one: Image::plain(AnyArray::zeros(DType::U8, &[1])),
            input_types: Vec::new(),
            progress,
        };
        let rows = files.iter().map(|file| first_plane(file.as_ref())).collect::<Result<Vec<Image>, Failure>>()?;
        let rows = streamed.inputs(rows)?;
        check_alike(&streamed.paths, &rows)?;
        streamed.input_types = rows.iter().map(Image::dtype).collect();
        streamed.one = rows.into_iter().next().ok_or_else(|| Failure::Run("the kernel has no input".to_string()))?;
        streamed.reach = streamed.reach_of_windows()?;
        Ok(streamed)
    }

    /// How far windows reach along the first axis.
    fn reach_of_windows(&self) -> Result<Reach, Failure> {
        let arguments = self.arguments;
        let mut shape = self.one.layout().filtered().to_vec();
        shape[0] = MANY;
        let axes: Vec<isize> = match arguments.axes.as_slice() {
            [] => (0..shape.len() as isize).collect(),
            named => named.to_vec(),
        };
        let first = axes.iter().position(|axis| *axis == 0 || *axis == -(shape.len() as isize));
        let mut modes: Vec<Mode> = match arguments.mode.as_slice() {
            [] => vec![Mode::default(); axes.len()],
            [one] => vec![*one; axes.len()],
            each => each.to_vec(),
        };
        let Some(first) = first.filter(|first| *first < modes.len()) else {
            return Ok(Reach { before: 0, after: 0, mode: Mode::Nearest });
        };
        let mode = std::mem::replace(&mut modes[first], Mode::Valid);
        let region = &self.filter.clone().modes(modes).output_region(&shape)?[0];
        let reach = Reach { before: region.start, after: MANY - region.end, mode };
        if mode == Mode::Wrap && (reach.before, reach.after) != (0, 0) {
            return Err(Failure::Usage("--stream: mode wrap needs the last rows before the first ones".to_string()));
        }
        Ok(reach)
    }

    /// How far windows reach along the first axis.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// A row of the first input.
    pub fn one_row(&self) -> &Image {
        &self.one
    }

    /// A row of the mask.
    pub fn mask_row(&self, mask: &dyn Rows) -> Result<Image, Failure> {
        Ok(first_plane(mask)?.without_alpha())
    }

    /// The number that stands for no value in outputs.
    pub fn nodata(&self) -> Option<f64> {
        self.missing.nodata
    }

    /// How many outputs the kernel has.
    pub fn output_count(&self) -> usize {
        self.kernel.outputs().len()
    }

    /// Whether it is to be said what the outputs are like.
    pub fn is_described(&self) -> bool {
        self.arguments.json
    }

    /// Fails if the run has been cancelled.
    pub fn check_cancelled(&self) -> Result<(), Failure> {
        watch::check(self.progress)
    }

    /// Which part of inputs of this layout the outputs have.
    pub fn region(&self, layout: &Layout) -> Result<Vec<Range<usize>>, Failure> {
        Ok(self.filter.output_region(layout.filtered())?)
    }

    /// The layout of outputs for inputs of this one.
    pub fn output_layout(&self, layout: &Layout) -> Result<Layout, Failure> {
        Ok(layout.with_lengths(&self.filter.output_shape(layout.filtered())?))
    }

    /// Checks that a video with these planes stays one.
    pub fn check_video(&self, planes: &[Vec<usize>], dtype: DType) -> Result<(), Failure> {
        let own = self.one.dtype();
        if dtype != own {
            return Err(Failure::Run(format!("--dtype: the video has {own}, and stays so")));
        }
        for plane in planes {
            let lengths = self.filter.output_shape(&[&[MANY], plane.as_slice()].concat())?;
            if lengths[1..] != **plane {
                return Err(Failure::Run("--mode: pictures of a video keep their size".to_string()));
            }
        }
        Ok(())
    }

    /// Shows how the kernel is computed.
    pub fn explain(&self, layout: Option<&Layout>) -> Result<(), Failure> {
        let layout = layout.cloned().unwrap_or_else(|| {
            let mut layout = self.one.layout();
            layout.shape[0] = MANY;
            layout
        });
        let all = self.planes(&self.filter, &self.missing, 0).for_all(&layout);
        let (filter, shape) = match &all {
            Some(filter) => (filter, layout.shape.as_slice()),
            None => (&self.filter, layout.filtered()),
        };
        match self.arguments.engine {
            Engine::Auto | Engine::Rows => {
                let output = self.arguments.dtype.unwrap_or(self.one.dtype());
                let outputs = vec![output; self.output_count()];
                tell(filter.listing(Listing::Plan, shape, &self.input_types, &outputs)?.trim_end());
            }
            _ => tell("pixel by pixel, as --engine says"),
        }
        Ok(())
    }

    /// A filter, for each channel of slabs that begin with this row.
    fn planes<'p>(&'p self, filter: &'p Filter, missing: &'p Missing, first_row: usize) -> Planes<'p> {
        let (kernel, axes, progress) = (self.kernel, &self.arguments.axes, self.progress);
        Planes { filter, kernel, axes, missing, repeat: None, first_row, progress }
    }

    /// The inputs of the kernel, of those of the files.
    fn inputs(&self, images: Vec<Image>) -> Result<Vec<Image>, Failure> {
        let chosen = |(image, input): (Image, &PathBuf)| match bands::selected(input) {
            (path, Selected::Band(number)) => bands::band(&image, number, &path),
            _ => Ok(image),
        };
        let images = images.into_iter().zip(&self.arguments.inputs).map(chosen).collect::<Result<Vec<_>, Failure>>()?;
        bands::inputs(self.kernel, &self.arguments.band, images, &self.paths)
    }

    /// The rows of pixels of a slab that begins with this row, from the first one on that is wanted.
    fn wanted(&self, first: usize, pixels: Range<usize>) -> Range<usize> {
        let step = self.arguments.steps(self.one.layout().filtered().len())[0];
        let before = if self.reach.mode == Mode::Valid { self.reach.before } else { 0 };
        let missing = (first + pixels.start - before).next_multiple_of(step) - (first + pixels.start - before);
        (pixels.start + missing).min(pixels.end)..pixels.end
    }

    /// What becomes of a slab, for so many files.
    pub fn filter(&self, slab: Slab, files: usize) -> Result<Vec<Block>, Failure> {
        let Slab { planes, mask, first, pixels } = slab;
        let missing = self.missing.with_mask(mask);
        let filter = self.filter.clone().rows(self.wanted(first, pixels));
        let mut blocks: Vec<Block> = Vec::new();
        blocks.resize_with(files, Vec::new);
        for images in planes {
            let inputs = self.inputs(images)?;
            let layout = inputs[0].layout();
            let region = filter.output_region(layout.filtered())?;
            let dtype = self.arguments.dtype.unwrap_or(inputs[0].dtype());
            let output = layout.with_lengths(&filter.output_shape(layout.filtered())?);
            let zeros = |_| Image::zeros(dtype, &output);
            let mut outputs = (0..self.output_count()).map(zeros).collect::<Result<Vec<Image>, Error>>()?;
            self.planes(&filter, &missing, first).filter(&inputs, &mut outputs)?;
            let steps = self.arguments.steps(region.len());
            outputs.iter_mut().for_each(|output| output.copy_alpha(&inputs[0], &region, &steps));
            if outputs.len() != files {
                outputs = vec![bands::joined(outputs).map_err(Failure::Run)?];
            }
            blocks.iter_mut().zip(outputs).for_each(|(block, output)| block.push(output));
        }
        Ok(blocks)
    }
}

/// A row of zeros of the first plane of a file.
fn first_plane(file: &dyn Rows) -> Result<Image, Failure> {
    let outline = file.outline();
    let shape = [&[1], outline.planes[0].as_slice()].concat();
    let mut row = file.image(AnyArray::try_zeros(outline.dtype, &shape)?).map_err(Failure::Run)?;
    row.metadata = file.metadata();
    Ok(row)
}
