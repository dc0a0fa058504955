//! One of the filters that rows go through.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hoodoo::lang::hir::Expr;
use hoodoo::{AnyArray, DType, Engine, Error, Filter, Kernel, Listing, Mode, Progress};
use ndarray::{Axis, Slice};

use super::ends::Around;
use super::slabs::{Masks, Reach, Slab};
use crate::arrays::{for_any, holds_all};
use crate::failure::{Failure, tell};
use crate::files::ONE_WAY;
use crate::image::{Image, Layout};
use crate::run::arguments::RunArguments;
use crate::run::missing::{self, Missing};
use crate::run::planes::Planes;

/// More rows than any window sees.
pub const MANY: usize = 1 << 26;

/// What comes to a stage.
#[derive(Clone)]
pub struct Flow {
    /// What a row of the first input is like: for each plane of a video or of volumes that take turns, or of anything else the one that there
    /// is. Other inputs are alike.
    pub planes: Vec<Layout>,
    /// The element types of the inputs.
    pub types: Vec<DType>,
    /// What a row of the mask is like, if there is one.
    pub mask: Option<(Layout, DType)>,
    /// Whether rows of the first input come with those of a mask that is the files' own.
    pub has_own_mask: bool,
    /// How many rows a page has, if that is known before its end, how many pages there are one after the other, and how they are counted.
    pub rows: Option<usize>,
    pub pages: usize,
    pub stack: Vec<usize>,
}

impl Flow {
    /// Which masks there are.
    pub fn masks(&self) -> Masks {
        Masks { users: self.mask.is_some(), own: self.has_own_mask }
    }

    /// What a row of the files' mask is like.
    pub fn own_mask(&self) -> Layout {
        Layout { shape: self.planes[0].filtered().to_vec(), stack: 0, channels: None }
    }
}

/// How a filter is one of several.
#[derive(Clone, Copy)]
pub struct Place {
    /// Whether none follows.
    pub is_last: bool,
    /// Whether the others are the same, which all have the other inputs.
    pub is_repeated: bool,
}

impl Place {
    /// Whether the next filter gets the other inputs of this one.
    fn hands_on(self) -> bool {
        self.is_repeated && !self.is_last
    }
}

/// A filter for inputs that come row after row.
pub struct Stage<'a> {
    arguments: &'a RunArguments,
    kernel: &'a Kernel,
    filter: Filter,
    place: Place,
    flow: Flow,
    missing: Missing,
    reach: Reach,
    /// The rows beyond the ends that come as well, if this filter or one behind it sees some.
    around: Option<Around>,
    progress: &'a Progress,
    /// The nanoseconds that it has taken.
    spent: AtomicU64,
}

/// The rows of a stage's results that were computed together.
pub struct Made {
    /// For each plane, the outputs; and behind them what the next stage needs besides.
    pub planes: Vec<Vec<Image>>,
    /// The mask for them, if the next stage needs one.
    pub mask: Option<Image>,
}

impl<'a> Stage<'a> {
    /// A filter of a kernel for what comes in, with the numbers that stand for no value.
    pub fn new(
        arguments: &'a RunArguments,
        (kernel, filter): (&'a Kernel, Filter),
        place: Place,
        (flow, missing): (Flow, Missing),
        progress: &'a Progress,
    ) -> Result<Stage<'a>, Failure> {
        let reach = Reach { before: 0, after: 0, mode: Mode::Nearest };
        let (around, spent) = (None, AtomicU64::new(0));
        let mut stage = Stage { arguments, kernel, filter, place, flow, missing, reach, around, progress, spent };
        stage.reach = stage.reach_of_windows()?;
        if stage.place.is_repeated {
            stage.check_repeated()?;
        }
        Ok(stage)
    }

    /// Which of the window's axes is the first one of the inputs.
    fn first_axis(&self) -> Option<usize> {
        match self.arguments.axes.as_slice() {
            [] => Some(0),
            named => named.iter().position(|axis| *axis == 0 || *axis == -(self.lengths().len() as isize)),
        }
    }

