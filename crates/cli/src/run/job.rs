//! A run of a kernel over files.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use hoodoo::{DType, Engine, Filter, Kernel, Listing, Progress, Repeat};

use super::arguments::RunArguments;
use super::bands;
use super::carried::{Carried, carry, check_rest};
use super::missing::{Missing, join_masks};
use super::planes::Planes;
use super::shown::Shown;
use crate::arguments::Source;
use crate::failure::{Failure, tell};
use crate::files;
use crate::image::{Channels, Image, Layout, Metadata};
use crate::output::{Target, publish};
use crate::printable::{printable, shown};
use crate::report::{Filtered, Report, Values, describe};
use crate::watch::{self, Share};

/// What makes images of the paths of inputs.
pub type Read<'r> = dyn Fn(&[PathBuf]) -> Result<Vec<Image>, Failure> + 'r;

/// A kernel that is run on files as the arguments say.
pub struct Job<'a> {
    pub arguments: &'a RunArguments,
    pub source: Source,
    /// The kernel, and those that are run on its result, one after the other.
    pub kernels: Vec<Kernel>,
    pub progress: Arc<Progress>,
    pub report: &'a mut Report,
    pub read: &'a Read<'a>,
}

/// What is known of a run before any pixel is computed.
struct Plan {
    /// The element type of the outputs.
    dtype: DType,
    /// What the inputs of each kernel are like.
    layouts: Vec<Layout>,
    /// Which of its input's pixels the outputs of each kernel have.
    regions: Vec<Vec<Range<usize>>>,
    /// What the outputs are like.
    output: Layout,
}

