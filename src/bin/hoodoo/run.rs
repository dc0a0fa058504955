//! `hoodoo run`: files in, files out.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use hoodoo::{Cast, DType, Engine, Filter, Kernel, Listing, Mode, Precision, Progress};

use crate::arguments::{ENGINES, PRECISIONS, Source, WindowArguments, has_extension, offered, pair, word};
use crate::batch;
use crate::failure::{Failure, print, tell};
use crate::files::{self, Channels, Format, Image, is_standard};
use crate::output::{Target, publish};
use crate::report::{Filtered, Report, describe};
use crate::watch::{self, Share};

/// Arguments of `hoodoo run`.
#[derive(Args)]
pub struct RunArguments {
    /// The kernel's text, a path ending in .hood, or - for standard input
    kernel: String,
    /// The files to filter, one for each input of the kernel; - for an .npy array from standard input
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// The file to write; once for each output of the kernel; - for .npy to standard output
    #[arg(short, long = "output", value_name = "OUTPUT", required_unless_present = "out_dir")]
    outputs: Vec<PathBuf>,
    /// Filter each of the files on its own, and write the results to this directory, under the same names
    #[arg(long, value_name = "DIR", conflicts_with = "outputs")]
    out_dir: Option<PathBuf>,
    #[command(flatten)]
    window: WindowArguments,
    /// What lies beyond the ends of every axis, or of each: reflect, mirror, nearest, wrap, constant; or nothing: shrink
    /// (the cells inside count) or valid (only pixels with all cells inside; smaller outputs) [default: reflect]
    #[arg(long, value_name = "MODE[,MODE...]", value_delimiter = ',')]
    #[arg(value_parser = offered(Mode::ALL.map(Mode::as_str), word::<Mode>), hide_possible_values = true)]
    mode: Vec<Mode>,
    /// The value outside in mode constant
    #[arg(long, value_name = "X", default_value_t = 0.0, allow_hyphen_values = true)]
    cval: f64,
    /// The axes to filter along, counted from the end where negative [default: all]
    #[arg(long, value_name = "I[,I...]", value_delimiter = ',', allow_hyphen_values = true)]
    axes: Vec<isize>,
    /// The element type of the outputs: bool, i8, u8, ..., f32, f64 [default: that of the first input]
    #[arg(long, value_parser = offered(DType::ALL.map(DType::as_str), word::<DType>), hide_possible_values = true)]
    pub dtype: Option<DType>,
    /// How values become elements of the outputs: saturate or wrap
    #[arg(long, default_value = "saturate")]
    #[arg(value_parser = offered(["saturate", "wrap"], word::<Cast>), hide_possible_values = true)]
    cast: Cast,
    /// Sets a param of the kernel
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair::<f64>, allow_hyphen_values = true)]
    param: Vec<(String, f64)>,
    /// Sets a weights vector of the kernel from an array with one value for each cell
    #[arg(long, value_name = "NAME=FILE.npy", value_parser = weights)]
    weights: Vec<(String, PathBuf)>,
    /// What runs the kernel: auto, rows, callback or interpreter
    #[arg(long, default_value = "auto", value_parser = offered(ENGINES, word::<Engine>), hide_possible_values = true)]
    engine: Engine,
    /// Compute in f64 (exact), or, where that is not exact in integers, in f32 (single)
    #[arg(long, default_value = "exact")]
    #[arg(value_parser = offered(PRECISIONS, word::<Precision>), hide_possible_values = true)]
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
    /// Print what was written, what failed, and how long each step took, as JSON
    #[arg(long)]
    json: bool,
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

/// What makes images of the paths of inputs.
type Read = dyn Fn(&[PathBuf]) -> Result<Vec<Image>, Failure>;

/// A kernel that is run on files as the arguments say.
pub struct Job<'a> {
    pub arguments: &'a RunArguments,
    pub source: Source,
    pub kernel: Kernel,
    pub progress: Arc<Progress>,
    pub report: &'a mut Report,
    read: &'a Read,
}

/// Filters the files.
pub fn run(arguments: &RunArguments) -> Result<(), Failure> {
    run_on(arguments, &|paths| paths.iter().map(|path| files::read(path)).collect())
}

/// Filters the images that `read` makes of the paths of the inputs.
pub fn run_on(arguments: &RunArguments, read: &Read) -> Result<(), Failure> {
    check_usage(arguments)?;
    let targets = Target::all(&arguments.outputs)?;
    let mut report = Report::default();
    let done = filter(arguments, read, &targets, &mut report);
    if arguments.time {
        report.times.print();
    }
    if arguments.json {
        let printed = print(report.json(done.as_ref().err()));
        return done.and(printed);
    }
    done
}