    /// The lengths of the first input's axes that are filtered, of which the first one is a row's.
    fn lengths(&self) -> &[usize] {
        self.flow.planes[0].filtered()
    }

    /// How far windows reach along the first axis.
    fn reach_of_windows(&self) -> Result<Reach, Failure> {
        let arguments = self.arguments;
        let shape = many_rows(&self.flow.planes[0]);
        let axes = if arguments.axes.is_empty() { shape.len() } else { arguments.axes.len() };
        let mut modes: Vec<Mode> = match arguments.mode.as_slice() {
            [] => vec![Mode::default(); axes],
            [one] => vec![*one; axes],
            each => each.to_vec(),
        };
        let Some(first) = self.first_axis().filter(|first| *first < modes.len()) else {
            return Ok(Reach { before: 0, after: 0, mode: Mode::Nearest });
        };
        let asks = |expr: &Expr| matches!(expr, Expr::Extent(axis) if *axis == first);
        if self.flow.rows.is_none() && self.kernel.hir().live_nodes().any(|(_, node)| asks(&node.expr)) {
            let message = format!(
                "--stream: the kernel asks for extent({first}), which is not known before the last row; have --raw say it"
            );
            return Err(Failure::Usage(message));
        }
        let mode = std::mem::replace(&mut modes[first], Mode::Valid);
        let region = &self.filter.clone().modes(modes).output_region(&shape)?[0];
        let reach = Reach { before: region.start, after: MANY - region.end, mode };
        match self.flow.rows {
            _ if mode != Mode::Wrap => Ok(reach),
            // Nothing beyond the ends is seen, or there are no ends.
            rows if rows == Some(0) || (reach.before, reach.after) == (0, 0) => {
                Ok(Reach { mode: Mode::Nearest, ..reach })
            }
            Some(_) => Ok(reach),
            None => Err(Failure::Usage(ONE_WAY.to_string())),
        }
    }

    /// Has the rows come as well that this filter and those behind it see beyond the ends: the latter ones see so many of its own.
    pub fn surround(&mut self, (before, after): (usize, usize)) -> (usize, usize) {
        let Reach { before: own_before, after: own_after, mode } = self.reach;
        let all = if mode == Mode::Wrap { (before + own_before, after + own_after) } else { (before, after) };
        let around = |rows| Around { before: all.0, after: all.1, rows };
        self.around = self.flow.rows.filter(|_| all != (0, 0)).map(around);
        all
    }

    /// Checks that what the filter makes can be its own first input.
    fn check_repeated(&self) -> Result<(), Failure> {
        let wrong = |message: String| Err(Failure::Run(format!("--repeat: {message}")));
        if self.output_count() != 1 {
            return wrong("the kernel must have one output".to_string());
        }
        let (output, first) = (self.dtype(), self.flow.types[0]);
        if !holds_all(output, first) {
            return wrong(format!("the output is {output}, and the first input of the next run {first}"));
        }
        let mut shape = many_rows(&self.flow.planes[0]);
        shape[0] = self.flow.rows.unwrap_or(MANY);
        if self.filter.output_shape(&shape)? != shape {
            return wrong("the output has another shape than the first input, which it is in the next run".to_string());
        }
        Ok(())
    }

