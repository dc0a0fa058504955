//! The arguments of `hoodoo run`.

use std::path::PathBuf;

use clap::Args;
use hoodoo::{Cast, DType, Engine, Filter, Kernel, Mode, PerAxis, Precision, Repeat, Vectors};

use super::said::Said;
use super::shown::Shown;
use crate::arguments::{WindowArguments, count, has_extension, offered, pair, param, step, word};
use crate::failure::Failure;
use crate::files::{self, MAX_PIXELS, Raw, ReadOptions};

/// Arguments of `hoodoo run`.
#[derive(Args, Clone)]
pub struct RunArguments {
    #[command(flatten)]
    pub said: Said,
    /// The kernel's text, a path ending in .hood, or - for standard input
    pub kernel: String,
    /// The files to filter, one for each input of the kernel; - for standard input, of any type but .tga
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// The file to write; once for each output of the kernel; - for standard output, as .npy (a video as y4m, with --raw elements alone)
    #[arg(short, long = "output", value_name = "OUTPUT", required_unless_present = "out_dir")]
    pub outputs: Vec<PathBuf>,
    /// Filter each of the files on its own, and write the results to this directory, under the same names
    #[arg(long, value_name = "DIR", conflicts_with = "outputs")]
    pub out_dir: Option<PathBuf>,
    /// With --out-dir: write files of this type, such as png
    #[arg(long, value_name = "EXTENSION", requires = "out_dir")]
    pub ext: Option<String>,
    /// With --out-dir: put this behind the names of the files
    #[arg(long, value_name = "TEXT", requires = "out_dir", allow_hyphen_values = true, default_value = "")]
    pub suffix: String,
    #[command(flatten)]
    pub window: WindowArguments,
    /// What lies beyond the ends of every axis, or of each: reflect, mirror, nearest, wrap, constant; or nothing: shrink
    /// (the cells inside count) or valid (only pixels with all cells inside; smaller outputs) [default: reflect]
    #[arg(long, value_name = "MODE[,MODE...]", value_delimiter = ',')]
    #[arg(value_parser = offered(Mode::ALL.map(Mode::as_str), word::<Mode>), hide_possible_values = true)]
    pub mode: Vec<Mode>,
    /// The value outside in mode constant
    #[arg(long, value_name = "X", default_value_t = 0.0, value_parser = cval, allow_hyphen_values = true)]
    pub cval: f64,
    /// The axes to filter along, counted from the end where negative [default: all]
    #[arg(long, value_name = "I[,I...]", value_delimiter = ',', allow_hyphen_values = true)]
    pub axes: Vec<isize>,
    /// Compute only every N-th pixel along all axes, or along each [default: 1]
    #[arg(long, value_name = "N[,N...]", value_delimiter = ',', value_parser = step, allow_negative_numbers = true)]
    pub stride: Vec<usize>,
    /// The element type of the outputs: bool, i8, u8, ..., f16, f32, f64 [default: that of the first input]
    #[arg(long, value_parser = offered(DType::ALL.map(DType::as_str), word::<DType>), hide_possible_values = true)]
    pub dtype: Option<DType>,
    /// In a file that can't hold the outputs' type, such as a .png of f32: the values that are black and white, or auto for the
    /// least and the greatest that there are
    #[arg(long, value_name = "BLACK,WHITE|auto", allow_hyphen_values = true)]
    pub shown: Option<Shown>,
    /// How values become elements of the outputs: saturate or wrap
    #[arg(long, default_value = "saturate")]
    #[arg(value_parser = offered(Cast::ALL.map(Cast::as_str), word::<Cast>), hide_possible_values = true)]
    pub cast: Cast,
    /// Sets a param of the kernel
    #[arg(long, value_name = "NAME=VALUE", value_parser = param, allow_hyphen_values = true)]
    pub param: Vec<(String, f64)>,
    /// Sets a weights vector of the kernel from an array with one value for each cell
    #[arg(long, value_name = "NAME=FILE.npy", value_parser = weights)]
    pub weights: Vec<(String, PathBuf)>,
    /// The number that stands for no value, in inputs and outputs, or none [default: the one that the first file names]
    ///
    /// Such cells take no part, and pixels that have it keep it, unless --fill is given; so do pixels that see no value.
    #[arg(long, value_name = "X", value_parser = nodata, allow_hyphen_values = true)]
    pub nodata: Option<Nodata>,
    /// A picture or array of the inputs' shape that is not 0 where cells have no value
    #[arg(long, value_name = "FILE")]
    pub mask: Option<PathBuf>,
    /// Compute pixels that have no value from the cells around
    #[arg(long)]
    pub fill: bool,
    /// Feeds an input of the kernel with a band of the file, counted from 1 [default: all bands in order, if there are as many]
    #[arg(long, value_name = "NAME=N", value_parser = pair::<usize>)]
    pub band: Vec<(String, usize)>,
    /// Run another kernel on the result, with the same window and options; may be repeated
    #[arg(long, value_name = "KERNEL", conflicts_with = "repeat", allow_hyphen_values = true)]
    pub then: Vec<String>,
    /// Run the kernel on its own result: so many times, or until nothing changes any more (stable, or stable:N for N runs at
    /// most); other inputs stay
    #[arg(long, value_name = "N|stable[:N]", value_parser = repeat, allow_negative_numbers = true)]
    pub repeat: Option<Repeat>,
    /// The one page to read of files that have several, from 0 [default: all, each filtered on its own]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub page: Option<usize>,
    /// Filter the pages of a file as one volume, whose first axis they are, or as the volumes that an ImageJ or OME description says
    #[arg(long, conflicts_with = "page")]
    pub volume: bool,
    /// What .raw files have: the element type and the shape, as u16:480,640; u16be for big-endian, * for as many rows as there are.
    /// Standard input and output are raw then, too
    #[arg(long, value_name = "TYPE:N[,N...]")]
    pub raw: Option<Raw>,
    /// Read, filter and write .npy, .tif, .png and .raw files row by row along their first axis, with memory for what windows see at once.
    /// It is done by itself for files that are larger than memory, and for y4m videos
    #[arg(long, conflicts_with = "out_dir")]
    pub stream: bool,
    /// Fail if an output can't keep something that the first input carries, such as its colour profile
    #[arg(long)]
    pub strict: bool,
    /// The most pixels of an image
    #[arg(long, value_name = "N", default_value_t = MAX_PIXELS, hide_default_value = true)]
    pub max_pixels: u64,
    /// What runs the kernel: auto, rows, callback or interpreter
    #[arg(long, default_value = "auto", value_parser = offered(Engine::ALL.map(Engine::as_str), word::<Engine>), hide_possible_values = true)]
    pub engine: Engine,
    /// Compute in f64 (exact), or, where that is not exact in integers, in f32 (single)
    #[arg(long, default_value = "exact")]
    #[arg(value_parser = offered(Precision::ALL.map(Precision::as_str), word::<Precision>), hide_possible_values = true)]
    pub precision: Precision,
    /// The size of vectors: auto, 128, 256 or 512 bits
    #[arg(long, value_name = "BITS", default_value = "auto")]
    #[arg(value_parser = offered(Vectors::ALL.map(Vectors::as_str), word::<Vectors>), hide_possible_values = true)]
    pub vectors: Vectors,
    /// The greatest number of threads; 0 for one on each core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = count, allow_negative_numbers = true)]
    pub threads: usize,
    /// Print how the kernel is computed, and why so
    #[arg(long)]
    pub explain: bool,
    /// Print how long each step takes
    #[arg(long)]
    pub time: bool,
    /// Print what was written, what failed, and how long each step took, as JSON
    #[arg(long)]
    pub json: bool,
    /// Show no progress bar
    #[arg(short, long)]
    pub quiet: bool,
}