/// Checks what is wrong whatever the files hold.
fn check_usage(arguments: &RunArguments) -> Result<(), Failure> {
    let standard = arguments.inputs.iter().filter(|path| is_standard(path)).count();
    if standard > 1 || standard > 0 && arguments.kernel == "-" {
        return Err(Failure::Usage("standard input can be read only once".to_string()));
    }
    if arguments.json && arguments.outputs.iter().any(|path| is_standard(path)) {
        return Err(Failure::Usage("--json: standard output has the array already".to_string()));
    }
    // One of the files that are each filtered on its own may be of any kind: it does not keep the others from it.
    for path in arguments.inputs.iter().filter(|_| arguments.out_dir.is_none()) {
        Format::of(path).map_err(|message| Failure::Usage(format!("input {message}")))?;
    }
    check_once("--param", arguments.param.iter().map(|(name, _)| name.as_str()))?;
    check_once("--weights", arguments.weights.iter().map(|(name, _)| name.as_str()))
}

/// Compiles the kernel and filters the files, and reports what was done so far.
fn filter(arguments: &RunArguments, read: &Read, targets: &[Target], report: &mut Report) -> Result<(), Failure> {
    let source = Source::load(&arguments.kernel)?;
    report.kernel = Some(source.text().to_string());
    let kernel = report.times.take("compile", || source.compile())?;
    let mut job = Job { arguments, source, kernel, progress: watch::cancelled_by_signals()?, report, read };
    match &arguments.out_dir {
        Some(directory) => batch::filter_each(&mut job, directory),
        None => job.filter_together(targets),
    }
}

impl Job<'_> {
    /// Filters all files as the inputs of one run.
    fn filter_together(&mut self, targets: &[Target]) -> Result<(), Failure> {
        let inputs = &self.arguments.inputs;
        check_counts("input", &self.kernel.inputs().join(", "), self.kernel.inputs().len(), inputs.len())?;
        let names: Vec<&str> = self.kernel.outputs().collect();
        check_counts("output", &names.join(", "), names.len(), targets.len())?;
        let filter = self.report.times.take("read", || self.arguments.filter(&self.kernel))?;
        let progress = Arc::clone(&self.progress);
        let share = Share::new(&progress, 1);
        share.with_bar(self.arguments.quiet, || self.filter_files(&filter, inputs, targets, &share))
    }

    /// Filters files as the inputs of one run.
    pub fn filter_files(
        &mut self,
        filter: &Filter,
        paths: &[PathBuf],
        targets: &[Target],
        share: &Share<'_>,
    ) -> Result<(), Failure> {
        let (arguments, times) = (self.arguments, &mut self.report.times);
        targets.iter().try_for_each(Target::check_place)?;
        let inputs = times.take("read", || (self.read)(paths))?;
        check_alike(paths, &inputs)?;
        let (dtype, whole) = (arguments.dtype.unwrap_or(inputs[0].samples.dtype()), inputs[0].layout());
        let region = filter.output_region(whole.filtered())?;
        let layout = whole.cut(&region);
        targets.iter().try_for_each(|target| target.check_fit(dtype, &layout))?;
        watch::check(&self.progress)?;

        let output_types = vec![dtype; targets.len()];
        let input_types: Vec<DType> = inputs.iter().map(|image| image.samples.dtype()).collect();
        match arguments.engine {
            _ if !arguments.explain => {}
            Engine::Auto | Engine::Rows => {
                let plan = filter.listing(Listing::Plan, whole.filtered(), &input_types, &output_types)?;
                tell(plan.trim_end());
            }
            _ => tell("pixel by pixel, as --engine says"),
        }
        if arguments.time || arguments.json {
            // The filter makes the code on its first run; made before, that run finds it.
            times.take("compile", || filter.compile(whole.filtered(), &input_types, &output_types))?;
        }
        let mut outputs: Vec<Image> = targets.iter().map(|_| Image::zeros(dtype, &layout)).collect();
        share.begin(layout.filtered().iter().product::<usize>() * layout.planes());
        times.take("run", || filter_planes(filter, &inputs, &mut outputs, &self.progress))?;
        outputs.iter_mut().for_each(|output| output.copy_alpha(&inputs[0], &region));

        times.take("write", || {
            let mut written = Vec::new();
            for (target, output) in targets.iter().zip(&outputs) {
                watch::check(&self.progress)?;
                written.push(target.write(output)?);
            }
            watch::check(&self.progress)?;
            publish(written)
        })?;
        let described = || {
            let written = self.kernel.outputs().zip(targets).zip(&outputs);
            written.map(|((name, target), output)| describe(name, target.path(), &output.samples)).collect()
        };
        let outputs = if arguments.json { described() } else { Vec::new() };
        self.report.filtered.push(Filtered { inputs: paths.to_vec(), outputs });
        Ok(())
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