impl Job<'_> {
    /// The kernel whose inputs are files.
    pub fn first(&self) -> &Kernel {
        &self.kernels[0]
    }

    /// The kernel whose outputs are files.
    pub fn last(&self) -> &Kernel {
        &self.kernels[self.kernels.len() - 1]
    }

    /// Filters all files as the inputs of one run.
    pub fn filter_together(&mut self, targets: &[Target]) -> Result<(), Failure> {
        let inputs = &self.arguments.inputs;
        if inputs.len() > 1 {
            check_counts("input", &self.first().inputs().join(", "), self.first().inputs().len(), inputs.len())?;
        }
        let names: Vec<&str> = self.last().outputs().collect();
        // Several outputs may be the bands of one picture, or the arrays of one archive.
        if targets.len() != 1 || targets[0].is_array() && !targets[0].is_archive() {
            check_counts("output", &names.join(", "), names.len(), targets.len())?;
        }
        let filters = self.filters()?;
        let progress = Arc::clone(&self.progress);
        let share = Share::new(&progress, 1);
        share.with_bar(self.arguments.quiet, || self.filter_files(&filters, inputs, targets, &share))
    }

    /// The filter of each kernel.
    pub fn filters(&mut self) -> Result<Vec<Filter>, Failure> {
        check_chain(&self.kernels)?;
        self.report.times.take("read", || self.arguments.filters(&self.kernels))
    }

    /// Filters files as the inputs of one run.
    pub fn filter_files(
        &mut self,
        filters: &[Filter],
        paths: &[PathBuf],
        targets: &[Target],
        share: &Share<'_>,
    ) -> Result<(), Failure> {
        let arguments = self.arguments;
        targets.iter().try_for_each(Target::check_place)?;
        let inputs = self.report.times.take("read", || (self.read)(paths))?;
        check_whole(paths, &inputs, arguments.strict)?;
        let rest = |(path, input): (&PathBuf, &Image)| check_rest(arguments, (path, &input.metadata), targets);
        paths.iter().zip(&inputs).try_for_each(rest)?;
        let mut inputs = bands::inputs(self.first(), &arguments.band, inputs, paths)?;
        check_alike(paths, &inputs)?;
        join_masks(&mut inputs);
        let plan = self.plan(filters, &inputs)?;
        let count = self.last().outputs().len();
        let channels = bands::channels_of(count, targets[0].format(), &inputs[0].metadata);
        let output = bands::joined_layout(plan.output.clone(), count, targets, &inputs[0].metadata);
        let stored = |target: &Target| Shown::stored(arguments.shown, target, plan.dtype);
        targets.iter().try_for_each(|target| target.check_fit(stored(target), &output))?;
        watch::check(&self.progress)?;
        let missing = Missing::of(arguments, &inputs)?;
        missing.check_fits(plan.dtype)?;
        missing.add_to(&mut inputs[0]);
        arguments.repeat.and(arguments.dtype).into_iter().for_each(|dtype| inputs[0].widen(dtype));
        self.prepare(filters, &plan, &inputs, &missing)?;
        let mut carried =
            carry(arguments, &inputs[0].metadata, &plan.regions, (Some(&output), plan.dtype, missing.nodata), targets)?;

        let runs = match arguments.repeat {
            Some(Repeat::Times(times)) => times,
            _ => filters.len(),
        };
        let pixels = |layout: &Layout| layout.filtered().iter().product::<usize>() * layout.planes();
        share.begin(pixels(&plan.output) * runs);
        let nodata = missing.nodata;
        let (outputs, runs) = self.run(filters, &plan, inputs, missing)?;
        let outputs = match outputs.len() == targets.len() {
            true => outputs,
            false if targets[0].is_archive() => vec![self.archived(outputs, &mut carried[0].0)?],
            false => vec![bands::joined(outputs, channels).map_err(|error| Failure::at(targets[0].path(), error))?],
        };
        let mut shaped = Vec::new();
        for ((target, output), (metadata, _)) in targets.iter().zip(outputs).zip(&carried) {
            let shown = arguments.shown.filter(|_| stored(target) != plan.dtype);
            let mut output = target.shaped(match shown {
                Some(shown) => shown.apply(&output, nodata),
                None => output,
            });
            output.metadata = metadata.clone();
            shaped.push(output);
        }
        share.write();
        let outputs = self.write(targets, &shaped, carried, share)?;
        self.report.filtered.push(Filtered { inputs: paths.to_vec(), outputs, runs });
        Ok(())
    }

    /// The outputs as the arrays of one archive, which have the outputs' names.
    fn archived(&self, mut outputs: Vec<Image>, metadata: &mut Metadata) -> Result<Image, Failure> {
        let names: Vec<String> = self.last().outputs().map(str::to_string).collect();
        outputs[0].metadata.header = metadata.header.take();
        let mut joined = files::archive(outputs, &names).map_err(Failure::Run)?;
        metadata.header = joined.metadata.header.take();
        Ok(joined)
    }

    /// What the kernels make of the inputs.
    fn plan(&self, filters: &[Filter], inputs: &[Image]) -> Result<Plan, Failure> {
        let mut output = inputs[0].layout();
        let (mut layouts, mut regions) = (Vec::new(), Vec::new());
        for filter in filters {
            let region = filter.output_region(output.filtered())?;
            let next = output.with_lengths(&filter.output_shape(output.filtered())?);
            layouts.push(std::mem::replace(&mut output, next));
            regions.push(region);
        }
        let dtype = self.arguments.dtype.unwrap_or(inputs[0].array.dtype());
        Ok(Plan { dtype, layouts, regions, output })
    }

    /// Shows how the kernels are computed, and makes their code, if that is asked for.
    fn prepare(&mut self, filters: &[Filter], plan: &Plan, inputs: &[Image], missing: &Missing) -> Result<(), Failure> {
        let arguments = self.arguments;
        let mut input_types: Vec<DType> = inputs.iter().map(|image| image.array.dtype()).collect();
        for ((filter, kernel), layout) in filters.iter().zip(&self.kernels).zip(&plan.layouts) {
            let output_types = vec![plan.dtype; kernel.outputs().len()];
            let all = self.planes(filter, kernel, missing).for_all(layout);
            let (filter, shape) = match &all {
                Some(filter) => (filter, layout.shape.as_slice()),
                None => (filter, layout.filtered()),
            };
            match arguments.engine {
                _ if !arguments.explain => {}
                Engine::Auto | Engine::Rows => {
                    let plan = filter.listing(Listing::Plan, shape, &input_types, &output_types)?;
                    tell(plan.trim_end());
                }
                _ => tell("pixel by pixel, as --engine says"),
            }
            if arguments.time || arguments.json {
                // The filter makes the code on its first run; made before, that run finds it.
                let compile = || filter.compile(shape, &input_types, &output_types);
                self.report.times.take("compile", compile)?;
            }
            input_types = output_types;
        }
        Ok(())
    }

    /// A filter, for each channel of each page.
    fn planes<'p>(&'p self, filter: &'p Filter, kernel: &'p Kernel, missing: &'p Missing) -> Planes<'p> {
        let RunArguments { axes, repeat, .. } = self.arguments;
        Planes { filter, kernel, axes, missing, repeat: *repeat, progress: &self.progress }
    }

    /// Runs one kernel after the other; how often, if on its own result.
    fn run(
        &mut self,
        filters: &[Filter],
        plan: &Plan,
        inputs: Vec<Image>,
        mut missing: Missing,
    ) -> Result<(Vec<Image>, Option<usize>), Failure> {
        let repeat = self.arguments.repeat;
        let (mut images, mut most) = (inputs, None);
        for ((filter, kernel), (layout, region)) in
            filters.iter().zip(&self.kernels).zip(plan.layouts.iter().zip(&plan.regions))
        {
            let lengths = filter.output_shape(layout.filtered())?;
            let zeros = || Image::zeros(plan.dtype, &layout.with_lengths(&lengths));
            let mut outputs = kernel.outputs().map(|_| zeros()).collect::<Result<Vec<Image>, hoodoo::Error>>()?;
            let planes = self.planes(filter, kernel, &missing);
            let start = Instant::now();
            let runs = planes.filter(&images, &mut outputs)?;
            self.report.times.add("run", start.elapsed());
            most = repeat.map(|_| runs);
            if let Some(Repeat::Stable(_)) = repeat
                && !self.arguments.quiet
            {
                tell(format!("stable after {runs} runs"));
            }
            let steps = match lengths == region.iter().map(Range::len).collect::<Vec<_>>() {
                true => vec![1; lengths.len()],
                false => self.arguments.steps(lengths.len()),
            };
            let is_last = std::ptr::eq(kernel, self.last());
            let absent = match self.arguments.fill && missing.has_masks() && !is_last {
                true => Some(self.planes(filter, kernel, &missing).absent(&images, &outputs)?),
                false => None,
            };
            outputs.iter_mut().for_each(|output| output.copy_alpha(&images[0], region, &steps));
            images = outputs;
            missing = missing.of_results(region, &steps);
            if let Some(absent) = absent {
                missing = missing.filled(&absent, &images[0].layout())?;
            }
        }
        Ok((images, most))
    }

    /// Writes the outputs; what was written, if that is to be said.
    fn write(
        &mut self,
        targets: &[Target],
        outputs: &[Image],
        carried: Vec<Carried>,
        share: &Share<'_>,
    ) -> Result<Vec<serde_json::Value>, Failure> {
        let progress = &self.progress;
        self.report.times.take("write", || {
            let mut written = Vec::new();
            for (number, (target, output)) in targets.iter().zip(outputs).enumerate() {
                let of_all = |part: f64| share.coded((number as f64 + part) / targets.len() as f64);
                written.push(target.write_until(output, progress, &of_all)?);
            }
            publish(written)
        })?;
        let described = || {
            let files = targets.iter().zip(outputs).zip(&carried);
            let named = self.last().outputs().zip(files);
            named
                .map(|(name, ((target, output), (_, lost)))| {
                    let mut values = Values::default();
                    values.add(&output.array);
                    describe(name, target.path(), (output.dtype(), output.array.shape()), values, lost)
                })
                .collect()
        };
        Ok(if self.arguments.json { described() } else { Vec::new() })
    }
}

