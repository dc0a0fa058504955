//! `hoodoo run`: files in, files out.

use std::path::Path;

mod arguments;
mod bands;
mod batch;
mod carried;
mod defaults;
mod job;
mod missing;
mod planes;
mod said;
mod shown;
mod stream;

pub use self::arguments::RunArguments;
use self::bands::Selected;
pub use self::defaults::{RunOptions, of_text as options_of};
use self::job::{Job, Read};
pub use self::said::Said;
use crate::arguments::Source;
use crate::failure::{Failure, print, tell};
use crate::files::{self, Format, ReadOptions, is_standard};
use crate::image::Image;
use crate::output::Target;
use crate::report::Report;
use crate::watch;

/// Filters the files.
pub fn run(arguments: &RunArguments) -> Result<(), Failure> {
    run_on(arguments, &|paths| paths.iter().map(|path| read(path, arguments)).collect())
}

/// The image in a file, or the band of it that the path names.
fn read(path: &Path, arguments: &RunArguments) -> Result<Image, Failure> {
    let (file, selected) = bands::selected(path);
    let read = |options: ReadOptions| files::read(&file, &options);
    match selected {
        Selected::Whole => read(arguments.reading()),
        Selected::Band(band) => bands::band(&read(arguments.reading())?, band, &file),
        Selected::Array(name) => read(ReadOptions { array: Some(name), ..arguments.reading() }),
    }
}

/// Filters the images that `read` makes of the paths of the inputs.
pub fn run_on(arguments: &RunArguments, read: &Read<'_>) -> Result<(), Failure> {
    check_usage(arguments)?;
    let targets = Target::all(&arguments.outputs)?;
    let targets = match arguments.raw {
        Some(_) => targets.into_iter().map(Target::raw).collect(),
        None => targets,
    };
    let mut report = Report::default();
    let done = filter(arguments, read, &targets, &mut report);
    watch::ended();
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
        Format::of(&bands::selected(path).0).map_err(|message| Failure::Usage(format!("input {message}")))?;
    }
    check_once("--band", arguments.band.iter().map(|(name, _)| name.as_str()))?;
    check_once("--param", arguments.param.iter().map(|(name, _)| name.as_str()))?;
    check_once("--weights", arguments.weights.iter().map(|(name, _)| name.as_str()))
}

/// Compiles the kernel and filters the files, and reports what was done so far.
fn filter(arguments: &RunArguments, read: &Read<'_>, targets: &[Target], report: &mut Report) -> Result<(), Failure> {
    let source = Source::load(&arguments.kernel)?;
    let arguments = &arguments.or(options_of(source.text(), source.origin())?);
    report.kernel = Some(source.text().to_string());
    let mut kernels = vec![report.times.take("compile", || source.compile())?];
    for then in &arguments.then {
        kernels.push(report.times.take("compile", || Source::load(then)?.compile())?);
    }
    let progress = watch::cancelled_by_signals(last_words(arguments, report))?;
    if stream::is_wanted(arguments, &kernels, targets)? {
        return stream::run(arguments, &kernels, targets, &progress, report);
    }
    let mut job = Job { arguments, source, kernels, progress, report, read };
    match &arguments.out_dir {
        Some(directory) => batch::filter_each(&mut job, directory),
        None => job.filter_together(targets),
    }
}

/// What is said of a run that ends with the process: as of one that was cancelled.
fn last_words(arguments: &RunArguments, report: &Report) -> impl Fn() + Send + Sync + use<> {
    let json = arguments.json.then(|| report.json(Some(&Failure::Cancelled)).to_string());
    move || {
        if let Some(json) = &json {
            // There is nobody left to tell that it could not be said.
            let _ = print(json);
        }
        tell(Failure::Cancelled.text(false));
    }
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
