//! The arguments of `hoodoo run`.

use std::path::PathBuf;

use clap::Args;
use hoodoo::{Cast, DType, Engine, Filter, Kernel, Mode, Precision, Vectors};

use crate::arguments::{ENGINES, PRECISIONS, WindowArguments, has_extension, offered, pair, word};
use crate::failure::Failure;
use crate::files;

/// Arguments of `hoodoo run`.
#[derive(Args)]
pub struct RunArguments {
    /// The kernel's text, a path ending in .hood, or - for standard input
    pub kernel: String,
    /// The files to filter, one for each input of the kernel; - for an .npy array from standard input
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// The file to write; once for each output of the kernel; - for .npy to standard output
    #[arg(short, long = "output", value_name = "OUTPUT", required_unless_present = "out_dir")]
    pub outputs: Vec<PathBuf>,
    /// Filter each of the files on its own, and write the results to this directory, under the same names
    #[arg(long, value_name = "DIR", conflicts_with = "outputs")]
    pub out_dir: Option<PathBuf>,
    #[command(flatten)]
    pub window: WindowArguments,
    /// What lies beyond the ends of every axis, or of each: reflect, mirror, nearest, wrap, constant; or nothing: shrink
    /// (the cells inside count) or valid (only pixels with all cells inside; smaller outputs) [default: reflect]
    #[arg(long, value_name = "MODE[,MODE...]", value_delimiter = ',')]
    #[arg(value_parser = offered(Mode::ALL.map(Mode::as_str), word::<Mode>), hide_possible_values = true)]
    pub mode: Vec<Mode>,
    /// The value outside in mode constant
    #[arg(long, value_name = "X", default_value_t = 0.0, allow_hyphen_values = true)]
    pub cval: f64,
    /// The axes to filter along, counted from the end where negative [default: all]
    #[arg(long, value_name = "I[,I...]", value_delimiter = ',', allow_hyphen_values = true)]
    pub axes: Vec<isize>,
    /// The element type of the outputs: bool, i8, u8, ..., f16, f32, f64 [default: that of the first input]
    #[arg(long, value_parser = offered(DType::ALL.map(DType::as_str), word::<DType>), hide_possible_values = true)]
    pub dtype: Option<DType>,
    /// How values become elements of the outputs: saturate or wrap
    #[arg(long, default_value = "saturate")]
    #[arg(value_parser = offered(["saturate", "wrap"], word::<Cast>), hide_possible_values = true)]
    pub cast: Cast,
    /// Sets a param of the kernel
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair::<f64>, allow_hyphen_values = true)]
    pub param: Vec<(String, f64)>,
    /// Sets a weights vector of the kernel from an array with one value for each cell
    #[arg(long, value_name = "NAME=FILE.npy", value_parser = weights)]
    pub weights: Vec<(String, PathBuf)>,
    /// What runs the kernel: auto, rows, callback or interpreter
    #[arg(long, default_value = "auto", value_parser = offered(ENGINES, word::<Engine>), hide_possible_values = true)]
    pub engine: Engine,
    /// Compute in f64 (exact), or, where that is not exact in integers, in f32 (single)
    #[arg(long, default_value = "exact")]
    #[arg(value_parser = offered(PRECISIONS, word::<Precision>), hide_possible_values = true)]
    pub precision: Precision,
    /// The size of vectors: auto, 128 or 256 bits
    #[arg(long, value_name = "BITS", default_value = "auto")]
    #[arg(value_parser = offered(Vectors::ALL.map(Vectors::as_str), word::<Vectors>), hide_possible_values = true)]
    pub vectors: Vectors,
    /// The greatest number of threads; 0 for one on each core
    #[arg(long, value_name = "N", default_value_t = 0)]
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

/// A name and the file with its values.
fn weights(text: &str) -> Result<(String, PathBuf), String> {
    match pair::<PathBuf>(text) {
        Ok((name, path)) if has_extension(&path, "npy") => Ok((name, path)),
        _ => Err("write NAME=FILE.npy".to_string()),
    }
}

impl RunArguments {
    /// The filter; reads the files of footprint and weights.
    pub fn filter(&self, kernel: &Kernel) -> Result<Filter, Failure> {
        let mut filter = Filter::new(kernel)
            .cval(self.cval)
            .cast(self.cast)
            .engine(self.engine)
            .precision(self.precision)
            .vectors(self.vectors)
            .threads(self.threads);
        if let Some(window) = self.window.window()? {
            filter = filter.window(window);
        }
        if !self.mode.is_empty() {
            filter = filter.modes(self.mode.iter().copied());
        }
        if !self.window.origin.is_empty() {
            filter = filter.origin(self.window.origin.iter().copied());
        }
        if !self.axes.is_empty() {
            filter = filter.axes(self.axes.iter().copied());
        }
        for (name, value) in &self.param {
            filter = filter.param(name, *value);
        }
        for (name, path) in &self.weights {
            filter = filter.weights(name, files::read_array(path)?.to_f64());
        }
        Ok(filter)
    }
}