/// Checks that each kernel has the inputs that the one before it makes.
pub fn check_chain(kernels: &[Kernel]) -> Result<(), Failure> {
    for (one, next) in kernels.iter().zip(&kernels[1..]) {
        let (given, needed) = (one.outputs().len(), next.inputs().len());
        if given != needed {
            let [next, one] = [next, one].map(|kernel| printable(&kernel.to_string()));
            let message = format!("--then: `{next}` has {needed} inputs, and `{one}` {given} outputs");
            return Err(Failure::Run(message));
        }
    }
    Ok(())
}

/// Checks that there is a file for each of the kernel's inputs or outputs.
pub fn check_counts(what: &str, names: &str, needed: usize, given: usize) -> Result<(), Failure> {
    if needed == given {
        return Ok(());
    }
    let plural = if needed == 1 { "" } else { "s" };
    Err(Failure::Run(format!("{what}s: the kernel has {needed} {what}{plural} ({names}), and {given} given")))
}

/// Says which inputs are not whole; that is an error if `strict`.
fn check_whole(paths: &[PathBuf], images: &[Image], strict: bool) -> Result<(), Failure> {
    for (path, image) in paths.iter().zip(images) {
        let Some(damage) = &image.metadata.damage else { continue };
        if strict {
            return Err(Failure::at(path, format!("--strict: damaged: {damage}")));
        }
        tell(format!("warning: {}: damaged: {}", shown(path), printable(damage)));
    }
    Ok(())
}

/// Checks that the inputs have one shape and the same channels.
pub fn check_alike(paths: &[PathBuf], images: &[Image]) -> Result<(), Failure> {
    let describe = |layout: &Layout| match layout.channels {
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
