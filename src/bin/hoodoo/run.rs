//! `hoodoo run`: files in, files out.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use hoodoo::{Cast, DType, Engine, Filter, Kernel, Listing, Mode, Precision, Progress};

use crate::arguments::{Source, WindowArguments, has_extension, pair, word};
use crate::failure::Failure;
use crate::files::{self, Channels, Format, Image};
use crate::output::{Target, publish};
use crate::watch;

/// Arguments of `hoodoo run`.
#[derive(Args)]
pub struct RunArguments {
    /// The kernel's text, or a path ending in .hood
    kernel: String,
    /// The files to filter, one for each input of the kernel
    #[arg(required = true)]
    inputs: Vec<PathBuf>,
    /// The file to write; once for each output of the kernel
    #[arg(short, long = "output", value_name = "OUTPUT", required = true)]
    outputs: Vec<PathBuf>,
    #[command(flatten)]
    window: WindowArguments,
    /// What lies beyond the ends of every axis, or of each: reflect, mirror, nearest, wrap, constant; or nothing: shrink
    /// (the cells inside count) or valid (only pixels with all cells inside; smaller outputs) [default: reflect]
    #[arg(long, value_name = "MODE[,MODE...]", value_delimiter = ',', value_parser = word::<Mode>)]
    mode: Vec<Mode>,
    /// The value outside in mode constant
    #[arg(long, value_name = "X", default_value_t = 0.0, allow_hyphen_values = true)]
    cval: f64,
    /// The axes to filter along, counted from the end where negative [default: all]
    #[arg(long, value_name = "I[,I...]", value_delimiter = ',', allow_hyphen_values = true)]
    axes: Vec<isize>,
    /// The element type of the outputs: bool, i8, u8, ..., f32, f64 [default: that of the first input]
    #[arg(long, value_parser = word::<DType>)]
    dtype: Option<DType>,
    /// How values become elements of the outputs: saturate or wrap
    #[arg(long, default_value = "saturate", value_parser = word::<Cast>)]
    cast: Cast,
    /// Sets a param of the kernel
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair::<f64>, allow_hyphen_values = true)]
    param: Vec<(String, f64)>,
    /// Sets a weights vector of the kernel from an array with one value for each cell
    #[arg(long, value_name = "NAME=FILE.npy", value_parser = weights)]
    weights: Vec<(String, PathBuf)>,
    /// What runs the kernel: auto, rows, callback or interpreter
    #[arg(long, default_value = "auto", value_parser = word::<Engine>)]
    engine: Engine,
    /// Compute in f64 (exact), or, where that is not exact in integers, in f32 (single)
    #[arg(long, default_value = "exact", value_parser = word::<Precision>)]
    precision: Precision,
    /// The greatest number of threads; 0 for one on each core
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Print how the kernel is computed, and why so
    #[arg(long)]
    explain: bool,
    /// Print how long each step takes
    #[arg(long)]
    time: bool,
}

/// A name and the file with its values.
fn weights(text: &str) -> Result<(String, PathBuf), String> {
    match pair::<PathBuf>(text) {
        Ok((name, path)) if has_extension(&path, "npy") => Ok((name, path)),
        _ => Err("write NAME=FILE.npy".to_string()),
    }
}

/// Filters the files.
pub fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let targets = arguments.targets()?;
    let mut times = Times::default();
    let kernel = times.take("compile", || Source::load(&arguments.kernel)?.compile())?;
    check_counts("input", &kernel.inputs().join(", "), kernel.inputs().len(), arguments.inputs.len())?;
    let names: Vec<&str> = kernel.outputs().collect();
    check_counts("output", &names.join(", "), names.len(), targets.len())?;
    targets.iter().try_for_each(Target::check_place)?;
    let progress = watch::cancelled_by_ctrl_c()?;

    let (filter, inputs) = times.take("read", || {
        let inputs: Vec<Image> = arguments.inputs.iter().map(|path| files::read(path)).collect::<Result<_, _>>()?;
        Ok((arguments.filter(&kernel)?, inputs))
    })?;
    check_alike(&arguments.inputs, &inputs)?;
    let (dtype, layout) = (arguments.dtype.unwrap_or(inputs[0].samples.dtype()), inputs[0].layout());
    let region = filter.output_region(layout.filtered())?;
    let layout = layout.cut(&region);
    targets.iter().try_for_each(|target| target.check_fit(dtype, &layout))?;
    watch::check(&progress)?;

    let outputs_types = vec![dtype; targets.len()];
    let input_types: Vec<DType> = inputs.iter().map(|image| image.samples.dtype()).collect();
    match arguments.engine {
        _ if !arguments.explain => {}
        Engine::Auto | Engine::Rows => {
            eprint!("{}", filter.listing(Listing::Plan, layout.filtered(), &input_types, &outputs_types)?);
        }
        Engine::Callback | Engine::Interpreter => eprintln!("pixel by pixel, as --engine says"),
    }
    if arguments.time {
        // The filter makes the code on its first run; made before, that run finds it.
        times.take("compile", || Ok(filter.compile(layout.filtered(), &input_types, &outputs_types)?))?;
    }
    let mut outputs: Vec<Image> = targets.iter().map(|_| Image::zeros(dtype, &layout)).collect();
    times.take("run", || {
        let pixels = layout.filtered().iter().product::<usize>() * layout.planes();
        watch::with_bar(&progress, pixels, || filter_planes(&filter, &inputs, &mut outputs, &progress))
    })?;
    outputs.iter_mut().for_each(|output| output.copy_alpha(&inputs[0], &region));

    times.take("write", || {
        let mut written = Vec::new();
        for (target, output) in targets.iter().zip(&outputs) {
            watch::check(&progress)?;
            written.push(target.write(output)?);
        }
        watch::check(&progress)?;
        publish(written)
    })?;
    if arguments.time {
        times.print();
    }
    Ok(())
}

