//! A run of a kernel over files.

use std::path::PathBuf;
use std::sync::Arc;

use hoodoo::{DType, Engine, Filter, Kernel, Listing, Progress};

use super::arguments::RunArguments;
use crate::arguments::Source;
use crate::failure::{Failure, tell};
use crate::image::{Channels, Image, Layout};
use crate::output::{Target, publish};
use crate::report::{Filtered, Report, describe};
use crate::watch::{self, Share};

/// What makes images of the paths of inputs.
pub type Read = dyn Fn(&[PathBuf]) -> Result<Vec<Image>, Failure>;

/// A kernel that is run on files as the arguments say.
pub struct Job<'a> {
    pub arguments: &'a RunArguments,
    pub source: Source,
    pub kernel: Kernel,
    pub progress: Arc<Progress>,
    pub report: &'a mut Report,
    pub read: &'a Read,
}

impl Job<'_> {
    /// Filters all files as the inputs of one run.
    pub fn filter_together(&mut self, targets: &[Target]) -> Result<(), Failure> {
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
        let (dtype, whole) = (arguments.dtype.unwrap_or(inputs[0].array.dtype()), inputs[0].layout());
        let region = filter.output_region(whole.filtered())?;
        let layout = whole.cut(&region);
        targets.iter().try_for_each(|target| target.check_fit(dtype, &layout))?;
        watch::check(&self.progress)?;

        let output_types = vec![dtype; targets.len()];
        let input_types: Vec<DType> = inputs.iter().map(|image| image.array.dtype()).collect();
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
            written.map(|((name, target), output)| describe(name, target.path(), &output.array)).collect()
        };
        let outputs = if arguments.json { described() } else { Vec::new() };
        self.report.filtered.push(Filtered { inputs: paths.to_vec(), outputs });
        Ok(())
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