/// What stands for no value.
#[derive(Clone, Copy, Debug)]
pub enum Nodata {
    /// This number.
    Number(f64),
    /// Nothing: all numbers are values.
    None,
}

fn nodata(text: &str) -> Result<Nodata, String> {
    if text == "none" {
        return Ok(Nodata::None);
    }
    number(text, "write a number, nan or none").map(Nodata::Number)
}

fn cval(text: &str) -> Result<f64, String> {
    number(text, "write a number")
}

/// A number; a whole one that is none of the f64s would be another one.
fn number(text: &str, otherwise: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| otherwise.to_string())?;
    match text.parse::<i128>() {
        Ok(whole) if value as i128 != whole => Err(format!("between 64-bit floats, of which {value} is the nearest")),
        _ => Ok(value),
    }
}

fn repeat(text: &str) -> Result<Repeat, String> {
    let number =
        |text: &str| text.parse().map_err(|_| "write a whole number of at least 0, stable, or stable:N".to_string());
    match text.strip_prefix("stable") {
        Some("") => Ok(Repeat::Stable(Repeat::DEFAULT_LIMIT)),
        Some(most) => Ok(Repeat::Stable(number(most.strip_prefix(':').unwrap_or(most))?)),
        None => Ok(Repeat::Times(number(text)?)),
    }
}