    /// What comes to the next stage.
    pub fn given(&self) -> Result<(Flow, Missing), Failure> {
        let after = |layout: &Layout| -> Result<Layout, Failure> {
            let mut lengths = self.filter.output_shape(&many_rows(layout))?;
            lengths[0] = 1;
            Ok(layout.with_lengths(&lengths))
        };
        let Flow { planes, mask, rows, pages, stack, types, has_own_mask } = &self.flow;
        let rows = rows.map(|rows| -> Result<usize, Failure> {
            let shape = [&[rows], &planes[0].filtered()[1..]].concat();
            Ok(self.filter.output_shape(&shape)?[0])
        });
        let others = if self.place.hands_on() { &types[1..] } else { &[] };
        let planes = planes.iter().map(after).collect::<Result<Vec<Layout>, Failure>>()?;
        // What is filled has another mask, which stands for both.
        let mask = match self.arguments.fill && (mask.is_some() || *has_own_mask) {
            true => Some((planes[0].clone(), DType::Bool)),
            false => mask.as_ref().map(|(layout, dtype)| Ok::<_, Failure>((after(layout)?, *dtype))).transpose()?,
        };
        let flow = Flow {
            planes,
            types: vec![self.dtype(); self.output_count()].into_iter().chain(others.iter().copied()).collect(),
            mask,
            has_own_mask: *has_own_mask && !self.arguments.fill,
            rows: rows.transpose()?,
            pages: *pages,
            stack: stack.clone(),
        };
        let missing = self.missing.numbers();
        Ok((flow, if self.place.is_repeated { missing } else { missing.of_results(&[], &[]) }))
    }

    /// What comes to it.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// How far windows reach along the first axis, and the rows beyond its ends that come as well.
    pub fn reach(&self) -> (Reach, Option<Around>) {
        (self.reach, self.around)
    }

    /// How many rows come to it, if that is known.
    pub fn rows(&self) -> Option<usize> {
        self.around.map_or(self.flow.rows, |around| Some(around.count()))
    }

    /// How many rows of pixels are filtered at once by each of so many stages.
    pub fn height(&self, stages: usize) -> usize {
        let row = |layout: &Layout| layout.shape.iter().product::<usize>();
        self.reach.height(self.flow.planes.iter().map(row).sum(), stages)
    }

    /// How many outputs the kernel has.
    pub fn output_count(&self) -> usize {
        self.kernel.outputs().len()
    }

    /// The type of the outputs.
    fn dtype(&self) -> DType {
        self.arguments.dtype.unwrap_or(self.flow.types[0])
    }

    /// Which part of inputs of this layout the outputs have, and the layout of outputs.
    pub fn output_of(&self, layout: &Layout) -> Result<(Vec<Range<usize>>, Layout), Failure> {
        let lengths = self.filter.output_shape(layout.filtered())?;
        Ok((self.filter.output_region(layout.filtered())?, layout.with_lengths(&lengths)))
    }

    /// Checks that a video stays one.
    pub fn check_video(&self) -> Result<(), Failure> {
        let own = self.flow.types[0];
        if self.dtype() != own {
            return Err(Failure::Run(format!("--dtype: the video has {own}, and stays so")));
        }
        for plane in &self.flow.planes {
            let lengths = self.filter.output_shape(&many_rows(plane))?;
            if lengths[1..] != plane.filtered()[1..] {
                return Err(Failure::Run("--mode: pictures of a video keep their size".to_string()));
            }
        }
        Ok(())
    }

    /// Shows how the kernel is computed on inputs of this layout.
    pub fn explain(&self, layout: &Layout) -> Result<(), Failure> {
        let all = self.planes(&self.filter, &self.missing).for_all(layout);
        let (filter, shape) = match &all {
            Some(filter) => (filter, layout.shape.as_slice()),
            None => (&self.filter, layout.filtered()),
        };
        match self.arguments.engine {
            Engine::Auto | Engine::Rows => {
                let outputs = vec![self.dtype(); self.output_count()];
                tell(filter.listing(Listing::Plan, shape, &self.flow.types, &outputs)?.trim_end());
            }
            _ => tell("pixel by pixel, as --engine says"),
        }
        Ok(())
    }