impl RunArguments {
    /// The outputs, after checking everything that can be wrong whatever the files hold.
    fn targets(&self) -> Result<Vec<Target>, Failure> {
        for path in &self.inputs {
            Format::of(path).map_err(|message| Failure::Usage(format!("input {message}")))?;
        }
        check_once("--param", self.param.iter().map(|(name, _)| name.as_str()))?;
        check_once("--weights", self.weights.iter().map(|(name, _)| name.as_str()))?;
        Target::all(&self.outputs)
    }

    /// The filter; reads the files of footprint and weights.
    fn filter(&self, kernel: &Kernel) -> Result<Filter, Failure> {
        let mut filter = Filter::new(kernel)
            .cval(self.cval)
            .cast(self.cast)
            .engine(self.engine)
            .precision(self.precision)
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

/// Runs the filter over each channel.
fn filter_planes(filter: &Filter, inputs: &[Image], outputs: &mut [Image], progress: &Progress) -> Result<(), Failure> {
    for plane in 0..inputs[0].layout().planes() {
        let inputs: Vec<_> = inputs.iter().map(|image| image.plane(plane)).collect();
        let mut outputs: Vec<_> = outputs.iter_mut().map(|image| image.plane_mut(plane)).collect();
        filter.run_all_into(&inputs, &mut outputs, progress)?;
    }
    Ok(())
}

fn check_once<'n>(argument: &str, names: impl Iterator<Item = &'n str>) -> Result<(), Failure> {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if seen.contains(&name) {
            return Err(Failure::Usage(format!("{argument}: `{name}` is given twice")));
        }
        seen.push(name);
    }
    Ok(())
}

/// Checks that there is a file for each of the kernel's inputs or outputs.
fn check_counts(what: &str, names: &str, needed: usize, given: usize) -> Result<(), Failure> {
    if needed == given {
        return Ok(());
    }
    let plural = if needed == 1 { "" } else { "s" };
    Err(Failure::Run(format!("{what}s: the kernel has {needed} {what}{plural} ({names}), and {given} given")))
}

/// Checks that the inputs have one shape and the same channels.
fn check_alike(paths: &[PathBuf], images: &[Image]) -> Result<(), Failure> {
    let describe = |layout: &files::Layout| match layout.channels {
        None => format!("shape {:?}", layout.shape),
        channels => format!("shape {:?} ({})", layout.filtered(), Channels::describe(channels)),
    };
    let first = images[0].layout();
    for (path, image) in paths.iter().zip(images) {
        let layout = image.layout();
        if layout != first {
            let expected = format!("the first input has {}", describe(&first));
            return Err(Failure::at(path, format!("has {}, and {expected}", describe(&layout))));
        }
    }
    Ok(())
}

/// How long the steps took.
#[derive(Default)]
struct Times {
    steps: Vec<(&'static str, Duration)>,
}

impl Times {
    /// Does a step that may fail.
    fn take<T>(&mut self, step: &'static str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        self.add(step, work)
    }

    /// Does a step, or more of one.
    fn add<T>(&mut self, step: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        let elapsed = start.elapsed();
        match self.steps.iter_mut().find(|(name, _)| *name == step) {
            Some((_, time)) => *time += elapsed,
            None => self.steps.push((step, elapsed)),
        }
        result
    }

    fn print(&self) {
        for (step, time) in &self.steps {
            eprintln!("{step:<8} {:>10.3} ms", time.as_secs_f64() * 1e3);
        }
    }
}