/// A name and the file with its values.
fn weights(text: &str) -> Result<(String, PathBuf), String> {
    match pair::<PathBuf>(text) {
        Ok((name, path)) if has_extension(&path, "npy") => Ok((name, path)),
        _ => Err("write NAME=FILE.npy".to_string()),
    }
}

/// More than any axis has pixels.
const MOST_STEP: usize = isize::MAX as usize;

impl RunArguments {
    /// How the inputs are read.
    pub fn reading(&self) -> ReadOptions {
        ReadOptions {
            page: self.page,
            array: None,
            volume: self.volume,
            max_pixels: self.max_pixels,
            raw: self.raw.clone(),
        }
    }

    /// What `read` makes of the mask's file, of the page that is asked for, or of all if it has not that one: a mask may be one for all pages.
    pub fn of_mask<T>(&self, read: impl Fn(&ReadOptions) -> Result<T, Failure>) -> Result<T, Failure> {
        let reading = self.reading();
        read(&reading).or_else(|error| match reading.page {
            Some(_) => read(&ReadOptions { page: None, ..reading }).map_err(|_| error),
            None => Err(error),
        })
    }

    /// The filter of each kernel; reads the files of footprint and weights. A param is that of every kernel that has it.
    pub fn filters(&self, kernels: &[Kernel]) -> Result<Vec<Filter>, Failure> {
        let has = |kernel: &Kernel, name: &str| {
            kernel.params().iter().any(|param| param.name == name) || kernel.weights().iter().any(|other| other == name)
        };
        let filter = |(place, kernel): (usize, &Kernel)| {
            // What no kernel has is an error of the first one.
            let wanted = |name: &str| has(kernel, name) || place == 0 && !kernels.iter().any(|other| has(other, name));
            // It is the files that have fewer pixels, and not what kernels hand each other.
            let last = place + 1 == kernels.len();
            self.filter_with(kernel, wanted).map(|filter| if last { self.with_stride(filter) } else { filter })
        };
        kernels.iter().enumerate().map(filter).collect()
    }

    /// The filter of a kernel, with all params and weights.
    pub fn filter(&self, kernel: &Kernel) -> Result<Filter, Failure> {
        Ok(self.with_stride(self.filter_with(kernel, |_| true)?))
    }

    fn with_stride(&self, filter: Filter) -> Filter {
        if self.stride.is_empty() {
            return filter;
        }
        filter.stride(self.stride.iter().map(|step| MOST_STEP.min(*step) as isize).collect::<PerAxis>())
    }

    /// How far apart the outputs' pixels are along each of so many axes that can be filtered, as the filter has checked it.
    pub fn steps(&self, axes: usize) -> Vec<usize> {
        let all: Vec<isize> = (0..axes as isize).collect();
        let filtered = if self.axes.is_empty() { &all } else { &self.axes };
        let mut steps = vec![1; axes];
        for (along, axis) in filtered.iter().enumerate() {
            let axis = if *axis < 0 { axis + axes as isize } else { *axis };
            let step = if let [one] = self.stride[..] { Some(one) } else { self.stride.get(along).copied() };
            if let (Some(to), Some(step)) = (usize::try_from(axis).ok().and_then(|axis| steps.get_mut(axis)), step) {
                *to = step.min(MOST_STEP);
            }
        }
        steps
    }

    fn filter_with(&self, kernel: &Kernel, wanted: impl Fn(&str) -> bool) -> Result<Filter, Failure> {
        let mut filter = Filter::new(kernel)
            .cval(self.cval)
            .cast(self.cast)
            .engine(self.engine)
            .precision(self.precision)
            .vectors(self.vectors)
            .threads(self.threads)
            .fill(self.fill);
        if let Some(window) = self.window.window()? {
            filter = filter.window(window);
        }
        if !self.mode.is_empty() {
            filter = filter.modes(self.mode.iter().copied());
        }
        if !self.window.origin.is_empty() {
            filter = filter.origin(&self.window.origin[..]);
        }
        if !self.axes.is_empty() {
            filter = filter.axes(&self.axes[..]);
        }
        for (name, value) in self.param.iter().filter(|(name, _)| wanted(name)) {
            filter = filter.param(name, *value);
        }
        for (name, path) in self.weights.iter().filter(|(name, _)| wanted(name)) {
            filter = filter.weights(name, files::read_array(path)?.to_f64());
        }
        Ok(filter)
    }
}
