//! `hoodoo run --out-dir`: many files, each filtered on its own.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use hoodoo::lang::diagnostic::Diagnostic;

use super::arguments::RunArguments;
use super::job::Job;
use crate::arguments::Source;
use crate::failure::Failure;
use crate::files::{Format, is_standard, parts_of_name};
use crate::output::Target;
use crate::printable::shown;
use crate::watch::{self, Share};

/// Filters each of the inputs on its own, and writes the results to `directory`, which is made if it is not there. A file
/// that can't be filtered does not keep the others from it.
pub fn filter_each(job: &mut Job<'_>, directory: &Path) -> Result<(), Failure> {
    let inputs = &job.arguments.inputs;
    if let [_, _, ..] = job.first().inputs() {
        let names = job.first().inputs().join(", ");
        return Err(Failure::Run(format!(
            "--out-dir: the kernel has several inputs ({names}), so it has no use for one file"
        )));
    }
    let names: Vec<String> = job.last().outputs().map(str::to_string).collect();
    let targets = targets(job.arguments, &names)?;
    make_directory(directory)?;
    let filters = job.filters()?;

    let progress = Arc::clone(&job.progress);
    let share = Share::new(&progress, inputs.len());
    let mut failures = Vec::new();
    share.with_bar(job.arguments.quiet, || {
        for (input, targets) in inputs.iter().zip(targets) {
            watch::check(&progress)?;
            let one = std::slice::from_ref(input);
            let done = targets.and_then(|targets| {
                targets.iter().filter_map(|target| target.path().parent()).try_for_each(make_directory)?;
                job.filter_files(&filters, one, &targets, &share)
            });
            match done {
                Err(stop @ (Failure::Cancelled | Failure::NoReader)) => return Err(stop),
                Err(failure) => failures.push((input.clone(), about(input, failure, &job.source))),
                Ok(()) => {}
            }
            share.finish();
        }
        Ok(())
    })?;
    if failures.is_empty() { Ok(()) } else { Err(Failure::Some(failures, inputs.len())) }
}

fn make_directory(directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(|error| Failure::at(directory, format!("can't be made: {error}")))
}

/// The failure with the name of the file that it is about, unless it names a file already.
fn about(input: &Path, failure: Failure, source: &Source) -> Failure {
    let named = |message: &str| format!("{}: {message}", shown(input));
    match failure {
        Failure::Kernel(error) => {
            let diagnostic = error.diagnostic().clone();
            source.failure(Diagnostic { message: named(&diagnostic.message), ..diagnostic })
        }
        Failure::Run(message) if !message.starts_with(&named("")) => Failure::Run(named(&message)),
        failure => failure,
    }
}

/// Where the outputs for one input go, or why it can't be read.
type Targets = Result<Vec<Target>, Failure>;

/// Where the outputs for each input go: by its name, or where two have the same, by its path below the directory that all are in.
fn targets(arguments: &RunArguments, names: &[String]) -> Result<Vec<Targets>, Failure> {
    let inputs = &arguments.inputs;
    let read: Vec<&PathBuf> = inputs.iter().filter(|input| Format::of(input).is_ok()).collect();
    if let Some(input) = read.iter().find(|input| is_standard(input) || input.file_name().is_none()) {
        return Err(Failure::Usage(format!("--out-dir: {} has no name", shown(input))));
    }
    let flat: Vec<PathBuf> = read.iter().filter_map(|input| input.file_name()).map(PathBuf::from).collect();
    let below = |places: &[PathBuf]| {
        let paths: Vec<PathBuf> = places.iter().flat_map(|place| outputs_of(arguments, names, place)).collect();
        Target::all(&paths)
    };
    let all = match below(&flat) {
        Err(failure) if failure.message().contains("named twice") => below_common(&read)
            .and_then(|places| below(&places).ok())
            .ok_or_else(|| Failure::Usage("--out-dir: two of the inputs have the same name".to_string()))?,
        all => all?,
    };
    if let Some((target, input)) = Target::first_of(&all, inputs) {
        let (target, input) = (shown(target.path()), shown(input));
        return Err(Failure::Usage(format!("--out-dir: {target} would replace the input {input}")));
    }
    let mut all = all.into_iter();
    let next = |input: &PathBuf| match Format::of(input) {
        Ok(_) => Ok(all.by_ref().take(names.len()).collect()),
        Err(message) => Err(Failure::Run(message)),
    };
    Ok(inputs.iter().map(next).collect())
}

/// The files for the outputs of an input that has this place in the output directory.
fn outputs_of(arguments: &RunArguments, names: &[String], place: &Path) -> Vec<PathBuf> {
    let directory = arguments.out_dir.as_deref().unwrap_or(Path::new("."));
    // Names need not be texts.
    let of = |output: Option<&String>| {
        let (mut new, own) = parts_of_name(Path::new(place.file_name().unwrap_or_default()));
        new.push(&arguments.suffix);
        output.into_iter().for_each(|output| new.push(format!("-{output}")));
        new.push(".");
        match &arguments.ext {
            Some(extension) => new.push(extension.trim_start_matches('.')),
            None => new.push(own),
        }
        directory.join(place.with_file_name(new))
    };
    match names {
        [_] => vec![of(None)],
        names => names.iter().map(|output| of(Some(output))).collect(),
    }
}

/// The paths of files below the directory that all of them are in, if none of them leads out of it.
fn below_common(files: &[&PathBuf]) -> Option<Vec<PathBuf>> {
    let mut common = files.first()?.parent()?.to_path_buf();
    while !files.iter().all(|file| file.starts_with(&common)) {
        common = common.parent()?.to_path_buf();
    }
    let is_below = |place: &&Path| place.components().all(|part| matches!(part, Component::Normal(_)));
    files.iter().map(|file| file.strip_prefix(&common).ok().filter(is_below).map(Path::to_path_buf)).collect()
}