    /// A filter, for each channel of slabs.
    fn planes<'p>(&'p self, filter: &'p Filter, missing: &'p Missing) -> Planes<'p> {
        let (kernel, axes, progress) = (self.kernel, &self.arguments.axes, self.progress);
        Planes { filter, kernel, axes, missing, repeat: None, progress }
    }

    /// How far apart the outputs' pixels are along each axis.
    fn steps(&self) -> Vec<usize> {
        let axes = self.lengths().len();
        if self.place.is_last { self.arguments.steps(axes) } else { vec![1; axes] }
    }

    /// The rows of pixels of a slab that begins with this row, from the first one on that is wanted.
    fn wanted(&self, first: usize, pixels: Range<usize>) -> Range<usize> {
        let step = self.steps()[0];
        let before = if self.reach.mode == Mode::Valid { self.reach.before } else { 0 };
        let missing = (first + pixels.start - before).next_multiple_of(step) - (first + pixels.start - before);
        (pixels.start + missing).min(pixels.end)..pixels.end
    }

    /// The time that it has taken.
    pub fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Ordering::Relaxed))
    }

    /// What becomes of a slab.
    pub fn filter(&self, slab: Slab) -> Result<Made, Failure> {
        let start = Instant::now();
        let made = self.made(slab);
        self.spent.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        made
    }

    fn made(&self, slab: Slab) -> Result<Made, Failure> {
        let slab = match self.around {
            Some(around) => around.arranged(slab, self.reach),
            None => slab,
        };
        let Slab { planes, mask, first, pixels } = slab;
        let (wanted, steps) = (self.wanted(first, pixels), self.steps());
        let height = planes.first().and_then(|inputs| inputs.first()).map_or(0, |one| one.array.shape()[0]);
        let rows = self.flow.rows.unwrap_or(first + height);
        let filter = self.filter.clone().rows(wanted.clone()).within(first, rows);
        let own = planes.first().and_then(|inputs| inputs.first()).and_then(|first| first.metadata.mask.clone());
        let missing = self.missing.with_masks(self.arguments, mask, own.as_ref());
        let own = own.map(|own| Image::plain(own.into()));
        let mut made = Made { planes: Vec::new(), mask: None };
        for mut inputs in planes {
            let layout = inputs[0].layout();
            let region = filter.output_region(layout.filtered())?;
            let output = layout.with_lengths(&filter.output_shape(layout.filtered())?);
            let zeros = |_| Image::zeros(self.dtype(), &output);
            let mut outputs = (0..self.output_count()).map(zeros).collect::<Result<Vec<Image>, Error>>()?;
            self.planes(&filter, &missing).filter(&inputs, &mut outputs)?;
            let cut = own.as_ref().map(|own| missing::cut(own, &region, &steps).array);
            let own = cut.and_then(|own| if let AnyArray::Bool(own) = own { Some(own) } else { None });
            let mut mask = missing.mask_of_results(&region, &steps);
            let left = match self.arguments.fill && missing.has_masks() && !self.place.is_last {
                true => {
                    let absent = self.planes(&filter, &missing).absent(&inputs, &outputs)?;
                    let masks = self.missing.with_masks(self.arguments, mask.take(), own.as_ref());
                    mask = masks.filled(&absent, &outputs[0].layout())?.into_users();
                    None
                }
                false => own,
            };
            outputs.iter_mut().for_each(|output| output.copy_alpha(&inputs[0], &region, &steps));
            outputs.iter_mut().for_each(|output| output.metadata.mask = left.clone());
            if self.place.hands_on() {
                outputs.extend(inputs.drain(1..).map(|image| rows_of(image, &wanted)));
            }
            made.mask = mask.filter(|_| !self.place.is_last);
            made.planes.push(outputs);
        }
        Ok(made)
    }
}

/// These rows of an image.
fn rows_of(image: Image, rows: &Range<usize>) -> Image {
    image.map(|array| {
        for_any!(AnyArray, array, array => array.slice_axis(Axis(0), Slice::from(rows.clone())).to_owned().into())
    })
}

/// The lengths of the axes that are filtered, of many rows like this one.
fn many_rows(row: &Layout) -> Vec<usize> {
    [&[MANY], &row.filtered()[1..]].concat()
}
